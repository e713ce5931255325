"""Three kinds of memory at equal cost: concatenation, concatenation after warping, a ConvGRU.

The paper joins what the color model sees in a frame with the chroma of the frame before, and names
recurrent convolutions as what it would rather have used, had it had the means. Here a convolutional
gated recurrent unit takes the place of the first convolution behind the concatenation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from colorlab import checkpoints, devices, film_metrics, metrics
from colorlab.checkpoints import ColorModel
from colorlab.experiments import statistics
from colorlab.experiments.film import (
    effort,
    figures,
    learning,
    measures,
    memories,
    rolling,
    windows,
)
from colorlab.experiments.film import strips as film_strips
from colorlab.experiments.film.memories import MemoryConfig, Remembering
from colorlab.experiments.film.rolling import Answerer
from colorlab.experiments.film.strips import Strips
from colorlab.experiments.film.windows import Recipe
from colorlab.experiments.harness import Arm, Asked
from colorlab.experiments.pictures import refuse_photos
from colorlab.experiments.verdicts import side, with_findings

RATE = 10
"""Frames a second; at 30 nearly all that a memory can win is won by copying."""

SEEDS = 3
"""Of every kind of memory."""

CONTEXTS = ("truth", "free")
"""What each frame is told of the one before, as in `colorlab.rollout`."""

BASELINES = {"color": "free", "copy": "truth", "freeze": "free"}
"""What learns nothing, and the context under which it is measured."""

CODE = (
    *(windows, *windows.LEARNT_BY, learning, *learning.LEARNT_BY),
    *(effort, figures, measures, film_metrics, metrics, statistics),
)

JUDGED = {"accuracy": ("free", 1), "changed": ("truth", 1), "drift": ("free", -1)}
"""Figures by which two kinds are compared: the context, and whether more is better."""

PROTOCOL = (
    "Rendered coasts of 64 x 112 pixels at 10 frames a second (at 30 copying is right nearly "
    "everywhere, whatever remembers) with exact motion, and the packaged color model, frozen. "
    "Scenes learnt from and scenes measured are others. concat: the paper's network (the frame's"
    " features and a convolution of the chroma before it, concatenated, two convolutions, two "
    "softmaxes). warped: the same, told that chroma moved along the motion between both frames' "
    "luma (dense inverse search). gru-W: a convolutional gated recurrent unit in place of the "
    "first convolution, whose state of 24 channels is carried from frame to frame, learnt by "
    "backpropagation through windows of W frames. Parameters agree within 10 %. All learn told "
    "the true colours of the frame before, in as many steps of 16 frames each (16 / W windows of"
    " W frames, of other films), by Adam with the same learning rates, windows' parts of 48 x 48"
    " pixels; what is begun with depends on the seed alone. Measured from the second frame of "
    "each strip on, the state begun there; truth: told the true frame before; free: its own "
    "colouring, from the color model's colouring of the first frame on. color: the color model "
    "alone. copy: the true frame before, left as it is. freeze: the color model's colouring of "
    f"the first frame, kept. {figures.TOLD}costs: one frame of 112 x 200 pixels in float32, kinds"
    " in turns, behind the color model's look at the frame (look), which all need; milliseconds "
    "is the median of the wall clock, fastest the least, processor the median of processor time,"
    " of all cores together; memory: megabytes at the peak of a process that colours such frames"
    " (film) and then learns (training). low, high: 95 % percentile interval of a bootstrap over"
    " scenes, the same samples in all arms; of several seeds the lowest and the highest of any "
    "seed, value is the mean, spread the range. Rules, stated before the run: two kinds are "
    "compared by accuracy (free), changed (truth) and drift (free; less is better), in pairs of "
    "seeds and scenes; warp and identity are reported, not judged. A figure is surely better or "
    "worse where its whole interval lies on one side of 0. A comparison holds if all three are "
    "surely better, holds partly if some are and none is surely worse, does not hold if some are"
    " surely worse and none surely better, is mixed if some are surely better and others surely "
    "worse, else it cannot be told. recurrent: the gru of the longest window is better than "
    "concat. windows: it is better than the gru of windows of one frame, whose state was never "
    "learnt to be carried. warping: warped is better than concat. instead: the gru of the "
    "longest window is better than warped. against: each kind minus concat, in pairs."
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large a run is.

    Attributes
    ----------
    windows : tuple of int
        Of the recurrent kinds.
    seeds : int
        Of every kind.
    learnt, tested : range
        Seeds of the scenes.
    learnt_at : tuple of float
        Seconds at which strips to learn from begin.
    learnt_frames, frames : int
        Of a strip to learn from, and of one that is measured.
    steps : int
        Of a training.
    moments : tuple of int
        Frames that are asked for the identity index.
    rounds : int
        Of timing.
    """

    windows: tuple[int, ...] = (1, 2, 4, 8)
    seeds: int = SEEDS
    learnt: range = range(3000, 3060)
    tested: range = range(2000, 2032)
    learnt_at: tuple[float, ...] = (3.0, 13.0)
    learnt_frames: int = 9
    frames: int = 31
    steps: int = 200
    moments: tuple[int, ...] = (8, 16, 24)
    rounds: int = 40

    @classmethod
    def of(cls, asked: Asked) -> Scale:
        """Return what a person asked for: another seed draws other scenes, too."""
        full = cls()
        if asked.fast:
            full = cls(
                (1, 4), 1, range(3000, 3006), range(2000, 2003), (3.0,), 5, 9, 30, (4,), 5
            )  # fmt: skip
        shift = 10000 * asked.seed
        moved: dict[str, Any] = {
            name: range(one.start + shift, one.stop + shift)
            for name, one in (("learnt", full.learnt), ("tested", full.tested))
        }
        return dataclasses.replace(full, **moved)


