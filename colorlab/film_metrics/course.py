"""The course of the error over a film."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from colorlab.errors import InputError
from colorlab.film_metrics.checks import Float, check_same


def chroma_rmse(uv_truth: Float, uv: Float) -> float:
    """Return how far a frame's chroma is from the truth: one point of a film's error curve.

    Parameters
    ----------
    uv_truth, uv : ndarray of float, shape (..., 2)
        True and predicted chroma.

    Returns
    -------
    float
        Root of the mean squared difference over all pixels and both axes.

    Raises
    ------
    InputError
        If the shapes differ or do not end with 2.
    """
    check_same(uv_truth, uv)
    return float(np.sqrt(np.mean(np.square(np.subtract(uv, uv_truth, dtype=np.float64)))))


def drift(curve: Sequence[float], reference: Sequence[float], frames: int = 50) -> float:
    """Return how much a film model falls behind another in the course of a film.

    Parameters
    ----------
    curve, reference : sequence of float
        `chroma_rmse` of each frame under the model and under the one it is compared with (the
        per-frame color model, say), on the same film.
    frames : int
        How many frames at either end are averaged; at most half of the film's are.

    Returns
    -------
    float
        Mean of ``curve - reference`` over the last frames minus its mean over the first ones:
        above 0, errors gather.

    Raises
    ------
    InputError
        If the curves differ in length or have fewer than two frames, or `frames` is below 1.
    """
    if len(curve) != len(reference) or len(curve) < 2 or frames < 1:
        raise InputError(
            "drift needs two curves of one length, at least 2, and frames above 0; "
            f"received {len(curve)} and {len(reference)} points and frames={frames}."
        )
    difference = np.subtract(curve, reference, dtype=np.float64)
    part = min(frames, len(difference) // 2)
    return float(difference[-part:].mean() - difference[:part].mean())
