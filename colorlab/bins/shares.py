"""How colours are distributed over bins, and what follows from it for a loss."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab.bins.checks import as_chroma, as_labels, check_n
from colorlab.errors import InputError


def merge(probabilities: ArrayLike, n_small: int) -> NDArray[Any]:
    """Sum the probabilities of adjacent bins, so that n bins become n_small wider ones.

    The result belongs to ``BinGrid.of(n_small)``: every n / n_small-th edge stays.

    Parameters
    ----------
    probabilities : array_like, shape (..., n)
        Probabilities (or counts) over n bins.
    n_small : int
        Number of bins wanted, a divisor of n.

    Returns
    -------
    ndarray, shape (..., n_small)
        Sums over n / n_small neighbours each.

    Raises
    ------
    InputError
        If n_small is no integer above 1 or does not divide n.

    Examples
    --------
    >>> merge([0.1, 0.2, 0.3, 0.4], 2)
    array([0.3, 0.7])
    """
    check_n(n_small)
    p = np.asarray(probabilities)
    n = p.shape[-1]
    if n % n_small:
        divisors = ", ".join(str(d) for d in range(2, n + 1) if n % d == 0)
        raise InputError(f"{n} bins can be merged into one of {divisors} bins; received {n_small}.")
    step = n // n_small
    merged: NDArray[Any] = np.stack([p[..., k::step] for k in range(step)], axis=-1).sum(axis=-1)
    return merged


def count(labels: ArrayLike, n: int) -> NDArray[np.int64]:
    """Count how often each bin occurs; counts of several arrays may be added.

    Parameters
    ----------
    labels : array_like of int, shape (..., 2)
        Bins of U and V, 0 to n - 1, as `BinGrid.encode` gives them.
    n : int
        Bins per axis.

    Returns
    -------
    ndarray of int64, shape (2, n)
        Counts of the U bins and of the V bins.

    Raises
    ------
    InputError
        If labels are not integers in 0..n-1 with 2 on the last axis.

    Examples
    --------
    >>> count([[0, 1], [0, 3]], 4)
    array([[2, 0, 0, 0],
           [0, 1, 0, 1]])
    """
    check_n(n)
    array = as_labels(labels, n)
    return np.stack([np.bincount(array[..., axis].ravel(), minlength=n) for axis in range(2)])


def prior(
    labels: NDArray[np.integer] | Iterable[NDArray[np.integer]], n: int
) -> NDArray[np.float64]:
    """Return the share of each bin in a set of labels: what a model knows that sees no picture.

    Parameters
    ----------
    labels : ndarray of int of shape (..., 2), or an iterable of such arrays
        Bins of U and V. An iterable (a generator, say) is read once, one array at a time.
    n : int
        Bins per axis.

    Returns
    -------
    ndarray of float64, shape (2, n)
        Shares of the U bins and of the V bins, each row summing to 1.

    Raises
    ------
    InputError
        As `count`, or if there are no labels at all.
    """
    check_n(n)
    arrays = [labels] if isinstance(labels, np.ndarray) else labels
    total = np.zeros((2, n), np.int64)
    for array in arrays:
        total += count(array, n)
    if not total.any():
        raise InputError("The prior needs at least one labelled pixel; received none.")
    shares: NDArray[np.float64] = total / total.sum(axis=1, keepdims=True)
    return shares


def rebalance_weights(prior: ArrayLike, mix: float = 0.5) -> NDArray[np.float32]:
    """Return a loss weight for each bin, so that rare colours count more.

    A bin of share p gets a weight proportional to 1 / ((1 - mix) p + mix / n), scaled so that the
    mean weight under the prior is 1. (The source smooths the prior first; this does not.)

    Parameters
    ----------
    prior : array_like of float, shape (..., n)
        Shares of the bins, each row summing to 1, as `prior` gives them.
    mix : float
        Share of the uniform distribution mixed in, in (0, 1]: 1 weighs all bins alike, towards 0
        the weights approach 1 / p.

    Returns
    -------
    ndarray of float32, shape (..., n)
        Weights above 0.

    Raises
    ------
    InputError
        If mix is not in (0, 1] or the rows of the prior are no distributions.

    References
    ----------
    .. [1] Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016, section 2.2 (mix = 0.5).
    """
    if not isinstance(mix, Real) or not 0 < mix <= 1:
        raise InputError(f"mix must be above 0 and at most 1; received {mix!r}.")
    p: NDArray[np.float64] = np.asarray(prior, np.float64)
    if p.ndim < 1 or not (p >= 0).all() or not np.allclose(p.sum(axis=-1), 1, atol=1e-4):
        raise InputError("The prior's rows must be shares of at least 0 that sum to 1.")
    weights = 1 / ((1 - mix) * p + mix / p.shape[-1])
    weights /= (p * weights).sum(axis=-1, keepdims=True)
    result: NDArray[np.float32] = weights.astype(np.float32)
    return result


def near_neutral(uv: ArrayLike, tolerance: float = 1e-6) -> NDArray[np.bool_]:
    """Tell which pixels are grey up to rounding: those whose edge-aligned label is chance.

    Parameters
    ----------
    uv : array_like, shape (..., 2)
        Chroma.
    tolerance : float
        Largest |U| and |V| that still count as neutral.

    Returns
    -------
    ndarray of bool, shape (...)
        True where both |U| and |V| are at most `tolerance`.

    Raises
    ------
    InputError
        As `BinGrid.encode`.

    Examples
    --------
    >>> near_neutral([[0.0, 0.0], [0.1, 0.0]])
    array([ True, False])
    """
    near: NDArray[np.bool_] = np.all(np.abs(as_chroma(uv)) <= tolerance, axis=-1)
    return near
