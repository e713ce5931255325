"""Varying training pictures: crops, mirroring, and what film stocks do to luma."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from colorlab import media
from colorlab.errors import InputError


@dataclasses.dataclass(frozen=True)
class Augment:
    """How a training picture is varied.

    Parameters
    ----------
    crop : int or None
        Side of a random square crop, pixels; None keeps the whole picture.
    zoom : float
        How far a random window may come closer: its side is drawn from 1 - `zoom` to 1 times the
        picture's, and what it shows is scaled to the crop's size, or the picture's; 0 scales
        nothing.
    flip : bool
        Mirror every second picture, on average, left to right.
    curve : float
        Spread of the random luma curve ``y ** exp(curve * z)``, z standard normal, as a darker or
        softer print would show it; 0 leaves luma alone.
    grain : float
        Largest standard deviation of added film grain, in luma; 0 adds none.
    """

    crop: int | None = None
    flip: bool = True
    curve: float = 0.0
    grain: float = 0.0
    zoom: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.zoom < 1:
            raise InputError(f"zoom must lie in [0, 1); received {self.zoom!r}.")
        for name in ("curve", "grain"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} must not be negative; received {getattr(self, name)!r}.")


def cut(
    picture: NDArray[np.uint8], augment: Augment, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Take a random crop of a picture, mirrored or not.

    Parameters
    ----------
    picture : numpy.ndarray of uint8, (size, size, 3)
        The picture.
    augment : Augment
        Its `crop`, `zoom` and `flip` count.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    numpy.ndarray of uint8, (side, side, 3)
        `side` is the crop's or the picture's; a view where nothing is scaled.

    Raises
    ------
    InputError
        When the crop is larger than the picture.
    """
    size = picture.shape[0]
    side = augment.crop or size
    if side > size:
        raise InputError(
            f"crops of {side} pixels do not fit pictures of {size}; choose a smaller crop."
        )
    window = side
    if augment.zoom:
        window = round(size * (1 - augment.zoom * rng.random()))
    top, left = rng.integers(0, size - window + 1, 2)
    mirror = rng.random() < 0.5
    crop = picture[top : top + window, left : left + window]
    if window != side:
        crop = media.resize(crop, side, side)
    return crop[:, ::-1] if augment.flip and mirror else crop


def develop(
    y: NDArray[np.float32], augment: Augment, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Show the luma of pictures as other film stocks would; their chroma stays what it was.

    Parameters
    ----------
    y : numpy.ndarray of float32, (N, H, W, 1)
        Luma in [0, 1].
    augment : Augment
        Its `curve` and `grain` count.
    rng : numpy.random.Generator
        Source of chance; nothing is drawn for what is switched off.

    Returns
    -------
    numpy.ndarray of float32, (N, H, W, 1)
        Luma in [0, 1]: each picture with a curve and a strength of grain of its own.
    """
    one_each = (len(y), 1, 1, 1)
    if augment.curve:
        y = y ** np.exp(augment.curve * rng.standard_normal(one_each, np.float32))
    if augment.grain:
        strength = augment.grain * rng.random(one_each, np.float32)
        y = y + strength * rng.standard_normal(y.shape, np.float32)
    return np.clip(y, 0, 1)
