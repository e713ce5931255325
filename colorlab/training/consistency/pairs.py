"""What a consistency model learns from: pairs of frames, or windows of several."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from colorlab.consistency_model import ConsistencyConfig
from colorlab.datasets import Clip
from colorlab.errors import InputError

CONTEXTS = ("truth", "scheduled", "free")

CROP = 128, 160
"""Height and width of the crops where nothing else is asked for, pixels."""


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Which pairs or windows of frames are learnt from, and what is told of the earlier frame.

    Parameters
    ----------
    context : {"truth", "scheduled", "free"}
        The earlier frame's true chroma (teacher forcing, the paper's way); the model's own
        colouring of it; or scheduled sampling, from the one to the other [1]_.
    stride : int
        Frames between the two.
    crop : tuple of int
        Height and width of the random crops, multiples of 16.
    noise : float
        Every second context, on average, gets noise on its chroma and a shift of its whole, each of
        a standard deviation of at most this.
    without : float
        Share of pairs, or windows, without a context.
    steps : int
        Steps per epoch.
    window : int
        Frames of each clip that the model colours by itself before an epoch, for its own contexts.
    window_frames : int
        Following frames, `stride` apart, that are learnt together; a recurrent model's loss is
        propagated back through all of them. The others learn from pairs: 1.

    References
    ----------
    .. [1] S. Bengio, O. Vinyals, N. Jaitly, N. Shazeer, "Scheduled sampling for sequence
       prediction with recurrent neural networks", NeurIPS 2015; the inverse sigmoid decay.
    """

    context: str = "truth"
    stride: int = 1
    crop: tuple[int, int] = CROP
    noise: float = 0.0
    without: float = 0.0
    steps: int = 200
    window: int = 24
    window_frames: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "crop", tuple(int(side) for side in self.crop))
        checks = (
            (
                self.context in CONTEXTS,
                f"context must be one of {', '.join(CONTEXTS)}",
                self.context,
            ),
            (self.stride >= 1, "stride must be at least 1", self.stride),
            (
                len(self.crop) == 2 and all(s >= 16 and s % 16 == 0 for s in self.crop),
                "crop must be two positive multiples of 16 pixels",
                self.crop,
            ),
            (self.noise >= 0, "noise must not be negative", self.noise),
            (0 <= self.without < 1, "without must lie in [0, 1)", self.without),
            (self.steps >= 1, "steps must be at least 1", self.steps),
            (self.window >= 1, "window must be at least 1", self.window),
            (self.window_frames >= 1, "window_frames must be at least 1", self.window_frames),
            (
                self.context == "truth" or self.window >= self.window_frames,
                f"own contexts of windows of {self.window_frames} frames need a window of as many",
                self.window,
            ),
        )
        for holds, rule, received in checks:
            if not holds:
                raise InputError(f"{rule}; received {received!r}.")

    @classmethod
    def fitted(cls, config: ConsistencyConfig, clips: Iterable[Clip], **fields: Any) -> Pairs:
        """Choose what depends on the model and on the clips.

        Parameters
        ----------
        config : ConsistencyConfig
            The model's architecture: its kind of memory decides `window_frames`.
        clips : iterable of Clip
            All clips; `crop` is as much of `CROP` as the smallest of them allows.
        **fields
            What is decided already; these two may be among them.
        """
        shapes = [clip.rgb.shape[1:3] for clip in clips]
        least = (min(sides) for sides in zip(CROP, *shapes, strict=True))
        crop = tuple(max(side // 16 * 16, 16) for side in least)
        return cls(**{"crop": crop, "window_frames": config.kind.sequence_length, **fields})

    @property
    def reach(self) -> int:
        """Frames from the first context to the last that is learnt."""
        return self.stride * self.window_frames

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them; windows of one frame, pairs, go without saying.

        So cards and trainings of pairs are what they were before there were windows.
        """
        fields = dataclasses.asdict(self)
        if self.window_frames == 1:
            del fields["window_frames"]
        return fields

    def truth_share(self, epoch: int, epochs: int) -> float:
        """Return the share of contexts that are true in an epoch.

        Parameters
        ----------
        epoch, epochs : int
            Which epoch, from 0, of how many.

        Returns
        -------
        float
            1 for ``"truth"``, 0 for ``"free"``; for ``"scheduled"`` the inverse sigmoid
            ``k / (k + exp(epoch / k))``, k a sixth of the epochs, which starts near 1 and ends
            near 0.
        """
        if self.context != "scheduled":
            return float(self.context == "truth")
        k = max(epochs / 6, 0.5)
        return float(k / (k + np.exp(epoch / k)))
