"""What the entries of a measurement of films are called."""

from __future__ import annotations

BASELINES = {
    "grey": "left grey",
    "copy": "the true frame before, copied",
    "freeze-first": "first frame's colours kept",
}
"""What learns nothing."""

CONTEXTS = {
    "free": "free-running",
    "first": "first frame given",
    "truth": "teacher forcing",
    "none": "no context",
}
"""The context of a consistency model, in words."""

ALONE = "each frame for itself"
"""How a color model colours a film."""


def clips(number: int) -> str:
    """Count clips in words."""
    return f"{number} clip" if number == 1 else f"{number} clips"
