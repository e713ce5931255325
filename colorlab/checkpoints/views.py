"""Asking a model about a still several times: at several sizes, and about the mirror image.

The answers are averaged. What a network says depends a little on the size at which it sees a thing
and on which side is left; the mean over such views is closer to the truth than any one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from colorlab import media

# What the cards of newly trained models say; docs/reproducing.md tells why.
SCALES = (0.7143, 1.0, 1.2857)

Answers = dict[str, NDArray[np.float32]]


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


def _resize(stack: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    if stack.shape[1:3] == (height, width):
        return stack
    return np.stack([media.resize(one, height, width) for one in stack])
