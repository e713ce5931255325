"""Encode coloured frames: a luma plane that is kept, chroma of a model, H.264 by x264.

4:2:0 where both sides are even, else 4:4:4 (4:2:0 cannot have odd sides); 8 bits a sample, or 10
where the source has more. Without B-frames, so that packets stand in the order of their frames.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from colorlab.media.films import Film, Frame
from colorlab.media.pixels import Array, resize

# In narrower films x264's macroblock tree reads past the ends of its rows: of 300 encodings of one
# film of 64 x 36 pixels 5 % differed, of none without the tree. A film that was interrupted shall
# end as one that was not, to the byte.
_NARROW = 128

_LIMITED_RANGE, _FULL_RANGE = 1, 2  # FFmpeg's AVColorRange


class FilmEncoder:
    """How the frames of one film are encoded.

    Parameters
    ----------
    film : Film
        The source: its size, rate, matrix, range and depth are kept.
    lossless : bool
        Keep every luma sample exactly.
    fine : bool
        4:4:4 in any case.

    Attributes
    ----------
    code : Encoding
        Of the planes written.
    form : str
        Their pixel format.
    options : dict
        Of x264.
    keeps_fields : bool
        Whether the order of an interlaced film's fields is tagged: x264 wants whole pairs of rows
        of chroma in every field.
    """

    def __init__(self, film: Film, lossless: bool = False, fine: bool = False) -> None:
        self._film = film
        self.code = replace(film.encoding, bits=8 if film.encoding.bits == 8 else 10)
        odd = film.width % 2 or film.height % 2
        self.form = "yuv444p" if odd or fine else "yuv420p"
        if self.code.bits > 8:
            self.form += "10le"
        self.options = {"preset": "veryfast", "bf": "0"}
        self.options |= {"qp": "0"} if lossless else {"crf": "16"}
        parameters = []
        if film.width < _NARROW:
            parameters.append("mbtree=0")
        whole = film.height % (4 if self.form.startswith("yuv420p") else 2) == 0
        self.keeps_fields = bool(film.field_order) and whole
        if self.keeps_fields:
            parameters.append(f"{film.field_order}=1")
        if parameters:
            self.options["x264-params"] = ":".join(parameters)

    def stream(self, container: Any) -> Any:
        """Add the stream of pictures to a container.

        Parameters
        ----------
        container : av.container.OutputContainer
            Where the film goes.

        Returns
        -------
        av.VideoStream
            Takes the frames of `picture`.
        """
        film = self._film
        stream = container.add_stream("libx264", rate=film.rate, options=dict(self.options))
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = film.width, film.height, self.form
        context.time_base = stream.time_base = Fraction(1, film.time_base.denominator)
        context.colorspace = self.code.matrix
        context.color_range = _FULL_RANGE if self.code.full else _LIMITED_RANGE
        context.color_primaries, context.color_trc = film.primaries, film.transfer
        context.sample_aspect_ratio = film.pixel_aspect
        return stream

    def picture(self, frame: Frame, uv: Array, ticks: int) -> Any:
        """Join a frame's luma and its chroma.

        Parameters
        ----------
        frame : Frame
            Of the source.
        uv : ndarray of float32, (h, w, 2)
            U and V of BT.601, of any size; resized to that of the chroma planes.
        ticks : int
            Its time, in units of the film's time base.

        Returns
        -------
        av.VideoFrame
            For the encoder.
        """
        y = _to_depth(frame.y, self._film.encoding.bits, self.code.bits)
        picture = av.VideoFrame(self._film.width, self._film.height, self.form)
        height, width = picture.planes[1].height, picture.planes[1].width
        small = y if y.shape == (height, width) else _halved(y)
        chroma = self.code.chroma_planes(self.code.expand(small), resize(uv, height, width))
        for plane, samples in zip(picture.planes, (y, *chroma), strict=True):
            rows = np.frombuffer(memoryview(plane), samples.dtype).reshape(plane.height, -1)
            rows[:, : plane.width] = samples
        picture.colorspace = self.code.matrix
        picture.color_range = _FULL_RANGE if self.code.full else _LIMITED_RANGE
        picture.pts, picture.time_base = ticks, self._film.time_base
        return picture


@contextlib.contextmanager
def output(path: Path, kind: str, options: Mapping[str, str] | None = None) -> Iterator[Any]:
    """Open a container for writing, and close it whatever happens.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    kind : str
        FFmpeg's name of the container.
    options : mapping, optional
        Of the container.

    Yields
    ------
    av.container.OutputContainer
        Complete after the block.
    """
    container = av.open(os.path.abspath(path), "w", format=kind, options=dict(options or {}))
    try:
        yield container
    except BaseException:
        with contextlib.suppress(Exception):  # the first error is the one to tell
            container.close()
        raise
    container.close()


def _to_depth(y: Array, given: int, wanted: int) -> Array:
    """Bring a plane to other bits a sample; exact unless it loses some."""
    if given <= wanted:
        return y << (wanted - given) if given < wanted else y
    drop = given - wanted
    rounded = (y.astype(np.uint32) + (1 << (drop - 1))) >> drop
    plane: Array = np.minimum(rounded, 2**wanted - 1).astype(np.uint16)
    return plane


def _halved(y: Array) -> Array:
    """Return the mean of each block of 2 × 2."""
    pairs = y[::2].astype(np.uint32) + y[1::2]
    plane: Array = ((pairs[:, ::2] + pairs[:, 1::2] + 2) >> 2).astype(y.dtype)
    return plane
