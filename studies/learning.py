"""The way of a training: the loss on every photo after each epoch, and how long it took."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from colorlab import digests, files, vgg, yuv
from colorlab.datasets.photos import default_cache
from colorlab.training.run import Run
from studies import fitting, reduced
from studies.reduced import Recipe, Seen, Trained
from studies.statistics import replicate, told


def unseen(rgb: NDArray[np.uint8]) -> Seen:
    """Return photos at which no backbone has looked, for a network with its own."""
    return Seen(rgb, {}, hashlib.sha256(np.ascontiguousarray(rgb).data).hexdigest())


def time_looking(
    rgb: NDArray[np.uint8], weights: str | None, taps: Sequence[int], batches: int = 4
) -> float:
    """Say how long a frozen backbone takes to look at photos once."""
    network = vgg.backbone(weights, max(taps), taps, dtype="float32")
    y = yuv.luma(np.resize(rgb[: reduced.BATCH], (reduced.BATCH, *rgb.shape[1:])))
    network.predict_on_batch(y)
    times = []
    for _ in range(batches):
        begun = time.perf_counter()
        network.predict_on_batch(y)
        times.append(time.perf_counter() - begun)
    return float(np.median(times)) * len(rgb) / reduced.BATCH


def learn(
    recipe: Recipe, network: keras.Model, training: Seen, measured: Seen, progress: bool
) -> tuple[Trained, list[list[float]]]:
    """Train a network, and measure it on every photo after each epoch."""
    config = recipe.config
    prior = reduced.count_prior(training.rgb, config)
    answer = Trained(network, recipe, prior, []).outputs(measured)
    identity = {
        "recipe": dataclasses.asdict(recipe),
        "network": {"name": network.name, "inputs": [one.name for one in network.inputs]},
        "data": {"training": training.digest, "measured": measured.digest},
        "code": {"sha256": digests.of_sources(__file__, (reduced, fitting))},
    }
    digest = digests.of_json(identity)[:16]
    folder = files.ensure_folder(default_cache() / f"transfer-{digest}")
    kept = folder / "curve.json"
    curve: list[list[float]] = files.read_json(kept)["curve"] if kept.is_file() else []

    def note(epoch: int) -> None:
        """Measure what the epochs before this one have taught, unless that is known."""
        if len(curve) < epoch:
            found = reduced.evaluate(answer, measured.rgb, config, prior, {}, progress=False)
            total = np.add(found["loss_u"], found["loss_v"])
            curve.append([round(float(one), 4) for one in total])
            files.write_json(kept, {"curve": curve})

    task = fitting.make_task(recipe, network, training, measured, prior, identity)
    timed = dataclasses.replace(  # the curve is what validates: an epoch's time is its steps'
        task,
        metrics={},
        validation=lambda: itertools.islice(task.validation(), 1),
        begin=note,
    )
    run = Run(timed, recipe.settings, folder)
    run.fit(progress)
    note(recipe.epochs)
    shutil.rmtree(folder)
    return Trained(network, recipe, prior, run.history), curve


def crossing(curve: NDArray[np.float64], loss: NDArray[np.float64]) -> NDArray[np.float64]:
    """Say after how many epochs a curve first reaches a loss.

    Returns
    -------
    numpy.ndarray of float64, (samples,)
        From 1 up; between two epochs the loss is taken to fall linearly. Infinite where it is never
        reached.
    """
    reached = curve <= loss[:, None]
    first = reached.argmax(axis=1)
    rows, before = np.arange(len(curve)), np.maximum(first - 1, 0)
    fall = curve[rows, before] - curve[rows, first]
    part = np.divide(
        curve[rows, before] - loss, fall, out=np.zeros(len(curve)), where=(first > 0) & (fall > 0)
    )
    return np.where(reached.any(axis=1), 1 + before + part, np.inf)


def shorten(ours: Mapping[str, Any], control: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Say how many times as long a control takes to the lowest loss that both reach.

    Returns
    -------
    dict
        ``epochs`` and ``minutes``: the factor with value, low, high, and ``capped``, the share of
        bootstrap samples in which the faster one arrives in its first epoch, so that the factor is
        a lower bound; ``loss``: the loss in question.
    """
    both = [np.stack([replicate(e) for e in one["curve"]], axis=1) for one in (ours, control)]
    loss = np.maximum(*(curve.min(axis=1) for curve in both))
    epochs = [crossing(curve, loss) for curve in both]
    capped = round(float(np.mean(np.minimum(*epochs) <= 1)), 4)
    minutes = [clock(one, at) for one, at in zip((ours, control), epochs, strict=True)]
    return {
        "epochs": {**told(epochs[1] / epochs[0]), "capped": capped},
        "minutes": {**told(minutes[1] / minutes[0]), "capped": capped},
        "loss": told(loss),
    }


def clock(measured: Mapping[str, Any], epochs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn epochs into minutes."""
    seconds = measured["seconds"]
    steps = np.interp(epochs, np.arange(len(seconds) + 1), [0.0, *seconds])
    return np.asarray((measured["seeing"] + steps) / 60)
