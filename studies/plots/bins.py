"""The figures of the experiment `bins`: numbers of bins, and the pairs that exist."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from colorlab import plots
from studies import bins


def draw(result: dict[str, Any]) -> dict[str, Figure]:
    """Draw what each number of bins reaches, and which pairs of bins exist at each luma."""
    summary = result["summary"]
    numbers = {int(n): one for n, one in summary["numbers"].items()}
    sides = {"even (grey on an edge)": 0, "odd (grey in a centre)": 1}
    gap: tuple[Any, Any] = (float("nan"), float("nan"))

    def panel(title: str, ylabel: str, key: str, **baselines: str) -> plots.Panel:
        lines = {
            label: [(n, one[key]) for n, one in numbers.items() if n % 2 == odd]
            for label, odd in sides.items()
        }
        lines["odd, rebalanced"] = [(bins.BALANCED, summary["rebalanced"][key])]
        for words, name in baselines.items():
            found = [[(n, numbers[n][name]) for n in numbers if n % 2 == k] for k in (0, 1)]
            lines[words.replace("_", " ")] = [*found[0], gap, *found[1]]
        return plots.Panel(title, "bins per axis", ylabel, lines)

    grey = "neutral annealed 0.4"
    panels = [
        panel("Loss", "nats a pixel, U + V", "loss", the_prior="prior", uniform="uniform"),
        panel("Accuracy", "share of pixels, mean of U and V", "accuracy", the_largest="majority"),
        panel("PSNR of the mean", "dB above grey", "gain mean", true_bins="ceiling"),
        panel("Neutral pixels (T = 0.4)", "distance from grey × 255", grey, true_bins="floor"),
    ]
    pairs = dict(summary["pairs"])
    luma = pairs.pop("luma")
    exist = [
        plots.Panel(
            title,
            "luma",
            "share of all n × n pairs of bins",
            {f"n = {n}": list(zip(luma, pairs[n][key], strict=True)) for n in list(pairs)[::2]},
        )
        for key, title in (("possible", "Some colour has them"), ("seen", "A training photo has"))
    ]
    findings = summary["findings"]
    return {
        "bins": plots.curves(panels, f"{findings['numbers']}; {findings['grey']}"),
        "bins_pairs": plots.curves(exist, findings["pairs"].capitalize()),
    }
