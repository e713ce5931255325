"""What a frozen color model sees in frames: looked at once, kept in the cache."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import checkpoints, digests, files, yuv
from colorlab.checkpoints import ColorModel
from colorlab.decode import softmax

AT_ONCE = 8
"""Frames that the color model looks at together."""

_KINDS = {"features": np.float16, "own": np.float16, "guessed": np.uint8, "nats": np.float16}


def look(stem: Path, rgb: NDArray[np.uint8], color: ColorModel) -> dict[str, NDArray[Any]]:
    """Let the color model look at frames, or recall what it saw."""
    name = f"{stem.name}-{digests.of_json(identity(color))[:8]}"
    paths = {what: stem.with_name(f"{name}-{what}.npy") for what in _KINDS}
    if not all(path.is_file() for path in paths.values()):
        parts: dict[str, list[NDArray[Any]]] = {what: [] for what in _KINDS}
        plain = dataclasses.replace(color.decoder, saturation=1.0)
        for first in range(0, len(rgb), AT_ONCE):
            y, uv = yuv.rgb_to_yuv(np.asarray(rgb[first : first + AT_ONCE]))
            features, outputs = color.extract_features(y)
            labels = color.grid.encode(uv)
            guessed = [outputs[head].argmax(axis=-1) for head in "uv"]
            chances = [
                np.take_along_axis(softmax(outputs[head]), labels[..., k, None], -1)
                for k, head in enumerate("uv")
            ]
            parts["features"].append(features)
            parts["own"].append(checkpoints.chroma_of(color, outputs, y, plain))
            parts["guessed"].append(np.stack(guessed, axis=-1))
            parts["nats"].append(-np.log(np.maximum(np.concatenate(chances, axis=-1), 1e-30)))
        for what, kind in _KINDS.items():
            write(paths[what], np.concatenate(parts[what]).astype(kind))
    return {what: np.load(path, mmap_mode="r") for what, path in paths.items()}


def identity(color: ColorModel) -> list[Any]:
    """Return what decides how a color model sees and colours a frame."""
    how = [color.card["decode"].get(key) for key in ("method", "temperature")]
    return [color.card["weights"]["sha256"], color.precision, *how]


def write(path: Path, array: NDArray[Any]) -> None:
    """Keep an array in the cache."""
    with files.atomic_path(path, sync=False) as temporary, open(temporary, "wb") as file:
        np.save(file, array)
