"""Chroma as classes: equal bins over the U and V ranges, and the ways back to a colour.

A color model does not predict U and V; it predicts a probability for each of n bins of U and each
of n bins of V. This module makes the labels (`BinGrid.encode`) and counts how colours are
distributed (`prior`, `rebalance_weights`); `colorlab.decode` turns probabilities into chroma.

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
