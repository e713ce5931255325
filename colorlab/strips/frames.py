"""Frames of a scene, and strips of them that follow each other at one rate."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import digests, files, yuv
from colorlab.checkpoints import ColorModel

HEIGHT, WIDTH = 64, 112
"""Of the frames, pixels."""


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
        digest = digests.of_json([self.digest, "frames", *chosen.indices(self.length)])
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
        digest = digests.of_json([self.digest, "rows", *map(int, chosen)])
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


def ticks_of(at: NDArray[np.integer], step: int, length: int, anchor: str) -> NDArray[np.integer]:
    """Return when the frames of strips are, (strips, length)."""
    steps = step * np.arange(length)
    return np.asarray(at[:, None] + (steps if anchor == "first" else steps - steps[-1]))
