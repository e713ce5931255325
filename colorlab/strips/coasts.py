"""Strips of rendered coasts, at many rates, with exact motion."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import coast, digests, files
from colorlab.checkpoints import ColorModel
from colorlab.datasets.clips import renderer_digest
from colorlab.datasets.photos import default_cache
from colorlab.errors import InputError
from colorlab.strips.frames import (
    HEIGHT,
    WIDTH,
    Frames,
    Strips,
    ticks_of,
)
from colorlab.strips.seen import identity, look, write

MASTER = 60
"""Frames a second of which every other rate takes some."""


def scene_of(seed: int, camera_speed: float = 1.0) -> coast.Scene:
    """Return a coast whose camera alone moves faster.

    Its pan and its drift run through the same course in less time; clouds, waves and the camera's
    small sway keep theirs. Pictures and flow follow.

    Parameters
    ----------
    seed : int
        Which coast.
    camera_speed : float
        How many times as fast, above 0.

    Returns
    -------
    coast.Scene
        The scene.
    """
    scene = coast.Scene(seed)
    if camera_speed != 1:
        camera = dataclasses.replace(
            scene.camera,
            pan_period=scene.camera.pan_period / camera_speed,
            drift_period=scene.camera.drift_period / camera_speed,
        )
        scene.camera = camera
        scene._layers = tuple(
            dataclasses.replace(layer, camera=camera) if hasattr(layer, "camera") else layer  # type: ignore[type-var]
            for layer in scene._layers
        )
    return scene


def strips(
    seeds: Sequence[int],
    times: Sequence[float],
    lengths: Mapping[int | Fraction, int],
    color: ColorModel,
    anchor: str = "first",
    camera_speed: float = 1.0,
    size: tuple[int, int] = (HEIGHT, WIDTH),
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> dict[Fraction, Strips]:
    """Render strips of coasts at several rates, and look at every frame, or recall both.

    Parameters
    ----------
    seeds : sequence of int
        The scenes.
    times : sequence of float
        Seconds, of every scene; a strip for each. Rounded to 1/60.
    lengths : mapping
        Frames a second, each of which divides 60, to frames a strip.
    color : ColorModel
        What looks at the frames.
    anchor : {"first", "last"}
        Whether the times are those of the strips' first frames or of their last: pairs anchored
        at the last have, at every rate, the same second frame.
    camera_speed : float
        As for `scene_of`.
    size : tuple of int
        Height and width of the frames.
    progress : bool
        Show a bar.
    cache : path, optional
        Folder of what was rendered and seen; the user's cache folder by default.

    Returns
    -------
    dict
        Rate to its strips: those of the first scene, one a time, then the second scene's.

    Raises
    ------
    InputError
        For a rate that does not divide 60, no scene, or a cache that cannot be written.
    """
    root = files.ensure_folder(Path(cache) if cache is not None else default_cache())
    rates = {Fraction(rate): int(length) for rate, length in lengths.items()}
    wrong = [str(rate) for rate in rates if rate <= 0 or (MASTER / rate).denominator != 1]
    if wrong or not rates or not len(seeds) or not len(times):
        raise InputError(
            f"strips need scenes, times and rates that divide {MASTER}; received {len(seeds)} "
            f"scenes, {len(times)} times and the rates {', '.join(map(str, lengths)) or 'none'}."
        )
    at = np.array([round(MASTER * time) for time in times])
    ticks = {
        rate: ticks_of(at, int(MASTER / rate), length, anchor) for rate, length in rates.items()
    }
    every = np.unique(np.concatenate([one.ravel() for one in ticks.values()]))
    renderer = renderer_digest()
    found = []
    for seed in tqdm(seeds, desc="strips", unit="scene", disable=not progress, delay=1):
        about = [int(seed), every.tolist(), camera_speed, list(size), renderer]
        scene = scene_of(seed, camera_speed)
        path = root / f"strip-coast-{seed}-{digests.of_json(about)[:16]}.npy"
        if not path.is_file():
            drawn = [scene.render(int(tick) / MASTER, *size) for tick in every]
            write(path, np.stack(drawn))
        rgb = np.load(path, mmap_mode="r")
        seen = look(path.with_suffix(""), rgb, color)
        move = functools.partial(_exact, scene, every, size)
        found.append(Frames(str(seed), every, rgb, move=move, **seen))
    result = {}
    for rate, one in ticks.items():
        which = np.tile(np.searchsorted(every, one), (len(seeds), 1))
        about = [[int(seed) for seed in seeds], one.tolist(), camera_speed, list(size), renderer]
        result[rate] = Strips(
            rate, camera_speed, tuple(found), np.repeat(np.arange(len(seeds)), len(times)), which,
            color, digests.of_json([*about, identity(color)]), root,
        )  # fmt: skip
    return result


def _exact(
    scene: coast.Scene, ticks: NDArray[np.integer], size: tuple[int, int], now: int, before: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a coast's own flow from one of its frames back to an earlier one."""
    found = scene.flow(int(ticks[now]) / MASTER, int(ticks[before]) / MASTER, *size)
    return found.flow, ~found.visible
