"""Download the photo sets of the paper and lay them out as colorlab reads them.

A set is a folder of photos with a CSV index of the same name beside it (columns file, source,
split, width, height, group) and a JSON card that says where it came from. Everything lies under
`colorlab.files.data_dir()`. Archives are kept in its subfolder `archives`; one that somebody puts
there by hand is used as if it had been downloaded.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import hashlib
import lzma
import os
import shutil
import tarfile
import uuid
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab.datasets.sources import REGISTRY, Archive, RemoteSet
from colorlab.errors import InputError
from colorlab.files import atomic_path, data_dir, ensure_folder, read_json, sha256, write_json
from colorlab.media import PHOTO_SUFFIXES, is_grey, read_photo, resize

COLUMNS = ("file", "source", "split", "width", "height", "group")
"""The columns of a set's CSV index."""

LOOK_ALIKE = 0.95
"""Photos whose 8 x 8 colour thumbnails correlate this much share a group, and so a split."""

_MAX_FILE = 100_000_000  # bytes unpacked; a larger member of an archive is no photo
_TIMEOUT = 30  # seconds without an answer before a server counts as out of reach


# --------------------------------------------------------------------------------- public


def fetch(name: str, progress: bool = True) -> Path:
    """Download a set, unless it is present, and lay it out.

    Photos without colour, damaged ones and exact doubles are left out and counted in the set's
    card. The set appears complete or not at all.

    Parameters
    ----------
    name : str
        One of `REGISTRY`.
    progress : bool
        Whether to show progress bars.

    Returns
    -------
    pathlib.Path
        The set's CSV index; the photos lie in the folder of the same name beside it.

    Raises
    ------
    InputError
        When there is no such set; when no address answers (the message says what to do);
        when the archive is damaged, unsafe, or not the one expected; when the disk is full.
    """
    wanted = REGISTRY.get(name)
    if wanted is None:
        raise InputError(f"there is no photo set {name!r}; choose one of {', '.join(REGISTRY)}.")
    folder = data_dir() / name
    index = folder.with_name(f"{name}.csv")
    if folder.is_dir() and index.is_file():
        return index
    for left in (folder, index):
        if left.exists():
            raise InputError(
                f"{left} is there without the rest of the set; move it away and fetch again."
            )
    path, archive, fresh = _obtain(name, wanted, progress)
    digest = _verified(path, archive)
    stage = ensure_folder(folder.with_name(f".{name}.{uuid.uuid4().hex[:8]}.part"))
    try:
        found = _unpack(wanted, path, stage, progress)
        rows = _with_splits(found)
        _record(archive, digest)
        write_json(index.with_suffix(".json"), _card(name, wanted, archive, digest, found))
        with atomic_path(index) as temporary:
            _write_index(temporary, rows)
            os.rename(stage, folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror or error}.") from error
    except _DamagedError as error:
        if fresh:
            path.unlink()
        raise InputError(
            f"cannot unpack {path}: {error}; "
            f"{'fetch' if fresh else 'delete it and fetch'} {name} again."
        ) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return index


def list_sets() -> list[dict[str, Any]]:
    """List the sets that can be fetched and those that are present.

    Returns
    -------
    list of dict
        First the sets of `REGISTRY`, then other ones found in `data_dir()`. Keys: name, title,
        page, url (None when it must be had by hand), sha256_is ("published" or
        "unverified: ..."), present (bool), path (the CSV index, or None), n_photos (int, or None).
    """
    folder = data_dir()
    known = [_describe(name, folder) for name in REGISTRY]
    others = sorted(
        path.stem
        for path in folder.glob("*.csv")
        if path.with_suffix("").is_dir() and path.stem not in REGISTRY
    )
    return known + [_describe(name, folder) for name in others]


def _describe(name: str, folder: Path) -> dict[str, Any]:
    entry = REGISTRY.get(name)
    index = folder / f"{name}.csv"
    present = index.is_file() and (folder / name).is_dir()
    return {
        "name": name,
        "title": entry.title if entry else "a set of your own",
        "page": entry.page if entry else None,
        "url": entry.archives[0].url if entry else None,
        "sha256_is": _hash_status(entry.archives[0]) if entry else None,
        "present": present,
        "path": index if present else None,
        "n_photos": _count_rows(index) if present else None,
    }


