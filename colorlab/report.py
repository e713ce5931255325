"""The README's tables, made from the files under ``results/`` and from nothing else."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from colorlab import files
from colorlab.errors import InputError

MARKS = "<!-- results: start (made by `colorlab report`) -->", "<!-- results: end -->"
"""Lines of a page between which the stills' table stands."""
FILM_MARKS = (
    "<!-- film results: start (made by `colorlab report`) -->",
    "<!-- film results: end -->",
)
"""Lines of a page between which the films' tables stand."""

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

FILMS = {
    "test clips": "film-clips-test.json",
    "DAVIS": "film-davis.json",
    "rendered coasts": "film-coasts.json",
}
"""What the films' tables are made of: a set's name and its results; any may be missing."""

PAPER_FILM = {"loss": 3.241, "accuracy_u": 0.34203, "accuracy_v": 0.75345}
"""The 2016 paper's consistency model on its own films, after ten epochs."""

FILM_PICTURE = "film-error.png"
"""Under ``assets/pictures``: how far the colours are from the truth, frame by frame."""

GATHERS = 0.001
"""Drift from which on we say that errors gather: about a fiftieth of a color model's own error."""

_FILM_COLUMNS = (
    *("loss", "U right", "V right", "changed: U / V", "PSNR", "colour"),
    *("warp × 10⁴: RGB / UV", "CDC × 10³", "drift × 10³"),
)
_WARP = ("warp_error", "chroma_warp_error")
_BASELINES = {
    "grey": "left grey",
    "copy": "the true frame before, copied",
    "freeze-first": "first frame's colours kept",
}
_TOLD = {
    "free": "told its own colours",
    "first": "told the truth once",
    "truth": "told the truth",
    "none": "told nothing",
}
_ALONE = "each frame for itself"


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
    return _markdown(lines)


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    """Make a table of its cells, the header first."""
    head, *body = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([head, "|---" * len(lines[0]) + "|", *body])


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
    return [name, *_labels(entry), *_picture(entry), photos]


def _picture(entry: dict[str, Any]) -> list[str]:
    colour, truth = entry.get("colour"), entry.get("colourfulness_truth")
    if truth:
        colour = entry["colourfulness"] / truth
    return [_number(entry.get("psnr"), "{:.2f} dB"), _number(colour, "{:.0%}")]


def _labels(entry: dict[str, Any]) -> list[str]:
    forms = {"loss": "{:.3f}", "accuracy_u": "{:.1%}", "accuracy_v": "{:.1%}"}
    return [_number(entry.get(key), form) for key, form in forms.items()]


def _train(entry: dict[str, Any]) -> str:
    return ", ".join(_labels(entry)) if entry else "–"


def _number(value: float | None, form: str) -> str:
    if value is None:
        return "–"
    return form.format(value).replace("%", " %").replace("-", "−")


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


def film_text(results: Mapping[str, dict[str, Any]], model: str) -> str:
    """Return all that the README shows of films, in Markdown.

    Parameters
    ----------
    results : mapping
        From `read_film_results`.
    model : str
        Name of the film model whose errors are drawn.

    Returns
    -------
    str
        A table for each set, the paper's own figures in the first, and `FILM_PICTURE` where there
        is something to draw.

    Raises
    ------
    InputError
        When a result has no entry.
    """
    parts = [
        film_table(name, result, None if k else PAPER_FILM)
        for k, (name, result) in enumerate(results.items())
    ]
    if film_curves(results, model):
        finding = film_finding(results, model).replace("\n", " ")
        parts.append(f"![{finding}](assets/pictures/{FILM_PICTURE})")
    return "\n\n".join(parts)


