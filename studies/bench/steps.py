"""A training step, ours beside a plain one, and whether training ever waits for its photos."""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from colorlab import color_model, devices, losses, training, vgg, yuv
from colorlab.color_model import ColorModelConfig
from colorlab.datasets import Augment, Manifest, PhotoSet, batch
from colorlab.training import run
from studies.bench.effort import FULL, Effort, digits, in_turn, spread

Targets = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Arm:
    """One way to train, ready for a step.

    Attributes
    ----------
    network : keras.Model
        Compiled.
    precision : str
        Its Keras dtype policy.
    targets : callable
        Pictures (N, H, W, 3) uint8 to luma and targets.
    """

    network: keras.Model
    precision: str
    targets: Callable[[np.ndarray], tuple[np.ndarray, Targets]]

    def stepper(self, rgb: np.ndarray) -> Callable[[], object]:
        """Return a function that does one training step on these pictures."""
        y, targets = self.targets(rgb)

        def step() -> object:
            self.network.reset_metrics()
            return self.network.train_on_batch(y, targets, return_dict=True)

        return step


def ours(config: ColorModelConfig, seed: int = 0, precision: str = "auto") -> Arm:
    """Return the training that `colorlab.training` does with its default settings."""
    dtype = devices.precision(precision)
    network = color_model.at_head_resolution(color_model.build(config, seed, dtype))
    settings = training.Settings()
    network.compile(
        run.optimizer(settings, steps=100),
        loss=losses.head_losses(settings.loss),
        weighted_metrics={head: [losses.pixel_accuracy] for head in "uv"},
    )
    return Arm(network, dtype, lambda rgb: training.prepare(rgb, config))


def plain(config: ColorModelConfig, seed: int = 0) -> Arm:
    """Return the same training as one would first write it in Keras.

    The convolutions are the same, one by one: those of VGG-16, frozen, and ours, with the same
    kernels and biases. Plain means:

    - float32 throughout;
    - each tap is batch-normalised *before* its 1×1 projection, at the full width of its VGG block;
    - the layer above is enlarged bilinearly inside the trunk;
    - the heads' logits are enlarged bilinearly to the input's resolution, and every pixel is
      compared with its own label;
    - ``keras.losses.SparseCategoricalCrossentropy(from_logits=True)`` on both heads, no metrics;
    - ``keras.optimizers.Adam``, without a running mean of the weights;
    - everything else, such as whether XLA compiles, as Keras chooses it, as in ours.
    """
    network = plain_network(config, seed)
    loss = {head: keras.losses.SparseCategoricalCrossentropy(from_logits=True) for head in "uv"}
    network.compile(keras.optimizers.Adam(training.Settings().learning_rate), loss=loss)

    def targets(rgb: np.ndarray) -> tuple[np.ndarray, Targets]:
        y, uv = yuv.rgb_to_yuv(rgb)
        labels = config.grid.encode(uv)
        return y, {"u": labels[..., 0], "v": labels[..., 1]}

    return Arm(network, "float32", targets)


def plain_network(config: ColorModelConfig, seed: int = 0) -> keras.Model:
    """Build the network of `plain`; layers bear the names they have in `color_model.build`.

    Returns
    -------
    keras.Model
        Maps luma (N, H, W, 1), sides multiples of 16, to ``{"u", "v"}``: logits (N, H, W, n).
    """

    def conv(width: int, size: int, name: str, **options: Any) -> layers.Layer:
        return layers.Conv2D(width, size, padding="same", name=name, dtype="float32", **options)

    def norm(name: str) -> layers.Layer:
        return layers.BatchNormalization(name=f"{name}_norm", dtype="float32")

    def enlarge(times: int, name: str) -> layers.Layer:
        return layers.UpSampling2D(times, interpolation="bilinear", name=name, dtype="float32")

    y = keras.Input((None, None, 1), name="y")
    backbone = vgg.backbone(config.backbone, max(config.taps), config.taps, seed=seed)
    backbone.name = color_model.BACKBONE
    activations = backbone(y, training=False)
    activations = activations if isinstance(activations, list) else [activations]

    x, above = None, 0
    stages = zip(config.taps, config.widths, activations, strict=True)
    for tap, width, activation in reversed(list(stages)):
        t = norm(f"tap{tap}")(activation)
        t = conv(width, 1, f"tap{tap}_project", use_bias=False)(t)
        if x is not None:
            x = conv(width, 1, f"up{tap}_project")(x)
            x = enlarge(2 ** (above - tap), f"up{tap}")(x)
            x = layers.Add(name=f"residual{tap}", dtype="float32")([x, t])
        elif config.context:
            pooled = layers.GlobalAveragePooling2D(keepdims=True, dtype="float32")(t)
            seen = conv(config.context, 1, "context", activation="relu")(pooled)
            seen = conv(width, 1, "context_project")(seen)
            x = layers.Add(name="context_add", dtype="float32")([t, seen])
        else:
            x = t
        x = norm(f"stage{tap}")(conv(width, 3, f"stage{tap}_conv", use_bias=False)(x))
        x = layers.ReLU(name=f"stage{tap}", dtype="float32")(x)
        above = tap
    x = conv(config.widths[0], 3, color_model.FEATURES, activation="relu")(x)
    outputs = {}
    for head in "uv":
        logits = conv(config.channels, 1, f"{head}_head")(x)
        outputs[head] = enlarge(config.stride, head)(logits) if config.stride > 1 else logits
    network = keras.Model(y, outputs, name="plain")
    vgg.draw_kernels((one for one in network.layers if one.name != color_model.BACKBONE), seed)
    return network


