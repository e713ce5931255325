"""The studies' command line: ``python -m studies NAME``; without a NAME it lists them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from colorlab import cli
from studies.cli import bench, experiment, keyframes, report

PROGRAM = "python -m studies"


def parser() -> cli.Parser:
    """Return the parser of the whole command line; no backend is imported."""
    top = cli.Parser(
        prog=PROGRAM, description="Measure what the paper claims, how fast colorlab is, and report."
    )
    names = top.add_subparsers(dest="name", metavar="NAME")
    experiment.add(names)
    report.add(names)
    bench.add(names)
    keyframes.add(names)

    def show(arguments: argparse.Namespace) -> int:
        width = max(map(len, names.choices))
        for name, command in names.choices.items():
            print(f"{name:{width}}  {command.description}")
        return 0

    top.set_defaults(run=show)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one study."""
    return cli.run(parser, arguments, "studies")
