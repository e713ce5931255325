"""Three kinds of memory behind one interface: begin a state, then step from frame to frame.

``concat`` is the paper's: the color model's features and a convolution of the context, the chroma
of the frame before, are concatenated; two convolutions and the heads follow. ``warped`` is the same
network, but its context is first moved along the motion between both frames' luma. ``gru`` puts a
convolutional gated recurrent unit in the place of the first convolution
(`colorlab.consistency_model`, ``memory="recurrent"``): beside features and context it reads what it
kept of all frames before, and learns that through windows of frames.
"""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
from numpy.typing import NDArray

from colorlab import color_model, consistency_model, flow, vgg
from colorlab import memories as kinds
from colorlab.checkpoints import ColorModel
from colorlab.color_model import ColorModelConfig
from colorlab.consistency_model import STATE, ConsistencyConfig
from colorlab.errors import InputError
from colorlab.strips import Strips
from colorlab.strips.rolling import Told, decoded, judging

KINDS = ("concat", "warped", "gru")

Float = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class MemoryConfig:
    """Everything that decides the shape of a memory, given its color model.

    Parameters
    ----------
    kind : {"concat", "warped", "gru"}
        Which memory.
    context_width : int
        Channels of the convolution of the context.
    width : int
        Channels of the convolution before the heads; of ``concat`` and ``warped``, of both.
    kept : int
        Channels of what a ``gru`` keeps. With the default it has as many parameters as the
        others, to 3 %.
    """

    kind: str = "concat"
    context_width: int = 48
    width: int = 64
    kept: int = 24

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"kind must be one of {', '.join(KINDS)}; received {self.kind!r}.")
        for name in ("context_width", "width", "kept"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1; received {getattr(self, name)!r}.")


@dataclasses.dataclass(frozen=True)
class Memory:
    """A network that colours a frame of a film and remembers.

    Attributes
    ----------
    config : MemoryConfig
        Its kind and widths.
    color : ColorModelConfig
        The architecture of the color model whose features it reads.
    network : keras.Model
        Of one frame: inputs by name to ``u`` and ``v``, logits (N, H, W, n), and of a ``gru`` also
        `STATE`.
    """

    config: MemoryConfig
    color: ColorModelConfig
    network: keras.Model

    @property
    def parameters(self) -> int:
        """How many numbers are learnt."""
        return int(sum(np.prod(weight.shape) for weight in self.network.trainable_weights))

    def begin(self, count: int, height: int, width: int) -> Float:
        """Return what is kept before the first frame.

        Parameters
        ----------
        count : int
            Films side by side, N.
        height, width : int
            Of the frames, pixels.

        Returns
        -------
        numpy.ndarray of float32, (N, h, w, kept)
            Zeros at the features' resolution; no channels where nothing is kept but the context.
        """
        channels = self.config.kept if self.config.kind == "gru" else 0
        sides = (
            -(-side // vgg.STRIDE) * vgg.STRIDE // self.color.stride for side in (height, width)
        )
        return np.zeros((count, *sides, channels), np.float32)

    def told(self, y: Float, y_before: Float, context: Float) -> Float:
        """Return the context as this kind is told it.

        Parameters
        ----------
        y, y_before : numpy.ndarray of float32, (N, H, W, 1)
            Luma of frames t and t - 1, in [0, 1].
        context : numpy.ndarray of float32, (N, H, W, 2)
            Chroma of frame t - 1.

        Returns
        -------
        numpy.ndarray of float32, (N, H, W, 2)
            The context; of ``warped`` moved along the motion, as `moved`.
        """
        if self.config.kind != "warped":
            return context
        return np.stack([moved(*one) for one in zip(y, y_before, context, strict=True)])

    def step(
        self, features: Float, y: Float, y_before: Float, context: Float, state: Float
    ) -> tuple[dict[str, Float], Float]:
        """Colour the next frame of each film.

        Parameters
        ----------
        features : numpy.ndarray of float32, (N, h, w, C)
            What the color model sees in frames t.
        y, y_before : numpy.ndarray of float32, (N, H, W, 1)
            Luma of frames t and t - 1.
        context : numpy.ndarray of float32, (N, H, W, 2)
            Chroma of frame t - 1 as it is told: the truth, or what was made of it; 0 for none.
        state : numpy.ndarray of float32, (N, h, w, kept)
            From `begin` or the last step.

        Returns
        -------
        logits : dict
            ``u`` and ``v``, (N, H, W, n) float32.
        state : numpy.ndarray of float32, (N, h, w, kept)
            What is kept.
        """
        context = self.told(y, y_before, context)
        found = self.network.predict_on_batch(self.inputs(features, y, context, state))
        found = {name: np.asarray(values, np.float32) for name, values in found.items()}
        return {head: found[head] for head in "uv"}, found.get(STATE, state)

    def inputs(
        self, features: Float, y: Float, context: Float, state: Float | None = None
    ) -> dict[str, Float]:
        """Return what a network of this memory takes.

        Parameters
        ----------
        features, y, context : numpy.ndarray of float32
            One frame a film, as for `step`; or, for the network that `learning` gives, windows of
            frames, (N, frames, ...). The context is as `told` gives it.
        state : numpy.ndarray of float32, (N, h, w, kept), optional
            What is kept; as from `begin` by default.

        Returns
        -------
        dict
            Name of an input to an array.
        """
        if self.config.kind == "gru":
            if state is None:
                state = np.zeros(
                    (len(features), *features.shape[-3:-1], self.config.kept), np.float32
                )
            return {color_model.FEATURES: features, "context": context, STATE: state}
        if features.ndim == 5:  # every frame for itself
            features, y, context = (
                one.reshape(-1, *one.shape[2:]) for one in (features, y, context)
            )
        maps = kinds.load("concat").context_inputs(y, y, context, np.ones_like(y))
        return {color_model.FEATURES: features, **maps}

    def learning(self, window: int) -> keras.Model:
        """Return the network that learns from windows of frames; it shares all weights.

        Parameters
        ----------
        window : int
            Following frames through which the loss is propagated back. Kinds that keep nothing
            take every frame of a window for itself.

        Returns
        -------
        keras.Model
            From what `inputs` makes of windows to ``u`` and ``v``, logits (N * window, H, W, n),
            film by film.
        """
        if self.config.kind != "gru":
            return self.network
        return kinds.load("recurrent").learner(self.network, window)


def moved(y: Float, y_before: Float, context: Float) -> Float:
    """Move a context along the motion between two frames.

    Parameters
    ----------
    y, y_before : numpy.ndarray of float32, (H, W, 1)
        Luma of frames t and t - 1.
    context : numpy.ndarray of float32, (H, W, 2)
        Chroma of frame t - 1.

    Returns
    -------
    numpy.ndarray of float32, (H, W, 2)
        The chroma of frame t - 1 where each pixel of frame t came from, by `colorlab.flow.dis`.
    """
    return flow.warp(context, flow.dis(y, y_before))


def build(
    config: MemoryConfig, color: ColorModelConfig, seed: int = 0, dtype: str | None = None
) -> Memory:
    """Build a memory with random weights.

    Parameters
    ----------
    config : MemoryConfig
        Its kind and widths.
    color : ColorModelConfig
        The color model's architecture: bins, stride and width of its features.
    seed : int
        Of the weights. Those of ``concat`` and ``warped`` are the same.
    dtype : str, optional
        Keras dtype policy of the convolutions; what is kept and the logits stay float32.

    Returns
    -------
    Memory
        The memory.

    Raises
    ------
    InputError
        When the color model predicts no bins.
    """
    kind = "recurrent" if config.kind == "gru" else "concat"
    like = ConsistencyConfig(kind, config.context_width, config.width, config.kept)
    return Memory(config, color, consistency_model.build(like, color, seed, dtype))


class Remembering:
    """A memory as a `colorlab.strips.rolling.Answerer`.

    Parameters
    ----------
    memory : Memory
        What colours; its state is carried from frame to frame.
    color : ColorModel
        What it completes.
    """

    def __init__(self, memory: Memory, color: ColorModel) -> None:
        self.memory, self.color = memory, color
        logits = dict(memory.network.output)
        kept = {name: logits.pop(name) for name in (STATE,) if name in logits}
        labels, outputs = judging(logits)
        inputs = {**memory.network.input, "labels": labels}
        self.judged = keras.Model(inputs, {**outputs, **kept})
        self.state = np.empty(0, np.float32)

    def begin(self, strips: Strips) -> None:
        """Forget the frames before: strips begin, all at once."""
        self.state = self.memory.begin(len(strips), *strips.y.shape[2:4])

    def answer(
        self, strips: Strips, rows: slice, k: int, context: Float, valid: bool = True
    ) -> Told:
        """Colour frame k of some strips, and remember it; without a context it is told grey."""
        y, y_before = strips.y[rows, k], strips.y[rows, k - 1]
        told = self.memory.told(y, y_before, context) * np.float32(valid)
        inputs = self.memory.inputs(strips.features(rows, k), y, told, self.state[rows])
        found = self.judged.predict_on_batch({**inputs, "labels": strips.labels[rows, k]})
        if STATE in found:
            self.state[rows] = found.pop(STATE)
        return decoded(found, y, self.color)
