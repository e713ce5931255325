"""One training run: a network, its optimiser, and where it stands. It knows nothing of photos."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import json
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm.auto import tqdm

from colorlab import color_model, files
from colorlab.errors import InputError
from colorlab.training.settings import Settings

STATE, HISTORY, BEST = "state.npz", "history.csv", "best"

Batch = tuple[Any, dict[str, np.ndarray]]
"""What the network sees (an array, or several by name) and the targets of its heads by name."""


@dataclasses.dataclass(frozen=True)
class Task:
    """What a run has to learn.

    Attributes
    ----------
    network : keras.Model
        What is fitted, with the heads ``u`` and ``v``; layers that are not trainable, such as the
        backbone, are taken not to change.
    losses, metrics : mapping
        Head to Keras loss; head to list of Keras metrics.
    steps : int
        Steps per epoch.
    batch : callable
        (epoch, step), both counted from 0, to the batch. Called from another thread, one batch
        ahead; the same numbers must give the same batch.
    validation : callable
        Returns the validation batches; the last may be smaller.
    identity : mapping of str to mapping
        Everything beside the settings that makes two runs the same run, as JSON can hold it.
    keep : callable
        Called with an epoch's row of the history when it is the best one yet, while the network
        carries the weights that validation saw.
    begin : callable
        Called with an epoch, counted from 0, before its first batch is asked for, and again when
        an interrupted epoch goes on.
    """

    network: keras.Model
    losses: Mapping[str, keras.losses.Loss]
    metrics: Mapping[str, list[Any]]
    steps: int
    batch: Callable[[int, int], Batch]
    validation: Callable[[], Iterable[Batch]]
    identity: Mapping[str, Mapping[str, Any]]
    keep: Callable[[Mapping[str, float]], object]
    begin: Callable[[int], object] = lambda epoch: None


class Run:
    """A task, how it is learnt, and where that stands.

    Parameters
    ----------
    task : Task
        What to learn.
    settings : Settings
        How.
    out : pathlib.Path
        The run's folder, which exists. A state of the same run in it is taken up.

    Raises
    ------
    InputError
        When `out` holds the state of another run, or something else in its place.
    """

    def __init__(self, task: Task, settings: Settings, out: Path) -> None:
        self.task, self.settings, self.out = task, settings, out
        self.epoch, self.step, self.seconds = 0, 0, 0.0
        self.sums: dict[str, float] = {}
        self.history: list[dict[str, float]] = []
        self.optimizer = optimizer(settings, task.steps)
        task.network.compile(
            self.optimizer, loss=dict(task.losses), weighted_metrics=dict(task.metrics)
        )
        self.optimizer.build(task.network.trainable_variables)
        self._stop = threading.Event()
        files.remove_leftovers(out)
        files.remove_leftovers(out / BEST)
        self.restore()

    def fit(self, progress: bool = True) -> None:
        """Train until the last epoch is done.

        Parameters
        ----------
        progress : bool
            Show a bar per epoch.

        Raises
        ------
        InputError
            When a loss is not finite, or the folder cannot be written.
        KeyboardInterrupt
            After Ctrl-C, once the step under way is finished and its state is written; where it
            comes too late to spare a step, once all that the epoch leaves is written.
        """
        with self._ctrl_c_waits():
            for epoch in range(self.epoch, self.settings.epochs):
                self.task.begin(epoch)
                self.train_epoch(epoch, progress)
                with self.averaged_weights():
                    row = self.validate(epoch)
                    self.history.append(row)
                    if row["val_loss"] <= min(r["val_loss"] for r in self.history):
                        self.task.keep(row)
                _write_history(self.out / HISTORY, self.history)
                self.epoch, self.step, self.sums = epoch + 1, 0, {}
                self.save(sync=True)
                self._stop_if_asked()

    def identity(self) -> dict[str, dict[str, Any]]:
        """Everything that makes two runs the same run."""
        how = dataclasses.asdict(self.settings)
        del how["save_every"], how["devices"]
        facts = {**self.task.identity, "settings": how}
        return json.loads(json.dumps(facts, sort_keys=True))

    def variables(self) -> dict[str, Any]:
        """All that changes while training, by name; frozen layers do not."""
        found = {
            f"network/{layer.name}/{k}": variable
            for layer in self.task.network.layers
            if layer.trainable
            for k, variable in enumerate(layer.variables)
        }
        return found | {f"optimizer/{k}": v for k, v in enumerate(self.optimizer.variables)}

    def save(self, sync: bool = False) -> None:
        """Write the state, atomically; with `sync`, wait until the disk has it.

        Without, a killed process loses nothing: the operating system has the file. A machine that
        loses power may lose the state altogether, since the new one has taken the place of the
        last; the best model so far, in its own folder, was waited for.
        """
        arrays: dict[str, Any] = {
            name: np.asarray(variable) for name, variable in self.variables().items()
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
        with files.atomic_path(self.out / STATE, sync=sync) as temporary:
            np.savez(temporary, **arrays)

    def restore(self) -> None:
        """Take up the state in the run's folder, if there is one."""
        path = self.out / STATE
        if not path.exists():
            return
        arrays = files.read_arrays(path)
        try:
            facts = json.loads(str(arrays.pop("facts")))
            other = _differences(facts["identity"], self.identity())
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path} is not the state of a training; delete it to start over, or restore it."
            ) from error
        if other or set(arrays) != set(self.variables()):
            raise InputError(
                f"{self.out} holds a training with other settings, photos or bins "
                f"({'; '.join(other[:3]) or 'another network'}); give the same ones to continue "
                "it, or another --out to start a new one."
            )
        for name, variable in self.variables().items():
            variable.assign(arrays[name])
        self.epoch, self.step = facts["epoch"], facts["step"]
        self.sums, self.seconds, self.history = facts["sums"], facts["seconds"], facts["history"]

    def train_epoch(self, epoch: int, progress: bool) -> None:
        """Run the rest of an epoch from `self.step` on."""
        bar = tqdm(
            total=self.task.steps,
            initial=self.step,
            desc=f"epoch {epoch + 1}/{self.settings.epochs}",
            unit="step",
            disable=not progress,
        )
        saved = started = time.monotonic()
        with bar:
            for batch in self._batches(epoch, self.step):
                logs = self._on_batch(self.task.network.train_on_batch, batch)
                place = f"epoch {epoch + 1}, step {self.step + 1}"
                _check_finite("loss", logs["loss"], place)
                for key, value in logs.items():
                    self.sums[key] = self.sums.get(key, 0.0) + value
                self.step += 1
                bar.set_postfix(loss=f"{self.sums['loss'] / self.step:.3f}", refresh=False)
                bar.update()
                now = time.monotonic()
                self.seconds += now - started
                started = now
                last = self.step == self.task.steps or self._stop.is_set()
                if last or now - saved >= self.settings.save_every:
                    self.save()
                    saved = now
                    self._stop_if_asked()  # here only: the state is written

    def _on_batch(self, act: Callable[..., Mapping[str, Any]], batch: Batch) -> dict[str, float]:
        """Learn from a batch or measure it, padded so that the devices share it evenly."""
        inputs, targets, weights = _padded(batch, self.settings.devices)
        self.task.network.reset_metrics()
        logs = act(inputs, targets, sample_weight=weights, return_dict=True)
        return {key: float(value) for key, value in logs.items()}

    def _batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """Yield the epoch's batches; the next one is made while the last one is learnt."""

        def make(step: int) -> Batch | None:
            return self.task.batch(epoch, step) if step < self.task.steps else None

        with ThreadPoolExecutor(max_workers=1) as pool:
            coming = pool.submit(make, first)
            while (ready := coming.result()) is not None:
                first += 1
                coming = pool.submit(make, first)
                yield ready

    @contextlib.contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Let the network carry the running mean of its weights, then its own again."""
        if not self.settings.average:
            yield
            return
        trainable = self.task.network.trainable_variables
        kept = [np.asarray(variable).copy() for variable in trainable]
        try:
            self.optimizer.finalize_variable_values(trainable)
            for variable in trainable:  # JAX shares the mean's memory, which a step would free
                variable.assign(np.asarray(variable).copy())
            yield
        finally:
            for variable, value in zip(trainable, kept, strict=True):
                variable.assign(value)

    @contextlib.contextmanager
    def _ctrl_c_waits(self) -> Iterator[None]:
        """Let a first Ctrl-C wait for the end of a step, where the state is whole.

        In its middle the weights would not fit the step's number; Keras even drops a Ctrl-C there.
        A second Ctrl-C stops at once. Where others handle or ignore Ctrl-C, nothing changes.
        """
        handler = signal.getsignal(signal.SIGINT)
        main = threading.current_thread() is threading.main_thread()
        if handler is not signal.default_int_handler or not main:
            yield
            return

        def wait(number: int, frame: Any) -> None:
            if self._stop.is_set():
                raise KeyboardInterrupt
            self._stop.set()

        signal.signal(signal.SIGINT, wait)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, handler)

    def _stop_if_asked(self) -> None:
        if self._stop.is_set():
            place = f"from epoch {self.epoch + 1}, step {self.step} of {self.task.steps}"
            if self.epoch == self.settings.epochs:
                place = "after the last epoch"
            raise KeyboardInterrupt(f"interrupted; run the same again to go on {place}.")

    def validate(self, epoch: int) -> dict[str, float]:
        """Measure the network on the validation batches; return the epoch's row of the history."""
        sums: dict[str, float] = {}
        total = 0
        for batch in self.task.validation():
            self._stop_if_asked()
            count = len(batch[1]["u"])
            for key, value in self._on_batch(self.task.network.test_on_batch, batch).items():
                sums[key] = sums.get(key, 0.0) + value * count
            total += count
        row: dict[str, float] = {"epoch": epoch + 1, "seconds": round(self.seconds, 1)}
        row |= {_column(key): self.sums[key] / self.task.steps for key in sorted(self.sums)}
        row |= {f"val_{_column(key)}": sums[key] / total for key in sorted(sums)}
        _check_finite("validation loss", row["val_loss"], f"epoch {epoch + 1}")
        return row


