"""What was measured, for notebooks to read instead of quoting it. Reading starts no Keras."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path
from typing import Any

from colorlab import files
from colorlab.errors import InputError


def results(name: str) -> dict[str, Any]:
    """Read a file of results that comes with colorlab.

    Parameters
    ----------
    name : str
        Its name without ``.json``, for example ``"color-water-test"``, or that of an experiment.

    Returns
    -------
    dict
        What a documented command wrote.

    Raises
    ------
    InputError
        When there is no such file, or it is broken.
    """
    return _read(
        "results", {path.stem: path for path in files.packaged("results").rglob("*.json")}, name
    )


def history(name: str) -> list[dict[str, float]]:
    """Read the history of a training that comes with colorlab.

    Parameters
    ----------
    name : str
        A model's name, for all trainings that led to it, or that of a single history without
        ``-history.csv``, for example ``"color-water-n30-100-epochs"``.

    Returns
    -------
    list of dict
        As `read_history` gives it: one per epoch, column to number.

    Raises
    ------
    InputError
        When there is no such history.
    """
    single = files.packaged("results") / f"{name}-history.csv"
    paths = [single] if single.is_file() else histories(files.packaged("results"), name)
    return read_history(*paths)


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


def card(name: str) -> dict[str, Any]:
    """Read the card of a model that comes with colorlab.

    Parameters
    ----------
    name : str
        For example ``"color-water-n30"``.

    Returns
    -------
    dict
        The card. It is not checked for what loading needs; `colorlab.checkpoints.read_card` is.

    Raises
    ------
    InputError
        When there is no such model, or its card is broken.
    """
    cards = files.packaged("assets/models").glob("*/card.json")
    return _read("model", {path.parent.name: path for path in cards}, name)


def _read(what: str, known: dict[str, Path], name: str) -> dict[str, Any]:
    if name not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise InputError(f"colorlab comes with no {what} {name!r}, only with: {listed}.")
    found: dict[str, Any] = files.read_json(known[name])
    return found
