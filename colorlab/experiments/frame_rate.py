"""Whether a lower frame rate keeps the paper's consistency model from copying the frame before.

The paper ends on a guess: at 30 frames a second neighbouring frames are so alike that the model may
learn to copy, and a slightly lower rate could keep films steady while it learns more of how colours
move. Here its model learns at seven rates from pairs of frames whose second frame is the same at
every rate, and is tested at all of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import checkpoints, datasets, devices, film_metrics
from colorlab.checkpoints import ColorModel
from colorlab.datasets import Clip, ClipSet
from colorlab.errors import InputError
from colorlab.experiments import statistics
from colorlab.experiments.film import learning, measures, rolling
from colorlab.experiments.film import strips as film_strips
from colorlab.experiments.film.learning import Recipe
from colorlab.experiments.film.rolling import Answerer
from colorlab.experiments.film.strips import Strips
from colorlab.experiments.harness import Arm, Asked
from colorlab.experiments.verdicts import side, verdict, with_findings

RATES = (60, 30, 15, 10, 6, 3, 1)
"""Frames a second."""

USUAL = 30
"""The paper's."""

SLIGHTLY = (15, 10)
"""What a "slightly lower" rate is taken to be."""

SPEEDS = (10, 30)
"""How many times as fast the camera moves, at the usual rate."""

STRIDES = (1, 2, 3, 5, 10, 30)
"""Frames of a clip from one frame of a pair to the other."""

SEEDS = 3
"""Of every arm on coasts."""

WINDOW = 6
"""Frames at the usual rate that a scheduled training colours, to the pair's second."""

STEADY = 1.1
"""Films are as steady whose warp error is at most so many times as large."""

CODE = (
    *(learning, *learning.LEARNT_BY, measures, film_metrics, statistics),
)  # fmt: skip

