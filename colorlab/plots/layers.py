"""Figures of a network's layers, from the input to the top."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from colorlab.errors import InputError
from colorlab.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, legend_below


def by_layer(
    layers: Sequence[str],
    panels: Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]],
    title: str = "",
    mark: Mapping[str, tuple[str, float]] | None = None,
    ylabel: str = "",
) -> Figure:
    """Show figures of a network's layers, from the input to the top, with their intervals.

    Parameters
    ----------
    layers : sequence of str
        Names under the axis.
    panels : mapping
        Title of a panel to its lines: a label to one ``value``, ``low``, ``high`` a layer. A label
        looks the same in all panels. The first half of up to eight labels gets full lines, the
        second half, their floors, dotted ones of the same colours.
    title : str
        What the figure shows.
    mark : mapping, optional
        Title of a panel to the label and height of a line across it.
    ylabel : str
        What the panels show, where their titles do not say it.

    Returns
    -------
    matplotlib.figure.Figure
        One panel a measure, side by side, and one legend under them.

    Raises
    ------
    InputError
        When there is no panel, or a line has not one figure a layer.
    """
    lengths = {len(line) for lines in panels.values() for line in lines.values()}
    if lengths != {len(layers)}:
        raise InputError(
            f"lines need one figure for each of {len(layers)} layers; received {sorted(lengths)}."
        )
    labels = dict.fromkeys(label for lines in panels.values() for label in lines)
    looks = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "v"))[: (len(labels) + 1) // 2]
    full, dotted = ([(color, dot + line) for color, dot in looks] for line in "-:")
    look = dict(zip(labels, full + dotted, strict=False))
    figure = Figure(figsize=(5.2 * len(panels), 4.8), layout="constrained")
    drawn: dict[str, Any] = {}
    places = range(len(layers))
    for ax, (name, lines) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        for label, line in lines.items():
            color, style = look[label]
            low, value, high = ([one[key] for one in line] for key in ("low", "value", "high"))
            ax.fill_between(places, low, high, color=color, alpha=0.2, lw=0)
            (drawn[label],) = ax.plot(places, value, style, color=color, ms=4, lw=1.5, label=label)
        if mark and name in mark:
            label, height = mark[name]
            drawn[label] = ax.axhline(height, color=GREY, ls="--", lw=1, label=label)
        ax.set(title=name, xlabel="layer", ylim=(min(0, ax.get_ylim()[0]), 1.03))
        ax.set_xticks(places, layers, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
        ax.grid(alpha=0.3)
    figure.axes[0].set_ylabel(ylabel)
    legend_below(figure, drawn)
    if title:
        figure.suptitle(textwrap.fill(title, 64 * len(panels)), fontsize=11)
    return figure


def short_names(layers: Iterable[str]) -> list[str]:
    """Name layers as the literature does: conv1_1 and so on."""
    return [one.replace("block", "conv").replace("_conv", "_") for one in layers]
