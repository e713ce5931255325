"""The answer: seeds put together, compared, judged, and said in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab.rollout import CONTEXTS
from studies.context.measuring import KEPT
from studies.context.protocol import BEST, HALF, MOST
from studies.film import figures
from studies.verdicts import side, verdict, with_findings

BESIDE = {"truth": "copy", "first": "held", "free": "freeze"}
"""Context to what does no more than keep or copy what it is told."""

COMPARED = ("accuracy", "changed", "uncovered", "psnr", "error", "warp", "drift")
"""Figures of which differences are told."""


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put seeds together and judge.

    Returns
    -------
    dict
        ``colors`` (color model to epoch; color, freeze, held and copy, as `figures.tell`; contexts:
        context to the consistency model's; identity; gain and beyond: context to figure to the
        difference; share), ``weaker`` (context to figure to the difference of gains), ``verdicts``,
        ``findings`` and ``finding``.
    """
    groups: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for one in measured.values():
        groups.setdefault(one["color"], {}).setdefault(one["kind"], []).append(one)
    colors = {name: _tell(kinds) for name, kinds in groups.items()}
    weak = groups[next(iter(groups))]
    weaker = {
        context: {
            name: figures.over_samples(
                [a - b for a, b in zip(*(_gains(one, context, name) for one in pair), strict=True)]
            )
            for name in COMPARED
        }
        for pair in ((weak, groups[BEST]),)
        for context in CONTEXTS
    }
    verdicts = judge(colors, weaker)
    summary = {"colors": colors, "weaker": weaker, "verdicts": verdicts}
    return with_findings(summary, conclude(summary))


Kinds = Mapping[str, Sequence[Mapping[str, Any]]]
"""Kind of arm to what `measure` returned for each seed, on one color model."""


def _tell(kinds: Kinds) -> dict[str, Any]:
    """Tell what is measured on one color model."""
    models = kinds["model"]

    def rollouts(kind: str, context: str) -> list[figures.Gathered]:
        return [one["rollouts"][context] for one in kinds[kind]]

    beyond = {
        context: {
            name: figures.difference(
                rollouts("model", context), rollouts(beside, context), figures.FIGURES[name]
            )
            for name in COMPARED
        }
        for context, beside in BESIDE.items()
    }
    copied = [
        figures.accuracy(kinds[kind][0]["rollouts"][context])
        for kind, context in (("copy", "truth"), ("color", "none"))
    ]
    shares = []
    for one in rollouts("model", "truth"):
        gained = figures.accuracy(one) - copied[1]
        shares.append(np.divide(copied[0] - copied[1], gained, where=gained > 0, out=0 * gained))
    return {
        "epoch": models[0]["epoch"],
        **{kind: figures.tell(rollouts(kind, context)) for kind, (context,) in KEPT.items()},
        "contexts": {context: figures.tell(rollouts("model", context)) for context in CONTEXTS},
        "identity": figures.over_seeds([one["identity"] for one in models], figures.identity),
        "gain": {
            context: {name: figures.over_samples(_gains(kinds, context, name)) for name in COMPARED}
            for context in CONTEXTS
        },
        "beyond": beyond,
        "share": figures.over_samples(shares),
    }


def _gains(kinds: Kinds, context: str, name: str) -> list[NDArray[np.float64]]:
    """Return by how much each seed's model is above its color model, on every sample."""
    figure = figures.FIGURES[name]
    alone = figure(kinds["color"][0]["rollouts"]["none"])
    return [figure(one["rollouts"][context]) - alone for one in kinds["model"]]


def judge(colors: Mapping[str, Any], weaker: Mapping[str, Any]) -> dict[str, str]:
    """Judge by the rules that `PROTOCOL` states."""
    found = {}
    for name, context in (("corrects", "truth"), ("by_itself", "free")):
        gains = [side(one["gain"][context]["accuracy"]) for one in colors.values()]
        larger = side(weaker[context]["accuracy"])
        judged = verdict(gains, lenient=True)
        found[name] = "holds partly" if judged == "holds" and larger != 1 else judged
    shares = [one["share"] for one in colors.values()]
    if all(share["low"] >= MOST for share in shares):
        found["copying"] = "holds"
    elif all(share["low"] >= HALF for share in shares):
        found["copying"] = "holds partly"
    else:
        less = all(share["high"] < HALF for share in shares)
        found["copying"] = "does not hold" if less else "cannot be told"
    found["more"] = verdict(side(one["beyond"]["truth"]["accuracy"]) for one in colors.values())
    return found


def conclude(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say in sentences what was found."""
    colors, verdicts = summary["colors"], summary["verdicts"]

    def each(context: str) -> str:
        parts = [
            f"{one['color']['accuracy']['value']:.1%} to "
            f"{one['contexts'][context]['accuracy']['value']:.1%}"
            for one in colors.values()
        ]
        return ", ".join(parts)

    names = ", ".join(colors)
    shares = ", ".join(f"{one['share']['value']:.0%}" for one in colors.values())
    copied = next(iter(colors.values()))["copy"]["accuracy"]["value"]
    return {
        "corrects": (
            f"Told the truth, accuracy rises from the color model's ({names}) {each('truth')} "
            f"({verdicts['corrects']})"
        ),
        "by_itself": f"left to itself it goes from {each('free')} ({verdicts['by_itself']})",
        "copying": (
            f"copying the truth has {copied:.1%}, a gain of {shares} of the consistency model's "
            f"({verdicts['copying']})"
        ),
    }
