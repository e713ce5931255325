"""The guided memory: where the chroma of the frame before is to be believed, and how much.

At every pixel it is weighed how well luma that stayed and luma that moved fit; logits stay the
color model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from colorlab.color_model import ColorModelConfig
from colorlab.consistency_model.context import INPUTS
from colorlab.consistency_model.layers import Agreement, Between, Mixture
from colorlab.yuv import RANGE

REMEMBERED, SHARE = "remembered", "share"
"""What `telling` tells: the chroma that a guided model remembers, and how much it counts."""

FOLLOWED = "followed"
"""Layer of a guided model: how much of what it remembers is the moved chroma, in [0, 1]."""


def remember(
    color_config: ColorModelConfig,
    conv: Callable[..., layers.Layer],
    maps: Mapping[str, Any],
    scaled: Any,
    deep: Any,
    logits: Mapping[str, Any],
) -> dict[str, Any]:
    """Mix the color model's answer with what the frame before held.

    A colour may be exactly the same, nearly so, or have moved: three memories, not one between
    them, which would be right for none. Whether luma stayed or moved shows in tiny differences, so
    their logarithms are told as well. The layers named `FOLLOWED` and `SHARE` give the moved one's
    part of the memories and their share in the answer, (N, H, W, 2).

    Parameters
    ----------
    color_config : ColorModelConfig
        The color model's architecture: its bins.
    conv : callable
        Makes convolutions, as `colorlab.consistency_model.layers.conv`.
    maps : mapping
        The inputs named in `INPUTS`, float32 (N, H, W, channels).
    scaled : tensor of float32, (N, H, W, 2)
        The context, each axis over its range.
    deep : tensor of float32, (N, H, W, channels)
        What the convolutions of features and context tell of trust.
    logits : mapping
        ``u`` and ``v``, the color model's, float32 (N, H, W, n).

    Returns
    -------
    dict
        ``u`` and ``v``: logits of the mixtures, float32 (N, H, W, n).
    """
    y, before, context, valid, moved = (maps[name] for name in INPUTS)
    led = moved[..., 1:3] / RANGE
    change, misfit, gap = y - before, y - moved[..., :1], led - scaled
    around = layers.AveragePooling2D(5, strides=1, padding="same", name="around", dtype="float32")
    small = [around(ops.abs(change)), around(ops.abs(misfit)), ops.abs(gap), moved[..., 3:] / 100]
    evidence = [y, 4 * change, 4 * misfit, scaled, gap, 4 * led * misfit, valid, deep]
    evidence += [(ops.log(one + 1e-3) + 4) / 2 for one in small]
    for axis, head in enumerate("uv"):
        agree = Agreement(color_config.n, color_config.align, axis, name=f"{head}_agree")
        evidence.append(agree(logits[head], context[..., axis : axis + 1]) / 4)
    seen = layers.Concatenate(name="evidence", dtype="float32")(evidence)
    for k in range(3):
        seen = conv(32, 3, f"weigh{k + 1}", activation="relu")(seen)
    decided = conv(10, 1, "decided", dtype="float32")(seen)
    followed = layers.Activation("sigmoid", name=FOLLOWED, dtype="float32")(decided[..., 2:4])
    share = layers.Multiply(name=SHARE, dtype="float32")([ops.sigmoid(decided[..., :2]), valid])
    exact = ops.sigmoid(decided[..., 4:6])
    spread = ops.exp(ops.clip(decided[..., 6:] - 1.2, -4.0, 3.0))
    mixed = {}
    for axis, head in enumerate("uv"):
        mix = Mixture(color_config.n, color_config.align, axis, name=head, dtype="float32")
        one = np.s_[..., axis : axis + 1]
        still, there = context[one], moved[..., axis + 1 : axis + 2]
        stays, same = 1 - followed[one], exact[one]
        shares = [stays * same, stays * (1 - same), followed[one]]
        colours = ops.concatenate([still, still, there], axis=-1)
        shares = ops.concatenate(shares, axis=-1) * share[one]
        mixed[head] = mix(logits[head], colours, spread[..., 2 * axis : 2 * axis + 2], shares)
    return mixed


def trust(network: keras.Model) -> None:
    """Let a guided model that has learnt nothing believe nearly all that is remembered.

    Parameters
    ----------
    network : keras.Model
        The model; the weights of the layer that decides are set.
    """
    decided = network.get_layer("decided")
    decided.kernel.assign(np.zeros(decided.kernel.shape, np.float32))
    decided.bias.assign(np.array([3, 3, *[0] * 8], np.float32))


def telling(network: keras.Model, judged: bool = True) -> keras.Model:
    """Return the same model, which also tells what it remembers.

    Parameters
    ----------
    network : keras.Model
        From `colorlab.consistency_model.build`.
    judged : bool
        Whether a guided one also gives its logits, which its colours do without.

    Returns
    -------
    keras.Model
        Its outputs are the network's and, of a guided one, `REMEMBERED` (N, H, W, 2), chroma, and
        `SHARE` (N, H, W, 2), how much that counts for U and for V.
    """
    if not {layer.name for layer in network.layers} & {SHARE}:
        return network
    followed, share = (network.get_layer(name).output for name in (FOLLOWED, SHARE))
    given = network.input["context"], network.input["moved"]
    told = {REMEMBERED: Between(name=REMEMBERED, dtype="float32")(followed, *given), SHARE: share}
    return keras.Model(network.input, {**network.output, **told} if judged else told)


def blend(told: Mapping[str, Any], proposal: Any, leak: float = 0.0) -> Any:
    """Mix what a guided model remembers with another colouring.

    A softmax over bins would round colours to the bins' centres, frame after frame; this does not.

    Parameters
    ----------
    told : mapping
        `REMEMBERED` and `SHARE`, from `telling`.
    proposal : array, (N, H, W, 2)
        The color model's own chroma.
    leak : float
        Share of the proposal where the memory is certain, in [0, 1]: how fast it fades in.

    Returns
    -------
    array, (N, H, W, 2)
        Chroma.
    """
    share = (1 - leak) * told[SHARE]
    return share * told[REMEMBERED] + (1 - share) * proposal
