"""Answers to the notebooks' exercises, judged: what is off, and what to try."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from colorlab import metrics, samples, yuv
from colorlab.bins import BinGrid
from colorlab.coast import Scene
from colorlab.errors import InputError


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


class _NotYetError(Exception):
    """An answer still holds the three dots."""


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
    if exercise not in _EXERCISES:
        known = ", ".join(_EXERCISES)
        raise InputError(f"there is no exercise {exercise!r}; there are {known}.")
    examine, praise = _EXERCISES[exercise]
    try:
        hint = examine(_given(answer))
    except _NotYetError:
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


def _given(answer: Any) -> Any:
    parts = answer if isinstance(answer, tuple | list) else [answer]
    if any(part is ... for part in parts):
        raise _NotYetError
    return answer


def _coffee(answer: Any) -> str | None:
    photo = samples.sample("coffee").rgb
    if isinstance(answer, samples.Sample):
        return "this is the sample itself; give its .rgb to colorize.picture."
    picture = np.asarray(answer)
    if picture.shape != photo.shape:
        return f"the shape is {picture.shape}, the coffee cup's {photo.shape}; which photo is it?"
    if not np.allclose(yuv.luma(picture), yuv.luma(photo), atol=0.02):
        return "the luma is not the coffee cup's; colour that photo and change nothing after it."
    chroma = yuv.rgb_to_yuv(picture)[1]
    if np.allclose(chroma, yuv.rgb_to_yuv(photo)[1], atol=0.01):
        return "these are the photo's own colours; let colorize.picture choose them."
    if np.abs(chroma).max() < 0.005:
        return "this is grey; colour it with colorize.picture."
    return None


def _grey_flower(answer: Any) -> str | None:
    truth = samples.sample("flower").rgb.astype(np.float32) / np.float32(255)
    y = yuv.luma(truth)
    value = float(answer)
    if abs(value - metrics.psnr(truth, np.repeat(y, 3, axis=-1))) < 0.05:
        return None
    if value == 100:
        return "100 means that a picture was compared with itself; compare the truth with the grey."
    average = np.repeat(truth.mean(axis=-1, keepdims=True), 3, axis=-1)
    if abs(value - metrics.psnr(truth, average)) < 0.05:
        return "your grey is the plain mean of R, G and B; take yuv.luma."
    return (
        "take the flower as float32 in [0, 1], repeat its luma on three channels "
        "(np.repeat(y, 3, axis=-1)), and give both to metrics.psnr."
    )


def _sunset(answer: Any) -> str | None:
    kind = Scene(answer).kind
    return None if kind == "sunset" else f"coast {answer} is a {kind} coast; try another seed."


def _back(answer: Any) -> str | None:
    if not callable(answer):
        return "hand over the function itself: its name without brackets."
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
    rgb = np.vstack([corners, [[0.9, 0.5, 0.2], [0.1, 0.4, 0.6]]]).astype(np.float32)
    y, uv = yuv.rgb_to_yuv(rgb)
    result = _given(answer(y[..., 0], uv[..., 0], uv[..., 1]))
    if len(result) != 3:
        return f"return three things, R, G and B; received {len(result)}."
    found = np.stack([np.broadcast_to(channel, len(rgb)) for channel in result], axis=-1)
    off = np.abs(found - rgb).max(axis=0) > 0.01
    if not off.any():
        return None
    if off.tolist() == [True, False, True] and np.allclose(found[:, ::-1], rgb, atol=0.01):
        return "red and blue are swapped: U belongs to B - Y, V to R - Y."
    hints = {
        "R": "solve V = 0.877 (R - Y) for R",
        "G": "solve Y = 0.299 R + 0.587 G + 0.114 B for G, with the R and B you have",
        "B": "solve U = 0.492 (B - Y) for B",
    }
    wrong = [name for name, is_off in zip("RGB", off, strict=True) if is_off]
    first = "R" if "R" in wrong else wrong[-1]
    return f"{' and '.join(wrong)} not right yet: {hints[first]}."


def _numbers_per_pixel(answer: Any) -> str | None:
    value = float(answer)
    mistakes = {
        1 + 1 / 64: "there are two chroma numbers, U and V, for each block.",
        1 + 2 / 8: "8 in each direction: a block has 8 x 8 pixels.",
        3 / 64: "luma keeps a number for every pixel; only chroma is coarse.",
        2 / 64: "that is chroma alone; add luma.",
        3: "that is without subsampling.",
        1.5: "that is factor 2; the question is factor 8.",
    }
    if abs(value - (1 + 2 / 64)) < 1e-3:
        return None
    for mistake, hint in mistakes.items():
        if abs(value - mistake) < 1e-3:
            return hint
    return "add up a block of 8 x 8 pixels: its luma numbers and its chroma numbers, then share."


def _only_in_the_middle(answer: Any) -> str | None:
    uv = np.asarray(answer, np.float32)
    if uv.shape != (2,):
        return f"give two numbers, (u, v); received the shape {uv.shape}."
    if not np.isfinite(uv).all():
        return "u and v must be finite numbers."
    fits = {}
    for luma in (0.5, 0.9):
        fits[luma] = bool(
            np.allclose(yuv.fit_gamut(np.array([luma], np.float32), uv), uv, atol=1e-6)
        )
    if not fits[0.5]:
        return "too vivid: it does not fit at luma 0.5 either; move it towards (0, 0)."
    if fits[0.9]:
        return "it fits at luma 0.9 too; move it away from (0, 0)."
    return None


def _label_by_hand(answer: Any) -> str | None:
    if not callable(answer):
        return "hand over the function itself: its name without brackets."
    for n in (30, 7):
        grid = BinGrid.of(n)
        inside = grid.centres[0][:, None] + grid.width[0] * np.array([-0.3, 0.3])
        u = np.concatenate([[-0.5], inside.ravel(), [0.5]])
        bins = np.concatenate([[0], np.repeat(np.arange(n), 2), [n - 1]])
        found = np.asarray(_given(answer(u, n)))
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


_EXERCISES: dict[str, tuple[Callable[[Any], str | None], str]] = {
    "00-1": (_coffee, "the cup's own luma with the model's colours."),
    "00-2": (_grey_flower, "so much a picture scores that shows no colour at all."),
    "00-3": (
        _sunset,
        "a sunset; each kind of coast comes once in every seven seeds (0 to 6, 7 to 13, …).",
    ),
    "01-1": (_back, "the three channels come back: luma and chroma lose nothing."),
    "01-2": (_numbers_per_pixel, "from 3 numbers a pixel down to hardly more than 1."),
    "01-3": (_only_in_the_middle, "there is less room for colour near white than in the middle."),
    "02-1": (_label_by_hand, "shift, divide, round down, clip: so every label here is made."),
    "02-2": (
        _fewest_bins,
        "the fewest; and with one more the ceiling is lower again, since every edge has moved.",
    ),
    "02-3": (_knowing_nothing, "so much pays who knows nothing; the prior pays far less."),
    "02-4": (
        _impossible_pair,
        "no RGB colour is there, at any luma; two heads that answer alone may still name it.",
    ),
}
