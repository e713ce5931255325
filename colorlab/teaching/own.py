"""What a notebook about one's own pictures needs: a folder, other decoders, how long it takes."""

from __future__ import annotations

import atexit
import dataclasses
import itertools
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from colorlab import checkpoints, colorize, colorize_film, devices, files
from colorlab.checkpoints import ColorModel
from colorlab.coast import Scene
from colorlab.decode import Decoder
from colorlab.errors import InputError
from colorlab.media import film_maker
from colorlab.teaching import aging
from colorlab.teaching.results import results


def folder(path: str | os.PathLike[str] | None = None) -> Path:
    """Return a folder for what a notebook writes.

    Parameters
    ----------
    path : path, optional
        Made where it is missing. If left out, a new temporary folder, which goes when the kernel
        ends.

    Returns
    -------
    pathlib.Path
        The folder, which exists.

    Raises
    ------
    InputError
        When it cannot be made.
    """
    if path is not None:
        return files.ensure_folder(path)
    made = Path(tempfile.mkdtemp(prefix="colorlab-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def write_old_film(
    path: str | os.PathLike[str],
    scene: Scene,
    frames: int,
    rate: int = 15,
    height: int = 112,
    width: int = 200,
) -> None:
    """Write a coast as a film that looks old: every frame has its own grain and its own scratch.

    Parameters
    ----------
    path : path
        The file, NAME.mp4.
    scene : Scene
        What is to be seen, from its time 0 on.
    frames, rate : int
        How many, and how many a second.
    height, width : int
        Of a frame, pixels.

    Raises
    ------
    InputError
        As `colorlab.media.film_maker.write_film`.
    """
    pictures = (
        aging.age(
            scene.render(k / rate, height, width), fading=0.2, grain=0.02, scratches=1, seed=k
        )
        for k in range(frames)
    )
    film_maker.write_film(path, pictures, Fraction(rate))


def with_decode(model: ColorModel, method: str, temperature: float = 1.0) -> ColorModel:
    """Return the same color model with another way from its lists to colours.

    Parameters
    ----------
    model : ColorModel
        One that predicts bins.
    method, temperature
        As for `colorlab.decode.Decoder`.

    Returns
    -------
    ColorModel
        It shares its network with the model given and is named after both; its chroma is taken as
        it is, at a saturation of 1.
    """
    decoder = Decoder(method, temperature)
    return dataclasses.replace(
        model,
        name=f"{model.name}, {decoder}",
        card={**model.card, "decode": {**model.card["decode"], **decoder.to_json()}},
    )


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long a model takes on a device.

    Attributes
    ----------
    what : {"photo", "frame"}
        What it colours.
    model, device : str
        Names of both.
    seconds : float
        For one of them, the median.
    gain : float or None
        How many times as fast as on the processor; None for the processor itself.
    """

    what: str
    model: str
    device: str
    seconds: float
    gain: float | None = None

    def __str__(self) -> str:
        """Return it in a line."""
        faster = "" if self.gain is None else f", {self.gain:.1f} times as fast as the processor"
        return f"{self.device}: a {self.what} {self.seconds:.3f} s ({self.model}{faster})"


def paces(
    rgb: NDArray[Any],
    frames: Sequence[NDArray[Any]],
    photo_models: Sequence[str],
    film_models: Sequence[str],
    repeats: int = 3,
) -> list[Pace]:
    """Measure every model on the processor and on one device of every other kind there is.

    Parameters
    ----------
    rgb : numpy.ndarray, (H, W, 3)
        A photo.
    frames : sequence of numpy.ndarray, (H, W, 3)
        A film, as for `frame_pace`.
    photo_models, film_models : sequence of str
        Names of models that colour the one and the other.
    repeats : int
        As for `photo_pace`.

    Returns
    -------
    list of Pace
        Those of the processor first.

    Raises
    ------
    InputError
        As `photo_pace` and `frame_pace`.
    """
    kinds = {name.split(":")[0]: name for name in reversed(devices.names())}
    found: list[Pace] = []
    for device in sorted(kinds.values(), key=lambda name: not name.startswith("cpu")):
        measured = [photo_pace(rgb, model, device, repeats) for model in photo_models]
        measured += [frame_pace(frames, model, device) for model in film_models]
        found += [
            dataclasses.replace(one, gain=slow.seconds / one.seconds)
            for one, slow in zip(measured, found, strict=False)
        ] or measured
    return found


def photo_pace(rgb: NDArray[Any], model: str, device: str | None = None, repeats: int = 3) -> Pace:
    """Measure how long a color model takes for a photo, from luma to RGB, as it colours stills.

    Parameters
    ----------
    rgb : numpy.ndarray, (H, W, 3)
        The photo.
    model : str
        A model's name. It is loaded on the device; that, and a first photo, are not counted.
    device : str, optional
        As for `colorlab.devices.named`.
    repeats : int
        The median of so many is taken.

    Returns
    -------
    Pace
        Seconds for a photo.

    Raises
    ------
    InputError
        When there is no such model or device, or no repetition.
    """
    if repeats < 1:
        raise InputError(f"repeats must be at least 1; received {repeats}.")
    with devices.on(device) as chosen:
        loaded = checkpoints.load(model)
        stamps = []
        for _ in range(1 + repeats):
            colorize.picture(rgb, loaded)
            stamps.append(time.perf_counter())
    return Pace("photo", loaded.name, chosen, _median_step(stamps))


def frame_pace(
    frames: Sequence[NDArray[Any]], model: str | None = None, device: str | None = None
) -> Pace:
    """Measure how long a model takes for a frame of a film, from luma to RGB.

    Parameters
    ----------
    frames : sequence of numpy.ndarray, (H, W, 3)
        A film of one shot, of three frames or more; the first two are not counted, since a network
        is prepared while they are coloured.
    model : str, optional
        A model's name, of either kind; as `colorlab.colorize_film.film_model` says if left out.
    device : str, optional
        As for `colorlab.devices.named`.

    Returns
    -------
    Pace
        Seconds for a frame.

    Raises
    ------
    InputError
        When there is no such model or device, or the film is too short.
    """
    if len(frames) < 3:
        raise InputError(f"a film of three frames or more is wanted; received {len(frames)}.")
    with devices.on(device) as chosen:
        loaded = colorize_film.load(model)
        colored = colorize_film.frames(frames, colorize_film.colorer_for(loaded))
        stamps = [time.perf_counter() for _ in colored]
    return Pace("frame", loaded.name, chosen, _median_step(stamps[1:]))


def _median_step(stamps: list[float]) -> float:
    return statistics.median(later - earlier for earlier, later in itertools.pairwise(stamps))


_WHAT = {"photo": "photo", "batch": "photo, 15 at once,", "film": "frame"}


def known_paces() -> list[Pace]:
    """Read how long the packaged models took on the machines that were measured for colorlab.

    Returns
    -------
    list of Pace
        From ``results/devices-cpu.json`` and ``devices-gpu.json``, as far as they are there,
        which ``python -m studies bench --devices`` wrote; gains are over the processor, where
        there is one.
    """
    found: list[Pace] = []
    for kind in ("cpu", "gpu"):
        try:
            measured = results(f"devices-{kind}")
        except InputError:  # not measured yet
            continue
        for device, one in measured["figures"]["devices"].items():
            if not device.startswith(kind):
                continue  # of a machine that has both, the other's figures are in another file
            name = one["card"] or f"{measured['processor']}, {measured['cores']} cores"
            for model, ways in one["models"].items():
                for way, told in ways.items():
                    seconds = told["seconds"]["median"] / told["pictures"]
                    slow = [
                        pace.seconds
                        for pace in found
                        if kind != "cpu" and (pace.what, pace.model) == (_WHAT[way], model)
                    ]
                    gain = slow[0] / seconds if slow else None
                    found.append(Pace(_WHAT[way], model, name, seconds, gain))
    return found
