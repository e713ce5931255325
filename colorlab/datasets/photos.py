"""Photo sets: a CSV manifest or a folder, decoded once into a memory-mapped cache.

A set is a folder of photos with a CSV of the folder's name beside it: ``water/`` and
``water.csv`` with the columns file, source, split, width, height, group.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from colorlab import media, yuv
from colorlab.datasets.augment import Augment, cut
from colorlab.errors import InputError
from colorlab.files import default_cache, ensure_folder, read_json, write_json


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A list of photos and what is known of each.

    Attributes
    ----------
    name : str
        The set's name; results and cards keep it, never the path.
    files : tuple of pathlib.Path
        The photos.
    sources : tuple of str
        Where each comes from; empty strings where unknown.
    split : str or None
        The chosen split.
    sha256 : str
        Digest of names, sizes, sources and split, in order: the set's identity.
    """

    name: str
    files: tuple[Path, ...]
    sources: tuple[str, ...]
    split: str | None
    sha256: str


@dataclasses.dataclass(frozen=True)
class PhotoSet:
    """Photos of one size, ready to be learnt from.

    Attributes
    ----------
    manifest : Manifest
        The photos that are in, in order; grey ones are left out.
    rgb : numpy.ndarray of uint8, (N, size, size, 3)
        The pictures, squashed to a square; memory-mapped, read-only.
    skipped_grey : int
        Photos left out since they show no colour.
    """

    manifest: Manifest
    rgb: np.ndarray
    skipped_grey: int

    def __len__(self) -> int:
        return len(self.rgb)


def read_manifest(
    path: str | os.PathLike[str], split: str | None = None, what: str = "photo"
) -> Manifest:
    """Read a CSV manifest, or list a folder.

    Parameters
    ----------
    path : path
        ``NAME.csv`` (its photos lie in the folder ``NAME`` beside it), or a folder of photos.
    split : str, optional
        Keep the rows whose column ``split`` says so; only for a CSV with that column.
    what : str
        What an error calls the files of a CSV.

    Returns
    -------
    Manifest
        The photos, in the order of the file, or sorted by name for a folder.

    Raises
    ------
    InputError
        For a missing file, a missing column or split, a split asked of a folder, or no photos.
    """
    path = Path(path)
    if path.is_dir():
        if split is not None:
            raise InputError(
                f"{path} is a folder and has no splits; received split {split!r}. "
                "Leave it out, or give a CSV manifest with a column 'split'."
            )
        files = media.list_photos(path)
        rows = [{"file": str(file.relative_to(path)), "source": ""} for file in files]
        name, folder = path.resolve().name, path
    else:
        rows = _read_csv(path, split, what)
        name, folder = path.stem, path.with_suffix("")
    files = [folder / row["file"] for row in rows]
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise InputError(
            f"{path} names {len(missing)} {what}(s) that are not there, the first {missing[0]}; "
            f"put the {what}s into {folder} or correct the manifest."
        )
    sources = [row.get("source") or "" for row in rows]
    return _manifest(name, files, sources, split, folder)


