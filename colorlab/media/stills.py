"""Choose frames of a film that are worth colouring by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from colorlab.media.cuts import CutDetector
from colorlab.media.films import Film
from colorlab.media.pixels import resize


@dataclasses.dataclass(frozen=True)
class Suggestion:
    """A frame that is worth colouring by hand.

    Attributes
    ----------
    index : int
        Its number, from 0.
    seconds : Fraction
        Its time.
    y : numpy.ndarray of float32, (H, W)
        Its luma in [0, 1].
    """

    index: int
    seconds: Fraction
    y: NDArray[np.float32]


def suggest(film: Film, every: float = 10.0) -> Iterator[Suggestion]:
    """Choose one frame of each shot, sharp and not dark; of a long shot, several.

    Parameters
    ----------
    film : Film
        From `colorlab.media.films.open_film`.
    every : float
        Seconds of a shot for which one frame is enough.

    Yields
    ------
    Suggestion
        In the order of the film.
    """
    detector = CutDetector()
    best: tuple[float, Suggestion] | None = None
    begin = Fraction(0)
    for frame in film.frames():
        y, seconds = film.encoding.expand(frame.y), film.seconds(frame)
        small = resize(y, 144, max(1, round(144 * y.shape[1] / y.shape[0])))
        if detector.is_cut(small) or seconds - begin >= every:
            if best is not None:
                yield best[1]
            best, begin = None, seconds
        worth = _worth(small)
        if best is None or worth > best[0]:
            best = worth, Suggestion(frame.index, seconds, y)
    if best is not None:
        yield best[1]


def _worth(y: NDArray[np.float32]) -> float:
    """Return how sharp a picture is, less where it is nearly black or white."""
    sharp = float(np.abs(np.diff(y, 2, axis=0)).mean() + np.abs(np.diff(y, 2, axis=1)).mean())
    mean = float(y.mean())
    return sharp * min(1.0, mean / 0.15, (1 - mean) / 0.15)
