"""The shoreline, the sea that travels towards it, and the water that runs up the beach.

Two rigid patterns cover the water, each with a motion known in closed form. The open sea with its
breakers moves shorewards, slower where it is shallow; the last strip of water, the swash, slides up
and down the sand with its edge. Glitter and the slow breathing of small waves change brightness
without moving anything.
"""

from dataclasses import dataclass
from math import cos, log, pi, sin

import numpy as np

from .camera import Camera
from .noise import Array, Number, band, fbm, mix, ramp
from .palette import Mood

_SLOW = 0.75
_SHELF = 25.0
_FAR = 25.0
_TURN = 8.0


@dataclass(frozen=True)
class Shore:
    """The line between sand and sea, and the clock of the waves.

    Positions are (along, out): metres along the shore and metres seawards of the mean waterline.

    Attributes
    ----------
    angle : float
        Direction of the sea: 0 is straight ahead, positive to the right, radians.
    distance : float
        Depth at which the shore crosses the middle of the picture, metres.
    bay, bay_size : float
        Depth and length of the shore's curves, metres.
    speed, spacing : float
        Of the waves: metres a second, metres.
    reach : float
        How far water runs up the sand, metres.
    seed : float
        Where on the noise this scene lies.
    """

    angle: float
    distance: float
    bay: float
    bay_size: float
    speed: float
    spacing: float
    reach: float
    seed: float

    def _curve(self, along: Number) -> Array:
        x = along / self.bay_size + self.seed
        return self.bay * (np.sin(x) + 0.35 * np.sin(2.7 * x + 1.0))

    def place(self, x: Number, z: Number) -> tuple[Array, Array]:
        """Turn world (x, z) into (along, out)."""
        c, s = cos(self.angle), sin(self.angle)
        along = x * c - (z - self.distance) * s
        return np.asarray(along), x * s + (z - self.distance) * c - self._curve(along)

    def world(self, along: Number, out: Number) -> tuple[Array, Array]:
        """Turn (along, out) into world (x, z)."""
        c, s = cos(self.angle), sin(self.angle)
        straight = out + self._curve(along)
        return along * c + straight * s, self.distance - along * s + straight * c

    def stretched(self, out: Array) -> Array:
        """Return the distance in which all waves run equally fast."""
        out = np.maximum(out, 0.0)
        return out + _SHELF * np.log1p(-_SLOW * np.exp(-out / _SHELF))

    def unstretched(self, way: Array) -> Array:
        """Undo `stretched`."""
        way = np.maximum(way, 0.999 * _SHELF * log(1 - _SLOW))
        return way + _SHELF * np.log1p(_SLOW * np.exp(-way / _SHELF))

    def phase(self, t: float, along: Array, out: Array) -> Array:
        """Return the wave number: crests lie at whole numbers, waves come in from above."""
        way = (self.stretched(out) + self.speed * t) / self.spacing
        x = along / 31.0 + self.seed
        return way + 0.5 * np.sin(x) + 0.22 * np.sin(3.1 * x) + 0.07 * np.sin(11.3 * x)

    def edge(self, t: float, along: Array) -> Array:
        """Return where the water ends (<= 0): it rushes up as a crest arrives, then drains."""
        phase = self.phase(t, along, np.zeros_like(along))
        beat = 0.5 - 0.5 * np.cos(2 * pi * phase + 0.6 * np.sin(2 * pi * phase))
        slow = 0.8 + 0.2 * np.sin(0.23 * 2 * pi * phase + along / 17.0)
        x = along / 2.6 + self.seed
        lobes = 0.85 + 0.1 * np.sin(x) + 0.06 * np.sin(2.3 * x + 1) + 0.03 * np.sin(6.1 * x)
        return -self.reach * beat * slow * lobes


def lace(x: Array, y: Array, fx: Array | float, fy: Array | float) -> Array:
    """Return the veins of foam: 1 on a vein, 0 in the holes."""
    cells = np.abs(fbm(x, y, 3, fx, fy, gain=0.6, layer=1))
    blur = np.minimum(np.hypot(fx, fy) * 1.2, 1.0)
    return mix(1.0 - ramp(0.08, 0.5, cells), np.full_like(cells, 0.42), blur)


