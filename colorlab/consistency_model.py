"""The consistency model: colours a film's frame knowing how the frame before it was coloured.

The frozen color model's last convolution features of frame t are joined with a convolution of the
context, the chroma of frame t - 1; two convolution layers follow, and two binned softmaxes. That is
the 2016 report's model (``memory="concat"``). In the second kind (``memory="guided"``) the logits
are the color model's own, frozen, so that a few films cannot teach it their colours by heart. What
is learnt is when to believe the context: each pixel's place in frame t - 1 is looked up by
comparing luma, and gates at every pixel decide how much the colours found there count.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from colorlab import color_model, vgg
from colorlab.bins import BinGrid
from colorlab.color_model import CropLike, Enlarge, PadToMultiple
from colorlab.errors import InputError
from colorlab.yuv import RANGE

MEMORIES = ("concat", "guided")

INPUTS = {"y": 1, "y_before": 1, "context": 2, "valid": 1}
"""What the model is given beside the features, with channels: luma of frames t and t - 1, the
context's U and V, and 1 where the context is to be believed."""


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
    reach : int
        ``"guided"``: how far, in pixels, a pixel's place in the frame before is looked for.
    keys : int
        ``"guided"``: channels by which luma around two pixels is compared.
    """

    memory: str = "guided"
    context_width: int = 48
    width: int = 64
    reach: int = 2
    keys: int = 8

    def __post_init__(self) -> None:
        if self.memory not in MEMORIES:
            raise InputError(
                f"memory must be one of {', '.join(MEMORIES)}; received {self.memory!r}."
            )
        for name, least in (("context_width", 1), ("width", 1), ("reach", 0), ("keys", 1)):
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


class LookBack(layers.Layer):
    """Find each pixel's place in the frame before, and what lies there.

    A soft pointer: the weights of the (2 reach + 1)² places around a pixel are the softmax of
    minus the squared distance between keys, plus a learnt preference for each displacement.

    Inputs: keys of frame t (N, H, W, k), keys of frame t - 1 (N, H, W, k), values of frame t - 1
    (N, H, W, c). Outputs: the values pointed at (N, H, W, c), and the log of the sum of weights
    before normalisation (N, H, W, 1): how well the best places fit.

    References
    ----------
    .. [1] C. Vondrick, A. Shrivastava, A. Fathi, S. Guadarrama, K. Murphy, "Tracking emerges by
       colorizing videos", ECCV 2018: colours fetched from a reference frame by soft pointers.
    """

    def __init__(self, reach: int, **options: Any) -> None:
        super().__init__(**options)
        self.reach = reach
        span = np.arange(-reach, reach + 1)
        self.moves = [(int(down), int(right)) for down in span for right in span]

    def build(self, *_: Any) -> None:
        """Create the preference for displacements: at first for staying, by their length."""
        still = [-float(np.hypot(*move)) for move in self.moves]
        self.preference = self.add_weight(
            shape=(len(self.moves),), name="preference", initializer="zeros"
        )
        self.preference.assign(np.array(still, np.float32))

    def call(self, now: Any, before: Any, values: Any) -> tuple[Any, Any]:
        """Return the values pointed at and how well they fit."""
        height, width = ops.shape(now)[1], ops.shape(now)[2]
        before, values = (_extend(x, self.reach) for x in (before, values))

        def moved(x: Any, move: tuple[int, int]) -> Any:
            top, left = move[0] + self.reach, move[1] + self.reach
            return x[:, top : top + height, left : left + width, :]

        scores = ops.concatenate(
            [
                -ops.sum(ops.square(now - moved(before, move)), axis=-1, keepdims=True)
                for move in self.moves
            ],
            axis=-1,
        )
        scores = scores + ops.convert_to_tensor(self.preference, scores.dtype)
        fit = ops.logsumexp(scores, axis=-1, keepdims=True)
        weights = ops.exp(scores - fit)
        found = 0.0
        for k, move in enumerate(self.moves):
            found = found + weights[..., k : k + 1] * moved(values, move)
        return found, fit

    def compute_output_shape(
        self, now_shape: tuple[Any, ...], before_shape: Any, values_shape: tuple[Any, ...]
    ) -> tuple[Any, Any]:
        """Return the shapes of values and fit."""
        return (*now_shape[:3], values_shape[3]), (*now_shape[:3], 1)


def _extend(x: Any, by: int) -> Any:
    """Repeat the border of (N, H, W, C) `by` times on every side."""
    for axis in (1, 2):
        size = ops.shape(x)[axis]
        x = ops.take(x, ops.clip(ops.arange(-by, size + by), 0, size - 1), axis=axis)
    return x


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


class Remember(layers.Layer):
    """Raise the logits of the bins near a remembered colour, one axis of it.

    Inputs: logits (N, H, W, n), the colour found in the frame before (N, H, W, 1), its gate
    (N, H, W, 1) ≥ 0 in nats, the colour in the same place of the frame before (N, H, W, 1) and its
    gate. Output: the logits plus the first gate times a Gaussian bump round the colour found, plus
    the second gate at the very bin that the other colour lies in.
    """

    SPREAD = 0.6  # of the bump, in bins

    def __init__(self, n: int, align: str, axis: int, **options: Any) -> None:
        super().__init__(**options)
        self.grid, self.axis = BinGrid(n, align), axis

    def call(self, logits: Any, colour: Any, gate: Any, still: Any, still_gate: Any) -> Any:
        """Return the raised logits."""
        scale = float(1 / (self.SPREAD * self.grid.width[self.axis]))
        distance = (colour - self.grid.centres[self.axis]) * scale
        bump = ops.exp(-0.5 * ops.square(distance))
        return logits + gate * bump + still_gate * _inside(still, self.grid, self.axis)

    def compute_output_shape(self, logits_shape: tuple[Any, ...], *_: Any) -> tuple[Any, ...]:
        """Return the logits' shape."""
        return logits_shape


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
        logits = _remember(config, color_config, conv, maps, scaled, deep, logits)
    network = keras.Model({color_model.FEATURES: features, **maps}, logits, name="consistency")
    vgg.draw_kernels(network.layers, seed)
    if guided:
        network.get_layer("gates").bias.assign(np.full(4, 3.0, np.float32))
    return network


