"""Write a GIF: every frame with 256 colours of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from colorlab.media import planes
from colorlab.media.film_encoder import output
from colorlab.media.ycbcr import Encoding

_TICK = Fraction(1, 100)


def write(
    path: Path,
    pictures: Iterable[Any],
    times: Iterable[tuple[Fraction, Fraction]],
    code: Encoding,
) -> int:
    """Write an endless GIF.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    pictures : iterable of av.VideoFrame
        Its frames.
    times : iterable of (fractions.Fraction, fractions.Fraction)
        When each begins and how long it is shown, seconds; a GIF counts in hundredths.
    code : Encoding
        Of the frames' planes.

    Returns
    -------
    int
        How many frames were left out because they begin in the same hundredth as the one before.
    """
    dropped = last = 0
    with output(path, "gif", {"loop": "0"}) as container:
        stream = None
        for picture, (begin, shown) in zip(pictures, times, strict=True):
            tick = math.floor(begin / _TICK + Fraction(1, 2))
            if stream is not None and tick <= last:
                dropped += 1
                continue
            last = tick
            if stream is None:
                stream = container.add_stream("gif", rate=100)
                stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "pal8"
                stream.codec_context.time_base = stream.time_base = _TICK
            frame = _palette_frame(picture, code)
            frame.pts, frame.time_base = tick, _TICK
            for packet in stream.encode(frame):
                packet.duration = max(1, round(shown / _TICK))
                container.mux(packet)
        if stream is not None:
            container.mux(stream.encode(None))
    return dropped


def _palette_frame(picture: Any, code: Encoding) -> Any:
    """Reduce a frame to the 256 colours that suit it best."""
    rgb: Any = planes.split(picture, code, rgb=True)[1]
    image = Image.fromarray(rgb).quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.full((256, 4), 255, np.uint8)  # alpha, red, green, blue
    colours = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    palette[: len(colours), 1:] = colours
    indexed: Any = (np.asarray(image), palette)
    return av.VideoFrame.from_ndarray(indexed, format="pal8")
