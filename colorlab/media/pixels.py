"""Arrays of pixels: check, scale and resize them, tell whether they have colour."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorlab.errors import InputError

Array = NDArray[Any]


def to_unit(pixels: Array) -> NDArray[np.float32]:
    """Scale uint8 or uint16 to [0, 1].

    Parameters
    ----------
    pixels : ndarray of uint8 or uint16
        Of any shape.

    Returns
    -------
    ndarray of float32
        The values over the type's largest, contiguous.

    Examples
    --------
    >>> to_unit(np.array([0, 255], np.uint8))
    array([0., 1.], dtype=float32)
    """
    return pixels.astype(np.float32, order="C") / np.float32(np.iinfo(pixels.dtype).max)


def checked(values: Array, name: str, dimensions: int) -> NDArray[np.float32]:
    """Check a picture or an opacity and return it as float32 in [0, 1].

    Parameters
    ----------
    values : ndarray
        uint8, uint16, or float in [0, 1]; floats a little outside are clipped.
    name : str
        What the error calls it.
    dimensions : {2, 3}
        3 for (H, W, 3), 2 for (H, W).

    Returns
    -------
    ndarray of float32
        Of the same shape.

    Raises
    ------
    InputError
        For another shape, type or range, or NaN.
    """
    values = np.asarray(values)
    wanted = "(H, W, 3)" if dimensions == 3 else "(H, W)"
    wrong_channels = dimensions == 3 and values.shape[-1:] != (3,)
    if values.ndim != dimensions or wrong_channels or values.size == 0:
        raise InputError(f"{name} must have the shape {wanted}; got {values.shape}.")
    if values.dtype in (np.uint8, np.uint16):
        return to_unit(values)
    if not np.issubdtype(values.dtype, np.floating):
        raise InputError(f"{name} must be uint8, uint16 or float; got {values.dtype}.")
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise InputError(f"{name} holds NaN or infinite values; a picture's lie in [0, 1].")
    if low < -0.5 or high > 1.5:
        raise InputError(
            f"{name} must lie in [0, 1]; got {low:g} to {high:g}; divide by 255, or pass uint8."
        )
    return np.clip(values.astype(np.float32), 0, 1)


def resize(image: Array, height: int, width: int) -> Array:
    """Resize a picture, a chroma field or any stack of channels.

    A triangle filter, widened when shrinking so that fine detail is averaged instead of aliased.
    Every result is a weighted mean of the input: no overshoot, and nothing is clipped, so signed
    chroma survives.

    Parameters
    ----------
    image : ndarray, (H, W) or (H, W, C)
        uint8 or float; any number of channels.
    height, width : int
        The size wanted, in pixels.

    Returns
    -------
    ndarray, (height, width) or (height, width, C)
        Of the same dtype as `image`; floats are computed in float32.

    Raises
    ------
    InputError
        When the shape, the dtype or the size wanted cannot be used.

    Examples
    --------
    >>> resize(np.array([[0.0, 1.0]]), 1, 1)
    array([[0.5]])
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3) or image.size == 0:
        raise InputError(f"image must have the shape (H, W) or (H, W, C); got {image.shape}.")
    if image.dtype != np.uint8 and not np.issubdtype(image.dtype, np.floating):
        raise InputError(f"image must be uint8 or float; got {image.dtype}.")
    if height < 1 or width < 1:
        raise InputError(f"height and width must be at least 1; got {height} x {width}.")
    plane_type = np.uint8 if image.dtype == np.uint8 else np.float32
    planes = image[..., None] if image.ndim == 2 else image
    resized = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(planes[..., channel], dtype=plane_type)).resize(
                (width, height), Image.Resampling.BILINEAR
            )
        )
        for channel in range(planes.shape[-1])
    ]
    out = resized[0] if image.ndim == 2 else np.stack(resized, axis=-1)
    return out.astype(image.dtype)


