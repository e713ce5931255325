"""Writing files so that a crash, a full disk or a Ctrl-C never leaves half a file behind."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import colorlab
from colorlab.errors import InputError

_LEFTOVER = re.compile(r"\..*\.[0-9a-f]{8}\.part(\.[^.]+)?", re.DOTALL)
"""The temporary names of `atomic_path`, and no one else's."""


def packaged(folder: str) -> Path:
    """Return a folder that is packed into an installed colorlab; in a checkout, the checkout's.

    Parameters
    ----------
    folder : str
        Relative to the checkout, such as ``"results"`` or ``"assets/models"``.

    Returns
    -------
    pathlib.Path
        The folder; it need not exist.
    """
    package = Path(colorlab.__file__).parent
    return package / folder if (package / folder).is_dir() else package.parent / folder


def data_dir() -> Path:
    """Return the folder of photo and clip sets.

    Returns
    -------
    pathlib.Path
        The environment variable COLORLAB_DATA when it is set, else the user's cache folder for
        colorlab. It need not exist.
    """
    return _folder("COLORLAB_DATA")


def default_cache() -> Path:
    """Return the folder of what is computed once and kept, such as decoded photos and features.

    Returns
    -------
    pathlib.Path
        The environment variable COLORLAB_CACHE when it is set, else the folder ``decoded`` in the
        user's cache folder for colorlab. It need not exist.
    """
    return _folder("COLORLAB_CACHE", "decoded")


def _folder(variable: str, *below: str) -> Path:
    if chosen := os.environ.get(variable):
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("colorlab"), *below)


def ensure_folder(folder: str | os.PathLike[str]) -> Path:
    """Create a folder, with its parents, and return it.

    Parameters
    ----------
    folder : path
        The folder wanted.

    Returns
    -------
    pathlib.Path
        The folder, which now exists.

    Raises
    ------
    InputError
        When it cannot be created, for example because a parent is a file.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str], sync: bool = True) -> Iterator[Path]:
    """Offer a temporary name beside `path`; rename it to `path` when the block succeeds.

    Parameters
    ----------
    path : path
        Where the finished file shall lie. Its folder is created.
    sync : bool
        Wait until the disk has the file before it takes its name. Without, a machine that loses
        power may lose it; a process that is killed does not.

    Yields
    ------
    pathlib.Path
        A name in the same folder with the same suffix, so that writers which go by the suffix
        still work. If the block raises, the temporary file is removed and `path` is untouched.

    Raises
    ------
    InputError
        When the operating system refuses: an unwritable folder, a full disk.
    """
    path = Path(path)
    ensure_folder(path.parent)
    if os.path.isdir(path):  # unlike Path.is_dir, it does not raise for a name that is too long
        raise InputError(f"cannot write {path}: it is a folder; name a file inside it.")
    temporary = path.with_name(f".{path.stem[:40]}.{uuid.uuid4().hex[:8]}.part{path.suffix}")
    try:
        yield temporary
        if sync:
            with open(temporary, "rb+") as file:  # Windows syncs only what is open for writing
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and error.filename not in (
            None,
            str(temporary),
            temporary,
        ):
            raise
        raise _unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files of `atomic_path` that killed processes left in a folder.

    Parameters
    ----------
    folder : path
        A folder that no other process is writing to; it need not exist. Folders inside it, and
        files of any other name, are left alone.
    """
    for left in Path(folder).glob(".*.part*"):
        if _LEFTOVER.fullmatch(left.name):
            with contextlib.suppress(OSError):
                left.unlink()


def rename(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Give a finished file its name, in place of a file that has it already.

    Parameters
    ----------
    source : path
        The file.
    target : path
        Its new name, on the same disk.

    Raises
    ------
    InputError
        When the operating system refuses.
    """
    try:
        os.replace(source, target)
    except OSError as error:
        raise _unwritable(Path(target), error) from error


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write `content` as indented JSON, atomically.

    Parameters
    ----------
    path : path
        The file to write.
    content : Any
        Anything `json` can write. NaN and infinities are refused, since they are not JSON.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    Any
        Its content.

    Raises
    ------
    InputError
        When the file is missing or is not JSON.
    """
    path = Path(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}.") from error
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON ({error}); restore or delete it.") from error


def read_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read every array of a NumPy archive; nothing in it is unpickled.

    Parameters
    ----------
    path : path
        An ``.npz`` file.

    Returns
    -------
    dict
        Name to array.

    Raises
    ------
    InputError
        When the file is missing, cut short, damaged, or no such archive.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, EOFError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path} cannot be read as NumPy arrays ({error}); restore or delete it."
        ) from error


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    str
        The digest.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unwritable(path: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(
        f"cannot write {path}: {reason}; nothing was changed there. "
        "Free some space or choose another place."
    )
