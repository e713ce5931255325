"""``python -m studies bench``: how fast colorlab is here, and how much memory it takes."""

from __future__ import annotations

import argparse
import datetime
import logging
import os
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from colorlab.cli import common

WHAT = "Measure speed and memory on this machine."


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("bench", help=WHAT, description=WHAT)
    command.add_argument("--json", type=Path, help="write the result to this file")
    command.add_argument(
        "--fast", action="store_true", help="tiny sizes: shows that it works, not how fast it is"
    )
    command.add_argument(
        "--devices",
        action="store_true",
        help="measure how fast every packaged model is on each device, GPUs too, and nothing else",
    )
    common.add_common(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, write, and show a table."""
    common.check_file(arguments.json)
    from colorlab import files
    from studies import bench

    effort = bench.FAST if arguments.fast else bench.FULL
    progress = not arguments.quiet
    figures: dict[str, Any] = {}
    with tqdm(total=1 if arguments.devices else 7, unit="figure", disable=not progress) as bar:

        def measure(stages: bench.Stages) -> None:
            for name, stage in stages.items():
                bar.set_description(name.replace("_", " "))
                figures[name] = stage()
                bar.update()

        if not arguments.devices:
            measure(bench.outside(effort, arguments.seed))
        common.start_keras()
        logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of several networks
        if arguments.devices:
            measure(bench.on_devices(effort, arguments.seed))
        else:
            measure(bench.inside(effort, arguments.seed, progress))
    result = {"schema": 1, "fast": arguments.fast, "figures": figures, **_circumstances(arguments)}
    if arguments.json is not None:
        files.write_json(arguments.json, result)
    print(table(result))
    return 0


def _circumstances(arguments: argparse.Namespace) -> dict[str, Any]:
    """Say on what, with what and how the figures were measured."""
    from colorlab import checkpoints, devices

    return {
        "device": devices.names()[0],
        "processor": devices.processor(),
        "cores": os.cpu_count(),
        "bfloat16_in_hardware": devices.has_bfloat16(),
        "precision": devices.precision(),
        "versions": checkpoints.versions(),
        "seed": arguments.seed,
        "command": common.command_line(arguments.words, "python -m studies"),
        "date": datetime.date.today().isoformat(),
    }


def table(result: dict[str, Any]) -> str:
    """Lay a result out for a person."""
    lines = [f"{result['processor']}, {result['cores']} cores, on {result['device']}", ""]
    rows = [("", "measured", "aim"), *_rows(result)]
    widths = [max(len(row[k]) for row in rows) for k in range(2)]
    lines += [
        f"{what:{widths[0]}}  {measured:>{widths[1]}}  {aim}".rstrip()
        for what, measured, aim in rows
    ]
    if result["fast"]:
        lines += ["", "Measured with --fast: tiny sizes, which say nothing about speed."]
    return "\n".join(lines)


def _rows(result: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return what, measured and aim of every figure."""
    figures = result["figures"]
    if "devices" in figures:
        return [
            (f"{device}, {name}, {way}", f"{one['per_second']:.1f} a second", "")
            for device, found in figures["devices"].items()
            for name, ways in found["models"].items()
            for way, one in ways.items()
        ]
    step, photos, stalls = figures["training_step"], figures["photos"], figures["stalls"]
    memory, first, films = figures["memory"], figures["first_photo"], figures["films"]
    best = result["bfloat16_in_hardware"]
    arms = {name: arm["precision"] for name, arm in step["arms"].items()}
    names = {"ours": "ours", "ours_float32": "ours", "plain": "plain Keras"}
    return [
        *(
            (f"training step, {names[arm]}, {arms[arm]}", _time(step["arms"][arm]), "")
            for arm in arms
        ),
        (
            "plain Keras / ours",
            f"{step['ratios']['plain_to_ours']:.2f} x",
            "3 x or more" if best else "1 x or more",
        ),
        ("  of which structure", f"{step['ratios']['plain_to_ours_float32']:.2f} x", ""),
        ("  of which precision", f"{step['ratios']['ours_float32_to_ours']:.2f} x", ""),
        ("waiting between training steps", f"{stalls['waiting_share']:.2%}", "none"),
        *(
            (f"photos a second, {name.replace('_', ' ')}", f"{one['photos_per_second']:.2f}", "")
            for name, one in photos.items()
        ),
        *(
            (
                f"frames a second, {films['width']}x{films['height']}, {precision}",
                f"{films[precision]['frames_per_second']:.2f}",
                "24 or more",
            )
            for precision in ("float32", "mixed_bfloat16")
        ),
        *(
            (f"peak memory, colouring {size}", _size(one), "under 4 GB")
            for size, one in memory["colorize"].items()
        ),
        (f"peak memory, training, batch of {step['batch_size']}", _size(memory["train"]), ""),
        ("import colorlab", _time(figures["import"]), "under 0.2 s"),
        (f"first photo, {first['width']}x{first['height']}", _time(first), "under 8 s"),
    ]


def _time(figure: dict[str, Any]) -> str:
    """Show the median of a figure's seconds."""
    return f"{figure['seconds']['median']:.3f} s"


def _size(peak: dict[str, Any]) -> str:
    """Show a peak of memory, or that the system tells none."""
    return "unknown" if peak["bytes"] is None else f"{peak['bytes'] / 1e9:.2f} GB"
