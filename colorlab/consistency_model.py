"""The consistency model: colours a film's frame knowing how the frame before it was coloured.

The frozen color model's last convolution features of frame t are joined with a convolution of the
context, the chroma of frame t - 1; two convolution layers follow, and two binned softmaxes. That is
the 2016 report's model (``memory="concat"``). In the second kind (``memory="guided"``) the logits
are the color model's own, frozen, so that a few films cannot teach it their colours by heart. What
is learnt is when to believe the context: it is moved along the motion between both frames' luma,
and at every pixel it is decided how much the colour found there counts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from colorlab import color_model, flow, vgg
from colorlab.bins import BinGrid
from colorlab.color_model import CropLike, Enlarge, PadToMultiple
from colorlab.errors import InputError
from colorlab.yuv import RANGE

MEMORIES = ("concat", "guided")

INPUTS = {"y": 1, "y_before": 1, "context": 2, "valid": 1, "moved": 4}
"""What the model is given beside the features, with channels: luma of frames t and t - 1, the
context's U and V, 1 where the context is to be believed, and `move`'s."""

REMEMBERED, SHARE = "remembered", "share"
"""What `telling` tells: the chroma that a guided model remembers, and how much it counts."""

FOLLOWED = "followed"
"""Layer of a guided model: how much of what it remembers is the moved chroma, in [0, 1]."""


@dataclasses.dataclass(frozen=True)
class ConsistencyConfig:
    """Everything that decides the shape of a consistency model, given its color model.

    Parameters
    ----------
    memory : {"concat", "guided"}
        The report's model, or ours.
    context_width : int
        Channels of the convolution of the context.
    width : int
        Channels of the two convolutions behind the concatenation.
    """

    memory: str = "guided"
    context_width: int = 48
    width: int = 64

    def __post_init__(self) -> None:
        if self.memory not in MEMORIES:
            raise InputError(
                f"memory must be one of {', '.join(MEMORIES)}; received {self.memory!r}."
            )
        for name, least in (("context_width", 1), ("width", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name} must be an integer from {least} up; received {value!r}.")

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ConsistencyConfig:
        """Build the configuration from `to_json`'s fields.

        Parameters
        ----------
        fields : mapping
            Names and values; unknown names are refused.

        Returns
        -------
        ConsistencyConfig
            The configuration.

        Raises
        ------
        InputError
            When a name is unknown or a value is out of range.
        """
        return color_model.config_from_json(cls, fields, "consistency model")


class Agreement(layers.Layer):
    """Tell how likely the color model holds a colour, one axis of it.

    Inputs: logits (N, H, W, n), chroma of the axis (N, H, W, 1). Output: the log of the probability
    of the bin that the chroma lies in (N, H, W, 1), nats, not below `FLOOR`.
    """

    FLOOR = -12.0

    def __init__(self, n: int, align: str, axis: int, **options: Any) -> None:
        super().__init__(**options)
        self.grid, self.axis = BinGrid(n, align), axis

    def call(self, logits: Any, chroma: Any) -> Any:
        """Return the log probability."""
        inside = _inside(chroma, self.grid, self.axis)
        found = ops.sum(inside * ops.log_softmax(logits, axis=-1), axis=-1, keepdims=True)
        return ops.maximum(found, self.FLOOR)

    def compute_output_shape(
        self, logits_shape: tuple[Any, ...], chroma_shape: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """Return the chroma's shape."""
        return chroma_shape


class Mixture(layers.Layer):
    """Mix remembered colours with what the color model says, one axis of them.

    Inputs: logits (N, H, W, n), K remembered chromas (N, H, W, K), the spreads in bins > 0 of all
    but the first (N, H, W, K - 1), and the shares of all (N, H, W, K), which sum to at most 1.
    Output: the log of the mixture (N, H, W, n). The first memory is a colour that stays exactly as
    it was, as most do in compressed films: its bin has all its share. A narrow distribution in its
    place would be torn in two on a bin's edge, where every neutral grey lies. Each further memory
    is a logistic distribution round its chroma, integrated over each bin (the end bins reach to
    infinity), and softmax(logits) has the share that is left.

    References
    ----------
    .. [1] T. Salimans, A. Karpathy, X. Chen, D. Kingma, "PixelCNN++", ICLR 2017: mixtures of
       discretised logistic distributions.
    """

    TINY = 1e-7

    def __init__(self, n: int, align: str, axis: int, **options: Any) -> None:
        super().__init__(**options)
        self.grid, self.axis = BinGrid(n, align), axis

    def call(self, logits: Any, chroma: Any, spread: Any, share: Any) -> Any:
        """Return the log of the mixture."""
        edges, width = self.grid.edges[self.axis][1:-1], float(self.grid.width[self.axis])
        mixed = (1 - ops.sum(share, axis=-1, keepdims=True)) * ops.softmax(logits, axis=-1)
        mixed = mixed + share[..., :1] * _inside(chroma[..., :1], self.grid, self.axis)
        for k in range(1, chroma.shape[-1]):
            centre, scale = chroma[..., k : k + 1], spread[..., k - 1 : k] * width
            below = ops.sigmoid((edges - centre) / scale)
            low = ops.concatenate([ops.zeros_like(centre), below], axis=-1)
            high = ops.concatenate([below, ops.ones_like(centre)], axis=-1)
            mixed = mixed + share[..., k : k + 1] * (high - low)
        return ops.log(ops.maximum(mixed, self.TINY))

    def compute_output_shape(self, logits_shape: tuple[Any, ...], *_: Any) -> tuple[Any, ...]:
        """Return the logits' shape."""
        return logits_shape


