"""Write a coloured film in pieces that survive a kill, then join them and add the sound.

Pieces of a few seconds go into a folder beside the film, ``NAME.unfinished``. A piece has an
encoder of its own and appears complete or not at all, so that whatever ends the work leaves a start
that plays (``play.m3u`` there lists the pieces) and from which it goes on, with the same bits as if
it had never stopped. The pieces are joined without being encoded again.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import Any

import av
import numpy as np

from colorlab import files
from colorlab.errors import InputError
from colorlab.media import films, gif, sound
from colorlab.media.film_encoder import FilmEncoder, output
from colorlab.media.films import Film, Frame
from colorlab.media.folders import UNFINISHED
from colorlab.media.pixels import Array

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".gif": "gif"}
"""Suffix of a film that can be written to FFmpeg's name of its container."""

PIECE_SECONDS = 4
_STATE = "state-"
_PLAYLIST = "play.m3u"
_ABOUT = "about.json"


@dataclass(frozen=True)
class Colored:
    """A frame with its chroma, on the way into a file.

    Attributes
    ----------
    frame : Frame
        The source's.
    uv : ndarray of float32, (h, w, 2)
        U and V of BT.601, of any size.
    state : mapping of str to ndarray, or None
        What the one who colours must remember to go on after this frame; needed with the last
        frame of a piece.
    """

    frame: Frame
    uv: Array
    state: Mapping[str, Array] | None = None


def suffix_for(source: Path) -> str:
    """Return the suffix of a source's coloured film: its own where we write such films.

    Parameters
    ----------
    source : pathlib.Path
        A film.

    Returns
    -------
    str
        One of `CONTAINERS`, as the source spells it.
    """
    return source.suffix if source.suffix.lower() in CONTAINERS else ".mp4"


def check_target(source: Path, target: Path) -> None:
    """Refuse a target that cannot be written, before any work.

    Parameters
    ----------
    source, target : pathlib.Path
        The film and its coloured copy.

    Raises
    ------
    InputError
        When the suffix is not that of a film, the target a folder, or both one file.
    """
    if target.suffix.lower() not in CONTAINERS:
        raise InputError(
            f"cannot write {target}: colorlab writes films as {', '.join(CONTAINERS)}; use one of "
            "them."
        )
    if target.is_dir():
        raise InputError(f"cannot write {target}: it is a folder; name a file inside it.")
    if os.path.realpath(source) == os.path.realpath(target):
        raise InputError(f"{source} would be overwritten by its own coloured copy; name another.")


def pieces_folder(target: Path) -> Path:
    """Return where the pieces of a film are kept until it is finished.

    Parameters
    ----------
    target : pathlib.Path
        The film to write.

    Returns
    -------
    pathlib.Path
        A folder beside it.
    """
    return target.with_name(target.name + UNFINISHED)


