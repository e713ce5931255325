"""Exercises of notebook 07, frame rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from colorlab.teaching.exercises.judging import NOT_A_FUNCTION, Exercises, given

_COASTS = np.array([0.04, -0.01, 0.06, 0.02, 0.05, -0.03, 0.07, 0.01, 0.03, 0.02])
_NEAR = 0.0018  # how far the ends of two good bootstraps lie apart


def _index(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    rng = np.random.default_rng(0)
    answered, told, own = rng.integers(0, 4, (3, 2, 8, 9, 2))
    differing = told != own
    wanted = (answered == told)[differing].mean()
    found = np.asarray(given(answer(answered.copy(), told.copy(), own.copy())), np.float64)
    if found.shape != ():
        return f"give one number; it returns the shape {found.shape}."
    if abs(found - wanted) < 1e-6:
        return None
    for other, hint in (
        ((answered == told).mean(), "leave out the pixels where the lie and the own answer agree."),
        (
            ((answered == told) & differing).mean(),
            "divide by the number of pixels where lie and own answer differ, not by all.",
        ),
        (1 - wanted, "that is the share that does not follow."),
        ((answered == own)[differing].mean(), "that is the share that stays with its own answer."),
    ):
        if abs(found - other) < 1e-6:
            return hint
    return "where told != own: how often is answered == told? Take the mean of those alone."


def _pixels(answer: Any) -> str | None:
    found = float(answer)
    if abs(found - 9) < 1e-6:
        return None
    if abs(found - 0.25) < 1e-6:
        return "at a lower rate the frames lie further apart, not closer together."
    if abs(found - 15) < 1e-6:
        return "how many sixtieths of a second lie between two frames at 10 a second?"
    return "from one frame to the next at 10 a second there pass six frames at 60 a second."


def _broken(answer: Any) -> str | None:
    found = float(answer)
    wrong = 100 - 97.1 - 3.2 * 0.6  # of all pixels, those that stayed and are wrong
    if abs(found - wrong / 0.968) < 0.03 and abs(found - wrong) > 0.002:
        return None
    if abs(found - wrong) < 0.002:
        return "nearly: that is a share of all pixels; divide by the share that did not change."
    if abs(found - 2.9) < 0.01:
        return "those are all wrong pixels; how many of them had changed?"
    if abs(found - (2.9 - 3.2 * 0.4)) < 0.03 or abs(found - (2.9 - 3.2 * 0.4) / 0.968) < 0.03:
        return "of the pixels that changed it gets 40 % right, so 60 % of them are wrong."
    if abs(found - 0.0101) < 0.0003:
        return "give it in percent."
    return (
        "all wrong pixels, minus the wrong ones among those that changed, over those that stayed."
    )


def _interval(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    found = np.asarray(given(answer(_COASTS.copy(), np.random.default_rng(1))), np.float64)
    if found.shape != (2,):
        return f"give two numbers, the lower and the upper end; it returns {found.shape}."
    if found[0] > found[1]:
        return "the lower end comes first."
    drawn = np.random.default_rng(0).integers(len(_COASTS), size=(20000, len(_COASTS)))
    low, high = np.quantile(_COASTS[drawn].mean(axis=1), [0.025, 0.975])
    if np.abs(found - (low, high)).max() < _NEAR:
        return None
    if np.ptp(found) < 1e-9:
        return "every draw gave the same mean; draw with repetition: rng.integers or rng.choice."
    if np.abs(found - np.quantile(_COASTS, [0.025, 0.975])).max() < _NEAR:
        return "that is where single coasts lie; wanted is where their mean lies."
    inner = np.quantile(_COASTS[drawn].mean(axis=1), [0.05, 0.95])
    if np.abs(found - inner).max() < _NEAR:
        return "that leaves out a twentieth on each side; leave out a fortieth."
    return f"your interval goes from {found[0]:.3f} to {found[1]:.3f}; draw whole sets of coasts."


EXERCISES: Exercises = {
    "07-1": (_index, "it tells a copy from an answer, which accuracy cannot."),
    "07-2": (_pixels, "six times as far; what a copy gets wrong grows with it."),
    "07-3": (_broken, "better than copying, and yet it spoils pixels that a copy leaves alone."),
    "07-4": (
        _interval,
        "on one side of 0 altogether, it is not the choice of coasts; another seed still might.",
    ),
}
