"""The answer: seeds put together, kinds compared, judged, and said in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studies.film import (
    figures,
)
from studies.recurrent.protocol import BASELINES, CONTEXTS, JUDGED
from studies.verdicts import side, with_findings, written


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put seeds together and judge.

    Returns
    -------
    dict
        ``kinds`` (name to window, loss (of the last tenth of the steps), identity, truth and free,
        as `figures.tell`), ``baselines`` (the same, under their one context), ``costs``,
        ``comparisons`` (name to ours, theirs, differences and verdict), ``against`` (name to the
        differences from ``concat``), ``verdicts``, ``best``
        (the kind of the highest accuracy, free), ``findings`` and ``finding``.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in measured.values():
        groups.setdefault(one["kind"], []).append(one)
    costs = groups.pop("costs")[0]["costs"]
    told: dict[str, dict[str, Any]] = {
        name: {context: figures.tell(_rollouts(seeds, context)) for context in seeds[0]["rollouts"]}
        for name, seeds in groups.items()
    }
    for name in costs.keys() & groups.keys():
        seeds = groups[name]
        last = max(1, len(seeds[0]["history"]) // 10)
        told[name] |= {
            "window": seeds[0]["window"],
            "loss": round(float(np.mean([one["history"][-last:] for one in seeds])), 4),
            "identity": figures.over_seeds([s["identity"] for s in seeds], figures.identity),
        }
    found = {name: one for name, one in told.items() if name not in BASELINES}
    grus = sorted((one["window"], name) for name, one in found.items() if name.startswith("gru"))
    shortest, longest = grus[0][1], grus[-1][1]
    pairs = {
        "recurrent": (longest, "concat"),
        "windows": (longest, shortest),
        "warping": ("warped", "concat"),
        "instead": (longest, "warped"),
    }
    comparisons = {name: compare(groups, *pair) for name, pair in pairs.items()}
    best = max(found, key=lambda name: found[name]["free"]["accuracy"]["value"])
    summary = {
        "kinds": found,
        "baselines": {name: told[name] for name in BASELINES},
        "costs": costs,
        "comparisons": comparisons,
        "against": {
            name: compare(groups, name, "concat")["differences"]
            for name in found
            if name != "concat"
        },
        "verdicts": {name: one["verdict"] for name, one in comparisons.items()},
        "best": best,
    }
    return with_findings(summary, conclude(summary))


def _rollouts(seeds: Sequence[Mapping[str, Any]], context: str) -> list[figures.Gathered]:
    return [one["rollouts"][context] for one in seeds]


def compare(
    groups: Mapping[str, Sequence[Mapping[str, Any]]], ours: str, theirs: str
) -> dict[str, Any]:
    """Compare two kinds by the rule that `PROTOCOL` states.

    Returns
    -------
    dict
        ours, theirs, differences (context to figure to ours minus theirs) and verdict.
    """
    names = ("accuracy", "changed", "uncovered", "psnr", "error", "warp", "drift")
    differences = {
        context: {
            name: figures.difference(
                _rollouts(groups[ours], context),
                _rollouts(groups[theirs], context),
                figures.FIGURES[name],
            )
            for name in names
        }
        for context in CONTEXTS
    }
    sides = [
        better * side(differences[context][name]) for name, (context, better) in JUDGED.items()
    ]
    return {"ours": ours, "theirs": theirs, "differences": differences, "verdict": judge(sides)}


def judge(sides: Sequence[int]) -> str:
    """Judge a comparison by the rule that `PROTOCOL` states."""
    better, worse = 1 in sides, -1 in sides
    if better and worse:
        return "mixed"
    if worse:
        return "does not hold"
    if better:
        return "holds" if set(sides) == {1} else "holds partly"
    return "cannot be told"


def conclude(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say in sentences what was found."""
    found: dict[str, str] = {}
    for name, one in summary["comparisons"].items():
        free, truth = (one["differences"][context] for context in ("free", "truth"))
        accuracy, changed, drift = (
            written(told, "+.2f", scale, "an unknown amount")
            for told, scale in (
                (free["accuracy"], 100),
                (truth["changed"], 100),
                (free["drift"], 1),
            )
        )
        words = (
            f"accuracy by {accuracy} points, on changed pixels told the truth by {changed}, drift "
            f"by {drift}"
        )
        found[name] = (
            f"{one['ours']} against {one['theirs']}: left to itself it changes {words} "
            f"({one['verdict']})"
        )
    kinds_told, baselines = summary["kinds"], summary["baselines"]
    best = summary["best"]
    values = {
        "the color model": baselines["color"]["free"],
        "its first frame kept": baselines["freeze"]["free"],
        f"the best memory ({best})": kinds_told[best]["free"],
    }
    said = ", ".join(f"{name} {one['accuracy']['value']:.1%}" for name, one in values.items())
    copied = baselines["copy"]["truth"]["accuracy"]["value"]
    return {
        **found,
        "level": f"accuracy left to itself: {said}; copying the truth has {copied:.1%}",
    }
