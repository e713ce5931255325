"""``colorlab evaluate``: measure models beside their baselines, and tune by what was measured."""

from __future__ import annotations

import argparse
import functools
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from colorlab.cli import common
from colorlab.decode import METHODS, Decoder
from colorlab.errors import InputError

SHEETS = (".png", ".jpg", ".jpeg")


def add(commands: Any) -> None:
    """Add the command to the parser."""
    evaluate = commands.add_parser("evaluate", help="measure models")
    kinds = evaluate.add_subparsers(dest="kind", metavar="KIND", required=True)
    color = kinds.add_parser("color", help="color models on photos")
    _add_photos(color)
    color.add_argument("--split", help="a split of the manifest; all photos by default")
    color.add_argument(
        "--max-photos",
        type=common.positive,
        metavar="N",
        help="measure N photos drawn at random (--seed); all by default",
    )
    color.add_argument(
        "--model", nargs="+", action="extend", help="names or folders; the default model if none"
    )
    common.add_decoding(color, several=True)
    color.add_argument(
        "--baselines",
        nargs="+",
        type=Path,
        default=[],
        metavar="TRAIN_PHOTOS",
        help="manifests (their split train) or folders: measure the bins' histogram over these "
        "photos (prior), and one for each height in the photo and luma (table), too",
    )
    color.add_argument(
        "--no-kid",
        dest="kid",
        action="store_false",
        help="leave out the kernel distance, which runs VGG-16 on every picture",
    )
    color.add_argument(
        "--json",
        type=Path,
        metavar="FILE.json",
        help="write the result to this file, and the figures of each photo to FILE-photos.csv.gz",
    )
    color.add_argument(
        "--sheet",
        type=Path,
        metavar="FILE.png",
        help="draw a contact sheet of photos drawn at random (--seed), and FILE-worst.png of the "
        "20 on which the first model gains least over grey",
    )
    color.add_argument(
        "--sheet-photos", type=common.positive, default=40, help="photos on the sheet (40)"
    )
    common.add_common(color)
    color.set_defaults(run=run)

    tune = kinds.add_parser("tune", help="choose the decoders of models' cards")
    _add_photos(tune)
    tune.add_argument("--split", help="a split of the manifest (val)")
    tune.add_argument("--model", nargs="+", action="extend", required=True, help="names or folders")
    tune.add_argument(
        "--scales",
        nargs="+",
        type=_scale,
        metavar="F",
        help="sizes at which stills are to be asked from now on, relative to the model's working "
        "size; answers are averaged (as the card says)",
    )
    tune.add_argument(
        "--decode",
        nargs="+",
        action="extend",
        choices=tuple(METHODS),
        help="methods to try (annealed and joint)",
    )
    common.add_common(tune)
    tune.set_defaults(run=run_tune)

    flow = kinds.add_parser("flow", help="optical-flow estimators against coasts' exact flow")
    flow.add_argument("--scenes", type=common.positive, default=7, help="rendered coasts (7)")
    flow.add_argument(
        "--size", type=common.positive, default=128, help="height of the frames in pixels (128)"
    )
    flow.add_argument("--json", type=Path, help="write the result to this file")
    common.add_common(flow)
    flow.set_defaults(run=run_flow)

    film = kinds.add_parser("film", help="film models on clips, beside their baselines")
    _add_clips(film)
    film.add_argument(
        "--model",
        nargs="+",
        action="extend",
        metavar="NAME[:CONTEXT]",
        help="grey, copy, freeze-first, a color model, or a consistency model with :free, :truth, "
        ":first or :none behind it; if none, the first three, the default film model and the "
        "color model that it completes",
    )
    film.add_argument(
        "--copy-model",
        type=Path,
        metavar="FILE",
        help="what `evaluate transitions` wrote; without it copy has no loss",
    )
    _add_precision(film)
    film.add_argument(
        "--json",
        type=Path,
        required=True,
        help="write the result to this file; finished clips wait in FILE.partial, and the same "
        "command goes on from there after a kill",
    )
    film.add_argument(
        "--sheet", type=Path, metavar="FOLDER", help="draw a contact sheet of each clip"
    )
    common.add_common(film)
    film.set_defaults(run=run_film)

    moves = kinds.add_parser("transitions", help="count on training clips what copy's loss needs")
    _add_clips(moves)
    moves.add_argument("--bins", type=int, default=30, help="bins per axis (30)")
    moves.add_argument("--json", type=Path, required=True, help="write the counts to this file")
    common.add_common(moves)
    moves.set_defaults(run=run_transitions)

    memory = kinds.add_parser(
        "memory",
        help="choose how fast film models' memory gives way, and their saturation",
    )
    _add_clips(memory)
    memory.add_argument(
        "--model", nargs="+", action="extend", required=True, help="names or folders"
    )
    _add_precision(memory)
    common.add_common(memory)
    memory.set_defaults(run=run_memory)


