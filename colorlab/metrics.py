"""Numbers that say how good a colouring is. Arrays only; float arithmetic throughout."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from colorlab import yuv
from colorlab.errors import InputError

Float = NDArray[np.float32]

COLOURED = 0.05
"""Length of (U, V) above which a pixel counts as coloured: about 10 of Lab's chroma, where a tint
is plain to see."""

RESAMPLES = 1000
"""Bootstrap samples behind an interval."""


def psnr(truth: Float, picture: Float) -> float:
    """Peak signal-to-noise ratio of two RGB pictures.

    Parameters
    ----------
    truth, picture : numpy.ndarray of float, (H, W, 3)
        RGB in [0, 1].

    Returns
    -------
    float
        Decibels over the mean squared error of all channels; 100 for equal pictures, so that a
        mean over photos stays finite.

    Raises
    ------
    InputError
        When the shapes differ or the arrays are not float (8-bit differences would wrap).
    """
    _check_pair(truth, picture)
    error = float(np.mean(np.square(truth.astype(np.float64) - picture)))
    return 100.0 if error < 1e-10 else -10.0 * float(np.log10(error))


def ssim(truth: Float, picture: Float) -> float:
    """Structural similarity of two RGB pictures, mean over the channels.

    Parameters
    ----------
    truth, picture : numpy.ndarray of float, (H, W, 3)
        RGB in [0, 1].

    Returns
    -------
    float
        At most 1. Gaussian window of 11 × 11, sigma 1.5, as Wang et al. 2004; a plain one of
        3 × 3 for pictures smaller than that, and 1 or 0 (equal or not) below 3 pixels.

    Raises
    ------
    InputError
        As `psnr`.
    """
    from skimage.metrics import structural_similarity

    _check_pair(truth, picture)
    if min(truth.shape[:2]) < 3:
        return float(np.allclose(truth, picture))
    gaussian = min(truth.shape[:2]) >= 11
    value = structural_similarity(
        truth,
        picture,
        channel_axis=-1,
        data_range=1.0,
        gaussian_weights=gaussian,
        win_size=None if gaussian else 3,
        use_sample_covariance=False,
    )
    return float(value)


def colourfulness(rgb: Float, absolute: bool = False) -> float:
    """Colourfulness M of a picture.

    Parameters
    ----------
    rgb : numpy.ndarray of float, (..., 3)
        RGB in [0, 1].
    absolute : bool
        Take the absolute value of the opponent axes first, as much of the field's code does.

    Returns
    -------
    float
        ``sqrt(var rg + var yb) + 0.3 sqrt(mean(rg)**2 + mean(yb)**2)`` on the 0..255 scale; 0 for
        grey, about 15 slightly, 45 quite and 80 highly colourful.

    Raises
    ------
    InputError
        When the array is not float (on 8-bit values the result would be 255 times too large).

    References
    ----------
    .. [1] D. Hasler, S. Süsstrunk, "Measuring colourfulness in natural images", SPIE 2003.
    """
    _check_float(rgb)
    red, green, blue = np.moveaxis(rgb.astype(np.float64) * 255.0, -1, 0)
    rg, yb = red - green, 0.5 * (red + green) - blue
    if absolute:
        rg, yb = np.abs(rg), np.abs(yb)
    spread = np.sqrt(np.var(rg) + np.var(yb))
    return float(spread + 0.3 * np.hypot(np.mean(rg), np.mean(yb)))


def hue_error(truth: Float, picture: Float, threshold: float = COLOURED) -> tuple[float, float]:
    """Angle between true and predicted hue where the true picture is coloured.

    Hue is the direction of (U, V). A pixel left grey has no hue and counts 90 degrees, what a hue
    drawn at random would score on average. Up to a chroma of `threshold` the error moves linearly
    from there to the angle, so that rounding noise on grey neither wins nor loses anything.

    Parameters
    ----------
    truth, picture : numpy.ndarray of float, (H, W, 3)
        RGB in [0, 1].
    threshold : float
        Pixels count whose true chroma ``sqrt(U**2 + V**2)`` is above it.

    Returns
    -------
    error : float
        Degrees from 0 to 180, mean over the coloured pixels; NaN when there are none.
    share : float
        Share of the pixels that are coloured.

    Raises
    ------
    InputError
        As `psnr`.

    Examples
    --------
    >>> red = np.zeros((4, 4, 3), np.float32) + np.float32([0.8, 0.2, 0.2])
    >>> hue_error(red, np.full_like(red, 0.38))  # doctest: +ELLIPSIS
    (89.99..., 1.0)
    """
    _check_pair(truth, picture)
    true, ours = (yuv.rgb_to_yuv(rgb)[1].astype(np.float64) for rgb in (truth, picture))
    coloured = np.hypot(true[..., 0], true[..., 1]) > threshold
    if not coloured.any():
        return float("nan"), 0.0
    (u, v), (a, b) = true[coloured].T, ours[coloured].T
    angle = np.degrees(np.abs(np.arctan2(u * b - v * a, u * a + v * b)))
    certainty = np.minimum(np.hypot(a, b) / threshold, 1)
    return float(np.mean(90 + certainty * (angle - 90))), float(coloured.mean())


def mean_interval(values: npt.ArrayLike, seed: int = 0) -> dict[str, float]:
    """Average a figure over photos, with the interval of a bootstrap over them.

    Parameters
    ----------
    values : array_like of float, (N,)
        The figure of each photo.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``value``, ``low``, ``high``: the mean, and the 2.5th and 97.5th percentile of the means of
        `RESAMPLES` sets of N photos drawn with replacement.
    """
    every = np.asarray(values, np.float64)
    return _interval(every.mean(), _resamples(len(every), seed) @ every / len(every))


def kernel_distance(ours: npt.ArrayLike, theirs: npt.ArrayLike, seed: int = 0) -> dict[str, float]:
    """Kernel distance (KID) between features of coloured photos and of the same photos in truth.

    The unbiased estimate of the squared maximum mean discrepancy under the kernel
    ``(x . y / d + 1) ** 3`` [1]_. A photo and its own colouring are no independent draws, so pairs
    of one photo are left out of all three sums: the one-sample U-statistic of [2]_, Lemma 6.

    Parameters
    ----------
    ours, theirs : array_like of float, (N, d)
        Features; row k of both is the same photo (or, for two sets of different photos, any).
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``value``; ``low`` and ``high``, the 2.5th and 97.5th percentile over `RESAMPLES` sets of N
        photos drawn with replacement. A photo drawn twice makes no pair with itself, neither in
        the sum nor in the number of pairs: such pairs are alike by construction and would push
        every sample's value up. The interval holds well above the floor (`kernel_floor`); near it
        the statistic is degenerate, and the floor's own range is what to compare with.

    Raises
    ------
    InputError
        When the shapes differ or there are fewer than two photos.

    References
    ----------
    .. [1] M. Bińkowski, D. J. Sutherland, M. Arbel, A. Gretton, "Demystifying MMD GANs", ICLR 2018.
    .. [2] A. Gretton et al., "A kernel two-sample test", JMLR 13, 2012.
    """
    x, y = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if x.shape != y.shape or x.ndim != 2 or len(x) < 2:
        raise InputError(
            "a kernel distance needs features (N, d) of the same two photos or more; received "
            f"{x.shape} and {y.shape}."
        )
    cross = _kernel(x, y)
    pairs = _kernel(x, x) + _kernel(y, y) - cross - cross.T
    np.fill_diagonal(pairs, 0)
    counts = np.concatenate([np.ones((1, len(x))), _resamples(len(x), seed)])
    sums = np.einsum("bi,bi->b", counts @ pairs, counts)
    numbers = np.square(counts.sum(axis=1)) - np.square(counts).sum(axis=1)
    value, *drawn = sums / np.maximum(numbers, 1)  # all photos the same one: no pairs, no distance
    return _interval(value, drawn)


def kernel_floor(features: npt.ArrayLike, seed: int = 0, splits: int = 200) -> dict[str, float]:
    """Kernel distance between halves of one set: what chance alone gives.

    Parameters
    ----------
    features : array_like of float, (N, d)
        Features of N photos, 4 or more.
    seed : int
        Of the splits.
    splits : int
        How many times the set is split in two halves at random.

    Returns
    -------
    dict
        ``value``, ``low``, ``high``: mean and 2.5th and 97.5th percentile over the splits. The
        mean is near 0, since the estimate has no bias; the range is that of N / 2 photos and so
        wider than that of N.

    Raises
    ------
    InputError
        When there are fewer than four photos.
    """
    x = np.asarray(features, np.float64)
    if x.ndim != 2 or len(x) < 4:
        raise InputError(f"halves need features (N, d) of 4 photos or more; received {x.shape}.")
    kernel, half = _kernel(x, x), len(x) // 2
    rng, found = np.random.default_rng(seed), []
    for _ in range(splits):
        a, b = rng.permutation(len(x))[: 2 * half].reshape(2, half)
        cross = kernel[np.ix_(a, b)]
        pairs = kernel[np.ix_(a, a)] + kernel[np.ix_(b, b)] - cross - cross.T
        found.append((pairs.sum() - np.trace(pairs)) / (half * (half - 1)))
    return _interval(np.mean(found), found)


def _kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the polynomial kernel of degree 3 of all pairs of rows."""
    kernel: NDArray[np.float64] = (x @ y.T / x.shape[1] + 1) ** 3
    return kernel


