"""``colorlab report``: tables and figures of the README and the docs, from ``results/``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from colorlab.cli import common

LONG = "color-water-n30"
"""Whose training over 100 epochs, meant to overfit, is drawn where its history exists."""


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "report", help="renew the README's tables and the docs' figures from results/"
    )
    command.add_argument("--results", type=Path, default=Path("results"))
    command.add_argument("--readme", type=Path, default=Path("README.md"))
    command.add_argument("--details", type=Path, default=Path("docs/results.md"))
    command.add_argument("--reproducing", type=Path, default=Path("docs/reproducing.md"))
    command.add_argument("--pictures", type=Path, default=Path("assets/pictures"))
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Renew the page and the figures."""
    common.start_keras()
    from colorlab import checkpoints, plots, report

    tests, train = report.read_color_results(arguments.results)
    films, film_model = report.read_film_results(arguments.results), checkpoints.FILM_DEFAULT
    tables = {report.MARKS: report.color_table(tests)}
    if films:
        tables[report.FILM_MARKS] = report.film_text(films, film_model)
    report.update_page(arguments.readme, tables)
    details = report.color_details(tests, train)
    report.update_page(arguments.details, {report.MARKS: details})
    run_ones = report.experiment_table(report.read_experiments(arguments.results))
    report.update_page(arguments.reproducing, {report.EXPERIMENT_MARKS: run_ones})
    if curves := report.film_curves(films, film_model):
        figure = plots.film_errors(curves, report.film_finding(films, film_model))
        plots.save(figure, arguments.pictures / report.FILM_PICTURE)
    model = checkpoints.load()
    plots.save(plots.architecture(model.network), arguments.pictures / "architecture.png")
    epochs = report.read_history(*report.histories(arguments.results, model.name))
    title = f"{model.name}: {len(epochs)} epochs in {epochs[-1]['stage']} stages"
    drawn = {"history.png": (model.name, epochs, title)}
    long = arguments.results / f"{LONG}-100-epochs-history.csv"
    if long.is_file():
        epochs = report.read_history(long)
        drawn["overfitting.png"] = (LONG, epochs, report.overfitting(epochs))
    for picture, (name, epochs, title) in drawn.items():
        prior = tests[0]["models"].get(name, {}).get("prior_loss")
        figure = plots.history(epochs, prior, title, "prior (test photos)")
        plots.save(figure, arguments.pictures / picture)
    pages = f"{arguments.readme}, {arguments.details}, {arguments.reproducing}"
    common.say(arguments, f"{pages} and {arguments.pictures} renewed")
    return 0
