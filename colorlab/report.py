"""The README's tables, made from the files under ``results/`` and from nothing else."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from colorlab import files
from colorlab.errors import InputError

START, END = "<!-- results: start (made by `colorlab report`) -->", "<!-- results: end -->"

TEST, TRAIN = "color-water-test.json", "color-water-train.json"
"""The results that the stills' table is made of."""

PAPER = {"loss": 3.541, "accuracy_u": 0.36198, "accuracy_v": 0.32474}
"""The 2016 paper's color model on its own 500 test photos (n = 30)."""
PAPER_TRAIN = {"loss": 3.384, "accuracy_u": 0.37362, "accuracy_v": 0.33908}
"""The same on its training photos."""
PAPER_BEST_EPOCH = 16
"""The epoch after which the paper's model overfitted."""

_COLUMNS = ("model, decoder", "loss", "U right", "V right", "PSNR", "colour", "photos")
_TRAIN_COLUMN = "on training photos: loss, U, V"


def color_table(test: dict[str, Any], train: dict[str, Any] | None = None) -> str:
    """Return the stills' table in Markdown.

    Parameters
    ----------
    test : dict
        Result of ``colorlab evaluate color`` on the test photos.
    train : dict, optional
        Result on training photos; it adds a column.

    Returns
    -------
    str
        The table: every model and decoder, with the prior, grey and the paper's own figures.

    Raises
    ------
    InputError
        When there is no result, or another model's weights were measured on training photos.
    """
    entries = test["models"]
    if not entries:
        raise InputError("the table needs the result of at least one model; received none.")
    base = next(iter(entries.values()))
    shown = f"{base['n_photos']} of {test['dataset']['name']}"
    seen = {key: _trained(key, entry, train) for key, entry in entries.items()}
    rows = [("the 2016 paper's model, on its own photos", PAPER, "500 of its own", PAPER_TRAIN)]
    for key, entry in entries.items():
        name = f"`{key.split(':')[0]}`, {decoder(entry)}"
        rows.append((name, _nats_only(entry), shown, _nats_only(seen[key])))
    grids: dict[tuple[int, str], str] = {}
    for key, entry in entries.items():
        grids.setdefault((entry["n"], entry["align"]), key)
    for (n, align), key in grids.items():
        which = f" (n = {n}, {align})" if len(grids) > 1 else ""
        name = f"always the training photos' prior, or its largest bin{which}"
        rows.append((name, _prior(entries[key]), shown, _prior(seen[key])))
    rows.append(("left grey", {"psnr": base["psnr_grey"], "colour": 0.0}, shown, {}))
    header = [*_COLUMNS, _TRAIN_COLUMN] if train else [*_COLUMNS]
    lines = [header]
    for name, entry, photos, trained in rows:
        lines.append([*_cells(name, entry, photos), *([_train(trained)] if train else [])])
    head, *body = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([head, "|---" * len(header) + "|", *body])


