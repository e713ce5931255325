"""What a rollout is worth on each scene, so that scenes can be resampled; and telling it.

`gather` and `obey` measure; what they return is JSON. The functions named in `FIGURES` turn that
into a figure on all scenes and on every bootstrap sample, as `statistics.replicate` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import film_metrics, metrics, yuv
from colorlab.strips import Strips, measures, rolling
from colorlab.strips.rolling import Answerer, Told
from studies import statistics

Float = NDArray[np.float32]
Gathered = Mapping[str, Any]
"""What `gather` returns: name to a number a scene, and ``curve``."""


def gather(told: Told, strips: Strips) -> dict[str, Any]:
    """Measure a rollout, scene by scene.

    Parameters
    ----------
    told : Told
        From `rolling.roll`: of every frame but the strips' first.
    strips : Strips
        The strips.

    Returns
    -------
    dict
        Figure to one sum a scene: those of `measures.judge` (``nats_u`` and ``nats_v`` only where
        they are finite), ``frames``, ``psnr`` (dB, over frames), ``squared`` (the chroma's error,
        mean over pixels and both axes, over frames), ``pairs``, ``warp`` and ``warp_truth`` (over
        pairs of frames, of `film_metrics.warp_error` of the chroma), ``strips`` and ``drift``
        (against the color model's own colouring). And ``curve``: of each frame the chroma's
        distance from the truth, root mean square times 255, mean over strips.
    """
    truth, labels = strips.uv, strips.labels
    changed = film_metrics.changed(
        labels[:, :-1], labels[:, 1:], truth[:, :-1], truth[:, 1:], strips.color.grid.width
    )
    finite = bool(np.isfinite(told.nats).all())
    found: dict[str, Any] = dict(
        measures.judge(
            told.bins, labels[:, 1:], changed, strips.uncovered, told.nats if finite else None
        )
    )
    whole = np.concatenate([strips.own[:, :1], told.uv], axis=1)
    curve = measures.error_curve(told.uv, truth[:, 1:])
    ones = np.ones(len(strips))
    pairs = (
        strips.length - 2
    ) * ones  # the pair of the first frame, which is nobody's, is left out
    motion = strips.back[:, 1:], strips.uncovered[:, 1:]
    found |= {
        "frames": (strips.length - 1) * ones,
        "psnr": np.sum(psnr(told.uv, strips), axis=1),
        "squared": np.sum(np.square(curve), axis=1),
        "pairs": pairs,
        "warp": pairs * measures.warp_error(whole[:, 1:], *motion),
        "warp_truth": pairs * measures.warp_error(truth[:, 1:], *motion),
        "strips": ones,
        "drift": measures.drift(curve, measures.error_curve(strips.own[:, 1:], truth[:, 1:])),
    }
    return {
        **_listed(found, strips),
        "curve": [round(255 * float(one), 4) for one in curve.mean(axis=0)],
    }


def psnr(uv: Float, strips: Strips) -> NDArray[np.float64]:
    """Measure the pictures of a rollout.

    Parameters
    ----------
    uv : numpy.ndarray of float32, (S, F - 1, H, W, 2)
        Chroma of every frame but the strips' first.
    strips : Strips
        S strips of F frames.

    Returns
    -------
    numpy.ndarray of float64, (S, F - 1)
        Decibels.
    """
    found = np.empty(uv.shape[:2])
    for s, k in np.ndindex(*found.shape):
        truth = strips.rgb[s, k + 1] / np.float32(255)
        found[s, k] = metrics.psnr(truth, yuv.yuv_to_rgb(strips.y[s, k + 1], uv[s, k]))
    return found


def obey(
    answerer: Answerer,
    strips: Strips,
    moments: Sequence[int],
    seen: Callable[..., Float] | None = None,
) -> dict[str, Any]:
    """Tell an answerer colours of turned hue, and count how often it says what it is told.

    Parameters
    ----------
    answerer : Answerer
        What colours. It begins anew at every moment.
    strips : Strips
        The strips.
    moments : sequence of int
        Frames that are asked for, 1 or later.
    seen : callable, optional
        From luma of frames t and t - 1 and a context to what the answerer makes of the context;
        that is what it may say. The context itself by default.

    Returns
    -------
    dict
        ``differing`` and ``followed``, as `measures.follow`, one sum a scene.
    """
    grid, sums = strips.color.grid, []
    for k in moments:
        context = measures.turn_hue(strips.uv[:, k - 1])
        answer = rolling.ask(answerer, strips, k, context)
        told = seen(strips.y[:, k], strips.y[:, k - 1], context) if seen else context
        labels = grid.encode(told).astype(np.uint8)
        sums.append(measures.follow(answer.bins, labels, strips.guessed[:, k]))
    return _listed({key: np.sum([one[key] for one in sums], axis=0) for key in sums[0]}, strips)


def _listed(found: Mapping[str, Any], strips: Strips) -> dict[str, list[float]]:
    """Put sums a strip together to sums a scene, as JSON holds them."""
    sums = measures.by_scene(found, strips.scene, strips.scenes)
    return {key: [round(float(one), 8) for one in values] for key, values in sums.items()}


# --- figures -------------------------------------------------------------------------------------


def accuracy(found: Gathered) -> NDArray[np.float64]:
    """Return the share of pixels in the right bin, mean of U and V."""
    right = np.add(found["right_u"], found["right_v"]) / 2
    return statistics.replicate(right, found["pixels"])


def accuracy_u(found: Gathered) -> NDArray[np.float64]:
    """Return the share of pixels in the right bin of U."""
    return statistics.replicate(found["right_u"], found["pixels"])


def accuracy_v(found: Gathered) -> NDArray[np.float64]:
    """Return the share of pixels in the right bin of V."""
    return statistics.replicate(found["right_v"], found["pixels"])


def changed(found: Gathered) -> NDArray[np.float64]:
    """Return the accuracy on what changed."""
    return statistics.replicate(found["changed_right"], found["changed"])


def uncovered(found: Gathered) -> NDArray[np.float64]:
    """Return the accuracy on what came into sight."""
    return statistics.replicate(found["uncovered_right"], found["uncovered"])


def loss(found: Gathered) -> NDArray[np.float64]:
    """Return the cross-entropy, nats a pixel, U + V."""
    return statistics.replicate(np.add(found["nats_u"], found["nats_v"]), found["pixels"])


def decibels(found: Gathered) -> NDArray[np.float64]:
    """Return the PSNR, mean over frames."""
    return statistics.replicate(found["psnr"], found["frames"])


def error(found: Gathered) -> NDArray[np.float64]:
    """Return the chroma's distance from the truth: root mean square, times 255."""
    return 255 * np.sqrt(statistics.replicate(found["squared"], found["frames"]))


def warp(found: Gathered) -> NDArray[np.float64]:
    """Return the chroma's change along the motion: root mean square, times 255."""
    return 255 * np.sqrt(statistics.replicate(found["warp"], found["pairs"]))


def warp_truth(found: Gathered) -> NDArray[np.float64]:
    """Return `warp` of the truth."""
    return 255 * np.sqrt(statistics.replicate(found["warp_truth"], found["pairs"]))


def drift(found: Gathered) -> NDArray[np.float64]:
    """Return the drift, times 255."""
    return 255 * statistics.replicate(found["drift"], found["strips"])


def identity(found: Gathered) -> NDArray[np.float64]:
    """Return the identity index: 0 ignores what it is told, 1 copies it."""
    return statistics.replicate(found["followed"], found["differing"])


FIGURES: Mapping[str, Callable[[Gathered], NDArray[np.float64]]] = {
    "loss": loss,
    "accuracy": accuracy,
    "accuracy_u": accuracy_u,
    "accuracy_v": accuracy_v,
    "changed": changed,
    "uncovered": uncovered,
    "psnr": decibels,
    "error": error,
    "warp": warp,
    "warp_truth": warp_truth,
    "drift": drift,
}
"""Name of each figure of a rollout to what computes it from what `gather` returned."""

TOLD = (
    "accuracy: share of pixels whose likeliest bin is the right one, mean of U and V. changed: "
    "accuracy on pixels whose bin changed since the frame before and whose chroma moved by more "
    "than a bin's width. uncovered: accuracy on pixels that were hidden in the frame before. "
    "loss: cross-entropy, nats a pixel, U + V. psnr: RGB, dB, mean over frames. error: root mean "
    "square of the chroma's distance from the truth, times 255. warp: root mean square of the "
    "chroma's change along the exact flow, times 255, from the second frame on; warp_truth that "
    "of the true film (a grey film has none). drift: how much the error minus that of the color "
    "model's own colouring grows from the first to the last quarter of the frames, times 255. "
    "identity: told the frame before in complementary colours, the share of answers that are the "
    "bin told, where that bin is not the color model's: 0 ignores what it is told, 1 copies it. "
)
"""What the figures mean, for a protocol."""


Interval = dict[str, float]
"""``value``, ``low``, ``high`` and, over seeds, ``spread``."""


def tell(rollouts: Sequence[Gathered]) -> dict[str, Any]:
    """Tell all figures of a rollout.

    Parameters
    ----------
    rollouts : sequence of mapping
        What `gather` returned for each seed, on the same scenes.

    Returns
    -------
    dict
        Each of `FIGURES` as `over_seeds` tells it, those of the loss only where there is one; and
        ``curve``, the mean over seeds.
    """
    told: dict[str, Any] = {
        name: over_seeds(rollouts, figure)
        for name, figure in FIGURES.items()
        if name != "loss" or "nats_u" in rollouts[0]
    }
    curves = np.mean([one["curve"] for one in rollouts], axis=0)
    return {**told, "curve": [round(float(one), 3) for one in curves]}


def over_seeds(
    found: Sequence[Gathered], figure: Callable[[Gathered], NDArray[np.float64]]
) -> Interval | None:
    """Tell one figure of several seeds.

    Parameters
    ----------
    found : sequence of mapping
        What `gather` or `obey` returned for each seed.
    figure : callable
        One of `FIGURES`, or `identity`.

    Returns
    -------
    dict or None
        As `statistics.over_seeds`; None where nothing was there to be counted.
    """
    return over_samples([figure(one) for one in found])


def difference(
    ours: Sequence[Gathered],
    theirs: Sequence[Gathered],
    figure: Callable[[Gathered], NDArray[np.float64]],
) -> Interval | None:
    """Tell by how much two differ, seed by seed, on the same scenes and bootstrap samples.

    Parameters
    ----------
    ours, theirs : sequence of mapping
        What `gather` returned for each seed; a single one stands for all seeds of the other.
    figure : callable
        One of `FIGURES`.

    Returns
    -------
    dict or None
        Ours minus theirs, as `over_seeds`.
    """
    seeds = max(len(ours), len(theirs))
    first, second = (list(one) * (seeds if len(one) == 1 else 1) for one in (ours, theirs))
    return over_samples([figure(a) - figure(b) for a, b in zip(first, second, strict=True)])


def over_samples(replicates: Sequence[NDArray[np.float64]]) -> Interval | None:
    """Put a figure of several seeds together.

    Parameters
    ----------
    replicates : sequence of numpy.ndarray of float64, (1 + count,)
        Of each seed, as from `statistics.replicate`; samples in which nothing was counted are left
        out.

    Returns
    -------
    dict or None
        As `statistics.over_seeds`; None where nothing was there to be counted.
    """
    each = []
    for one in replicates:
        known = one[1:][np.isfinite(one[1:])]
        if not np.isfinite(one[0]) or not known.size:
            return None
        each.append(statistics.interval(float(one[0]), known))
    return statistics.over_seeds(each)
