"""How alike a network's looks at two pictures are: correlation of units, CKA of layers.

Bootstrap samples are given as weights, how often each photo is in them (`statistics.resamples`), so
that activations are gone through once, however many samples there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

_BLOCK = 64


def centred(x: Floats) -> Floats:
    """Subtract every unit's mean, and divide by the norm of it all, which CKA does not see.

    Parameters
    ----------
    x : numpy.ndarray of float, (..., A)
        Activations.

    Returns
    -------
    numpy.ndarray of float, (..., A)
        The same with mean 0 in every unit and norm 1; zeros where nothing varies.
    """
    x = x - x.mean(axis=tuple(range(x.ndim - 1)), keepdims=True)
    norm = np.linalg.norm(x)
    return x / norm if norm > 0 else x


def products(x: Floats, y: Floats) -> NDArray[np.float64]:
    """Compare every two photos by what they add to XᵀY.

    Photo i adds ``x[i].T @ y[i]``, so that ‖XᵀY‖² of any sample of photos is ``w @ products @ w``,
    with w how often each is in it.

    Parameters
    ----------
    x : numpy.ndarray of float, (n, P, A)
        Activations of A units at P positions of n photos, `centred`.
    y : numpy.ndarray of float, (n, P, B)
        Activations of B units there, `centred`.

    Returns
    -------
    numpy.ndarray of float64, (n, n)
        Inner products of the photos' parts.
    """
    found = np.zeros((len(x), len(x)))
    for first in range(0, y.shape[-1], _BLOCK):  # a block of units at a time: bounded memory
        part = x.transpose(0, 2, 1) @ y[..., first : first + _BLOCK]
        flat = part.reshape(len(x), -1)
        found += flat @ flat.T
    return found


def weighted_cka(
    xy: NDArray[np.float64],
    xx: NDArray[np.float64],
    yy: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return linear CKA on bootstrap samples; the samples are positions of photos.

    ‖XᵀY‖² / (‖XᵀX‖ ‖YᵀY‖) with Frobenius norms, X and Y centred over the samples [1]_. It stays the
    same when either is rotated, mirrored or scaled as a whole. Independent noise in A and B units
    at N positions gives about √(A B) / N, not 0.

    The means that are subtracted are those of all photos. A sample's own mean would change its CKA
    by a term of second order only.

    Parameters
    ----------
    xy, xx, yy : numpy.ndarray of float64, (n, n)
        `products` of x with y, of x with itself, of y with itself.
    weights : numpy.ndarray of float64, (count, n)
        How often each photo is in each sample; a row of ones is all of them.

    Returns
    -------
    numpy.ndarray of float64, (count,)
        From 0 to 1; 0 where x or y does not vary.

    References
    ----------
    .. [1] S. Kornblith, M. Norouzi, H. Lee, G. Hinton, "Similarity of neural network
       representations revisited", ICML 2019, section 3.
    """
    both, left, right = (np.sum(weights @ one * weights, axis=-1) for one in (xy, xx, yy))
    scale = np.sqrt(np.maximum(left * right, 0))
    return np.divide(both, scale, out=np.zeros_like(both), where=scale > 0)


def sums(x: Floats, y: Floats) -> NDArray[np.float64]:
    """Sum up, photo by photo, what the correlation of every unit needs.

    Parameters
    ----------
    x, y : numpy.ndarray of float, (n, P, C)
        Activations of C units at P positions of n photos, seen in two ways.

    Returns
    -------
    numpy.ndarray of float64, (n, 6, C)
        Number of positions, and the sums of x, y, x², y² and x y.
    """
    x, y = x.astype(np.float64), y.astype(np.float64)
    parts = (np.ones_like(x), x, y, x * x, y * y, x * y)
    return np.stack([part.sum(axis=1) for part in parts], axis=1)


def correlation(summed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Pearson's correlation from sums.

    Parameters
    ----------
    summed : numpy.ndarray of float64, (..., 6, C)
        As `sums` gives, added up over photos.

    Returns
    -------
    numpy.ndarray of float64, (..., C)
        From -1 to 1. 0 where one of the two varies and the other does not, NaN where neither does.
    """
    count, x, y, xx, yy, xy = np.moveaxis(summed, -2, 0)
    covariance = xy / count - x / count * y / count
    spread_x = xx / count - np.square(x / count)
    spread_y = yy / count - np.square(y / count)
    alive_x, alive_y = spread_x > 1e-9 * xx / count, spread_y > 1e-9 * yy / count
    scale = np.sqrt(np.where(alive_x & alive_y, spread_x * spread_y, 1))
    found = np.where(alive_x & alive_y, covariance / scale, 0)
    return np.where(alive_x | alive_y, np.clip(found, -1, 1), np.nan)
