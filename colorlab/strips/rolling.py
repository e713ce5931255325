"""Colouring strips frame after frame, all of them at once, under the four contexts of a rollout.

What answers is an `Answerer`. `Network` is the paper's consistency model; `Copier`, `Alone` and
`Truth` are what every model is compared with, and what the measures are tested by.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from colorlab import checkpoints, color_model, memories
from colorlab.checkpoints import ColorModel
from colorlab.errors import InputError
from colorlab.rollout import CONTEXTS
from colorlab.strips import Strips

Float = NDArray[np.float32]

AT_ONCE = 32
"""Frames that a network sees together."""


@dataclasses.dataclass(frozen=True)
class Told:
    """What is said of some frames.

    Attributes
    ----------
    bins : numpy.ndarray of uint8, (..., H, W, 2)
        The likeliest bins of U and V.
    nats : numpy.ndarray of float32, (..., H, W, 2)
        Cross-entropy of the true bins of U and V.
    uv : numpy.ndarray of float32, (..., H, W, 2)
        Chroma, as it is shown and fed back.
    """

    bins: NDArray[np.uint8]
    nats: Float
    uv: Float


class Answerer(Protocol):
    """What colours frames, each told of the one before it."""

    def begin(self, strips: Strips) -> None:
        """Forget the frames before: strips begin, all at once."""

    def answer(
        self, strips: Strips, rows: slice, k: int, context: Float, valid: bool = True
    ) -> Told:
        """Colour frame k, 1 or later, of some strips.

        Parameters
        ----------
        strips : Strips
            The strips.
        rows : slice
            Which of them, n.
        k : int
            The frame.
        context : numpy.ndarray of float32, (n, H, W, 2)
            What is told of frame k - 1: its chroma.
        valid : bool
            Whether the context is to be believed; else it is 0.

        Returns
        -------
        Told
            Of n frames.
        """


class Copier:
    """Says what it is told: the colours of the frame before, pixel by pixel.

    Parameters
    ----------
    chances : numpy.ndarray of float, (2, n, n), optional
        `film_metrics.CopyModel.log_probabilities`, for a loss; without, it is certain, and its loss
        infinite wherever a bin changed.
    """

    def __init__(self, chances: NDArray[np.float64] | None = None) -> None:
        self.chances = chances

    def begin(self, strips: Strips) -> None:
        """Do nothing."""

    def answer(
        self, strips: Strips, rows: slice, k: int, context: Float, valid: bool = True
    ) -> Told:
        """Return the context."""
        bins, labels = strips.color.grid.encode(context), strips.labels[rows, k]
        if self.chances is None:
            nats = np.where(bins == labels, 0, np.inf)
        else:
            nats = np.stack(
                [-self.chances[axis, bins[..., axis], labels[..., axis]] for axis in range(2)], -1
            )
        return Told(bins.astype(np.uint8), nats.astype(np.float32), context)


class Alone:
    """The color model, which knows nothing of other frames."""

    def begin(self, strips: Strips) -> None:
        """Do nothing."""

    def answer(
        self, strips: Strips, rows: slice, k: int, context: Float, valid: bool = True
    ) -> Told:
        """Return the color model's own colouring."""
        return Told(strips.guessed[rows, k], strips.nats[rows, k], strips.own[rows, k])


class Truth:
    """Says the true colours: what no model can be better than."""

    def begin(self, strips: Strips) -> None:
        """Do nothing."""

    def answer(
        self, strips: Strips, rows: slice, k: int, context: Float, valid: bool = True
    ) -> Told:
        """Return the truth."""
        labels, uv = strips.labels[rows, k], strips.uv[rows, k]
        return Told(labels, np.zeros(labels.shape, np.float32), uv)


class Judge(layers.Layer):
    """Turn logits and true bins into bins and cross-entropies; logits pass through.

    Inputs: logits of U and of V (N, H, W, n), true bins (N, H, W, 2). Outputs: a dict of ``bins``
    and ``nats``, each (N, H, W, 2), as in `Told`, and of the logits ``u`` and ``v``.
    """

    def call(self, u: Any, v: Any, labels: Any) -> dict[str, Any]:
        """Return the outputs."""
        nats, bins, both = [], [], []
        for k, logits in enumerate((u, v)):
            logits = ops.cast(logits, "float32")
            truth = ops.one_hot(ops.cast(labels[..., k], "int32"), logits.shape[-1])
            nats.append(-ops.sum(truth * ops.log_softmax(logits, axis=-1), axis=-1))
            bins.append(ops.argmax(logits, axis=-1))
            both.append(logits)
        return {
            "bins": ops.cast(ops.stack(bins, axis=-1), "uint8"),
            "nats": ops.stack(nats, axis=-1),
            **dict(zip("uv", both, strict=True)),
        }

    def compute_output_spec(self, u: Any, v: Any, labels: Any) -> dict[str, Any]:
        """Return shapes and types."""
        shape = (*u.shape[:3], 2)
        kinds = {"bins": (shape, "uint8"), "nats": (shape, "float32")}
        kinds |= {"u": (u.shape, "float32"), "v": (v.shape, "float32")}
        return {name: keras.KerasTensor(*kind) for name, kind in kinds.items()}


