"""Colour a film while it streams by: decode, predict chroma, encode.

Three threads work side by side: one decodes and makes the small luma for the colorer, one waits for
the colorer, one encodes. Only a few frames are between them at any time, so memory does not depend
on the film's length. The colorer is anything that is a `Colorer`: it takes every frame once, in
order, with a mark on those that begin a shot, and returns chroma of any size; its state lies beside
every finished piece, so that an interrupted film resumes to the same bits.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import av
import numpy as np
from numpy.typing import NDArray

from colorlab.errors import InputError
from colorlab.media import cuts, film_writer, films
from colorlab.media.pixels import Array, resize

T = TypeVar("T")

_AHEAD = 8


class Colorer(Protocol):
    """What colours a film: it sees every frame once, in order.

    Attributes
    ----------
    batch : int
        How many frames it takes at once; 1 where each needs the one before it.
    """

    batch: int

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Return the height and width at which it wants to see frames of a size."""

    def chroma(self, y: Array, starts: NDArray[np.bool_]) -> Array:
        """Predict the chroma of the next frames.

        Parameters
        ----------
        y : ndarray of float32, (N, h, w, 1)
            Luma in [0, 1], at most `batch` frames of the `shape` asked for.
        starts : ndarray of bool, (N,)
            Which of them begin a shot: nothing may be carried over from the frame before.

        Returns
        -------
        ndarray of float32, (N, h', w', 2)
            U and V, of any size; the film's own takes care of the gamut.
        """

    def state(self) -> Mapping[str, Array]:
        """Return what it must remember to go on after the frames so far."""

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from what `state` returned."""

    def settings(self) -> dict[str, Any]:
        """Return what decides its colours, as JSON values."""


@dataclass(frozen=True)
class _Seen:
    """A frame as a colorer will see it."""

    frame: films.Frame
    small: Array
    starts: bool


def recolor(
    source: films.Film,
    target: str | os.PathLike[str],
    colorer: Colorer,
    lossless: bool = False,
    resume: bool = False,
    progress: Callable[[int], object] = lambda frames: None,
) -> list[str]:
    """Colour a film.

    Parameters
    ----------
    source : Film
        From `colorlab.media.films.open_film`.
    target : path
        The film to write: .mp4, .m4v, .mov, .mkv or .gif.
    colorer : Colorer
        What predicts the chroma: `colorlab.colorize_film.FrameByFrame`, for example.
    lossless : bool
        Keep every luma sample exactly, in a file several times as large.
    resume : bool
        Go on where an earlier run with the same settings was interrupted.
    progress : callable
        Called with the number of frames that have been added.

    Returns
    -------
    list of str
        What could not be kept as it was (transparency, a kind of sound); usually empty.

    Raises
    ------
    FilmCutShort
        When the source is damaged or ends too early, after what could be read was coloured.
    InputError
        When the source cannot be used or the target cannot be written. Finished pieces stay where
        going on from them makes sense.
    """
    writer = film_writer.FilmWriter(source, target, colorer.settings(), lossless, resume)
    progress(writer.done)
    if writer.state:
        colorer.restore(writer.state)
    trouble: list[InputError] = []
    try:
        with contextlib.ExitStack() as stack:
            frames = _readable(source.frames(), trouble)
            seen = stack.enter_context(_ahead(_seen(source, frames, colorer)))
            colored = stack.enter_context(_ahead(_colored(seen, colorer, writer)))
            writer.write(colored, lambda: progress(1))
        if _is_useless(trouble):
            raise trouble[0]
        writer.finish()
    except BaseException as error:
        if _is_useless(trouble) or not writer.done:
            writer.discard()
        if isinstance(error, av.error.FFmpegError):
            raise InputError(f"cannot colour {source.path}: {error}; convert it first.") from error
        raise
    if trouble:
        raise trouble[0]
    return writer.notes


def _is_useless(trouble: list[InputError]) -> bool:
    """Tell whether what was wrong with the source leaves nothing to go on from."""
    return bool(trouble) and not isinstance(trouble[0], films.FilmCutShort)


def _readable(frames: Iterable[films.Frame], trouble: list[InputError]) -> Iterator[films.Frame]:
    """Yield the frames that can be read; put aside what is wrong with the ones after them."""
    try:
        yield from frames
    except InputError as error:
        trouble.append(error)


def _seen(
    source: films.Film, frames: Iterable[films.Frame], colorer: Colorer
) -> Generator[_Seen, None, None]:
    detector = cuts.CutDetector()
    for frame in frames:
        y = source.encoding.expand(frame.y)
        small = resize(y, *colorer.shape(*y.shape))
        yield _Seen(frame, small, detector.is_cut(small))


def _colored(
    seen: Iterable[_Seen], colorer: Colorer, writer: film_writer.FilmWriter
) -> Generator[film_writer.Colored, None, None]:
    """Predict batch after batch; a batch ends where a piece ends."""
    first = writer.done
    batch: list[_Seen] = []
    for item in seen:
        if item.frame.index < first:
            continue
        batch.append(item)
        ends = (item.frame.index + 1 - first) % writer.per_piece == 0
        if ends or len(batch) == colorer.batch:
            yield from _predict(batch, colorer)
            batch = []
    if batch:
        yield from _predict(batch, colorer)


def _predict(batch: list[_Seen], colorer: Colorer) -> Iterator[film_writer.Colored]:
    y = np.stack([item.small for item in batch])[..., None]
    uv = colorer.chroma(np.clip(y, 0, 1), np.array([item.starts for item in batch]))
    state = colorer.state()
    last = batch[-1]
    for item, chroma in zip(batch, uv, strict=True):
        kept = state if item is last else None
        yield film_writer.Colored(item.frame, np.asarray(chroma, np.float32), kept)


@contextlib.contextmanager
def _ahead(items: Generator[T, None, None], depth: int = _AHEAD) -> Iterator[Iterator[T]]:
    """Run an iterator in a thread of its own, a few items ahead of who reads it.

    Parameters
    ----------
    items : generator
        It is used and closed in that thread alone.
    depth : int
        How many items may wait.

    Yields
    ------
    iterator
        The same items; raises what `items` raised. The thread ends with the block.
    """
    waiting: queue.Queue[tuple[bool, Any]] = queue.Queue(depth)
    stop = threading.Event()

    def put(goes_on: bool, item: Any) -> None:
        while not stop.is_set():
            with contextlib.suppress(queue.Full):
                return waiting.put((goes_on, item), timeout=0.1)

    def work() -> None:
        try:
            for item in items:
                put(True, item)
                if stop.is_set():
                    return
            put(False, None)
        except BaseException as error:  # goes to the reader, whatever it is
            put(False, error)
        finally:
            items.close()

    def read() -> Iterator[T]:
        while True:
            goes_on, item = waiting.get()
            if goes_on:
                yield item
            elif item is None:
                return
            else:
                raise item

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield read()
    finally:
        stop.set()
        thread.join()
