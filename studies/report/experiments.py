"""The table of the experiments: what each asks, by which command, and what it cost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from colorlab import files
from studies import QUESTIONS
from studies.report.cells import markdown, number

EXPERIMENT_MARKS = (
    "<!-- experiments: start (made by `python -m studies report`) -->",
    "<!-- experiments: end -->",
)
"""Lines of docs/reproducing.md between which the table stands."""


def read_experiments(folder: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Read the results of the experiments that have been run."""
    paths = {name: Path(folder, "experiments", f"{name}.json") for name in QUESTIONS}
    return {name: files.read_json(path) for name, path in paths.items() if path.is_file()}


def experiment_table(results: dict[str, dict[str, Any]]) -> str:
    """Tell of every experiment its question, its command, and what its run cost."""
    rows = [["experiment", "asks", "command of the run", "arms", "minutes", "memory", "run on"]]
    for name, question in QUESTIONS.items():
        one = results.get(name, {})
        seconds, peak = one.get("seconds"), one.get("peak_memory")
        rows.append(
            [
                f"`{name}`",
                question,
                f"`{one['command']}`" if one else "not run in full yet",
                number(len(one["arms"]) if one else None, "{:d}"),
                _minutes(seconds),
                number(peak and peak / 1e9, "{:.1f} GB"),
                one.get("date", "–"),
            ]
        )
    return markdown(rows)


def _minutes(seconds: float | None) -> str:
    """Write whole minutes, and tenths of the first one."""
    minutes = None if seconds is None else seconds / 60
    return number(minutes, "{:.1f}" if minutes is not None and minutes < 1 else "{:.0f}")
