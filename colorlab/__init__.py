"""colorlab: see, run and change how a computer adds plausible colour to black-and-white pictures.

Submodules load when first used, so `import colorlab` is quick and starts no deep-learning backend.
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"

_SUBMODULES = (
    "activations",
    "bins",
    "checkpoints",
    "cli",
    "coast",
    "color_model",
    "colorize",
    "colorize_film",
    "consistency_model",
    "datasets",
    "decode",
    "devices",
    "digests",
    "errors",
    "evaluation",
    "files",
    "film_metrics",
    "flow",
    "keyframes",
    "losses",
    "media",
    "memories",
    "metrics",
    "plots",
    "reference",
    "rollout",
    "samples",
    "similarity",
    "strips",
    "teaching",
    "training",
    "vgg",
    "widgets",
    "yuv",
)

__all__ = ["__version__", *_SUBMODULES]


def __getattr__(name: str) -> ModuleType:
    if name in _SUBMODULES:
        from colorlab.quiet import quiet

        with quiet():  # many submodules import Keras
            return importlib.import_module(f"colorlab.{name}")
    raise AttributeError(f"module 'colorlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_SUBMODULES])
