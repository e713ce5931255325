"""Training the color model: what it learns from photos, and what its card says of that."""

from __future__ import annotations

import dataclasses
import datetime
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from colorlab import bins, checkpoints, color_model, devices, files, losses, vgg, yuv
from colorlab.checkpoints import ColorModel
from colorlab.color_model import ColorModelConfig
from colorlab.datasets import Augment, PhotoSet, batch, develop
from colorlab.errors import InputError
from colorlab.training.run import BEST, Batch, Run, Task
from colorlab.training.settings import Settings


def prepare(
    rgb: np.ndarray, config: ColorModelConfig, soft: bool = False
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Turn pictures into what one training step takes.

    Parameters
    ----------
    rgb : numpy.ndarray of uint8, (N, H, W, 3)
        Pictures with sides that are multiples of the heads' stride.
    config : ColorModelConfig
        The model: bins and stride.
    soft : bool
        Whether labels are places on the axis of bins, see `colorlab.losses.PixelCrossEntropy`.

    Returns
    -------
    y : numpy.ndarray of float32, (N, H, W, 1)
        Luma.
    targets : dict
        ``u`` and ``v`` at the heads' resolution, where a pixel's chroma is the mean of the
        stride × stride pixels it stands for: int32 bins (N, h, w), float32 places of soft labels
        (N, h, w, 1), or float32 chroma (N, h, w, 1) for a regression head.
    """
    y, uv = yuv.rgb_to_yuv(rgb)
    n, height, width, _ = uv.shape
    s = config.stride
    uv = uv.reshape(n, height // s, s, width // s, s, 2).mean(axis=(2, 4))
    if config.head == "chroma":
        return y, {"u": uv[..., :1], "v": uv[..., 1:]}
    if soft:
        places = config.grid.place(uv)
        return y, {"u": places[..., :1], "v": places[..., 1:]}
    labels = config.grid.encode(uv)
    return y, {"u": labels[..., 0], "v": labels[..., 1]}


def count_prior(photos: PhotoSet, config: ColorModelConfig) -> np.ndarray:
    """Count how often each bin occurs in a photo set, at full resolution.

    Parameters
    ----------
    photos : PhotoSet
        The set, usually the training split.
    config : ColorModelConfig
        Its bins are used.

    Returns
    -------
    numpy.ndarray of float64, (2, n)
        Share of pixels per bin of U and V; each row sums to 1.
    """
    parts = (photos.rgb[i : i + 16] for i in range(0, len(photos), 16))
    return bins.prior((config.grid.encode(yuv.rgb_to_yuv(rgb)[1]) for rgb in parts), config.n)


def train_color(
    photos: PhotoSet,
    validation: PhotoSet,
    out: str | os.PathLike[str],
    config: ColorModelConfig | None = None,
    settings: Settings | None = None,
    start: ColorModel | None = None,
    name: str = "color",
    command: str = "",
    progress: bool = True,
) -> Path:
    """Train a color model, or go on with a training that was interrupted.

    Parameters
    ----------
    photos, validation : PhotoSet
        What is learnt from, and what chooses the best epoch.
    out : path
        Folder of the run. If it holds a state of the same run, that run continues; a finished
        run returns at once.
    config : ColorModelConfig, optional
        The architecture; that of `start`, or else the default.
    settings : Settings, optional
        How to train.
    start : ColorModel, optional
        A trained model to start from, in place of random weights. Where only the bins or the kind
        of head differ, the heads are drawn anew.
    name : str
        The model's name in its card.
    command : str
        The command that started this, for the card.
    progress : bool
        Show a bar per epoch.

    Returns
    -------
    pathlib.Path
        The folder of the best model.

    Raises
    ------
    InputError
        When `out` holds the state of another run (other settings, architecture, start or photos),
        the set is smaller than a batch, the loss does not fit the head, `start` has another
        trunk, or `out` cannot be written.
    """
    config = config or (start.config if start else ColorModelConfig())
    settings = settings or Settings()
    precision = devices.precision(settings.precision)  # a run goes on in the one it began with
    settings = dataclasses.replace(settings, precision=precision)
    out = files.ensure_folder(out)
    _check(photos, validation, config, settings, start)
    with devices.spread(settings.devices):
        network = color_model.build(
            config,
            seed=settings.seed,
            dtype=settings.precision,
            fillers=settings.batch_size % settings.devices > 0,
        )
        heads_copied = start is not None and checkpoints.copy_weights(start, network, config)
        prior = count_prior(photos, config)
        card = _card(name, command, photos, validation, config, network, prior)
        card["started_from"] = _origin(start, heads_copied)

        def keep(row: Mapping[str, float]) -> None:
            checkpoints.save(out / BEST, network, card | _outcome(config, settings, row))

        weights = bins.rebalance_weights(prior) if settings.loss == "rebalanced" else None
        accuracy = {head: [losses.pixel_accuracy] for head in "uv"}
        task = Task(
            network=color_model.at_head_resolution(network),
            losses=losses.head_losses(settings.loss, weights, settings.soft),
            metrics=accuracy if config.head == "bins" else {},
            steps=len(photos) // settings.batch_size,
            batch=_training_batches(photos, config, settings),
            validation=_validation_batches(validation, config, settings.batch_size),
            identity={
                "architecture": config.to_json(),
                "backbone": vgg.describe(config.backbone),
                "photos": _identity(photos),
                "validation": _identity(validation),
                "start": {"weights": start.card["weights"]["sha256"]} if start else {},
            },
            keep=keep,
        )
        Run(task, settings, out).fit(progress)
    return out / BEST


def _check(
    photos: PhotoSet,
    validation: PhotoSet,
    config: ColorModelConfig,
    settings: Settings,
    start: ColorModel | None,
) -> None:
    if len(photos) < settings.batch_size:
        raise InputError(
            f"{len(photos)} training photos do not fill a batch of {settings.batch_size}; "
            "add photos or lower the batch size."
        )
    if (settings.loss == "euclidean") != (config.head == "chroma"):
        raise InputError(
            f"the loss {settings.loss!r} does not fit the head {config.head!r}; "
            "'euclidean' goes with 'chroma', the others with 'bins'."
        )
    size = photos.rgb.shape[1]
    for side in (settings.crop or size, validation.rgb.shape[1]):
        if side % vgg.STRIDE:
            raise InputError(f"size must be a multiple of {vgg.STRIDE}; received {side}.")
    if settings.crop is not None and settings.crop > size:
        raise InputError(f"crops of {settings.crop} pixels do not fit photos of {size}.")
    if start is not None and config.backbone is None:
        seed = start.card.get("training", {}).get("seed", 0)
        if seed != settings.seed:
            raise InputError(
                f"the random backbone of {start.name} was drawn with the seed {seed}; start from "
                f"it with that seed; received {settings.seed}."
            )


def _training_batches(
    photos: PhotoSet, config: ColorModelConfig, settings: Settings
) -> Callable[[int, int], Batch]:
    """Return the maker of batches: (epoch, step) to varied photos, all of them once per epoch."""
    augment = Augment(settings.crop, settings.flip, settings.curve, settings.grain, settings.zoom)
    size = settings.batch_size

    def make(epoch: int, step: int) -> Batch:
        order = np.random.default_rng((settings.seed, epoch)).permutation(len(photos))
        rng = np.random.default_rng((settings.seed, epoch, step))
        chosen = order[step * size : (step + 1) * size]
        y, targets = prepare(batch(photos, chosen, augment, rng), config, settings.soft > 0)
        return develop(y, augment, rng), targets

    return make


def _validation_batches(
    photos: PhotoSet, config: ColorModelConfig, size: int
) -> Callable[[], Iterator[Batch]]:
    """Return the maker of the validation batches: every photo as it is, in order."""

    def make() -> Iterator[Batch]:
        for first in range(0, len(photos), size):
            yield prepare(batch(photos, range(first, min(first + size, len(photos)))), config)

    return make


def _identity(photos: PhotoSet) -> dict[str, Any]:
    return {"sha256": photos.manifest.sha256, "shape": list(photos.rgb.shape)}


def _card(
    name: str,
    command: str,
    photos: PhotoSet,
    validation: PhotoSet,
    config: ColorModelConfig,
    network: keras.Model,
    prior: np.ndarray,
) -> dict[str, Any]:
    """Return what the card says from the start; `_outcome` is the rest."""
    return {
        "schema": 1,
        "name": name,
        "kind": "color",
        "architecture": config.to_json(),
        "n": config.n,
        "align": config.align,
        "decode": {
            "method": "annealed",
            "temperature": 0.5,
            "mirror": False,  # test-time augmentation did not pay; docs/reproducing.md
            "scales": [1.0],
        }
        if config.head == "bins"
        else {"method": "mean", "temperature": 1.0},
        "working_size": int(photos.rgb.shape[1]),
        "backbone": vgg.describe(config.backbone),
        "parameters": color_model.count_parameters(network),
        "dataset": _describe(photos),
        "validation": _describe(validation),
        "prior": [[round(float(p), 8) for p in axis] for axis in prior],
        "versions": checkpoints.versions(),
        "device": devices.processor() if not devices.has_accelerator() else devices.names()[0],
        "command": command,
    }


def _origin(start: ColorModel | None, heads_copied: bool) -> dict[str, Any] | None:
    """Return what the card says of the model whose weights a training started from."""
    if start is None:
        return None
    return {
        "name": start.name,
        "weights_sha256": start.card["weights"]["sha256"],
        "heads": "copied" if heads_copied else "drawn anew",
        "training": start.card.get("training"),
        "command": start.card.get("command"),
    }


def _outcome(
    config: ColorModelConfig, settings: Settings, row: Mapping[str, float]
) -> dict[str, Any]:
    """Return what the card says of the best epoch, a row of the history."""
    return {
        "training": {
            **dataclasses.asdict(settings),
            "best_epoch": int(row["epoch"]),
            "resolution_of_loss": f"1/{config.stride} of the input",
        },
        "metrics": {k: round(float(v), 6) for k, v in row.items()},
        "date": datetime.date.today().isoformat(),
    }


def _describe(photos: PhotoSet) -> dict[str, Any]:
    manifest = photos.manifest
    return {
        "name": manifest.name,
        "split": manifest.split,
        "sha256": manifest.sha256,
        "photos": len(photos),
        "skipped_grey": photos.skipped_grey,
        "size": int(photos.rgb.shape[1]),
    }
