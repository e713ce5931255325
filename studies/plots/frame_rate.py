"""The figures of the experiment `frame_rate`: rates, their matrix, motion and clips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from colorlab import plots
from studies.frame_rate import name_of
from studies.frame_rate.protocol import USUAL


def draw(result: dict[str, Any]) -> dict[str, Figure]:
    """Draw what frame rates do: over rates, between them, against displacement, on clips."""
    summary = result["summary"]
    cells, rates, tests = summary["cells"], summary["rates"], summary["tests"]
    names = [name_of(rate) for rate in rates]
    blank = {"value": float("nan"), "low": float("nan"), "high": float("nan")}

    def sure(told: Any, most: float = float("inf")) -> Any:
        """Leave out what is not there, or could be anywhere."""
        return blank if told is None or told["high"] - told["low"] > most else told

    def own(figure: str, most: float = float("inf")) -> list[tuple[Any, Any]]:
        return [(float(r), sure(cells[figure][r][r], most)) for r in names]

    def base(figure: str, kind: str) -> list[tuple[Any, Any]]:
        return [(float(r), sure(cells[figure][kind][r])) for r in names]

    def over(title: str, ylabel: str, **lines: Any) -> plots.Panel:
        shown = {label.replace("_", " "): line for label, line in lines.items()}
        return plots.Panel(title, "frames a second", ylabel, shown, logarithmic=True)

    model, alone = "consistency_model", "color_model_alone"
    accuracy = {model: own("accuracy"), "copying": base("accuracy", "copy")}
    hard = {
        "changed_pixels": own("changed", 0.5),
        "uncovered_pixels": own("uncovered", 0.5),
        "uncovered_pixels,_copying": base("uncovered", "copy"),
    }
    index = {"told_turned_hues": own("index"), "told_another_scene's": own("index_other")}
    drift = {model: own("drift"), "keeping_the_first_frame": base("drift", "copy")}
    shares = "share of right bins"
    panels = [
        over("Told the truth", shares, **accuracy, **{alone: base("accuracy", "alone")}),
        over("Changed and uncovered pixels, told the truth", shares, **hard),
        over("Identity index", "0 ignores, 1 copies what is told", **index),
        over("Drift, left to itself", "RMSE × 255 above the color model's", **drift),
    ]
    rows, labels = [*names, "scheduled"], [*names, "30, scheduled"]
    titles = {
        "index": "Identity index",
        "gain": "Accuracy above copying",
        "uncovered": "Accuracy on uncovered pixels",
        "warp": "Warp error (RMS × 255)",
    }
    maps = {
        title: [[sure(cells[key][row][tested])["value"] for tested in names] for row in rows]
        for key, title in titles.items()
    }
    fast = [name for name in tests if " " in name]
    own_tests = {"another rate": names, "a faster camera at 30": [name_of(30), *fast]}
    moved = [
        plots.Panel(
            title,
            "displacement, pixels",
            title.lower(),
            {
                label: [(tests[one]["displacement"], sure(cells[key][one][one])) for one in chosen]
                for label, chosen in own_tests.items()
            },
            notes=dict(zip(own_tests, (names, ["30", *fast]), strict=True)),
            logarithmic=True,
        )
        for key, title in (
            ("index", "Identity index"),
            ("gain", "Accuracy above copying"),
            ("uncovered", "Accuracy on uncovered pixels"),
        )
    ]
    drawn = {
        "frame_rate": plots.curves(panels, summary["findings"]["copying"]),
        "frame_rate_matrix": plots.heat_maps(
            maps,
            labels,
            names,
            "tested at, frames a second",
            "learnt at",
            matrix_title(summary),
        ),
        "frame_rate_motion": plots.curves(moved, motion_title(summary, [*names, *fast]), columns=3),
    }
    if summary["clips"]:
        told = {
            clip: [(int(stride), one["figures"][stride]) for stride, one in by_stride.items()]
            for clip, by_stride in summary["clips"].items()
        }
        films = [
            plots.Panel(
                title,
                "frames from one to the other",
                ylabel,
                {
                    clip: [(x, float("nan") if one[key] is None else one[key]) for x, one in line]
                    for clip, line in told.items()
                },
                logarithmic=True,
            )
            for key, title, ylabel in (
                ("gain", "Above copying, told the truth", "share of right bins"),
                ("index", "Identity index", "0 ignores, 1 copies what is told"),
            )
        ]
        drawn["frame_rate_clips"] = plots.curves(films, clips_title(summary["clips"]))
    return drawn


def matrix_title(summary: dict[str, Any]) -> str:
    """Say how far the rate that was learnt at, and scheduled sampling, move the identity index."""
    index, usual = summary["cells"]["index"], name_of(USUAL)
    learnt = [index[name_of(rate)][usual]["value"] for rate in summary["rates"]]
    return (
        f"Identity index, tested at {usual}: {min(learnt):.2f} to {max(learnt):.2f} for models "
        f"that learnt at {max(summary['rates'])} to {min(summary['rates'])} frames a second, "
        f"{index['scheduled'][usual]['value']:.2f} with scheduled sampling"
    )


def motion_title(summary: dict[str, Any], names: Sequence[str]) -> str:
    """Say how far the identity index goes over all displacements."""
    index, tests = summary["cells"]["index"], summary["tests"]
    own = [index[one][one]["value"] for one in names]
    moved = [tests[one]["displacement"] for one in names]
    return (
        f"Learnt and tested alike, from {min(moved):.2f} to {max(moved):.2f} pixels of "
        "displacement by another rate or a faster camera: identity index "
        f"{min(own):.2f} to {max(own):.2f}"
    )


def clips_title(clips: dict[str, Any]) -> str:
    """Say how far the identity index goes over strides, and from clip to clip."""
    lines = [
        [one["figures"][stride]["index"] for stride, one in by_stride.items()]
        for by_stride in clips.values()
    ]
    known = [[one for one in line if one is not None] for line in lines]
    ranges = [max(line) - min(line) for line in known if line]
    means = [sum(line) / len(line) for line in known if line]
    if not ranges:
        return "Learnt and tested on clips"
    return (
        f"On a clip the identity index varies by {max(ranges):.2f} at most over the strides learnt "
        f"from, from clip to clip by {max(means) - min(means):.2f}"
    )
