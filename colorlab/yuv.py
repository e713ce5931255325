"""RGB to luma and chroma and back: the analog BT.601 YUV of gamma-encoded R'G'B'.

The coefficients are those of `skimage.color.rgb2yuv`: luma Y lies in [0, 1], chroma U and V are
signed (|U| <= 0.436, |V| <= 0.615) and zero for grey. This is not the YCbCr of video files, and
nothing adds 0.5.

Everything is float32, and every sum is written out term by term in one fixed order rather than as
a matrix product, so that a pixel's chroma, and with it its bin label, is the same on every machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab.errors import InputError

U_MAX = 0.436
"""Largest |U| of the RGB gamut (pure blue and pure yellow)."""

V_MAX = 0.615
"""Largest |V| of the RGB gamut (pure red and pure cyan)."""

RANGE = np.array([U_MAX, V_MAX], np.float32)
RANGE.setflags(write=False)

# Rows: Y, U, V. Columns: R', G', B'.
_FROM_RGB = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.14714119, -0.28886916, 0.43601035],
        [0.61497538, -0.51496512, -0.10001026],
    ],
    np.float32,
)

# The way back. Y counts fully in R', G' and B'; the factors of U in R' and of V in B' are smaller
# than float32 can tell, and left out.
_TO_RGB = np.linalg.inv(_FROM_RGB.astype(np.float64)).astype(np.float32)
_RED_FROM_V = _TO_RGB[0, 2]
_GREEN_FROM_U, _GREEN_FROM_V = _TO_RGB[1, 1:]
_BLUE_FROM_U = _TO_RGB[2, 1]

_TINY = float(np.finfo(np.float32).tiny)


def _as_unit_rgb(rgb: ArrayLike) -> NDArray[np.float32]:
    """Check an RGB array and return it as float32 in [0, 1]."""
    array = np.asarray(rgb)
    if array.ndim < 1 or array.shape[-1] != 3:
        raise InputError(f"RGB needs 3 channels on the last axis; received shape {array.shape}.")
    if array.dtype in (np.uint8, np.uint16):
        largest = np.float32(np.iinfo(array.dtype).max)
        unit: NDArray[np.float32] = np.divide(array, largest, dtype=np.float32)
        return unit
    if array.dtype.kind != "f":
        raise InputError(
            f"RGB must be uint8, uint16 or float in [0, 1]; received dtype {array.dtype}."
        )
    floats: NDArray[np.float32] = as_float32(array)
    low, high = floats.min(initial=0), floats.max(initial=0)
    if np.isnan(low):
        raise InputError("RGB contains NaN; replace or drop those pixels first.")
    if low < -1e-3 or high > 1 + 1e-3:
        raise InputError(
            f"Float RGB must lie in [0, 1]; received values from {low:g} to {high:g}: "
            "clip them, or divide 8-bit values by 255."
        )
    return floats


def _as_float_channels(array: ArrayLike, channels: int, name: str) -> NDArray[np.float32]:
    """Check one of luma and chroma and return it as float32."""
    result: NDArray[Any] = np.asarray(array)
    if result.dtype.kind not in "fiu":
        raise InputError(f"{name} must be numbers; received dtype {result.dtype}.")
    if result.ndim < 1 or result.shape[-1] != channels:
        raise InputError(
            f"{name} needs {channels} channel(s) on the last axis; received shape {result.shape}."
        )
    result = as_float32(result)
    if not np.isfinite([result.min(initial=0), result.max(initial=0)]).all():
        raise InputError(f"{name} contains NaN or infinity; replace or drop those pixels first.")
    return result


def as_float32(array: Any, xp: Any = np) -> Any:
    """Return an array or tensor as float32, without a copy where it already is.

    Parameters
    ----------
    array : array_like or tensor
        Numbers of any dtype and shape.
    xp : module
        `numpy` or `keras.ops`: whose array to return.

    Returns
    -------
    array or tensor of float32
        The same values and shape.
    """
    return np.asarray(array, np.float32) if xp is np else xp.cast(array, "float32")


def _weigh_channels(
    rgb: NDArray[np.float32], weights: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """Write (R w0 + G w1) + B w2 into `out`, each product and sum rounded to float32."""
    np.multiply(rgb[..., 0], weights[0], out=out)
    out += rgb[..., 1] * weights[1]
    out += rgb[..., 2] * weights[2]


def rgb_to_yuv(rgb: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Split an RGB picture into luma and chroma.

    Parameters
    ----------
    rgb : array_like, shape (..., 3)
        Gamma-encoded RGB, uint8, uint16 or float in [0, 1]; any leading axes.

    Returns
    -------
    y : ndarray of float32, shape (..., 1)
        Luma in [0, 1].
    uv : ndarray of float32, shape (..., 2)
        Chroma: U in [-0.436, 0.436], V in [-0.615, 0.615]. Greys are zero up to rounding (1e-7).

    Raises
    ------
    InputError
        If the last axis is not 3, the dtype is none of the above, or values are NaN or outside
        [0, 1].

    Examples
    --------
    >>> y, uv = rgb_to_yuv(np.uint8([[[255, 0, 0]]]))
    >>> y.round(3), uv.round(3)
    (array([[[0.299]]], dtype=float32), array([[[-0.147,  0.615]]], dtype=float32))

    References
    ----------
    .. [1] ITU-R Recommendation BT.601 (analog form); the coefficients are those printed in
       `skimage.color.rgb2yuv`.
    """
    unit = _as_unit_rgb(rgb)
    y = np.empty((*unit.shape[:-1], 1), np.float32)
    uv = np.empty((*unit.shape[:-1], 2), np.float32)
    for row, out in zip(_FROM_RGB, (y[..., 0], uv[..., 0], uv[..., 1]), strict=True):
        _weigh_channels(unit, row, out)
    return y, uv


