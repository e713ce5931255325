"""The answer: seeds put together, compared, and said in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from studies.film.figures import over_samples
from studies.frame_rate.cells import FIGURES, Told, against_copying, describe
from studies.frame_rate.clips import tell_clips
from studies.frame_rate.measuring import BASELINES
from studies.frame_rate.protocol import SLIGHTLY, USUAL, name_of
from studies.frame_rate.verdicts import judge
from studies.verdicts import with_findings, written


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put seeds together and judge the guess.

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
    for name, figure in against_copying(copy).items():
        cells[name] = {
            label: {
                tested: over_samples([figure(arm["cells"][tested], tested) for arm in arms])
                for tested in arms[0]["cells"]
            }
            for label, arms in groups.items()
        }
    usual, figures = groups[name_of(USUAL)], against_copying(copy)

    def differences(names: Iterable[str], tested: str) -> dict[str, dict[str, Told]]:
        """Return what was learnt to figure to the difference from the usual rate's."""
        return {
            label: {
                name: over_samples(
                    [
                        figures[name](one["cells"][tested], tested)
                        - figures[name](other["cells"][tested], tested)
                        for one, other in zip(groups[label], usual, strict=True)
                    ]
                )
                for name in names
            }
            for label in learnt
            if label != name_of(USUAL) and tested in groups[label][0]["cells"]
        }

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


def nearest(name: str, tests: Mapping[str, Mapping[str, float]], rates: Sequence[int]) -> str:
    """Find the rate below the usual one at which pixels move as far as in a test."""
    wanted = np.log(tests[name]["displacement"])
    lower = [name_of(rate) for rate in rates if rate < USUAL]
    return min(lower, key=lambda one: abs(np.log(tests[one]["displacement"]) - wanted))


def _steadiness(ours: Sequence[Mapping[str, Any]], usual: Sequence[Mapping[str, Any]]) -> Told:
    """Compare warp errors, tested at the usual rate: ours as a multiple of the usual one's."""
    at = name_of(USUAL)
    return over_samples(
        [
            FIGURES["warp"](one["cells"][at]) / FIGURES["warp"](other["cells"][at])
            for one, other in zip(ours, usual, strict=True)
        ]
    )


def conclude(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say in sentences what was found."""
    cells, against, usual = summary["cells"], summary["against"], name_of(USUAL)
    index, right = cells["index"][usual][usual], cells["accuracy"]

    def words(label: str, names: Sequence[str], told: Mapping[str, Any] = against) -> str:
        return ", ".join(f"{name} {written(told[label][name])}" for name in names)

    slow, nuance = min(summary["rates"]), summary["nuance"]
    lower = [
        f"learnt at {rate}: index {written(against[rate]['index'])}, warp error "
        f"{written(ratio, '.2f')} times as large, tested at {slow} "
        f"{words(rate, ('changed', 'uncovered'), nuance)}"
        for rate, ratio in summary["warp_ratio"].items()
    ]
    speeds = [
        f"{speed} times as fast a camera {written(against[name_of(USUAL, int(speed))]['index'])}"
        f", {rate} frames a second {written(against[rate]['index'])}"
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
