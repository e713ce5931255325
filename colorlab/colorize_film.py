"""Colouring a film: its luma planes are kept, its chroma is predicted.

>>> from colorlab import colorize_film
>>> colorize_film.file("grey.mp4", "coloured.mp4")            # doctest: +SKIP

What carries frames from file to file is `colorlab.media.recolor`; here is what colours them: a
color model frame by frame, or a consistency model that knows the frame before
(`colorlab.rollout.Rollout`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import checkpoints, devices, files, media, yuv
from colorlab.checkpoints import ColorModel, ConsistencyModel
from colorlab.decode import Decoder, resolve
from colorlab.keyframes import Key, Keyed, place_in, read_key
from colorlab.media import cuts, films, resize
from colorlab.media.recolor import Colorer, recolor
from colorlab.rollout import Rollout


class FrameByFrame:
    """Colours every frame for itself with a color model.

    Parameters
    ----------
    model : ColorModel
        From `colorlab.checkpoints.load`.
    decoder : Decoder or str, optional
        As for `colorlab.decode.resolve`; the card's by default.
    batch : int
        Frames to a batch. On a processor the number does not matter, a graphics card likes some.
    """

    def __init__(
        self,
        model: ColorModel,
        decoder: Decoder | str | None = None,
        batch: int = 4,
    ) -> None:
        self.model, self.batch = model, batch
        self.decoder = resolve(decoder, model.decoder)

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Return the model's working size for frames of a size."""
        return media.working_shape(height, width, self.model.working_size)

    def chroma(self, y: NDArray[Any], starts: NDArray[np.bool_]) -> NDArray[Any]:
        """Predict the chroma of frames, each for itself (see `colorlab.media.recolor.Colorer`).

        Frames are asked once each, without the card's further views, which would take a multiple of
        the time.
        """
        outputs = self.model.outputs(y, tta=False)
        return checkpoints.chroma_of(self.model, outputs, y, self.decoder)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return nothing: no frame knows of another."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Do nothing: no frame knows of another."""

    def settings(self) -> dict[str, Any]:
        """Return the model's name, its weights' hash, and how its outputs become colours."""
        return {
            "model": self.model.name,
            "precision": self.model.precision,
            "weights": self.model.card["weights"]["sha256"],
            **self.decoder.describe(),
        }


# ------------------------------------------------------------------------------------- models


def film_model(name: str | os.PathLike[str] | None = None) -> str | os.PathLike[str]:
    """Return the model that colours films.

    Parameters
    ----------
    name : str or path, optional
        The model that was asked for, of either kind.

    Returns
    -------
    str or path
        It, or else `colorlab.checkpoints.FILM_DEFAULT`; the default color model where that is not
        installed.
    """
    if name is not None:
        return name
    installed = checkpoints.FILM_DEFAULT in checkpoints.list_models("consistency")
    return checkpoints.FILM_DEFAULT if installed else checkpoints.DEFAULT


def load(
    name: str | os.PathLike[str] | None = None, precision: str = "auto"
) -> ColorModel | ConsistencyModel:
    """Load a model that colours films.

    Parameters
    ----------
    name : str or path, optional
        As for `film_model`: a packaged model's name, a model folder or a training's.
    precision : {"auto", "float32", "mixed_bfloat16"}
        As for `colorlab.devices.precision`.

    Returns
    -------
    ColorModel or ConsistencyModel
        Ready for `colorer_for`.

    Raises
    ------
    InputError
        When there is no such model, or it cannot be used.
    """
    folder = checkpoints.locate(film_model(name))
    dtype = devices.precision(precision)
    if checkpoints.kind_of(folder) == "consistency":
        return checkpoints.load_consistency(folder, dtype)
    return checkpoints.load(folder, dtype)


def load_once(
    name: str | os.PathLike[str] | None = None, precision: str = "auto"
) -> ColorModel | ConsistencyModel:
    """Load a model as `load` does and keep it, so that a second film does not wait for it.

    Parameters
    ----------
    name, precision : optional
        As for `load`.

    Returns
    -------
    ColorModel or ConsistencyModel
        The model; loaded again when its card has changed, as after another training.
    """
    folder = checkpoints.locate(film_model(name))
    return _load(folder, files.sha256(folder / checkpoints.CARD), precision)


