"""What a model that is learning makes of clips by itself, to be told of it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from colorlab import checkpoints, consistency_model, devices, files, yuv
from colorlab.checkpoints import ColorModel
from colorlab.consistency_model import ConsistencyConfig
from colorlab.training.consistency.pairs import Pairs
from colorlab.training.consistency.seeing import Seen
from colorlab.training.settings import Settings

LEAK = 0.1
"""How fast a guided model's memory gives way to the color model's colouring, a share a frame."""


class OwnColouring:
    """What the model itself makes of a window of each clip, renewed before every epoch.

    Kept in a file of the run, so that a continued epoch is told the same.

    Parameters
    ----------
    network : keras.Model
        The model that is learning, of one frame.
    config : ConsistencyConfig
        Its architecture.
    color : ColorModel
        The color model.
    seen : sequence of Seen
        The clips.
    out : path
        Folder of the run.
    settings : Settings
        How to train.
    pairs : Pairs
        What to train on.

    Attributes
    ----------
    chroma : list of numpy.ndarray of float16, (T, H, W, 2)
        The colouring of each clip's window.
    first : list of int
        Where that begins.
    """

    def __init__(
        self,
        network: keras.Model,
        config: ConsistencyConfig,
        color: ColorModel,
        seen: Sequence[Seen],
        out: Path,
        settings: Settings,
        pairs: Pairs,
    ) -> None:
        self.network, self.config = config.kind.inference(network), config
        self.color, self.seen, self.out = color, seen, out
        # A saturation would gather where colours are fed back.
        self.decoder = dataclasses.replace(color.decoder, saturation=1.0)
        self.settings, self.pairs = settings, pairs
        self.chroma: list[NDArray[np.float16]] = []
        self.first: list[int] = []

    def refresh(self, epoch: int) -> None:
        """Colour the epoch's windows, unless that was done before an interruption."""
        if self.pairs.truth_share(epoch, self.settings.epochs) == 1:
            return
        path = self.out / "own.npz"
        kept = files.read_arrays(path) if not self.chroma and path.is_file() else {}
        if kept and int(kept["epoch"]) == epoch:
            self.first = [int(k) for k in kept["first"]]
            self.chroma = [kept[f"clip{k}"] for k in range(len(self.seen))]
            return
        rng = np.random.default_rng((self.settings.seed, epoch, 2))
        self.first, self.chroma = [], []
        for seen in self.seen:
            length = min(self.pairs.window, (len(seen.clip) - 1) // self.pairs.stride)
            last = len(seen.clip) - 1 - length * self.pairs.stride
            self.first.append(int(rng.integers(0, last + 1)))
            self.chroma.append(self._roll(seen, self.first[-1], length))
        arrays: dict[str, Any] = {f"clip{k}": chroma for k, chroma in enumerate(self.chroma)}
        with files.atomic_path(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, epoch=np.array(epoch), first=np.array(self.first), **arrays)

    def _roll(self, seen: Seen, first: int, length: int) -> NDArray[np.float16]:
        """Colour `length` frames, `stride` apart, each told of the one before it."""
        frames = first + self.pairs.stride * np.arange(length)
        y = yuv.luma(seen.clip.rgb[frames])
        uv = seen.chroma[first][None].astype(np.float32)
        found, valid, state = [uv], np.ones_like(y[:1]), None
        for k in range(1, length):
            features = seen.features[frames[k]][None].astype(np.float32)
            inputs = consistency_model.inputs(
                self.config, features, y[k : k + 1], y[k - 1 : k], uv, valid, state
            )
            outputs = devices.forward_pass(self.network, inputs)
            outputs = {name: np.asarray(values, np.float32) for name, values in outputs.items()}
            state = outputs.get(consistency_model.STATE)
            own = functools.partial(np.float32, seen.chroma[frames[k]][None])
            decoded = functools.partial(self._decoded, y=y[k : k + 1])
            uv = self.config.kind.chroma(outputs, own, decoded, LEAK)
            found.append(uv)
        return np.concatenate(found).astype(np.float16)

    def _decoded(self, logits: Mapping[str, Any], y: NDArray[np.float32]) -> Any:
        return checkpoints.chroma_of(self.color, logits, y, self.decoder)

    def pick(self, rng: np.random.Generator, k: int) -> tuple[int, NDArray[np.float32]]:
        """Choose frames of clip k that are told of.

        Parameters
        ----------
        rng : numpy.random.Generator
            What chooses.
        k : int
            Which clip.

        Returns
        -------
        first : int
            The first of `Pairs.window_frames` frames; one `stride` after the last is another.
        chroma : numpy.ndarray of float32, (window_frames, H, W, 2)
            The model's own colouring of them.
        """
        step = int(rng.integers(len(self.chroma[k]) - self.pairs.window_frames + 1))
        chosen = self.chroma[k][step : step + self.pairs.window_frames]
        return self.first[k] + step * self.pairs.stride, chosen.astype(np.float32)
