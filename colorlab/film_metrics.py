"""Numbers that say how good the colouring of a film is. NumPy only; float arithmetic throughout.

Read them side by side: steadiness alone proves nothing. A film left grey has the smallest warp
error and colour distribution consistency there is, and a film that keeps its first frame's colours
has next to none of either, so both measures stand beside the same measure of the true film and of
the grey one, and beside the accuracy on the pixels that changed, which no copy can win.

Frames come one at a time. What needs more than two of them is gathered by an object with ``add``
and ``value``; nothing here holds a film. A cut is no motion: give each shot its own objects.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import flow as optical_flow
from colorlab import yuv
from colorlab.bins import count
from colorlab.errors import InputError

Float = NDArray[np.float32]
Labels = NDArray[np.integer]

DILATIONS = (1, 2, 4)
"""Distances, in frames, over which `ColourDistribution` compares."""

LEVELS = 256
"""Bins of its histograms: one for each 8-bit level."""


# --- labels: what changed, and what copying the frame before scores ------------------------------


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
    _check_same(labels_before, labels, uv_before, uv)
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
        _check_same(predicted, labels, counts)
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
    _check_same(labels_before, labels)
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


# --- steadiness: warp error, colour distribution -------------------------------------------------


def warp_error(
    rgb_before: Float, rgb: Float, flow: Float, visible: NDArray[np.bool_]
) -> float | None:
    """Measure how much a surface's colour changes from one frame to the next.

    The frame is fetched back along the flow (bilinear) and compared with the frame before.

    Parameters
    ----------
    rgb_before, rgb : ndarray of float, shape (H, W, C)
        RGB in [0, 1] of the frame before and of this one; or their chroma, to leave out what the
        luma, which is the same in every colouring, contributes.
    flow : ndarray of float, shape (H, W, 2)
        From the frame before to this one, (dx, dy) in pixels; `coast.Scene.flow` or
        `flow.estimate` on the *true* luma, so that every colouring is judged by one flow.
    visible : ndarray of bool, shape (H, W)
        The pixels of the frame before that are to be seen in this one.

    Returns
    -------
    float or None
        Squared difference, mean over the visible pixels and the channels; None if no pixel
        is visible. A clip's warp error is the mean over its pairs of frames.

    Raises
    ------
    InputError
        If sizes differ or a frame is not float (8-bit differences would wrap).

    References
    ----------
    .. [1] W.-S. Lai et al., "Learning blind video temporal consistency", ECCV 2018, section 4.2.
       Their formula sums over the channels, which gives three times this; their published code
       takes the mean, as here.
    """
    _check_frames(rgb_before, rgb)
    if visible.shape != rgb.shape[:2]:
        raise InputError(
            f"visible needs the frames' size {rgb.shape[:2]}; received {visible.shape}."
        )
    fetched = optical_flow.warp(rgb, flow)
    if not visible.any():
        return None
    difference = np.subtract(fetched, rgb_before, dtype=np.float64)[visible]
    return float(np.mean(np.square(difference)))


def histogram(rgb: ArrayLike) -> NDArray[np.float64]:
    """Return the distribution of a frame's red, green and blue.

    Parameters
    ----------
    rgb : array_like, shape (H, W, 3)
        uint8, or float in [0, 1], which is rounded to 8 bits.

    Returns
    -------
    ndarray of float64, shape (3, 256)
        Share of the pixels at each level, each row summing to 1.

    Raises
    ------
    InputError
        If it is no RGB picture, or has no pixel.
    """
    levels = yuv.to_uint8(rgb).reshape(-1, 3)
    if not levels.size:
        raise InputError("a histogram needs at least one pixel; received none.")
    counts = [np.bincount(channel, minlength=LEVELS) for channel in levels.T]
    shares: NDArray[np.float64] = np.stack(counts) / len(levels)
    return shares


def js_divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Jensen-Shannon divergence of distributions.

    Parameters
    ----------
    p, q : ndarray of float, shape (..., n)
        Shares of at least 0 that sum to 1 over the last axis.

    Returns
    -------
    ndarray of float64, shape (...)
        In nats (natural logarithm): 0 for equal distributions, ln 2 for disjoint ones, symmetric.

    References
    ----------
    .. [1] J. Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on
       Information Theory 37 (1), 1991.
    """
    middle = (p + q) / 2
    result: NDArray[np.float64] = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return np.clip(result, 0, np.log(2))  # rounding alone


