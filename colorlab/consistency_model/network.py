"""Build a network of any kind of memory, and put its inputs together."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from colorlab import vgg
from colorlab.color_model import FEATURES, ColorModelConfig
from colorlab.consistency_model.config import ConsistencyConfig
from colorlab.consistency_model.memory import STATE
from colorlab.errors import InputError


def build(
    config: ConsistencyConfig,
    color_config: ColorModelConfig,
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
        As from `Memory.build`; the features are the color model's, at the padded frame's
        resolution over its stride.

    Raises
    ------
    InputError
        When the color model predicts no bins.
    """
    if color_config.head != "bins":
        raise InputError("a consistency model needs a color model that predicts bins.")
    network = config.kind.build(config, color_config, dtype)
    vgg.draw_kernels(network.layers, seed)
    config.kind.prepare(network)
    return network


def inputs(
    config: ConsistencyConfig,
    features: NDArray[np.float32],
    y: NDArray[np.float32],
    y_before: NDArray[np.float32],
    context: NDArray[np.float32],
    valid: NDArray[np.float32],
    state: NDArray[np.float32] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Return all inputs of a network for a batch of frames.

    Parameters
    ----------
    config : ConsistencyConfig
        Its architecture.
    features : numpy.ndarray of float32, (N, h, w, C)
        The color model's features of frames t.
    y, y_before, context, valid : numpy.ndarray of float32
        As for `Memory.context_inputs`. For a learner of sequences, all but the state have one axis
        more, (N, frames, ...).
    state : numpy.ndarray of float32, (N, h, w, kept), optional
        `STATE` of the frame before, where there is one; without, it begins anew.

    Returns
    -------
    dict
        Name of an input to an array of float32.
    """
    kind = config.kind
    given = {FEATURES: features, **kind.context_inputs(y, y_before, context, valid)}
    return given | (kind.initial_state(features, config) if state is None else {STATE: state})
