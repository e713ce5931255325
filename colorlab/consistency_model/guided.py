"""The guided memory: where the chroma of the frame before is right, and how much it counts.

The context is moved along the motion between both frames' luma. A few convolutions weigh how well
moved and unmoved luma fit, and give, for U and for V, the share of each of four sources: chroma
left exactly as it was, left in place but for some noise, moved, and the color model's softmax. What
is exactly the same keeps its bin; the other memories are logistic distributions round their chroma,
integrated over the bins. The logits of the color model stay as they are, frozen, so that a few
films cannot teach their colours by heart.

The next context is the mixture's mean with the memories as continuous colours: decoded from the
softmax it would be rounded to bins' centres frame after frame. The card's leak caps the memory's
share, so that mistakes fade; at a leak of 0 the first frame's colours would stay for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from colorlab import flow
from colorlab.color_model import ColorModelConfig
from colorlab.consistency_model.concat import INPUTS, Concat, heads
from colorlab.consistency_model.layers import Agreement, Between, Mixture, conv, enlarge
from colorlab.consistency_model.memory import Maps
from colorlab.yuv import RANGE

REMEMBERED, SHARE = "remembered", "share"
"""Outputs of a guided model's inference: the chroma that it remembers, and how much it counts."""

FOLLOWED = "followed"
"""Layer of a guided model: how much of what it remembers is the moved chroma, in [0, 1]."""


class Guided(Concat):
    """Chroma of the frame before, moved or not, counts as far as the network trusts it."""

    leaks = True

    def prepare(self, network: keras.Model) -> None:
        """Let a network that has learnt nothing trust nearly all that it remembers."""
        decided = network.get_layer("decided")
        decided.kernel.assign(np.zeros(decided.kernel.shape, np.float32))
        decided.bias.assign(np.array([3, 3, *[0] * 8], np.float32))

    def start_from(self, network: keras.Model, color_network: keras.Model) -> None:
        """Take over the color model's heads: training begins as the color model, with a memory."""
        for head in "uv":
            ours, theirs = (m.get_layer(f"{head}_head") for m in (network, color_network))
            ours.set_weights([np.asarray(weight).copy() for weight in theirs.weights])

    def context_inputs(self, y: Any, y_before: Any, context: Any, valid: Any) -> Maps:
        """Return the inputs named in `INPUTS`."""
        maps = super().context_inputs(y, y_before, context, valid)
        for k, frame in enumerate(zip(y, y_before, context, strict=True)):
            maps["moved"][k] = move(*frame)
        return maps

    def inference(self, network: keras.Model, logits: bool = True) -> keras.Model:
        """Add `REMEMBERED` (N, H, W, 2), chroma, and `SHARE` (N, H, W, 2) to the outputs."""
        followed, share = (network.get_layer(name).output for name in (FOLLOWED, SHARE))
        given = network.input["context"], network.input["moved"]
        remembered = Between(name=REMEMBERED, dtype="float32")(followed, *given)
        outputs = {REMEMBERED: remembered, SHARE: share}
        return keras.Model(network.input, {**network.output, **outputs} if logits else outputs)

    def chroma(
        self,
        outputs: Mapping[str, Any],
        own: Callable[[], Any],
        decoded: Callable[[Mapping[str, Any]], Any],
        leak: float = 0.0,
    ) -> Any:
        """Mix what is remembered with the color model's own chroma; see `Memory.chroma`.

        A softmax over bins would round colours to the bins' centres, frame after frame; this does
        not.
        """
        share = (1 - leak) * outputs[SHARE]
        return share * outputs[REMEMBERED] + (1 - share) * own()

    def card_decode(self, decode: Mapping[str, Any], leak: float) -> dict[str, Any]:
        """Return the color model's way of decoding, and the leak."""
        return {**decode, "leak": leak}

    def read(self, scaled: Any, valid: Any) -> Any:
        """Hide what is not known."""
        known = layers.Multiply(name="believed", dtype="float32")([scaled, valid])
        return layers.Concatenate(name="told", dtype="float32")([known, valid])

    def _logits(
        self,
        color_config: ColorModelConfig,
        part: Any,
        features: Any,
        maps: dict[str, Any],
        scaled: Any,
        x: Any,
    ) -> dict[str, Any]:
        """Mix the frozen heads' logits with the memory."""
        logits = heads(color_config, features, maps["y"], trainable=False)
        trust = conv(16, 1, "trust", dtype="float32")(x)
        deep = enlarge(trust, color_config.stride, maps["y"], "trust")
        return _remembered(color_config, part, maps, scaled, deep, logits)


