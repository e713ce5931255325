"""Chroma as classes: equal bins over the U and V ranges, and the ways back to a colour.

A color model does not predict U and V; it predicts a probability for each of n bins of U and each
of n bins of V. This module makes the labels (`BinGrid.encode`) and counts how colours are
distributed (`prior`, `rebalance_weights`); `colorlab.decode` turns probabilities into chroma.

``BinGrid(n, align)`` has n + 1 equally spaced edges over the symmetric range; values outside go to
the end bins. ``align="edge"`` needs an even n and is the paper's (n = 30): neutral grey lies on the
edge between bins 14 and 15, and rounding noise decides its label. So labels are computed in one
fixed float32 order of operations, the same on every machine. ``align="centre"`` needs an odd n, and
neutral is a bin's centre.

`xp` is the array module in use: `numpy`, or `keras.ops` for the tensors of whichever backend Keras
runs on. This module itself imports neither Keras nor a backend.
"""

from colorlab.bins.checks import MAX_BINS
from colorlab.bins.grid import BinGrid
from colorlab.bins.shares import count, merge, near_neutral, prior, rebalance_weights

__all__ = [
    "MAX_BINS",
    "BinGrid",
    "count",
    "merge",
    "near_neutral",
    "prior",
    "rebalance_weights",
]
