"""What sets one trained arm of an experiment apart from another."""

from __future__ import annotations

import dataclasses
from typing import Any

from colorlab import devices
from colorlab.bins import BinGrid
from colorlab.color_model import ColorModelConfig
from colorlab.training.settings import Settings
from studies.taps import BATCH

EPOCHS = 8
"""Passes over the training photos."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What sets one trained arm apart from another.

    Parameters
    ----------
    n : int
        Bins per axis: an even number puts grey on an edge, an odd one into a centre.
    loss : {"crossentropy", "rebalanced", "euclidean"}
        See `colorlab.losses`; the last one makes the heads give one chroma instead of bins.
    learning_rate : float
        Adam's at its peak.
    epochs : int
        Passes over the training photos.
    taps, widths : tuple of int
        As in `ColorModelConfig`.
    context : int
        As in `ColorModelConfig`.
    seed : int
        Of the weights and of the order of the photos.
    """

    n: int = 30
    loss: str = "crossentropy"
    learning_rate: float = 1e-3
    epochs: int = EPOCHS
    taps: tuple[int, ...] = (2, 3, 4, 5)
    widths: tuple[int, ...] = (48, 64, 96, 128)
    context: int = 128
    seed: int = 0

    @property
    def config(self) -> ColorModelConfig:
        """The architecture."""
        return ColorModelConfig(
            n=self.n,
            align=BinGrid.of(self.n).align,
            taps=self.taps,
            widths=self.widths,
            context=self.context,
            head="chroma" if self.loss == "euclidean" else "bins",
        )

    @property
    def settings(self) -> Settings:
        """How it is trained."""
        return Settings(
            epochs=self.epochs,
            batch_size=BATCH,
            learning_rate=self.learning_rate,
            average=0.0,
            flip=False,
            loss=self.loss,
            precision=devices.precision("auto"),
            seed=self.seed,
            save_every=60.0,
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """All but the seed, as an arm keeps them: ``Recipe(**parameters, seed=seed)``."""
        fields = dataclasses.asdict(self)
        del fields["seed"]
        return fields
