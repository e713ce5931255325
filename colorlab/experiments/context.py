"""What the consistency model adds to color models of differing strength, and to plain copying.

The paper says that, given an accurate colouring of the frame before, its consistency model corrects
for a weaker color model, and that films improved drastically when it was fed the truth. Here one
training of a color model is stopped after its first, fourth and best epoch; on each of the three a
consistency model learns, and is told the truth, the truth of the first frame, its own colouring, or
nothing. Copying is measured beside it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import (
    checkpoints,
    coast,
    color_model,
    devices,
    files,
    film_metrics,
    metrics,
    vgg,
)
from colorlab.checkpoints import ColorModel
from colorlab.color_model import ColorModelConfig
from colorlab.datasets.photos import default_cache
from colorlab.experiments import fitting, reduced, sources, statistics
from colorlab.experiments.film import figures, learning, measures, rolling
from colorlab.experiments.film import strips as film_strips
from colorlab.experiments.film.rolling import Answerer
from colorlab.experiments.film.strips import Strips
from colorlab.experiments.harness import Arm, Asked
from colorlab.experiments.pictures import MOMENT, refuse_photos
from colorlab.experiments.verdicts import side, verdict, with_findings
from colorlab.rollout import CONTEXTS
from colorlab.training.run import Run

RATE = 30
"""Frames a second, the paper's."""

SEEDS = 3
"""Of the consistency model on each color model."""

EPOCHS = (1, 4)
"""After which the color model is kept, beside the best."""

BEST = "best"
"""Name of the color model of the lowest validation loss."""

DECODE = {"method": "annealed", "temperature": 0.4}
"""How these color models' probabilities become colours."""

MOST, HALF = 0.9, 0.5
"""Shares of the gain above which copying explains most of it, and half."""

CODE = (
    *(reduced, *reduced.CODE, learning, *learning.LEARNT_BY),
    *(figures, measures, film_metrics, metrics, statistics),
)