def _add_precision(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--precision",
        choices=("auto", "float32", "mixed_bfloat16"),
        default="auto",
        help="auto takes bfloat16 where it pays (auto)",
    )


def _add_clips(command: argparse.ArgumentParser) -> None:
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--clips", type=Path, help="a CSV manifest, a film, or a folder of films or of folders"
    )
    which.add_argument(
        "--coasts", type=_seeds, metavar="SEEDS", help="rendered coasts, 1000-1009 or 3,5,7"
    )
    command.add_argument(
        "--split", nargs="+", help="a split of the manifest, or several; all clips by default"
    )
    command.add_argument(
        "--fps", type=common.rate, help="frames a second of folders of frames, and of coasts (30)"
    )
    command.add_argument(
        "--size", type=common.positive, help="height of the frames (the film model's, else 128)"
    )
    command.add_argument(
        "--max-frames", type=common.positive, metavar="N", help="the first N frames of each clip"
    )
    command.add_argument(
        "--frames", type=common.positive, metavar="N", help="frames of each coast (300)"
    )


def _scale(text: str) -> float:
    """Read a scale, for argparse."""
    scale = common.above_zero(text)
    if not 0.25 <= scale <= 4:
        raise argparse.ArgumentTypeError(f"must lie between 0.25 and 4; received {text!r}")
    return scale


def _seeds(text: str) -> list[int]:
    """Read seeds, for argparse: numbers and ranges with commas between them."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise argparse.ArgumentTypeError(f"must be like 1000-1009 or 3,5,7; received {text!r}")
        found += range(int(first), int(last or first) + 1)
    if not found or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"must name coasts, each once; received {text!r}")
    return found


def _open_clips(arguments: argparse.Namespace, height: int) -> Any:
    """Open the clips that the options ask for."""
    from colorlab import datasets

    progress, size = not arguments.quiet, arguments.size or height
    if arguments.coasts is None:
        if arguments.frames is not None:
            raise InputError("--frames is for --coasts; films take --max-frames.")
        how = (size, arguments.fps, arguments.max_frames, progress)
        splits = dict.fromkeys(arguments.split or [None])
        return datasets.join([datasets.open_clips(arguments.clips, one, *how) for one in splits])
    for name in ("split", "max_frames"):
        if getattr(arguments, name) is not None:
            word = name.replace("_", "-")
            raise InputError(f"--{word} is for --clips; coasts take --frames and --fps.")
    frames, fps = arguments.frames or 300, arguments.fps or Fraction(30)
    return datasets.coasts(arguments.coasts, frames, fps, size, round(size * 16 / 9), progress)


def _add_photos(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--photos",
        required=True,
        type=Path,
        nargs="+",
        help="a CSV manifest, or a folder (all its photos); several sets are joined",
    )
    command.add_argument(
        "--size",
        type=int,
        default=224,
        help="the network sees photos squashed to SIZE x SIZE pixels (224)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, print and write."""
    common.check_file(arguments.json)
    common.check_file(arguments.sheet)
    if arguments.sheet is not None and arguments.sheet.suffix.lower() not in SHEETS:
        raise InputError(
            f"a contact sheet is a picture, {', '.join(SHEETS)}; received {arguments.sheet}."
        )
    common.start_keras()
    from colorlab import checkpoints, datasets, evaluation, files

    progress = not arguments.quiet
    models = [checkpoints.load(name) for name in arguments.model or [None]]
    photos = datasets.open_photos(arguments.photos, arguments.split, arguments.size, progress)
    sheet = evaluation.Sheet(arguments.sheet_photos) if arguments.sheet is not None else None
    baselines = []
    if arguments.baselines:
        grid = models[0].grid
        baselines = evaluation.fit_baselines(
            arguments.baselines, grid, arguments.size, seed=arguments.seed, progress=progress
        )
    result = evaluation.evaluate_color(
        photos,
        models,
        arguments.decode,
        arguments.temperature,
        arguments.max_photos,
        arguments.seed,
        sheet,
        baselines,
        arguments.kid,
        command=common.command_line(arguments.words),
        progress=progress,
    )
    short = evaluation.without_photos(result)
    print(json.dumps(short, indent=2, ensure_ascii=False))
    if arguments.json is not None:
        path = arguments.json
        files.write_json(path, short)
        evaluation.write_photos(path.with_name(f"{path.stem}-photos.csv.gz"), result)
    if sheet is not None:
        path, name = arguments.sheet, models[0].name
        worst = path.with_stem(f"{path.stem}-worst")
        chosen = f"{len(sheet.random)} photos drawn at random, seed {arguments.seed}"
        least = f"the {len(sheet.worst)} photos on which {name} gains least over grey"
        _draw(path, sheet.random, result["models"], chosen)
        _draw(worst, sheet.worst, result["models"], least)
    return 0


