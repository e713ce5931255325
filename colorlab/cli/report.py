"""``colorlab report``: tables and figures of the README and the docs, from ``results/``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from colorlab.cli import common


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "report", help="renew the README's tables and the docs' figures from results/"
    )
    command.add_argument("--results", type=Path, default=Path("results"))
    command.add_argument("--readme", type=Path, default=Path("README.md"))
    command.add_argument("--pictures", type=Path, default=Path("assets/pictures"))
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Renew the page and the figures."""
    common.start_keras()
    from colorlab import checkpoints, plots, report

    results = report.read_color_results(arguments.results)
    stages = (f"{checkpoints.DEFAULT}-crops", checkpoints.DEFAULT)
    histories = [arguments.results / f"{stage}-history.csv" for stage in stages]
    report.update_readme(arguments.readme, results)
    model = checkpoints.load()
    plots.save(plots.architecture(model.network), arguments.pictures / "architecture.png")
    prior = next(iter(results[0]["models"].values()))["prior_loss"]
    epochs = report.read_history(*histories)
    figure = plots.history(
        epochs, prior, f"{model.name}: on crops, then on whole photos", "prior (test photos)"
    )
    plots.save(figure, arguments.pictures / "history.png")
    common.say(arguments, f"{arguments.readme} and {arguments.pictures} renewed")
    return 0
