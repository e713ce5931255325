"""Exercises of notebook 04, the color model."""

from __future__ import annotations

from typing import Any

import numpy as np

from colorlab.teaching.exercises.judging import NOT_A_FUNCTION, Exercises, given
from colorlab.teaching.results import results


def _two_heads(answer: Any) -> str | None:
    value = float(answer)
    mistakes: dict[float, str] = {
        64 * 30 + 30: "that is one head; there are two, for U and for V.",
        2 * 64 * 30: "the biases are missing, one for each of the 30 numbers of a head.",
        64 * 30: "there are two heads, and each number has a bias, too.",
        2 * (64 * 30 + 64): "a bias belongs to each number that comes out, not to each feature.",
        2 * (3 * 3 * 64 * 30 + 30): "the heads look at one place only: 1 x 1, not 3 x 3.",
        64 * 900 + 900: "that is one list of 900 pairs; here there are two lists of 30.",
    }
    if value == 2 * (64 * 30 + 30):
        return None
    return mistakes.get(value, "a head is a matrix of 64 x 30 and 30 biases; how many heads?")


def _join(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    rng = np.random.default_rng(0)
    above, tap = rng.normal(size=(2, 3, 4)), rng.normal(size=(4, 6, 4))
    kept = above.copy(), tap.copy()
    found = np.asarray(given(answer(above, tap)))
    if found.shape != tap.shape:
        return f"for a tap {tap.shape} it returns the shape {found.shape}; they should be the same."
    if not (np.array_equal(kept[0], above) and np.array_equal(kept[1], tap)):
        return "the arrays that were handed in have changed; make a new one instead."
    enlarged = above.repeat(2, axis=0).repeat(2, axis=1)
    if np.allclose(found, enlarged + tap):
        return None
    if np.allclose(found, enlarged):
        return "that is the enlarged array alone; add the tap."
    if np.allclose(found, np.tile(above, (2, 2, 1)) + tap):
        return "np.tile lays copies of the whole beside each other; np.repeat doubles each place."
    if np.allclose(found, enlarged * tap):
        return "add the two, do not multiply them."
    return "each place of `above` becomes 2 x 2 equal places; to these the tap is added."


def _softmax(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    logits = np.random.default_rng(0).normal(size=(2, 3, 30)) * 3
    found = np.asarray(given(answer(logits)))
    if found.shape != logits.shape:
        return f"for the shape {logits.shape} it returns {found.shape}; they should be the same."
    powers = np.exp(logits)
    if np.allclose(found, powers):
        return "divide by the sum over the last axis."
    if np.allclose(found, powers / powers.sum()):
        return "divide by the sum over the last axis only: axis=-1, keepdims=True."
    if not np.allclose(found, powers / powers.sum(axis=-1, keepdims=True)):
        return "e to the power of each number (np.exp), divided by their sum over the last axis."
    with np.errstate(all="ignore"):
        large = np.asarray(answer(np.array([[1000.0, 1001.0], [-1000.0, -1000.0]])))
    if not np.allclose(large, [[0.26894, 0.73106], [0.5, 0.5]], atol=1e-4):
        return "right for small numbers, but not for 1000: subtract the largest before np.exp."
    return None


def _times_likelier(answer: Any) -> str | None:
    value = float(answer)
    ours = results("color-water-test")["models"]["color-water-n30"]
    saved = ours["prior_loss"] - ours["loss"]
    if abs(value - np.exp(saved)) < 0.01:
        return None
    for mistake, hint in {
        saved: "that is in nats, a difference of logarithms; which factor is it?",
        np.exp(-saved): "the other way round: how many times as likely as under the prior?",
        2**saved: "the logarithm is the natural one, to the base e.",
    }.items():
        if abs(value - mistake) < 0.01:
            return hint
    return "e to the power of the nats saved: the prior's loss minus the model's."


EXERCISES: Exercises = {
    "04-1": (
        _two_heads,
        "few beside the rest: that is why the heads alone are trained so quickly.",
    ),
    "04-2": (_join, "the coarse answer, corrected where the finer level knows better."),
    "04-3": (_softmax, "the same whatever is added to all logits; only differences count."),
    "04-4": (_times_likelier, "so much likelier becomes what is true, for who looks at the photo."),
}
