"""``colorlab colorize``: colour photos and folders of photos."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from colorlab.cli import common
from colorlab.errors import InputError

FILM_SUFFIXES = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".gif")
SUFFIX = "-colorized"


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("colorize", help="colour photos, or folders of photos")
    command.add_argument(
        "input", nargs="+", type=Path, help="photos (JPEG, PNG, WebP, TIFF) or folders"
    )
    command.add_argument(
        "-o",
        "--out",
        type=Path,
        help="a file for one photo, else a folder; by default each goes beside its source as "
        "NAME-colorized",
    )
    command.add_argument("--model", help="a packaged model's name or a model folder")
    common.add_decoding(command)
    command.add_argument(
        "--resume", action="store_true", help="skip photos whose coloured copy is there already"
    )
    common.add_common(command)
    command.set_defaults(run=run)


def plan(inputs: list[Path], out: Path | None) -> list[tuple[Path, Path]]:
    """Pair every photo with the file its coloured copy goes to.

    Parameters
    ----------
    inputs : list of pathlib.Path
        Photos and folders.
    out : pathlib.Path or None
        As given on the command line.

    Returns
    -------
    list of tuple
        (source, target); folders keep their structure under `out`.

    Raises
    ------
    InputError
        For a missing input, a film, a folder without photos, an `out` that cannot be, two sources
        for one target, or a target that is itself a source.
    """
    from colorlab import media

    as_file = _is_file(inputs, out)
    pairs: list[tuple[Path, Path]] = []
    for given in inputs:
        if not given.exists():
            raise InputError(f"there is no {given}; give photos or folders of photos.")
        if given.suffix.lower() in FILM_SUFFIXES and not given.is_dir():
            raise InputError(
                f"{given} is a film or an animation, and films are not supported by this version "
                "of colorlab; give photos, for example its frames."
            )
        for source in media.list_photos(given) if given.is_dir() else [given]:
            if out is not None and given.is_dir() and _lies_within(source, out, given):
                continue  # what an earlier run left in a folder inside this one
            if out is None:
                if given.is_dir() and source.stem.endswith(SUFFIX):
                    continue  # what an earlier run left beside the photos
                target = source.with_name(f"{source.stem}{SUFFIX}{source.suffix}")
            elif as_file:
                target = out
            else:
                target = out / (source.relative_to(given) if given.is_dir() else source.name)
            pairs.append((source, target))
    _check_clashes(pairs)
    return pairs


def _is_file(inputs: list[Path], out: Path | None) -> bool:
    """Tell whether `out` names the one coloured photo, rather than a folder."""
    from colorlab import media

    if out is None:
        return False
    alone = len(inputs) == 1 and not inputs[0].is_dir()
    if out.is_dir() or not out.suffix or not (alone or out.suffix.lower() in media.PHOTO_SUFFIXES):
        common.check_folder(out)
        return False
    if not alone:
        raise InputError(f"{out} names one file for several photos; name a folder.")
    if out.suffix.lower() not in media.PHOTO_SUFFIXES:
        raise InputError(
            f"cannot write {out}: colorlab writes {', '.join(media.PHOTO_SUFFIXES)}; use one of "
            "them, or a folder that exists."
        )
    common.check_folder(out.parent)
    return True


def _lies_within(source: Path, out: Path, given: Path) -> bool:
    """Tell whether a photo of the folder `given` lies in the output folder inside it."""
    inside = out.resolve()
    return inside != given.resolve() and source.resolve().is_relative_to(inside)


def _check_clashes(pairs: list[tuple[Path, Path]]) -> None:
    """Refuse two sources for one target, and a target that would replace a source."""
    sources = {os.path.realpath(source) for source, _ in pairs}
    taken: dict[Path, Path] = {}
    for source, target in pairs:
        if target in taken:
            raise InputError(
                f"{taken[target]} and {source} would both be written to {target}; rename one, or "
                "colour them one after the other."
            )
        if os.path.realpath(target) in sources:
            raise InputError(
                f"{target} is one of the photos to colour and would be overwritten; choose another "
                "place with -o."
            )
        taken[target] = source


def run(arguments: argparse.Namespace) -> int:
    """Colour every photo; report the ones that cannot be used and go on."""
    pairs = plan(arguments.input, arguments.out)
    if arguments.resume:
        pairs = [(source, target) for source, target in pairs if not target.exists()]
    if not pairs:
        common.say(arguments, "nothing to do: every photo has its coloured copy.")
        return 0
    common.start_keras()
    from colorlab import checkpoints, colorize

    model = checkpoints.load(arguments.model)
    failed = 0
    bar = tqdm(pairs, desc="colouring", unit="photo", disable=arguments.quiet or len(pairs) == 1)
    for source, target in bar:
        try:
            colorize.file(source, target, model, arguments.decode, arguments.temperature)
        except InputError as error:
            failed += 1
            tqdm.write(f"colorlab: {' '.join(str(error).split())}", file=sys.stderr)
        else:
            if len(pairs) == 1:
                common.say(arguments, f"{source} -> {target}")
    if failed:
        if len(pairs) > 1:
            tqdm.write(f"colorlab: {failed} of {len(pairs)} photos failed.", file=sys.stderr)
        return 2
    if len(pairs) > 1:
        common.say(arguments, f"{len(pairs)} photos coloured with {model.name}.")
    return 0
