"""How fast colorlab is and how much memory it takes: the figures of ``python -m studies bench``.

`processes` measures whole processes from outside, `photos` and `films` the colouring, `steps` the
training and `machines` the colouring on every device. What is measured from outside comes first, in
a process that has started no backend: a child's memory must not be mistaken for its parent's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from studies.bench import processes
from studies.bench.effort import FAST, FULL, Effort

__all__ = ["FAST", "FULL", "Effort", "inside", "on_devices", "outside"]

Stages = dict[str, Callable[[], dict[str, Any]]]
"""Name of a figure to what measures it."""


def outside(effort: Effort = FULL, seed: int = 0) -> Stages:
    """Return the figures measured in processes of their own.

    Returns
    -------
    dict
        ``import``, ``first_photo``, ``memory``: functions without arguments that return a dict.
    """
    return {
        "import": partial(processes.import_time, effort),
        "first_photo": partial(processes.first_photo, effort, seed),
        "memory": partial(processes.memory, effort, seed),
    }


def inside(effort: Effort = FULL, seed: int = 0, progress: bool = True) -> Stages:
    """Return the figures measured in this process; Keras starts here.

    Returns
    -------
    dict
        ``photos``, ``films``, ``training_step``, ``stalls``: functions without arguments that
        return a dict.
    """
    from studies.bench import films, photos, steps

    return {
        "photos": partial(photos.rates, effort, seed),
        "films": partial(films.rates, effort, seed),
        "training_step": partial(steps.compare, effort, seed, progress),
        "stalls": partial(steps.stalls, effort, seed),
    }


def on_devices(effort: Effort = FULL, seed: int = 0) -> Stages:
    """Return how fast every packaged model is on every device; Keras starts here.

    Returns
    -------
    dict
        ``devices``: a function without arguments that returns a dict.
    """
    from studies.bench import machines

    return {"devices": partial(machines.rates, effort, seed)}
