"""The networks of all kinds of memory, with random weights."""

from __future__ import annotations

import functools

import keras
from keras import layers

from colorlab import vgg
from colorlab.color_model import FEATURES, ColorModelConfig, PadToMultiple
from colorlab.consistency_model import guided, recurrent
from colorlab.consistency_model.config import ConsistencyConfig
from colorlab.consistency_model.context import INPUTS
from colorlab.consistency_model.layers import conv, enlarge
from colorlab.errors import InputError
from colorlab.yuv import RANGE


def build(
    config: ConsistencyConfig,
    color_config: ColorModelConfig,
    seed: int = 0,
    dtype: str | None = None,
) -> keras.Model:
    """Build what a consistency model adds to its color model, with random weights.

    Parameters
    ----------
    config : ConsistencyConfig
        The architecture.
    color_config : ColorModelConfig
        The color model's: bins, stride and width of its features.
    seed : int
        Seed of the weights.
    dtype : str, optional
        Keras dtype policy of the convolutions; logits and the memory stay float32.

    Returns
    -------
    keras.Model
        Maps ``features`` (N, h, w, C), the color model's at the padded frame's resolution over
        its stride, and what `told` gives, float32 (N, H, W, channels), to
        ``{"u": logits, "v": logits}``, each (N, H, W, n) float32. A recurrent one is also given
        `STATE`, what it keeps, (N, h, w, kept) float32, and gives the next.

    Raises
    ------
    InputError
        When the color model predicts no bins.
    """
    if color_config.head != "bins":
        raise InputError("a consistency model needs a color model that predicts bins.")
    make = recurrent.build if config.memory == "recurrent" else _of_pairs
    network = make(config, color_config, dtype)
    vgg.draw_kernels(network.layers, seed)
    if config.memory == "guided":
        guided.trust(network)
    return network


def _of_pairs(
    config: ConsistencyConfig, color_config: ColorModelConfig, dtype: str | None
) -> keras.Model:
    """Build a network that knows a frame and the one before it, with kernels of 0."""
    guides = config.memory == "guided"
    part, stride = functools.partial(conv, dtype=dtype), color_config.stride
    features = keras.Input((None, None, color_config.widths[0]), name=FEATURES)
    maps = {name: keras.Input((None, None, c), name=name) for name, c in INPUTS.items()}
    scaled = layers.Rescaling(1 / RANGE, name="scaled", dtype="float32")(maps["context"])
    told = scaled
    if guides:  # what is not to be believed is not to be seen
        told = layers.Multiply(name="believed", dtype="float32")([scaled, maps["valid"]])
        told = layers.Concatenate(name="told", dtype="float32")([told, maps["valid"]])
    told = PadToMultiple(vgg.STRIDE, name="pad", dtype="float32")(told)
    told = part(config.context_width, 3, "told_conv", strides=stride, activation="relu")(told)
    x = layers.Concatenate(name="join", dtype=dtype)([features, told])  # (N, h, w, .)
    x = part(config.width, 3, "first", activation="relu")(x)
    x = part(config.width, 3, "second", activation="relu")(x)
    logits = {}
    for head in "uv":
        options = {"trainable": False} if guides else {}  # the color model's own
        layer = conv(color_config.n, 1, f"{head}_head", dtype="float32", **options)
        logits[head] = enlarge(layer(features if guides else x), stride, maps["y"], head)
    if guides:
        deep = enlarge(conv(16, 1, "trust", dtype="float32")(x), stride, maps["y"], "trust")
        logits = guided.remember(color_config, part, maps, scaled, deep, logits)
    return keras.Model({FEATURES: features, **maps}, logits, name="consistency")
