"""Answers to the notebooks' exercises, judged: what is off, and what to try.

Each notebook has a module with a check for each of its exercises; `judge` knows them all.
"""

from __future__ import annotations

from typing import Any

from colorlab.errors import InputError
from colorlab.teaching.exercises import (
    notebook_00,
    notebook_01,
    notebook_02,
    notebook_03,
    notebook_04,
    notebook_05,
    notebook_06,
    notebook_07,
    notebook_08,
)
from colorlab.teaching.exercises.judging import Exercises, NotYetError, Verdict, given

__all__ = ["EXERCISES", "Verdict", "check", "judge"]

EXERCISES: Exercises = {
    **notebook_00.EXERCISES,
    **notebook_01.EXERCISES,
    **notebook_02.EXERCISES,
    **notebook_03.EXERCISES,
    **notebook_04.EXERCISES,
    **notebook_05.EXERCISES,
    **notebook_06.EXERCISES,
    **notebook_07.EXERCISES,
    **notebook_08.EXERCISES,
}
"""All exercises of the course."""


def judge(exercise: str, answer: Any) -> Verdict:
    """Judge an answer to an exercise of the notebooks.

    Parameters
    ----------
    exercise : str
        Its number, for example ``"01-2"``.
    answer : object
        The answer: a number, an array or a function, as the exercise says. The three dots mean
        that there is none yet.

    Returns
    -------
    Verdict
        A wrong answer gets a hint; an answer that raises an error gets the error's text.

    Raises
    ------
    InputError
        When there is no such exercise.
    """
    if exercise not in EXERCISES:
        known = ", ".join(EXERCISES)
        raise InputError(f"there is no exercise {exercise!r}; there are {known}.")
    examine, praise = EXERCISES[exercise]
    try:
        hint = examine(given(answer))
    except NotYetError:
        return Verdict("not yet", "put your answer in place of the three dots and run this again.")
    except Exception as error:  # a learner's code may raise anything
        hint = f"your answer could not be used ({type(error).__name__}: {error})."
    return Verdict("not quite", hint) if hint else Verdict("right", praise)


def check(exercise: str, answer: Any) -> None:
    """Print the verdict on an answer.

    Parameters
    ----------
    exercise, answer
        As for `judge`.
    """
    verdict = judge(exercise, answer)
    print(f"{exercise} {verdict.status}: {verdict.text}")
