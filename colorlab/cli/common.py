"""What several commands share: options, a quiet start of Keras, the command as results keep it."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from colorlab.errors import InputError


def add_common(command: argparse.ArgumentParser) -> None:
    """Add the options every long command takes."""
    command.add_argument("--quiet", action="store_true", help="no progress bars, no summary")
    command.add_argument("--seed", type=int, default=0, help="seed of every random choice (0)")


def add_decoding(command: argparse.ArgumentParser) -> None:
    """Add the options that choose how probabilities become a colour."""
    command.add_argument(
        "--decode", choices=("argmax", "mean", "annealed"), help="the model card's by default"
    )
    command.add_argument(
        "--temperature",
        type=above_zero,
        help="of the annealed mean, above 0; the card's by default",
    )


def say(arguments: argparse.Namespace, text: str) -> None:
    """Print a line for a person unless the command is quiet."""
    if not getattr(arguments, "quiet", False):
        print(text, flush=True)


@contextlib.contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what a backend's libraries print while they start; show it if they fail."""
    if "keras" in sys.modules:
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as buffer:
        os.dup2(buffer.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            buffer.seek(0)
            os.write(2, buffer.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def start_keras() -> None:
    """Import Keras and its backend without their chatter."""
    with quiet_start():
        try:
            import keras

            keras.ops.convert_to_tensor(0.0)
        except (ImportError, ValueError) as error:  # Keras' word for an unknown name
            backend = os.environ.get("KERAS_BACKEND", "tensorflow")
            raise InputError(
                f"the backend {backend!r} does not start ({error}); install it, or set "
                "KERAS_BACKEND to tensorflow or jax."
            ) from error


def positive(text: str) -> int:
    """Read a whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0; received {text!r}")
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


def command_line(words: Sequence[str]) -> str:
    """Return the command as results keep it: folders cut from paths, so no one's disk is named."""
    shown = []
    for word in words:
        name, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        is_path = os.sep in value or (os.altsep is not None and os.altsep in value)
        shown.append(f"{name}{equals}{Path(value).name if is_path else value}")
    return " ".join(["colorlab", *shown])
