"""Write photos.

Pillow does all of it except colour with 16 bits a channel, which it does not write: OpenCV writes
that as PNG, tifffile as TIFF.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from colorlab.errors import InputError
from colorlab.files import atomic_path
from colorlab.media.folders import PHOTO_SUFFIXES
from colorlab.media.photos import FORMATS
from colorlab.media.pixels import Array, checked

_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}


def write_photo(
    path: str | os.PathLike[str],
    rgb: Array,
    alpha: Array | None = None,
    bits: int = 8,
    quality: int = 92,
) -> None:
    """Write a photo; the name's suffix decides the format.

    The file appears complete or not at all.

    Parameters
    ----------
    path : path
        Ends in .jpg, .jpeg, .png, .webp, .tif or .tiff. PNG and TIFF are lossless.
    rgb : ndarray, (H, W, 3)
        uint8, uint16, or float in [0, 1]. Floats a little outside, as interpolation makes
        them, are clipped.
    alpha : ndarray, (H, W), optional
        Opacity, of the same kinds as `rgb`. JPEG has none: there the picture is laid on white.
    bits : {8, 16}
        Bits a channel. 16 needs PNG or TIFF.
    quality : int
        1 to 100, for JPEG (written with full chroma resolution) and WebP.

    Raises
    ------
    InputError
        When the suffix, the array's shape, type or values, `bits` or `quality` cannot be used, or
        when the file cannot be written.
    """
    path = Path(path)
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise InputError(
            f"cannot write {path}: the suffix {path.suffix!r} is not a photo format; "
            f"use one of {', '.join(PHOTO_SUFFIXES)}."
        )
    if bits not in (8, 16) or (bits == 16 and form not in ("PNG", "TIFF")):
        raise InputError(f"cannot write {path} with bits={bits}; use 8, or 16 for PNG and TIFF.")
    if not 1 <= quality <= 100:
        raise InputError(f"quality must be from 1 to 100; got {quality}.")
    colour = checked(rgb, "rgb", 3)
    if max(colour.shape[:2]) > _LONGEST_SIDE.get(form, 2**31 - 1):
        raise InputError(
            f"cannot write {path}: a {form} side has at most {_LONGEST_SIDE[form]} pixels; "
            f"got {colour.shape[1]} x {colour.shape[0]}; write a PNG instead."
        )
    if alpha is not None:
        opacity = checked(alpha, "alpha", 2)
        if opacity.shape != colour.shape[:2]:
            raise InputError(
                f"alpha must have the picture's size {colour.shape[:2]}; got {opacity.shape}."
            )
        if form == "JPEG":
            colour = colour * opacity[..., None] + (1 - opacity[..., None])
        else:
            colour = np.concatenate([colour, opacity[..., None]], axis=-1)
    top = 2**bits - 1
    pixels = np.rint(colour * top).astype(np.uint8 if bits == 8 else np.uint16)
    data = _encode_wide(pixels, form) if bits == 16 else _encode(pixels, form, quality)
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def _encode(pixels: Array, form: str, quality: int) -> bytes:
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": quality, "subsampling": 0},
        "WEBP": {"quality": quality},
        "TIFF": {"compression": "tiff_adobe_deflate"},
    }
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options.get(form, {}))
    return buffer.getvalue()


def _encode_wide(pixels: Array, form: str) -> bytes:
    """Encode (H, W, 3 or 4) uint16."""
    return _wide_png(pixels) if form == "PNG" else _wide_tiff(pixels)


def _wide_tiff(pixels: Array) -> bytes:
    import tifffile

    extra = ["unassalpha"] if pixels.shape[-1] == 4 else None
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, pixels, photometric="rgb", compression="zlib", extrasamples=extra, metadata=None
    )
    return buffer.getvalue()


def _wide_png(pixels: Array) -> bytes:
    import cv2

    order = [2, 1, 0, 3][: pixels.shape[-1]]  # OpenCV wants blue first
    _, data = cv2.imencode(".png", np.ascontiguousarray(pixels[..., order]))
    return data.tobytes()