def move(y: Any, y_before: Any, context: Any) -> Any:
    """Move a context along the motion between two frames.

    Parameters
    ----------
    y, y_before : numpy.ndarray of float32, (H, W, 1)
        Luma of frames t and t - 1.
    context : numpy.ndarray of float32, (H, W, 2)
        Chroma of frame t - 1.

    Returns
    -------
    numpy.ndarray of float32, (H, W, 4)
        Luma and chroma of frame t - 1 where each pixel of frame t came from, by
        `colorlab.flow.dis`, and how far it came, pixels.
    """
    back = flow.dis(y, y_before)
    moved = flow.warp(np.concatenate([y_before, context], axis=-1), back)
    return np.concatenate([moved, np.linalg.norm(back, axis=-1, keepdims=True)], axis=-1)


def _remembered(
    color_config: ColorModelConfig,
    conv: Callable[..., layers.Layer],
    maps: Mapping[str, Any],
    scaled: Any,
    deep: Any,
    logits: Mapping[str, Any],
) -> dict[str, Any]:
    """Mix the color model's logits with the colours of the frame before.

    A colour may be exactly the same, nearly so, or have moved: three memories, since one between
    them would be right for none. Whether luma stayed or moved shows in tiny differences, so their
    logarithms are inputs, too. `scaled` is the context, each axis over its range; `deep` comes
    from the convolutions of features and context. The layers `FOLLOWED` and `SHARE` give the moved
    colour's part of the memories and their share in the result, (N, H, W, 2).
    """
    y, before, context, valid, moved = (maps[name] for name in INPUTS)
    led = moved[..., 1:3] / RANGE
    change, misfit, gap = y - before, y - moved[..., :1], led - scaled
    around = layers.AveragePooling2D(5, strides=1, padding="same", name="around", dtype="float32")
    small = [around(ops.abs(change)), around(ops.abs(misfit)), ops.abs(gap), moved[..., 3:] / 100]
    evidence = [y, 4 * change, 4 * misfit, scaled, gap, 4 * led * misfit, valid, deep]
    evidence += [(ops.log(size + 1e-3) + 4) / 2 for size in small]
    for axis, head in enumerate("uv"):
        agree = Agreement(color_config.n, color_config.align, axis, name=f"{head}_agree")
        evidence.append(agree(logits[head], context[..., axis : axis + 1]) / 4)
    x = layers.Concatenate(name="evidence", dtype="float32")(evidence)
    for k in range(3):
        x = conv(32, 3, f"weigh{k + 1}", activation="relu")(x)
    decided = conv(10, 1, "decided", dtype="float32")(x)
    followed = layers.Activation("sigmoid", name=FOLLOWED, dtype="float32")(decided[..., 2:4])
    share = layers.Multiply(name=SHARE, dtype="float32")([ops.sigmoid(decided[..., :2]), valid])
    exact = ops.sigmoid(decided[..., 4:6])
    spread = ops.exp(ops.clip(decided[..., 6:] - 1.2, -4.0, 3.0))
    mixed = {}
    for axis, head in enumerate("uv"):
        mix = Mixture(color_config.n, color_config.align, axis, name=head, dtype="float32")
        part = np.s_[..., axis : axis + 1]
        still, there = context[part], moved[..., axis + 1 : axis + 2]
        stays, same = 1 - followed[part], exact[part]
        shares = [stays * same, stays * (1 - same), followed[part]]
        colours = ops.concatenate([still, still, there], axis=-1)
        shares = ops.concatenate(shares, axis=-1) * share[part]
        mixed[head] = mix(logits[head], colours, spread[..., 2 * axis : 2 * axis + 2], shares)
    return mixed
