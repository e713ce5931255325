"""Key frames: colours that a person gives for some frames of a film, carried to the others.

Within a shot, colours follow the motion from frame to frame. They are also fetched from the key
frames before and after, from the places that look alike (`colorlab.reference`): this undoes the
drift, colours what the motion uncovers, and lets the colours of two key frames meet. Shots without
a key frame are coloured as they would be without any.
"""

from __future__ import annotations

import bisect
import dataclasses
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import checkpoints, flow, media, reference, yuv
from colorlab.checkpoints import ColorModel
from colorlab.errors import InputError
from colorlab.media import cuts
from colorlab.media.films import Film
from colorlab.media.recolor import Colorer
from colorlab.reference import Matcher, Reference

FOLLOWED = 0.98
"""Share of the colours that are moved along from the frame before, where the motion fits exactly;
the rest is fetched from the key frames."""

MISFIT = 0.1
"""Difference of luma, along the motion, at which that share has fallen to 1/e."""

ALIKE = 0.5
"""Least correlation of luma between a key frame and the frame of the film that it belongs to."""

Float = NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class Key:
    """A picture with the colours of one frame of a film.

    Attributes
    ----------
    place : Fraction or int
        When the frame is shown, seconds from the beginning; or its number, an int from 0.
    rgb : numpy.ndarray of float32, (H, W, 3)
        The picture, in [0, 1].
    known : numpy.ndarray of bool, (H, W)
        Where its colours count: all over, or where a picture with transparency is opaque. Such a
        layer must lie exactly on its frame; a whole picture is brought in line with it.
    name : str
        What messages call it.
    """

    place: Fraction | int
    rgb: Float
    known: NDArray[np.bool_]
    name: str


def read_key(text: str) -> Key:
    """Read a key frame.

    Parameters
    ----------
    text : str
        ``12.5=picture.png``, with the time in seconds, or ``f375=picture.png``, with the number of
        the frame, from 0. Transparent places of the picture say nothing about the colour there.

    Returns
    -------
    Key
        The picture and its place.

    Raises
    ------
    InputError
        For another form, a picture that cannot be read, or one without colour.
    """
    place, sign, path = text.partition("=")
    number = place[1:] if place[:1] == "f" else place
    try:
        value = Fraction(number)
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if not sign or not path or value < 0 or (place[:1] == "f" and value.denominator != 1):
        raise InputError(
            f"a key frame is given as SECONDS=PICTURE or fNUMBER=PICTURE; received {text!r}."
        )
    photo = media.read_photo(path)
    known = np.ones(photo.rgb.shape[:2], bool) if photo.alpha is None else photo.alpha > 0.5
    _check_colour(photo.rgb[known], path)
    return Key(int(value) if place[:1] == "f" else value, photo.rgb, known, path)


def read_picture(path: str | os.PathLike[str]) -> Float:
    """Read a reference picture.

    Parameters
    ----------
    path : path
        A photo.

    Returns
    -------
    numpy.ndarray of float32, (H, W, 3)
        RGB in [0, 1].

    Raises
    ------
    InputError
        When it cannot be read, or is grey.
    """
    rgb = media.read_photo(path).rgb
    _check_colour(rgb.reshape(-1, 3), path)
    return rgb


def _check_colour(pixels: Float, path: str | os.PathLike[str]) -> None:
    if not len(pixels) or media.is_grey(pixels[None], tolerance=0.02):
        raise InputError(f"{os.fspath(path)} is grey; give a picture that has colours.")


# ------------------------------------------------------------------------------------- placing


@dataclasses.dataclass(frozen=True)
class PlacedKey:
    """A key frame, fitted to the frame of the film that it belongs to.

    Attributes
    ----------
    index : int
        The frame's number, from 0.
    shot : tuple of int
        Numbers of the first frame of its shot and of the one after the last.
    y, uv : numpy.ndarray of float32, (h, w, 1) and (h, w, 2)
        The frame's luma and the key's chroma, at the size at which the film is coloured.
    known : numpy.ndarray of bool, (h, w)
        Where the chroma counts.
    """

    index: int
    shot: tuple[int, int]
    y: Float
    uv: Float
    known: NDArray[np.bool_]


