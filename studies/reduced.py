"""The reduced protocol: color models that learn in minutes, from what a backbone saw once.

Photos are squashed to 112 × 112. The backbone is frozen, so what it sees in them is computed once
and lies in the cache in half precision (1.5 MB a photo); what is trained is the color model's own
layers, from those taps. Every arm of every experiment that trains uses this module, and so the same
photos, batches, epochs and figures. A trained network lies in the cache, too, so that an
experiment which changes only its answer, or shares an arm with another one, trains it no second
time.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from colorlab import bins, checkpoints, color_model, digests, files, losses, metrics, vgg, yuv
from colorlab.color_model import ColorModelConfig
from colorlab.datasets.photos import default_cache
from colorlab.decode import Decoder
from colorlab.training import color, run, settings
from colorlab.training.run import Run, Task
from studies import fitting, scores, statistics, taps
from studies import recipe as recipes
from studies.fitting import fed, make_task
from studies.harness import Arm, Asked
from studies.recipe import EPOCHS, Recipe
from studies.scores import DECODERS, evaluate
from studies.taps import (
    BATCH,
    MEASURED,
    SIZE,
    TRAINING,
    Photos,
    Seen,
    look,
    open_photos,
)

__all__ = [
    "BATCH",
    "CODE",
    "DECODERS",
    "EPOCHS",
    "MEASURED",
    "PROTOCOL",
    "SIZE",
    "TRAINING",
    "Photos",
    "Recipe",
    "Seen",
    "Trained",
    "count_prior",
    "evaluate",
    "look",
    "make_arm",
    "measure",
    "open_photos",
    "train",
]

FAST = {"taps": (2, 3), "widths": (16, 16), "context": 16, "epochs": 6}
"""The recipe of a fast run, where nothing else is said."""

LEARNT_BY = (
    *(recipes, fitting, taps, bins, color_model, losses, vgg, yuv, color, run, settings),
)  # fmt: skip
"""Modules whose change makes trained networks worthless, beside this one."""

CODE = (*LEARNT_BY, scores, metrics, statistics)
"""Modules whose change makes an arm's figures worthless, beside this one."""

PROTOCOL = (
    "Reduced protocol: photos squashed to 112 x 112; the taps of ImageNet's VGG-16 computed once "
    "and kept in half precision; the layers on top (taps 2 to 5, half as wide as the packaged "
    "color model's, heads at half resolution, which begin with weights near 0, so that "
    "classification begins uniform and regression grey) learn "
    f"from them for {EPOCHS} epochs in batches of {BATCH}, Adam, cosine schedule, no "
    "augmentation, no running mean of the weights; the last epoch is measured. Measured at full "
    "resolution, 112 x 112, every pixel, nats a pixel; psnr: RGB against the photo at that size, "
    "mean over photos. colourfulness: Hasler and Suesstrunk's M, mean over photos divided by the "
    "true photos' mean. low, high: 95 % percentile interval of a bootstrap over photos, the same "
    "samples in all arms; of several seeds the lowest and the highest of any seed, value is the "
    "mean over seeds, spread the range of the seeds' values."
)
"""What a result says of this protocol."""


@dataclasses.dataclass(frozen=True)
class Trained:
    """A network that has learnt.

    Attributes
    ----------
    network : keras.Model
        From its inputs (``tapK``, ``y``) to ``{"u", "v"}`` at full resolution.
    recipe : Recipe
        What it was made by.
    prior : numpy.ndarray of float64, (2, n) or (2, 1)
        What always answers the same: the training photos' bins, or their mean chroma.
    history : list of dict
        A row an epoch: epoch, seconds (so far), loss, val_loss and so on; those of the photos to
        be measured begin with ``val_``.
    """

    network: keras.Model
    recipe: Recipe
    prior: NDArray[np.float64]
    history: list[dict[str, float]]

    def outputs(self, seen: Seen) -> Callable[[NDArray[np.integer]], dict[str, NDArray[Any]]]:
        """Return the function from photos of `seen` to the heads' answers, as `evaluate` asks."""

        def answer(which: NDArray[np.integer]) -> dict[str, NDArray[Any]]:
            found = self.network.predict_on_batch(fed(seen, which, self.network))
            return {head: np.asarray(found[head]) for head in "uv"}

        return answer


