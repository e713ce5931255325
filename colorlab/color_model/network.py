"""The network: built whole or on taps, and what of it is ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from colorlab import devices, vgg
from colorlab.color_model.config import ColorModelConfig
from colorlab.color_model.layers import CropLike, Enlarge, Normalise, PadToMultiple

BACKBONE = "vgg16"
"""Name of the frozen backbone inside the network; its weights are never stored with ours."""

FEATURES = "features"
"""Name of the last convolution before the heads, which the consistency model reads."""

FILLER = -1.0
"""Luma of a picture that only fills a batch; that of real ones lies in [0, 1]."""


def build(
    config: ColorModelConfig | None = None,
    seed: int = 0,
    dtype: str | None = None,
    fillers: bool = False,
) -> keras.Model:
    """Build a color model with random heads on a frozen backbone.

    Parameters
    ----------
    config : ColorModelConfig, optional
        The architecture; the paper's n = 30 by default.
    seed : int
        Seed of the new layers' weights and of dropout.
    dtype : str, optional
        Keras dtype policy of everything but the heads, which stay float32.
    fillers : bool
        Whether training batches may hold pictures of luma `FILLER`, which the statistics of the
        normalisations then leave out. This costs a little, and changes nothing but that.

    Returns
    -------
    keras.Model
        Maps luma (N, H, W, 1), float32 in [0, 1], any H and W from 1 up, to
        ``{"u": logits, "v": logits}``, each (N, H, W, n) float32 (n = 1 and chroma instead of
        logits for ``head="chroma"``).
    """
    devices.start()
    config = config or ColorModelConfig()
    y = keras.Input((None, None, 1), name="y")  # (N, H, W, 1)
    real = y[:, :1, :1, 0] >= 0 if fillers else None  # (N, 1, 1)
    padded = PadToMultiple(vgg.STRIDE, name="pad", dtype="float32")(y)
    backbone = vgg.backbone(config.backbone, max(config.taps), config.taps, seed=seed, dtype=dtype)
    backbone.name = BACKBONE
    activations = backbone(padded, training=False)
    activations = activations if isinstance(activations, list) else [activations]
    answers = _answers(config, activations, seed, dtype, real)
    outputs = {head: CropLike(name=head, dtype="float32")(answers[head], y) for head in "uv"}
    network = keras.Model(y, outputs, name="color_model")
    vgg.draw_kernels((layer for layer in network.layers if layer.name != BACKBONE), seed)
    return network


def build_on_taps(
    config: ColorModelConfig | None = None, seed: int = 0, dtype: str | None = None
) -> keras.Model:
    """Build the same color model without its backbone, for taps that were computed before.

    Parameters
    ----------
    config : ColorModelConfig, optional
        The architecture; the paper's n = 30 by default. Its backbone is not loaded.
    seed : int
        As for `build`: the same seed draws the same weights.
    dtype : str, optional
        As for `build`.

    Returns
    -------
    keras.Model
        Maps ``{"tap2": activations, ...}``, one for each of ``config.taps``, float
        (N, H / 2**(tap-1), W / 2**(tap-1), width of the block), H and W multiples of 16, to
        ``{"u": logits, "v": logits}`` as `build`'s. Layers have the names that `build` gives them.
    """
    config = config or ColorModelConfig()
    inputs = {
        f"tap{tap}": keras.Input((None, None, vgg.BLOCKS[tap - 1][0]), name=f"tap{tap}")
        for tap in config.taps
    }
    outputs = _answers(config, list(inputs.values()), seed, dtype)
    network = keras.Model(inputs, outputs, name="color_model_on_taps")
    vgg.draw_kernels(network.layers, seed)
    return network


def _answers(
    config: ColorModelConfig,
    activations: Sequence[Any],
    seed: int,
    dtype: str | None,
    real: Any | None = None,
) -> dict[str, Any]:
    """Lay our own layers on the taps' activations; return both heads' logits, enlarged.

    `real`, (N, 1, 1), tells the pictures that do not only fill a batch.
    """

    def conv(width: int, size: int, name: str, **options: Any) -> layers.Layer:
        return layers.Conv2D(
            width,
            size,
            padding="same",
            kernel_initializer="zeros",  # drawn by the caller
            name=name,
            dtype=dtype,
            **options,
        )

    def norm(x: Any, name: str) -> Any:
        return Normalise(momentum=0.95, name=f"{name}_norm", dtype=dtype)(x, mask=real)

    x, above = None, 0
    stages = zip(config.taps, config.widths, activations, strict=True)
    for tap, width, activation in reversed(list(stages)):
        t = activation  # (N, H / 2**(tap-1), W / 2**(tap-1), channels of the block)
        if config.dropout:
            t = layers.SpatialDropout2D(
                config.dropout, seed=seed + tap, name=f"tap{tap}_dropout", dtype=dtype
            )(t)
        t = norm(conv(width, 1, f"tap{tap}_project", use_bias=False)(t), f"tap{tap}")
        if x is not None:
            x = conv(width, 1, f"up{tap}_project")(x)
            x = layers.UpSampling2D(2 ** (above - tap), name=f"up{tap}", dtype=dtype)(x)
            x = layers.Add(name=f"residual{tap}", dtype=dtype)([x, t])
        elif config.context:
            pooled = layers.GlobalAveragePooling2D(keepdims=True, name="context_mean", dtype=dtype)
            seen = conv(config.context, 1, "context", activation="relu")(pooled(t))
            seen = conv(width, 1, "context_project")(seen)  # (N, 1, 1, width)
            x = layers.Add(name="context_add", dtype=dtype)([t, seen])
        else:
            x = t
        x = norm(conv(width, 3, f"stage{tap}_conv", use_bias=False)(x), f"stage{tap}")
        x = layers.ReLU(name=f"stage{tap}", dtype=dtype)(x)
        above = tap
    x = conv(config.widths[0], 3, FEATURES, activation="relu")(x)  # (N, H / stride, W / stride, .)

    answers = {}
    for head in "uv":
        logits = layers.Conv2D(
            config.channels, 1, kernel_initializer="zeros", name=f"{head}_head", dtype="float32"
        )(x)
        if config.stride > 1:
            logits = Enlarge(config.taps[0] - 1, name=f"{head}_up", dtype="float32")(logits)
        answers[head] = logits
    return answers


def at_head_resolution(network: keras.Model) -> keras.Model:
    """Return the same network, sharing all weights, without the enlargement of its logits.

    Parameters
    ----------
    network : keras.Model
        From `build` or `build_on_taps`.

    Returns
    -------
    keras.Model
        The network's input, with sides that are multiples of 16, to ``{"u", "v"}`` of shape
        (N, H / stride, W / stride, n): what training compares with the averaged chroma.
    """
    return keras.Model(
        network.input,
        {head: network.get_layer(f"{head}_head").output for head in "uv"},
        name="color_model_heads",
    )


def own_variables(network: keras.Model) -> dict[str, Any]:
    """Return the variables that are ours, by path: everything but the backbone and random seeds.

    Parameters
    ----------
    network : keras.Model
        From `build`.

    Returns
    -------
    dict
        Layer and variable name, such as ``"tap2_norm/gamma"``, to Keras variable.
    """
    return {
        f"{layer.name}/{variable.name}": variable
        for layer in network.layers
        if layer.name != BACKBONE
        for variable in layer.weights
        if "seed_generator" not in variable.path
    }


def count_parameters(network: keras.Model) -> dict[str, int]:
    """Count parameters.

    Parameters
    ----------
    network : keras.Model
        From `build`.

    Returns
    -------
    dict
        ``trainable``, ``frozen`` (the backbone) and ``total``, which also counts the running
        statistics of the normalisations.
    """
    backbone = network.get_layer(BACKBONE)
    return {
        "trainable": sum(int(np.prod(w.shape)) for w in network.trainable_weights),
        "frozen": int(backbone.count_params()),
        "total": int(network.count_params()),
    }


def flatten_heads(network: keras.Model) -> None:
    """Shrink the kernels of ``u_head`` and ``v_head``, so that training starts near uniform bins.

    Parameters
    ----------
    network : keras.Model
        A color model or a consistency model; its kernels are changed in place.
    """
    for head in "uv":
        kernel = network.get_layer(f"{head}_head").kernel
        kernel.assign(0.01 * kernel)
