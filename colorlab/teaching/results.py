"""What was measured, for notebooks to read instead of quoting it. Reading starts no Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import colorlab
from colorlab import files
from colorlab.errors import InputError


def results(name: str) -> dict[str, Any]:
    """Read a file of results that comes with colorlab.

    Parameters
    ----------
    name : str
        Its name without ``.json``, for example ``"color-water-test"``.

    Returns
    -------
    dict
        What a documented command wrote.

    Raises
    ------
    InputError
        When there is no such file, or it is broken.
    """
    return _read("results", {path.stem: path for path in _home("results").glob("*.json")}, name)


def card(name: str) -> dict[str, Any]:
    """Read the card of a model that comes with colorlab.

    Parameters
    ----------
    name : str
        For example ``"color-water-n30"``.

    Returns
    -------
    dict
        The card. It is not checked for what loading needs; `colorlab.checkpoints.read_card` is.

    Raises
    ------
    InputError
        When there is no such model, or its card is broken.
    """
    cards = (_home("assets") / "models").glob("*/card.json")
    return _read("model", {path.parent.name: path for path in cards}, name)


def _home(name: str) -> Path:
    """Return a folder that is packed into colorlab where it is installed; else the checkout's."""
    package = Path(colorlab.__file__).parent
    return package / name if (package / name).is_dir() else package.parent / name


def _read(what: str, known: dict[str, Path], name: str) -> dict[str, Any]:
    if name not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise InputError(f"colorlab comes with no {what} {name!r}, only with: {listed}.")
    found: dict[str, Any] = files.read_json(known[name])
    return found