def place(
    keys: Sequence[Key],
    frames: Iterable[tuple[Fraction, Float]],
    colorer: Colorer,
    aspect: Fraction = Fraction(1),
) -> list[PlacedKey]:
    """Find the frames that key frames belong to, and fit the key frames to them.

    Parameters
    ----------
    keys : sequence of Key
        In any order.
    frames : iterable of tuple
        Time, seconds, and luma, (H, W) or (H, W, 1) float32 in [0, 1], of each frame of the film.
        Reading ends with the last key's shot.
    colorer : Colorer
        What colours the film; its `shape` is used.
    aspect : Fraction
        Width over height of the film's pixels.

    Returns
    -------
    list of PlacedKey
        In the order of the film.

    Raises
    ------
    InputError
        For a time or a number past the end, two key frames for one frame, or a key frame that does
        not show its frame.
    """
    detector = cuts.CutDetector()
    found: dict[Key, tuple[int, Float]] = {}
    starts: list[int] = []
    times: list[Fraction] = []
    for index, (seconds, luma) in enumerate(frames):
        luma = luma if luma.ndim == 3 else luma[..., None]
        y = np.clip(media.resize(luma, *colorer.shape(*luma.shape[:2])), 0, 1)
        if detector.is_cut(y[..., 0]):
            if starts and all(_is_over(key, times[-1], index - 1) for key in keys):
                starts.append(index)
                break
            starts.append(index)
        times = [*times[-1:], seconds]
        for key in keys:
            shown = key.place == index if isinstance(key.place, int) else seconds <= key.place
            if shown or (index == 0 and not isinstance(key.place, int)):
                found[key] = index, y
        size = luma.shape[:2]
    else:
        starts.append(index + 1)
        _check_ends(keys, found, index, times)
    placed: dict[int, PlacedKey] = {}
    for key in keys:
        index, y = found[key]
        if index in placed:
            raise InputError(f"{key.name} is the second key frame for frame {index}; give one.")
        begin = bisect.bisect_right(starts, index)
        uv, known = _fit(key, index, y, Fraction(size[1], size[0]), aspect)
        placed[index] = PlacedKey(index, (starts[begin - 1], starts[begin]), y, uv, known)
    return [placed[index] for index in sorted(placed)]


def place_in(film: Film, keys: Sequence[Key], colorer: Colorer) -> list[PlacedKey]:
    """Find the frames of a film file that key frames belong to; as `place`."""
    expand = film.encoding.expand
    frames = ((film.seconds(frame), expand(frame.y)) for frame in film.frames())
    return place(keys, frames, colorer, film.pixel_aspect)


def _is_over(key: Key, seconds: Fraction, index: int) -> bool:
    """Tell whether a key frame's place lies before the frame with this time and number."""
    return key.place < (index if isinstance(key.place, int) else seconds)


def _check_ends(
    keys: Sequence[Key], found: Mapping[Key, Any], last: int, times: Sequence[Fraction]
) -> None:
    """Refuse key frames past the end, given the film's last frame and its last times."""
    end = 2 * times[-1] - times[0]
    for key in keys:
        if key not in found or (not isinstance(key.place, int) and key.place > end):
            at = f"frame {key.place}" if isinstance(key.place, int) else f"{float(key.place):g} s"
            raise InputError(
                f"the key frame {key.name} is for {at}, but the film ends with frame {last} at "
                f"{float(times[-1]):g} s; give an earlier place."
            )


def _fit(
    key: Key, index: int, y: Float, shape: Fraction, aspect: Fraction
) -> tuple[Float, NDArray[np.bool_]]:
    """Bring a key frame to the size of its frame and in line with it."""
    height, width = y.shape[:2]
    own = Fraction(key.rgb.shape[1], key.rgb.shape[0])
    if min(abs(float(own / wanted) - 1) for wanted in (shape, shape * aspect)) > 0.05:
        raise InputError(
            f"the key frame {key.name} is {key.rgb.shape[1]} x {key.rgb.shape[0]} pixels, which is "
            "another shape than the film's; give the whole frame, uncropped."
        )
    weight = key.known[..., None].astype(np.float32)
    known = media.resize(weight, height, width)
    luma, uv = yuv.rgb_to_yuv(key.rgb)
    uv = np.divide(media.resize(uv * weight, height, width), np.maximum(known, 1e-3)).astype(
        np.float32
    )
    if key.known.all():  # a layer that is transparent in part has no luma to compare
        luma = media.resize(luma, height, width)
        if _correlation(luma, y) < ALIKE:
            raise InputError(
                f"the key frame {key.name} does not show frame {index} of the film, which it is "
                "for; `colorlab keys` writes frames to colour."
            )
        moved = flow.warp(np.concatenate([luma, uv], axis=-1), flow.dis(y, luma))
        if np.abs(moved[..., :1] - y).mean() < np.abs(luma - y).mean():
            uv = moved[..., 1:]
    return uv, known[..., 0] > 0.5


