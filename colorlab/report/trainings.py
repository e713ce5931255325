"""Histories of trainings, and whether one overfitted."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path

from colorlab.errors import InputError

PAPER_BEST_EPOCH = 16
"""The epoch after which the paper's model overfitted."""


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
