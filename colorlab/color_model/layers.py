"""Layers of our own: padding, enlarging, cropping, normalising."""

from __future__ import annotations

from typing import Any

from keras import layers, ops


class PadToMultiple(layers.Layer):
    """Repeat the last row and column until both sides are multiples of `multiple`.

    Input (N, H, W, C), output (N, H', W', C). Works for any size from 1 × 1 up.
    """

    def __init__(self, multiple: int, **options: Any) -> None:
        super().__init__(**options)
        self.multiple = multiple

    def call(self, x: Any) -> Any:
        """Return the padded pictures."""
        for axis in (1, 2):
            size = ops.shape(x)[axis]
            padded = -(-size // self.multiple) * self.multiple
            x = ops.take(x, ops.minimum(ops.arange(padded), size - 1), axis=axis)
        return x

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the padded shape."""
        sides = [None if s is None else -(-s // self.multiple) * self.multiple for s in input_shape]
        return (input_shape[0], sides[1], sides[2], input_shape[3])


class Enlarge(layers.Layer):
    """Double height and width by bilinear interpolation, `times` times.

    Input (N, H, W, C), output (N, H * 2**times, W * 2**times, C). Pixel centres lie at halves and
    the border is repeated, as in every image library. Unlike Keras' own bilinear upsampling it
    accepts sizes known only at run time, and it stays in the layer's dtype.
    """

    def __init__(self, times: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.times = times

    def call(self, x: Any) -> Any:
        """Return the enlarged maps."""
        for _ in range(self.times):
            x = _double(_double(x, axis=1), axis=2)
        return x

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the enlarged shape."""
        sides = [None if s is None else s * 2**self.times for s in input_shape]
        return (input_shape[0], sides[1], sides[2], input_shape[3])


def _double(x: Any, axis: int) -> Any:
    """Interpolate linearly to twice the length along axis 1 or 2 of (N, H, W, C)."""
    n, height, width, channels = ops.shape(x)
    if axis == 1:
        before = ops.concatenate([x[:, :1], x[:, :-1]], axis=1)
        after = ops.concatenate([x[:, 1:], x[:, -1:]], axis=1)
        shape = (n, 2 * height, width, channels)
    else:
        before = ops.concatenate([x[:, :, :1], x[:, :, :-1]], axis=2)
        after = ops.concatenate([x[:, :, 1:], x[:, :, -1:]], axis=2)
        shape = (n, height, 2 * width, channels)
    near = 0.75 * x
    pair = ops.stack([near + 0.25 * before, near + 0.25 * after], axis=axis + 1)
    return ops.reshape(pair, shape)


class CropLike(layers.Layer):
    """Cut the first tensor (N, H', W', C) to the height and width of the second."""

    def call(self, x: Any, like: Any) -> Any:
        """Return ``x[:, :H, :W]``."""
        return x[:, : ops.shape(like)[1], : ops.shape(like)[2], :]

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], like_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        """Return the cropped shape."""
        return (x_shape[0], like_shape[1], like_shape[2], x_shape[3])


class Normalise(layers.BatchNormalization):
    """Batch normalisation that keeps its mask to itself; Keras would hand it on to all layers."""

    def compute_mask(self, *_: Any) -> None:
        """Return no mask for the layers after this one."""
