"""The figures of the experiment `grey_input`: how alike colour and grey are, by layer."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from colorlab import plots
from colorlab.plots.layers import short_names
from studies import grey_input


def draw(result: dict[str, Any]) -> dict[str, Figure]:
    """Draw correlation and CKA by layer."""
    layers = result["summary"]["layers"]
    titles = {"unit_correlation": "Correlation, mean over units", "cka": "Linear CKA"}
    pairs = {"same": "colour and grey of one photo", "other": "colour and grey of two photos"}
    networks = {"": layers, ", random weights": result["summary"]["control"]["layers"]}
    panels = {
        title: {
            words + which: [one[key][pair] for one in network.values()]
            for pair, words in pairs.items()
            for which, network in networks.items()
        }
        for key, title in titles.items()
    }
    half = {titles["unit_correlation"]: ("half of the variance", grey_input.MOST**0.5)}
    title = result["summary"]["finding"]
    return {"grey_input": plots.by_layer(short_names(layers), panels, title, half)}
