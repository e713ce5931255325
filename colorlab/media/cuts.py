"""Find the cuts of a film: the frames with which a new shot begins.

A hard cut changes two things at once: how much of the picture has which brightness, and where.
Motion changes the second, a cloud before the sun the first. The score of two frames is the
geometric mean of both changes: the distance of their luma histograms, and one minus the
correlation of their thumbnails. Dissolves and fades, which have no such frame, are not found.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from colorlab.media.pixels import Array, resize

THRESHOLD = 0.26
"""Score from which a frame begins a shot: of unrelated shots nearly all reach it, of frames of one
shot, eight or more a second, nearly none."""

_HEIGHT, _WIDTH, _BINS = 36, 64, 16
_FLAT = 1e-3  # contrast of a picture without any, in units of luma


class CutDetector:
    """Looks at a film's frames one after the other."""

    def __init__(self) -> None:
        self._last: tuple[NDArray[np.float64], NDArray[np.float32]] | None = None

    def is_cut(self, y: Array) -> bool:
        """Tell whether the next frame begins a shot.

        Parameters
        ----------
        y : ndarray of float32, (H, W)
            The frame's luma in [0, 1], of any size; the same for all frames of a film.

        Returns
        -------
        bool
            True for the first frame of all.
        """
        last, self._last = self._last, _look(y)
        return last is None or _score(last, self._last) >= THRESHOLD


def score(first: Array, second: Array) -> float:
    """Tell how much speaks for a cut between two frames.

    Parameters
    ----------
    first, second : ndarray of float32, (H, W)
        Luma in [0, 1].

    Returns
    -------
    float
        From 0, the same picture, to some 1.4, a negative.
    """
    return _score(_look(first), _look(second))


def _look(y: Array) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return a frame's histogram, and its thumbnail without mean, of unit contrast."""
    small = resize(y, _HEIGHT, _WIDTH)
    levels = np.minimum((small * _BINS).astype(np.intp), _BINS - 1)
    histogram = np.bincount(levels.ravel(), minlength=_BINS) / small.size
    tiny = small.reshape(_HEIGHT // 2, 2, _WIDTH // 2, 2).mean(axis=(1, 3))
    tiny -= tiny.mean()
    return histogram, tiny / (tiny.std() + np.float32(_FLAT))


def _score(
    first: tuple[NDArray[np.float64], NDArray[np.float32]],
    second: tuple[NDArray[np.float64], NDArray[np.float32]],
) -> float:
    moved = np.abs(first[0] - second[0]).sum() / 2
    differs = 1 - float((first[1] * second[1]).mean())
    return float(np.sqrt(moved * max(differs, 0.0)))
