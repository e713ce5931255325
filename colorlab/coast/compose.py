"""Draw a scene from its seed: light, camera, shore and what stands on it."""

from math import pi

import numpy as np

from .beach import Sand
from .camera import Camera
from .furnish import (
    Plan,
    boat,
    boulders,
    dune,
    headland,
    hills,
    island,
    palms,
    parasols,
    promontory,
    treeline,
)
from .palette import KINDS, mood
from .sea import Sea, Shore, Swash
from .sky import Clouds, Sky


def compose(seed: int) -> Plan:
    """Decide everything about the scene of one seed."""
    order = np.random.default_rng([11, seed // len(KINDS)]).permutation(len(KINDS))
    kind = KINDS[order[seed % len(KINDS)]]
    rng = np.random.default_rng([7, seed])
    side = float(rng.choice([-1.0, 1.0]))
    high = {"cliffs": 7.0, "rocky": 4.0}.get(kind, 3.0)
    camera = Camera(
        focal=float(rng.uniform(1.0, 1.25)),
        height=high * float(rng.uniform(0.85, 1.25)),
        horizon=float(rng.uniform(0.36, 0.5)),
        pan=float(rng.uniform(0.05, 0.11)),
        pan_period=float(rng.uniform(28, 45)),
        drift=float(rng.uniform(0.3, 0.8)),
        drift_period=float(rng.uniform(17, 29)),
        phase=float(rng.uniform(0, 2 * pi)),
    )
    near = {"cliffs": (9, 14), "rocky": (7, 11), "sunset": (7, 15), "dusk": (7, 15)}
    low, far = near.get(kind, (9, 17))
    oblique = (0.7, 1.38) if kind in ("beach", "lagoon") else (0.15, 1.2)
    shore = Shore(
        angle=side * float(rng.uniform(*oblique)),
        distance=float(rng.uniform(low, far)) * camera.height / 3.0,
        bay=float(rng.uniform(1.0, 4.0)),
        bay_size=float(rng.uniform(30, 60)),
        speed=float(rng.uniform(1.8, 2.6)),
        spacing=float(rng.uniform(11, 17)),
        reach=float(rng.uniform(1.6, 3.2)),
        seed=float(rng.uniform(0, 50)),
    )
    plan = Plan(kind, camera, mood(kind, rng), shore, rng, side)
    clouds = _clouds(plan)
    _BUILDERS[kind](plan)
    plan.boards.sort(key=lambda item: -item[0])
    water = (camera, plan.mood, shore)
    stony = {"rocky": 0.8, "cliffs": 0.35, "overcast": 0.2}.get(kind, 0.0)
    ground = (Sea(*water), Sand(*water, tuple(plan.shadows), stony), Swash(*water))
    plan.layers = (Sky(plan.mood), *clouds, *ground, *(board for _, board in plan.boards))
    return plan


def _clouds(plan: Plan) -> list[Clouds]:
    """Draw the sky's weather."""
    weather = {
        "beach": ("cumulus", "cirrus", "clear"), "cliffs": ("cumulus", "cirrus"),
        "sunset": ("bars", "cirrus"), "lagoon": ("cumulus", "cirrus"), "overcast": ("stratus",),
        "rocky": ("cumulus", "broken"), "dusk": ("bars", "cirrus"),
    }[plan.kind]  # fmt: skip
    kind = str(plan.rng.choice(weather))
    wind = plan.side * plan.range(0.008, 0.02)
    settings = {
        "cumulus": (plan.range(0.1, 0.5), 0.85, 1.0, 0.97),
        "broken": (plan.range(-0.4, 0.0), 1.0, 1.3, 0.95),
        "cirrus": (plan.range(-0.1, 0.4), 2.2, 3.2, 0.75),
        "bars": (plan.range(0.0, 0.4), 1.0, 2.6, 0.85),
        "stratus": (-1.6, 1.7, 1.5, 0.97),
    }
    if kind == "clear":
        return []
    plan.features.append(f"{kind} clouds")
    amount, soft, stretch, opacity = settings[kind]
    seed = plan.range(0, 40)
    return [Clouds(plan.mood, amount, soft, stretch, wind, seed, opacity)]


def _beach(plan: Plan) -> None:
    hills(plan)
    if plan.chance(0.6):
        promontory(plan, str(plan.rng.choice(["pine", "scrub"])))
    boat(plan)
    if plan.chance(0.8):
        foliage = str(plan.rng.choice(["pine", "scrub"]))
        treeline(plan, foliage, plan.range(5, 11), plan.range(7, 12))
    if plan.chance(0.6):
        parasols(plan)
    if plan.chance(0.4):
        dune(plan)


def _cliffs(plan: Plan) -> None:
    plan.features.append("cliffs")
    rock = str(plan.rng.choice(["chalk", "sandstone", "limestone", "granite"]))
    plan.side = -float(np.sign(plan.shore.angle))
    top = plan.range(34, 55)
    for u, z, scale in ((0.02, 620.0, 1.3), (0.16, 300.0, 1.1), (0.30, 130.0, 0.85)):
        at = plan.side * (u + plan.range(-0.05, 0.05))
        headland(plan, rock, at, z, plan.side * plan.range(-0.55, -0.2), 3.0 * z, top * scale, 4.0)
    boulders(plan, rock, 7, (-3.0, 9.0))
    boat(plan, 0.35)
    if plan.chance(0.5):
        hills(plan, 1.0)


def _sunset(plan: Plan) -> None:
    hills(plan, 0.6)
    boat(plan, 0.6)
    if plan.chance(0.5):
        palms(plan, int(plan.rng.integers(1, 4)))
    elif plan.chance(0.6):
        headland(plan, "basalt", plan.side * 0.3, 260.0, 0.0, 600.0, plan.range(25, 45), 3.0)
        plan.features.append("headland")
    else:
        boulders(plan, "basalt", 12, (-4.0, 14.0))


def _lagoon(plan: Plan) -> None:
    hills(plan, 0.5)
    island(plan)
    if plan.chance(0.5):
        promontory(plan, "tropical")
    treeline(plan, "tropical", plan.range(7, 12), plan.range(8, 13))
    palms(plan, int(plan.rng.integers(2, 5)))
    boat(plan, 0.4)


def _overcast(plan: Plan) -> None:
    if plan.chance(0.7):
        dune(plan)
    hills(plan, 0.3)
    boat(plan, 0.2)


def _rocky(plan: Plan) -> None:
    rock = str(plan.rng.choice(["granite", "basalt", "sandstone"]))
    plan.side = -float(np.sign(plan.shore.angle))
    plan.features.append("headland")
    headland(plan, rock, plan.side * plan.range(0.05, 0.3), 240.0, -0.3 * plan.side, 600.0,
              plan.range(20, 36), 3.0)  # fmt: skip
    boulders(plan, rock, 26, (-6.0, 14.0))
    hills(plan, 0.6)


def _dusk(plan: Plan) -> None:
    hills(plan, 0.9)
    boat(plan, 0.4)
    plan.side = -float(np.sign(plan.shore.angle))
    if plan.chance(0.6):
        plan.features.append("headland")
        headland(plan, "granite", plan.side * 0.25, 300.0, 0.0, 600.0, plan.range(25, 40), 3.0)
    boulders(plan, "granite", 9, (-4.0, 12.0))


_BUILDERS = {
    "beach": _beach, "cliffs": _cliffs, "sunset": _sunset, "lagoon": _lagoon,
    "overcast": _overcast, "rocky": _rocky, "dusk": _dusk,
}  # fmt: skip
