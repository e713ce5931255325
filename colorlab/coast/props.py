"""Palms, a sailing boat, parasols and a dune with grass: sheets with a drawn outline."""

from dataclasses import dataclass
from math import pi

import numpy as np

from .land import GREENS, Board
from .noise import Array, Number, band, colour, fbm, mix, ramp

_FRONDS = 15


def _random(index: Number, salt: float) -> Array:
    """Return repeatable numbers in [0, 1) for whole numbers."""
    value: Array = np.sin(index * 12.9898 + salt * 78.233) * 4375.85
    return value - np.floor(value)


@dataclass(frozen=True)
class Palm(Board):
    """A coconut palm: a leaning trunk and a crown of feathered fronds, swaying in the wind.

    Attributes
    ----------
    lean : float
        How far the crown hangs out, metres.
    """

    lean: float

    def sway(self, t: float, y: Array) -> Array:
        """Bend more the higher up."""
        gust = np.sin(0.9 * t + self.seed) + 0.4 * np.sin(2.3 * t + 2 * self.seed)
        return 0.02 * self.top * gust * np.clip(y / self.top, 0, 2) ** 2

    def _trunk(self, w: Array, y: Array, width: Array) -> Array:
        high = np.clip(y / (0.78 * self.top), 0, 1)
        half = 0.013 * self.top * (1.25 - 0.55 * high) + 0.02 * self.top * np.exp(-high * 14)
        off = np.abs(w - self.lean * high**1.8)
        return np.clip((half - off) / width + 0.5, 0, 1) * (y < 0.79 * self.top) * (y > 0)

    def _fronds(self, w: Array, y: Array, width: Array) -> tuple[Array, Array]:
        """Return coverage and brightness of the crown, drawn from back to front."""
        cover, tone = np.zeros_like(w), np.zeros_like(w)
        dx, dy = w - self.lean, y - 0.78 * self.top
        for k in range(_FRONDS):
            r1, r2, r3 = (float(_random(float(k), self.seed + i)) for i in range(3))
            angle = pi * (-0.16 + 1.32 * (k * 7 % _FRONDS + r1) / _FRONDS)
            size = self.top * (0.30 + 0.10 * r2) * (0.75 + 0.25 * abs(np.cos(angle)))
            c, s = np.cos(angle), np.sin(angle)
            along, side = (dx * c + dy * s) / size, (dy * c - dx * s) / size
            here = np.flatnonzero((along > 0) & (along < 1) & (np.abs(side) < 1.3))
            if not here.size:
                continue
            along, side, pixel = along[here], side[here], width[here] / size
            reach = np.clip(along, 0, 1)
            bend = side + c * (0.62 + 0.5 * r3) * reach**2
            half = 0.15 * np.sin(pi * (0.04 + 0.96 * reach) ** 0.62) + 0.008
            comb = np.abs(((along - 0.75 * np.abs(bend)) * 19 + r1) % 1.0 - 0.5) * 2
            blur = np.minimum(pixel * 19, 1.0)
            open_ = mix(ramp(0.30, 0.75, comb + 0.55 - 0.75 * np.abs(bend) / half), 0.62, blur)
            leaf = np.clip((half - np.abs(bend)) / pixel + 0.5, 0, 1) * open_
            rib = np.clip((0.008 - np.abs(bend)) / pixel + 0.5, 0, 1)
            alpha = np.maximum(leaf, rib)
            shade = 0.30 + 0.30 * np.clip(s, -0.3, 1) + 0.25 * r2 + 1.3 * bend * np.sign(c)
            shade = shade + 0.15 * (comb - 0.5) * (1 - blur) + 0.3 * (rib > 0.5)
            tone[here] = mix(tone[here], shade, alpha)
            cover[here] = np.maximum(cover[here], alpha)
        return cover, tone

    def outline(self, w: Array, y: Array, width: Array) -> Array:
        """Cover trunk and fronds."""
        cover = self._trunk(w, y, width)
        crown = np.flatnonzero(y > 0.3 * self.top)
        if crown.size:
            leaves, _ = self._fronds(w[crown], y[crown], width[crown])
            cover[crown] = np.maximum(cover[crown], leaves)
        return cover

    def paint(self, t: float, w: Array, y: Array, width: Array) -> Array:
        """Return a ringed grey-brown trunk and green fronds."""
        cover, tone = self._fronds(w, y, width)
        rings = band(y / (0.035 * self.top), w * 0 + self.seed, 2)
        high = np.clip(y / (0.78 * self.top), 0, 1)
        across = (w - self.lean * high**1.8) / (0.018 * self.top)
        bark = colour("8a7d6c") * (0.88 + 0.05 * rings + 0.3 * np.clip(across, -1, 1))
        leaf = mix(colour("24401a"), colour("64863a"), ramp(0.05, 0.65, tone))
        leaf = mix(leaf, colour("b4bc62"), 0.8 * ramp(0.6, 1.0, tone))
        return mix(bark, leaf, ramp(0.02, 0.2, cover)) * self.mood.light


