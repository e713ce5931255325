"""One rule that chooses a guided film model's leak and saturation, on clips kept from the tests."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from colorlab import checkpoints, files
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


def choose_memory(curve: Sequence[Mapping[str, float]], frame: Mapping[str, float]) -> int:
    """Choose how a guided model colours by `RULE`.

    Parameters
    ----------
    curve : sequence of mapping
        For each way to colour: psnr (dB), colourfulness, chroma_warp_error.
    frame : mapping
        The same figures of the color model that colours every frame for itself.

    Returns
    -------
    int
        Which of the curve.
    """
    fit = [
        k
        for k, one in enumerate(curve)
        if one["colourfulness"] >= COLOUR * frame["colourfulness"]
        and one["chroma_warp_error"] <= UNREST * frame["chroma_warp_error"]
    ]
    return max(fit or range(len(curve)), key=lambda k: curve[k]["psnr"])


def tune_memory(
    folder: str | os.PathLike[str],
    clips: ClipSet,
    leaks: Sequence[float] = LEAKS,
    saturations: Sequence[float] = SATURATIONS,
    dtype: str | None = None,
    progress: bool = True,
) -> dict[str, Any]:
    """Tune a guided model on clips; keep what is chosen in its card.

    Chosen are its leak and a saturation. It sees frames through the views in turn (see
    `colorlab.rollout`) through which its color model is asked about stills, if there are several.

    Parameters
    ----------
    folder : path
        The consistency model's folder.
    clips : ClipSet
        The more kinds of them the better, and none that the model is tested on.
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
    if not model.config.kind.leaks:
        raise InputError(f"{model.name} remembers no colours that could fade; nothing to tune.")
    decode = {k: v for k, v in model.card["decode"].items() if k not in ("rule", "curve")}
    entries: list[Entry] = [EachFrame(model.color)]
    turns = checkpoints.in_turn(model.color.scales, model.color.mirror)
    decode["views"] = [list(view) for view in turns]
    tried: list[dict[str, Any]] = [
        {"leak": leak, "saturation": saturation} for leak in leaks for saturation in saturations
    ]
    for k, way in enumerate(tried):
        card = {**model.card, "decode": {**decode, **way}}
        one = dataclasses.replace(model, name=f"way {k}", card=card)
        entries.append(Rolled(one, "free"))
    found = evaluate_film(clips, entries, progress=progress)["models"]
    keys = ("psnr", "colourfulness", "chroma_warp_error")
    frame, *rest = ({key: found[entry.name][key] for key in keys} for entry in entries)
    curve = [{**way, **row} for way, row in zip(tried, rest, strict=True)]
    decode |= {
        **tried[choose_memory(curve, frame)],
        "tuned_on": {"name": clips.name, "split": clips.split},
        "rule": RULE,
        "per_frame": frame,
        "curve": curve,
    }
    card = {**model.card, "decode": decode}
    files.write_json(Path(folder) / checkpoints.CARD, card)
    return card
