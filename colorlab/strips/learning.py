"""Training on strips: the same pairs, steps, order and initial weights at every rate.

A finished training lies in the cache, and so does the half of one that was killed.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import (
    bins,
    checkpoints,
    color_model,
    consistency_model,
    digests,
    files,
    losses,
    memories,
    strips,
    vgg,
    yuv,
)
from colorlab.checkpoints import ColorModel
from colorlab.consistency_model import ConsistencyConfig
from colorlab.datasets.photos import default_cache
from colorlab.errors import InputError
from colorlab.strips import Strips, rolling
from colorlab.training.consistency import pairs as schedules

Batch = tuple[Any, Any]
"""What a network is given, and its targets."""

BATCH = 15
"""Pairs a step, the paper's."""

SAVE_EVERY = 100
"""Steps from one state on disk to the next."""

LEARNT_BY = (
    *(strips, rolling, bins, yuv, vgg, color_model, consistency_model, losses, schedules),
)  # fmt: skip
"""Modules whose change makes trained networks worthless, beside this one."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a consistency model learns from pairs.

    Parameters
    ----------
    context : {"truth", "scheduled"}
        What is told of the earlier frame: its true colours, or, ever more often, the model's own
        colouring of it.
    steps : int
        Steps of Adam.
    learning_rate : float
        At the beginning; along a cosine it falls to 0.
    crop : int
        Side of the windows learnt from, pixels, a multiple of 16 that fits the frames.
    rounds : int
        With ``"scheduled"``: how many times own colourings are made anew, and the share of true
        contexts changes, as `colorlab.training.Pairs` says for as many epochs.
    window : int
        With ``"scheduled"``: pairs whose own colouring is made in a round.
    seed : int
        Of the weights, and of the order of the pairs.
    """

    context: str = "truth"
    steps: int = 300
    learning_rate: float = 5e-3
    crop: int = 48
    rounds: int = 6
    window: int = 96
    seed: int = 0


