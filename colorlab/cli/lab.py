"""``colorlab lab``: open the course in JupyterLab."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import colorlab
from colorlab import files
from colorlab.cli import common
from colorlab.errors import InputError

START = "00-start-here.ipynb"


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("lab", help="open the notebooks in JupyterLab")
    command.add_argument(
        "--folder",
        type=Path,
        default=Path("colorlab-notebooks"),
        help="where a copy of the notebooks goes when colorlab was installed without its "
        "repository (colorlab-notebooks)",
    )
    command.add_argument("--no-browser", action="store_true", help="only print the address")
    command.add_argument(
        "jupyter", nargs="*", help="options for JupyterLab itself, after --, such as -- --port=8889"
    )
    command.set_defaults(run=run)


def notebooks(folder: Path) -> Path:
    """Return the folder with the notebooks, copying the packaged ones to `folder` if needed.

    Parameters
    ----------
    folder : pathlib.Path
        Where a copy goes; notebooks that are there already are kept as they are.

    Returns
    -------
    pathlib.Path
        A folder that holds notebook 00.
    """
    package = Path(colorlab.__file__).parent
    checkout = package.parent / "notebooks"
    if (checkout / START).is_file():
        return checkout
    packaged = package / "notebooks"
    if not (packaged / START).is_file():
        raise InputError(f"no notebooks lie in {packaged} or {checkout}; reinstall colorlab.")
    files.ensure_folder(folder)
    for source in packaged.rglob("*.ipynb"):
        target = folder / source.relative_to(packaged)
        if not target.exists():
            with files.atomic_path(target) as temporary:
                shutil.copyfile(source, temporary)
    return folder


def run(arguments: argparse.Namespace) -> int:
    """Start JupyterLab and stay until it ends."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise InputError("JupyterLab is not installed; run: pip install jupyterlab")
    folder = notebooks(arguments.folder)
    common.say(arguments, f"notebooks: {folder}")
    command = [sys.executable, "-m", "jupyterlab", str(folder / START)]
    if arguments.no_browser:
        command.append("--no-browser")
    command += arguments.jupyter
    with subprocess.Popen(command) as jupyter:
        while True:
            try:
                return jupyter.wait()
            except KeyboardInterrupt:  # JupyterLab gets it too, and ends in its own way
                continue
