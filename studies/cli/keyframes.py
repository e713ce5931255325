"""``python -m studies keyframes``: what a key frame is worth."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

from colorlab.cli import common

WHAT = "Measure films of which one true frame is given."


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("keyframes", help=WHAT, description=WHAT)
    command.add_argument("--clips", type=Path, required=True, help="as for colorlab evaluate film")
    command.add_argument("--split", help="of the manifest")
    command.add_argument("--fps", type=common.rate, help="frames a second of folders of frames")
    command.add_argument("--height", type=common.positive, default=256, help="pixels (256)")
    command.add_argument("--max-frames", type=common.positive, help="of each clip")
    command.add_argument("--model", help="the film model; the default one if left out")
    command.add_argument("--json", type=Path, required=True, help="file to write")
    common.add_common(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, write, and show a table."""
    common.check_file(arguments.json)
    common.start_keras()
    from colorlab import checkpoints, datasets, devices, files
    from studies import keyframes

    model = checkpoints.load_consistency(arguments.model, devices.precision())
    clips = datasets.open_clips(
        arguments.clips,
        arguments.split,
        arguments.height,
        arguments.fps,
        arguments.max_frames,
        not arguments.quiet,
    )
    found = keyframes.measure(clips.clips, model, not arguments.quiet)
    result = {
        "schema": 1,
        **found,
        "protocol": keyframes.PROTOCOL,
        "dataset": {"name": clips.name, "split": clips.split, "sha256": clips.sha256},
        "height": clips.height,
        "max_frames": arguments.max_frames,
        "model": model.name,
        "weights_sha256": model.color.card["weights"]["sha256"],
        "command": common.command_line(arguments.words, "python -m studies"),
        "date": datetime.date.today().isoformat(),
    }
    files.write_json(arguments.json, result)
    print(keyframes.table({clips.name: result}))
    return 0
