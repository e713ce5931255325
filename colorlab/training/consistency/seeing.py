"""What the frozen color model sees in clips, computed once and kept in the cache."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import checkpoints, files, vgg, yuv
from colorlab.checkpoints import ColorModel
from colorlab.datasets import Clip, ClipSet

_HOW = ("method", "temperature", "saturation")


@dataclasses.dataclass(frozen=True)
class Seen:
    """A clip and what the frozen color model sees in it.

    Attributes
    ----------
    clip : Clip
        The clip.
    features : numpy.ndarray of float16, (T, h, w, C)
        The color model's last convolution features, at half the padded frames' size.
    chroma : numpy.ndarray of float16, (T, H, W, 2)
        Its colouring of every frame for itself, decoded as its card says.
    """

    clip: Clip
    features: NDArray[np.float16]
    chroma: NDArray[np.float16]

    @property
    def stride(self) -> int:
        """Pixels of a frame per pixel of the features, along each side."""
        padded = -(-self.clip.rgb.shape[1] // vgg.STRIDE) * vgg.STRIDE
        return int(padded // self.features.shape[1])


def see(
    clips: ClipSet,
    color: ColorModel,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> list[Seen]:
    """Let the color model look at every frame, or recall what it saw.

    Parameters
    ----------
    clips : ClipSet
        The clips.
    color : ColorModel
        The frozen color model.
    progress : bool
        Show a bar.
    cache : path, optional
        Folder of what was seen; the user's cache folder by default.

    Returns
    -------
    list of Seen
        One for each clip, memory-mapped.
    """
    root = files.ensure_folder(Path(cache) if cache is not None else files.default_cache())
    bar = tqdm(
        total=sum(map(len, clips.clips)), desc="features", unit="frame", disable=not progress
    )
    found = []
    with bar:
        for clip in clips.clips:
            digest = hashlib.sha256(np.ascontiguousarray(clip.rgb).data)
            weights, decode = color.card["weights"]["sha256"], color.card["decode"]
            digest.update(f"{clip.rgb.shape} {weights} {color.precision}".encode())
            paths = {}
            for what in ("features", "chroma"):
                paths[what] = (
                    root / f"seen-{Path(clip.name).stem}-{digest.hexdigest()[:16]}-{what}.npy"
                )
                digest.update(f"{[decode.get(key) for key in _HOW]}".encode())
            if not all(path.is_file() for path in paths.values()):
                _look(clip, color, paths, bar)
            else:
                bar.update(len(clip))
            kept = {what: np.load(path, mmap_mode="r") for what, path in paths.items()}
            found.append(Seen(clip, **kept))
    return found


def _look(clip: Clip, color: ColorModel, paths: Mapping[str, Path], bar: Any) -> None:
    """Compute and keep what the color model sees in a clip."""
    features, chroma = [], []
    for first in range(0, len(clip), 4):
        y = yuv.luma(np.asarray(clip.rgb[first : first + 4]))
        seen, outputs = color.extract_features(y)
        features.append(seen.astype(np.float16))
        chroma.append(checkpoints.chroma_of(color, outputs, y).astype(np.float16))
        bar.update(len(seen))
    for what, parts in (("features", features), ("chroma", chroma)):
        with files.atomic_path(paths[what]) as temporary, open(temporary, "wb") as file:
            np.save(file, np.concatenate(parts))
