"""The arms, and what is measured of each: figures, and entropies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import metrics
from colorlab.coast import REGIONS
from studies import reduced
from studies.foliage.protocol import DECODER, KINDS, SEEDS, THINGS
from studies.foliage.sets import Sets, join
from studies.harness import Arm, Asked
from studies.reduced import Recipe, Seen


def arms(asked: Asked) -> list[Arm]:
    """List the arms: each of `KINDS` with `SEEDS` seeds.

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
    """Train an arm, and measure it on water photos, landscapes and rendered scenes."""
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


def entropy(outputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Say how unsure both softmaxes are of each pixel.

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