PROTOCOL = (
    "Rendered coasts of 64 x 112 pixels with exact motion, and the packaged color model, frozen. "
    "The paper's consistency model (features of the frame, a convolution of the chroma before it, "
    "concatenated, two convolutions, two softmaxes) learns from pairs told the true earlier frame "
    "(scheduled: ever more often its own colouring of it): the same second frames at every rate, "
    "the same order, windows, steps and initial weights, so that only the earlier frame's "
    "distance in time differs. Scenes learnt from and scenes measured are others. Every arm is "
    "tested at every rate. Told the truth: loss in nats a pixel, U + V; accuracy, share of pixels "
    "in the right bin, mean of U and V; gain, accuracy minus that of copying the frame before; "
    "changed, accuracy where the true bin differs and the chroma moved by more than a bin; "
    "uncovered, accuracy where a pixel shows what was hidden before. Told other colours: where "
    "the told colour's bin differs from the color model's own answer, the share of answers in the "
    "told bin: the identity index, 0 ignores what it is told, 1 copies it (index: the true hues "
    "turned by half a turn; index_other: another scene's colours). Told its own colouring from "
    "the first frame on, which is the color model's: drift, RMSE of the chroma minus that of the "
    "color model's, last quarter minus first quarter of the frames; warp, root mean square change "
    "of the chroma along the exact flow, from the second frame on; error, RMSE of the chroma; all "
    "three times 255. copy, alone and truth are measured as arms; copy's loss is that of the "
    "transitions between bins at that rate in the scenes learnt from. speed: learnt at 30 frames "
    "a second where the camera alone moves 10 or 30 times as fast. low, high: 95 % percentile "
    "interval of a bootstrap over scenes, the same samples in all arms; of several seeds the "
    "lowest and the highest of any seed, value their mean, spread their range. Clips, where "
    "given: one seed, a table a clip, no interval. Verdicts, tested at 30 frames a second where "
    "nothing else is said, differences in pairs of seeds: copies (the model that learnt at 30 "
    "copies) holds if its index lies above 0.5, does not hold if below. more_than_copying holds "
    "if its gain lies above 0, does not hold if below. Of the models that learnt at 15 and at 10, "
    "against that one: less_copying holds if both indices are lower, partly if one is, does not "
    "hold if both are higher; steady holds if both warp errors are at most 1.1 times as large, "
    "partly if one is, does not hold if both are larger; nuanced holds if, tested at the lowest "
    "rate (at 30 next to nothing changes), accuracy on changed or on uncovered pixels is higher "
    "for both, partly for one, does not hold if neither is higher anywhere and some is lower. The "
    "guess holds if these three hold, partly if less_copying or nuanced holds at least partly, "
    "does not hold if neither does and one of the three does not hold. scheduled holds if the "
    "scheduled model's index is lower, does not hold if it is higher. displacement (a faster "
    "camera does what a lower rate does that moves pixels as far) holds if the index of each "
    "speed's model differs from that of the model that learnt at 30 in the same direction as that "
    "of the rate with the nearest displacement, partly for one of them, does not hold if all "
    "differ in the other. Otherwise it cannot be told. A comparison is decided where its whole "
    "interval lies on one side."
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large a run is.

    Attributes
    ----------
    rates, speeds : tuple of int
        As `RATES` and `SPEEDS`.
    seeds : int
        Of every arm.
    learnt, tested : range
        Seeds of the scenes.
    learnt_at, tested_at : tuple of float
        Seconds of the pairs' second frames.
    frames : int
        Of the strips that are coloured freely.
    steps : int
        Of a training.
    """

    rates: tuple[int, ...] = RATES
    speeds: tuple[int, ...] = SPEEDS
    seeds: int = SEEDS
    learnt: range = range(3000, 3060)
    tested: range = range(2000, 2032)
    learnt_at: tuple[float, ...] = (3.0, 9.0, 15.0, 21.0)
    tested_at: tuple[float, ...] = (4.0, 8.0, 12.0, 16.0)
    frames: int = 13
    steps: int = 300

    @classmethod
    def of(cls, asked: Asked) -> Scale:
        """Return what a person asked for: another seed draws other scenes, too."""
        full = cls()
        if asked.fast:
            full = cls(
                (60, 30, 10, 1), (30,), 1, range(3000, 3007), range(2000, 2004), (3.0, 9.0),
                (4.0, 8.0), 9, 40,
            )  # fmt: skip
        shift = 10000 * asked.seed
        learnt, tested = (
            range(one.start + shift, one.stop + shift) for one in (full.learnt, full.tested)
        )
        return dataclasses.replace(full, learnt=learnt, tested=tested)


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


BASELINES: dict[str, Callable[[Tested], Answerer]] = {
    "copy": lambda tested: rolling.Copier(tested.chances),
    "alone": lambda tested: rolling.Alone(),
    "truth": lambda tested: rolling.Truth(),
}
"""Arms that learn nothing: copying the frame before, the color model alone, the true colours."""


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


def name_of(rate: int, speed: int = 1) -> str:
    """Name what is learnt from or measured.

    Parameters
    ----------
    rate : int
        Frames a second.
    speed : int
        How many times as fast the camera moves.

    Returns
    -------
    str
        ``"30"`` or ``"30 x10"``.
    """
    return f"{rate}" if speed == 1 else f"{rate} x{speed}"


# --- the data ------------------------------------------------------------------------------------


def prepare(asked: Asked) -> tuple[Films, dict[str, Any]]:
    """Render the coasts, open the clips if there are any, and look at every frame.

    Parameters
    ----------
    asked : Asked
        What a person asked for; its photos are a manifest of clips with the splits train and test,
        or None.

    Returns
    -------
    films : Films
        The strips.
    dataset : dict
        What the result says of them.

    Raises
    ------
    InputError
        For a split or a number of photos, which mean nothing here, and as `datasets.open_clips`.
    """
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
        "sha256": film_strips.digest_of([one.digest for one in films.training.values()]),
    }
    if asked.photos is not None:
        learnt, tested = (
            datasets.open_clips(asked.photos, split, film_strips.HEIGHT, progress=asked.progress)
            for split in ("train", "test")
        )
        _add_clips(films, learnt, tested, asked.progress)
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


def _add_clips(films: Films, learnt: ClipSet, tested: ClipSet, progress: bool) -> None:
    """Add strips of clips at all strides."""
    pairs = {stride: 2 for stride in STRIDES}
    usable = [clip for clip in learnt.clips if len(clip) > max(STRIDES)]
    ends = [_spread(max(STRIDES), len(clip) - 1, CLIP_PAIRS["train"]) for clip in usable]
    found = film_strips.strips_of_clips(usable, ends, pairs, films.color, progress=progress)
    films.training.update({f"stride {stride}": one for stride, one in found.items()})
    for clip in tested.clips:
        if len(clip) <= max(STRIDES):
            continue
        ends = [_spread(max(STRIDES), len(clip) - 1, CLIP_PAIRS["test"])]
        told = film_strips.strips_of_clips([clip], ends, pairs, films.color, progress=False)
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
    return film_strips.strips_of_clips(
        [clip], firsts, {stride: length}, color, "first", progress=False
    )[stride]


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


# --- the arms ------------------------------------------------------------------------------------


def arms(asked: Asked) -> list[Arm]:
    """List the arms: the baselines; every rate, scheduled sampling and every speed; strides.

    Parameters
    ----------
    asked : Asked
        What a person asked for.

    Returns
    -------
    list of Arm
        ``copy``, ``rate-60-0``, ``scheduled-0``, ``speed-10-0``, ``stride-1`` and so on.
    """
    scale = Scale.of(asked)
    rates = [name_of(rate) for rate in scale.rates]
    fast = [name_of(USUAL, speed) for speed in scale.speeds]
    clips = asked.photos is not None
    found = [
        Arm(kind, {"kind": kind, "tested": [*rates, *fast], "clips": clips}, asked.seed)
        for kind in BASELINES
    ]
    for seed in range(asked.seed, asked.seed + scale.seeds):
        recipe = dataclasses.asdict(Recipe(steps=scale.steps, seed=seed))
        kinds = [(f"rate-{rate}", "rate", name_of(rate), "truth") for rate in scale.rates]
        kinds.append(("scheduled", "scheduled", name_of(USUAL), "scheduled"))
        kinds += [
            (f"speed-{speed}", "speed", name_of(USUAL, speed), "truth") for speed in scale.speeds
        ]
        for name, kind, learnt, context in kinds:
            tested = [name_of(USUAL), *fast] if kind == "speed" else rates
            if name == f"rate-{USUAL}":
                tested = [*rates, *fast]
            parameters = {
                "kind": kind,
                "learnt": learnt,
                "tested": tested,
                "clips": False,
                "recipe": {**recipe, "context": context},
            }
            found.append(Arm(f"{name}-{seed}", parameters, seed))
    if clips:
        recipe = dataclasses.asdict(Recipe(steps=scale.steps, seed=asked.seed))
        found += [
            Arm(
                f"stride-{stride}",
                {
                    "kind": "stride",
                    "learnt": f"stride {stride}",
                    "tested": [],
                    "clips": True,
                    "recipe": recipe,
                },
                asked.seed,
            )
            for stride in STRIDES
        ]
    return found


def measure(arm: Arm, data: Films, progress: bool) -> dict[str, Any]:
    """Train an arm's model, if it has one, and measure it wherever it is to be tested.

    Parameters
    ----------
    arm : Arm
        From `arms`.
    data : Films
        The strips.
    progress : bool
        Show bars.

    Returns
    -------
    dict
        kind, learnt, seed, history (the loss of each step), cells (name to `examine`'s sums) and
        clips (clip to stride to sums).
    """
    told = arm.parameters
    answering, history = BASELINES.get(told["kind"]), list[float]()
    if answering is None:
        recipe, learnt = Recipe(**told["recipe"]), data.training[told["learnt"]]
        network, history = learning.train(recipe, learnt, data.color, progress)
        answerer = rolling.Network(network, data.color)

    def examined(tested: Tested) -> dict[str, list[float | None]]:
        return examine(answering(tested) if answering else answerer, tested)

    cells = {name: data.tested[name] for name in told["tested"]}
    clips = data.clips if told["clips"] else {}
    return {
        "kind": told["kind"],
        "learnt": told.get("learnt", ""),
        "seed": arm.seed,
        "history": history,
        "cells": {name: examined(one) for name, one in cells.items()},
        "clips": {
            clip: {str(stride): examined(one) for stride, one in by_stride.items()}
            for clip, by_stride in clips.items()
        },
    }


def examine(answerer: Answerer, tested: Tested) -> dict[str, list[float | None]]:
    """Measure what colours frames, told the truth, told other colours, and told its own.

    Parameters
    ----------
    answerer : Answerer
        What colours.
    tested : Tested
        On what.

    Returns
    -------
    dict
        Name to a figure a scene: sums of `measures.judge` and, as ``hue_`` and ``other_``, of
        `measures.follow`; displacement (pixels); of the free strips, where there are any,
        ``free_`` of `measures.judge`, drift, warp, error, and steps, whose sum over scenes the
        curve is: the mean error of each frame above the color model's.
    """
    pairs, probes, free = tested.pairs, tested.probes, tested.free
    scenes = pairs.scenes
    told = rolling.roll(answerer, pairs, "truth")
    labels, uncovered = pairs.labels[:, 1], pairs.uncovered[:, 0]
    sums = measures.judge(told.bins[:, 0], labels, tested.changed, uncovered, told.nats[:, 0])
    found = measures.by_scene(sums, pairs.scene, scenes)
    length = measures.displacement(pairs.back)
    count = np.bincount(pairs.scene, minlength=scenes)
    found |= {"displacement": np.bincount(pairs.scene, length, scenes) / count}
    contexts = {"hue": measures.turn_hue(probes.uv[:, 0])}
    if scenes > 1:
        contexts["other"] = measures.swap_scenes(probes.uv[:, 0], probes.scene)
    for kind, context in contexts.items():
        answers = rolling.ask(answerer, probes, 1, context).bins
        foreign = pairs.color.grid.encode(context)
        sums = measures.follow(answers, foreign, probes.guessed[:, 1])
        found |= {
            f"{kind}_{key}": one
            for key, one in measures.by_scene(sums, probes.scene, scenes).items()
        }
    if free is not None:
        found |= _run_free(answerer, free)
    return {
        name: [round(float(one), 7) if np.isfinite(one) else None for one in values]
        for name, values in found.items()
    }


def _run_free(answerer: Answerer, free: Strips) -> dict[str, NDArray[np.float64]]:
    """Measure a free rollout."""
    told = rolling.roll(answerer, free, "free")
    uv = np.concatenate([free.own[:, :1], told.uv], axis=1)
    curve, reference = (measures.error_curve(one, free.uv) for one in (uv, free.own))
    none = np.zeros(told.bins.shape, bool)
    sums = measures.judge(told.bins, free.labels[:, 1:], none)
    count = np.bincount(free.scene, minlength=free.scenes)
    means = {
        "drift": measures.drift(curve[:, 1:], reference[:, 1:]),
        "warp": measures.warp_error(told.uv, free.back[:, 1:], free.uncovered[:, 1:]),
        "error": curve[:, 1:].mean(axis=1),
    }
    found = {
        f"free_{key}": one
        for key, one in measures.by_scene(sums, free.scene, free.scenes).items()
        if not key.startswith("changed")
    }
    found |= {
        key: one / count for key, one in measures.by_scene(means, free.scene, free.scenes).items()
    }
    found["behind"] = (curve - reference).mean(axis=0)
    return found


# --- the answer ----------------------------------------------------------------------------------

Cell = Mapping[str, Sequence[Any]]
"""What `examine` gives."""

Told = dict[str, float] | None
"""A figure with value, low, high and spread; None where nothing was there to be counted."""


def _share(*above: str, below: str, scale: float = 1.0) -> Callable[[Cell], NDArray[np.float64]]:
    """Return a figure that is a ratio of sums."""

    def figure(cell: Cell) -> NDArray[np.float64]:
        total = np.sum([np.asarray(cell[name], float) for name in above], axis=0)
        return scale * statistics.replicate(total, cell[below])

    return figure


def _mean(name: str, root: bool = False) -> Callable[[Cell], NDArray[np.float64]]:
    """Return a figure that is a mean over scenes, in 1/255; or the root of one."""

    def figure(cell: Cell) -> NDArray[np.float64]:
        values = np.asarray(cell[name], float)
        found = statistics.replicate(np.nan_to_num(values), np.isfinite(values))
        return 255 * (np.sqrt(found) if root else found)

    return figure


FIGURES: dict[str, Callable[[Cell], NDArray[np.float64]]] = {
    "loss": _share("nats_u", "nats_v", below="pixels"),
    "accuracy": _share("right_u", "right_v", below="pixels", scale=0.5),
    "accuracy_u": _share("right_u", below="pixels"),
    "accuracy_v": _share("right_v", below="pixels"),
    "changed": _share("changed_right", below="changed"),
    "uncovered": _share("uncovered_right", below="uncovered"),
    "index": _share("hue_followed", below="hue_differing"),
    "index_other": _share("other_followed", below="other_differing"),
    "free_accuracy": _share("free_right_u", "free_right_v", below="free_pixels", scale=0.5),
    "drift": _mean("drift"),
    "warp": _mean("warp", root=True),
    "error": _mean("error"),
}
"""What is told of every cell, each on all scenes and on every bootstrap sample."""


def tell(replicates: NDArray[np.float64]) -> Told:
    """Put an interval round a figure, if there is one.

    Parameters
    ----------
    replicates : numpy.ndarray of float64, (1 + count,)
        As from `statistics.replicate`; samples in which nothing was counted are left out.

    Returns
    -------
    dict or None
        ``value``, ``low``, ``high``.
    """
    known = replicates[1:][np.isfinite(replicates[1:])]
    if not np.isfinite(replicates[0]) or not known.size:
        return None
    return statistics.interval(float(replicates[0]), known)


def over_seeds(found: Sequence[Told]) -> Told:
    """Put a figure of several seeds together, as `statistics.over_seeds`, if all have it."""
    known = [one for one in found if one is not None]
    return statistics.over_seeds(known) if known and len(known) == len(found) else None


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put seeds together and judge the guess.

    Parameters
    ----------
    measured : mapping
        Name of an arm to what `measure` returned.

    Returns
    -------
    dict
        ``rates`` and ``speeds``; ``tests`` (name of what is tested to seconds between frames,
        displacement in pixels, changed and uncovered, shares of the pixels); ``cells`` (figure to
        what was learnt to what was tested to value, low, high, spread), with the figures of
        `FIGURES`, ``gain`` and ``gain_loss``; ``behind`` (what was learnt to what was tested to
        the error of each frame of a free rollout above the color model's); ``against`` (what was
        learnt to figure to the difference from the usual rate's, tested there); ``nuance`` (the
        same, tested at the lowest rate, on changed and on uncovered pixels); ``warp_ratio``
        (slightly lower rate to its warp error as a multiple of the usual one's, tested there);
        ``like`` (speed to the rate that moves pixels as far); ``clips``, as `tell_clips`;
        ``verdicts``, ``verdict``, that on the guess, ``findings`` and
        ``finding``.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in measured.values():
        if one["kind"] != "stride":
            groups.setdefault(_label(one), []).append(one)
    learnt = [label for label in groups if label not in BASELINES]
    rates = sorted((int(label) for label in learnt if label.isdigit()), reverse=True)
    speeds = sorted(int(label.split("x")[1]) for label in learnt if "x" in label)
    copy = groups["copy"][0]["cells"]
    cells: dict[str, dict[str, dict[str, Told]]] = {}
    for name, figure in _figures(copy).items():
        cells[name] = {
            label: {
                tested: over_seeds([tell(figure(arm["cells"][tested], tested)) for arm in arms])
                for tested in arms[0]["cells"]
            }
            for label, arms in groups.items()
        }
    usual = groups[name_of(USUAL)]
    usual, figures = groups[name_of(USUAL)], _figures(copy)

    def differences(names: Iterable[str], tested: str) -> dict[str, dict[str, Told]]:
        """Return what was learnt to figure to the difference from the usual rate's."""
        return {
            label: {
                name: over_seeds(
                    [
                        tell(figures[name](one["cells"][tested], tested)
                             - figures[name](other["cells"][tested], tested))
                        for one, other in zip(groups[label], usual, strict=True)
                    ]
                )
                for name in names
            }
            for label in learnt
            if label != name_of(USUAL) and tested in groups[label][0]["cells"]
        }  # fmt: skip

    against = differences(figures, name_of(USUAL))
    nuance = differences(("changed", "uncovered"), name_of(min(rates)))
    tests = {name: describe(name, cell) for name, cell in copy.items()}
    like = {str(speed): nearest(name_of(USUAL, speed), tests, rates) for speed in speeds}
    ratios = {str(rate): _steadiness(groups[name_of(rate)], usual) for rate in slightly(rates)}
    verdicts = judge(cells, against, nuance, like, ratios)
    summary = {
        "rates": rates,
        "speeds": speeds,
        "tests": tests,
        "cells": cells,
        "behind": {
            label: {
                tested: np.round(
                    255 * np.mean([arm["cells"][tested]["behind"] for arm in arms], axis=0), 3
                ).tolist()
                for tested in arms[0]["cells"]
            }
            for label, arms in groups.items()
        },
        "against": against,
        "nuance": nuance,
        "warp_ratio": ratios,
        "like": like,
        "clips": tell_clips(measured),
        "verdicts": verdicts,
        "verdict": verdicts["guess"],
    }
    return with_findings(summary, conclude(summary))


def _label(one: Mapping[str, Any]) -> str:
    """Name a group of arms: a baseline, what was learnt, or ``scheduled``."""
    return str(one["learnt"] if one["kind"] in ("rate", "speed") else one["kind"])


def slightly(rates: Sequence[int]) -> list[int]:
    """Return those rates that are slightly lower than the usual one."""
    return [rate for rate in SLIGHTLY if rate in rates]


def _figures(
    copy: Mapping[str, Cell],
) -> dict[str, Callable[[Cell, str], NDArray[np.float64]]]:
    """Return `FIGURES` as functions of a cell and what is tested, and what copying is behind."""

    def plain(name: str) -> Callable[[Cell, str], NDArray[np.float64]]:
        def figure(cell: Cell, tested: str) -> NDArray[np.float64]:
            return FIGURES[name](cell)

        return figure

    def gain(cell: Cell, tested: str) -> NDArray[np.float64]:
        return FIGURES["accuracy"](cell) - FIGURES["accuracy"](copy[tested])

    def gain_loss(cell: Cell, tested: str) -> NDArray[np.float64]:
        return FIGURES["loss"](copy[tested]) - FIGURES["loss"](cell)

    return {**{name: plain(name) for name in FIGURES}, "gain": gain, "gain_loss": gain_loss}


def describe(name: str, cell: Cell) -> dict[str, Any]:
    """Say how far apart the frames of a test are.

    Parameters
    ----------
    name : str
        ``"30"`` or ``"30 x10"``.
    cell : mapping
        A baseline's, from `examine`.

    Returns
    -------
    dict
        seconds, displacement (pixels), changed (share of pixels, mean of U and V) and uncovered.
    """
    return {
        "seconds": round(1 / int(name.split()[0]), 4),
        "displacement": round(float(np.mean(cell["displacement"])), 4),
        "changed": round(float(np.sum(cell["changed"]) / np.sum(cell["pixels"]) / 2), 6),
        "uncovered": round(float(np.sum(cell["uncovered"]) / np.sum(cell["pixels"]) / 2), 6),
    }


def nearest(name: str, tests: Mapping[str, Mapping[str, float]], rates: Sequence[int]) -> str:
    """Find the rate below the usual one at which pixels move as far as in a test.

    Parameters
    ----------
    name : str
        The test.
    tests : mapping
        Name to what `describe` says.
    rates : sequence of int
        To choose from.

    Returns
    -------
    str
        The name of the one with the nearest displacement, as a ratio.
    """
    wanted = np.log(tests[name]["displacement"])
    lower = [name_of(rate) for rate in rates if rate < USUAL]
    return min(lower, key=lambda one: abs(np.log(tests[one]["displacement"]) - wanted))


def _steadiness(ours: Sequence[Mapping[str, Any]], usual: Sequence[Mapping[str, Any]]) -> Told:
    """Compare warp errors, tested at the usual rate: ours as a multiple of the usual one's."""
    at = name_of(USUAL)
    return over_seeds(
        [
            tell(FIGURES["warp"](one["cells"][at]) / FIGURES["warp"](other["cells"][at]))
            for one, other in zip(ours, usual, strict=True)
        ]
    )


def judge(
    cells: Mapping[str, Mapping[str, Mapping[str, Told]]],
    against: Mapping[str, Mapping[str, Told]],
    nuance: Mapping[str, Mapping[str, Told]],
    like: Mapping[str, str],
    ratios: Mapping[str, Told],
) -> dict[str, str]:
    """Judge by the rules that `PROTOCOL` states.

    Parameters
    ----------
    cells, against, nuance, like : mapping
        As in `summarise`.
    ratios : mapping
        Slightly lower rate to its warp error as a multiple of the usual one's.

    Returns
    -------
    dict
        copies, more_than_copying, less_copying, steady, nuanced, scheduled, displacement and
        guess to holds, holds partly, does not hold or cannot be told.
    """
    usual = name_of(USUAL)
    lower = list(ratios)
    fewer = [-side(against[rate]["index"]) for rate in lower]
    steady = [-side(one, STEADY) for one in ratios.values()]
    nuanced = []
    for rate in lower:
        sides = [side(nuance[rate][name]) for name in ("changed", "uncovered")]
        nuanced.append(max(sides) if 1 in sides else min(sides))
    moved = []
    for speed, rate in like.items():
        sides = [side(against[one]["index"]) for one in (name_of(USUAL, int(speed)), rate)]
        moved.append(sides[0] * sides[1])
    found = {
        "copies": verdict([side(cells["index"][usual][usual], 0.5)]),
        "more_than_copying": verdict([side(cells["gain"][usual][usual])]),
        "less_copying": verdict(fewer),
        "steady": verdict(steady),
        "nuanced": verdict(nuanced, lenient=True),
        "scheduled": verdict([-side(against["scheduled"]["index"])]),
        "displacement": verdict(moved),
    }
    three = [found[name] for name in ("less_copying", "steady", "nuanced")]
    better = [found[name].startswith("holds") for name in ("less_copying", "nuanced")]
    if three == ["holds"] * 3:
        guess = "holds"
    elif any(better):
        guess = "holds partly"
    else:
        guess = "does not hold" if "does not hold" in three else "cannot be told"
    return {**found, "guess": guess}


def tell_clips(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Tell each clip's figures, without intervals.

    Parameters
    ----------
    measured : mapping
        As for `summarise`.

    Returns
    -------
    dict
        Clip to stride tested to ``displacement`` (pixels), ``changed`` and ``uncovered`` (shares
        of the pixels), and ``figures``: stride learnt, or baseline, to the figures of `FIGURES`
        and gain; None where a clip has none.
    """
    found: dict[str, Any] = {}
    for one in measured.values():
        label = one["learnt"].removeprefix("stride ") or one["kind"]
        for clip, by_stride in one["clips"].items():
            for stride, cell in by_stride.items():
                place = found.setdefault(clip, {}).setdefault(stride, {"figures": {}})
                about = describe("1", cell)
                place |= {key: about[key] for key in ("displacement", "changed", "uncovered")}
                place["figures"][label] = {
                    name: _plain(figure, cell) for name, figure in FIGURES.items()
                }
    for by_stride in found.values():
        for place in by_stride.values():
            base = place["figures"]["copy"]["accuracy"]
            for one in place["figures"].values():
                one["gain"] = round(one["accuracy"] - base, 4)
    return found


def _plain(figure: Callable[[Cell], NDArray[np.float64]], cell: Cell) -> float | None:
    try:
        value = float(figure(cell)[0])
    except KeyError:  # a clip too short for strips, or alone without another scene
        return None
    return round(value, 4) if np.isfinite(value) else None


def conclude(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say in sentences what was found.

    Parameters
    ----------
    summary : mapping
        As `summarise` gives it.

    Returns
    -------
    dict
        ``copying``, ``lower``, ``scheduled`` and ``displacement``.
    """
    cells, against, usual = summary["cells"], summary["against"], name_of(USUAL)
    index, right = cells["index"][usual][usual], cells["accuracy"]

    def words(label: str, names: Sequence[str], told: Mapping[str, Any] = against) -> str:
        return ", ".join(f"{name} {_interval(told[label][name])}" for name in names)

    slow, nuance = min(summary["rates"]), summary["nuance"]
    lower = [
        f"learnt at {rate}: index {_interval(against[rate]['index'])}, warp error "
        f"{_interval(ratio, signed=False)} times as large, tested at {slow} "
        f"{words(rate, ('changed', 'uncovered'), nuance)}"
        for rate, ratio in summary["warp_ratio"].items()
    ]
    speeds = [
        f"{speed} times as fast a camera {_interval(against[name_of(USUAL, int(speed))]['index'])}"
        f", {rate} frames a second {_interval(against[rate]['index'])}"
        for speed, rate in summary["like"].items()
    ]
    return {
        "copying": (
            f"At {usual} frames a second copying is right at {right['copy'][usual]['value']:.1%} "
            f"of the pixels, the model that learnt there at {right[usual][usual]['value']:.1%}; "
            f"told other colours, it follows them at {index['value']:.0%} "
            f"[{index['low']:.0%}, {index['high']:.0%}]"
        ),
        "lower": f"against it, tested at {usual}: {'; '.join(lower)}",
        "scheduled": f"scheduled sampling: {words('scheduled', ('index', 'drift'))}",
        "displacement": f"identity index by motion: {'; '.join(speeds)}",
    }


def _interval(told: Told, signed: bool = True) -> str:
    if told is None:
        return "unknown"
    form = "+.3f" if signed else ".2f"
    return f"{told['value']:{form}} [{told['low']:{form}}, {told['high']:{form}}]"
