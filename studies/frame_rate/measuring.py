"""The arms, and what is measured of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab.strips import Strips, learning, measures, rolling
from colorlab.strips.learning import Recipe
from colorlab.strips.rolling import Answerer
from studies.frame_rate.films import Films, Tested
from studies.frame_rate.protocol import STRIDES, USUAL, Scale, name_of
from studies.harness import Arm, Asked

BASELINES: dict[str, Callable[[Tested], Answerer]] = {
    "copy": lambda tested: rolling.Copier(tested.chances),
    "alone": lambda tested: rolling.Alone(),
    "truth": lambda tested: rolling.Truth(),
}
"""Arms that learn nothing: copying the frame before, the color model alone, the true colours."""


def arms(asked: Asked) -> list[Arm]:
    """List the arms: the baselines; every rate, scheduled sampling and every speed; strides.

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
