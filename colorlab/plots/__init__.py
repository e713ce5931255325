"""Figures: pictures, histories, errors over films, layers, the architecture. Nothing is computed.

Every function returns a matplotlib figure, made without pyplot, so that nothing lingers in memory
and a notebook shows it once. `save` writes it. What a study draws of its result
is its own affair: `studies/plots` of a checkout.
"""

from colorlab.plots.films import film_errors
from colorlab.plots.layers import by_layer
from colorlab.plots.network import architecture
from colorlab.plots.panels import Figured, Panel, curves
from colorlab.plots.sheets import SHEET_DPI, contact_sheet, pictures
from colorlab.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE, save
from colorlab.plots.tables import heat_maps
from colorlab.plots.training import history

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "ORANGE",
    "PURPLE",
    "SHEET_DPI",
    "Figured",
    "Panel",
    "architecture",
    "by_layer",
    "contact_sheet",
    "curves",
    "film_errors",
    "heat_maps",
    "history",
    "pictures",
    "save",
]
