"""Training the color model: batches, epochs, the best epoch kept, and continuing after a kill.

`train_color` writes into one folder: ``history.csv`` (a row per epoch), ``state.npz`` (weights,
optimiser, epoch, step: all that continuing needs, replaced atomically) and ``best/`` (the model
with the lowest validation loss, with its card). Chance is drawn from counters (seed, epoch, step),
so that a continued run meets the same pictures as an uninterrupted one.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime
import hashlib
import io
import json
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm.auto import tqdm

from colorlab import bins, checkpoints, color_model, devices, files, losses, vgg, yuv
from colorlab.color_model import ColorModelConfig
from colorlab.datasets import Augment, PhotoSet, batch
from colorlab.errors import InputError

STATE, HISTORY, BEST = "state.npz", "history.csv", "best"


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
        Adam's at its peak; it warms up over the first 200 steps and falls along a cosine to 0.
    weight_decay : float
        Decoupled weight decay (AdamW); 0 is plain Adam.
    average : float
        Momentum of the running mean of the weights, with which validation and the kept model
        work; 0 uses the weights themselves.
    crop : int or None
        Side of the random square crops, pixels, a multiple of 16; None trains on whole pictures.
    flip : bool
        Mirror pictures at random.
    loss : {"crossentropy", "rebalanced", "euclidean"}
        See `colorlab.losses`.
    precision : {"auto", "float32", "mixed_bfloat16"}
        See `colorlab.devices.precision`.
    seed : int
        Seed of weights, order and augmentation.
    save_every : float
        Seconds between two states within an epoch.
    """

    epochs: int = 10
    batch_size: int = 15
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    average: float = 0.99
    crop: int | None = None
    flip: bool = True
    loss: str = "crossentropy"
    precision: str = "auto"
    seed: int = 0
    save_every: float = 120.0

    def __post_init__(self) -> None:
        checks = (
            (self.epochs >= 1, "epochs must be at least 1", self.epochs),
            (self.batch_size >= 1, "batch_size must be at least 1", self.batch_size),
            (self.learning_rate > 0, "learning_rate must be positive", self.learning_rate),
            (self.weight_decay >= 0, "weight_decay must not be negative", self.weight_decay),
            (0 <= self.average < 1, "average must lie in [0, 1)", self.average),
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
        )
        for holds, rule, received in checks:
            if not holds:
                raise InputError(f"{rule}; received {received!r}.")


def prepare(rgb: np.ndarray, config: ColorModelConfig) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Turn pictures into what one training step takes.

    Parameters
    ----------
    rgb : numpy.ndarray of uint8, (N, H, W, 3)
        Pictures with sides that are multiples of the heads' stride.
    config : ColorModelConfig
        The model: bins and stride.

    Returns
    -------
    y : numpy.ndarray of float32, (N, H, W, 1)
        Luma.
    targets : dict
        ``u`` and ``v`` at the heads' resolution, where a pixel's chroma is the mean of the
        stride × stride pixels it stands for: int32 bins (N, h, w), or float32 chroma
        (N, h, w, 1) for a regression head.
    """
    y, uv = yuv.rgb_to_yuv(rgb)
    n, height, width, _ = uv.shape
    s = config.stride
    uv = uv.reshape(n, height // s, s, width // s, s, 2).mean(axis=(2, 4))
    if config.head == "chroma":
        return y, {"u": uv[..., :1], "v": uv[..., 1:]}
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
    start: checkpoints.ColorModel | None = None,
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
        A trained model to start from, in place of random weights.
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
        architecture, or `out` cannot be written.
    """
    config = config or (start.config if start else ColorModelConfig())
    settings = settings or Settings()
    out = files.ensure_folder(out)
    _check(photos, validation, config, settings)
    run = _Run(photos, validation, out, config, settings, start)
    run.restore()
    for epoch in range(run.epoch, settings.epochs):
        run.train_epoch(epoch, progress)
        row = run.validate(epoch)
        if row["val_loss"] <= min(r["val_loss"] for r in run.history):
            card = _card(run, name, command, row)
            with run.averaged_weights():
                checkpoints.save(out / BEST, run.network, card)
        _write_history(out / HISTORY, run.history)
        run.epoch, run.step, run.sums = epoch + 1, 0, {}
        run.save()
    return out / BEST


