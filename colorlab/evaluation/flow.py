"""Comparing optical-flow estimators with the exact flow of rendered coasts.

The warp error of a film that nobody rendered rests on an estimated flow. Here the estimators are
measured where the truth is known, beside the assumption that nothing moves.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import checkpoints, film_metrics, yuv
from colorlab import flow as optical_flow
from colorlab.coast import Flow, Scene

PROTOCOL = (
    "Pairs of frames of rendered coasts, t and t + step seconds; figures are means over pairs. "
    "end_point_error, _median, _95: distance in pixels between estimated and exact flow, mean, "
    "median and 95th percentile over the pixels that the exact flow calls visible; motion: mean "
    "length of the exact flow there. _edge, _plain, _textured: mean distance within 3 pixels of a "
    "jump of the exact flow by more than a tenth of its largest length; elsewhere, where luma is "
    "nearly flat (its gradient, root mean square under a Gaussian of 3 pixels, below 0.01 a "
    "pixel); and on the rest (each over pairs that have such pixels). visible_wrong: share of "
    "all pixels whose visibility, told by forward and backward estimate, is not the exact one; "
    "hidden_found, visible_kept: shares of the truly hidden (over pairs that have any) and of "
    "the truly visible pixels told rightly. warp_error: of the true film by that flow and "
    "visibility; warp_error_correlation: over pairs, with the one by the exact flow. seconds: "
    "processor time of one flow in one direction. exact and still (nothing moves, all is "
    "visible) are no estimators. Settings of tvl1 and ilk were tuned on "
    "the scenes of seeds 7 to 13 at t = 2, those of dis on real clips."
)

STEPS = (1 / 30, 1 / 15, 1 / 10, 1 / 5, 1 / 3)
"""Seconds between the two frames of a pair."""

TIMES = (2.0, 7.0)
"""When a pair begins, in seconds."""

SOURCES = ("scikit-image", "opencv-python-headless")
"""The libraries whose estimators are compared."""

Estimator = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]

ESTIMATORS: dict[str, tuple[Estimator, dict[str, Any]]] = {
    "tvl1": (optical_flow.tvl1, optical_flow.TVL1),
    "ilk": (optical_flow.ilk, optical_flow.ILK),
    "dis": (optical_flow.dis, optical_flow.DIS),
}
"""Name to an estimator and its settings."""


def compare_flows(
    scenes: int = 7,
    seed: int = 0,
    height: int = 128,
    steps: Sequence[float] = STEPS,
    times: Sequence[float] = TIMES,
    command: str = "",
    progress: bool = True,
) -> dict[str, Any]:
    """Measure the estimators of `colorlab.flow` on rendered coasts.

    Parameters
    ----------
    scenes : int
        How many coasts; seven following ones hold each kind once.
    seed : int
        The first coast's.
    height : int
        Of the frames, in pixels; they are a third wider.
    steps, times : sequence of float
        Seconds between the frames of a pair, and when its first one is.
    command : str
        The command that asked for this, for the result.
    progress : bool
        Show a bar.

    Returns
    -------
    dict
        ``{"schema": 1, "protocol": …, "estimators": {NAME: {…}}}``; ``exact`` and ``still`` stand
        beside the estimators. Each entry holds its figures, and ``per_step`` and ``per_kind`` with
        the same keys.

    Raises
    ------
    InputError
        If a seed or a size cannot be rendered.
    """
    width = round(4 / 3 * height)
    rows: list[dict[str, Any]] = []
    pairs = [
        (scene, t, step)
        for scene in map(Scene, range(seed, seed + scenes))
        for t in times
        for step in steps
    ]
    for scene, t, step in tqdm(pairs, desc="pairs", disable=not progress):
        first, second = (
            scene.render(at, height, width).astype(np.float32) / 255 for at in (t, t + step)
        )
        exact = scene.flow(t, t + step, height, width)
        for name, figures in _measure(first, second, exact).items():
            about = {"name": name, "step": f"{step:.4f}", "kind": scene.kind}
            rows.append({**about, **figures})
    exact_errors = _column([row for row in rows if row["name"] == "exact"], "warp_error")
    entries: dict[str, Any] = {}
    for name in dict.fromkeys(row["name"] for row in rows):
        own = [row for row in rows if row["name"] == name]
        entry = {"settings": dict(ESTIMATORS[name][1])} if name in ESTIMATORS else {}
        errors = _column(own, "warp_error")
        entries[name] = {
            **entry,
            **_mean(own),
            "warp_error_correlation": _correlation(errors, exact_errors),
            "per_step": _grouped(own, "step"),
            "per_kind": _grouped(own, "kind"),
        }
    return {
        "schema": 1,
        "protocol": PROTOCOL,
        "n_pairs": len(pairs),
        "seeds": list(range(seed, seed + scenes)),
        "times": list(times),
        "steps": [round(step, 4) for step in steps],
        "height": height,
        "width": width,
        "estimators": entries,
        "versions": {
            **checkpoints.versions(),
            **{name: importlib.metadata.version(name) for name in SOURCES},
        },
        "command": command,
        "date": datetime.date.today().isoformat(),
    }


def _measure(
    first: NDArray[np.float32], second: NDArray[np.float32], exact: Flow
) -> dict[str, dict[str, float | None]]:
    """Measure every way to a flow on one pair of frames, RGB in [0, 1]."""
    motion = float(np.linalg.norm(exact.flow, axis=-1)[exact.visible].mean())
    all_seen = np.ones_like(exact.visible)
    found: dict[str, tuple[Flow, float | None]] = {
        "exact": (exact, None),
        "still": (Flow(np.zeros_like(exact.flow), all_seen), None),
    }
    y0, y1 = yuv.luma(first), yuv.luma(second)
    areas = _areas(y0[..., 0], exact)
    for name, (estimate, _) in ESTIMATORS.items():
        begun = time.process_time()
        forward, backward = estimate(y0, y1), estimate(y1, y0)
        seconds = (time.process_time() - begun) / 2
        found[name] = Flow(forward, optical_flow.visible(forward, backward)), seconds
    return {
        name: {
            "motion": motion,
            **_score(flow, exact, areas),
            "warp_error": film_metrics.warp_error(first, second, flow.flow, flow.visible),
            "seconds": seconds,
        }
        for name, (flow, seconds) in found.items()
    }


def _areas(y: NDArray[np.float32], exact: Flow) -> dict[str, NDArray[np.bool_]]:
    """Tell the visible pixels near an edge of the motion from plain and from textured ones."""
    from skimage.filters import gaussian
    from skimage.morphology import isotropic_dilation

    jump = np.zeros(y.shape, np.float32)
    jump[:, :-1] = np.linalg.norm(np.diff(exact.flow, axis=1), axis=-1)
    jump[:-1] = np.maximum(jump[:-1], np.linalg.norm(np.diff(exact.flow, axis=0), axis=-1))
    edge = isotropic_dilation(jump > 0.1 * np.linalg.norm(exact.flow, axis=-1).max(), 3)
    slope = sum(np.square(part) for part in np.gradient(y))
    plain = np.sqrt(gaussian(slope, 3)) < 0.01
    areas = {"edge": edge, "plain": ~edge & plain, "textured": ~edge & ~plain}
    return {name: area & exact.visible for name, area in areas.items()}


def _score(flow: Flow, exact: Flow, areas: dict[str, NDArray[np.bool_]]) -> dict[str, float | None]:
    """Compare a flow and its visibility with the exact ones."""
    seen, hidden = exact.visible, ~exact.visible
    every = np.linalg.norm(flow.flow - exact.flow, axis=-1)
    error = every[seen]
    parts = {
        f"end_point_error_{name}": float(every[area].mean()) if area.any() else None
        for name, area in areas.items()
    }
    return {
        "end_point_error": float(error.mean()),
        "end_point_error_median": float(np.median(error)),
        "end_point_error_95": float(np.percentile(error, 95)),
        **parts,
        "visible_wrong": float(np.mean(flow.visible != seen)),
        "hidden_found": float(np.mean(~flow.visible[hidden])) if hidden.any() else None,
        "visible_kept": float(np.mean(flow.visible[seen])),
    }


def _column(rows: list[dict[str, Any]], key: str) -> list[float]:
    return [row[key] for row in rows if row[key] is not None]


def _mean(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Average the figures of pairs; what no pair has is left out."""
    keys = [key for key in rows[0] if key not in ("name", "step", "kind")]
    return {key: round(float(np.mean(_column(rows, key))), 6) for key in keys if _column(rows, key)}


def _grouped(rows: list[dict[str, Any]], key: str) -> dict[str, dict[str, float]]:
    groups = dict.fromkeys(row[key] for row in rows)
    return {group: _mean([row for row in rows if row[key] == group]) for group in groups}


def _correlation(a: list[float], b: list[float]) -> float | None:
    """Return Pearson's correlation; None where it has no meaning."""
    if len(a) != len(b) or len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return round(float(np.corrcoef(a, b)[0, 1]), 6)
