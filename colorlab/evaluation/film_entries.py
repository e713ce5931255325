"""What is measured on clips: models that colour them, and the baselines they must beat.

An entry takes the frames of a clip in order and gives a colouring of each. The costly part, the
color networks' forward pass, runs once for all entries (`Frame.extract_features`).
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import checkpoints, colorize_film, film_metrics, metrics, yuv
from colorlab.bins import BinGrid
from colorlab.checkpoints import PLAIN, Augmentation, ColorModel, ConsistencyModel
from colorlab.errors import InputError
from colorlab.film_metrics import CopyModel
from colorlab.rollout import CONTEXTS, Extracted, Rollout

BUILT_IN = ("grey", "copy", "freeze-first")
"""Baselines that need no training."""

Float = NDArray[np.float32]

_WEIGHTS = ("weights_sha256", "color_model", "color_weights_sha256")


class Frame:
    """A frame of a clip with its true colours.

    Parameters
    ----------
    rgb : numpy.ndarray of uint8, (H, W, 3)
        The frame.
    grids : iterable of BinGrid
        The bins that it is labelled with.

    Attributes
    ----------
    rgb : numpy.ndarray of float32, (H, W, 3)
        In [0, 1].
    y, uv : numpy.ndarray of float32, (H, W, 1) and (H, W, 2)
        Luma and true chroma.
    labels : dict
        BinGrid to the true bins, int32 (H, W, 2).
    """

    def __init__(self, rgb: NDArray[np.uint8], grids: Iterable[BinGrid]) -> None:
        self.rgb: Float = np.divide(rgb, 255, dtype=np.float32)
        self.y, self.uv = yuv.rgb_to_yuv(rgb)
        self.labels = {grid: grid.encode(self.uv) for grid in grids}
        self._extracted: dict[tuple[str, tuple[Augmentation, ...]], Extracted] = {}

    def extract_features(
        self, color: ColorModel, augmentations: tuple[Augmentation, ...] = (PLAIN,)
    ) -> Extracted:
        """Return a color model's features and logits; each forward pass runs once a frame.

        Parameters
        ----------
        color : ColorModel
            The model; one with the same weights is the same one.
        augmentations : tuple of tuple
            As for `ColorModel.extract_features`.

        Returns
        -------
        tuple
            As from `ColorModel.extract_features`, for a batch of this one frame.
        """
        key = weights(color), augmentations
        if key not in self._extracted:
            self._extracted[key] = color.extract_features(self.y[None], augmentations)
        return self._extracted[key]


@dataclasses.dataclass(frozen=True)
class Answer:
    """An entry's colouring of a frame.

    Attributes
    ----------
    uv : numpy.ndarray of float32, (H, W, 2)
        Chroma, not yet fitted to the gamut.
    labels : numpy.ndarray of int, (H, W, 2)
        The bins held to be likeliest.
    loss : tuple of float, optional
        Cross-entropy of U and of V, nats a pixel, of what gives probabilities.
    """

    uv: Float
    labels: NDArray[np.integer]
    loss: tuple[float, float] | None = None


class Entry(abc.ABC):
    """What colours clips.

    Parameters
    ----------
    name : str
        Its key in the result.
    grid : BinGrid
        The bins by which its accuracy is measured.
    color : ColorModel, optional
        The color model that it uses.
    """

    kind = "baseline"

    def __init__(self, name: str, grid: BinGrid, color: ColorModel | None = None) -> None:
        self.name, self.grid, self.color = name, grid, color

    @property
    def prior(self) -> NDArray[np.float64] | None:
        """The training histogram in its color model's card, (2, n); None without a color model."""
        return np.asarray(self.color.card["prior"], np.float64) if self.color else None

    @abc.abstractmethod
    def colour(self, frame: Frame, before: Frame | None) -> Answer:
        """Colour the next frame of a clip.

        Parameters
        ----------
        frame : Frame
            The frame.
        before : Frame or None
            The one before it; None for the first of a clip.

        Returns
        -------
        Answer
            The colouring.
        """

    def describe(self) -> dict[str, Any]:
        """Return what it is and how it colours, as JSON values; None is what does not apply."""
        nothing = dict.fromkeys(
            ("context", "decode", "temperature", "saturation", "leak", "views", *_WEIGHTS)
        )
        colouring = _colouring(self.color) if self.color else {}
        return {"kind": self.kind, "n": self.grid.n, "align": self.grid.align} | nothing | colouring


class Grey(Entry):
    """Leaves every frame grey."""

    def colour(self, frame: Frame, before: Frame | None) -> Answer:
        """Answer with no chroma at all."""
        uv = np.zeros_like(frame.uv)
        return Answer(uv, self.grid.encode(uv))


