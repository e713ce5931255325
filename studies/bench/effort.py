"""How much is measured, and how a few measurements become figures."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tqdm.auto import tqdm


@dataclasses.dataclass(frozen=True)
class Effort:
    """How much to measure.

    Parameters
    ----------
    architecture : mapping
        Arguments of `colorlab.color_model.ColorModelConfig` for what is trained; the default
        model's if empty. Photos are always coloured by the default model.
    batch_size, size : int
        Photos per training step, and their side in pixels.
    warmup, rounds : int
        Training steps of each kind that are not counted, and that are.
    epoch_steps : int
        Steps of the epoch in which waiting is measured, more than `warmup`.
    photo_sizes : sequence of int
        Sides of the square photos that are coloured; the first also in batches, the last also
        from file to file and as the first photo.
    photo_rounds : int
        How often each is coloured, after once that is not counted.
    film_size : sequence of int
        Height and width of the film that is coloured.
    film_frames, film_rounds : int
        Its length, and how often it is coloured, after once that is not counted.
    large : sequence of int
        Height and width of the large photo whose colouring's memory is measured.
    imports, first_photos : int
        How many processes are started for these figures.
    """

    architecture: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    batch_size: int = 15
    size: int = 224
    warmup: int = 2
    rounds: int = 7
    epoch_steps: int = 10
    photo_sizes: Sequence[int] = (224, 1024)
    photo_rounds: int = 10
    film_size: Sequence[int] = (256, 456)
    film_frames: int = 90
    film_rounds: int = 3
    large: Sequence[int] = (3000, 4000)
    imports: int = 10
    first_photos: int = 3


FULL = Effort()
"""What ``make bench`` measures."""

FAST = Effort(
    architecture={"n": 8, "taps": (2,), "widths": (8,), "context": 8},
    batch_size=2,
    size=32,
    warmup=1,
    rounds=2,
    epoch_steps=3,
    photo_sizes=(32, 48),
    photo_rounds=1,
    film_size=(32, 48),
    film_frames=4,
    film_rounds=1,
    large=(48, 48),
    imports=2,
    first_photos=1,
)
"""Tiny: shows that everything works and says nothing about speed."""


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Sum up repeated measurements.

    Returns
    -------
    dict
        ``min``, ``median``, ``max``, to four digits, and ``count``.
    """
    found = {"min": min(seconds), "median": statistics.median(seconds), "max": max(seconds)}
    return {**{name: digits(value) for name, value in found.items()}, "count": len(seconds)}


def digits(value: float) -> float:
    """Round to four digits."""
    return float(f"{value:.4g}")


def in_turn(
    actions: Mapping[str, Callable[[], object]],
    warmup: int,
    rounds: int,
    progress: bool = False,
) -> dict[str, list[float]]:
    """Time several actions in turn: A, B, C, A, B, C.

    Whatever slows the machine for a while slows all of them.
    """
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    with tqdm(total=(warmup + rounds) * len(actions), disable=not progress, leave=False) as bar:
        for turn in range(warmup + rounds):
            for name, action in actions.items():
                bar.set_description(name)
                begun = time.perf_counter()
                action()
                taken = time.perf_counter() - begun
                if turn >= warmup:
                    seconds[name].append(taken)
                bar.update()
    return seconds
