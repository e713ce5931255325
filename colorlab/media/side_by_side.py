"""Pictures side by side, each under its caption; frame after frame, films side by side.

>>> from colorlab.media import film_maker, side_by_side
>>> tiled = (side_by_side.tile(shown, ("grey", "coloured")) for shown in zip(a, b))
...                                                           # doctest: +SKIP
>>> film_maker.write_film("both.mp4", tiled, rate)            # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from colorlab.errors import InputError
from colorlab.media.pixels import Array, checked

_GAP, _BACK, _INK = 4, 24, 235
_SMALLEST, _LARGEST = 8, 32


def tile(pictures: Sequence[Array], captions: Sequence[str]) -> NDArray[np.uint8]:
    """Set pictures of one size in a row, with a caption over each.

    Parameters
    ----------
    pictures : sequence of ndarray, (H, W, 3) or (H, W, 1)
        RGB or grey, uint8 or float in [0, 1].
    captions : sequence of str
        One for each, a line of text; shrunk and at last cut off where it is too long.

    Returns
    -------
    ndarray of uint8, (height, width, 3)
        Both sides are even, as H.264 wants them.

    Raises
    ------
    InputError
        For no picture, several sizes, or another number of captions.
    """
    if not pictures or len(pictures) != len(captions):
        raise InputError(
            f"each picture needs a caption; received {len(pictures)} pictures and {len(captions)} "
            "captions."
        )
    if len({picture.shape[:2] for picture in pictures}) != 1:
        sizes = ", ".join(str(picture.shape[:2]) for picture in pictures)
        raise InputError(f"pictures side by side have one size; received {sizes}.")
    height, width = pictures[0].shape[:2]
    titles = _titles(tuple(captions), width)
    top = len(titles)
    across = len(pictures) * (width + _GAP) - _GAP
    canvas = np.full((_even(top + height), _even(across), 3), _BACK, np.uint8)
    canvas[:top, :across] = titles
    for k, picture in enumerate(pictures):
        left = k * (width + _GAP)
        rgb = picture if picture.shape[-1] == 3 else np.repeat(picture, 3, axis=-1)
        if rgb.dtype != np.uint8:
            rgb = np.rint(checked(rgb, "a picture", 3) * 255).astype(np.uint8)
        canvas[top : top + height, left : left + width] = rgb
    return canvas


def _even(side: int) -> int:
    return side + side % 2


@lru_cache(maxsize=8)
def _titles(captions: tuple[str, ...], width: int) -> NDArray[np.uint8]:
    """Draw the strip of captions over pictures of a width, with Pillow's own font."""
    size = min(_LARGEST, max(_SMALLEST, width // 20))
    while size > _SMALLEST and max(map(ImageFont.load_default(size).getlength, captions)) > width:
        size -= 1
    font = ImageFont.load_default(size)
    strip = np.full((_even(round(1.7 * size)), len(captions) * (width + _GAP) - _GAP), _BACK)
    for k, caption in enumerate(captions):
        image = Image.new("L", (width, len(strip)), _BACK)
        middle = (width / 2, len(strip) / 2)
        ImageDraw.Draw(image).text(middle, caption, fill=_INK, font=font, anchor="mm")
        left = k * (width + _GAP)
        strip[:, left : left + width] = np.asarray(image)
    return np.repeat(strip[..., None], 3, axis=-1).astype(np.uint8)
