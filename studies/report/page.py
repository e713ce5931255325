"""The pages that tables are written into, between two marks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from colorlab import files
from colorlab.errors import InputError

MARKS = "<!-- results: start (made by `python -m studies report`) -->", "<!-- results: end -->"
"""Lines of a page between which the stills' table stands."""

FILM_MARKS = (
    "<!-- film results: start (made by `python -m studies report`) -->",
    "<!-- film results: end -->",
)
"""Lines of a page between which the films' tables stand."""


def updated(text: str, table: str, marks: tuple[str, str] = MARKS) -> str:
    """Return a page with the table between its marks."""
    start, end = marks
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise InputError(f"the page needs the lines {start!r} and {end!r} once, in this order.")
    head, rest = text.split(start)
    return f"{head}{start}\n{table}\n{end}{rest.split(end)[1]}"


def update_page(page: str | os.PathLike[str], tables: Mapping[tuple[str, str], str]) -> None:
    """Write tables into the README or another page."""
    path = Path(page)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}.") from error
    for marks, table in tables.items():
        text = updated(text, table, marks)
    with files.atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
