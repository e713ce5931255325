"""Replace chroma by the centres of its bins and see what is left."""

from __future__ import annotations

import functools

import ipywidgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from colorlab import bins, metrics, yuv
from colorlab.bins import BinGrid
from colorlab.plots import BLUE, ORANGE
from colorlab.widgets.explorer import Explorer

FEWEST, MOST = 2, 60
"""What the slider offers, bins per axis."""

_PANEL = (380, 320)  # width and least height in pixels
_DPI = 100
_LIMITS = (5e-5, 1.0)  # shares that the histograms show, on a logarithmic scale
_NAMES = ("U, yellow to blue", "V, cyan to red")
_INKS = [np.rint(255 * np.array(to_rgb(ink))).astype(np.uint8) for ink in (BLUE, ORANGE)]
_WHERE_GREY_LIES = {
    "edge": "even, so aligned on an edge: grey lies between two bins",
    "centre": "odd, so aligned on a centre: grey is the middle of a bin",
}


def quantise(rgb: ArrayLike, n: int) -> NDArray[np.float32]:
    """Replace a picture's chroma by the centres of its bins, and keep its luma.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        uint8, or float in [0, 1].
    n : int
        Bins per axis, 2 to 1000; even ones are aligned on an edge, odd ones on a centre.

    Returns
    -------
    numpy.ndarray of float32, (H, W, 3)
        RGB in [0, 1].

    Raises
    ------
    InputError
        As `colorlab.bins.BinGrid.of`.
    """
    return _quantise(*yuv.rgb_to_yuv(rgb), BinGrid.of(n))[0]


def render(rgb: ArrayLike, n: int) -> NDArray[np.uint8]:
    """Draw a quantised picture beside the shares of its pixels in each bin.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        uint8, or float in [0, 1].
    n : int
        As for `quantise`.

    Returns
    -------
    numpy.ndarray of uint8, (max(H, 320), W + 380, 3)
        The picture in the middle of the left side; on the right a histogram of U over one of V,
        with a logarithmic scale.
    """
    grid = BinGrid.of(n)
    return _beside(*_quantise(*yuv.rgb_to_yuv(rgb), grid), grid)


def _quantise(
    y: NDArray[np.float32], uv: NDArray[np.float32], grid: BinGrid
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the quantised picture, and the share of each bin, (2, n)."""
    labels = grid.encode(uv)
    return yuv.yuv_to_rgb(y, grid.from_index(labels)), bins.prior(labels, grid.n)


def _beside(
    picture: NDArray[np.float32], shares: NDArray[np.float64], grid: BinGrid
) -> NDArray[np.uint8]:
    """Put a picture and the histograms of its bins side by side."""
    height, width = picture.shape[:2]
    panel = _histograms(shares, grid, max(height, _PANEL[1]))
    left = np.full((len(panel), width, 3), 255, np.uint8)
    top = (len(panel) - height) // 2
    left[top : top + height] = yuv.to_uint8(picture)
    return np.concatenate([left, panel], axis=1)


def _histograms(shares: NDArray[np.float64], grid: BinGrid, height: int) -> NDArray[np.uint8]:
    """Draw the shares (2, n) of the bins as a picture of the height given."""
    frame, boxes = _frame(height)
    panel = frame.copy()
    lowest, highest = np.log10(_LIMITS)
    for axis, (left, right, top, bottom) in enumerate(boxes):
        reach = grid.edges[axis, -1]
        chroma = np.linspace(-reach, reach, right - left, dtype=np.float32)
        bin_of_column = grid.encode(np.stack([chroma, chroma], axis=-1))[:, axis]
        level = np.log10(np.maximum(shares[axis], _LIMITS[0]))[bin_of_column]
        first_row = np.rint((highest - level) / (highest - lowest) * (bottom - top))
        filled = np.arange(bottom - top)[:, None] >= first_row
        filled[:, 1:] &= np.diff(bin_of_column) == 0  # a gap between neighbours
        panel[top:bottom, left:right][filled] = _INKS[axis]
    return panel


@functools.lru_cache(maxsize=4)
def _frame(height: int) -> tuple[NDArray[np.uint8], list[tuple[int, int, int, int]]]:
    """Draw the axes alone, which take far longer than the bars; say where bars go in pixels."""
    figure = Figure(figsize=(_PANEL[0] / _DPI, height / _DPI), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    boxes = []
    for ax, name, reach in zip(figure.subplots(2, 1), _NAMES, yuv.RANGE, strict=True):
        ax.set(xlim=(-reach, reach), ylim=_LIMITS, yscale="log")
        ax.set_title(f"{name}: share of the pixels", fontsize=9)
        ax.set_xlabel("chroma", fontsize=8, labelpad=1)
        ax.set_yticks([1, 0.1, 0.01, 0.001, 0.0001], ["100 %", "10 %", "1 %", "0.1 %", "0.01 %"])
        ax.minorticks_off()
        ax.tick_params(labelsize=8)
    figure.subplots_adjust(
        left=62 / _PANEL[0],
        right=1 - 14 / _PANEL[0],
        bottom=38 / height,
        top=1 - 22 / height,
        hspace=0.7,
    )
    canvas.draw()
    frame = np.array(canvas.buffer_rgba())[..., :3]
    for ax in figure.axes:
        left, low, right, high = np.rint(ax.bbox.extents).astype(int)
        boxes.append((left + 1, right - 1, height - high + 1, height - low - 1))
    return frame, boxes


class BinExplorer(Explorer):
    """A slider for the number of bins: a picture quantised, its ceiling, how full each bin is.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        The picture, uint8 or float in [0, 1].
    n : int
        Where the slider starts, 2 to 60.

    Attributes
    ----------
    n : int
        Bins per axis; assign to move the slider.
    """

    def __init__(self, rgb: ArrayLike, n: int = 30) -> None:
        self._truth = yuv.to_uint8(rgb).astype(np.float32) / np.float32(255)
        self._y, self._uv = yuv.rgb_to_yuv(self._truth)
        self.slider = ipywidgets.IntSlider(
            n, FEWEST, MOST, description="bins n", tooltip="bins for each of U and V"
        )
        self.slider.layout.width = "30em"  # wide enough for a mouse to hit one of 59 numbers
        super().__init__([self.slider], "A picture in the colours of its bins, and their shares.")

    @property
    def n(self) -> int:
        """Bins per axis."""
        return int(self.slider.value)

    @n.setter
    def n(self, value: int) -> None:
        self.slider.value = value

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return the quantised picture with its histograms, and the ceiling in words."""
        grid = BinGrid.of(self.n)
        picture, shares = _quantise(self._y, self._uv, grid)
        used, fullest = (shares > 0).sum(axis=1), 100 * shares.max(axis=1)
        sentence = (
            f"n = {self.n}, {_WHERE_GREY_LIES[grid.align]}. "
            f"Ceiling: {metrics.psnr(self._truth, picture):.1f} dB. "
            f"Bins in use: {used[0]} of U, {used[1]} of V. "
            f"The fullest hold {fullest[0]:.0f} % and {fullest[1]:.0f} % of the pixels."
        )
        return _beside(picture, shares, grid), sentence
