"""Read photos.

Colour is float32 RGB in [0, 1], gamma-encoded as stored. An embedded colour profile is not applied:
the numbers in the file are taken as they are.

Pillow does all of it except colour with 16 bits a channel, of which it keeps the upper byte. Such a
picture is decoded twice, the second time with its byte order turned round, which yields the lower
bytes.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from colorlab.errors import InputError
from colorlab.media.pixels import Array, to_unit
from colorlab.media.sniff import describe, first_bytes, one_line

MAX_PIXELS = 89_000_000
"""Largest picture read, in pixels: 89 megapixels, just under the size at which Pillow suspects a
decompression bomb, and 1.1 GB as float32 RGB."""

FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"} | dict.fromkeys(
    (".tif", ".tiff"), "TIFF"
)
"""Suffix to Pillow's name of the format."""

_EXIF_ORIENTATION = 0x0112
_TIFF_BITS_PER_SAMPLE = 258
_TIFF_PHOTOMETRIC = 262
_TIFF_PLANES = 284


@dataclass(frozen=True)
class Photo:
    """A picture as read from a file, upright.

    Attributes
    ----------
    rgb : ndarray of float32, (H, W, 3)
        Colour in [0, 1], gamma-encoded. Grey pictures have three equal channels.
    alpha : ndarray of float32, (H, W), or None
        Opacity in [0, 1], not premultiplied; None when the file has no transparency.
    bits : int
        Bits a channel that `rgb` holds: 8 or 16.
    """

    rgb: NDArray[np.float32]
    alpha: NDArray[np.float32] | None = None
    bits: int = 8


def read_photo(path: str | os.PathLike[str]) -> Photo:
    """Read a JPEG, PNG, WebP or TIFF photo.

    Grey, palette, bilevel, transparent and CMYK pictures are turned into RGB, EXIF-rotated ones are
    turned upright, and of a file with several pages the first is read. CMYK is converted by
    the plain formula, without a profile.

    Parameters
    ----------
    path : path
        The file. Its content decides its format, not its name.

    Returns
    -------
    Photo
        Colour, transparency and depth. Of 16-bit grey with alpha, and of TIFFs with premultiplied
        alpha, the upper 8 bits are read.

    Raises
    ------
    InputError
        When there is no such file, when it is empty, not a photo, damaged, cut short, of an
        unsupported kind, or larger than `MAX_PIXELS`.
    """
    path = Path(path)
    head = first_bytes(path)
    image, depth = _decode(path, head)
    # Pillow turns a TIFF upright by itself and then forgets its orientation; other formats wait.
    turn = _UPRIGHT.get(_orientation(image), np.asarray)
    if image.mode in _MODE_NAMES:
        raise InputError(
            f"cannot use {path}: it stores {_MODE_NAMES[image.mode]}; "
            "save it as 8-bit or 16-bit grey or RGB."
        )
    if image.mode.startswith("I;16"):
        grey = turn(np.asarray(image).astype(np.uint16))
        if _is_white_zero(image):
            grey = ~grey
        return Photo(np.repeat(to_unit(grey)[..., None], 3, axis=-1), None, 16)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    low = _low_bytes(path, mode) if depth == 16 and image.mode == mode else None
    if low is not None:
        pixels = pixels.astype(np.uint16) << 8 | low
    pixels = turn(pixels)
    alpha = to_unit(pixels[..., 3]) if mode == "RGBA" else None
    return Photo(to_unit(pixels[..., :3]), alpha, 8 * pixels.itemsize)


def _decode(path: Path, head: bytes) -> tuple[Image.Image, int]:
    """Decode a file's first picture; return it with its bits a channel."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's bomb warning: MAX_PIXELS decides here
            with Image.open(path, formats=sorted(set(FORMATS.values()))) as image:
                _check_size(path, *image.size)
                depth = _bit_depth(image, head)
                if depth == 16 and _tiff_tag(image, _TIFF_PLANES, 1) == 2:  # Pillow scrambles it
                    raise InputError(
                        f"cannot use {path}: a 16-bit TIFF with separate colour planes is not "
                        "supported; save it with interleaved channels."
                    )
                image.load()
                return image, depth
    except InputError:
        raise
    except UnidentifiedImageError as error:
        raise InputError(
            f"cannot read {path} as a photo: it is {describe(head)}; "
            "give a JPEG, PNG, WebP or TIFF picture."
        ) from error
    except Image.DecompressionBombError as error:
        raise InputError(f"cannot read {path}: {_TOO_LARGE}") from error
    except Exception as error:  # decoders raise nearly anything on damaged files
        raise InputError(
            f"cannot read {path}: the picture is damaged or cut short "
            f"({one_line(error)}); copy or download it again."
        ) from error


_TOO_LARGE = (
    f"it has more than the {MAX_PIXELS // 1_000_000} megapixels that can be handled; "
    "make it smaller first."
)


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise InputError(f"cannot read {path}: at {width} x {height} pixels {_TOO_LARGE}")


def _bit_depth(image: Image.Image, head: bytes) -> int:
    if image.format == "PNG":
        return head[24]
    return max(_tiff_tag(image, _TIFF_BITS_PER_SAMPLE, (8,)))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # damaged EXIF data is no reason to refuse a sound picture
        return 1


def _is_white_zero(image: Image.Image) -> bool:
    """Whether this is a TIFF whose zero is white: Pillow inverts those of 8 bits, not of 16."""
    return _tiff_tag(image, _TIFF_PHOTOMETRIC, 1) == 0


def _tiff_tag(image: Image.Image, tag: int, default: Any) -> Any:
    return image.tag_v2.get(tag, default) if isinstance(image, TiffImageFile) else default


def _low_bytes(path: Path, mode: str) -> NDArray[np.uint16] | None:
    """Decode the lower bytes of 16-bit colour; None where Pillow has no way to them."""
    with Image.open(path, formats=sorted(set(FORMATS.values()))) as image:
        try:
            image.tile = [_swapped(tile) for tile in image.tile]
        except KeyError:
            return None
        image.load()
        return np.asarray(image).astype(np.uint16) if image.mode == mode else None


def _swapped(tile: Any) -> Any:
    """Turn round the byte order that Pillow is told for a part of a picture."""
    if isinstance(tile.args, str):
        return tile._replace(args=_OTHER_ORDER[tile.args])
    return tile._replace(args=(_OTHER_ORDER[tile.args[0]], *tile.args[1:]))


_OTHER_ORDER = {
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA")
    for order, other in (("B", "L"), ("L", "B"), ("N", "B" if sys.byteorder == "little" else "L"))
}

_UPRIGHT: dict[int, Callable[[Array], Array]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a),
}

_MODE_NAMES = {"I": "32-bit integers", "F": "floating-point numbers", "LAB": "Lab colour"}
