"""Exercises of notebook 05, choosing a colour."""

from __future__ import annotations

from typing import Any

import numpy as np

from colorlab.teaching.exercises.judging import NOT_A_FUNCTION, Exercises, given
from colorlab.teaching.results import card

_LIST = np.array([0.7, 0.2, 0.1])
_WEIGHTS = np.array([0.5, 1.0, 4.0])


def _torn(answer: Any) -> str | None:
    found = np.asarray(answer, np.float64)
    if found.shape != (2,):
        return f"give two numbers, (squared, absolute); received the shape {found.shape}."
    squared, absolute = found
    right = abs(squared) < 1e-6, abs(absolute + 0.2) < 1e-6
    if all(right):
        return None
    if abs(squared + 0.2) < 1e-6 and abs(absolute) < 1e-6:
        return "the two are swapped: which error is it that the mean makes least?"
    if not right[0]:
        if abs(squared - 0.05) < 1e-6:
            return "the first is the middle of both values; weigh them with their probabilities."
        return "the first is the mean: each value times its probability, added up."
    return "for the second, compute the expected absolute error of both values; then of others."


def _anneal(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    lists = np.array([[[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], [[0.25, 0.5, 0.25], [1.0, 0.0, 0.0]]])
    for temperature in (1.0, 0.5, 0.25):
        raised = lists ** (1 / temperature)
        wanted = raised / raised.sum(axis=-1, keepdims=True)
        found = np.asarray(given(answer(lists.copy(), temperature)), np.float64)
        if found.shape != lists.shape:
            return f"for the shape {lists.shape} it returns {found.shape}; keep the shape."
        if np.isnan(found).any():
            return "a probability of 0 makes it NaN; raise to a power instead of taking logarithms."
        if np.allclose(found, wanted, atol=1e-6):
            continue
        if np.allclose(found, raised, atol=1e-6):
            return "each list must add up to 1 again; divide by its sum."
        if np.allclose(found, raised / raised.sum(), atol=1e-6):
            return "each list must add up to 1 by itself: sum over the last axis, keepdims=True."
        other = lists**temperature
        if np.allclose(found, other / other.sum(axis=-1, keepdims=True), atol=1e-6):
            return "that flattens the list; the power is 1 / T, not T."
        return f"at T = {temperature:g} the list [0.5, 0.3, 0.2] becomes {wanted[0, 0].round(2)}."
    return None


def _palest(answer: Any) -> str | None:
    curve = card("color-water-n30")["decode"]["curve"]
    trials = [one for one in curve if one["method"] == "annealed"]
    best = max(trials, key=lambda one: float(one["psnr"]))
    found = np.asarray(answer, np.float64)
    if found.shape != (2,):
        return f"give two numbers, (temperature, saturation); received the shape {found.shape}."
    wanted = best["temperature"], best["saturation"]
    if np.allclose(found, wanted):
        return None
    if np.allclose(found, wanted[::-1]):
        return "the temperature comes first, then the saturation."
    for one in trials:
        if np.allclose(found, (one["temperature"], one["saturation"])):
            return f"that trial reached {one['psnr']:.2f} dB; another one reached more."
    return "there is no such trial; look through the list trials."


def _weighed(answer: Any) -> str | None:
    found = np.asarray(answer, np.float64)
    if found.shape != (3,):
        return f"give three probabilities; received the shape {found.shape}."
    weighed = _LIST * _WEIGHTS
    if np.allclose(found, weighed / weighed.sum(), atol=0.005):
        return None
    if np.allclose(found, weighed, atol=0.005):
        return "nearly: probabilities add up to 1; divide by the sum."
    divided = _LIST / _WEIGHTS
    if np.allclose(found, divided / divided.sum(), atol=0.005):
        return "a bin with a large weight is said more often, not less: multiply."
    if np.allclose(found, _LIST, atol=0.005):
        return "that is the list of a model trained without weights."
    return "multiply each probability by its bin's weight, then make them add up to 1."


EXERCISES: Exercises = {
    "05-1": (
        _torn,
        "squared error asks for a grey that never occurs, absolute error for the likelier colour.",
    ),
    "05-2": (_anneal, "so a list is sharpened; its mean is the annealed mean."),
    "05-3": (_palest, "so PSNR alone would choose; the card's own choice is more vivid."),
    "05-4": (_weighed, "the bin that was least likely is now the likeliest."),
}
