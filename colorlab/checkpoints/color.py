"""A trained color model: its network, its card, and how its outputs become colours."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from colorlab import color_model, devices, vgg
from colorlab.bins import BinGrid
from colorlab.checkpoints import store
from colorlab.checkpoints.tta import PLAIN, Augmentation, aligned_features, averaged
from colorlab.color_model import ColorModelConfig
from colorlab.decode import Decoder, resolve, softmax
from colorlab.errors import InputError

_TINY = float(np.finfo(np.float32).tiny)


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
    folder : pathlib.Path
        Where it was loaded from.
    """

    name: str
    network: keras.Model
    config: ColorModelConfig
    card: dict[str, Any]
    folder: Path

    @property
    def grid(self) -> BinGrid:
        """The model's bins."""
        return self.config.grid

    @property
    def working_size(self) -> int:
        """Pixels of the side at which the model was trained to see a picture."""
        return int(self.card["working_size"])

    @property
    def decoder(self) -> Decoder:
        """How its probabilities become colours, tuned on validation photos."""
        return Decoder.from_json(self.card["decode"])

    @property
    def precision(self) -> str:
        """The Keras dtype policy it computes with, ``"float32"`` for example."""
        return str(self.network.get_layer(color_model.FEATURES).dtype_policy.name)

    @property
    def mirror(self) -> bool:
        """Whether test-time augmentation of stills includes the mirror image."""
        return bool(self.card["decode"].get("mirror", False))

    @property
    def scales(self) -> tuple[float, ...]:
        """Scales of the test-time augmentation of stills, relative to the working size."""
        return tuple(float(scale) for scale in self.card["decode"].get("scales", [1.0]))

    def outputs(self, y: np.ndarray, tta: bool = True) -> dict[str, np.ndarray]:
        """Run the network.

        Parameters
        ----------
        y : numpy.ndarray of float32, (N, H, W, 1)
            Luma in [0, 1].
        tta : bool
            Test-time augmentation: average the probabilities, or the chroma of a regression model,
            over the card's scales and the mirror image. Otherwise there is one forward pass.

        Returns
        -------
        dict
            ``u`` and ``v``: logits (N, H, W, n) float32, or chroma (N, H, W, 1) of a regression
            model. Averaged probabilities are given as their logarithms.
        """
        y = np.asarray(y, np.float32)
        if not tta or (self.scales == (1.0,) and not self.mirror):
            return self._run(y)
        if self.config.head == "chroma":
            return averaged(self._run, y, self.scales, self.mirror)

        def probabilities(part: np.ndarray) -> dict[str, np.ndarray]:
            return {head: softmax(logits) for head, logits in self._run(part).items()}

        means = averaged(probabilities, y, self.scales, self.mirror)
        return {head: np.log(np.maximum(mean, _TINY)) for head, mean in means.items()}

    def extract_features(
        self, y: np.ndarray, augmentations: Sequence[Augmentation] = (PLAIN,)
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Compute the features that film models read, and the logits, in one forward pass.

        Parameters
        ----------
        y : numpy.ndarray of float32, (N, H, W, 1)
            Luma in [0, 1].
        augmentations : sequence of tuple
            See `colorlab.checkpoints.tta.in_turn`; none by default.

        Returns
        -------
        features : numpy.ndarray of float32, (N, h, w, C)
            The last convolution's activations, at the padded picture's size over the heads' stride;
            their mean over the augmentations.
        outputs : dict
            As from ``outputs(y, tta=False)``, of these features.
        """
        y = np.asarray(y, np.float32)
        if tuple(augmentations) == (PLAIN,):
            result = devices.forward_pass(self._whole, y)
            features = np.asarray(result[color_model.FEATURES], np.float32)
        else:
            stride = self.config.stride
            aligned = [aligned_features(self._features, y, a, stride) for a in augmentations]
            features = np.mean(aligned, axis=0)
            result = devices.forward_pass(self._heads, [features, y])
        return features, {head: np.asarray(result[head], np.float32) for head in "uv"}

    @functools.cached_property
    def _whole(self) -> keras.Model:
        features = self.network.get_layer(color_model.FEATURES).output
        outputs = {color_model.FEATURES: features, **self.network.output}
        return keras.Model(self.network.inputs[0], outputs)

    @functools.cached_property
    def _trunk(self) -> keras.Model:
        return keras.Model(
            self.network.inputs[0], self.network.get_layer(color_model.FEATURES).output
        )

    @functools.cached_property
    def _heads(self) -> keras.Model:
        features = self.network.get_layer(color_model.FEATURES).output
        return keras.Model([features, self.network.inputs[0]], self.network.output)

    def _features(self, y: np.ndarray) -> np.ndarray:
        return np.asarray(devices.forward_pass(self._trunk, y), np.float32)

    def _run(self, y: np.ndarray) -> dict[str, np.ndarray]:
        result = devices.forward_pass(self.network, y)
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

    def chroma(self, y: np.ndarray, decoder: Decoder | str | None = None) -> np.ndarray:
        """Predict chroma.

        Parameters
        ----------
        y : numpy.ndarray of float32, (N, H, W, 1)
            Luma in [0, 1].
        decoder : Decoder or str, optional
            As for `colorlab.decode.resolve`; the card's by default.

        Returns
        -------
        numpy.ndarray of float32, (N, H, W, 2)
            U and V, not yet fitted to the gamut.
        """
        return chroma_of(self, self.outputs(y), y, decoder)


def chroma_of(
    model: ColorModel,
    outputs: Mapping[str, np.ndarray],
    y: np.ndarray,
    decoder: Decoder | str | None = None,
) -> np.ndarray:
    """Turn a network's outputs into chroma.

    Parameters
    ----------
    model : ColorModel
        Whose outputs they are.
    outputs : mapping
        From `ColorModel.outputs`.
    y : numpy.ndarray of float32, (N, H, W, 1)
        The luma that the network was given.
    decoder : Decoder or str, optional
        As for `colorlab.decode.resolve`, the card's by default. A regression model's outputs are
        colours already, whatever the decoder.

    Returns
    -------
    numpy.ndarray of float32, (N, H, W, 2)
        U and V, not yet fitted to the gamut.

    Raises
    ------
    InputError
        When the decoder is unknown.
    """
    resolved = resolve(decoder, model.decoder)
    if model.config.head == "chroma":
        return np.concatenate([outputs["u"], outputs["v"]], axis=-1)
    return resolved.chroma_of_logits(outputs["u"], outputs["v"], model.grid, y)


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
            variable.assign(np.asarray(trained[path]).copy())  # JAX may share its memory
    return not differing & heads


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
    folder = store.locate(model)
    try:
        card, config, weights = _read(folder)
    except (InputError, OSError):  # another process may have replaced the model in between
        card, config, weights = _read(folder)
    if card.get("n", config.n) != config.n:
        raise InputError(
            f"the card in {folder} says n={card['n']}, its architecture n={config.n}; restore it."
        )
    seed = card.get("training", {}).get("seed", 0)  # draws a random backbone again
    network = color_model.build(config, seed=seed, dtype=dtype)
    store.assign(network, weights, f"{folder} (n={config.n}, {config.align})")
    return ColorModel(str(card.get("name", folder.name)), network, config, card, folder)


def _read(folder: Path) -> tuple[dict[str, Any], ColorModelConfig, dict[str, np.ndarray]]:
    """Read a model's card, its architecture and the weights that the card describes."""
    card = store.read_card(folder, "color")
    config = ColorModelConfig.from_json(card["architecture"])
    _check_backbone(folder, card, config)
    return card, config, store.read_weights(folder, card)


def _check_backbone(folder: Path, card: Mapping[str, Any], config: ColorModelConfig) -> None:
    at_hand = vgg.describe(config.backbone)
    trained_on = card["backbone"]
    if at_hand["sha256"] != trained_on.get("sha256"):
        raise InputError(
            f"the model in {folder} was trained on the backbone {trained_on.get('name')} "
            f"(SHA-256 {str(trained_on.get('sha256'))[:12]}…) but its architecture names "
            f"{at_hand['name']} (SHA-256 {str(at_hand['sha256'])[:12]}…); use the same backbone."
        )
