"""What a key frame is worth: films with one true frame given, at their own size."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import files, flow, media, metrics, yuv
from colorlab.checkpoints import ConsistencyModel
from colorlab.datasets import Clip
from colorlab.keyframes import Keyed, PlacedKey
from colorlab.rollout import Rollout
from studies import statistics
from studies.report.cells import markdown

Float = NDArray[np.float32]

EVERY = 100
"""Frames from one key frame to the next, where there are several."""

PATCHES = 7, 12
"""Rows and columns of the patches of a key frame that is coloured roughly."""

WAYS = {
    "grey": "left grey",
    "free": "no key frame, free-running",
    "freeze": "no key frame, the first frame's predicted colours kept",
    "kept": "the first frame's true colours kept",
    "warped": "the same, moved along the optical flow",
    "key": "key frame 0",
    "patches": f"key frame 0 in {PATCHES[0]} × {PATCHES[1]} patches, one of them wrong",
    "every": f"a key frame every {EVERY} frames",
}
"""What is measured, in the order of the table."""

RESULTS = {"test clips": "film-keys-clips-test.json", "DAVIS": "film-keys-davis.json"}
"""A set's name, and its file in results/."""

PROTOCOL = (
    "Frames at the film's own height. The first frame is given and not measured. PSNR of RGB with "
    "the true luma, mean over the frames of a clip, then over clips; intervals are of 95 %, from "
    "resampled clips. kept and warped carry the true chroma of frame 0 at full size, warped by "
    "colorlab.flow.dis from frame to frame. every: later key frames are not known before they are "
    "reached; in clips shorter than that it is key frame 0."
)


def measure(
    clips: Sequence[Clip], model: ConsistencyModel, progress: bool = True
) -> dict[str, Any]:
    """Colour every clip in all of `WAYS` but its first frame.

    Returns
    -------
    dict
        ``clips``, name to number of frames and PSNR of each way, dB; ``ways``, means over clips;
        ``differences``, of ``key`` to each other way.
    """
    measured: dict[str, dict[str, Any]] = {}
    for clip in clips:
        rows = list(_clip(clip, model, progress))
        means = {way: float(np.mean([row[way] for row in rows])) for way in WAYS}
        measured[clip.name] = {
            "frames": len(rows),
            **{way: round(v, 3) for way, v in means.items()},
        }
    columns = {way: [row[way] for row in measured.values()] for way in WAYS}
    return {
        "clips": measured,
        "ways": {way: statistics.mean(column) for way, column in columns.items()},
        "differences": {
            way: statistics.difference(columns["key"], column)
            for way, column in columns.items()
            if way != "key"
        },
    }


def _clip(clip: Clip, model: ConsistencyModel, progress: bool) -> Iterator[dict[str, float]]:
    """Yield the PSNR of each way, frame after frame."""
    height, width = clip.rgb.shape[1:3]
    free = Rollout(model)
    shape = free.shape(height, width)
    keyed = {way: Keyed(Rollout(model), []) for way in ("key", "patches", "every")}
    before: Float | None = None
    for t, rgb in enumerate(tqdm(clip.rgb, desc=clip.name, disable=not progress, leave=False)):
        y, truth = yuv.rgb_to_yuv(rgb)
        small = np.clip(media.resize(y, *shape), 0, 1)
        uv = media.resize(truth, *shape)
        if t % EVERY == 0:
            given = ("key", "patches", "every") if t == 0 else ("every",)
            for way in given:
                colours = _patches(uv) if way == "patches" else uv
                known = np.ones(shape, bool)
                keyed[way].keys.append(PlacedKey(t, (0, sys.maxsize), small, colours, known))
        first = np.array([t == 0])
        found = {"free": free.chroma(small[None], first)[0]}
        found["key"] = keyed["key"].chroma(small[None], first)[0]
        found["patches"] = keyed["patches"].chroma(small[None], first)[0]
        if t == EVERY:
            keyed["every"].restore(keyed["key"].state())
        later = t >= EVERY
        found["every"] = keyed["every"].chroma(small[None], first)[0] if later else found["key"]
        full = {way: media.enlarge_chroma(chroma, y) for way, chroma in found.items()}
        if before is None:
            frozen, kept, warped = full["free"], truth, truth
        else:
            warped = flow.warp(warped, flow.dis(y, before))
        full |= {"freeze": frozen, "kept": kept, "warped": warped, "grey": np.zeros_like(truth)}
        before = y
        if t:
            real = rgb.astype(np.float32) / 255
            yield {way: metrics.psnr(real, yuv.yuv_to_rgb(y, full[way])) for way in WAYS}


def _patches(uv: Float) -> Float:
    """Colour a frame as by a coarse brush: a mean for each patch, the middle one's opposite."""
    rows, columns = PATCHES
    small = media.resize(uv, rows, columns)
    small[rows // 2, columns // 2] *= -1
    down = np.minimum(np.arange(uv.shape[0]) * rows // uv.shape[0], rows - 1)
    across = np.minimum(np.arange(uv.shape[1]) * columns // uv.shape[1], columns - 1)
    return small[down][:, across]


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the sets' results side by side, in Markdown.

    Parameters
    ----------
    results : mapping
        Name of a set to what `measure` gave.
    """
    names = list(results)
    lines = [["", *(f"{name}: PSNR, {len(results[name]['clips'])} clips" for name in names)]]
    for way, words in WAYS.items():
        cells = [_told(results[name]["ways"][way]) for name in names]
        lines.append([words, *cells])
    return markdown(lines)


def read(folder: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Return the sets that were measured, those of `RESULTS` that exist."""
    paths = {name: Path(folder) / file for name, file in RESULTS.items()}
    return {name: files.read_json(path) for name, path in paths.items() if path.is_file()}


def _told(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.2f} dB [{figure['low']:.1f}, {figure['high']:.1f}]"