class Between(layers.Layer):
    """Lie between the chroma left in place and the one moved.

    Inputs: the moved one's part (N, H, W, 2) in [0, 1], the context (N, H, W, 2) and what `move`
    made of it (N, H, W, 4). Output: chroma (N, H, W, 2).
    """

    def call(self, followed: Any, context: Any, moved: Any) -> Any:
        """Return the chroma."""
        return followed * moved[..., 1:3] + (1 - followed) * context


def _inside(chroma: Any, grid: BinGrid, axis: int) -> Any:
    """Return 1 at the bin that chroma (N, H, W, 1) lies in and 0 elsewhere, (N, H, W, n)."""
    edges = grid.edges[axis]
    low, high = edges[:-1].copy(), edges[1:].copy()
    low[0], high[-1] = -np.inf, np.inf  # outside the range the end bins count
    return ops.cast(ops.logical_and(chroma >= low, chroma < high), "float32")


def build(
    config: ConsistencyConfig,
    color_config: color_model.ColorModelConfig,
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
        its stride, and the maps named in `INPUTS`, float32 (N, H, W, channels), to
        ``{"u": logits, "v": logits}``, each (N, H, W, n) float32.

    Raises
    ------
    InputError
        When the color model predicts no bins.
    """
    if color_config.head != "bins":
        raise InputError("a consistency model needs a color model that predicts bins.")
    guided = config.memory == "guided"
    channels, stride = color_config.widths[0], color_config.stride
    features = keras.Input((None, None, channels), name=color_model.FEATURES)
    maps = {name: keras.Input((None, None, c), name=name) for name, c in INPUTS.items()}

    def conv(width: int, size: int, name: str, **options: Any) -> layers.Layer:
        return layers.Conv2D(
            width,
            size,
            padding="same",
            kernel_initializer="zeros",  # drawn below
            name=name,
            dtype=options.pop("dtype", dtype),
            **options,
        )

    scaled = layers.Rescaling(1 / RANGE, name="scaled", dtype="float32")(maps["context"])
    told = scaled
    if guided:  # what is not to be believed is not to be seen
        told = layers.Multiply(name="believed", dtype="float32")([scaled, maps["valid"]])
        told = layers.Concatenate(name="told", dtype="float32")([told, maps["valid"]])
    told = PadToMultiple(vgg.STRIDE, name="pad", dtype="float32")(told)
    told = conv(config.context_width, 3, "told_conv", strides=stride, activation="relu")(told)
    x = layers.Concatenate(name="join", dtype=dtype)([features, told])  # (N, h, w, .)
    x = conv(config.width, 3, "first", activation="relu")(x)
    x = conv(config.width, 3, "second", activation="relu")(x)

    def enlarged(x: Any, name: str) -> Any:
        """Bring maps at the features' size to that of the frame."""
        x = Enlarge(int(np.log2(stride)), name=f"{name}_up", dtype="float32")(x)
        return CropLike(name=f"{name}_crop", dtype="float32")(x, maps["y"])

    logits = {}
    for head in "uv":
        options = {"trainable": False} if guided else {}  # the color model's own
        layer = conv(color_config.n, 1, f"{head}_head", dtype="float32", **options)
        logits[head] = enlarged(layer(features if guided else x), head)
    if guided:
        deep = enlarged(conv(16, 1, "trust", dtype="float32")(x), "trust")
        logits = _remember(color_config, conv, maps, scaled, deep, logits)
    network = keras.Model({color_model.FEATURES: features, **maps}, logits, name="consistency")
    vgg.draw_kernels(network.layers, seed)
    if guided:
        decided = network.get_layer("decided")  # at first it trusts nearly all
        decided.kernel.assign(np.zeros(decided.kernel.shape, np.float32))
        decided.bias.assign(np.array([3, 3, *[0] * 8], np.float32))
    return network


def telling(network: keras.Model, judged: bool = True) -> keras.Model:
    """Return the same model, which also tells what it remembers.

    Parameters
    ----------
    network : keras.Model
        From `build`.
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


def move(y: Any, y_before: Any, context: Any) -> Any:
    """Move a context along the motion between two frames: what a guided model is given.

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


def told(
    memory: str, y: Any, y_before: Any, context: Any, valid: Any
) -> dict[str, NDArray[np.float32]]:
    """Return a network's `INPUTS` for a batch of frames.

    Parameters
    ----------
    memory : {"concat", "guided"}
        The model's. The report's is not given what a guided one sees moved: zeros instead.
    y, y_before : numpy.ndarray of float32, (N, H, W, 1)
        Luma of frames t and t - 1, in [0, 1].
    context : numpy.ndarray of float32, (N, H, W, 2)
        Chroma of frame t - 1.
    valid : numpy.ndarray of float32, (N, H, W, 1)
        1 where the context is to be believed, else 0.

    Returns
    -------
    dict
        Arrays (N, H, W, channels), float32.
    """
    maps = {"y": y, "y_before": y_before, "context": context, "valid": valid}
    moved = np.zeros((*y.shape[:3], INPUTS["moved"]), np.float32)
    if memory == "guided":
        for k, one in enumerate(zip(y, y_before, context, strict=True)):
            moved[k] = move(*one)
    return {**maps, "moved": moved}


def _remember(
    color_config: color_model.ColorModelConfig,
    conv: Any,
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
