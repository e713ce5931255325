"""Frames a second of a film, once everything is loaded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from colorlab import coast, colorize_film
from colorlab.media.film_maker import write_film
from studies.bench.effort import FULL, Effort, digits, in_turn, spread

PRECISIONS = ("float32", "mixed_bfloat16")


def rates(effort: Effort = FULL, seed: int = 0) -> dict[str, Any]:
    """Measure how many frames a second the default film model colours, from file to file.

    Decoding, looking for cuts and encoding run beside the network and are part of it.

    Returns
    -------
    dict
        ``model``, ``height``, ``width``, ``frames``, and per precision ``seconds`` (spread of one
        film) and ``frames_per_second`` (by the median).
    """
    height, width = effort.film_size
    count = effort.film_frames
    models = {one: colorize_film.load(None, one) for one in PRECISIONS}
    scene, rate = coast.Scene(seed), Fraction(30)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "film.mp4"), Path(folder, "colored.mp4")
        write_film(source, (scene.render(k / 30, height, width) for k in range(count)), rate)

        def color(precision: str) -> Callable[[], object]:
            return lambda: colorize_film.file(source, target, models[precision])

        actions = {one: color(one) for one in PRECISIONS}
        taken = in_turn(actions, warmup=1, rounds=effort.film_rounds)
    found: dict[str, Any] = {"model": models["float32"].name}
    found |= {"height": height, "width": width, "frames": count}
    for one in PRECISIONS:
        seconds = spread(taken[one])
        rate_found = digits(count / seconds["median"])
        found[one] = {"seconds": seconds, "frames_per_second": rate_found}
    return found