def _check(
    photos: PhotoSet, validation: PhotoSet, config: ColorModelConfig, settings: Settings
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


class _Run:
    """One training run: the network, its optimiser and where it stands."""

    def __init__(
        self,
        photos: PhotoSet,
        validation: PhotoSet,
        out: Path,
        config: ColorModelConfig,
        settings: Settings,
        start: checkpoints.ColorModel | None,
    ) -> None:
        self.photos, self.validation, self.out = photos, validation, out
        self.config, self.settings, self.start = config, settings, start
        self.backbone = vgg.describe(config.backbone)
        self.prior = count_prior(photos, config)
        self.steps = len(photos) // settings.batch_size
        self.epoch, self.step, self.seconds = 0, 0, 0.0
        self.sums: dict[str, float] = {}
        self.history: list[dict[str, float]] = []
        self.network = color_model.build(
            config, seed=settings.seed, dtype=devices.precision(settings.precision)
        )
        if start is not None:
            checkpoints.copy_weights(start, self.network)
        self.heads = color_model.at_head_resolution(self.network)
        total = settings.epochs * self.steps
        warmup = min(200, total // 10)
        schedule = keras.optimizers.schedules.CosineDecay(
            settings.learning_rate / 20 if warmup else settings.learning_rate,
            max(1, total - warmup),
            warmup_target=settings.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
        options: dict[str, Any] = {}
        if settings.average:
            options = {"use_ema": True, "ema_momentum": settings.average}
        self.optimizer = keras.optimizers.AdamW(
            schedule, weight_decay=settings.weight_decay, **options
        )
        weights = None
        if settings.loss == "rebalanced":
            weights = bins.rebalance_weights(self.prior)
        metrics = {} if config.head == "chroma" else {h: [losses.pixel_accuracy] for h in "uv"}
        self.heads.compile(
            self.optimizer, loss=losses.head_losses(settings.loss, weights), metrics=metrics
        )
        self.optimizer.build(self.heads.trainable_variables)

    def identity(self) -> str:
        """Digest of everything that makes two runs the same run."""
        facts: dict[str, Any] = {
            "architecture": self.config.to_json(),
            "backbone": self.backbone,
            "settings": {
                k: v for k, v in dataclasses.asdict(self.settings).items() if k != "save_every"
            },
            "photos": [self.photos.manifest.sha256, list(self.photos.rgb.shape)],
            "validation": [self.validation.manifest.sha256, list(self.validation.rgb.shape)],
        }
        if self.start is not None:
            facts["start"] = self.start.card["weights"]["sha256"]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def variables(self) -> dict[str, Any]:
        """All that changes while training, by name; the frozen backbone does not."""
        found = {
            f"network/{layer.name}/{k}": variable
            for layer in self.network.layers
            if layer.name != color_model.BACKBONE
            for k, variable in enumerate(layer.variables)
        }
        return found | {f"optimizer/{k}": v for k, v in enumerate(self.optimizer.variables)}

    def save(self) -> None:
        """Write the state, atomically."""
        arrays: dict[str, Any] = {
            name: np.asarray(keras.ops.convert_to_numpy(v)) for name, v in self.variables().items()
        }
        facts = {
            "identity": self.identity(),
            "epoch": self.epoch,
            "step": self.step,
            "sums": self.sums,
            "seconds": self.seconds,
            "history": self.history,
        }
        arrays["facts"] = np.array(json.dumps(facts))
        with files.atomic_path(self.out / STATE) as temporary:
            np.savez(temporary, **arrays)

    def restore(self) -> None:
        """Take up the state in the run's folder, if there is one."""
        path = self.out / STATE
        if not path.exists():
            return
        arrays = files.read_arrays(path)
        try:
            facts = json.loads(str(arrays.pop("facts")))
        except (KeyError, ValueError) as error:
            raise InputError(
                f"{path} is not the state of a training; delete it to start over, or restore it."
            ) from error
        if facts["identity"] != self.identity() or set(arrays) != set(self.variables()):
            raise InputError(
                f"{self.out} holds a training with other settings, photos or bins (n="
                f"{self.config.n} was asked for now); give the same ones to continue it, or "
                "another --out to start a new one."
            )
        for name, variable in self.variables().items():
            variable.assign(arrays[name])
        self.epoch, self.step = facts["epoch"], facts["step"]
        self.sums, self.seconds, self.history = facts["sums"], facts["seconds"], facts["history"]

    def train_epoch(self, epoch: int, progress: bool) -> None:
        """Run the rest of an epoch from `self.step` on."""
        bar = tqdm(
            total=self.steps,
            initial=self.step,
            desc=f"epoch {epoch + 1}/{self.settings.epochs}",
            unit="step",
            disable=not progress,
        )
        saved = started = time.monotonic()
        with bar:
            for y, targets in self._batches(epoch, self.step):
                self.heads.reset_metrics()
                logs = _finished(self.heads.train_on_batch(y, targets, return_dict=True))
                if not np.isfinite(logs["loss"]):
                    raise InputError(
                        f"the loss became {float(logs['loss'])} at epoch {epoch + 1}, step "
                        f"{self.step + 1}; lower the learning rate."
                    )
                for key, value in logs.items():
                    self.sums[key] = self.sums.get(key, 0.0) + float(value)
                self.step += 1
                bar.set_postfix(loss=f"{self.sums['loss'] / self.step:.3f}", refresh=False)
                bar.update()
                now = time.monotonic()
                self.seconds += now - started
                started = now
                if now - saved > self.settings.save_every:
                    self.save()
                    saved = now

    def _batches(
        self, epoch: int, first: int
    ) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        """Yield the epoch's batches; the next one is made while the last one is learnt."""
        settings = self.settings
        order = np.random.default_rng((settings.seed, epoch)).permutation(len(self.photos))

        def make(step: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
            chosen = order[step * settings.batch_size : (step + 1) * settings.batch_size]
            rng = np.random.default_rng((settings.seed, epoch, step))
            augment = Augment(settings.crop, settings.flip)
            return prepare(batch(self.photos, chosen, augment, rng), self.config)

        with ThreadPoolExecutor(max_workers=1) as pool:
            coming = pool.submit(make, first) if first < self.steps else None
            for step in range(first, self.steps):
                assert coming is not None
                ready = coming.result()
                coming = pool.submit(make, step + 1) if step + 1 < self.steps else None
                yield ready

    @contextlib.contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Let the network carry the running mean of its weights, then its own again."""
        if not self.settings.average:
            yield
            return
        trainable = self.heads.trainable_variables
        kept = [np.array(keras.ops.convert_to_numpy(v)) for v in trainable]
        try:
            self.optimizer.finalize_variable_values(trainable)
            for variable in trainable:  # JAX shares the mean's memory, which a step would free
                variable.assign(np.array(keras.ops.convert_to_numpy(variable)))
            yield
        finally:
            for variable, value in zip(trainable, kept, strict=True):
                variable.assign(value)

    def validate(self, epoch: int) -> dict[str, float]:
        """Measure on the validation photos and add the epoch's row to the history."""
        sums: dict[str, float] = {}
        with self.averaged_weights():
            for first in range(0, len(self.validation), self.settings.batch_size):
                chosen = range(first, min(first + self.settings.batch_size, len(self.validation)))
                y, targets = prepare(batch(self.validation, chosen), self.config)
                self.heads.reset_metrics()
                logs = _finished(self.heads.test_on_batch(y, targets, return_dict=True))
                for key, value in logs.items():
                    sums[key] = sums.get(key, 0.0) + float(value) * len(chosen)
        row: dict[str, float] = {"epoch": epoch + 1, "seconds": round(self.seconds, 1)}
        row |= {_column(key): self.sums[key] / self.steps for key in sorted(self.sums)}
        row |= {f"val_{_column(key)}": sums[key] / len(self.validation) for key in sorted(sums)}
        self.history.append(row)
        return row


def _finished(logs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a step's logs, or raise the Ctrl-C that came while Keras waited for them.

    Keras drops it then (a bare ``except`` in `pythonify_logs`) and hands on arrays, not floats.
    """
    if not all(isinstance(value, float) for value in logs.values()):
        raise KeyboardInterrupt
    return logs


def _column(key: str) -> str:
    """Name Keras' log as a result's column: ``u_head_loss`` becomes ``loss_u``."""
    for head in "uv":
        if key.startswith(f"{head}_"):
            return f"{'accuracy' if 'accuracy' in key else 'loss'}_{head}"
    return key


def _write_history(path: Path, rows: list[dict[str, float]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: round(v, 6) for k, v in row.items()})
    with files.atomic_path(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def _card(run: _Run, name: str, command: str, row: Mapping[str, float]) -> dict[str, Any]:
    """Everything a card says but the weights."""
    return {
        "schema": 1,
        "name": name,
        "kind": "color",
        "architecture": run.config.to_json(),
        "n": run.config.n,
        "align": run.config.align,
        "decode": {"method": "annealed", "temperature": 0.5}
        if run.config.head == "bins"
        else {"method": "mean", "temperature": 1.0},
        "working_size": int(run.photos.rgb.shape[1]),
        "backbone": run.backbone,
        "parameters": color_model.count_parameters(run.network),
        "dataset": _describe(run.photos),
        "validation": _describe(run.validation),
        "training": {
            **dataclasses.asdict(run.settings),
            "precision": devices.precision(run.settings.precision),
            "best_epoch": int(row["epoch"]),
            "resolution_of_loss": f"1/{run.config.stride} of the input",
        },
        "started_from": None
        if run.start is None
        else {
            "name": run.start.name,
            "weights_sha256": run.start.card["weights"]["sha256"],
            "training": run.start.card.get("training"),
            "command": run.start.card.get("command"),
        },
        "prior": [[round(float(p), 8) for p in axis] for axis in run.prior],
        "metrics": {k: round(float(v), 6) for k, v in row.items()},
        "versions": checkpoints.versions(),
        "device": devices.processor() if not devices.has_accelerator() else devices.names()[0],
        "command": command,
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
