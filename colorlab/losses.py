"""What training minimises: the cross-entropies of the two heads, summed; and the baselines.

Source: the paper's color model ("two categorical cross-entropies, summed").
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from colorlab.errors import InputError

NAMES = ("crossentropy", "rebalanced", "euclidean")


class PixelCrossEntropy(keras.losses.Loss):
    """Categorical cross-entropy per pixel of one head, in nats.

    Parameters
    ----------
    bin_weights : array-like of shape (n,), optional
        Weight of each true bin (class rebalancing). None weighs every pixel 1.
    soft : float
        Standard deviation, in bins, of the Gaussian that spreads a soft label over the bins.
    name : str
        The loss's name.

    Notes
    -----
    `y_true` is int32 (N, H, W), a hard label, or float32 (N, H, W, 1), the chroma's place on the
    axis of bins, where bin k spans k to k + 1: a soft label, which needs `soft` above 0. `y_pred`
    is float32 logits (N, H, W, n). Photos are averaged by their sample weights, so that photos of
    weight 0, which only fill a batch, change nothing.

    References
    ----------
    .. [1] Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016, section 2.1 (soft labels).
    """

    def __init__(
        self,
        bin_weights: Any | None = None,
        soft: float = 0.0,
        name: str = "pixel_crossentropy",
    ) -> None:
        super().__init__(name=name, reduction="mean_with_sample_weight")
        self.bin_weights = None if bin_weights is None else np.asarray(bin_weights, np.float32)
        self.soft = soft

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the mean loss of each photo, shape (N,)."""
        y_pred = ops.cast(y_pred, "float32")
        if len(y_true.shape) == 4:
            centres = ops.arange(y_pred.shape[-1], dtype="float32") + 0.5
            spread = ops.softmax(-ops.square((y_true - centres) / self.soft) / 2)
            loss = ops.categorical_crossentropy(spread, y_pred, from_logits=True)
            y_true = y_true[..., 0]
        else:
            labels = ops.cast(y_true, "int32")
            loss = ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=True)
        y_true = ops.cast(y_true, "int32")
        if self.bin_weights is not None:
            loss = loss * ops.take(ops.convert_to_tensor(self.bin_weights), y_true)
        return ops.mean(loss, axis=(1, 2))


class PixelEuclidean(keras.losses.Loss):
    """Squared Euclidean distance in UV per pixel: the regression baseline.

    Notes
    -----
    `y_true` and `y_pred` are float32 chroma (N, H, W, 1) of one axis; the squares of the two
    heads, summed, are the squared distance in the UV plane. Photos are averaged as by
    `PixelCrossEntropy`.
    """

    def __init__(self, name: str = "pixel_euclidean") -> None:
        super().__init__(name=name, reduction="mean_with_sample_weight")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the mean loss of each photo, shape (N,)."""
        difference = ops.cast(y_pred, "float32") - ops.cast(y_true, "float32")
        return ops.mean(ops.square(difference), axis=(1, 2, 3))


def pixel_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Share of pixels whose most likely bin is the right one.

    Parameters
    ----------
    y_true : tensor, (N, H, W) or (N, H, W, 1)
        True bins, or places on the axis of bins, see `PixelCrossEntropy`.
    y_pred : tensor of float, (N, H, W, n)
        Logits or probabilities.

    Returns
    -------
    tensor of float32, (N,)
        One share in [0, 1] per photo.
    """
    y_true = y_true[..., 0] if len(y_true.shape) == 4 else y_true
    hits = ops.equal(ops.cast(y_true, "int32"), ops.cast(ops.argmax(y_pred, axis=-1), "int32"))
    return ops.mean(ops.cast(hits, "float32"), axis=(1, 2))


def head_losses(
    name: str, weights: Any | None = None, soft: float = 0.0
) -> dict[str, keras.losses.Loss]:
    """Return the losses of the heads ``u`` and ``v`` by name; their sum is the model's loss.

    Parameters
    ----------
    name : {"crossentropy", "rebalanced", "euclidean"}
        Which loss.
    weights : array of shape (2, n), optional
        Rebalancing weights, wanted by ``"rebalanced"`` only; see `colorlab.bins.rebalance_weights`.
    soft : float
        As for `PixelCrossEntropy`.

    Returns
    -------
    dict
        ``{"u": loss, "v": loss}``.

    Raises
    ------
    InputError
        For an unknown name or missing weights.
    """
    if name == "crossentropy":
        return {head: PixelCrossEntropy(None, soft, f"loss_{head}") for head in "uv"}
    if name == "rebalanced":
        if weights is None:
            raise InputError("the rebalanced loss needs the bins' weights, shape (2, n).")
        return {
            head: PixelCrossEntropy(weights[k], soft, f"loss_{head}") for k, head in enumerate("uv")
        }
    if name == "euclidean":
        return {head: PixelEuclidean(name=f"loss_{head}") for head in "uv"}
    raise InputError(f"unknown loss {name!r}; choose one of {', '.join(NAMES)}.")
