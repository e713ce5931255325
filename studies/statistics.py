"""How sure a figure is: the bootstrap over photos or scenes.

References
----------
.. [1] B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall 1993, chapters 6
   (the bootstrap) and 13 (percentile intervals).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

RESAMPLES = 1000
"""Bootstrap samples drawn where nothing else is said."""

LEVEL = 0.95
"""Coverage of the intervals where nothing else is said."""


def resamples(units: int, count: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """Draw bootstrap samples: how often each photo (or scene) is in each of them.

    The same arguments give the same samples. What is measured on the same photos is compared pair
    by pair when the same samples are used for both.

    Parameters
    ----------
    units : int
        How many photos there are, 1 or more.
    count : int
        How many samples to draw.
    seed : int
        Of the draw.

    Returns
    -------
    numpy.ndarray of float64, (count, units)
        Whole numbers; every row sums to `units`.
    """
    rng = np.random.default_rng(seed)
    return rng.multinomial(units, np.full(units, 1 / units), size=count).astype(np.float64)


def interval(
    value: float, replicates: npt.ArrayLike, level: float = LEVEL, digits: int = 4
) -> dict[str, float]:
    """Put a percentile interval round a figure.

    Parameters
    ----------
    value : float
        The figure, measured on all photos.
    replicates : array_like of float, (count,)
        The same figure on each bootstrap sample.
    level : float
        Coverage, in (0, 1).
    digits : int
        Decimals that are kept.

    Returns
    -------
    dict
        ``value``, ``low``, ``high``.
    """
    tail = (1 - level) / 2
    low, high = np.quantile(np.asarray(replicates, np.float64), [tail, 1 - tail])
    found = {"value": value, "low": low, "high": high}
    return {key: round(float(one), digits) for key, one in found.items()}


def replicate(
    figure: npt.ArrayLike, per: npt.ArrayLike | None = None, seed: int = 0, count: int = RESAMPLES
) -> NDArray[np.float64]:
    """Average a figure over photos, on all of them and on every bootstrap sample.

    What two of these say of the same photos may be subtracted, divided and so on, sample by sample;
    `told` puts the interval round the outcome.

    Parameters
    ----------
    figure : array_like of float, (units,)
        The figure of each photo.
    per : array_like of float, (units,), optional
        What the figures are summed up against: the result is sum / sum instead of a mean, and not
        a number where that sum is 0.
    seed : int
        Of the bootstrap.
    count : int
        How many samples to draw.

    Returns
    -------
    numpy.ndarray of float64, (1 + count,)
        The figure on all photos, then on each sample.
    """
    above = np.asarray(figure, np.float64)
    below = np.ones_like(above) if per is None else np.asarray(per, np.float64)
    weights = _weights(len(above), count, seed)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: NDArray[np.float64] = (weights @ above) / (weights @ below)
    return shares


@functools.lru_cache(maxsize=4)
def _weights(units: int, count: int, seed: int) -> NDArray[np.float64]:
    """Return how often each photo counts: once, then as in each bootstrap sample."""
    return np.concatenate([np.ones((1, units)), resamples(units, count, seed)])


def told(replicates: NDArray[np.float64], level: float = LEVEL) -> dict[str, float]:
    """Put an interval round what `replicate` gave.

    Parameters
    ----------
    replicates : numpy.ndarray of float64, (1 + count,)
        The figure on all photos, then on each sample.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    dict
        ``value``, ``low``, ``high``.
    """
    return interval(float(replicates[0]), replicates[1:], level)


def mean(values: npt.ArrayLike, seed: int = 0, level: float = LEVEL) -> dict[str, float]:
    """Average a figure over photos, with its interval.

    Parameters
    ----------
    values : array_like of float, (units,)
        The figure of each photo.
    seed : int
        Of the bootstrap.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    dict
        ``value``, ``low``, ``high``.
    """
    every = np.asarray(values, np.float64)
    drawn = resamples(len(every), seed=seed)
    return interval(every.mean(), drawn @ every / len(every), level)


def difference(
    ours: npt.ArrayLike, theirs: npt.ArrayLike, seed: int = 0, level: float = LEVEL
) -> dict[str, float]:
    """Average the difference of two figures of the same photos, with its interval.

    The paired bootstrap: a sample holds a photo with both of its figures, so what makes a photo
    easy or hard for both does not widen the interval.

    Parameters
    ----------
    ours, theirs : array_like of float, (units,)
        The two figures of each photo, in the same order.
    seed : int
        Of the bootstrap.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    dict
        ``value``, ``low``, ``high`` of ours minus theirs.

    Raises
    ------
    ValueError
        When the two differ in length.
    """
    first, second = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if first.shape != second.shape:
        raise ValueError(
            f"pairs need two figures of each photo; received {first.shape} and {second.shape}."
        )
    return mean(first - second, seed, level)


def over_seeds(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Put one figure of several seeds together.

    Parameters
    ----------
    found : sequence of mapping
        ``value``, ``low``, ``high`` of each seed.

    Returns
    -------
    dict
        ``value``, the mean; ``low`` and ``high``, the lowest and highest of any seed; ``spread``,
        the range of the values.
    """
    values = [one["value"] for one in found]
    return {
        "value": round(float(np.mean(values)), 4),
        "low": min(one["low"] for one in found),
        "high": max(one["high"] for one in found),
        "spread": round(max(values) - min(values), 4),
    }
