"""Strips of frames at many frame rates, and what a frozen color model sees in each frame.

A coast is a function of continuous time, so one scene gives strips of any rate. All their times are
multiples of 1/60 second: a frame that several rates share is rendered and looked at once. What a
strip is made of lies in the cache, a file a scene, so that an interrupted preparation goes on.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import checkpoints, coast, files, flow, media, yuv
from colorlab.checkpoints import ColorModel
from colorlab.datasets import Clip
from colorlab.datasets.photos import default_cache
from colorlab.errors import InputError

HEIGHT, WIDTH = 64, 112
"""Of the frames, pixels."""

MASTER = 60
"""Frames a second of which every other rate takes some."""

AT_ONCE = 8
"""Frames that the color model looks at together."""

_KINDS = {"features": np.float16, "own": np.float16, "guessed": np.uint8, "nats": np.float16}


@dataclasses.dataclass(frozen=True)
class Frames:
    """Frames of one scene, and what the color model sees in each of them for itself.

    Attributes
    ----------
    name : str
        What is shown: a coast's seed, a clip's name.
    ticks : numpy.ndarray of int, (T,)
        When, ascending: 1/60 seconds of a coast, a clip's own frames.
    rgb : numpy.ndarray of uint8, (T, H, W, 3)
        The frames.
    features : numpy.ndarray of float16, (T, h, w, C)
        The color model's last convolution features; memory-mapped.
    own : numpy.ndarray of float16, (T, H, W, 2)
        Its colouring, decoded as its card says but with saturation 1, as what is fed back is.
    guessed : numpy.ndarray of uint8, (T, H, W, 2)
        Its likeliest bins of U and V.
    nats : numpy.ndarray of float16, (T, H, W, 2)
        Its cross-entropy for U and V.
    move : callable
        From two places in `ticks`, now and before, to the flow from now back to before (H, W, 2)
        and whether each pixel of now was hidden before (H, W).
    """

    name: str
    ticks: NDArray[np.integer]
    rgb: NDArray[np.uint8]
    features: NDArray[np.float16]
    own: NDArray[np.float16]
    guessed: NDArray[np.uint8]
    nats: NDArray[np.float16]
    move: Callable[[int, int], tuple[NDArray[np.float32], NDArray[np.bool_]]]


@dataclasses.dataclass(frozen=True)
class Strips:
    """Strips of frames that follow each other at one rate; a strip of two frames is a pair.

    Attributes
    ----------
    rate : fractions.Fraction
        Frames a second.
    camera_speed : float
        How many times as fast the camera moves as its scene says; the rest of the scene does not.
    frames : tuple of Frames
        The scenes.
    scene : numpy.ndarray of int, (S,)
        Place in `frames` of each strip's scene.
    which : numpy.ndarray of int, (S, F)
        Places of a strip's frames in its scene's.
    color : ColorModel
        What looked at them.
    digest : str
        Of everything above, for those who keep what they make of it.
    cache : pathlib.Path
        Folder of the motion.
    """

    rate: Fraction
    camera_speed: float
    frames: tuple[Frames, ...]
    scene: NDArray[np.integer]
    which: NDArray[np.integer]
    color: ColorModel
    digest: str
    cache: Path

    def __len__(self) -> int:
        """How many strips there are."""
        return len(self.which)

    @property
    def length(self) -> int:
        """Frames a strip, F."""
        return int(self.which.shape[1])

    @property
    def scenes(self) -> int:
        """How many scenes there are, the unit of a bootstrap."""
        return len(self.frames)

    def part(self, chosen: slice) -> Strips:
        """Return the same strips with some of their frames, neighbours as before.

        Parameters
        ----------
        chosen : slice
            Of the frames, of step 1: ``slice(-2, None)`` makes pairs of the last two.

        Returns
        -------
        Strips
            As many strips.
        """
        digest = digest_of([self.digest, "frames", *chosen.indices(self.length)])
        return dataclasses.replace(self, which=self.which[:, chosen], digest=digest)

    def rows(self, chosen: NDArray[np.integer]) -> Strips:
        """Return some of the strips, of the same scenes.

        Parameters
        ----------
        chosen : numpy.ndarray of int, (n,)
            Which.

        Returns
        -------
        Strips
            n strips.
        """
        digest = digest_of([self.digest, "rows", *map(int, chosen)])
        return dataclasses.replace(
            self, scene=self.scene[chosen], which=self.which[chosen], digest=digest
        )

    def features(self, rows: NDArray[np.integer] | slice, k: int) -> NDArray[np.float32]:
        """Return what the color model sees in frame k of some strips.

        Parameters
        ----------
        rows : numpy.ndarray of int or slice
            The strips.
        k : int
            The frame.

        Returns
        -------
        numpy.ndarray of float32, (n, h, w, C)
            Its last convolution features.
        """
        chosen = zip(self.scene[rows], self.which[rows, k], strict=True)
        return np.stack([self.frames[s].features[t] for s, t in chosen]).astype(np.float32)

    @functools.cached_property
    def rgb(self) -> NDArray[np.uint8]:
        """The frames, (S, F, H, W, 3)."""
        return self._gather("rgb")

    @functools.cached_property
    def y(self) -> NDArray[np.float32]:
        """Luma, (S, F, H, W, 1)."""
        return yuv.luma(self.rgb)

    @functools.cached_property
    def uv(self) -> NDArray[np.float32]:
        """True chroma, (S, F, H, W, 2)."""
        return yuv.rgb_to_yuv(self.rgb)[1]

    @functools.cached_property
    def labels(self) -> NDArray[np.uint8]:
        """True bins of U and V, (S, F, H, W, 2)."""
        return self.color.grid.encode(self.uv).astype(np.uint8)

    @functools.cached_property
    def own(self) -> NDArray[np.float32]:
        """The color model's colouring of every frame for itself, (S, F, H, W, 2)."""
        return self._gather("own").astype(np.float32)

    @functools.cached_property
    def guessed(self) -> NDArray[np.uint8]:
        """The color model's likeliest bins, (S, F, H, W, 2)."""
        return self._gather("guessed")

    @functools.cached_property
    def nats(self) -> NDArray[np.float32]:
        """The color model's cross-entropy for U and V, (S, F, H, W, 2)."""
        return self._gather("nats").astype(np.float32)

    @property
    def back(self) -> NDArray[np.float16]:
        """Flow from frame k + 1 back to frame k, pixels, (S, F - 1, H, W, 2).

        Exact for coasts, `flow.dis` for clips.
        """
        return self._motion[0]

    @property
    def uncovered(self) -> NDArray[np.bool_]:
        """Whether what a pixel of frame k + 1 shows was not to be seen in k, (S, F - 1, H, W)."""
        return self._motion[1]

    @functools.cached_property
    def _motion(self) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
        path = self.cache / f"strip-motion-{self.digest[:16]}.npz"
        if not path.is_file():
            shape = (len(self), self.length - 1, *self.frames[0].rgb.shape[1:3])
            back, uncovered = np.empty((*shape, 2), np.float16), np.empty(shape, bool)
            for s, (scene, places) in enumerate(zip(self.scene, self.which, strict=True)):
                for k in range(self.length - 1):
                    found = self.frames[scene].move(int(places[k + 1]), int(places[k]))
                    back[s, k], uncovered[s, k] = found
            with files.atomic_path(path) as temporary, open(temporary, "wb") as file:
                np.savez(file, back=back, uncovered=uncovered)
        kept = files.read_arrays(path)
        return kept["back"], kept["uncovered"]

    def _gather(self, what: str) -> NDArray[Any]:
        return np.stack(
            [
                np.asarray(getattr(self.frames[s], what)[places])
                for s, places in zip(self.scene, self.which, strict=True)
            ]
        )


