"""What a consistency model is told of the frame before."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import flow
from colorlab.color_model import FEATURES
from colorlab.consistency_model.config import ConsistencyConfig
from colorlab.consistency_model.recurrent import STATE, begin

INPUTS = {"y": 1, "y_before": 1, "context": 2, "valid": 1, "moved": 4}
"""What a model is given beside the features, with channels: luma of frames t and t - 1, the
context's U and V, 1 where the context is to be believed, and `move`'s. A recurrent one is given the
context alone."""


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
    """Return what a network of one frame is given beside the features, for a batch of frames.

    Parameters
    ----------
    memory : {"concat", "guided", "recurrent"}
        The model's. The report's is not given what a guided one sees moved: zeros instead. A
        recurrent one is given the context alone, and its state by the caller.
    y, y_before : numpy.ndarray of float32, (N, H, W, 1)
        Luma of frames t and t - 1, in [0, 1].
    context : numpy.ndarray of float32, (N, H, W, 2)
        Chroma of frame t - 1.
    valid : numpy.ndarray of float32, (N, H, W, 1)
        1 where the context is to be believed, else 0.

    Returns
    -------
    dict
        Arrays (N, H, W, channels), float32, of the names in `INPUTS`.
    """
    if memory == "recurrent":
        return {"context": context}
    maps = {"y": y, "y_before": y_before, "context": context, "valid": valid}
    moved = np.zeros((*y.shape[:3], INPUTS["moved"]), np.float32)
    if memory == "guided":
        for k, one in enumerate(zip(y, y_before, context, strict=True)):
            moved[k] = move(*one)
    return {**maps, "moved": moved}


def inputs(
    config: ConsistencyConfig,
    features: NDArray[np.float32],
    y: NDArray[np.float32],
    y_before: NDArray[np.float32],
    context: NDArray[np.float32],
    valid: NDArray[np.float32],
    state: NDArray[np.float32] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Return all that a network is given for a batch of frames.

    Parameters
    ----------
    config : ConsistencyConfig
        Its architecture.
    features : numpy.ndarray of float32, (N, h, w, C)
        What the color model sees in frames t.
    y, y_before, context, valid : numpy.ndarray of float32
        As for `told`. A recurrent network of windows is given all but the state with one axis more,
        (N, frames, ...).
    state : numpy.ndarray of float32, (N, h, w, kept), optional
        What a recurrent one kept of the frames before; without, it begins anew.

    Returns
    -------
    dict
        Name of an input to an array of float32.
    """
    given = {FEATURES: features, **told(config.memory, y, y_before, context, valid)}
    if config.memory == "recurrent":
        given[STATE] = begin(features, config.kept) if state is None else state
    return given
