"""Water photos, landscapes, and rendered scenes whose regions are known."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from colorlab.errors import InputError
from studies import reactions, reduced
from studies.foliage.protocol import SCENES
from studies.harness import Asked
from studies.pictures import MOMENT, refuse_photos
from studies.reactions import Scenes
from studies.reduced import Photos, Seen

FAST = (32, 45, 15, 8)
"""Size, photos learnt from and photos measured of each set, and scenes, of a fast run."""


@dataclasses.dataclass(frozen=True)
class Sets:
    """What is learnt from and measured on.

    Attributes
    ----------
    water, landscape : Photos
        The two sets.
    scenes : Scenes
        Rendered coasts with trees, with their regions.
    """

    water: Photos
    landscape: Photos
    scenes: Scenes


def prepare(asked: Asked) -> tuple[Sets, dict[str, Any]]:
    """Open both sets of photos and render the scenes; in a fast run render it all."""
    if asked.fast:
        refuse_photos(asked, "--fast")
        size, training, measured, count = FAST
        water, about = _rendered(size, training, measured, asked.seed, green=False)
        landscape, more = _rendered(size, training, measured, asked.seed, green=True)
        first = more["scenes"][-1] + 1
    else:
        if asked.more_photos is None:
            raise InputError(
                "this experiment compares two sets: give water photos with --photos and "
                "landscapes with --more-photos, or --fast, which runs on rendered coasts."
            )
        water, about = reduced.open_photos(asked)
        again = dataclasses.replace(asked, photos=asked.more_photos, more_photos=None)
        landscape, more = reduced.open_photos(again)
        size, count, first = about["size"], SCENES, asked.seed
    scenes, told = reactions.render(size, count, first)
    name = f"{about['name']} and {more['name']}"
    return Sets(water, landscape, scenes), {
        "name": name,
        "water": about,
        "landscape": more,
        "scenes": told,
    }


def _rendered(
    size: int, training: int, measured: int, seed: int, green: bool
) -> tuple[Photos, dict[str, Any]]:
    """Render coasts with or without trees in place of photos."""
    chosen = reactions.choose(training + measured, seed, green)
    rgb = np.stack([scene.render(MOMENT, size, size) for scene in chosen])
    return Photos(rgb[:training], rgb[training:]), {
        "name": "coasts with trees" if green else "coasts without trees",
        "size": size,
        "sha256": hashlib.sha256(rgb.tobytes()).hexdigest(),
        "training": training,
        "measured": measured,
        "scenes": [scene.seed for scene in chosen],
    }


class _Row:
    """Arrays one behind the other, read photo by photo, so that none is copied."""

    def __init__(self, *parts: NDArray[Any]) -> None:
        self.parts = parts

    def __getitem__(self, place: int) -> NDArray[Any]:
        for part in self.parts:
            if place < len(part):
                return part[place]
            place -= len(part)
        raise IndexError(place)


def join(first: Seen, second: Seen) -> Seen:
    """Put two sets that were looked at behind each other."""
    return Seen(
        np.concatenate([first.rgb, second.rgb]),
        {tap: cast(Any, _Row(first.taps[tap], second.taps[tap])) for tap in first.taps},
        hashlib.sha256(f"{first.digest} {second.digest}".encode()).hexdigest(),
    )
