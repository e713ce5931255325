"""How many bins a colour needs, and whether grey should lie on an edge or in a centre.

The paper cuts U and V into 30 bins each, so that grey is an edge of four bins. Here the number and
its parity vary; every number has baselines and a ceiling of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import yuv
from colorlab.bins import BinGrid
from studies import answers, reduced, scores, statistics
from studies.answers import Figures
from studies.harness import Arm, Asked
from studies.reduced import DECODERS, Photos
from studies.verdicts import side, verdict, with_findings

NUMBERS = (10, 11, 20, 21, 30, 31, 50, 51)
"""Bins per axis: even, with grey on an edge, and the next odd one, with grey in a centre."""

BALANCED = 31
"""Number that is also trained with rebalancing."""

SEEDS = 3
"""Of every number."""

LUMA = tuple(k / 32 for k in range(33))
"""Lumas at which pairs of bins are counted."""

WAYS = {name: DECODERS[name] for name in ("argmax", "annealed 0.4", "mean")}
"""Decoders."""

CODE = (reduced, *reduced.CODE)

PROTOCOL = reduced.PROTOCOL + (
    " An arm is a number of bins per axis n, a loss and a seed; even: grey lies on an edge, odd: "
    "in a centre. loss: cross-entropy of U and V; uniform: 2 ln n; prior: that of the training "
    "photos' shares of bins; learnt: prior minus loss, nats a pixel. accuracy: share of pixels "
    "whose likeliest bin is the right one, mean of U and V; majority: that of the prior's "
    "largest bins. gain: psnr minus that of grey; ceiling: gain of the true bins' centres. "
    "neutral: mean distance from grey in the UV plane at which pixels are shown that lie at most "
    f"{scores.NEUTRAL:g} from it, times 255; floor: of the true bins' centres. impossible: share "
    "of pixels whose likeliest bins of U and V are a pair that no RGB colour of their luma has. "
    "pairs: share of all n x n pairs of bins that some RGB colour of a luma has (exact), and "
    "that a training photo has at a luma rounded to 1/32. parity: odd minus even, in pairs, of "
    "10 and 11, 20 and 21 and so on. Grey in a centre is cleaner if neutral (annealed 0.4) lies "
    "below with its whole interval for all pairs of numbers: holds; for some: holds partly; for "
    "none, and none is unsure: does not hold; else it cannot be told. more_bins: each number "
    "minus the next smaller one of its parity. rebalancing: the loss weighted by the inverse of "
    "the bins' shares, half mixed with uniform, minus the plain one."
)

# Rows: what Y, U and V each add to R', G' and B'.
_TO_RGB = np.linalg.inv(np.concatenate(yuv.rgb_to_yuv(np.eye(3)), axis=-1).astype(np.float64))


def exist(grid: BinGrid, y: ArrayLike, index: ArrayLike) -> NDArray[np.bool_]:
    """Tell whether some RGB colour has a luma and a pair of bins.

    Returns
    -------
    numpy.ndarray of bool, (...)
        R' depends on V alone and B' on U alone, so what both leave of the pair's rectangle is a
        rectangle; G' falls with both, so its two ends there lie in two corners.
    """
    luma, chosen = np.asarray(y, np.float64), np.asarray(index)
    tolerance = 1e-6
    low, high = [], []
    for axis, channel in ((0, 2), (1, 0)):
        edges, slope = grid.edges[axis].astype(np.float64), _TO_RGB[1 + axis, channel]
        low.append(np.maximum(edges[chosen[..., axis]], -luma / slope))
        high.append(np.minimum(edges[chosen[..., axis] + 1], (1 - luma) / slope))
    green = [luma + _TO_RGB[1, 1] * u + _TO_RGB[2, 1] * v for u, v in (tuple(low), tuple(high))]
    found: NDArray[np.bool_] = (
        (low[0] <= high[0] + tolerance)
        & (low[1] <= high[1] + tolerance)
        & (green[0] >= -tolerance)
        & (green[1] <= 1 + tolerance)
    )
    return found


def count_pairs(grid: BinGrid, rgb: NDArray[np.uint8]) -> dict[str, list[float]]:
    """Count which pairs of bins there are at each of `LUMA`.

    Returns
    -------
    dict
        ``possible`` and ``seen``: share of the n² pairs that some RGB colour has, and that a pixel
        of the photos has.
    """
    n = grid.n
    every = np.stack(np.meshgrid(range(n), range(n), indexing="ij"), axis=-1)
    seen = np.zeros((len(LUMA), n, n), bool)
    for photo in rgb:
        y, uv = yuv.rgb_to_yuv(photo)
        level = np.rint(y[..., 0] * (len(LUMA) - 1)).astype(int)
        u, v = np.moveaxis(grid.encode(uv), -1, 0)
        seen[level, u, v] = True
    return {
        "possible": [round(float(exist(grid, y, every).mean()), 5) for y in LUMA],
        "seen": [round(float(one.mean()), 5) for one in seen],
    }


prepare = reduced.open_photos
"""Open the photos to learn from and those to measure on."""


def arms(asked: Asked) -> list[Arm]:
    """List the arms: every number with cross-entropy, `BALANCED` with rebalancing, too.

    Returns
    -------
    list of Arm
        ``10-crossentropy-0`` and so on.
    """
    numbers, seeds = ((10, 11, 30, 31), 1) if asked.fast else (NUMBERS, SEEDS)
    kinds = [*((n, "crossentropy") for n in numbers), (BALANCED, "rebalanced")]
    return [
        reduced.make_arm(asked, f"{n}-{loss}", seed, n=n, loss=loss)
        for n, loss in kinds
        for seed in range(seeds)
    ]


def measure(arm: Arm, data: Photos, progress: bool) -> dict[str, Any]:
    """Train and measure one arm.

    Returns
    -------
    dict
        As `reduced.measure`, with the figures ``impossible`` and ``neutral_floor``; and pairs, what
        `count_pairs` says.
    """
    grid = BinGrid.of(arm.parameters["n"])
    found = reduced.measure(arm, data, progress, WAYS, partial(measure_more, grid))
    return found | {"pairs": count_pairs(grid, data.training)}


def measure_more(
    grid: BinGrid,
    which: NDArray[np.integer],
    y: NDArray[np.float32],
    uv: NDArray[np.float32],
    outputs: Mapping[str, NDArray[Any]],
) -> dict[str, NDArray[np.floating]]:
    """Measure what only bins have: pairs that do not exist, and the greyness of their centres.

    Returns
    -------
    dict
        ``impossible``: share of pixels; ``neutral_floor``: sum over the neutral pixels of the
        distance of their bins' centre from grey. (n,) each.
    """
    guess = np.stack([outputs[head].argmax(axis=-1) for head in "uv"], axis=-1)
    floor = np.hypot(*np.moveaxis(grid.quantise(uv), -1, 0)) * scores.is_neutral(uv)
    return {
        "impossible": 1 - exist(grid, y[..., 0], guess).mean(axis=(1, 2)),
        "neutral_floor": floor.sum(axis=(1, 2)),
    }


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Compare numbers of bins, their parities, and rebalancing.

    Returns
    -------
    dict
        ``numbers`` (n to the figures that `tell` gives), ``rebalanced`` (those of `BALANCED`),
        ``pairs`` (n to possible and seen), ``parity``, ``more_bins`` and ``rebalancing``
        (differences), ``verdict``, ``findings`` and ``finding``, sentences.
    """
    plain: dict[int, list[dict[str, Any]]] = {}
    rebalanced = []
    for one in measured.values():
        if one["recipe"]["loss"] == "rebalanced":
            rebalanced.append(one)
        else:
            plain.setdefault(one["recipe"]["n"], []).append(one)
    numbers = {n: tell(n, seeds) for n, seeds in sorted(plain.items())}
    parity = {f"{n} and {n + 1}": compare(plain[n + 1], plain[n]) for n in plain if n + 1 in plain}
    more = {
        f"{few} and {many}": compare(plain[many], plain[few])
        for odd in (0, 1)
        for few, many in pairwise(sorted(n for n in plain if n % 2 == odd))
    }
    summary = {
        "numbers": {str(n): one for n, one in numbers.items()},
        "rebalanced": tell(BALANCED, rebalanced),
        "pairs": {"luma": list(LUMA), **{str(n): one[0]["pairs"] for n, one in plain.items()}},
        "parity": parity,
        "more_bins": more,
        "rebalancing": compare(rebalanced, plain[BALANCED]),
        "verdict": judge_parity(parity),
    }
    return with_findings(summary, conclude(summary))


