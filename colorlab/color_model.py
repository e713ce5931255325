"""The color model: luma in, a softmax over U bins and one over V bins out, for every pixel.

VGG-16 sees the grey picture; the last activation of each chosen block is batch-normalised,
projected and *added* to what comes up from the block above it (the residual connections of the
paper, after R. Dahl, "Automatic colorization", 2016). The known luma and the predicted chroma are
put together outside the model, see `colorlab.colorize`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import keras
import numpy as np
from keras import layers, ops

from colorlab import vgg
from colorlab.bins import BinGrid
from colorlab.errors import InputError

C = TypeVar("C")

BACKBONE = "vgg16"
"""Name of the frozen backbone inside the network; its weights are never stored with ours."""

FEATURES = "features"
"""Name of the last convolution before the heads, which the consistency model reads."""

FILLER = -1.0
"""Luma of a picture that only fills a batch; that of real ones lies in [0, 1]."""


@dataclasses.dataclass(frozen=True)
class ColorModelConfig:
    """Everything that decides the shape of a color model.

    Parameters
    ----------
    n : int
        Bins per axis.
    align : {"edge", "centre"}
        Where neutral grey lies, see `colorlab.bins.BinGrid`.
    taps : tuple of int
        VGG blocks read, ascending. The lowest one sets the resolution of the heads:
        block k works at 1 / 2**(k-1) of the input's.
    widths : tuple of int
        Channels of the convolution added on top of each tap.
    context : int
        Width of the global branch (the mean of the topmost tap over the picture, through one
        dense layer, added everywhere); 0 leaves it out.
    dropout : float
        Share of whole channels of each tap dropped while training, in [0, 1).
    head : {"bins", "chroma"}
        Softmaxes over bins, or one number per axis (the regression baseline).
    backbone : {"embedded", "imagenet"}, path or None
        Weights of VGG-16, see `colorlab.vgg.backbone`.
    """

    n: int = 30
    align: str = "edge"
    taps: tuple[int, ...] = (2, 3, 4, 5)
    widths: tuple[int, ...] = (96, 128, 192, 256)
    context: int = 256
    dropout: float = 0.0
    head: str = "bins"
    backbone: str | None = "embedded"

    def __post_init__(self) -> None:
        object.__setattr__(self, "taps", tuple(int(tap) for tap in self.taps))
        object.__setattr__(self, "widths", tuple(int(width) for width in self.widths))
        if self.backbone is not None:
            object.__setattr__(self, "backbone", str(self.backbone))
        BinGrid(self.n, self.align)
        if not self.taps or self.taps != tuple(sorted(set(self.taps) & set(range(1, 6)))):
            raise InputError(f"taps must ascend within 1..5; received {self.taps}.")
        if len(self.widths) != len(self.taps) or min(self.widths) < 1:
            raise InputError(
                f"widths must give one positive number per tap {self.taps}; received {self.widths}."
            )
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout must lie in [0, 1); received {self.dropout}.")
        if self.context < 0:
            raise InputError(f"context must be 0 or more channels; received {self.context}.")
        if self.head not in ("bins", "chroma"):
            raise InputError(f"head must be 'bins' or 'chroma'; received {self.head!r}.")

    @property
    def grid(self) -> BinGrid:
        """The bins."""
        return BinGrid(self.n, self.align)

    @property
    def stride(self) -> int:
        """Pixels of the input per pixel of the heads, along each side."""
        return int(2 ** (self.taps[0] - 1))

    @property
    def channels(self) -> int:
        """Numbers that each head gives per pixel."""
        return self.n if self.head == "bins" else 1

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them."""
        return {**dataclasses.asdict(self), "taps": list(self.taps), "widths": list(self.widths)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ColorModelConfig:
        """Build the configuration from `to_json`'s fields.

        Parameters
        ----------
        fields : mapping
            Names and values; unknown names are refused.

        Returns
        -------
        ColorModelConfig
            The configuration.

        Raises
        ------
        InputError
            When a name is unknown or a value is out of range.
        """
        return config_from_json(cls, fields, "color model")


def config_from_json(kind: type[C], fields: Mapping[str, Any], what: str) -> C:
    """Build the configuration of a model out of what a card tells.

    Parameters
    ----------
    kind : type
        A dataclass that checks its values.
    fields : mapping
        Names and values; names left out get their defaults.
    what : str
        Kind of model, for messages.

    Returns
    -------
    object
        An instance of `kind`.

    Raises
    ------
    InputError
        When a name is unknown or a value is out of range.
    """
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(fields) - known)
    if unknown:
        raise InputError(
            f"unknown fields {unknown} in a {what}'s architecture; known: {sorted(known)}."
        )
    try:
        return kind(**fields)
    except TypeError as error:
        raise InputError(f"a {what}'s architecture cannot be read: {error}.") from error


