"""Numbers that say how good the colouring of a film is. NumPy only; float arithmetic throughout.

Read them side by side: steadiness alone proves nothing. A film left grey has the smallest warp
error and colour distribution consistency there is, and a film that keeps its first frame's colours
has next to none of either, so both measures stand beside the same measure of the true film and of
the grey one, and beside the accuracy on the pixels that changed, which no copy can win.

Frames come one at a time. What needs more than two of them is gathered by an object with ``add``
and ``value``; nothing here holds a film. A cut is no motion: give each shot its own objects.
"""

from colorlab.film_metrics.checks import Float, Labels
from colorlab.film_metrics.copying import Accuracy, CopyModel, changed, transitions
from colorlab.film_metrics.course import chroma_rmse, drift
from colorlab.film_metrics.steadiness import (
    DILATIONS,
    LEVELS,
    ColourDistribution,
    histogram,
    js_divergence,
    warp_error,
)

__all__ = [
    "DILATIONS",
    "LEVELS",
    "Accuracy",
    "ColourDistribution",
    "CopyModel",
    "Float",
    "Labels",
    "changed",
    "chroma_rmse",
    "drift",
    "histogram",
    "js_divergence",
    "transitions",
    "warp_error",
]
