"""What a memory costs: time a frame and the peak of memory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from colorlab import coast, losses, yuv
from colorlab.checkpoints import ColorModel
from colorlab.color_model import ColorModelConfig
from studies.bench import processes
from studies.film import memories, windows
from studies.film.memories import Memory, MemoryConfig

SIZE = (112, 200)
"""Height and width of the frames that are timed: as film models see a wide film."""

_CHILD = """
import json, sys
from colorlab.cli import common
common.start_keras()
from studies.film import effort
print("\\n" + json.dumps(effort.work(*json.loads(sys.argv[1]))))
"""


def time_steps(
    found: Mapping[str, Memory], color: ColorModel, rounds: int
) -> dict[str, dict[str, float]]:
    """Measure how long memories take to colour one frame of a film, in turns.

    Returns
    -------
    dict
        Name to ``milliseconds`` (median), ``fastest``, and ``processor``, median milliseconds of
        processor time, which other programs on the machine do not change.
    """
    scene = coast.Scene(0)
    before, now = (yuv.rgb_to_yuv(scene.render(3 + k / 30, *SIZE)[None]) for k in (0, 1))
    features, _ = color.extract_features(now[0])

    def stepping(memory: Memory) -> Callable[[], object]:
        state = memory.begin(1, *SIZE)
        return lambda: memory.step(features, now[0], before[0], before[1], state)

    turns: dict[str, Callable[[], object]] = {name: stepping(one) for name, one in found.items()}
    turns["look"] = lambda: color.extract_features(now[0])
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in turns}
    for _ in range(rounds + 2):
        for name, act in turns.items():
            begun = time.perf_counter(), time.process_time()
            act()
            taken[name].append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    told = {}
    for name, each in taken.items():
        wall, processor = 1000 * np.array(each[2:]).T
        told[name] = {
            "milliseconds": round(float(np.median(wall)), 2),
            "fastest": round(float(wall.min()), 2),
            "processor": round(float(np.median(processor)), 2),
        }
    return told


def peaks(kind: str, window: int) -> dict[str, Any]:
    """Measure the peak of memory of a process that colours a film, and then learns.

    Returns
    -------
    dict
        ``film`` and ``training``, megabytes, null where the system does not tell; and ``source``,
        see `studies.bench.processes.peak`.
    """
    output, _ = processes.run_python("-c", _CHILD, json.dumps([kind, window]))
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def work(kind: str, window: int) -> dict[str, Any]:
    """Colour three frames, learn two steps, and tell the peak of memory of each; see `peaks`."""
    rng, color = np.random.default_rng(0), ColorModelConfig()
    memory = memories.build(MemoryConfig(kind), color)

    def draw(*shape: int) -> Any:
        return rng.random(shape, np.float32)

    def features(height: int, width: int) -> tuple[int, int, int]:
        _, tall, wide, _ = memory.begin(1, height, width).shape
        return tall, wide, color.widths[0]

    height, width = SIZE
    state, y = memory.begin(1, height, width), draw(1, height, width, 1)
    for _ in range(3):
        seen, context = draw(1, *features(height, width)), draw(1, height, width, 2) - 0.5
        _, state = memory.step(seen, y, y, context, state)
    film = processes.peak()
    network = memory.learning(window)
    network.compile(keras.optimizers.Adam(), loss=losses.head_losses("crossentropy"))
    side, films = windows.Recipe().crop, windows.FRAMES // window
    shape = (films, window, side, side)
    inputs = memory.inputs(
        draw(films, window, *features(side, side)), draw(*shape, 1), draw(*shape, 2) - 0.5
    )
    truth = {head: rng.integers(color.n, size=(windows.FRAMES, side, side)) for head in "uv"}
    for _ in range(2):
        network.train_on_batch(inputs, truth)
    return {
        "film": _megabytes(film["bytes"]),
        "training": _megabytes(processes.peak()["bytes"]),
        "source": film["source"],
    }


def _megabytes(count: int | None) -> int | None:
    return None if count is None else round(count / 1e6)