@dataclasses.dataclass(frozen=True)
class Films:
    """The strips of a run.

    Attributes
    ----------
    color : ColorModel
        The frozen color model.
    training, tested : Strips
        What is learnt from, and what is measured.
    """

    color: ColorModel
    training: Strips
    tested: Strips


def prepare(asked: Asked) -> tuple[Films, dict[str, Any]]:
    """Render the coasts, and look at every frame.

    Parameters
    ----------
    asked : Asked
        What a person asked for.

    Returns
    -------
    films : Films
        The strips.
    dataset : dict
        What the result says of them.

    Raises
    ------
    InputError
        When photos are named.
    """
    refuse_photos(asked, "recurrent")
    scale, precision, rate = Scale.of(asked), devices.precision(), Fraction(RATE)
    color = checkpoints.load(dtype=precision)
    training, tested = (
        film_strips.strips(seeds, at, {rate: length}, color, progress=asked.progress)[rate]
        for seeds, at, length in (
            (scale.learnt, scale.learnt_at, scale.learnt_frames),
            (scale.tested, scale.learnt_at[:1], scale.frames),
        )
    )
    return Films(color, training, tested), {
        "name": "coasts",
        "size": [film_strips.HEIGHT, film_strips.WIDTH],
        "rate": RATE,
        "precision": precision,
        "color_model": color.name,
        **{
            part: {"scenes": len(seeds), "first": seeds.start, "strips": len(one), "frames": frames}
            for part, seeds, one, frames in (
                ("training", scale.learnt, training, training.length),
                ("measured", scale.tested, tested, tested.length),
            )
        },
        "sha256": film_strips.digest_of([training.digest, tested.digest]),
    }


def kinds(scale: Scale) -> dict[str, tuple[str, int]]:
    """Return the name of each kind, to the memory and the window."""
    grus = {f"gru-{window}": ("gru", window) for window in scale.windows}
    return {"concat": ("concat", 1), "warped": ("warped", 1), **grus}


