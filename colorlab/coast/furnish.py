"""What can stand on a coast, and where: each function adds one thing to the plan of a scene."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .camera import Camera
from .land import Boulder, Cliff, Hill, Trees
from .noise import Array, colour
from .palette import Mood
from .props import Boat, Dune, Palm, Parasol
from .sea import Shore

_ROCKS = {
    "chalk": ("9a9484", "d6cfbd", "f4efe2"),
    "granite": ("4a4742", "8b857a", "bdb6a6"),
    "sandstone": ("6e4630", "b07a50", "dbb184"),
    "basalt": ("2b2a2a", "57524c", "8b8478"),
    "limestone": ("6d6552", "ab9f82", "dbd0b2"),
}
FOLIAGE = {
    "tropical": ("1c3a17", "46762c", "93b04a"),
    "pine": ("1b2f1c", "3a5a30", "6d8548"),
    "scrub": ("3a4a26", "6b7b42", "a3a466"),
}
_STRIPES = (("d8342c", "f6f0e4"), ("2a6ab0", "f4f2ea"), ("f0b428", "f6efe0"), ("2f9a86", "f6f2e6"))


@dataclass
class Plan:
    """What `compose` decided; layers run from the back to the front."""

    kind: str
    camera: Camera
    mood: Mood
    shore: Shore
    rng: np.random.Generator
    side: float
    boards: list[tuple[float, Any]] = field(default_factory=list)
    shadows: list[tuple[float, float, float, float]] = field(default_factory=list)
    features: list[str] = field(default_factory=list)
    layers: tuple[Any, ...] = ()

    def range(self, low: float, high: float) -> float:
        """Draw a number."""
        return float(self.rng.uniform(low, high))

    def chance(self, share: float) -> bool:
        """Draw yes with a probability."""
        return bool(self.rng.random() < share)

    def add(self, board: Any, depth: float | None = None) -> None:
        """Stand a board in the scene; `depth` overrides its own in the order of drawing."""
        self.boards.append((board.z if depth is None else depth, board))

    def base(self, u: float, z: float) -> tuple[Camera, Mood, float, float]:
        """Return the first arguments of a board at direction u and depth z."""
        return self.camera, self.mood, u * z / self.camera.focal, z


def trio(codes: tuple[str, ...]) -> tuple[Array, Array, Array]:
    """Turn three codes into a dark, a middle and a light colour."""
    dark, middle, light = (colour(c) for c in codes)
    return dark, middle, light


def hills(plan: Plan, share: float = 0.8) -> None:
    """Add far ranges."""
    if not plan.chance(share):
        return
    plan.features.append("hills")
    tint = colour("7d8a5c") if plan.chance(0.6) else colour("94886c")
    for z in (2600.0, 1500.0)[: 1 + plan.chance(0.5)]:
        u = plan.side * plan.range(-0.75, 0.25)
        span = z * plan.range(0.4, 0.9)
        plan.add(
            Hill(*plan.base(u, z), 0.0, -span, span, z * plan.range(0.05, 0.10), plan.range(0, 50),
                 tint, 0.3 * z)
        )  # fmt: skip


def boat(plan: Plan, share: float = 0.45) -> None:
    """Add a sailing boat."""
    if not plan.chance(share):
        return
    plan.features.append("sailing boat")
    z = plan.range(90, 240)
    hull = colour(str(plan.rng.choice(["2c4a7c", "8c2f2a", "e8e6de", "24343c", "d0b070"])))
    plan.add(
        Boat(*plan.base(plan.range(-0.3, 0.3), z), 0.0, -6.0, 6.0, 10.0, plan.range(0, 50),
             0.05 * z, 150.0, hull)
    )  # fmt: skip


def headland(
    plan: Plan, rock: str, u: float, z: float, turn: float, span: float, top: float, turf: float
) -> None:
    """Add a cliff whose free end (w = 0) lies at direction u and depth z, land behind it."""
    right = plan.side > 0
    left, end = (0.0, span) if right else (-span, 0.0)
    plan.add(
        Cliff(*plan.base(u, z), turn, left, end, top, plan.range(0, 50), trio(_ROCKS[rock]), turf,
              -1.0 if right else 1.0, float(np.sign(plan.mood.sun[0])))
    )  # fmt: skip


def boulders(plan: Plan, rock: str, count: int, spread: tuple[float, float]) -> None:
    """Scatter rocks near the waterline; those on the sand throw a shadow."""
    plan.features.append("rocks")
    lit = float(np.sign(plan.mood.sun[0]))
    for _ in range(count):
        along, out = plan.range(-22, 22), plan.range(*spread)
        x, z = plan.shore.world(along, out)
        size = plan.range(0.35, 1.0) ** 2 * 2.6
        if z < 1.6 * plan.camera.height or abs(x) > 0.9 * z:
            continue
        half = size * plan.range(0.8, 1.6)
        afloat = float(out > -plan.shore.reach)
        plan.add(
            Boulder(plan.camera, plan.mood, float(x), float(z), 0.0, -half, half, size,
                    plan.range(0, 50), trio(_ROCKS[rock]), lit, afloat)
        )  # fmt: skip
        if not afloat:
            plan.shadows.append((float(x), float(z) - 0.1 * size, half * 1.1, size * 0.5))


def treeline(plan: Plan, foliage: str, top: float, back: float) -> None:
    """Add a belt of trees behind the beach, parallel to the shore, `back` metres inland."""
    plan.features.append(f"{foliage} trees")
    _, eye = plan.shore.place(0.0, 0.0)
    x, z = plan.shore.world(0.0, min(-back, float(eye) - plan.range(4, 7)))
    turn = -plan.shore.angle
    plan.add(
        Trees(plan.camera, plan.mood, float(x), float(z), turn, -260.0, 260.0, top,
              plan.range(0, 50), 0.3 * top, 0.3 * top / max(0.25, abs(np.cos(turn))),
              trio(FOLIAGE[foliage])),
        60.0,
    )  # fmt: skip


def inland(plan: Plan, z: float, dry: float) -> tuple[float, float] | None:
    """Find a place (direction, depth) about z metres away, `dry` metres above the water's reach."""
    for _ in range(80):
        u = -plan.side * plan.range(0.08, 0.7)
        if plan.shore.place(u * z / plan.camera.focal, z)[1] < -plan.shore.reach - dry:
            return u, z
        z = max(0.97 * z, 2.3 * plan.camera.height)
    return None