def _resamples(units: int, seed: int) -> NDArray[np.float64]:
    """Return how often each unit is in each bootstrap sample, (RESAMPLES, units)."""
    rng = np.random.default_rng(seed)
    shares = np.full(units, 1 / units)
    return rng.multinomial(units, shares, size=RESAMPLES).astype(np.float64)


def _interval(value: float, drawn: npt.ArrayLike) -> dict[str, float]:
    low, high = np.percentile(np.asarray(drawn, np.float64), (2.5, 97.5))
    return {"value": float(value), "low": float(low), "high": float(high)}


def log_softmax(logits: Float) -> Float:
    """Natural logarithm of the softmax over the last axis, overflow-safe, in float32.

    Parameters
    ----------
    logits : numpy.ndarray of float, (..., n)
        Logits.

    Returns
    -------
    numpy.ndarray of float32, (..., n)
        Log-probabilities in nats.
    """
    from scipy import special

    found: Float = special.log_softmax(np.asarray(logits, np.float32), axis=-1)
    return found


def cross_entropy(log_probabilities: Float, labels: NDArray[np.integer]) -> Float:
    """Cross-entropy of each pixel.

    Parameters
    ----------
    log_probabilities : numpy.ndarray of float, (..., n)
        In nats, from `log_softmax`.
    labels : numpy.ndarray of int, (...)
        True bins.

    Returns
    -------
    numpy.ndarray of float32, (...)
        Nats per pixel.
    """
    chosen = np.take_along_axis(log_probabilities, labels[..., None].astype(np.intp), axis=-1)
    return -chosen[..., 0]


def _check_pair(truth: Float, picture: Float) -> None:
    if truth.shape != picture.shape:
        raise InputError(
            f"pictures to compare must have one size; received {truth.shape} and {picture.shape}."
        )
    _check_float(truth)
    _check_float(picture)


def _check_float(picture: Float) -> None:
    if picture.dtype.kind != "f":
        raise InputError(
            f"a picture to measure must be float in [0, 1]; received {picture.dtype}. "
            "Divide 8-bit values by 255."
        )
