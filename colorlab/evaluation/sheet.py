"""Pictures of a measurement, kept small for contact sheets: photos, and strips of films."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import media, metrics, yuv


@dataclasses.dataclass(frozen=True)
class Shown:
    """A measured photo, small enough to be kept for a contact sheet.

    Attributes
    ----------
    name : str
        The photo's file name.
    pictures : dict
        ``grey``, then one per result, then ``truth``: uint8 (h, w, 3).
    psnr : dict
        Of the same names but ``truth``: dB against the truth, at the photo's own size.
    """

    name: str
    pictures: dict[str, NDArray[np.uint8]]
    psnr: dict[str, float]

    @property
    def gain(self) -> float:
        """Decibels that the first result wins over grey."""
        grey, first, *_ = self.psnr.values()
        return first - grey


@dataclasses.dataclass
class Sheet:
    """Gathers photos for contact sheets while they are measured.

    Parameters
    ----------
    count : int
        Photos drawn at random.
    worst_count : int
        Photos on which the first result gains least over grey.
    side : int
        Longest side of the pictures kept, pixels.

    Attributes
    ----------
    random, worst : list of Shown
        What was gathered; the worst come first.
    """

    count: int = 40
    worst_count: int = 20
    side: int = 160
    random: list[Shown] = dataclasses.field(default_factory=list)
    worst: list[Shown] = dataclasses.field(default_factory=list)

    def add(
        self,
        name: str,
        rgb: NDArray[np.float32],
        chroma: Mapping[str, NDArray[np.float32]],
        psnr: dict[str, float],
        drawn: bool,
    ) -> None:
        """Look at a measured photo and keep it if it belongs on a sheet.

        Parameters
        ----------
        name : str
            Its file name.
        rgb : numpy.ndarray of float32, (H, W, 3)
            The true photo in [0, 1].
        chroma : mapping
            Predicted chroma (h, w, 2) of each result.
        psnr : dict
            ``grey``, then one per result, dB.
        drawn : bool
            Whether chance put it on the sheet.
        """
        height, width = rgb.shape[:2]
        scale = min(1.0, self.side / max(height, width))
        truth = media.resize(rgb, max(1, round(height * scale)), max(1, round(width * scale)))
        y = yuv.luma(truth)
        colored = {
            key: yuv.yuv_to_rgb(y, media.enlarge_chroma(uv, y)) for key, uv in chroma.items()
        }
        pictures = {"grey": np.repeat(y, 3, axis=-1), **colored, "truth": truth}
        shown = Shown(name, {key: yuv.to_uint8(one) for key, one in pictures.items()}, psnr)
        if drawn:
            self.random.append(shown)
        ranked = sorted([*self.worst, shown], key=lambda one: one.gain)
        self.worst = ranked[: self.worst_count]


@dataclasses.dataclass
class Strip:
    """Gathers a few frames of a clip, spread over it, under every entry of a measurement.

    Parameters
    ----------
    name : str
        The clip's name.
    length : int
        Its frames; the first is never shown.
    count : int
        At most how many are shown.

    Attributes
    ----------
    frames : list of int
        Which.
    pictures : dict
        ``truth``, ``grey`` and each entry to its pictures, uint8 (H, W, 3).
    psnr : dict
        The same names to dB against the truth.
    """

    name: str
    length: int
    count: int = 6

    def __post_init__(self) -> None:
        spread = np.linspace(1, self.length - 1, self.count).round()
        self.frames = [int(t) for t in np.unique(spread)]
        self.pictures: dict[str, list[NDArray[np.uint8]]] = {}
        self.psnr: dict[str, list[float]] = {}

    def add(self, t: int, pictures: Mapping[str, NDArray[np.float32]]) -> None:
        """Take a frame, if it is one of those to show.

        Parameters
        ----------
        t : int
            Its number, from 0.
        pictures : mapping
            ``truth`` and the colourings, RGB (H, W, 3) in [0, 1].
        """
        if t in self.frames:
            for name, rgb in pictures.items():
                self.pictures.setdefault(name, []).append(yuv.to_uint8(rgb))
                self.psnr.setdefault(name, []).append(metrics.psnr(pictures["truth"], rgb))


def decoder_words(entry: dict[str, Any]) -> str:
    """Return the words for an entry's decoder.

    Parameters
    ----------
    entry : dict
        Of a result: ``decode``, ``temperature`` and ``saturation``.

    Returns
    -------
    str
        For example ``annealed, T = 0.5``.
    """
    words = [entry["decode"]]
    if entry["temperature"] is not None:
        words.append(f"T = {entry['temperature']:g}")
    if entry.get("saturation", 1.0) != 1:
        words.append(f"saturation {entry['saturation']:g}")
    return ", ".join(words)