def _correlation(first: Float, second: Float) -> float:
    """Return the correlation of two thumbnails' luma; 1 for two flat ones."""
    a, b = (media.resize(y, 18, 32).ravel() for y in (first, second))
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.linalg.norm(a) * np.linalg.norm(b))
    return 1.0 if spread < 1e-3 else float(a @ b) / spread


# ------------------------------------------------------------------------------------- colouring


class Keyed:
    """Colours a film from key frames; a `colorlab.media.recolor.Colorer`.

    Parameters
    ----------
    colorer : FrameByFrame or Rollout
        Colours the shots without a key frame.
    keys : sequence of PlacedKey
        From `place`, made with the same colorer.
    like : numpy.ndarray of float32, (H, W, 3), optional
        A picture whose colours go to every place that looks like one of its own and that no key
        frame decides.
    """

    batch = 1

    def __init__(self, colorer: Any, keys: Sequence[PlacedKey], like: Float | None = None) -> None:
        self.colorer, self.keys = colorer, list(keys)
        model = colorer.model
        self.color: ColorModel = model if isinstance(model, ColorModel) else model.color
        self._matcher = Matcher(self.color)
        self._references: dict[int, Reference] = {}
        self._like = None if like is None else reference.from_picture(self._matcher, like)
        self._index = 0
        self._before: dict[str, Float] = {}

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Return the size at which the colorer takes frames of a size."""
        size: tuple[int, int] = self.colorer.shape(height, width)
        return size

    def chroma(self, y: Float, starts: NDArray[np.bool_]) -> Float:
        """Colour the next frames, as `colorlab.media.recolor.Colorer`."""
        each = zip(y, starts, strict=True)
        return np.stack([self._step(luma, bool(begins)) for luma, begins in each])

    def _step(self, y: Float, begins: bool) -> Float:
        index, self._index = self._index, self._index + 1
        keys = [key for key in self.keys if key.shot[0] <= index < key.shot[1]]
        if not keys and self._like is None:
            self._before = {}
            uv: Float = self.colorer.chroma(y[None], np.array([begins]))[0]
            return uv
        cells, outputs = self._matcher.cells(y)
        uv = checkpoints.chroma_of(self.color, outputs, y[None], self.colorer.decoder)[0]
        if self._like is not None:
            uv = reference.mix(cells, self._like, y, uv, reference.OTHER_PICTURE)
        if keys:
            uv = reference.mix(cells, self._nearest(keys, index), y, uv, reference.SAME_SCENE)
        if self._before and not begins:
            back = flow.dis(y, self._before["y"])
            moved = flow.warp(np.concatenate([self._before["y"], self._before["uv"]], -1), back)
            fits = np.exp(-np.square((moved[..., :1] - y) / np.float32(MISFIT)))
            share = np.float32(FOLLOWED) * fits
            uv = share * moved[..., 1:] + (1 - share) * uv
        for key in keys:
            if key.index == index:
                uv = np.where(key.known[..., None], key.uv, uv)
        self._before = {"y": np.asarray(y, np.float32), "uv": np.asarray(uv, np.float32)}
        return self._before["uv"]

    def _nearest(self, keys: Sequence[PlacedKey], index: int) -> Reference:
        """Return the cells of the key frames before and after a frame."""
        earlier = [key for key in keys if key.index <= index][-1:]
        later = [key for key in keys if key.index > index][:1]
        self._references = {
            key.index: self._references.get(key.index)
            or self._matcher.reference(key.y, key.uv, key.known)
            for key in (*earlier, *later)
        }
        return reference.join(list(self._references.values()))

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return the last frame, its colours and number, and the colorer's own state."""
        own = {f"colorer_{name}": array for name, array in self.colorer.state().items()}
        return {"index": np.array(self._index), **self._before, **own}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what `state` returned."""
        self._index = int(state["index"])
        self._before = {name: state[name] for name in ("y", "uv") if name in state}
        own = {name: array for name, array in state.items() if name.startswith("colorer_")}
        self.colorer.restore({name.removeprefix("colorer_"): own[name] for name in own})

    def settings(self) -> dict[str, Any]:
        """Return the colorer's settings, and the keys' frames and hashes of their colours."""
        keys = {str(key.index): _digest(key.uv, key.known) for key in self.keys}
        like = {} if self._like is None else {"like": _digest(self._like.uv, self._like.y)}
        return {**self.colorer.settings(), "keys": keys, **like}


def _digest(*arrays: NDArray[Any]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
