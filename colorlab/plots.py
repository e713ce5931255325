"""Figures: pictures, histories, errors over films, layers, the architecture. Nothing is computed.

Every function returns a matplotlib figure, made without pyplot, so that nothing lingers in memory
and a notebook shows it once. `save` writes it.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from numpy.typing import NDArray

from colorlab import files
from colorlab.errors import InputError

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#7F7F7F"
"""Okabe and Ito's palette, which colour-blind readers can tell apart."""
SHEET_DPI = 100
"""Resolution at which a contact sheet shows its pictures pixel by pixel."""


def save(figure: Figure, path: str | os.PathLike[str], dpi: int = 110) -> None:
    """Write a figure, atomically; the suffix decides the format.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : path
        For example ``comparison.png``.
    dpi : int
        Dots per inch.
    """
    with files.atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=dpi)


def pictures(
    rows: Sequence[Sequence[NDArray[Any]]],
    columns: Sequence[str] = (),
    labels: Sequence[str] = (),
    notes: Sequence[Sequence[str]] = (),
    title: str = "",
    width: float = 2.4,
) -> Figure:
    """Show pictures in rows and columns.

    Parameters
    ----------
    rows : sequence of sequences of numpy.ndarray
        RGB (H, W, 3) or grey (H, W) or (H, W, 1), uint8 or float in [0, 1]; one shape per row.
    columns : sequence of str
        Titles over the columns.
    labels : sequence of str
        Titles left of the rows.
    notes : sequence of sequences of str
        Text under each picture, for example its PSNR.
    title : str
        Title of the figure.
    width : float
        Inches per picture.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    InputError
        When there is no picture, or the rows differ in length.
    """
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or 0 in lengths:
        raise InputError(f"rows need the same number of pictures; received {sorted(lengths)}.")
    across = lengths.pop()
    heights = [width * min(1.5, r[0].shape[0] / r[0].shape[1]) + 0.28 * bool(notes) for r in rows]
    margin = 1.15 if labels else 0.0
    top = 0.3 * bool(columns) + 0.4 * bool(title) + 0.05
    total = (across * width + margin, sum(heights) + top)
    figure = Figure(figsize=total)
    axes = figure.subplots(len(rows), across, squeeze=False, gridspec_kw={"height_ratios": heights})
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            ax = axes[r][c]
            shown = image[..., 0] if image.ndim == 3 and image.shape[-1] == 1 else image
            limit = 255 if shown.dtype == np.uint8 else 1
            ax.imshow(shown, cmap="gray", vmin=0, vmax=limit, interpolation="antialiased")
            ax.set_xticks([])
            ax.set_yticks([])
            for spine in ax.spines.values():
                spine.set_visible(False)
            if r == 0 and columns:
                ax.set_title(columns[c], fontsize=10)
            if notes:
                ax.set_xlabel(notes[r][c], fontsize=7.5, labelpad=2)
            if c == 0 and labels:
                ax.set_ylabel(labels[r], fontsize=8.5, rotation=0, ha="right", va="center")
    if title:
        figure.suptitle(title, fontsize=11, y=1 - 0.18 / total[1])
    figure.subplots_adjust(
        left=margin / total[0],
        right=1 - 0.02 / total[0],
        top=1 - top / total[1],
        bottom=0.02 + 0.2 * bool(notes) / total[1],
        wspace=0.03,
        hspace=0.06 if not notes else 0.16,
    )
    return figure


