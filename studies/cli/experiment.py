"""``python -m studies EXPERIMENT``: what the paper claims, asked and measured."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

import studies
from colorlab.cli import common
from colorlab.errors import InputError


def add(names: Any) -> None:
    """Add every experiment to the parser."""
    for name, question in studies.QUESTIONS.items():
        _add_options(names.add_parser(name, help=question, description=question))


def _add_options(command: argparse.ArgumentParser) -> None:
    """Add the options that all experiments take."""
    command.add_argument(
        "--out",
        type=Path,
        required=True,
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
    """Run an experiment, draw its figures and say what was found."""
    name = arguments.name
    if arguments.more_photos is not None and name not in studies.TWO_SETS:
        raise InputError(f"{name} takes one set of photos; leave out --more-photos.")
    if arguments.clips is not None and name not in studies.CLIPS:
        raise InputError(f"{name} takes no clips; leave out --clips.")
    if arguments.photos is not None and name in studies.CLIPS:
        raise InputError(f"{name} takes no photos but films; name their manifest with --clips.")
    common.check_folder(arguments.out)
    common.start_keras()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of several networks
    from colorlab import plots
    from studies import harness
    from studies.plots import draw

    asked = harness.Asked(
        arguments.clips or arguments.photos,
        arguments.split,
        arguments.max_photos,
        arguments.fast,
        arguments.seed,
        not arguments.quiet,
        arguments.more_photos,
    )
    words = common.command_line(arguments.words, "python -m studies")
    try:
        result = harness.run(name, studies.load(name), asked, arguments.out, words, arguments.arms)
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
