"""The bins of one number and alignment: labels, and their centres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab.bins.checks import as_chroma, as_labels, check_n, check_positive
from colorlab.errors import InputError
from colorlab.yuv import RANGE, U_MAX, V_MAX


@dataclass(frozen=True)
class BinGrid:
    """n equal bins over [-0.436, 0.436] for U and n over [-0.615, 0.615] for V.

    Bins are half-open, [low, high); chroma outside the range falls into the end bins. Arrays with
    one row for each axis have U first, then V.

    Parameters
    ----------
    n : int
        Bins per axis, 2 to 1000.
    align : {"edge", "centre"}
        Where neutral grey lies. ``"edge"`` (n even): on the edge between the two middle bins, so
        that rounding noise decides the label of a grey pixel. ``"centre"`` (n odd): in the centre
        of the middle bin. The edges depend on n alone.

    Raises
    ------
    InputError
        If n is no integer in 2..1000, `align` is unknown, or n has the wrong parity for it.

    Examples
    --------
    >>> BinGrid(4).centres[0]
    array([-0.327, -0.109,  0.109,  0.327], dtype=float32)
    """

    n: int
    align: str = "edge"

    def __post_init__(self) -> None:
        check_n(self.n)
        object.__setattr__(self, "n", int(self.n))  # a NumPy integer would not go into JSON
        if self.align not in ("edge", "centre"):
            raise InputError(f"align must be 'edge' or 'centre'; received {self.align!r}.")
        if self.align == "edge" and self.n % 2:
            raise InputError(
                f"align='edge' needs an even number of bins; received n={self.n}: "
                f"use {self.n - 1} or align='centre'."
            )
        if self.align == "centre" and not self.n % 2:
            raise InputError(
                f"align='centre' needs an odd number of bins; received n={self.n}: "
                f"use {max(self.n - 1, 3)} or align='edge'."
            )

    @classmethod
    def of(cls, n: int) -> BinGrid:
        """Return the grid of n bins with the alignment that n's parity allows.

        Parameters
        ----------
        n : int
            Bins per axis, 2 to 1000.

        Returns
        -------
        BinGrid
            Aligned on the edge for an even n, on the centre for an odd one.

        Raises
        ------
        InputError
            If n is no integer in 2..1000.
        """
        check_n(n)
        return cls(n, "centre" if n % 2 else "edge")

    @cached_property
    def edges(self) -> NDArray[np.float32]:
        """Edges of the bins, float32 of shape (2, n + 1), ascending and symmetric about zero."""
        return self._steps(np.arange(-self.n, self.n + 1, 2))

    @cached_property
    def centres(self) -> NDArray[np.float32]:
        """Centres of the bins, float32 of shape (2, n), ascending and symmetric about zero."""
        return self._steps(np.arange(1 - self.n, self.n, 2))

    @cached_property
    def width(self) -> NDArray[np.float32]:
        """Width of a bin, float32 of shape (2,)."""
        return self._steps(np.array([2]))[:, 0]

    def _steps(self, halves: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return multiples of half a bin's width, read-only float32 of shape (2, len(halves))."""
        steps = np.multiply.outer([U_MAX, V_MAX], halves / self.n).astype(np.float32)
        steps.setflags(write=False)
        return steps

    def encode(self, uv: ArrayLike) -> NDArray[np.int32]:
        """Label chroma with its bins.

        Only float32 comparisons with `edges` decide, so a label never depends on the machine.

        Parameters
        ----------
        uv : array_like, shape (..., 2)
            Chroma.

        Returns
        -------
        ndarray of int32, shape (..., 2)
            Bin of U and bin of V, 0 to n - 1; bin k holds edges[k] <= chroma < edges[k + 1].

        Raises
        ------
        InputError
            If the last axis is not 2, or values are no numbers or NaN.
        """
        chroma = as_chroma(uv)
        index = np.empty(chroma.shape, np.int32)
        for axis in range(2):
            inner = self.edges[axis, 1:-1]
            index[..., axis] = np.searchsorted(inner, chroma[..., axis], side="right")
        return index

    def place(self, uv: ArrayLike) -> NDArray[np.float32]:
        """Return where chroma lies on the axis of bins: bin k spans k to k + 1.

        Parameters
        ----------
        uv : array_like, shape (..., 2)
            Chroma; outside the range it counts as the end of the range.

        Returns
        -------
        ndarray of float32, shape (..., 2)
            Places in 0..n, for `colorlab.losses.PixelCrossEntropy`'s soft labels.
        """
        chroma = np.clip(as_chroma(uv), -RANGE, RANGE)
        return ((chroma - self.edges[:, 0]) / self.width).astype(np.float32)

    def from_index(self, index: ArrayLike) -> NDArray[np.float32]:
        """Return the bin centres that labels stand for.

        Parameters
        ----------
        index : array_like of int, shape (..., 2)
            Bin of U and bin of V, 0 to n - 1.

        Returns
        -------
        ndarray of float32, shape (..., 2)
            Chroma.

        Raises
        ------
        InputError
            If labels are not integers in 0..n-1 with 2 on the last axis.
        """
        labels = as_labels(index, self.n)
        u_centres, v_centres = self.centres
        return np.stack([u_centres[labels[..., 0]], v_centres[labels[..., 1]]], axis=-1)

    def quantise(self, uv: ArrayLike) -> NDArray[np.float32]:
        """Replace chroma by the centre of its bin: the best a model with this grid can show.

        Parameters
        ----------
        uv : array_like, shape (..., 2)
            Chroma.

        Returns
        -------
        ndarray of float32, shape (..., 2)
            Chroma, at most half a bin's width away for chroma inside the range.

        Raises
        ------
        InputError
            As `encode`.
        """
        return self.from_index(self.encode(uv))

    def soft_encode(
        self, uv: ArrayLike, sigma: float = 0.5, neighbours: int = 5
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Label chroma with a small Gaussian over the nearest bins instead of one bin.

        Parameters
        ----------
        uv : array_like, shape (..., 2)
            Chroma; outside the range it counts as the end of the range.
        sigma : float
            Standard deviation of the Gaussian, in bin widths.
        neighbours : int
            How many nearest bins share the probability; the others get exactly 0. More than n
            means all n.

        Returns
        -------
        pu, pv : ndarray of float32, shape (..., n)
            Probabilities over the U bins and over the V bins, each summing to 1.

        Raises
        ------
        InputError
            As `encode`, or if sigma or neighbours is not above 0.

        References
        ----------
        .. [1] Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016, section 2.1 (there
           over the 5 nearest of 313 joint bins).
        """
        check_positive(sigma, "sigma")
        if not isinstance(neighbours, (int, np.integer)) or neighbours < 1:
            raise InputError(f"neighbours must be an integer above 0; received {neighbours!r}.")
        chroma = np.clip(as_chroma(uv), -RANGE, RANGE)
        pu, pv = (self._soften(chroma[..., a], a, sigma, min(neighbours, self.n)) for a in (0, 1))
        return pu, pv

    def _soften(
        self, values: NDArray[np.float32], axis: int, sigma: float, neighbours: int
    ) -> NDArray[np.float32]:
        """Spread one chroma axis (...) over its `neighbours` nearest bins, shape (..., n)."""
        position = (values - self.edges[axis, 0]) / self.width[axis]  # bin k spans k..k+1
        first = np.clip(np.rint(position - neighbours / 2), 0, self.n - neighbours).astype(np.intp)
        nearest = first[..., None] + np.arange(neighbours)
        distance = (values[..., None] - self.centres[axis][nearest]) / self.width[axis]
        exponent = -0.5 * np.square(distance / sigma)
        weights = np.exp(exponent - exponent.max(axis=-1, keepdims=True))
        soft = np.zeros((*values.shape, self.n), np.float32)
        np.put_along_axis(soft, nearest, weights / weights.sum(axis=-1, keepdims=True), axis=-1)
        return soft
