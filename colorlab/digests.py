"""Digests of what figures come from: when one changes, what is kept of them is worthless."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from colorlab import files


def of_json(content: Any) -> str:
    """Return the SHA-256 of what JSON can hold, in hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def of_sources(own: str | None, modules: Iterable[ModuleType] = ()) -> list[str]:
    """Return the SHA-256 of every source file of some modules.

    Parameters
    ----------
    own : str or None
        A module's ``__file__``, usually the caller's.
    modules : iterable of module
        Further ones.

    Returns
    -------
    list of str
        Of a package those of all its files, by name.
    """
    found: list[str] = []
    for name in (own, *(module.__file__ for module in modules)):
        if name is None:
            continue
        path = Path(name)
        several = path.name == "__init__.py"
        every = sorted(path.parent.rglob("*.py")) if several else [path]
        found += [files.sha256(one) for one in every]
    return found
