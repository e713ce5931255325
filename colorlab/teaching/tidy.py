"""Remove from an executed notebook what must not be kept in the repository."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from colorlab.files import atomic_path

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
        The files.
    """
    for path in paths:
        notebook = json.loads(Path(path).read_text(encoding="utf-8"))
        text = json.dumps(tidy(notebook), indent=1, ensure_ascii=False) + "\n"
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
