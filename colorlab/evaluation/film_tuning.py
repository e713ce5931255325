"""One rule that chooses a guided film model's leak and saturation, on validation clips."""

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

LEAKS = (0.02, 0.05, 0.1)
SATURATIONS = (1.1, 1.2, 1.3, 1.4, 1.5)
COLOUR, UNREST = 0.92, 0.25
RULE = (
    f"free-running: highest PSNR among those with at least {COLOUR:.0%} of the per-frame color "
    f"model's colourfulness and at most {UNREST:.0%} of its chroma warp error; if there are none, "
    "among all"
)


def choose_memory(
    curve: Sequence[Mapping[str, float]], frame: Mapping[str, float]
) -> Mapping[str, float]:
    """Choose a leak and a saturation by `RULE`.

    Parameters
    ----------
    curve : sequence of mapping
        For each pair of them: leak, saturation, psnr (dB), colourfulness, chroma_warp_error.
    frame : mapping
        The same figures, but the first two, of the color model that colours every frame for itself.

    Returns
    -------
    mapping
        The chosen row of the curve.
    """
    fit = [
        one
        for one in curve
        if one["colourfulness"] >= COLOUR * frame["colourfulness"]
        and one["chroma_warp_error"] <= UNREST * frame["chroma_warp_error"]
    ]
    return max(fit or curve, key=lambda one: one["psnr"])


def tune_memory(
    folder: str | os.PathLike[str],
    clips: ClipSet,
    leaks: Sequence[float] = LEAKS,
    saturations: Sequence[float] = SATURATIONS,
    dtype: str | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Tune a guided model's leak and saturation on validation clips; keep them in its card.

    Parameters
    ----------
    folder : path
        The consistency model's folder.
    clips : ClipSet
        Validation clips.
    leaks : sequence of float
        What to try, shares in [0, 1]. A memory that leaks less than 0.02 outlasts short clips, on
        which it cannot be judged.
    saturations : sequence of float
        What to try, factors on the color model's chroma.
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
    tried = [
        {"leak": leak, "saturation": saturation} for leak in leaks for saturation in saturations
    ]
    for pair in tried:
        card = {**model.card, "decode": {**decode, **pair}}
        entries.append(
            Rolled(dataclasses.replace(model, name=str(pair), network=network, card=card), "free")
        )
    found = evaluate_film(clips, entries, progress=progress)["models"]
    keys = ("psnr", "colourfulness", "chroma_warp_error")
    frame, *rest = ({key: found[entry.name][key] for key in keys} for entry in entries)
    curve = [{**pair, **row} for pair, row in zip(tried, rest, strict=True)]
    chosen = choose_memory(curve, frame)
    decode |= {
        **{key: chosen[key] for key in ("leak", "saturation")},
        "tuned_on": {"name": clips.name, "split": clips.split},
        "rule": RULE,
        "per_frame": frame,
        "curve": curve,
    }
    card = {**model.card, "decode": decode}
    files.write_json(Path(folder) / checkpoints.CARD, card)
    return card
