"""Verdicts follow from where intervals lie, and from nothing else."""

import pytest

from studies import verdicts


@pytest.mark.parametrize(
    ("low", "high", "mark", "side"),
    [(0.1, 2, 0, 1), (0, 1, 0, 0), (-1, 1, 0, 0), (-1, -0.1, 0, -1), (0.2, 0.9, 1, -1),
     (1, 1, 1, 0), (1.1, 2, 1, 1)],
)  # fmt: skip
def test_an_interval_that_holds_the_mark_lies_on_neither_side(low, high, mark, side):
    assert verdicts.side({"low": low, "high": high}, mark) == side
    assert verdicts.side(None, mark) == 0


@pytest.mark.parametrize(
    ("sides", "strict", "lenient"),
    [
        ((1, 1), "holds", "holds"),
        ((1, 0), "holds partly", "holds partly"),
        ((1, -1), "holds partly", "holds partly"),
        ((-1, -1), "does not hold", "does not hold"),
        ((-1, 0), "cannot be told", "does not hold"),
        ((0, 0), "cannot be told", "cannot be told"),
        ((), "cannot be told", "cannot be told"),
    ],
)
def test_a_verdict_follows_from_the_sides(sides, strict, lenient):
    assert verdicts.verdict(sides) == strict
    assert verdicts.verdict(iter(sides), lenient=True) == lenient


def test_a_figure_is_written_with_its_interval():
    told = {"value": 0.0123, "low": -0.001, "high": 0.03}
    assert verdicts.written(told) == "+0.012 [-0.001, +0.030]"
    assert verdicts.written(told, ".1f", scale=100) == "1.2 [-0.1, 3.0]"
    assert verdicts.written(None) == "unknown"
    assert verdicts.written(None, unknown="an unknown amount") == "an unknown amount"


def test_a_summary_ends_with_its_findings_in_one_sentence():
    found = verdicts.with_findings({"rate": 3}, {"first": "It is so", "second": "but not there"})
    assert found["finding"] == "It is so; but not there"
    assert list(found) == ["rate", "findings", "finding"]
