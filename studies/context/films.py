"""The strips of a run, seen by each of the color models."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from colorlab import (
    coast,
    devices,
    digests,
)
from colorlab import strips as film_strips
from colorlab.strips import Strips
from studies import reduced
from studies.context.colors import train_color
from studies.context.protocol import RATE, Scale
from studies.harness import Asked
from studies.pictures import MOMENT, refuse_photos

_SIZE = (film_strips.HEIGHT, film_strips.WIDTH)


@dataclasses.dataclass(frozen=True)
class Films:
    """The color models of a run, and what they see in its strips.

    Attributes
    ----------
    training, tested : dict
        Name of a color model to what is learnt from, and to what is measured.
    """

    training: dict[str, Strips]
    tested: dict[str, Strips]


def prepare(asked: Asked) -> tuple[Films, dict[str, Any]]:
    """Train the color model, render the films, and let the three look at them."""
    refuse_photos(asked, "context")
    scale = Scale.of(asked)
    recipe = reduced.Recipe(**scale.recipe, seed=asked.seed)
    photos, chosen = (
        np.stack([coast.Scene(seed).render(MOMENT, *_SIZE) for seed in _shown(seeds, asked)])
        for seeds in (scale.photos, scale.chosen)
    )
    models, history = train_color(recipe, photos, chosen, asked.progress)
    films = Films({}, {})
    for name, color in models.items():
        for kept, seeds, at, length in (
            (films.training, scale.learnt, scale.learnt_at, 2),
            (films.tested, scale.tested, scale.learnt_at[:1], scale.frames),
        ):
            found = film_strips.strips(
                seeds, at, {Fraction(RATE): length}, color, progress=asked.progress
            )
            kept[name] = found[Fraction(RATE)]
    return films, {
        "name": "coasts",
        "size": list(_SIZE),
        "rate": RATE,
        "precision": devices.precision(),
        "photos": {
            part: {"scenes": len(seeds), "first": seeds.start}
            for part, seeds in (("training", scale.photos), ("validation", scale.chosen))
        },
        "color_models": {
            name: {
                "epoch": one.card["training"]["best_epoch"],
                "weights_sha256": one.card["weights"]["sha256"],
            }
            for name, one in models.items()
        },
        "validation_loss": [round(row["val_loss"], 4) for row in history],
        **{
            part: {"scenes": len(seeds), "first": seeds.start, "frames": frames}
            for part, seeds, frames in (
                ("training", scale.learnt, 2),
                ("measured", scale.tested, scale.frames),
            )
        },
        "sha256": digests.of_json(
            [one.digest for kept in (films.training, films.tested) for one in kept.values()]
        ),
    }


def _shown(seeds: range, asked: Asked) -> Any:
    return tqdm(seeds, desc="photos", unit="scene", disable=not asked.progress, delay=1)
