"""Band-limited noise and the few curves every surface of the coast is built from.

All textures are functions of surface coordinates. `band` is one octave: a tile of noise whose
energy lies around one wavelength, so a texture can be faded out smoothly where a pixel covers more
than a wavelength (`fbm`'s footprints). That is what keeps small and large pictures alike.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Number = Array | float

_TILE = 256
_CYCLES = 20.0
_LAYERS = 6


@lru_cache(maxsize=1)
def _tiles() -> tuple[npt.NDArray[np.complex64], ...]:
    """Return periodic unit-variance noise tiles; the imaginary part is the right-hand neighbour."""
    rng = np.random.default_rng(20160719)
    wave = np.fft.fftfreq(_TILE, 1.0 / _TILE)
    radius = np.hypot(wave[:, None], wave[None, :])
    gate = np.exp(-0.5 * (np.log2(np.maximum(radius, 1e-9) / _CYCLES) / 0.42) ** 2) * (radius > 5)
    tiles = []
    for _ in range(_LAYERS):
        tile = np.fft.ifft2(np.fft.fft2(rng.standard_normal((_TILE, _TILE))) * gate).real
        tile /= tile.std()
        tiles.append((tile + 1j * np.roll(tile, -1, axis=1)).astype(np.complex64).ravel())
    return tuple(tiles)


def band(x: Array, y: Array, layer: int = 0) -> Array:
    """Sample one octave of noise.

    Parameters
    ----------
    x, y : ndarray
        Coordinates in wavelengths (they broadcast).
    layer : int
        Which of the independent tiles.

    Returns
    -------
    ndarray of float32
        Zero mean, unit variance, smooth.
    """
    table = _tiles()[layer % _LAYERS]
    scale = np.float32(_TILE / _CYCLES)
    x, y = x * scale, y * scale
    left, low = np.floor(x), np.floor(y)
    wx, wy = (x - left).astype(np.float32), (y - low).astype(np.float32)
    column = left.astype(np.int32) & (_TILE - 1)
    row = low.astype(np.int32) & (_TILE - 1)
    first = table.take(row * _TILE + column)
    second = table.take(((row + 1) & (_TILE - 1)) * _TILE + column)
    pair = first + (second - first) * wy
    return pair.real + (pair.imag - pair.real) * wx


def fbm(
    x: Array,
    y: Array,
    octaves: int,
    fx: Array | float = 0.0,
    fy: Array | float = 0.0,
    gain: float = 0.5,
    layer: int = 0,
) -> Array:
    """Sum octaves of noise, each faded out where a pixel is wider than its wavelength.

    Parameters
    ----------
    x, y : ndarray
        Coordinates in wavelengths of the first octave.
    octaves : int
        How many; each has 2.13 times the frequency of the one before.
    fx, fy : ndarray or float
        Width of a pixel along x and y, in the same unit.
    gain : float
        Amplitude of an octave relative to the one before.
    layer : int
        First of the noise tiles to use.

    Returns
    -------
    ndarray of float32
    """
    total = np.zeros(np.broadcast(x, y).shape, np.float32)
    norm = 0.0
    width = np.asarray(fx, np.float32) ** 2 + np.asarray(fy, np.float32) ** 2
    for i in range(octaves):
        freq, amp = 2.13**i, gain**i
        norm += amp * amp
        fade = np.exp(-2.5 * np.minimum(width * np.float32(freq * freq), 30))
        if float(fade.max(initial=0.0)) < 0.02:
            continue
        shift = 0.37 * i
        octave = band(x * np.float32(freq) + shift, y * np.float32(freq) - shift, layer + i)
        total += octave * (fade * np.float32(amp))
    return total / np.float32(norm**0.5)


def ramp(low: Number, high: Number, value: Array) -> Array:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    x = np.clip((value - low) / (high - low), 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def mix(a: Number, b: Number, weight: Number) -> Array:
    """Blend from `a` (weight 0) to `b` (weight 1); colours are (3, n) or (3, 1)."""
    return np.asarray(a + (b - a) * weight)


def colour(code: str) -> Array:
    """Turn ``"rrggbb"`` into a (3, 1) float32 column in [0, 1]."""
    values = [int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    return np.array(values, np.float32)[:, None]