def contact_sheet(
    rows: Sequence[Sequence[NDArray[np.uint8]]],
    columns: Sequence[str],
    labels: Sequence[str],
    notes: Sequence[Sequence[str]],
    title: str = "",
    width: int = 1760,
) -> Figure:
    """Show many small pictures, pixel by pixel, several rows beside each other where they fit.

    Parameters
    ----------
    rows : sequence of sequences of numpy.ndarray
        RGB (h, w, 3) uint8; one size per row, as many per row as there are columns.
    columns : sequence of str
        Titles over the columns, up to two lines each.
    labels : sequence of str
        Text under each row; cut where it is too long.
    notes : sequence of sequences of str
        Text under each picture, for example its PSNR.
    title : str
        Title of the figure.
    width : int
        Rows stand beside each other up to so many pixels.

    Returns
    -------
    matplotlib.figure.Figure
        The sheet; save it with ``dpi=SHEET_DPI``.

    Raises
    ------
    InputError
        When there is no picture, or a row has not one picture and one note per column.
    """
    if not rows or {len(part) for part in (*rows, *notes)} != {len(columns)}:
        raise InputError(
            f"a sheet needs rows of {len(columns)} pictures and notes, one per column; received "
            f"{sorted({len(part) for part in (*rows, *notes)})}."
        )
    gap, line, margin = 6, 14, 18
    cell = max(picture.shape[1] for row in rows for picture in row) + gap
    group = cell * len(columns) + margin
    across = min(len(rows), max(1, (width - margin) // group))
    head = 2 * line + 24 + gap
    firsts = range(0, len(rows), across)
    heights = [max(row[0].shape[0] for row in rows[k : k + across]) for k in firsts]
    shape = (head + sum(heights) + len(heights) * (2 * line + margin), margin + across * group, 3)
    canvas = np.full(shape, 255, np.uint8)
    figure = Figure(figsize=(shape[1] / SHEET_DPI, shape[0] / SHEET_DPI), dpi=SHEET_DPI)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.axis("off")

    def write(x: float, y: float, text: str, size: float = 8, **style: Any) -> None:
        ax.text(x, y, text, fontsize=size, va="top", parse_math=False, **style)

    write(margin, 6, title, 10.5)
    top = head
    for height, first in zip(heights, firsts, strict=True):
        for k, row in enumerate(rows[first : first + across]):
            left = margin + k * group
            for c, picture in enumerate(row):
                x = left + c * cell
                canvas[top : top + picture.shape[0], x : x + picture.shape[1]] = picture
                write(x, top + height + 3, notes[first + k][c], 7.5)
                if first == 0:
                    write(x, 26, columns[c])
            text, room = labels[first + k], (group - margin) // 6
            short = text if len(text) <= room else f"{text[: room - 1]}…"
            write(left, top + height + line + 2, short, 7, color=GREY)
        top += height + 2 * line + margin
    ax.imshow(canvas, interpolation="nearest", aspect="auto")
    return figure


def history(
    rows: Sequence[Mapping[str, float]],
    baseline: float | None = None,
    title: str = "",
    baseline_name: str = "prior",
) -> Figure:
    """Show a training's loss and accuracy over its epochs.

    Parameters
    ----------
    rows : sequence of mapping
        From ``history.csv``: epoch, loss, val_loss, accuracy_u, val_accuracy_u and so on; with a
        column ``stage`` a line stands where one training went on from another.
    baseline : float, optional
        Loss of always answering with the prior, drawn as a line.
    title : str
        What the figure shows.
    baseline_name : str
        What the line is called.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels: loss in nats a pixel, share of pixels in the right bin.

    Raises
    ------
    InputError
        When there is no epoch yet.
    """
    if not rows:
        raise InputError("a history needs at least one epoch; received none.")
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [float(row["epoch"]) for row in rows]
    every = max(1, len(rows) // 20)

    def line(ax: Any, key: str, label: str, color: str, style: str, marker: str = "o") -> None:
        if key in rows[0]:
            values = [float(row[key]) for row in rows]
            dots = {"marker": marker, "ms": 3.5, "markevery": every}
            ax.plot(epochs, values, style, color=color, label=label, **dots)

    line(left, "loss", "training", BLUE, "--")
    line(left, "val_loss", "validation", BLUE, "-")
    best = min(rows, key=lambda row: float(row["val_loss"]))
    spot = float(best["epoch"]), float(best["val_loss"])
    left.plot(*spot, "*", color=ORANGE, ms=12, label=f"kept: epoch {spot[0]:.0f}")
    if baseline is not None:
        left.axhline(baseline, color=GREY, ls=":", label=baseline_name)
    for head, color, marker in (("u", GREEN, "o"), ("v", PURPLE, "^")):
        line(right, f"accuracy_{head}", f"{head.upper()} training", color, "--", marker)
        line(right, f"val_accuracy_{head}", f"{head.upper()} validation", color, "-", marker)
    left.set(xlabel="epoch", ylabel="cross-entropy U + V (nats a pixel)", title="Loss")
    right.set(xlabel="epoch", ylabel="share of pixels", title="Right bin")
    changes = [
        (float(a["epoch"]) + float(b["epoch"])) / 2
        for a, b in pairwise(rows)
        if a.get("stage") != b.get("stage")
    ]
    for ax in (left, right):
        ax.grid(alpha=0.3)
        for k, epoch in enumerate(changes):
            ax.axvline(epoch, color=GREY, lw=0.8, ls="--", label="" if k else "next stage")
        if ax.get_legend_handles_labels()[0]:
            ax.legend(fontsize=8)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def film_errors(
    panels: Mapping[str, Mapping[str, tuple[Sequence[float], Sequence[float]]]], title: str = ""
) -> Figure:
    """Show how far the colours of films are from the truth, frame by frame.

    Parameters
    ----------
    panels : mapping
        Title of a panel to its lines: a label to the chroma's distance from the truth in each
        measured frame (root of the mean square), as it is and smoothed. A label looks the same in
        all panels; there are styles for five.
    title : str
        What the figure shows.

    Returns
    -------
    matplotlib.figure.Figure
        One panel a set, side by side, and one legend under them.

    Raises
    ------
    InputError
        When there is no panel.
    """
    if not panels:
        raise InputError("film errors need at least one panel; received none.")
    looks = ((BLUE, "-"), (GREY, ":"), (ORANGE, "-"), (PURPLE, "--"), (GREEN, "-."))
    labels = dict.fromkeys(label for lines in panels.values() for label in lines)
    look = dict(zip(labels, looks, strict=False))
    figure = Figure(figsize=(max(8.4, 4.2 * len(panels)), 4.4), layout="constrained")
    drawn = {}
    for ax, (name, lines) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        for label, (raw, smooth) in lines.items():
            color, style = look[label]
            frames = range(1, len(raw) + 1)
            ax.plot(frames, raw, color=color, lw=0.6, alpha=0.35)
            (drawn[label],) = ax.plot(frames, smooth, style, color=color, lw=2, label=label)
        ax.set(xlabel="frame", title=name)
        ax.set_ylim(bottom=0)
        ax.grid(alpha=0.3)
    figure.axes[0].set_ylabel("chroma error (RMSE of U and V)")
    handles = [drawn[label] for label in labels]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8.5, frameon=False)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


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
    figure.legend(
        handles=list(drawn.values()), loc="outside lower center", ncols=3, fontsize=8.5,
        frameon=False,
    )  # fmt: skip
    if title:
        figure.suptitle(textwrap.fill(title, 64 * len(panels)), fontsize=11)
    return figure


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
    figure.legend(
        handles=list(drawn.values()), labels=list(drawn), loc="outside lower center",
        ncols=2 * columns, fontsize=8.5, frameon=False,
    )  # fmt: skip
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


def architecture(network: Any, size: int = 224) -> Figure:
    """Draw a color model (the paper's Figure 4), every size read from the network itself.

    Parameters
    ----------
    network : keras.Model
        From `colorlab.color_model.build`.
    size : int
        Side of the input whose sizes are written into the boxes, pixels.

    Returns
    -------
    matplotlib.figure.Figure
        Left the frozen backbone, top to bottom; right the decoder, bottom to top; between them the
        residual connections. All but the backbone is trained.
    """
    names = [layer.name for layer in network.layers]
    taps = sorted(int(name[3:-8]) for name in names if name.endswith("_project") and "tap" in name)
    vgg = next(layer for layer in network.layers if layer.name == "vgg16")
    blocks = max(taps)
    figure = Figure(figsize=(10, 1.15 * blocks + 2.6), layout="constrained")
    ax = figure.subplots()
    ax.set(xlim=(0, 10), ylim=(-blocks - 0.75, 2.1))
    ax.axis("off")

    def box(x: float, y: float, text: str, color: str, width: float = 2.6) -> None:
        patch = FancyBboxPatch(
            (x - width / 2, y - 0.33),
            width,
            0.66,
            boxstyle="round,pad=0.02,rounding_size=0.08",
            facecolor=color + "30",
            edgecolor=color,
            linewidth=1.4,
        )
        ax.add_patch(patch)
        ax.text(x, y, text, ha="center", va="center", fontsize=8.5)

    def arrow(start: tuple[float, float], end: tuple[float, float], color: str = "black") -> None:
        style = {"arrowstyle": "-|>", "color": color, "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", end, start, arrowprops=style)

    def side(block: int) -> int:
        return size // 2 ** (block - 1)

    left, right, middle = 1.6, 7.6, 4.6
    box(left, 1.5, f"luma Y\n{size} × {size} × 1", GREY)
    arrow((left, 1.17), (left, -0.62))
    for block in range(1, blocks + 1):
        convs = [layer for layer in vgg.layers if layer.name.startswith(f"block{block}_conv")]
        width = convs[-1].filters
        text = (
            f"VGG-16 block {block}: {len(convs)} conv 3×3\n{side(block)} × {side(block)} × {width}"
        )
        box(left, -block, text, GREY)
        if block < blocks:
            arrow((left, -block - 0.35), (left, -block - 0.63))
    for tap in taps:
        width = network.get_layer(f"tap{tap}_project").filters
        box(middle, -tap, f"1×1 conv to {width},\nbatch norm", BLUE, 1.9)
        arrow((left + 1.34, -tap), (middle - 0.99, -tap), BLUE)
        arrow((middle + 0.97, -tap), (right - 1.36, -tap), BLUE)
        first = "" if tap == blocks else "enlarge, "
        context = " (+ global mean)" if tap == blocks and "context" in names else ""
        text = f"{first}add{context}, conv 3×3, ReLU\n{side(tap)} × {side(tap)} × {width}"
        box(right, -tap, text, ORANGE)
    for upper, lower in pairwise(taps):
        arrow((right, -lower + 0.35), (right, -upper - 0.37), ORANGE)
    width = network.get_layer("features").filters
    lowest = taps[0]
    box(
        right, 0.15, f"conv 3×3, ReLU (features)\n{side(lowest)} × {side(lowest)} × {width}", ORANGE
    )
    arrow((right, -lowest + 0.35), (right, -0.2), ORANGE)
    channels = network.get_layer("u_head").filters
    for x, head, color in ((right - 1.15, "U", GREEN), (right + 1.15, "V", PURPLE)):
        box(
            x,
            1.5,
            f"head {head}: {channels} bins, {side(lowest)} × {side(lowest)}\n"
            f"{'enlarge, ' if lowest > 1 else ''}softmax: {size} × {size}",
            color,
            2.25,
        )
        arrow((right, 0.5), (x, 1.15), color)
    ax.add_patch(Rectangle((left - 1.5, -blocks - 0.5), 3.0, blocks + 0.05, fill=False, ls=":"))
    ax.text(left, -blocks - 0.68, "frozen", ha="center", fontsize=9, color=GREY)
    for x, color in ((middle, BLUE), (right, ORANGE)):
        ax.text(x, -blocks - 0.68, "trained", ha="center", fontsize=9, color=color)
    ax.set_title("The color model: what VGG-16 sees in grey is added, level by level", fontsize=11)
    return figure
