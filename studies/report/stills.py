"""The stills' table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from colorlab import files
from colorlab.errors import InputError
from colorlab.evaluation import decoder_words
from studies.report.cells import labels, markdown, pictured

TEST, TRAIN = "color-water-test.json", "color-water-train.json"
"""The results that the stills' table is made of."""

OTHER = "color-landscape-test.json"
"""The same of test photos of another set, where it exists."""

PAPER = {"loss": 3.541, "accuracy_u": 0.36198, "accuracy_v": 0.32474}
"""The 2016 paper's color model on its own 500 test photos (n = 30)."""

PAPER_TRAIN = {"loss": 3.384, "accuracy_u": 0.37362, "accuracy_v": 0.33908}
"""The same on its training photos."""

_COLUMNS = ("model, decoder", "loss", "U right", "V right", "PSNR", "colour", "photos")

_TRAIN_COLUMN = "on training photos: loss, U, V"


def color_table(
    test: dict[str, Any], train: dict[str, Any] | None = None, other: dict[str, Any] | None = None
) -> str:
    """Return the stills' table in Markdown.

    Parameters
    ----------
    test : dict
        Result of ``colorlab evaluate color`` on the test photos.
    train : dict, optional
        Result on training photos; it adds a column.
    other : dict, optional
        Result on the test photos of another set; it adds lines.

    Returns
    -------
    str
        The table: every model and decoder, with the prior, grey and the paper's own figures.

    Raises
    ------
    InputError
        When there is no result, or another model's weights were measured on training photos.
    """
    rows = [("the 2016 paper's model, on its own photos", PAPER, "500 of its own", PAPER_TRAIN)]
    rows += _rows(test, train)
    if other is not None:
        rows += _rows(other, None)
    lines = [[*_COLUMNS, _TRAIN_COLUMN] if train else [*_COLUMNS]]
    for name, entry, photos, trained in rows:
        lines.append([*_cells(name, entry, photos), *([_train(trained)] if train else [])])
    return markdown(lines)


Row = tuple[str, dict[str, Any], str, dict[str, Any]]
"""Name, figures, photos, and figures on training photos."""


def _rows(test: dict[str, Any], train: dict[str, Any] | None) -> list[Row]:
    """Return the lines of one set of photos: models, priors, grey."""
    entries = test["models"]
    if not entries:
        raise InputError("the table needs the result of at least one model; received none.")
    base = next(iter(entries.values()))
    shown = f"{base['n_photos']} of {test['dataset']['name']}"
    seen = {key: _trained(key, entry, train) for key, entry in entries.items()}
    rows: list[Row] = []
    for key, entry in entries.items():
        name = f"`{_model(key)}`, {decoder_words(entry)}"
        rows.append((name, _nats_only(entry), shown, _nats_only(seen[key])))
    priors: dict[tuple[int, str, float], str] = {}
    for key, entry in entries.items():
        priors.setdefault((entry["n"], entry["align"], entry["prior_loss"]), key)
    for key in priors.values():
        whose = f"`{_model(key)}`'s" if len(priors) > 1 else "the"
        name = f"always the prior of {whose} training photos, or its largest bin"
        rows.append((name, _prior(entries[key]), shown, _prior(seen[key])))
    return [*rows, ("left grey", {"psnr": base["psnr_grey"], "colour": 0.0}, shown, {})]


def _model(key: str) -> str:
    """Return the model of an entry."""
    return key.split(":")[0]


def _trained(key: str, entry: dict[str, Any], train: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the same model scored on training photos, empty if it was not measured."""
    name = _model(key)
    found = train["models"].get(name, {}) if train else {}
    if found and found["weights_sha256"] != entry["weights_sha256"]:
        raise InputError(
            f"{TEST} and {TRAIN} measured different weights of {name}; run `make results`."
        )
    return found


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
) -> tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any] | None]:
    """Read the results the stills' table is made of.

    Parameters
    ----------
    folder : path
        Usually ``results``.

    Returns
    -------
    test, train, other : dict
        The results on test photos, on training photos and on test photos of another set; None
        where one of the latter two is missing.

    Raises
    ------
    InputError
        When there is no result on test photos.
    """
    test, *rest = (Path(folder) / name for name in (TEST, TRAIN, OTHER))
    if not test.is_file():
        raise InputError(f"{folder} holds no {TEST}; run `make results` first.")
    train, other = (files.read_json(path) if path.is_file() else None for path in rest)
    return files.read_json(test), train, other