def _count_rows(index: Path) -> int:
    with index.open(newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.DictReader(file))


# --------------------------------------------------------------------------------- archives


def _obtain(name: str, wanted: RemoteSet, progress: bool) -> tuple[Path, Archive, bool]:
    """Find or download an archive of the set; say which, and whether it is fresh."""
    folder = ensure_folder(data_dir() / "archives")
    for archive in wanted.archives:
        if (folder / archive.file).is_file():
            return folder / archive.file, archive, False
    failures = []
    for archive in wanted.archives:
        if archive.url is not None:
            try:
                return _download(archive, archive.url, folder, progress), archive, True
            except ConnectionError as error:
                failures.append(f"{archive.url} ({error})")
    reason = f"no answer from {' or '.join(failures)}" if failures else "it has no direct address"
    raise InputError(
        f"cannot download {name}: {reason}. Get {wanted.archives[0].file} some other way (see "
        f"{wanted.page}), put it into {folder} and fetch again; "
        "rendered coast pictures need no network."
    )


def _download(archive: Archive, url: str, folder: Path, progress: bool) -> Path:
    """Download one archive; ConnectionError when the address does not deliver it."""
    import pooch
    from requests.exceptions import RequestException

    pooch.get_logger().setLevel("WARNING")
    expected = _expected(archive)
    try:
        path = pooch.retrieve(
            url,
            known_hash=f"sha256:{expected}" if expected else None,
            fname=archive.file,
            path=folder,
            downloader=pooch.HTTPDownloader(progressbar=progress, timeout=_TIMEOUT),
        )
    except RequestException as error:
        status = getattr(error.response, "status_code", None)
        raise ConnectionError(f"HTTP {status}" if status else type(error).__name__) from error
    except ValueError as error:
        raise InputError(
            f"{url} delivered another file than expected (SHA-256 not {expected}); "
            f"if it rightly changed, remove its line from {_record_file()}."
        ) from error
    except OSError as error:
        raise InputError(f"cannot write into {folder}: {error.strerror or error}.") from error
    return Path(path)


def _record_file() -> Path:
    return data_dir() / "archives" / "sha256.json"


def _recorded() -> dict[str, str]:
    return read_json(_record_file()) if _record_file().is_file() else {}


def _record(archive: Archive, digest: str) -> None:
    write_json(_record_file(), {**_recorded(), archive.file: digest})


def _expected(archive: Archive) -> str | None:
    return archive.sha256 or _recorded().get(archive.file)


def _verified(path: Path, archive: Archive) -> str:
    digest, expected = sha256(path), _expected(archive)
    if expected not in (None, digest):
        raise InputError(
            f"{path} is another file than expected (SHA-256 {digest}, not {expected}); delete it "
            f"and fetch again, or, if it rightly changed, remove its line from {_record_file()}."
        )
    return digest


def _hash_status(archive: Archive) -> str:
    return "published" if archive.sha256 else "unverified: recorded at the first fetch"


# --------------------------------------------------------------------------------- unpacking


