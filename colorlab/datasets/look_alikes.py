"""Find copies of pictures in a photo set by perceptual hash: mirrored, recompressed, cropped.

A hash holds the signs of a picture's lowest spatial frequencies. Libraries hash whole pictures, or
segments at seconds a photo; here one matrix product hashes a picture and 224 crops of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from colorlab import media, yuv

T = TypeVar("T")

_FREQUENCIES = 12
BITS = _FREQUENCIES**2 - 1
"""Length of a hash; the mean brightness is no part of it."""

LIMIT = 26
"""At how many differing bits, or fewer, two pictures count as look-alikes.

Copies of 400 photos at 144 pixels, saved as JPEG of quality 50, differ by 25 bits or fewer: resized
to 97 x 70 pixels, mirrored, or cropped to 80 to 100 % of each side. Of 64 photos, none is nearer
than 28 bits to any of 4000 others.
"""

_SIDE = 64
_PART = 64


@dataclass(frozen=True)
class Match:
    """The photo nearest to a picture, or one near enough to be a copy.

    Attributes
    ----------
    picture : str
        Name of the picture.
    photo : pathlib.Path
        The photo of the set.
    distance : int
        How many of `BITS` bits differ, at the best of crops and mirrored.
    """

    picture: str
    photo: Path
    distance: int


def nearest(
    pictures: Mapping[str, NDArray[Any]], photos: Iterable[Path], limit: int = LIMIT
) -> list[Match]:
    """Return each picture's look-alikes in a set, or the nearest photo where there is none.

    Parameters
    ----------
    pictures : mapping of str to numpy.ndarray, (H, W, 3)
        Name to RGB, uint8 or float in [0, 1].
    photos : iterable of path
        Files of the set.
    limit : int
        Distance up to which a photo is a look-alike.

    Returns
    -------
    list of Match
        Picture by picture, nearest first. The last of a picture is beyond `limit` only where it is
        the only one.

    Raises
    ------
    InputError
        When a photo cannot be read.
    """
    found: dict[str, list[Match]] = {name: [] for name in pictures}
    own = [(part, _hashes([pictures[name] for name in part])) for part in _parts(pictures)]
    for files in _parts(photos):
        theirs = _hashes([media.read_photo(file).rgb for file in files])
        for names, hashes in own:
            for name, row in zip(names, _distances(hashes, theirs).tolist(), strict=True):
                kept = [*found[name], *map(Match, [name] * len(files), files, row)]
                kept.sort(key=lambda match: match.distance)
                found[name] = [m for k, m in enumerate(kept) if k == 0 or m.distance <= limit]
    return [match for matches in found.values() for match in matches]


def _parts(items: Iterable[T]) -> Iterator[list[T]]:
    """Give the items a few at a time, so that a large set needs little memory."""
    rest = iter(items)
    while part := list(islice(rest, _PART)):
        yield part


def _distances(own: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.int64]:
    """Compare whole pictures with crops, both ways, as they are and mirrored: (N, M) bits."""
    flipped = np.stack([own, own * _FLIP], axis=1)
    n, m, crops = len(own), len(theirs), own.shape[1]
    whole_in_crops = flipped[:, :, 0].reshape(n * 2, BITS) @ theirs.reshape(m * crops, BITS).T
    crops_in_whole = flipped.reshape(n * 2 * crops, BITS) @ theirs[:, 0].T
    agree = np.maximum(
        whole_in_crops.reshape(n, 2, m, crops).max(axis=(1, 3)),
        crops_in_whole.reshape(n, 2 * crops, m).max(axis=1),
    )
    return ((BITS - agree) / 2).astype(int)


def _hashes(pictures: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Hash N pictures and their crops: (N, 225, `BITS`) signs, each whole picture first."""
    units = (rgb / np.float32(255) if rgb.dtype == np.uint8 else rgb for rgb in pictures)
    small = np.stack([media.resize(yuv.luma(unit), _SIDE, _SIDE)[..., 0] for unit in units])
    n, rows = len(small), len(_WAVES)
    across = small.reshape(n * _SIDE, _SIDE) @ _WAVES.T  # two large products: many small are slow
    down = across.reshape(n, _SIDE, rows).transpose(0, 2, 1).reshape(n * rows, _SIDE) @ _WAVES.T
    spans = rows // _FREQUENCIES
    waves = down.reshape(n, spans, _FREQUENCIES, spans, _FREQUENCIES).transpose(0, 1, 3, 4, 2)
    bits = waves.reshape(n, spans**2, -1)[:, :, 1:] > 0
    return np.where(bits, np.float32(1), np.float32(-1))


def _spans() -> Iterator[tuple[float, float]]:
    """Give from where to where a crop goes along one side, as shares of it; the whole first."""
    for share in (20, 19, 18, 17, 16):
        for start in range(20 - share + 1):
            yield start / 20, (start + share) / 20


def _waves() -> NDArray[np.float32]:
    """Return the lowest waves of the discrete cosine transform of every span, one below the other.

    A span is averaged into 32 cells first, so that spans between pixels have no constant part.
    """
    cells, pixels, every = np.arange(32), np.arange(_SIDE), []
    cosines = np.cos(np.pi * np.arange(_FREQUENCIES)[:, None] * (cells + 0.5) / len(cells))
    for start, stop in _spans():
        edges = np.linspace(start * _SIDE, stop * _SIDE, len(cells) + 1)[:, None]
        share = np.clip(np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels), 0, 1)
        every.append(cosines @ (share / share.sum(axis=1, keepdims=True)))
    return np.concatenate(every).astype(np.float32)


_WAVES = _waves()
_FLIP = np.tile([1, -1], (BITS + 1) // 2)[1:].astype(np.float32)
"""What turns a hash into the mirrored picture's: odd waves along x change their sign."""
