"""``colorlab train color``: train a color model on photos."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from colorlab.cli import common


def add(commands: Any) -> None:
    """Add the command to the parser."""
    train = commands.add_parser("train", help="train a model")
    kinds = train.add_subparsers(dest="kind", metavar="KIND", required=True)
    color = kinds.add_parser("color", help="the color model (stills)")
    color.add_argument(
        "--photos",
        required=True,
        type=Path,
        help="a CSV manifest with the splits train and val, or a folder (the last tenth by "
        "name then validates)",
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
    color.add_argument("--backbone", help="embedded (the default), imagenet or an HDF5 file")
    color.add_argument(
        "--loss",
        choices=("crossentropy", "rebalanced", "euclidean"),
        default="crossentropy",
        help="rebalanced weighs rare colours more; euclidean predicts one colour, not bins "
        "(crossentropy)",
    )
    color.add_argument("--learning-rate", type=float, default=1e-3, help="at its peak (0.001)")
    color.add_argument(
        "--schedule",
        choices=("cosine", "constant"),
        default="cosine",
        help="warm up and fall along a cosine, or stay constant as in the paper (cosine)",
    )
    color.add_argument("--dropout", type=float, help="share of VGG's channels dropped, below 1 (0)")
    color.add_argument(
        "--average",
        type=float,
        default=0.99,
        help="momentum of the mean weights, 0 for none (0.99)",
    )
    color.add_argument(
        "--precision",
        choices=("auto", "float32", "mixed_bfloat16"),
        default="auto",
        help="auto takes bfloat16 where it pays (auto)",
    )
    color.add_argument(
        "--devices",
        type=common.positive,
        default=1,
        help="devices that share each batch; more than one need KERAS_BACKEND=jax (1)",
    )
    color.add_argument(
        "--save-every",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="time between two states from which a killed training can go on; more for a GPU "
        "whose steps are short (0: after every step)",
    )
    common.add_common(color)
    color.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, or continue, then tune the temperature on the validation photos."""
    common.check_folder(arguments.out)
    common.start_keras()
    from colorlab import checkpoints, color_model, datasets, devices, evaluation, training

    devices.require(arguments.devices)
    start = checkpoints.load(arguments.start_from) if arguments.start_from else None
    asked = {
        "n": arguments.bins,
        "align": arguments.align,
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
        crop=arguments.crop,
        flip=not arguments.no_flip,
        curve=arguments.curve,
        grain=arguments.grain,
        loss=arguments.loss,
        precision=arguments.precision,
        seed=arguments.seed,
        save_every=arguments.save_every,
        devices=arguments.devices,
    )
    progress = not arguments.quiet
    photos, validation = datasets.open_training(arguments.photos, arguments.size, progress)
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
    card = evaluation.tune_decoder(best, validation, progress)
    row = card["metrics"]
    common.say(
        arguments,
        f"best epoch {row['epoch']:.0f}: validation loss {row['val_loss']:.3f} nats a pixel; "
        f"the model is in {best}",
    )
    return 0
