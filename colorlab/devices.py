"""Which device computes, how it is called, and which precision pays on it."""

from __future__ import annotations

import contextlib
import logging
import platform
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import keras

from colorlab.errors import InputError
from colorlab.quiet import quiet


@cache
def start() -> None:
    """Let Keras' backend find its devices, without its remarks on them; once is enough."""
    with quiet():
        keras.ops.convert_to_tensor(0.0)


def names() -> list[str]:
    """Return the devices that Keras may use, accelerators first, for example ``["cpu:0"]``."""
    with quiet():
        listed = list(keras.distribution.list_devices())
    if not any(str(name).lower().startswith("cpu") for name in listed):
        with contextlib.suppress(RuntimeError):  # JAX lists the processor only where it is all
            listed += keras.distribution.list_devices("cpu")
    found = [str(name).lower() for name in listed]
    return sorted(found, key=lambda name: name.startswith("cpu")) or ["cpu:0"]


def has_accelerator() -> bool:
    """Return whether Keras' backend sees anything faster than the processor."""
    return not names()[0].startswith("cpu")


@cache
def processor() -> str:
    """Return the processor's own name, or the machine type where that is unknown."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.machine()


@cache
def card(device: str) -> str | None:
    """Return what its maker calls a device.

    Parameters
    ----------
    device : str
        One of `names`.

    Returns
    -------
    str or None
        For example "NVIDIA H100 80GB HBM3"; of the processor its own name. None where nothing on
        the machine says so.
    """
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return processor()
    tool = shutil.which("nvidia-smi")
    if kind not in ("gpu", "cuda") or tool is None:
        return None
    words = [tool, "--query-gpu=name", "--format=csv,noheader"]
    try:
        told = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    lines = told.splitlines()
    place = int(number or 0)
    return lines[place].strip() if place < len(lines) else None


@cache
def has_bfloat16() -> bool:
    """Return whether the processor multiplies bfloat16 in hardware (AMX or AVX512-BF16)."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "amx_bf16" in text or "avx512_bf16" in text


def precision(wanted: str = "auto") -> str:
    """Return the Keras dtype policy to train with.

    Parameters
    ----------
    wanted : {"auto", "float32", "mixed_bfloat16"}
        ``"auto"`` takes bfloat16 where it was measured to pay: on accelerators, and on processors
        that have it in hardware under the TensorFlow backend.

    Returns
    -------
    str
        ``"float32"`` or ``"mixed_bfloat16"`` (weights, losses and heads stay float32).
    """
    if wanted != "auto":
        return wanted
    pays = has_accelerator() or (has_bfloat16() and keras.backend.backend() == "tensorflow")
    return "mixed_bfloat16" if pays else "float32"


def require(count: int) -> list[str]:
    """Return the devices that are to share each batch.

    Parameters
    ----------
    count : int
        How many, 1 or more.

    Returns
    -------
    list of str
        Their names, all of the fastest kind there is.

    Raises
    ------
    InputError
        When there are fewer, or the backend is not JAX: Keras 3 spreads batches there only.
    """
    found = [name for name in names() if name.split(":")[0] == names()[0].split(":")[0]]
    backend = keras.backend.backend()
    if count > 1 and backend != "jax":
        raise InputError(
            f"training on {count} devices needs the JAX backend, the backend is {backend}; set "
            "KERAS_BACKEND=jax, or train on one device."
        )
    if count > len(found):
        remedy = f"ask for at most {len(found)}"
        if found[0].startswith("cpu"):
            remedy += (
                ", or let the processor pass for several by setting "
                f"XLA_FLAGS=--xla_force_host_platform_device_count={count}"
            )
        raise InputError(
            f"{count} devices were asked for and there are {len(found)} ({', '.join(found)}); "
            f"{remedy}."
        )
    return found[:count]


def named(device: str | None = None) -> str:
    """Return the device that is to compute.

    Parameters
    ----------
    device : str, optional
        One of `names`; the first, the fastest, if left out.

    Returns
    -------
    str
        Its name.

    Raises
    ------
    InputError
        When Keras sees no such device.
    """
    found = names()
    if device is not None and device not in found:
        raise InputError(f"device must be one of {', '.join(found)}; received {device!r}.")
    return device or found[0]


@contextlib.contextmanager
def on(device: str | None = None) -> Iterator[str]:
    """Compute on one device inside the block.

    Parameters
    ----------
    device : str, optional
        As for `named`.

    Yields
    ------
    str
        The device's name.

    Raises
    ------
    InputError
        As `named`.
    """
    chosen = named(device)
    with keras.device(chosen):
        yield chosen


@contextlib.contextmanager
def spread(count: int) -> Iterator[None]:
    """Let several devices share every batch of what is built and trained inside the block.

    Each holds all weights and sees its part of the batch, whose size they must divide; losses and
    batch statistics are those of the whole batch.

    Parameters
    ----------
    count : int
        How many devices; 1 changes nothing.

    Raises
    ------
    InputError
        As `require`.
    """
    chosen = require(count)
    if count == 1:
        yield
        return
    with keras.distribution.DataParallel(devices=chosen, auto_shard_dataset=False).scope():
        yield


def forward_pass(network: keras.Model, inputs: Any) -> Any:
    """Run a network on one batch.

    Pictures have many sizes, and TensorFlow traces a network anew for each. Its advice on that is
    for programmers and is left out; all its other messages stay.

    Parameters
    ----------
    network : keras.Model
        Any.
    inputs : array, or list or dict of arrays
        What it takes.

    Returns
    -------
    array, or list or dict of arrays
        What ``network.predict_on_batch`` returns.
    """
    logger = logging.getLogger("tensorflow")

    def is_no_advice(record: logging.LogRecord) -> bool:
        return "retracing" not in record.getMessage()

    logger.addFilter(is_no_advice)
    try:
        return network.predict_on_batch(inputs)
    finally:
        logger.removeFilter(is_no_advice)
