"""Colours carried over from pictures whose colours are known.

A place of a grey picture gets the colours of those places in a reference whose backbone features
are most like its own. The idea is that of exemplar-based colorization [1]_ [2]_, which learns how
alike two places are; here it is the cosine of the frozen backbone's features, so nothing is
trained.

References
----------
.. [1] M. He, D. Chen, J. Liao, P. V. Sander, L. Yuan, "Deep exemplar-based colorization",
   SIGGRAPH 2018.
.. [2] B. Zhang et al., "Deep exemplar-based video colorization", CVPR 2019.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from colorlab import color_model, devices, media, yuv
from colorlab.checkpoints import ColorModel

CELL = 4
"""Side, pixels, of the squares that are matched."""

TEMPERATURE = 0.02
"""Of the softmax over a reference's cells; small, so that only the best matches count."""

LUMA = 0.5
"""How much a difference of luma counts against the cosine of two cells' features."""

Trust = tuple[float, float]
"""Cosine of the best match up to which the color model's own chroma is taken, and from which the
reference's is; between them the two are mixed."""

SAME_SCENE: Trust = 0.35, 0.55
"""For a frame of the same shot: even a poor match is closer than a guess."""

OTHER_PICTURE: Trust = 0.70, 0.85
"""For any other picture: cells of unrelated photos are alike, too, and must not count."""

Float = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Cells:
    """A picture, cell by cell.

    Attributes
    ----------
    features : numpy.ndarray of float32, (h, w, C)
        The backbone's features, of unit length.
    y : numpy.ndarray of float32, (h, w, 1)
        Mean luma in [0, 1].
    """

    features: Float
    y: Float


@dataclasses.dataclass(frozen=True)
class Reference:
    """The cells of a picture whose colours are known, in one row.

    Attributes
    ----------
    features, y : numpy.ndarray of float32, (P, C) and (P, 1)
        As of `Cells`.
    uv : numpy.ndarray of float32, (P, 2)
        Their chroma.
    """

    features: Float
    y: Float
    uv: Float