def _relative_entropy(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of p log(p / q), where 0 log 0 = 0; q is above 0 where p is."""
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    result: NDArray[np.float64] = np.sum(p * np.log(ratio), axis=-1)
    return result


class ColourDistribution:
    """Color Distribution Consistency (CDC): how much the colours of a film as a whole flicker.

    For each distance d of 1, 2 and 4 frames: the Jensen-Shannon divergence, in nats, of the
    256-level histograms of frames t and t + d, separately for red, green and blue, mean over t and
    the channels; then the mean of the three. It sees no places, only how much there is of a colour.

    References
    ----------
    .. [1] Y. Liu et al., "Temporally consistent video colorization with deep feature propagation
       and self-regularization learning" (TCVC), 2021; Computational Visual Media 10, 2024. The
       number of bins and the logarithm are those of its published code.
    """

    def __init__(self) -> None:
        self._recent: deque[NDArray[np.float64]] = deque(maxlen=max(DILATIONS))
        self._sums = dict.fromkeys(DILATIONS, 0.0)
        self._pairs = dict.fromkeys(DILATIONS, 0)

    def add(self, rgb: ArrayLike) -> None:
        """Take the next frame.

        Parameters
        ----------
        rgb : array_like, shape (H, W, 3)
            As `histogram`.

        Raises
        ------
        InputError
            As `histogram`.
        """
        now = histogram(rgb)
        for distance in DILATIONS:
            if len(self._recent) >= distance:
                self._sums[distance] += float(js_divergence(self._recent[-distance], now).mean())
                self._pairs[distance] += 1
        self._recent.append(now)

    @property
    def value(self) -> float | None:
        """CDC in nats, from 0 to ln 2; None for fewer than 5 frames, which have no such pair."""
        if not all(self._pairs.values()):
            return None
        return float(np.mean([self._sums[d] / self._pairs[d] for d in DILATIONS]))


# --- the course of the error over a film ---------------------------------------------------------


def chroma_rmse(uv_truth: Float, uv: Float) -> float:
    """Return how far a frame's chroma is from the truth: one point of a film's error curve.

    Parameters
    ----------
    uv_truth, uv : ndarray of float, shape (..., 2)
        True and predicted chroma.

    Returns
    -------
    float
        Root of the mean squared difference over all pixels and both axes.

    Raises
    ------
    InputError
        If the shapes differ or do not end with 2.
    """
    _check_same(uv_truth, uv)
    return float(np.sqrt(np.mean(np.square(np.subtract(uv, uv_truth, dtype=np.float64)))))


def drift(curve: Sequence[float], reference: Sequence[float], frames: int = 50) -> float:
    """Return how much a film model falls behind another in the course of a film.

    Parameters
    ----------
    curve, reference : sequence of float
        `chroma_rmse` of each frame under the model and under the one it is compared with (the
        per-frame color model, say), on the same film.
    frames : int
        How many frames at either end are averaged; at most half of the film's are.

    Returns
    -------
    float
        Mean of ``curve - reference`` over the last frames minus its mean over the first ones:
        above 0, errors gather.

    Raises
    ------
    InputError
        If the curves differ in length or have fewer than two frames, or `frames` is below 1.
    """
    if len(curve) != len(reference) or len(curve) < 2 or frames < 1:
        raise InputError(
            "drift needs two curves of one length, at least 2, and frames above 0; "
            f"received {len(curve)} and {len(reference)} points and frames={frames}."
        )
    difference = np.subtract(curve, reference, dtype=np.float64)
    part = min(frames, len(difference) // 2)
    return float(difference[-part:].mean() - difference[:part].mean())


def _check_same(*arrays: NDArray[Any]) -> None:
    shapes = [array.shape for array in arrays]
    if len(set(shapes)) > 1 or shapes[0][-1:] != (2,):
        raise InputError(f"frames need one shape (..., 2); received {', '.join(map(str, shapes))}.")


def _check_frames(*frames: Float) -> None:
    shapes = {frame.shape for frame in frames}
    if len(shapes) > 1 or len(frames[0].shape) != 3:
        raise InputError(f"frames need one shape (H, W, C); received {sorted(shapes)}.")
    if any(frame.dtype.kind != "f" for frame in frames):
        raise InputError("frames to compare must be float in [0, 1]; divide 8-bit values by 255.")
