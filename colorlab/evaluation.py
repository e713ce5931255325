"""Measuring color models on photos, beside the baselines that any model must beat.

Protocol. For loss and accuracy a photo is squashed to size × size and every pixel counts. For the
picture metrics the chroma predicted at that size is enlarged to the photo's own size, joined with
the photo's own luma, and compared there; means are over photos. Grey photos are left out and
counted.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import bins, checkpoints, files, media, metrics, yuv
from colorlab.checkpoints import ColorModel
from colorlab.datasets import PhotoSet
from colorlab.errors import InputError

TEMPERATURES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
PROTOCOL = (
    "Loss and accuracy: photos squashed to size x size, every pixel, full resolution, nats a pixel "
    "and fractions. psnr, ssim, colourfulness: RGB at the photo's own size with its own luma, mean "
    "over photos, float arithmetic. *_no_neutral leaves out pixels within 1e-6 of neutral grey. "
    "prior and majority are the training histogram of the model's card, scored on these photos."
)

_MEANS = (
    "loss_u",
    "loss_v",
    "accuracy_u",
    "accuracy_v",
    "neutral_share",
    "prior_loss",
    "majority_u",
    "majority_v",
    "psnr",
    "psnr_grey",
    "ssim",
    "colourfulness",
    "colourfulness_abs",
    "colourfulness_truth",
)


def evaluate_color(
    photos: PhotoSet,
    models: Sequence[ColorModel],
    decode: str | None = None,
    temperature: float | None = None,
    batch_size: int = 8,
    command: str = "",
    progress: bool = True,
) -> dict[str, Any]:
    """Measure models on a photo set.

    Parameters
    ----------
    photos : PhotoSet
        The photos, squashed to the size of measurement.
    models : sequence of ColorModel
        What to measure.
    decode, temperature : optional
        Override the cards' way to a colour.
    batch_size : int
        Photos run at once.
    command : str
        The command that asked for this, for the result.
    progress : bool
        Show a bar.

    Returns
    -------
    dict
        ``{"schema": 1, "models": {NAME: {...}}, ...}``, ready for JSON; the keys of a model are
        listed in docs/reproducing.md.

    Raises
    ------
    InputError
        When two models share a name.
    """
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        raise InputError(f"two models share a name in {names}; measure them one at a time.")
    return {
        "schema": 1,
        "protocol": PROTOCOL,
        "models": {
            model.name: _evaluate(photos, model, decode, temperature, batch_size, progress)
            for model in models
        },
        "dataset": {
            "name": photos.manifest.name,
            "split": photos.manifest.split,
            "sha256": photos.manifest.sha256,
        },
        "seed": None,
        "versions": checkpoints.versions(),
        "command": command,
        "date": datetime.date.today().isoformat(),
    }


def _evaluate(
    photos: PhotoSet,
    model: ColorModel,
    decode: str | None,
    temperature: float | None,
    batch_size: int,
    progress: bool,
) -> dict[str, Any]:
    # A regression model predicts a colour, so there is nothing to decode.
    method = "regression" if model.config.head == "chroma" else decode or model.decode
    heat = model.temperature if temperature is None else temperature
    rows: list[dict[str, float]] = []
    firsts = range(0, len(photos), batch_size)
    for first in tqdm(firsts, desc=f"measuring {model.name}", disable=not progress):
        rgb = np.asarray(photos.rgb[first : first + batch_size])
        y, uv = yuv.rgb_to_yuv(rgb)
        outputs = model.outputs(y)
        predicted = checkpoints.chroma_of(model, outputs, method, heat)
        for k in range(len(rgb)):
            labels = _label_metrics(model, {h: outputs[h][k] for h in "uv"}, uv[k])
            original = media.read_photo(photos.manifest.files[first + k]).rgb
            rows.append(labels | picture_metrics(original, predicted[k]))
    sources = photos.manifest.sources
    total = {
        "n_photos": len(photos),
        "n_skipped_grey": photos.skipped_grey,
        "n": model.config.n,
        "align": model.config.align,
        "decode": method,
        "temperature": heat if method == "annealed" else None,
        "size": int(photos.rgb.shape[1]),
        "backbone": model.card["backbone"],
        "weights_sha256": model.card["weights"]["sha256"],
        "loss_name": "euclidean" if model.config.head == "chroma" else "crossentropy",
        **aggregate(rows),
    }
    named = sorted({source for source in sources if source})
    total["per_source"] = {
        name: {"n_photos": sources.count(name)}
        | aggregate([row for row, source in zip(rows, sources, strict=True) if source == name])
        for name in named
    }
    return total


def _label_metrics(
    model: ColorModel, outputs: Mapping[str, NDArray[np.float32]], uv: NDArray[np.float32]
) -> dict[str, float]:
    """Loss and accuracy of one photo, with its baselines; pixel sums where shares need them."""
    labels = model.grid.encode(uv)
    neutral = bins.near_neutral(uv)
    prior = np.asarray(model.card["prior"], np.float64)
    row = {
        "neutral_share": float(neutral.mean()),
        "pixels_no_neutral": float((~neutral).sum()),
        "prior_loss": 0.0,
    }
    for axis, head in enumerate("uv"):
        truth = labels[..., axis]
        if model.config.head == "chroma":
            value = outputs[head][..., 0]
            found = model.grid.encode(np.stack([value, value], axis=-1))[..., axis]
            loss = np.square(value - uv[..., axis])
        else:
            found = outputs[head].argmax(axis=-1)
            loss = metrics.cross_entropy(metrics.log_softmax(outputs[head]), truth)
        hits = found == truth
        row[f"loss_{head}"] = float(loss.mean(dtype=np.float64))
        row[f"accuracy_{head}"] = float(hits.mean())
        row[f"hits_{head}_no_neutral"] = float(hits[~neutral].sum())
        row[f"majority_{head}"] = float((truth == prior[axis].argmax()).mean())
        unlikely = np.log(np.maximum(prior[axis], 1e-8))  # a bin never seen in training
        row["prior_loss"] -= float(unlikely[truth].mean())
    return row


def picture_metrics(rgb: NDArray[np.float32], uv: NDArray[np.float32]) -> dict[str, float]:
    """Compare a colouring with the true photo, at the photo's own size.

    Parameters
    ----------
    rgb : numpy.ndarray of float32, (H, W, 3)
        The true photo in [0, 1].
    uv : numpy.ndarray of float32, (h, w, 2)
        Predicted chroma of any size; it is resized to the photo's.

    Returns
    -------
    dict
        psnr, psnr_grey, ssim, colourfulness, colourfulness_abs, colourfulness_truth.
    """
    y = yuv.luma(rgb)
    colored = yuv.yuv_to_rgb(y, media.resize(uv.astype(np.float32), *rgb.shape[:2]))
    return {
        "psnr": metrics.psnr(rgb, colored),
        "psnr_grey": metrics.psnr(rgb, np.repeat(y, 3, axis=-1)),
        "ssim": metrics.ssim(rgb, colored),
        "colourfulness": metrics.colourfulness(colored),
        "colourfulness_abs": metrics.colourfulness(colored, absolute=True),
        "colourfulness_truth": metrics.colourfulness(rgb),
    }


def aggregate(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Average the rows of photos of equal size into one result.

    Parameters
    ----------
    rows : iterable of mapping
        One per photo.

    Returns
    -------
    dict
        The means, the summed loss and the accuracies without neutral pixels.
    """
    rows = list(rows)
    result = {key: float(np.mean([row[key] for row in rows])) for key in _MEANS}
    pixels = sum(row["pixels_no_neutral"] for row in rows)
    for head in "uv":
        hits = sum(row[f"hits_{head}_no_neutral"] for row in rows)
        result[f"accuracy_{head}_no_neutral"] = hits / pixels if pixels else 0.0
    return {"loss": result["loss_u"] + result["loss_v"], **result}


