"""The figures of the experiment `reactions`: what the best units react to, by layer."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from colorlab import plots
from colorlab.plots.layers import short_names
from studies import reactions


def draw(result: dict[str, Any]) -> dict[str, Figure]:
    """Draw the best unit's reaction by layer, for each thing that is reacted to."""
    layers = result["summary"]["layers"]
    lines = {
        "on colour": "color",
        "on grey": "grey",
        "on colour, map of another scene": "other_color",
        "on grey, map of another scene": "other_grey",
    }
    panels = {
        region: {
            label: [one[region][key] for one in layers.values()] for label, key in lines.items()
        }
        for region in reactions.THINGS
    }
    title = result["summary"]["finding"]
    return {
        "reactions": plots.by_layer(short_names(layers), panels, title, ylabel="r of best unit")
    }
