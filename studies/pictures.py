"""The photos of an experiment: a person's own, or rendered coasts, which need no data."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np

from colorlab import coast, datasets
from colorlab.datasets import Manifest, PhotoSet
from colorlab.errors import InputError
from studies.harness import Asked

MOMENT = 3.0
"""Second of a scene that is rendered."""


def rendered(count: int, size: int, seed: int = 0) -> PhotoSet:
    """Render coasts as a set of photos; seven following ones hold each kind once.

    Returns
    -------
    PhotoSet
        The set ``coasts``; its hash is that of the pictures.
    """
    scenes = (coast.Scene(one) for one in range(seed, seed + count))
    rgb = np.stack([scene.render(MOMENT, size, size) for scene in scenes])
    digest = hashlib.sha256(rgb.tobytes()).hexdigest()
    return PhotoSet(Manifest("coasts", (), (), None, digest), rgb, 0)


def spread(photos: PhotoSet, count: int) -> PhotoSet:
    """Take photos evenly spaced over a set."""
    if count >= len(photos):
        return photos
    chosen = np.linspace(0, len(photos) - 1, count).astype(int)
    manifest = dataclasses.replace(
        photos.manifest,
        files=tuple(photos.manifest.files[i] for i in chosen),
        sources=tuple(photos.manifest.sources[i] for i in chosen),
    )
    return dataclasses.replace(photos, manifest=manifest, rgb=photos.rgb[chosen])


def refuse_photos(asked: Asked, reason: str) -> None:
    """Refuse a person's photos where an experiment renders its own."""
    for option in ("photos", "more_photos", "split", "max_photos"):
        if getattr(asked, option) is not None:
            word = option.replace("_", "-")
            raise InputError(f"{reason} renders its own coasts; leave out --{word}.")


def open_pictures(asked: Asked, size: int, limit: int) -> tuple[PhotoSet, dict[str, Any]]:
    """Open the photos that a person asked an experiment to use.

    Returns
    -------
    photos : PhotoSet
        The photos.
    dataset : dict
        What a result says of them: name, split, sha256 (of the whole split), size, photos, of.
    """
    if asked.fast:
        refuse_photos(asked, "--fast")
        every = rendered(limit, size, asked.seed)
    else:
        if asked.photos is None:
            raise InputError(
                "this experiment needs photos: give --photos, a CSV manifest or a folder; or "
                "--fast, which runs on rendered coasts."
            )
        every = datasets.open_photos(asked.photos, asked.split, size, asked.progress)
    photos = spread(every, asked.max_photos or limit)
    if len(photos) < 2:
        raise InputError(
            f"an experiment needs at least two photos; received {len(photos)}. Give more."
        )
    return photos, {
        "name": every.manifest.name,
        "split": every.manifest.split,
        "sha256": every.manifest.sha256,
        "size": size,
        "photos": len(photos),
        "of": len(every),
    }
