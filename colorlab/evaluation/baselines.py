"""Baselines that use no network: a histogram, and one for each height in the photo and luma."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import datasets, media, yuv
from colorlab.bins import BinGrid
from colorlab.errors import InputError

ROWS, LUMAS = 8, 32
"""Cells of the table. With `STRENGTH` the best of 8 and 16 rows, 16 and 32 steps of luma, and none,
4, 8 or 16 steps of the photo's mean luma on 300 validation photos of water, counted on 1200 at 112
pixels: 3.979 nats, where the prior has 4.244. The mean luma only overfits (3.985 at best)."""

STRENGTH = 0.03
"""Weight of the prior in each cell, in photos: as many pixels as 0.03 photos have."""

_UNSEEN = 1e-8


@dataclasses.dataclass(frozen=True)
class LookupTable:
    """Shares of the bins by vertical position and luma, learnt by counting.

    Attributes
    ----------
    name : str
        ``"prior"`` for a table of one cell, ``"table"`` for a larger one.
    grid : BinGrid
        The bins.
    shares : numpy.ndarray of float32, (rows, lumas, 2, n)
        Probabilities of the U bins and of the V bins in each cell.
    prior : numpy.ndarray of float64, (2, n)
        The same over all pixels.
    fitted_on : dict
        ``sets`` (name, split and sha256 of each), ``photos``, ``size``, ``seed``.
    """

    name: str
    grid: BinGrid
    shares: NDArray[np.float32]
    prior: NDArray[np.float64]
    fitted_on: dict[str, Any]

    def outputs(self, y: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Look the probabilities up.

        Parameters
        ----------
        y : numpy.ndarray of float32, (N, H, W, 1)
            Luma in [0, 1].

        Returns
        -------
        dict
            ``u`` and ``v``: log-probabilities (N, H, W, n) float32.
        """
        logs = np.log(self.shares)
        cells = _cells(y, *self.shares.shape[:2])
        return {head: logs[(*cells, axis)] for axis, head in enumerate("uv")}

    def chroma(self, y: NDArray[np.float32]) -> NDArray[np.float32]:
        """Look the expected chroma up.

        Parameters
        ----------
        y : numpy.ndarray of float32, (N, H, W, 1)
            Luma in [0, 1].

        Returns
        -------
        numpy.ndarray of float32, (N, H, W, 2)
            U and V: the mean of the bins' centres under the cell's shares.
        """
        means = np.einsum("rlan,an->rla", self.shares, self.grid.centres)
        return means[_cells(y, *self.shares.shape[:2])]


def fit_baselines(
    paths: Sequence[str | os.PathLike[str]],
    grid: BinGrid,
    size: int = 224,
    limit: int = 1500,
    seed: int = 0,
    progress: bool = True,
) -> list[LookupTable]:
    """Learn both baselines from training photos.

    Parameters
    ----------
    paths : sequence of path
        Photo sets: the split ``train`` of CSV manifests, all photos of folders.
    grid : BinGrid
        The bins.
    size : int
        Side of the square that photos are squashed to, as where they are measured.
    limit : int
        At most so many photos, drawn at random from all sets together; each counts the same.
    seed : int
        Of the draw.
    progress : bool
        Show a bar.

    Returns
    -------
    list of LookupTable
        ``prior`` and ``table``.

    Raises
    ------
    InputError
        As `colorlab.datasets.read_manifest`, and when no photo shows colour.
    """
    sets = [datasets.read_manifest(p, None if Path(p).is_dir() else "train") for p in paths]
    files = [file for manifest in sets for file in manifest.files]
    rng = np.random.default_rng(seed)
    drawn = sorted(rng.choice(len(files), min(limit, len(files)), replace=False))
    counts, photos = np.zeros((ROWS, LUMAS, 2, grid.n)), 0
    for k in tqdm(drawn, desc="counting colours", disable=not progress):
        rgb = media.read_photo(files[k]).rgb
        if not media.is_grey(rgb):
            counts += _count(yuv.to_uint8(media.resize(rgb, size, size)), grid)
            photos += 1
    if not photos:
        raise InputError(
            f"none of the {len(drawn)} training photos drawn shows colour; give others."
        )
    total = counts.sum(axis=(0, 1))
    prior = np.maximum(total / total.sum(axis=-1, keepdims=True), _UNSEEN)
    prior /= prior.sum(axis=-1, keepdims=True)
    cells = counts + STRENGTH * prior
    cells /= cells.sum(axis=-1, keepdims=True)
    fitted_on = {
        "sets": [{"name": m.name, "split": m.split, "sha256": m.sha256} for m in sets],
        "photos": photos,
        "size": size,
        "seed": seed,
    }
    return [
        LookupTable(name, grid, shares.astype(np.float32), prior, fitted_on)
        for name, shares in (("prior", prior[None, None]), ("table", cells))
    ]


def _count(rgb: NDArray[np.uint8], grid: BinGrid) -> NDArray[np.float64]:
    """Return the shares of one photo's pixels by cell and bin, (ROWS, LUMAS, 2, n)."""
    y, uv = yuv.rgb_to_yuv(rgb)
    rows, lumas = (index[0] for index in _cells(y[None], ROWS, LUMAS))
    cells = (rows * LUMAS + lumas) * grid.n
    labels = grid.encode(uv)
    each = [
        np.bincount((cells + labels[..., axis]).ravel(), minlength=ROWS * LUMAS * grid.n)
        for axis in range(2)
    ]
    return (
        np.stack(each).reshape(2, ROWS, LUMAS, grid.n).transpose(1, 2, 0, 3) / labels[..., 0].size
    )


def _cells(
    y: NDArray[np.float32], rows: int, lumas: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return row and step of luma of every pixel, (N, H, W) each."""
    step = np.clip(y[..., 0] * lumas, 0, lumas - 1).astype(np.intp)
    height = y.shape[1]
    band = np.arange(height) * rows // height
    return np.broadcast_to(band[:, None], step.shape), step