def arms(asked: Asked) -> list[Arm]:
    """List the arms: the baselines, the costs, and every kind of memory.

    Parameters
    ----------
    asked : Asked
        What a person asked for.

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

    Parameters
    ----------
    arm : Arm
        From `arms`.
    data : Films
        The strips.
    progress : bool
        Show bars.

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

    Parameters
    ----------
    found : mapping
        From `kinds`.
    rounds : int
        Of timing.
    color : ColorModel
        The frozen color model.

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


# --- the answer ----------------------------------------------------------------------------------


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put seeds together and judge.

    Parameters
    ----------
    measured : mapping
        Name of an arm to what `measure` returned.

    Returns
    -------
    dict
        ``kinds`` (name to window, loss (of the last tenth of the steps), identity, truth and free,
        as `figures.tell`), ``baselines`` (the same, under their one context), ``costs``,
        ``comparisons`` (name to ours, theirs, differences and verdict), ``against`` (name to the
        differences from ``concat``), ``verdicts``, ``best``
        (the kind of the highest accuracy, free), ``findings`` and ``finding``.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in measured.values():
        groups.setdefault(one["kind"], []).append(one)
    costs = groups.pop("costs")[0]["costs"]
    told: dict[str, dict[str, Any]] = {
        name: {context: figures.tell(_rollouts(seeds, context)) for context in seeds[0]["rollouts"]}
        for name, seeds in groups.items()
    }
    for name in costs.keys() & groups.keys():
        seeds = groups[name]
        last = max(1, len(seeds[0]["history"]) // 10)
        told[name] |= {
            "window": seeds[0]["window"],
            "loss": round(float(np.mean([one["history"][-last:] for one in seeds])), 4),
            "identity": figures.over_seeds([s["identity"] for s in seeds], figures.identity),
        }
    found = {name: one for name, one in told.items() if name not in BASELINES}
    grus = sorted((one["window"], name) for name, one in found.items() if name.startswith("gru"))
    shortest, longest = grus[0][1], grus[-1][1]
    pairs = {
        "recurrent": (longest, "concat"),
        "windows": (longest, shortest),
        "warping": ("warped", "concat"),
        "instead": (longest, "warped"),
    }
    comparisons = {name: compare(groups, *pair) for name, pair in pairs.items()}
    best = max(found, key=lambda name: found[name]["free"]["accuracy"]["value"])
    summary = {
        "kinds": found,
        "baselines": {name: told[name] for name in BASELINES},
        "costs": costs,
        "comparisons": comparisons,
        "against": {
            name: compare(groups, name, "concat")["differences"]
            for name in found
            if name != "concat"
        },
        "verdicts": {name: one["verdict"] for name, one in comparisons.items()},
        "best": best,
    }
    return with_findings(summary, conclude(summary))


def _rollouts(seeds: Sequence[Mapping[str, Any]], context: str) -> list[figures.Gathered]:
    return [one["rollouts"][context] for one in seeds]


def compare(
    groups: Mapping[str, Sequence[Mapping[str, Any]]], ours: str, theirs: str
) -> dict[str, Any]:
    """Compare two kinds by the rule that `PROTOCOL` states.

    Parameters
    ----------
    groups : mapping
        Kind to what `measure` returned for each seed.
    ours, theirs : str
        The two.

    Returns
    -------
    dict
        ours, theirs, differences (context to figure to ours minus theirs) and verdict.
    """
    names = ("accuracy", "changed", "uncovered", "psnr", "error", "warp", "drift")
    differences = {
        context: {
            name: figures.difference(
                _rollouts(groups[ours], context),
                _rollouts(groups[theirs], context),
                figures.FIGURES[name],
            )
            for name in names
        }
        for context in CONTEXTS
    }
    sides = [
        better * side(differences[context][name]) for name, (context, better) in JUDGED.items()
    ]
    return {"ours": ours, "theirs": theirs, "differences": differences, "verdict": judge(sides)}


def judge(sides: Sequence[int]) -> str:
    """Judge a comparison by the rule that `PROTOCOL` states.

    Parameters
    ----------
    sides : sequence of int
        Of each figure 1 where ours is surely better, -1 where surely worse, else 0.

    Returns
    -------
    str
        holds, holds partly, does not hold, mixed or cannot be told.
    """
    better, worse = 1 in sides, -1 in sides
    if better and worse:
        return "mixed"
    if worse:
        return "does not hold"
    if better:
        return "holds" if set(sides) == {1} else "holds partly"
    return "cannot be told"


def conclude(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say in sentences what was found.

    Parameters
    ----------
    summary : mapping
        As `summarise` gives it.

    Returns
    -------
    dict
        A sentence for each comparison, and ``level``: where the color model and copying stand.
    """
    found: dict[str, str] = {}
    for name, one in summary["comparisons"].items():
        free, truth = (one["differences"][context] for context in ("free", "truth"))
        words = (
            f"accuracy by {_points(free['accuracy'])} points, on changed pixels told the truth by "
            f"{_points(truth['changed'])}, drift by {_plain(free['drift'])}"
        )
        found[name] = (
            f"{one['ours']} against {one['theirs']}: left to itself it changes {words} "
            f"({one['verdict']})"
        )
    kinds_told, baselines = summary["kinds"], summary["baselines"]
    best = summary["best"]
    values = {
        "the color model": baselines["color"]["free"],
        "its first frame kept": baselines["freeze"]["free"],
        f"the best memory ({best})": kinds_told[best]["free"],
    }
    said = ", ".join(f"{name} {one['accuracy']['value']:.1%}" for name, one in values.items())
    copied = baselines["copy"]["truth"]["accuracy"]["value"]
    return {
        **found,
        "level": f"accuracy left to itself: {said}; copying the truth has {copied:.1%}",
    }


def _points(told: Mapping[str, float] | None) -> str:
    return _written(told, 100, "+.2f")


def _plain(told: Mapping[str, float] | None) -> str:
    return _written(told, 1, "+.2f")


def _written(told: Mapping[str, float] | None, scale: float, form: str) -> str:
    if told is None:
        return "an unknown amount"
    value, low, high = (scale * told[key] for key in ("value", "low", "high"))
    return f"{value:{form}} [{low:{form}}, {high:{form}}]"