def _trained(key: str, entry: dict[str, Any], train: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the same model scored on training photos, empty if it was not measured."""
    name = key.split(":")[0]
    found = train["models"].get(name, {}) if train else {}
    if found and found["weights_sha256"] != entry["weights_sha256"]:
        raise InputError(
            f"{TEST} and {TRAIN} measured different weights of {name}; run `make results`."
        )
    return found


def decoder(entry: dict[str, Any]) -> str:
    """Return the words for an entry's decoder.

    Parameters
    ----------
    entry : dict
        Of a result: ``decode``, ``temperature`` and ``saturation``.

    Returns
    -------
    str
        For example ``annealed, T = 0.5``.
    """
    words = [entry["decode"]]
    if entry["temperature"] is not None:
        words.append(f"T = {entry['temperature']:g}")
    if entry.get("saturation", 1.0) != 1:
        words.append(f"saturation {entry['saturation']:g}")
    return ", ".join(words)


def _nats_only(entry: dict[str, Any]) -> dict[str, Any]:
    """Leave out a loss that is a squared error: it does not compare with nats."""
    return {**entry, "loss": None} if entry.get("loss_name") == "euclidean" else entry


def _prior(entry: dict[str, Any]) -> dict[str, Any]:
    keys = {"loss": "prior_loss", "accuracy_u": "majority_u", "accuracy_v": "majority_v"}
    return {ours: entry[theirs] for ours, theirs in keys.items() if theirs in entry}


def _cells(name: str, entry: dict[str, Any], photos: str) -> list[str]:
    colour = entry.get("colour")
    if "colourfulness" in entry:
        colour = entry["colourfulness"] / entry["colourfulness_truth"]
    return [
        name,
        *_labels(entry),
        _number(entry.get("psnr"), "{:.2f} dB"),
        _number(colour, "{:.0%}"),
        photos,
    ]


def _labels(entry: dict[str, Any]) -> list[str]:
    forms = {"loss": "{:.3f}", "accuracy_u": "{:.1%}", "accuracy_v": "{:.1%}"}
    return [_number(entry.get(key), form) for key, form in forms.items()]


def _train(entry: dict[str, Any]) -> str:
    return ", ".join(_labels(entry)) if entry else "–"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value).replace("%", " %")


def read_color_results(
    folder: str | os.PathLike[str],
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Read the results the stills' table is made of.

    Parameters
    ----------
    folder : path
        Usually ``results``.

    Returns
    -------
    test, train : dict
        The results on test photos and on training photos; None where the latter is missing.

    Raises
    ------
    InputError
        When there is no result on test photos.
    """
    test, train = (Path(folder) / name for name in (TEST, TRAIN))
    if not test.is_file():
        raise InputError(f"{folder} holds no {TEST}; run `make results` first.")
    return files.read_json(test), files.read_json(train) if train.is_file() else None


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


def histories(folder: str | os.PathLike[str], name: str) -> list[Path]:
    """List the histories of a model's trainings, in the order in which they went on.

    Parameters
    ----------
    folder : path
        Usually ``results``.
    name : str
        The model's name.

    Returns
    -------
    list of pathlib.Path
        ``NAME-stage1-history.csv``, ``NAME-stage2-history.csv`` and so on.

    Raises
    ------
    InputError
        When there is none, or one is missing in between.
    """
    found = sorted(
        (int(match[1]), path)
        for path in Path(folder).glob(f"{name}-stage*-history.csv")
        if (match := re.fullmatch(rf"{re.escape(name)}-stage(\d+)-history.csv", path.name))
    )
    numbers = [number for number, _ in found]
    if not found or numbers != list(range(1, len(found) + 1)):
        raise InputError(
            f"{folder} needs {name}-stage1-history.csv and so on, one per training; received the "
            f"stages {numbers}."
        )
    return [path for _, path in found]


def read_history(*paths: str | os.PathLike[str]) -> list[dict[str, float]]:
    """Read a training's history, or that of several trainings that went on from one another.

    Parameters
    ----------
    *paths : path
        One ``history.csv`` per training, in order.

    Returns
    -------
    list of dict
        One per epoch: column to number; the epochs are counted through, and ``stage`` is the
        training's number, from 1.

    Raises
    ------
    InputError
        When it is missing, empty or holds other than numbers.
    """
    rows: list[dict[str, float]] = []
    for stage, path in enumerate(paths, 1):
        before = len(rows)
        try:
            with open(path, newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    numbers = {key: float(value) for key, value in row.items()}
                    rows.append({**numbers, "epoch": numbers["epoch"] + before, "stage": stage})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"cannot read {path} as a training's history: {error}.") from error
        if len(rows) == before:
            raise InputError(f"{path} holds no epoch; train first.")
    return rows


def overfitting(rows: Sequence[dict[str, float]]) -> str:
    """Say in a sentence whether a long training overfitted.

    Parameters
    ----------
    rows : sequence of dict
        From `read_history`.

    Returns
    -------
    str
        From which epoch on validation loss rises (by 0.01 nats at least until the end) while
        training loss goes on falling, with the paper's own epoch in a second line; else where
        validation loss is lowest.
    """
    best, last = min(rows, key=lambda row: row["val_loss"]), rows[-1]
    if last["val_loss"] - best["val_loss"] < 0.01 or last["loss"] >= best["loss"]:
        return (
            f"No overfitting in {len(rows)} epochs: validation loss is lowest after epoch "
            f"{best['epoch']:.0f} ({best['val_loss']:.2f}) and {last['val_loss']:.2f} at the end"
        )
    return (
        f"Overfitting after epoch {best['epoch']:.0f}: until epoch {last['epoch']:.0f} validation "
        f"{best['val_loss']:.2f} → {last['val_loss']:.2f}, training {best['loss']:.2f} → "
        f"{last['loss']:.2f}\n(the paper's model, on its own photos: after epoch "
        f"{PAPER_BEST_EPOCH})"
    )


def update_readme(
    readme: str | os.PathLike[str], test: dict[str, Any], train: dict[str, Any] | None = None
) -> None:
    """Write the table into the README.

    Parameters
    ----------
    readme : path
        The page.
    test, train : dict
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
    new = updated(text, color_table(test, train))
    with files.atomic_path(path) as temporary:
        temporary.write_text(new, encoding="utf-8")
