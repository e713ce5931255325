"""The photos and films in a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from colorlab.errors import InputError

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
FILM_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif", ".mpg", ".mpeg", ".vob", ".ts"),
    *(".mts", ".m2ts", ".wmv", ".flv", ".ogv", ".3gp", ".mxf", ".dv"),
)
UNFINISHED = ".unfinished"
"""Ends the name of a folder with the pieces of a film that is being coloured."""

PATTERN = re.compile(r"%0?\d*d")


def is_pattern(path: Path) -> bool:
    """Tell whether a name stands for numbered files.

    Parameters
    ----------
    path : pathlib.Path
        Such as ``frames/%05d.png``.

    Returns
    -------
    bool
        False, too, for an existing file of that name.

    Examples
    --------
    >>> is_pattern(Path("frames/%05d.png")), is_pattern(Path("photo.png"))
    (True, False)
    """
    return bool(PATTERN.search(path.name)) and not path.is_file()


def list_photos(folder: str | os.PathLike[str]) -> list[Path]:
    """List the photos in a folder and its subfolders.

    Parameters
    ----------
    folder : path
        Where to look. Hidden files and folders (whose name begins with a dot) and folders of
        unfinished films are skipped, and links to folders are not followed.

    Returns
    -------
    list of pathlib.Path
        The files whose suffix is in `PHOTO_SUFFIXES`, whatever its case, sorted by path.

    Raises
    ------
    InputError
        When the folder does not exist, is not a folder, or holds no photo.
    """
    return _list(Path(folder), PHOTO_SUFFIXES, "photo")


def list_pictures(folder: str | os.PathLike[str]) -> list[Path]:
    """List the photos and films in a folder and its subfolders.

    Parameters
    ----------
    folder : path
        As for `list_photos`.

    Returns
    -------
    list of pathlib.Path
        The files whose suffix is in `PHOTO_SUFFIXES` or `FILM_SUFFIXES`, sorted by path.

    Raises
    ------
    InputError
        When the folder does not exist, is not a folder, or holds neither.
    """
    return _list(Path(folder), PHOTO_SUFFIXES + FILM_SUFFIXES, "photo or film")


def _list(folder: Path, suffixes: tuple[str, ...], what: str) -> list[Path]:
    if not folder.is_dir():
        reason = "it is not a folder" if folder.exists() else "there is no such folder"
        raise InputError(f"cannot list {folder}: {reason}; name a folder of {what}s.")
    found = sorted(path for path in _walk(folder) if path.suffix.lower() in suffixes)
    if not found:
        raise InputError(f"{folder} holds no {what}; put {', '.join(suffixes)} files there.")
    return found


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        folders[:] = [name for name in folders if not name.endswith(UNFINISHED)]
        yield from (Path(parent, name) for name in files if not name.startswith("."))
