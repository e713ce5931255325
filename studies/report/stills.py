"""The stills' tables: a short one for the README, one with everything for docs/results.md."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from colorlab import files
from colorlab.errors import InputError
from colorlab.evaluation import decoder_words
from studies.report.cells import labels, markdown, number, pictured

TEST, TRAIN = "color-water-test.json", "color-water-train.json"
"""The results that the stills' tables are made of."""

OTHERS = ("color-world-test.json", "color-landscape-test.json")
"""The same of test photos of other sets, where they exist."""

PAPER = {"loss": 3.541, "accuracy_u": 0.36198, "accuracy_v": 0.32474}
"""The 2016 paper's color model on its own 500 test photos (n = 30)."""

PAPER_TRAIN = {"loss": 3.384, "accuracy_u": 0.37362, "accuracy_v": 0.33908}
"""The same on its training photos."""

BASELINES = {
    "table": "no network: histogram for each height and luma",
    "prior": "no network: one histogram",
    "grey": "left grey",
}
"""What stands beside the models, and the words for it."""

_COLUMNS = (
    *("loss", "U right", "V right", "PSNR", "over grey", "colour", "off by", "hue off by"),
    *("below grey", "KID"),
)

_TRAIN_COLUMN = "on training photos: loss, U, V"

Entry = Mapping[str, Any]


def color_table(tests: Sequence[Mapping[str, Any]]) -> str:
    """Return the README's table of stills in Markdown: a line for each model and baseline.

    Parameters
    ----------
    tests : sequence of mapping
        Results of ``colorlab evaluate color`` on test photos of several sets; the first is the one
        whose losses stand beside the paper's.

    Returns
    -------
    str
        The table: the first decoder of every model, the baselines and the paper's own figures.

    Raises
    ------
    InputError
        When there is no result.
    """
    _check(tests)
    first, *_ = tests
    about = [f"{_photos(test)}: over grey, colour, below grey, KID" for test in tests]
    lines = [["model", f"{_photos(first)}: loss, U right, V right", *about]]
    lines.append(
        ["the 2016 paper's, on 500 of its own", ", ".join(labels(PAPER)), *["–"] * len(tests)]
    )
    models = dict.fromkeys(key for test in tests for key in test["models"] if ":" not in key)
    for name in models:
        entries = [test["models"].get(name) for test in tests]
        lines.append([f"`{name}`", *_short(entries)])
    for name, words in BASELINES.items():
        entries = [_baselines(test).get(name) for test in tests]
        if any(entries):
            lines.append([words, *_short(entries)])
    return markdown(lines)


def _short(entries: Sequence[Entry | None]) -> list[str]:
    """Write one model's figures on every set of photos, and its losses on the first."""
    known = _nats_only(entries[0] or {})
    cells = [", ".join(labels(known)) if known.get("accuracy_u") is not None else "–"]
    for entry in entries:
        parts = [_gain(entry), pictured(entry)[1], _below(entry), _kid(entry)] if entry else ["–"]
        cells.append(", ".join(parts))
    return cells


def color_details(
    tests: Sequence[Mapping[str, Any]], train: Mapping[str, Any] | None = None
) -> str:
    """Return a table of stills in Markdown for each set of photos, with all that is measured.

    Parameters
    ----------
    tests : sequence of mapping
        As for `color_table`.
    train : mapping, optional
        Result on training photos of the first; it adds a column to the first table.

    Returns
    -------
    str
        The tables: every model and decoder, the baselines, the floor of the kernel distance.

    Raises
    ------
    InputError
        When there is no result, or other weights of a model were measured on training photos.
    """
    _check(tests)
    return "\n\n".join(_details(test, None if k else train) for k, test in enumerate(tests))


def _details(test: Mapping[str, Any], train: Mapping[str, Any] | None) -> str:
    """Return the table of one set of photos."""
    lines = [[f"**{_photos(test)}**", *_COLUMNS, *([_TRAIN_COLUMN] if train else [])]]

    def add(name: str, entry: Entry, trained: Entry) -> None:
        cells = [name, *_cells(_nats_only(entry))]
        if train:
            shown = labels(_nats_only(trained))
            cells.append(", ".join(shown) if trained else "–")
        lines.append(cells)

    if train:
        add("the 2016 paper's model, on 500 photos of its own", PAPER, PAPER_TRAIN)
    for key, entry in test["models"].items():
        add(f"`{_model(key)}`, {decoder_words(entry)}", entry, _trained(key, entry, train))
    baselines = _baselines(test)
    grids = {(one["n"], one["align"]) for one in baselines.values() if "n" in one}
    priors: dict[tuple[int, str, float], str] = {}
    for key, entry in test["models"].items():
        if (entry["n"], entry["align"]) not in grids:
            priors.setdefault((entry["n"], entry["align"], entry["prior_loss"]), key)
    for key in priors.values():
        whose = f"`{_model(key)}`'s" if len(priors) > 1 or grids else "the"
        name = f"always the prior of {whose} training photos, or its largest bin"
        entry = test["models"][key]
        add(name, _prior(entry), _prior(_trained(key, entry, train)))
    for name, words in BASELINES.items():
        if name in baselines:
            add(words, baselines[name], {})
    floor = (test.get("kid") or {}).get("floor")
    if floor:
        add("half of the true photos against the other half", {"kid": floor}, {})
    return markdown(lines)