class PadToMultiple(layers.Layer):
    """Repeat the last row and column until both sides are multiples of `multiple`.

    Input (N, H, W, C), output (N, H', W', C). Works for any size from 1 × 1 up.
    """

    def __init__(self, multiple: int, **options: Any) -> None:
        super().__init__(**options)
        self.multiple = multiple

    def call(self, x: Any) -> Any:
        """Return the padded pictures."""
        for axis in (1, 2):
            size = ops.shape(x)[axis]
            padded = -(-size // self.multiple) * self.multiple
            x = ops.take(x, ops.minimum(ops.arange(padded), size - 1), axis=axis)
        return x

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the padded shape."""
        sides = [None if s is None else -(-s // self.multiple) * self.multiple for s in input_shape]
        return (input_shape[0], sides[1], sides[2], input_shape[3])


class Enlarge(layers.Layer):
    """Double height and width by bilinear interpolation, `times` times.

    Input (N, H, W, C), output (N, H * 2**times, W * 2**times, C). Pixel centres lie at halves and
    the border is repeated, as in every image library. Unlike Keras' own bilinear upsampling it
    accepts sizes known only at run time, and it stays in the layer's dtype.
    """

    def __init__(self, times: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.times = times

    def call(self, x: Any) -> Any:
        """Return the enlarged maps."""
        for _ in range(self.times):
            x = _double(_double(x, axis=1), axis=2)
        return x

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the enlarged shape."""
        sides = [None if s is None else s * 2**self.times for s in input_shape]
        return (input_shape[0], sides[1], sides[2], input_shape[3])


def _double(x: Any, axis: int) -> Any:
    """Interpolate linearly to twice the length along axis 1 or 2 of (N, H, W, C)."""
    n, height, width, channels = ops.shape(x)
    if axis == 1:
        before = ops.concatenate([x[:, :1], x[:, :-1]], axis=1)
        after = ops.concatenate([x[:, 1:], x[:, -1:]], axis=1)
        shape = (n, 2 * height, width, channels)
    else:
        before = ops.concatenate([x[:, :, :1], x[:, :, :-1]], axis=2)
        after = ops.concatenate([x[:, :, 1:], x[:, :, -1:]], axis=2)
        shape = (n, height, 2 * width, channels)
    near = 0.75 * x
    pair = ops.stack([near + 0.25 * before, near + 0.25 * after], axis=axis + 1)
    return ops.reshape(pair, shape)


class CropLike(layers.Layer):
    """Cut the first tensor (N, H', W', C) to the height and width of the second."""

    def call(self, x: Any, like: Any) -> Any:
        """Return ``x[:, :H, :W]``."""
        return x[:, : ops.shape(like)[1], : ops.shape(like)[2], :]

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], like_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """Return the cropped shape."""
        return (x_shape[0], like_shape[1], like_shape[2], x_shape[3])


class Normalise(layers.BatchNormalization):
    """Batch normalisation that keeps its mask to itself; Keras would hand it on to all layers."""

    def compute_mask(self, *_: Any) -> None:
        """Return no mask for the layers after this one."""


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
