"""Measuring color models on photos, beside the baselines that any model must beat.

Protocol. For loss and accuracy a photo is squashed to size × size and every pixel counts. For the
picture metrics the chroma predicted at that size is enlarged to the photo's own size (along the
edges of its luma, `media.enlarge_chroma`), joined with that luma, and compared there; means are
over photos. Grey photos are left out and counted. A network runs once per photo, however many
decoders are measured.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import bins, checkpoints, media, metrics, yuv
from colorlab.checkpoints import ColorModel
from colorlab.datasets import PhotoSet
from colorlab.decode import Decoder, resolve
from colorlab.errors import InputError
from colorlab.evaluation.sheet import Sheet

Decoders = Decoder | str | Sequence[Decoder | str] | None

PROTOCOL = (
    "Loss and accuracy: photos squashed to size x size, every pixel, full resolution, nats a pixel "
    "and fractions. psnr, ssim, colourfulness: RGB at the photo's own size with its own luma, mean "
    "over photos, float arithmetic. *_no_neutral leaves out pixels within 1e-6 of neutral grey. "
    "prior and majority are the training histogram of the model's card, scored on these photos. "
    "With mirror or several scales, all is measured on the mean of the views' probabilities."
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


def sample(photos: PhotoSet, count: int, seed: int = 0) -> PhotoSet:
    """Draw photos out of a set at random.

    Parameters
    ----------
    photos : PhotoSet
        The set.
    count : int
        How many; a set of no more photos is returned as it is.
    seed : int
        Of the draw.

    Returns
    -------
    PhotoSet
        The photos drawn, in the set's order. Its ``skipped_grey`` is still the whole set's.
    """
    if count >= len(photos):
        return photos
    drawn = _draw(len(photos), count, seed)
    manifest = dataclasses.replace(
        photos.manifest,
        files=tuple(photos.manifest.files[i] for i in drawn),
        sources=tuple(photos.manifest.sources[i] for i in drawn),
    )
    return dataclasses.replace(photos, manifest=manifest, rgb=photos.rgb[drawn])


def _draw(total: int, count: int, seed: int) -> list[int]:
    """Draw up to `count` of `total` indices, in rising order."""
    chosen = np.random.default_rng(seed).choice(total, min(count, total), replace=False)
    return sorted(int(i) for i in chosen)


@dataclasses.dataclass(frozen=True)
class _Way:
    """A model and a way from its outputs to a colour: what one entry of a result is about."""

    model: ColorModel
    decoder: Decoder

    @property
    def method(self) -> str:
        """The decoder's; a regression model predicts a colour, so there is nothing to decode."""
        return "regression" if self.model.config.head == "chroma" else self.decoder.method

    def chroma(
        self, outputs: Mapping[str, NDArray[np.float32]], y: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        return checkpoints.chroma_of(self.model, outputs, y, self.decoder)

    def describe(self) -> dict[str, Any]:
        if self.method == "regression":
            return {"decode": self.method, "temperature": None, "saturation": 1.0}
        return self.decoder.describe()


def _ways(
    models: Sequence[ColorModel], decode: Decoders, temperature: float | None
) -> dict[str, _Way]:
    """Name every entry of a result: NAME is the first decoder's, NAME:DECODE a further one's."""
    names = [model.name for model in models]
    if len(set(names)) < len(names):
        raise InputError(f"two models share a name in {names}; measure them one at a time.")
    wanted = [decode] if isinstance(decode, str | Decoder) else list(decode or [])
    ways = {}
    for model in models:
        own = model.decoder
        decoders = dict.fromkeys(resolve(one, own, temperature) for one in wanted or [own])
        first, *more = (_Way(model, decoder) for decoder in decoders)
        ways[model.name] = first
        if first.method != "regression":
            ways |= {f"{model.name}:{way.method}": way for way in more}
    return ways


def evaluate_color(
    photos: PhotoSet,
    models: Sequence[ColorModel],
    decode: Decoders = None,
    temperature: float | None = None,
    max_photos: int | None = None,
    seed: int = 0,
    sheet: Sheet | None = None,
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
    decode : Decoder or str, or sequence of them, optional
        Decoders to measure, of different methods; the card's own by default. All of them are
        scored from the same outputs of the network.
    temperature : float, optional
        Replaces the decoders'.
    max_photos : int, optional
        Measure at most so many photos, drawn at random; all by default.
    seed : int
        Of every draw.
    sheet : Sheet, optional
        Gathers photos to look at.
    batch_size : int
        Photos run at once.
    command : str
        The command that asked for this, for the result.
    progress : bool
        Show a bar.

    Returns
    -------
    dict
        ``{"schema": 1, "models": {KEY: {...}}, ...}``, ready for JSON. KEY is the model's name for
        the first decoder and ``NAME:DECODE`` for each further one; what an entry holds is listed
        in docs/reproducing.md.

    Raises
    ------
    InputError
        When two models share a name, or a decoder is unknown.
    """
    ways = _ways(models, decode, temperature)
    measured = photos if max_photos is None else sample(photos, max_photos, seed)
    drawn = set(_draw(len(measured), sheet.count, seed)) if sheet else set()
    rows: dict[str, list[dict[str, float]]] = {key: [] for key in ways}
    names = ", ".join(model.name for model in models)
    firsts = range(0, len(measured), batch_size)
    for first in tqdm(firsts, desc=f"measuring {names}", disable=not progress):
        rgb = np.asarray(measured.rgb[first : first + batch_size])
        y, uv = yuv.rgb_to_yuv(rgb)
        labels: dict[str, list[dict[str, float]]] = {}
        chroma: dict[str, NDArray[np.float32]] = {}
        for model in models:
            outputs = model.outputs(y)
            labels[model.name] = [
                _label_metrics(model, {h: outputs[h][k] for h in "uv"}, uv[k])
                for k in range(len(rgb))
            ]
            ours = {key: way for key, way in ways.items() if way.model is model}
            chroma |= {key: way.chroma(outputs, y) for key, way in ours.items()}
        for k, file in enumerate(measured.manifest.files[first : first + len(rgb)]):
            original = media.read_photo(file).rgb
            guesses = {key: found[k] for key, found in chroma.items()}
            scores = {
                key: picture_metrics(original, guess, ways[key].model.config.stride)
                for key, guess in guesses.items()
            }
            for key, way in ways.items():
                rows[key].append(labels[way.model.name][k] | scores[key])
            if sheet:
                grey = next(iter(scores.values()))["psnr_grey"]
                psnr = {"grey": grey, **{key: row["psnr"] for key, row in scores.items()}}
                sheet.add(file.name, original, guesses, psnr, drawn=first + k in drawn)
    part = len(measured) < len(photos)
    return {
        "schema": 1,
        "protocol": PROTOCOL,
        "models": {key: _entry(measured, way, rows[key]) for key, way in ways.items()},
        "dataset": {
            "name": photos.manifest.name,
            "split": photos.manifest.split,
            "sha256": photos.manifest.sha256,
            "sample": {"photos": len(measured), "of": len(photos)} if part else None,
        },
        "seed": seed if part else None,
        "versions": checkpoints.versions(),
        "command": command,
        "date": datetime.date.today().isoformat(),
    }


def _entry(photos: PhotoSet, way: _Way, rows: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Say what was measured and how, with the means of all photos and of each source's."""
    model, sources = way.model, photos.manifest.sources
    return {
        "n_photos": len(photos),
        "n_skipped_grey": photos.skipped_grey,
        "n": model.config.n,
        "align": model.config.align,
        **way.describe(),
        "mirror": model.mirror,
        "scales": list(model.scales),
        "size": int(photos.rgb.shape[1]),
        "backbone": model.card["backbone"],
        "weights_sha256": model.card["weights"]["sha256"],
        "loss_name": "euclidean" if model.config.head == "chroma" else "crossentropy",
        **aggregate(rows),
        "per_source": {
            name: {"n_photos": sources.count(name)}
            | aggregate(row for row, source in zip(rows, sources, strict=True) if source == name)
            for name in sorted(set(sources) - {""})
        },
    }


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


def picture_metrics(
    rgb: NDArray[np.float32], uv: NDArray[np.float32], stride: int = 1
) -> dict[str, float]:
    """Compare a colouring with the true photo, at the photo's own size.

    Parameters
    ----------
    rgb : numpy.ndarray of float32, (H, W, 3)
        The true photo in [0, 1].
    uv : numpy.ndarray of float32, (h, w, 2)
        Predicted chroma of any size; it is enlarged to the photo's as for a user.
    stride : int
        As for `colorlab.media.enlarge_chroma`.

    Returns
    -------
    dict
        psnr, psnr_grey, ssim, colourfulness, colourfulness_abs, colourfulness_truth.
    """
    y = yuv.luma(rgb)
    colored = yuv.yuv_to_rgb(y, media.enlarge_chroma(uv, y, stride))
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
