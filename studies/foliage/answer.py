"""The answer: seeds put together, compared, judged, and said in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies import answers, statistics
from studies.foliage.protocol import DECODER, KINDS, THINGS
from studies.verdicts import side, verdict, written


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put seeds together, compare the arms and judge the claims.

    Returns
    -------
    dict
        ``kinds`` (kind of arm to epochs; water and landscape, each with loss, psnr_gain,
        colourfulness, entropy; regions, thing to entropy), ``prior`` (loss on water and on
        landscape, and entropy, of the water photos' bins), ``cost`` and ``gain`` (passes and
        steps), ``surer`` (passes and steps to things), ``unsure`` (sky, water), ``claims`` (name
        to verdict), ``verdict``, that on ``landscapes_gain``, and ``finding``, a sentence.
    """
    kinds = {kind: [one for one in measured.values() if one["kind"] == kind] for kind in KINDS}
    water, both, longer = kinds.values()
    without = {"passes": water, "steps": longer}
    first = water[0]
    found = {
        "kinds": {kind: _describe(seeds) for kind, seeds in kinds.items()},
        "prior": {
            part: statistics.told(_loss(first[part], "prior_loss"))
            for part in ("water", "landscape")
        }
        | {"entropy": first["prior_entropy"]},
        "cost": {k: _minus(both, one, "water", _loss) for k, one in without.items()},
        "gain": {k: _minus(one, both, "landscape", _loss) for k, one in without.items()},
        "surer": {
            k: {t: _minus(one, both, "scenes", _of_region(t)) for t in THINGS}
            for k, one in without.items()
        },
        "unsure": {
            thing: _minus(water, water, "scenes", _of_region("foliage"), _of_region(thing))
            for thing in THINGS
            if thing != "foliage"
        },
    }
    claims = judge(found)
    return {
        **found,
        "claims": claims,
        "verdict": claims["landscapes_gain"],
        "finding": conclude(found),
    }


Figure = Callable[[Mapping[str, Sequence[float]]], NDArray[np.float64]]


def _loss(figures: Mapping[str, Sequence[float]], name: str = "loss") -> NDArray[np.float64]:
    return statistics.replicate(np.add(figures[f"{name}_u"], figures[f"{name}_v"]))


def _of_region(thing: str) -> Figure:
    return lambda figures: statistics.replicate(
        figures[f"entropy {thing}"], figures[f"pixels {thing}"]
    )


def _minus(
    ours: Sequence[Mapping[str, Any]],
    theirs: Sequence[Mapping[str, Any]],
    part: str,
    figure: Figure,
    their_figure: Figure | None = None,
) -> dict[str, float]:
    """Subtract a figure of one part, seed by seed and photo by photo."""
    pick = [[{"figures": one[part]} for one in seeds] for seeds in (ours, theirs)]
    return answers.difference(pick[0], pick[1], figure, their_figure)


def _describe(seeds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Tell what a reader wants to know of a kind of arm."""

    def over(part: str, figure: Figure) -> dict[str, float]:
        return answers.over_seeds([{"figures": one[part]} for one in seeds], figure)

    about: dict[str, Any] = {"epochs": seeds[0]["epochs"]}
    for part in ("water", "landscape"):
        about[part] = {
            "loss": over(part, _loss),
            "psnr_gain": over(part, lambda one: answers.gain(one, DECODER)),
            "colourfulness": over(part, lambda one: answers.colourfulness(one, DECODER)),
            "entropy": over(part, lambda one: statistics.replicate(one["entropy"])),
        }
    return {**about, "regions": {thing: over("scenes", _of_region(thing)) for thing in THINGS}}


def judge(found: Mapping[str, Any]) -> dict[str, str]:
    """Judge the claims by the rules that `PROTOCOL` states."""
    return {
        "landscapes_gain": verdict(map(side, found["gain"].values())),
        "water_loses": verdict(map(side, found["cost"].values())),
        "foliage_unsure": verdict(map(side, found["unsure"].values())),
        "foliage_surer": verdict(side(one["foliage"]) for one in found["surer"].values()),
    }


def conclude(found: Mapping[str, Any]) -> str:
    """Say in a sentence what was found."""
    unsure = found["unsure"]
    return (
        "With landscapes, after as many steps, the loss on water photos rises by "
        f"{written(found['cost']['steps'])} and that on landscapes falls by "
        f"{written(found['gain']['steps'])} nats; without them the entropy on foliage is "
        f"{written(unsure['sky'])} against that on sky, {written(unsure['water'])} against water"
    )