class Copy(Entry):
    """Gives each pixel the true colour that it had in the frame before.

    Parameters
    ----------
    name, grid : optional
        As `Entry`.
    model : CopyModel, optional
        What turns the frame before into probabilities; without it there is no loss.

    Raises
    ------
    InputError
        When the model has other bins.
    """

    def __init__(self, name: str, grid: BinGrid, model: CopyModel | None = None) -> None:
        super().__init__(name, grid)
        if model is not None and model.n != grid.n:
            raise InputError(
                f"the copy model has {model.n} bins, the film models here {grid.n}; count the "
                f"transitions again: colorlab evaluate transitions --bins {grid.n}"
            )
        self.model = model

    def colour(self, frame: Frame, before: Frame | None) -> Answer:
        """Answer with the true frame before, where there is one."""
        told = before or frame
        labels = told.labels[self.grid]
        if self.model is None:
            return Answer(told.uv, labels)
        seen = film_metrics.transitions(labels, frame.labels[self.grid], self.grid.n)
        return Answer(told.uv, labels, self.model.loss(seen))


class EachFrame(Entry):
    """Colours every frame for itself with a color model; it is asked once a frame.

    Parameters
    ----------
    model : ColorModel
        The model.
    """

    kind = "color"

    def __init__(self, model: ColorModel) -> None:
        super().__init__(model.name, model.grid, model)
        self.model = model

    def colour(self, frame: Frame, before: Frame | None) -> Answer:
        """Answer with the model's colouring."""
        return _colored(self.model, frame)


class FreezeFirst(Entry):
    """Keeps a color model's colouring of the first frame for the whole clip.

    Parameters
    ----------
    name : str
        As `Entry`.
    model : ColorModel
        The model.
    """

    def __init__(self, name: str, model: ColorModel) -> None:
        super().__init__(name, model.grid, model)
        self.model = model
        self._first: Answer | None = None

    def colour(self, frame: Frame, before: Frame | None) -> Answer:
        """Answer with the first frame's chroma and bins."""
        if before is None or self._first is None:
            self._first = dataclasses.replace(_colored(self.model, frame), loss=None)
        return self._first


class Rolled(Entry):
    """Colours a clip with a consistency model under one of the contexts.

    Parameters
    ----------
    model : ConsistencyModel
        The model.
    context : {"free", "truth", "first", "none"}
        What each frame is told, see `colorlab.rollout`.
    """

    kind = "consistency"

    def __init__(self, model: ConsistencyModel, context: str) -> None:
        name = model.name if context == "free" else f"{model.name}:{context}"
        super().__init__(name, model.color.grid, model.color)
        self.model, self.context, self.rollout = model, context, Rollout(model)

    def colour(self, frame: Frame, before: Frame | None) -> Answer:
        """Answer with the model's colouring, and set the context of the next frame."""
        first = before is None
        logits, uv = self.rollout.step(
            frame.y,
            first,
            self.context != "none",
            partial(frame.extract_features, self.model.color),
        )
        if self.context == "truth" or (self.context == "first" and first):
            self.rollout.set_context(frame.uv)
        return Answer(uv, *_judge(logits, frame.labels[self.grid]))

    def describe(self) -> dict[str, Any]:
        """Return the model, its color model, the context and the decoder."""
        return super().describe() | {
            "context": self.context,
            **self.model.decoder.describe(),
            "leak": self.model.leak,
            "views": len(self.model.augmentations),
            "weights_sha256": self.model.card["weights"]["sha256"],
        }


def entries(
    names: Sequence[str] = (), dtype: str | None = None, copy_model: CopyModel | None = None
) -> list[Entry]:
    """Load what is to be measured.

    Parameters
    ----------
    names : sequence of str
        `BUILT_IN` names, color models, and consistency models with ``:free`` (the default),
        ``:truth``, ``:first`` or ``:none`` behind them; if empty, the built-in ones, the default
        film model, and before it the color model that it completes.
    dtype : str, optional
        Keras dtype policy of the models.
    copy_model : CopyModel, optional
        Gives ``copy`` its loss.

    Returns
    -------
    list of Entry
        In that order. ``grey`` and ``copy`` have the bins of the first model; ``freeze-first``
        is of the first color model, else of the first consistency model's, else of the default one.

    Raises
    ------
    InputError
        For an unknown model or context, a context where there is none, or two equal names.
    """
    asked = [_parse(name) for name in names or _default_names()]
    loaded: dict[str, ColorModel | ConsistencyModel] = {}
    networks: dict[str, Any] = {}
    for name, _ in asked:
        if name not in BUILT_IN and name not in loaded:
            loaded[name] = _load(name, dtype, networks)
    base = _base(loaded.values())
    if base is None and "freeze-first" in dict(asked):
        base = checkpoints.load(dtype=dtype)
    grid = base.grid if base else BinGrid(30)
    made: list[Entry] = []
    for name, context in asked:
        model = loaded.get(name)
        if isinstance(model, ConsistencyModel):
            made.append(Rolled(model, context or "free"))
        elif context is not None:
            raise InputError(f"{name} has no memory, so no context; received {name}:{context}.")
        elif model is not None:
            made.append(EachFrame(model))
        elif name == "grey":
            made.append(Grey(name, grid))
        elif name == "copy":
            made.append(Copy(name, grid, copy_model))
        elif base is not None:
            made.append(FreezeFirst(name, base))
    keys = [entry.name for entry in made]
    if len(set(keys)) < len(keys):
        raise InputError(f"two entries share a name in {keys}; measure them one at a time.")
    return made


