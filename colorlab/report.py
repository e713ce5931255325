"""The README's tables, made from the files under ``results/`` and from nothing else."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from colorlab import files
from colorlab.errors import InputError

START, END = "<!-- results: start (made by `colorlab report`) -->", "<!-- results: end -->"

PAPER = {"loss": 3.541, "accuracy_u": 0.36198, "accuracy_v": 0.32474}
"""The 2016 paper's color model on its own 500 test photos (n = 30)."""

_HEADER = (
    "| model, decoder | loss | U right | V right | PSNR | colour | photos |",
    "|---|---|---|---|---|---|---|",
)


def color_table(results: Sequence[dict[str, Any]]) -> str:
    """Return the stills' table in Markdown.

    Parameters
    ----------
    results : sequence of dict
        Results of ``colorlab evaluate color`` on one photo set and split.

    Returns
    -------
    str
        The table, with the prior, grey and the paper's own figures beside the models.

    Raises
    ------
    InputError
        When there is no result, or they were measured on different photos.
    """
    entries = [(name, entry) for result in results for name, entry in result["models"].items()]
    measured_on = {str(result["dataset"]) for result in results}
    if not entries or len(measured_on) > 1:
        raise InputError(
            f"one table needs results on one photo set; received {sorted(measured_on)}."
        )
    base = entries[0][1]
    photos = f"{base['n_photos']} of {results[0]['dataset']['name']}"
    lines = [*_HEADER]
    lines.append(_line("the 2016 paper's model, on its own photos", PAPER, "500 of its own"))
    for name, entry in entries:
        decoder = entry["decode"]
        if entry["temperature"] is not None:
            decoder += f", T = {entry['temperature']:g}"
        shown = {**entry, "loss": None} if entry["loss_name"] == "euclidean" else entry  # not nats
        lines.append(_line(f"`{name}`, {decoder}", shown, photos))
    prior = {
        "loss": base["prior_loss"],
        "accuracy_u": base["majority_u"],
        "accuracy_v": base["majority_v"],
    }
    lines.append(_line("always the training photos' prior, or its largest bin", prior, photos))
    lines.append(_line("left grey", {"psnr": base["psnr_grey"], "colour": 0.0}, photos))
    return "\n".join(lines)


def _line(name: str, entry: dict[str, Any], photos: str) -> str:
    colour = entry.get("colour")
    if "colourfulness" in entry:
        colour = entry["colourfulness"] / entry["colourfulness_truth"]
    cells = (
        name,
        _number(entry.get("loss"), "{:.3f}"),
        _number(entry.get("accuracy_u"), "{:.1%}"),
        _number(entry.get("accuracy_v"), "{:.1%}"),
        _number(entry.get("psnr"), "{:.2f} dB"),
        _number(colour, "{:.0%}"),
        photos,
    )
    return f"| {' | '.join(cells)} |"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value).replace("%", " %")


def read_color_results(folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read the results the stills' table is made of.

    Parameters
    ----------
    folder : path
        Usually ``results``; its files ``color-*-test*.json`` are read, in order of their names.

    Returns
    -------
    list of dict
        The results.

    Raises
    ------
    InputError
        When there are none.
    """
    paths = sorted(Path(folder).glob("color-*-test*.json"))
    if not paths:
        raise InputError(f"{folder} holds no color-*-test*.json; run `make results` first.")
    return [files.read_json(path) for path in paths]


def updated(text: str, table: str) -> str:
    """Return a page with the table between its marks.

    Parameters
    ----------
    text : str
        The page.
    table : str
        From `color_table`.

    Returns
    -------
    str
        The page with a new table.

    Raises
    ------
    InputError
        When the page lacks the marks.
    """
    if text.count(START) != 1 or text.count(END) != 1 or text.index(START) > text.index(END):
        raise InputError(f"the page needs the lines {START!r} and {END!r} once, in this order.")
    head, rest = text.split(START)
    return f"{head}{START}\n{table}\n{END}{rest.split(END)[1]}"


def read_history(*paths: str | os.PathLike[str]) -> list[dict[str, float]]:
    """Read a training's history, or that of several trainings that went on from one another.

    Parameters
    ----------
    *paths : path
        One ``history.csv`` per training, in order.

    Returns
    -------
    list of dict
        One per epoch: column to number; the epochs are counted through.

    Raises
    ------
    InputError
        When it is missing, empty or holds other than numbers.
    """
    rows: list[dict[str, float]] = []
    for path in paths:
        before = len(rows)
        try:
            with open(path, newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    numbers = {key: float(value) for key, value in row.items()}
                    rows.append({**numbers, "epoch": numbers["epoch"] + before})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"cannot read {path} as a training's history: {error}.") from error
        if len(rows) == before:
            raise InputError(f"{path} holds no epoch; train first.")
    return rows


def update_readme(readme: str | os.PathLike[str], results: Sequence[dict[str, Any]]) -> None:
    """Write the table into the README.

    Parameters
    ----------
    readme : path
        The page.
    results : sequence of dict
        From `read_color_results`.

    Raises
    ------
    InputError
        When the page is missing or lacks the marks.
    """
    path = Path(readme)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}.") from error
    new = updated(text, color_table(results))
    with files.atomic_path(path) as temporary:
        temporary.write_text(new, encoding="utf-8")
