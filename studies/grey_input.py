"""Whether convolutions that learnt from colour pictures do the same on grey ones.

The paper feeds luma to a VGG-16 that was trained on colour pictures, and says that "convolutional
layers maintain most of their activation behaviour on grayscale images". Here every layer looks at
photos in colour and in grey. So does the same network with random weights, the control: what it
keeps owes nothing to what VGG-16 learnt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import activations, similarity, vgg
from colorlab.activations import LAYERS, build, draw_places, look
from colorlab.datasets import PhotoSet
from studies import statistics
from studies.harness import Arm, Asked
from studies.pictures import open_pictures
from studies.verdicts import side, verdict

MOST = 0.5
"""Share of a unit's variance, the square of its correlation, that must be kept: more than half."""

NETWORKS = ("embedded", "random")
"""ImageNet's VGG-16, and the control: the same network with random weights."""

SEEDS = 3
"""Arms of each network, one a seed."""

MEASURES = ("unit_correlation", "pooled_correlation", "cka")

PAIRED = ("same", "margin")
"""By what the two networks are compared."""

CODE = (vgg, activations, similarity, statistics)

PROTOCOL = (
    "Photos squashed to size x size are seen by VGG-16 in colour and in grey (their luma on all "
    "three channels); activations are those behind the ReLU. A sample is one position of one "
    "photo: of every layer's grid the same positions are taken in each photo, drawn at random, so "
    "that there are photos x positions samples. same: a photo's colour against its own grey "
    "version; other, the floor: against the grey version of another photo, the photos standing in "
    "a shuffled ring; margin: same minus other. unit_correlation: Pearson's r of each unit over "
    "the samples, mean over units (0 for a unit that varies in one of the two only; units that "
    "vary in neither, silent_units of them, are left out). pooled_correlation: Pearson's r over "
    "all units and samples together, which also rewards that units differ in their mean. cka: "
    "linear CKA (Kornblith et al. 2019) over the samples; it is biased upwards where samples are "
    "not many more than units, which the floor shares. low, high: 95 % percentile interval of a "
    "bootstrap over photos (a photo with its partner), the same samples in all arms; in the "
    "summary value is the mean over seeds, low and high are the lowest and highest of any seed, "
    "spread is the range of the seeds' values. A seed chooses positions and partners. The network "
    "is ImageNet's VGG-16. input: the network's input itself. A layer keeps most of its "
    "behaviour where the square of unit_correlation's low is above 0.5, more than half of the "
    "variance, and low above the floor's high; it does not where the square of high is below 0.5; "
    "else it is open. Verdict on the claim: holds if all 13 keep it, holds partly if some do, does "
    "not hold if none does and none is open, else cannot be told. control: the same network with "
    "random weights (He normal, no bias, drawn with the seed) on the same photos, positions, "
    "partners and bootstrap samples; difference: same of ImageNet's network minus same of the "
    "random one, and margin minus margin, in pairs. learning, that what VGG-16 learnt keeps more "
    "than chance does, is judged by both: more, less are the layers whose difference in "
    "unit_correlation lies above, or below, 0 with its whole interval, else unsure; it holds if "
    "all 13 are more, holds partly if some are, does not hold if none is and some are less, else "
    "cannot be told. Margin leaves out what any two photos share, such as the zeros round the "
    "picture, of which a deep random network sees much."
)


def prepare(asked: Asked) -> tuple[PhotoSet, dict[str, Any]]:
    """Open the photos: 100 of 112 × 112 pixels, or 14 rendered coasts of 64 × 64 in a fast run."""
    return open_pictures(asked, *((64, 14) if asked.fast else (112, 100)))


def arms(asked: Asked) -> list[Arm]:
    """List the arms, `SEEDS` of each network.

    Returns
    -------
    list of Arm
        ``embedded-0``, ``random-0`` and so on.
    """
    effort = {"positions": 16 if asked.fast else 49, "resamples": 200 if asked.fast else 1000}
    return [
        Arm(f"{network}-{seed}", {"network": network, **effort}, seed)
        for seed in range(asked.seed, asked.seed + SEEDS)
        for network in NETWORKS
    ]


def measure(arm: Arm, data: PhotoSet, progress: bool) -> dict[str, Any]:
    """Measure how alike the network's activations on colour and on grey are."""
    rng = np.random.default_rng(arm.seed)
    partner = partners(len(data), rng)
    places = draw_places(data.rgb.shape[1], arm.parameters["positions"], rng)
    seen = look(build(arm.parameters["network"], arm.seed), data.rgb, places, progress)
    every = np.ones((1, len(data)))
    drawn = statistics.resamples(len(data), arm.parameters["resamples"])
    weights = np.concatenate([every, drawn])
    return {name: compare(*looks, partner, weights) for name, looks in seen.items()}


