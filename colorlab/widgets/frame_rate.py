"""Move the frame rate: what changes from one frame to the next, and what a model made of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from colorlab import yuv
from colorlab.bins import BinGrid
from colorlab.coast import Scene
from colorlab.errors import InputError
from colorlab.media import side_by_side
from colorlab.plots import BLUE, GREY, ORANGE
from colorlab.widgets.explorer import Explorer

RATES = (60, 30, 15, 10, 6, 3, 1)
"""What the slider offers, frames a second."""

HEIGHT, WIDTH = 144, 252
"""Of a frame that is drawn, pixels."""

_COASTS = (8, 1, 4)
_TIME = 6.0  # seconds at which the later frame of every pair is taken
_BINS = BinGrid(30)
_DPI = 100
_CHART = 210  # height in pixels
_INK = np.rint(255 * np.array(to_rgb(ORANGE))).astype(np.uint8)
_MARK = np.rint(255 * np.array(to_rgb(GREY))).astype(np.uint8)
_CAPTIONS = ("{} s before", "now", "orange: another bin now")


@dataclass(frozen=True)
class Pair:
    """Two frames of a film that follow each other at some rate.

    Attributes
    ----------
    rate : int
        Frames a second.
    before, now : ndarray of uint8, (H, W, 3)
        The frames.
    changed : ndarray of bool, (H, W, 2)
        Whether the bin of U, of V is another one now.
    """

    rate: int
    before: NDArray[np.uint8]
    now: NDArray[np.uint8]
    changed: NDArray[np.bool_]

    @property
    def copied(self) -> tuple[float, float]:
        """Share of the pixels, of U and of V, whose bin copying the frame before gets right."""
        u, v = 1 - self.changed.mean(axis=(0, 1))
        return float(u), float(v)


@dataclass(frozen=True)
class Curve:
    """A figure at several rates.

    Attributes
    ----------
    label : str
        What it is of.
    points : tuple of (int, float, float, float)
        Rate, value, and both ends of its interval; the value twice where there is none.
    """

    label: str
    points: tuple[tuple[int, float, float, float], ...]


@dataclass(frozen=True)
class Panel:
    """Curves that share an axis.

    Attributes
    ----------
    title, ylabel : str
        Above and beside them.
    curves : tuple of Curve
        One or two.
    """

    title: str
    ylabel: str
    curves: tuple[Curve, ...]


def pair(
    seed: int, rate: int, time: float = _TIME, height: int = HEIGHT, width: int = WIDTH
) -> Pair:
    """Render a coast at a time and one frame earlier.

    Parameters
    ----------
    seed : int
        Which coast.
    rate : int
        Frames a second, above 0.
    time : float
        Seconds.
    height, width : int
        Of a frame, pixels.

    Returns
    -------
    Pair
        The later frame is the same at every rate.

    Raises
    ------
    InputError
        When the rate is not above 0, and as `colorlab.coast.Scene.render`.
    """
    if not rate > 0:
        raise InputError(f"rate must be above 0; received {rate!r}.")
    before, now = (_frame(seed, time - step / rate, height, width) for step in (1, 0))
    first, second = (_BINS.encode(yuv.rgb_to_yuv(frame)[1]) for frame in (before, now))
    return Pair(rate, before, now, first != second)


@functools.lru_cache(maxsize=64)
def _frame(seed: int, time: float, height: int, width: int) -> NDArray[np.uint8]:
    return Scene(seed).render(time, height, width)


def render(shown: Pair, panels: Sequence[Panel] = ()) -> NDArray[np.uint8]:
    """Draw two frames and where their colour changed; below, what was measured at all rates.

    Parameters
    ----------
    shown : Pair
        The frames.
    panels : sequence of Panel
        What was measured, with a line at the pair's rate; nothing is drawn for none.

    Returns
    -------
    numpy.ndarray of uint8, (height, width, 3)
        The frame before, the frame, and the frame in grey with every pixel in orange whose bin of U
        or V is another one; then the panels side by side.
    """
    grey = yuv.to_uint8(np.repeat(yuv.luma(shown.now), 3, axis=-1)) // 2 + 64
    grey[shown.changed.any(axis=-1)] = _INK
    seconds = f"{1 / shown.rate:.3f}".rstrip("0").rstrip(".")
    captions = [caption.format(seconds) for caption in _CAPTIONS]
    above = side_by_side.tile([shown.before, shown.now, grey], captions)
    if not panels:
        return above
    chart, columns = _chart(tuple(panels), above.shape[1])
    below = chart.copy()
    for places, top, bottom in columns:
        if shown.rate in places:
            column = places[shown.rate]
            line = below[top:bottom, column - 1 : column + 1]
            line[line.min(axis=-1) > 200] = _MARK  # behind the curves
    return np.concatenate([above, below])


@functools.lru_cache(maxsize=8)
def _chart(
    panels: tuple[Panel, ...], width: int
) -> tuple[NDArray[np.uint8], list[tuple[dict[int, int], int, int]]]:
    """Draw the panels once; say in which column each rate lies, and in which rows."""
    figure = Figure(figsize=(width / _DPI, _CHART / _DPI), dpi=_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, panel in zip(axes, panels, strict=True):
        looks = zip(panel.curves, (BLUE, ORANGE), ("o-", "s--"), strict=False)
        for curve, color, style in looks:
            rates, values, low, high = zip(*curve.points, strict=True)
            ax.plot(rates, values, style, color=color, ms=4, label=curve.label)
            ax.fill_between(rates, low, high, color=color, alpha=0.2, lw=0)
        ax.set_xscale("log")
        ax.set_xlim(RATES[0] * 1.25, RATES[-1] / 1.25)  # slower to the right
        ax.set_xticks(RATES, [str(rate) for rate in RATES])
        ax.minorticks_off()
        ax.set_title(panel.title, fontsize=9)
        ax.set_xlabel("frames a second", fontsize=8, labelpad=1)
        ax.set_ylabel(panel.ylabel, fontsize=8, labelpad=1)
        ax.tick_params(labelsize=8)
        ax.grid(alpha=0.3)
        ax.legend(fontsize=7)
    canvas.draw()
    drawn = np.array(canvas.buffer_rgba())[..., :3]
    columns = []
    for ax in axes:
        _, low, _, high = np.rint(ax.bbox.extents).astype(int)
        places = {r: round(float(ax.transData.transform((r, 0))[0])) for r in RATES}
        columns.append((places, len(drawn) - high + 1, len(drawn) - low - 1))
    return drawn, columns


def panels_of(result: Mapping[str, Any] | None) -> tuple[Panel, ...]:
    """Choose what to draw from an experiment's result.

    Parameters
    ----------
    result : mapping or None
        What ``python -m studies frame_rate`` wrote: all of it, or its summary.

    Returns
    -------
    tuple of Panel
        Of models that learnt at a rate and were tested at it: accuracy beside that of copying,
        identity index, drift. None without a result.

    Raises
    ------
    InputError
        When it is another experiment's.
    """
    if result is None:
        return ()
    summary = result.get("summary", result)
    try:
        return tuple(
            Panel(
                title,
                ylabel,
                tuple(_curve(label, summary, figure, whose) for label, whose in curves.items()),
            )
            for title, ylabel, figure, curves in _MEASURED
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"this is no result of the experiment frame_rate: {type(error).__name__}: {error}."
        ) from error


_MEASURED = (
    ("Right bins, told the truth", "share", "accuracy", {"model": "", "copying": "copy"}),
    ("Identity index", "share that follows", "index", {"model": ""}),
    ("Drift, running free", "chroma, 1/255", "drift", {"model": ""}),
)


def _curve(label: str, summary: Mapping[str, Any], figure: str, whose: str) -> Curve:
    """Gather a figure of each rate's own model, or of one that learnt nothing."""
    points = []
    for rate in summary["rates"]:
        one = summary["cells"][figure][whose or str(rate)][str(rate)]
        if one is not None:
            low, high = one.get("low", one["value"]), one.get("high", one["value"])
            points.append((int(rate), float(one["value"]), float(low), float(high)))
    return Curve(label, tuple(sorted(points)))


