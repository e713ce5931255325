"""The films' tables and their picture."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from colorlab import files
from colorlab.errors import InputError
from studies.report.cells import labels, markdown, number, pictured
from studies.report.film_picture import FILM_PICTURE, film_curves, film_finding
from studies.report.film_words import ALONE, BASELINES, CONTEXTS, clips

FILMS = {
    "test clips": "film-clips-test.json",
    "DAVIS": "film-davis.json",
    "rendered coasts": "film-coasts.json",
}
"""What the films' tables are made of: a set's name and its results; any may be missing."""

PAPER_FILM = {"loss": 3.241, "accuracy_u": 0.34203, "accuracy_v": 0.75345}
"""The 2016 paper's consistency model on its own films, after ten epochs."""

_FILM_COLUMNS = (
    *("loss", "U right", "V right", "changed: U / V", "PSNR", "colour"),
    *("warp × 10⁴: RGB / UV", "CDC × 10³", "drift × 10³"),
)

_WARP = ("warp_error", "chroma_warp_error")


def film_text(results: Mapping[str, dict[str, Any]], model: str) -> str:
    """Return the tables and the picture of films, for a page below docs/, in Markdown."""
    parts = [
        film_table(name, result, None if k else PAPER_FILM)
        for k, (name, result) in enumerate(results.items())
    ]
    if film_curves(results, model):
        finding = film_finding(results, model).replace("\n", " ")
        parts.append(f"![{finding}](../assets/pictures/{FILM_PICTURE})")
    return "\n\n".join(parts)


def film_table(name: str, result: dict[str, Any], paper: dict[str, float] | None = None) -> str:
    """Return the table of a set of films in Markdown."""
    entries = result["models"]
    if not entries:
        raise InputError(f"the table of {name} needs at least one entry; received none.")
    base = next(iter(entries.values()))
    size = f"{base['n_frames']} frames, {result['size']} pixels high"
    title = f"**{name}**: {clips(base['n_clips'])}, {size}"
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
    return f"{markdown(lines)}\n\n{caption}"


def _film_name(key: str, entry: dict[str, Any]) -> str:
    """Say in words what an entry is."""
    if entry["kind"] == "consistency":
        return f"`{key.removesuffix(':' + entry['context'])}`, {CONTEXTS[entry['context']]}"
    return f"`{key}`, {ALONE}" if entry["kind"] == "color" else BASELINES[key]


def _film_cells(name: str, entry: dict[str, Any]) -> list[str]:
    changed = _pair(number(entry.get(f"changed_accuracy_{head}"), "{:.1%}") for head in "uv")
    warp = _pair(_scaled(entry, key) for key in _WARP)
    steady = [_scaled(entry, key) for key in ("cdc", "drift")]
    return [name, *labels(entry), changed, *pictured(entry), warp, *steady]


def _pair(cells: Iterable[str]) -> str:
    """Put cells into one; one dash if there is nothing in any."""
    listed = list(cells)
    return " / ".join(listed) if set(listed) != {"–"} else "–"


def _scaled(entry: dict[str, Any], key: str) -> str:
    """Write a small figure in the units of its column."""
    value = entry.get(key)
    scale = 1e4 if "warp" in key else 1e3
    form = "{:+z.1f}" if key == "drift" else "{:.2g}" if key.startswith("chroma") else "{:.2f}"
    return number(None if value is None else value * scale, form)


def read_film_results(folder: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Read the results the films' tables are made of."""
    paths = {name: Path(folder) / file for name, file in FILMS.items()}
    return {name: files.read_json(path) for name, path in paths.items() if path.is_file()}
