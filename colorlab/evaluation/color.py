"""Measuring color models on photos, beside the baselines that any model must beat.

Protocol. For loss and accuracy a photo is squashed to size × size and every pixel counts. For the
picture metrics the chroma predicted at that size is enlarged to the photo's own size (along the
edges of its luma, `media.enlarge_chroma`), joined with that luma, and compared there; means are
over photos. Grey photos are left out and counted. A network runs once per photo, however many
decoders are measured. Beside the models stand baselines: grey, and what `fit_baselines` counted.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import gzip
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import bins, checkpoints, files, media, metrics, vgg, yuv
from colorlab.bins import BinGrid
from colorlab.checkpoints import ColorModel
from colorlab.datasets import PhotoSet
from colorlab.decode import Decoder, resolve
from colorlab.errors import InputError
from colorlab.evaluation.baselines import LookupTable
from colorlab.evaluation.sheet import Sheet

Decoders = Decoder | str | Sequence[Decoder | str] | None

PROTOCOL = (
    "Loss and accuracy: photos squashed to size x size, every pixel, full resolution, nats a pixel "
    "and fractions. psnr, ssim, colourfulness: RGB at the photo's own size with its own luma, mean "
    "over photos, float arithmetic. *_no_neutral leaves out pixels within 1e-6 of neutral grey. "
    "hue_error: degrees between true and predicted (U, V) where the true one is longer than "
    f"{metrics.COLOURED}, 90 where the picture is grey, every photo of equal size. kid: kernel "
    "distance, unbiased, degree 3, of VGG-16's block 5, averaged over the picture at 224 x 224 and "
    "divided by the root mean square over the true photos. "
    "Intervals: 95 %, bootstrap over photos. "
    "prior and majority are the training histogram of the model's card, scored on these photos. "
    "With mirror or several scales, all is measured on the mean of the views' probabilities."
)

_MEANS = (
    "loss",
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
    "colourfulness_difference",
    "worse_than_grey",
    "coloured_share",
)

_PER_PHOTO = {
    **{"loss": 4, "psnr": 3, "psnr_grey": 3, "ssim": 4, "colourfulness": 2},
    **{"colourfulness_truth": 2, "hue_error": 1, "coloured_share": 4},
}
"""What is kept of each photo, and to how many decimals."""

_FEATURE_SIZE = 224


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
    baselines: Sequence[LookupTable] = (),
    kid: bool = True,
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
        Gathers photos to look at; baselines are not on it.
    baselines : sequence of LookupTable
        What to measure beside the models, from `fit_baselines`; grey always is.
    kid : bool
        Measure the kernel distance, too: one more forward pass of VGG-16 for each photo, as it is,
        grey, and as each entry colours it.
    batch_size : int
        Photos run at once.
    command : str
        The command that asked for this, for the result.
    progress : bool
        Show a bar.

    Returns
    -------
    dict
        ``{"schema": 1, "models": {KEY: {...}}, "baselines": {NAME: {...}}, ...}``, ready for JSON.
        KEY is the model's name for the first decoder and ``NAME:DECODE`` for each further one; what
        an entry holds is listed in docs/reproducing.md. ``photos`` and each entry's ``per_photo``
        are long: `write_photos` writes them to a file of their own, `without_photos` leaves them
        out.

    Raises
    ------
    InputError
        When two models share a name, or a decoder is unknown.
    """
    ways = _ways(models, decode, temperature)
    measured = photos if max_photos is None else sample(photos, max_photos, seed)
    drawn = set(_draw(len(measured), sheet.count, seed)) if sheet else set()
    rows: dict[str, list[dict[str, float]]] = {key: [] for key in (*ways, "grey")}
    rows |= {table.name: [] for table in baselines}
    features = _Features((*rows, "truth")) if kid else None
    names = ", ".join(model.name for model in models)
    firsts = range(0, len(measured), batch_size)
    for first in tqdm(firsts, desc=f"measuring {names}", disable=not progress):
        rgb = np.asarray(measured.rgb[first : first + batch_size])
        y, uv = yuv.rgb_to_yuv(rgb)
        labels: dict[str, list[dict[str, float]]] = {"grey": [{} for _ in rgb]}
        chroma: dict[str, NDArray[np.float32]] = {}
        for model in models:
            outputs = model.outputs(y)
            prior = np.asarray(model.card["prior"], np.float64)
            scored = _label_metrics(model.grid, prior, outputs, uv)
            ours = {key: way for key, way in ways.items() if way.model is model}
            labels |= dict.fromkeys(ours, scored)
            chroma |= {key: way.chroma(outputs, y) for key, way in ours.items()}
        guessed = list(chroma)
        for table in baselines:
            labels[table.name] = _label_metrics(table.grid, table.prior, table.outputs(y), uv)
            chroma[table.name] = table.chroma(y)
        strides = {key: way.model.config.stride for key, way in ways.items()}
        for k, file in enumerate(measured.manifest.files[first : first + len(rgb)]):
            original = media.read_photo(file).rgb
            pictures = {
                key: _join(original, found[k], strides.get(key, 1)) for key, found in chroma.items()
            }
            pictures["grey"] = np.repeat(yuv.luma(original), 3, axis=-1)
            scores = {key: _compare(original, one) for key, one in pictures.items()}
            for key in rows:
                rows[key].append(labels[key][k] | scores[key])
            if features:
                features.add({**pictures, "truth": original})
            if sheet:
                psnr = {key: scores[key]["psnr"] for key in ("grey", *guessed)}
                guesses = {key: chroma[key][k] for key in guessed}
                sheet.add(file.name, original, guesses, psnr, drawn=first + k in drawn)
        if features:
            features.run()
    found = {key: _figures(measured, rows[key]) for key in rows}
    if features:
        for key, entry in found.items():
            entry["kid"] = features.distance(key, seed)
    counted = {"n_photos": len(measured), "n_skipped_grey": photos.skipped_grey}
    counted["size"] = int(photos.rgb.shape[1])
    tables = {table.name: _about_table(table) for table in baselines}
    part = len(measured) < len(photos)
    return {
        "schema": 1,
        "protocol": PROTOCOL,
        "models": {key: counted | _about(way) | found[key] for key, way in ways.items()},
        "baselines": {
            key: counted | about | found[key] for key, about in {"grey": {}, **tables}.items()
        },
        "kid": features.describe(seed) if features else None,
        "photos": [file.name for file in measured.manifest.files],
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


def _about(way: _Way) -> dict[str, Any]:
    """Say what a model's entry is about."""
    model = way.model
    return {
        "n": model.config.n,
        "align": model.config.align,
        **way.describe(),
        "mirror": model.mirror,
        "scales": list(model.scales),
        "backbone": model.card["backbone"],
        "weights_sha256": model.card["weights"]["sha256"],
        "loss_name": "euclidean" if model.config.head == "chroma" else "crossentropy",
    }


def _about_table(table: LookupTable) -> dict[str, Any]:
    """Say what a baseline's entry is about."""
    return {
        "n": table.grid.n,
        "align": table.grid.align,
        "decode": "mean",
        "rows": table.shares.shape[0],
        "lumas": table.shares.shape[1],
        "fitted_on": table.fitted_on,
        "loss_name": "crossentropy",
    }


def _figures(photos: PhotoSet, rows: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return the means of all photos and of each source's, and what is kept of each photo."""
    sources = photos.manifest.sources
    return {
        **aggregate(rows),
        "gain": metrics.mean_interval([row["psnr"] - row["psnr_grey"] for row in rows]),
        "per_source": {
            name: {"n_photos": sources.count(name)}
            | aggregate(row for row, source in zip(rows, sources, strict=True) if source == name)
            for name in sorted(set(sources) - {""})
        },
        "per_photo": {
            key: [None if np.isnan(row[key]) else round(row[key], digits) for row in rows]
            for key, digits in _PER_PHOTO.items()
            if key in rows[0]
        },
    }


class _Features:
    """Gathers VGG-16's features of pictures for the kernel distance.

    They are divided by the root mean square of the true photos' features: activations are in units
    of the weights' own, and in those the kernel's 1 would be nothing beside x . y / d.

    Parameters
    ----------
    names : sequence of str
        Of the pictures of a photo; the true one is ``truth``.
    """

    WEIGHTS = "embedded"

    def __init__(self, names: Sequence[str]) -> None:
        self.network = vgg.backbone(self.WEIGHTS, taps=(5,), color=True)
        self.waiting: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
        self.found: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}

    def add(self, pictures: Mapping[str, NDArray[np.float32]]) -> None:
        """Take a photo's pictures, RGB (H, W, 3) in [0, 1]."""
        for name, rgb in pictures.items():
            small = media.resize(rgb, _FEATURE_SIZE, _FEATURE_SIZE)
            self.waiting[name].append(small.astype(np.float32))

    def run(self) -> None:
        """Run the network on what was added since the last time."""
        for name, pictures in self.waiting.items():
            activation = self.network.predict_on_batch(np.stack(pictures))
            last = activation[0] if isinstance(activation, (list, tuple)) else activation
            self.found[name].append(np.asarray(last, np.float32).mean(axis=(1, 2)))
            pictures.clear()

    def distance(self, name: str, seed: int) -> dict[str, float] | None:
        """Return the kernel distance of these pictures to the true ones, with its interval."""
        ours, truth = self._scaled(name), self._scaled("truth")
        return metrics.kernel_distance(ours, truth, seed) if len(truth) > 1 else None

    def describe(self, seed: int) -> dict[str, Any]:
        """Say what the features are, and what chance alone gives."""
        truth = self._scaled("truth")
        return {
            "backbone": vgg.describe(self.WEIGHTS),
            "tap": 5,
            "size": _FEATURE_SIZE,
            "floor": metrics.kernel_floor(truth, seed) if len(truth) > 3 else None,
        }

    def _scaled(self, name: str) -> NDArray[np.float64]:
        ours, truth = (np.concatenate(self.found[key]).astype(float) for key in (name, "truth"))
        scaled: NDArray[np.float64] = ours / np.sqrt(np.mean(np.square(truth)))
        return scaled


def without_photos(result: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a result what it keeps of each photo.

    Parameters
    ----------
    result : mapping
        From `evaluate_color`.

    Returns
    -------
    dict
        The same without ``photos`` and without each entry's ``per_photo``.
    """
    short = {key: value for key, value in result.items() if key != "photos"}
    for kind in ("models", "baselines"):
        short[kind] = {
            name: {key: value for key, value in entry.items() if key != "per_photo"}
            for name, entry in result[kind].items()
        }
    return short


def write_photos(path: str | os.PathLike[str], result: Mapping[str, Any]) -> None:
    """Write what a result keeps of each photo as a compressed table.

    Parameters
    ----------
    path : path
        The ``.csv.gz`` to write: one line for each entry and photo, empty where there is no figure.
    result : mapping
        From `evaluate_color`.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["entry", "photo", *_PER_PHOTO])
    nothing = [None] * len(result["photos"])
    for name, entry in {**result["models"], **result["baselines"]}.items():
        columns = [entry["per_photo"].get(key, nothing) for key in _PER_PHOTO]
        lines = zip(result["photos"], *columns, strict=True)
        table.writerows([name, *values] for values in lines)
    with files.atomic_path(path) as temporary:  # no time in it: the same figures, the same file
        temporary.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def _label_metrics(
    grid: BinGrid,
    prior: NDArray[np.float64],
    outputs: Mapping[str, NDArray[np.float32]],
    uv: NDArray[np.float32],
) -> list[dict[str, float]]:
    """Loss and accuracy of each photo of a batch, with those of the prior.

    Outputs (N, H, W, n) are logits; outputs (N, H, W, 1) are a regression model's chroma.
    """
    return [
        _label_metrics_of_one(grid, prior, {head: outputs[head][k] for head in "uv"}, uv[k])
        for k in range(len(uv))
    ]


def _label_metrics_of_one(
    grid: BinGrid,
    prior: NDArray[np.float64],
    outputs: Mapping[str, NDArray[np.float32]],
    uv: NDArray[np.float32],
) -> dict[str, float]:
    """Measure one photo; pixel sums where shares need them."""
    labels = grid.encode(uv)
    neutral = bins.near_neutral(uv)
    row = {
        "loss": 0.0,
        "neutral_share": float(neutral.mean()),
        "pixels_no_neutral": float((~neutral).sum()),
        "prior_loss": 0.0,
    }
    for axis, head in enumerate("uv"):
        truth = labels[..., axis]
        if outputs[head].shape[-1] == 1:
            value = outputs[head][..., 0]
            found = grid.encode(np.stack([value, value], axis=-1))[..., axis]
            loss = np.square(value - uv[..., axis])
        else:
            found = outputs[head].argmax(axis=-1)
            loss = metrics.cross_entropy(metrics.log_softmax(outputs[head]), truth)
        hits = found == truth
        row[f"loss_{head}"] = float(loss.mean(dtype=np.float64))
        row["loss"] += row[f"loss_{head}"]
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
        psnr, psnr_grey, ssim, colourfulness, colourfulness_abs, colourfulness_truth,
        colourfulness_difference (its absolute value), worse_than_grey (1 or 0), hue_error (NaN
        where nothing is coloured) and coloured_share.
    """
    return _compare(rgb, _join(rgb, uv, stride))


def _join(
    rgb: NDArray[np.float32], uv: NDArray[np.float32], stride: int = 1
) -> NDArray[np.float32]:
    """Join a photo's luma with predicted chroma of any size."""
    y = yuv.luma(rgb)
    return yuv.yuv_to_rgb(y, media.enlarge_chroma(uv, y, stride))


def _compare(rgb: NDArray[np.float32], colored: NDArray[np.float32]) -> dict[str, float]:
    """Compare two pictures of one photo, the true one first."""
    psnr = metrics.psnr(rgb, colored)
    psnr_grey = metrics.psnr(rgb, np.repeat(yuv.luma(rgb), 3, axis=-1))
    colour, truth = metrics.colourfulness(colored), metrics.colourfulness(rgb)
    hue_error, share = metrics.hue_error(rgb, colored)
    return {
        "psnr": psnr,
        "psnr_grey": psnr_grey,
        "ssim": metrics.ssim(rgb, colored),
        "colourfulness": colour,
        "colourfulness_abs": metrics.colourfulness(colored, absolute=True),
        "colourfulness_truth": truth,
        "colourfulness_difference": abs(colour - truth),
        "worse_than_grey": float(psnr < psnr_grey),
        "hue_error": hue_error,
        "coloured_share": share,
    }


def aggregate(rows: Iterable[Mapping[str, float]]) -> dict[str, float | None]:
    """Average the rows of photos of equal size into one result.

    Parameters
    ----------
    rows : iterable of mapping
        One per photo.

    Returns
    -------
    dict
        The means; the summed loss; over the pixels of all photos, the accuracies without neutral
        pixels and the hue error (None if nothing is coloured). Without losses where the rows have
        none, as grey's.
    """
    rows = list(rows)
    result: dict[str, float | None] = {
        key: float(np.mean([row[key] for row in rows])) for key in _MEANS if key in rows[0]
    }
    coloured = [row for row in rows if row["coloured_share"]]
    weights = [row["coloured_share"] for row in coloured]
    errors = [row["hue_error"] for row in coloured]
    result["hue_error"] = float(np.average(errors, weights=weights)) if coloured else None
    if "loss" not in rows[0]:
        return result
    pixels = sum(row["pixels_no_neutral"] for row in rows)
    for head in "uv":
        hits = sum(row[f"hits_{head}_no_neutral"] for row in rows)
        result[f"accuracy_{head}_no_neutral"] = hits / pixels if pixels else 0.0
    return result
