"""``colorlab experiment``: what the paper claims, asked and measured."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from colorlab.cli import common
from colorlab.errors import InputError


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "experiment", help="measure what the paper claims; without a NAME, list the questions"
    )
    command.add_argument("name", nargs="?", metavar="NAME", help="which experiment")
    command.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the result; finished arms wait in DIR/arms, and the same command goes on "
        "from there after a kill",
    )
    command.add_argument(
        "--photos",
        type=Path,
        help="a CSV manifest, or a folder (all its photos); not for those that render their own",
    )
    command.add_argument("--split", help="a split of the manifest; all photos by default")
    command.add_argument(
        "--max-photos",
        type=common.positive,
        metavar="N",
        help="at most N photos, evenly spaced; the experiment's own number by default",
    )
    command.add_argument(
        "--fast", action="store_true", help="a small run on rendered coasts; needs no photos"
    )
    common.add_common(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List the experiments, or run one, draw its figures and say what was found."""
    from colorlab import experiments

    name = arguments.name
    if name is None:
        width = max(map(len, experiments.QUESTIONS))
        for known, question in experiments.QUESTIONS.items():
            print(f"{known:{width}}  {question}")
        return 0
    experiments.check(name)
    if arguments.out is None:
        raise InputError("an experiment needs --out, the folder of its result.")
    common.check_folder(arguments.out)
    common.start_keras()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of several networks
    from colorlab import plots
    from colorlab.experiments import harness

    asked = harness.Asked(
        arguments.photos,
        arguments.split,
        arguments.max_photos,
        arguments.fast,
        arguments.seed,
        not arguments.quiet,
    )
    words = common.command_line(arguments.words)
    try:
        result = harness.run(name, experiments.load(name), asked, arguments.out, words)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted; finished arms are kept in {arguments.out}, and the same command goes on."
        ) from None
    for stem, figure in FIGURES[name](result).items():
        plots.save(figure, arguments.out / f"{stem}.png")
    common.say(arguments, f"{result['summary']['finding']}\n{arguments.out / 'result.json'}")
    return 0


def _grey_input(result: dict[str, Any]) -> dict[str, Any]:
    """Draw correlation and CKA by layer."""
    from colorlab import plots
    from colorlab.experiments import grey_input

    layers = result["summary"]["layers"]
    titles = {"unit_correlation": "Correlation, mean over units", "cka": "Linear CKA"}
    pairs = {"same": "colour and grey of one photo", "other": "colour and grey of two photos"}
    panels = {
        title: {words: [one[key][pair] for one in layers.values()] for pair, words in pairs.items()}
        for key, title in titles.items()
    }
    half = {titles["unit_correlation"]: ("half of the variance", grey_input.MOST**0.5)}
    title = result["summary"]["finding"]
    return {"grey_input": plots.by_layer(_short(layers), panels, title, half)}


def _reactions(result: dict[str, Any]) -> dict[str, Any]:
    """Draw the best unit's reaction by layer, for each thing that is reacted to."""
    from colorlab import plots
    from colorlab.experiments import reactions

    layers = result["summary"]["layers"]
    lines = {
        "on colour": "color",
        "on grey": "grey",
        "on colour, map of another scene": "other_color",
        "on grey, map of another scene": "other_grey",
    }
    panels = {
        region: {
            label: [one[region][key] for one in layers.values()] for label, key in lines.items()
        }
        for region in reactions.THINGS
    }
    title = result["summary"]["finding"]
    return {"reactions": plots.by_layer(_short(layers), panels, title, ylabel="r of best unit")}


def _short(layers: Iterable[str]) -> list[str]:
    """Name layers as the literature does: conv1_1 and so on."""
    return [one.replace("block", "conv").replace("_conv", "_") for one in layers]


FIGURES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "grey_input": _grey_input,
    "reactions": _reactions,
}
"""Name of an experiment to what draws its figures: file name without suffix to figure."""
