"""``colorlab keys``: write the frames of a film that are worth colouring by hand."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from colorlab.cli import common


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "keys",
        help="write the frames of a film that are worth colouring by hand",
        description="Write one sharp grey frame of each shot as a PNG. Colour them in a paint "
        "program, where transparent places stay undecided, and hand them to `colorlab colorize "
        "FILM --key`.",
    )
    command.add_argument("film", type=Path, help="MP4, MOV, MKV, AVI, WebM, GIF and others")
    command.add_argument(
        "-o", "--out", type=Path, help="folder (FILM-keys, beside the film, by default)"
    )
    command.add_argument(
        "--every",
        type=common.above_zero,
        default=10.0,
        metavar="SECONDS",
        help="one frame for this much of a long shot (10)",
    )
    command.add_argument("--quiet", action="store_true", help="only write the frames")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the frames, and print how each is handed back."""
    from colorlab import files, media
    from colorlab.media import films, stills

    film = films.open_film(arguments.film)
    out = arguments.out or arguments.film.with_name(f"{arguments.film.stem}-keys")
    files.ensure_folder(out)
    for still in stills.suggest(film, arguments.every):
        path = out / f"f{still.index:06d}.png"
        media.write_photo(path, np.repeat(still.y[..., None], 3, axis=-1))
        common.say(arguments, f"--key f{still.index}={path}  ({float(still.seconds):.2f} s)")
    return 0