def _draw(path: Path, shown: list[Any], entries: dict[str, Any], title: str) -> None:
    """Draw one contact sheet."""
    from colorlab import evaluation, plots

    words = [evaluation.decoder_words(entry) for entry in entries.values()]
    words = [one.removeprefix("annealed, ") if "saturation" in one else one for one in words]
    ways = [f"{key.split(':')[0]}\n{one}" for key, one in zip(entries, words, strict=True)]
    notes = []
    for one in shown:
        grey, *ours = one.psnr.values()
        gains = [f"{value:.1f} dB ({value - grey:+.1f})" for value in ours]
        notes.append([f"{grey:.1f} dB", *gains, ""])
    figure = plots.contact_sheet(
        [list(one.pictures.values()) for one in shown],
        ["grey", *ways, "truth"],
        [one.name for one in shown],
        notes,
        f"{title}: PSNR and, in brackets, what is gained over grey",
    )
    plots.save(figure, path, dpi=plots.SHEET_DPI)


def run_tune(arguments: argparse.Namespace) -> int:
    """Tune each model on validation photos and say what was chosen."""
    common.start_keras()
    from colorlab import checkpoints, datasets, evaluation

    progress = not arguments.quiet
    split = arguments.split or (None if arguments.photos[0].is_dir() else "val")
    folders = [checkpoints.locate(name) for name in arguments.model]
    photos = datasets.open_photos(arguments.photos, split, arguments.size, progress)
    for folder in folders:
        methods = tuple(dict.fromkeys(arguments.decode or evaluation.TRIED))
        card = evaluation.tune_decoder(folder, photos, progress, True, arguments.scales, methods)
        if "curve" not in card["decode"]:
            common.say(arguments, f"{card['name']} predicts colours, not bins: nothing to tune")
        for point in card["decode"].get("curve", []):
            decoder = Decoder.from_json(point)
            mark = "<- chosen" if decoder == Decoder.from_json(card["decode"]) else ""
            line = (
                f"{decoder}: "
                f"{point['gain']:+.2f} dB over grey, "
                f"{point['ratio']:.1%} of the colour {mark}"
            )
            common.say(arguments, f"{card['name']}, {line.rstrip()}")
    return 0


def run_flow(arguments: argparse.Namespace) -> int:
    """Compare the estimators, print and write."""
    common.check_file(arguments.json)
    common.start_keras()
    from colorlab import evaluation, files

    result = evaluation.compare_flows(
        arguments.scenes,
        arguments.seed,
        arguments.size,
        command=common.command_line(arguments.words),
        progress=not arguments.quiet,
    )
    print(json.dumps(result, indent=2, ensure_ascii=False))
    if arguments.json is not None:
        files.write_json(arguments.json, result)
    return 0


