"""One rule that chooses how fast a guided film model's memory gives way, on validation clips."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from colorlab import checkpoints, consistency_model, files
from colorlab.datasets import ClipSet
from colorlab.errors import InputError
from colorlab.evaluation.film import evaluate_film
from colorlab.evaluation.film_entries import EachFrame, Entry, Rolled

LEAKS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
COLOUR = 0.92
RULE = (
    "free-running: least warp error among the leaks with at least the per-frame color model's PSNR "
    f"and {COLOUR:.0%} of its colourfulness; if there is none, the highest PSNR"
)


def choose_leak(curve: Sequence[Mapping[str, float]], frame: Mapping[str, float]) -> float:
    """Choose a leak by `RULE`.

    Parameters
    ----------
    curve : sequence of mapping
        For each leak: leak, psnr (dB), colourfulness, warp_error.
    frame : mapping
        The same figures, but leak, of the color model that colours every frame for itself.

    Returns
    -------
    float
        The leak.
    """
    fit = [
        one
        for one in curve
        if one["psnr"] >= frame["psnr"] and one["colourfulness"] >= COLOUR * frame["colourfulness"]
    ]
    if fit:
        return min(fit, key=lambda one: one["warp_error"])["leak"]
    return max(curve, key=lambda one: one["psnr"])["leak"]


def tune_leak(
    folder: str | os.PathLike[str],
    clips: ClipSet,
    leaks: Sequence[float] = LEAKS,
    dtype: str | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Tune a guided model's leak on validation clips; keep it in its card.

    Parameters
    ----------
    folder : path
        The consistency model's folder.
    clips : ClipSet
        Validation clips.
    leaks : sequence of float
        What to try, shares in [0, 1].
    dtype : str, optional
        Keras dtype policy.
    progress : bool
        Show a bar.

    Returns
    -------
    dict
        The card, with the measured curve under ``decode``.

    Raises
    ------
    InputError
        When the model has no memory that could leak.
    """
    model = checkpoints.load_consistency(folder, dtype)
    if model.config.memory != "guided":
        raise InputError(f"{model.name} remembers no colours that could fade; nothing to tune.")
    network = consistency_model.telling(model.network)
    decode = {k: v for k, v in model.card["decode"].items() if k not in ("rule", "curve")}
    entries: list[Entry] = [EachFrame(model.color)]
    for leak in leaks:
        card = {**model.card, "decode": {**decode, "leak": leak}}
        one = dataclasses.replace(model, name=f"leak {leak:g}", network=network, card=card)
        entries.append(Rolled(one, "free"))
    found = evaluate_film(clips, entries, progress=progress)["models"]
    keys = ("psnr", "colourfulness", "warp_error")
    frame, *rest = ({key: found[entry.name][key] for key in keys} for entry in entries)
    curve = [{"leak": leak, **row} for leak, row in zip(leaks, rest, strict=True)]
    decode |= {
        "leak": choose_leak(curve, frame),
        "tuned_on": {"name": clips.name, "split": clips.split},
        "rule": RULE,
        "per_frame": frame,
        "curve": curve,
    }
    card = {**model.card, "decode": decode}
    files.write_json(Path(folder) / checkpoints.CARD, card)
    return card