def _check_finite(name: str, loss: float, place: str) -> None:
    if not np.isfinite(loss):
        raise InputError(f"the {name} became {loss} at {place}; lower the learning rate.")


def optimizer(settings: Settings, steps: int) -> keras.optimizers.Optimizer:
    """Return Adam with the settings' learning rate and, if asked, weight decay and running mean.

    Parameters
    ----------
    settings : Settings
        How to train.
    steps : int
        Steps per epoch, for the schedule.

    Returns
    -------
    keras.optimizers.Optimizer
        What every run learns with.
    """
    rate: Any = settings.learning_rate
    if settings.schedule == "cosine":
        total = settings.epochs * steps
        warmup = min(200, total // 10)
        rate = keras.optimizers.schedules.CosineDecay(
            settings.learning_rate / 20 if warmup else settings.learning_rate,
            max(1, total - warmup),
            warmup_target=settings.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    options: dict[str, Any] = {}
    if settings.average:
        options = {"use_ema": True, "ema_momentum": settings.average}
    return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay, **options)


def _differences(
    there: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Say in which facts two runs differ: "n was 30, is 31 now"."""
    return [
        f"{group} {key} was {there.get(group, {}).get(key)}, is {now.get(group, {}).get(key)} now"
        for group in sorted({*there, *now})
        for key in sorted({*there.get(group, {}), *now.get(group, {})})
        if there.get(group, {}).get(key) != now.get(group, {}).get(key)
    ]


def _padded(batch: Batch, devices: int) -> tuple[Any, dict[str, np.ndarray], np.ndarray | None]:
    """Fill a batch up with samples of weight 0 until the devices can share it evenly.

    Their inputs are `color_model.FILLER`, by which the network's normalisations know them.
    """
    inputs, targets = batch
    count = len(targets["u"])
    missing = -count % devices
    if not missing:
        return inputs, targets, None

    def fill(array: np.ndarray, value: float) -> np.ndarray:
        return np.concatenate([array, np.full((missing, *array.shape[1:]), value, array.dtype)])

    inputs = keras.tree.map_structure(lambda array: fill(array, color_model.FILLER), inputs)
    targets = {head: fill(array, 0) for head, array in targets.items()}
    return inputs, targets, fill(np.ones(count, np.float32), 0)


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
