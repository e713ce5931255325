"""What chroma, labels and numbers of bins must be."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab.errors import InputError
from colorlab.yuv import as_float32

MAX_BINS = 1000
"""Largest number of bins an axis may have."""


def check_n(n: Any) -> None:
    """Refuse a number of bins that is no integer in 2..MAX_BINS."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 2 <= n <= MAX_BINS:
        raise InputError(
            f"The number of bins must be an integer from 2 to {MAX_BINS}; received {n!r}."
        )


def check_positive(value: Any, name: str) -> None:
    """Refuse a number that is not finite and above zero."""
    if not isinstance(value, Real) or not 0 < float(value) < np.inf:
        raise InputError(f"{name} must be a finite number above 0; received {value!r}.")


def as_chroma(uv: ArrayLike) -> NDArray[np.float32]:
    """Check a chroma array and return it as float32."""
    array: NDArray[Any] = np.asarray(uv)
    if array.dtype.kind not in "fiu" or array.ndim < 1 or array.shape[-1] != 2:
        raise InputError(
            "Chroma must be numbers of shape (..., 2); "
            f"received {array.dtype} of shape {array.shape}."
        )
    array = as_float32(array)
    if np.isnan(array.min(initial=0)):
        raise InputError("Chroma contains NaN; replace or drop those pixels first.")
    return array


def as_labels(labels: ArrayLike, n: int) -> NDArray[np.integer]:
    """Check an array of bin labels and return it."""
    array = np.asarray(labels)
    if array.dtype.kind not in "iu" or array.ndim < 1 or array.shape[-1] != 2:
        raise InputError(
            "Bin labels must be integers of shape (..., 2); "
            f"received {array.dtype} of shape {array.shape}."
        )
    low, high = array.min(initial=0), array.max(initial=0)
    if low < 0 or high >= n:
        raise InputError(
            f"Bin labels must lie in 0..{n - 1}; received values from {low} to {high}."
        )
    return array
