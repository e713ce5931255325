"""Pictures in rows and columns, large or many and small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from colorlab.errors import InputError
from colorlab.plots.style import GREY

SHEET_DPI = 100
"""Resolution at which a contact sheet shows its pictures pixel by pixel."""


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
    sections: Mapping[int, str] | None = None,
    text: float = 1.0,
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
    sections : mapping of int to str, optional
        Number of a row to the heading above it; it starts a new line of rows.
    text : float
        Size of the text, as a multiple of the usual.

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
    headings = sections or {}
    gap, line, margin = 6, round(14 * text), 18
    cell = max(picture.shape[1] for row in rows for picture in row) + gap
    group = cell * len(columns) + margin
    across = min(len(rows), max(1, (width - margin) // group))
    over = line * (1 + max(name.count("\n") for name in columns))
    head = round(24 * text) + over + gap
    starts = [*sorted({0, *headings}), len(rows)]
    lines = [
        range(first, min(first + across, stop))
        for start, stop in pairwise(starts)
        for first in range(start, stop, across)
    ]
    heights = [max(rows[k][0].shape[0] for k in members) for members in lines]
    below, above = 2 * line + margin, round(24 * text)
    tall = head + sum(heights) + len(heights) * below + len(headings) * above
    canvas = np.full((tall, margin + across * group, 3), 255, np.uint8)
    figure = Figure(figsize=(canvas.shape[1] / SHEET_DPI, tall / SHEET_DPI), dpi=SHEET_DPI)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.axis("off")

    def write(x: float, y: float, words: str, size: float = 8, **style: Any) -> None:
        ax.text(x, y, words, fontsize=size * text, va="top", parse_math=False, **style)

    write(margin, 6, title, 10.5)
    top = head
    for height, members in zip(heights, lines, strict=True):
        if members[0] in headings:
            write(margin, top, headings[members[0]], 10.5)
            top += above
        for place, k in enumerate(members):
            left = margin + place * group
            for c, picture in enumerate(rows[k]):
                x = left + c * cell
                canvas[top : top + picture.shape[0], x : x + picture.shape[1]] = picture
                write(x, top + height + 3, notes[k][c], 7.5)
                if members is lines[0]:
                    write(x, head - over - gap // 2, columns[c])
            label, room = labels[k], int((group - margin) / (6 * text))
            short = label if len(label) <= room else f"{label[: room - 1]}…"
            write(left, top + height + line + 2, short, 7, color=GREY)
        top += height + below
    ax.imshow(canvas, interpolation="nearest", aspect="auto")
    return figure
