"""The figures of the experiment `foliage`: losses and entropies by what was learnt from."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from colorlab import plots
from colorlab.experiments import foliage


def draw(result: dict[str, Any]) -> dict[str, Figure]:
    """Draw loss and entropy of models that learnt from water photos, longer, and from both sets."""
    summary = result["summary"]
    kinds, prior = summary["kinds"], summary["prior"]
    names = {"water": "water photos", "longer": "water photos,\nas many steps", "both": "both sets"}
    measured = {"water": "water photos", "landscape": "landscapes"}
    loss = {
        f"on {label}": [(k, kinds[kind][part]["loss"]) for k, kind in enumerate(names)]
        for part, label in measured.items()
    }
    entropy = {
        f"on rendered {thing}": [(k, kinds[kind]["regions"][thing]) for k, kind in enumerate(names)]
        for thing in foliage.THINGS
    }
    marks = {f"the prior, on {label}": prior[part]["value"] for part, label in measured.items()}
    learnt, ticks = "learnt from", list(names.values())
    panels = [
        plots.Panel("Loss", learnt, "nats a pixel, U + V", loss, marks, ticks=ticks),
        plots.Panel(
            "Entropy of the softmaxes",
            learnt,
            "nats a pixel, U + V",
            entropy,
            {"the prior's entropy": prior["entropy"]},
            ticks=ticks,
        ),
    ]
    return {"foliage": plots.curves(panels, summary["finding"])}