def _read_csv(path: Path, split: str | None, what: str) -> list[dict[str, str]]:
    """Return the rows of a manifest, of one split if asked."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:  # as Excel writes it
            rows = list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise InputError(
            f"there is no {what} set at {path}; give a CSV manifest or a folder of {what}s."
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as a CSV manifest: {error}.") from error
    if not rows or "file" not in rows[0]:
        raise InputError(
            f"{path} is not a {what} manifest; it needs a header with a column 'file' and one row "
            f"per {what}; received the columns {list(rows[0]) if rows else []}."
        )
    for row in rows:
        if not row["file"] or Path(row["file"]).is_absolute():
            raise InputError(
                f"{path} must name {what}s relative to the folder {path.stem}; "
                f"received {row['file']!r}."
            )
    if split is None:
        return rows
    if "split" not in rows[0]:
        raise InputError(f"{path} has no column 'split'; received split {split!r}; leave it out.")
    chosen = [row for row in rows if row["split"] == split]
    if not chosen:
        known = sorted({str(row["split"]) for row in rows})
        raise InputError(f"{path} has no split {split!r}; it has {', '.join(known)}.")
    return chosen


def _manifest(
    name: str, files: Sequence[Path], sources: Sequence[str], split: str | None, folder: Path
) -> Manifest:
    digest = hashlib.sha256()
    for file, source in zip(files, sources, strict=True):
        name_in_set = file.relative_to(folder).as_posix()
        digest.update(f"{name_in_set}\0{file.stat().st_size}\0{source}\n".encode())
    digest.update(f"split={split}".encode())
    return Manifest(name, tuple(files), tuple(sources), split, digest.hexdigest())


def open_photos(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    split: str | None = None,
    size: int = 224,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> PhotoSet:
    """Open a photo set, decoding it on first use only.

    Parameters
    ----------
    path : path or sequence of path
        As for `read_manifest`; several sets are joined.
    split : str, optional
        As for `read_manifest`.
    size : int
        Side of the square every photo is squashed to, pixels.
    progress : bool
        Show a bar while decoding.
    cache : path, optional
        Folder of the decoded pictures; the user's cache folder by default.

    Returns
    -------
    PhotoSet
        The photos that show colour, with the number of those that do not.

    Raises
    ------
    InputError
        For what `read_manifest` refuses, an unreadable photo, a size below 16, or when every
        photo is grey.
    """
    manifests = (read_manifest(one, split) for one in _several(path))
    return _open(_join(*manifests), size, progress, cache)


def open_training(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    size: int = 224,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
    more: Sequence[str | os.PathLike[str]] = (),
) -> tuple[PhotoSet, PhotoSet]:
    """Open what training needs: photos to learn from and photos to validate on.

    Parameters
    ----------
    path : path or sequence of path
        A CSV manifest with the splits ``train`` and ``val``, or a folder, of which the last
        tenth by name (at least one photo) validates, so that bursts are not torn apart. Several
        sets are joined, split by split.
    size, progress, cache : optional
        As for `open_photos`.
    more : sequence of path
        Further sets that are learnt from only, so that what validates stays the same: the split
        ``train`` of CSV manifests, all photos of folders.

    Returns
    -------
    train, val : PhotoSet
        The two sets.

    Raises
    ------
    InputError
        As `open_photos`, for a folder of fewer than two photos, and when a photo is in two sets.
    """
    sets = map(_read_training, _several(path))
    train, val = (_join(*split) for split in zip(*sets, strict=True))
    if more:
        train = _join(
            train, *(read_manifest(m, None if Path(m).is_dir() else "train") for m in more)
        )
    _check_apart(train, val)
    return _open(train, size, progress, cache), _open(val, size, progress, cache)


def _several(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
) -> Sequence[str | os.PathLike[str]]:
    return [path] if isinstance(path, str | os.PathLike) else path


def _read_training(source: str | os.PathLike[str]) -> tuple[Manifest, Manifest]:
    """Read what is learnt from and what validates."""
    path = Path(source)
    if not path.is_dir():
        return read_manifest(path, "train"), read_manifest(path, "val")
    listed = read_manifest(path).files
    if len(listed) < 2:
        raise InputError(f"{path} holds one photo; training needs at least two.")
    first = len(listed) - max(1, len(listed) // 10)
    train, val = (
        _manifest(path.resolve().name, files, [""] * len(files), split, path)
        for split, files in (("train", listed[:first]), ("val", listed[first:]))
    )
    return train, val


def _join(*manifests: Manifest) -> Manifest:
    """Make one list of photos of several; a single one keeps its digest."""
    if len(manifests) == 1:
        return manifests[0]
    names = " + ".join(one.name for one in manifests)
    files = tuple(file for one in manifests for file in one.files)
    sources = tuple(source for one in manifests for source in one.sources)
    digest = hashlib.sha256("".join(one.sha256 for one in manifests).encode()).hexdigest()
    return Manifest(names, files, sources, manifests[0].split, digest)


def _check_apart(train: Manifest, val: Manifest) -> None:
    """Refuse a photo that is listed twice: it would count double, or validate what learnt it."""
    places = [file.resolve() for one in (train, val) for file in one.files]
    seen: set[Path] = set()
    for place in places:
        if place in seen:
            raise InputError(f"the photo {place} is listed twice; leave it out of one of the sets.")
        seen.add(place)


def _open(
    manifest: Manifest, size: int, progress: bool, cache: str | os.PathLike[str] | None
) -> PhotoSet:
    """Open a manifest's photos from the cache, decoding them into it if needed."""
    if size < 16:
        raise InputError(f"size must be at least 16 pixels; received {size}.")
    root = Path(cache) if cache is not None else default_cache()
    # The times of change are no part of the set's identity, but a changed photo is decoded again.
    changed = "".join(f"{file.stat().st_mtime_ns}," for file in manifest.files)
    key = hashlib.sha256(f"{manifest.sha256}{changed}".encode()).hexdigest()[:16]
    folder = root / f"{manifest.name}-{manifest.split or 'all'}-{size}-{key}"
    if not (folder / "photos.json").is_file():
        _decode(manifest, folder, size, progress)
    rgb, kept = _read_cache(folder)
    if not kept:
        raise InputError(
            f"all {len(manifest.files)} photos of {manifest.name} are grey; a color model cannot "
            "learn from them or be measured on them. Give colour photos."
        )
    chosen = dataclasses.replace(
        manifest,
        files=tuple(manifest.files[i] for i in kept),
        sources=tuple(manifest.sources[i] for i in kept),
    )
    return PhotoSet(chosen, rgb[: len(kept)], len(manifest.files) - len(kept))