def _check(tests: Sequence[Mapping[str, Any]]) -> None:
    if not tests or not all(test["models"] for test in tests):
        raise InputError("the table needs the result of at least one model; received none.")


def _photos(test: Mapping[str, Any]) -> str:
    """Name a set of photos."""
    base = next(iter(test["models"].values()))
    return f"{base['n_photos']} photos of {test['dataset']['name']}"


def _baselines(test: Mapping[str, Any]) -> dict[str, Entry]:
    """Return the entries of the baselines; of an old result, what it says of grey."""
    base = next(iter(test["models"].values()))
    grey = {key: base[key] for key in ("psnr_grey", "colourfulness_truth")}
    grey |= {"psnr": base["psnr_grey"], "colourfulness": 0.0}
    return {"grey": grey, **test.get("baselines", {})}


def _model(key: str) -> str:
    """Return the model of an entry."""
    return key.split(":")[0]


def _trained(key: str, entry: Entry, train: Mapping[str, Any] | None) -> Entry:
    """Return what the same model scored on training photos, empty if it was not measured."""
    name = _model(key)
    found: Entry = train["models"].get(name, {}) if train else {}
    if found and found["weights_sha256"] != entry["weights_sha256"]:
        raise InputError(
            f"{TEST} and {TRAIN} measured different weights of {name}; run `make results`."
        )
    return found


def _nats_only(entry: Entry) -> Entry:
    """Leave out a loss that is a squared error: it does not compare with nats."""
    return {**entry, "loss": None} if entry.get("loss_name") == "euclidean" else entry


def _prior(entry: Entry) -> Entry:
    keys = {"loss": "prior_loss", "accuracy_u": "majority_u", "accuracy_v": "majority_v"}
    return {ours: entry[theirs] for ours, theirs in keys.items() if theirs in entry}


def _cells(entry: Entry) -> list[str]:
    """Write all figures of an entry; results made before a figure was measured get a dash."""
    psnr, colour = pictured(entry)
    return [
        *labels(entry),
        psnr,
        _gain(entry, True),
        colour,
        number(entry.get("colourfulness_difference"), "{:.1f}"),
        number(entry.get("hue_error"), "{:.0f}°"),
        _below(entry),
        _kid(entry, True),
    ]


def _gain(entry: Entry, interval: bool = False) -> str:
    """Write what is gained over grey, of an old result without its interval."""
    if "psnr" not in entry or "psnr_grey" not in entry:
        return "–"
    gain = entry.get("gain", {"value": entry["psnr"] - entry["psnr_grey"]})
    ends = f" ({gain['low']:.2f} to {gain['high']:.2f})" if interval and "low" in gain else ""
    return number(round(gain["value"], 2) or 0.0, "{:+.2f}" + ends + " dB")


def _below(entry: Entry) -> str:
    """Write the share of photos that lie below grey."""
    return number(entry.get("worse_than_grey"), "{:.0%}")


def _kid(entry: Entry, interval: bool = False) -> str:
    """Write the kernel distance."""
    kid = entry.get("kid")
    if not kid:
        return "–"
    ends = f" ({kid['low']:.2f} to {kid['high']:.2f})" if interval else ""
    return number(round(kid["value"], 2) or 0.0, "{:.2f}" + ends)


def read_color_results(
    folder: str | os.PathLike[str],
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Read the results the stills' tables are made of.

    Parameters
    ----------
    folder : path
        Usually ``results``.

    Returns
    -------
    tests : list of dict
        The results on test photos: of water, then of the other sets that were measured.
    train : dict or None
        The result on training photos, where there is one.

    Raises
    ------
    InputError
        When there is no result on test photos of water.
    """
    test, train, *others = (Path(folder) / name for name in (TEST, TRAIN, *OTHERS))
    if not test.is_file():
        raise InputError(f"{folder} holds no {TEST}; run `make results` first.")
    tests = [files.read_json(path) for path in (test, *others) if path.is_file()]
    return tests, files.read_json(train) if train.is_file() else None
