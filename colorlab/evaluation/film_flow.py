"""The motion of a clip, for the warp error: exact if the clip was rendered, else estimated."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from colorlab import files, yuv
from colorlab import flow as optical_flow
from colorlab.coast import Flow, Scene
from colorlab.datasets import Clip


def method(clip: Clip) -> str:
    """Return how a clip's motion is found: ``"exact"`` or ``"tvl1"``."""
    return "tvl1" if clip.scene is None else "exact"


def flows(clip: Clip, cache: str | os.PathLike[str] | None = None) -> Generator[Flow, None, None]:
    """Yield the flow from each frame of a clip to the next.

    Estimated flow is that of the true luma. It costs more than anything else in an evaluation, so
    it is kept in the cache in half precision; it is rounded to that on the first time, too.

    Parameters
    ----------
    clip : Clip
        The clip.
    cache : path, optional
        Folder of the estimates; the user's cache folder by default.

    Yields
    ------
    Flow
        ``len(clip) - 1`` of them.

    Raises
    ------
    InputError
        When the cache cannot be written.
    """
    if clip.scene is not None:
        yield from _exact(clip, Scene(clip.scene))
        return
    root = Path(cache) if cache is not None else files.default_cache()
    path = root / f"flow-{Path(clip.name).stem}-{_digest(clip)}.float16"
    length, height, width = clip.rgb.shape[:3]
    shape = (length - 1, height, width, 2)
    if path.is_file() and path.stat().st_size == 2 * int(np.prod(shape)):
        for stored in np.memmap(path, np.float16, "r", shape=shape):
            yield _unpack(stored)
        return
    with files.atomic_path(path) as temporary, open(temporary, "wb") as file:
        before = yuv.luma(np.asarray(clip.rgb[0]))
        for t in range(1, length):
            now = yuv.luma(np.asarray(clip.rgb[t]))
            packed = _pack(before, now)
            file.write(packed.tobytes())
            yield _unpack(packed)
            before = now


def _exact(clip: Clip, scene: Scene) -> Iterator[Flow]:
    height, width = clip.rgb.shape[1:3]
    for t in range(len(clip) - 1):
        yield scene.flow(float(t / clip.rate), float((t + 1) / clip.rate), height, width)


def _pack(before: NDArray[np.float32], now: NDArray[np.float32]) -> NDArray[np.float16]:
    """Estimate a flow; what is hidden in the second frame has no number."""
    forward = optical_flow.estimate(before, now)
    seen = optical_flow.visible(forward, optical_flow.estimate(now, before))
    return np.where(seen[..., None], forward, np.nan).astype(np.float16)


def _unpack(packed: NDArray[np.float16]) -> Flow:
    seen = ~np.isnan(packed[..., 0])
    return Flow(np.where(seen[..., None], packed, 0).astype(np.float32), seen)


def _digest(clip: Clip) -> str:
    """Digest of the clip's frames and of how their flow is estimated."""
    how = json.dumps(optical_flow.TVL1, sort_keys=True)
    about = f"{clip.rgb.shape} {how} {importlib.metadata.version('scikit-image')}"
    digest = hashlib.sha256(about.encode())
    for frame in clip.rgb:
        digest.update(np.ascontiguousarray(frame).data)
    return digest.hexdigest()[:16]
