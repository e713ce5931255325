"""The figures of a film evaluation: gathered frame by frame, told per clip, pooled over clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import film_metrics, metrics
from colorlab.bins import BinGrid, count
from colorlab.coast import Flow
from colorlab.evaluation.film_entries import Answer, Frame

BLOCK = 30
"""Following frames that `beats_copy` draws together, since neighbours are alike."""

LONG = 100
"""Measured frames from which on a clip has a drift."""

RESAMPLES = 2000
"""Draws of the bootstrap."""

STEADINESS = ("warp_error", "chroma_warp_error", "cdc")

_BY_PIXELS = (
    *("loss_u", "loss_v", "accuracy_u", "accuracy_v", "copy_accuracy_u", "copy_accuracy_v"),
    *("changed_share_u", "changed_share_v"),
    *("prior_loss", "majority_u", "majority_v", "constant_u", "constant_v"),
)
_BY_CHANGED = ("changed_accuracy_u", "changed_accuracy_v")
_BY_FRAMES = (
    *("psnr", "psnr_grey", "ssim"),
    *("colourfulness", "colourfulness_abs", "colourfulness_truth"),
    *(f"{key}{of}" for key in STEADINESS for of in ("", "_truth", "_grey")),
    "chroma_rmse",
)

Float = NDArray[np.float32]
Row = dict[str, Any]


class Steadiness:
    """Gathers warp error, in RGB and in chroma alone, and CDC of one colouring of a clip."""

    def __init__(self) -> None:
        self._colours = film_metrics.ColourDistribution()
        self._errors: list[tuple[float, float]] = []
        self._before: tuple[Float, Float] | None = None

    def add(self, rgb: Float, uv: Float, flow: Flow) -> None:
        """Take the next frame.

        Parameters
        ----------
        rgb : numpy.ndarray of float32, (H, W, 3)
            RGB in [0, 1].
        uv : numpy.ndarray of float32, (H, W, 2)
            Chroma.
        flow : Flow
            True motion from the frame before to this one; not used for the first frame taken.
        """
        self._colours.add(rgb)
        if self._before is not None and flow.visible.any():
            in_rgb, in_chroma = (
                film_metrics.warp_error(before, now, flow.flow, flow.visible) or 0.0
                for before, now in zip(self._before, (rgb, uv), strict=True)
            )
            self._errors.append((in_rgb, in_chroma))
        self._before = rgb, uv

    @property
    def value(self) -> dict[str, float | None]:
        """The figures named in `STEADINESS`; None where no pixel was ever visible."""
        errors = np.mean(self._errors, axis=0).tolist() if self._errors else [None, None]
        return dict(zip(STEADINESS, (*errors, self._colours.value), strict=True))


class Bounds:
    """Gathers what stands beside every entry of a clip: the same figures of the truth and of grey.

    Attributes
    ----------
    pictures : dict
        ``truth`` and ``grey``, RGB (H, W, 3) float32 in [0, 1], of the last frame taken.
    """

    def __init__(self) -> None:
        self.pictures: dict[str, Float] = {}
        self._steadiness = {"truth": Steadiness(), "grey": Steadiness()}
        self._frames: list[dict[str, float]] = []

    def add(self, frame: Frame, flow: Flow) -> None:
        """Take the next frame.

        Parameters
        ----------
        frame : Frame
            The truth.
        flow : Flow
            True motion from the frame before.
        """
        grey = np.repeat(frame.y, 3, axis=-1)
        self.pictures = {"truth": frame.rgb, "grey": grey}
        for name, gathered in self._steadiness.items():
            gathered.add(self.pictures[name], frame.uv * float(name == "truth"), flow)
        self._frames.append(
            {
                "psnr_grey": metrics.psnr(frame.rgb, grey),
                "colourfulness_truth": metrics.colourfulness(frame.rgb),
            }
        )

    def row(self) -> Row:
        """Return psnr_grey, colourfulness_truth, and `STEADINESS` of truth and of grey."""
        steady = {
            f"{key}_{name}": value
            for name, gathered in self._steadiness.items()
            for key, value in gathered.value.items()
        }
        return {key: _mean_of(self._frames, key) for key in self._frames[0]} | steady


class Labels:
    """The true bins of a frame, and what became of those of the frame before.

    Parameters
    ----------
    before, frame : Frame
        Two frames, one after the other.
    grid : BinGrid
        The bins.

    Attributes
    ----------
    now : numpy.ndarray of int32, (H, W, 2)
        True bins of the frame.
    changed, kept : numpy.ndarray of bool, (H, W, 2)
        Where the colour changed (`film_metrics.changed`); where copying is right.
    counts : numpy.ndarray of int, (2, n)
        How many pixels lie in each bin.
    """

    def __init__(self, before: Frame, frame: Frame, grid: BinGrid) -> None:
        was, self.now = before.labels[grid], frame.labels[grid]
        self.changed = film_metrics.changed(was, self.now, before.uv, frame.uv, grid.width)
        self.kept = was == self.now
        self.counts = count(self.now, grid.n)


class Scores:
    """Gathers the figures of one entry on one clip.

    Parameters
    ----------
    prior : numpy.ndarray of float, (2, n), optional
        Share of each bin in the photos that the entry's color model was trained on.
    """

    def __init__(self, prior: NDArray[np.float64] | None = None) -> None:
        self._prior = prior
        self._steadiness = Steadiness()
        self._frames: list[dict[str, float]] = []
        self._counts: list[NDArray[np.int64]] = []  # right, right and changed, changed, kept
        self._histogram: Any = 0
        self._pixels = 0

    def add(self, frame: Frame, answer: Answer, rgb: Float, flow: Flow, labels: Labels) -> None:
        """Take the next frame.

        Parameters
        ----------
        frame : Frame
            The truth.
        answer : Answer
            The colouring.
        rgb : numpy.ndarray of float32, (H, W, 3)
            The picture that it gives, in [0, 1].
        flow : Flow
            True motion from the frame before.
        labels : Labels
            The truth in the entry's bins.
        """
        losses = dict(zip(("loss_u", "loss_v"), answer.loss or (), strict=False))
        self._frames.append(
            losses
            | {
                "psnr": metrics.psnr(frame.rgb, rgb),
                "ssim": metrics.ssim(frame.rgb, rgb),
                "colourfulness": metrics.colourfulness(rgb),
                "colourfulness_abs": metrics.colourfulness(rgb, absolute=True),
                "chroma_rmse": film_metrics.chroma_rmse(frame.uv, answer.uv),
            }
        )
        right = answer.labels == labels.now
        shares = (right, right & labels.changed, labels.changed, labels.kept)
        self._counts.append(np.stack([np.sum(share, axis=(0, 1)) for share in shares]))
        self._histogram = self._histogram + labels.counts
        self._pixels = frame.y.size
        self._steadiness.add(rgb, answer.uv, flow)

    def row(self) -> Row:
        """Return the clip's figures, as documented in docs/reproducing.md, but those of the truth.

        Returns
        -------
        dict
            JSON values.
        """
        counts = np.stack(self._counts)  # (T, 4, 2)
        pixels = len(counts) * self._pixels
        result: Row = {"n_frames": len(counts), "n_pixels": pixels}
        for key in ("loss_u", "loss_v"):
            result[key] = _mean_of(self._frames, key) if key in self._frames[0] else None
        for axis, head in enumerate("uv"):
            right, changed_right, changed, kept = (int(n) for n in counts[..., axis].sum(axis=0))
            result[f"accuracy_{head}"] = right / pixels
            result[f"changed_accuracy_{head}"] = changed_right / changed if changed else None
            result[f"changed_share_{head}"] = changed / pixels
            result[f"copy_accuracy_{head}"] = kept / pixels
            result[f"constant_{head}"] = float(self._histogram[axis].max() / pixels)
            result[f"majority_{head}"] = None
            if self._prior is not None:
                most = self._prior[axis].argmax()
                result[f"majority_{head}"] = float(self._histogram[axis, most] / pixels)
        result["prior_loss"] = None
        if self._prior is not None:
            unlikely = -np.log(np.maximum(self._prior, 1e-8))  # a bin never seen in training
            result["prior_loss"] = float((self._histogram * unlikely).sum() / pixels)
        for key in ("psnr", "ssim", "colourfulness", "colourfulness_abs", "chroma_rmse"):
            result[key] = _mean_of(self._frames, key)
        blocks = np.add.reduceat(counts, np.arange(0, len(counts), BLOCK))
        sizes = np.diff([*range(0, len(counts), BLOCK), len(counts)]) * self._pixels
        return {
            **result,
            **self._steadiness.value,
            "curve": [round(frame["chroma_rmse"], 5) for frame in self._frames],
            "blocks": {
                "pixels": sizes.tolist(),
                **{f"right_{head}": blocks[:, 0, axis].tolist() for axis, head in enumerate("uv")},
                **{f"copied_{head}": blocks[:, 3, axis].tolist() for axis, head in enumerate("uv")},
            },
        }


def drift(row: Mapping[str, Any], reference: Mapping[str, Any] | None) -> float | None:
    """Return how much farther an entry falls behind the color model in the course of a clip.

    Parameters
    ----------
    row, reference : mapping
        The clip's figures of the entry, and of the per-frame color model if there is one.

    Returns
    -------
    float or None
        `film_metrics.drift`; None without a reference, or for less than `LONG` measured frames.
    """
    if reference is None or len(row["curve"]) < LONG:
        return None
    return round(film_metrics.drift(row["curve"], reference["curve"], LONG // 2), 6)


def pool(rows: Sequence[Row]) -> Row:
    """Make the figures of a set out of those of its clips.

    Parameters
    ----------
    rows : sequence of dict
        One for each clip.

    Returns
    -------
    dict
        The same figures but ``blocks``: over all pixels, or over all frames of the clips; of
        ``drift`` and of each frame's place in ``curve`` the mean over the clips that have it.
    """
    pixels = [row["n_pixels"] for row in rows]
    frames = [row["n_frames"] for row in rows]
    result: Row = {"n_clips": len(rows), "n_frames": sum(frames), "n_pixels": sum(pixels)}
    for key in _BY_PIXELS:
        result[key] = _weighted(rows, key, pixels)
    for key in _BY_CHANGED:
        share = key.replace("accuracy", "share")
        result[key] = _weighted(rows, key, [row[share] * row["n_pixels"] for row in rows])
    for key in _BY_FRAMES:
        result[key] = _weighted(rows, key, frames)
    losses = result["loss_u"], result["loss_v"]
    result["loss"] = None if None in losses else sum(losses)
    result["drift"] = _weighted(rows, "drift", [1] * len(rows))
    longest = max(frames)
    curves = [row["curve"] for row in rows]
    result["curve"] = [
        round(float(np.mean([curve[t] for curve in curves if t < len(curve)])), 5)
        for t in range(longest)
    ]
    return result


def beats_copy(rows: Mapping[str, Row], seed: int = 0) -> dict[str, dict[str, Any]]:
    """Say how much more accurate than copying the true frame before an entry is, and how surely.

    Parameters
    ----------
    rows : mapping
        Clip to its figures.
    seed : int
        Of the draws.

    Returns
    -------
    dict
        For ``u`` and ``v``: ``difference`` of the shares of right pixels; ``low`` and ``high``,
        the 2.5th and 97.5th percentile of the same difference over `RESAMPLES` sets, each of as
        many blocks of `BLOCK` frames as there are, drawn with replacement; ``worst_clip`` and
        ``worst_difference``. Pairs are kept: a block brings the entry's pixels and the copy's.

    References
    ----------
    .. [1] H. R. Künsch, "The jackknife and the bootstrap for general stationary observations",
       Annals of Statistics 17 (3), 1989: blocks in the place of single, dependent observations.
    """
    blocks = [row["blocks"] for row in rows.values()]
    pixels = np.concatenate([block["pixels"] for block in blocks])
    drawn = np.random.default_rng(seed).integers(len(pixels), size=(RESAMPLES, len(pixels)))
    result = {}
    for head in "uv":
        right, copied = (
            np.concatenate([block[f"{what}_{head}"] for block in blocks])
            for what in ("right", "copied")
        )
        won = right - copied
        low, high = np.percentile(won[drawn].sum(axis=1) / pixels[drawn].sum(axis=1), (2.5, 97.5))
        each = {
            name: row[f"accuracy_{head}"] - row[f"copy_accuracy_{head}"]
            for name, row in rows.items()
        }
        worst = min(each, key=each.__getitem__)
        result[head] = {
            "difference": float(won.sum() / pixels.sum()),
            "low": float(low),
            "high": float(high),
            "worst_clip": worst,
            "worst_difference": each[worst],
        }
    return result


def _mean_of(frames: Sequence[Mapping[str, float]], key: str) -> float:
    return float(np.mean([frame[key] for frame in frames]))


def _weighted(rows: Sequence[Row], key: str, weights: Sequence[float]) -> float | None:
    """Average the figures of the clips that have them."""
    pairs = [(row[key], w) for row, w in zip(rows, weights, strict=True) if row[key] is not None]
    total = sum(w for _, w in pairs)
    return sum(value * w for value, w in pairs) / total if total else None