@dataclass(frozen=True)
class Water:
    """What the sea and the swash share."""

    camera: Camera
    mood: Mood
    shore: Shore

    def _locate(self, t: float, u: Array, v: Array) -> tuple[Array, Array, Array]:
        x, z = self.camera.ground(t, u, v)
        along, out = self.shore.place(x, z)
        return along, out, z

    def _footprints(self, z: Array, p: float) -> tuple[Array, Array]:
        across = p * z / self.camera.focal
        depth = across * z / self.camera.height
        c, s = abs(cos(self.shore.angle)), abs(sin(self.shore.angle))
        return np.hypot(across * c, depth * s), np.hypot(across * s, depth * c)

    def sun_path(self, u: Array, v: Array) -> Array:
        """Return how strongly a smooth wet surface mirrors a low sun."""
        m = self.mood
        low = m.glitter * float(m.sun[1] < 0.2)
        return low * np.exp(-(((u - m.sun[0]) / (0.06 + 0.2 * np.minimum(-v, 0.6))) ** 2))


class Sea(Water):
    """The open sea with breakers; everything but shimmer travels shorewards with the waves."""

    def cover(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Cover everything below the horizon."""
        return np.clip(-v / p + 0.5, 0.0, 1.0)

    def move(self, t0: float, t1: float, u: Array, v: Array) -> tuple[Array, Array]:
        """Move the wave pattern shorewards."""
        along, out, _ = self._locate(t0, u, v)
        way = self.shore.stretched(out) - self.shore.speed * (t1 - t0)
        x, z = self.shore.world(along, self.shore.unstretched(way))
        return self.camera.project(t1, x, np.zeros_like(x), np.maximum(z, 1e-3))

    def _chop(self, t: float, along: Array, way: Array, f_along: Array, f_way: Array) -> Array:
        """Return the slope of the small waves, fading where they are too small to see."""
        total = np.zeros_like(way)
        power = np.full_like(way, 0.05)
        for i, size in enumerate((0.55, 1.4, 3.6, 9.0, 24.0)):
            x, y = along / (2.2 * size), way / size
            width = (f_way / size) ** 2 + (0.35 * f_along / size) ** 2
            fade = np.exp(-2.2 * np.minimum(width, 12.0))
            if float(fade.max(initial=0.0)) < 0.03:
                continue
            breath = 0.8 + 0.28 * np.sin((1.7 - 0.3 * i) * t + 1.3 * y)
            total += fade * breath * band(x + 0.17 * y, y + 0.2 * i, i)
            power += fade * fade
        return total / np.sqrt(power)

    def _dashes(self, t: float, x: Array, z: Array, v: Array, p: float) -> Array:
        """Return the streaks of far waves, whose troughs hide behind their crests.

        They grow finer with distance, so a pattern cannot travel for ever: two of them take turns,
        each travelling from the moment it faded in.
        """
        total = np.zeros_like(z)
        far = np.flatnonzero(z > _FAR)
        x, z, v = x[far], z[far], v[far]
        fades = [
            gain * np.exp(-2.4 * np.minimum((26.0 * 0.5**i * p / np.maximum(-v, 1e-5)) ** 2, 20.0))
            for i, gain in enumerate((0.8, 0.6, 0.5))
        ]
        dashes = np.zeros_like(z)
        for turn in (0.0, 0.5):
            count, part = divmod(t / _TURN + turn, 1.0)
            way = self.shore.speed * _TURN * (part - 0.5)
            from_x, from_z = x + way * sin(self.shore.angle), z + way * cos(self.shore.angle)
            a = 17.0 * self.camera.focal * from_x / from_z + (7.31 * count + 3.7 * turn) % 20.0
            b = 26.0 * np.log(from_z)
            for i, fade in enumerate(fades):
                dashes += sin(pi * part) * fade * band(a * 0.5**i, b * 0.5**i, 3 + i)
        total[far] = dashes * ramp(_FAR, 3.6 * _FAR, z)
        return total

    def shade(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Return water by depth and angle, chop, breakers, whitecaps, glitter and haze."""
        m, shore = self.mood, self.shore
        x, z = self.camera.ground(t, u, v)
        along, out = shore.place(x, z)
        way = shore.stretched(out) + shore.speed * t
        f_along, f_out = self._footprints(z, p)
        f_way = f_out / (1.0 - _SLOW * np.exp(-np.maximum(out, 0) / _SHELF))
        slope = self._chop(t, along, way, f_along, f_way) * m.chop
        slope += self._dashes(t, x, z, v, p) * m.chop * 0.9

        patch = fbm(along / 90, out / 55, 2, f_along / 90, f_out / 55, layer=2)
        depth = np.maximum(out * (1 + 0.22 * patch) + 3.0 * patch, 0.0) / m.shelf
        edge, shallow, middle, deep = m.sea
        rgb = mix(edge, shallow, 1 - np.exp(-2.0 * depth))
        rgb = mix(rgb, middle, ramp(0.5, 2.6, depth))
        rgb = mix(rgb, deep, ramp(1.8, 8.0, depth))
        mirror = 0.10 + 0.42 * np.exp(v / 0.10) + 0.2 * (m.sun[1] < 0.2)
        rgb = mix(rgb, m.sky(0.10 - 0.7 * v), np.clip(mirror + 0.10 * slope, 0.02, 0.8))
        rgb = rgb * (1 + 0.10 * slope + 0.05 * patch * ramp(40, 300, z))

        rgb = self._breakers(t, rgb, along, out, way, f_along, f_way)
        caps = ramp(2.15 - 0.28 * m.chop * m.surf, 3.0, slope) * ramp(25, 60, out)
        rgb = mix(rgb, m.foam, 0.75 * caps * np.exp(-z / 400))
        rgb = m.air(rgb, 0.6 * np.minimum(z, 6000))
        return self._glitter(rgb, t, u, v, slope)

    def _breakers(
        self, t: float, rgb: Array, along: Array, out: Array, way: Array, fa: Array, fw: Array
    ) -> Array:
        """Add wave faces, lips and foam: a dark face shorewards of each crest, white behind."""
        m, shore = self.mood, self.shore
        near = np.flatnonzero(out < 75.0 * (0.6 + 0.4 * m.surf))
        if not near.size:
            return rgb
        along, out, way, fa, fw = (a[near] for a in (along, out, way, fa, fw))
        phase = shore.phase(t, along, out) + 0.045 * band(along / 3.0, way / 6.0, 2)
        number = np.round(phase)
        lag = phase - number
        soft = np.minimum(fw / shore.spacing, 0.4)
        run = band(along / 38.0, number * 0.73 + shore.seed, 3)
        grown = ramp(80.0, 30.0, out + 9 * run) * min(m.surf, 1.2)
        broken = np.minimum(ramp(46.0, 20.0, out + 15.0 * run) * m.surf, 1.0)
        width = 0.035 + 0.16 * broken + soft * 0.4
        face = np.exp(-(((lag + 0.07) / (0.06 + soft)) ** 2)) * grown
        lip = ramp(-0.035 - soft, 0.01, lag) * np.exp(-np.maximum(lag, 0) / width)
        froth = fbm(along / 1.9, way / 1.1, 4, fa / 1.9, fw / 1.1, gain=0.7, layer=4)
        tail = lace(along / 2.9, way / 2.1, fa / 2.9, fw / 2.1)
        trail = np.exp(-np.maximum(lag, 0) / 0.34) * (lag > -0.03) + 0.35 * ramp(30, 8, out)
        white = lip * broken * ramp(-1.7, -0.1, froth + 2.8 * lip * broken - 0.6)
        white = np.maximum(white, 0.75 * np.minimum(trail, 1) * tail * broken)
        white = np.maximum(white, 0.65 * lip * grown * ramp(-0.2, 1.0, froth + lip))
        local = rgb[:, near]
        local = local * (1 - 0.34 * face)
        local = mix(local, m.sea[1] * 0.92, 0.3 * face)
        tone = m.foam * np.clip(0.93 + 0.06 * froth, 0.72, 1.05)
        rgb[:, near] = mix(local, tone, np.clip(white, 0, 1) * 0.95)
        return rgb

    def _glitter(self, rgb: Array, t: float, u: Array, v: Array, slope: Array) -> Array:
        """Add the sun's path: brightness only, it stays under the sun."""
        m = self.mood
        if m.glitter <= 0:
            return rgb
        wide = 0.05 + 0.34 * np.minimum(-v, 0.6) + 0.04 * m.chop
        column = np.exp(-(((u - m.sun[0]) / wide) ** 2))
        spark = ramp(0.25, 1.9, slope + 0.9 * np.exp(v / 0.05))
        low = 1.0 - ramp(0.05, 0.5, np.full_like(v, m.sun[1]))
        strength = m.glitter * column * (0.18 * low + spark * (0.35 + 0.65 * low))
        return mix(rgb, m.sun_colour, np.clip(strength, 0, 0.95))


class Swash(Water):
    """The last strip of water: clear over the sand, laced with foam, sliding with its edge."""

    def _inside(self, t: float, along: Array, out: Array) -> Array:
        return out - self.shore.edge(t, along)

    def cover(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Cover the strip behind the edge, blending into the sea."""
        along, out, z = self._locate(t, u, v)
        inside = self._inside(t, along, out)
        _, width = self._footprints(z, p)
        front = np.clip(inside / (width + 0.02) + 0.5, 0, 1)
        back = ramp(1.9 * self.shore.reach, 1.3 * self.shore.reach, inside)
        return front * back * (v < 0)

    def move(self, t0: float, t1: float, u: Array, v: Array) -> tuple[Array, Array]:
        """Slide with the edge."""
        along, out, _ = self._locate(t0, u, v)
        out = out + self.shore.edge(t1, along) - self.shore.edge(t0, along)
        x, z = self.shore.world(along, out)
        return self.camera.project(t1, x, np.zeros_like(x), np.maximum(z, 1e-3))

    def shade(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Return clear water over sand with a white rim and veins of foam."""
        m, shore = self.mood, self.shore
        along, out, z = self._locate(t, u, v)
        f_along, f_out = self._footprints(z, p)
        inside = np.maximum(self._inside(t, along, out), 0.0)
        deep = 1 - np.exp(-inside / (0.9 * shore.reach))
        rgb = mix(m.sand * 0.66 * m.light, m.sea[0], 0.25 + 0.75 * deep)
        rgb = mix(rgb, m.sky(0.02 - 0.3 * v), 0.22)
        rgb = mix(rgb, m.sun_colour, 0.6 * self.sun_path(u, v))
        ripple = band(along / 1.6, inside / 0.5, 1)
        rgb = rgb * (1 + 0.05 * ripple * np.exp(-f_out))
        veins = lace(along / 1.5, inside / 1.0, f_along / 1.5, f_out / 1.0)
        fine = lace(along / 0.55, inside / 0.4, f_along / 0.55, f_out / 0.4)
        rim = np.exp(-((inside / (0.28 + 0.5 * f_out)) ** 2))
        rim = rim * (0.7 + 0.3 * band(along / 1.1, inside, 2))
        patchy = ramp(-0.7, 0.9, band(along / 7.0 + shore.seed, inside / 5.0, 5))
        body = (0.35 + 0.65 * patchy) * ramp(2.2 * shore.reach, 0.3 * shore.reach, inside)
        white = np.maximum(rim, body * np.clip(0.85 * veins + 0.35 * fine, 0, 1))
        return mix(rgb, m.foam * 0.98, np.clip(white, 0, 0.95) * min(0.75 + 0.3 * m.surf, 1))
