"""Several colourings of one short film in step, for notebooks that compare them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import yuv
from colorlab.checkpoints import PLAIN, ConsistencyModel, chroma_of
from colorlab.errors import InputError
from colorlab.rollout import CONTEXTS, Rollout

ALONE = "alone"
"""Beside the contexts of `colorlab.rollout`: the color model colours every frame for itself."""


@dataclass(frozen=True)
class Colouring:
    """A film as a model coloured it.

    Attributes
    ----------
    rgb : ndarray of float32, (T, H, W, 3)
        Its frames.
    uv : ndarray of float32, (T, H, W, 2)
        Its chroma.
    right : ndarray of float64, (T, 2)
        Share of the pixels of each frame whose likeliest bin is the true one, of U and of V.
    """

    rgb: NDArray[np.float32]
    uv: NDArray[np.float32]
    right: NDArray[np.float64]


def colour_in_step(
    frames: ArrayLike,
    entries: Mapping[str, tuple[ConsistencyModel, str]],
    starts: ArrayLike | None = None,
) -> dict[str, Colouring]:
    """Colour a film with several models, or one under several contexts; look at a frame once.

    Parameters
    ----------
    frames : array_like, (T, H, W, 3)
        The true film, uint8 or float in [0, 1], at the size at which the models work.
    entries : mapping
        Name to model and context: one of `colorlab.rollout.CONTEXTS`, or `ALONE`. All models
        complete the same color model.
    starts : array_like of bool, (T,), optional
        Which frames begin a shot; the first alone if left out.

    Returns
    -------
    dict of str to Colouring
        One for each entry.

    Raises
    ------
    InputError
        For an unknown context, or models on several color models.
    """
    y, truth = yuv.rgb_to_yuv(frames)
    begins = np.arange(len(y)) == 0 if starts is None else np.asarray(starts, bool)
    seers = {m.color.card["weights"]["sha256"]: m.color for m, _ in entries.values()}
    unknown = {context for _, context in entries.values()} - {*CONTEXTS, ALONE}
    if len(seers) != 1 or unknown:
        raise InputError(
            f"films in step need one color model and contexts out of {', '.join(CONTEXTS)} and "
            f"{ALONE}; received {len(seers)} color models and {sorted(unknown) or 'known ones'}."
        )
    (color,) = seers.values()
    labels = color.grid.encode(truth)
    rollouts = {name: Rollout(model) for name, (model, _) in entries.items()}
    chroma: dict[str, list[NDArray[np.float32]]] = {name: [] for name in entries}
    right: dict[str, list[NDArray[np.float64]]] = {name: [] for name in entries}
    for t, luma in enumerate(y):
        extract = functools.cache(functools.partial(color.extract_features, luma[None]))
        for name, (_, context) in entries.items():
            if context == ALONE:
                outputs = extract((PLAIN,))[1]
                logits = {head: outputs[head][0] for head in "uv"}
                uv = chroma_of(color, outputs, luma[None])[0]
            else:
                logits, uv = rollouts[name].step(luma, bool(begins[t]), context != "none", extract)
            guess = np.stack([logits[head].argmax(axis=-1) for head in "uv"], axis=-1)
            chroma[name].append(uv)
            right[name].append((guess == labels[t]).mean(axis=(0, 1)))
            if context == "truth" or (context == "first" and begins[t]):
                rollouts[name].set_context(truth[t])
    return {
        name: Colouring(yuv.yuv_to_rgb(y, np.stack(uv)), np.stack(uv), np.stack(right[name]))
        for name, uv in chroma.items()
    }


def with_leak(model: ConsistencyModel, leak: float) -> ConsistencyModel:
    """Return the same model with another leak.

    Parameters
    ----------
    model : ConsistencyModel
        A guided one.
    leak : float
        In [0, 1], see `colorlab.consistency_model.blend`.

    Returns
    -------
    ConsistencyModel
        It shares its networks with the model given.
    """
    decode = {**model.card["decode"], "leak": leak}
    return dataclasses.replace(model, card={**model.card, "decode": decode})
