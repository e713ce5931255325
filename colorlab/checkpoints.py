"""Models on disk: a folder with ``weights.npz`` (half precision, no backbone) and ``card.json``.

The card says everything needed to rebuild and to judge a model; loading checks the weights' hash
and the backbone's. Nothing is pickled.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

import colorlab
from colorlab import color_model, files, vgg
from colorlab.bins import METHODS, BinGrid
from colorlab.color_model import ColorModelConfig
from colorlab.errors import InputError

CARD, WEIGHTS = "card.json", "weights.npz"
_COMING = "weights.coming.npz"
DEFAULT = "color-water-n30"
"""The model that colours when none is named."""

_TINY = float(np.finfo(np.float32).tiny)
_NEEDED = {
    **{"schema": int, "kind": str, "architecture": dict, "backbone": dict, "decode": dict},
    **{"working_size": int, "weights": dict},
}


@dataclasses.dataclass(frozen=True)
class ColorModel:
    """A trained color model and what its card says.

    Attributes
    ----------
    name : str
        The model's name.
    network : keras.Model
        From `colorlab.color_model.build`.
    config : ColorModelConfig
        Its architecture.
    card : dict
        The whole card.
    """

    name: str
    network: keras.Model
    config: ColorModelConfig
    card: dict[str, Any]

    @property
    def grid(self) -> BinGrid:
        """The model's bins."""
        return self.config.grid

    @property
    def working_size(self) -> int:
        """Pixels of the side at which the model was trained to see a picture."""
        return int(self.card["working_size"])

    @property
    def decode(self) -> str:
        """Default way from probabilities to chroma."""
        return str(self.card["decode"]["method"])

    @property
    def temperature(self) -> float:
        """Temperature of the annealed mean, tuned on validation photos."""
        return float(self.card["decode"]["temperature"])

    def saturation_for(self, decode: str | None = None) -> float:
        """Return the factor on the chroma that goes with a decoder.

        Parameters
        ----------
        decode : {"argmax", "mean", "annealed"}, optional
            The card's by default.

        Returns
        -------
        float
            The card's, tuned with its temperature, for the card's own decoder; 1 for another one.
        """
        card = self.card["decode"]
        return float(card.get("saturation", 1.0)) if decode in (None, card["method"]) else 1.0

    @property
    def mirror(self) -> bool:
        """Whether a picture's mirror image is asked too, which halves the speed."""
        return bool(self.card["decode"].get("mirror", False))

    def outputs(self, y: np.ndarray, mirror: bool | None = None) -> dict[str, np.ndarray]:
        """Run the network.

        Parameters
        ----------
        y : numpy.ndarray of float32, (N, H, W, 1)
            Luma in [0, 1].
        mirror : bool, optional
            Average the probabilities (of a regression model: the chroma) with those of the mirror
            image; as the card says by default.

        Returns
        -------
        dict
            ``u`` and ``v``: logits (N, H, W, n) float32, or chroma (N, H, W, 1) for a
            regression model. Averaged probabilities are given as their logarithms.
        """
        found = self._run(np.asarray(y, np.float32))
        if not (self.mirror if mirror is None else mirror):
            return found
        mirrored = self._run(np.ascontiguousarray(y[:, :, ::-1], np.float32))
        mirrored = {head: values[:, :, ::-1] for head, values in mirrored.items()}
        if self.config.head == "chroma":
            return {head: (found[head] + mirrored[head]) / 2 for head in "uv"}
        means = {head: (softmax(found[head]) + softmax(mirrored[head])) / 2 for head in "uv"}
        return {head: np.log(np.maximum(mean, _TINY)) for head, mean in means.items()}

    def _run(self, y: np.ndarray) -> dict[str, np.ndarray]:
        result = self.network.predict_on_batch(y)
        return {head: np.asarray(result[head], np.float32) for head in "uv"}

    def probabilities(self, y: np.ndarray) -> dict[str, np.ndarray]:
        """Return the softmaxes over the bins.

        Parameters
        ----------
        y : numpy.ndarray of float32, (N, H, W, 1)
            Luma in [0, 1].

        Returns
        -------
        dict
            ``u`` and ``v``: probabilities (N, H, W, n) float32, summing to 1.
        """
        return {head: softmax(logits) for head, logits in self.outputs(y).items()}

    def chroma(
        self, y: np.ndarray, decode: str | None = None, temperature: float | None = None
    ) -> np.ndarray:
        """Predict chroma.

        Parameters
        ----------
        y : numpy.ndarray of float32, (N, H, W, 1)
            Luma in [0, 1].
        decode : {"argmax", "mean", "annealed"}, optional
            The card's by default.
        temperature : float, optional
            Of the annealed mean; the card's by default.

        Returns
        -------
        numpy.ndarray of float32, (N, H, W, 2)
            U and V, not yet fitted to the gamut.
        """
        return chroma_of(self, self.outputs(y), decode, temperature)


def chroma_of(
    model: ColorModel,
    outputs: Mapping[str, np.ndarray],
    decode: str | None = None,
    temperature: float | None = None,
    saturation: float | None = None,
) -> np.ndarray:
    """Turn a network's outputs into chroma.

    Parameters
    ----------
    model : ColorModel
        Whose outputs they are.
    outputs : mapping
        From `ColorModel.outputs`.
    decode : {"argmax", "mean", "annealed"}, optional
        How probabilities become a colour, the card's way by default; a regression model's outputs
        are colours already.
    temperature : float, optional
        Of the annealed mean; the card's by default.
    saturation : float, optional
        Factor on the chroma; for the card's own decoder the card's by default, for another one 1.

    Returns
    -------
    numpy.ndarray of float32, (N, H, W, 2)
        U and V, not yet fitted to the gamut.

    Raises
    ------
    InputError
        When the decoder is unknown.
    """
    method = decode or model.decode
    if method not in METHODS:
        raise InputError(f"decode must be one of {', '.join(METHODS)}; received {method!r}.")
    if model.config.head == "chroma":
        return np.concatenate([outputs["u"], outputs["v"]], axis=-1)
    heat = model.temperature if temperature is None else temperature
    if saturation is None:
        saturation = model.saturation_for(method)
    p = {head: softmax(outputs[head]) for head in "uv"}
    return np.float32(saturation) * model.grid.decode(p["u"], p["v"], method, heat)


