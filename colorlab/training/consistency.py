"""Training the consistency model: pairs of frames, and what the model is told of the earlier one.

The color model is frozen, so what it sees in every frame is computed once (`see`) and kept in the
cache in half precision; a step then costs what the consistency model's own layers cost.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import checkpoints, color_model, consistency_model, devices, files, losses, vgg, yuv
from colorlab.checkpoints import ColorModel
from colorlab.consistency_model import ConsistencyConfig
from colorlab.datasets import Clip, ClipSet
from colorlab.datasets.photos import default_cache
from colorlab.errors import InputError
from colorlab.training.run import BEST, Batch, Run, Task
from colorlab.training.settings import Settings

LEAK = 0.1
"""How fast a guided model's memory gives way to the color model's colouring, a share a frame."""

CONTEXTS = ("truth", "scheduled", "free")
_HOW = ("method", "temperature", "saturation")
_MATTERS = (
    *("epochs", "batch_size", "learning_rate", "schedule", "weight_decay", "average", "seed"),
)


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Which pairs of frames are learnt from, and what is told of the earlier frame.

    Parameters
    ----------
    context : {"truth", "scheduled", "free"}
        The earlier frame's true chroma (teacher forcing, the report's way); the model's own
        colouring of it; or scheduled sampling, from the one to the other [1]_.
    stride : int
        Frames between the two.
    crop : tuple of int
        Height and width of the random windows learnt from, multiples of 16.
    noise : float
        Every second context, on average, gets noise on its chroma and a shift of its whole, each of
        a standard deviation of at most this.
    without : float
        Share of pairs without a context.
    steps : int
        Steps per epoch.
    window : int
        Frames of each clip that the model colours by itself before an epoch, for its own contexts.

    References
    ----------
    .. [1] S. Bengio, O. Vinyals, N. Jaitly, N. Shazeer, "Scheduled sampling for sequence
       prediction with recurrent neural networks", NeurIPS 2015; the inverse sigmoid decay.
    """

    context: str = "truth"
    stride: int = 1
    crop: tuple[int, int] = (128, 160)
    noise: float = 0.0
    without: float = 0.0
    steps: int = 200
    window: int = 24

    def __post_init__(self) -> None:
        object.__setattr__(self, "crop", tuple(int(side) for side in self.crop))
        checks = (
            (
                self.context in CONTEXTS,
                f"context must be one of {', '.join(CONTEXTS)}",
                self.context,
            ),
            (self.stride >= 1, "stride must be at least 1", self.stride),
            (
                len(self.crop) == 2 and all(s >= 16 and s % 16 == 0 for s in self.crop),
                "crop must be two positive multiples of 16 pixels",
                self.crop,
            ),
            (self.noise >= 0, "noise must not be negative", self.noise),
            (0 <= self.without < 1, "without must lie in [0, 1)", self.without),
            (self.steps >= 1, "steps must be at least 1", self.steps),
            (self.window >= 1, "window must be at least 1", self.window),
        )
        for holds, rule, received in checks:
            if not holds:
                raise InputError(f"{rule}; received {received!r}.")

    def truth_share(self, epoch: int, epochs: int) -> float:
        """Return the share of contexts that are true in an epoch.

        Parameters
        ----------
        epoch, epochs : int
            Which epoch, from 0, of how many.

        Returns
        -------
        float
            1 for ``"truth"``, 0 for ``"free"``; for ``"scheduled"`` the inverse sigmoid
            ``k / (k + exp(epoch / k))``, k a sixth of the epochs, which starts near 1 and ends
            near 0.
        """
        if self.context != "scheduled":
            return float(self.context == "truth")
        k = max(epochs / 6, 0.5)
        return float(k / (k + np.exp(epoch / k)))


