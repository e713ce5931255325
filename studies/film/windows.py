"""Training memories through windows of frames: the same frames, steps and order for every kind."""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from colorlab import color_model, flow, losses
from colorlab.checkpoints import ColorModel
from colorlab.errors import InputError
from colorlab.strips import Strips, learning
from colorlab.strips.learning import Batch
from studies.film import memories
from studies.film.memories import Memory, MemoryConfig

FRAMES = 16
"""Frames a step, whatever the window."""

LEARNT_BY = (memories, flow)
"""Modules whose change makes trained memories worthless, beside this one and `learning`'s."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a memory learns.

    Parameters
    ----------
    kind : {"concat", "warped", "gru"}
        Which memory.
    window : int
        Following frames through which the loss is propagated back, a divisor of `FRAMES`; each is
        told the true colours of the frame before.
    steps : int
        Steps of Adam, of `FRAMES` frames each.
    learning_rate : float
        At the beginning; along a cosine it falls to 0.
    crop : int
        Side of the part of a frame learnt from, pixels, a multiple of 16 that fits the frames.
    seed : int
        Of the weights, and of the order of the frames.
    precision : str
        Keras dtype policy of the convolutions.
    """

    kind: str = "concat"
    window: int = 1
    steps: int = 200
    learning_rate: float = 2e-3
    crop: int = 48
    seed: int = 0
    precision: str = "float32"


def train(
    recipe: Recipe,
    training: Strips,
    color: ColorModel,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> tuple[Memory, list[float]]:
    """Train a memory on windows of strips, or recall it."""
    height, width = learning.check_crop(recipe.crop, training)
    if recipe.window < 1 or FRAMES % recipe.window or recipe.window >= training.length:
        raise InputError(
            f"a window divides {FRAMES} and is shorter than strips of {training.length} frames; "
            f"received {recipe.window}."
        )
    memory = memories.build(MemoryConfig(recipe.kind), color.config, recipe.seed, recipe.precision)
    color_model.flatten_heads(memory.network)
    network, told = memory.learning(recipe.window), contexts(memory, training)
    stride, films = color.config.stride, FRAMES // recipe.window

    def batch(step: int) -> Batch:
        rng = np.random.default_rng((recipe.seed, step))
        rows = rng.choice(len(training), films, replace=len(training) < films)
        first = rng.integers(training.length - recipe.window, size=films)
        corner = [int(rng.integers((s - recipe.crop) // stride + 1)) for s in (height, width)]
        return cut(memory, training, told, (rows, first, recipe.window), corner, recipe.crop)

    network.compile(
        keras.optimizers.Adam(learning.cosine(recipe.learning_rate, recipe.steps)),
        loss=losses.head_losses("crossentropy"),
    )
    identity = {"memory": dataclasses.asdict(recipe), "training": training.digest}
    code = (*LEARNT_BY, sys.modules[__name__])
    history = learning.fit(network, batch, recipe.steps, identity, code, progress, cache)
    return memory, history


def contexts(memory: Memory, strips: Strips) -> NDArray[np.float32]:
    """Return the true colours of each frame's predecessor, as a memory is told them.

    Returns
    -------
    numpy.ndarray of float32, (S, F - 1, H, W, 2)
        Chroma: place k is told of frame k + 1's predecessor, frame k.
    """
    if memory.config.kind != "warped":
        return strips.uv[:, :-1]
    pairs = zip(strips.y[:, 1:], strips.y[:, :-1], strips.uv[:, :-1], strict=True)
    return np.stack([memory.told(*pair) for pair in pairs])


def cut(
    memory: Memory,
    strips: Strips,
    told: NDArray[np.float32],
    chosen: tuple[NDArray[np.integer], NDArray[np.integer], int],
    corner: list[int],
    side: int,
) -> tuple[Any, Any]:
    """Cut the same part out of all frames of some windows.

    Returns
    -------
    inputs : dict
        As `Memory.inputs`.
    targets : dict
        ``u`` and ``v``: true bins, (n * window, side, side).
    """
    rows, first, window = chosen
    s, (top, left) = memory.color.stride, corner
    small = np.s_[:, top : top + side // s, left : left + side // s]
    large = np.s_[s * top : s * top + side, s * left : s * left + side]
    features, y, context, labels = [], [], [], []
    for row, k in zip(rows, first, strict=True):
        one = strips.rows(np.array([row]))
        seen = [one.features(slice(None), t)[small] for t in range(k + 1, k + 1 + window)]
        features.append(np.concatenate(seen))
        y.append(strips.y[row, k + 1 : k + 1 + window, *large])
        context.append(told[row, k : k + window, *large])
        labels.append(strips.labels[row, k + 1 : k + 1 + window, *large])
    inputs = memory.inputs(np.stack(features), np.stack(y), np.stack(context))
    truth = np.concatenate(labels).astype(np.int32)
    return inputs, {"u": truth[..., 0], "v": truth[..., 1]}
