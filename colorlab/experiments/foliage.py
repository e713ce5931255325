"""What photos with foliage teach a color model, and what it knows of foliage.

The paper's color model learnt from water photos; for foliage (its Figure 3) the paper asks for
larger data sets that show it. Here the same network learns from water photos alone, and from water
photos with landscapes.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from colorlab import metrics
from colorlab.coast import REGIONS
from colorlab.errors import InputError
from colorlab.experiments import answers, reactions, reduced, statistics
from colorlab.experiments.harness import Arm, Asked
from colorlab.experiments.pictures import MOMENT, refuse_photos
from colorlab.experiments.reactions import Scenes
from colorlab.experiments.reduced import Photos, Recipe, Seen
from colorlab.experiments.verdicts import side, verdict

SEEDS = 3
"""Arms of each kind, one a seed."""

CODE = (reduced, *reduced.CODE, reactions)

DECODER = "annealed 0.4"
"""How PSNR and colourfulness are measured."""

KINDS = ("water", "both", "longer")
"""Trained on water photos; on water photos and landscapes; on water photos, as long as that."""

THINGS = reactions.THINGS
"""What entropies are of: sky, water, foliage."""

SCENES = 40
"""Coasts with trees on which entropies are measured."""

FAST = (32, 45, 15, 8)
"""Size, photos learnt from and photos measured of each set, and scenes, of a fast run."""

PROTOCOL = (
    f"{reduced.PROTOCOL} Two sets of photos: water, and landscapes. Arms: water: learns from the "
    "water photos; both: from these and the landscapes, all of them once an epoch; longer: from "
    "the water photos for as many steps as both. passes compares both with water (each photo is "
    "seen as often), steps compares both with longer (as many steps). cost: loss on the measured "
    "water photos with landscapes minus without; gain: loss on the measured landscapes without "
    "minus with; each in pairs of photos. entropy: of the two softmaxes, U + V, nats a pixel; on "
    f"the measured photos, and on {SCENES} rendered coasts with trees or palms, whose regions are "
    "known exactly: mean over the pixels of a region, intervals from a bootstrap over scenes. "
    "unsure: entropy on foliage minus that on sky, or on water, of the arm water. surer: entropy "
    "of a region without landscapes minus with. Fast runs take coasts without trees for the water "
    "photos and coasts with trees for the landscapes. Verdicts: landscapes_gain holds if the whole "
    "interval of gain lies above 0 in passes and in steps; water_loses that of cost; "
    "foliage_unsure those of unsure; foliage_surer those of surer on foliage. Each holds if all "
    "its intervals lie above 0, holds partly if some do, does not hold if all lie below, else "
    "cannot be told."
)


@dataclasses.dataclass(frozen=True)
class Sets:
    """What is learnt from and measured on.

    Attributes
    ----------
    water, landscape : Photos
        The two sets.
    scenes : Scenes
        Rendered coasts with trees, with their regions.
    """

    water: Photos
    landscape: Photos
    scenes: Scenes


def prepare(asked: Asked) -> tuple[Sets, dict[str, Any]]:
    """Open both sets of photos and render the scenes; in a fast run render it all.

    Parameters
    ----------
    asked : Asked
        What a person asked for: water photos as ``photos``, landscapes as ``more_photos``.

    Returns
    -------
    sets : Sets
        Photos and scenes.
    dataset : dict
        What the result says of them.

    Raises
    ------
    InputError
        Without a second set, and as for `reduced.open_photos`.
    """
    if asked.fast:
        refuse_photos(asked, "--fast")
        size, training, measured, count = FAST
        water, about = _rendered(size, training, measured, asked.seed, green=False)
        landscape, more = _rendered(size, training, measured, asked.seed, green=True)
        first = more["scenes"][-1] + 1
    else:
        if asked.more_photos is None:
            raise InputError(
                "this experiment compares two sets: give water photos with --photos and "
                "landscapes with --more-photos, or --fast, which runs on rendered coasts."
            )
        water, about = reduced.open_photos(asked)
        again = dataclasses.replace(asked, photos=asked.more_photos, more_photos=None)
        landscape, more = reduced.open_photos(again)
        size, count, first = about["size"], SCENES, asked.seed
    scenes, told = reactions.render(size, count, first)
    name = f"{about['name']} and {more['name']}"
    return Sets(water, landscape, scenes), {
        "name": name,
        "water": about,
        "landscape": more,
        "scenes": told,
    }


def _rendered(
    size: int, training: int, measured: int, seed: int, green: bool
) -> tuple[Photos, dict[str, Any]]:
    """Render coasts with or without trees in place of photos."""
    chosen = reactions.choose(training + measured, seed, green)
    rgb = np.stack([scene.render(MOMENT, size, size) for scene in chosen])
    return Photos(rgb[:training], rgb[training:]), {
        "name": "coasts with trees" if green else "coasts without trees",
        "size": size,
        "sha256": hashlib.sha256(rgb.tobytes()).hexdigest(),
        "training": training,
        "measured": measured,
        "scenes": [scene.seed for scene in chosen],
    }


def arms(asked: Asked) -> list[Arm]:
    """List the arms: each of `KINDS` with `SEEDS` seeds.

    Parameters
    ----------
    asked : Asked
        What a person asked for.

    Returns
    -------
    list of Arm
        ``water-0``, ``both-0`` and so on.
    """
    made = [reduced.make_arm(asked, kind, seed) for seed in range(SEEDS) for kind in KINDS]
    return [
        dataclasses.replace(arm, parameters={"kind": kind, "recipe": arm.parameters})
        for arm, kind in zip(made, KINDS * SEEDS, strict=True)
    ]


def measure(arm: Arm, data: Sets, progress: bool) -> dict[str, Any]:
    """Train an arm, and measure it on water photos, landscapes and rendered scenes.

    Parameters
    ----------
    arm : Arm
        From `arms`.
    data : Sets
        Photos and scenes.
    progress : bool
        Show bars.

    Returns
    -------
    dict
        kind; epochs; water, landscape: figures as `reduced.evaluate` gives them, with entropy;
        scenes: for each of `THINGS` its entropy, the sum over its pixels, and their number, for
        each scene; prior_entropy, that of always answering with the training photos' bins.
    """
    kind = arm.parameters["kind"]
    recipe = Recipe(**arm.parameters["recipe"], seed=arm.seed)

    def look(rgb: NDArray[np.uint8]) -> Seen:
        return reduced.look(rgb, blocks=recipe.taps, progress=progress)

    water, measured = look(data.water.training), look(data.water.measured)
    both = join(water, look(data.landscape.training))
    if kind == "longer":
        steps = [len(seen) // reduced.BATCH for seen in (both, water)]
        recipe = dataclasses.replace(recipe, epochs=round(recipe.epochs * steps[0] / steps[1]))
    learnt = both if kind == "both" else water
    trained = reduced.train(recipe, learnt, measured, progress=progress)

    def score(
        seen: Seen, more: Callable[..., Mapping[str, NDArray[Any]]], ways: Sequence[str]
    ) -> dict[str, list[float]]:
        decoders = {name: reduced.DECODERS[name] for name in ways}
        outputs = trained.outputs(seen)
        return reduced.evaluate(
            outputs, seen.rgb, recipe.config, trained.prior, decoders, more, progress
        )

    return {
        "kind": kind,
        "epochs": recipe.epochs,
        "water": score(measured, _mean_entropy, [DECODER]),
        "landscape": score(look(data.landscape.measured), _mean_entropy, [DECODER]),
        "scenes": score(look(data.scenes.rgb), by_region(data.scenes.regions), []),
        "prior_entropy": round(float(-(trained.prior * np.log(trained.prior + 1e-30)).sum()), 4),
    }


class _Row:
    """Arrays one behind the other, read photo by photo, so that none is copied."""

    def __init__(self, *parts: NDArray[Any]) -> None:
        self.parts = parts

    def __getitem__(self, place: int) -> NDArray[Any]:
        for part in self.parts:
            if place < len(part):
                return part[place]
            place -= len(part)
        raise IndexError(place)


def join(first: Seen, second: Seen) -> Seen:
    """Put two sets that were looked at behind each other.

    Parameters
    ----------
    first, second : Seen
        Of the same size and with the same taps.

    Returns
    -------
    Seen
        All photos of the first, then all of the second; taps are read from where they are.
    """
    return Seen(
        np.concatenate([first.rgb, second.rgb]),
        {tap: cast(Any, _Row(first.taps[tap], second.taps[tap])) for tap in first.taps},
        hashlib.sha256(f"{first.digest} {second.digest}".encode()).hexdigest(),
    )


def entropy(outputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Say how unsure both softmaxes are of each pixel.

    Parameters
    ----------
    outputs : mapping
        ``u`` and ``v``: logits (..., n).

    Returns
    -------
    numpy.ndarray of float32, (...)
        Entropy of U plus that of V, nats: from 0 to 2 log(n).
    """
    logs = [metrics.log_softmax(outputs[head]) for head in "uv"]
    return np.asarray(sum(-(np.exp(log) * log).sum(axis=-1) for log in logs), np.float32)


