"""The recurrent memory: a convolutional gated recurrent unit [1]_ behind features and context.

It stands in the place of the paper's first convolution. Its inputs are the color model's features,
the chroma of the frame before, and a state that goes from frame to frame; what the state holds is
learnt from sequences of frames by back-propagation through time.

References
----------
.. [1] N. Ballas, L. Yao, C. Pal, A. Courville, "Delving deeper into convolutional networks for
   learning video representations", ICLR 2016.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from colorlab import vgg
from colorlab.color_model import FEATURES, ColorModelConfig, PadToMultiple
from colorlab.consistency_model.config import ConsistencyConfig
from colorlab.consistency_model.layers import Fold, Unfold, conv, enlarge
from colorlab.consistency_model.memory import STATE, Maps, Memory
from colorlab.yuv import RANGE


class Recurrent(Memory):
    """A convolutional gated recurrent unit in the place of the paper's first convolution."""

    fields = ("context_width", "width", "kept")
    sequence_length = 4

    def build(
        self, config: ConsistencyConfig, color_config: ColorModelConfig, dtype: str | None
    ) -> keras.Model:
        """Build the network; `STATE` is (N, h, w, kept). See `Memory.build`."""
        part, kept = functools.partial(conv, dtype=dtype), config.kept
        parts = [
            part(
                config.context_width, 3, "told_conv", strides=color_config.stride, activation="relu"
            ),
            part(3 * kept, 3, "drive"),
            part(2 * kept, 3, "gates", use_bias=False),
            part(kept, 3, "candidate", use_bias=False),
            part(config.width, 3, "second", activation="relu"),
            *(conv(color_config.n, 1, f"{head}_head", dtype="float32") for head in "uv"),
        ]
        features = keras.Input((None, None, color_config.widths[0]), name=FEATURES)
        context = keras.Input((None, None, 2), name="context")
        state = keras.Input((None, None, kept), name=STATE)
        layer = {part.name: part for part in parts}.__getitem__
        logits, after = _unroll(layer, features, context, state, frames=1)
        inputs = {FEATURES: features, "context": context, STATE: state}
        return keras.Model(inputs, {**logits, STATE: after}, name="consistency")

    def learner(self, network: keras.Model, frames: int) -> keras.Model:
        """Return the network for sequences of frames.

        Returns
        -------
        keras.Model
            Maps ``features`` (N, frames, h, w, C), ``context`` (N, frames, H, W, 2) and `STATE`,
            before the first of them, (N, h, w, kept), to ``u`` and ``v``, logits
            (N * frames, H, W, n) float32, sequence by sequence.
        """
        frame = network.input
        features, context = (
            keras.Input((frames, *frame[name].shape[1:]), name=name)
            for name in (FEATURES, "context")
        )
        state = keras.Input(frame[STATE].shape[1:], name=STATE)
        folded = [Fold(name=f"fold_{x.name}", dtype="float32")(x) for x in (features, context)]
        logits, _ = _unroll(network.get_layer, folded[0], folded[1], state, frames)
        return keras.Model({FEATURES: features, "context": context, STATE: state}, logits)

    def context_inputs(self, y: Any, y_before: Any, context: Any, valid: Any) -> Maps:
        """Return the context alone; of a sequence, (N, frames, H, W, 2)."""
        return {"context": context}

    def initial_state(self, features: NDArray[np.float32], config: ConsistencyConfig) -> Maps:
        """Return zeros; `features` may be of one frame or of a sequence."""
        shape = (len(features), *features.shape[-3:-1], config.kept)
        return {STATE: np.zeros(shape, np.float32)}


def _unroll(
    layer: Callable[[str], layers.Layer], features: Any, context: Any, state: Any, frames: int
) -> tuple[dict[str, Any], Any]:
    """Connect named layers for sequences of frames, all in one batch, one after the other.

    Of the convolution of [features, context, state], what does not depend on the state is computed
    for all frames of a sequence at once.
    """
    before = layers.Rescaling(1 / RANGE, name="scaled", dtype="float32")(context)
    before = layer("told_conv")(PadToMultiple(vgg.STRIDE, name="pad", dtype="float32")(before))
    drive, policy = layer("drive"), layer("drive").dtype_policy
    x = layers.Concatenate(name="join", dtype=policy)([features, before])  # (N * frames, h, w, .)
    driven, kept, states = Unfold(frames, name="films", dtype="float32")(drive(x)), state, []
    for t in range(frames):
        kept = _advance(driven[:, t], kept, layer("gates"), layer("candidate"))
        states.append(kept)
    x = layer("second")(Fold(name="states", dtype="float32")(ops.stack(states, axis=1)))
    stride = layer("told_conv").strides[0]
    logits = {head: enlarge(layer(f"{head}_head")(x), stride, context, head) for head in "uv"}
    return logits, kept


def _advance(drive: Any, kept: Any, gates: layers.Layer, candidate: layers.Layer) -> Any:
    """Return the state after a frame: a share of the old one, the rest new."""
    k = kept.shape[-1]
    opened = ops.sigmoid(drive[..., : 2 * k] + ops.cast(gates(kept), "float32"))
    keep, use = opened[..., :k], opened[..., k:]
    new = ops.tanh(drive[..., 2 * k :] + ops.cast(candidate(use * kept), "float32"))
    return keep * kept + (1 - keep) * new
