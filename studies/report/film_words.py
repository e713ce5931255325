"""What the entries of a measurement of films are called."""

from __future__ import annotations

BASELINES = {
    "grey": "left grey",
    "copy": "the true frame before, copied",
    "freeze-first": "first frame's colours kept",
}
"""What learns nothing."""

TOLD = {
    "free": "told its own colours",
    "first": "told the truth once",
    "truth": "told the truth",
    "none": "told nothing",
}
"""What a consistency model is told of the frame before."""

ALONE = "each frame for itself"
"""How a color model colours a film."""


def clips(number: int) -> str:
    """Count clips in words."""
    return f"{number} clip" if number == 1 else f"{number} clips"
