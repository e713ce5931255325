"""Make a film of pictures in memory, as they come."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np

from colorlab import files, yuv
from colorlab.errors import InputError
from colorlab.media import ycbcr
from colorlab.media.film_encoder import FilmEncoder, output
from colorlab.media.films import Film, Frame
from colorlab.media.pixels import Array, checked


def write_film(path: str | os.PathLike[str], pictures: Iterable[Array], rate: Fraction) -> None:
    """Write pictures as an MP4 film (H.264); it appears when it is complete.

    Parameters
    ----------
    path : path
        The file, NAME.mp4.
    pictures : iterable of ndarray, (H, W, 3)
        RGB, uint8 or float in [0, 1], all of one size. They are taken one at a time.
    rate : fractions.Fraction
        Frames a second.

    Raises
    ------
    InputError
        For another suffix, no picture, or pictures of several sizes; when the file cannot be
        written.
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise InputError(f"cannot write {path}: pictures are made into .mp4 films; name one.")
    stream = iter(pictures)
    first = next(stream, None)
    if first is None:
        raise InputError(f"cannot write {path}: a film needs at least one picture.")
    shape = first.shape
    height, width = checked(first, "a picture", 3).shape[:2]
    matrix = ycbcr.guess_matrix(width, height)
    film = Film(path, width, height, rate, 1 / rate, None, ycbcr.Encoding(matrix))
    encoder = FilmEncoder(film)
    with (
        files.atomic_path(path) as temporary,
        output(temporary, "mp4", {"movflags": "+faststart"}) as container,
    ):
        track = encoder.stream(container)
        for index, picture in enumerate(chain([first], stream)):
            if picture.shape != shape:
                raise InputError(
                    f"a film's pictures have one size: picture {index} has the shape "
                    f"{picture.shape}, the first {shape}."
                )
            frame, uv = _split(picture, film, index)
            container.mux(track.encode(encoder.picture(frame, uv, index)))
        container.mux(track.encode(None))


def _split(picture: Array, film: Film, index: int) -> tuple[Frame, Array]:
    """Return a picture as a film's frame, with the luma of its matrix, and its U and V."""
    rgb = checked(picture, "a picture", 3)
    kr, kb = ycbcr.WEIGHTS[film.encoding.matrix]
    y = rgb @ np.array([kr, 1 - kr - kb, kb], np.float32)
    return Frame(index, index, 1, film.encoding.quantise_luma(y)), yuv.rgb_to_yuv(rgb)[1]