def scene_of(seed: int, camera_speed: float = 1.0) -> coast.Scene:
    """Return a coast whose camera alone moves faster.

    Its pan and its drift run through the same course in less time; clouds, waves and the camera's
    small sway keep theirs. Pictures and flow follow.

    Parameters
    ----------
    seed : int
        Which coast.
    camera_speed : float
        How many times as fast, above 0.

    Returns
    -------
    coast.Scene
        The scene.
    """
    scene = coast.Scene(seed)
    if camera_speed != 1:
        camera = dataclasses.replace(
            scene.camera,
            pan_period=scene.camera.pan_period / camera_speed,
            drift_period=scene.camera.drift_period / camera_speed,
        )
        scene.camera = camera
        scene._layers = tuple(
            dataclasses.replace(layer, camera=camera) if hasattr(layer, "camera") else layer  # type: ignore[type-var]
            for layer in scene._layers
        )
    return scene


def strips(
    seeds: Sequence[int],
    times: Sequence[float],
    lengths: Mapping[int | Fraction, int],
    color: ColorModel,
    anchor: str = "first",
    camera_speed: float = 1.0,
    size: tuple[int, int] = (HEIGHT, WIDTH),
    progress: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> dict[Fraction, Strips]:
    """Render strips of coasts at several rates, and look at every frame, or recall both.

    Parameters
    ----------
    seeds : sequence of int
        The scenes.
    times : sequence of float
        Seconds, of every scene; a strip for each. Rounded to 1/60.
    lengths : mapping
        Frames a second, each of which divides 60, to frames a strip.
    color : ColorModel
        What looks at the frames.
    anchor : {"first", "last"}
        Whether the times are those of the strips' first frames or of their last: pairs anchored
        at the last have, at every rate, the same second frame.
    camera_speed : float
        As for `scene_of`.
    size : tuple of int
        Height and width of the frames.
    progress : bool
        Show a bar.
    cache : path, optional
        Folder of what was rendered and seen; the user's cache folder by default.

    Returns
    -------
    dict
        Rate to its strips: those of the first scene, one a time, then the second scene's.

    Raises
    ------
    InputError
        For a rate that does not divide 60, no scene, or a cache that cannot be written.
    """
    root = files.ensure_folder(Path(cache) if cache is not None else default_cache())
    rates = {Fraction(rate): int(length) for rate, length in lengths.items()}
    wrong = [str(rate) for rate in rates if rate <= 0 or (MASTER / rate).denominator != 1]
    if wrong or not rates or not len(seeds) or not len(times):
        raise InputError(
            f"strips need scenes, times and rates that divide {MASTER}; received {len(seeds)} "
            f"scenes, {len(times)} times and the rates {', '.join(map(str, lengths)) or 'none'}."
        )
    at = np.array([round(MASTER * time) for time in times])
    ticks = {rate: _ticks(at, int(MASTER / rate), length, anchor) for rate, length in rates.items()}
    every = np.unique(np.concatenate([one.ravel() for one in ticks.values()]))
    renderer = _renderer()
    found = []
    for seed in tqdm(seeds, desc="strips", unit="scene", disable=not progress, delay=1):
        about = [int(seed), every.tolist(), camera_speed, list(size), renderer]
        scene = scene_of(seed, camera_speed)
        path = root / f"strip-coast-{seed}-{digest_of(about)[:16]}.npy"
        if not path.is_file():
            drawn = [scene.render(int(tick) / MASTER, *size) for tick in every]
            _write(path, np.stack(drawn))
        rgb = np.load(path, mmap_mode="r")
        seen = _look(path.with_suffix(""), rgb, color)
        move = functools.partial(_exact, scene, every, size)
        found.append(Frames(str(seed), every, rgb, move=move, **seen))
    result = {}
    for rate, one in ticks.items():
        which = np.tile(np.searchsorted(every, one), (len(seeds), 1))
        about = [[int(seed) for seed in seeds], one.tolist(), camera_speed, list(size), renderer]
        result[rate] = Strips(
            rate, camera_speed, tuple(found), np.repeat(np.arange(len(seeds)), len(times)), which,
            color, digest_of([*about, _identity(color)]), root,
        )  # fmt: skip
    return result


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
    """Cut strips out of clips, their frames squashed to one size.

    Parameters
    ----------
    clips : sequence of Clip
        From `datasets.open_clips`.
    ends : sequence of sequence of int
        For each clip the frames that its strips begin or end with, one or more.
    lengths : mapping
        Stride, in a clip's frames, to frames a strip.
    color, anchor, size, progress, cache
        As for `strips`.

    Returns
    -------
    dict
        Stride to its strips: those of the first clip, then those of the second. Their rate is the
        mean of the clips' over the stride.

    Raises
    ------
    InputError
        When a strip reaches beyond its clip, or the cache cannot be written.
    """
    root = files.ensure_folder(Path(cache) if cache is not None else default_cache())
    found: list[Frames] = []
    which: dict[int, list[NDArray[np.integer]]] = {stride: [] for stride in lengths}
    for clip, at in tqdm(
        list(zip(clips, ends, strict=True)), desc="clips", unit="clip", disable=not progress
    ):
        ticks = {s: _ticks(np.asarray(at), s, length, anchor) for s, length in lengths.items()}
        every = np.unique(np.concatenate([one.ravel() for one in ticks.values()]))
        if every[0] < 0 or every[-1] >= len(clip):
            raise InputError(
                f"{clip.name} has {len(clip)} frames; strips of the frames {every[0]} to "
                f"{every[-1]} do not fit."
            )
        small = np.stack([media.resize(np.asarray(clip.rgb[k]), *size) for k in every])
        digest = hashlib.sha256(small.data).hexdigest()
        path = (
            root / f"strip-{Path(clip.name).stem[:40]}-{digest_of([digest, list(size)])[:16]}.npy"
        )
        if not path.is_file():
            _write(path, small)
        rgb = np.load(path, mmap_mode="r")
        seen = _look(path.with_suffix(""), rgb, color)
        move = functools.partial(_estimated, rgb)
        found.append(Frames(clip.name, every, rgb, move=move, **seen))
        for stride, one in ticks.items():
            which[stride].append(np.searchsorted(every, one))
    scene = np.repeat(np.arange(len(clips)), [len(at) for at in ends])
    rate = sum((clip.rate for clip in clips), Fraction(0)) / len(clips)
    about = [[hashlib.sha256(one.rgb.tobytes()).hexdigest() for one in found], _identity(color)]
    return {
        stride: Strips(
            rate / stride, 1.0, tuple(found), scene, np.concatenate(one), color,
            digest_of([*about, np.concatenate(one).tolist()]), root,
        )
        for stride, one in which.items()
    }  # fmt: skip


def _ticks(at: NDArray[np.integer], step: int, length: int, anchor: str) -> NDArray[np.integer]:
    """Return when the frames of strips are, (strips, length)."""
    steps = step * np.arange(length)
    return np.asarray(at[:, None] + (steps if anchor == "first" else steps - steps[-1]))


def _exact(
    scene: coast.Scene, ticks: NDArray[np.integer], size: tuple[int, int], now: int, before: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a coast's own flow from one of its frames back to an earlier one."""
    found = scene.flow(int(ticks[now]) / MASTER, int(ticks[before]) / MASTER, *size)
    return found.flow, ~found.visible


def _estimated(
    rgb: NDArray[np.uint8], now: int, before: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Estimate the flow from one frame of a clip back to an earlier one."""
    first, second = (yuv.luma(np.asarray(rgb[k])) for k in (now, before))
    back = flow.dis(first, second)
    return back, ~flow.visible(back, flow.dis(second, first))


def _look(stem: Path, rgb: NDArray[np.uint8], color: ColorModel) -> dict[str, NDArray[Any]]:
    """Let the color model look at frames, or recall what it saw."""
    name = f"{stem.name}-{digest_of(_identity(color))[:8]}"
    paths = {what: stem.with_name(f"{name}-{what}.npy") for what in _KINDS}
    if not all(path.is_file() for path in paths.values()):
        parts: dict[str, list[NDArray[Any]]] = {what: [] for what in _KINDS}
        for first in range(0, len(rgb), AT_ONCE):
            y, uv = yuv.rgb_to_yuv(np.asarray(rgb[first : first + AT_ONCE]))
            features, outputs = color.look(y)
            labels = color.grid.encode(uv)
            guessed = [outputs[head].argmax(axis=-1) for head in "uv"]
            chances = [
                np.take_along_axis(checkpoints.softmax(outputs[head]), labels[..., k, None], -1)
                for k, head in enumerate("uv")
            ]
            parts["features"].append(features)
            parts["own"].append(checkpoints.chroma_of(color, outputs, saturation=1.0))
            parts["guessed"].append(np.stack(guessed, axis=-1))
            parts["nats"].append(-np.log(np.maximum(np.concatenate(chances, axis=-1), 1e-30)))
        for what, kind in _KINDS.items():
            _write(paths[what], np.concatenate(parts[what]).astype(kind))
    return {what: np.load(path, mmap_mode="r") for what, path in paths.items()}


def _identity(color: ColorModel) -> list[Any]:
    """Return what decides how a color model sees and colours a frame."""
    how = [color.card["decode"].get(key) for key in ("method", "temperature")]
    return [color.card["weights"]["sha256"], color.precision, *how]


def _renderer() -> str:
    """Return the digest of the renderer's code: when it changes, all is rendered again."""
    sources = sorted(Path(coast.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(one.read_bytes() for one in sources)).hexdigest()


def _write(path: Path, array: NDArray[Any]) -> None:
    with files.atomic_path(path, sync=False) as temporary, open(temporary, "wb") as file:
        np.save(file, array)


def digest_of(content: Any) -> str:
    """Return the SHA-256 of what JSON can hold, in hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
