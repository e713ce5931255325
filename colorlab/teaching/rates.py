"""The experiment of frame rates, small enough for a lesson: a few coasts, a few seconds."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from colorlab import checkpoints, film_metrics, strips
from colorlab.checkpoints import ColorModel
from colorlab.strips import Strips, learning, measures, rolling

TIMES = (3.0, 9.0)
"""Seconds at which every pair of frames ends."""


@dataclass(frozen=True)
class Lesson:
    """Pairs of frames at several rates; the later frames are the same at all of them.

    Attributes
    ----------
    color : ColorModel
        What looked at the frames, frozen.
    training, test : dict of int to Strips
        Frames a second to the pairs learnt from, and to those of other coasts.
    """

    color: ColorModel
    training: dict[int, Strips]
    test: dict[int, Strips]


@dataclass(frozen=True)
class Score:
    """How a colourer does that is told of the frame before.

    Attributes
    ----------
    accuracy : float
        Told the truth, the share of pixels in the right bin, mean of U and V.
    copying : float
        The same of the frame before, as it is.
    changed : float
        The share among the pixels whose colour changed, for which copying is wrong.
    index : float
        Identity index: told hues turned by half a turn, the share of answers that follow them
        where the color model alone would say something else.
    """

    accuracy: float
    copying: float
    changed: float
    index: float


def prepare(
    rates: Sequence[int],
    training: Sequence[int],
    test: Sequence[int],
    size: tuple[int, int] = (strips.HEIGHT, strips.WIDTH),
    model: ColorModel | str | None = None,
    cache: str | os.PathLike[str] | None = None,
) -> Lesson:
    """Render pairs of frames at several rates and let the color model look at them.

    Parameters
    ----------
    rates : sequence of int
        Frames a second, each of which divides 60.
    training, test : sequence of int
        Seeds of the coasts to learn from and to be tested on.
    size : tuple of int
        Height and width of the frames.
    model : ColorModel or str, optional
        As for `colorlab.checkpoints.load`.
    cache : path, optional
        Folder of what was rendered; the user's cache folder by default.

    Returns
    -------
    Lesson
        The pairs.

    Raises
    ------
    InputError
        As `colorlab.strips.strips`.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of several networks
    color = model if isinstance(model, ColorModel) else checkpoints.load(model)
    found = []
    for seeds in (training, test):
        pairs = strips.strips(
            seeds, TIMES, {rate: 2 for rate in rates}, color, "last", size=size, progress=False,
            cache=cache,
        )  # fmt: skip
        found.append({int(rate): one for rate, one in pairs.items()})
    return Lesson(color, *found)


def learn(
    lesson: Lesson,
    rate: int,
    steps: int,
    crop: int = 48,
    cache: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> rolling.Network:
    """Train the paper's consistency model on the pairs of one rate, told the true frame before.

    Parameters
    ----------
    lesson : Lesson
        From `prepare`.
    rate : int
        One of its rates.
    steps : int
        Steps of Adam; of one seed, order and initial weights are the same at every rate.
    crop : int
        As for `colorlab.strips.learning.Recipe`.
    cache : path, optional
        Folder of trained networks, from which the same training is recalled.
    seed : int
        Of the initial weights and of the order of the pairs.

    Returns
    -------
    Network
        What `score` takes.
    """
    recipe = learning.Recipe(steps=steps, crop=crop, seed=seed)
    network, _ = learning.train(recipe, lesson.training[rate], lesson.color, False, cache)
    return rolling.Network(network, lesson.color)


def score(lesson: Lesson, rate: int, answerer: rolling.Answerer | None = None) -> Score:
    """Test what colours frames on the pairs of one rate.

    Parameters
    ----------
    lesson : Lesson
        From `prepare`.
    rate : int
        One of its rates.
    answerer : Answerer, optional
        From `learn`; what copies the frame before if left out.

    Returns
    -------
    Score
        On the test coasts.
    """
    pairs = lesson.test[rate]
    judged = rolling.Copier() if answerer is None else answerer
    labels, grid = pairs.labels, pairs.color.grid
    moved = film_metrics.changed(
        labels[:, 0], labels[:, 1], pairs.uv[:, 0], pairs.uv[:, 1], grid.width
    )
    told = rolling.roll(judged, pairs, "truth").bins[:, 0]
    sums = measures.judge(told, labels[:, 1], moved)
    turned = measures.turn_hue(pairs.uv[:, 0])
    answers = rolling.ask(judged, pairs, 1, turned).bins
    followed = measures.follow(answers, grid.encode(turned), pairs.guessed[:, 1])
    return Score(
        float((told == labels[:, 1]).mean()),
        float((labels[:, 0] == labels[:, 1]).mean()),
        _ratio(sums["changed_right"], sums["changed"]),
        _ratio(followed["followed"], followed["differing"]),
    )


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> float:
    total = float(whole.sum())
    return float(part.sum()) / total if total else float("nan")
