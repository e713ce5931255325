"""The figures of the experiment `context`: color models of three strengths."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matplotlib.figure import Figure

from colorlab import plots


def draw(result: dict[str, Any]) -> dict[str, Figure]:
    """Draw what the consistency model adds to color models of three strengths."""
    summary = result["summary"]
    colors = summary["colors"]
    ticks = [
        name if name.startswith("epoch") else f"{name} (epoch {one['epoch']})"
        for name, one in colors.items()
    ]
    told = {"truth": "told the truth", "first": "told the first frame's truth"}
    told |= {"free": "left to itself", "none": "told nothing"}
    kept = {"color": "color model alone", "copy": "copying the truth"}
    kept |= {"held": "true first frame kept", "freeze": "its own first frame kept"}

    def panel(title: str, ylabel: str, name: str) -> plots.Panel:
        lines = {
            label: [(k, one["contexts"][context][name]) for k, one in enumerate(colors.values())]
            for context, label in told.items()
        }
        lines["color model alone"] = [
            (k, one["color"][name]) for k, one in enumerate(colors.values())
        ]
        for kind in ("copy", "held", "freeze"):
            lines[kept[kind]] = [(k, one[kind][name]) for k, one in enumerate(colors.values())]
        return plots.Panel(title, "color model kept after", ylabel, lines, ticks=ticks)

    def above(title: str, key: str, contexts: Iterable[str]) -> plots.Panel:
        lines = {
            told[context]: [
                (k, one[key][context]["accuracy"]) for k, one in enumerate(colors.values())
            ]
            for context in contexts
        }
        marks = {"no difference": 0.0}
        return plots.Panel(
            title, "color model kept after", "share of pixels", lines, marks, ticks=ticks
        )

    panels = [
        panel("Accuracy", "share of right bins", "accuracy"),
        panel("Chroma's distance from the truth", "RMSE × 255", "error"),
        above("Accuracy above the color model's", "gain", told),
        above("Accuracy above keeping or copying", "beyond", ("truth", "first", "free")),
    ]
    return {"context": plots.curves(panels, summary["finding"])}
