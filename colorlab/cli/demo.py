"""``colorlab demo``: colour photos, rendered coasts and a short film; show them side by side."""

from __future__ import annotations

import argparse
import datetime
import time
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab.cli import common
from colorlab.cli.colorize import Models

if TYPE_CHECKING:
    from colorlab.checkpoints import ColorModel, ConsistencyModel
    from colorlab.media.recolor import Colorer

COASTS = (1, 8, 13)
COAST_TIME, COAST_HEIGHT, COAST_WIDTH = 2.0, 256, 384
LONGEST_SIDE = 512

SHEET: dict[str, tuple[str | int, ...]] = {
    "What it does well": ("flower", "china", "rocket", "coffee", "cat", "hopper"),
    "What it cannot": ("astronaut", 13),
}
"""Headings of ``overview.jpg`` and what stands under them: sample photos by name, coasts by number.
`colorlab data check` finds no copy of these photos among those the models were trained on."""

SHEET_HEIGHT, SHEET_WIDTH, SHEET_TEXT = 140, 1366, 1.3

FILM_COAST, FILM_FRAMES, FILM_RATE = 8, 90, Fraction(30)
FILM_HEIGHT, FILM_WIDTH = 216, 384
STILLS = range(0, 60, 12)
"""The frames of the film that are shown as stills."""


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "demo", help="colour photos, rendered coasts and a film, and compare"
    )
    command.add_argument(
        "--out", type=Path, default=Path("outputs/demo"), help="folder (outputs/demo)"
    )
    command.add_argument(
        "--model",
        help="a packaged model's name or a model folder; a consistency model colours the film, its "
        "color model the stills",
    )
    common.add_common(command)
    command.set_defaults(run=run)


def subjects(seed: int = 0) -> list[dict[str, Any]]:
    """Return what the demo colours: photos that installed packages carry, and rendered coasts.

    Parameters
    ----------
    seed : int
        Added to the coasts' seeds.

    Returns
    -------
    list of dict
        key (as in `SHEET`), name, kind, credit, rgb (uint8, at most 512 pixels long).
    """
    from colorlab import media, samples
    from colorlab.coast import Scene

    found: list[dict[str, Any]] = []
    for sample in samples.samples():
        height, width = sample.rgb.shape[:2]
        scale = min(1.0, LONGEST_SIDE / max(height, width))
        rgb = media.resize(sample.rgb, round(height * scale), round(width * scale))
        found.append(
            {
                "key": sample.name,
                "name": sample.name,
                "kind": "photo",
                "credit": sample.credit,
                "rgb": rgb,
            }
        )
    for number in COASTS:
        scene = Scene(number + seed)
        found.append(
            {
                "key": number,
                "name": f"coast {number + seed}",
                "kind": "rendered coast",
                "credit": "rendered by colorlab",
                "rgb": scene.render(COAST_TIME, COAST_HEIGHT, COAST_WIDTH),
            }
        )
    return found


def run(arguments: argparse.Namespace) -> int:
    """Colour photos with every decoder and a film with both models; write pictures and a report."""
    started = time.perf_counter()
    common.check_folder(arguments.out)
    common.start_keras()
    from colorlab import checkpoints, devices, files

    models = Models(arguments.model, "auto")
    model = models.photos
    out = files.ensure_folder(arguments.out)
    written = [out / name for name in ("comparison.png", "comparison.mp4", "figure5.png")]
    pictures = stills(model, out, arguments.seed, arguments.quiet)
    shown = film(film_columns(models.films), out, arguments.seed, arguments.quiet)
    written.append(out / "report.json")
    files.write_json(
        written[-1],
        {
            "schema": 1,
            "model": model.name,
            "weights_sha256": model.card["weights"]["sha256"],
            "device": devices.names()[0],
            "versions": checkpoints.versions(),
            "seed": arguments.seed,
            "command": common.command_line(arguments.words),
            "date": datetime.date.today().isoformat(),
            "seconds": round(time.perf_counter() - started, 1),
            "metrics": "psnr in dB on RGB in [0, 1]; colourfulness after Hasler and Süsstrunk",
            "pictures": pictures,
            "film": shown,
        },
    )
    common.say(arguments, "\n".join(map(str, written)))
    return 0


