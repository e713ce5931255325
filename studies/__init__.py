"""Studies: what the paper claims, each claim asked as one question and measured.

An experiment is a module of this folder; `harness.run` runs one. Listing them imports none of them,
and so no Keras.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from colorlab.errors import InputError

if TYPE_CHECKING:
    from studies.harness import Experiment

__all__ = ["QUESTIONS", "check", "load"]

QUESTIONS = {
    "grey_input": (
        "Do VGG-16's convolutions, which learnt from colour pictures, keep most of their "
        "activation behaviour on grey ones?"
    ),
    "reactions": (
        "Which units of VGG-16 react to sky, water and foliage, and do they on grey pictures, too?"
    ),
    "loss": ("Does regression give duller colours than classification, and is it harder to train?"),
    "bins": ("How many bins does a colour need, and should grey lie on an edge or in a centre?"),
    "transfer": (
        "By how much does VGG-16 shorten the training, down to which block, and how is it joined?"
    ),
    "foliage": (
        "What do water photos lose and landscapes gain when a model learns from both, and how sure "
        "is it of foliage?"
    ),
    "frame_rate": (
        "Does the consistency model copy at 30 frames a second, and would a slightly lower rate "
        "let it learn more of motion and keep films as steady?"
    ),
    "recurrent": (
        "Is a recurrent convolution a better memory for films than concatenation, with warping or "
        "without, at equal cost?"
    ),
    "context": (
        "Does the consistency model correct for a weaker color model, and how much of that is "
        "plain copying?"
    ),
}
"""Name of each experiment, which is its module's, to the question that it asks."""


TWO_SETS = ("foliage",)
"""Experiments that compare two sets of photos, and take the second as ``more_photos``."""

CLIPS = ("frame_rate",)
"""Experiments that render their own coasts, and take clips beside them, as ``photos``."""


def check(name: str) -> None:
    """Refuse the name of an experiment that there is not."""
    if name not in QUESTIONS:
        raise InputError(
            f"there is no experiment {name!r}; there are {', '.join(QUESTIONS)} "
            "(`python -m studies` says what each asks)."
        )


def load(name: str) -> Experiment:
    """Return the module of an experiment."""
    check(name)
    return cast("Experiment", importlib.import_module(f"studies.{name}"))
