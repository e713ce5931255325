"""How far the colours of films are from the truth, frame by frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from colorlab.errors import InputError
from colorlab.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, legend_below


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
    legend_below(figure, drawn)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure
