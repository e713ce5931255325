"""A trained consistency model: its network, its card, and the color model that it completes."""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from colorlab import consistency_model, devices, files
from colorlab.checkpoints import color, store
from colorlab.checkpoints.color import ColorModel
from colorlab.checkpoints.tta import PLAIN, Augmentation
from colorlab.consistency_model import ConsistencyConfig
from colorlab.decode import Decoder, resolve
from colorlab.errors import InputError

INSIDE = "color_model"
"""Folder, inside a consistency model's, of a color model that does not come with colorlab."""

FILM_DEFAULT = "guided-coast-n30"
"""The consistency model that colours films when none is named."""


@dataclasses.dataclass(frozen=True)
class ConsistencyModel:
    """A trained consistency model and what its card says.

    Attributes
    ----------
    name : str
        The model's name.
    network : keras.Model
        From `colorlab.consistency_model.build`.
    config : ConsistencyConfig
        Its architecture.
    color : ColorModel
        The frozen color model whose features it reads.
    card : dict
        The whole card.
    """

    name: str
    network: keras.Model
    config: ConsistencyConfig
    color: ColorModel
    card: dict[str, Any]

    @property
    def working_height(self) -> int:
        """Height, pixels, of the frames it was trained on."""
        return int(self.card["working_height"])

    @property
    def decoder(self) -> Decoder:
        """How probabilities become the colours that are shown and fed back."""
        return Decoder.from_json(self.card["decode"])

    @property
    def leak(self) -> float:
        """Share of the color model's colouring in every colour that a guided model remembers."""
        return float(self.card["decode"].get("leak", 0.0))

    @property
    def augmentations(self) -> tuple[Augmentation, ...]:
        """All for the first frame of a shot, then one after the other."""
        listed = self.card["decode"].get("views") or [PLAIN]
        return tuple((float(scale), bool(mirrored)) for scale, mirrored in listed)

    def outputs(
        self,
        features: np.ndarray,
        y: np.ndarray,
        y_before: np.ndarray,
        context: np.ndarray,
        valid: np.ndarray,
        logits: bool = True,
        state: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """Run the network.

        Parameters
        ----------
        features : numpy.ndarray of float32, (N, h, w, C)
            The color model's, from `ColorModel.extract_features`.
        y, y_before : numpy.ndarray of float32, (N, H, W, 1)
            Luma of the frames and of those before them, in [0, 1].
        context : numpy.ndarray of float32, (N, H, W, 2)
            Chroma of the frames before; 0 where there is none.
        valid : numpy.ndarray of float32, (N, H, W, 1)
            1 where the context is to be believed, else 0.
        logits : bool
            Whether logits are wanted where the chroma does without.
        state : numpy.ndarray of float32, (N, h, w, kept), optional
            `STATE` of the last outputs, of a model that has one; without, it begins anew.

        Returns
        -------
        dict
            ``u`` and ``v``, logits (N, H, W, n) float32, and what else
            `colorlab.consistency_model.Memory.inference` of its kind gives.
        """
        inputs = consistency_model.inputs(self.config, features, y, y_before, context, valid, state)
        network = self._inference if logits else self._inference_of_chroma
        found = devices.forward_pass(network, inputs)
        return {name: np.asarray(values, np.float32) for name, values in found.items()}

    @functools.cached_property
    def _inference(self) -> keras.Model:
        return self.config.kind.inference(self.network)

    @functools.cached_property
    def _inference_of_chroma(self) -> keras.Model:
        return self.config.kind.inference(self.network, logits=False)

    def chroma(
        self,
        outputs: Mapping[str, np.ndarray],
        own: Mapping[str, np.ndarray],
        y: np.ndarray,
        decoder: Decoder | str | None = None,
    ) -> np.ndarray:
        """Turn outputs into chroma.

        Parameters
        ----------
        outputs : mapping
            As from `outputs`; or `own` itself, where there is no frame before.
        own : mapping
            The color model's logits for the same frames, from `ColorModel.extract_features`.
        y : numpy.ndarray of float32, (N, H, W, 1)
            Luma of the frames.
        decoder : Decoder or str, optional
            As for `colorlab.decode.resolve`, the card's by default: a guided model's memory holds
            colours, and only what the color model adds is decoded.

        Returns
        -------
        numpy.ndarray of float32, (N, H, W, 2)
            U and V, not yet fitted to the gamut.
        """
        chosen = resolve(decoder, self.decoder)

        def decoded(logits: Mapping[str, np.ndarray]) -> np.ndarray:
            return color.chroma_of(self.color, logits, y, chosen)

        if outputs is own:
            return decoded(own)
        chroma = self.config.kind.chroma(outputs, lambda: decoded(own), decoded, self.leak)
        return np.asarray(chroma, np.float32)


def load_consistency(
    model: str | os.PathLike[str] | None = None, dtype: str | None = None
) -> ConsistencyModel:
    """Load a consistency model and the color model that it completes.

    Parameters
    ----------
    model : str or path, optional
        A packaged model's name, a folder with a card, or a training's output folder; `FILM_DEFAULT`
        if left out.
    dtype : str, optional
        Keras dtype policy of both networks; float32 by default.

    Returns
    -------
    ConsistencyModel
        Ready to predict.

    Raises
    ------
    InputError
        When it is no consistency model, a file is missing or changed, or the color model at hand
        is not the one it was trained on.
    """
    folder = store.locate(FILM_DEFAULT if model is None else model)
    try:
        card, config, weights = _read(folder)
    except (InputError, OSError):  # another process may have replaced the model in between
        card, config, weights = _read(folder)
    seen_by = color.load(_find_color_model(folder, card), dtype)
    network = consistency_model.build(config, seen_by.config, dtype=dtype)
    store.assign(network, weights, str(folder))
    name = str(card.get("name", folder.name))
    return ConsistencyModel(name, network, config, seen_by, card)


def _read(folder: Path) -> tuple[dict[str, Any], ConsistencyConfig, dict[str, np.ndarray]]:
    card = store.read_card(folder, "consistency")
    return card, ConsistencyConfig.from_json(card["architecture"]), store.read_weights(folder, card)


def completed_color_model(model: str | os.PathLike[str]) -> Path:
    """Find the color model that a consistency model completes.

    Parameters
    ----------
    model : str or path
        As for `load_consistency`.

    Returns
    -------
    pathlib.Path
        The color model's folder.

    Raises
    ------
    InputError
        When `model` is no consistency model, or the color model at hand is not the one it was
        trained on.
    """
    folder = store.locate(model)
    return _find_color_model(folder, store.read_card(folder, "consistency"))


def _find_color_model(folder: Path, card: Mapping[str, Any]) -> Path:
    """Return the folder of the color model that a consistency model was trained on."""
    name, wanted = (str(card["color_model"].get(key)) for key in ("name", "weights_sha256"))
    found = {}
    for place in (folder / INSIDE, store.folder_of_models() / name):
        if (place / store.CARD).is_file():
            found[place] = _hash_of(place)
    for place, sha256 in found.items():
        if sha256 == wanted:
            return place
    if not found:
        raise InputError(
            f"the consistency model in {folder} completes the color model {name}, which is neither "
            f"in its folder {INSIDE} nor one that comes with colorlab; put that color model's "
            "folder there, under this name."
        )
    place, sha256 = next(iter(found.items()))
    raise InputError(
        f"the consistency model in {folder} was trained on the color model {name} with weights "
        f"{wanted[:12]}…, those in {place} are {sha256[:12]}…; use the same color model or train "
        "again."
    )


def _hash_of(folder: Path) -> str:
    """Return the hash of a color model's weights, as its card has it."""
    return str(store.read_card(folder, "color")["weights"].get("sha256"))


def keep_color_model(folder: str | os.PathLike[str], model: ColorModel) -> None:
    """Copy a color model into a consistency model's folder, unless it comes with colorlab.

    Parameters
    ----------
    folder : path
        The consistency model's; created if needed.
    model : ColorModel
        The color model that it completes. A copy that is there already stays as it is.

    Raises
    ------
    InputError
        When the color model's own folder has changed since it was loaded, or `folder` cannot be
        written.
    """
    wanted, inside = str(model.card["weights"]["sha256"]), Path(folder) / INSIDE
    for place in (store.folder_of_models() / model.name, inside):
        if (place / store.CARD).is_file() and _hash_of(place) == wanted:
            return
    card = {**model.card, "weights": {**model.card["weights"], "file": store.WEIGHTS}}
    with files.atomic_path(inside / store.WEIGHTS) as temporary:
        shutil.copyfile(store.find_weights(model.folder, model.card), temporary)
    files.write_json(inside / store.CARD, card)
