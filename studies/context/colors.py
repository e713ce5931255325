"""The color models: one training, kept on its way and at its best."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import (
    checkpoints,
    color_model,
    devices,
    digests,
    files,
    vgg,
)
from colorlab import strips as film_strips
from colorlab.checkpoints import ColorModel
from colorlab.color_model import ColorModelConfig
from colorlab.datasets.photos import default_cache
from colorlab.training.run import Run
from studies import fitting, reduced
from studies.context import protocol
from studies.context.protocol import BEST, EPOCHS, names_of

DECODE = {"method": "annealed", "temperature": 0.4}
"""How these color models' probabilities become colours."""


def train_color(
    recipe: reduced.Recipe,
    photos: NDArray[np.uint8],
    chosen: NDArray[np.uint8],
    progress: bool,
    cache: Path | None = None,
) -> tuple[dict[str, ColorModel], list[dict[str, float]]]:
    """Train a color model by the reduced protocol and keep what it is on its way, or recall it.

    Returns
    -------
    models : dict
        ``"epoch 1"``, ``"epoch 4"`` and ``"best"`` to the color model.
    history : list of dict
        A row an epoch, as `colorlab.training.run.Run.history`.
    """
    training, validation = (
        reduced.look(rgb, blocks=recipe.taps, progress=progress, cache=cache)
        for rgb in (photos, chosen)
    )
    config, how = recipe.config, recipe.settings
    identity = {
        "recipe": dataclasses.asdict(recipe),
        "data": {"training": training.digest, "validation": validation.digest},
        "versions": {**checkpoints.versions(), "precision": how.precision},
        "code": {"sha256": digests.of_sources(__file__, (protocol, reduced, *reduced.LEARNT_BY))},
    }
    digest = digests.of_json(identity)[:16]
    folder = files.ensure_folder((cache or default_cache()) / f"context-{digest}")
    network = color_model.build_on_taps(config, recipe.seed, how.precision)
    color_model.flatten_heads(network)

    def keep(name: str, epoch: int) -> None:
        """Write the color model as it is now."""
        checkpoints.save(folder / name, network, _card(name, config, recipe, epoch))

    def note(epoch: int) -> None:
        """Keep what the epochs before this one have made, if it is asked for."""
        if epoch in EPOCHS and not (folder / f"epoch {epoch}" / checkpoints.store.CARD).is_file():
            keep(f"epoch {epoch}", epoch)

    prior = reduced.count_prior(photos, config)
    task = fitting.make_task(recipe, network, training, validation, prior, identity)
    kept_task = dataclasses.replace(
        task, keep=lambda row: keep(BEST, int(row["epoch"])), begin=note
    )
    run = Run(kept_task, how, folder)
    run.fit(progress)
    note(recipe.epochs)
    names = names_of(recipe.epochs)
    models = {name: checkpoints.load(folder / name, devices.precision()) for name in names}
    return models, run.history


def _card(
    name: str, config: ColorModelConfig, recipe: reduced.Recipe, epoch: int
) -> dict[str, Any]:
    return {
        "schema": 1,
        "name": name,
        "kind": "color",
        "architecture": config.to_json(),
        "n": config.n,
        "align": config.align,
        "decode": DECODE,
        "working_size": film_strips.HEIGHT,
        "backbone": vgg.describe(config.backbone),
        "training": {"seed": recipe.seed, "best_epoch": epoch},
    }
