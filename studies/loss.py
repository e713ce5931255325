"""Classification against regression, and what of it is the decoder's doing.

The paper predicts bins instead of colours, since "regression might yield desaturated colorings"
and classification is "easier to optimize, much more stable". Here both learn on the same trunk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies import answers, reduced, statistics
from studies.harness import Arm, Asked
from studies.reduced import DECODERS
from studies.verdicts import side, verdict, with_findings

RATES = (3e-4, 1e-3, 3e-3)
"""Adam's learning rates."""

USUAL = 1e-3
"""The paper's, at which colours are compared."""

SEEDS = 3
"""Of every loss and learning rate."""

MUCH = 2.0
"""How many times as far regressions must lie apart for classification to be *much* more stable."""

CODE = (reduced, *reduced.CODE)

SHOWN = {"crossentropy": "mean", "euclidean": "regression", "rebalanced": "mean"}
"""Decoder with which a loss's pictures are compared over learning rates and seeds."""

PROTOCOL = reduced.PROTOCOL + (
    " crossentropy: two softmaxes over 30 bins. euclidean: the same trunk with one number for U "
    "and one for V, squared error. rebalanced: cross-entropy weighted by the inverse of the "
    "bins' shares, half mixed with uniform. An arm is a loss, a learning rate and a seed. "
    "loss_left: the loss as a share of that of the best constant answer to the training photos "
    "(their bins' shares, or their mean chroma). gain: psnr minus that of grey. curve: at the "
    f"learning rate {USUAL:g}, each decoder's colourfulness and gain; mean is the expectation, "
    "annealed T the expectation after sharpening with temperature T. desaturation: regression's "
    "colourfulness minus each decoder's of classification, in pairs; below, above: decoders "
    "where its whole interval lies below, or above, 0. It holds if all decoders are below, "
    "partly if some, not if none is and none is unsure, else it cannot be told. easier: range of "
    "gain over the learning rates, means over seeds; stable: standard deviation of gain over the "
    "seeds, root mean square over the learning rates; both with the mean of classification, and "
    "as ratio, regression's to classification's. Their low and high are the lowest and highest "
    "of the intervals with all seeds and with each seed left out. Each holds if the ratio's low "
    f"is at least {MUCH:g} (much), partly if it is above 1, not if high is below 1, else it "
    "cannot be told."
)


prepare = reduced.open_photos
"""Open the photos to learn from and those to measure on."""


def arms(asked: Asked) -> list[Arm]:
    """List the arms: two losses at all learning rates, rebalancing at the usual one.

    Returns
    -------
    list of Arm
        ``crossentropy-0.001-0`` and so on.
    """
    rates, seeds = (RATES[1:], 1) if asked.fast else (RATES, SEEDS)
    pairs = [(loss, rate) for loss in ("crossentropy", "euclidean") for rate in rates]
    return [
        reduced.make_arm(asked, f"{loss}-{rate:g}", seed, loss=loss, learning_rate=rate)
        for loss, rate in [*pairs, ("rebalanced", USUAL)]
        for seed in range(seeds)
    ]


measure = reduced.measure
"""Train and measure one arm."""


