"""What a color model's answers are worth on each photo, so that photos can be resampled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import metrics, yuv
from colorlab.color_model import ColorModelConfig
from colorlab.decode import Decoder
from studies.taps import in_order

NEUTRAL = 0.01
"""Largest distance from grey in the UV plane at which a pixel counts as neutral."""

DECODERS: dict[str, Decoder] = {
    "argmax": Decoder("argmax"),
    **{f"annealed {t}": Decoder("annealed", t) for t in (0.2, 0.4, 0.6, 0.8)},
    "mean": Decoder("mean"),
}
"""Decoders by name, from the sharpest to the flattest."""


def is_neutral(uv: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which pixels are grey to the eye.

    Returns
    -------
    numpy.ndarray of bool, (...)
        Where the distance from grey is at most `NEUTRAL`.
    """
    near: NDArray[np.bool_] = np.hypot(uv[..., 0], uv[..., 1]) <= NEUTRAL
    return near


def evaluate(
    outputs: Callable[[NDArray[np.integer]], Mapping[str, NDArray[Any]]],
    rgb: NDArray[np.uint8],
    config: ColorModelConfig,
    prior: NDArray[np.float64],
    decoders: Mapping[str, Decoder] | None = None,
    more: Callable[..., Mapping[str, NDArray[Any]]] | None = None,
    progress: bool = True,
) -> dict[str, list[float]]:
    """Measure answers on photos, each photo for itself.

    Returns
    -------
    dict
        Figure to one number a photo, in order: ``loss_u`` (nats, or squared error),
        ``prior_loss_u`` (of the prior's constant answer), ``accuracy_u``, ``majority_u``, the same
        for v; ``psnr_grey``, ``psnr_ceiling`` (of the true bins' centres; bins only),
        ``colourfulness_truth``, ``neutral_pixels``; and for each decoder D ``psnr D``,
        ``colourfulness D`` and ``neutral_chroma D``, the sum over the neutral pixels of the
        distance from grey at which they are shown.
    """
    ways = DECODERS if decoders is None else decoders
    rows: dict[str, list[float]] = {}
    for which in tqdm(list(in_order(len(rgb))), desc="measuring", disable=not progress):
        pictures = np.asarray(rgb[which])
        y, uv = yuv.rgb_to_yuv(pictures)
        found = outputs(which)
        figures, shown = _label_figures(found, uv, config, prior, ways)
        neutral = is_neutral(uv)
        figures["neutral_pixels"] = neutral.sum(axis=(1, 2))
        truth = pictures / np.float32(255)
        figures["psnr_grey"] = _each(metrics.psnr, truth, np.repeat(y, 3, axis=-1))
        figures["colourfulness_truth"] = _each(metrics.colourfulness, truth)
        if config.head == "bins":
            ceiling = yuv.yuv_to_rgb(y, config.grid.quantise(uv))
            figures["psnr_ceiling"] = _each(metrics.psnr, truth, ceiling)
        for name, chroma in shown.items():
            colored = yuv.yuv_to_rgb(y, chroma)
            figures[f"psnr {name}"] = _each(metrics.psnr, truth, colored)
            figures[f"colourfulness {name}"] = _each(metrics.colourfulness, colored)
            distance = np.hypot(chroma[..., 0], chroma[..., 1])
            figures[f"neutral_chroma {name}"] = (distance * neutral).sum(axis=(1, 2))
        if more is not None:
            figures |= more(which, y, uv, found)
        for name, values in figures.items():
            rows.setdefault(name, []).extend(round(float(value), 5) for value in values)
    return rows


def _each(measure: Callable[..., float], *pictures: NDArray[np.floating]) -> NDArray[np.float64]:
    """Measure one photo after the other."""
    one_by_one = zip(*(one.astype(np.float32) for one in pictures), strict=True)
    return np.array([measure(*one) for one in one_by_one])


def _label_figures(
    found: Mapping[str, NDArray[Any]],
    uv: NDArray[np.float32],
    config: ColorModelConfig,
    prior: NDArray[np.float64],
    ways: Mapping[str, Decoder],
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[np.float32]]]:
    """Return losses and accuracies of a batch, and its chroma by each decoder."""
    figures: dict[str, NDArray[Any]] = {}
    axes = (1, 2)
    if config.head == "chroma":
        for k, head in enumerate("uv"):
            for name, value in (("loss", found[head][..., 0]), ("prior_loss", prior[k])):
                figures[f"{name}_{head}"] = np.square(value - uv[..., k]).mean(axis=axes)
        return figures, {"regression": np.concatenate([found["u"], found["v"]], axis=-1)}
    labels = config.grid.encode(uv)
    for k, head in enumerate("uv"):
        truth, log = labels[..., k], metrics.log_softmax(found[head])
        blind = -np.log(np.maximum(prior[k], 1e-8))  # a bin never seen in training
        figures[f"loss_{head}"] = metrics.cross_entropy(log, truth).mean(axis=axes)
        figures[f"prior_loss_{head}"] = blind[truth].mean(axis=axes)
        figures[f"accuracy_{head}"] = (log.argmax(axis=-1) == truth).mean(axis=axes)
        figures[f"majority_{head}"] = (truth == prior[k].argmax()).mean(axis=axes)
    shown = {
        name: decoder.chroma_of_logits(found["u"], found["v"], config.grid)
        for name, decoder in ways.items()
    }
    return figures, shown
