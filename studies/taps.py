"""Photos, and what a frozen backbone sees in them: computed once, kept in half precision."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import datasets, devices, files, vgg, yuv
from colorlab.datasets.photos import default_cache
from colorlab.errors import InputError
from studies.harness import Asked
from studies.pictures import refuse_photos, rendered, spread

SIZE = 112
"""Side of the photos, pixels."""

TRAINING, MEASURED = 1200, 300
"""Photos learnt from and photos measured, unless a person says so."""

BATCH = 15
"""Photos a step, the paper's."""


@dataclasses.dataclass(frozen=True)
class Photos:
    """Photos to learn from and photos to measure on.

    Attributes
    ----------
    training, measured : numpy.ndarray of uint8, (N, size, size, 3)
        The pictures.
    """

    training: NDArray[np.uint8]
    measured: NDArray[np.uint8]


def open_photos(
    asked: Asked, fast: tuple[int, int, int] = (32, 150, 15)
) -> tuple[Photos, dict[str, Any]]:
    """Open the photos of an experiment that trains.

    Returns
    -------
    photos : Photos
        The photos.
    dataset : dict
        What a result says of them: name, size, precision of the training (bfloat16 where the
        processor has it), and of both parts split, sha256, photos, of.
    """
    if asked.fast:
        refuse_photos(asked, "--fast")
        size, training, measured = fast
        every = {
            "training": rendered(training, size, asked.seed),
            "measured": rendered(measured, size, asked.seed + training),
        }
    else:
        if asked.photos is None:
            raise InputError(
                "this experiment needs photos: give --photos, a CSV manifest with the splits train "
                "and val, or a folder; or --fast, which runs on rendered coasts."
            )
        size, training = SIZE, asked.max_photos or TRAINING
        measured = max(2, training // 4) if asked.max_photos else MEASURED
        every = _open_both(asked)
    parts = {
        "training": spread(every["training"], training),
        "measured": spread(every["measured"], measured),
    }
    if len(parts["training"]) < BATCH or len(parts["measured"]) < 2:
        raise InputError(
            f"this experiment needs {BATCH} photos to learn from and 2 to measure; received "
            f"{len(parts['training'])} and {len(parts['measured'])}. Give more."
        )
    return Photos(*(np.asarray(part.rgb) for part in parts.values())), {
        "name": every["training"].manifest.name,
        "size": size,
        "precision": devices.precision(),
        **{
            name: {
                "split": part.manifest.split,
                "sha256": part.manifest.sha256,
                "photos": len(parts[name]),
                "of": len(part),
            }
            for name, part in every.items()
        },
    }


def _open_both(asked: Asked) -> dict[str, datasets.PhotoSet]:
    """Open the photos that are learnt from and those that are measured, all of them."""
    assert asked.photos is not None
    if Path(asked.photos).is_dir() and asked.split is None:
        training, measured = datasets.open_training(asked.photos, SIZE, asked.progress)
        return {"training": training, "measured": measured}
    if asked.split == "train":
        raise InputError(
            "the split 'train' is learnt from; name another --split, the one to be measured."
        )
    return {
        part: datasets.open_photos(asked.photos, split, SIZE, asked.progress)
        for part, split in (("training", "train"), ("measured", asked.split or "val"))
    }


@dataclasses.dataclass(frozen=True)
class Seen:
    """Photos, and what a frozen backbone sees in them.

    Attributes
    ----------
    rgb : numpy.ndarray of uint8, (N, size, size, 3)
        The photos.
    taps : mapping of int to numpy.ndarray of float16, (N, h, w, width of the block)
        VGG block to its last activation; memory-mapped.
    digest : str
        Of the photos and the backbone.
    """

    rgb: NDArray[np.uint8]
    taps: Mapping[int, NDArray[np.float16]]
    digest: str

    def __len__(self) -> int:
        return len(self.rgb)

    def inputs(
        self, names: Sequence[str], which: NDArray[np.integer]
    ) -> dict[str, NDArray[np.float32]]:
        """Return what a network sees of some photos.

        Returns
        -------
        dict
            Name to float32, (n, h, w, width of the block) or, for ``y``, (n, size, size, 1).
        """
        return {
            name: yuv.luma(self.rgb[which])
            if name == "y"
            else np.stack([self.taps[int(name[3:])][i] for i in which]).astype(np.float32)
            for name in names
        }


def look(
    rgb: NDArray[np.uint8],
    weights: str | None = "embedded",
    blocks: Sequence[int] = (2, 3, 4, 5),
    seed: int = 0,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> Seen:
    """Let a frozen VGG-16 look at photos in grey, or recall what it saw."""
    if rgb.shape[1] % vgg.STRIDE:
        raise InputError(f"size must be a multiple of {vgg.STRIDE}; received {rgb.shape[1]}.")
    root = files.ensure_folder(Path(cache) if cache is not None else default_cache())
    about = {**vgg.describe(weights), "seed": None if weights else seed, "shape": rgb.shape}
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    digest.update(np.ascontiguousarray(rgb).data)
    name = digest.hexdigest()
    paths = {block: root / f"taps-{name[:16]}-block{block}.npy" for block in blocks}
    missing = {block: path for block, path in paths.items() if not path.is_file()}
    if missing:
        network = vgg.backbone(weights, max(missing), tuple(missing), seed=seed, dtype="float32")
        _look(network, rgb, list(missing.values()), progress)
    return Seen(rgb, {k: np.load(path, mmap_mode="r") for k, path in paths.items()}, name)


def _look(
    network: keras.Model, rgb: NDArray[np.uint8], paths: Sequence[Path], progress: bool
) -> None:
    """Write what each output of a network is on every photo, a file for each output."""
    limit = float(np.finfo(np.float16).max)
    with contextlib.ExitStack() as stack:
        opened: list[Any] = []
        bar = stack.enter_context(
            tqdm(total=len(rgb), desc="taps", unit="photo", disable=not progress)
        )
        for path in paths:
            temporary = stack.enter_context(files.atomic_path(path))
            opened.append(stack.enter_context(open(temporary, "wb")))
        for first in range(0, len(rgb), 8):
            part = np.asarray(rgb[first : first + 8])
            found = network.predict_on_batch(yuv.luma(part))
            found = found if isinstance(found, list) else [found]
            for file, tap in zip(opened, found, strict=True):
                if not first:
                    shape = (len(rgb), *tap.shape[1:])
                    facts = {"descr": "<f2", "fortran_order": False, "shape": shape}
                    np.lib.format.write_array_header_1_0(file, facts)
                file.write(np.clip(tap, -limit, limit).astype("<f2").tobytes())
            bar.update(len(part))


def in_order(count: int) -> Iterator[NDArray[np.integer]]:
    """Yield the numbers of photos, a batch at a time."""
    for first in range(0, count, BATCH):
        yield np.arange(first, min(first + BATCH, count))
