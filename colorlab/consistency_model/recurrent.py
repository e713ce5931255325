"""The recurrent memory: a convolutional gated recurrent unit [1]_ behind features and context.

It stands in the place of the report's first convolution. Beside what the color model sees and the
chroma of the frame before, it reads what it kept of all frames before, and it learns what is worth
keeping through windows of frames, by back-propagation through time.

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
from colorlab.yuv import RANGE

STATE = "state"
"""Name of the network's input and output: what it keeps."""


def build(
    config: ConsistencyConfig, color_config: ColorModelConfig, dtype: str | None = None
) -> keras.Model:
    """Build the network of one frame, with kernels of 0.

    Parameters
    ----------
    config : ConsistencyConfig
        The architecture.
    color_config : ColorModelConfig
        The color model's.
    dtype : str, optional
        Keras dtype policy of the convolutions; logits and what is kept stay float32.

    Returns
    -------
    keras.Model
        Maps ``features`` (N, h, w, C), ``context`` (N, H, W, 2) and `STATE` (N, h, w, kept) to
        ``u`` and ``v``, logits (N, H, W, n), and the next `STATE`, all float32.
    """
    part, kept = functools.partial(conv, dtype=dtype), config.kept
    parts = [
        part(config.context_width, 3, "told_conv", strides=color_config.stride, activation="relu"),
        part(3 * kept, 3, "drive"),
        part(2 * kept, 3, "gates", use_bias=False),
        part(kept, 3, "candidate", use_bias=False),
        part(config.width, 3, "second", activation="relu"),
        *(conv(color_config.n, 1, f"{head}_head", dtype="float32") for head in "uv"),
    ]
    features = keras.Input((None, None, color_config.widths[0]), name=FEATURES)
    context = keras.Input((None, None, 2), name="context")
    state = keras.Input((None, None, kept), name=STATE)
    layer = {one.name: one for one in parts}.__getitem__
    logits, after = _unroll(layer, features, context, state, frames=1)
    inputs = {FEATURES: features, "context": context, STATE: state}
    return keras.Model(inputs, {**logits, STATE: after}, name="consistency")


def unrolled(network: keras.Model, frames: int) -> keras.Model:
    """Return a recurrent network for windows of following frames; it shares all weights.

    Parameters
    ----------
    network : keras.Model
        Of one frame, from `colorlab.consistency_model.build`.
    frames : int
        Frames of a window, through which a loss is propagated back.

    Returns
    -------
    keras.Model
        Maps ``features`` (N, frames, h, w, C), ``context`` (N, frames, H, W, 2) and `STATE`, what
        was kept before the first of them, (N, h, w, kept), to ``u`` and ``v``, logits
        (N * frames, H, W, n) float32, window by window.
    """
    one = network.input
    features, context = (
        keras.Input((frames, *one[name].shape[1:]), name=name) for name in (FEATURES, "context")
    )
    state = keras.Input(one[STATE].shape[1:], name=STATE)
    seen, told = (Fold(name=f"fold_{x.name}", dtype="float32")(x) for x in (features, context))
    logits, _ = _unroll(network.get_layer, seen, told, state, frames)
    return keras.Model({FEATURES: features, "context": context, STATE: state}, logits)


def begin(features: NDArray[np.float32], kept: int) -> NDArray[np.float32]:
    """Return what a recurrent network keeps before the first frame.

    Parameters
    ----------
    features : numpy.ndarray of float32, (N, ..., h, w, C)
        What it is given, of one frame or of windows.
    kept : int
        Channels that it keeps.

    Returns
    -------
    numpy.ndarray of float32, (N, h, w, kept)
        Zeros.
    """
    return np.zeros((len(features), *features.shape[-3:-1], kept), np.float32)


def _unroll(
    layer: Callable[[str], layers.Layer], features: Any, context: Any, state: Any, frames: int
) -> tuple[dict[str, Any], Any]:
    """Connect named layers for windows of frames, all in one batch, window by window.

    Of the convolution of [features, context, state], what does not depend on the state is computed
    for all frames of a window at once.
    """
    told = layers.Rescaling(1 / RANGE, name="scaled", dtype="float32")(context)
    told = layer("told_conv")(PadToMultiple(vgg.STRIDE, name="pad", dtype="float32")(told))
    drive, policy = layer("drive"), layer("drive").dtype_policy
    x = layers.Concatenate(name="join", dtype=policy)([features, told])  # (N * frames, h, w, .)
    driven, kept, states = Unfold(frames, name="films", dtype="float32")(drive(x)), state, []
    for t in range(frames):
        kept = _advance(driven[:, t], kept, layer("gates"), layer("candidate"))
        states.append(kept)
    x = layer("second")(Fold(name="states", dtype="float32")(ops.stack(states, axis=1)))
    stride = layer("told_conv").strides[0]
    logits = {head: enlarge(layer(f"{head}_head")(x), stride, context, head) for head in "uv"}
    return logits, kept


def _advance(drive: Any, kept: Any, gates: layers.Layer, candidate: layers.Layer) -> Any:
    """Return what is kept after a frame: something of the old, the rest of the new."""
    k = kept.shape[-1]
    opened = ops.sigmoid(drive[..., : 2 * k] + ops.cast(gates(kept), "float32"))
    keep, use = opened[..., :k], opened[..., k:]
    new = ops.tanh(drive[..., 2 * k :] + ops.cast(candidate(use * kept), "float32"))
    return keep * kept + (1 - keep) * new
