"""Exercises of notebook 06, the consistency model."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import film_metrics, metrics, yuv
from colorlab.coast import Scene
from colorlab.teaching.exercises.judging import NOT_A_FUNCTION, Exercises, given

_HEIGHT, _WIDTH, _STEP = 56, 100, 0.1
_SHOTS = ((1, 4), (5, 3), (8, 5))  # seeds and lengths
_CLIP = (8, 8)


def _shot(seed: int, frames: int) -> list[NDArray[np.uint8]]:
    scene = Scene(seed)
    return [scene.render(_STEP * k, _HEIGHT, _WIDTH) for k in range(frames)]


def _copying(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    labels = np.random.default_rng(0).integers(0, 3, (4, 6, 5, 2))
    labels[1, ..., 0] = labels[0, ..., 0]
    same = labels[1:] == labels[:-1]
    wanted = same.mean(axis=(0, 1, 2))
    found = np.asarray(given(answer(labels)), np.float64)
    if found.shape != (2,):
        return f"give two shares, of U and of V; it returns the shape {found.shape}."
    if np.allclose(found, wanted, atol=1e-6):
        return None
    if np.allclose(found, same.sum(axis=(0, 1, 2)) / labels[..., 0].size):
        return "the first frame has none before it: divide by the pixels of the others alone."
    if np.allclose(found, same.all(axis=-1).mean()):
        return "U and V each have a share of their own; take the mean over all axes but the last."
    if np.allclose(found, 1 - wanted, atol=1e-6):
        return "that is the share of pixels that changed; how many stayed?"
    return "compare labels[1:] with labels[:-1], and take the mean over frames, rows and columns."


def _forgetting(answer: Any) -> str | None:
    frames = int(answer)
    if frames != answer:
        return "give a whole number of frames."
    left = 0.9**frames
    if left >= 0.1:
        if frames == 10:
            return "the memory does not shrink by a tenth of the whole, but by a tenth of the rest."
        return f"after {frames} frames {100 * left:.1f} % of it are left."
    if 0.9 ** (frames - 1) < 0.1:
        return f"by then it is {100 * left:.1f} %; it fell below a tenth before that."
    return None


def _finding_cuts(answer: Any) -> str | None:
    if not callable(answer):
        return NOT_A_FUNCTION
    film = [frame for shot in _SHOTS for frame in _shot(*shot)]
    starts = np.cumsum([0, *(length for _, length in _SHOTS)])[:-1].tolist()
    result = given(answer(film))
    found = [int(k) for k in np.asarray(result).ravel()]
    if found == starts:
        return None
    if len(found) == len(film) and set(np.asarray(result).tolist()) <= {False, True}:
        return "give the numbers of the frames, not True or False for each: np.flatnonzero helps."
    if found == starts[1:]:
        return "the film's first frame begins a shot as well."
    if found == list(range(len(film))):
        return "every frame is the first one to a new detector; make one and keep it."
    return f"for a film with shots that begin at {starts} it returns {found}."


def _cheating(answer: Any) -> str | None:
    seed, length = _CLIP
    uv = np.asarray(answer, np.float32)
    if uv.shape != (length, _HEIGHT, _WIDTH, 2):
        return f"the shape is ({length}, {_HEIGHT}, {_WIDTH}, 2); received {uv.shape}."
    frames = np.stack(_shot(seed, length)).astype(np.float32) / np.float32(255)
    films = {"truth": frames, "yours": yuv.yuv_to_rgb(yuv.luma(frames), uv)}
    errors = {name: _unsteadiness(film, seed) for name, film in films.items()}
    colours = float(np.mean([metrics.colourfulness(frame) for frame in films["yours"]]))
    if colours < 20:
        return f"the film's colourfulness is {colours:.1f}; it must be 20 at least."
    if errors["yours"] >= errors["truth"]:
        return (
            f"its warp error is {1e4 * errors['yours']:.2f}, the truth's "
            f"{1e4 * errors['truth']:.2f} (in ten thousandths); which chroma never flickers?"
        )
    return None


def _unsteadiness(film: NDArray[np.float32], seed: int) -> float:
    scene = Scene(seed)
    found = []
    for k, (before, now) in enumerate(itertools.pairwise(film)):
        motion = scene.flow(_STEP * k, _STEP * (k + 1), _HEIGHT, _WIDTH)
        found.append(film_metrics.warp_error(before, now, motion.flow, motion.visible))
    return float(np.mean([one for one in found if one is not None]))


EXERCISES: Exercises = {
    "06-1": (_copying, "that is what copying the true frame before would score."),
    "06-2": (_forgetting, "a little leak forgets a great mistake in about a second of film."),
    "06-3": (_finding_cuts, "each of these frames is coloured as if it were the first."),
    "06-4": (
        _cheating,
        "steadier than the truth, and as false as can be: steadiness alone proves nothing.",
    ),
}
