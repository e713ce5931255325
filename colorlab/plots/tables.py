"""Tables of figures as colours."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from colorlab.errors import InputError


def heat_maps(
    panels: Mapping[str, Sequence[Sequence[float]]],
    rows: Sequence[str],
    columns: Sequence[str],
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
) -> Figure:
    """Show tables of figures as colours, the figures written in.

    Parameters
    ----------
    panels : mapping
        Title of a panel to its table, rows of one figure a column; what is not a number stays
        white. Every panel has a scale of its own.
    rows, columns : sequence of str
        What stands beside and under each table.
    xlabel, ylabel : str
        What the columns and the rows are.
    title : str
        What the figure shows.

    Returns
    -------
    matplotlib.figure.Figure
        The panels, two side by side; in viridis, which colour-blind readers can tell apart.

    Raises
    ------
    InputError
        When there is no panel, or a table has another shape.
    """
    tables = {name: np.asarray(table, np.float64) for name, table in panels.items()}
    if {table.shape for table in tables.values()} != {(len(rows), len(columns))}:
        raise InputError(
            f"heat maps need tables of {len(rows)} rows and {len(columns)} columns; received "
            f"{sorted(table.shape for table in tables.values())}."
        )
    across = min(2, len(tables))
    down = -(-len(tables) // across)
    size = (0.62 * len(columns) + 2.4) * across, (0.42 * len(rows) + 1.3) * down + 0.6
    figure = Figure(figsize=size, layout="constrained")
    axes = list(figure.subplots(down, across, squeeze=False).flat)
    for ax, (name, table) in zip(axes, tables.items(), strict=False):
        known = table[np.isfinite(table)]
        low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
        span = max(high - low, 1e-12)
        ax.imshow(table, cmap="viridis", vmin=low, vmax=low + span, aspect="auto")
        form = ".2f" if max(abs(low), abs(high)) < 100 else ".0f"
        for (row, column), value in np.ndenumerate(table):
            if np.isfinite(value):
                ink = "black" if (value - low) / span > 0.55 else "white"
                ax.text(
                    column, row, f"{value:{form}}", ha="center", va="center", color=ink, fontsize=8
                )
        ax.set_xticks(range(len(columns)), columns)
        ax.set_yticks(range(len(rows)), rows)
        ax.set(title=name, xlabel=xlabel, ylabel=ylabel)
    for ax in axes[len(tables) :]:
        ax.axis("off")
    if title:
        figure.suptitle(textwrap.fill(title, 50 * across), fontsize=11)
    return figure
