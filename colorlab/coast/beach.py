"""The sand, dry and wet."""

from dataclasses import dataclass

import numpy as np

from .noise import Array, band, fbm, mix, ramp
from .sea import Water


@dataclass(frozen=True)
class Sand(Water):
    """The beach: grain, dimples, a line of weed, shadows, and a wet mirror by the water.

    Attributes
    ----------
    shadows : tuple
        (x, z, half width, half depth) of soft shadows on the sand, metres.
    pebbles : float
        How stony the beach is, 0 to 1.
    """

    shadows: tuple[tuple[float, float, float, float], ...] = ()
    pebbles: float = 0.0

    def cover(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Cover the land side of the water's edge."""
        along, out, z = self._locate(t, u, v)
        _, width = self._footprints(z, p)
        margin = width + 0.02
        return np.clip((self.shore.edge(t, along) - out + margin) / margin, 0, 1) * (v < 0)

    def move(self, t0: float, t1: float, u: Array, v: Array) -> tuple[Array, Array]:
        """Move only as the camera does."""
        x, z = self.camera.ground(t0, u, v)
        return self.camera.project(t1, x, np.zeros_like(x), z)

    def shade(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Return the sand's colour; the wet band's shine follows the sky."""
        m = self.mood
        x, z = self.camera.ground(t, u, v)
        along, out = self.shore.place(x, z)
        fx = p * z / self.camera.focal
        fz = fx * z / self.camera.height
        up = -out
        wide = fbm(x / 5.0, z / 5.0, 3, fx / 5.0, fz / 5.0, layer=1)
        dry = ramp(1.05, 1.5, up / self.shore.reach + 0.07 * wide)
        rough = fbm(x / 0.75, z / 0.9, 3, fx / 0.75, fz / 0.9, gain=0.75, layer=3)
        grain = fbm(x / 0.09, z / 0.09, 3, fx / 0.09, fz / 0.09, gain=0.9, layer=2)
        steps = band(x / 0.55, z / 0.7, 5)
        fade = np.exp(-2.0 * np.minimum((fz / 0.7) ** 2, 9))
        dents = (ramp(1.1, 2.0, steps) - 0.8 * ramp(1.1, 2.0, -steps)) * fade
        low = 1.25 if m.sun[1] < 0.2 else 1.0
        relief = 0.022 * wide + dry * (0.04 * rough - 0.07 * dents) + 0.045 * grain
        rgb = m.sand * (1 + low * relief) * mix(0.66, 0.97, dry)
        warm = np.array([[0.006], [0.0], [-0.012]], np.float32)
        rgb = rgb * (1 + warm * wide)

        line = np.exp(-(((up - 2.3 * self.shore.reach - 0.6 * wide) / 0.35) ** 2))
        weed = line * ramp(0.5, 1.6, fbm(along / 0.3, up / 0.16, 3, fx / 0.3, fz / 0.16, 0.8, 5))
        rgb = mix(rgb, np.array([[0.36], [0.29], [0.2]], np.float32), 0.5 * weed)
        if self.pebbles:
            rgb = self._stones(rgb, x, z, fx, fz, ramp(0.5, 3.0, up) * ramp(-0.5, 1.3, wide))
        rgb = rgb * m.light
        for sx, sz, half_x, half_z in self.shadows:
            far = ((x - sx) / half_x) ** 2 + ((z - sz) / half_z) ** 2
            far = far * (1 + 0.12 * rough)
            rgb = rgb * (1 - 0.45 * ramp(1.4, 0.45, far) * np.array([[1.0], [0.96], [0.86]]))
        shine = (1 - dry) * (0.08 + 0.30 * ramp(1.3, 0.2, up / self.shore.reach))
        rgb = mix(rgb, m.sky(0.02 - 0.25 * v), shine)
        rgb = mix(rgb, m.sun_colour, self.sun_path(u, v) * (1 - dry) * 0.6)
        return m.air(rgb.astype(np.float32), z)

    def _stones(self, rgb: Array, x: Array, z: Array, fx: Array, fz: Array, share: Array) -> Array:
        """Scatter pebbles, each lit from above and dark below."""
        for size, layer in ((0.5, 0), (0.22, 1)):
            fade = np.exp(-1.5 * np.minimum((fz / size) ** 2, 9))
            stone = band(x / size, z / size, layer)
            lit = band(x / size, z / size + 0.12, layer) - stone
            inside = ramp(1.35 - 0.9 * self.pebbles, 1.6 - 0.9 * self.pebbles, stone) * fade
            tint = 0.44 + 0.11 * band(x / 1.1, z / 1.1, layer + 2)
            grey = np.stack([tint * 1.03, tint, tint * 0.95])
            rgb = mix(rgb, grey * (1 - 0.5 * lit), inside * share)
        return rgb
