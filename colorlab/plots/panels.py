"""Figures against a number, or two figures against each other, in panels."""

from __future__ import annotations

import dataclasses
import itertools
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from colorlab.errors import InputError
from colorlab.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, legend_below

Figured = float | Mapping[str, float]
"""A number, or one with its interval: ``value``, ``low``, ``high``."""


@dataclasses.dataclass(frozen=True)
class Panel:
    """What one panel of `curves` shows.

    Attributes
    ----------
    title, xlabel, ylabel : str
        What stands above it and along its axes.
    lines : mapping
        Label to the line's points, (x, y) each; of both the interval, if any, is drawn as a bar.
        A line is broken where they are not a number.
    marks : mapping, optional
        Label to the height of a line across the panel: a baseline.
    notes : mapping, optional
        Label of a line to a word beside each of its points.
    logarithmic : bool
        Whether x is.
    ticks : sequence of str
        Words under x = 0, 1 and so on, where x is no number.
    """

    title: str
    xlabel: str
    ylabel: str
    lines: Mapping[str, Sequence[tuple[Figured, Figured]]]
    marks: Mapping[str, float] = dataclasses.field(default_factory=dict)
    notes: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    logarithmic: bool = False
    ticks: Sequence[str] = ()


def curves(panels: Sequence[Panel], title: str = "", columns: int = 2) -> Figure:
    """Show figures against a number, or two figures against each other, with their intervals.

    Parameters
    ----------
    panels : sequence of Panel
        A label looks the same in all of them: five colours, and as many dotted ones after them.
    title : str
        What the figure shows.
    columns : int
        Panels side by side.

    Returns
    -------
    matplotlib.figure.Figure
        The panels, and one legend under them.

    Raises
    ------
    InputError
        When there is no panel.
    """
    if not panels:
        raise InputError("curves need at least one panel; received none.")
    colors, dots = (BLUE, ORANGE, GREEN, PURPLE, "black"), "os^vD"
    looks = [(color, dot + line) for line in "-:" for color, dot in zip(colors, dots, strict=True)]
    labels = dict.fromkeys(label for panel in panels for label in panel.lines)
    look = dict(zip(labels, itertools.cycle(looks), strict=False))
    marks = dict.fromkeys(label for panel in panels for label in panel.marks)
    dashes = dict(zip(marks, itertools.cycle(["--", "-.", ":"]), strict=False))
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5.4 * columns, 3.9 * rows + 0.7), layout="constrained")
    drawn: dict[str, Any] = {}
    axes = figure.subplots(rows, columns, squeeze=False).flat
    for panel, ax in zip(panels, axes, strict=False):
        for label, points in panel.lines.items():
            color, style = look[label]
            (x, x_bar), (y, y_bar) = (_bars([point[k] for point in points]) for k in (0, 1))
            drawn[label] = ax.errorbar(
                x, y, y_bar, x_bar, style, color=color, ms=4, lw=1.3, elinewidth=0.8, label=label
            )
            for word, *place in zip(panel.notes.get(label, ()), x, y, strict=False):
                ax.annotate(word, place, (4, 4), textcoords="offset points", fontsize=7.5)
        for label, height in panel.marks.items():
            drawn[label] = ax.axhline(height, color=GREY, ls=dashes[label], lw=1, label=label)
        ax.set(title=panel.title, xlabel=panel.xlabel, ylabel=panel.ylabel)
        if panel.logarithmic:
            places = _apart(_value(x) for line in panel.lines.values() for x, _ in line)
            ax.set_xscale("log")
            ax.set_xticks(
                places, [f"{place:.2g}" if place < 1 else f"{place:g}" for place in places]
            )
            ax.minorticks_off()
        if panel.ticks:
            ax.set_xticks(range(len(panel.ticks)), panel.ticks)
        ax.grid(alpha=0.3)
    for ax in axes:  # what the panels leave over
        ax.axis("off")
    legend_below(figure, drawn, 2 * columns)
    if title:
        figure.suptitle(textwrap.fill(title, 64 * columns), fontsize=11)
    return figure


def _apart(places: Iterable[float], least: float = 0.07) -> list[float]:
    """Return those of some places on a logarithmic axis whose labels do not touch."""
    kept: list[float] = []
    every = sorted({place for place in places if np.isfinite(place)})
    for place in every:
        if not kept or np.log(place / kept[-1]) > least * np.log(every[-1] / every[0]):
            kept.append(place)
    return kept


def _value(point: Figured) -> float:
    return point["value"] if isinstance(point, Mapping) else point


def _bars(points: Sequence[Figured]) -> tuple[list[float], NDArray[np.float64]]:
    """Return values and, (2, n), how far their intervals reach below and above them."""
    values = [_value(point) for point in points]
    ends = [(p["low"], p["high"]) if isinstance(p, Mapping) else (p, p) for p in points]
    reach = [
        (max(v - low, 0.0), max(high - v, 0.0)) for v, (low, high) in zip(values, ends, strict=True)
    ]
    return values, np.array(reach, np.float64).T