def run_film(arguments: argparse.Namespace) -> int:
    """Measure film models, print the figures without those of each clip, and write all."""
    common.check_file(arguments.json)
    if arguments.sheet is not None:
        common.check_folder(arguments.sheet)
    common.start_keras()
    from colorlab import devices, evaluation, files, film_metrics

    about: dict[str, Any] = {"precision": devices.precision(arguments.precision)}
    about["copy_model_sha256"] = copy_model = None
    if arguments.copy_model is not None:
        copy_model = film_metrics.CopyModel.from_json(files.read_json(arguments.copy_model))
        about["copy_model_sha256"] = files.sha256(arguments.copy_model)
    entries = evaluation.entries(arguments.model or (), about["precision"], copy_model)
    clips = _open_clips(arguments, evaluation.working_height(entries))
    partial = arguments.json.with_name(f"{arguments.json.name}.partial")
    result = evaluation.evaluate_film(
        clips,
        entries,
        partial,
        functools.partial(_draw_strip, arguments.sheet) if arguments.sheet is not None else None,
        arguments.seed,
        about,
        progress=not arguments.quiet,
    )
    result["command"] = common.command_line(arguments.words)
    files.write_json(arguments.json, result)
    partial.unlink(missing_ok=True)
    for entry in result["models"].values():
        del entry["curve"], entry["per_clip"]
    print(json.dumps(result, indent=2, ensure_ascii=False))
    return 0


def _draw_strip(folder: Path, strip: Any) -> None:
    """Draw one clip's contact sheet."""
    from colorlab import plots

    rows = list(strip.pictures)
    notes = [
        ["" if name == "truth" else f"{value:.1f} dB" for value in strip.psnr[name]]
        for name in rows
    ]
    figure = plots.contact_sheet(
        list(strip.pictures.values()),
        [f"frame {t}" for t in strip.frames],
        rows,
        notes,
        f"{strip.name}: PSNR",
        width=1,
    )
    plots.save(figure, folder / f"{strip.name.replace('/', '-')}.png", dpi=plots.SHEET_DPI)


def run_transitions(arguments: argparse.Namespace) -> int:
    """Count transitions and write them."""
    common.check_file(arguments.json)
    common.start_keras()
    from colorlab import bins, evaluation, files

    grid = bins.BinGrid.of(arguments.bins)
    clips = _open_clips(arguments, 128)
    result = evaluation.count_transitions(clips, grid, not arguments.quiet)
    files.write_json(arguments.json, {**result, "command": common.command_line(arguments.words)})
    common.say(arguments, f"{result['pairs']} pairs of frames, counted in {arguments.json}")
    return 0


def _way(row: dict[str, Any]) -> str:
    """Say in words how a guided model colours."""
    return f"leak {row['leak']:g}, {row['saturation']:g} x"


def run_memory(arguments: argparse.Namespace) -> int:
    """Tune each film model on clips and say what was chosen."""
    common.start_keras()
    from colorlab import checkpoints, devices, evaluation

    dtype = devices.precision(arguments.precision)
    for folder in [checkpoints.locate(name) for name in arguments.model]:
        height = int(checkpoints.read_card(folder, "consistency")["working_height"])
        clips = _open_clips(arguments, height)
        card = evaluation.tune_memory(folder, clips, dtype=dtype, progress=not arguments.quiet)
        decode = card["decode"]
        told = {"each frame for itself": decode["per_frame"]}
        told |= {_way(one): one for one in decode["curve"]}
        chosen = _way(decode)
        for what, row in told.items():
            line = (
                f"{card['name']}, {what}: PSNR {row['psnr']:.2f} dB, colourfulness "
                f"{row['colourfulness']:.1f}, warp error of chroma {row['chroma_warp_error']:.3g}"
            )
            common.say(arguments, line + (" <- chosen" if what == chosen else ""))
    return 0