def _learnt(figures: Figures) -> NDArray[np.float64]:
    return statistics.replicate(
        np.add(figures["prior_loss_u"], figures["prior_loss_v"])
        - np.add(figures["loss_u"], figures["loss_v"])
    )


def _sum(figures: Figures, name: str, share: float = 1.0) -> NDArray[np.float64]:
    return share * statistics.replicate(np.add(figures[f"{name}_u"], figures[f"{name}_v"]))


def _neutral(figures: Figures, name: str) -> NDArray[np.float64]:
    """Return a mean over neutral pixels; a sample that has none counts as all photos do."""
    found = statistics.replicate(figures[name], figures["neutral_pixels"])
    return 255 * np.nan_to_num(found, nan=float(np.nan_to_num(found[0])))


def _ceiling(figures: Figures) -> NDArray[np.float64]:
    return statistics.replicate(np.subtract(figures["psnr_ceiling"], figures["psnr_grey"]))


def _compared() -> dict[str, Any]:
    """Return the figures that may be compared between numbers of bins, by name."""
    return {
        "learnt": _learnt,
        "impossible": lambda figures: statistics.replicate(figures["impossible"]),
        **{f"gain {way}": partial(answers.gain, decoder=way) for way in WAYS},
        **{f"colourfulness {way}": partial(answers.colourfulness, decoder=way) for way in WAYS},
        **{f"neutral {way}": partial(_neutral, name=f"neutral_chroma {way}") for way in WAYS},
    }


