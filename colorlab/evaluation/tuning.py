"""One rule that chooses a model's decoder."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from colorlab import checkpoints, files, metrics, yuv
from colorlab.checkpoints import ColorModel
from colorlab.datasets import PhotoSet
from colorlab.decode import METHODS, Decoder

TRIED = ("annealed", "joint")
"""Methods that tuning tries; the mean is the annealed mean at a temperature of 1."""

SATURATIONS = (1.0, 1.05, 1.1, 1.15, 1.2, 1.3)

COLOUR = 0.67
"""Share of the truth's colourfulness that a decoder must keep."""

RULE = f"highest gain over grey of those with at least {COLOUR:.0%} of the truth's colourfulness"


def trials(methods: Sequence[str] = TRIED) -> list[Decoder]:
    """List the decoders that tuning compares.

    Parameters
    ----------
    methods : sequence of str
        Names in `colorlab.decode.METHODS`, which says the temperatures to try.

    Returns
    -------
    list of Decoder
        Every method at each of its temperatures and each of `SATURATIONS`.
    """
    return [
        Decoder(method, temperature, saturation)
        for method in methods
        for temperature in METHODS[method].temperatures or (1.0,)
        for saturation in SATURATIONS
    ]


def decoder_curve(
    photos: PhotoSet,
    model: ColorModel,
    decoders: Sequence[Decoder] | None = None,
    limit: int = 160,
    batch_size: int = 8,
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Measure PSNR against colourfulness, decoder by decoder.

    Parameters
    ----------
    photos : PhotoSet
        Validation photos; compared at their squashed size.
    model : ColorModel
        The model; it runs once per photo.
    decoders : sequence of Decoder, optional
        What to try; `trials` by default.
    limit : int
        At most this many photos, evenly spaced over the set.
    batch_size : int
        Photos run at once.
    progress : bool
        Show a bar.

    Returns
    -------
    list of dict
        One candidate for `choose` per decoder: method, temperature, saturation, psnr and gain (dB;
        gain is over grey), colourfulness, ratio (to the truth's colourfulness); 4 decimals.
    """
    decoders = trials() if decoders is None else list(decoders)
    chosen = np.unique(np.linspace(0, len(photos) - 1, min(limit, len(photos))).astype(int))
    sums = np.zeros((len(decoders), 2))
    truth = grey = 0.0
    firsts = range(0, len(chosen), batch_size)
    for first in tqdm(firsts, desc=f"tuning {model.name}", disable=not progress):
        rgb = np.stack([photos.rgb[i] for i in chosen[first : first + batch_size]])
        real = rgb.astype(np.float32) / 255
        y = yuv.luma(rgb)
        outputs = model.outputs(y)
        truth += sum(metrics.colourfulness(one) for one in real)
        grey += sum(map(metrics.psnr, real, np.repeat(y, 3, axis=-1)))
        plain = [dataclasses.replace(decoder, saturation=1.0) for decoder in decoders]
        uv = {one: checkpoints.chroma_of(model, outputs, y, one) for one in set(plain)}
        for k, decoder in enumerate(decoders):
            colored = yuv.yuv_to_rgb(y, np.float32(decoder.saturation) * uv[plain[k]])
            sums[k, 0] += sum(map(metrics.psnr, real, colored))
            sums[k, 1] += sum(map(metrics.colourfulness, colored))
    curve = []
    for decoder, (psnr, colour) in zip(decoders, sums / len(chosen), strict=True):
        gain, ratio = psnr - grey / len(chosen), colour * len(chosen) / truth
        figures = {"psnr": psnr, "gain": gain, "colourfulness": colour, "ratio": ratio}
        rounded = {key: round(float(value), 4) for key, value in figures.items()}
        curve.append(decoder.to_json() | rounded)
    return curve


def choose(candidates: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Choose among decoders by `RULE`.

    Parameters
    ----------
    candidates : sequence of mapping
        Each with gain, PSNR minus grey's in dB, and ratio, colourfulness over the truth's, measured
        on the same photos.

    Returns
    -------
    mapping
        The candidate with the highest gain of those that are colourful enough, else the most
        colourful one.
    """
    colourful = [point for point in candidates if point["ratio"] >= COLOUR]
    if not colourful:
        return max(candidates, key=lambda point: float(point["ratio"]))
    return max(colourful, key=lambda point: float(point["gain"]))


def tune_decoder(
    folder: str | os.PathLike[str],
    photos: PhotoSet,
    progress: bool = True,
    again: bool = False,
    scales: Sequence[float] | None = None,
    methods: Sequence[str] = TRIED,
) -> dict[str, Any]:
    """Tune a saved model's decoder on validation photos; keep it in its card.

    Parameters
    ----------
    folder : path
        The model's folder.
    photos : PhotoSet
        Validation photos.
    progress : bool
        Show a bar.
    again : bool
        Tune a model that was tuned already.
    scales : sequence of float, optional
        Sizes at which stills are to be asked from now on, relative to the working size; the card's
        by default.
    methods : sequence of str
        As for `trials`.

    Returns
    -------
    dict
        The finished card, with the measured curve under ``decode``. A regression model's is left
        as it is: it decodes nothing.
    """
    model = checkpoints.load(folder)
    if scales is not None:
        sizes = {"scales": [float(scale) for scale in scales]}
        card = {**model.card, "decode": {**model.card["decode"], **sizes}}
        model = dataclasses.replace(model, card=card)
    if model.config.head == "chroma" or ("curve" in model.card["decode"] and not again):
        return model.card
    curve = decoder_curve(photos, model, trials(methods), progress=progress)
    chosen = choose(curve)
    decode = {
        **Decoder.from_json(chosen).to_json(),
        "mirror": model.mirror,
        "scales": list(model.scales),
        "tuned_on": {"name": photos.manifest.name, "split": photos.manifest.split},
        "rule": RULE,
        "curve": curve,
    }
    card = {**model.card, "decode": decode}
    files.write_json(Path(folder) / checkpoints.CARD, card)
    return card
