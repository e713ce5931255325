"""``python -m studies report``: the tables and figures of README and docs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from colorlab.cli import common

LONG = "color-water-n30"
"""Whose training over 100 epochs, meant to overfit, is drawn where its history exists."""


WHAT = "Renew the README's tables and the docs' figures from results/."


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("report", help=WHAT, description=WHAT)
    command.add_argument("--results", type=Path, default=Path("results"))
    command.add_argument("--readme", type=Path, default=Path("README.md"))
    command.add_argument("--docs", type=Path, default=Path("docs"), help="folder of the pages")
    command.add_argument("--pictures", type=Path, default=Path("assets/pictures"))
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Renew the page and the figures."""
    common.start_keras()
    from colorlab import checkpoints, plots
    from colorlab.teaching.results import histories, read_history
    from studies import keyframes, report

    tests, train = report.read_color_results(arguments.results)
    films, film_model = report.read_film_results(arguments.results), checkpoints.FILM_DEFAULT
    report.update_page(arguments.readme, {report.MARKS: report.color_table(tests)})
    studied = report.read_experiments(arguments.results)
    pages = {
        "results.md": {report.MARKS: report.color_details(tests, train)},
        "reproducing.md": {report.EXPERIMENT_MARKS: report.experiment_table(studied)},
    }
    if films:
        pages["results.md"][report.FILM_MARKS] = report.film_text(films, film_model)
    if keyed := keyframes.read(arguments.results):
        pages["results.md"][report.finding_marks("keyframes")] = keyframes.table(keyed)
    for name, kept in {**pages, **report.finding_tables(studied)}.items():
        if kept:
            report.update_page(arguments.docs / name, kept)
    if curves := report.film_curves(films, film_model):
        figure = plots.film_errors(curves, report.film_finding(films, film_model))
        plots.save(figure, arguments.pictures / report.FILM_PICTURE)
    model = checkpoints.load()
    plots.save(plots.architecture(model.network), arguments.pictures / "architecture.png")
    epochs = read_history(*histories(arguments.results, model.name))
    title = f"{model.name}: {len(epochs)} epochs in {epochs[-1]['stage']} stages"
    drawn = {"history.png": (model.name, epochs, title)}
    long = arguments.results / f"{LONG}-100-epochs-history.csv"
    if long.is_file():
        epochs = read_history(long)
        drawn["overfitting.png"] = (LONG, epochs, report.overfitting(epochs))
    for picture, (name, epochs, title) in drawn.items():
        prior = tests[0]["models"].get(name, {}).get("prior_loss")
        figure = plots.history(epochs, prior, title, "prior (test photos)")
        plots.save(figure, arguments.pictures / picture)
    renewed = f"{arguments.readme}, {arguments.docs} and {arguments.pictures}"
    common.say(arguments, f"{renewed} renewed")
    return 0
