"""Exercises of notebook 08, your own photo and film."""

from __future__ import annotations

from typing import Any

import numpy as np

from colorlab import yuv
from colorlab.coast import Scene
from colorlab.teaching.exercises.judging import NOT_A_FUNCTION, Exercises, given

_MAY_BE_SAID = {"b", "c", "e"}
_WHY = {
    "a": "a: who saw it? The grey picture holds no colour.",
    "b": "b: that one was recorded; look at the luma.",
    "c": "c: what does a model see of a dress? Look at the two cups again.",
    "d": "d: what is brought back must have been kept somewhere.",
    "e": "e: this is the one sentence that nobody should leave out.",
    "f": "f: eyes see red, most plates of 1890 did not.",
}


def _swapped(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    rgb = Scene(4).render(2.0, 24, 36).astype(np.float32) / np.float32(255)
    y, uv = yuv.rgb_to_yuv(rgb)
    found = np.asarray(given(answer(rgb.copy())), np.float32)
    if found.shape != rgb.shape:
        return f"for the shape {rgb.shape} it returns {found.shape}; return a photo."
    if np.abs(yuv.luma(found) - y).max() > 0.01:
        return "the luma has changed; take it from the photo and hand it to yuv.yuv_to_rgb."
    chroma = yuv.rgb_to_yuv(found)[1]
    for other, hint in {
        1: "these are the photo's own colours.",
        -1: "these are the opposite colours; swap U and V.",
    }.items():
        if np.allclose(chroma, yuv.fit_gamut(y, other * uv), atol=0.01):
            return hint
    if np.allclose(chroma, yuv.fit_gamut(y, uv[..., ::-1]), atol=0.01):
        return None
    return "same luma, other colours, but not U and V swapped: uv[..., ::-1]."


def _restored(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    y = 0.3 + 0.4 * np.random.default_rng(0).random((40, 50)) ** 2
    y[0, :3], y[1, :3] = 0.0, 1.0  # dust and a scratch
    low, high = np.percentile(y, [1, 99])
    stretched = (y - low) / (high - low)
    found = np.asarray(given(answer(y.copy())), np.float64)
    if found.shape != y.shape:
        return f"for the shape {y.shape} it returns {found.shape}; keep the shape."
    if np.allclose(found, np.clip(stretched, 0, 1), atol=1e-3):
        return None
    if np.allclose(found, stretched, atol=1e-3):
        return "nearly: some luma is below 0 or above 1 now; np.clip."
    if np.allclose(found, y, atol=1e-3):
        return "nothing changed: dust and a scratch are 0 and 1 already, so use percentiles."
    if np.allclose(found, 1 - np.clip(stretched, 0, 1), atol=1e-3):
        return "that is a negative."
    if np.allclose(found, np.clip((y - low) / high, 0, 1), atol=1e-3):
        return "divide by the distance between both percentiles."
    return "subtract the 1st percentile, divide by the 99th minus the 1st, and clip."


def _minutes(answer: Any) -> str | None:
    found = float(answer)
    if abs(found - 18) < 0.01:
        return None
    if abs(found - 1080) < 0.5:
        return "that is in seconds."
    if abs(found - 4.5) < 0.01:
        return "so many times as long as the film lasts; and how long does it last?"
    if abs(found - 288) < 0.01 or abs(found - 4320) < 0.5:
        return "a quarter of a second for a frame: multiply by 0.25."
    return "frames: 4 minutes of 60 seconds of 18 frames. A quarter of a second for each."


def _said(answer: Any) -> str | None:
    letters = {str(one).strip().lower() for one in answer}
    if not letters <= set(_WHY):
        return f"the sentences are {', '.join(_WHY)}; received {', '.join(sorted(letters))}."
    wrong = sorted(letters ^ _MAY_BE_SAID)
    return f"think again about {_WHY[wrong[0]]}" if wrong else None


EXERCISES: Exercises = {
    "08-1": (_swapped, "a second photo that a black-and-white film could not tell from the first."),
    "08-2": (_restored, "scratches no longer decide how much contrast there is."),
    "08-3": (_minutes, "four and a half times as long as the film lasts."),
    "08-4": (_said, "what was recorded, and what was done; nothing else."),
}
