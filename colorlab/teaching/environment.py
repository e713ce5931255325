"""Whether this kernel can run the course, and what it has used so far."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import colorlab
from colorlab.errors import InputError

Effort = TypeVar("Effort")


@dataclass(frozen=True)
class Finding:
    """One line of the environment check.

    Attributes
    ----------
    name : str
        What was looked at.
    ok : bool
        Whether it is in order.
    found : str
        What is there, or what is wrong with it.
    remedy : str
        What to do when it is not in order.
    """

    name: str
    ok: bool
    found: str
    remedy: str


def examine_environment() -> list[Finding]:
    """Look whether this kernel can run the course.

    Returns
    -------
    list of Finding
        Python, packages, kernel, backend, device, model, data folder; in the order in which to
        mend them.
    """
    findings = []
    for name, look, remedy in _LOOKS:
        try:
            findings.append(Finding(name, True, look(), remedy))
        except Exception as error:  # whatever is broken here, the learner needs the remedy
            findings.append(Finding(name, False, str(error) or type(error).__name__, remedy))
    return findings


def check_environment() -> None:
    """Print `examine_environment`, a line each: OK and what was found, or FAIL and the remedy."""
    findings = examine_environment()
    for one in findings:
        print(f"{'OK' if one.ok else 'FAIL':6}{one.name:13}{one.found}")
        if not one.ok:
            print(f"{'':6}{'-> remedy':13}{one.remedy}")
    failed = sum(not one.ok for one in findings)
    if failed:
        print(f"\n{failed} of {len(findings)} need attention: mend the first FAIL, restart the")
        print("kernel (menu Kernel > Restart Kernel), and run this cell again.")
    else:
        print("\nEverything is ready.")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def _python() -> str:
    found = sys.version_info
    text = f"{found.major}.{found.minor}.{found.micro}"
    if not (3, 11) <= found[:2] < (3, 14):
        raise InputError(f"this kernel runs Python {text}; colorlab needs 3.11, 3.12 or 3.13.")
    return text


def _requirements() -> list[str]:
    """Return colorlab's dependencies as its package lists them, or its checkout."""
    try:
        lines = importlib.metadata.requires("colorlab") or []
    except importlib.metadata.PackageNotFoundError:
        listed = Path(colorlab.__file__).parents[1] / "pyproject.toml"
        lines = tomllib.loads(listed.read_text(encoding="utf-8"))["project"]["dependencies"]
    return [line for line in lines if "extra ==" not in line]


def _packages(lines: Sequence[str] | None = None) -> str:
    wanted = _requirements() if lines is None else lines
    wrong = []
    for line in wanted:
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
        least = re.search(r"[>=]=\s*([\d.]+)", line)
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        if least and _numbers(found) < _numbers(least[1]):
            wrong.append(f"{name} is {found}, older than {least[1]}")
    if importlib.util.find_spec("tensorflow") and _is_installed("tensorflow-cpu"):
        wrong.append("tensorflow-cpu lies over tensorflow: only one of the two may be installed")
    if wrong:
        raise InputError("; ".join(wrong))
    return f"all {len(wanted)} that colorlab needs"


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _kernel(folder: Path | None = None) -> str:
    """Look whether colorlab is the one beside the notebooks, and packages are the kernel's own."""
    here = Path.cwd() if folder is None else folder
    beside = here.parent / "colorlab" / "__init__.py"
    if beside.is_file() and not beside.samefile(colorlab.__file__):
        raise InputError(f"the kernel uses another colorlab: {Path(colorlab.__file__).parent}")
    for name in ("numpy", "keras"):
        spec = importlib.util.find_spec(name)
        home = Path(spec.origin).resolve() if spec and spec.origin else None
        if home and not home.is_relative_to(Path(sys.prefix).resolve()):
            raise InputError(
                f"the kernel's Python is {sys.executable}, but it takes {name} from {home.parent}"
            )
    return "this environment's own Python"


def _backend() -> str:
    from colorlab.cli import common

    common.start_keras()
    from colorlab import checkpoints

    return checkpoints.versions()["backend"]


def _device() -> str:
    import keras

    from colorlab import devices

    total = float(keras.ops.sum(keras.ops.ones((8, 8))))
    if total != 64:
        raise InputError(f"{devices.names()[0]} adds up 64 ones to {total:g}")
    return devices.names()[0]


def _model() -> str:
    from colorlab import colorize

    return colorize.load_once().name


def _data() -> str:
    from colorlab import files
    from colorlab.datasets import fetch

    folder = files.data_dir()
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(f"{nearest} is a file, not a folder")
    if not os.access(nearest, os.W_OK):
        raise InputError(f"{nearest} cannot be written to")
    present = [one["name"] for one in fetch.list_sets() if one["present"]]
    if present:
        return f"holds {', '.join(present)}"
    return "usable, no photo set in it yet (the notebooks need none)"


_LOOKS: tuple[tuple[str, Callable[[], str], str], ...] = (
    ("Python", _python, "install one of these, then: make setup PYTHON=python3.12"),
    (
        "packages",
        _packages,
        "in the project's folder: make setup (without make: the commands in CONTRIBUTING.md)",
    ),
    (
        "kernel",
        _kernel,
        "make kernel, then menu Kernel > Change Kernel… > Python (colorlab); or start with make "
        "lab; empty the variable PYTHONPATH",
    ),
    (
        "backend",
        _backend,
        "make setup; or before starting JupyterLab set KERAS_BACKEND to tensorflow or jax",
    ),
    (
        "device",
        _device,
        "close other programs that use it, or hide a graphics card with CUDA_VISIBLE_DEVICES=-1",
    ),
    ("model", _model, "get the files back: git restore assets/models, or install colorlab again"),
    ("data folder", _data, "set the variable COLORLAB_DATA to a folder of yours"),
)


def cost() -> None:
    """Print what this kernel has used so far: processor time and, where known, peak memory."""
    text = f"Processor time so far: {time.process_time():.0f} s"
    try:
        import resource
    except ImportError:  # Windows
        print(f"{text}.")
        return
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(f"{text}. Peak memory: {peak / 1e9:.1f} GB.")


def effort(full: Effort, fast: Effort) -> Effort:
    """Choose how much a long cell does.

    Parameters
    ----------
    full : object
        Taken by those who learn.
    fast : object
        Taken where the variable ``COLORLAB_FAST`` is set to anything but 0, as in tests.

    Returns
    -------
    object
        One of the two.
    """
    return fast if os.environ.get("COLORLAB_FAST", "0") not in ("", "0") else full
