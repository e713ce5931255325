"""Exercises of notebook 03, what VGG-16 sees in grey."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab.teaching.exercises.judging import NOT_A_FUNCTION, Exercises, given


def _numbers_learnt(answer: Any) -> str | None:
    value = float(answer)
    mistakes: dict[float, str] = {
        3 * 3 * 256 * 256: "the biases are missing, one for each unit.",
        3 * 3 * 256 + 256: "a unit has a table for each of the 256 units below, not one in all.",
        3 * 3 * 256 + 1: "that is one unit; there are 256.",
        3 * 3 * 128 * 256 + 256: "that is conv3_1, which reads the 128 units of block 2.",
        3 * 3 * 256 * 256 + 1: "each of the 256 units has a bias of its own.",
        3 * 3 * 3 * 256 + 256: "only the very first layer reads 3 channels; this one reads 256.",
    }
    if value == 3 * 3 * 256 * 256 + 256:
        return None
    return mistakes.get(
        value, "3 x 3 weights for each unit below, and a bias; all that for each unit."
    )


def _grey_kernels(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    kernels = np.random.default_rng(0).normal(size=(3, 3, 3, 5))
    found = np.asarray(given(answer(kernels)))
    if found.shape != (3, 3, 5):
        return f"for kernels (3, 3, 3, 5) it returns the shape {found.shape}; (3, 3, 5) is wanted."
    if np.allclose(found, kernels.sum(axis=2)):
        return None
    if np.allclose(found, kernels.mean(axis=2)):
        return "that is the mean; three channels that say the same add up."
    if any(np.allclose(found, kernels.sum(axis=axis)) for axis in (0, 1)):
        return "you summed over rows or columns; the channels are axis 2."
    weighted = np.tensordot(kernels, (0.114, 0.587, 0.299), axes=(2, 0))
    if np.allclose(found, weighted) or np.allclose(
        found, np.tensordot(kernels, (0.299, 0.587, 0.114), axes=(2, 0))
    ):
        return "the weights of luma are in the luma already; here each channel simply is luma."
    return "luma stands on all three channels: what is w1 y + w2 y + w3 y?"


def _correlate(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    rng = np.random.default_rng(0)
    color = rng.gamma(1.0, 1.0, (6, 8, 5)) * np.arange(1, 6)
    grey = 0.3 * color + rng.gamma(1.0, 1.0, (6, 8, 5))
    grey[..., 4] = 10 - color[..., 4]
    found = np.asarray(given(answer(color, grey)))
    if found.shape != (5,):
        return f"for 5 units it returns the shape {found.shape}; one number for each unit."
    x, y = color - color.mean(axis=(0, 1)), grey - grey.mean(axis=(0, 1))
    spread = np.sqrt((x**2).mean(axis=(0, 1)) * (y**2).mean(axis=(0, 1)))
    r = (x * y).mean(axis=(0, 1)) / spread
    if np.allclose(found, r, atol=1e-4):
        return None
    if np.allclose(found, r**2, atol=1e-4):
        return "that is the square of r: the share of the variance."
    if np.allclose(found, np.abs(r), atol=1e-4):
        return "r may be negative: the last unit here does the opposite on grey."
    if np.allclose(found, (x * y).mean(axis=(0, 1)), atol=1e-4):
        return "that is the covariance; divide it by both standard deviations."
    raw = (color * grey).sum(axis=(0, 1)) / np.sqrt(
        (color**2).sum(axis=(0, 1)) * (grey**2).sum(axis=(0, 1))
    )
    if np.allclose(found, raw, atol=1e-4):
        return "subtract each unit's mean first, or what is positive everywhere always agrees."
    return "means and standard deviations are over the places, axis=(0, 1), unit by unit."


@functools.cache
def _first_kernels() -> NDArray[np.float32]:
    from colorlab import vgg  # starts Keras

    model = vgg.backbone("embedded", blocks=1, taps=(1,), color=True)
    kernels: NDArray[np.float32] = model.get_layer("block1_conv1").get_weights()[0]
    return kernels


def _red_unit(answer: Any) -> str | None:
    kernels = _first_kernels()
    unit = int(answer)
    if unit != answer or not 0 <= unit < kernels.shape[-1]:
        return f"a unit is a whole number from 0 to {kernels.shape[-1] - 1}; received {answer}."
    one = kernels[..., unit]
    share = np.sqrt(3) * np.linalg.norm(one.mean(axis=2)) / np.linalg.norm(one)
    if share >= 0.3:
        return f"unit {unit} has the share {share:.2f}: it minds luma too much; look below 0.3."
    blue, green, red = one.sum(axis=(0, 1))
    if red * blue >= 0:
        return (
            f"unit {unit} is colour-opponent, but red and blue are on one side (blue {blue:+.1f}, "
            f"green {green:+.1f}, red {red:+.1f})."
        )
    if abs(green) >= min(abs(red), abs(blue)):
        return (
            f"unit {unit} sets red against blue, but green counts for as much (blue {blue:+.1f}, "
            f"green {green:+.1f}, red {red:+.1f})."
        )
    return None


EXERCISES: Exercises = {
    "03-1": (
        _numbers_learnt,
        "more than half a million in one layer, and nobody chose any of them.",
    ),
    "03-2": (_grey_kernels, "with these a network could read luma directly, without three copies."),
    "03-3": (_correlate, "the measure by which all layers of this notebook were judged."),
    "03-4": (_red_unit, "it tells red from blue, and a grey photo has nothing to tell it."),
}
