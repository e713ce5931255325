"""Exercises of notebook 00, start here."""

from __future__ import annotations

from typing import Any

import numpy as np

from colorlab import metrics, samples, yuv
from colorlab.coast import Scene
from colorlab.teaching.exercises.judging import Exercises


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


EXERCISES: Exercises = {
    "00-1": (_coffee, "the cup's own luma with the model's colours."),
    "00-2": (_grey_flower, "so much a picture scores that shows no colour at all."),
    "00-3": (
        _sunset,
        "a sunset; each kind of coast comes once in every seven seeds (0 to 6, 7 to 13, …).",
    ),
}