def luma(rgb: ArrayLike) -> NDArray[np.float32]:
    """Return the luma of an RGB picture: the grey picture a color model is given.

    Parameters
    ----------
    rgb : array_like, shape (..., 3)
        Gamma-encoded RGB, uint8, uint16 or float in [0, 1].

    Returns
    -------
    ndarray of float32, shape (..., 1)
        0.299 R' + 0.587 G' + 0.114 B', in [0, 1].

    Raises
    ------
    InputError
        As `rgb_to_yuv`.

    Examples
    --------
    >>> luma([[[0.0, 1.0, 0.0]]])
    array([[[0.587]]], dtype=float32)
    """
    unit = _as_unit_rgb(rgb)
    y = np.empty((*unit.shape[:-1], 1), np.float32)
    _weigh_channels(unit, _FROM_RGB[0], y[..., 0])
    return y


def _chroma_to_rgb_offsets(uv: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (R' - Y, G' - Y, B' - Y), shape (..., 3), of chroma (..., 2)."""
    u, v = uv[..., 0:1], uv[..., 1:2]
    green = u * _GREEN_FROM_U + v * _GREEN_FROM_V
    return np.concatenate([v * _RED_FROM_V, green, u * _BLUE_FROM_U], axis=-1)


def fit_gamut(y: NDArray[np.floating], uv: NDArray[np.floating]) -> NDArray[np.float32]:
    """Scale chroma towards grey, just as far as the RGB gamut at the pixel's luma asks.

    Hue (the ratio of U to V) and luma stay; only saturation shrinks. Chroma inside the gamut comes
    back unchanged up to rounding.

    Parameters
    ----------
    y : ndarray of float, shape (..., 1)
        Luma in [0, 1]; values outside are treated as 0 or 1.
    uv : ndarray of float, shape (..., 2)
        Chroma, finite, however large.

    Returns
    -------
    ndarray of float32, shape (..., 2)
        The chroma times the largest factor in [0, 1] that keeps R', G' and B' in [0, 1].

    Raises
    ------
    InputError
        If the last axes are not 1 and 2.

    Examples
    --------
    >>> fit_gamut(np.float32([0.9]), np.float32([0.0, 0.5])).round(3)  # no red is as light
    array([0.   , 0.088], dtype=float32)
    """
    if y.shape[-1] != 1 or uv.shape[-1] != 2:
        raise InputError(
            "Luma needs shape (..., 1) and chroma (..., 2); "
            f"received {tuple(y.shape)} and {tuple(uv.shape)}."
        )
    bounded, chroma = np.clip(as_float32(y), 0.0, 1.0), as_float32(uv)
    offsets = _chroma_to_rgb_offsets(chroma)
    room = np.where(offsets > 0, 1.0 - bounded, bounded)
    factors = room / np.maximum(np.abs(offsets), _TINY)
    fitted: NDArray[np.float32] = chroma * np.minimum(factors.min(axis=-1, keepdims=True), 1.0)
    return fitted


def in_gamut(y: ArrayLike, uv: ArrayLike, tolerance: float = 1e-6) -> NDArray[np.bool_]:
    """Tell which chroma exists at a luma: that some RGB colour has.

    Parameters
    ----------
    y : array_like of float, shape (..., 1)
        Luma in [0, 1]; it may broadcast against the chroma.
    uv : array_like of float, shape (..., 2)
        Chroma.
    tolerance : float
        How far, in U or V, chroma may lie outside and still count.

    Returns
    -------
    ndarray of bool, shape (...)
        True where `fit_gamut` leaves the chroma as it is.

    Raises
    ------
    InputError
        As `fit_gamut`.

    Examples
    --------
    >>> in_gamut([[0.5], [0.9]], [[0.0, 0.3], [0.0, 0.3]])
    array([ True, False])
    """
    chroma = as_float32(uv)
    fitted = fit_gamut(as_float32(y), chroma)
    inside: NDArray[np.bool_] = np.all(np.abs(fitted - chroma) <= tolerance, axis=-1)
    return inside


def yuv_to_rgb(y: ArrayLike, uv: ArrayLike) -> NDArray[np.float32]:
    """Join luma and chroma into an RGB picture whose luma is the given one.

    Parameters
    ----------
    y : array_like, shape (..., 1)
        Luma in [0, 1]; values slightly outside are clipped.
    uv : array_like, shape (..., 2)
        Chroma; outside the gamut it is scaled towards grey (`fit_gamut`).

    Returns
    -------
    ndarray of float32, shape (..., 3)
        Gamma-encoded RGB in [0, 1].

    Raises
    ------
    InputError
        If shapes do not match, values are NaN or infinite, or luma is far outside [0, 1].

    Examples
    --------
    >>> yuv_to_rgb([0.299], [-0.147, 0.615]).round(2)
    array([1., 0., 0.], dtype=float32)
    """
    luma_ = _as_float_channels(y, 1, "Luma")
    chroma = _as_float_channels(uv, 2, "Chroma")
    if luma_.shape[:-1] != chroma.shape[:-1]:
        raise InputError(
            "Luma and chroma must have the same size; "
            f"received shapes {luma_.shape} and {chroma.shape}: resize one of them."
        )
    low, high = luma_.min(initial=0), luma_.max(initial=0)
    if low < -1 or high > 2:
        raise InputError(
            f"Luma must lie in [0, 1]; received values from {low:g} to {high:g}: "
            "divide 8-bit values by 255."
        )
    luma_ = np.clip(luma_, 0.0, 1.0)
    rgb: NDArray[np.float32] = luma_ + _chroma_to_rgb_offsets(fit_gamut(luma_, chroma))
    np.clip(rgb, 0.0, 1.0, out=rgb)  # rounding alone
    return rgb


def to_uint8(rgb: ArrayLike) -> NDArray[np.uint8]:
    """Round an RGB picture to 8 bits.

    Parameters
    ----------
    rgb : array_like, shape (..., 3)
        uint8 (returned as it is), uint16 or float in [0, 1].

    Returns
    -------
    ndarray of uint8, shape (..., 3)
        Values rounded to the nearest of 256 levels.

    Raises
    ------
    InputError
        As `rgb_to_yuv`.

    Examples
    --------
    >>> to_uint8([0.0, 0.5, 1.0])
    array([  0, 128, 255], dtype=uint8)
    """
    array = np.asarray(rgb)
    unit = _as_unit_rgb(array)
    if array.dtype == np.uint8:
        return array
    levels: NDArray[np.uint8] = np.rint(np.clip(unit, 0, 1) * np.float32(255)).astype(np.uint8)
    return levels
