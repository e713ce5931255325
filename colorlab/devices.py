"""Which device computes, how it is called, and which precision pays on it."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

import keras


def names() -> list[str]:
    """Return the devices that Keras may use, accelerators first, for example ``["cpu:0"]``."""
    found = [str(name).lower() for name in keras.distribution.list_devices()]
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