def film_table(name: str, result: dict[str, Any], paper: dict[str, float] | None = None) -> str:
    """Return the table of a set of films in Markdown.

    Parameters
    ----------
    name : str
        What the set is called.
    result : dict
        Of ``colorlab evaluate film``.
    paper : dict, optional
        The paper's figures, shown in the first line.

    Returns
    -------
    str
        The table: every entry in the result's order. Under it the warp error and the CDC that the
        true films and grey ones have.

    Raises
    ------
    InputError
        When there is no entry.
    """
    entries = result["models"]
    if not entries:
        raise InputError(f"the table of {name} needs at least one entry; received none.")
    base = next(iter(entries.values()))
    size = f"{base['n_frames']} frames, {result['size']} pixels high"
    title = f"**{name}**: {_clips(base['n_clips'])}, {size}"
    lines = [[title, *_FILM_COLUMNS]]
    if paper:
        lines.append(_film_cells("the 2016 paper's consistency model, on its own films", paper))
    lines += [_film_cells(_film_name(key, entry), entry) for key, entry in entries.items()]
    truth, grey = (
        (_pair(_scaled(base, f"{key}_{of}") for key in _WARP), _scaled(base, f"cdc_{of}"))
        for of in ("truth", "grey")
    )
    caption = (
        f"*The true films: warp error {truth[0]}, CDC {truth[1]}; grey ones: {grey[0]}, {grey[1]}.*"
    )
    return f"{_markdown(lines)}\n\n{caption}"


def _clips(number: int) -> str:
    return f"{number} clip" if number == 1 else f"{number} clips"


def _film_name(key: str, entry: dict[str, Any]) -> str:
    """Say in words what an entry is."""
    if entry["kind"] == "consistency":
        return f"`{key.removesuffix(':' + entry['context'])}`, {_TOLD[entry['context']]}"
    return f"`{key}`, {_ALONE}" if entry["kind"] == "color" else _BASELINES[key]


def _film_cells(name: str, entry: dict[str, Any]) -> list[str]:
    changed = _pair(_number(entry.get(f"changed_accuracy_{head}"), "{:.1%}") for head in "uv")
    warp = _pair(_scaled(entry, key) for key in _WARP)
    steady = [_scaled(entry, key) for key in ("cdc", "drift")]
    return [name, *_labels(entry), changed, *_picture(entry), warp, *steady]


def _pair(cells: Iterable[str]) -> str:
    """Put cells into one; one dash if there is nothing in any."""
    listed = list(cells)
    return " / ".join(listed) if set(listed) != {"–"} else "–"


def _scaled(entry: dict[str, Any], key: str) -> str:
    """Write a small figure in the units of its column."""
    value = entry.get(key)
    scale = 1e4 if "warp" in key else 1e3
    form = "{:+z.1f}" if key == "drift" else "{:.2g}" if key.startswith("chroma") else "{:.2f}"
    return _number(None if value is None else value * scale, form)