class Matcher:
    """Finds the cells of a reference that are like those of a grey picture.

    Parameters
    ----------
    model : ColorModel
        The model whose backbone is used, and whose own chroma fills in where nothing matches.
    """

    def __init__(self, model: ColorModel) -> None:
        self.model = model

    @functools.cached_property
    def _network(self) -> keras.Model:
        """The color model, which also returns the features of every cell."""
        network, config = self.model.network, self.model.config
        parts = []
        for tap in [tap for tap in config.taps if 2 ** (tap - 1) >= CELL] or [max(config.taps)]:
            x = network.get_layer(f"tap{tap}_{'dropout' if config.dropout else 'project'}").input
            stride = 2 ** (tap - 1)
            if stride < CELL:
                x = layers.AveragePooling2D(CELL // stride)(x)
            else:
                x = color_model.Enlarge((stride // CELL).bit_length() - 1)(x)
            parts.append(layers.UnitNormalization(dtype="float32")(x))
        joined = layers.Concatenate(dtype="float32")(parts) if len(parts) > 1 else parts[0]
        features = layers.UnitNormalization(dtype="float32")(joined)
        return keras.Model(network.inputs[0], {**network.output, "features": features})

    def cells(self, y: Float) -> tuple[Cells, dict[str, Float]]:
        """Run the network on a grey picture.

        Parameters
        ----------
        y : numpy.ndarray of float32, (H, W, 1)
            Luma in [0, 1].

        Returns
        -------
        cells : Cells
            The picture's, h = ceil(H / CELL) and w = ceil(W / CELL).
        outputs : dict
            As from ``ColorModel.outputs(y[None], tta=False)``.
        """
        found = devices.forward_pass(self._network, np.asarray(y, np.float32)[None])
        arrays = {name: np.asarray(values, np.float32) for name, values in found.items()}
        h, w = (-(-side // CELL) for side in y.shape[:2])
        return Cells(arrays.pop("features")[0, :h, :w], _means(y)), arrays

    def reference(self, y: Float, uv: Float, known: NDArray[np.bool_] | None = None) -> Reference:
        """Describe a picture whose colours are known.

        Parameters
        ----------
        y, uv : numpy.ndarray of float32, (H, W, 1) and (H, W, 2)
            Its luma and chroma, at about the model's working size.
        known : numpy.ndarray of bool, (H, W), optional
            Where the chroma is known; everywhere if left out.

        Returns
        -------
        Reference
            The cells whose chroma is known at half of their pixels or more.
        """
        cells, _ = self.cells(y)
        weight = np.ones_like(y) if known is None else known[..., None].astype(np.float32)
        share = _means(weight)
        chroma = _means(uv * weight) / np.maximum(share, np.float32(1e-6))
        kept = share[..., 0] >= 0.5
        return Reference(cells.features[kept], cells.y[kept], chroma[kept].astype(np.float32))


def from_picture(matcher: Matcher, rgb: Float) -> Reference:
    """Describe a picture at the color model's working size.

    Parameters
    ----------
    matcher : Matcher
        Of the color model.
    rgb : numpy.ndarray of float32, (H, W, 3)
        In [0, 1], of any size.

    Returns
    -------
    Reference
        All of its cells.
    """
    height, width = rgb.shape[:2]
    shape = media.working_shape(height, width, matcher.model.working_size)
    return matcher.reference(*yuv.rgb_to_yuv(media.resize(rgb, *shape)))


def join(references: Sequence[Reference]) -> Reference:
    """Put several references together; a cell then matches the best cells of all of them."""
    fields = (field.name for field in dataclasses.fields(Reference))
    return Reference(*(np.concatenate([getattr(r, name) for r in references]) for name in fields))


def match(cells: Cells, reference: Reference) -> tuple[Float, Float]:
    """Fetch chroma from a reference.

    Parameters
    ----------
    cells : Cells
        Of the grey picture.
    reference : Reference
        With at least one cell.

    Returns
    -------
    uv : numpy.ndarray of float32, (h, w, 2)
        For each cell the mean chroma of the cells most like it.
    cosine : numpy.ndarray of float32, (h, w, 1)
        Of the best match.
    """
    height, width = cells.y.shape[:2]
    cosine = cells.features.reshape(height * width, -1) @ reference.features.T
    best = cosine.max(axis=1)
    score = cosine - np.float32(LUMA) * np.abs(cells.y.reshape(-1, 1) - reference.y.T)
    score -= score.max(axis=1, keepdims=True)
    score /= np.float32(TEMPERATURE)
    weights = np.exp(score, out=score)
    uv = weights @ reference.uv / weights.sum(axis=1, keepdims=True)
    return uv.reshape(height, width, 2), best.reshape(height, width, 1)


def mix(
    cells: Cells, reference: Reference, y: Float, own: Float, trust: Trust = OTHER_PICTURE
) -> Float:
    """Take the reference's chroma where it matches, the model's own elsewhere.

    Parameters
    ----------
    cells : Cells
        Of the grey picture.
    reference : Reference
        With at least one cell.
    y : numpy.ndarray of float32, (H, W, 1)
        The picture's luma.
    own : numpy.ndarray of float32, (H, W, 2)
        The color model's chroma.
    trust : tuple of float
        `SAME_SCENE` or `OTHER_PICTURE`.

    Returns
    -------
    numpy.ndarray of float32, (H, W, 2)
        Chroma, not fitted to the gamut.
    """
    uv, cosine = match(cells, reference)
    height, width = y.shape[:2]
    share = media.resize(np.clip((cosine - trust[0]) / (trust[1] - trust[0]), 0, 1), height, width)
    mixed: Float = own + share * (media.enlarge_chroma(uv, y) - own)
    return mixed


def _means(plane: Float) -> Float:
    """Return the mean over each cell, (h, w, C); cells at the border may be smaller."""
    height, width = plane.shape[:2]
    rows, columns = np.arange(0, height, CELL), np.arange(0, width, CELL)
    sums = np.add.reduceat(np.add.reduceat(plane, rows, axis=0), columns, axis=1)
    tall, wide = np.diff([*rows, height]), np.diff([*columns, width])
    means: Float = (sums / (tall[:, None, None] * wide[:, None])).astype(np.float32)
    return means
