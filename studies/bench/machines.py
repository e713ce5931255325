"""How fast each packaged model is on each device of a machine, the processor and its GPUs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from colorlab import checkpoints, coast, colorize, colorize_film, devices, yuv
from studies.bench.effort import FULL, Effort, digits, in_turn, spread

FRAMES = 12
"""Frames of a film that are coloured in one go, at most."""


def rates(effort: Effort = FULL, seed: int = 0) -> dict[str, Any]:
    """Measure how fast every packaged model is on every device.

    Returns
    -------
    dict
        Name of a device, as Keras calls it, to ``card`` (what the maker calls it, null where
        unknown), ``precision`` of films, and ``models``: name to ``photo`` (one picture in
        memory, as `colorlab.colorize.picture` colours it), ``batch`` (so many at once, each
        asked once) or, of a film model, ``film`` (frame by frame, as
        `colorlab.colorize_film.frames` does), each with ``seconds``, ``pictures`` and
        ``per_second`` (by the median).
    """
    scene, size = coast.Scene(seed), effort.photo_sizes[0]
    pictures = [scene.render(2.0 + k, size, size) for k in range(effort.batch_size)]
    count = min(FRAMES, effort.film_frames)
    film = [scene.render(2.0 + k / 30, *effort.film_size) for k in range(count)]
    found: dict[str, Any] = {}
    for device in devices.names():
        with devices.on(device):
            models = {
                **{name: _stills(name, pictures) for name in checkpoints.list_models("color")},
                **{name: _film(name, film) for name in checkpoints.list_models("consistency")},
            }
            found[device] = {
                "card": devices.card(device),
                "precision": devices.precision(),
                "models": {name: _time(ways, effort) for name, ways in models.items()},
            }
    return found


Ways = dict[str, tuple[int, Callable[[], object]]]
"""Name of a way to colour to how many pictures it colours, and to the act."""


def _stills(name: str, pictures: list[Any]) -> Ways:
    model, y = checkpoints.load(name), yuv.luma(np.stack(pictures))
    return {
        "photo": (1, lambda: colorize.picture(pictures[0], model)),
        "batch": (len(y), lambda: model.chroma(y)),
    }


def _film(name: str, film: list[Any]) -> Ways:
    model = colorize_film.load(name)

    def color() -> object:
        return list(colorize_film.frames(film, colorize_film.colorer_for(model)))

    return {"film": (len(film), color)}


def _time(ways: Ways, effort: Effort) -> dict[str, Any]:
    """Measure each way of a model, in turn."""
    actions = {way: action for way, (_, action) in ways.items()}
    taken = in_turn(actions, warmup=1, rounds=effort.film_rounds)
    told = {}
    for way, (count, _) in ways.items():
        seconds = spread(taken[way])
        rate = digits(count / seconds["median"])
        told[way] = {"seconds": seconds, "pictures": count, "per_second": rate}
    return told
