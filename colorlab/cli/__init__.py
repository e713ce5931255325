"""The command line: ``colorlab COMMAND`` or ``python -m colorlab COMMAND``.

Exit status: 0 done, 1 `data check` found a look-alike, 2 bad input (one clear line on standard
error), 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

import colorlab
from colorlab.errors import InputError

_COMMANDS = ("demo", "colorize", "keys", "train", "evaluate", "data", "info", "lab")


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line, as everything else here does."""

    def error(self, message: str) -> NoReturn:
        """Refuse the words of the command line."""
        raise InputError(f"{message}; see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; no backend is imported."""
    top = Parser(
        prog="colorlab",
        description="See, run and change how a computer adds plausible colour to grey pictures.",
    )
    top.add_argument("--version", action="version", version=f"colorlab {colorlab.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in _COMMANDS:
        importlib.import_module(f"colorlab.cli.{name}").add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after ``colorlab``; those of the process by default.

    Returns
    -------
    int
        The exit status.
    """
    return run(parser, arguments, "colorlab")


def run(
    parser: Callable[[], argparse.ArgumentParser], arguments: Sequence[str] | None, name: str
) -> int:
    """Run the command that a parser reads, and turn refusals into one line and an exit status.

    Parameters
    ----------
    parser : callable
        Makes the parser; every command of it sets ``run``.
    arguments : sequence of str or None
        As for `main`.
    name : str
        What the line on standard error begins with.

    Returns
    -------
    int
        The exit status.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        chosen = parser().parse_args(words)
        chosen.words = words
        status = int(chosen.run(chosen) or 0)
        sys.stdout.flush()
        return status
    except InputError as error:
        print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        said = str(stop) or "interrupted; nothing half-written was left."
        print(f"{name}: {said}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