# ------------------------------------------------------------------------------------- stills


def colorings(
    y: NDArray[np.float32], model: ColorModel, methods: Mapping[str, str | None]
) -> dict[str, NDArray[np.float32]]:
    """Colour a picture in several ways; the network runs once.

    Parameters
    ----------
    y : numpy.ndarray of float32, (H, W, 1)
        Luma in [0, 1].
    model : ColorModel
        The model.
    methods : mapping of str to str or None
        Name to decoder.

    Returns
    -------
    dict of str to numpy.ndarray of float32, (H, W, 3)
        Name to RGB in [0, 1], as `colorlab.colorize.picture` gives it.
    """
    from colorlab import checkpoints, media, yuv

    height, width = y.shape[:2]
    small = np.clip(media.resize(y, *media.working_shape(height, width, model.working_size)), 0, 1)
    outputs = model.outputs(small[None])
    found = {}
    for name, method in methods.items():
        uv = checkpoints.chroma_of(model, outputs, small[None], method)[0]
        found[name] = yuv.yuv_to_rgb(y, media.enlarge_chroma(uv, y, model.config.stride))
    return found


def stills(model: ColorModel, out: Path, seed: int, quiet: bool) -> list[dict[str, Any]]:
    """Write ``comparison.png`` and ``overview.jpg``; return what the report says of each picture.

    Parameters
    ----------
    model : ColorModel
        Colours.
    out : pathlib.Path
        Folder.
    seed : int
        Of the coasts.
    quiet : bool
        Show no bar.

    Returns
    -------
    list of dict
        One for each of `subjects`.
    """
    from colorlab import media, metrics, plots, yuv

    methods: dict[str, str | None] = {"argmax": "argmax", "mean": "mean", str(model.decoder): None}
    if model.config.head == "chroma":
        methods = {"regression": None}  # its outputs are colours already
    rows, labels, notes, report = {}, [], [], []
    for one in tqdm(subjects(seed), desc="colouring", disable=quiet):
        truth = one["rgb"].astype(np.float32) / 255
        y = yuv.luma(truth)
        begun = time.perf_counter()
        colored = colorings(y, model, methods)
        seconds = time.perf_counter() - begun
        grey = np.repeat(y, 3, axis=-1)
        scores = {
            name: {
                "psnr": round(metrics.psnr(truth, rgb), 3),
                "colourfulness": round(metrics.colourfulness(rgb), 3),
            }
            for name, rgb in {"grey": grey, **colored, "truth": truth}.items()
        }
        rows[one["key"]] = [y, *colored.values(), truth]
        labels.append(f"{one['name']}\n({one['kind']})")
        notes.append([f"{s['psnr']:.1f} dB" if s["psnr"] < 100 else "" for s in scores.values()])
        report.append(
            {key: one[key] for key in ("name", "kind", "credit")}
            | {
                "working_size": media.working_shape(len(y), len(y[0]), model.working_size),
                "seconds": round(seconds, 3),
                "scores": scores,
            }
        )
    titles = ("grey (input)", *methods, "truth")
    title = f"{model.name}: what it makes of grey pictures"
    comparison = plots.pictures(list(rows.values()), titles, labels, notes, title)
    plots.save(comparison, out / "comparison.png")
    told = dict(zip(rows, report, strict=True))
    _write_sheet({key: (row, told[key]) for key, row in rows.items()}, out / "overview.jpg")
    return report


