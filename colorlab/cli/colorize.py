"""``colorlab colorize``: colour photos, films, and folders of them."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from colorlab.cli import common
from colorlab.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from colorlab.checkpoints import ColorModel, ConsistencyModel
    from colorlab.keyframes import Key

SUFFIX = "-colorized"


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("colorize", help="colour photos, films, or folders of them")
    command.add_argument(
        "input",
        nargs="+",
        type=Path,
        help="photos (JPEG, PNG, WebP, TIFF), films (MP4, MOV, MKV, AVI, WebM, GIF and others) or "
        "folders; with --fps a folder or a pattern like frames/%%05d.png is one film",
    )
    command.add_argument(
        "-o",
        "--out",
        type=Path,
        help="a file for one photo or film, else a folder; by default each goes beside its source "
        "as NAME-colorized",
    )
    command.add_argument(
        "--model",
        help="a packaged model's name or a model folder. A color model colours photos, and films "
        "frame by frame; a consistency model films, knowing the frame before, and its color model "
        "photos. By default the best packaged one for each",
    )
    common.add_decoding(command)
    command.add_argument(
        "--precision",
        choices=("auto", "float32", "mixed_bfloat16"),
        default="auto",
        help="of the arithmetic for films; auto takes bfloat16 where it pays (auto)",
    )
    command.add_argument(
        "--fps",
        type=common.rate,
        help="frames a second of a film that is given as a folder of photos",
    )
    command.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="PLACE=PICTURE",
        help="a key frame, whose colours go to the rest of its shot: SECONDS=PICTURE or "
        "fNUMBER=PICTURE, with the frame's number from 0; may be given several times. For one film",
    )
    command.add_argument(
        "--like",
        type=Path,
        metavar="PICTURE",
        help="a reference picture, whose colours go to the places that look alike",
    )
    command.add_argument(
        "--lossless", action="store_true", help="keep a film's luma exactly; a large file"
    )
    command.add_argument(
        "--resume",
        action="store_true",
        help="skip what is coloured already, and go on with films that were interrupted",
    )
    common.add_common(command)
    command.set_defaults(run=run)


# ------------------------------------------------------------------------------------- planning


def plan(
    inputs: list[Path], out: Path | None, fps: Fraction | None = None
) -> list[tuple[Path, Path]]:
    """Pair every photo and film with the file its coloured copy goes to.

    Parameters
    ----------
    inputs : list of pathlib.Path
        Photos, films and folders.
    out : pathlib.Path or None
        As given on the command line.
    fps : fractions.Fraction, optional
        Makes a folder of photos, or a pattern of their names, one film.

    Returns
    -------
    list of tuple
        (source, target); folders keep their structure under `out`.

    Raises
    ------
    InputError
        For a missing input, a folder without pictures, an `out` that cannot be, two sources for one
        target, a target that is itself a source, or a rate with what is no sequence of photos.
    """
    from colorlab import media

    as_file = _is_file(inputs, out, fps)
    pairs: list[tuple[Path, Path]] = []
    for given in inputs:
        whole = _is_sequence(given, fps)
        if not (given.exists() or whole):
            raise InputError(f"there is no {given}; give photos, films or folders of them.")
        if fps is not None and not whole:
            raise InputError(
                f"--fps is for folders of photos and patterns of their names, {given} is neither; "
                "colour it without --fps."
            )
        is_folder = given.is_dir() and not whole
        for source in media.list_pictures(given) if is_folder else [given]:
            if out is not None and is_folder and _lies_within(source, out, given):
                continue  # what an earlier run left in a folder inside this one
            if out is None:
                if is_folder and source.stem.endswith(SUFFIX):
                    continue  # what an earlier run left beside its source
                name = _target_name(source, fps)
                target = name.with_name(f"{name.stem}{SUFFIX}{name.suffix}")
            elif as_file:
                target = out
            else:
                name = _target_name(source, fps)
                target = out / (name.relative_to(given) if is_folder else name.name)
            pairs.append((source, target))
    _check_clashes(pairs)
    return pairs


def _is_sequence(given: Path, fps: Fraction | None) -> bool:
    """Tell whether an input is a sequence of photos that make one film."""
    from colorlab import media

    return fps is not None and (given.is_dir() or media.is_pattern(given))


def _is_film(source: Path) -> bool:
    """Tell a film from a photo by its name; a sequence of photos is a film, too."""
    from colorlab import media

    by_name = source.suffix.lower() in media.FILM_SUFFIXES or media.is_pattern(source)
    return by_name or source.is_dir()


def _target_name(source: Path, fps: Fraction | None) -> Path:
    """Return the name of a source with the suffix that its coloured copy will have."""
    if _is_sequence(source, fps):
        folder = source if source.is_dir() else source.parent
        if folder.name in ("", ".."):
            folder = folder.resolve()
        if not folder.name:
            raise InputError(f"a film cannot be named after {folder}; name one with -o.")
        return folder.with_name(f"{folder.name}.mp4")
    if _is_film(source):
        from colorlab.media import film_writer

        return source.with_suffix(film_writer.suffix_for(source))
    return source


def _is_file(inputs: list[Path], out: Path | None, fps: Fraction | None) -> bool:
    """Tell whether `out` names the one coloured photo or film, rather than a folder."""
    from colorlab import media

    if out is None:
        return False
    whole = _is_sequence(inputs[0], fps)
    alone = len(inputs) == 1 and (whole or not inputs[0].is_dir())
    known = media.PHOTO_SUFFIXES + media.FILM_SUFFIXES
    if out.is_dir() or not out.suffix or not (alone or out.suffix.lower() in known):
        common.check_folder(out)
        return False
    if not alone:
        raise InputError(f"{out} names one file for several photos or films; name a folder.")
    if whole or _is_film(inputs[0]):
        from colorlab.media import film_writer

        film_writer.check_target(inputs[0], out)
    elif out.suffix.lower() not in media.PHOTO_SUFFIXES:
        raise InputError(
            f"cannot write {out}: colorlab writes {', '.join(media.PHOTO_SUFFIXES)}; use one of "
            "them, or a folder that exists."
        )
    common.check_folder(out.parent)
    return True


def _lies_within(source: Path, out: Path, given: Path) -> bool:
    """Tell whether a picture of the folder `given` lies in the output folder inside it."""
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
                f"{target} is one of the files to colour and would be overwritten; choose another "
                "place with -o."
            )
        taken[target] = source


# ------------------------------------------------------------------------------------- colouring


class Models:
    """The models that a command line names, each loaded when it is first needed.

    Parameters
    ----------
    name : str or None
        Of either kind, as for ``--model``.
    precision : {"auto", "float32", "mixed_bfloat16"}
        Of the model for films.
    """

    def __init__(self, name: str | None, precision: str) -> None:
        self.name, self.precision = name, precision

    @functools.cached_property
    def photos(self) -> ColorModel:
        """The color model; of a consistency model its own."""
        from colorlab import checkpoints

        if self.name is not None and checkpoints.kind_of(self.name) == "consistency":
            return checkpoints.load_consistency(self.name).color
        return checkpoints.load(self.name)

    @functools.cached_property
    def films(self) -> ColorModel | ConsistencyModel:
        """The model for films, of either kind."""
        from colorlab import colorize_film

        return colorize_film.load(self.name, self.precision)


def run(arguments: argparse.Namespace) -> int:
    """Colour everything; report what cannot be used and go on."""
    pairs = plan(arguments.input, arguments.out, arguments.fps)
    kind = _kind(pairs)
    if arguments.key and (len(pairs) > 1 or kind != "film"):
        raise InputError(
            f"--key is for one film; received {len(pairs)} {kind}{'s' * (len(pairs) > 1)}."
        )
    if arguments.resume:
        pairs = [(source, target) for source, target in pairs if not target.exists()]
    if not pairs:
        common.say(arguments, f"nothing to do: every {kind} has its coloured copy.")
        return 0
    common.start_keras()
    from colorlab import colorize, keyframes

    models = Models(arguments.model, arguments.precision)
    like = None if arguments.like is None else keyframes.read_picture(arguments.like)
    keys = [keyframes.read_key(key) for key in arguments.key]
    used: dict[str, None] = {}
    failed = 0
    bar = tqdm(pairs, desc="colouring", unit=kind, disable=arguments.quiet or len(pairs) == 1)
    for source, target in bar:
        is_film = _is_film(source)
        used[(models.films if is_film else models.photos).name] = None  # a bad model ends all
        try:
            if is_film:
                _film(arguments, source, target, models.films, keys, like, len(pairs) == 1)
            else:
                decoding = arguments.decode, arguments.temperature
                colorize.file(source, target, models.photos, *decoding, like)
        except InputError as error:
            failed += 1
            tqdm.write(f"colorlab: {' '.join(str(error).split())}", file=sys.stderr)
        else:
            if len(pairs) == 1:
                common.say(arguments, f"{source} -> {target}")
    if failed:
        if len(pairs) > 1:
            tqdm.write(f"colorlab: {failed} of {len(pairs)} {kind}s failed.", file=sys.stderr)
        return 2
    if len(pairs) > 1:
        common.say(arguments, f"{len(pairs)} {kind}s coloured with {' and '.join(used)}.")
    return 0


def _kind(pairs: list[tuple[Path, Path]]) -> str:
    """Return the word for what there is to colour."""
    kinds = {_is_film(source) for source, _ in pairs}
    return "file" if len(kinds) > 1 else "film" if True in kinds else "photo"


def _film(
    arguments: argparse.Namespace,
    source: Path,
    target: Path,
    model: ColorModel | ConsistencyModel,
    keys: list[Key],
    like: NDArray[np.float32] | None,
    alone: bool,
) -> None:
    """Colour one film, with a bar that counts its frames."""
    from colorlab import colorize_film
    from colorlab.media import film_writer, films, recolor

    film = films.open_film(source, arguments.fps if _is_sequence(source, arguments.fps) else None)
    colorer = colorize_film.colorer_for(model, arguments.decode, arguments.temperature)
    colorer = colorize_film.with_keys(film, colorer, keys, like)
    with tqdm(
        total=film.n_frames, desc=source.name, unit="frame", disable=arguments.quiet, leave=alone
    ) as bar:
        try:
            notes = recolor.recolor(
                film, target, colorer, arguments.lossless, arguments.resume, bar.update
            )
        except films.FilmCutShort as error:
            raise InputError(f"{error} What could be read is coloured in {target}.") from error
        except KeyboardInterrupt:
            bar.close()
            pieces = film_writer.pieces_folder(target)
            if not pieces.is_dir():
                raise
            raise KeyboardInterrupt(
                f"interrupted; the beginning of {target.name} is kept in {pieces}; the same "
                "command with --resume goes on from there."
            ) from None
    for note in notes:
        if not arguments.quiet:
            tqdm.write(f"{target}: {note}.")
