"""How much VGG-16 shortens a color model's training, and what of it does.

The paper builds its color model on a frozen VGG-16, since a network that has learnt to see takes
less time to learn colours, and adds the activations of its blocks level by level, as Dahl's
residual encoder does, in place of his hypercolumns. Here the same layers learn on top of VGG-16, of
random weights that stay as they are, and of random weights that learn as well; on fewer blocks, on
one more, and on hypercolumns.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from colorlab import color_model
from studies import answers, hypercolumns, learning, reduced, statistics
from studies.harness import Arm, Asked
from studies.reduced import Photos, Recipe
from studies.verdicts import side, verdict, with_findings, written

SEEDS = 3
"""Arms of each kind, one a seed."""

CODE = (reduced, *reduced.CODE, hypercolumns, learning)

DECODER = "annealed 0.4"
"""How PSNR and colourfulness are measured."""

OURS = "vgg"
"""The arm that all others are compared with."""

CONTROLS = ("random", "random-trained")
"""The arms in which nothing was learnt beforehand."""

ARMS: dict[str, dict[str, Any]] = {
    OURS: {},
    "random": {"backbone": "random"},
    "random-trained": {"backbone": "random, trained"},
    "blocks-4": {"taps": (2, 3, 4), "widths": (48, 64, 96)},
    "blocks-3": {"taps": (2, 3), "widths": (48, 64)},
    "block-1-too": {"taps": (1, 2, 3, 4, 5), "widths": (24, 48, 64, 96, 128)},
    "hypercolumns": {"join": "concat"},
}
"""Name of each kind of arm to what sets it apart from the first."""

LABELS = {
    OURS: "VGG-16, frozen",
    "random": "random weights, frozen",
    "random-trained": "random weights, trained",
    "blocks-4": "VGG-16 up to block 4",
    "blocks-3": "VGG-16 up to block 3",
    "block-1-too": "block 1 as well",
    "hypercolumns": "hypercolumns",
}
"""What a reader calls them."""

PROTOCOL = (
    f"{reduced.PROTOCOL} Arms: {OURS}: as above. random: the backbone has random weights (He "
    "normal, drawn with the seed) and is frozen; random-trained: it starts from them and learns, "
    "too. blocks-4, blocks-3: ImageNet's VGG-16 ends with that block, the taps are from 2 up "
    "to it. block-1-too: block 1 is a tap as well, and the heads work at full resolution. "
    "hypercolumns: each tap is projected and normalised as in the others, enlarged bilinearly to "
    "the lowest one's size and concatenated with the others; a 1x1 and two 3x3 convolutions "
    "follow. curve: cross-entropy U + V on the measured photos after each epoch. minutes: the "
    "steps' wall clock on the machine that ran all arms, plus, where the backbone is frozen, the "
    "time in which it looks at the training photos once. shortening: how many times as many "
    "epochs, or minutes, a control takes as the frozen VGG-16 to the lowest loss that both reach; "
    "between the ends of two epochs the loss is taken to fall linearly, before the first one's "
    "nothing is known: where the faster one arrives in it (capped: in so many of the bootstrap "
    "samples), the factor is too small. It is computed anew on every bootstrap sample, seed by "
    f"seed. against: final loss of an arm minus that of {OURS}, in pairs of photos. Verdicts: "
    "shortens holds if the whole interval of the factor in epochs lies above 1 against both "
    "controls; minutes the same in minutes; depth (blocks 4 and 5 lower the loss) if those of "
    "blocks-4 and blocks-3 lie above 0; residual (adding is better than concatenating) if that of "
    "hypercolumns does. Each holds if all its intervals lie above, holds partly if some do, does "
    "not hold if all lie below, else cannot be told."
)


prepare = reduced.open_photos
"""Open the photos to learn from and those to measure on; a fast run renders coasts."""


def arms(asked: Asked) -> list[Arm]:
    """List the arms: each kind with `SEEDS` seeds; in a fast run one, and two epochs.

    Returns
    -------
    list of Arm
        ``vgg-0``, ``random-0`` and so on.
    """
    count = 1 if asked.fast else SEEDS
    return [_arm(asked, kind, seed) for seed, kind in itertools.product(range(count), ARMS)]


def _arm(asked: Asked, kind: str, seed: int) -> Arm:
    own = {"epochs": 2 if asked.fast else reduced.EPOCHS, **ARMS[kind]}
    how = {"backbone": own.pop("backbone", "embedded"), "join": own.pop("join", "add")}
    recipe = reduced.make_arm(asked, kind, seed, **own)
    parameters = {"kind": kind, **how, "recipe": recipe.parameters}
    return dataclasses.replace(recipe, parameters=parameters)


def measure(arm: Arm, data: Photos, progress: bool) -> dict[str, Any]:
    """Train an arm and measure it after every epoch.

    Returns
    -------
    dict
        kind; parameters (how many are trained); seeing (seconds in which a frozen backbone looks at
        the training photos); seconds (of the steps so far, after each epoch); curve (for each
        epoch a loss a photo); figures, as `reduced.evaluate` gives them.
    """
    recipe = Recipe(**arm.parameters["recipe"], seed=arm.seed)
    backbone = arm.parameters["backbone"]
    weights = "embedded" if backbone == "embedded" else None
    network = build(recipe, backbone, arm.parameters["join"])
    both, seeing = (data.training, data.measured), 0.0
    if backbone == "random, trained":
        training, measured = map(learning.unseen, both)
    else:
        training, measured = (
            reduced.look(rgb, weights, recipe.taps, arm.seed, progress) for rgb in both
        )
        seeing = learning.time_looking(data.training, weights, recipe.taps)
    trained, curve = learning.learn(recipe, network, training, measured, progress)
    figures = reduced.evaluate(
        trained.outputs(measured),
        data.measured,
        recipe.config,
        trained.prior,
        {DECODER: reduced.DECODERS[DECODER]},
        progress=progress,
    )
    return {
        "kind": arm.parameters["kind"],
        "parameters": sum(int(np.prod(v.shape)) for v in network.trainable_weights),
        "seeing": round(seeing, 3),
        "seconds": [row["seconds"] for row in trained.history],
        "curve": curve,
        "figures": figures,
    }


def build(recipe: Recipe, backbone: str, join: str) -> keras.Model:
    """Build the network of an arm.

    Returns
    -------
    keras.Model
        Inputs ``tapK``, or ``y`` with a backbone of its own.
    """
    config, dtype = recipe.config, recipe.settings.precision
    if backbone == "random, trained":
        config = dataclasses.replace(config, backbone=None)
        network = color_model.build(config, recipe.seed, dtype)
        network.get_layer(color_model.BACKBONE).trainable = True
        return network
    if join == "concat":
        return hypercolumns.build(config, recipe.seed, dtype)
    return color_model.build_on_taps(config, recipe.seed, dtype)


# --- the answer ----------------------------------------------------------------------------------


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put seeds together, compare the arms and judge the claims.

    Returns
    -------
    dict
        ``kinds`` (kind of arm to label, parameters, minutes and curve, with an entry an epoch,
        psnr_gain, colourfulness), ``prior_loss``, ``shortening`` (control to epochs, minutes,
        loss), ``against`` (kind to the difference of its loss from ours), ``claims`` (name to
        verdict), ``verdict``, that on ``shortens``, ``findings``, two sentences, and ``finding``,
        both of them.
    """
    kinds = {
        kind: [one for one in measured.values() if one["kind"] == kind]
        for kind in dict.fromkeys(one["kind"] for one in measured.values())
    }
    ours = kinds[OURS]
    shortening = {}
    for control in CONTROLS:
        pairs = [learning.shorten(*pair) for pair in zip(ours, kinds[control], strict=True)]
        shortening[control] = {
            key: _over([pair[key] for pair in pairs]) for key in ("epochs", "minutes", "loss")
        }
    against = {
        kind: statistics.over_seeds(
            [
                statistics.difference(one["curve"][-1], base["curve"][-1])
                for one, base in zip(seeds, ours, strict=True)
            ]
        )
        for kind, seeds in kinds.items()
        if kind != OURS
    }
    told = {kind: _describe(kind, seeds) for kind, seeds in kinds.items()}
    prior = np.add(*(ours[0]["figures"][f"prior_loss_{head}"] for head in "uv"))
    claims = judge(shortening, against)
    summary = {
        "kinds": told,
        "prior_loss": statistics.told(statistics.replicate(prior)),
        "shortening": shortening,
        "against": against,
        "claims": claims,
        "verdict": claims["shortens"],
    }
    return with_findings(summary, conclude(shortening, against))


