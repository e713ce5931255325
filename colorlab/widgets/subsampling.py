"""Store chroma, or luma, more coarsely and see what is lost."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import media, metrics, yuv
from colorlab.errors import InputError
from colorlab.widgets.explorer import Explorer

FACTORS = (1, 2, 4, 8, 16)
_GAP = 8


def coarsen(channels: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Keep one value for every `factor` x `factor` pixels and enlarge again to the old size.

    Parameters
    ----------
    channels : numpy.ndarray of float32, (H, W, C)
        Luma or chroma.
    factor : int
        Pixels per stored value in each direction, 1 or more; 1 changes nothing.

    Returns
    -------
    numpy.ndarray of float32, (H, W, C)
        The channels without what the smaller size cannot hold.

    Raises
    ------
    InputError
        When the factor is no whole number above 0.
    """
    if isinstance(factor, bool) or not isinstance(factor, (int, np.integer)) or factor < 1:
        raise InputError(f"factor must be a whole number of at least 1; received {factor!r}.")
    if factor == 1:
        return channels
    height, width = channels.shape[:2]
    small = media.resize(channels, -(-height // factor), -(-width // factor))
    return media.resize(small, height, width)


def compare(rgb: ArrayLike, factor: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coarsen chroma alone, and luma alone.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        uint8, or float in [0, 1].
    factor : int
        As for `coarsen`.

    Returns
    -------
    coarse_chroma, coarse_luma : numpy.ndarray of float32, (H, W, 3)
        RGB in [0, 1]: the picture with its own luma and coarse chroma, and the other way round.
    """
    y, uv = yuv.rgb_to_yuv(rgb)
    return yuv.yuv_to_rgb(y, coarsen(uv, factor)), yuv.yuv_to_rgb(coarsen(y, factor), uv)


def render(rgb: ArrayLike, factor: int) -> NDArray[np.uint8]:
    """Draw both of `compare` side by side.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        uint8, or float in [0, 1].
    factor : int
        As for `coarsen`.

    Returns
    -------
    numpy.ndarray of uint8, (H, 2 W + 8, 3)
        Coarse chroma on the left, coarse luma on the right, a white gap between them.
    """
    return _beside(*compare(rgb, factor))


def _beside(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.uint8]:
    gap = np.ones((len(left), _GAP, 3), np.float32)
    return yuv.to_uint8(np.concatenate([left, gap, right], axis=1))


class SubsamplingExplorer(Explorer):
    """A slider for how coarsely chroma (left) and luma (right) are stored.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        The picture, uint8 or float in [0, 1].
    factors : sequence of int
        What the slider offers.

    Attributes
    ----------
    factor : int
        Where the slider stands; assign to move it.
    """

    def __init__(self, rgb: ArrayLike, factors: Sequence[int] = FACTORS) -> None:
        self._truth = yuv.to_uint8(rgb).astype(np.float32) / np.float32(255)
        self.slider = ipywidgets.SelectionSlider(
            options=list(factors),
            description="factor",
            tooltip="pixels per stored value, in each direction",
        )
        super().__init__([self.slider], "One picture twice, coarsened in two ways.")

    @property
    def factor(self) -> int:
        """Where the slider stands."""
        return int(self.slider.value)

    @factor.setter
    def factor(self, value: int) -> None:
        self.slider.value = value

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return both pictures side by side and their PSNR."""
        pair = compare(self._truth, self.factor)
        chroma, luma = (metrics.psnr(self._truth, picture) for picture in pair)
        sentence = (
            f"Factor {self.factor}. Left, coarse chroma: {chroma:.1f} dB. "
            f"Right, coarse luma: {luma:.1f} dB."
        )
        return _beside(*pair), sentence
