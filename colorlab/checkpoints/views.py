"""Asking a model about a picture several times: at several sizes, and about the mirror image.

The answers are averaged. What a network says depends a little on the size at which it sees a thing
and on which side is left; the mean over such views is closer to the truth than any one of them.
A still is asked through all of them; the frames of a film one after the other, each through
another one, and the memory of a film model takes the mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from colorlab import media, vgg

Answers = dict[str, NDArray[np.float32]]
View = tuple[float, bool]
"""A size, relative to the picture's, and whether it is the mirror image that is seen."""

PLAIN: View = (1.0, False)
"""The picture as it is."""


def mean_over_views(
    ask: Callable[[NDArray[np.float32]], Mapping[str, NDArray[np.float32]]],
    y: NDArray[np.float32],
    scales: Sequence[float] = (1.0,),
    mirror: bool = False,
) -> Answers:
    """Average a model's answers over views of the same pictures.

    Parameters
    ----------
    ask : callable
        Takes luma (N, h, w, 1) and returns arrays (N, h, w, C) that may be averaged:
        probabilities or chroma, not logits.
    y : numpy.ndarray of float32, (N, H, W, 1)
        Luma in [0, 1].
    scales : sequence of float
        Sizes at which to ask, relative to that of `y`; each answer is resized to (H, W).
    mirror : bool
        Ask about the mirror image too, at every size.

    Returns
    -------
    dict
        The means, (N, H, W, C) float32.
    """
    height, width = y.shape[1:3]
    total: Answers = {}
    for scale in scales:
        shape = max(1, round(height * scale)), max(1, round(width * scale))
        seen = _resize(y, *shape)
        found = dict(ask(seen))
        if mirror:
            flipped = ask(np.ascontiguousarray(seen[:, :, ::-1]))
            half = np.float32(0.5)
            found = {key: half * (found[key] + flipped[key][:, :, ::-1]) for key in found}
        for key, values in found.items():
            total[key] = total.get(key, np.float32(0)) + _resize(values, height, width)
    return {key: values / np.float32(len(scales)) for key, values in total.items()}


def in_turn(scales: Sequence[float], mirror: bool) -> list[View]:
    """Return the views of `mean_over_views` in an order for the frames of a film.

    Parameters
    ----------
    scales : sequence of float
        As for `mean_over_views`.
    mirror : bool
        As for `mean_over_views`.

    Returns
    -------
    list of tuple
        Each view once; neighbours differ in size, and every other one is mirrored. The picture as
        it is comes first where it is among them.
    """
    sizes = sorted(scales, key=lambda scale: (scale != 1.0, -scale))
    if not mirror:
        return [(scale, False) for scale in sizes]
    turns = [(scale, k % 2 == 1) for k, scale in enumerate(sizes)]
    return turns + [(scale, not mirrored) for scale, mirrored in turns]


def features_through(
    look: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    y: NDArray[np.float32],
    view: View,
    stride: int,
) -> NDArray[np.float32]:
    """Return what a network sees through a view, laid where it would see it without.

    The heads are 1 × 1 convolutions, so that features may be resized in the place of logits.

    Parameters
    ----------
    look : callable
        Takes luma (N, h, w, 1) and returns features of the padded picture over the stride.
    y : numpy.ndarray of float32, (N, H, W, 1)
        Luma in [0, 1].
    view : tuple of float and bool
        The view.
    stride : int
        Pixels per feature, along each side.

    Returns
    -------
    numpy.ndarray of float32, (N, h, w, C)
        Of the size that ``look(y)`` has.
    """
    scale, mirrored = view
    rows, columns = (-(-side // stride) for side in y.shape[1:3])
    whole = _padded(y, rows * stride, columns * stride)  # so that features lie on pixels
    tall, wide = (max(1, round(side * scale)) for side in (rows, columns))
    seen = _resize(whole, tall * stride, wide * stride)
    seen = np.ascontiguousarray(seen[:, :, ::-1]) if mirrored else seen
    found = look(seen)[:, :tall, :wide]  # without what lies on the network's own padding
    found = found[:, :, ::-1] if mirrored else found
    if (tall, wide) != (rows, columns):  # as media.resize does, which takes channel after channel
        sizes = {"size": (rows, columns), "interpolation": "bilinear", "antialias": True}
        found = keras.ops.convert_to_numpy(keras.ops.image.resize(found, **sizes))
    return _padded(found, *(-(-side // vgg.STRIDE) * vgg.STRIDE // stride for side in y.shape[1:3]))


def _padded(stack: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Repeat the last row and column."""
    more = height - stack.shape[1], width - stack.shape[2]
    return np.pad(stack, ((0, 0), (0, more[0]), (0, more[1]), (0, 0)), mode="edge")


def _resize(stack: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    if stack.shape[1:3] == (height, width):
        return stack
    return np.stack([media.resize(one, height, width) for one in stack])
