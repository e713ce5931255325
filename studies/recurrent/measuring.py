"""The arms, and what is measured of each: colours, and costs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from colorlab import devices
from colorlab.checkpoints import ColorModel
from colorlab.strips import rolling
from colorlab.strips.rolling import Answerer
from studies.film import effort, figures, memories, windows
from studies.film.memories import MemoryConfig, Remembering
from studies.film.windows import Recipe
from studies.harness import Arm, Asked
from studies.recurrent.films import Films
from studies.recurrent.protocol import BASELINES, CONTEXTS, Scale


def kinds(scale: Scale) -> dict[str, tuple[str, int]]:
    """Return the name of each kind, to the memory and the window."""
    grus = {f"gru-{window}": ("gru", window) for window in scale.windows}
    return {"concat": ("concat", 1), "warped": ("warped", 1), **grus}


def arms(asked: Asked) -> list[Arm]:
    """List the arms: the baselines, the costs, and every kind of memory.

    Returns
    -------
    list of Arm
        ``color``, ``copy``, ``freeze``, ``costs``, ``concat-0``, ``gru-8-0`` and so on.
    """
    scale = Scale.of(asked)
    found = [Arm(name, {"kind": name}, asked.seed) for name in BASELINES]
    costs = {"kind": "costs", "kinds": kinds(scale), "rounds": scale.rounds}
    found.append(Arm("costs", costs, asked.seed))
    for seed in range(asked.seed, asked.seed + scale.seeds):
        for name, (kind, window) in kinds(scale).items():
            recipe = dataclasses.asdict(
                Recipe(kind, window, scale.steps, seed=seed, precision=devices.precision())
            )
            parameters = {"kind": name, "recipe": recipe, "moments": list(scale.moments)}
            found.append(Arm(f"{name}-{seed}", parameters, seed))
    return found


def measure(arm: Arm, data: Films, progress: bool) -> dict[str, Any]:
    """Measure an arm; train its memory before, if it has one.

    Returns
    -------
    dict
        kind, and: of ``costs`` the costs; of all others rollouts (context to what
        `figures.gather` gives), of memories also window, parameters, kept, history (the loss of
        each step) and identity (what `figures.obey` gives).
    """
    told = arm.parameters
    kind = told["kind"]
    if kind == "costs":
        return {"kind": kind, "costs": weigh(told["kinds"], told["rounds"], data.color)}
    if kind in BASELINES:
        answerer: Answerer = rolling.Alone() if kind == "color" else rolling.Copier()
        found = rolling.roll(answerer, data.tested, BASELINES[kind])
        return {
            "kind": kind,
            "rollouts": {BASELINES[kind]: figures.gather(found, data.tested)},
        }
    recipe = Recipe(**told["recipe"])
    memory, history = windows.train(recipe, data.training, data.color, progress)
    remembering = Remembering(memory, data.color)
    return {
        "kind": kind,
        "window": recipe.window,
        "history": history,
        "rollouts": {
            context: figures.gather(rolling.roll(remembering, data.tested, context), data.tested)
            for context in CONTEXTS
        },
        "identity": figures.obey(remembering, data.tested, told["moments"], memory.told),
    }


def weigh(
    found: Mapping[str, tuple[str, int]], rounds: int, color: ColorModel
) -> dict[str, dict[str, Any]]:
    """Measure what each kind costs.

    Returns
    -------
    dict
        Name to parameters, kept (channels of the state), milliseconds, fastest, processor (see
        `effort.time_steps`) and memory (`effort.peaks`); ``look`` has times alone.
    """
    built = {
        kind: memories.build(MemoryConfig(kind), color.config)
        for kind in dict.fromkeys(kind for kind, _ in found.values())
    }
    times = effort.time_steps(built, color, rounds)
    costs: dict[str, dict[str, Any]] = {
        name: {
            "parameters": built[kind].parameters,
            "kept": built[kind].begin(1, *effort.SIZE).shape[-1],
            **times[kind],
            "memory": effort.peaks(kind, window),
        }
        for name, (kind, window) in found.items()
    }
    return {**costs, "look": times["look"]}
