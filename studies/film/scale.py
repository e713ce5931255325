"""How large a run on films is, and which scenes a seed draws."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, cast

Scale = TypeVar("Scale")

SHIFT = 10000
"""Scenes from one seed's first to the next one's."""


def of_seed(scale: Scale, seed: int, *names: str) -> Scale:
    """Return a scale whose scenes no other seed draws."""
    shift = SHIFT * seed
    every = {name: getattr(scale, name) for name in names}
    moved: Scale = dataclasses.replace(
        cast(Any, scale),
        **{name: range(one.start + shift, one.stop + shift) for name, one in every.items()},
    )
    return moved
