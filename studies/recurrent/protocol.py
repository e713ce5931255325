"""What is asked, how large a run is, and the rules that were stated before it."""

from __future__ import annotations

import dataclasses

from studies.film import (
    figures,
)
from studies.film.scale import of_seed
from studies.harness import Asked

RATE = 10
"""Frames a second; at 30 nearly all that a memory can win is won by copying."""

SEEDS = 3
"""Of every kind of memory."""

CONTEXTS = ("truth", "free")
"""What each frame is told of the one before, as in `colorlab.rollout`."""

BASELINES = {"color": "free", "copy": "truth", "freeze": "free"}
"""What learns nothing, and the context under which it is measured."""

JUDGED = {"accuracy": ("free", 1), "changed": ("truth", 1), "drift": ("free", -1)}
"""Figures by which two kinds are compared: the context, and whether more is better."""

PROTOCOL = (
    "Rendered coasts of 64 x 112 pixels at 10 frames a second (at 30 copying is right nearly "
    "everywhere, whatever remembers) with exact motion, and the packaged color model, frozen. "
    "Scenes learnt from and scenes measured are others. concat: the paper's network (the frame's"
    " features and a convolution of the chroma before it, concatenated, two convolutions, two "
    "softmaxes). warped: the same, told that chroma moved along the motion between both frames' "
    "luma (dense inverse search). gru-W: a convolutional gated recurrent unit in place of the "
    "first convolution, whose state of 24 channels is carried from frame to frame, learnt by "
    "backpropagation through windows of W frames. Parameters agree within 10 %. All learn told "
    "the true colours of the frame before, in as many steps of 16 frames each (16 / W windows of"
    " W frames, of other films), by Adam with the same learning rates, windows' parts of 48 x 48"
    " pixels; what is begun with depends on the seed alone. Measured from the second frame of "
    "each strip on, the state begun there; truth: told the true frame before; free: its own "
    "colouring, from the color model's colouring of the first frame on. color: the color model "
    "alone. copy: the true frame before, left as it is. freeze: the color model's colouring of "
    f"the first frame, kept. {figures.TOLD}costs: one frame of 112 x 200 pixels in float32, kinds"
    " in turns, behind the color model's look at the frame (look), which all need; milliseconds "
    "is the median of the wall clock, fastest the least, processor the median of processor time,"
    " of all cores together; memory: megabytes at the peak of a process that colours such frames"
    " (film) and then learns (training). low, high: 95 % percentile interval of a bootstrap over"
    " scenes, the same samples in all arms; of several seeds the lowest and the highest of any "
    "seed, value is the mean, spread the range. Rules, stated before the run: two kinds are "
    "compared by accuracy (free), changed (truth) and drift (free; less is better), in pairs of "
    "seeds and scenes; warp and identity are reported, not judged. A figure is surely better or "
    "worse where its whole interval lies on one side of 0. A comparison holds if all three are "
    "surely better, holds partly if some are and none is surely worse, does not hold if some are"
    " surely worse and none surely better, is mixed if some are surely better and others surely "
    "worse, else it cannot be told. recurrent: the gru of the longest window is better than "
    "concat. windows: it is better than the gru of windows of one frame, whose state was never "
    "learnt to be carried. warping: warped is better than concat. instead: the gru of the "
    "longest window is better than warped. against: each kind minus concat, in pairs."
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large a run is.

    Attributes
    ----------
    windows : tuple of int
        Of the recurrent kinds.
    seeds : int
        Of every kind.
    learnt, tested : range
        Seeds of the scenes.
    learnt_at : tuple of float
        Seconds at which strips to learn from begin.
    learnt_frames, frames : int
        Of a strip to learn from, and of one that is measured.
    steps : int
        Of a training.
    moments : tuple of int
        Frames that are asked for the identity index.
    rounds : int
        Of timing.
    """

    windows: tuple[int, ...] = (1, 2, 4, 8)
    seeds: int = SEEDS
    learnt: range = range(3000, 3060)
    tested: range = range(2000, 2032)
    learnt_at: tuple[float, ...] = (3.0, 13.0)
    learnt_frames: int = 9
    frames: int = 31
    steps: int = 200
    moments: tuple[int, ...] = (8, 16, 24)
    rounds: int = 40

    @classmethod
    def of(cls, asked: Asked) -> Scale:
        """Return what a person asked for: another seed draws other scenes, too."""
        full = cls()
        if asked.fast:
            full = cls(
                (1, 4), 1, range(3000, 3006), range(2000, 2003), (3.0,), 5, 9, 30, (4,), 5
            )  # fmt: skip
        return of_seed(full, asked.seed, "learnt", "tested")
