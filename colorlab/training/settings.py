"""How to train: everything a person may choose beside the photos and the architecture."""

from __future__ import annotations

import dataclasses
import math

from colorlab import losses
from colorlab.errors import InputError

SCHEDULES = ("cosine", "constant")


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to train; what is learnt from and the architecture are given beside it.

    Parameters
    ----------
    epochs : int
        Passes over the training photos.
    batch_size : int
        Photos per step (the paper's 15).
    learning_rate : float
        Adam's at its peak.
    schedule : {"cosine", "constant"}
        ``"cosine"`` warms the learning rate up over the first 200 steps (at most a tenth of the
        run) and lets it fall along a cosine to 0; ``"constant"`` leaves it alone, as in the paper.
    weight_decay : float
        Decoupled weight decay (AdamW); 0 is plain Adam.
    average : float
        Momentum of the running mean of the weights, with which validation and the kept model
        work; 0 uses the weights themselves.
    crop : int or None
        Side of the random square crops, pixels, a multiple of 16; None trains on whole pictures.
    flip : bool
        Mirror pictures at random.
    curve, grain, zoom : float
        Spread of random luma curves, largest strength of film grain, and how far random windows may
        come closer, see `colorlab.datasets.Augment`.
    loss : {"crossentropy", "rebalanced", "euclidean"}
        See `colorlab.losses`.
    soft : float
        Standard deviation, in bins, of the Gaussian that spreads each label over its neighbours;
        0 trains on hard labels. Validation always uses hard ones.
    precision : {"auto", "float32", "mixed_bfloat16"}
        See `colorlab.devices.precision`.
    seed : int
        Seed of weights, order and augmentation, from 0 up.
    save_every : float
        Seconds between two states within an epoch; 0 writes one after every step, so that a kill
        costs the step under way and no more.
    devices : int
        Devices that share each batch, see `colorlab.devices.spread`. Neither these nor `save_every`
        change what is learnt: a run may go on with others.
    """

    epochs: int = 10
    batch_size: int = 15
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    weight_decay: float = 0.0
    average: float = 0.99
    crop: int | None = None
    flip: bool = True
    curve: float = 0.0
    grain: float = 0.0
    zoom: float = 0.0
    loss: str = "crossentropy"
    soft: float = 0.0
    precision: str = "auto"
    seed: int = 0
    save_every: float = 0.0
    devices: int = 1

    def __post_init__(self) -> None:
        checks = (
            (self.epochs >= 1, "epochs must be at least 1", self.epochs),
            (self.batch_size >= 1, "batch_size must be at least 1", self.batch_size),
            (
                0 < self.learning_rate < math.inf,
                "learning_rate must be a finite number above 0",
                self.learning_rate,
            ),
            (
                self.schedule in SCHEDULES,
                f"schedule must be one of {', '.join(SCHEDULES)}",
                self.schedule,
            ),
            *(
                (0 <= value < math.inf, f"{name} must be a finite number from 0 up", value)
                for name, value in (
                    ("weight_decay", self.weight_decay),
                    ("curve", self.curve),
                    ("grain", self.grain),
                    ("soft", self.soft),
                )
            ),
            (0 <= self.average < 1, "average must lie in [0, 1)", self.average),
            (0 <= self.zoom < 1, "zoom must lie in [0, 1)", self.zoom),
            (
                self.crop is None or (self.crop >= 16 and self.crop % 16 == 0),
                "crop must be a positive multiple of 16 pixels",
                self.crop,
            ),
            (
                self.loss in losses.NAMES,
                f"loss must be one of {', '.join(losses.NAMES)}",
                self.loss,
            ),
            (
                self.precision in ("auto", "float32", "mixed_bfloat16"),
                "precision must be auto, float32 or mixed_bfloat16",
                self.precision,
            ),
            (self.seed >= 0, "seed must be a whole number from 0 up", self.seed),
            (
                0 <= self.save_every < math.inf,
                "save_every must be a finite number of seconds from 0 up",
                self.save_every,
            ),
            (self.devices >= 1, "devices must be at least 1", self.devices),
        )
        for holds, rule, received in checks:
            if not holds:
                raise InputError(f"{rule}; received {received!r}.")
