"""A model's folder: ``weights.npz`` (half precision, no backbone) and ``card.json``."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

import colorlab
from colorlab import color_model, files
from colorlab.errors import InputError

CARD, WEIGHTS = "card.json", "weights.npz"
_COMING = "weights.coming.npz"
DEFAULT = "color-world-n30"
"""The color model that is meant when none is named."""

_COMMON = {
    **{"schema": int, "kind": str, "architecture": dict, "weights": dict},
    "decode": {"method": str, "temperature": (int, float)},
}
_NEEDED: dict[str, dict[str, Any]] = {
    "color": {"backbone": dict, "working_size": int},
    "consistency": {"color_model": {"name": str, "weights_sha256": str}, "working_height": int},
}
_MEANING = {"color": "colours single pictures", "consistency": "colours films"}


def folder_of_models() -> Path:
    """Return the folder of the models that come with colorlab (installed or in a checkout)."""
    return files.packaged("assets/models")


def list_models(kind: str | None = None) -> list[str]:
    """Return the names of the models that come with colorlab.

    Parameters
    ----------
    kind : {"color", "consistency"}, optional
        Those of one kind; all by default.

    Returns
    -------
    list of str
        In alphabetical order.
    """
    cards = sorted(folder_of_models().glob(f"*/{CARD}"))
    kinds = {path.parent.name: files.read_json(path).get("kind") for path in cards}
    return [name for name, found in kinds.items() if kind in (None, found)]


def kind_of(model: str | os.PathLike[str] | None = None) -> str:
    """Return what kind of model it is: ``"color"`` or ``"consistency"``.

    Parameters
    ----------
    model : str or path, optional
        As for `locate`.

    Returns
    -------
    str
        The card's kind.

    Raises
    ------
    InputError
        When there is no such model or its card cannot be used.
    """
    return str(read_card(model)["kind"])


def locate(model: str | os.PathLike[str] | None = None) -> Path:
    """Find a model's folder.

    Parameters
    ----------
    model : str or path, optional
        A packaged model's name, a model folder, or a training's output folder (its best epoch is
        meant); the default model if left out.

    Returns
    -------
    pathlib.Path
        A folder with a card.

    Raises
    ------
    InputError
        When there is none.
    """
    wanted = Path(model if model is not None else DEFAULT)
    for folder in (folder_of_models() / wanted, wanted, wanted / "best"):
        if (folder / CARD).is_file():
            return folder
    known = ", ".join(list_models()) or "none are installed"
    raise InputError(
        f"no model called {str(wanted)!r}: it is neither a packaged model ({known}) nor a folder "
        f"with a {CARD}."
    )


def save(
    folder: str | os.PathLike[str], network: keras.Model, card: Mapping[str, Any]
) -> dict[str, Any]:
    """Write a model: its weights in half precision, then the card with their hash.

    A running variance may exceed half precision's 65504; that array is kept in float32. A model
    that is there already is replaced in the moment the card is: the new weights wait beside the
    old ones under a name that `load` knows, so that a kill leaves the one or the other.

    Parameters
    ----------
    folder : path
        Where; created if needed.
    network : keras.Model
        The model; its backbone is not stored.
    card : mapping
        The card without ``weights``.

    Returns
    -------
    dict
        The finished card.

    Raises
    ------
    InputError
        When a weight is not finite, or the folder cannot be written.
    """
    folder = Path(folder)
    arrays: dict[str, Any] = {}
    for path, variable in color_model.own_variables(network).items():
        value = np.asarray(variable, np.float32)
        if not np.isfinite(value).all():
            raise InputError(
                f"the weight {path} has values that are not finite; the training diverged: "
                "lower the learning rate."
            )
        with np.errstate(over="ignore"):
            half = value.astype(np.float16)
        arrays[path] = half if np.isfinite(half).all() else value
    _settle(folder)
    with files.atomic_path(folder / _COMING) as temporary:
        np.savez_compressed(temporary, **arrays)
    finished = {
        **card,
        "weights": {
            "file": WEIGHTS,
            "sha256": files.sha256(folder / _COMING),
            "dtype": "float16",
            "parameters": int(sum(a.size for a in arrays.values())),
        },
    }
    files.write_json(folder / CARD, finished)
    files.rename(folder / _COMING, folder / WEIGHTS)
    return finished


def _settle(folder: Path) -> None:
    """Give weights that a kill left under the coming name their own, if the card is theirs."""
    described = None
    with contextlib.suppress(InputError, KeyError, TypeError):  # no card, or a broken one
        described = files.read_json(folder / CARD)["weights"]["sha256"]
    coming = folder / _COMING
    if coming.is_file() and files.sha256(coming) == described:
        files.rename(coming, folder / WEIGHTS)


def read_card(
    model: str | os.PathLike[str] | None = None, kind: str | None = None
) -> dict[str, Any]:
    """Read a model's card and check that it has what loading needs.

    Parameters
    ----------
    model : str or path, optional
        As for `locate`.
    kind : {"color", "consistency"}, optional
        The kind that is needed; any by default.

    Returns
    -------
    dict
        The card.

    Raises
    ------
    InputError
        When it is missing, broken, or of another kind.
    """
    path = locate(model) / CARD
    card = files.read_json(path)
    fields = card if isinstance(card, dict) else {}
    _require(path, fields, _COMMON)
    if fields["schema"] != 1:
        raise InputError(
            f"{path} follows schema {fields['schema']}; this colorlab reads 1 and must be updated."
        )
    found = fields["kind"]
    if found not in _NEEDED:
        raise InputError(
            f"{path} describes a model of the unknown kind {found!r}; this colorlab knows "
            f"{', '.join(_NEEDED)}."
        )
    if kind not in (None, found):
        raise InputError(
            f"{path.parent} is a {found} model, which {_MEANING[found]}; a {kind} model is needed "
            f"here, which {_MEANING[kind or found]}: {', '.join(list_models(kind)) or 'train one'}."
        )
    _require(path, fields, _NEEDED[found])
    return fields


def _require(path: Path, fields: Mapping[str, Any], needed: Mapping[str, Any]) -> None:
    """Refuse a card that lacks something, or has it in another type."""
    missing = list(_lacking(fields, needed))
    if missing:
        raise InputError(f"{path} is not a colorlab model card: it lacks {', '.join(missing)}.")


def _lacking(fields: Mapping[str, Any], needed: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is missing, such as "decode" or "decode.method"."""
    for key, kind in needed.items():
        inner, found = isinstance(kind, Mapping), fields.get(key)
        if not isinstance(found, dict if inner else kind):
            yield key
        elif inner:
            yield from (f"{key}.{part}" for part in _lacking(found, kind))


