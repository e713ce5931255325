"""The figures of the experiment `recurrent`: quality against cost, windows, a film's error."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from colorlab import plots
from studies.report import smoothed


def draw(result: dict[str, Any]) -> dict[str, Figure]:
    """Draw quality against cost, what longer windows bring, and the error over a film."""
    summary = result["summary"]
    kinds, costs, base = summary["kinds"], summary["costs"], summary["baselines"]
    grus = {one["window"]: name for name, one in kinds.items() if name.startswith("gru")}
    shown = {"concat": "concatenation", "warped": "warped context"}
    shown |= {name: f"ConvGRU, windows of {window}" for window, name in grus.items()}
    told = {"free": "left to itself", "truth": "told the truth"}
    level = {shown["concat"]: 0.0}

    def above(name: str, context: str, figure: str) -> Any:
        return summary["against"][name][context][figure] or 0.0

    def cost(context: str) -> plots.Panel:
        times = {name: costs[name]["processor"] for name in summary["against"]}
        middle = (len(grus) - 1) / 2
        for k, name in enumerate(grus.values()):  # they take the same time: side by side
            times[name] *= 1 + 0.01 * (k - middle)
        places = {shown["concat"]: [(costs["concat"]["processor"], 0.0)]}
        places |= {
            shown[name]: [(time, above(name, context, "accuracy"))] for name, time in times.items()
        }
        xlabel, ylabel = "processor milliseconds a frame", "accuracy above concatenation's"
        return plots.Panel(f"Accuracy, {told[context]}", xlabel, ylabel, places)

    def windows(title: str, context: str, figure: str, ylabel: str) -> plots.Panel:
        line = [(window, above(name, context, figure)) for window, name in sorted(grus.items())]
        warped = summary["against"]["warped"][context][figure] or {"value": 0.0}
        marks = level | {shown["warped"]: warped["value"]}
        words = f"{title}, {told[context]}"
        xlabel, ylabel = "frames a training window", f"{ylabel}, above concatenation's"
        return plots.Panel(words, xlabel, ylabel, {"ConvGRU": line}, marks, logarithmic=True)

    longer = [
        windows("Accuracy", "free", "accuracy", "share of pixels"),
        windows("Changed pixels", "truth", "changed", "share right"),
        windows("Drift", "free", "drift", "RMSE × 255"),
        windows("Warp error", "free", "warp", "RMS × 255"),
    ]
    lines = {"color model": base["color"]["free"], "its first frame kept": base["freeze"]["free"]}
    lines |= {shown[name]: kinds[name]["free"] for name in ("concat", "warped", grus[max(grus)])}
    course = {
        label: ([k / 255 for k in one["curve"]], [k / 255 for k in smoothed(one["curve"], 5)])
        for label, one in lines.items()
    }
    found = summary["findings"]
    drifts = "Drift left to itself, RMSE × 255: " + ", ".join(
        f"{shown[name]} {kinds[name]['free']['drift']['value']:+.1f}"
        for name in ("concat", "warped", grus[max(grus)])
    )
    return {
        "recurrent": plots.curves([cost(context) for context in told], found["level"].capitalize()),
        "recurrent_windows": plots.curves(longer, found["windows"].capitalize()),
        "recurrent_course": plots.film_errors({told["free"]: course}, drifts),
    }
