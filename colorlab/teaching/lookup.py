"""The smallest colourers there are: tables that know a pixel's luma and its height, and no more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import yuv
from colorlab.bins import BinGrid

LEVELS, ROWS = 24, 16
"""Steps of luma, and of height, that a table tells apart."""


@dataclass(frozen=True)
class ColourTable:
    """What the pixels of each luma and height looked like in the pictures that were counted.

    No network could answer better that knows no more of a pixel than these two numbers: `mean` is
    the chroma with the least squared error, `shares` the probabilities with the least
    cross-entropy, on the pictures counted.

    Attributes
    ----------
    grid : BinGrid
        The bins.
    mean : ndarray of float32, (LEVELS, ROWS, 2)
        Mean chroma.
    shares : ndarray of float32, (LEVELS, ROWS, 2, n)
        Share of each bin of U and of V.
    """

    grid: BinGrid
    mean: NDArray[np.float32]
    shares: NDArray[np.float32]

    @classmethod
    def count(cls, pictures: Iterable[NDArray[Any]], grid: BinGrid) -> ColourTable:
        """Count pictures.

        Parameters
        ----------
        pictures : iterable of numpy.ndarray, (H, W, 3)
            uint8, or float in [0, 1].
        grid : BinGrid
            The bins.

        Returns
        -------
        ColourTable
            Every cell counts one pixel more than was seen, of all pictures' mean colours, so that
            one that was never met knows these.
        """
        cells = LEVELS * ROWS
        seen, sums = np.zeros((cells, 1)), np.zeros((cells, 2))
        times = np.zeros((2, cells, grid.n))
        for picture in pictures:
            y, uv = yuv.rgb_to_yuv(picture)
            cell, labels = _cells(y).ravel(), grid.encode(uv).reshape(-1, 2)
            seen[:, 0] += np.bincount(cell, minlength=cells)
            for axis in range(2):
                sums[:, axis] += np.bincount(cell, uv[..., axis].ravel(), cells)
                pairs = np.bincount(cell * grid.n + labels[:, axis], minlength=cells * grid.n)
                times[axis] += pairs.reshape(cells, grid.n)
        total = seen.sum()
        mean = (sums + sums.sum(axis=0) / total) / (seen + 1)
        shares = (times + times.sum(axis=1, keepdims=True) / total) / (seen + 1)
        return cls(
            grid,
            mean.astype(np.float32).reshape(LEVELS, ROWS, 2),
            np.moveaxis(shares, 0, 1).astype(np.float32).reshape(LEVELS, ROWS, 2, grid.n),
        )

    def chroma(self, y: NDArray[np.float32]) -> NDArray[np.float32]:
        """Answer as a regressor: the mean chroma of the pixels that were alike.

        Parameters
        ----------
        y : numpy.ndarray of float32, (H, W, 1)
            Luma in [0, 1].

        Returns
        -------
        numpy.ndarray of float32, (H, W, 2)
            U and V.
        """
        return self.mean.reshape(-1, 2)[_cells(y)]

    def probabilities(
        self, y: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Answer as a classifier: the shares of the bins among the pixels that were alike.

        Parameters
        ----------
        y : numpy.ndarray of float32, (H, W, 1)
            Luma in [0, 1].

        Returns
        -------
        pu, pv : numpy.ndarray of float32, (H, W, n)
            Probabilities of the bins of U and of V.
        """
        found = self.shares.reshape(-1, 2, self.grid.n)[_cells(y)]
        return found[..., 0, :], found[..., 1, :]


def _cells(y: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return the number of the cell that each pixel of a luma (H, W, 1) belongs to, (H, W)."""
    level = np.clip((y[..., 0] * LEVELS).astype(np.intp), 0, LEVELS - 1)
    row = np.arange(len(y)) * ROWS // len(y)
    return level * ROWS + row[:, None]