def compare(effort: Effort = FULL, seed: int = 0, progress: bool = False) -> dict[str, Any]:
    """Time training steps of ours, ours in float32 and plain, in turn, on random pictures.

    Returns
    -------
    dict
        ``arms``: precision and ``seconds`` (spread) of ``ours``, ``ours_float32``, ``plain``;
        ``ratios`` of medians: ``plain_to_ours``, which is ``plain_to_ours_float32`` (what the
        structure gives) times ``ours_float32_to_ours`` (what the precision gives);
        ``batch_size``, ``size``.
    """
    config = ColorModelConfig(**effort.architecture)
    arms = {
        "ours": ours(config, seed),
        "ours_float32": ours(config, seed, "float32"),
        "plain": plain(config, seed),
    }
    rgb = _pictures(effort.batch_size, effort.size, seed)
    steppers = {name: arm.stepper(rgb) for name, arm in arms.items()}
    taken = in_turn(steppers, effort.warmup, effort.rounds, progress)
    seconds = {name: spread(one) for name, one in taken.items()}
    return {
        "batch_size": effort.batch_size,
        "size": effort.size,
        "arms": {
            name: {"precision": arm.precision, "seconds": seconds[name]}
            for name, arm in arms.items()
        },
        "ratios": ratios({name: one["median"] for name, one in seconds.items()}),
    }


def ratios(medians: dict[str, float]) -> dict[str, float]:
    """Say how many times as long one arm's step takes as another's."""
    pairs = (("plain", "ours"), ("plain", "ours_float32"), ("ours_float32", "ours"))
    return {f"{a}_to_{b}": digits(medians[a] / medians[b]) for a, b in pairs}


def stalls(effort: Effort = FULL, seed: int = 0) -> dict[str, Any]:
    """Measure how long a real training waits between its steps.

    An epoch of `colorlab.training.train_color` runs on random pictures in a memory-mapped file,
    as photo sets are, and the clock is read around each of its calls of Keras' train_on_batch.

    Returns
    -------
    dict
        ``step_seconds`` and ``wait_seconds``: spreads of the steps, and of everything between
        the end of one and the start of the next; ``waiting_share``: the waits' part of the time,
        in [0, 1]; ``making_seconds``: spread of making a batch alone, which happens in a thread
        while the step before runs: a step waits only if making takes longer.
    """
    with tempfile.TemporaryDirectory() as folder:
        calls, making = _epoch(effort, seed, Path(folder))
    return {**waiting(calls, effort.warmup), "making_seconds": spread(making)}


def _epoch(
    effort: Effort, seed: int, folder: Path
) -> tuple[list[tuple[float, float]], list[float]]:
    """Train for an epoch; return when its steps began and ended, and the seconds a batch takes.

    On return nothing holds the mapped file any more: Windows could not remove it.
    """
    config = ColorModelConfig(**effort.architecture)
    settings = training.Settings(
        epochs=1,
        batch_size=effort.batch_size,
        seed=seed,
        save_every=1e9,  # waits for photos are of interest, not for the disk
    )
    count = effort.batch_size * effort.epoch_steps
    np.save(folder / "photos.npy", _pictures(count, effort.size, seed))
    rgb = np.load(folder / "photos.npy", mmap_mode="r")
    photos = PhotoSet(Manifest("random", (), (), None, f"{seed:064x}"), rgb, 0)
    few = dataclasses.replace(photos, rgb=rgb[: effort.batch_size])

    def train() -> object:
        return training.train_color(photos, few, folder / "run", config, settings, progress=False)

    def make() -> object:
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(count)[: effort.batch_size]
        return training.prepare(batch(photos, chosen, Augment(), rng), config)

    calls = _calls_of_train_on_batch(train)
    return calls, in_turn({"making": make}, 1, effort.epoch_steps)["making"]


def waiting(calls: Sequence[tuple[float, float]], warmup: int) -> dict[str, Any]:
    """Tell steps from waits.

    Returns
    -------
    dict
        ``step_seconds``, ``wait_seconds``, ``waiting_share``, see `stalls`; there is a wait
        before each counted step.
    """
    pairs = list(itertools.pairwise(calls[warmup - 1 :]))
    steps = [end - begun for _, (begun, end) in pairs]
    waits = [begun - end for (_, end), (begun, _) in pairs]
    return {
        "step_seconds": spread(steps),
        "wait_seconds": spread(waits),
        "waiting_share": digits(sum(waits) / (sum(steps) + sum(waits))),
    }


def train_a_little(effort: Effort = FULL, seed: int = 0) -> None:
    """Do two training steps of ours, for the memory they take."""
    arm = ours(ColorModelConfig(**effort.architecture), seed)
    step = arm.stepper(_pictures(effort.batch_size, effort.size, seed))
    step()
    step()


def _pictures(count: int, size: int, seed: int) -> np.ndarray:
    """Return random pictures (count, size, size, 3), uint8."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, size, size, 3), np.uint8)


def _calls_of_train_on_batch(train: Callable[[], object]) -> list[tuple[float, float]]:
    """Run `train`; return when each of its calls of Keras' train_on_batch began and ended."""
    name, calls = "train_on_batch", []
    original = getattr(keras.Model, name)

    def timed(model: keras.Model, *arguments: Any, **options: Any) -> Any:
        begun = time.perf_counter()
        result = original(model, *arguments, **options)
        calls.append((begun, time.perf_counter()))
        return result

    setattr(keras.Model, name, timed)
    try:
        train()
    finally:
        setattr(keras.Model, name, original)
    return calls