@dataclasses.dataclass(frozen=True)
class Seen:
    """A clip and what the frozen color model sees in it.

    Attributes
    ----------
    clip : Clip
        The clip.
    features : numpy.ndarray of float16, (T, h, w, C)
        The color model's last convolution features, at half the padded frames' size.
    chroma : numpy.ndarray of float16, (T, H, W, 2)
        Its colouring of every frame for itself, decoded as its card says.
    """

    clip: Clip
    features: NDArray[np.float16]
    chroma: NDArray[np.float16]

    @property
    def stride(self) -> int:
        """Pixels of a frame per pixel of the features, along each side."""
        padded = -(-self.clip.rgb.shape[1] // vgg.STRIDE) * vgg.STRIDE
        return int(padded // self.features.shape[1])


def see(
    clips: ClipSet,
    color: ColorModel,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> list[Seen]:
    """Let the color model look at every frame, or recall what it saw.

    Parameters
    ----------
    clips : ClipSet
        The clips.
    color : ColorModel
        The frozen color model.
    progress : bool
        Show a bar.
    cache : path, optional
        Folder of what was seen; the user's cache folder by default.

    Returns
    -------
    list of Seen
        One for each clip, memory-mapped.
    """
    root = files.ensure_folder(Path(cache) if cache is not None else default_cache())
    bar = tqdm(
        total=sum(map(len, clips.clips)), desc="features", unit="frame", disable=not progress
    )
    found = []
    with bar:
        for clip in clips.clips:
            digest = hashlib.sha256(np.ascontiguousarray(clip.rgb).data)
            weights, decode = color.card["weights"]["sha256"], color.card["decode"]
            digest.update(f"{clip.rgb.shape} {weights} {color.precision}".encode())
            paths = {}
            for what in ("features", "chroma"):
                paths[what] = (
                    root / f"seen-{Path(clip.name).stem}-{digest.hexdigest()[:16]}-{what}.npy"
                )
                digest.update(f"{[decode.get(key) for key in _HOW]}".encode())
            if not all(path.is_file() for path in paths.values()):
                _look(clip, color, paths, bar)
            else:
                bar.update(len(clip))
            kept = {what: np.load(path, mmap_mode="r") for what, path in paths.items()}
            found.append(Seen(clip, **kept))
    return found


def _look(clip: Clip, color: ColorModel, paths: Mapping[str, Path], bar: Any) -> None:
    """Compute and keep what the color model sees in a clip."""
    features, chroma = [], []
    for first in range(0, len(clip), 4):
        seen, outputs = color.look(yuv.luma(np.asarray(clip.rgb[first : first + 4])))
        features.append(seen.astype(np.float16))
        chroma.append(checkpoints.chroma_of(color, outputs).astype(np.float16))
        bar.update(len(seen))
    for what, parts in (("features", features), ("chroma", chroma)):
        with files.atomic_path(paths[what]) as temporary, open(temporary, "wb") as file:
            np.save(file, np.concatenate(parts))


def train_consistency(
    clips: ClipSet,
    validation: ClipSet,
    color: ColorModel,
    out: str | os.PathLike[str],
    config: ConsistencyConfig | None = None,
    settings: Settings | None = None,
    pairs: Pairs | None = None,
    name: str = "consistency",
    command: str = "",
    progress: bool = True,
) -> Path:
    """Train a consistency model, or go on with a training that was interrupted.

    Parameters
    ----------
    clips, validation : ClipSet
        What is learnt from, and what chooses the best epoch.
    color : ColorModel
        The frozen color model.
    out : path
        Folder of the run, as for `colorlab.training.train_color`.
    config : ConsistencyConfig, optional
        The architecture.
    settings : Settings, optional
        How to train; what concerns photos alone is ignored.
    pairs : Pairs, optional
        What to train on.
    name : str
        The model's name in its card.
    command : str
        The command that started this, for the card.
    progress : bool
        Show bars.

    Returns
    -------
    pathlib.Path
        The folder of the best model.

    Raises
    ------
    InputError
        When `out` holds the state of another run, clips are too short or too small, or `out`
        cannot be written.
    """
    config, settings, pairs = (
        config or ConsistencyConfig(),
        settings or Settings(),
        pairs or Pairs(),
    )
    settings = dataclasses.replace(settings, precision=devices.precision(settings.precision))
    out = files.ensure_folder(out)
    for clip in (*clips.clips, *validation.clips):
        _check(clip, pairs)
    network = consistency_model.build(config, color.config, settings.seed, settings.precision)
    seen, seen_validation = (see(one, color, progress) for one in (clips, validation))
    if config.memory == "guided":  # it begins as the color model, with a memory
        for head in "uv":
            ours, theirs = (m.get_layer(f"{head}_head") for m in (network, color.network))
            ours.set_weights([np.array(keras.ops.convert_to_numpy(w)) for w in theirs.weights])
    own = _OwnColouring(network, config, color, seen, out, settings, pairs)
    card = _card(name, command, clips, validation, color, config, network)

    def keep(row: Mapping[str, float]) -> None:
        checkpoints.keep_color_model(out / BEST, color)
        checkpoints.save(out / BEST, network, card | _outcome(settings, pairs, row))

    task = Task(
        network=network,
        losses=losses.head_losses("crossentropy", None),
        metrics={head: [losses.pixel_accuracy] for head in "uv"},
        steps=pairs.steps,
        begin=own.refresh,
        batch=_training_batches(seen, own, color, config, settings, pairs),
        validation=_validation_batches(seen_validation, color, config, settings, pairs),
        identity={
            "architecture": config.to_json(),
            "color model": {"weights": color.card["weights"]["sha256"]},
            "clips": {"sha256": clips.sha256, "height": clips.height},
            "validation": {"sha256": validation.sha256, "height": validation.height},
            "pairs": dataclasses.asdict(pairs),
        },
        keep=keep,
    )
    Run(task, settings, out).fit(progress)
    return out / BEST


def _check(clip: Clip, pairs: Pairs) -> None:
    height, width = clip.rgb.shape[1:3]
    if len(clip) <= pairs.stride:
        raise InputError(
            f"{clip.name} has {len(clip)} frames; pairs {pairs.stride} frames apart need more."
        )
    if height < pairs.crop[0] or width < pairs.crop[1]:
        raise InputError(
            f"{clip.name} has frames of {height} x {width}; windows of {pairs.crop[0]} x "
            f"{pairs.crop[1]} do not fit. Choose a smaller window or a greater height."
        )


class _OwnColouring:
    """What the model itself makes of a window of each clip, renewed before every epoch.

    Kept in a file of the run, so that a continued epoch is told the same.
    """

    def __init__(
        self,
        network: keras.Model,
        config: ConsistencyConfig,
        color: ColorModel,
        seen: Sequence[Seen],
        out: Path,
        settings: Settings,
        pairs: Pairs,
    ) -> None:
        self.network, self.memory = consistency_model.telling(network), config.memory
        self.color, self.seen, self.out = color, seen, out
        self.settings, self.pairs = settings, pairs
        self.chroma: list[NDArray[np.float16]] = []
        self.first: list[int] = []

    def refresh(self, epoch: int) -> None:
        """Colour the epoch's windows, unless that was done before an interruption."""
        if self.pairs.truth_share(epoch, self.settings.epochs) == 1:
            return
        path = self.out / "own.npz"
        kept = files.read_arrays(path) if not self.chroma and path.is_file() else {}
        if kept and int(kept["epoch"]) == epoch:
            self.first = [int(k) for k in kept["first"]]
            self.chroma = [kept[f"clip{k}"] for k in range(len(self.seen))]
            return
        rng = np.random.default_rng((self.settings.seed, epoch, 2))
        self.first, self.chroma = [], []
        for seen in self.seen:
            length = min(self.pairs.window, (len(seen.clip) - 1) // self.pairs.stride)
            last = len(seen.clip) - 1 - length * self.pairs.stride
            self.first.append(int(rng.integers(0, last + 1)))
            self.chroma.append(self._roll(seen, self.first[-1], length))
        arrays: dict[str, Any] = {f"clip{k}": chroma for k, chroma in enumerate(self.chroma)}
        with files.atomic_path(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, epoch=np.array(epoch), first=np.array(self.first), **arrays)

    def _roll(self, seen: Seen, first: int, length: int) -> NDArray[np.float16]:
        """Colour `length` frames, `stride` apart, each told of the one before it."""
        frames = first + self.pairs.stride * np.arange(length)
        y = yuv.luma(seen.clip.rgb[frames])
        uv = seen.chroma[first][None].astype(np.float32)
        found = [uv]
        for k in range(1, length):
            inputs = {
                color_model.FEATURES: seen.features[frames[k]][None].astype(np.float32),
                **consistency_model.told(
                    self.memory, y[k : k + 1], y[k - 1 : k], uv, np.ones_like(y[:1])
                ),
            }
            outputs = self.network.predict_on_batch(inputs)
            outputs = {name: np.asarray(values, np.float32) for name, values in outputs.items()}
            if consistency_model.SHARE in outputs:
                proposal = seen.chroma[frames[k]][None].astype(np.float32)
                uv = consistency_model.blend(outputs, proposal, LEAK)
            else:
                uv = checkpoints.chroma_of(self.color, outputs, saturation=1.0)
            found.append(uv)
        return np.concatenate(found).astype(np.float16)

    def pick(self, rng: np.random.Generator, k: int) -> tuple[int, NDArray[np.float32]]:
        """Return a frame of clip k that has one `stride` after it, and its own colouring."""
        step = int(rng.integers(len(self.chroma[k])))
        frame = self.first[k] + step * self.pairs.stride
        return frame, self.chroma[k][step].astype(np.float32)


def _training_batches(
    seen: Sequence[Seen],
    own: _OwnColouring,
    color: ColorModel,
    config: ConsistencyConfig,
    settings: Settings,
    pairs: Pairs,
) -> Callable[[int, int], Batch]:
    """Return the maker of batches: (epoch, step) to windows of pairs from random clips."""

    def make(epoch: int, step: int) -> Batch:
        rng = np.random.default_rng((settings.seed, epoch, step, 1))
        share = pairs.truth_share(epoch, settings.epochs)
        rows = []
        for _ in range(settings.batch_size):
            k = int(rng.integers(len(seen)))
            if rng.random() < share:
                before, context = int(rng.integers(len(seen[k].clip) - pairs.stride)), None
            else:
                before, context = own.pick(rng, k)
            row = _pair(seen[k], before, before + pairs.stride, context, pairs, rng)
            rows.append(_disturb(row, pairs, rng))
        return _stack(rows, color, config)

    return make


def _validation_batches(
    seen: Sequence[Seen],
    color: ColorModel,
    config: ConsistencyConfig,
    settings: Settings,
    pairs: Pairs,
) -> Callable[[], Iterator[Batch]]:
    """Return the maker of the validation batches: the same 60 pairs of each clip every time.

    Told the truth, and unless training only ever tells the truth, every second one the color
    model's own colouring.
    """

    def make() -> Iterator[Batch]:
        rng = np.random.default_rng(0)
        rows: list[tuple[Seen, int, NDArray[np.float32] | None]] = []
        for one in seen:
            last = len(one.clip) - 1 - pairs.stride
            for before in np.unique(np.linspace(0, last, 60).astype(int)):
                guessed = pairs.context != "truth" and len(rows) % 2
                context = one.chroma[before].astype(np.float32) if guessed else None
                rows.append((one, int(before), context))
        for first in range(0, len(rows), settings.batch_size):
            part = rows[first : first + settings.batch_size]
            made = [_pair(o, b, b + pairs.stride, context, pairs, rng) for o, b, context in part]
            yield _stack(made, color, config)

    return make


def _pair(
    seen: Seen,
    before: int,
    now: int,
    context: NDArray[np.float32] | None,
    pairs: Pairs,
    rng: np.random.Generator,
) -> dict[str, NDArray[Any]]:
    """Cut a random window out of two frames; without a context the truth is told."""
    (height, width), (tall, wide) = seen.clip.rgb.shape[1:3], pairs.crop
    s = seen.stride  # a window begins and ends where one of the features does
    top, left = (
        s * int(rng.integers((full - side) // s + 1))
        for full, side in zip((height, width), (tall, wide), strict=True)
    )
    window = np.s_[top : top + tall, left : left + wide]
    y_before, uv_before = yuv.rgb_to_yuv(seen.clip.rgb[before][window])
    y, uv = yuv.rgb_to_yuv(seen.clip.rgb[now][window])
    covered = np.s_[top // s : (top + tall) // s, left // s : (left + wide) // s]
    return {
        color_model.FEATURES: seen.features[now][covered].astype(np.float32),
        "y": y,
        "y_before": y_before,
        "context": uv_before if context is None else context[window],
        "valid": np.ones_like(y),
        "truth": uv,
    }


def _disturb(
    row: dict[str, NDArray[Any]], pairs: Pairs, rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """Add noise to the context, or take it away."""
    if pairs.noise and rng.random() < 0.5:
        strength = pairs.noise * rng.random((2, 1, 1, 1), np.float32)
        shape = row["context"].shape
        noise = strength[0] * rng.standard_normal(shape, np.float32)
        noise = noise + strength[1] * rng.standard_normal((1, 1, 2), np.float32)
        row["context"] = row["context"] + noise
    if rng.random() < pairs.without:
        row["context"], row["valid"] = np.zeros_like(row["context"]), np.zeros_like(row["valid"])
    return row


def _stack(
    rows: Sequence[Mapping[str, NDArray[Any]]], color: ColorModel, config: ConsistencyConfig
) -> Batch:
    """Put rows into one batch with labels at full resolution."""
    stacked = {key: np.stack([row[key] for row in rows]) for key in rows[0]}
    labels = color.grid.encode(stacked.pop("truth"))
    features = stacked.pop(color_model.FEATURES)
    maps = consistency_model.told(config.memory, **stacked)
    inputs = {color_model.FEATURES: features, **maps}
    return inputs, {"u": labels[..., 0], "v": labels[..., 1]}


def _card(
    name: str,
    command: str,
    clips: ClipSet,
    validation: ClipSet,
    color: ColorModel,
    config: ConsistencyConfig,
    network: keras.Model,
) -> dict[str, Any]:
    """Return what the card says from the start; `_outcome` is the rest."""
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
    decode: dict[str, Any] = {"method": color.decode, "temperature": color.temperature}
    if config.memory == "guided":
        decode |= {"saturation": color.saturation_for(), "leak": LEAK}
    return decode


def _outcome(settings: Settings, pairs: Pairs, row: Mapping[str, float]) -> dict[str, Any]:
    """Return what the card says of the best epoch, a row of the history."""
    return {
        "training": {
            **{key: getattr(settings, key) for key in _MATTERS},
            **dataclasses.asdict(pairs),
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