@dataclass(frozen=True)
class Boat(Board):
    """A sailing boat that tacks to and fro and bobs (its bobbing is part of its motion).

    Attributes
    ----------
    tack, period : float
        Half the length of its course in metres, and its period in seconds.
    hull : ndarray
        Colour of the hull.
    """

    tack: float
    period: float
    hull: Array

    def sway(self, t: float, y: Array) -> Array:
        """Sail, and heel with the swell."""
        way = self.tack * np.sin(2 * pi * t / self.period + self.seed)
        return way + 0.03 * np.sin(1.1 * t + self.seed) * y

    def _parts(self, w: Array, y: Array, width: Array) -> tuple[Array, Array, Array]:
        size = self.top

        def inside(*edges: Array) -> Array:
            nearest = edges[0]
            for edge in edges[1:]:
                nearest = np.minimum(nearest, edge)
            return np.clip(nearest / width + 0.5, 0, 1)

        x, h = w / size, y / size
        deck = 0.085 + 0.03 * x
        hull = inside((deck - h) * size, h * size, (0.3 - np.abs(x - 0.02) + 0.7 * h - 0.05) * size)
        main = inside((0.03 - x) * size, (x + 0.27 - 0.28 * h) * size, (h - 0.14) * size,
                      (0.97 - h + 3.1 * (x - 0.03) + 0.25 * (0.03 - x)) * size)  # fmt: skip
        jib = inside((x - 0.045) * size, (0.80 - h - 2.35 * (x - 0.045)) * size, (h - 0.12) * size)
        mast = inside((0.009 - np.abs(x - 0.037)) * size, (1.0 - h) * size, h * size)
        return hull, np.maximum(main, jib), mast

    def outline(self, w: Array, y: Array, width: Array) -> Array:
        """Cover hull, sails and mast."""
        return np.maximum.reduce(self._parts(w, y, width))

    def paint(self, t: float, w: Array, y: Array, width: Array) -> Array:
        """Return white sails over the hull."""
        hull, sail, _ = self._parts(w, y, width)
        x, h = w / self.top, y / self.top
        seams = 0.04 * np.sin(h * 40) * np.exp(-width / self.top * 20)
        cloth = colour("f6f3ea") * (0.93 + 0.22 * x + seams - 0.12 * (x > 0.045))
        rgb = mix(colour("6a5a48") + 0 * x, cloth, ramp(0.2, 0.6, sail))
        body = self.hull * (0.8 + 2.4 * h) + 0 * x
        body = np.where(np.abs(h - 0.075) < 0.012, colour("f0ece0"), body)
        return mix(rgb, body, ramp(0.3, 0.6, hull)) * np.minimum(self.mood.light * 1.05, 1.1)


