"""Sky and clouds."""

from dataclasses import dataclass

import numpy as np

from .noise import Array, fbm, mix, ramp
from .palette import Mood


@dataclass(frozen=True)
class Sky:
    """The clear sky with its sun: fixed to the world, infinitely far."""

    mood: Mood

    def cover(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Return full coverage."""
        return np.ones_like(u)

    def shade(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Return the gradient, the glow round the sun and its disc."""
        m = self.mood
        rgb = m.sky(v)
        far = np.hypot(u - m.sun[0], 1.25 * (v - m.sun[1]))
        halo = m.glow * (0.45 * np.exp(-far / 0.32) + 0.4 * np.exp(-((far / 0.12) ** 2)))
        rgb = mix(rgb, m.sun_colour, np.minimum(halo, 1.0))
        if m.disc:
            disc = np.clip((0.036 - np.hypot(u - m.sun[0], v - m.sun[1])) / (2 * p) + 0.5, 0, 1)
            rgb = mix(rgb, m.sun_colour, disc)
        return rgb

    def move(self, t0: float, t1: float, u: Array, v: Array) -> tuple[Array, Array]:
        """Stay: the sky is fixed to directions."""
        return u, v


@dataclass(frozen=True)
class Clouds:
    """Clouds on a bent ceiling, drifting with the wind as a rigid pattern.

    Attributes
    ----------
    amount : float
        Threshold of the noise; lower means more cloud.
    soft : float
        Width of the edge; puffy clouds have a small one.
    stretch : float
        Horizontal stretching, large for cirrus.
    wind : float
        Speed of the pattern in cloud sizes a second.
    seed : float
        Where on the noise this scene lies.
    opacity : float
        Coverage of the densest part.
    """

    mood: Mood
    amount: float
    soft: float
    stretch: float
    wind: float
    seed: float
    opacity: float

    def _place(self, t: float, u: Array, v: Array) -> tuple[Array, Array, Array]:
        depth = 1.0 / (np.maximum(v, -0.02) + 0.13)
        return (u * depth * 1.25 - self.wind * t) / self.stretch, depth * 1.7, depth

    def _density(self, t: float, u: Array, v: Array, p: float, octaves: int) -> Array:
        x, y, depth = self._place(t, u, v)
        fx, fy = p * depth * 1.25 / self.stretch, p * depth * depth * 1.7
        x, y = x + self.seed, y + 0.61 * self.seed
        soft = fbm(x * 0.45, y * 0.45, 1, fx * 0.45, fy * 0.45, layer=4)
        return 0.75 * fbm(x, y, octaves, fx, fy, gain=0.56) + 0.65 * soft

    def cover(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Return the clouds' opacity."""
        density = self._density(t, u, v, p, 6)
        thin = ramp(-0.01, 0.07, v)
        return self.opacity * thin * ramp(self.amount, self.amount + self.soft, density)

    def shade(self, t: float, u: Array, v: Array, p: float) -> Array:
        """Return colours: lit tops, shaded bases, warm near a low sun."""
        m = self.mood
        here = self._density(t, u, v, p, 5)
        above = self._density(t, u, v + 0.035 + 0.05 * np.maximum(v, 0), p, 3)
        shadow = ramp(-0.7, 1.7, above - self.amount + 0.35 * (above - here))
        near = np.exp(-np.hypot(u - m.sun[0], v - m.sun[1]) / 0.35)
        rgb = mix(m.cloud, m.cloud_shade, shadow) * (1 + 0.04 * np.clip(here - above, -1, 1))
        rgb = mix(rgb, m.sun_colour, np.minimum(0.8 * m.glow * near, 1.0))
        return mix(m.sky(v), rgb, 0.45 + 0.55 * ramp(0.0, 0.16, v))

    def move(self, t0: float, t1: float, u: Array, v: Array) -> tuple[Array, Array]:
        """Drift with the wind."""
        depth = 1.0 / (np.maximum(v, -0.02) + 0.13)
        return u + self.wind * (t1 - t0) / (1.25 * depth), v
