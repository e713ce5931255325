"""Planes of a decoded frame: luma as it is, colours where they are asked for, the right way up."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type as SideData
from numpy.typing import NDArray

from colorlab import yuv
from colorlab.media import ycbcr
from colorlab.media.pixels import Array
from colorlab.media.ycbcr import Encoding

_FULL_RANGE = 2  # FFmpeg's AVCOL_RANGE_JPEG
_PLANAR = re.compile(r"(yuvj?a?4\d\dp|gray)(\d+le)?$|nv(12|16|21|24)$")


def is_rgb(form: Any) -> bool:
    """Tell whether a pixel format has no luma plane of its own.

    Parameters
    ----------
    form : av.VideoFormat
        A frame's.

    Returns
    -------
    bool
        True for RGB, palettes and bilevel pictures.
    """
    return bool(form.is_rgb or form.has_palette or form.components[0].bits < 8)


def encoding(frame: Any) -> Encoding:
    """Return the matrix, range and bits of a frame.

    Parameters
    ----------
    frame : av.VideoFrame
        A film's first frame.

    Returns
    -------
    Encoding
        As tagged; where there is no tag, by the picture's size. The luma made for RGB frames is of
        BT.601, full range, with 8 bits, or 10 where the frames have more.
    """
    form = frame.format
    bits = form.components[0].bits
    if is_rgb(form):
        return Encoding(ycbcr.BT601, True, 10 if bits > 8 else 8)
    matrix = frame.colorspace
    if matrix not in ycbcr.WEIGHTS:
        matrix = ycbcr.guess_matrix(frame.width, frame.height)
    # FFmpeg, too, takes grey without a tag for full range.
    full_by_name = form.name.startswith(("yuvj", "gray")) and frame.color_range == 0
    return Encoding(matrix, frame.color_range == _FULL_RANGE or full_by_name, bits)


def has_alpha(frame: Any) -> bool:
    """Tell whether a frame has a place that is not opaque.

    Parameters
    ----------
    frame : av.VideoFrame
        Any frame.

    Returns
    -------
    bool
        False, too, for formats without transparency.
    """
    if not any(component.is_alpha for component in frame.format.components):
        return False
    return bool(frame.to_ndarray(format="rgba")[..., 3].min() < 255)


def split(frame: Any, code: Encoding, rgb: bool) -> tuple[Array, NDArray[np.uint8] | None]:
    """Return a frame's luma plane and, if asked, its colours, upright.

    Parameters
    ----------
    frame : av.VideoFrame
        As decoded.
    code : Encoding
        From `encoding`.
    rgb : bool
        Whether to compute the colours.

    Returns
    -------
    y : ndarray of uint8 or uint16, (H, W)
        The luma plane, untouched.
    colours : ndarray of uint8, (H, W, 3), or None
        Gamma-encoded RGB.
    """
    y, colours = _split_rgb(frame, code) if is_rgb(frame.format) else _split_yuv(frame, code, rgb)
    return _upright(frame, y), _upright(frame, colours) if rgb else None


def _split_rgb(frame: Any, code: Encoding) -> tuple[Array, Array]:
    deep = code.bits > 8
    pixels = frame.to_ndarray(format="rgb48le" if deep else "rgb24")
    return code.quantise_luma(yuv.luma(pixels)[..., 0]), yuv.to_uint8(pixels)


def _split_yuv(frame: Any, code: Encoding, rgb: bool) -> tuple[Array, Array | None]:
    name = frame.format.name
    said = "JPEG" if code.full else "MPEG"
    same = {"src_color_range": said, "dst_color_range": said}
    joined = "yuvj444p" if name.startswith("yuvj") else "yuv444p"
    if code.bits > 8:
        joined += f"{code.bits}le"
    if not _PLANAR.match(name):  # packed, or of the other byte order
        frame = frame.reformat(format=joined, **same)
    y = _plane(frame, 0, code)
    if not rgb:
        return y, None
    if name.startswith("gray"):
        grey = code.expand(y)
        return y, yuv.to_uint8(np.stack([grey, grey, grey], axis=-1))
    whole = frame.reformat(format=joined, **same)
    return y, yuv.to_uint8(code.to_rgb(y, _plane(whole, 1, code), _plane(whole, 2, code)))


def _plane(frame: Any, number: int, code: Encoding) -> Array:
    """Return a view of a plane of samples."""
    plane = frame.planes[number]
    return np.frombuffer(plane, code.dtype).reshape(plane.height, -1)[:, : plane.width]


# --------------------------------------------------------------------------------- upright


def _display_matrix(frame: Any) -> tuple[int, int, int, int]:
    """Return (a, b, c, d) of x' = a x + c y, y' = b x + d y: where a pixel is shown."""
    matrix = frame.side_data.get(SideData.DISPLAYMATRIX)
    if matrix is None:
        return 1, 0, 0, 1
    a, b, _, c, d = (int(value) for value in np.frombuffer(matrix, np.int32)[:5])
    return a, b, c, d


def is_turned(frame: Any) -> bool:
    """Tell whether a frame is shown lying on its side as stored.

    Parameters
    ----------
    frame : av.VideoFrame
        Any frame.

    Returns
    -------
    bool
        Whether width and height change places when it is turned upright.
    """
    a, b, _, _ = _display_matrix(frame)
    return abs(b) > abs(a)


def upright_size(frame: Any) -> tuple[int, int]:
    """Return the width and height of a frame when it is turned upright.

    Parameters
    ----------
    frame : av.VideoFrame
        Any frame.

    Returns
    -------
    tuple of int
        Width and height, pixels.
    """
    return (frame.height, frame.width) if is_turned(frame) else (frame.width, frame.height)


def _upright(frame: Any, picture: Any) -> Any:
    """Turn a picture (H, W) or (H, W, 3) as the frame's display matrix says."""
    a, b, c, d = _display_matrix(frame)
    if is_turned(frame):
        picture, mirrored, flipped = picture.swapaxes(0, 1), c < 0, b < 0
    else:
        mirrored, flipped = a < 0, d < 0
    return np.ascontiguousarray(picture[:: -1 if flipped else 1, :: -1 if mirrored else 1])
