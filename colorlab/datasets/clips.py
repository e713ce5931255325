"""Sets of clips: a CSV manifest, a film, or a folder; decoded once, small, into the cache.

A set is a folder of films with a CSV of the folder's name beside it: ``coast/`` and ``coast.csv``
with the columns file, source and split. Clips of one source belong on one side of a split: their
frames are near-duplicates.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import coast, media
from colorlab.datasets.photos import read_manifest
from colorlab.errors import InputError
from colorlab.files import default_cache, ensure_folder, read_json

RATE = Fraction(30)
"""Frames a second of a folder of frames that has no rate of its own."""


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """A film without cuts, small enough to be looked at as one array.

    Its colours are the film's own: gamma-encoded RGB, decoded with the matrix and range that the
    film is tagged with (`colorlab.media.films` says what holds where there is no tag), upright and
    scaled to square pixels by `colorlab.media.resize`. Interlaced frames are taken as they are.

    Attributes
    ----------
    name : str
        The file's name in the set.
    source : str
        What it was taken from; its own name where unknown.
    rate : fractions.Fraction
        Frames a second, on average.
    rgb : numpy.ndarray of uint8, (T, H, W, 3)
        The frames; memory-mapped, read-only.
    scene : int or None
        Seed of the rendered coast it shows, for which the optical flow is known exactly.
    """

    name: str
    source: str
    rate: Fraction
    rgb: NDArray[np.uint8]
    scene: int | None = None

    def __len__(self) -> int:
        return len(self.rgb)


@dataclasses.dataclass(frozen=True)
class ClipSet:
    """Clips of one height, each of its own width.

    Attributes
    ----------
    name : str
        The set's name; results and cards keep it, never the path.
    split : str or None
        The chosen split.
    sha256 : str
        Digest of the files' names and sizes, the sources and the split, in order, and of how many
        frames are read: the set's identity, the same on every machine. The height is no part of it.
    height : int
        Of the frames, pixels.
    clips : tuple of Clip
        The clips.
    """

    name: str
    split: str | None
    sha256: str
    height: int
    clips: tuple[Clip, ...]

    def __len__(self) -> int:
        return len(self.clips)


def open_clips(
    path: str | os.PathLike[str],
    split: str | None = None,
    height: int = 128,
    fps: Fraction | None = None,
    max_frames: int | None = None,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> ClipSet:
    """Open clips, decoding them on first use only.

    Parameters
    ----------
    path : path
        ``NAME.csv`` (its films lie in the folder ``NAME`` beside it), a film, a folder of films,
        or a folder of folders of frames.
    split : str, optional
        Keep the rows whose column ``split`` says so; only for a CSV with that column.
    height : int
        Frames are scaled to this height, their shape kept; smaller ones are enlarged.
    fps : fractions.Fraction, optional
        Frames a second of folders of frames, `RATE` by default; films have their own.
    max_frames : int, optional
        At most this many frames from the beginning of each clip.
    progress : bool
        Show a bar while decoding.
    cache : path, optional
        Folder of the decoded clips; the user's cache folder by default.

    Returns
    -------
    ClipSet
        The clips, in the order of the manifest or by name.

    Raises
    ------
    InputError
        For no clips, a split or a rate asked of what has none or its own, a clip that is damaged
        or changes its size, a height below 16, or a cache that cannot be written.
    """
    if height < 16:
        raise InputError(f"height must be at least 16 pixels; received {height}.")
    if max_frames is not None and max_frames < 1:
        raise InputError(f"max_frames must be at least 1; received {max_frames}.")
    if fps is not None and fps <= 0:
        raise InputError(f"fps must be more than 0 frames a second; received {fps}.")
    name, folder, listed = _list(Path(path), split)
    root = Path(cache) if cache is not None else default_cache()
    digest = hashlib.sha256(f"split={split} fps={fps} first={max_frames}\n".encode())
    clips = []
    for file, source in tqdm(listed, desc=f"clips of {name}", disable=not progress, delay=1):
        label = file.relative_to(folder).as_posix()
        parts = _files(file, media.PHOTO_SUFFIXES) or [file]
        stats = [(part.name, part.stat().st_size, part.stat().st_mtime_ns) for part in parts]
        size = sum(part_size for _, part_size, _ in stats)
        digest.update(f"{label}\0{size}\0{source or label}\n".encode())
        # Path and times are no part of the set's identity, but a changed film is decoded again.
        stored = _place(root, file.stem, f"{file.resolve()} {stats} {height} {max_frames} {fps}")
        if not stored.is_dir():
            _store(stored, *_read(file, height, fps, max_frames))
        clips.append(_take(stored, label, source or label))
    return ClipSet(name, split, digest.hexdigest(), height, tuple(clips))


def coasts(
    seeds: Iterable[int],
    frames: int,
    rate: Fraction = Fraction(30),
    height: int = 128,
    width: int = 228,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> ClipSet:
    """Render coasts as clips, on first use only.

    Parameters
    ----------
    seeds : iterable of int
        One clip for each, see `colorlab.coast.Scene`.
    frames : int
        Of each clip, 1 or more.
    rate : fractions.Fraction
        Frames a second.
    height, width : int
        Pixels.
    progress : bool
        Show a bar while rendering.
    cache : path, optional
        Folder of the rendered clips; the user's cache folder by default.

    Returns
    -------
    ClipSet
        The clips; their `scene` is the seed, and frame k shows time k / rate seconds.

    Raises
    ------
    InputError
        For no seeds or frames, what `colorlab.coast.Scene` refuses, or a cache that cannot be
        written.
    """
    seeds, rate = list(seeds), Fraction(rate)
    if not seeds or frames < 1 or rate <= 0:
        raise InputError(
            "coasts need at least one seed, one frame and a rate above 0; received "
            f"{len(seeds)} seeds, {frames} frames, {rate} frames a second."
        )
    root = Path(cache) if cache is not None else default_cache()
    what = f"{frames} frames at {rate}, {height} x {width}"
    renderer = renderer_digest()
    clips = []
    for seed in tqdm(seeds, desc="rendering coasts", disable=not progress, delay=1):
        name = f"coast-{seed}"
        stored = _place(root, name, f"{name} {what} {renderer}")
        if not stored.is_dir():
            scene = coast.Scene(seed)
            drawn = (scene.render(float(k / rate), height, width) for k in range(frames))
            _store(stored, rate, drawn)
        clips.append(_take(stored, name, name, int(seed)))
    digest = hashlib.sha256(f"coasts [{', '.join(map(str, seeds))}] {what}".encode())
    return ClipSet("coasts", None, digest.hexdigest(), height, tuple(clips))


def join(sets: Sequence[ClipSet]) -> ClipSet:
    """Make one set of several of the same height.

    Parameters
    ----------
    sets : sequence of ClipSet
        At least one.

    Returns
    -------
    ClipSet
        All their clips.

    Raises
    ------
    InputError
        When the heights differ.
    """
    heights = sorted({one.height for one in sets})
    if len(heights) != 1:
        raise InputError(f"clips of one height are needed; received heights {heights}.")
    if len(sets) == 1:
        return sets[0]
    digest = hashlib.sha256("".join(one.sha256 for one in sets).encode()).hexdigest()
    splits = {one.split for one in sets if one.split}
    clips = tuple(clip for one in sets for clip in one.clips)
    name = " + ".join(dict.fromkeys(one.name for one in sets))
    return ClipSet(name, "/".join(sorted(splits)) or None, digest, heights[0], clips)


def renderer_digest() -> str:
    """Return the digest of the renderer's code: when it changes, all is rendered again."""
    files = sorted(Path(coast.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _list(path: Path, split: str | None) -> tuple[str, Path, list[tuple[Path, str]]]:
    """Return the set's name, its folder, and (file, source or "") of each clip."""
    if not os.path.exists(path):
        raise InputError(f"there are no clips at {path}; give a CSV manifest, a film or a folder.")
    if path.suffix.lower() == ".csv" and path.is_file():
        manifest = read_manifest(path, split, "film")
        listed = list(zip(manifest.files, manifest.sources, strict=True))
        return manifest.name, path.with_suffix(""), listed
    if split is not None:
        raise InputError(
            f"{path} is no manifest and has no splits; received split {split!r}. Leave it out, or "
            "give a CSV manifest with a column 'split'."
        )
    if path.is_file():
        return path.stem, path.parent, [(path, "")]
    found = _files(path, media.FILM_SUFFIXES)
    found = found or [one for one in _visible(path) if _files(one, media.PHOTO_SUFFIXES)]
    if not found:
        raise InputError(
            f"{path} holds neither films nor folders of frames; put films "
            f"({', '.join(media.FILM_SUFFIXES)}) there, or one folder of photos for each clip."
        )
    return path.resolve().name, path, [(clip, "") for clip in found]


def _visible(folder: Path) -> list[Path]:
    """Return what is in a folder and not hidden, in the same order on every system."""
    found = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(found, key=lambda path: path.name)


def _files(path: Path, suffixes: Sequence[str]) -> list[Path]:
    """Return the files of a kind in a folder; none where `path` is no folder."""
    inside = _visible(path) if path.is_dir() else []
    return [file for file in inside if file.suffix.lower() in suffixes and file.is_file()]


def _read(
    file: Path, height: int, fps: Fraction | None, max_frames: int | None
) -> tuple[Fraction, Iterator[NDArray[np.uint8]]]:
    """Return a clip's rate and its frames, scaled, one after the other."""
    from colorlab.media import films

    film = films.open_film(file, fps or RATE if file.is_dir() else fps)
    width = max(1, round(film.width * film.pixel_aspect * height / film.height))
    frames = itertools.islice(film.frames(rgb=True), max_frames)
    return film.rate, (media.resize(np.asarray(frame.rgb), height, width) for frame in frames)


def _place(root: Path, name: str, what: str) -> Path:
    """Return the folder of a decoded clip: another one for everything that changes its frames."""
    return root / f"clip-{name[:40]}-{hashlib.sha256(what.encode()).hexdigest()[:16]}"


def _store(folder: Path, rate: Fraction, frames: Iterable[NDArray[np.uint8]]) -> None:
    """Write frames as they come; the finished folder appears at once or not at all."""
    ensure_folder(folder.parent)
    temporary = folder.parent / f".{uuid.uuid4().hex[:8]}.part"
    try:
        temporary.mkdir()
        count = 0
        with open(temporary / "frames", "wb") as file:
            for frame in frames:
                file.write(frame.tobytes())
                count += 1
        about = {"rate": str(rate), "shape": [count, *frame.shape]}
        (temporary / "clip.json").write_text(json.dumps(about), encoding="utf-8")
        try:
            os.replace(temporary, folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    except OSError as error:
        raise InputError(
            f"cannot write the decoded clips to {folder.parent}: {error.strerror or error}; "
            "free some space or point COLORLAB_CACHE elsewhere."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _take(folder: Path, name: str, source: str, scene: int | None = None) -> Clip:
    """Open a stored clip."""
    try:
        about = read_json(folder / "clip.json")
        rgb = np.memmap(folder / "frames", np.uint8, "r", shape=tuple(about["shape"]))
        return Clip(name, source, Fraction(about["rate"]), rgb, scene)
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise InputError(
            f"the decoded clip in {folder} cannot be opened ({error}); delete that folder to "
            "decode it again."
        ) from error