def train(
    recipe: Recipe,
    training: Strips,
    color: ColorModel,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> tuple[keras.Model, list[float]]:
    """Train the paper's consistency model on the last pair of every strip, or recall it.

    Parameters
    ----------
    recipe : Recipe
        How.
    training : Strips
        Learnt from: the last frame of each, told of the last but one. The frames before serve a
        scheduled training alone: the model colours them, from the color model's own colouring of
        the first on.
    color : ColorModel
        The frozen color model, which looked at them; its precision is the network's, too.
    progress : bool
        Show a bar.
    cache : path, optional
        Folder of trained networks; the user's cache folder by default.

    Returns
    -------
    network : keras.Model
        As from `consistency_model.build`.
    history : list of float
        Loss of each step, nats a pixel, U + V.

    Raises
    ------
    InputError
        When a window does not fit, the loss is not finite or the cache cannot be written.
    """
    height, width = check_crop(recipe.crop, training)
    config = ConsistencyConfig(memory="concat")
    network = consistency_model.build(config, color.config, recipe.seed, color.precision)
    color_model.flatten_heads(network)
    own = _Own(recipe, rolling.Network(network, color), training)
    pairs = training.part(slice(-2, None))

    def batch(step: int) -> Batch:
        own.refresh(step)
        rng = np.random.default_rng((recipe.seed, step))
        rows = rng.choice(len(pairs), BATCH, replace=len(pairs) < BATCH)
        corner = [int(rng.integers((side - recipe.crop) // 2 + 1)) for side in (height, width)]
        context = pairs.uv[rows, 0]
        if own.rows.size:
            told = rng.random(BATCH) >= own.truth
            mine = rng.integers(len(own.rows), size=BATCH)
            rows = np.where(told, own.rows[mine], rows)
            context = np.where(told[:, None, None, None], own.uv[mine], context)
        return cut(pairs, rows, context, corner, recipe.crop)

    network.compile(
        keras.optimizers.Adam(cosine(recipe.learning_rate, recipe.steps)),
        loss=losses.head_losses("crossentropy"),
    )
    identity = {"recipe": dataclasses.asdict(recipe), "training": training.digest}
    return network, fit(network, batch, recipe.steps, identity, progress=progress, cache=cache)


def check_crop(crop: int, strips: Strips) -> tuple[int, int]:
    """Refuse windows that do not fit the frames of strips; return the frames' height and width."""
    height, width = strips.frames[0].rgb.shape[1:3]
    if crop % vgg.STRIDE or crop > min(height, width):
        raise InputError(
            f"crop must be a multiple of {vgg.STRIDE} of at most {min(height, width)} pixels; "
            f"received {crop}."
        )
    return height, width


def cosine(rate: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return a learning rate that falls along a cosine to 0."""
    return keras.optimizers.schedules.CosineDecay(rate, steps)


def cut(
    pairs: Strips,
    rows: NDArray[np.integer],
    context: NDArray[np.float32],
    corner: Sequence[int],
    side: int,
) -> Batch:
    """Cut the same window out of some pairs, as `consistency_model.build`'s networks take it.

    Parameters
    ----------
    pairs : Strips
        Strips whose last frame is learnt, told of the last but one.
    rows : numpy.ndarray of int, (n,)
        Which of them.
    context : numpy.ndarray of float32, (n, H, W, 2)
        What is told.
    corner : sequence of int
        The window's top and left edge, in pixels of the features.
    side : int
        Its side, pixels of the frames.

    Returns
    -------
    inputs : dict
        Features and the maps of `consistency_model.INPUTS`.
    targets : dict
        ``u`` and ``v``: true bins, (n, side, side).
    """
    features = pairs.features(rows, pairs.length - 1)
    stride = -(-pairs.y.shape[2] // vgg.STRIDE) * vgg.STRIDE // features.shape[1]
    top, left = corner
    small = np.s_[:, top : top + side // stride, left : left + side // stride]
    large = np.s_[:, stride * top : stride * top + side, stride * left : stride * left + side]
    y, y_before = (pairs.y[rows, k][large] for k in (-1, -2))
    told = memories.load("concat").context_inputs(y, y_before, context[large], np.ones_like(y))
    labels = pairs.labels[rows, -1][large].astype(np.int32)
    inputs = {color_model.FEATURES: features[small], **told}
    return inputs, {"u": labels[..., 0], "v": labels[..., 1]}


class _Own:
    """The model's own colouring of the last but one frame of some strips, now and then renewed."""

    def __init__(self, recipe: Recipe, answerer: rolling.Network, training: Strips) -> None:
        self.recipe, self.answerer, self.training = recipe, answerer, training
        self.schedule = schedules.Pairs(context=recipe.context)
        self.truth, self.round = 1.0, -1
        self.rows = np.empty(0, int)
        self.uv = np.empty(0, np.float32)

    def refresh(self, step: int) -> None:
        """Colour strips anew where a step begins a round."""
        if self.recipe.context == "truth":
            return
        now = step * self.recipe.rounds // self.recipe.steps
        if now == self.round:
            return
        self.round, self.truth = now, self.schedule.truth_share(now, self.recipe.rounds)
        rng = np.random.default_rng((self.recipe.seed, now, 1))
        count = min(self.recipe.window, len(self.training))
        self.rows = rng.choice(len(self.training), count, replace=False)
        before = self.training.rows(self.rows).part(slice(0, -1))
        self.uv = rolling.roll(self.answerer, before).uv[:, -1]


def fit(
    network: keras.Model,
    batch: Callable[[int], Batch],
    steps: int,
    identity: Mapping[str, Any],
    code: Sequence[ModuleType] = (),
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> list[float]:
    """Fit a compiled network, or give it the weights that this same fit ended with.

    Parameters
    ----------
    network : keras.Model
        Compiled; its weights are those it begins with.
    batch : callable
        From a step's number, counted from 0, to its batch; the same number gives the same batch.
    steps : int
        How many steps.
    identity : mapping
        What sets this fit apart from others, as JSON holds it.
    code : sequence of module
        Whose change makes the outcome worthless, beside `LEARNT_BY` and this module.
    progress : bool
        Show a bar.
    cache : path, optional
        Folder of what was learnt; the user's cache folder by default.

    Returns
    -------
    list of float
        The loss of each step.

    Raises
    ------
    InputError
        When the loss is not finite, or the cache cannot be written.
    """
    root = files.ensure_folder(Path(cache) if cache is not None else default_cache())
    facts = {
        **identity,
        "steps": steps,
        "versions": checkpoints.versions(),
        "variables": [list(variable.shape) for variable in network.weights],
        "code": digests.of_sources(__file__, (*LEARNT_BY, *code)),
    }
    name = digests.of_json(facts)[:16]
    kept, state = root / f"film-trained-{name}.npz", root / f"film-training-{name}.npz"
    network.optimizer.build(network.trainable_variables)
    variables = {
        **{f"w{k}": variable for k, variable in enumerate(network.weights)},
        **{f"o{k}": variable for k, variable in enumerate(network.optimizer.variables)},
    }
    found = next((path for path in (kept, state) if path.is_file()), None)
    history = _restore(found, variables) if found else []
    first = len(history)
    for step in tqdm(
        range(first, steps), initial=first, total=steps, desc="learning", unit="step",
        disable=not progress or first == steps, leave=False,
    ):  # fmt: skip
        inputs, targets = batch(step)
        loss = float(network.train_on_batch(inputs, targets, return_dict=True)["loss"])
        network.reset_metrics()
        if not np.isfinite(loss):
            raise InputError(f"the loss became {loss} at step {step + 1}; lower the learning rate.")
        history.append(round(loss, 5))
        if (step + 1) % SAVE_EVERY == 0 and step + 1 < steps:
            _store(state, variables, history)
    if found != kept:
        _store(kept, variables, history)
        state.unlink(missing_ok=True)
    return history


def _store(path: Path, variables: Mapping[str, Any], history: Sequence[float]) -> None:
    arrays: dict[str, Any] = {name: np.asarray(variable) for name, variable in variables.items()}
    with files.atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, history=np.array(history), **arrays)


def _restore(path: Path, variables: Mapping[str, Any]) -> list[float]:
    arrays = files.read_arrays(path)
    for name, variable in variables.items():
        variable.assign(arrays[name])
    return [float(loss) for loss in arrays["history"]]
