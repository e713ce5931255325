"""A coastal scene: what stands where, drawn as pictures and as optical flow."""

from dataclasses import dataclass
from math import ceil
from numbers import Integral, Real
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .camera import Camera
from .compose import compose
from .land import Trees
from .noise import Array
from .props import Palm
from .sea import Sea, Swash
from .sky import Clouds, Sky

REGIONS = ("other", "sky", "water", "foliage")
"""What `Scene.regions` tells apart; its numbers are places in this list."""

_ROWS = 160
_STRIP = 40_000
_BUDGET = 400_000
_LIMIT = 1 << 27
_DAY = 1e5
_REGION = {Sky: 1, Clouds: 1, Sea: 2, Swash: 2, Trees: 3, Palm: 3}


class Layer(Protocol):
    """One surface of the world, given for directions (u, v) at time t; p is a pixel's size."""

    def cover(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Return how much of each pixel it covers, 0 to 1."""

    def shade(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Return its colour (3, n)."""

    def move(self, t0: float, t1: float, u: Array, v: Array) -> tuple[Array, Array]:
        """Return where the surface points seen at t0 are seen at t1."""


@dataclass(frozen=True)
class Flow:
    """Optical flow between two frames.

    Attributes
    ----------
    flow : ndarray of float32, shape (H, W, 2)
        (dx, dy) in pixels, right and down, from a pixel of the first frame to where its surface
        point is in the second.
    visible : ndarray of bool, shape (H, W)
        Whether that point is inside the second frame and not hidden there.
    """

    flow: npt.NDArray[np.float32]
    visible: npt.NDArray[np.bool_]


class Scene:
    """A small procedural coast, a function of continuous time.

    Parameters
    ----------
    seed : int
        Which coast, 0 or more. Seven following seeds (0 to 6, 7 to 13, …) hold each kind once:
        beach, cliffs, sunset, lagoon, overcast, rocky, dusk.

    Raises
    ------
    InputError
        If the seed is not a whole number of at least 0.

    Notes
    -----
    The picture is a stack of surfaces. Each has a texture fixed to it and a motion known in closed
    form, so the optical flow is exact: it is the motion of the surface's texture.

    What moves: everything with the camera (a slow pan of directions, and a sideways drift that
    shifts near things more than far ones), clouds with the wind, the boat along its course, palms
    and trees in the wind. **Water** is seen as a pattern: waves, whitecaps, breakers and their foam
    travel towards the shore (slower in the shallows), and their flow is the travel of that pattern,
    not the drift of the water, which stays. The last strip of water slides up and down the beach,
    and its flow is the sliding of the foam.

    What only changes brightness, with no motion of its own: the breathing of small waves, the sun's
    glitter, the surge of foam at the foot of rocks, a wave that grows and breaks as it comes in,
    the tint of water by depth, and the sky in wet sand.
    """

    def __init__(self, seed: int) -> None:
        if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
            raise InputError(f"a coast's seed is a whole number of at least 0; got {seed!r}")
        self.seed: int = int(seed)
        plan = compose(self.seed)
        self.kind: str = plan.kind
        self.camera: Camera = plan.camera
        self._layers: tuple[Layer, ...] = plan.layers
        self._features: list[str] = plan.features

    def describe(self) -> dict[str, Any]:
        """Return the kind, the seed and the list of features of the scene."""
        return {"kind": self.kind, "seed": self.seed, "features": list(self._features)}

    def render(self, t: float, height: int, width: int) -> npt.NDArray[np.uint8]:
        """Draw the scene.

        Parameters
        ----------
        t : float
            Time in seconds, from -1e5 to 1e5 (about a day either way).
        height, width : int
            Size in pixels. The picture's height always shows the same part of the world; a wider
            picture shows more to both sides. Small pictures are drawn larger and averaged.

        Returns
        -------
        ndarray of uint8, shape (height, width, 3)
            RGB, gamma-encoded.

        Raises
        ------
        InputError
            If the time is not a number in that range or a size is not a whole number of at least 1.
        """
        t = _time(t)
        height, width = _size(height, width)
        fine = ceil(_ROWS / height)
        while fine > 1 and fine * fine * height * width > _BUDGET:
            fine -= 1
        u, v = self._directions(t, height * fine, width * fine, np.float32)
        picture = np.empty((height, width, 3), np.uint8)
        strip = max(1, _STRIP // (width * fine * fine))
        for top in range(0, height, strip):
            rows = slice(top * fine, min(top + strip, height) * fine)
            part = self._paint(t, u, v[rows], 1.0 / (height * fine))
            part = part.reshape(3, -1, fine, width, fine).mean(axis=(2, 4))
            picture[top : top + strip] = np.rint(np.moveaxis(part, 0, -1) * 255)
        return picture

    def regions(self, t: float, height: int, width: int) -> npt.NDArray[np.uint8]:
        """Tell what each pixel shows.

        Parameters
        ----------
        t : float
            Time in seconds, as for `render`.
        height, width : int
            Size in pixels.

        Returns
        -------
        ndarray of uint8, shape (height, width)
            Places in `REGIONS` of what is foremost at each pixel's centre. The sky has its clouds,
            water the foam that runs up the beach, foliage trees and palms; far hills and grass,
            green or not, are other.

        Raises
        ------
        InputError
            As for `render`.
        """
        t = _time(t)
        height, width = _size(height, width)
        columns, lines = self._directions(t, height, width, np.float64)
        kinds = np.array([_REGION.get(type(layer), 0) for layer in self._layers], np.uint8)
        found = np.empty((height, width), np.uint8)
        rows = max(1, _STRIP // width)
        for top in range(0, height, rows):
            part = slice(top, min(top + rows, height))
            u, v = (a.ravel() for a in np.meshgrid(columns, lines[part]))
            found[part] = kinds[self._front(t, u, v, 1.0 / height)].reshape(-1, width)
        return found

    def flow(self, t0: float, t1: float, height: int, width: int) -> Flow:
        """Return the exact optical flow from the frame at t0 to the frame at t1.

        Parameters
        ----------
        t0, t1 : float
            Times in seconds, as for `render`; t1 may be before t0.
        height, width : int
            Size of the frames in pixels.

        Returns
        -------
        Flow
            The motion of the texture of the foremost surface at each pixel's centre, and whether
            that point is still to be seen. See the class's notes for what this means on water.

        Raises
        ------
        InputError
            As for `render`.
        """
        t0, t1 = _time(t0), _time(t1)
        height, width = _size(height, width)
        p = 1.0 / height
        rows = max(1, _STRIP // width)
        columns, lines = self._directions(t0, height, width, np.float64)
        flow = np.empty((height, width, 2), np.float32)
        visible = np.empty((height, width), bool)
        pan0, pan1 = self.camera.offset(t0), self.camera.offset(t1)
        for top in range(0, height, rows):
            part = slice(top, min(top + rows, height))
            u, v = (a.ravel() for a in np.meshgrid(columns, lines[part]))
            front = self._front(t0, u, v, p)
            new_u, new_v = u.copy(), v.copy()
            for k in np.unique(front):
                here = front == k
                new_u[here], new_v[here] = self._layers[k].move(t0, t1, u[here], v[here])
            dx = (new_u - u - (pan1[0] - pan0[0])) * height
            dy = -(new_v - v - (pan1[1] - pan0[1])) * height
            row, column = np.divmod(np.arange(u.size), width)
            row = row + top
            inside = (np.abs(column + dx - (width - 1) / 2) <= width / 2) & (
                np.abs(row + dy - (height - 1) / 2) <= height / 2
            )
            seen = inside.copy()
            seen[inside] = self._front(t1, new_u[inside], new_v[inside], p) == front[inside]
            flow[part] = np.stack([dx, dy], axis=-1).reshape(-1, width, 2)
            visible[part] = seen.reshape(-1, width)
        return Flow(flow, visible)

    def _directions(self, t: float, height: int, width: int, dtype: type) -> tuple[Array, Array]:
        """Return u of the columns and v of the rows."""
        right, up = self.camera.offset(t)
        u = (np.arange(width) + 0.5 - width / 2) / height + right
        v = self.camera.horizon - (np.arange(height) + 0.5) / height + up
        return u.astype(dtype), v.astype(dtype)

    def _paint(self, t: float, columns: Array, lines: Array, p: float) -> Array:
        """Return (3, rows, columns) in [0, 1], drawn from the front so nothing hidden is drawn."""
        u, v = (np.ascontiguousarray(a).ravel() for a in np.meshgrid(columns, lines))
        rgb = np.zeros((3, u.size), np.float32)
        left = np.ones(u.size, np.float32)
        for layer in reversed(self._layers):
            open_ = np.flatnonzero(left > 0.004)
            if not open_.size:
                break
            weight = layer.cover(t, u[open_], v[open_], p) * left[open_]
            drawn = weight > 0.002
            here, weight = open_[drawn], weight[drawn]
            if here.size:
                rgb[:, here] += layer.shade(t, u[here], v[here], p) * weight
                left[here] -= weight
        return np.clip(rgb, 0, 1).reshape(3, lines.size, columns.size)

    def _front(self, t: float, u: Array, v: Array, p: float) -> npt.NDArray[np.intp]:
        """Return the index of the foremost layer that covers at least half a pixel."""
        front = np.zeros(u.size, np.intp)
        left = np.arange(u.size)
        for k in range(len(self._layers) - 1, 0, -1):
            if not left.size:
                break
            covered = self._layers[k].cover(t, u[left], v[left], p) >= 0.5
            front[left[covered]] = k
            left = left[~covered]
        return front


def _time(t: float) -> float:
    if isinstance(t, bool) or not isinstance(t, Real) or not abs(t) <= _DAY:
        raise InputError(f"a time is a number of seconds from {-_DAY:g} to {_DAY:g}; got {t!r}")
    return float(t)


def _size(height: int, width: int) -> tuple[int, int]:
    for name, value in (("height", height), ("width", width)):
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise InputError(f"the {name} is a whole number of pixels, at least 1; got {value!r}")
    if height * width > _LIMIT:
        raise InputError(f"at most {_LIMIT} pixels can be drawn; got {height} x {width}")
    return int(height), int(width)