def film_curves(
    results: Mapping[str, dict[str, Any]], model: str, frames: int = 15
) -> dict[str, dict[str, tuple[list[float], list[float]]]]:
    """Choose what is drawn of films: how far the colours are from the truth, frame by frame.

    Parameters
    ----------
    results : mapping
        From `read_film_results`.
    model : str
        Name of the film model that is drawn.
    frames : int
        How many frames the smooth lines are means of.

    Returns
    -------
    dict
        Title of a panel to the lines in it: what coloured, to the distance of the chroma from the
        truth as it is and smoothed. The frames are as many as half of the clips have, and all
        figures means over the clips that have them, so that no clip ends on the way. Sets in which
        the model was not measured are left out.
    """
    panels = {}
    for name, result in results.items():
        entries = result["models"]
        if model not in entries:
            continue
        wanted = {
            f"color model, {_ALONE}": entries[model]["drift_against"],
            _BASELINES["freeze-first"]: "freeze-first",
            f"{model}, {_TOLD['free']}": model,
            f"{model}, {_TOLD['first']}": f"{model}:first",
            f"{model}, {_TOLD['truth']}": f"{model}:truth",
        }
        sizes = [len(row["curve"]) for row in entries[model]["per_clip"].values()]
        reach = sorted(sizes, reverse=True)[(len(sizes) - 1) // 2]
        lines = {}
        for label, key in wanted.items():
            if key in entries:
                curves = [row["curve"] for row in entries[key]["per_clip"].values()]
                curve = _mean([one[:reach] for one in curves if len(one) >= reach])
                lines[label] = curve, smoothed(curve, frames)
        count = sum(size >= reach for size in sizes)
        share = f"{count} of " if count < len(sizes) else ""
        panels[f"{name}: mean of {share}{_clips(len(sizes))}"] = lines
    return panels


def smoothed(curve: Sequence[float], frames: int) -> list[float]:
    """Return the running mean of a curve.

    Parameters
    ----------
    curve : sequence of float
        The curve.
    frames : int
        How many of its points a mean is of, odd: as many before as behind; at the ends fewer.

    Returns
    -------
    list of float
        As long as the curve.
    """
    half = frames // 2
    windows = [curve[max(0, t - half) : t + half + 1] for t in range(len(curve))]
    return [sum(window) / len(window) for window in windows]


def _mean(curves: Sequence[Sequence[float]]) -> list[float]:
    return [sum(values) / len(values) for values in zip(*curves, strict=True)]


def film_finding(results: Mapping[str, dict[str, Any]], model: str) -> str:
    """Say in a sentence whether a film model's errors gather when it is told its own colours.

    Parameters
    ----------
    results : mapping
        From `read_film_results`.
    model : str
        Name of the film model.

    Returns
    -------
    str
        On which sets its drift is `GATHERS` or more, on which not, and what drift is, in a second
        line. Where no clip is long enough to have one, what the picture shows.
    """
    entries = {name: result["models"].get(model, {}) for name, result in results.items()}
    drifts = {
        name: entry["drift"] for name, entry in entries.items() if entry.get("drift") is not None
    }
    gather, steady = (
        ", ".join(
            f"{name} ({_number(drift, '{:+z.4f}')})"
            for name, drift in drifts.items()
            if (drift >= GATHERS) == wanted
        )
        for wanted in (True, False)
    )
    if not drifts:
        return "How far the colours are from the truth, frame by frame"
    if gather:
        words = f"errors gather on {gather}" + (f", not on {steady}" if steady else "")
    else:
        words = f"errors do not gather on {steady}"
    return (
        f"{model}, {_TOLD['free']}: {words}\n"
        "(how much farther it falls behind the color model, last 50 frames against first 50)"
    )


def read_film_results(folder: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Read the results the films' tables are made of.

    Parameters
    ----------
    folder : path
        Usually ``results``.

    Returns
    -------
    dict
        Of `FILMS` what there is: a set's name to its result.
    """
    paths = {name: Path(folder) / file for name, file in FILMS.items()}
    return {name: files.read_json(path) for name, path in paths.items() if path.is_file()}


def updated(text: str, table: str, marks: tuple[str, str] = MARKS) -> str:
    """Return a page with the table between its marks.

    Parameters
    ----------
    text : str
        The page.
    table : str
        From `color_table` or `film_text`.
    marks : tuple of str
        `MARKS` or `FILM_MARKS`.

    Returns
    -------
    str
        The page with a new table.

    Raises
    ------
    InputError
        When the page lacks the marks.
    """
    start, end = marks
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise InputError(f"the page needs the lines {start!r} and {end!r} once, in this order.")
    head, rest = text.split(start)
    return f"{head}{start}\n{table}\n{end}{rest.split(end)[1]}"


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


def update_readme(readme: str | os.PathLike[str], tables: Mapping[tuple[str, str], str]) -> None:
    """Write tables into the README.

    Parameters
    ----------
    readme : path
        The page.
    tables : mapping
        `MARKS` or `FILM_MARKS` to what shall stand between them.

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
    for marks, table in tables.items():
        text = updated(text, table, marks)
    with files.atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