class FrameRateExplorer(Explorer):
    """A slider for the frame rate: two frames, what changed between them, what was measured.

    Parameters
    ----------
    result : mapping, optional
        As for `panels_of`. Without it the frames alone are shown.
    rate : int
        Where the slider starts, one of `RATES`.
    coasts : sequence of int
        Seeds of the coasts to choose from.

    Attributes
    ----------
    rate : int
        Frames a second; assign to move the slider.

    Raises
    ------
    InputError
        As `panels_of`; when the rate is not one of `RATES`, or there is no coast.
    """

    def __init__(
        self,
        result: Mapping[str, Any] | None = None,
        rate: int = 30,
        coasts: Sequence[int] = _COASTS,
    ) -> None:
        if rate not in RATES or not coasts:
            raise InputError(
                f"rate must be one of {', '.join(map(str, RATES))}, of one coast or more; received "
                f"{rate!r} and {len(coasts)} coasts."
            )
        self._panels = panels_of(result)
        self._pairs: dict[int, dict[int, Pair]] = {}
        self.slider = ipywidgets.SelectionSlider(
            options=[(str(one), one) for one in RATES],
            value=rate,
            description="frames/s",
            tooltip="frames a second; to the right they lie further apart",
        )
        self.slider.layout.width = "30em"
        scenes = [(f"{Scene(seed).kind} (seed {seed})", seed) for seed in coasts]
        self.menu = ipywidgets.Dropdown(options=scenes, description="coast")
        super().__init__([self.slider, self.menu], "Two frames of a film, and what changed.")

    @property
    def rate(self) -> int:
        """Frames a second."""
        return int(self.slider.value)

    @rate.setter
    def rate(self, value: int) -> None:
        self.slider.value = value

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return the frames with the panels, and both in words."""
        seed = self.menu.value
        if seed not in self._pairs:  # all rates at once, so that every later move is quick
            self._pairs[seed] = {rate: pair(seed, rate) for rate in RATES}
        shown = self._pairs[seed][self.rate]
        return render(shown, self._panels), _sentence(shown, self._panels)


def _sentence(shown: Pair, panels: Sequence[Panel]) -> str:
    """Say what the pair and the panels show at its rate."""
    u, v = (100 * share for share in shown.copied)
    said = [
        f"{shown.rate} frame{'s' * (shown.rate > 1)} a second, {1000 / shown.rate:.0f} ms from one "
        f"to the next. Another bin of U or V: {100 * shown.changed.any(axis=-1).mean():.1f} % of "
        f"the pixels. Copying the frame before is right for {u:.1f} % (U) and {v:.1f} % (V)."
    ]
    for panel in panels:
        values = {
            curve.label: value
            for curve in panel.curves
            for rate, value, *_ in curve.points
            if rate == shown.rate
        }
        if values:
            told = ", ".join(f"{label} {value:.3f}" for label, value in values.items())
            said.append(f"{panel.title}: {told}.")
    return " ".join(said)