def temperature_curve(
    photos: PhotoSet,
    model: ColorModel,
    temperatures: Sequence[float] = TEMPERATURES,
    limit: int = 200,
    batch_size: int = 8,
    progress: bool = True,
) -> list[dict[str, float]]:
    """Measure PSNR against colourfulness of the annealed mean over temperatures.

    Parameters
    ----------
    photos : PhotoSet
        Validation photos; compared at their squashed size.
    model : ColorModel
        The model.
    temperatures : sequence of float
        What to try; 1 is the mean.
    limit : int
        At most this many photos, evenly spaced over the set.
    batch_size : int
        Photos run at once.
    progress : bool
        Show a bar.

    Returns
    -------
    list of dict
        temperature, psnr (dB), colourfulness, ratio (to the truth's colourfulness).
    """
    chosen = np.unique(np.linspace(0, len(photos) - 1, min(limit, len(photos))).astype(int))
    sums = np.zeros((len(temperatures), 2))
    truth = 0.0
    firsts = range(0, len(chosen), batch_size)
    for first in tqdm(firsts, desc="tuning temperature", disable=not progress):
        rgb = np.stack([photos.rgb[i] for i in chosen[first : first + batch_size]])
        real = rgb.astype(np.float32) / 255
        y = yuv.luma(rgb)
        p = model.probabilities(y)
        truth += sum(metrics.colourfulness(one) for one in real)
        for k, heat in enumerate(temperatures):
            uv = model.grid.decode(p["u"], p["v"], "annealed", heat)
            colored = yuv.yuv_to_rgb(y, uv)
            sums[k, 0] += sum(map(metrics.psnr, real, colored))
            sums[k, 1] += sum(map(metrics.colourfulness, colored))
    sums /= len(chosen)
    truth /= len(chosen)
    return [
        {"temperature": heat, "psnr": psnr, "colourfulness": colour, "ratio": colour / truth}
        for heat, (psnr, colour) in zip(temperatures, sums, strict=True)
    ]