def partners(count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Give every photo another one, by shuffling them into a ring.

    Returns
    -------
    numpy.ndarray of int, (count,)
        A permutation that leaves no photo in its place.
    """
    ring = rng.permutation(count)
    found = np.empty_like(ring)
    found[ring] = np.roll(ring, 1)
    return found


def compare(
    color: NDArray[np.float32],
    grey: NDArray[np.float32],
    partner: NDArray[np.intp],
    weights: NDArray[np.float64],
) -> dict[str, Any]:
    """Compare one layer's activations on colour and on grey pictures."""
    x, y = similarity.centred(color), similarity.centred(grey)
    xx, yy = similarity.products(x, x), similarity.products(y, y)
    figures: dict[str, dict[str, NDArray[np.float64]]] = {name: {} for name in MEASURES}
    for pair, who in (("same", np.arange(len(color))), ("other", partner)):
        summed = np.tensordot(weights, similarity.sums(color, grey[who]), axes=1)
        units = similarity.correlation(summed)
        figures["unit_correlation"][pair] = np.nanmean(units, axis=-1)
        pooled = similarity.correlation(summed.sum(axis=-1, keepdims=True))
        figures["pooled_correlation"][pair] = pooled[..., 0]
        xy, turned = similarity.products(x, y[who]), yy[np.ix_(who, who)]
        figures["cka"][pair] = similarity.weighted_cka(xy, xx, turned, weights)
    result: dict[str, Any] = {
        "units": color.shape[-1],
        "silent_units": int(np.isnan(units[0]).sum()),
        "replicates": {},
    }
    for name, found in figures.items():
        found["margin"] = found["same"] - found["other"]
        result[name] = {
            key: statistics.interval(values[0], values[1:]) for key, values in found.items()
        }
        result["replicates"][name] = {key: found[key].round(5).tolist() for key in PAIRED}
    return result


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Put the seeds together, judge the claim, and say what the control keeps.

    Returns
    -------
    dict
        ``layers`` (layer to figures with value, low, high, spread), ``control`` (``layers``, the
        same of random weights, and ``difference``, layer to measure) and what `judge` says.
    """
    trained, random = (
        [found for name, found in measured.items() if name.startswith(network)]
        for network in NETWORKS
    )
    layers = _over_seeds(trained)
    control = {"layers": _over_seeds(random), "difference": subtract(trained, random)}
    return {"layers": layers, "control": control, **judge(layers, control)}


def _over_seeds(seeds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return every layer's figures over the seeds of one network."""
    return {
        layer: {
            "units": one["units"],
            "silent_units": [seed[layer]["silent_units"] for seed in seeds],
            **{
                key: {
                    pair: statistics.over_seeds([seed[layer][key][pair] for seed in seeds])
                    for pair in one[key]
                }
                for key in MEASURES
            },
        }
        for layer, one in seeds[0].items()
    }


def subtract(
    trained: Sequence[Mapping[str, Any]], random: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Say how much more of a layer's behaviour one network keeps than another."""

    def of_seeds(layer: str, key: str, pair: str) -> dict[str, float]:
        ours, theirs = (
            np.array([seed[layer]["replicates"][key][pair] for seed in one])
            for one in (trained, random)
        )
        return statistics.over_seeds([statistics.told(one) for one in ours - theirs])

    return {
        layer: {key: {pair: of_seeds(layer, key, pair) for pair in PAIRED} for key in MEASURES}
        for layer in trained[0]
    }


def judge(layers: Mapping[str, Any], control: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Judge the claim, and what learning has to do with it, by the rules that `PROTOCOL` states."""
    kept: list[str] = []
    lost: list[str] = []
    unsure: list[str] = []
    for name in LAYERS:
        same, other = (layers[name]["unit_correlation"][key] for key in ("same", "other"))
        enough = same["low"] > MOST**0.5 and same["low"] > other["high"]
        bucket = kept if enough else lost if same["high"] < MOST**0.5 else unsure
        bucket.append(name)
    found: dict[str, Any] = {"kept": kept, "lost": lost, "open": unsure}
    sides = [1 if name in kept else -1 if name in lost else 0 for name in LAYERS]
    found |= {"verdict": verdict(sides)}
    finding = (
        f"{len(kept)} of {len(LAYERS)} layers keep most of their activation behaviour on grey "
        f"pictures: r {_range(layers, 'same')}; on another photo {_range(layers, 'other')}"
    )
    if control is not None:
        learning = {pair: _judge_control(control["difference"], pair) for pair in PAIRED}
        found["learning"] = learning
        more, less = ([len(learning[p][key]) for p in PAIRED] for key in ("more", "less"))
        finding += (
            f". With random weights {_range(control['layers'], 'same')} and "
            f"{_range(control['layers'], 'other')}: learning keeps more in {more[0]} layers and "
            f"less in {less[0]}; of what two photos do not share more in {more[1]}, less in "
            f"{less[1]}"
        )
    return {**found, "finding": finding}


def _judge_control(difference: Mapping[str, Any], pair: str) -> dict[str, Any]:
    moved = {name: side(difference[name]["unit_correlation"][pair]) for name in LAYERS}
    more, less, unsure = (
        [name for name, one in moved.items() if one == where] for where in (1, -1, 0)
    )
    judged = verdict(moved.values(), lenient=True)
    return {"more": more, "less": less, "unsure": unsure, "verdict": judged}


def _range(layers: Mapping[str, Any], pair: str) -> str:
    values = [layers[n]["unit_correlation"][pair]["value"] for n in LAYERS]
    return f"{min(values):.2f} to {max(values):.2f}"
