"""``colorlab experiment``: what the paper claims, asked and measured."""

from __future__ import annotations

import argparse
import logging
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
    command.add_argument(
        "--more-photos",
        type=Path,
        metavar="PHOTOS",
        help="the second set of an experiment that compares two, with the same splits",
    )
    command.add_argument(
        "--clips",
        type=Path,
        metavar="CSV",
        help="a manifest of films with the splits train and test, for an experiment on films",
    )
    command.add_argument(
        "--split",
        help="a split of the manifest, all photos by default; experiments that train learn from "
        "the split train and measure this one, val by default",
    )
    command.add_argument(
        "--max-photos",
        type=common.positive,
        metavar="N",
        help="at most N photos, evenly spaced; the experiment's own number by default; those that "
        "train learn from N and measure a quarter as many",
    )
    command.add_argument(
        "--fast", action="store_true", help="a small run on rendered coasts; needs no photos"
    )
    command.add_argument(
        "--arms",
        nargs="+",
        default=(),
        metavar="ARM",
        help="measure these arms alone; several processes can so share out the work of one --out, "
        "and the command without --arms makes the result of all",
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
    if arguments.more_photos is not None and name not in experiments.TWO_SETS:
        raise InputError(f"{name} takes one set of photos; leave out --more-photos.")
    if arguments.clips is not None and name not in experiments.CLIPS:
        raise InputError(f"{name} takes no clips; leave out --clips.")
    if arguments.photos is not None and name in experiments.CLIPS:
        raise InputError(f"{name} takes no photos but films; name their manifest with --clips.")
    common.check_folder(arguments.out)
    common.start_keras()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of several networks
    from colorlab import plots
    from colorlab.experiments import harness
    from colorlab.plots.experiments import draw

    asked = harness.Asked(
        arguments.clips or arguments.photos,
        arguments.split,
        arguments.max_photos,
        arguments.fast,
        arguments.seed,
        not arguments.quiet,
        arguments.more_photos,
    )
    words = common.command_line(arguments.words)
    try:
        result = harness.run(
            name, experiments.load(name), asked, arguments.out, words, arguments.arms
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted; finished arms are kept in {arguments.out}, and the same command goes on."
        ) from None
    if result is None:
        common.say(arguments, "measured; other arms are still missing, so there is no result yet.")
        return 0
    for stem, figure in draw(name, result).items():
        plots.save(figure, arguments.out / f"{stem}.png")
    common.say(arguments, f"{result['summary']['finding']}\n{arguments.out / 'result.json'}")
    return 0
