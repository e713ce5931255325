"""Whether the widgets that a notebook has made can be moved."""

from __future__ import annotations

import numbers
from typing import Any


def check_widgets() -> None:
    """Move every control of this kernel's widgets to both ends of its range and back.

    A widget that cannot draw keeps its error instead of raising it (`colorlab.widgets.Explorer`),
    and what a person would see only after moving a slider, no cell of a notebook runs into. As the
    last cell of a notebook this function finds both. Of a widget that computes in the background,
    one that has a ``wait``, each position is waited for. ``make validate-course`` runs this after
    every notebook.

    Raises
    ------
    AssertionError
        When a control could not be moved, or a widget holds errors; each is named.
    """
    from ipywidgets import Widget
    from ipywidgets.widgets.widget import _instances

    wrong = []
    widgets: list[Widget] = list(_instances.values())
    slow: list[Any] = [widget for widget in widgets if hasattr(widget, "wait")]
    for control in widgets:
        for trait, value in _settings(control):
            try:
                setattr(control, trait, value)
                for widget in slow:
                    widget.wait()
            except Exception as failure:  # whatever a callback raises
                wrong.append(f"{_name(control)} at {value!r}: {type(failure).__name__}: {failure}")
    for widget in widgets:
        for error in getattr(widget, "errors", ()):
            wrong.append(f"{type(widget).__name__}: {type(error).__name__}: {error}")
    if wrong:
        raise AssertionError("\n".join(["these widgets fail when they are moved:", *wrong]))


def _settings(control: Any) -> list[tuple[str, Any]]:
    """Return the traits to set one after the other, ending with what there was."""
    options = getattr(control, "options", None)
    if options is not None and isinstance(getattr(control, "index", None), int):
        return [("index", index) for index in (0, len(options) - 1, control.index)]
    value = getattr(control, "value", None)
    if isinstance(value, bool) and hasattr(control, "description"):
        return [("value", not value), ("value", value)]
    if isinstance(value, numbers.Real) and hasattr(control, "min") and hasattr(control, "max"):
        base = getattr(control, "base", None)  # of a FloatLogSlider, whose ends are exponents
        ends = (
            (control.min, control.max) if base is None else (base**control.min, base**control.max)
        )
        return [("value", one) for one in (*ends, value)]
    return []


def _name(control: Any) -> str:
    """Return what a person calls a control."""
    return getattr(control, "description", "") or type(control).__name__
