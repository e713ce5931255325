"""Figures of whole processes: importing, the first photo, the peak of memory. No Keras here."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import colorlab
from colorlab import coast, media
from colorlab.errors import InputError
from studies.bench.effort import FULL, Effort, spread

_IMPORT = """
import time
begun = time.perf_counter()
import colorlab
print(time.perf_counter() - begun)
"""

_COLORIZE = """
import sys
from studies.bench import processes
from colorlab.cli import main
if status := main(["colorize", *sys.argv[1:], "--quiet"]):
    sys.exit(status)
processes.tell_peak()
"""

_TRAIN = """
import json, sys
from colorlab.cli import common
common.start_keras()
from studies.bench import Effort, processes, steps
steps.train_a_little(Effort(**json.loads(sys.argv[1])), int(sys.argv[2]))
processes.tell_peak()
"""


def import_time(effort: Effort = FULL) -> dict[str, Any]:
    """Measure ``import colorlab`` in fresh interpreters.

    Returns
    -------
    dict
        ``seconds``: spread of the import alone; ``process_seconds``: spread of the whole process,
        the interpreter's own start included.
    """
    inner, outer = [], []
    for _ in range(effort.imports + 1):
        text, taken = run_python("-c", _IMPORT)
        inner.append(float(text))
        outer.append(taken)
    return {"seconds": spread(inner[1:]), "process_seconds": spread(outer[1:])}


def first_photo(effort: Effort = FULL, seed: int = 0) -> dict[str, Any]:
    """Measure ``colorlab colorize photo.png -o out`` from its start to its end.

    Returns
    -------
    dict
        ``seconds``: spread; ``height`` and ``width`` of the photo.
    """
    side = effort.photo_sizes[-1]
    warm = effort.first_photos > 1
    with tempfile.TemporaryDirectory() as folder:
        photo = _write(Path(folder, "photo.png"), seed, side, side)
        words = ("-m", "colorlab", "colorize", str(photo), "-o", str(Path(folder, "out")))
        taken = [run_python(*words)[1] for _ in range(effort.first_photos + warm)]
    return {"seconds": spread(taken[warm:]), "height": side, "width": side}


def memory(effort: Effort = FULL, seed: int = 0) -> dict[str, Any]:
    """Measure the peak of memory of colouring a photo and of training, each in its own process.

    Returns
    -------
    dict
        ``colorize``: what `tell_peak` says, by size of photo; ``train``: the same after two
        training steps.
    """
    side = effort.photo_sizes[-1]
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        for height, width in sorted({(side, side), tuple(effort.large)}):
            photo = _write(Path(folder, "photo.png"), seed, height, width)
            words = (str(photo), "-o", str(Path(folder, "out.png")))
            peaks[f"{width}x{height}"] = _last_json(run_python("-c", _COLORIZE, *words)[0])
    trained, _ = run_python("-c", _TRAIN, json.dumps(dataclasses.asdict(effort)), str(seed))
    return {"colorize": peaks, "train": _last_json(trained)}


def tell_peak() -> None:
    """Print `peak` as a line of JSON, for the process that started this one."""
    print("\n" + json.dumps(peak()))


def peak() -> dict[str, Any]:
    """Return the largest amount of memory that this process has held at once.

    Returns
    -------
    dict
        ``bytes``, or None; ``source``: ``"VmHWM"`` on Linux, ``"ru_maxrss"`` on macOS, or why
        there is no figure.

    Notes
    -----
    Linux has both. ``ru_maxrss`` survives the start of another program in the same process, so a
    child that a large parent starts would report the parent's memory.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        status = ""
    if found := re.search(r"^VmHWM:\s*(\d+) kB$", status, re.M):
        return {"bytes": 1024 * int(found[1]), "source": "VmHWM"}
    try:
        import resource
    except ImportError:
        return {"bytes": None, "source": f"{sys.platform} does not tell a process's peak"}
    unit = 1 if sys.platform == "darwin" else 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"bytes": unit * most, "source": "ru_maxrss"}


def run_python(*words: str) -> tuple[str, float]:
    """Run this Python in a process of its own, which finds the same colorlab."""
    package = str(Path(colorlab.__file__).parents[1])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    taken = time.perf_counter() - begun
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise InputError(f"a process to be measured ended with {done.returncode}: {said[-1]}")
    return done.stdout, taken


def _write(path: Path, seed: int, height: int, width: int) -> Path:
    """Write a rendered coast; a large one is an enlarged small one, which is as good here."""
    side = min(1024, max(height, width))
    media.write_photo(path, media.resize(coast.Scene(seed).render(2.0, side, side), height, width))
    return path


def _last_json(output: str) -> dict[str, Any]:
    """Read the last line that a child printed."""
    return json.loads(output.splitlines()[-1])
