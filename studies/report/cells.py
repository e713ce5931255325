"""The cells that the stills' and the films' tables have in common, and how a table is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """Make a table of its cells, the header first."""
    head, *body = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([head, "|---" * len(lines[0]) + "|", *body])


def pictured(entry: Mapping[str, Any]) -> list[str]:
    """Write PSNR and colour."""
    colour, truth = entry.get("colour"), entry.get("colourfulness_truth")
    if truth:
        colour = entry["colourfulness"] / truth
    return [number(entry.get("psnr"), "{:.2f} dB"), number(colour, "{:.0%}")]


def labels(entry: Mapping[str, Any]) -> list[str]:
    """Write the loss and the shares of right bins."""
    forms = {"loss": "{:.3f}", "accuracy_u": "{:.1%}", "accuracy_v": "{:.1%}"}
    return [number(entry.get(key), form) for key, form in forms.items()]


def number(value: float | None, form: str) -> str:
    """Write a number, or a dash where there is none."""
    if value is None:
        return "–"
    return form.format(value).replace("%", " %").replace("-", "−")