class FilmWriter:
    """Writes one film.

    Parameters
    ----------
    film : Film
        The source.
    target : path
        The film to write; its suffix decides the container.
    settings : mapping
        What decides the colours, as JSON values: a film begun with others is not continued.
    lossless : bool
        Keep every luma sample exactly.
    resume : bool
        Go on where an earlier run stopped.

    Attributes
    ----------
    folder : pathlib.Path
        Where the pieces are.
    done : int
        Frames in finished pieces.
    state : dict
        What went with the last of them.
    per_piece : int
        Frames in a piece.
    notes : list of str
        What could not be kept, for a person to read.

    Raises
    ------
    InputError
        When the target cannot be, is the source, or was begun with other settings.
    """

    def __init__(
        self,
        film: Film,
        target: str | os.PathLike[str],
        settings: Mapping[str, Any],
        lossless: bool = False,
        resume: bool = False,
    ) -> None:
        self.film, self.target = film, Path(target)
        check_target(film.path, self.target)
        self._kind = CONTAINERS[self.target.suffix.lower()]
        as_gif = self._kind == "gif"
        self._encoder = FilmEncoder(film, lossless=lossless or as_gif, fine=as_gif)
        self.folder = pieces_folder(self.target)
        self.per_piece = max(1, round(film.rate * PIECE_SECONDS))
        self.notes = _notes(film)
        if film.field_order and not self._encoder.keeps_fields:
            self.notes.append(
                f"the order of its fields is not tagged: its height is {film.height}, not 4 × n"
            )
        self.done = self._pieces = 0
        self.state: dict[str, Array] = {}
        about = {
            "film": _identity(film),
            "encoder": [self._encoder.form, self._encoder.options, av.__version__],
            "settings": dict(settings),
        }
        self._begin(about, resume)

    # ----------------------------------------------------------------------------- pieces

    def _piece(self, number: int) -> Path:
        return self.folder / f"{number:05d}.mp4"

    def _begin(self, about: dict[str, Any], resume: bool) -> None:
        """Make the folder of pieces, or read what an earlier run left in it."""
        card = self.folder / _ABOUT
        if self.folder.is_dir() and not card.is_file() and any(self.folder.iterdir()):
            raise InputError(
                f"{self.folder} is in the way: it was not made by colorlab; rename or remove it."
            )
        if not (resume and card.is_file()):
            self.discard()
            files.write_json(card, about)
        elif files.read_json(card) != about:
            raise InputError(
                f"{self.folder} was begun with another film, model or settings; give the same "
                "ones, or leave --resume out to start over."
            )
        for left in self.folder.glob(".*.part.*"):
            left.unlink()
        while (piece := self._piece(self._pieces)).is_file():
            kept = files.read_arrays(piece.with_suffix(".npz"))
            self._pieces += 1
            self.done += len(kept["ticks"])
            self.state = {
                name.removeprefix(_STATE): array
                for name, array in kept.items()
                if name.startswith(_STATE)
            }

    def write(self, items: Iterable[Colored], progress: Callable[[], object]) -> None:
        """Encode frames into pieces.

        Parameters
        ----------
        items : iterable of Colored
            The frames after the first `done`, in order.
        progress : callable
            Called after every frame.

        Raises
        ------
        InputError
            When a piece cannot be written: a full disk, for example.
        """
        stream = iter(items)
        for first in stream:
            piece = self._piece(self._pieces)
            frames = chain([first], islice(stream, self.per_piece - 1))
            with files.atomic_path(piece) as temporary:
                written = self._write_piece(temporary, piece.with_suffix(".npz"), frames, progress)
            self._pieces += 1
            self.done += written
            names = "".join(f"{self._piece(number).name}\n" for number in range(self._pieces))
            with files.atomic_path(self.folder / _PLAYLIST) as temporary:
                temporary.write_text(f"#EXTM3U\n{names}", encoding="utf-8")

    def _write_piece(
        self, path: Path, notes: Path, items: Iterable[Colored], progress: Callable[[], object]
    ) -> int:
        ticks, durations = [], []
        state: Mapping[str, Array] = {}
        with output(path, "mp4") as container:
            stream = self._encoder.stream(container)
            for item in items:
                ticks.append(item.frame.ticks - self.film.origin)
                durations.append(item.frame.duration)
                state = item.state or {}
                picture = self._encoder.picture(item.frame, item.uv, ticks[-1] - ticks[0])
                container.mux(stream.encode(picture))
                progress()
            container.mux(stream.encode(None))
        arrays: dict[str, Array] = {_STATE + name: array for name, array in state.items()}
        arrays["ticks"] = np.array(ticks, np.int64)
        arrays["durations"] = np.array(durations, np.int64)
        with files.atomic_path(notes) as temporary:
            np.savez(temporary, **arrays)  # type: ignore[arg-type]
        return len(ticks)

    # ----------------------------------------------------------------------------- the whole

    def finish(self) -> None:
        """Join the pieces, add the sound, give the film its name, remove the pieces.

        Raises
        ------
        InputError
            When no frame was written, or the film cannot be.
        """
        if not self.done:
            self.discard()
            raise InputError(f"{self.film.path} has no frame that could be read.")
        with files.atomic_path(self.target) as temporary:
            if self._kind == "gif":
                code = self._encoder.code
                dropped = gif.write(temporary, self._pictures(), self._seconds(), code)
                if dropped:
                    self.notes.append(
                        f"{dropped} frames are dropped: a GIF shows at most 100 a second"
                    )
            else:
                self._join(temporary)
        self.discard()

    def discard(self) -> None:
        """Remove the pieces."""
        if self.folder.is_dir():
            shutil.rmtree(self.folder)

    def _join(self, path: Path) -> None:
        base = Fraction(1, self.film.time_base.denominator)
        options = {}
        if self._kind != "matroska":
            options = {"movie_timescale": str(base.denominator), "movflags": "+faststart"}
        with contextlib.ExitStack() as stack:
            container = stack.enter_context(output(path, self._kind, options))
            first = stack.enter_context(av.open(os.path.abspath(self._piece(0))))
            stream = container.add_stream_from_template(first.streams.video[0])
            stream.codec_context.framerate, stream.time_base = self.film.rate, base
            tracks = [self._packets(stream)]
            if self.film.has_audio:
                origin = self.film.origin * self.film.time_base
                source = stack.enter_context(films.reopen(self.film.path))
                tracks.append(sound.packets(source, container, origin, self.notes))
            for _, packet in heapq.merge(*tracks, key=lambda item: item[0]):
                container.mux(packet)

    def _packets(self, stream: Any) -> Iterator[tuple[Fraction, Any]]:
        """Yield (seconds, packet) of all pieces, at the times of the source's frames."""
        base = self.film.time_base
        times = self._times()
        for number in range(self._pieces):
            with av.open(os.path.abspath(self._piece(number))) as container:
                for packet in container.demux(container.streams.video[0]):
                    if packet.size:
                        tick, shown = next(times)
                        packet.stream = stream
                        packet.time_base = Fraction(1, base.denominator)
                        packet.pts = packet.dts = tick * base.numerator
                        packet.duration = shown * base.numerator
                        yield tick * base, packet

    def _pictures(self) -> Iterator[Any]:
        for number in range(self._pieces):
            with av.open(os.path.abspath(self._piece(number))) as container:
                yield from container.decode(container.streams.video[0])

    def _times(self) -> Iterator[tuple[int, int]]:
        """Yield when each frame begins and how long it is shown, in ticks, from the first."""
        shown = max(1, round(1 / (self.film.rate * self.film.time_base)))
        last = None
        for number in range(self._pieces):
            kept = files.read_arrays(self._piece(number).with_suffix(".npz"))
            for tick, said in zip(kept["ticks"].tolist(), kept["durations"].tolist(), strict=True):
                if last is not None:
                    shown = tick - last[0]
                    yield last[0], shown
                last = tick, said
        if last is not None:
            yield last[0], last[1] or shown

    def _seconds(self) -> Iterator[tuple[Fraction, Fraction]]:
        base = self.film.time_base
        return ((tick * base, shown * base) for tick, shown in self._times())


def _identity(film: Film) -> dict[str, Any]:
    """Return what tells a source from another, or from itself before it was changed."""
    try:
        parts = [part.stat() for part in film.photos or (film.path,)]
    except OSError as error:
        raise InputError(
            f"cannot read {error.filename} any more: {error.strerror}; leave it in place while it "
            "is coloured."
        ) from error
    return {
        "name": film.path.name,
        "rate": str(film.rate),
        "files": len(parts),
        "bytes": sum(part.st_size for part in parts),
        "changed": max(part.st_mtime_ns for part in parts),
    }


def _notes(film: Film) -> list[str]:
    notes = []
    if film.has_alpha:
        notes.append("transparency is dropped")
    if film.encoding.bits > 10:
        notes.append(f"of the {film.encoding.bits} bits of its luma 10 are kept")
    return notes