class _DamagedError(Exception):
    """An archive that cannot be used, and why."""


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """Turn what the archive readers raise on damaged files into _DamagedError."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        gzip.BadGzipFile,
        lzma.LZMAError,
        zlib.error,
        EOFError,
        RuntimeError,  # an encrypted zip
    ) as error:
        raise _DamagedError(f"it is damaged or cut short ({error})") from error


@dataclass
class _Found:
    """What an archive turned out to hold."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    thumbnails: list[NDArray[np.float32]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def _unpack(wanted: RemoteSet, path: Path, stage: Path, progress: bool) -> _Found:
    """Write an archive's colour photos into `stage`.

    A photo is named after its source and its content, never after its path in the archive.
    """
    from tqdm import tqdm

    found = _Found()
    bar = {"desc": "unpacking", "unit": " files", "disable": not progress}
    with _reading():
        for name, size, read in tqdm(_members(path), **bar):
            inner = PurePosixPath(name.replace("\\", "/"))
            if ".." in inner.parts or inner.is_absolute() or ":" in name:
                raise _DamagedError(f"it holds the unsafe path {name!r}")
            source = wanted.source_of(str(inner))
            suffix = inner.suffix.lower()
            if source is None or suffix not in PHOTO_SUFFIXES or inner.name.startswith("."):
                continue
            if size > _MAX_FILE:
                found.skipped["damaged"] += 1
            else:
                _keep(found, read(), source, suffix, stage)
    if not found.rows:
        raise _DamagedError("it holds no colour photo of this set")
    return found


def _keep(found: _Found, data: bytes, source: str, suffix: str, stage: Path) -> None:
    """Write one photo and note it, or count why it is left out."""
    target = stage / f"{source}-{hashlib.sha256(data).hexdigest()[:10]}{suffix}"
    if target.exists():
        found.skipped["double"] += 1
        return
    target.write_bytes(data)
    try:
        rgb = read_photo(target).rgb
        problem = "grey" if is_grey(rgb) else None
    except InputError:
        problem = "damaged"
    if problem:
        found.skipped[problem] += 1
        target.unlink()
        return
    height, width = rgb.shape[:2]
    found.rows.append({"file": target.name, "source": source, "width": width, "height": height})
    found.thumbnails.append(resize(rgb, 8, 8))


def _members(path: Path) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
    """Yield name, size in bytes and reader of each plain file in a zip or tar archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield info.filename, info.file_size, partial(archive.read, info)
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as tar:
            for member in tar:
                if member.isfile():
                    yield member.name, member.size, partial(_read_member, tar, member)
    else:
        raise _DamagedError("it is no zip or tar archive, or is cut short")


def _read_member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    return file.read() if file else b""


# --------------------------------------------------------------------------------- index


def _look_alikes(thumbnails: NDArray[np.float32]) -> NDArray[np.int64]:
    """Group N thumbnails (N, 8, 8, 3): each gets the number of the first that it resembles."""
    flat = thumbnails.reshape(len(thumbnails), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6
    group = np.arange(len(flat))
    for start in range(0, len(flat), 512):
        alike = flat[start : start + 512] @ flat.T >= LOOK_ALIKE
        for first, second in np.argwhere(alike):
            low, high = sorted((group[start + first], group[second]))
            if low != high:
                group[group == high] = low
    return group


def _split_of(key: str) -> str:
    """Deal a group to a split by the hash of its key: 70 % train, 15 % val, 15 % test."""
    share = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 2**32
    return "train" if share < 0.70 else "val" if share < 0.85 else "test"


def _with_splits(found: _Found) -> list[dict[str, Any]]:
    """Return the rows sorted by file, with group and split."""
    order = sorted(range(len(found.rows)), key=lambda i: found.rows[i]["file"])
    rows = [found.rows[i] for i in order]
    groups = _look_alikes(np.stack([found.thumbnails[i] for i in order]))
    numbers = np.unique(groups, return_inverse=True)[1]
    return [
        {**row, "group": int(number), "split": _split_of(rows[first]["file"])}
        for row, first, number in zip(rows, groups, numbers, strict=True)
    ]


def _card(
    name: str, wanted: RemoteSet, archive: Archive, digest: str, found: _Found
) -> dict[str, Any]:
    return {
        "schema": 1,
        "name": name,
        "title": wanted.title,
        "page": wanted.page,
        "archive": archive.file,
        "url": archive.url,
        "sha256": digest,
        "sha256_is": _hash_status(archive),
        "n_photos": len(found.rows),
        "n_skipped_grey": found.skipped["grey"],
        "n_skipped_damaged": found.skipped["damaged"],
        "n_skipped_double": found.skipped["double"],
    }


def _write_index(index: Path, rows: list[dict[str, Any]]) -> None:
    with index.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
