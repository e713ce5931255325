"""Measuring film models on clips, beside the baselines that any of them must beat.

One pass over each clip, frame by frame: every entry colours the frame, and each of its figures is
taken at once, so that memory depends neither on a clip's length nor on the number of clips.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from colorlab import checkpoints, files, film_metrics, yuv
from colorlab import flow as optical_flow
from colorlab.bins import BinGrid
from colorlab.checkpoints import ColorModel
from colorlab.datasets import Clip, ClipSet
from colorlab.errors import InputError
from colorlab.evaluation import film_flow
from colorlab.evaluation.film_entries import Entry, Frame, weights
from colorlab.evaluation.film_scores import (
    BLOCK,
    LONG,
    RESAMPLES,
    Bounds,
    Labels,
    Row,
    Scores,
    beats_copy,
    drift,
    pool,
)
from colorlab.evaluation.sheet import Strip

SHORTEST = 6
"""Frames that a clip needs: CDC compares measured frames four apart, and the first is left out."""

PROTOCOL = (
    "Frames scaled to one height (size), float arithmetic; a clip is one shot. The first frame of "
    "a clip is seen by every entry and measured for none, since copy has no answer there: "
    "n_frames counts the measured ones, curve begins with the second frame. copy gives each pixel "
    "the true colour of the frame before; freeze-first keeps the color model's colouring of the "
    "first frame; a color model colours every frame for itself, asked once a frame; a "
    "consistency model is told of the frame before what its context says. loss (nats a pixel), "
    "accuracy, copy_accuracy, changed_*: over all pixels of all clips; accuracy is of the "
    "likeliest bin. psnr, ssim, colourfulness, chroma_rmse: mean over all frames, RGB with the "
    "true luma and chroma fitted to the gamut, chroma_rmse before that. warp_error (over pairs of "
    "measured frames; chroma_warp_error: of U and V alone) and cdc: of each clip, the mean over "
    "clips weighted by their frames; the flow is the rendered clip's exact one, else TV-L1 on the "
    f"true luma with occluded pixels left out. drift: for clips of at least {LONG} measured "
    "frames, mean of chroma_rmse minus that of "
    f"the per-frame color model, last {LONG // 2} frames minus first {LONG // 2}; mean over "
    "clips. beats_copy: accuracy minus copy_accuracy with its 95 % interval, percentiles of "
    f"{RESAMPLES} paired resamples of blocks of {BLOCK} following frames."
)


def evaluate_film(
    clips: ClipSet,
    entries: Sequence[Entry],
    partial: str | os.PathLike[str] | None = None,
    show: Callable[[Strip], object] | None = None,
    seed: int = 0,
    about: Mapping[str, Any] | None = None,
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Measure what colours clips.

    Parameters
    ----------
    clips : ClipSet
        The clips, at the size of measurement, each of at least `SHORTEST` frames.
    entries : sequence of Entry
        From `film_entries.entries`.
    partial : path, optional
        File that keeps the figures of finished clips; a later call with the same clips takes up
        those of the entries that are still the same, and measures the others. It is left there:
        remove it when the result is safe.
    show : callable, optional
        Called with the `Strip` of each clip when it is finished.
    seed : int
        Of the bootstrap.
    about : mapping, optional
        What else decides the figures (the precision, say) or is worth telling; it is added to the
        result.
    progress : bool
        Show a bar.
    cache : path, optional
        Folder of estimated flow; the user's cache folder by default.

    Returns
    -------
    dict
        ``{"schema": 1, "models": {NAME: {...}}, ...}``, ready for JSON; what an entry holds is
        listed in docs/reproducing.md.

    Raises
    ------
    InputError
        When there is nothing to measure, a clip is too short, or `partial` is damaged.
    """
    if not entries or not clips.clips:
        raise InputError("an evaluation needs at least one clip and one entry.")
    for clip in clips.clips:
        if len(clip) < SHORTEST:
            raise InputError(
                f"the clip {clip.name} has {len(clip)} frames; at least {SHORTEST} are needed: "
                "leave it out, or raise the limit on frames."
            )
    names = [clip.name for clip in clips.clips]
    if len(set(names)) < len(names):
        raise InputError("two clips of the set share a name; list each clip once.")
    about = dict(about or {})
    told = {"dataset": _describe(clips), "size": clips.height, **about}
    kept = _Kept(partial, _identity(clips, {**told, "strips": show is not None}), entries)
    missing = {clip.name: kept.missing(clip.name) for clip in clips.clips}
    bar = tqdm(
        total=sum(map(len, clips.clips)),
        initial=sum(len(clip) for clip in clips.clips if not missing[clip.name]),
        unit=" frames",
        disable=not progress,
    )
    with bar:
        for clip in clips.clips:
            if missing[clip.name]:
                bar.set_description(Path(clip.name).stem)
                measured = missing[clip.name] if show is None else entries  # a strip shows all
                kept.add(clip.name, _measure(clip, measured, show, bar, cache))
    rows = {clip.name: kept.rows[clip.name] for clip in clips.clips}
    return {
        "schema": 1,
        "protocol": PROTOCOL,
        "models": {entry.name: _entry(entry, entries, rows, seed) for entry in entries},
        **told,
        "flow": {
            "methods": sorted({film_flow.method(clip) for clip in clips.clips}),
            "tvl1": dict(optical_flow.TVL1),
        },
        "seed": seed,
        "versions": checkpoints.versions(),
        "date": datetime.date.today().isoformat(),
    }