def _mean_entropy(
    which: NDArray[np.integer], y: Any, uv: Any, outputs: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    return {"entropy": entropy(outputs).mean(axis=(1, 2))}


def by_region(
    regions: NDArray[np.uint8],
) -> Callable[..., dict[str, NDArray[Any]]]:
    """Make the measurement of entropies on regions, for `reduced.evaluate`.

    Parameters
    ----------
    regions : numpy.ndarray of uint8, (N, size, size)
        Places in `coast.REGIONS`.

    Returns
    -------
    callable
        As ``more`` of `reduced.evaluate`: ``entropy T``, the sum over the pixels of each of
        `THINGS`, and ``pixels T``, their number.
    """

    def measure_regions(
        which: NDArray[np.integer], y: Any, uv: Any, outputs: Mapping[str, NDArray[Any]]
    ) -> dict[str, NDArray[Any]]:
        unsure = entropy(outputs)
        shown = {thing: regions[which] == REGIONS.index(thing) for thing in THINGS}
        sums = {f"entropy {t}": (unsure * here).sum(axis=(1, 2)) for t, here in shown.items()}
        return sums | {f"pixels {t}": here.sum(axis=(1, 2)) for t, here in shown.items()}

    return measure_regions


# --- the answer ----------------------------------------------------------------------------------


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put seeds together, compare the arms and judge the claims.

    Parameters
    ----------
    measured : mapping
        Name of an arm to what `measure` returned.

    Returns
    -------
    dict
        ``kinds`` (kind of arm to epochs; water and landscape, each with loss, psnr_gain,
        colourfulness, entropy; regions, thing to entropy), ``prior`` (loss on water and on
        landscape, and entropy, of the water photos' bins), ``cost`` and ``gain`` (passes and
        steps), ``surer`` (passes and steps to things), ``unsure`` (sky, water), ``claims`` (name
        to verdict), ``verdict``, that on ``landscapes_gain``, and ``finding``, a sentence.
    """
    kinds = {kind: [one for one in measured.values() if one["kind"] == kind] for kind in KINDS}
    water, both, longer = kinds.values()
    without = {"passes": water, "steps": longer}
    first = water[0]
    found = {
        "kinds": {kind: _describe(seeds) for kind, seeds in kinds.items()},
        "prior": {
            part: statistics.told(_loss(first[part], "prior_loss"))
            for part in ("water", "landscape")
        }
        | {"entropy": first["prior_entropy"]},
        "cost": {k: _minus(both, one, "water", _loss) for k, one in without.items()},
        "gain": {k: _minus(one, both, "landscape", _loss) for k, one in without.items()},
        "surer": {
            k: {t: _minus(one, both, "scenes", _of_region(t)) for t in THINGS}
            for k, one in without.items()
        },
        "unsure": {
            thing: _minus(water, water, "scenes", _of_region("foliage"), _of_region(thing))
            for thing in THINGS
            if thing != "foliage"
        },
    }
    claims = judge(found)
    return {
        **found,
        "claims": claims,
        "verdict": claims["landscapes_gain"],
        "finding": conclude(found),
    }


Figure = Callable[[Mapping[str, Sequence[float]]], NDArray[np.float64]]


def _loss(figures: Mapping[str, Sequence[float]], name: str = "loss") -> NDArray[np.float64]:
    return statistics.replicate(np.add(figures[f"{name}_u"], figures[f"{name}_v"]))


def _of_region(thing: str) -> Figure:
    return lambda figures: statistics.replicate(
        figures[f"entropy {thing}"], figures[f"pixels {thing}"]
    )


def _minus(
    ours: Sequence[Mapping[str, Any]],
    theirs: Sequence[Mapping[str, Any]],
    part: str,
    figure: Figure,
    their_figure: Figure | None = None,
) -> dict[str, float]:
    """Subtract a figure of one part, seed by seed and photo by photo."""
    pick = [[{"figures": one[part]} for one in seeds] for seeds in (ours, theirs)]
    return answers.difference(pick[0], pick[1], figure, their_figure)


def _describe(seeds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Tell what a reader wants to know of a kind of arm."""

    def over(part: str, figure: Figure) -> dict[str, float]:
        return answers.over_seeds([{"figures": one[part]} for one in seeds], figure)

    about: dict[str, Any] = {"epochs": seeds[0]["epochs"]}
    for part in ("water", "landscape"):
        about[part] = {
            "loss": over(part, _loss),
            "psnr_gain": over(part, lambda one: answers.gain(one, DECODER)),
            "colourfulness": over(part, lambda one: answers.colourfulness(one, DECODER)),
            "entropy": over(part, lambda one: statistics.replicate(one["entropy"])),
        }
    return {**about, "regions": {thing: over("scenes", _of_region(thing)) for thing in THINGS}}


def judge(found: Mapping[str, Any]) -> dict[str, str]:
    """Judge the claims by the rules that `PROTOCOL` states.

    Parameters
    ----------
    found : mapping
        ``cost``, ``gain``, ``surer`` and ``unsure``, as `summarise` gives them.

    Returns
    -------
    dict
        ``landscapes_gain``, ``water_loses``, ``foliage_unsure`` and ``foliage_surer`` to a verdict.
    """
    return {
        "landscapes_gain": verdict(map(side, found["gain"].values())),
        "water_loses": verdict(map(side, found["cost"].values())),
        "foliage_unsure": verdict(map(side, found["unsure"].values())),
        "foliage_surer": verdict(side(one["foliage"]) for one in found["surer"].values()),
    }


def conclude(found: Mapping[str, Any]) -> str:
    """Say in a sentence what was found.

    Parameters
    ----------
    found : mapping
        As for `judge`.

    Returns
    -------
    str
        Differences of the same number of steps, in nats.
    """

    def nats(one: Mapping[str, float]) -> str:
        return f"{one['value']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"

    unsure = found["unsure"]
    return (
        "With landscapes, after as many steps, the loss on water photos rises by "
        f"{nats(found['cost']['steps'])} and that on landscapes falls by "
        f"{nats(found['gain']['steps'])} nats; without them the entropy on foliage is "
        f"{nats(unsure['sky'])} against that on sky, {nats(unsure['water'])} against water"
    )
