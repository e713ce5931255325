"""Exercises of notebook 01, luma and chroma."""

from __future__ import annotations

from typing import Any

import numpy as np

from colorlab import yuv
from colorlab.teaching.exercises.judging import NOT_A_FUNCTION, Exercises, given


def _back(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
    rgb = np.vstack([corners, [[0.9, 0.5, 0.2], [0.1, 0.4, 0.6]]]).astype(np.float32)
    y, uv = yuv.rgb_to_yuv(rgb)
    result = given(answer(y[..., 0], uv[..., 0], uv[..., 1]))
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


EXERCISES: Exercises = {
    "01-1": (_back, "the three channels come back: luma and chroma lose nothing."),
    "01-2": (_numbers_per_pixel, "from 3 numbers a pixel down to hardly more than 1."),
    "01-3": (_only_in_the_middle, "there is less room for colour near white than in the middle."),
}
