"""The figures of the experiment `loss`: classification against regression."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from colorlab import plots


def draw(result: dict[str, Any]) -> dict[str, Figure]:
    """Draw PSNR against colourfulness, and what learning rates and seeds do to the losses."""
    summary = result["summary"]
    words = {
        "crossentropy": "classification",
        "rebalanced": "classification, rebalanced",
        "euclidean": "regression",
    }
    curve = {
        label: [(one["colourfulness"], one["gain"]) for one in summary["curve"][key].values()]
        for key, label in words.items()
    }
    first, *between, last = summary["curve"]["crossentropy"]
    notes = {"classification": [first, *("" for _ in between), last]}
    trade = plots.Panel(
        f"From {first} over {', '.join(between)} to {last}".replace(", annealed", ","),
        "colourfulness, share of the photos' own",
        "PSNR above grey (dB)",
        {**curve, "grey": [(0.0, 0.0)]},
        {"grey's PSNR": 0.0},
        notes,
    )
    rates = summary["rates"]
    pair = ("crossentropy", "euclidean")
    panels = [
        plots.Panel(
            "PSNR",
            "learning rate",
            "PSNR above grey (dB)",
            {
                words[key]: [(float(rate), one["gain"]) for rate, one in rates[key].items()]
                for key in pair
            },
            {"grey's PSNR": 0.0},
            logarithmic=True,
        ),
        *(
            plots.Panel(
                f"Validation loss, {words[key]}",
                "epoch",
                "share of a constant answer's loss",
                {
                    f"learning rate {rate}": list(enumerate(one["history"], start=1))
                    for rate, one in rates[key].items()
                },
                {"a constant answer": 1.0},
            )
            for key in pair
        ),
    ]
    findings = summary["findings"]
    return {
        "loss": plots.curves([trade], findings["color"], columns=1),
        "loss_training": plots.curves(panels, findings["training"], columns=3),
    }
