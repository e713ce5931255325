"""Test-time augmentation: a picture at several scales and mirrored, the outputs averaged.

A network's output depends a little on scale and on which side is left; the mean is closer to the
truth than any one output. A still goes through all augmentations. Of a film each frame goes through
the next one, and the memory of the film model averages over frames.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from colorlab import media, vgg

Outputs = dict[str, NDArray[np.float32]]
Augmentation = tuple[float, bool]
"""A scale, and whether the picture is mirrored."""

PLAIN: Augmentation = (1.0, False)
"""The picture as it is."""


def averaged(
    forward: Callable[[NDArray[np.float32]], Mapping[str, NDArray[np.float32]]],
    y: NDArray[np.float32],
    scales: Sequence[float] = (1.0,),
    mirror: bool = False,
) -> Outputs:
    """Average a model's outputs over augmentations of the same pictures.

    Parameters
    ----------
    forward : callable
        Takes luma (N, h, w, 1) and returns arrays (N, h, w, C) that may be averaged:
        probabilities or chroma, not logits.
    y : numpy.ndarray of float32, (N, H, W, 1)
        Luma in [0, 1].
    scales : sequence of float
        Relative to the size of `y`; each output is resized to (H, W).
    mirror : bool
        Use the mirror image too, at every scale.

    Returns
    -------
    dict
        The means, (N, H, W, C) float32.
    """
    height, width = y.shape[1:3]
    total: Outputs = {}
    for scale in scales:
        shape = max(1, round(height * scale)), max(1, round(width * scale))
        scaled = _resize(y, *shape)
        outputs = dict(forward(scaled))
        if mirror:
            flipped = forward(np.ascontiguousarray(scaled[:, :, ::-1]))
            half = np.float32(0.5)
            outputs = {key: half * (outputs[key] + flipped[key][:, :, ::-1]) for key in outputs}
        for key, values in outputs.items():
            total[key] = total.get(key, np.float32(0)) + _resize(values, height, width)
    return {key: values / np.float32(len(scales)) for key, values in total.items()}


def in_turn(scales: Sequence[float], mirror: bool) -> list[Augmentation]:
    """Return the augmentations of `averaged` in an order for the frames of a film.

    Parameters
    ----------
    scales : sequence of float
        As for `averaged`.
    mirror : bool
        As for `averaged`.

    Returns
    -------
    list of tuple
        Each once; neighbours differ in scale, and every other one is mirrored. The picture as it is
        comes first where it is among them.
    """
    sizes = sorted(scales, key=lambda scale: (scale != 1.0, -scale))
    if not mirror:
        return [(scale, False) for scale in sizes]
    turns = [(scale, k % 2 == 1) for k, scale in enumerate(sizes)]
    return turns + [(scale, not mirrored) for scale, mirrored in turns]


def aligned_features(
    forward: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    y: NDArray[np.float32],
    augmentation: Augmentation,
    stride: int,
) -> NDArray[np.float32]:
    """Return the features of an augmented picture, aligned with those of the picture itself.

    The heads are 1 × 1 convolutions, so that features may be resized in the place of logits.

    Parameters
    ----------
    forward : callable
        Takes luma (N, h, w, 1) and returns features of the padded picture over the stride.
    y : numpy.ndarray of float32, (N, H, W, 1)
        Luma in [0, 1].
    augmentation : tuple of float and bool
        Scale, and whether mirrored.
    stride : int
        Pixels per feature, along each side.

    Returns
    -------
    numpy.ndarray of float32, (N, h, w, C)
        Of the size that ``forward(y)`` has.
    """
    scale, mirrored = augmentation
    rows, columns = (-(-side // stride) for side in y.shape[1:3])
    whole = _padded(y, rows * stride, columns * stride)  # so that features lie on pixels
    tall, wide = (max(1, round(side * scale)) for side in (rows, columns))
    scaled = _resize(whole, tall * stride, wide * stride)
    scaled = np.ascontiguousarray(scaled[:, :, ::-1]) if mirrored else scaled
    features = forward(scaled)[:, :tall, :wide]  # without what lies on the network's own padding
    features = features[:, :, ::-1] if mirrored else features
    if (tall, wide) != (rows, columns):  # as media.resize does, which takes channel after channel
        sizes = {"size": (rows, columns), "interpolation": "bilinear", "antialias": True}
        features = keras.ops.convert_to_numpy(keras.ops.image.resize(features, **sizes))
    return _padded(
        features, *(-(-side // vgg.STRIDE) * vgg.STRIDE // stride for side in y.shape[1:3])
    )


def _padded(stack: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Repeat the last row and column."""
    more = height - stack.shape[1], width - stack.shape[2]
    return np.pad(stack, ((0, 0), (0, more[0]), (0, more[1]), (0, 0)), mode="edge")


def _resize(stack: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    if stack.shape[1:3] == (height, width):
        return stack
    return np.stack([media.resize(picture, height, width) for picture in stack])