def count_transitions(clips: ClipSet, grid: BinGrid, progress: bool = True) -> dict[str, Any]:
    """Count, on training clips, from which bin to which a pixel goes: what ``copy``'s loss needs.

    Parameters
    ----------
    clips : ClipSet
        The clips.
    grid : BinGrid
        The bins.
    progress : bool
        Show a bar.

    Returns
    -------
    dict
        For JSON: what `film_metrics.CopyModel.from_json` reads, and the clips' set.

    Raises
    ------
    InputError
        When no clip has two frames.
    """
    counts = np.zeros((2, grid.n, grid.n), np.int64)
    for clip in tqdm(clips.clips, desc="transitions", unit="clip", disable=not progress):
        before = None
        for rgb in clip.rgb:
            now = grid.encode(yuv.rgb_to_yuv(np.asarray(rgb))[1])
            if before is not None:
                counts += film_metrics.transitions(before, now, grid.n)
            before = now
    if not counts.any():
        raise InputError("transitions need a clip of at least two frames.")
    return {
        "schema": 1,
        "align": grid.align,
        **film_metrics.CopyModel(counts).to_json(),
        "pairs": sum(len(clip) - 1 for clip in clips.clips),
        "dataset": _describe(clips),
        "size": clips.height,
        "versions": checkpoints.versions(),
        "date": datetime.date.today().isoformat(),
    }


class _Kept:
    """The figures of finished clips, in memory and in a file that outlives a kill."""

    def __init__(
        self, path: str | os.PathLike[str] | None, identity: str, entries: Sequence[Entry]
    ) -> None:
        self._path, self._identity, self._entries = path, identity, entries
        self._digests = {entry.name: _digest(entry.describe()) for entry in entries}
        self.rows: dict[str, dict[str, Row]] = {}
        if path is not None and Path(path).is_file():
            found = files.read_json(path)
            if isinstance(found, dict) and found.get("identity") == identity:
                told, ours = found["entries"], self._digests
                same = {name for name in told if told[name] == ours.get(name)}
                for clip, rows in found["clips"].items():
                    self.rows[clip] = {name: row for name, row in rows.items() if name in same}

    def missing(self, clip: str) -> list[Entry]:
        """Return the entries that have not been measured on a clip."""
        rows = self.rows.get(clip, {})
        return [entry for entry in self._entries if entry.name not in rows]

    def add(self, clip: str, rows: dict[str, Row]) -> None:
        """Keep a clip's figures."""
        self.rows[clip] = {**self.rows.get(clip, {}), **rows}
        if self._path is not None:
            kept = {"identity": self._identity, "entries": self._digests, "clips": self.rows}
            files.write_json(self._path, kept)


def _measure(
    clip: Clip,
    entries: Sequence[Entry],
    show: Callable[[Strip], object] | None,
    bar: Any,
    cache: str | os.PathLike[str] | None,
) -> dict[str, Row]:
    """Return the figures of every entry on one clip."""
    grids = dict.fromkeys(entry.grid for entry in entries)
    scores = {entry.name: Scores(entry.prior) for entry in entries}
    bounds = Bounds()
    strip = Strip(clip.name, len(clip))
    before = Frame(np.asarray(clip.rgb[0]), grids)
    for entry in entries:
        entry.colour(before, None)
    bar.update()
    with contextlib.closing(film_flow.flows(clip, cache)) as flows:
        for t, flow in enumerate(flows, 1):
            frame = Frame(np.asarray(clip.rgb[t]), grids)
            labels = {grid: Labels(before, frame, grid) for grid in grids}
            bounds.add(frame, flow)
            pictures = dict(bounds.pictures)
            for entry in entries:
                answer = entry.colour(frame, before)
                rgb = yuv.yuv_to_rgb(frame.y, answer.uv)
                scores[entry.name].add(frame, answer, rgb, flow, labels[entry.grid])
                pictures[entry.name] = rgb
            if show is not None:
                strip.add(t, pictures)
            before = frame
            bar.update()
    if show is not None:
        show(strip)
    same = bounds.row()
    return {name: {**found.row(), **same} for name, found in scores.items()}


def _entry(
    entry: Entry, entries: Sequence[Entry], rows: Mapping[str, Mapping[str, Row]], seed: int
) -> dict[str, Any]:
    """Say what was measured, its figures over all clips, and those of each clip."""
    reference = None if entry.kind == "color" else _reference(entry, entries)
    per_clip = {}
    for clip, found in rows.items():
        row, other = found[entry.name], found[reference.name] if reference else None
        per_clip[clip] = {**row, "drift": drift(row, other)}
    result = {
        **entry.describe(),
        **pool(list(per_clip.values())),
        "drift_against": reference and reference.name,
    }
    if entry.kind == "consistency":
        result["beats_copy"] = beats_copy(per_clip, seed)
    return {**result, "per_clip": per_clip}


def _reference(entry: Entry, entries: Sequence[Entry]) -> Entry | None:
    """Return the per-frame color model to compare with: the entry's own if it is there."""
    colors = [one for one in entries if one.kind == "color"]
    own = [one for one in colors if entry.color and one.color and _same(entry.color, one.color)]
    return next(iter([*own, *colors]), None)


def _same(one: ColorModel, other: ColorModel) -> bool:
    return weights(one) == weights(other)


def _describe(clips: ClipSet) -> dict[str, Any]:
    return {
        "name": clips.name,
        "split": clips.split,
        "sha256": clips.sha256,
        "clips": len(clips),
        "frames": sum(map(len, clips.clips)),
    }


def _identity(clips: ClipSet, told: Mapping[str, Any]) -> str:
    """Digest of all that decides the figures of a clip, but the entries."""
    return _digest(
        {
            "protocol": PROTOCOL,
            "clips": [[clip.name, clip.rgb.shape, str(clip.rate)] for clip in clips.clips],
            "told": told,
            "versions": checkpoints.versions(),
        }
    )


def _digest(shown: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
