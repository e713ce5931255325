"""Make a new picture look like an old photograph: grey, faded, grainy, scratched.

A drawing of what time and old plates do, not a model of any process. It stands in for historic
photographs, of which none come with colorlab, and unlike with them the true colours are known.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import yuv
from colorlab.errors import InputError

PLATES = MappingProxyType(
    {
        "panchromatic": (0.299, 0.587, 0.114),
        "orthochromatic": (0.0, 0.55, 0.45),
        "blue": (0.0, 0.0, 1.0),
    }
)
"""How much of R', G' and B' a plate sees. The first is luma (BT.601); the second misses red, as
plates before 1906 did, the third all but blue, as the oldest. Rough shares that add up to 1."""

PAPER = 0.82
"""Luma towards which everything fades."""

_SPECKS = 4  # of dust, for each scratch


def age(
    rgb: ArrayLike,
    plate: str = "panchromatic",
    fading: float = 0.3,
    grain: float = 0.03,
    scratches: int = 6,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Turn a picture into one that looks like an old black-and-white photograph.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        uint8, or float in [0, 1].
    plate : {"panchromatic", "orthochromatic", "blue"}
        What the plate saw, one of `PLATES`.
    fading : float
        In [0, 1]: how far every luma has moved towards `PAPER` in the corners; half as far in the
        middle.
    grain : float
        Standard deviation of the grain at middle grey; less in the shadows and in the lights.
    scratches : int
        How many light, nearly upright lines, each with some specks of dust.
    seed : int
        Chooses grain, scratches and dust. For a film each frame takes another one.

    Returns
    -------
    numpy.ndarray of uint8, (H, W, 3)
        Three equal channels.

    Raises
    ------
    InputError
        When there is no such plate, fading lies outside [0, 1], or grain or scratches are negative.
    """
    if plate not in PLATES:
        raise InputError(f"plate must be one of {', '.join(PLATES)}; received {plate!r}.")
    if not 0 <= fading <= 1:
        raise InputError(f"fading must lie in [0, 1]; received {fading!r}.")
    if not (grain >= 0 and scratches >= 0):
        raise InputError(
            f"grain and scratches must not be negative; received {grain!r} and {scratches!r}."
        )
    picture = yuv.to_uint8(rgb).astype(np.float32) / np.float32(255)
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    y = np.zeros((height, width), np.float32)
    for share, channel in zip(PLATES[plate], np.moveaxis(picture, -1, 0), strict=True):
        y += np.float32(share) * channel
    y = y + _fading(height, width, fading) * (np.float32(PAPER) - y)
    y = y + np.float32(grain) * np.sqrt(np.clip(4 * y * (1 - y), 0, None)) * _grain(
        height, width, rng
    )
    for _ in range(scratches):
        _scratch(y, rng)
        _dust(y, rng)
    return yuv.to_uint8(np.repeat(np.clip(y, 0, 1)[..., None], 3, axis=-1))


def _fading(height: int, width: int, fading: float) -> NDArray[np.float32]:
    """Return how far each pixel has faded, (H, W): half as far in the middle as in the corners."""
    down, across = (np.linspace(-1, 1, side, dtype=np.float32) ** 2 for side in (height, width))
    return np.float32(fading / 4) * (2 + down[:, None] + across[None])


def _grain(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return noise of deviation 1 whose grains are about two pixels wide, (H, W)."""
    fine = rng.standard_normal((height + 1, width + 1), np.float32)
    return (fine[1:, 1:] + fine[:-1, 1:] + fine[1:, :-1] + fine[:-1, :-1]) / np.float32(2)


def _scratch(y: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw a light, nearly upright line into luma (H, W)."""
    height, width = y.shape
    first, last = sorted(rng.integers(0, height, 2))
    rows = np.arange(first, last + 1)
    lean, start = rng.normal(0, 0.05), rng.uniform(0, width)
    columns = np.rint(start + lean * (rows - first)).astype(int) % width
    y[rows, columns] += np.float32(rng.uniform(0.3, 0.8)) * (1 - y[rows, columns])


def _dust(y: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Draw dark and light specks into luma (H, W)."""
    height, width = y.shape
    for _ in range(_SPECKS):
        row, column = int(rng.integers(height)), int(rng.integers(width))
        size = int(rng.integers(1, 4))
        tone = np.float32(rng.choice([0.1, 0.95]))
        y[row : row + size, column : column + size] = tone