def _read_cache(folder: Path) -> tuple[np.ndarray, list[int]]:
    """Return the decoded pictures, memory-mapped, and which photos of the manifest they are."""
    try:
        rgb = np.load(folder / "rgb.npy", mmap_mode="r", allow_pickle=False)
        return rgb, list(read_json(folder / "photos.json")["kept"])
    except (EOFError, KeyError, OSError, TypeError, ValueError) as error:
        raise InputError(
            f"the decoded photos in {folder} are damaged; delete that folder to decode them again."
        ) from error


def _decode(manifest: Manifest, folder: Path, size: int, progress: bool) -> None:
    """Decode every photo into ``rgb.npy``; the finished folder appears at once or not at all."""
    ensure_folder(folder.parent)
    temporary = folder.parent / f".{uuid.uuid4().hex[:8]}.part"
    try:
        temporary.mkdir()
        kept: list[int] = []
        needed = len(manifest.files) * size * size * 3
        if shutil.disk_usage(folder.parent).free < needed + 2**20:
            raise InputError(
                f"decoding {manifest.name} needs {needed / 1e6:.0f} MB in {folder.parent}, which "
                "has less; free some space or point COLORLAB_CACHE elsewhere."
            )
        rgb = np.lib.format.open_memmap(
            temporary / "rgb.npy",
            mode="w+",
            dtype=np.uint8,
            shape=(len(manifest.files), size, size, 3),
        )
        bar = tqdm(manifest.files, desc=f"decoding {manifest.name}", disable=not progress)
        for i, file in enumerate(bar):
            photo = media.read_photo(file).rgb
            if not media.is_grey(photo):
                picture = media.resize(photo, size, size)
                rgb[len(kept)] = yuv.to_uint8(picture)
                kept.append(i)
        rgb.flush()
        del rgb  # Windows moves no folder with an open file
        write_json(temporary / "photos.json", {"kept": kept})
        try:
            os.replace(temporary, folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    except OSError as error:
        raise InputError(
            f"cannot write the decoded photos to {folder.parent}: {error.strerror or error}; "
            "free some space or point COLORLAB_CACHE elsewhere."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def batch(
    photos: PhotoSet,
    indices: Sequence[int] | np.ndarray,
    augment: Augment | None = None,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Take pictures out of a set, varied if asked.

    Parameters
    ----------
    photos : PhotoSet
        The set.
    indices : sequence of int
        Which pictures.
    augment : Augment, optional
        How to vary them; as they are by default.
    rng : numpy.random.Generator, optional
        Source of chance, needed with `augment`. The same generator state gives the same batch.

    Returns
    -------
    numpy.ndarray of uint8, (len(indices), side, side, 3)
        The pictures; `side` is the crop's or the set's.
    """
    pictures = [photos.rgb[i] for i in indices]
    if augment is None:
        return np.stack(pictures)
    if rng is None:
        raise ValueError("augmentation needs a random generator; received None.")
    return np.stack([cut(picture, augment, rng) for picture in pictures])