def _over(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Put a figure of all seeds together, with the largest share that is capped."""
    capped = [one["capped"] for one in found if "capped" in one]
    return statistics.over_seeds(found) | ({"capped": max(capped)} if capped else {})


def _describe(kind: str, seeds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Tell what a reader wants to know of a kind of arm."""
    epochs = range(len(seeds[0]["curve"]))

    def loss(epoch: int) -> dict[str, float]:
        losses = [statistics.replicate(one["curve"][epoch]) for one in seeds]
        return statistics.over_seeds([statistics.told(one) for one in losses])

    return {
        "label": LABELS[kind],
        "parameters": seeds[0]["parameters"],
        "minutes": [
            round(float(np.mean([learning.clock(one, np.array(e + 1.0)) for one in seeds])), 3)
            for e in epochs
        ],
        "curve": [loss(epoch) for epoch in epochs],
        "psnr_gain": answers.over_seeds(seeds, lambda one: answers.gain(one, DECODER)),
        "colourfulness": answers.over_seeds(seeds, lambda one: answers.colourfulness(one, DECODER)),
    }


def judge(
    shortening: Mapping[str, Mapping[str, Mapping[str, float]]],
    against: Mapping[str, Mapping[str, float]],
) -> dict[str, str]:
    """Judge the claims by the rules that `PROTOCOL` states."""
    return {
        "shortens": verdict(side(one["epochs"], 1) for one in shortening.values()),
        "minutes": verdict(side(one["minutes"], 1) for one in shortening.values()),
        "depth": verdict([side(against["blocks-4"]), side(against["blocks-3"])]),
        "residual": verdict([side(against["hypercolumns"])]),
    }


def conclude(
    shortening: Mapping[str, Mapping[str, Mapping[str, float]]],
    against: Mapping[str, Mapping[str, float]],
) -> dict[str, str]:
    """Say in two sentences what was found."""

    def factor(control: str) -> str:
        one = shortening[control]["epochs"]
        least = "at least " if one["capped"] > 0.5 else ""
        return least + written(one, ".1f")

    def nats(kind: str) -> str:
        return written(against[kind])

    return {
        "networks": (
            f"To the same loss random weights take {factor('random')} times as many epochs as "
            f"VGG-16 where they are frozen, {factor('random-trained')} times where they learn"
        ),
        "taps": (
            f"Loss against that on all blocks, added: without block 5 {nats('blocks-4')}, without "
            f"4 and 5 {nats('blocks-3')}, with block 1 {nats('block-1-too')}, hypercolumns "
            f"{nats('hypercolumns')}"
        ),
    }
