"""The stills' table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from colorlab import files
from colorlab.errors import InputError
from colorlab.report.cells import labels, markdown, pictured

TEST, TRAIN = "color-water-test.json", "color-water-train.json"
"""The results that the stills' table is made of."""

PAPER = {"loss": 3.541, "accuracy_u": 0.36198, "accuracy_v": 0.32474}
"""The 2016 paper's color model on its own 500 test photos (n = 30)."""

PAPER_TRAIN = {"loss": 3.384, "accuracy_u": 0.37362, "accuracy_v": 0.33908}
"""The same on its training photos."""

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
    return markdown(lines)


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
    return [name, *labels(entry), *pictured(entry), photos]


def _train(entry: dict[str, Any]) -> str:
    return ", ".join(labels(entry)) if entry else "–"


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
