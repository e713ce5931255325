"""What several commands share: options, a quick start of Keras, the command as results keep it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from colorlab.decode import METHODS
from colorlab.errors import InputError
from colorlab.quiet import quiet


def add_common(command: argparse.ArgumentParser) -> None:
    """Add the options every long command takes."""
    command.add_argument("--quiet", action="store_true", help="no progress bars, no summary")
    command.add_argument(
        "--seed", type=from_zero, default=0, help="seed of every random choice (0)"
    )


def add_decoding(command: argparse.ArgumentParser, several: bool = False) -> None:
    """Add the options that choose how probabilities become a colour, or in which several ways."""
    tempered = [name for name, method in METHODS.items() if method.temperatures]
    many: dict[str, Any] = {"nargs": "+", "action": "extend"} if several else {}
    command.add_argument(
        "--decode",
        choices=tuple(METHODS),
        help="the model card's by default" + ("; one or more" if several else ""),
        **many,
    )
    command.add_argument(
        "--temperature",
        type=above_zero,
        help=f"of {' and '.join(tempered)}, above 0; the card's by default for the card's own "
        "decoder (the card's saturation stays), else 1",
    )


def say(arguments: argparse.Namespace, text: str) -> None:
    """Print a line for a person unless the command is quiet."""
    if not getattr(arguments, "quiet", False):
        print(text, flush=True)


@contextlib.contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Let packages look as if they were not installed; those imported already are left alone.

    Keras and TensorFlow import some packages only because they are there. They can do without
    them, and a command line starts sooner; afterwards they can be imported as ever.
    """
    added = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(added))  # type: ignore[arg-type]  # None: import refuses
    try:
        yield
    finally:
        for name in added:
            sys.modules.pop(name, None)


def backend() -> str:
    """Return the name of the backend that Keras will take, without importing Keras.

    Returns
    -------
    str
        What the variable KERAS_BACKEND says, else Keras' own settings file, else "tensorflow".
    """
    if named := os.environ.get("KERAS_BACKEND"):
        return named
    folder = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    try:
        return str(json.loads(Path(folder, "keras.json").read_text("utf-8"))["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow"


def start_keras() -> None:
    """Import Keras and its backend without their chatter, and without what nobody here needs."""
    if "keras" in sys.modules:
        return
    needless = {"sklearn", "matplotlib"} | ({"jax"} if backend() == "tensorflow" else set())
    with quiet(), hidden(*needless):
        try:
            from colorlab import devices

            devices.start()
        except (ImportError, ValueError) as error:  # Keras' word for an unknown name
            raise InputError(
                f"the backend {backend()!r} does not start ({error}); install it, or set "
                "KERAS_BACKEND to tensorflow or jax."
            ) from error


def positive(text: str) -> int:
    """Read a whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0; received {text!r}")
    return int(text)


def from_zero(text: str) -> int:
    """Read a whole number from 0 up, for argparse."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 up; received {text!r}")
    return int(text)


def above_zero(text: str) -> float:
    """Read a finite number above 0, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a finite number above 0; received {text!r}")
    return value


def rate(text: str) -> Fraction:
    """Read a frame rate, for argparse: 25, 23.976 or 30000/1001."""
    try:
        found = Fraction(text).limit_denominator(1001)
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    if not Fraction(1, 10) <= found <= 1000:
        raise argparse.ArgumentTypeError(
            "must be a number of frames a second like 25 or 30000/1001, from 1/10 to 1000; "
            f"received {text!r}"
        )
    return found


def check_file(path: Path | None) -> None:
    """Refuse an output file that cannot be written, before any long work.

    Parameters
    ----------
    path : pathlib.Path or None
        What is to be written, if anything is. It is not created.

    Raises
    ------
    InputError
        When it is a folder, or its own folder cannot come to be.
    """
    if path is not None:
        check_folder(path.parent)
        if path.is_dir():
            raise InputError(f"cannot write {path}: it is a folder; name a file in it.")


def check_folder(folder: Path) -> None:
    """Refuse an output folder that cannot come to be, before any long work.

    Parameters
    ----------
    folder : pathlib.Path
        Where something is to be written. It is not created.

    Raises
    ------
    InputError
        When it, or one of its parents, is a file.
    """
    for part in (folder, *folder.parents):
        if part.is_dir():
            return
        if part.exists():
            raise InputError(f"cannot write into {folder}: {part} is a file; name another folder.")


def command_line(words: Sequence[str], program: str = "colorlab") -> str:
    """Return the command as results keep it: folders cut from paths, so no one's disk is named."""
    shown = []
    for word in words:
        name, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        is_path = os.sep in value or (os.altsep is not None and os.altsep in value)
        shown.append(f"{name}{equals}{Path(value).name if is_path else value}")
    return " ".join([program, *shown])
