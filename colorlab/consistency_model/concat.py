"""The paper's memory: a convolution of the context beside the features."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
from keras import layers

from colorlab import vgg
from colorlab.color_model import FEATURES, ColorModelConfig, PadToMultiple
from colorlab.consistency_model.config import ConsistencyConfig
from colorlab.consistency_model.layers import conv, enlarge
from colorlab.consistency_model.memory import Maps, Memory
from colorlab.yuv import RANGE

INPUTS = {"y": 1, "y_before": 1, "context": 2, "valid": 1, "moved": 4}
"""Inputs of a network of two frames beside the features, with channels: luma of frames t and t - 1,
the context's U and V, 1 where the context is known, and those of `move`."""


class Concat(Memory):
    """Features and a convolution of the context are joined; two convolutions follow."""

    def build(
        self, config: ConsistencyConfig, color_config: ColorModelConfig, dtype: str | None
    ) -> keras.Model:
        """Build the network; see `Memory.build`."""
        part, stride = functools.partial(conv, dtype=dtype), color_config.stride
        features = keras.Input((None, None, color_config.widths[0]), name=FEATURES)
        maps = {name: keras.Input((None, None, c), name=name) for name, c in INPUTS.items()}
        scaled = layers.Rescaling(1 / RANGE, name="scaled", dtype="float32")(maps["context"])
        context = self.read(scaled, maps["valid"])
        context = PadToMultiple(vgg.STRIDE, name="pad", dtype="float32")(context)
        context = part(config.context_width, 3, "told_conv", strides=stride, activation="relu")(
            context
        )
        x = layers.Concatenate(name="join", dtype=dtype)([features, context])  # (N, h, w, .)
        x = part(config.width, 3, "first", activation="relu")(x)
        x = part(config.width, 3, "second", activation="relu")(x)
        logits = self._logits(color_config, part, features, maps, scaled, x)
        return keras.Model({FEATURES: features, **maps}, logits, name="consistency")

    def context_inputs(self, y: Any, y_before: Any, context: Any, valid: Any) -> Maps:
        """Return the inputs named in `INPUTS`; nothing is moved."""
        moved = np.zeros((*y.shape[:3], INPUTS["moved"]), np.float32)
        return {"y": y, "y_before": y_before, "context": context, "valid": valid, "moved": moved}

    def read(self, scaled: Any, valid: Any) -> Any:
        """Return what the convolution of the context reads, (N, H, W, channels)."""
        return scaled

    def _logits(
        self,
        color_config: ColorModelConfig,
        part: Any,
        features: Any,
        maps: dict[str, Any],
        scaled: Any,
        x: Any,
    ) -> dict[str, Any]:
        """Lay the heads on the last convolution."""
        return heads(color_config, x, maps["y"])


def heads(color_config: ColorModelConfig, x: Any, y: Any, **options: Any) -> dict[str, Any]:
    """Return the logits of both heads on `x`, enlarged to the size of `y`."""
    return {
        head: enlarge(
            conv(color_config.n, 1, f"{head}_head", dtype="float32", **options)(x),
            color_config.stride,
            y,
            head,
        )
        for head in "uv"
    }
