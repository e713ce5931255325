"""``colorlab info``: what is installed, which device computes, which models and data there are."""

from __future__ import annotations

import argparse
import json
from typing import Any

from colorlab.cli import common


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("info", help="versions, device, models, data")
    command.add_argument("--json", action="store_true", help="for programs")
    command.set_defaults(run=run)


def collect() -> dict[str, Any]:
    """Return what the command shows."""
    from colorlab import checkpoints, colorize_film, devices, files, vgg
    from colorlab.datasets import fetch

    return {
        "versions": checkpoints.versions(),
        "devices": devices.names(),
        "processor": devices.processor(),
        "bfloat16_in_hardware": devices.has_bfloat16(),
        "training_precision": devices.precision(),
        "backbone": vgg.check(),
        "models": checkpoints.list_models("color"),
        "default_model": checkpoints.DEFAULT,
        "film_models": checkpoints.list_models("consistency"),
        "default_film_model": colorize_film.film_model(),
        "data_folder": str(files.data_dir()),
        "data_present": [one["name"] for one in fetch.list_sets() if one["present"]],
    }


def run(arguments: argparse.Namespace) -> int:
    """Print the facts."""
    common.start_keras()
    facts = collect()
    if arguments.json:
        print(json.dumps(facts, indent=2))
        return 0
    for key, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{name} {version}" for name, version in value.items())
        elif isinstance(value, list):
            value = ", ".join(map(str, value)) or "none"
        print(f"{key.replace('_', ' '):22} {value}")
    return 0
