"""``colorlab demo``: colour photos and rendered coasts, and show them side by side."""

from __future__ import annotations

import argparse
import datetime
import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from colorlab.cli import common

COASTS = (1, 8, 11, 13)
COAST_TIME, COAST_HEIGHT, COAST_WIDTH = 2.0, 256, 384
LONGEST_SIDE = 512


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("demo", help="colour photos and rendered coasts, and compare")
    command.add_argument(
        "--out", type=Path, default=Path("outputs/demo"), help="folder (outputs/demo)"
    )
    command.add_argument("--model", help="a packaged model's name or a model folder")
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
        name, kind, in_domain, credit, rgb (uint8, at most 512 pixels long).
    """
    from colorlab import media, samples
    from colorlab.coast import Scene

    found = []
    for sample in samples.samples():
        height, width = sample.rgb.shape[:2]
        scale = min(1.0, LONGEST_SIDE / max(height, width))
        rgb = media.resize(sample.rgb, round(height * scale), round(width * scale))
        found.append(
            {
                "name": sample.name,
                "kind": "photo",
                "in_domain": sample.in_domain,
                "credit": sample.credit,
                "rgb": rgb,
            }
        )
    for number in COASTS:
        scene = Scene(number + seed)
        found.append(
            {
                "name": f"coast {number + seed}",
                "kind": "rendered coast",
                "in_domain": True,
                "credit": "rendered by colorlab",
                "rgb": scene.render(COAST_TIME, COAST_HEIGHT, COAST_WIDTH),
            }
        )
    return found


def run(arguments: argparse.Namespace) -> int:
    """Colour everything with every decoder; write comparison.png and report.json."""
    started = time.perf_counter()
    common.check_folder(arguments.out)
    common.start_keras()
    from colorlab import checkpoints, colorize, devices, files, metrics, plots, yuv

    model = checkpoints.load(arguments.model)
    out = files.ensure_folder(arguments.out)
    annealed = f"annealed, T = {model.temperature:g}"
    methods: dict[str, str | None] = {"argmax": "argmax", "mean": "mean", annealed: "annealed"}
    if model.config.head == "chroma":
        methods = {"regression": None}  # its outputs are colours already
    rows, labels, notes, report = [], [], [], []
    for one in tqdm(subjects(arguments.seed), desc="colouring", disable=arguments.quiet):
        truth = one["rgb"].astype(np.float32) / 255
        y = yuv.luma(truth)
        begun = time.perf_counter()
        working = colorize.working_shape(len(y), len(y[0]), model.working_size)
        colored = {name: colorize.picture(truth, model, method) for name, method in methods.items()}
        seconds = (time.perf_counter() - begun) / len(methods)
        grey = np.repeat(y, 3, axis=-1)
        scores = {
            name: {
                "psnr": round(metrics.psnr(truth, rgb), 3),
                "colourfulness": round(metrics.colourfulness(rgb), 3),
            }
            for name, rgb in {"grey": grey, **colored, "truth": truth}.items()
        }
        rows.append([y, *colored.values(), truth])
        domain = one["kind"] if one["in_domain"] else "off-domain"
        labels.append(f"{one['name']}\n({domain})")
        notes.append([f"{s['psnr']:.1f} dB" if s["psnr"] < 100 else "" for s in scores.values()])
        report.append(
            {key: one[key] for key in ("name", "kind", "in_domain", "credit")}
            | {"working_size": working, "seconds_per_decode": round(seconds, 3), "scores": scores}
        )
    titles = ("grey (input)", *methods, "truth")
    title = f"{model.name}: what it makes of grey pictures"
    plots.save(plots.pictures(rows, titles, labels, notes, title), out / "comparison.png")
    known = [k for k, one in enumerate(report) if one["in_domain"]]
    overview = plots.pictures(
        [[rows[k][0], *rows[k][-2:]] for k in known], (titles[0], "coloured", titles[-1])
    )
    plots.save(overview, out / "overview.jpg")
    files.write_json(
        out / "report.json",
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
            "pictures": report,
        },
    )
    common.say(arguments, f"{out / 'comparison.png'}\n{out / 'report.json'}")
    return 0