def working_height(entries: Iterable[Entry]) -> int:
    """Return the height of frames at which entries are best measured.

    Parameters
    ----------
    entries : iterable of Entry
        The entries.

    Returns
    -------
    int
        Pixels: the working height of the first consistency model, 128 without one.
    """
    heights = [entry.model.working_height for entry in entries if isinstance(entry, Rolled)]
    return heights[0] if heights else 128


def weights(color: ColorModel) -> str:
    """Return the SHA-256 of a color model's weights, which tells two of them apart."""
    return str(color.card["weights"]["sha256"])


def _default_names() -> list[str]:
    """Return the baselines, the default film model and the color model that it completes."""
    film_model = str(colorize_film.film_model())
    if film_model == checkpoints.DEFAULT:  # no film model is installed
        return [*BUILT_IN, film_model]
    return [*BUILT_IN, str(checkpoints.completed_color_model(film_model)), film_model]


def _parse(text: str) -> tuple[str, str | None]:
    """Split NAME:CONTEXT; a colon may also belong to a path."""
    name, colon, context = text.rpartition(":")
    if not colon or {"/", "\\"} & set(context):
        return text, None
    if context not in CONTEXTS:
        raise InputError(f"context must be one of {', '.join(CONTEXTS)}; received {text!r}.")
    return name, context


def _load(name: str, dtype: str | None, networks: dict[str, Any]) -> ColorModel | ConsistencyModel:
    if checkpoints.kind_of(name) == "color":
        return _shared(checkpoints.load(name, dtype), networks)
    model = checkpoints.load_consistency(name, dtype)
    return dataclasses.replace(model, color=_shared(model.color, networks))


def _shared(color: ColorModel, networks: dict[str, Any]) -> ColorModel:
    """Give color models with the same weights one network."""
    network = networks.setdefault(weights(color), color.network)
    return color if network is color.network else dataclasses.replace(color, network=network)


def _base(models: Iterable[ColorModel | ConsistencyModel]) -> ColorModel | None:
    """Return the first color model, else the first consistency model's."""
    found = list(models)
    colors = [model for model in found if isinstance(model, ColorModel)]
    colors += [model.color for model in found if isinstance(model, ConsistencyModel)]
    return colors[0] if colors else None


def _colored(color: ColorModel, frame: Frame) -> Answer:
    """Colour a frame for itself, decoded as the card says."""
    outputs = frame.extract_features(color)[1]
    uv = checkpoints.chroma_of(color, outputs, frame.y[None])[0]
    if color.config.head == "chroma":
        return Answer(uv, color.grid.encode(uv))
    logits = {head: outputs[head][0] for head in "uv"}
    return Answer(uv, *_judge(logits, frame.labels[color.grid]))


def _colouring(color: ColorModel) -> dict[str, Any]:
    """Say which color model it is and how its outputs become colours."""
    regression = {"decode": "regression", "temperature": None, "saturation": 1.0}
    return {
        **(color.decoder.describe() if color.config.head == "bins" else regression),
        **dict(zip(_WEIGHTS, (weights(color), color.name, weights(color)), strict=True)),
    }


def _judge(
    logits: Mapping[str, Float], labels: NDArray[np.integer]
) -> tuple[NDArray[np.integer], tuple[float, float]]:
    """Return the likeliest bins, and the cross-entropy of the true ones."""
    likeliest, losses = [], []
    for axis, head in enumerate("uv"):
        found = metrics.log_softmax(logits[head])
        likeliest.append(found.argmax(axis=-1))
        nats = metrics.cross_entropy(found, labels[..., axis])
        losses.append(float(nats.mean(dtype=np.float64)))
    return np.stack(likeliest, axis=-1), (losses[0], losses[1])
