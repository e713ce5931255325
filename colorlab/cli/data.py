"""``colorlab data``: list, download, render and check photo sets."""

from __future__ import annotations

import argparse
import csv
import shutil
import uuid
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from colorlab.cli import common
from colorlab.errors import InputError

SPLITS = ("train",) * 7 + ("val",) + ("test",) * 2


def add(commands: Any) -> None:
    """Add the command to the parser."""
    data = commands.add_parser("data", help="photo sets: list, fetch, render, check")
    kinds = data.add_subparsers(dest="kind", metavar="KIND", required=True)
    kinds.add_parser("list", help="what can be had, and what is here").set_defaults(run=show)
    fetch = kinds.add_parser("fetch", help="download a set")
    fetch.add_argument("name", help="of a set that `colorlab data list` shows")
    common.add_common(fetch)
    fetch.set_defaults(run=download)
    render = kinds.add_parser("render", help="render a set of coasts, offline")
    render.add_argument("--out", type=Path, required=True, help="folder; OUT.csv goes beside it")
    render.add_argument("--count", type=common.positive, default=100, help="pictures (100)")
    render.add_argument("--height", type=common.positive, default=256, help="pixels (256)")
    render.add_argument("--width", type=common.positive, default=384, help="pixels (384)")
    common.add_common(render)
    render.set_defaults(run=render_set)
    check = kinds.add_parser(
        "check",
        help="find copies of pictures in sets; the exit status is 1 where there is one",
        description="Compare pictures with photo sets by perceptual hash: copies are found that "
        "were resized, saved anew, mirrored or cropped to four fifths of a side. The exit status "
        "is 0 where there is none, 1 where there is one.",
    )
    check.add_argument(
        "--photos",
        nargs="+",
        action="extend",
        required=True,
        type=Path,
        help="CSV manifests, or folders (all their photos)",
    )
    check.add_argument(
        "--split", nargs="+", help="a split of the manifests, or several; all photos by default"
    )
    check.add_argument(
        "--against",
        type=Path,
        metavar="PICTURES",
        help="the pictures: a manifest or a folder; the sample photos by default",
    )
    check.add_argument("--quiet", action="store_true", help="no progress bar, only look-alikes")
    check.set_defaults(run=check_sets)


def show(arguments: argparse.Namespace) -> int:
    """Print the sets."""
    from colorlab import files
    from colorlab.datasets import fetch

    print(f"photo sets lie in {files.data_dir()} (set COLORLAB_DATA to move them)")
    for one in fetch.list_sets():
        state = f"{one['n_photos']} photos" if one["present"] else "not here"
        print(f"{one['name']:24} {state:14} {one['title']}")
    return 0


def download(arguments: argparse.Namespace) -> int:
    """Fetch a set."""
    from colorlab.datasets import fetch

    path = fetch.fetch(arguments.name, progress=not arguments.quiet)
    common.say(arguments, f"--photos {path}")
    return 0


def check_sets(arguments: argparse.Namespace) -> int:
    """Print which pictures have look-alikes in the sets, and the nearest photo of the others."""
    from colorlab import datasets, media, samples
    from colorlab.datasets import look_alikes

    files = [
        file
        for path in arguments.photos
        for split in ([None] if path.is_dir() else arguments.split or [None])
        for file in datasets.read_manifest(path, split).files
    ]
    if arguments.against is None:
        pictures: dict[str, Any] = {one.name: one.rgb for one in samples.samples()}
    else:
        listed = datasets.read_manifest(arguments.against).files
        pictures = {str(file): media.read_photo(file).rgb for file in listed}
    bar = tqdm(files, desc="comparing", disable=arguments.quiet)
    copied = set()
    for match in look_alikes.nearest(pictures, bar):
        line = f"{match.picture}: {match.photo}, {match.distance} of {look_alikes.BITS} bits differ"
        if match.distance <= look_alikes.LIMIT:
            copied.add(match.picture)
            print(f"LOOK-ALIKE  {line}")
        else:
            common.say(arguments, f"nearest     {line}")
    common.say(
        arguments,
        f"{len(copied)} of {len(pictures)} pictures have look-alikes ({look_alikes.LIMIT} bits or "
        f"fewer) among {len(files)} photos",
    )
    return 1 if copied else 0


def render_set(arguments: argparse.Namespace) -> int:
    """Render coasts, one picture a scene, with a manifest; the folder appears when complete."""
    from colorlab import files, media
    from colorlab.coast import Scene
    from colorlab.datasets.fetch import COLUMNS

    out: Path = arguments.out
    common.check_folder(out.parent)
    index = out.with_name(f"{out.name}.csv") if out.name else out
    for path in (out, index):
        if path.exists():
            raise InputError(f"{path} is there already; name another folder or remove it.")
    stage = files.ensure_folder(out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.part"))
    try:
        rows = []
        for k in tqdm(range(arguments.count), desc="rendering", disable=arguments.quiet):
            seed = arguments.seed + k
            name = f"coast-{seed:06}.png"
            rgb = Scene(seed).render(3.0, arguments.height, arguments.width)
            media.write_photo(stage / name, rgb)
            size = (arguments.width, arguments.height)
            rows.append((name, "rendered coast", SPLITS[k % len(SPLITS)], *size, seed))
        with files.atomic_path(index) as temporary:
            with open(temporary, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(COLUMNS)
                writer.writerows(rows)
            stage.rename(out)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    common.say(arguments, f"{arguments.count} coasts: --photos {index}")
    return 0
