"""What each experiment shows of its result: a module for each, of the same name."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, cast

import studies

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw"]


def draw(name: str, result: dict[str, Any]) -> dict[str, Figure]:
    """Draw the figures of an experiment."""
    studies.check(name)
    module = importlib.import_module(f"{__name__}.{name}")
    return cast("dict[str, Figure]", module.draw(result))
