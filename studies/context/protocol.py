"""What is asked, how large a run is, and the rules that were stated before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from studies import reduced
from studies.film import figures
from studies.film.scale import of_seed
from studies.harness import Asked

RATE = 30
"""Frames a second, the paper's."""

SEEDS = 3
"""Of the consistency model on each color model."""

EPOCHS = (1, 4)
"""After which the color model is kept, beside the best."""

BEST = "best"
"""Name of the color model of the lowest validation loss."""

MOST, HALF = 0.9, 0.5
"""Shares of the gain above which copying explains most of it, and half."""

PROTOCOL = (
    "Rendered coasts of 64 x 112 pixels. A color model learns from single pictures by the "
    f"reduced protocol ({reduced.EPOCHS} epochs in batches of 15, Adam, cosine schedule, a frozen"
    " VGG-16 with the layers on top of it learnt); it is kept after epochs 1 and 4 and after the"
    " best one, the lowest loss on other scenes. On each of the three the paper's consistency "
    "model learns from pairs of frames at 30 a second, told the true earlier frame, three seeds "
    "each, the same pairs, order, windows and initial weights. Scenes measured are none of those"
    " that were learnt from or chosen by. Rollouts: truth, told the true frame before; first, "
    "the true first frame and its own colouring from then on; free, its own colouring, from the "
    "color model's colouring of the first frame on; none, nothing. color: the color model alone."
    " copy: the true frame before, left as it is. freeze: the color model's colouring of the "
    f"first frame, kept; held: the true first frame, kept. {figures.TOLD}gain: the consistency "
    "model's figure minus its color model's, in pairs of scenes; beyond: its figure minus that "
    "of what does no more than keep or copy what it is told (truth: copy; first: held; free: "
    "freeze). share: of what the consistency model gains in accuracy when told the truth, how "
    "much copying gains alone. weaker: gain on the color model of epoch 1 minus gain on the "
    "best. low, high: 95 % percentile interval of a bootstrap over scenes, the same samples in "
    "all arms; of several seeds the lowest and the highest of any seed, value is the mean, "
    "spread the range. Rules, stated before the run, on accuracy; surely means that the whole "
    "interval lies on one side. corrects (it corrects for a weaker color model when told the "
    "truth) holds if all three gains are surely above 0 and that of epoch 1 is surely larger "
    "than that of the best; partly if a gain is surely above 0; does not hold if none is and one"
    " is surely below; else it cannot be told. by_itself: the same rule, left to itself (free). "
    "copying (what the truth gains is plain copying) holds if copying alone surely has at least "
    f"{MOST:.0%} of the gain on all three, partly if at least {HALF:.0%}, does not hold if surely"
    f" less than {HALF:.0%} on all three; else it cannot be told. more: told the truth, the "
    "consistency model is surely more accurate than copying on all three (holds), on some "
    "(partly), surely less on all (does not hold); else it cannot be told."
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large a run is.

    Attributes
    ----------
    photos, chosen : range
        Seeds of the scenes that the color model learns from, and of those that choose its epoch.
    recipe : dict
        Of `reduced.Recipe`, where it differs.
    seeds : int
        Of the consistency models.
    learnt, tested : range
        Seeds of the scenes of films.
    learnt_at : tuple of float
        Seconds of the pairs' first frames.
    frames : int
        Of a strip that is measured.
    steps : int
        Of a consistency model's training.
    moments : tuple of int
        Frames that are asked for the identity index.
    """

    photos: range = range(3000, 3300)
    chosen: range = range(4000, 4045)
    recipe: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seeds: int = SEEDS
    learnt: range = range(3000, 3060)
    tested: range = range(2000, 2032)
    learnt_at: tuple[float, ...] = (3.0, 13.0)
    frames: int = 16
    steps: int = 150
    moments: tuple[int, ...] = (5, 10)

    @classmethod
    def of(cls, asked: Asked) -> Scale:
        """Return what a person asked for: another seed draws other scenes, too."""
        full = cls()
        if asked.fast:
            full = cls(
                range(3000, 3045), range(4000, 4004), reduced.FAST, 1, range(3000, 3008),
                range(2000, 2003), (3.0,), 7, 30, (3,),
            )  # fmt: skip
        return of_seed(full, asked.seed, "photos", "chosen", "learnt", "tested")


def names_of(epochs: int) -> list[str]:
    """Name the color models that a training of so many epochs leaves."""
    return [f"epoch {epoch}" for epoch in EPOCHS if epoch <= epochs] + [BEST]