def _remember(
    config: ConsistencyConfig,
    color_config: color_model.ColorModelConfig,
    conv: Any,
    maps: Mapping[str, Any],
    scaled: Any,
    deep: Any,
    logits: Mapping[str, Any],
) -> dict[str, Any]:
    """Raise the color model's logits where the frame before is to be believed.

    The gates (N, H, W, 4) are those of U and V found, then of U and V left in place.
    """
    n, align = color_config.n, color_config.align
    key = conv(config.keys, 3, "key", dtype="float32")
    y, before, context, valid = (maps[name] for name in INPUTS)
    values = layers.Concatenate(name="values", dtype="float32")([scaled, before])
    look = LookBack(config.reach, name="look_back", dtype="float32")
    found, fit = look(key(y), key(before), values)
    evidence = [y - before, y - found[..., 2:], fit, found[..., :2] - scaled, valid, deep]
    for axis, head in enumerate("uv"):
        agree = Agreement(n, align, axis, name=f"{head}_agree", dtype="float32")
        evidence.append(agree(logits[head], context[..., axis : axis + 1]) / 4)
    seen = layers.Concatenate(name="evidence", dtype="float32")(evidence)
    for k in range(2):
        seen = conv(24, 3, f"weigh{k + 1}", activation="relu", dtype="float32")(seen)
    gates = conv(4, 1, "gates", activation="softplus", dtype="float32")(seen) * valid
    raised = {}
    for axis, head in enumerate("uv"):
        remember = Remember(n, align, axis, name=head, dtype="float32")
        raised[head] = remember(
            logits[head],
            found[..., axis : axis + 1] * float(RANGE[axis]),
            gates[..., axis : axis + 1],
            context[..., axis : axis + 1],
            gates[..., axis + 2 : axis + 3],
        )
    return raised
