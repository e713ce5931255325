"""Steadiness: the warp error, and how consistent the distribution of colours is."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import flow as optical_flow
from colorlab import yuv
from colorlab.errors import InputError
from colorlab.film_metrics.checks import Float, check_frames

DILATIONS = (1, 2, 4)
"""Distances, in frames, over which `ColourDistribution` compares."""

LEVELS = 256
"""Bins of its histograms: one for each 8-bit level."""


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
    check_frames(rgb_before, rgb)
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
