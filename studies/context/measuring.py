"""The arms, and what is measured of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from colorlab.rollout import CONTEXTS
from colorlab.strips import Strips, learning, rolling
from colorlab.strips.rolling import Answerer
from studies import reduced
from studies.context.films import Films
from studies.context.protocol import Scale, names_of
from studies.film import figures
from studies.harness import Arm, Asked

KEPT = {
    "color": ("none",),
    "freeze": ("free",),
    "held": ("first",),
    "copy": ("truth",),
}
"""What learns nothing, and the context under which it is measured."""


def arms(asked: Asked) -> list[Arm]:
    """List the arms: for each color model itself, keeping, copying, and the consistency models.

    Returns
    -------
    list of Arm
        ``epoch-1-color``, ``epoch-1-freeze``, ``epoch-1-model-0`` and so on.
    """
    scale = Scale.of(asked)
    found = []
    for color in names_of(reduced.Recipe(**scale.recipe).epochs):
        stem = color.replace(" ", "-")
        found += [
            Arm(f"{stem}-{kind}", {"kind": kind, "color": color}, asked.seed) for kind in KEPT
        ]
        for seed in range(asked.seed, asked.seed + scale.seeds):
            recipe = learning.Recipe(steps=scale.steps, crop=48, seed=seed)
            parameters = {
                "kind": "model",
                "color": color,
                "recipe": dataclasses.asdict(recipe),
                "moments": list(scale.moments),
            }
            found.append(Arm(f"{stem}-model-{seed}", parameters, seed))
    return found


def measure(arm: Arm, data: Films, progress: bool) -> dict[str, Any]:
    """Measure an arm; train its consistency model before, if it has one.

    Returns
    -------
    dict
        kind, color, epoch, and rollouts (context to what `figures.gather` gives); of consistency
        models also history (the loss of each step) and identity (what `figures.obey` gives).
    """
    told = arm.parameters
    kind, tested = told["kind"], data.tested[told["color"]]
    about = {"kind": kind, "color": told["color"]}
    about["epoch"] = tested.color.card["training"]["best_epoch"]
    if kind in KEPT:
        answerer: Answerer = rolling.Alone() if kind == "color" else rolling.Copier()
        return {**about, "rollouts": roll(answerer, tested, KEPT[kind])}
    network, history = learning.train(
        learning.Recipe(**told["recipe"]), data.training[told["color"]], tested.color, progress
    )
    model = rolling.Network(network, tested.color)
    return {
        **about,
        "history": history,
        "rollouts": roll(model, tested, CONTEXTS),
        "identity": figures.obey(model, tested, told["moments"]),
    }


def roll(answerer: Answerer, strips: Strips, contexts: Sequence[str]) -> dict[str, Any]:
    """Colour strips under some contexts, and measure each rollout."""
    return {
        context: figures.gather(rolling.roll(answerer, strips, context), strips)
        for context in contexts
    }
