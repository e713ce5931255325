"""Fitting a network on what a backbone saw in photos: its batches, its beginning, its task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from colorlab import bins, color_model, losses
from colorlab.training.color import prepare
from colorlab.training.run import Batch, Task
from studies.recipe import Recipe
from studies.taps import BATCH, Seen, in_order


def fed(seen: Seen, which: NDArray[np.integer], network: keras.Model) -> Any:
    """Return what a network takes of photos: a single input that is not named, alone."""
    names = [tensor.name for tensor in network.inputs]
    inputs = seen.inputs(names, which)
    return inputs if isinstance(network.input, dict) else inputs[names[0]]


def make_task(
    recipe: Recipe,
    network: keras.Model,
    training: Seen,
    measured: Seen,
    prior: NDArray[np.float64],
    identity: Mapping[str, Mapping[str, Any]],
) -> Task:
    """Say what a network has to learn by a recipe."""
    config = recipe.config

    def pick(seen: Seen, which: NDArray[np.integer]) -> Batch:
        return fed(seen, which, network), prepare(seen.rgb[which], config)[1]

    def batch(epoch: int, step: int) -> Batch:
        order = np.random.default_rng((recipe.seed, epoch)).permutation(len(training))
        return pick(training, order[step * BATCH : (step + 1) * BATCH])

    weights = bins.rebalance_weights(prior) if recipe.loss == "rebalanced" else None
    return Task(
        network=color_model.at_head_resolution(network),
        losses=losses.head_losses(recipe.loss, weights),
        metrics={h: [losses.pixel_accuracy] for h in "uv"} if config.head == "bins" else {},
        steps=len(training) // BATCH,
        batch=batch,
        validation=lambda: (pick(measured, which) for which in in_order(len(measured))),
        identity=identity,
        keep=lambda row: None,
    )
