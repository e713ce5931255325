"""What the clips say, one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies.frame_rate.cells import FIGURES, Cell, describe


def tell_clips(measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Tell each clip's figures, without intervals.

    Returns
    -------
    dict
        Clip to stride tested to ``displacement`` (pixels), ``changed`` and ``uncovered`` (shares
        of the pixels), and ``figures``: stride learnt, or baseline, to the figures of `FIGURES`
        and gain; None where a clip has none.
    """
    found: dict[str, Any] = {}
    for one in measured.values():
        label = one["learnt"].removeprefix("stride ") or one["kind"]
        for clip, by_stride in one["clips"].items():
            for stride, cell in by_stride.items():
                place = found.setdefault(clip, {}).setdefault(stride, {"figures": {}})
                about = describe("1", cell)
                place |= {key: about[key] for key in ("displacement", "changed", "uncovered")}
                place["figures"][label] = {
                    name: _plain(figure, cell) for name, figure in FIGURES.items()
                }
    for by_stride in found.values():
        for place in by_stride.values():
            base = place["figures"]["copy"]["accuracy"]
            for one in place["figures"].values():
                one["gain"] = round(one["accuracy"] - base, 4)
    return found


def _plain(figure: Callable[[Cell], NDArray[np.float64]], cell: Cell) -> float | None:
    try:
        value = float(figure(cell)[0])
    except KeyError:  # a clip too short for strips, or alone without another scene
        return None
    return round(value, 4) if np.isfinite(value) else None
