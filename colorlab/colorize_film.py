"""Colouring a film: its luma planes are kept, its chroma is predicted.

>>> from colorlab import colorize_film
>>> colorize_film.file("grey.mp4", "coloured.mp4")            # doctest: +SKIP

What carries frames from file to file is `colorlab.media.recolor`; here is what colours them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import checkpoints, colorize
from colorlab.checkpoints import ColorModel
from colorlab.media import films
from colorlab.media.recolor import recolor


class FrameByFrame:
    """Colours every frame for itself with a color model.

    Parameters
    ----------
    model : ColorModel
        From `colorlab.checkpoints.load`.
    decode, temperature : optional
        As for `colorlab.checkpoints.ColorModel.chroma`.
    batch : int
        Frames to a batch. On a processor the number does not matter, a graphics card likes some.
    """

    def __init__(
        self,
        model: ColorModel,
        decode: str | None = None,
        temperature: float | None = None,
        batch: int = 4,
    ) -> None:
        self.model, self.batch = model, batch
        self._how = (decode, temperature)

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Return the model's working size for frames of a size."""
        return colorize.working_shape(height, width, self.model.working_size)

    def chroma(self, y: NDArray[Any], starts: NDArray[np.bool_]) -> NDArray[Any]:
        """Predict the chroma of frames, each for itself (see `colorlab.media.recolor.Colorer`).

        Mirror images are not asked: they would halve the speed.
        """
        return checkpoints.chroma_of(self.model, self.model.outputs(y, mirror=False), *self._how)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return nothing: no frame knows of another."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Do nothing: no frame knows of another."""

    def settings(self) -> dict[str, Any]:
        """Return the model's name, its weights' hash, and how its outputs become colours."""
        decode, temperature = self._how
        return {
            "model": self.model.name,
            "weights": self.model.card["weights"]["sha256"],
            "decode": decode or self.model.decode,
            "temperature": self.model.temperature if temperature is None else temperature,
            "saturation": self.model.saturation_for(decode),
        }


def file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    model: ColorModel | str | None = None,
    decode: str | None = None,
    temperature: float | None = None,
    lossless: bool = False,
) -> list[str]:
    """Colour a film file, frame by frame.

    Parameters
    ----------
    source, target : path
        The film, and the film to write.
    model, decode, temperature : optional
        As for `colorlab.colorize.picture`.
    lossless : bool
        As for `colorlab.media.recolor.recolor`.

    Returns
    -------
    list of str
        As for `colorlab.media.recolor.recolor`.

    Raises
    ------
    InputError
        As for `colorlab.media.recolor.recolor`.
    """
    found = films.open_film(source)
    loaded = model if isinstance(model, ColorModel) else colorize.load_once(model)
    return recolor(found, target, FrameByFrame(loaded, decode, temperature), lossless)
