"""Which units of VGG-16 react to sky, water and foliage, in colour and in grey.

Rendered coasts say of every pixel what it shows; photos do not.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import activations, coast, similarity, vgg
from colorlab.coast import REGIONS
from studies import statistics
from studies.grey_input import partners
from studies.harness import Arm, Asked
from studies.pictures import MOMENT, refuse_photos

THINGS = REGIONS[1:]
"""What is reacted to."""

SEEDS = 3
"""Arms, one a seed."""

CODE = (vgg, activations, similarity, statistics)

PROTOCOL = (
    "Rendered coasts that have trees or palms, size x size pixels, are seen by VGG-16 in colour "
    "and in grey (luma on all three channels). A unit's reaction to a thing (sky, water, foliage) "
    "is Pearson's r of its activation behind the ReLU with the share of the thing in the cell of "
    "the picture that the position stands for, over scenes x positions; of every layer's grid the "
    "same positions are taken in each scene, drawn at random. On one half of the scenes, drawn at "
    "random, the unit with the highest r on colour is chosen; color and grey are its r on the "
    "other half. other_color, other_grey, the floor: the same with the map of another scene, which "
    "shows what is due to all coasts having their sky above. agreement: Pearson's r, over all "
    "units of the layer, of their reactions on colour with those on grey, on the other half. low, "
    "high: 95 % percentile interval of a bootstrap over the other half's scenes; in the summary "
    "value is the mean over seeds, low and high are the lowest and highest of any seed, spread is "
    "the range of the seeds' values. A seed chooses halves, positions and the other scenes. best: "
    "per thing the layer whose chosen unit has the highest r on the half it was chosen on, mean "
    "over seeds. input: the network's input itself. The network is ImageNet's VGG-16."
)


@dataclasses.dataclass(frozen=True)
class Scenes:
    """Pictures, and what they show.

    Attributes
    ----------
    rgb : numpy.ndarray of uint8, (n, size, size, 3)
        The pictures.
    regions : numpy.ndarray of uint8, (n, size, size)
        Places in `coast.REGIONS`.
    """

    rgb: NDArray[np.uint8]
    regions: NDArray[np.uint8]


def prepare(asked: Asked) -> tuple[Scenes, dict[str, Any]]:
    """Render the first 20 coasts with trees or palms, 112 × 112 (fast: 6, 64 × 64)."""
    refuse_photos(asked, "this experiment")
    return render(*((64, 6) if asked.fast else (112, 20)), asked.seed)


def render(size: int, count: int, seed: int = 0) -> tuple[Scenes, dict[str, Any]]:
    """Render coasts that have trees or palms.

    Returns
    -------
    scenes : Scenes
        The scenes.
    dataset : dict
        Name, sha256, size, scenes (their seeds).
    """
    chosen = choose(count, seed)
    scenes = Scenes(
        np.stack([scene.render(MOMENT, size, size) for scene in chosen]),
        np.stack([scene.regions(MOMENT, size, size) for scene in chosen]),
    )
    digest = hashlib.sha256(scenes.rgb.tobytes() + scenes.regions.tobytes()).hexdigest()
    return scenes, {
        "name": "coasts",
        "sha256": digest,
        "size": size,
        "scenes": [scene.seed for scene in chosen],
    }


def choose(count: int, seed: int = 0, green: bool = True) -> list[coast.Scene]:
    """Take the first coasts that have trees or palms, or those that have none."""
    every = map(coast.Scene, itertools.count(seed))
    return list(itertools.islice((one for one in every if _has_foliage(one) == green), count))


def _has_foliage(scene: coast.Scene) -> bool:
    return any("trees" in one or "palms" in one for one in scene.describe()["features"])


def arms(asked: Asked) -> list[Arm]:
    """List the arms, `SEEDS` of them.

    Returns
    -------
    list of Arm
        ``embedded-0`` and so on.
    """
    effort = {"positions": 16 if asked.fast else 49, "resamples": 100 if asked.fast else 1000}
    return [
        Arm(f"embedded-{seed}", {"network": "embedded", **effort}, seed)
        for seed in range(asked.seed, asked.seed + SEEDS)
    ]


def shares(regions: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Return how much of each cell of a picture each of `THINGS` takes up.

    Returns
    -------
    numpy.ndarray of float32, (n, side², 3)
        From 0 to 1.
    """
    cell = regions.shape[1] // side
    cut = regions[:, : cell * side, : cell * side].reshape(-1, side, cell, side, cell)
    found = [(cut == REGIONS.index(thing)).mean(axis=(2, 4)) for thing in THINGS]
    return np.stack(found, axis=-1).reshape(len(regions), side * side, -1).astype(np.float32)


