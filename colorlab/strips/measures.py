"""What is counted on coloured strips: pure functions on arrays, a figure a strip.

Sums and counts are given, not shares, so that strips of one scene can be put together and a
bootstrap over scenes weigh them rightly: `by_scene`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import film_metrics
from colorlab.errors import InputError

Float = NDArray[np.float32]
Labels = NDArray[np.integer]
Counts = dict[str, NDArray[np.float64]]


def judge(
    bins: Labels,
    labels: Labels,
    changed: NDArray[np.bool_],
    uncovered: NDArray[np.bool_] | None = None,
    nats: Float | None = None,
) -> Counts:
    """Count where bins are right.

    Parameters
    ----------
    bins, labels : numpy.ndarray of int, (S, ..., 2)
        Answered and true bins of U and V.
    changed : numpy.ndarray of bool, (S, ..., 2)
        For U and V, where the true colour changed: `film_metrics.changed`.
    uncovered : numpy.ndarray of bool, (S, ...), optional
        Where a pixel shows what was hidden in the frame before.
    nats : numpy.ndarray of float32, (S, ..., 2), optional
        Cross-entropy.

    Returns
    -------
    dict
        Each (S,): ``pixels`` (each counts once), ``right_u``, ``right_v``, ``changed`` and
        ``changed_right`` (U and V each count); where given, ``uncovered`` and ``uncovered_right``
        (as changed), ``nats_u``, ``nats_v``.
    """
    if bins.shape != labels.shape or changed.shape != labels.shape:
        raise InputError(
            f"bins, labels and changed need one shape (S, ..., 2); received {bins.shape}, "
            f"{labels.shape} and {changed.shape}."
        )
    right = bins == labels
    found = {
        "pixels": _per_strip(np.ones(labels.shape[:-1], bool)),
        "right_u": _per_strip(right[..., 0]),
        "right_v": _per_strip(right[..., 1]),
        "changed": _per_strip(changed),
        "changed_right": _per_strip(right & changed),
    }
    if uncovered is not None:
        found["uncovered"] = 2 * _per_strip(uncovered)
        found["uncovered_right"] = _per_strip(right & uncovered[..., None])
    if nats is not None:
        found |= {f"nats_{head}": _per_strip(nats[..., k]) for k, head in enumerate("uv")}
    return found


def follow(bins: Labels, context: Labels, own: Labels) -> Counts:
    """Count how often an answer follows a context of other colours: the identity index.

    Parameters
    ----------
    bins : numpy.ndarray of int, (S, ..., 2)
        Answered bins of U and V.
    context : numpy.ndarray of int, (S, ..., 2)
        Bins of the colours that were told.
    own : numpy.ndarray of int, (S, ..., 2)
        Bins of the colouring without context, the color model's own.

    Returns
    -------
    dict
        Each (S,): ``differing``, where context and own colouring differ, U and V each counted;
        ``followed``, where the answer is the context's bin there. Their ratio is 0 for a model
        that ignores what it is told, 1 for one that copies it.
    """
    differing = context != own
    return {
        "differing": _per_strip(differing),
        "followed": _per_strip(differing & (bins == context)),
    }


def turn_hue(uv: Float) -> Float:
    """Turn every colour's hue by half a turn, its saturation kept: no bin is left.

    Parameters
    ----------
    uv : numpy.ndarray of float32, (..., 2)
        Chroma.

    Returns
    -------
    numpy.ndarray of float32, (..., 2)
        The complementary colours' chroma.
    """
    return -uv


def swap_scenes(uv: Float, scene: NDArray[np.integer]) -> Float:
    """Exchange the chroma of strips for that of the next scene's strips.

    Parameters
    ----------
    uv : numpy.ndarray of float32, (S, ...)
        Chroma of strips, sorted by scene, as many of each.
    scene : numpy.ndarray of int, (S,)
        Their scenes.

    Returns
    -------
    numpy.ndarray of float32, (S, ...)
        The chroma of the strip of the same number in the following scene.

    Raises
    ------
    InputError
        When there is one scene only, or they have not as many strips each.
    """
    counts = np.unique(scene, return_counts=True)[1]
    if len(counts) < 2 or len(set(counts.tolist())) > 1:
        raise InputError(
            "scenes can be exchanged where there are two or more with as many strips each; "
            f"received scenes with {counts.tolist()} strips."
        )
    return np.roll(uv, -int(counts[0]), axis=0)


def warp_error(uv: Float, back: ArrayLike, uncovered: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Measure how much the chroma of surfaces changes along strips.

    Parameters
    ----------
    uv : numpy.ndarray of float32, (S, F, H, W, 2)
        A colouring, the first frame's included.
    back : array_like of float, (S, F - 1, H, W, 2)
        Flow from frame k + 1 back to frame k.
    uncovered : numpy.ndarray of bool, (S, F - 1, H, W)
        Pixels of frame k + 1 that frame k does not show; they do not count.

    Returns
    -------
    numpy.ndarray of float64, (S,)
        Mean over the pairs of `film_metrics.warp_error` of the chroma; not a number where nothing
        stays in sight.
    """
    errors = np.full(back_shape := np.shape(uncovered)[:2], np.nan)
    flows = np.asarray(back, np.float32)
    for s, k in np.ndindex(*back_shape):
        error = film_metrics.warp_error(uv[s, k + 1], uv[s, k], flows[s, k], ~uncovered[s, k])
        errors[s, k] = np.nan if error is None else error
    counted = np.isfinite(errors).sum(axis=1)
    sums = np.nansum(errors, axis=1)
    return np.divide(sums, counted, out=np.full(len(sums), np.nan), where=counted > 0)


