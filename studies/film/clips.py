"""Strips of clips, at strides of the clips' own frames, with estimated motion."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import digests, files, flow, media, yuv
from colorlab.checkpoints import ColorModel
from colorlab.datasets import Clip
from colorlab.datasets.photos import default_cache
from colorlab.errors import InputError
from colorlab.strips.frames import (
    HEIGHT,
    WIDTH,
    Frames,
    Strips,
    ticks_of,
)
from colorlab.strips.seen import identity, look, write


def strips_of_clips(
    clips: Sequence[Clip],
    ends: Sequence[Sequence[int]],
    lengths: Mapping[int, int],
    color: ColorModel,
    anchor: str = "last",
    size: tuple[int, int] = (HEIGHT, WIDTH),
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> dict[int, Strips]:
    """Cut strips out of clips, their frames squashed to one size."""
    root = files.ensure_folder(Path(cache) if cache is not None else default_cache())
    found: list[Frames] = []
    which: dict[int, list[NDArray[np.integer]]] = {stride: [] for stride in lengths}
    for clip, at in tqdm(
        list(zip(clips, ends, strict=True)), desc="clips", unit="clip", disable=not progress
    ):
        ticks = {s: ticks_of(np.asarray(at), s, length, anchor) for s, length in lengths.items()}
        every = np.unique(np.concatenate([one.ravel() for one in ticks.values()]))
        if every[0] < 0 or every[-1] >= len(clip):
            raise InputError(
                f"{clip.name} has {len(clip)} frames; strips of the frames {every[0]} to "
                f"{every[-1]} do not fit."
            )
        small = np.stack([media.resize(np.asarray(clip.rgb[k]), *size) for k in every])
        digest = hashlib.sha256(small.data).hexdigest()
        path = (
            root
            / f"strip-{Path(clip.name).stem[:40]}-{digests.of_json([digest, list(size)])[:16]}.npy"
        )
        if not path.is_file():
            write(path, small)
        rgb = np.load(path, mmap_mode="r")
        seen = look(path.with_suffix(""), rgb, color)
        move = functools.partial(_estimated, rgb)
        found.append(Frames(clip.name, every, rgb, move=move, **seen))
        for stride, one in ticks.items():
            which[stride].append(np.searchsorted(every, one))
    scene = np.repeat(np.arange(len(clips)), [len(at) for at in ends])
    rate = sum((clip.rate for clip in clips), Fraction(0)) / len(clips)
    about = [[hashlib.sha256(one.rgb.tobytes()).hexdigest() for one in found], identity(color)]
    return {
        stride: Strips(
            rate / stride, 1.0, tuple(found), scene, np.concatenate(one), color,
            digests.of_json([*about, np.concatenate(one).tolist()]), root,
        )
        for stride, one in which.items()
    }  # fmt: skip


def _estimated(
    rgb: NDArray[np.uint8], now: int, before: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Estimate the flow from one frame of a clip back to an earlier one."""
    first, second = (yuv.luma(np.asarray(rgb[k])) for k in (now, before))
    back = flow.dis(first, second)
    return back, ~flow.visible(back, flow.dis(second, first))
