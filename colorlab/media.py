"""Read, write, list and resize photos.

Colour is float32 RGB in [0, 1], gamma-encoded as stored. An embedded colour profile is not applied:
the numbers in the file are taken as they are.

Pillow does all of it except colour with 16 bits a channel, of which it keeps the upper byte and
which it does not write. Such a picture is decoded twice, the second time with its byte order turned
round, which yields the lower bytes. To write one, PNG is simple enough to do here, and
TIFF is left to tifffile, which comes with scikit-image.
"""

from __future__ import annotations

import io
import os
import struct
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from colorlab.errors import InputError
from colorlab.files import atomic_path

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
MAX_PIXELS = 89_000_000
"""Largest picture read, in pixels: 89 megapixels, just under the size at which Pillow suspects a
decompression bomb, and 1.1 GB as float32 RGB."""

_FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"} | dict.fromkeys(
    (".tif", ".tiff"), "TIFF"
)
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}
_EXIF_ORIENTATION = 0x0112
_TIFF_BITS_PER_SAMPLE = 258
_TIFF_PHOTOMETRIC = 262
_TIFF_PLANES = 284

Array = NDArray[Any]


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


# --------------------------------------------------------------------------------- reading


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
    head = _first_bytes(path)
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
        return Photo(np.repeat(_unit(grey)[..., None], 3, axis=-1), None, 16)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    low = _low_bytes(path, mode) if depth == 16 and image.mode == mode else None
    if low is not None:
        pixels = pixels.astype(np.uint16) << 8 | low
    pixels = turn(pixels)
    alpha = _unit(pixels[..., 3]) if mode == "RGBA" else None
    return Photo(_unit(pixels[..., :3]), alpha, 8 * pixels.itemsize)


def _decode(path: Path, head: bytes) -> tuple[Image.Image, int]:
    """Decode a file's first picture; return it with its bits a channel."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's bomb warning: MAX_PIXELS decides here
            with Image.open(path, formats=sorted(set(_FORMATS.values()))) as image:
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
            f"cannot read {path} as a photo: it is {_describe(head)}; "
            "give a JPEG, PNG, WebP or TIFF picture."
        ) from error
    except Image.DecompressionBombError as error:
        raise InputError(f"cannot read {path}: {_TOO_LARGE}") from error
    except Exception as error:  # decoders raise nearly anything on damaged files
        raise InputError(
            f"cannot read {path}: the picture is damaged or cut short "
            f"({_one_line(error)}); copy or download it again."
        ) from error


def _first_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(f"cannot read {path}: it is a folder; name one photo inside it.")
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except FileNotFoundError as error:
        raise InputError(f"cannot read {path}: there is no such file; check the name.") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}.") from error
    if not head:
        raise InputError(f"cannot read {path}: the file is empty; copy or download it again.")
    return head


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
    with Image.open(path, formats=sorted(set(_FORMATS.values()))) as image:
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


def _unit(pixels: Array) -> NDArray[np.float32]:
    """Scale uint8 or uint16 to float32 in [0, 1]."""
    return pixels.astype(np.float32, order="C") / np.float32(np.iinfo(pixels.dtype).max)


_MAGIC = (
    (b"\xff\xd8\xff", "a JPEG whose beginning is damaged or cut short"),
    (b"\x89PNG", "a PNG whose beginning is damaged or cut short"),
    (b"II*\0", "a TIFF that is damaged or of an unsupported kind"),
    (b"MM\0*", "a TIFF that is damaged or of an unsupported kind"),
    (b"RIFF", "a WebP, sound or film file that is damaged or of an unsupported kind"),
    (b"GIF8", "a GIF picture"),
    (b"8BPS", "a Photoshop document"),
    (b"%PDF", "a PDF document"),
    (b"PK\3\4", "a zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x1aE\xdf\xa3", "a film"),
)


def _describe(head: bytes) -> str:
    """Say what a file that is no photo seems to be, from its first bytes."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page (was it saved instead of the picture?)"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        still = head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif")
        return "a HEIC or AVIF picture" if still else "a film"
    if b"\0" not in head and all(byte >= 32 or byte in b"\t\r\n\f" for byte in head):
        return "a text file"
    return "a BMP picture" if head.startswith(b"BM") else "of an unknown kind"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


# --------------------------------------------------------------------------------- writing


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
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise InputError(
            f"cannot write {path}: the suffix {path.suffix!r} is not a photo format; "
            f"use one of {', '.join(PHOTO_SUFFIXES)}."
        )
    if bits not in (8, 16) or (bits == 16 and form not in ("PNG", "TIFF")):
        raise InputError(f"cannot write {path} with bits={bits}; use 8, or 16 for PNG and TIFF.")
    if not 1 <= quality <= 100:
        raise InputError(f"quality must be from 1 to 100; got {quality}.")
    colour = _checked(rgb, "rgb", 3)
    if max(colour.shape[:2]) > _LONGEST_SIDE.get(form, 2**31 - 1):
        raise InputError(
            f"cannot write {path}: a {form} side has at most {_LONGEST_SIDE[form]} pixels; "
            f"got {colour.shape[1]} x {colour.shape[0]}; write a PNG instead."
        )
    if alpha is not None:
        opacity = _checked(alpha, "alpha", 2)
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


def _checked(values: Array, name: str, dimensions: int) -> NDArray[np.float32]:
    """Check a picture or opacity and return it as float32 in [0, 1]."""
    values = np.asarray(values)
    wanted = "(H, W, 3)" if dimensions == 3 else "(H, W)"
    wrong_channels = dimensions == 3 and values.shape[-1:] != (3,)
    if values.ndim != dimensions or wrong_channels or values.size == 0:
        raise InputError(f"{name} must have the shape {wanted}; got {values.shape}.")
    if values.dtype in (np.uint8, np.uint16):
        return _unit(values)
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
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").view(np.uint8).reshape(height, width, 2 * channels)
    # Filter 1 of the PNG specification: each byte minus the same byte of the pixel to the left.
    filtered = np.diff(rows, axis=1, prepend=np.uint8(0)).reshape(height, -1)
    lines = np.insert(filtered, 0, 1, axis=1)
    header = struct.pack(">IIBBBBB", width, height, 16, 2 if channels == 3 else 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


# --------------------------------------------------------------------------------- folders


def list_photos(folder: str | os.PathLike[str]) -> list[Path]:
    """List the photos in a folder and its subfolders.

    Parameters
    ----------
    folder : path
        Where to look. Hidden files and folders (whose name begins with a dot) are skipped, and
        links to folders are not followed.

    Returns
    -------
    list of pathlib.Path
        The files whose suffix is in `PHOTO_SUFFIXES`, whatever its case, sorted by path.

    Raises
    ------
    InputError
        When the folder does not exist, is not a folder, or holds no photo.
    """
    folder = Path(folder)
    if not folder.is_dir():
        reason = "it is not a folder" if folder.exists() else "there is no such folder"
        raise InputError(f"cannot list {folder}: {reason}; name a folder of photos.")
    photos = sorted(path for path in _walk(folder) if path.suffix.lower() in PHOTO_SUFFIXES)
    if not photos:
        raise InputError(f"{folder} holds no photo; put {', '.join(PHOTO_SUFFIXES)} files there.")
    return photos


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in files if not name.startswith("."))


# --------------------------------------------------------------------------------- pixels


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
    """
    rgb = _checked(rgb, "rgb", 3)
    return bool(np.percentile(rgb.max(axis=-1) - rgb.min(axis=-1), 99.9) <= tolerance)
