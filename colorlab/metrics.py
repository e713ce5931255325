"""Numbers that say how good a colouring is. Arrays only; float arithmetic throughout."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from colorlab.errors import InputError

Float = NDArray[np.float32]


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
