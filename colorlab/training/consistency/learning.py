"""The training of a consistency model, from clips to a model folder."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

from colorlab import checkpoints, consistency_model, devices, files, losses
from colorlab.checkpoints import ColorModel
from colorlab.consistency_model import ConsistencyConfig
from colorlab.datasets import Clip, ClipSet
from colorlab.errors import InputError
from colorlab.training.consistency.batches import training_batches, validation_batches
from colorlab.training.consistency.card import begun, outcome
from colorlab.training.consistency.own import OwnColouring
from colorlab.training.consistency.pairs import Pairs
from colorlab.training.consistency.seeing import see
from colorlab.training.run import BEST, Run, Task
from colorlab.training.settings import Settings

_PHOTOS_ALONE = frozenset({"crop", "curve", "grain", "zoom", "loss", "devices"})


def train_consistency(
    clips: ClipSet,
    validation: ClipSet,
    color: ColorModel,
    out: str | os.PathLike[str],
    config: ConsistencyConfig | None = None,
    settings: Settings | None = None,
    pairs: Pairs | None = None,
    name: str = "consistency",
    command: str = "",
    progress: bool = True,
) -> Path:
    """Train a consistency model, or go on with a training that was interrupted.

    Parameters
    ----------
    clips, validation : ClipSet
        What is learnt from, and what chooses the best epoch.
    color : ColorModel
        The frozen color model.
    out : path
        Folder of the run, as for `colorlab.training.train_color`.
    config : ConsistencyConfig, optional
        The architecture.
    settings : Settings, optional
        How to train. A batch is of `batch_size` pairs, or windows: B windows of W frames cost about
        as much as B * W pairs. Frames are never mirrored, and what else concerns photos alone
        (`crop`, `curve`, `grain`, `zoom`, `loss`, `devices`) must keep its default.
    pairs : Pairs, optional
        What to train on.
    name : str
        The model's name in its card.
    command : str
        The command that started this, for the card.
    progress : bool
        Show bars.

    Returns
    -------
    pathlib.Path
        The folder of the best model.

    Raises
    ------
    InputError
        When `out` holds the state of another run, clips are too short or too small, windows of
        several frames are asked of a model that is not recurrent, a setting has no effect on
        films, or `out` cannot be written.
    """
    config, settings, pairs = (
        config or ConsistencyConfig(),
        settings or Settings(),
        pairs or Pairs.fitted(config or ConsistencyConfig(), (*clips.clips, *validation.clips)),
    )
    _check_settings(settings)
    _check_windows(config, pairs)
    settings = dataclasses.replace(settings, precision=devices.precision(settings.precision))
    out = files.ensure_folder(out)
    for clip in (*clips.clips, *validation.clips):
        _check(clip, pairs)
    network = consistency_model.build(config, color.config, settings.seed, settings.precision)
    seen, seen_validation = (see(one, color, progress) for one in (clips, validation))
    config.kind.start_from(network, color.network)
    learner = config.kind.learner(network, pairs.window_frames)
    own = OwnColouring(network, config, color, seen, out, settings, pairs)
    card = begun(name, command, clips, validation, color, config, network)

    def keep(row: Mapping[str, float]) -> None:
        checkpoints.keep_color_model(out / BEST, color)
        checkpoints.save(out / BEST, network, card | outcome(settings, pairs, row))

    task = Task(
        network=learner,
        losses=losses.head_losses("crossentropy", None),
        metrics={head: [losses.pixel_accuracy] for head in "uv"},
        steps=pairs.steps,
        begin=own.refresh,
        batch=training_batches(seen, own, color, config, settings, pairs),
        validation=validation_batches(seen_validation, color, config, settings, pairs),
        identity={
            "architecture": config.to_json(),
            "color model": {"weights": color.card["weights"]["sha256"]},
            "clips": {"sha256": clips.sha256, "height": clips.height},
            "validation": {"sha256": validation.sha256, "height": validation.height},
            "pairs": pairs.to_json(),
        },
        keep=keep,
    )
    Run(task, settings, out).fit(progress)
    return out / BEST


def _check_settings(settings: Settings) -> None:
    """Refuse settings that would change nothing, rather than let someone believe in them."""
    for field in dataclasses.fields(settings):
        received = getattr(settings, field.name)
        if field.name in _PHOTOS_ALONE and received != field.default:
            raise InputError(
                f"{field.name} has no effect on the training of a consistency model: keep the "
                f"default, {field.default!r}; received {received!r}."
            )


def _check_windows(config: ConsistencyConfig, pairs: Pairs) -> None:
    if config.kind.sequence_length == 1 and pairs.window_frames > 1:
        raise InputError(
            f"a {config.memory} model learns from pairs, window_frames 1, not from sequences of "
            f"several frames, as a recurrent one does; received {pairs.window_frames}."
        )


def _check(clip: Clip, pairs: Pairs) -> None:
    height, width = clip.rgb.shape[1:3]
    if len(clip) <= pairs.reach:
        what = f"pairs {pairs.stride} frames apart"
        if pairs.window_frames > 1:
            what = f"windows of {pairs.window_frames} frames and one before, {pairs.stride} apart,"
        raise InputError(f"{clip.name} has {len(clip)} frames; {what} need more.")
    if height < pairs.crop[0] or width < pairs.crop[1]:
        raise InputError(
            f"{clip.name} has frames of {height} x {width}; windows of {pairs.crop[0]} x "
            f"{pairs.crop[1]} do not fit. Choose a smaller window or a greater height."
        )
