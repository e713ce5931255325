"""How the notebooks of a folder lead to each other: navigation and map, made from their titles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from colorlab.errors import InputError

MARK = "**colorlab course**"
"""Begins the line of a notebook that leads to its neighbours."""

_TITLE = re.compile(r"# (\d\d) · (.+)")
_ROW = re.compile(r"\| (\d\d) \| (.+?) \| (.+?) \| (.+?) \|")


def link(notebooks: Mapping[str, dict[str, Any]]) -> None:
    """Write into each notebook where it leads, and into the first one's map which there are.

    Parameters
    ----------
    notebooks : mapping
        File name, ``NN-title.ipynb``, to the notebook as read from its JSON; they are changed. The
        first has the map, a table whose rows name number, title, question and state; titles of
        notebooks that are still to come are taken from there.

    Raises
    ------
    InputError
        When a notebook does not begin with its number and title.
    """
    names = sorted(notebooks)
    titles = {name[:2]: _title(name, notebooks[name]) for name in names}
    planned = _planned(notebooks[names[0]], titles)
    files = {name[:2]: name for name in names}
    for k, name in enumerate(names):
        before = names[k - 1][:2] if k else None
        after = names[k + 1][:2] if k + 1 < len(names) else None
        parts = [
            f"previous: [← {before} {titles[before]}]({files[before]})"
            if before
            else "this is the first notebook",
            f"next: [{after} {titles[after]} →]({files[after]})" if after else planned,
        ]
        _replace_lines(notebooks[name], MARK, " · ".join([MARK, *parts]))
    for number in titles:
        row = _row(notebooks[names[0]], number)
        if row and row[4] != "you are here":
            title = f"[**{titles[number]}**]({files[number]})"
            _replace_lines(
                notebooks[names[0]], row[0], f"| {number} | {title} | {row[3]} | ready |"
            )


def _title(name: str, notebook: dict[str, Any]) -> str:
    match = _TITLE.match(_text(notebook["cells"][0]))
    if match is None or match[1] != name[:2]:
        raise InputError(f"{name} must begin with '# {name[:2]} · ' and its title.")
    return match[2].strip()


def _planned(start: dict[str, Any], titles: Mapping[str, str]) -> str:
    """Say what is to come after the last notebook."""
    for cell in start["cells"]:
        for number, title, *_ in _ROW.findall(_text(cell)):
            if number not in titles:
                return f"{number} {title} is planned"
    return "this is the last notebook"


def _row(start: dict[str, Any], number: str) -> re.Match[str] | None:
    rows = (row for cell in start["cells"] for row in _ROW.finditer(_text(cell)))
    return next((row for row in rows if row[1] == number), None)


def _replace_lines(notebook: dict[str, Any], beginning: str, line: str) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            lines = _text(cell).split("\n")
            if any(old.startswith(beginning) for old in lines):
                new = [line if old.startswith(beginning) else old for old in lines]
                cell["source"] = "\n".join(new).splitlines(keepends=True)


def _text(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