PROTOCOL = (
    "Rendered coasts of 64 x 112 pixels. A color model learns from single pictures by the "
    f"reduced protocol ({reduced.EPOCHS} epochs in batches of 15, Adam, cosine schedule, a frozen"
    " VGG-16 with the layers on top of it learnt); it is kept after epochs 1 and 4 and after the"
    " best one, the lowest loss on other scenes. On each of the three the paper's consistency "
    "model learns from pairs of frames at 30 a second, told the true earlier frame, three seeds "
    "each, the same pairs, order, windows and initial weights. Scenes measured are none of those"
    " that were learnt from or chosen by. Rollouts: truth, told the true frame before; first, "
    "the true first frame and its own colouring from then on; free, its own colouring, from the "
    "color model's colouring of the first frame on; none, nothing. color: the color model alone."
    " copy: the true frame before, left as it is. freeze: the color model's colouring of the "
    f"first frame, kept; held: the true first frame, kept. {figures.TOLD}gain: the consistency "
    "model's figure minus its color model's, in pairs of scenes; beyond: its figure minus that "
    "of what does no more than keep or copy what it is told (truth: copy; first: held; free: "
    "freeze). share: of what the consistency model gains in accuracy when told the truth, how "
    "much copying gains alone. weaker: gain on the color model of epoch 1 minus gain on the "
    "best. low, high: 95 % percentile interval of a bootstrap over scenes, the same samples in "
    "all arms; of several seeds the lowest and the highest of any seed, value is the mean, "
    "spread the range. Rules, stated before the run, on accuracy; surely means that the whole "
    "interval lies on one side. corrects (it corrects for a weaker color model when told the "
    "truth) holds if all three gains are surely above 0 and that of epoch 1 is surely larger "
    "than that of the best; partly if a gain is surely above 0; does not hold if none is and one"
    " is surely below; else it cannot be told. by_itself: the same rule, left to itself (free). "
    "copying (what the truth gains is plain copying) holds if copying alone surely has at least "
    f"{MOST:.0%} of the gain on all three, partly if at least {HALF:.0%}, does not hold if surely"
    f" less than {HALF:.0%} on all three; else it cannot be told. more: told the truth, the "
    "consistency model is surely more accurate than copying on all three (holds), on some "
    "(partly), surely less on all (does not hold); else it cannot be told."
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """How large a run is.

    Attributes
    ----------
    photos, chosen : range
        Seeds of the scenes that the color model learns from, and of those that choose its epoch.
    recipe : dict
        Of `reduced.Recipe`, where it differs.
    seeds : int
        Of the consistency models.
    learnt, tested : range
        Seeds of the scenes of films.
    learnt_at : tuple of float
        Seconds of the pairs' first frames.
    frames : int
        Of a strip that is measured.
    steps : int
        Of a consistency model's training.
    moments : tuple of int
        Frames that are asked for the identity index.
    """

    photos: range = range(3000, 3300)
    chosen: range = range(4000, 4045)
    recipe: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    seeds: int = SEEDS
    learnt: range = range(3000, 3060)
    tested: range = range(2000, 2032)
    learnt_at: tuple[float, ...] = (3.0, 13.0)
    frames: int = 16
    steps: int = 150
    moments: tuple[int, ...] = (5, 10)

    @classmethod
    def of(cls, asked: Asked) -> Scale:
        """Return what a person asked for: another seed draws other scenes, too."""
        full = cls()
        if asked.fast:
            full = cls(
                range(3000, 3045), range(4000, 4004), reduced.FAST, 1, range(3000, 3008),
                range(2000, 2003), (3.0,), 7, 30, (3,),
            )  # fmt: skip
        shift = 10000 * asked.seed
        moved: dict[str, Any] = {
            name: range(one.start + shift, one.stop + shift)
            for name in ("photos", "chosen", "learnt", "tested")
            for one in (getattr(full, name),)
        }
        return dataclasses.replace(full, **moved)


@dataclasses.dataclass(frozen=True)
class Films:
    """The color models of a run, and what they see in its strips.

    Attributes
    ----------
    training, tested : dict
        Name of a color model to what is learnt from, and to what is measured.
    """

    training: dict[str, Strips]
    tested: dict[str, Strips]


def prepare(asked: Asked) -> tuple[Films, dict[str, Any]]:
    """Train the color model, render the films, and let the three look at them.

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
    refuse_photos(asked, "context")
    scale = Scale.of(asked)
    recipe = reduced.Recipe(**scale.recipe, seed=asked.seed)
    photos, chosen = (
        np.stack([coast.Scene(seed).render(MOMENT, *_SIZE) for seed in _shown(seeds, asked)])
        for seeds in (scale.photos, scale.chosen)
    )
    models, history = train_color(recipe, photos, chosen, asked.progress)
    films = Films({}, {})
    for name, color in models.items():
        for kept, seeds, at, length in (
            (films.training, scale.learnt, scale.learnt_at, 2),
            (films.tested, scale.tested, scale.learnt_at[:1], scale.frames),
        ):
            found = film_strips.strips(
                seeds, at, {Fraction(RATE): length}, color, progress=asked.progress
            )
            kept[name] = found[Fraction(RATE)]
    return films, {
        "name": "coasts",
        "size": list(_SIZE),
        "rate": RATE,
        "precision": devices.precision(),
        "photos": {
            part: {"scenes": len(seeds), "first": seeds.start}
            for part, seeds in (("training", scale.photos), ("validation", scale.chosen))
        },
        "color_models": {
            name: {
                "epoch": one.card["training"]["best_epoch"],
                "weights_sha256": one.card["weights"]["sha256"],
            }
            for name, one in models.items()
        },
        "validation_loss": [round(row["val_loss"], 4) for row in history],
        **{
            part: {"scenes": len(seeds), "first": seeds.start, "frames": frames}
            for part, seeds, frames in (
                ("training", scale.learnt, 2),
                ("measured", scale.tested, scale.frames),
            )
        },
        "sha256": film_strips.digest_of(
            [one.digest for kept in (films.training, films.tested) for one in kept.values()]
        ),
    }


_SIZE = (film_strips.HEIGHT, film_strips.WIDTH)


def _shown(seeds: range, asked: Asked) -> Any:
    return tqdm(seeds, desc="photos", unit="scene", disable=not asked.progress, delay=1)


def train_color(
    recipe: reduced.Recipe,
    photos: NDArray[np.uint8],
    chosen: NDArray[np.uint8],
    progress: bool,
    cache: Path | None = None,
) -> tuple[dict[str, ColorModel], list[dict[str, float]]]:
    """Train a color model by the reduced protocol and keep what it is on its way, or recall it.

    Parameters
    ----------
    recipe : reduced.Recipe
        How.
    photos, chosen : numpy.ndarray of uint8, (N, H, W, 3)
        Learnt from, and what chooses the best epoch.
    progress : bool
        Show bars.
    cache : path, optional
        Folder of the models; the user's cache folder by default.

    Returns
    -------
    models : dict
        ``"epoch 1"``, ``"epoch 4"`` and ``"best"`` to the color model.
    history : list of dict
        A row an epoch, as `colorlab.training.run.Run.history`.
    """
    training, validation = (
        reduced.look(rgb, blocks=recipe.taps, progress=progress, cache=cache)
        for rgb in (photos, chosen)
    )
    config, how = recipe.config, recipe.settings
    identity = {
        "recipe": dataclasses.asdict(recipe),
        "data": {"training": training.digest, "validation": validation.digest},
        "versions": {**checkpoints.versions(), "precision": how.precision},
        "code": {"sha256": sources.digests(__file__, (reduced, *reduced.LEARNT_BY))},
    }
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    folder = files.ensure_folder((cache or default_cache()) / f"context-{digest}")
    network = color_model.build_on_taps(config, recipe.seed, how.precision)
    fitting.flatten_heads(network)

    def keep(name: str, epoch: int) -> None:
        """Write the color model as it is now."""
        checkpoints.save(folder / name, network, _card(name, config, recipe, epoch))

    def note(epoch: int) -> None:
        """Keep what the epochs before this one have made, if it is asked for."""
        if epoch in EPOCHS and not (folder / f"epoch {epoch}" / checkpoints.store.CARD).is_file():
            keep(f"epoch {epoch}", epoch)

    prior = reduced.count_prior(photos, config)
    task = fitting.make_task(recipe, network, training, validation, prior, identity)
    kept_task = dataclasses.replace(
        task, keep=lambda row: keep(BEST, int(row["epoch"])), begin=note
    )
    run = Run(kept_task, how, folder)
    run.fit(progress)
    note(recipe.epochs)
    kept = [f"epoch {epoch}" for epoch in EPOCHS if epoch <= recipe.epochs] + [BEST]
    return {
        name: checkpoints.load(folder / name, devices.precision()) for name in kept
    }, run.history


def _card(
    name: str, config: ColorModelConfig, recipe: reduced.Recipe, epoch: int
) -> dict[str, Any]:
    return {
        "schema": 1,
        "name": name,
        "kind": "color",
        "architecture": config.to_json(),
        "n": config.n,
        "align": config.align,
        "decode": DECODE,
        "working_size": film_strips.HEIGHT,
        "backbone": vgg.describe(config.backbone),
        "training": {"seed": recipe.seed, "best_epoch": epoch},
    }


# --- the arms ------------------------------------------------------------------------------------

KEPT = {
    "color": ("none",),
    "freeze": ("free",),
    "held": ("first",),
    "copy": ("truth",),
}
"""What learns nothing, and the context under which it is measured."""


def arms(asked: Asked) -> list[Arm]:
    """List the arms: for each color model itself, keeping, copying, and the consistency models.

    Parameters
    ----------
    asked : Asked
        What a person asked for.

    Returns
    -------
    list of Arm
        ``epoch-1-color``, ``epoch-1-freeze``, ``epoch-1-model-0`` and so on.
    """
    scale = Scale.of(asked)
    epochs = reduced.Recipe(**scale.recipe).epochs
    names = [f"epoch {epoch}" for epoch in EPOCHS if epoch <= epochs] + [BEST]
    found = []
    for color in names:
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
        kind, color, epoch, and rollouts (context to what `figures.gather` gives); of consistency
        models also history (the loss of each step) and identity (what `figures.obey` gives).
    """
    told = arm.parameters
    kind, tested = told["kind"], data.tested[told["color"]]
    about = {"kind": kind, "color": told["color"]}
    about["epoch"] = tested.color.card["training"]["best_epoch"]
    if kind in KEPT:
        answerer: Answerer = rolling.Alone() if kind == "color" else rolling.Copier()
        return {**about, "rollouts": _roll(answerer, tested, KEPT[kind])}
    network, history = learning.train(
        learning.Recipe(**told["recipe"]), data.training[told["color"]], tested.color, progress
    )
    model = rolling.Network(network, tested.color)
    return {
        **about,
        "history": history,
        "rollouts": _roll(model, tested, CONTEXTS),
        "identity": figures.obey(model, tested, told["moments"]),
    }


def _roll(answerer: Answerer, strips: Strips, contexts: Sequence[str]) -> dict[str, Any]:
    return {
        context: figures.gather(rolling.roll(answerer, strips, context), strips)
        for context in contexts
    }


# --- the answer ----------------------------------------------------------------------------------

BESIDE = {"truth": "copy", "first": "held", "free": "freeze"}
"""Context to what does no more than keep or copy what it is told."""

COMPARED = ("accuracy", "changed", "uncovered", "psnr", "error", "warp", "drift")
"""Figures of which differences are told."""


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put seeds together and judge.

    Parameters
    ----------
    measured : mapping
        Name of an arm to what `measure` returned.

    Returns
    -------
    dict
        ``colors`` (color model to epoch; color, freeze, held and copy, as `figures.tell`; contexts:
        context to the consistency model's; identity; gain and beyond: context to figure to the
        difference; share), ``weaker`` (context to figure to the difference of gains), ``verdicts``,
        ``findings`` and ``finding``.
    """
    groups: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for one in measured.values():
        groups.setdefault(one["color"], {}).setdefault(one["kind"], []).append(one)
    colors = {name: _tell(kinds) for name, kinds in groups.items()}
    weak = groups[next(iter(groups))]
    weaker = {
        context: {
            name: figures.over_samples(
                [a - b for a, b in zip(*(_gains(one, context, name) for one in pair), strict=True)]
            )
            for name in COMPARED
        }
        for pair in ((weak, groups[BEST]),)
        for context in CONTEXTS
    }
    verdicts = judge(colors, weaker)
    summary = {"colors": colors, "weaker": weaker, "verdicts": verdicts}
    return with_findings(summary, conclude(summary))


Kinds = Mapping[str, Sequence[Mapping[str, Any]]]
"""Kind of arm to what `measure` returned for each seed, on one color model."""


def _tell(kinds: Kinds) -> dict[str, Any]:
    """Tell what is measured on one color model."""
    models = kinds["model"]

    def rollouts(kind: str, context: str) -> list[figures.Gathered]:
        return [one["rollouts"][context] for one in kinds[kind]]

    beyond = {
        context: {
            name: figures.difference(
                rollouts("model", context), rollouts(beside, context), figures.FIGURES[name]
            )
            for name in COMPARED
        }
        for context, beside in BESIDE.items()
    }
    copied = [
        figures.accuracy(kinds[kind][0]["rollouts"][context])
        for kind, context in (("copy", "truth"), ("color", "none"))
    ]
    shares = []
    for one in rollouts("model", "truth"):
        gained = figures.accuracy(one) - copied[1]
        shares.append(np.divide(copied[0] - copied[1], gained, where=gained > 0, out=0 * gained))
    return {
        "epoch": models[0]["epoch"],
        **{kind: figures.tell(rollouts(kind, context)) for kind, (context,) in KEPT.items()},
        "contexts": {context: figures.tell(rollouts("model", context)) for context in CONTEXTS},
        "identity": figures.over_seeds([one["identity"] for one in models], figures.identity),
        "gain": {
            context: {name: figures.over_samples(_gains(kinds, context, name)) for name in COMPARED}
            for context in CONTEXTS
        },
        "beyond": beyond,
        "share": figures.over_samples(shares),
    }


def _gains(kinds: Kinds, context: str, name: str) -> list[NDArray[np.float64]]:
    """Return by how much each seed's model is above its color model, on every sample."""
    figure = figures.FIGURES[name]
    alone = figure(kinds["color"][0]["rollouts"]["none"])
    return [figure(one["rollouts"][context]) - alone for one in kinds["model"]]


def judge(colors: Mapping[str, Any], weaker: Mapping[str, Any]) -> dict[str, str]:
    """Judge by the rules that `PROTOCOL` states.

    Parameters
    ----------
    colors, weaker : mapping
        As in `summarise`.

    Returns
    -------
    dict
        corrects, by_itself, copying and more to holds, holds partly, does not hold or cannot be
        told.
    """
    found = {}
    for name, context in (("corrects", "truth"), ("by_itself", "free")):
        gains = [side(one["gain"][context]["accuracy"]) for one in colors.values()]
        larger = side(weaker[context]["accuracy"])
        judged = verdict(gains, lenient=True)
        found[name] = "holds partly" if judged == "holds" and larger != 1 else judged
    shares = [one["share"] for one in colors.values()]
    if all(share["low"] >= MOST for share in shares):
        found["copying"] = "holds"
    elif all(share["low"] >= HALF for share in shares):
        found["copying"] = "holds partly"
    else:
        less = all(share["high"] < HALF for share in shares)
        found["copying"] = "does not hold" if less else "cannot be told"
    found["more"] = verdict(side(one["beyond"]["truth"]["accuracy"]) for one in colors.values())
    return found


def conclude(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say in sentences what was found.

    Parameters
    ----------
    summary : mapping
        As `summarise` gives it.

    Returns
    -------
    dict
        ``corrects``, ``by_itself`` and ``copying``.
    """
    colors, verdicts = summary["colors"], summary["verdicts"]

    def each(context: str) -> str:
        parts = [
            f"{one['color']['accuracy']['value']:.1%} to "
            f"{one['contexts'][context]['accuracy']['value']:.1%}"
            for one in colors.values()
        ]
        return ", ".join(parts)

    names = ", ".join(colors)
    shares = ", ".join(f"{one['share']['value']:.0%}" for one in colors.values())
    copied = next(iter(colors.values()))["copy"]["accuracy"]["value"]
    return {
        "corrects": (
            f"Told the truth, accuracy rises from the color model's ({names}) {each('truth')} "
            f"({verdicts['corrects']})"
        ),
        "by_itself": f"left to itself it goes from {each('free')} ({verdicts['by_itself']})",
        "copying": (
            f"copying the truth has {copied:.1%}, a gain of {shares} of the consistency model's "
            f"({verdicts['copying']})"
        ),
    }