def palms(plan: Plan, count: int) -> None:
    """Add palms on the land side, leaning to the sea."""
    for _ in range(count):
        place = inland(plan, plan.range(9.0, 24.0), 0.5)
        if place is None:
            continue
        u, z = place
        highest = plan.camera.height + plan.camera.horizon * z / plan.camera.focal
        top = min(plan.range(6.0, 10.0), plan.range(0.85, 1.15) * highest)
        camera, light, x, depth = plan.base(u, z)
        plan.add(
            Palm(camera, light, x, depth, 0.0, -0.75 * top, 0.75 * top, top, plan.range(0, 50),
                 plan.side * plan.range(0.05, 0.3) * top)
        )  # fmt: skip
        if "palms" not in plan.features:
            plan.features.append("palms")
        plan.shadows.append((x - np.sign(light.sun[0]) * 1.6, depth - 0.8, 1.9, 0.8))


def promontory(plan: Plan, foliage: str) -> None:
    """Let the beach end in a wooded promontory."""
    plan.features.append("promontory")
    z = plan.range(350, 650)
    span = z * plan.range(0.35, 0.6)
    plan.add(
        Hill(*plan.base(-plan.side * plan.range(0.35, 0.7), z), 0.0, -span, span,
             z * plan.range(0.07, 0.14), plan.range(0, 50), colour(FOLIAGE[foliage][1]), 0.25 * z)
    )  # fmt: skip


def parasols(plan: Plan) -> None:
    """Set up a few parasols on dry sand."""
    for i in range(int(plan.rng.integers(1, 5))):
        place = inland(plan, plan.range(14, 18) + 7 * i, 1.5)
        if place is None:
            continue
        u, z = place
        x = u * z / plan.camera.focal
        first, second = plan.rng.choice(np.array(_STRIPES))
        plan.add(
            Parasol(plan.camera, plan.mood, x, z, 0.0, -2.0, 2.0, 2.3,
                    plan.range(0, 100), colour(str(first)), colour(str(second)))
        )  # fmt: skip
        if "parasols" not in plan.features:
            plan.features.append("parasols")
        plan.shadows.append((x - 0.5 * float(np.sign(plan.mood.sun[0])), z, 1.3, 0.8))


def island(plan: Plan) -> None:
    """Add a wooded island."""
    plan.features.append("island")
    z = plan.range(250, 420)
    span = z * plan.range(0.2, 0.4)
    plan.add(
        Trees(*plan.base(plan.side * plan.range(0.1, 0.6), z), 0.0, -span, span, 17.0,
              plan.range(0, 50), 7.0, 7.0, trio(FOLIAGE["tropical"]))
    )  # fmt: skip


def dune(plan: Plan) -> None:
    """Add a grown dune at the land side, if there is land."""
    z = plan.camera.focal * plan.camera.height / (1.12 - plan.camera.horizon)
    if plan.shore.place(-plan.side * 0.45 * z / plan.camera.focal, z)[1] > -1.2 * plan.shore.reach:
        return
    plan.features.append("dune grass")
    inner, outer = plan.range(0.55, 0.85) * z / plan.camera.focal, 5.0
    left, right = (-inner, outer) if plan.side < 0 else (-outer, inner)
    plan.add(
        Dune(*plan.base(-plan.side * 0.7, z), 0.0, left, right, 1.15 * plan.camera.height,
             plan.range(0, 50), -plan.side)
    )  # fmt: skip
