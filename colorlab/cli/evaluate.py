"""``colorlab evaluate color``: measure models beside their baselines."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from colorlab.cli import common


def add(commands: Any) -> None:
    """Add the command to the parser."""
    evaluate = commands.add_parser("evaluate", help="measure models")
    kinds = evaluate.add_subparsers(dest="kind", metavar="KIND", required=True)
    color = kinds.add_parser("color", help="color models on photos")
    color.add_argument(
        "--photos", required=True, type=Path, help="a CSV manifest, or a folder (all its photos)"
    )
    color.add_argument("--split", help="a split of the manifest; all photos by default")
    color.add_argument("--model", action="append", help="name or folder; may be repeated")
    color.add_argument(
        "--size",
        type=int,
        default=224,
        help="for loss and accuracy photos are squashed to SIZE x SIZE pixels (224)",
    )
    common.add_decoding(color)
    color.add_argument("--json", type=Path, help="write the result to this file")
    common.add_common(color)
    color.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, print and write."""
    common.start_keras()
    from colorlab import checkpoints, datasets, evaluation, files

    if arguments.json is not None:
        common.check_folder(arguments.json.parent)
    progress = not arguments.quiet
    models = [checkpoints.load(name) for name in arguments.model or [None]]
    photos = datasets.open_photos(arguments.photos, arguments.split, arguments.size, progress)
    result = evaluation.evaluate_color(
        photos,
        models,
        arguments.decode,
        arguments.temperature,
        command=common.command_line(arguments.words),
        progress=progress,
    )
    print(json.dumps(result, indent=2, ensure_ascii=False))
    if arguments.json is not None:
        files.write_json(arguments.json, result)
    return 0
