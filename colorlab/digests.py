"""Digests of what figures come from: when one changes, what is kept of them is worthless."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any


def of_json(content: Any) -> str:
    """Return the SHA-256 of what JSON can hold, in hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def of_sources(own: str | None, modules: Iterable[ModuleType] = ()) -> list[str]:
    """Return the SHA-256 of what every source file of some modules computes.

    Comments, docstrings and layout do not count: arms that took hours stay valid when a text
    becomes clearer.

    Parameters
    ----------
    own : str or None
        A module's ``__file__``, usually the caller's.
    modules : iterable of module
        Further ones.

    Returns
    -------
    list of str
        Of a package those of all its files, by name. Another minor version of Python may give
        others.
    """
    found: list[str] = []
    for name in (own, *(module.__file__ for module in modules)):
        if name is None:
            continue
        path = Path(name)
        several = path.name == "__init__.py"
        every = sorted(path.parent.rglob("*.py")) if several else [path]
        found += [_of_code(one.read_text(encoding="utf-8")) for one in every]
    return found


def _of_code(source: str) -> str:
    """Return the SHA-256 of a module's syntax tree without the strings that are statements."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [one for one in body if not _is_text(one)]  # type: ignore[attr-defined]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a string: a docstring, or the words below a constant."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