@lru_cache(maxsize=2)
def _load(folder: Path, card: str, precision: str) -> ColorModel | ConsistencyModel:
    return load(folder, precision)


def colorer_for(
    model: ColorModel | ConsistencyModel,
    decode: Decoder | str | None = None,
    temperature: float | None = None,
) -> Colorer:
    """Return what colours a film with a model.

    Parameters
    ----------
    model : ColorModel or ConsistencyModel
        From `load`.
    decode : Decoder or str, optional
        How probabilities become colours, see `colorlab.decode`; the card's way by default.
    temperature : float, optional
        Replaces the decoder's.

    Returns
    -------
    FrameByFrame or colorlab.rollout.Rollout
        New, for one film.
    """
    decoder = resolve(decode, model.decoder, temperature)
    if isinstance(model, ConsistencyModel):
        return Rollout(model, decoder)
    return FrameByFrame(model, decoder)


def with_keys(
    film: films.Film,
    colorer: Colorer,
    keys: Sequence[Key | str] = (),
    like: NDArray[np.float32] | None = None,
) -> Colorer:
    """Let key frames, or a picture, decide the colours of a film.

    Parameters
    ----------
    film : Film
        From `colorlab.media.films.open_film`; it is read as far as the last key frame's shot.
    colorer : Colorer
        From `colorer_for`: colours the shots without a key frame.
    keys : sequence of Key or str
        Key frames, or what `colorlab.keyframes.read_key` reads.
    like : numpy.ndarray of float32, (H, W, 3), optional
        A picture whose colours go to the places that look alike.

    Returns
    -------
    Colorer
        New, for this film; `colorer` itself without key frames and picture.

    Raises
    ------
    InputError
        As `colorlab.keyframes.read_key` and `colorlab.keyframes.place`.
    """
    if not keys and like is None:
        return colorer
    read = [read_key(key) if isinstance(key, str) else key for key in keys]
    return Keyed(colorer, place_in(film, read, colorer) if read else [], like)


# ------------------------------------------------------------------------------------- colouring


def frames(pictures: Iterable[NDArray[Any]], colorer: Colorer) -> Iterator[NDArray[np.float32]]:
    """Colour the frames of a film in memory, one after the other.

    Parameters
    ----------
    pictures : iterable of numpy.ndarray, (H, W, 3)
        uint8, or float in [0, 1]; all of one size. Any colour in them is ignored.
    colorer : Colorer
        From `colorer_for`, for example.

    Yields
    ------
    numpy.ndarray of float32, (H, W, 3)
        RGB in [0, 1] with the frame's luma.
    """
    detector = cuts.CutDetector()
    for picture in pictures:
        y = yuv.luma(picture)
        height, width = y.shape[:2]
        small = np.clip(resize(y, *colorer.shape(height, width)), 0, 1)
        starts = np.array([detector.is_cut(small[..., 0])])
        uv = np.asarray(colorer.chroma(small[None], starts)[0], np.float32)
        yield yuv.yuv_to_rgb(y, resize(uv, height, width))


def file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    model: ColorModel | ConsistencyModel | str | os.PathLike[str] | None = None,
    decode: Decoder | str | None = None,
    temperature: float | None = None,
    lossless: bool = False,
    precision: str = "auto",
    keys: Sequence[Key | str] = (),
    like: NDArray[np.float32] | None = None,
) -> list[str]:
    """Colour a film file.

    Parameters
    ----------
    source, target : path
        The film, and the film to write.
    model : ColorModel, ConsistencyModel, str or path, optional
        A loaded model or a name, of either kind: a color model colours each frame for itself, a
        consistency model knows the frame before. As `film_model` says if left out.
    decode, temperature : optional
        As for `colorer_for`.
    lossless : bool
        As for `colorlab.media.recolor.recolor`.
    precision : {"auto", "float32", "mixed_bfloat16"}
        With which a model given by its name is loaded.
    keys, like : optional
        As for `with_keys`.

    Returns
    -------
    list of str
        As for `colorlab.media.recolor.recolor`.

    Raises
    ------
    InputError
        As for `load` and `colorlab.media.recolor.recolor`.
    """
    found = films.open_film(source)
    if not isinstance(model, ColorModel | ConsistencyModel):
        model = load_once(model, precision)
    colorer = with_keys(found, colorer_for(model, decode, temperature), keys, like)
    return recolor(found, target, colorer, lossless)