def _write_sheet(
    colored: Mapping[str | int, tuple[list[NDArray[np.float32]], dict[str, Any]]], path: Path
) -> None:
    """Write grey, coloured and true pictures of `SHEET`; coloured by what stands before the truth.

    Key to a picture's columns and what the report says of it.
    """
    from colorlab import media, plots, yuv

    rows: list[list[NDArray[np.uint8]]] = []
    names, credits, sections = [], [], {}
    for heading, keys in SHEET.items():
        sections[len(rows)] = heading
        for key in keys:
            (y, *_, guess, truth), told = colored[key]
            height, width = y.shape[:2]
            size = (SHEET_HEIGHT, round(width * SHEET_HEIGHT / height))
            shown = (np.repeat(y, 3, axis=-1), guess, truth)
            rows.append([yuv.to_uint8(media.resize(rgb, *size)) for rgb in shown])
            names.append([told["name"], "", ""])
            credits.append(told["credit"])
    figure = plots.contact_sheet(
        rows,
        ("grey (input)", "coloured", "truth"),
        credits,
        names,
        title=sections.pop(0),
        width=SHEET_WIDTH,
        sections=sections,
        text=SHEET_TEXT,
    )
    plots.save(figure, path, dpi=plots.SHEET_DPI)


# ------------------------------------------------------------------------------------- the film


def film_columns(model: ColorModel | ConsistencyModel) -> list[tuple[str, Colorer]]:
    """Return what colours the film: a color model, and a consistency model where there is one.

    Parameters
    ----------
    model : ColorModel or ConsistencyModel
        The model for films.

    Returns
    -------
    list of (str, Colorer)
        Captions and colorers, from left to right; a consistency model after its color model.
    """
    from colorlab import checkpoints, colorize_film

    if isinstance(model, checkpoints.ColorModel):
        return [("color model", colorize_film.colorer_for(model))]
    return [*film_columns(model.color), ("film model", colorize_film.colorer_for(model))]


def film(columns: list[tuple[str, Colorer]], out: Path, seed: int, quiet: bool) -> dict[str, Any]:
    """Write ``comparison.mp4`` and ``figure5.png``; return what the report says of them.

    Parameters
    ----------
    columns : list of (str, Colorer)
        From `film_columns`.
    out : pathlib.Path
        Folder.
    seed : int
        Of the coast.
    quiet : bool
        Show no bars.

    Returns
    -------
    dict
        The coast, the models, and the mean PSNR of each column.
    """
    from colorlab import colorize_film, metrics, plots, yuv
    from colorlab.coast import Scene
    from colorlab.media import film_maker, side_by_side

    scene = Scene(FILM_COAST + seed)
    times = [float(k / FILM_RATE) for k in range(FILM_FRAMES)]
    truth = [
        scene.render(t, FILM_HEIGHT, FILM_WIDTH)
        for t in tqdm(times, desc="rendering a film", disable=quiet)
    ]
    captions = ["grey (input)", *(caption for caption, _ in columns), "truth"]
    colored = [colorize_film.frames(truth, colorer) for _, colorer in columns]
    kept, scores = [], []

    def tiled(steps: Iterable[tuple[Any, ...]]) -> Iterator[NDArray[np.uint8]]:
        for k, (rgb, *guesses) in enumerate(steps):
            row = [np.repeat(yuv.luma(rgb), 3, axis=-1), *guesses, rgb / np.float32(255)]
            scores.append([metrics.psnr(row[-1], guess) for guess in row])
            if k in STILLS:
                kept.append(row)
            yield side_by_side.tile(row, captions)

    steps = zip(truth, *colored, strict=True)
    bar = tqdm(steps, desc="colouring a film", total=len(truth), disable=quiet)
    film_maker.write_film(out / "comparison.mp4", tiled(bar), FILM_RATE)
    titles = [f"{times[k]:.1f} s" for k in STILLS[: len(kept)]]
    figure = plots.pictures(list(zip(*kept, strict=True)), titles, captions)
    plots.save(figure, out / "figure5.png")
    means = np.mean(scores, axis=0)
    return {
        "coast": scene.seed,
        "frames": len(truth),
        "rate": str(FILM_RATE),
        "models": {caption: colorer.settings() for caption, colorer in columns},
        "psnr": {caption: round(float(m), 3) for caption, m in zip(captions, means, strict=True)},
    }