@dataclass(frozen=True)
class Parasol(Board):
    """A striped beach umbrella.

    Attributes
    ----------
    first, second : ndarray
        Colours of its stripes.
    """

    first: Array
    second: Array

    def _canopy(self, w: Array, y: Array) -> tuple[Array, Array]:
        """Return (across, height above the rim), in radii, of the tilted canopy."""
        size, tilt = 0.56 * self.top, 0.16 * np.sign(self.seed - 50)
        x, h = w / size, (y - 0.66 * self.top) / size
        return x + tilt * h, h - tilt * x

    def outline(self, w: Array, y: Array, width: Array) -> Array:
        """Cover canopy and pole."""
        x, h = self._canopy(w, y)
        size = 0.56 * self.top
        rim = 0.035 * np.abs(np.sin(pi * 4 * np.arcsin(np.clip(x, -1, 1)) / pi))
        dome = np.minimum(0.56 * np.sqrt(np.maximum(1 - x * x, 0)) - h, h + rim) * (np.abs(x) < 1)
        pole = np.minimum(0.014 * self.top - np.abs(w), 0.7 * self.top - y)
        cover = np.clip(dome * size / width + 0.5, 0, 1) * (np.abs(x) < 1)
        return np.maximum(cover, np.clip(pole / width + 0.5, 0, 1) * (y > 0))

    def paint(self, t: float, w: Array, y: Array, width: Array) -> Array:
        """Return stripes that converge at the top."""
        x, h = self._canopy(w, y)
        high = np.clip(h / 0.56, 0, 0.999)
        meridian = np.arcsin(np.clip(x / np.sqrt(1 - high**2), -1, 1))
        stripe = ramp(-0.15, 0.15, np.sin(meridian * 4 + 0.7))
        side = np.sign(self.mood.sun[0])
        cloth = mix(self.first, self.second, stripe) * (0.82 + 0.2 * side * x + 0.22 * high)
        pole = colour("d8d4cc") * (0.8 + 0 * w)
        return mix(pole, cloth, ramp(-0.05, 0.0, h)) * self.mood.light


@dataclass(frozen=True)
class Dune(Board):
    """A mound of sand at one side, tufted with marram grass.

    Attributes
    ----------
    high_side : float
        +1 if it rises to the right, -1 to the left.
    """

    high_side: float

    def _mound(self, w: Array) -> Array:
        span = self.right - self.left
        across = (w - self.left) / span
        across = across if self.high_side > 0 else 1 - across
        rough = fbm(w / 3.5 + self.seed, w * 0, 3, 0, 0, 0.5)
        return self.top * (0.62 * ramp(0.0, 0.7, across) + 0.05 * rough - 0.02)

    def _blades(self, w: Array, y: Array, width: Array) -> tuple[Array, Array]:
        """Return coverage and brightness of the grass, drawn from back to front."""
        cover, tone = np.zeros_like(w), np.zeros_like(w)
        ground = self._mound(w)
        dense = ramp(-0.9, 0.5, band(w / 2.4, w * 0 + self.seed, 3)) * ramp(0.05, 0.5, ground)
        for k in range(9):
            step = 0.075
            cell = np.floor(w / step + 0.37 * k)
            r1, r2 = _random(cell, self.seed + k), _random(cell, self.seed + k + 40.5)
            root = (cell + 0.5 - 0.37 * k) * step
            size = (0.25 + 0.6 * r1) * (0.2 + 0.8 * dense) * (0.7 + 0.06 * k)
            high = (y - ground + 0.05 * k - 0.1) / np.maximum(size, 0.02)
            lean = (r2 - 0.35) * 0.10 * np.clip(high, 0, 1) ** 2 / 0.35
            half = 0.011 * (1.1 - np.clip(high, 0, 1))
            blade = np.clip((half - np.abs(w - root - lean)) / width + 0.5, 0, 1)
            blade = blade * np.clip((1 - high) * size / width, 0, 1) * (high > 0)
            tone = mix(tone, 0.15 + 0.5 * r2 + 0.5 * np.clip(high, 0, 1), blade)
            cover = 1 - (1 - cover) * (1 - blade)
        return cover, tone

    def outline(self, w: Array, y: Array, width: Array) -> Array:
        """Cover mound and grass."""
        mound = np.clip((self._mound(w) - y) / width + 0.5, 0, 1)
        grass, _ = self._blades(w, y, width)
        return np.maximum(mound, grass) * np.clip(y / width + 0.5, 0, 1)

    def paint(self, t: float, w: Array, y: Array, width: Array) -> Array:
        """Return sand under grass."""
        m = self.mood
        wide = fbm(w / 3.0, y / 1.1, 4, width / 3, width / 1.1, gain=0.7, layer=1)
        grain = fbm(w / 0.08, y / 0.08, 2, width / 0.08, width / 0.08, gain=0.9, layer=2)
        rgb = m.sand * (0.93 + 0.07 * wide + 0.05 * grain)
        cover, tone = self._blades(w, y, width)
        grass = mix(GREENS[0] * 1.1, GREENS[2], ramp(0.1, 0.7, tone))
        grass = mix(grass, colour("cdbf86"), 0.7 * ramp(0.6, 1.1, tone))
        return mix(rgb, grass, cover) * m.light
