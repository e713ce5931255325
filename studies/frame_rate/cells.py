"""What is told of every cell: what was learnt, by what is tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies import statistics
from studies.film.figures import Interval

Cell = Mapping[str, Sequence[Any]]
"""What `examine` gives."""

Told = Interval | None
"""A figure with value, low, high and spread; None where nothing was there to be counted."""


def _share(*above: str, below: str, scale: float = 1.0) -> Callable[[Cell], NDArray[np.float64]]:
    """Return a figure that is a ratio of sums."""

    def figure(cell: Cell) -> NDArray[np.float64]:
        total = np.sum([np.asarray(cell[name], float) for name in above], axis=0)
        return scale * statistics.replicate(total, cell[below])

    return figure


def _mean(name: str, root: bool = False) -> Callable[[Cell], NDArray[np.float64]]:
    """Return a figure that is a mean over scenes, in 1/255; or the root of one."""

    def figure(cell: Cell) -> NDArray[np.float64]:
        values = np.asarray(cell[name], float)
        found = statistics.replicate(np.nan_to_num(values), np.isfinite(values))
        return 255 * (np.sqrt(found) if root else found)

    return figure


FIGURES: dict[str, Callable[[Cell], NDArray[np.float64]]] = {
    "loss": _share("nats_u", "nats_v", below="pixels"),
    "accuracy": _share("right_u", "right_v", below="pixels", scale=0.5),
    "accuracy_u": _share("right_u", below="pixels"),
    "accuracy_v": _share("right_v", below="pixels"),
    "changed": _share("changed_right", below="changed"),
    "uncovered": _share("uncovered_right", below="uncovered"),
    "index": _share("hue_followed", below="hue_differing"),
    "index_other": _share("other_followed", below="other_differing"),
    "free_accuracy": _share("free_right_u", "free_right_v", below="free_pixels", scale=0.5),
    "drift": _mean("drift"),
    "warp": _mean("warp", root=True),
    "error": _mean("error"),
}
"""What is told of every cell, each on all scenes and on every bootstrap sample."""


def against_copying(
    copy: Mapping[str, Cell],
) -> dict[str, Callable[[Cell, str], NDArray[np.float64]]]:
    """Return `FIGURES` as functions of a cell and what is tested, and what copying is behind."""

    def plain(name: str) -> Callable[[Cell, str], NDArray[np.float64]]:
        def figure(cell: Cell, tested: str) -> NDArray[np.float64]:
            return FIGURES[name](cell)

        return figure

    def gain(cell: Cell, tested: str) -> NDArray[np.float64]:
        return FIGURES["accuracy"](cell) - FIGURES["accuracy"](copy[tested])

    def gain_loss(cell: Cell, tested: str) -> NDArray[np.float64]:
        return FIGURES["loss"](copy[tested]) - FIGURES["loss"](cell)

    return {**{name: plain(name) for name in FIGURES}, "gain": gain, "gain_loss": gain_loss}


def describe(name: str, cell: Cell) -> dict[str, Any]:
    """Say how far apart the frames of a test are.

    Returns
    -------
    dict
        seconds, displacement (pixels), changed (share of pixels, mean of U and V) and uncovered.
    """
    return {
        "seconds": round(1 / int(name.split()[0]), 4),
        "displacement": round(float(np.mean(cell["displacement"])), 4),
        "changed": round(float(np.sum(cell["changed"]) / np.sum(cell["pixels"]) / 2), 6),
        "uncovered": round(float(np.sum(cell["uncovered"]) / np.sum(cell["pixels"]) / 2), 6),
    }
