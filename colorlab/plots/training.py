"""A training's losses and accuracies, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.figure import Figure

from colorlab.errors import InputError
from colorlab.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE


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