def measure(arm: Arm, data: Scenes, progress: bool) -> dict[str, Any]:
    """Measure what the network's units react to.

    Returns
    -------
    dict
        Per layer, and for the input, per thing: unit, chosen_by (its r on the half it was chosen
        on), and color, grey, other_color, other_grey, agreement with value, low, high.
    """
    rng = np.random.default_rng(arm.seed)
    size, count = data.rgb.shape[1], len(data.rgb)
    order, partner = rng.permutation(count), partners(count, rng)
    choosing, judging = order[: count // 2], order[count // 2 :]
    places = activations.draw_places(size, arm.parameters["positions"], rng)
    network = activations.build(arm.parameters["network"], arm.seed)
    drawn = statistics.resamples(len(judging), arm.parameters["resamples"])
    weights = np.concatenate([np.ones((1, len(judging))), drawn])
    result: dict[str, Any] = {}
    for layer, looks in activations.look(network, data.rgb, places, progress).items():
        share = shares(data.regions, activations.side(layer, size))[:, places[layer]]
        result[layer] = {
            thing: reaction(*looks, share[..., k : k + 1], partner, choosing, judging, weights)
            for k, thing in enumerate(THINGS)
        }
    return result


def reaction(
    color: NDArray[np.float32],
    grey: NDArray[np.float32],
    share: NDArray[np.float32],
    partner: NDArray[np.intp],
    choosing: NDArray[np.intp],
    judging: NDArray[np.intp],
    weights: NDArray[np.float64],
) -> dict[str, Any]:
    """Find the unit of a layer that reacts to a thing, and how it does on other scenes."""

    def react(seen: NDArray[np.float32], map_: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return every unit's r on every sample of the judging scenes."""
        target = np.broadcast_to(map_[judging], seen[judging].shape)
        sums = similarity.sums(seen[judging], target)
        return np.nan_to_num(similarity.correlation(np.tensordot(weights, sums, axes=1)))

    figures: dict[str, NDArray[np.float64]] = {}
    chosen: dict[str, Any] = {}
    for prefix, map_ in (("", share), ("other_", share[partner])):
        target = np.broadcast_to(map_[choosing], color[choosing].shape)
        first = similarity.correlation(similarity.sums(color[choosing], target).sum(axis=0))
        unit = int(np.nan_to_num(first).argmax())
        on_color, on_grey = react(color, map_), react(grey, map_)
        figures[f"{prefix}color"], figures[f"{prefix}grey"] = on_color[:, unit], on_grey[:, unit]
        if not prefix:
            chosen = {"unit": unit, "chosen_by": round(float(np.nan_to_num(first)[unit]), 4)}
            pairs = similarity.sums(on_color[..., None], on_grey[..., None])
            figures["agreement"] = np.nan_to_num(similarity.correlation(pairs)[:, 0])
    return chosen | {
        key: statistics.interval(values[0], values[1:]) for key, values in figures.items()
    }


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put the seeds together and say which units react most.

    Returns
    -------
    dict
        ``layers`` (layer to thing to units, chosen_by and figures with value, low, high, spread),
        ``best`` (thing to layer) and ``finding``, a sentence.
    """
    seeds = list(measured.values())
    layers = {
        layer: {thing: _together([one[layer][thing] for one in seeds]) for thing in things}
        for layer, things in seeds[0].items()
    }
    best = {
        thing: max(activations.LAYERS, key=lambda layer: layers[layer][thing]["chosen_by"])
        for thing in THINGS
    }
    chosen = {thing: layers[layer][thing] for thing, layer in best.items()}
    return {"layers": layers, "best": best, "finding": conclude(chosen)}


def conclude(chosen: Mapping[str, Any]) -> str:
    """Say in a sentence whether the best units react on grey as well."""
    r = {thing: (one["color"]["value"], one["grey"]["value"]) for thing, one in chosen.items()}
    lost = [thing for thing, (color, grey) in r.items() if max(grey, 0) < 0.5**0.5 * color]
    what = f"lose most of their reaction to {', '.join(lost)}" if lost else "keep their reactions"
    figures = [f"{thing} {color:.2f} to {grey:.2f}" for thing, (color, grey) in r.items()]
    return f"From colour to grey the best units {what} (r: {', '.join(figures)})"


def _together(found: list[dict[str, Any]]) -> dict[str, Any]:
    figures = {
        key: statistics.over_seeds([one[key] for one in found])
        for key, value in found[0].items()
        if isinstance(value, dict)
    }
    by = round(float(np.mean([one["chosen_by"] for one in found])), 4)
    return {"units": [one["unit"] for one in found], "chosen_by": by, **figures}
