"""What is asked, how large a run is, and the rules that were stated before it."""

from __future__ import annotations

import dataclasses

from studies.film.scale import of_seed
from studies.harness import Asked

RATES = (60, 30, 15, 10, 6, 3, 1)
"""Frames a second."""

USUAL = 30
"""The paper's."""

SLIGHTLY = (15, 10)
"""What a "slightly lower" rate is taken to be."""

SPEEDS = (10, 30)
"""How many times as fast the camera moves, at the usual rate."""

STRIDES = (1, 2, 3, 5, 10, 30)
"""Frames of a clip from one frame of a pair to the other."""

SEEDS = 3
"""Of every arm on coasts."""

WINDOW = 6
"""Frames at the usual rate that a scheduled training colours, to the pair's second."""

STEADY = 1.1
"""Films are as steady whose warp error is at most so many times as large."""

PROTOCOL = (
    "Rendered coasts of 64 x 112 pixels with exact motion, and the packaged color model, frozen. "
    "The paper's consistency model (features of the frame, a convolution of the chroma before it, "
    "concatenated, two convolutions, two softmaxes) learns from pairs told the true earlier frame "
    "(scheduled: ever more often its own colouring of it): the same second frames at every rate, "
    "the same order, windows, steps and initial weights, so that only the earlier frame's "
    "distance in time differs. Scenes learnt from and scenes measured are others. Every arm is "
    "tested at every rate. Told the truth: loss in nats a pixel, U + V; accuracy, share of pixels "
    "in the right bin, mean of U and V; gain, accuracy minus that of copying the frame before; "
    "changed, accuracy where the true bin differs and the chroma moved by more than a bin; "
    "uncovered, accuracy where a pixel shows what was hidden before. Told other colours: where "
    "the told colour's bin differs from the color model's own answer, the share of answers in the "
    "told bin: the identity index, 0 ignores what it is told, 1 copies it (index: the true hues "
    "turned by half a turn; index_other: another scene's colours). Told its own colouring from "
    "the first frame on, which is the color model's: drift, RMSE of the chroma minus that of the "
    "color model's, last quarter minus first quarter of the frames; warp, root mean square change "
    "of the chroma along the exact flow, from the second frame on; error, RMSE of the chroma; all "
    "three times 255. copy, alone and truth are measured as arms; copy's loss is that of the "
    "transitions between bins at that rate in the scenes learnt from. speed: learnt at 30 frames "
    "a second where the camera alone moves 10 or 30 times as fast. low, high: 95 % percentile "
    "interval of a bootstrap over scenes, the same samples in all arms; of several seeds the "
    "lowest and the highest of any seed, value their mean, spread their range. Clips, where "
    "given: one seed, a table a clip, no interval. Verdicts, tested at 30 frames a second where "
    "nothing else is said, differences in pairs of seeds: copies (the model that learnt at 30 "
    "copies) holds if its index lies above 0.5, does not hold if below. more_than_copying holds "
    "if its gain lies above 0, does not hold if below. Of the models that learnt at 15 and at 10, "
    "against that one: less_copying holds if both indices are lower, partly if one is, does not "
    "hold if both are higher; steady holds if both warp errors are at most 1.1 times as large, "
    "partly if one is, does not hold if both are larger; nuanced holds if, tested at the lowest "
    "rate (at 30 next to nothing changes), accuracy on changed or on uncovered pixels is higher "
    "for both, partly for one, does not hold if neither is higher anywhere and some is lower. The "
    "guess holds if these three hold, partly if less_copying or nuanced holds at least partly, "
    "does not hold if neither does and one of the three does not hold. scheduled holds if the "
    "scheduled model's index is lower, does not hold if it is higher. displacement (a faster "
    "camera does what a lower rate does that moves pixels as far) holds if the index of each "
    "speed's model differs from that of the model that learnt at 30 in the same direction as that "
    "of the rate with the nearest displacement, partly for one of them, does not hold if all "
    "differ in the other. Otherwise it cannot be told. A comparison is decided where its whole "
    "interval lies on one side."
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large a run is.

    Attributes
    ----------
    rates, speeds : tuple of int
        As `RATES` and `SPEEDS`.
    seeds : int
        Of every arm.
    learnt, tested : range
        Seeds of the scenes.
    learnt_at, tested_at : tuple of float
        Seconds of the pairs' second frames.
    frames : int
        Of the strips that are coloured freely.
    steps : int
        Of a training.
    """

    rates: tuple[int, ...] = RATES
    speeds: tuple[int, ...] = SPEEDS
    seeds: int = SEEDS
    learnt: range = range(3000, 3060)
    tested: range = range(2000, 2032)
    learnt_at: tuple[float, ...] = (3.0, 9.0, 15.0, 21.0)
    tested_at: tuple[float, ...] = (4.0, 8.0, 12.0, 16.0)
    frames: int = 13
    steps: int = 300

    @classmethod
    def of(cls, asked: Asked) -> Scale:
        """Return what a person asked for: another seed draws other scenes, too."""
        full = cls()
        if asked.fast:
            full = cls(
                (60, 30, 10, 1), (30,), 1, range(3000, 3007), range(2000, 2004), (3.0, 9.0),
                (4.0, 8.0), 9, 40,
            )  # fmt: skip
        return of_seed(full, asked.seed, "learnt", "tested")


def name_of(rate: int, speed: int = 1) -> str:
    """Name what is learnt from or measured.

    Returns
    -------
    str
        ``"30"`` or ``"30 x10"``.
    """
    return f"{rate}" if speed == 1 else f"{rate} x{speed}"
