"""What the card of a trained consistency model says."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from colorlab import checkpoints, devices
from colorlab.checkpoints import ColorModel
from colorlab.consistency_model import ConsistencyConfig
from colorlab.datasets import ClipSet
from colorlab.training.consistency.own import LEAK
from colorlab.training.consistency.pairs import Pairs
from colorlab.training.settings import Settings

_MATTERS = (
    *("epochs", "batch_size", "learning_rate", "schedule", "weight_decay", "average", "seed"),
)


def begun(
    name: str,
    command: str,
    clips: ClipSet,
    validation: ClipSet,
    color: ColorModel,
    config: ConsistencyConfig,
    network: keras.Model,
) -> dict[str, Any]:
    """Return what the card says from the start; `outcome` is the rest.

    Parameters
    ----------
    name : str
        The model's name.
    command : str
        The command that started the training.
    clips, validation : ClipSet
        What is learnt from, and what chooses the best epoch.
    color : ColorModel
        The color model.
    config : ConsistencyConfig
        The architecture.
    network : keras.Model
        The model.

    Returns
    -------
    dict
        As JSON holds it.
    """
    return {
        "schema": 1,
        "name": name,
        "kind": "consistency",
        "architecture": config.to_json(),
        "color_model": {"name": color.name, "weights_sha256": color.card["weights"]["sha256"]},
        "n": color.config.n,
        "align": color.config.align,
        "decode": _decode(config, color),
        "working_height": clips.height,
        "backbone": color.card["backbone"],
        "parameters": sum(int(np.prod(w.shape)) for w in network.trainable_weights),
        "dataset": _describe(clips),
        "validation": _describe(validation),
        "versions": checkpoints.versions(),
        "device": devices.processor() if not devices.has_accelerator() else devices.names()[0],
        "command": command,
    }


def _decode(config: ConsistencyConfig, color: ColorModel) -> dict[str, Any]:
    """Return how outputs become colours: as the color model's, unsaturated where it is fed back."""
    return config.kind.card_decode(color.decoder.to_json(), LEAK)


def outcome(settings: Settings, pairs: Pairs, row: Mapping[str, float]) -> dict[str, Any]:
    """Return what the card says of the best epoch.

    Parameters
    ----------
    settings : Settings
        How was trained.
    pairs : Pairs
        What on.
    row : mapping
        The epoch's row of the history.

    Returns
    -------
    dict
        As JSON holds it.
    """
    return {
        "training": {
            **{key: getattr(settings, key) for key in _MATTERS},
            **pairs.to_json(),
            "precision": settings.precision,
            "best_epoch": int(row["epoch"]),
        },
        "metrics": {k: round(float(v), 6) for k, v in row.items()},
        "date": datetime.date.today().isoformat(),
    }


def _describe(clips: ClipSet) -> dict[str, Any]:
    return {
        "name": clips.name,
        "split": clips.split,
        "sha256": clips.sha256,
        "clips": len(clips),
        "frames": sum(map(len, clips.clips)),
        "height": clips.height,
    }
