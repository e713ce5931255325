"""What all figures share: the palette, the legend under the panels, and how one is written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from colorlab import files

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#7F7F7F"
"""Okabe and Ito's palette, which colour-blind readers can tell apart."""


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


def legend_below(figure: Figure, drawn: Mapping[str, Any], columns: int = 3) -> None:
    """Put one legend of all panels under them: label to what was drawn."""
    figure.legend(
        handles=list(drawn.values()), labels=list(drawn), loc="outside lower center",
        ncols=columns, fontsize=8.5, frameon=False,
    )  # fmt: skip
