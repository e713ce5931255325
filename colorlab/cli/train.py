"""``colorlab train``: train a color model on photos, or a consistency model on films."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorlab import files
from colorlab.cli import common
from colorlab.errors import InputError
from colorlab.memories import MEMORIES

if TYPE_CHECKING:
    from colorlab.datasets import ClipSet

"""Height and width, pixels, of the windows of frames that a consistency model learns from, where
the clips are that large."""


def add(commands: Any) -> None:
    """Add the command to the parser."""
    train = commands.add_parser("train", help="train a model")
    kinds = train.add_subparsers(dest="kind", metavar="KIND", required=True)
    _add_color(kinds)
    _add_consistency(kinds)


def _add_color(kinds: Any) -> None:
    color = kinds.add_parser("color", help="the color model (stills)")
    color.add_argument(
        "--photos",
        required=True,
        type=Path,
        nargs="+",
        help="a CSV manifest with the splits train and val, or a folder (the last tenth by "
        "name then validates); several sets are joined",
    )
    color.add_argument(
        "--more-photos",
        type=Path,
        nargs="+",
        default=[],
        metavar="PHOTOS",
        help="further sets to learn from only: a manifest's split train, all photos of a folder; "
        "the photos that validate stay those of --photos",
    )
    color.add_argument("--out", required=True, type=Path, help="folder of the run; again to go on")
    color.add_argument("--name", help="the model's name in its card; the folder's by default")
    color.add_argument(
        "--start-from",
        help="a packaged model or a model folder whose training goes on; with other bins or "
        "another kind of head its heads are drawn anew",
    )
    color.add_argument("--bins", type=int, help="bins per axis (30, or those of --start-from)")
    color.add_argument(
        "--align",
        choices=("edge", "centre"),
        help="where neutral grey lies: edge for an even number of bins, centre for an odd one "
        "(edge, or that of --start-from)",
    )
    color.add_argument("--epochs", type=int, default=10, help="passes over the photos (10)")
    color.add_argument("--batch-size", type=int, default=15, help="photos per step (15)")
    color.add_argument(
        "--size", type=int, default=224, help="photos are squashed to SIZE x SIZE pixels (224)"
    )
    color.add_argument(
        "--crop", type=int, help="side of random crops, a multiple of 16; whole pictures by default"
    )
    color.add_argument("--no-flip", action="store_true", help="mirror no photos")
    color.add_argument(
        "--curve", type=float, default=0.0, help="spread of random luma curves, such as 0.15 (0)"
    )
    color.add_argument(
        "--grain", type=float, default=0.0, help="largest strength of film grain, such as 0.03 (0)"
    )
    color.add_argument(
        "--zoom",
        type=float,
        default=0.0,
        help="how far random windows may come closer, below 1: 0.5 shows half a side or more (0)",
    )
    color.add_argument("--backbone", help="embedded (the default), imagenet or an HDF5 file")
    color.add_argument(
        "--loss",
        choices=("crossentropy", "rebalanced", "euclidean"),
        default="crossentropy",
        help="rebalanced weighs rare colours more; euclidean predicts one colour, not bins "
        "(crossentropy)",
    )
    color.add_argument(
        "--soft-labels",
        type=float,
        default=0.0,
        metavar="BINS",
        help="spread each label over near bins by a Gaussian of this width, such as 0.7 (0)",
    )
    color.add_argument(
        "--weight-decay", type=float, default=0.0, help="decoupled, as in AdamW, such as 0.01 (0)"
    )
    color.add_argument("--learning-rate", type=float, default=1e-3, help="at its peak (0.001)")
    color.add_argument(
        "--schedule",
        choices=("cosine", "constant"),
        default="cosine",
        help="warm up and fall along a cosine, or stay constant as in the paper (cosine)",
    )
    color.add_argument(
        "--widths",
        type=common.positive,
        nargs=4,
        metavar="CHANNELS",
        help="channels of our layers beside VGG's blocks 2 to 5 (96 128 192 256)",
    )
    color.add_argument(
        "--context",
        type=common.from_zero,
        metavar="CHANNELS",
        help="channels of what is told of the whole picture (256)",
    )
    color.add_argument("--dropout", type=float, help="share of VGG's channels dropped, below 1 (0)")
    color.add_argument(
        "--average",
        type=float,
        default=0.99,
        help="momentum of the mean weights, 0 for none (0.99)",
    )
    color.add_argument(
        "--no-tune",
        action="store_true",
        help="leave the decoder as it is, for a training that another one goes on from",
    )
    color.add_argument(
        "--devices",
        type=common.positive,
        default=1,
        help="devices that share each batch; more than one need KERAS_BACKEND=jax (1)",
    )
    _add_running(color)
    color.set_defaults(run=run_color)


def _add_consistency(kinds: Any) -> None:
    film = kinds.add_parser("consistency", help="the consistency model (films)")
    film.add_argument(
        "--clips",
        required=True,
        type=Path,
        help="a CSV manifest with the splits train and val, or a folder of films or of folders of "
        "frames (the last by name then validates)",
    )
    film.add_argument("--out", required=True, type=Path, help="folder of the run; again to go on")
    film.add_argument("--name", help="the model's name in its card; the folder's by default")
    film.add_argument(
        "--color-model",
        metavar="NAME",
        help="the frozen color model that is completed, a packaged one's name or a model folder; "
        "the default color model if left out",
    )
    film.add_argument(
        "--memory",
        choices=tuple(MEMORIES),
        default="guided",
        help="; ".join(f"{name}: {kind.summary}" for name, kind in MEMORIES.items()) + " (guided)",
    )
    film.add_argument(
        "--context",
        choices=("truth", "scheduled", "free"),
        default="truth",
        help="what is told of the frame before: its true colours, the model's own colouring, or "
        "scheduled, from the one to the other (truth)",
    )
    film.add_argument(
        "--stride", type=common.positive, default=1, help="frames from one to the next (1)"
    )
    film.add_argument(
        "--coasts",
        type=common.from_zero,
        default=0,
        metavar="N",
        help="rendered coasts added to the training clips, of the seeds 0 to N - 1 (0)",
    )
    film.add_argument(
        "--coast-frames",
        type=common.positive,
        default=90,
        metavar="M",
        help="frames of each coast (90)",
    )
    film.add_argument(
        "--height",
        type=common.positive,
        default=128,
        help="frames are scaled to this height, pixels (128)",
    )
    film.add_argument(
        "--fps", type=common.rate, help="frames a second of folders of frames, and of coasts (30)"
    )
    film.add_argument(
        "--max-frames", type=common.positive, help="frames read of each film; all by default"
    )
    film.add_argument("--epochs", type=int, default=10, help="how often is validated (10)")
    film.add_argument("--steps", type=int, default=200, help="steps per epoch (200)")
    film.add_argument(
        "--batch-size",
        type=int,
        default=8,
        help="pairs of frames per step; with --memory recurrent windows, of which B cost about as "
        "much as B x W pairs (8)",
    )
    film.add_argument(
        "--window-frames",
        type=common.positive,
        metavar="W",
        help="with --memory recurrent: following frames that are learnt together, the loss "
        "propagated back through all of them (4)",
    )
    film.add_argument("--learning-rate", type=float, default=1e-3, help="at its peak (0.001)")
    film.add_argument(
        "--noise",
        type=float,
        default=0.0,
        help="largest strength of noise on the colours of the frame before, such as 0.03 (0)",
    )
    film.add_argument(
        "--without",
        type=float,
        default=0.0,
        help="share of pairs that are told nothing of the frame before, below 1 (0)",
    )
    film.add_argument(
        "--window",
        type=int,
        default=24,
        help="frames of each clip that the model colours before an epoch, to be told of its own "
        "colouring (24)",
    )
    _add_running(film)
    film.set_defaults(run=run_consistency)


def _add_running(command: argparse.ArgumentParser) -> None:
    """Add the options that every training takes."""
    command.add_argument(
        "--precision",
        choices=("auto", "float32", "mixed_bfloat16"),
        default="auto",
        help="auto takes bfloat16 where it pays (auto)",
    )
    command.add_argument(
        "--save-every",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="time between two states from which a killed training can go on; more for a GPU "
        "whose steps are short (0: after every step)",
    )
    common.add_common(command)


def run_color(arguments: argparse.Namespace) -> int:
    """Train, or continue, then tune the temperature on the validation photos."""
    common.check_folder(arguments.out)
    common.start_keras()
    from colorlab import checkpoints, color_model, datasets, devices, evaluation, training

    devices.require(arguments.devices)
    start = checkpoints.load(arguments.start_from) if arguments.start_from else None
    asked = {
        "n": arguments.bins,
        "align": arguments.align,
        "widths": arguments.widths,
        "context": arguments.context,
        "dropout": arguments.dropout,
        "backbone": arguments.backbone,
        "head": "chroma" if arguments.loss == "euclidean" else "bins",
    }
    config = dataclasses.replace(
        start.config if start else color_model.ColorModelConfig(),
        **{key: value for key, value in asked.items() if value is not None},
    )
    settings = training.Settings(
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        schedule=arguments.schedule,
        average=arguments.average,
        weight_decay=arguments.weight_decay,
        crop=arguments.crop,
        flip=not arguments.no_flip,
        curve=arguments.curve,
        grain=arguments.grain,
        zoom=arguments.zoom,
        loss=arguments.loss,
        soft=arguments.soft_labels,
        precision=arguments.precision,
        seed=arguments.seed,
        save_every=arguments.save_every,
        devices=arguments.devices,
    )
    progress = not arguments.quiet
    photos, validation = datasets.open_training(
        arguments.photos, arguments.size, progress, more=arguments.more_photos
    )
    best = training.train_color(
        photos,
        validation,
        arguments.out,
        config,
        settings,
        start,
        name=arguments.name or arguments.out.resolve().name,
        command=common.command_line(arguments.words),
        progress=progress,
    )
    if not arguments.no_tune:
        evaluation.tune_decoder(best, validation, progress)
    row = files.read_json(best / checkpoints.CARD)["metrics"]
    common.say(
        arguments,
        f"best epoch {row['epoch']:.0f}: validation loss {row['val_loss']:.3f} nats a pixel; "
        f"the model is in {best}",
    )
    return 0


def run_consistency(arguments: argparse.Namespace) -> int:
    """Train a consistency model on pairs or windows of frames, or continue."""
    common.check_folder(arguments.out)
    common.start_keras()
    from colorlab import checkpoints, consistency_model, devices, training

    color = checkpoints.load(arguments.color_model, devices.precision(arguments.precision))
    settings = training.Settings(
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        precision=arguments.precision,
        seed=arguments.seed,
        save_every=arguments.save_every,
    )
    fields = {
        "context": arguments.context,
        "stride": arguments.stride,
        "noise": arguments.noise,
        "without": arguments.without,
        "steps": arguments.steps,
        "window": arguments.window,
    }
    if arguments.window_frames is not None:
        fields["window_frames"] = arguments.window_frames
    training.Pairs(**fields)  # refuses before anything is decoded
    progress = not arguments.quiet
    clips, validation = _open_clips(arguments, progress)
    config = consistency_model.ConsistencyConfig(memory=arguments.memory)
    best = training.train_consistency(
        clips,
        validation,
        color,
        arguments.out,
        config,
        settings,
        training.Pairs.fitted(config, (*clips.clips, *validation.clips), **fields),
        name=arguments.name or arguments.out.resolve().name,
        command=common.command_line(arguments.words),
        progress=progress,
    )
    row = checkpoints.read_card(best)["metrics"]
    common.say(
        arguments,
        f"best epoch {row['epoch']:.0f}: validation loss {row['val_loss']:.3f} nats a pixel; "
        f"the model is in {best}",
    )
    return 0


def _open_clips(arguments: argparse.Namespace, progress: bool) -> tuple[ClipSet, ClipSet]:
    """Open the clips to learn from, rendered ones included, and those to validate on."""
    from colorlab import datasets

    path, height, rate = arguments.clips, arguments.height, arguments.fps

    def opened(split: str | None) -> ClipSet:
        return datasets.open_clips(path, split, height, rate, arguments.max_frames, progress)

    if path.suffix.lower() == ".csv":
        clips, validation = opened("train"), opened("val")
    else:
        clips, validation = _last_validates(opened(None), path)
    if arguments.coasts:
        rendered = datasets.coasts(
            range(arguments.coasts),
            arguments.coast_frames,
            rate or Fraction(30),
            height,
            round(height * 16 / 9),
            progress,
        )
        clips = datasets.join([clips, rendered])
    return clips, validation


def _last_validates(clips: ClipSet, path: Path) -> tuple[ClipSet, ClipSet]:
    """Set the last clip of a folder aside."""
    if len(clips) < 2:
        raise InputError(
            f"{path} holds one film; training needs at least two, one to learn from and one to "
            "validate on: give a folder of films, or a CSV manifest with the splits train and val."
        )

    def part(split: str, chosen: slice) -> ClipSet:
        sha256 = hashlib.sha256(f"{clips.sha256} {split}".encode()).hexdigest()
        return dataclasses.replace(clips, split=split, sha256=sha256, clips=clips.clips[chosen])

    return part("train", slice(-1)), part("val", slice(-1, None))
