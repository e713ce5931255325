"""Taps that are concatenated, after Dahl's hypercolumns, in place of being added level by level."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from colorlab import color_model, vgg
from colorlab.color_model import ColorModelConfig, Enlarge, Normalise


def build(config: ColorModelConfig, seed: int = 0, dtype: str | None = None) -> keras.Model:
    """Build a color model that concatenates its taps in place of adding them level by level."""

    def conv(width: int, size: int, name: str, **options: Any) -> layers.Layer:
        return layers.Conv2D(width, size, padding="same", name=name, dtype=dtype, **options)

    def norm(x: Any, name: str) -> Any:
        return Normalise(momentum=0.95, name=f"{name}_norm", dtype=dtype)(x)

    inputs, column = {}, []
    for tap, width in zip(config.taps, config.widths, strict=True):
        inputs[f"tap{tap}"] = keras.Input((None, None, vgg.BLOCKS[tap - 1][0]), name=f"tap{tap}")
        t = norm(
            conv(width, 1, f"tap{tap}_project", use_bias=False)(inputs[f"tap{tap}"]), f"tap{tap}"
        )
        if tap == config.taps[-1] and config.context:
            mean = layers.GlobalAveragePooling2D(keepdims=True, name="context_mean", dtype=dtype)(t)
            seen = conv(config.context, 1, "context", activation="relu")(mean)
            seen = conv(width, 1, "context_project")(seen)  # (N, 1, 1, width)
            t = layers.Add(name="context_add", dtype=dtype)([t, seen])
        times = tap - config.taps[0]
        column.append(Enlarge(times, name=f"up{tap}", dtype=dtype)(t))
    x = layers.Concatenate(name="hypercolumns", dtype=dtype)(column)  # (N, h, w, sum of widths)
    for name, size in (("mix", 1), ("stage", 3)):
        x = norm(conv(config.widths[0], size, name, use_bias=False)(x), name)
        x = layers.ReLU(name=f"{name}_relu", dtype=dtype)(x)
    x = conv(config.widths[0], 3, color_model.FEATURES, activation="relu")(x)
    outputs = {}
    for head in "uv":
        logits = layers.Conv2D(config.channels, 1, name=f"{head}_head", dtype="float32")(x)
        outputs[head] = Enlarge(config.taps[0] - 1, name=f"{head}_up", dtype="float32")(logits)
    network = keras.Model(inputs, outputs, name="hypercolumns")
    vgg.draw_kernels(network.layers, seed)
    return network
