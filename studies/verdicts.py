"""What intervals say of a claim: where they lie, the verdict of several, and how they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def side(told: Mapping[str, float] | None, mark: float = 0.0) -> int:
    """Say on which side of a mark an interval lies.

    Parameters
    ----------
    told : mapping or None
        With low and high.
    mark : float
        The mark.

    Returns
    -------
    int
        1 above, -1 below, 0 where the interval holds the mark, or there is none.
    """
    return 0 if told is None else int(told["low"] > mark) - int(told["high"] < mark)


def verdict(sides: Iterable[int], lenient: bool = False) -> str:
    """Judge a claim by several comparisons.

    Parameters
    ----------
    sides : iterable of int
        Of each 1 in favour, -1 against, 0 undecided.
    lenient : bool
        Whether, where none is in favour, one against is enough to refute it; else all must be.

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

    Parameters
    ----------
    told : mapping or None
        With value, low and high.
    form : str
        Format of each number.
    scale : float
        What they are multiplied with: 100 for points.
    unknown : str
        What stands where there is no figure.

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

    Parameters
    ----------
    summary : mapping
        What was found, in figures.
    findings : mapping
        The same in sentences, by name.

    Returns
    -------
    dict
        The summary with ``findings`` and ``finding``, all sentences in one.
    """
    return {**summary, "findings": dict(findings), "finding": "; ".join(findings.values())}