def working_shape(height: int, width: int, size: int) -> tuple[int, int]:
    """Return the size at which a model takes a picture: same shape, about size² pixels.

    Parameters
    ----------
    height, width : int
        The picture's, pixels.
    size : int
        The model's working size, pixels.

    Returns
    -------
    tuple of int
        Height and width, at least 1 each. The area is bounded for any shape of picture, and so
        are time and memory.

    Examples
    --------
    >>> working_shape(1080, 1920, 224)
    (168, 299)
    """
    scale = size / (height * width) ** 0.5
    tall, wide = max(1, round(height * scale)), max(1, round(width * scale))
    return min(tall, size * size), min(wide, size * size)


EDGE = 0.015
"""Variance of luma, within three coarse pixels, above which `enlarge_chroma` follows an edge."""


def enlarge_chroma(uv: Array, y: Array, stride: int = 1) -> NDArray[np.float32]:
    """Enlarge predicted chroma along the edges of the full-size luma.

    Chroma is enlarged bilinearly and then corrected where luma has an edge: a guided filter [1]_
    fits chroma by a line in luma around every pixel of a coarse grid, the one on which chroma was
    really predicted; the line's slope, times what that grid misses of the luma, is added. As in the
    fast guided filter [2]_ the fits are made on the coarse grid alone.

    Parameters
    ----------
    uv : ndarray of float, (h, w, 2)
        Chroma of any size.
    y : ndarray of float, (H, W, 1)
        The picture's luma in [0, 1].
    stride : int
        Pixels of the chroma, along each side, to a pixel of the coarse grid: that of the heads.

    Returns
    -------
    ndarray of float32, (H, W, 2)
        Chroma, not fitted to the gamut; merely resized where the picture is no larger than the
        coarse grid.

    Raises
    ------
    InputError
        As `resize`.

    References
    ----------
    .. [1] He, Sun, Tang: Guided Image Filtering, ECCV 2010.
    .. [2] He, Sun: Fast Guided Filter, arXiv:1505.00996, 2015.
    """
    height, width = y.shape[:2]
    uv = np.ascontiguousarray(uv, np.float32)
    coarse = (max(uv.shape[0] // stride, 1), max(uv.shape[1] // stride, 1))
    if height <= coarse[0] or width <= coarse[1]:
        return resize(uv, height, width)
    small = resize(y, *coarse)
    chroma = resize(uv, *coarse)
    mean = _box(small)
    covariance = _box(small * chroma) - mean * _box(chroma)
    slope = _box(covariance / (_box(small * small) - mean * mean + np.float32(EDGE)))
    missed = y[..., 0] - resize(small[..., 0], height, width)
    enlarged = np.empty((height, width, 2), np.float32)
    for axis in range(2):  # plane by plane: large pictures make large intermediate arrays
        plane = resize(slope[..., axis], height, width)
        plane *= missed
        plane += resize(uv[..., axis], height, width)
        enlarged[..., axis] = plane
    return enlarged


def _box(planes: Array) -> NDArray[np.float32]:
    """Return the means over 3 x 3 pixels, (H, W, C)."""
    around = np.pad(planes, ((1, 1), (1, 1), (0, 0)), "edge")
    rows = around[:-2] + around[1:-1] + around[2:]
    means: NDArray[np.float32] = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
    return means


def is_grey(rgb: Array, tolerance: float = 0.05) -> bool:
    """Tell whether a picture has no colour beyond JPEG noise.

    A pixel's colourfulness is the difference between its largest and smallest channel. The picture
    is grey when the 99.9th percentile of it does not exceed the tolerance: one colourful pixel
    in a thousand is forgiven, a small coloured object is not. The default lies above the noise that
    JPEG leaves in a grey scan and below the palest misty seascape. Sepia counts as colour.

    Parameters
    ----------
    rgb : ndarray, (H, W, 3)
        uint8, uint16 or float in [0, 1].
    tolerance : float
        In units of the full range, [0, 1].

    Returns
    -------
    bool
        True for a picture without colour.

    Raises
    ------
    InputError
        When `rgb` is not a picture.

    Examples
    --------
    >>> is_grey(np.full((8, 8, 3), 0.5))
    True
    """
    rgb = checked(rgb, "rgb", 3)
    return bool(np.percentile(rgb.max(axis=-1) - rgb.min(axis=-1), 99.9) <= tolerance)