def copy_weights(model: ColorModel, network: keras.Model, config: ColorModelConfig) -> bool:
    """Give a new network a trained model's weights, the heads' included where they fit.

    Parameters
    ----------
    model : ColorModel
        The trained model.
    network : keras.Model
        Another network with the same trunk.
    config : ColorModelConfig
        Its architecture. With other bins or another kind of head than the model's, the network
        keeps its own heads.

    Returns
    -------
    bool
        Whether the heads' weights were copied too.

    Raises
    ------
    InputError
        When anything but the heads and the dropout differs.
    """
    heads = {"n", "align", "head"}
    theirs, ours = model.config.to_json(), config.to_json()
    differing = {key for key in ours if ours[key] != theirs[key]}
    if differing - heads - {"dropout"}:
        first = min(differing - heads - {"dropout"})
        raise InputError(
            f"{model.name} has another architecture than the model to be trained ({first} "
            f"{theirs[first]} for {ours[first]}); only the bins, the kind of head and the dropout "
            "may differ from those of the model to start from."
        )
    trained = color_model.own_variables(model.network)
    for path, variable in color_model.own_variables(network).items():
        if not (differing & heads and path.startswith(("u_head/", "v_head/"))):
            variable.assign(np.array(keras.ops.convert_to_numpy(trained[path])))  # JAX may share
    return not differing & heads


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax over the last axis, float32, overflow-safe.

    Parameters
    ----------
    logits : numpy.ndarray, (..., n)
        Logits in nats.

    Returns
    -------
    numpy.ndarray of float32, (..., n)
        Probabilities.
    """
    shifted = np.asarray(logits, np.float32)
    shifted = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def folder_of_models() -> Path:
    """Return the folder of the models that come with colorlab (installed or in a checkout)."""
    package = Path(colorlab.__file__).parent
    installed = package / "assets" / "models"
    return installed if installed.is_dir() else package.parent / "assets" / "models"


def list_models() -> list[str]:
    """Return the names of the models that come with colorlab."""
    return sorted(path.parent.name for path in folder_of_models().glob(f"*/{CARD}"))


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
        value = np.asarray(keras.ops.convert_to_numpy(variable), np.float32)
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


def read_card(model: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Read a model's card and check that it has what loading needs.

    Parameters
    ----------
    model : str or path, optional
        As for `locate`.

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
    missing = [key for key, kind in _NEEDED.items() if not isinstance(fields.get(key), kind)]
    if missing:
        raise InputError(f"{path} is not a colorlab model card: it lacks {', '.join(missing)}.")
    if card["schema"] != 1:
        raise InputError(
            f"{path} follows schema {card['schema']}; this colorlab reads 1 and must be updated."
        )
    if card["kind"] != "color":
        raise InputError(f"{path} is a {card['kind']} model; a color model is needed here.")
    return card


def load(model: str | os.PathLike[str] | None = None, dtype: str | None = None) -> ColorModel:
    """Load a color model.

    Parameters
    ----------
    model : str or path, optional
        A packaged model's name, a folder with a card, or a training's output folder.
    dtype : str, optional
        Keras dtype policy; float32 by default.

    Returns
    -------
    ColorModel
        Ready to predict.

    Raises
    ------
    InputError
        When a file is missing or changed, the weights belong to another architecture (another n,
        for example), or the backbone at hand is not the one the card names.
    """
    folder = locate(model)
    try:
        card, config, weights = _read(folder)
    except (InputError, OSError):  # another process may have replaced the model in between
        card, config, weights = _read(folder)
    seed = card.get("training", {}).get("seed", 0)  # draws a random backbone again
    network = color_model.build(config, seed=seed, dtype=dtype)
    variables = color_model.own_variables(network)
    wrong = sorted(set(weights) ^ set(variables))
    wrong += [
        f"{path} {weights[path].shape} for {tuple(variables[path].shape)}"
        for path in weights
        if path in variables and weights[path].shape != tuple(variables[path].shape)
    ]
    if card.get("n", config.n) != config.n:
        wrong.append(f"the card's own n is {card['n']}")
    if wrong:
        raise InputError(
            f"the weights in {folder} belong to another architecture than its card's "
            f"(n={config.n}, {config.align}): {wrong[0]}; restore the pair of files."
        )
    for path, variable in variables.items():
        variable.assign(weights[path].astype(np.float32))
    return ColorModel(str(card.get("name", folder.name)), network, config, card)


def _read(folder: Path) -> tuple[dict[str, Any], ColorModelConfig, dict[str, np.ndarray]]:
    """Read a model's card, its architecture and the weights that the card describes."""
    card = read_card(folder)
    config = ColorModelConfig.from_json(card["architecture"])
    _check_backbone(folder, card, config)
    return card, config, _read_weights(folder, card)


def _check_backbone(folder: Path, card: Mapping[str, Any], config: ColorModelConfig) -> None:
    at_hand = vgg.describe(config.backbone)
    trained_on = card["backbone"]
    if at_hand["sha256"] != trained_on.get("sha256"):
        raise InputError(
            f"the model in {folder} was trained on the backbone {trained_on.get('name')} "
            f"(SHA-256 {str(trained_on.get('sha256'))[:12]}…) but its architecture names "
            f"{at_hand['name']} (SHA-256 {str(at_hand['sha256'])[:12]}…); use the same backbone."
        )


def _read_weights(folder: Path, card: Mapping[str, Any]) -> dict[str, np.ndarray]:
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