def assign(network: keras.Model, weights: Mapping[str, np.ndarray], where: str) -> None:
    """Give a network the weights of a file.

    Parameters
    ----------
    network : keras.Model
        Built from the card.
    weights : mapping
        From `read_weights`.
    where : str
        Folder and architecture, for the message.

    Raises
    ------
    InputError
        When names or shapes differ; the network is then as it was.
    """
    variables = color_model.own_variables(network)
    wrong = sorted(set(weights) ^ set(variables))
    wrong += [
        f"{path} {weights[path].shape} for {tuple(variables[path].shape)}"
        for path in weights
        if path in variables and weights[path].shape != tuple(variables[path].shape)
    ]
    if wrong:
        raise InputError(
            f"the weights in {where} belong to another architecture than the card's: {wrong[0]}; "
            "restore the pair of files."
        )
    for path, variable in variables.items():
        variable.assign(weights[path].astype(np.float32))


def find_weights(folder: Path, card: Mapping[str, Any]) -> Path:
    """Find the file of weights that a card describes.

    Parameters
    ----------
    folder : pathlib.Path
        The model's.
    card : mapping
        Its card.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        When it is missing or changed.
    """
    path = folder / str(card["weights"].get("file", WEIGHTS))
    coming = folder / _COMING
    if coming.is_file() and files.sha256(coming) == card["weights"].get("sha256"):
        path = coming  # `save` was killed just before it gave them their name
    if not path.is_file():
        raise InputError(f"the model in {folder} has no weights file {path.name}; restore it.")
    if files.sha256(path) != card["weights"].get("sha256"):
        raise InputError(
            f"{path} is not the file its card describes (its SHA-256 differs): it was changed or "
            "damaged; restore it from the project or train again."
        )
    return path


def read_weights(folder: Path, card: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Read the weights that a card describes.

    Parameters
    ----------
    folder : pathlib.Path
        The model's.
    card : mapping
        Its card.

    Returns
    -------
    dict
        Variable path to array.

    Raises
    ------
    InputError
        When they are missing, changed, damaged, or not finite.
    """
    path = find_weights(folder, card)
    arrays = files.read_arrays(path)
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise InputError(
                f"the weight {name} in {path} does not consist of finite numbers; restore the file "
                "from the project or train again."
            )
    return arrays


def versions() -> dict[str, str]:
    """Return the versions that a card and a result keep: Python, colorlab, Keras, backend."""
    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        "colorlab": colorlab.__version__,
        "keras": keras.__version__,
        "backend": f"{backend} {importlib.metadata.version(backend)}",
        "numpy": np.__version__,
    }
