"""Light and colours of the kinds of coast."""

from dataclasses import dataclass, replace

import numpy as np

from .noise import Array, colour, mix

KINDS = ("beach", "cliffs", "sunset", "lagoon", "overcast", "rocky", "dusk")


@dataclass(frozen=True)
class Mood:
    """Colours (columns (3, 1) in [0, 1]) and light of one scene.

    `light` multiplies what the sun and sky shine on; `sea` runs from the water's edge over shallow
    and middle to deep water; `sun` is a direction (u, v); `glow` and `glitter` are strengths;
    `haze` is the colour of the air and `clear` the distance in metres at which it takes over.
    """

    zenith: Array
    middle: Array
    horizon: Array
    cloud: Array
    cloud_shade: Array
    light: Array
    haze: Array
    sea: tuple[Array, Array, Array, Array]
    sand: Array
    sun_colour: Array
    sun: tuple[float, float]
    disc: float
    glow: float
    glitter: float
    clear: float
    foam: Array
    shelf: float
    chop: float
    surf: float

    def sky(self, v: Array) -> Array:
        """Return the clear sky's colour (3, n) at elevations v."""
        v = np.clip(v, 0.0, 1.0).astype(np.float32)
        low = mix(self.horizon, self.middle, 1.0 - np.exp(-v / 0.11))
        return mix(low, self.zenith, 1.0 - np.exp(-((v / 0.42) ** 1.6)))

    def air(self, rgb: Array, z: Array | float) -> Array:
        """Put haze in front of something at distance z metres."""
        return mix(rgb, self.haze, 1.0 - np.exp(-np.asarray(z, np.float32) / self.clear))


def _mood(
    sky: str,
    cloud: str,
    light: tuple[float, float, float],
    haze: str,
    sea: str,
    sand: str,
    sun: str,
    **numbers: float,
) -> Mood:
    zenith, middle, horizon = (colour(c) for c in sky.split())
    lit, shade, foam = (colour(c) for c in cloud.split())
    edge, shallow, mid, deep = (colour(c) for c in sea.split())
    settings = {"disc": 0.0, "glow": 0.3, "glitter": 0.3, "clear": 2500.0}
    settings |= {"shelf": 16.0, "chop": 1.0, "surf": 1.0} | numbers
    return Mood(
        zenith, middle, horizon, lit, shade, np.array(light, np.float32)[:, None], colour(haze),
        (edge, shallow, mid, deep), colour(sand), colour(sun), (0.0, 0.0), foam=foam, **settings,
    )  # fmt: skip


_MOODS = {
    "beach": _mood(
        "3f7fc4 7db3e2 c4dcea", "fdfcf8 b9c4d2 fbfcfa", (1.06, 1.03, 0.97), "b9d2e4",
        "a9b296 6fada3 2f7f9c 1e5a8c", "d9c7a6", "fff6e0", glitter=0.35,
    ),
    "cliffs": _mood(
        "4a86c2 88b6dc cadde6", "fbfaf7 a9b6c6 f6f9f8", (1.04, 1.0, 0.93), "b4cbdc",
        "8fb0a4 4f9a9c 26718c 1d5078", "cab99b", "fff1d8", glitter=0.3, surf=0.8,
    ),
    "sunset": _mood(
        "4f5f8f d9926e fbbf6c", "f6a56f 7f5f74 f5d9c0", (0.66, 0.54, 0.47), "e8a070",
        "a07c6c 735f6a 4d4d6c 394064", "c8b39c", "fff0b8",
        disc=1.0, glow=1.0, glitter=1.0, clear=1500.0, surf=0.7,
    ),
    "lagoon": _mood(
        "2f7fd0 74b8e8 cbe6f2", "ffffff c3d2e0 fcfffe", (1.03, 1.01, 0.97), "c2deec",
        "c9dfc4 74d2c4 2aa7b4 155f9c", "e6dcc8", "fffbe8",
        glitter=0.25, shelf=42.0, chop=0.7, surf=0.35,
    ),
    "overcast": _mood(
        "9ba6ae b4bcc0 d2d5d2", "d3d6d5 929ca5 eceeea", (0.87, 0.88, 0.87), "bcc3c5",
        "a5a394 869286 6c827f 566e74", "bfae90", "e8e8e4",
        glow=0.12, glitter=0.0, clear=900.0, surf=1.5, chop=1.25,
    ),
    "rocky": _mood(
        "5a8fc4 97bfdc cfdde2", "f9f8f4 a5b1bf f6f9f8", (1.0, 0.97, 0.91), "b8cbd6",
        "86a298 4c8a8a 2b6779 234f68", "bfae90", "fff2dc", surf=1.3, chop=1.2,
    ),
    "dusk": _mood(
        "28345e 6f6a92 e0a08c", "b08a98 4a4c70 b8b4c4", (0.56, 0.51, 0.58), "8c7c98",
        "6c6c82 565c78 434e6e 343f60", "94837a", "ffd0a0",
        disc=0.0, glow=0.5, glitter=0.4, clear=1300.0, surf=0.7,
    ),
}  # fmt: skip

_SUNS = {
    "beach": (0.30, 0.75), "cliffs": (0.6, 0.6), "sunset": (0.0, 0.075), "lagoon": (0.5, 0.85),
    "overcast": (0.2, 0.5), "rocky": (0.5, 0.6), "dusk": (0.1, -0.02),
}  # fmt: skip


def mood(kind: str, rng: np.random.Generator) -> Mood:
    """Draw the mood of one scene of a kind: its palette with small, natural variations."""
    base = _MOODS[kind]
    u, v = _SUNS[kind]
    side = rng.choice([-1.0, 1.0])
    sun = (side * (u + rng.uniform(0, 0.25)), v * rng.uniform(0.8, 1.3))

    def vary(column: Array, amount: float, tint: float = 0.5) -> Array:
        gain = 1.0 + rng.uniform(-amount, amount) + rng.uniform(-amount, amount, (3, 1)) * tint
        return np.clip(column * gain, 0, 1).astype(np.float32)

    water = tuple(vary(c, 0.06) for c in base.sea)
    return replace(
        base,
        sun=sun,
        zenith=vary(base.zenith, 0.08),
        middle=vary(base.middle, 0.05),
        horizon=vary(base.horizon, 0.04),
        sea=(water[0], water[1], water[2], water[3]),
        sand=vary(base.sand, 0.09, 0.2),
    )