def count_prior(rgb: NDArray[np.uint8], config: ColorModelConfig) -> NDArray[np.float64]:
    """Say what a model knows of photos that sees none.

    Returns
    -------
    numpy.ndarray of float64, (2, n) or (2, 1)
        Share of pixels per bin of U and V; for a regression head the mean U and V.
    """
    parts = (yuv.rgb_to_yuv(np.asarray(rgb[i : i + 16]))[1] for i in range(0, len(rgb), 16))
    if config.head == "bins":
        return bins.prior((config.grid.encode(uv) for uv in parts), config.n)
    sums = np.sum([uv.sum(axis=(0, 1, 2), dtype=np.float64) for uv in parts], axis=0)
    mean: NDArray[np.float64] = sums[:, None] / (len(rgb) * rgb.shape[1] * rgb.shape[2])
    return mean


def train(
    recipe: Recipe,
    training: Seen,
    measured: Seen,
    network: keras.Model | None = None,
    about: Mapping[str, Any] | None = None,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> Trained:
    """Train a network by a recipe, or recall it.

    A training that was killed goes on from its last state, at most a minute back.
    """
    config, how = recipe.config, recipe.settings
    root = files.ensure_folder(Path(cache) if cache is not None else default_cache())
    prior = count_prior(training.rgb, config)
    network = network or color_model.build_on_taps(config, recipe.seed, how.precision)
    color_model.flatten_heads(network)
    identity = {
        "recipe": dataclasses.asdict(recipe),
        "about": dict(about or {}),
        "data": {"training": training.digest, "measured": measured.digest},
        "variables": {"shapes": [list(variable.shape) for variable in network.weights]},
        "versions": {**checkpoints.versions(), "precision": how.precision},
        "code": {"sha256": digests.of_sources(__file__, LEARNT_BY)},
    }
    digest = digests.of_json(identity)[:16]
    kept, folder = root / f"trained-{digest}.npz", root / f"training-{digest}"
    if not kept.is_file():
        task = make_task(recipe, network, training, measured, prior, identity)
        history = _fit(recipe, task, folder, progress)
        arrays: dict[str, Any] = {
            str(k): np.asarray(variable) for k, variable in enumerate(network.weights)
        }
        with files.atomic_path(kept) as temporary, open(temporary, "wb") as file:
            np.savez(file, history=np.array(json.dumps(history)), **arrays)
        shutil.rmtree(folder)
    arrays = files.read_arrays(kept)
    history = json.loads(str(arrays.pop("history")))
    for k, variable in enumerate(network.weights):
        variable.assign(arrays[str(k)])
    return Trained(network, recipe, prior, history)


def _fit(recipe: Recipe, task: Task, folder: Path, progress: bool) -> list[dict[str, float]]:
    """Do a task in a folder and return its history."""
    training_run = Run(task, recipe.settings, files.ensure_folder(folder))
    training_run.fit(progress)
    return training_run.history


def measure(
    arm: Arm,
    photos: Photos,
    progress: bool,
    decoders: Mapping[str, Decoder] | None = None,
    more: Callable[..., Mapping[str, NDArray[Any]]] | None = None,
) -> dict[str, Any]:
    """Train and measure an arm that is nothing but a recipe.

    Returns
    -------
    dict
        recipe (the arm's parameters), seed, history, and figures, as `evaluate` gives them.
    """
    recipe = Recipe(**arm.parameters, seed=arm.seed)
    training, measured = (
        look(rgb, blocks=recipe.taps, progress=progress)
        for rgb in (photos.training, photos.measured)
    )
    trained = train(recipe, training, measured, progress=progress)
    answers, prior = trained.outputs(measured), trained.prior
    figures = evaluate(answers, measured.rgb, recipe.config, prior, decoders, more, progress)
    return {
        "recipe": dict(arm.parameters),
        "seed": arm.seed,
        "history": trained.history,
        "figures": figures,
    }


def make_arm(asked: Asked, name: str, seed: int, **fields: Any) -> Arm:
    """Make an arm of a recipe; that of a fast run has few and narrow layers.

    Returns
    -------
    Arm
        ``NAME-SEED``, for `measure`.
    """
    if asked.fast:
        fields = FAST | fields
    seed += asked.seed
    return Arm(f"{name}-{seed}", Recipe(**fields).parameters, seed)