def choose_temperature(curve: Sequence[Mapping[str, float]], ratio: float = 0.8) -> float:
    """Choose the temperature of the annealed mean.

    Parameters
    ----------
    curve : sequence of mapping
        From `temperature_curve`.
    ratio : float
        Share of the truth's colourfulness that is wanted.

    Returns
    -------
    float
        The temperature with the highest PSNR among those that reach the ratio; where none does,
        among those that come within 5 % of the most colourful one.
    """
    most = max(point["ratio"] for point in curve)
    enough = [point for point in curve if point["ratio"] >= min(ratio, 0.95 * most)]
    return max(enough, key=lambda point: point["psnr"])["temperature"]


def tune_temperature(
    folder: str | os.PathLike[str], photos: PhotoSet, progress: bool = True
) -> dict[str, Any]:
    """Tune a saved model's temperature on validation photos and keep it in its card.

    Parameters
    ----------
    folder : path
        The model's folder.
    photos : PhotoSet
        Validation photos.
    progress : bool
        Show a bar.

    Returns
    -------
    dict
        The finished card, with the measured curve under ``decode``.
    """
    model = checkpoints.load(folder)
    if model.config.head == "chroma" or "curve" in model.card["decode"]:
        return model.card
    curve = temperature_curve(photos, model, progress=progress)
    decode = {
        "method": "annealed",
        "temperature": choose_temperature(curve),
        "tuned_on": {"name": photos.manifest.name, "split": photos.manifest.split},
        "rule": "highest PSNR among those with 80 % of the truth's colourfulness or, where none "
        "has, with 95 % of the most colourful one's",
        "curve": [{key: round(value, 4) for key, value in point.items()} for point in curve],
    }
    card = {**model.card, "decode": decode}
    files.write_json(Path(folder) / checkpoints.CARD, card)
    return card
