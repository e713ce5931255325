"""The verdicts on the guess."""

from __future__ import annotations

from collections.abc import Mapping

from studies.frame_rate.cells import Told
from studies.frame_rate.protocol import STEADY, USUAL, name_of
from studies.verdicts import side, verdict


def judge(
    cells: Mapping[str, Mapping[str, Mapping[str, Told]]],
    against: Mapping[str, Mapping[str, Told]],
    nuance: Mapping[str, Mapping[str, Told]],
    like: Mapping[str, str],
    ratios: Mapping[str, Told],
) -> dict[str, str]:
    """Judge by the rules that `PROTOCOL` states."""
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
