"""Batches of pairs or windows of frames, drawn from (seed, epoch, step)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import color_model, consistency_model, yuv
from colorlab.checkpoints import ColorModel
from colorlab.consistency_model import ConsistencyConfig
from colorlab.training.consistency.own import OwnColouring
from colorlab.training.consistency.pairs import Pairs
from colorlab.training.consistency.seeing import Seen
from colorlab.training.run import Batch
from colorlab.training.settings import Settings

VALIDATED = 60
"""Frames of each clip on which a model is validated."""


def training_batches(
    seen: Sequence[Seen],
    own: OwnColouring,
    color: ColorModel,
    config: ConsistencyConfig,
    settings: Settings,
    pairs: Pairs,
) -> Callable[[int, int], Batch]:
    """Return the maker of training batches: pairs or windows of random clips.

    Parameters
    ----------
    seen : sequence of Seen
        The clips.
    own : OwnColouring
        The model's own colourings, where they are told.
    color : ColorModel
        The color model.
    config : ConsistencyConfig
        The model's architecture.
    settings : Settings
        How to train.
    pairs : Pairs
        What to train on.

    Returns
    -------
    callable
        (epoch, step) to a batch: what a network is given, of a recurrent model's (N, window_frames,
        ...), and the true bins ``u`` and ``v`` of all frames, (N * window_frames, H, W).
    """

    def make(epoch: int, step: int) -> Batch:
        rng = np.random.default_rng((settings.seed, epoch, step, 1))
        share = pairs.truth_share(epoch, settings.epochs)
        rows = []
        for _ in range(settings.batch_size):
            k = int(rng.integers(len(seen)))
            if rng.random() < share:
                first, context = int(rng.integers(len(seen[k].clip) - pairs.reach)), None
            else:
                first, context = own.pick(rng, k)
            rows.append(_disturb(_cut(seen[k], first, context, pairs, rng), pairs, rng))
        return _join(rows, color, config)

    return make


def validation_batches(
    seen: Sequence[Seen],
    color: ColorModel,
    config: ConsistencyConfig,
    settings: Settings,
    pairs: Pairs,
) -> Callable[[], Iterator[Batch]]:
    """Return the maker of the validation batches: the same pairs or windows every time.

    Of each clip `VALIDATED` pairs, or windows of as many frames. Told the truth, and unless
    training only ever tells the truth, every second one the color model's own colouring.

    Parameters
    ----------
    seen, color, config, settings, pairs
        As for `training_batches`.

    Returns
    -------
    callable
        What yields the batches.
    """

    def make() -> Iterator[Batch]:
        rng = np.random.default_rng(0)
        rows: list[tuple[Seen, int, NDArray[np.float32] | None]] = []
        for one in seen:
            last = len(one.clip) - 1 - pairs.reach
            count = max(1, VALIDATED // pairs.window_frames)
            for first in np.unique(np.linspace(0, last, count).astype(int)):
                guessed = pairs.context != "truth" and len(rows) % 2
                told = one.chroma[first : first + pairs.reach : pairs.stride]
                rows.append((one, int(first), told.astype(np.float32) if guessed else None))
        for k in range(0, len(rows), settings.batch_size):
            part = rows[k : k + settings.batch_size]
            made = [_cut(one, first, context, pairs, rng) for one, first, context in part]
            yield _join(made, color, config)

    return make


def _cut(
    seen: Seen,
    first: int,
    context: NDArray[np.float32] | None,
    pairs: Pairs,
    rng: np.random.Generator,
) -> dict[str, NDArray[Any]]:
    """Cut the same part out of the frames of a window; without a context the truth is told."""
    (height, width), (tall, wide) = seen.clip.rgb.shape[1:3], pairs.crop
    s = seen.stride  # a part begins and ends where one of the features does
    top, left = (
        s * int(rng.integers((full - side) // s + 1))
        for full, side in zip((height, width), (tall, wide), strict=True)
    )
    part = np.s_[top : top + tall, left : left + wide]
    covered = np.s_[top // s : (top + tall) // s, left // s : (left + wide) // s]
    frames = range(first, first + pairs.reach + 1, pairs.stride)
    y, uv = yuv.rgb_to_yuv(np.stack([seen.clip.rgb[k][part] for k in frames]))
    features = np.stack([seen.features[k][covered] for k in frames[1:]])
    return {
        color_model.FEATURES: features.astype(np.float32),
        "y": y[1:],
        "y_before": y[:-1],
        "context": uv[:-1] if context is None else context[:, *part],
        "valid": np.ones_like(y[1:]),
        "truth": uv[1:],
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


def _join(
    rows: Sequence[Mapping[str, NDArray[Any]]], color: ColorModel, config: ConsistencyConfig
) -> Batch:
    """Put windows into one batch, with labels at full resolution; a pair is a frame of it."""
    labels = color.grid.encode(np.concatenate([row["truth"] for row in rows]))
    join = np.stack if config.kind.sequence_length > 1 else np.concatenate
    seen = {key: join([row[key] for row in rows]) for key in rows[0] if key != "truth"}
    inputs = consistency_model.inputs(config, **seen)
    return inputs, {"u": labels[..., 0], "v": labels[..., 1]}
