"""Cliffs, hills, trees and boulders: textured upright sheets standing on the ground."""

from dataclasses import dataclass
from math import cos, sin

import numpy as np
import numpy.typing as npt

from .camera import Camera
from .noise import Array, band, colour, fbm, mix, ramp
from .palette import Mood

GREENS = tuple(colour(c) for c in ("2f4a1e", "5b7a33", "93a458"))


@dataclass(frozen=True)
class Board:
    """An upright plane through (x, z) turned by `turn`; its own coordinates are metres (w, y).

    Attributes
    ----------
    x, z : float
        World position of w = 0.
    turn : float
        Angle of the sheet: 0 faces the camera; positive recedes to the right, radians.
    left, right : float
        Ends of the sheet in w, metres.
    top : float
        Greatest height, metres.
    seed : float
        Where on the noise it lies.
    """

    camera: Camera
    mood: Mood
    x: float
    z: float
    turn: float
    left: float
    right: float
    top: float
    seed: float

    def locate(self, t: float, u: Array, v: Array) -> tuple[Array, Array, Array]:
        """Return (w, y, depth) where the direction meets the sheet; depth <= 0 is a miss."""
        c, s = cos(self.turn), sin(self.turn)
        side = u / self.camera.focal
        eye = self.camera.x(t) - self.x
        down = c - s * side
        depth = (c * self.z + s * eye) / np.where(np.abs(down) < 1e-4, 1e-4, down)
        w = c * (side * depth + eye) + s * (depth - self.z)
        return w, v * depth / self.camera.focal + self.camera.height, depth

    def sway(self, t: float, y: Array) -> Array:
        """Return how far wind or sailing has pushed the texture sideways at height y, metres."""
        return np.zeros_like(y)

    def silhouette(self, w: Array, width: Array) -> Array:
        """Return the height at w; `width` is a pixel in metres."""
        raise NotImplementedError

    def paint(self, t: float, w: Array, y: Array, width: Array) -> Array:
        """Return the lit colour (3, n) of surface points, without haze."""
        raise NotImplementedError

    def foot(self, w: Array) -> Array:
        """Return the height at which the sheet meets the ground."""
        return np.zeros_like(w)

    def cover(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Cover what lies between foot and silhouette."""
        alpha = np.zeros_like(u)
        near = self._box(t, u, v)
        w, y, depth = self.locate(t, u[near], v[near])
        w = w - self.sway(t, y)
        hit = np.flatnonzero(
            (depth > 1) & (w > self.left) & (w < self.right) & (y > -1) & (y < 1.1 * self.top)
        )
        if hit.size:
            width = p * depth[hit] / self.camera.focal
            alpha[near[hit]] = self.outline(w[hit], y[hit], width)
        return alpha

    def _box(self, t: float, u: Array, v: Array) -> npt.NDArray[np.intp]:
        """Return the directions that may meet the sheet: a quick test before the exact one."""
        if self.turn:
            above = v < self.camera.focal * 1.1 * self.top / min(abs(self.z), 30.0)
            return np.flatnonzero(above)
        corner_y = np.array([-1.0, 1.1 * self.top])
        push = self.sway(t, corner_y)
        ends = np.array([self.left + push.min(), self.right + push.max()]) + self.x
        (u0, u1), (v0, v1) = self.camera.project(t, ends, corner_y, self.z)
        return np.flatnonzero((u > u0) & (u < u1) & (v > v0) & (v < v1))

    def outline(self, w: Array, y: Array, width: Array) -> Array:
        """Return the coverage of surface points; `width` is a pixel in metres."""
        high = np.clip((self.silhouette(w, width) - y) / width + 0.5, 0, 1)
        return high * np.clip((y - self.foot(w)) / width + 0.5, 0, 1)

    def shade(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Paint and put the air in front."""
        w, y, depth = self.locate(t, u, v)
        width = p * depth / self.camera.focal
        rgb = self.paint(t, w - self.sway(t, y), y, width)
        return self.mood.air(np.maximum(rgb, 0).astype(np.float32), depth)

    def move(self, t0: float, t1: float, u: Array, v: Array) -> tuple[Array, Array]:
        """Follow the texture: the camera's parallax and the wind."""
        w, y, _ = self.locate(t0, u, v)
        w = w - self.sway(t0, y) + self.sway(t1, y)
        x, z = self.x + cos(self.turn) * w, self.z + sin(self.turn) * w
        return self.camera.project(t1, x, y, np.maximum(z, 1e-3))


@dataclass(frozen=True)
class Cliff(Board):
    """A rock wall with strata, cracks, ledges and turf on top, falling to the sea at one end.

    Attributes
    ----------
    rock : tuple
        Dark, middle and light colour.
    turf : float
        Thickness of the green on top, metres.
    tip : float
        +1 if the headland ends (falls to the sea) at `right`, -1 at `left`, 0 at both.
    lit : float
        Side the light comes from.
    """

    rock: tuple[Array, Array, Array]
    turf: float
    tip: float
    lit: float

    def silhouette(self, w: Array, width: Array) -> Array:
        """Return a plateau that steps down to the tip."""
        size = 0.75 * self.top
        rough = fbm(w / (2.2 * size) + self.seed, np.zeros_like(w), 5, width / (2.2 * size), 0, 0.5)
        height = self.top * (0.86 + 0.055 * rough)
        span = self.right - self.left
        for end, sign in ((self.right, 1.0), (self.left, -1.0)):
            if self.tip * sign >= 0:
                inside = sign * (end - w) + 0.16 * self.top * rough
                fall = 0.34 * min(self.top * 1.6, 0.5 * span)
                steep = ramp(0.0, fall, inside)
                height = height * (0.72 * steep + 0.28 * ramp(0, 0.5 * span, inside) * (steep > 0))
        return height

    def foot(self, w: Array) -> Array:
        """Return an uneven foot."""
        return 0.25 * band(w / 9.0, np.full_like(w, self.seed), 3)

    def paint(self, t: float, w: Array, y: Array, width: Array) -> Array:
        """Return strata, cracks and facets in sun and shade; turf above, wet rock below."""
        unit = self.top / 22.0
        s = self.seed
        warp = 0.5 * band(w / (22 * unit) + s, y / (16 * unit), 2)
        tilt = 0.12 * self.lit
        layer_y = (y + tilt * w) / unit
        f = width / unit
        strata = fbm(w / (30 * unit), layer_y / 1.9 + warp, 4, f / 30, f / 1.9, gain=0.75, layer=3)
        buttress = fbm(w / (7 * unit) + s, y / (24 * unit) + warp, 4, f / 7, f / 24, 0.6)
        shifted = fbm(
            w / (7 * unit) + s + 0.09 * self.lit, y / (24 * unit) + warp, 3, f / 7, f / 24, 0.6
        )
        crack = np.abs(band(w / (3.1 * unit) + 0.5 * warp, y / (11 * unit), 4))
        grit = fbm(w / (0.8 * unit), y / (0.7 * unit), 3, f / 0.8, f / 0.7, gain=0.85, layer=5)
        dark, middle, light = self.rock
        relief = np.clip(1.9 * (buttress - shifted) + 0.22 * buttress, -1, 1)
        tone = 0.5 + 0.30 * relief + 0.13 * strata + 0.10 * grit
        tone = tone - 0.22 * ramp(0.16, 0.0, crack) * np.exp(-f)
        rgb = mix(dark, middle, ramp(0.05, 0.5, tone))
        rgb = mix(rgb, light, ramp(0.45, 1.0, tone))
        rgb = rgb * (1 + 0.06 * strata * np.array([[1.0], [0.4], [-0.3]], np.float32))

        below = self.silhouette(w, width) - y
        green = mix(GREENS[0], GREENS[1], ramp(-1.2, 1.0, grit + 0.7 * buttress))
        green = mix(green, GREENS[2], 0.55 * ramp(0.3, 1.6, grit - 0.4 * strata))
        edge = self.turf * (1 + 0.7 * buttress + 0.45 * strata)
        turf = ramp(edge + 0.5 * unit, edge - 0.5 * unit, below)
        ledge = ramp(0.75, 1.35, strata + 0.55 * grit - 0.5 * relief) * ramp(2 * unit, 5 * unit, y)
        rgb = mix(rgb, green, np.maximum(turf, 0.6 * ledge * min(self.turf / unit, 1)))
        rgb = rgb * self.mood.light
        wet = ramp(1.9, 0.5, y + 0.35 * grit)
        rgb = rgb * (1 - 0.5 * wet)
        surge = 0.45 + 0.25 * np.sin(1.1 * t + 0.2 * w) + 0.22 * band(w / 3.0, y / 2.0, 1)
        return mix(rgb, self.mood.foam * 0.95, 0.85 * ramp(surge + 0.4, surge - 0.2, y))


@dataclass(frozen=True)
class Hill(Board):
    """A far range of hills or an island, half lost in the haze.

    Attributes
    ----------
    tint : ndarray
        Colour of its sunny slopes.
    bumps : float
        Length of its summits, metres.
    """

    tint: Array
    bumps: float

    def silhouette(self, w: Array, width: Array) -> Array:
        """Return rolling summits that end in the sea on both sides."""
        rough = fbm(w / self.bumps + self.seed, np.zeros_like(w), 5, width / self.bumps, 0, 0.36)
        span = self.right - self.left
        ends = ramp(0, 0.33 * span, w - self.left) * ramp(0, 0.33 * span, self.right - w)
        return self.top * np.clip(0.58 + 0.26 * rough, 0.06, 1.1) * np.sqrt(ends)

    def paint(self, t: float, w: Array, y: Array, width: Array) -> Array:
        """Return slopes with patches of wood and field."""
        size = self.bumps * 0.3
        slope = fbm(w / size + self.seed, y / (0.5 * size), 4, width / size, 2 * width / size, 0.7)
        rgb = mix(self.tint * 0.62, self.tint * 1.12, ramp(-2.0, 2.0, slope))
        return mix(rgb, rgb * 0.8, ramp(0.08, 0.0, y / self.top)) * self.mood.light


@dataclass(frozen=True)
class Trees(Board):
    """A belt of trees or shrubs: clumped crowns, bright above and dark below.

    Attributes
    ----------
    crown, wide : float
        Height and width of a crown, metres; wide where the belt is seen at a slant.
    leaves : tuple
        Dark, middle and light green.
    """

    crown: float
    wide: float
    leaves: tuple[Array, Array, Array]

    def silhouette(self, w: Array, width: Array) -> Array:
        """Return the outline of many crowns."""
        x = w / (2.6 * self.wide) + self.seed
        clump = 0.45 + 0.42 * np.tanh(1.6 * np.abs(band(x, np.full_like(x, 0.3), 1)))
        rough = fbm(w / self.wide, np.full_like(w, self.seed), 4, width / self.wide, 0, 0.65)
        span = self.right - self.left
        ends = ramp(0, 0.1 * span, w - self.left) * ramp(0, 0.1 * span, self.right - w)
        return self.top * (0.72 * clump + 0.06 * rough + 0.18) * np.sqrt(ends)

    def foot(self, w: Array) -> Array:
        """Return the ragged edge of the undergrowth."""
        x = w / (0.5 * self.wide)
        return 0.012 * self.top * (1.0 + fbm(x, w * 0 + self.seed, 4, gain=0.8, layer=2))

    def sway(self, t: float, y: Array) -> Array:
        """Bend a little in the wind."""
        bend = 0.012 * np.sin(1.3 * t + self.seed)
        return bend * np.maximum(y, 0)

    def paint(self, t: float, w: Array, y: Array, width: Array) -> Array:
        """Return sunlit crowns over dark gaps."""
        c = self.crown
        x, h = w / self.wide, y / (0.8 * c)
        clump = fbm(x, h, 6, width / self.wide, width / (0.8 * c), 0.84, 1)
        above = fbm(x, h + 0.2, 5, width / self.wide, width / (0.8 * c), 0.84, 1)
        lit = 0.3 * (clump - above) + 0.24 * clump + 0.4 * (y / self.top - 0.4)
        dark, middle, light = self.leaves
        rgb = mix(dark, middle, ramp(-0.8, 0.35, lit))
        rgb = mix(rgb, light, ramp(0.1, 1.1, lit))
        trunk = ramp(0.22, 0.0, y / self.top) * 0.45
        return rgb * (1 - trunk) * self.mood.light


@dataclass(frozen=True)
class Boulder(Board):
    """A rounded or jagged rock, lit from above, wet and foamy at its foot.

    Attributes
    ----------
    rock : tuple
        Dark, middle and light colour.
    lit : float
        Side the light comes from.
    afloat : float
        1 if it stands in the sea, 0 on sand.
    """

    rock: tuple[Array, Array, Array]
    lit: float
    afloat: float

    def silhouette(self, w: Array, width: Array) -> Array:
        """Return a jagged dome."""
        span = self.right - self.left
        across = np.clip(2 * (w - self.left) / span - 1, -1, 1)
        rough = fbm(2.1 * w / span + self.seed, np.zeros_like(w), 5, 2.1 * width / span, 0, 0.43)
        dome = (1 - np.abs(across) ** 2.4) ** 0.75
        return self.top * dome * np.clip(0.72 + 0.15 * rough, 0.2, 1.05)

    def foot(self, w: Array) -> Array:
        """Return an uneven foot."""
        x = 4.0 * w / (self.right - self.left)
        return 0.022 * self.top * fbm(x, w * 0 + self.seed, 4, gain=0.8, layer=3)

    def paint(self, t: float, w: Array, y: Array, width: Array) -> Array:
        """Return facets in sun and shade with cracks and lichen."""
        a, f, s = self.top, width / self.top, self.seed
        x, h = w / a + s, y / a
        lump = fbm(x * 1.7, h * 2.2, 6, 1.7 * f, 2.2 * f, 0.74)
        moved = fbm(x * 1.7 + 0.08 * self.lit, h * 2.2 + 0.13, 5, 1.7 * f, 2.2 * f, 0.74)
        grit = fbm(x * 13, h * 13, 3, 13 * f, 13 * f, gain=0.85, layer=4)
        crack = np.abs(band(x * 2.3 + 0.3 * lump, h * 1.5 + 0.3 * x, 3))
        below = np.maximum(self.silhouette(w, width) - y, 0) / a
        round_top = np.exp(-below / 0.16)
        across = 2 * (w - self.left) / (self.right - self.left) - 1
        tone = 0.36 + 0.16 * self.lit * across + 0.22 * (lump - moved) + 0.05 * lump
        tone = tone + 0.24 * round_top + 0.08 * grit
        tone = tone - 0.2 * ramp(0.13, 0.0, crack) - 0.14 * ramp(0.4, 0.0, h)
        dark, middle, light = self.rock
        rgb = mix(mix(dark, middle, ramp(0.0, 0.45, tone)), light, ramp(0.4, 0.95, tone))
        rgb = rgb * self.mood.light
        line = (0.28 if self.afloat else 0.1) * (1 + 0.3 * lump)
        rgb = rgb * (1 - 0.5 * ramp(line + 0.1, line - 0.1, h))
        surge = 0.10 + 0.07 * np.sin(1.4 * t + s) + 0.06 * lump
        white = ramp(surge + 0.08, surge - 0.08, h) * self.afloat
        return mix(rgb, self.mood.foam, 0.85 * white)
