"""Labels: what changed, and what copying the frame before scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab.bins import count
from colorlab.errors import InputError
from colorlab.film_metrics.checks import Float, Labels, check_same


def changed(
    labels_before: Labels, labels: Labels, uv_before: Float, uv: Float, width: ArrayLike
) -> NDArray[np.bool_]:
    """Tell where a film's true colour changed from one frame to the next.

    Parameters
    ----------
    labels_before, labels : ndarray of int, shape (..., 2)
        True bins of U and V in the frame before and in this one.
    uv_before, uv : ndarray of float, shape (..., 2)
        True chroma of the two.
    width : array_like of float, shape (2,)
        Width of a bin, `BinGrid.width`.

    Returns
    -------
    ndarray of bool, shape (..., 2)
        For U and for V: whether the bin differs *and* the chroma moved by more than one bin's
        width. The second condition leaves out chroma that trembles about an edge.

    Raises
    ------
    InputError
        If the shapes differ or do not end with 2.
    """
    check_same(labels_before, labels, uv_before, uv)
    moved = np.abs(np.subtract(uv, uv_before, dtype=np.float32)) > np.asarray(width, np.float32)
    result: NDArray[np.bool_] = (labels != labels_before) & moved
    return result


class Accuracy:
    """Share of pixels whose bin is right, for U and for V; every pixel added counts alike."""

    def __init__(self) -> None:
        self.right = np.zeros(2, np.int64)
        self.counted = np.zeros(2, np.int64)

    def add(
        self, predicted: Labels, labels: Labels, where: NDArray[np.bool_] | None = None
    ) -> None:
        """Count a frame.

        Parameters
        ----------
        predicted, labels : ndarray of int, shape (..., 2)
            Predicted and true bins of U and V.
        where : ndarray of bool, shape (..., 2), optional
            The pixels that count, for each axis, as `changed` tells them; all by default.

        Raises
        ------
        InputError
            If the shapes differ or do not end with 2.
        """
        counts = np.ones(labels.shape, bool) if where is None else where
        check_same(predicted, labels, counts)
        axes = tuple(range(labels.ndim - 1))
        self.right += np.sum((predicted == labels) & counts, axis=axes)
        self.counted += np.sum(counts, axis=axes)

    @property
    def value(self) -> tuple[float | None, float | None]:
        """Fractions for U and V; None where no pixel counted."""
        u, v = (
            int(right) / int(counted) if counted else None
            for right, counted in zip(self.right, self.counted, strict=True)
        )
        return u, v


def transitions(labels_before: Labels, labels: Labels, n: int) -> NDArray[np.int64]:
    """Count how often a pixel goes from one bin to another; counts of frames may be added.

    Parameters
    ----------
    labels_before, labels : ndarray of int, shape (..., 2)
        True bins of U and V in the frame before and in this one, 0 to n - 1.
    n : int
        Bins per axis.

    Returns
    -------
    ndarray of int64, shape (2, n, n)
        For U and V: row the bin before, column the bin now.

    Raises
    ------
    InputError
        If the shapes differ or labels are not integers in 0..n-1 with 2 on the last axis.
    """
    check_same(labels_before, labels)
    for array in (labels_before, labels):
        count(array, n)  # refuses what are no labels
    pairs = labels_before.astype(np.intp) * n + labels
    flat = [np.bincount(pairs[..., axis].ravel(), minlength=n * n) for axis in range(2)]
    return np.stack(flat).reshape(2, n, n)


@dataclass(frozen=True)
class CopyModel:
    """Copy-previous as a model of probabilities: p(bin now | bin in the frame before).

    It knows the pixel's own past and nothing else, no picture and no neighbour, so a model that is
    told the true frame before must fall below its loss to have learned anything of motion.

    Parameters
    ----------
    counts : ndarray of int, shape (2, n, n)
        Transitions counted on the training clips (`transitions`).

    Raises
    ------
    InputError
        If the counts are no whole numbers of at least 0 in that shape.

    Notes
    -----
    Every transition counts once more than it was seen (Laplace's rule), so that none is impossible
    and a bin never met before is followed by any bin alike.
    """

    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        shape = self.counts.shape
        if len(shape) != 3 or shape[0] != 2 or shape[1] != shape[2]:
            raise InputError(f"transitions need shape (2, n, n); received {shape}.")
        if self.counts.dtype.kind not in "iu" or self.counts.min(initial=0) < 0:
            raise InputError("transitions must be counts: whole numbers of at least 0.")

    @property
    def n(self) -> int:
        """Bins per axis."""
        return int(self.counts.shape[-1])

    @property
    def log_probabilities(self) -> NDArray[np.float64]:
        """Natural logarithm of p(now | before), shape (2, n, n): row before, column now."""
        smoothed = self.counts + 1.0
        result: NDArray[np.float64] = np.log(smoothed / smoothed.sum(axis=-1, keepdims=True))
        return result

    def loss(self, seen: NDArray[np.int64]) -> tuple[float, float]:
        """Return the cross-entropy of transitions that were seen.

        Parameters
        ----------
        seen : ndarray of int, shape (2, n, n)
            Transitions of a film, or of several (`transitions`), not those of the fit.

        Returns
        -------
        tuple of two floats
            Nats a pixel, mean over all pixels, for U and for V.

        Raises
        ------
        InputError
            If the number of bins differs or nothing was seen.
        """
        if seen.shape != self.counts.shape or not seen.any():
            raise InputError(
                f"the loss needs transitions of shape {self.counts.shape}, not all zero; "
                f"received {int(seen.sum())} transitions of shape {seen.shape}."
            )
        u, v = -(seen * self.log_probabilities).sum(axis=(1, 2)) / seen.sum(axis=(1, 2))
        return float(u), float(v)

    def to_json(self) -> dict[str, Any]:
        """Return the model as JSON can hold it; `from_json` reads it."""
        return {"n": self.n, "counts": self.counts.tolist()}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> CopyModel:
        """Return the model that `to_json` told.

        Parameters
        ----------
        content : mapping
            With the key ``counts``.

        Returns
        -------
        CopyModel
            The same model.

        Raises
        ------
        InputError
            If there are no counts of the right kind.
        """
        try:
            counts = np.asarray(content["counts"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"a copy model needs its counts; received {content!r:.60}.") from error
        return cls(counts)