def summarise(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Compare the losses and judge what the paper says of them.

    Returns
    -------
    dict
        ``rates`` (loss to learning rate to loss_left, gain, colourfulness and history: the
        validation loss after each epoch as a share of the constant answer's, over seeds),
        ``curve`` (loss to decoder to colourfulness and gain), ``desaturation``, ``easier`` and
        ``stable`` with their figures and verdicts, ``verdict``, and ``findings`` and ``finding``,
        sentences.
    """
    found = group(measured)
    rates = {
        loss: {f"{rate:g}": tell(loss, seeds) for rate, seeds in by_rate.items()}
        for loss, by_rate in found.items()
    }
    curve = {
        loss: {
            decoder: {
                "colourfulness": answers.over_seeds(
                    by_rate[USUAL], partial(answers.colourfulness, decoder=decoder)
                ),
                "gain": answers.over_seeds(by_rate[USUAL], partial(answers.gain, decoder=decoder)),
            }
            for decoder in _decoders(loss)
        }
        for loss, by_rate in found.items()
    }
    desaturation = judge_desaturation(
        {
            decoder: answers.difference(
                found["euclidean"][USUAL],
                found["crossentropy"][USUAL],
                partial(answers.colourfulness, decoder="regression"),
                partial(answers.colourfulness, decoder=decoder),
            )
            for decoder in DECODERS
        }
    )
    gains = {loss: runs(loss, found[loss]) for loss in ("crossentropy", "euclidean")}
    easier, stable = (judge_spread(gains, spread) for spread in (over_rates, over_repeats))
    verdicts = {
        "desaturation": desaturation["verdict"],
        "easier": easier["verdict"],
        "stable": stable["verdict"],
    }
    summary = {
        "rates": rates,
        "curve": curve,
        "desaturation": desaturation,
        "easier": easier,
        "stable": stable,
        "verdict": verdicts,
    }
    return with_findings(summary, conclude(curve, desaturation, easier, stable))


Runs = Mapping[float, Sequence[Mapping[str, Any]]]
"""Learning rate to what `measure` returned for each seed."""


def group(measured: Mapping[str, dict[str, Any]]) -> dict[str, dict[float, list[dict[str, Any]]]]:
    """Sort arms by loss and learning rate; seeds keep their order."""
    found: dict[str, dict[float, list[dict[str, Any]]]] = {}
    for one in measured.values():
        by_rate = found.setdefault(one["recipe"]["loss"], {})
        by_rate.setdefault(one["recipe"]["learning_rate"], []).append(one)
    return found


def _decoders(loss: str) -> list[str]:
    return ["regression"] if loss == "euclidean" else list(DECODERS)


def tell(loss: str, seeds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Tell what a loss reaches at one learning rate."""
    way = SHOWN[loss]
    left = []
    for one in seeds:
        blind = np.add(one["figures"]["prior_loss_u"], one["figures"]["prior_loss_v"]).mean()
        left.append([row["val_loss"] / blind for row in one["history"]])
    return {
        "loss_left": answers.over_seeds(seeds, answers.loss_left),
        "gain": answers.over_seeds(seeds, partial(answers.gain, decoder=way)),
        "colourfulness": answers.over_seeds(seeds, partial(answers.colourfulness, decoder=way)),
        "history": [
            {
                "value": round(float(np.mean(epoch)), 4),
                "low": round(min(epoch), 4),
                "high": round(max(epoch), 4),
            }
            for epoch in zip(*left, strict=True)
        ],
    }


def runs(loss: str, by_rate: Runs) -> NDArray[np.float64]:
    """Return the gain of every run of a loss, on all photos and on every bootstrap sample.

    Returns
    -------
    numpy.ndarray of float64, (rates, seeds, 1 + samples)
        Decibels above grey.
    """
    way = SHOWN[loss]
    return np.array(
        [[answers.gain(one["figures"], way) for one in by_rate[rate]] for rate in sorted(by_rate)]
    )


def over_rates(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the learning rates lie apart: the range of their means over seeds.

    Returns
    -------
    numpy.ndarray of float64, (samples,)
        Decibels.
    """
    spread: NDArray[np.float64] = np.ptp(gains.mean(axis=1), axis=0)
    return spread


def over_repeats(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far seeds lie apart: their standard deviation, root mean square over the rates.

    Returns
    -------
    numpy.ndarray of float64, (samples,)
        Decibels; 0 for a single seed.
    """
    several = int(gains.shape[1] > 1)
    spread: NDArray[np.float64] = np.sqrt(gains.var(axis=1, ddof=several).mean(axis=0))
    return spread


def judge_desaturation(differences: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Judge by the rule that `PROTOCOL` states whether regression has less colour."""
    sides = {-1: "below", 1: "above", 0: "unsure"}
    found: dict[str, list[str]] = {name: [] for name in sides.values()}
    for decoder, one in differences.items():
        found[sides[side(one)]].append(decoder)
    judged = verdict(-side(one) for one in differences.values())
    return {"differences": dict(differences), **found, "verdict": judged}


def judge_spread(
    gains: Mapping[str, NDArray[np.float64]],
    spread: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> dict[str, Any]:
    """Judge by the rule that `PROTOCOL` states whether regressions lie further apart."""
    ours, theirs = gains["crossentropy"], gains["euclidean"]
    seeds = ours.shape[1]
    kept = [list(range(seeds))]
    if seeds > 2:
        kept += [[k for k in range(seeds) if k != left] for left in range(seeds)]
    parts = [(spread(ours[:, one]), spread(theirs[:, one])) for one in kept]
    smallest = 1e-4  # runs that agree to a ten-thousandth of a decibel agree
    ratio = _widest([np.maximum(b, smallest) / np.maximum(a, smallest) for a, b in parts])
    if ratio["low"] >= MUCH:
        judged = "holds"
    elif ratio["low"] > 1:
        judged = "holds partly"
    else:
        judged = "does not hold" if ratio["high"] < 1 else "cannot be told"
    return {
        "classification": _widest([a for a, _ in parts]),
        "regression": _widest([b for _, b in parts]),
        "ratio": ratio,
        "verdict": judged,
    }


def _widest(replicates: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    """Return the first one's value, and the lowest and highest of all intervals."""
    told = [statistics.told(one) for one in replicates]
    return {
        "value": told[0]["value"],
        "low": min(one["low"] for one in told),
        "high": max(one["high"] for one in told),
    }


def conclude(
    curve: Mapping[str, Any],
    desaturation: Mapping[str, Any],
    easier: Mapping[str, Any],
    stable: Mapping[str, Any],
) -> dict[str, str]:
    """Say in two sentences what was found."""
    regression = curve["euclidean"]["regression"]["colourfulness"]["value"]
    shares = {d: one["colourfulness"]["value"] for d, one in curve["crossentropy"].items()}
    dull, rich = (choose(shares, key=lambda d: shares[d]) for choose in (min, max))
    words = {
        "holds": "less than classification by any decoder",
        "holds partly": f"less than classification by {', '.join(desaturation['below'])}",
        "does not hold": "no less than classification by any decoder",
        "cannot be told": "not surely less than classification",
    }
    easy = {
        "holds": "much easier to train",
        "holds partly": "easier to train",
        "does not hold": "harder to train",
        "cannot be told": "which is easier to train cannot be told",
    }
    sure = {
        "holds": "much more stable",
        "holds partly": "more stable",
        "does not hold": "less stable",
        "cannot be told": "which is more stable cannot be told",
    }
    rates, seeds = (
        [one[kind]["value"] for kind in ("classification", "regression")]
        for one in (easier, stable)
    )
    return {
        "color": (
            f"Regression shows {regression:.0%} of the photos' colourfulness, "
            f"{words[desaturation['verdict']]} ({shares[dull]:.0%} by {dull} to "
            f"{shares[rich]:.0%} by {rich})"
        ),
        "training": (
            f"Over learning rates classification varies by {rates[0]:.2f} dB and regression by "
            f"{rates[1]:.2f} ({easy[easier['verdict']]}), over seeds by {seeds[0]:.2f} and "
            f"{seeds[1]:.2f} ({sure[stable['verdict']]})"
        ),
    }
