"""What a kind of film memory is; `colorlab.memories` names all kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from colorlab.color_model import ColorModelConfig
    from colorlab.consistency_model.config import ConsistencyConfig

STATE = "state"
"""Name of the input and the output of a network that keeps a state from frame to frame."""

Maps = dict[str, NDArray[np.float32]]


class Memory:
    """A kind of film memory: how a network is built on a frame and on the one before it.

    A subclass overrides what is different about it.

    Attributes
    ----------
    fields : tuple of str
        Fields of `ConsistencyConfig`, beside the name, that decide its network.
    sequence_length : int
        Frames that it learns from together, unless another number is asked for.
    leaks : bool
        Whether `chroma` uses the leak.
    """

    fields: tuple[str, ...] = ("context_width", "width")
    sequence_length = 1
    leaks = False

    def build(
        self, config: ConsistencyConfig, color_config: ColorModelConfig, dtype: str | None
    ) -> keras.Model:
        """Build the network of one frame; kernels are drawn afterwards, by the caller.

        Returns
        -------
        keras.Model
            Maps ``features`` (N, h, w, C) and the names of `context_inputs` and `initial_state` to
            ``u`` and ``v``, logits (N, H, W, n), and `STATE` where there is one, all float32.
        """
        raise NotImplementedError

    def prepare(self, network: keras.Model) -> None:
        """Change the drawn weights of a new network; nothing by default."""

    def start_from(self, network: keras.Model, color_network: keras.Model) -> None:
        """Take over weights of the color model before a training; none by default."""

    def learner(self, network: keras.Model, frames: int) -> keras.Model:
        """Return the network that is trained on so many frames in sequence; it shares weights."""
        return network

    def context_inputs(self, y: Any, y_before: Any, context: Any, valid: Any) -> Maps:
        """Return the network's inputs beside features and state, for a batch of frames.

        Parameters
        ----------
        y, y_before : numpy.ndarray of float32, (N, H, W, 1)
            Luma of frames t and t - 1, in [0, 1].
        context : numpy.ndarray of float32, (N, H, W, 2)
            Chroma of frame t - 1.
        valid : numpy.ndarray of float32, (N, H, W, 1)
            1 where the context is known, else 0.

        Returns
        -------
        dict
            Arrays (N, H, W, channels), float32.
        """
        raise NotImplementedError

    def initial_state(self, features: NDArray[np.float32], config: ConsistencyConfig) -> Maps:
        """Return `STATE` before the first frame; nothing without a state."""
        return {}

    def inference(self, network: keras.Model, logits: bool = True) -> keras.Model:
        """Return the network with all outputs that `chroma` needs.

        Parameters
        ----------
        network : keras.Model
            From `build`.
        logits : bool
            Whether logits are wanted where `chroma` does without.
        """
        return network

    def chroma(
        self,
        outputs: Mapping[str, Any],
        own: Callable[[], Any],
        decoded: Callable[[Mapping[str, Any]], Any],
        leak: float = 0.0,
    ) -> Any:
        """Turn the outputs of `inference` into chroma.

        Parameters
        ----------
        outputs : mapping
            Of the network.
        own : callable
            Returns the color model's own chroma of the same frames, (N, H, W, 2).
        decoded : callable
            Decodes logits into chroma.
        leak : float
            Least share of the color model's own chroma, in [0, 1], where there is such a share.

        Returns
        -------
        array, (N, H, W, 2)
            Chroma.
        """
        return decoded(outputs)

    def card_decode(self, decode: Mapping[str, Any], leak: float) -> dict[str, Any]:
        """Return the card's ``decode`` of a new model, given the color model's."""
        return {key: decode[key] for key in ("method", "temperature")}
