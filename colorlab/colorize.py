"""Colouring a photo: the known luma plus the chroma a model predicts.

>>> from colorlab import colorize
>>> colored = colorize.photo("grey.jpg")                      # doctest: +SKIP
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from colorlab import checkpoints, files, media, reference, yuv
from colorlab.checkpoints import ColorModel
from colorlab.decode import Decoder, resolve
from colorlab.errors import InputError


def load_once(name: str | os.PathLike[str] | None = None) -> ColorModel:
    """Load a model and keep it, so that a second photo does not wait for it.

    Parameters
    ----------
    name : str or path, optional
        As for `colorlab.checkpoints.load`.

    Returns
    -------
    ColorModel
        The model; loaded again when its card has changed, as after another training.
    """
    folder = checkpoints.locate(name)
    return _load(folder, files.sha256(folder / checkpoints.CARD))


@lru_cache(maxsize=2)
def _load(folder: Path, card: str) -> ColorModel:
    return checkpoints.load(folder)


def chroma(
    y: NDArray[np.float32],
    model: ColorModel,
    decoder: Decoder | str | None = None,
    like: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Predict a picture's chroma at the model's working size and enlarge it along its edges.

    Parameters
    ----------
    y : numpy.ndarray of float32, (H, W, 1)
        Luma in [0, 1], any size.
    model : ColorModel
        From `colorlab.checkpoints.load`.
    decoder : Decoder or str, optional
        As for `colorlab.checkpoints.ColorModel.chroma`.
    like : numpy.ndarray of float32, (H, W, 3), optional
        A picture, RGB in [0, 1], whose colours go to the places that look alike.

    Returns
    -------
    numpy.ndarray of float32, (H, W, 2)
        U and V.
    """
    height, width = y.shape[:2]
    small = media.resize(y, *media.working_shape(height, width, model.working_size))
    small = np.clip(small, 0, 1)
    uv = model.chroma(small[None], decoder)[0]
    if like is not None:
        matcher = reference.Matcher(model)
        known = reference.from_picture(matcher, like)
        uv = reference.mix(matcher.cells(small)[0], known, small, uv)
    return media.enlarge_chroma(uv, y, model.config.stride)


def picture(
    rgb: NDArray[np.floating] | NDArray[np.uint8],
    model: ColorModel | str | None = None,
    decode: Decoder | str | None = None,
    temperature: float | None = None,
    like: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Colour a picture: its luma is kept, its chroma is predicted.

    Parameters
    ----------
    rgb : numpy.ndarray, (H, W, 3), (H, W, 1) or (H, W)
        uint8, or float in [0, 1]. Any colour in it is ignored.
    model : ColorModel or str, optional
        A loaded model or a name; the default model if left out.
    decode : Decoder or str, optional
        How a distribution becomes a colour, see `colorlab.decode`; the card's way if left out.
    temperature : float, optional
        Replaces the decoder's.
    like : numpy.ndarray of float32, (H, W, 3), optional
        A reference picture, RGB in [0, 1]: its colours go to the places that look alike, see
        `colorlab.reference`.

    Returns
    -------
    numpy.ndarray of float32, (H, W, 3)
        RGB in [0, 1] with the input's luma.

    Raises
    ------
    InputError
        For another shape, or NaN.
    """
    array = np.asarray(rgb)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[-1] not in (1, 3) or array.size == 0:
        raise InputError(
            f"a picture has the shape (H, W), (H, W, 1) or (H, W, 3); received {np.shape(rgb)}."
        )
    if array.shape[-1] == 1:
        array = np.repeat(array, 3, axis=-1)
    y = yuv.luma(array)
    loaded = model if isinstance(model, ColorModel) else load_once(model)
    decoder = resolve(decode, loaded.decoder, temperature)
    return yuv.yuv_to_rgb(y, chroma(y, loaded, decoder, like))


def photo(
    path: str | os.PathLike[str],
    model: ColorModel | str | None = None,
    decode: Decoder | str | None = None,
    temperature: float | None = None,
    like: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Read a photo and colour it.

    Parameters
    ----------
    path : path
        JPEG, PNG, WebP or TIFF.
    model, decode, temperature, like : optional
        As for `picture`.

    Returns
    -------
    numpy.ndarray of float32, (H, W, 3)
        RGB in [0, 1] at the photo's own size.

    Raises
    ------
    InputError
        When the file cannot be read as a photo.
    """
    return picture(media.read_photo(path).rgb, model, decode, temperature, like)


def file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    model: ColorModel | str | None = None,
    decode: Decoder | str | None = None,
    temperature: float | None = None,
    like: NDArray[np.float32] | None = None,
) -> None:
    """Colour a photo file; alpha and 16-bit depth are kept where the target's format has them.

    Parameters
    ----------
    source, target : path
        The photo, and the file to write (its suffix decides the format).
    model, decode, temperature, like : optional
        As for `picture`.

    Raises
    ------
    InputError
        When the source cannot be read, the target cannot be written, or both are one file.
    """
    if os.path.realpath(source) == os.path.realpath(target):
        raise InputError(f"{source} would be overwritten by its own coloured copy; name another.")
    read = media.read_photo(source)
    colored = picture(read.rgb, model, decode, temperature, like)
    deep = read.bits == 16 and os.path.splitext(target)[1].lower() in (".png", ".tif", ".tiff")
    media.write_photo(target, colored, alpha=read.alpha, bits=16 if deep else 8)
