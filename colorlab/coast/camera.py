"""The camera: a level lens above the sea that pans, sways and drifts sideways.

Directions are image-plane coordinates (u right, v up) in picture heights, with v = 0 at the
horizon and the pan already added, so a direction belongs to the world, not to the frame.
"""

from dataclasses import dataclass
from math import pi, sin

import numpy as np

from .noise import Array, Number


@dataclass(frozen=True)
class Camera:
    """A level pinhole camera.

    Attributes
    ----------
    focal : float
        Focal length in picture heights.
    height : float
        Eye above the sea, metres.
    horizon : float
        The horizon's distance from the top edge, picture heights.
    pan, pan_period, drift, drift_period, phase : float
        Amplitude (picture heights, metres) and period (seconds) of the pan and the sideways drift.
    """

    focal: float
    height: float
    horizon: float
    pan: float
    pan_period: float
    drift: float
    drift_period: float
    phase: float

    def offset(self, t: float) -> tuple[float, float]:
        """Return the pan (right, up) at time t in picture heights."""
        right = self.pan * sin(2 * pi * t / self.pan_period + self.phase)
        up = 0.004 * sin(2 * pi * t / 7.3 + 2 * self.phase) + 0.0015 * sin(2 * pi * t / 2.1)
        return right, up

    def x(self, t: float) -> float:
        """Return the camera's sideways position at time t in metres."""
        return self.drift * sin(2 * pi * t / self.drift_period + 1.7 * self.phase)

    def ground(self, t: float, u: Array, v: Array) -> tuple[Array, Array]:
        """Meet the sea's level: return world x (right) and depth z in metres, for v < 0."""
        z = self.focal * self.height / np.maximum(-v, 1e-5)
        return u * z / self.focal + self.x(t), z

    def project(self, t: float, x: Array, y: Array, z: Number) -> tuple[Array, Array]:
        """Return the direction (u, v) of world points (metres) at time t."""
        return self.focal * (x - self.x(t)) / z, self.focal * (y - self.height) / z
