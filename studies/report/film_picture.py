"""The picture of film errors, and whether they gather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studies.report.cells import number
from studies.report.film_words import ALONE, BASELINES, CONTEXTS, clips

FILM_PICTURE = "film-error.png"
"""Under ``assets/pictures``: how far the colours are from the truth, frame by frame."""

GATHERS = 0.001
"""Drift from which on we say that errors gather: about a fiftieth of a color model's own error."""


def film_curves(
    results: Mapping[str, dict[str, Any]], model: str, frames: int = 15
) -> dict[str, dict[str, tuple[list[float], list[float]]]]:
    """Choose what is drawn of films: how far the colours are from the truth, frame by frame."""
    panels = {}
    for name, result in results.items():
        entries = result["models"]
        if model not in entries:
            continue
        wanted = {
            f"color model, {ALONE}": entries[model]["drift_against"],
            BASELINES["freeze-first"]: "freeze-first",
            f"{model}, {CONTEXTS['free']}": model,
            f"{model}, {CONTEXTS['first']}": f"{model}:first",
            f"{model}, {CONTEXTS['truth']}": f"{model}:truth",
        }
        sizes = [len(row["curve"]) for row in entries[model]["per_clip"].values()]
        reach = sorted(sizes, reverse=True)[(len(sizes) - 1) // 2]
        lines = {}
        for label, key in wanted.items():
            if key in entries:
                curves = [row["curve"] for row in entries[key]["per_clip"].values()]
                curve = _mean([one[:reach] for one in curves if len(one) >= reach])
                lines[label] = curve, smoothed(curve, frames)
        count = sum(size >= reach for size in sizes)
        share = f"{count} of " if count < len(sizes) else ""
        panels[f"{name}: mean of {share}{clips(len(sizes))}"] = lines
    return panels


def smoothed(curve: Sequence[float], frames: int) -> list[float]:
    """Return the running mean of a curve."""
    half = frames // 2
    windows = [curve[max(0, t - half) : t + half + 1] for t in range(len(curve))]
    return [sum(window) / len(window) for window in windows]


def _mean(curves: Sequence[Sequence[float]]) -> list[float]:
    return [sum(values) / len(values) for values in zip(*curves, strict=True)]


def film_finding(results: Mapping[str, dict[str, Any]], model: str) -> str:
    """Say in a sentence whether a film model's errors gather when it is free-running."""
    entries = {name: result["models"].get(model, {}) for name, result in results.items()}
    drifts = {
        name: entry["drift"] for name, entry in entries.items() if entry.get("drift") is not None
    }
    gather, steady = (
        ", ".join(
            f"{name} ({number(drift, '{:+z.4f}')})"
            for name, drift in drifts.items()
            if (drift >= GATHERS) == wanted
        )
        for wanted in (True, False)
    )
    if not drifts:
        return "How far the colours are from the truth, frame by frame"
    if gather:
        words = f"errors gather on {gather}" + (f", not on {steady}" if steady else "")
    else:
        words = f"errors do not gather on {steady}"
    return (
        f"{model}, {CONTEXTS['free']}: {words}\n"
        "(how much farther it falls behind the color model, last 50 frames against first 50)"
    )
