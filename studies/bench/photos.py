"""Photos a second, once everything is loaded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from colorlab import checkpoints, coast, colorize, media, yuv
from studies.bench.effort import FULL, Effort, digits, in_turn, spread


def rates(effort: Effort = FULL, seed: int = 0) -> dict[str, Any]:
    """Measure how many photos a second the default model colours.

    Returns
    -------
    dict
        Per way of colouring ``seconds`` (spread of one call), ``photos`` per call and
        ``photos_per_second`` (by the median). With the sizes 224 and 1024 the ways are ``224`` and
        ``1024`` (an array, one at a time), ``224_batch`` (arrays, a training batch's number at a
        time) and ``1024_file`` (JPEG file to JPEG file, one at a time).
    """
    model = checkpoints.load()
    scene = coast.Scene(seed)
    pictures = {size: scene.render(2.0, size, size) for size in effort.photo_sizes}
    small, large = effort.photo_sizes[0], effort.photo_sizes[-1]
    frames = [scene.render(2.0 + k, small, small) for k in range(effort.batch_size)]
    y = yuv.luma(np.stack(frames))

    def one(size: int) -> Callable[[], object]:
        return lambda: colorize.picture(pictures[size], model)

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "photo.jpg"), Path(folder, "colored.jpg")
        media.write_photo(source, pictures[large])
        ways: dict[str, tuple[int, Callable[[], object]]] = {
            **{str(size): (1, one(size)) for size in effort.photo_sizes},
            f"{small}_batch": (len(frames), lambda: yuv.yuv_to_rgb(y, model.chroma(y))),
            f"{large}_file": (1, lambda: colorize.file(source, target, model)),
        }
        actions = {name: action for name, (_, action) in ways.items()}
        taken = in_turn(actions, warmup=1, rounds=effort.photo_rounds)
    found = {}
    for name, (count, _) in ways.items():
        seconds = spread(taken[name])
        rate = digits(count / seconds["median"])
        found[name] = {"seconds": seconds, "photos": count, "photos_per_second": rate}
    return found
