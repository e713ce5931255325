"""Move the number of bins and train a color model's heads for it: what the model makes of it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from colorlab.media import side_by_side
from colorlab.plots import BLUE, GREY, ORANGE
from colorlab.widgets.explorer import Explorer

if TYPE_CHECKING:  # whoever has a lesson has imported Keras; others need not
    from colorlab.teaching.heads import HeadLesson, Outcome

FEWEST, MOST = 2, 60
"""What the slider offers, bins per axis."""

_PAUSE = 0.3  # seconds that the slider has to rest before a training begins
_DPI = 100
_CHART = 240  # height in pixels
_TICKS = (2, 4, 8, 15, 30, 60)


def render(
    truth: NDArray[np.uint8], outcomes: Mapping[int, Outcome], n: int, k: int = 0
) -> NDArray[np.uint8]:
    """Draw a test picture as heads colour it, and below what all heads so far are worth.

    Parameters
    ----------
    truth : numpy.ndarray of uint8, (H, W, 3)
        The test picture.
    outcomes : mapping
        Number of bins to what heads with so many reach.
    n : int
        Which of them is shown.
    k : int
        Number of the test picture.

    Returns
    -------
    numpy.ndarray of uint8, (height, width, 3)
        Side by side the picture as coloured, with its own chroma rounded to the bins, and as it is;
        under them PSNR over the number of bins.
    """
    one = outcomes[n]
    captions = (f"coloured, n = {n}", "true bins", "truth")
    above = side_by_side.tile([one.pictures[k], one.rounded[k], truth], captions)
    scores = tuple((m, outcomes[m].ceiling, outcomes[m].psnr) for m in sorted(outcomes))
    return np.concatenate([above, _chart(above.shape[1], scores, one.grey, n)])


@functools.lru_cache(maxsize=64)
def _chart(
    width: int, scores: tuple[tuple[int, float, float], ...], grey: float, n: int
) -> NDArray[np.uint8]:
    """Draw ceilings and models over the number of bins, with a line at the one that is shown."""
    figure = Figure(figsize=(width / _DPI, _CHART / _DPI), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    ax = figure.add_axes((0.08, 0.2, 0.9, 0.66))
    bins, ceilings, models = zip(*scores, strict=True)
    ax.axvline(n, color=GREY, lw=1)
    ax.plot(bins, ceilings, "s--", color=ORANGE, ms=5, label="true bins (the ceiling)")
    ax.plot(bins, models, "o-", color=BLUE, ms=5, label="coloured by the heads")
    ax.axhline(grey, color=GREY, ls=":", label="left grey")
    ax.set_xscale("log", base=2)
    ax.set_xlim(FEWEST * 0.9, MOST * 1.1)
    ax.set_xticks(_TICKS, [str(tick) for tick in _TICKS])
    ax.minorticks_off()
    ax.set_title("Mean PSNR of the test coasts", fontsize=9)
    ax.set_xlabel("bins for each axis, n", fontsize=8, labelpad=1)
    ax.set_ylabel("dB", fontsize=8, labelpad=1)
    ax.tick_params(labelsize=8)
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8, loc="upper left")
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


class HeadExplorer(Explorer):
    """A slider for the number of bins that trains two heads for it, in the background.

    A number that was tried before is shown at once. A training begins when the slider has rested,
    and ends early when it moves on.

    Parameters
    ----------
    lesson : HeadLesson
        What is trained; it keeps the outcomes.
    n : int
        Where the slider starts, 2 to 60.

    Attributes
    ----------
    n : int
        Bins per axis; assign to move the slider.
    coast : int
        Number of the test picture that is shown; assign to choose another one.
    progress : ipywidgets.FloatProgress
        How far the training under way has come.
    """

    def __init__(self, lesson: HeadLesson, n: int = 30) -> None:
        self._lesson = lesson
        self._wanted, self._halt = 0, threading.Event()
        self._worker: threading.Thread | None = None
        self.slider = ipywidgets.IntSlider(
            n, FEWEST, MOST, description="bins n", tooltip="bins for each of U and V"
        )
        self.slider.layout.width = "30em"
        coasts = range(len(lesson.test.rgb))
        self.menu = ipywidgets.Dropdown(
            options=[(f"coast {k + 1}", k) for k in coasts], description="picture"
        )
        self.progress = ipywidgets.FloatProgress(0, min=0, max=1, description="training")
        super().__init__([self.slider, self.menu], "A coast coloured by heads with so many bins.")
        row: Any = self._parts[-3]
        self.children = (row, self.progress, self.picture, self.message)
        self._parts = (*self._parts, self.progress)

    @property
    def n(self) -> int:
        """Bins per axis."""
        return int(self.slider.value)

    @n.setter
    def n(self, value: int) -> None:
        self.slider.value = value

    @property
    def coast(self) -> int:
        """Number of the test picture that is shown."""
        return int(self.menu.value)

    @coast.setter
    def coast(self, number: int) -> None:
        self.menu.value = number

    def wait(self) -> None:
        """Wait until the training that is under way has ended."""
        while (worker := self._worker) is not None and worker.is_alive():
            worker.join()

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return the picture for the slider's number, which was trained before, and its figures."""
        n, one = self.n, self._lesson.outcomes[self.n]
        sentence = (
            f"n = {n}, trained in {one.seconds:.1f} s. On coasts that the heads have not seen: "
            f"{one.psnr:.1f} dB (grey {one.grey:.1f}, ceiling {one.ceiling:.1f}); right bin: U "
            f"{100 * one.accuracy[0]:.0f} %, V {100 * one.accuracy[1]:.0f} % (always the fullest: "
            f"{100 * one.majority[0]:.0f} and {100 * one.majority[1]:.0f} %); loss {one.loss:.2f} "
            f"nats, {one.saved:.2f} less than the prior's. Features computed on "
            f"{self._lesson.device}, heads by NumPy."
        )
        truth = self._lesson.test.rgb[self.coast]
        return render(truth, dict(self._lesson.outcomes), n, self.coast), sentence

    def _refresh(self, change: Any = None) -> None:
        """Draw what is known; begin to train what is not, and end the training of another n."""
        n = self.n
        if n in self._lesson.outcomes:
            self._halt.set()
            self._wanted = 0
            super()._refresh(change)
        elif n != self._wanted:
            self._halt.set()
            self._wanted, self._halt = n, threading.Event()
            self.progress.value = 0
            self.message.value = f'<div role="status">Training two heads with {n} bins each …</div>'
            self._worker = threading.Thread(target=self._train, args=(n, self._halt), daemon=True)
            self._worker.start()

    def _train(self, n: int, halt: threading.Event) -> None:
        """Train for n in a thread of its own, and draw if n is still wanted."""

        def report(share: float) -> None:
            if round(20 * share) != round(20 * self.progress.value):
                self.progress.value = share

        try:
            if halt.wait(_PAUSE) or self._lesson.outcome(n, report, halt.is_set) is None:
                return
        except Exception as error:
            self.errors.append(error)
            text = f"Nothing was trained: {type(error).__name__}."
            self.message.value = f'<div role="status">{text}</div>'
            return
        if not halt.is_set():
            self._refresh()

    def close(self) -> None:
        """End the training that is under way; free the widget and everything in it."""
        self._halt.set()
        self.wait()
        super().close()
