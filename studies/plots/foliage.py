"""The figures of the experiment `foliage`: losses and entropies by what was learnt from."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from colorlab import plots
from studies import foliage
from studies.verdicts import side, written


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
    return {"foliage": plots.curves(panels, _title(summary))}


def _title(summary: dict[str, Any]) -> str:
    """Say what landscapes among the training photos do, at as many passes over the water photos."""
    cost, gain = summary["cost"]["passes"], summary["gain"]["passes"]
    means = {1: "raise", -1: "lower", 0: "do not surely change"}
    change = {"low": -gain["high"], "high": -gain["low"]}
    return (
        f"Landscapes among the training photos {means[side(cost)]} the loss on water photos "
        f"({written(cost, '+.2f')}) and {means[side(change)]} that on landscapes "
        f"({-gain['value']:+.2f} [{change['low']:+.2f}, {change['high']:+.2f}])"
    )