def error_curve(uv: Float, truth: Float) -> NDArray[np.float64]:
    """Measure how far each frame's chroma is from the truth.

    Parameters
    ----------
    uv, truth : numpy.ndarray of float32, (S, F, H, W, 2)
        A colouring and the true chroma.

    Returns
    -------
    numpy.ndarray of float64, (S, F)
        `film_metrics.chroma_rmse` of each frame.
    """
    squared = np.square(np.subtract(uv, truth, dtype=np.float64))
    return np.sqrt(squared.mean(axis=(2, 3, 4)))


def drift(curve: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure by how much a colouring falls behind another in the course of strips.

    Parameters
    ----------
    curve, reference : numpy.ndarray of float64, (S, F)
        `error_curve` of the two, without the first frame where both are the same.

    Returns
    -------
    numpy.ndarray of float64, (S,)
        `film_metrics.drift` over the first and the last quarter of the frames, at least one.
    """
    part = max(1, curve.shape[1] // 4)
    pairs = zip(curve, reference, strict=True)
    return np.array([film_metrics.drift(ours, theirs, part) for ours, theirs in pairs])


def displacement(back: ArrayLike) -> NDArray[np.float64]:
    """Say how far pixels moved.

    Parameters
    ----------
    back : array_like of float, (S, F - 1, H, W, 2)
        Flow.

    Returns
    -------
    numpy.ndarray of float64, (S,)
        Mean length, pixels.
    """
    flows = np.asarray(back, np.float64)
    return np.linalg.norm(flows, axis=-1).mean(axis=(1, 2, 3))


def by_scene(found: Mapping[str, ArrayLike], scene: NDArray[np.integer], scenes: int) -> Counts:
    """Add up what was counted on the strips of each scene.

    Parameters
    ----------
    found : mapping
        Name to a sum a strip, (S,).
    scene : numpy.ndarray of int, (S,)
        Each strip's scene, from 0 to scenes - 1.
    scenes : int
        How many scenes there are.

    Returns
    -------
    dict
        Name to a sum a scene, (scenes,).
    """
    return {
        name: np.bincount(scene, np.asarray(values, np.float64), scenes).astype(np.float64)
        for name, values in found.items()
    }


def _per_strip(values: NDArray[np.generic]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = values.reshape(len(values), -1).sum(axis=1, dtype=np.float64)
    return total
