"""The strips of a run: coasts at all rates, a faster camera, and clips at all strides."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import checkpoints, datasets, devices, digests, film_metrics
from colorlab import strips as film_strips
from colorlab.checkpoints import ColorModel
from colorlab.datasets import Clip, ClipSet
from colorlab.errors import InputError
from colorlab.strips import Strips
from studies.film.clips import strips_of_clips
from studies.frame_rate.protocol import STRIDES, USUAL, WINDOW, Scale, name_of
from studies.harness import Asked


@dataclasses.dataclass(frozen=True)
class Tested:
    """Strips on which an arm is measured.

    Attributes
    ----------
    pairs : Strips
        Pairs of frames, sorted by scene, an even number a scene.
    probes : Strips
        Every second pair, told other colours.
    free : Strips or None
        Strips that are coloured freely.
    changed : numpy.ndarray of bool, (S, H, W, 2)
        `film_metrics.changed` of the pairs.
    chances : numpy.ndarray of float64, (2, n, n)
        For `rolling.Copier`.
    """

    pairs: Strips
    probes: Strips
    free: Strips | None
    changed: NDArray[np.bool_]
    chances: NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Films:
    """All strips of a run.

    Attributes
    ----------
    color : ColorModel
        The frozen color model.
    training : dict
        What is learnt from, by name: ``"30"`` is a rate, ``"30 x10"`` a rate and a camera's
        speed, ``"stride 3"`` of clips.
    tested : dict
        The same names to what is measured.
    clips : dict
        Name of a clip to stride to what is measured.
    """

    color: ColorModel
    training: dict[str, Strips]
    tested: dict[str, Tested]
    clips: dict[str, dict[int, Tested]]


def prepare(asked: Asked) -> tuple[Films, dict[str, Any]]:
    """Render the coasts, open the clips if there are any, and look at every frame."""
    for option in ("split", "max_photos", "more_photos"):
        if getattr(asked, option) is not None:
            raise InputError(
                f"frame_rate takes no --{option.replace('_', '-')}; it renders its own coasts, and "
                "of --clips it uses the splits train and test."
            )
    scale, precision = Scale.of(asked), devices.precision()
    color = checkpoints.load(dtype=precision)
    films = Films(color, {}, {}, {})
    for speed in (1, *scale.speeds):
        rates = scale.rates if speed == 1 else (USUAL,)
        _add_coasts(films, scale, rates, speed, asked.progress)
    dataset: dict[str, Any] = {
        "name": "coasts",
        "size": [film_strips.HEIGHT, film_strips.WIDTH],
        "precision": precision,
        "color_model": color.name,
        **{
            part: {"scenes": len(seeds), "first": seeds.start, "seconds": list(at)}
            for part, seeds, at in (
                ("training", scale.learnt, scale.learnt_at),
                ("measured", scale.tested, scale.tested_at),
            )
        },
        "sha256": digests.of_json([one.digest for one in films.training.values()]),
    }
    if asked.photos is not None:
        learnt, tested = (
            datasets.open_clips(asked.photos, split, film_strips.HEIGHT, progress=asked.progress)
            for split in ("train", "test")
        )
        add_clips(films, learnt, tested, asked.progress)
        dataset["clips"] = {
            part: {"name": one.name, "split": one.split, "sha256": one.sha256, "clips": len(one)}
            for part, one in (("training", learnt), ("measured", tested))
        }
    return films, dataset


def _add_coasts(
    films: Films, scale: Scale, rates: Sequence[int], speed: int, progress: bool
) -> None:
    """Add strips of coasts at some rates, the camera moving at a speed."""
    how: dict[str, Any] = {"camera_speed": float(speed), "progress": progress}
    pairs: dict[int | Fraction, int] = {rate: 2 for rate in rates}
    windows = {**pairs, USUAL: WINDOW} if speed == 1 else pairs
    learnt = film_strips.strips(scale.learnt, scale.learnt_at, windows, films.color, "last", **how)
    told = film_strips.strips(scale.tested, scale.tested_at, pairs, films.color, "last", **how)
    lengths: dict[int | Fraction, int] = {rate: scale.frames for rate in rates}
    begun = scale.tested_at[0] - 1
    free = film_strips.strips(scale.tested, [begun], lengths, films.color, "first", **how)
    for rate in rates:
        name, key = name_of(rate, speed), Fraction(rate)
        films.training[name] = learnt[key]
        films.tested[name] = _tested(told[key], free[key], learnt[key])


CLIP_PAIRS = {"train": 12, "test": 24}
"""Pairs a clip at most, evenly spaced over all that there are."""

CLIP_STRIPS = 4
"""Strips a clip that are coloured freely, where it is long enough."""


def add_clips(films: Films, learnt: ClipSet, tested: ClipSet, progress: bool) -> None:
    """Add strips of clips at all strides."""
    pairs = {stride: 2 for stride in STRIDES}
    usable = [clip for clip in learnt.clips if len(clip) > max(STRIDES)]
    ends = [_spread(max(STRIDES), len(clip) - 1, CLIP_PAIRS["train"]) for clip in usable]
    found = strips_of_clips(usable, ends, pairs, films.color, progress=progress)
    films.training.update({f"stride {stride}": one for stride, one in found.items()})
    for clip in tested.clips:
        if len(clip) <= max(STRIDES):
            continue
        ends = [_spread(max(STRIDES), len(clip) - 1, CLIP_PAIRS["test"])]
        told = strips_of_clips([clip], ends, pairs, films.color, progress=False)
        films.clips[clip.name] = {
            stride: _tested(told[stride], _free(clip, stride, films.color), found[stride])
            for stride in STRIDES
        }


def _free(clip: Clip, stride: int, color: ColorModel) -> Strips | None:
    """Return strips of a clip that are coloured freely, if it is long enough for them."""
    length = Scale.frames
    last = len(clip) - 1 - (length - 1) * stride
    if last < 0:
        return None
    firsts = [_spread(0, last, CLIP_STRIPS)]
    return strips_of_clips([clip], firsts, {stride: length}, color, "first", progress=False)[stride]


def _spread(first: int, last: int, count: int) -> list[int]:
    """Return up to so many whole numbers, evenly spaced from first to last."""
    return [int(k) for k in np.unique(np.linspace(first, last, count).astype(int))]


def _tested(pairs: Strips, free: Strips | None, learnt: Strips) -> Tested:
    grid = pairs.color.grid
    changed = film_metrics.changed(
        pairs.labels[:, 0], pairs.labels[:, 1], pairs.uv[:, 0], pairs.uv[:, 1], grid.width
    )
    before, now = (learnt.labels[:, k] for k in (-2, -1))
    chances = film_metrics.CopyModel(film_metrics.transitions(before, now, grid.n))
    probes = pairs.rows(np.arange(0, len(pairs), 2))
    return Tested(pairs, probes, free, changed, chances.log_probabilities)
