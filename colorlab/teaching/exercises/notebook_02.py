"""Exercises of notebook 02, colour as bins."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from colorlab import metrics, samples, yuv
from colorlab.bins import BinGrid
from colorlab.teaching.exercises.judging import NOT_A_FUNCTION, Exercises, given


def _label_by_hand(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    for n in (30, 7):
        grid = BinGrid.of(n)
        inside = grid.centres[0][:, None] + grid.width[0] * np.array([-0.3, 0.3])
        u = np.concatenate([[-0.5], inside.ravel(), [0.5]])
        bins = np.concatenate([[0], np.repeat(np.arange(n), 2), [n - 1]])
        found = np.asarray(given(answer(u, n)))
        if found.shape != u.shape:
            return f"for {u.size} values it returns the shape {found.shape}; one bin for each."
        if (found == bins).all():
            continue
        if (found == bins + 1).all():
            return "bins count from 0, not from 1."
        if (found[1:-1] == bins[1:-1]).all():
            return "right inside the range; values outside belong to the end bins: np.clip helps."
        if (found != np.floor(found)).any():
            return "a bin is a whole number: np.floor rounds down."
        if (np.abs(found - bins)[1:-1] <= 1).all():
            return "off by one here and there: round down with np.floor, not to the nearest."
        return (
            "shift U so that the lowest edge, -yuv.U_MAX, becomes 0; divide by the width of a "
            "bin, 2 * yuv.U_MAX / n; round down."
        )
    return None


@functools.cache
def _ceiling_of_the_cup(n: int) -> float:
    truth = samples.sample("coffee").rgb.astype(np.float32) / np.float32(255)
    y, uv = yuv.rgb_to_yuv(truth)
    return metrics.psnr(truth, yuv.yuv_to_rgb(y, BinGrid.of(n).quantise(uv)))


def _fewest_bins(answer: Any) -> str | None:
    ceiling = _ceiling_of_the_cup(answer)
    if ceiling < 33:
        return f"with n = {answer} the ceiling is {ceiling:.1f} dB only; take more bins."
    if any(_ceiling_of_the_cup(n) >= 33 for n in range(2, answer)):
        return f"{answer} bins are enough, but fewer will do as well."
    return None


def _knowing_nothing(answer: Any) -> str | None:
    value = float(answer)
    mistakes = {
        np.log(30): "that is one axis; a pixel has two.",
        -2 * np.log(30): "a loss is *minus* the logarithm of the probability.",
        2 * np.log2(30): "that is in bits; nats take the natural logarithm, np.log.",
        2 * np.log10(30): "nats take the natural logarithm, np.log.",
        1 / 30: "that is the probability of each bin; the loss is minus its logarithm, twice.",
        1 / 900: "that is the probability of each pair; the loss is minus its logarithm.",
    }
    if abs(value - 2 * np.log(30)) < 0.01:
        return None
    for mistake, hint in mistakes.items():
        if abs(value - mistake) < 1e-3:
            return hint
    return "which probability does each of 30 bins get? Minus its logarithm, once for each axis."


def _impossible_pair(answer: Any) -> str | None:
    pair = np.asarray(answer)
    if pair.shape != (2,):
        return f"give two bins, (i, j); received the shape {pair.shape}."
    lumas = np.linspace(0, 1, 1001)[:, None]
    there = lumas[yuv.in_gamut(lumas, BinGrid(30).from_index(pair))]
    if there.size:
        return f"it exists, at luma {np.median(there):.2f} for one; look nearer to the corners."
    return None


EXERCISES: Exercises = {
    "02-1": (_label_by_hand, "shift, divide, round down, clip: so every label here is made."),
    "02-2": (
        _fewest_bins,
        "the fewest; and with one more the ceiling is lower again, since every edge has moved.",
    ),
    "02-3": (_knowing_nothing, "this is the price of knowing nothing; the prior pays far less."),
    "02-4": (
        _impossible_pair,
        "no RGB colour is there, at any luma; two answers given alone may still name it.",
    ),
}
