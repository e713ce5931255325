"""What was measured, for notebooks to read instead of quoting it. Reading starts no Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from colorlab import files, report
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
    found = files.packaged("results").rglob("*.json")
    return _read("results", {path.stem: path for path in found}, name)


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
        As `colorlab.report.read_history` gives it: one per epoch, column to number.

    Raises
    ------
    InputError
        When there is no such history.
    """
    folder = files.packaged("results")
    single = folder / f"{name}-history.csv"
    paths = [single] if single.is_file() else report.histories(folder, name)
    return report.read_history(*paths)


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
