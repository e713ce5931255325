"""What the arms of an experiment that trains say together: figures, differences, intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies import statistics

Figures = Mapping[str, Sequence[float]]
"""What `evaluate` gives."""


def loss_left(figures: Figures) -> NDArray[np.float64]:
    """Return the loss as a share of the prior's, on all photos and on every bootstrap sample."""
    loss, blind = (np.add(figures[f"{key}_u"], figures[f"{key}_v"]) for key in _LOSSES)
    return statistics.replicate(loss, blind)


def gain(figures: Figures, decoder: str) -> NDArray[np.float64]:
    """Return how many decibels a decoder's pictures are above grey ones, as `loss_left`."""
    return statistics.replicate(np.subtract(figures[f"psnr {decoder}"], figures["psnr_grey"]))


def colourfulness(figures: Figures, decoder: str) -> NDArray[np.float64]:
    """Return a decoder's colourfulness as a share of the photos' own, as `loss_left`."""
    return statistics.replicate(figures[f"colourfulness {decoder}"], figures["colourfulness_truth"])


_LOSSES = ("loss", "prior_loss")


def over_seeds(
    arms: Sequence[Mapping[str, Any]], figure: Callable[[Figures], NDArray[np.float64]]
) -> dict[str, float]:
    """Tell one figure of several seeds."""
    return statistics.over_seeds([statistics.told(figure(one["figures"])) for one in arms])


def difference(
    ours: Sequence[Mapping[str, Any]],
    theirs: Sequence[Mapping[str, Any]],
    figure: Callable[[Figures], NDArray[np.float64]],
    their_figure: Callable[[Figures], NDArray[np.float64]] | None = None,
) -> dict[str, float]:
    """Tell by how much two arms differ, seed by seed, on the same photos."""
    second = their_figure or figure
    return statistics.over_seeds(
        [
            statistics.told(figure(one["figures"]) - second(other["figures"]))
            for one, other in zip(ours, theirs, strict=True)
        ]
    )