def tell(n: int, seeds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Tell what a number of bins reaches, beside its baselines and its ceiling."""
    figures = {
        "loss": partial(_sum, name="loss"),
        "prior": partial(_sum, name="prior_loss"),
        "accuracy": partial(_sum, name="accuracy", share=0.5),
        "majority": partial(_sum, name="majority", share=0.5),
        "ceiling": _ceiling,
        "floor": partial(_neutral, name="neutral_floor"),
        **_compared(),
    }
    return {"uniform": round(2 * math.log(n), 4)} | {
        name: answers.over_seeds(seeds, figure) for name, figure in figures.items()
    }


def compare(
    ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Tell by how much two kinds of arms differ in what does not depend on the number of bins."""
    return {name: answers.difference(ours, theirs, figure) for name, figure in _compared().items()}


def judge_parity(parity: Mapping[str, Any]) -> str:
    """Judge by the rule that `PROTOCOL` states whether grey in a centre is cleaner."""
    return verdict(-side(one["neutral annealed 0.4"]) for one in parity.values())


def conclude(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say in sentences what was found."""
    numbers, parity = summary["numbers"], summary["parity"]
    few, many = (numbers[str(pick(map(int, numbers)))] for pick in (min, max))
    small, large = min(map(int, numbers)), max(map(int, numbers))
    better = [pair for pair, one in summary["more_bins"].items() if side(one["gain mean"]) > 0]
    cleaner = [k for k, one in parity.items() if side(one["neutral annealed 0.4"]) < 0]
    rebalancing = summary["rebalancing"]
    most = {int(n): max(one["possible"]) for n, one in summary["pairs"].items() if n != "luma"}
    moves = {1: "adds", -1: "takes", 0: "may change"}
    color, gain = rebalancing["colourfulness mean"], rebalancing["gain mean"]
    return {
        "numbers": (
            f"From {small} to {large} bins the network learns {few['learnt']['value']:.2f} to "
            f"{many['learnt']['value']:.2f} nats a pixel; {len(better)} of "
            f"{len(summary['more_bins'])} steps to more bins raise PSNR"
        ),
        "grey": (
            f"an odd number keeps grey surely cleaner in {len(cleaner)} of {len(parity)} pairs"
        ),
        "pairs": f"at no luma exist more than {max(most.values()):.0%} of the pairs of bins",
        "rebalancing": (
            f"rebalancing {moves[side(color)]} {abs(color['value']):.0%} of colourfulness and "
            f"{moves[side(gain)]} {abs(gain['value']):.2f} dB"
        ),
    }
