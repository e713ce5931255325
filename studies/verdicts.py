"""What intervals say of a claim: where they lie, the verdict of several, and how they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def side(told: Mapping[str, float] | None, mark: float = 0.0) -> int:
    """Say on which side of a mark an interval lies."""
    return 0 if told is None else int(told["low"] > mark) - int(told["high"] < mark)


def verdict(sides: Iterable[int], lenient: bool = False) -> str:
    """Judge a claim by several comparisons.

    Returns
    -------
    str
        ``holds`` if all are in favour, ``holds partly`` if some are, ``does not hold`` if it is
        refuted, else ``cannot be told``.
    """
    every = list(sides)
    if every and all(one > 0 for one in every):
        return "holds"
    if any(one > 0 for one in every):
        return "holds partly"
    against = [one < 0 for one in every]
    refuted = any(against) if lenient else bool(against) and all(against)
    return "does not hold" if refuted else "cannot be told"


def written(
    told: Mapping[str, float] | None,
    form: str = "+.3f",
    scale: float = 1.0,
    unknown: str = "unknown",
) -> str:
    """Write a figure with its interval.

    Returns
    -------
    str
        For example ``+0.012 [+0.008, +0.020]``.
    """
    if told is None:
        return unknown
    value, low, high = (format(scale * told[key], form) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def with_findings(summary: Mapping[str, Any], findings: Mapping[str, str]) -> dict[str, Any]:
    """Close a summary.

    Returns
    -------
    dict
        The summary with ``findings`` and ``finding``, all sentences in one.
    """
    return {**summary, "findings": dict(findings), "finding": "; ".join(findings.values())}
