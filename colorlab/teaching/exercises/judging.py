"""What is said of an answer to an exercise, and what the checks of all notebooks share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Exercises = dict[str, tuple[Callable[[Any], str | None], str]]
"""A notebook's exercises: the number to the check, which returns a hint or None, and the praise."""

NOT_A_FUNCTION = "hand over the function itself: its name without brackets."
"""Hint for those who called the function that they were to hand over."""


@dataclass(frozen=True)
class Verdict:
    """What is said of an answer.

    Attributes
    ----------
    status : str
        ``"not yet"``, ``"not quite"`` or ``"right"``.
    text : str
        What to do, what is off, or why it is right.
    """

    status: str
    text: str


class NotYetError(Exception):
    """An answer still holds the three dots."""


def given(answer: Any) -> Any:
    """Return an answer, or part of one, that is there.

    Parameters
    ----------
    answer : object
        What a learner gave.

    Returns
    -------
    object
        The same.

    Raises
    ------
    NotYetError
        When it is, or holds, the three dots.
    """
    parts = answer if isinstance(answer, tuple | list) else [answer]
    if any(part is ... for part in parts):
        raise NotYetError
    return answer
