"""Make executed notebooks fit to be kept: nothing of one machine in them, all of them linked."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from colorlab.files import atomic_path
from colorlab.teaching import course

_WIDGET = "application/vnd.jupyter.widget-view+json"


def tidy(notebook: dict[str, Any]) -> dict[str, Any]:
    """Remove from an executed notebook what must not be kept.

    That is: stored widget states, which GitHub cannot show, and references to them; what libraries
    wrote to stderr; time stamps; and what the machine that ran it calls its kernel.

    Parameters
    ----------
    notebook : dict
        A notebook as read from its JSON; it is changed.

    Returns
    -------
    dict
        The same notebook.
    """
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags")
        cell["metadata"] = {"tags": tags} if tags else {}
        if cell["cell_type"] == "code":
            kept = [one for one in cell["outputs"] if one.get("name") != "stderr"]
            for output in kept:
                output.get("data", {}).pop(_WIDGET, None)
                output.pop("transient", None)
            cell["outputs"] = kept
    return notebook


def main(paths: Sequence[str]) -> None:
    """Tidy notebook files in place: ``python -m colorlab.teaching NOTEBOOK…``.

    Parameters
    ----------
    paths : sequence of str
        The files. Where a folder of theirs holds the course, all its notebooks are linked anew.
    """
    for path in paths:
        _write(path, tidy(_read(path)))
    for folder in {Path(path).parent for path in paths}:
        link(folder)


def link(folder: str | os.PathLike[str]) -> list[Path]:
    """Write into the notebooks of the course where each leads, and into the first one the map.

    Parameters
    ----------
    folder : path
        Where the notebooks are, ``NN-title.ipynb``; without a notebook 00 nothing is done.

    Returns
    -------
    list of pathlib.Path
        The notebooks that were changed.

    Raises
    ------
    InputError
        As `course.link`.
    """
    files = sorted(Path(folder).glob("[0-9][0-9]-*.ipynb"))
    before = {path.name: _read(path) for path in files}
    after = copy.deepcopy(before)
    if not files or course.MARK not in json.dumps(before[files[0].name]["cells"][0]["source"]):
        return []
    course.link(after)
    changed = [path for path in files if after[path.name] != before[path.name]]
    for path in changed:
        _write(path, after[path.name])
    return changed


def _read(path: str | os.PathLike[str]) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return notebook


def _write(path: str | os.PathLike[str], notebook: dict[str, Any]) -> None:
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
