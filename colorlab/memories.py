"""The kinds of film memory, by name; the module of one is imported when it is used.

So the command line can name them without starting Keras.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colorlab.consistency_model import Memory


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of memory that can be had.

    Attributes
    ----------
    make : str or callable
        A subclass of `colorlab.consistency_model.Memory`, or where it is: ``package.module:Class``.
    summary : str
        What the command line says of it.
    """

    make: str | Callable[[], Memory]
    summary: str


_HERE = "colorlab.consistency_model"

MEMORIES = {
    "guided": Kind(f"{_HERE}.guided:Guided", "moves colours along the motion"),
    "concat": Kind(f"{_HERE}.concat:Concat", "the paper's"),
    "recurrent": Kind(f"{_HERE}.recurrent:Recurrent", "keeps a state from frame to frame"),
}
"""Name, as in cards and on the command line, to kind."""


def load(name: str) -> Memory:
    """Return a kind of memory.

    Parameters
    ----------
    name : str
        In `MEMORIES`.

    Returns
    -------
    Memory
        The same object every time.

    Examples
    --------
    >>> list(MEMORIES)
    ['guided', 'concat', 'recurrent']
    """
    return _load(MEMORIES[name].make)


@functools.cache
def _load(make: str | Callable[[], Memory]) -> Memory:
    if callable(make):
        return make()
    module, _, name = make.partition(":")
    memory: Memory = getattr(importlib.import_module(module), name)()
    return memory