def judging(logits: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Put a `Judge` on a network that is being built or was built.

    Parameters
    ----------
    logits : mapping
        ``u`` and ``v``: Keras tensors (N, H, W, n).

    Returns
    -------
    labels : keras.KerasTensor
        A new input, ``labels``: true bins (N, H, W, 2).
    outputs : dict
        As `Judge` gives them.
    """
    labels = keras.Input((None, None, 2), name="labels", dtype="uint8")
    return labels, Judge(name="judge", dtype="float32")(logits["u"], logits["v"], labels)


def decoded(outputs: Mapping[str, Any], y: Float, color: ColorModel) -> Told:
    """Make what is said of frames out of a `Judge`'s outputs.

    Parameters
    ----------
    outputs : mapping
        As `Judge` gives them.
    y : numpy.ndarray of float32, (N, H, W, 1)
        Luma.
    color : ColorModel
        Whose card says how colours are decoded; saturation is left out, since a film whose
        colours are fed back would gather it.

    Returns
    -------
    Told
        Of N frames.
    """
    logits = {head: np.asarray(outputs[head]) for head in "uv"}
    decoder = dataclasses.replace(color.decoder, saturation=1.0)
    uv = checkpoints.chroma_of(color, logits, y, decoder)
    return Told(np.asarray(outputs["bins"]), np.asarray(outputs["nats"]), uv)


class Network:
    """The paper's consistency model as an `Answerer`.

    Parameters
    ----------
    network : keras.Model
        From `consistency_model.build` with ``memory="concat"``.
    color : ColorModel
        What it completes.
    """

    def __init__(self, network: keras.Model, color: ColorModel) -> None:
        self.color = color
        labels, outputs = judging(network.output)
        self.judged = keras.Model({**network.input, "labels": labels}, outputs)

    def begin(self, strips: Strips) -> None:
        """Do nothing: it remembers no more than the frame before, which it is told."""

    def answer(
        self, strips: Strips, rows: slice, k: int, context: Float, valid: bool = True
    ) -> Told:
        """Run the network."""
        y, y_before = strips.y[rows, k], strips.y[rows, k - 1]
        inputs = {
            color_model.FEATURES: strips.features(rows, k),
            **memories.load("concat").context_inputs(
                y, y_before, context, np.full_like(y, float(valid))
            ),
            "labels": strips.labels[rows, k],
        }
        return decoded(self.judged.predict_on_batch(inputs), y, self.color)


def roll(answerer: Answerer, strips: Strips, context: str = "free") -> Told:
    """Colour strips from their second frame on; the first is the color model's own.

    Parameters
    ----------
    answerer : Answerer
        What colours.
    strips : Strips
        S strips of F frames.
    context : {"free", "truth", "first", "none"}
        What each frame is told of the one before, as in `colorlab.rollout`: the answerer's own
        colouring, the true colours, those of the first frame only and its own from then on, or
        nothing.

    Returns
    -------
    Told
        Of (S, F - 1) frames.

    Raises
    ------
    InputError
        For an unknown context, or strips of one frame.
    """
    if context not in CONTEXTS:
        raise InputError(f"context must be one of {', '.join(CONTEXTS)}; received {context!r}.")
    if strips.length < 2:
        raise InputError("a rollout needs strips of at least two frames; received one.")
    parts: list[list[Told]] = []
    for first in range(0, len(strips), AT_ONCE):
        rows = slice(first, min(first + AT_ONCE, len(strips)))
        chosen, course = strips.rows(np.arange(rows.start, rows.stop)), []
        answerer.begin(chosen)
        before = chosen.uv[:, 0] if context in ("truth", "first") else chosen.own[:, 0]
        for k in range(1, strips.length):
            told = before if context != "none" else np.zeros_like(before)
            course.append(answerer.answer(chosen, slice(None), k, told, valid=context != "none"))
            before = chosen.uv[:, k] if context == "truth" else course[-1].uv
        parts.append(course)
    return _joined([_joined(course, np.stack, 1) for course in parts], np.concatenate, 0)


def ask(answerer: Answerer, strips: Strips, k: int, context: Float) -> Told:
    """Colour one frame of every strip, told whatever is given.

    Parameters
    ----------
    answerer : Answerer
        What colours; its memory begins anew.
    strips : Strips
        S strips.
    k : int
        The frame, 1 or later.
    context : numpy.ndarray of float32, (S, H, W, 2)
        What is told of frame k - 1.

    Returns
    -------
    Told
        Of (S,) frames.
    """
    parts = []
    for first in range(0, len(strips), AT_ONCE):
        rows = slice(first, min(first + AT_ONCE, len(strips)))
        chosen = strips.rows(np.arange(rows.start, rows.stop))
        answerer.begin(chosen)
        parts.append(answerer.answer(chosen, slice(None), k, context[rows]))
    return _joined(parts, np.concatenate, 0)


def _joined(parts: list[Told], how: Any, axis: int) -> Told:
    return Told(
        **{
            field.name: how([getattr(part, field.name) for part in parts], axis=axis)
            for field in dataclasses.fields(Told)
        }
    )
