"""The strips of a run: coasts at one rate."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

from colorlab import checkpoints, devices, digests
from colorlab import strips as film_strips
from colorlab.checkpoints import ColorModel
from colorlab.strips import Strips
from studies.harness import Asked
from studies.pictures import refuse_photos
from studies.recurrent.protocol import RATE, Scale


@dataclasses.dataclass(frozen=True)
class Films:
    """The strips of a run.

    Attributes
    ----------
    color : ColorModel
        The frozen color model.
    training, tested : Strips
        What is learnt from, and what is measured.
    """

    color: ColorModel
    training: Strips
    tested: Strips


def prepare(asked: Asked) -> tuple[Films, dict[str, Any]]:
    """Render the coasts, and look at every frame."""
    refuse_photos(asked, "recurrent")
    scale, precision, rate = Scale.of(asked), devices.precision(), Fraction(RATE)
    color = checkpoints.load(dtype=precision)
    training, tested = (
        film_strips.strips(seeds, at, {rate: length}, color, progress=asked.progress)[rate]
        for seeds, at, length in (
            (scale.learnt, scale.learnt_at, scale.learnt_frames),
            (scale.tested, scale.learnt_at[:1], scale.frames),
        )
    )
    return Films(color, training, tested), {
        "name": "coasts",
        "size": [film_strips.HEIGHT, film_strips.WIDTH],
        "rate": RATE,
        "precision": precision,
        "color_model": color.name,
        **{
            part: {"scenes": len(seeds), "first": seeds.start, "strips": len(one), "frames": frames}
            for part, seeds, one, frames in (
                ("training", scale.learnt, training, training.length),
                ("measured", scale.tested, tested, tested.length),
            )
        },
        "sha256": digests.of_json([training.digest, tested.digest]),
    }
