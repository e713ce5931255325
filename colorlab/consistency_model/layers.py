"""Layers and pieces that the networks of consistency models are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from colorlab.bins import BinGrid
from colorlab.color_model import CropLike, Enlarge


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


class Fold(layers.Layer):
    """Put the frames of all films into one batch: (N, frames, H, W, C) to (N * frames, H, W, C)."""

    def call(self, x: Any) -> Any:
        """Return the batch, film by film."""
        return ops.reshape(x, (-1, *ops.shape(x)[2:]))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the batch's shape."""
        return (None, *input_shape[2:])


class Unfold(layers.Layer):
    """Undo `Fold`."""

    def __init__(self, frames: int, **options: Any) -> None:
        super().__init__(**options)
        self.frames = frames

    def call(self, x: Any) -> Any:
        """Return the films."""
        return ops.reshape(x, (-1, self.frames, *ops.shape(x)[1:]))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the films' shape."""
        return (None, self.frames, *input_shape[1:])


def conv(width: int, size: int, name: str, **options: Any) -> layers.Layer:
    """Return a convolution that keeps the size of its maps; its kernel is drawn later.

    Parameters
    ----------
    width : int
        Channels that come out.
    size : int
        Side of the kernel.
    name : str
        The layer's name.
    **options
        Further ones of Keras' ``Conv2D``.

    Returns
    -------
    keras.layers.Layer
        The layer; its kernel is 0 until `colorlab.vgg.draw_kernels` draws it.
    """
    return layers.Conv2D(
        width, size, padding="same", kernel_initializer="zeros", name=name, **options
    )


def enlarge(x: Any, stride: int, like: Any, name: str) -> Any:
    """Bring maps at the features' size to that of the frame.

    Parameters
    ----------
    x : tensor, (N, h, w, C)
        Maps of the padded frame at its size over `stride`.
    stride : int
        A power of two.
    like : tensor, (N, H, W, channels)
        Anything of the frame's size.
    name : str
        What the layers are named after.

    Returns
    -------
    tensor of float32, (N, H, W, C)
        The maps, enlarged bilinearly and cropped.
    """
    x = Enlarge(int(np.log2(stride)), name=f"{name}_up", dtype="float32")(x)
    return CropLike(name=f"{name}_crop", dtype="float32")(x, like)


def _inside(chroma: Any, grid: BinGrid, axis: int) -> Any:
    """Return 1 at the bin that chroma (N, H, W, 1) lies in and 0 elsewhere, (N, H, W, n)."""
    edges = grid.edges[axis]
    low, high = edges[:-1].copy(), edges[1:].copy()
    low[0], high[-1] = -np.inf, np.inf  # outside the range the end bins count
    return ops.cast(ops.logical_and(chroma >= low, chroma < high), "float32")
