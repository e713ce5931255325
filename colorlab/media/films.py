"""Read films frame by frame in constant memory, with PyAV (FFmpeg).

>>> from colorlab.media import films
>>> film = films.open_film("waves.mp4")                       # doctest: +SKIP
>>> for frame in film.frames():                               # doctest: +SKIP
...     print(film.seconds(frame), frame.y.shape)

Frames come upright, as a phone that was held sideways meant them, each with its own time stamp and
its luma plane exactly as decoded. A GIF is a film, and so is a sequence of photos with a rate;
these and other films of RGB frames have no luma plane, and get one of BT.601, full range.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from colorlab import yuv
from colorlab.errors import InputError
from colorlab.media import photos, planes, sniff, ycbcr
from colorlab.media.folders import PATTERN, PHOTO_SUFFIXES, is_pattern
from colorlab.media.pixels import Array
from colorlab.media.ycbcr import Encoding

FORMATS = (
    "mov,mp4,matroska,webm,avi,gif,mpeg,mpegvideo,mpegts,m4v,h264,hevc,ivf,flv,asf,ogg,dv,mxf,nut,"
    "rm,yuv4mpegpipe"
)
"""The containers that are tried: not those that are lists of other files or addresses."""

_UNSPECIFIED = 2  # in H.273's numbers of matrices, primaries and transfer functions
_JUMP_SECONDS = 1  # how far a clock may run back without being another clock
_FIELDS = {2: "tff", 3: "bff", 4: "tff", 5: "bff"}  # FFmpeg's AVFieldOrder


class FilmCutShort(InputError):
    """A film that is damaged or ends too early; the frames that came before it are sound."""


@dataclass(frozen=True)
class Frame:
    """One frame, upright.

    Attributes
    ----------
    index : int
        0 for the first frame.
    ticks : int
        Its time in units of the film's `time_base`; larger than the frame's before.
    duration : int
        How long it is shown, in the same units; 0 where the film does not say.
    y : ndarray of uint8 or uint16, (H, W)
        Its luma plane, as the film's `encoding` says.
    rgb : ndarray of uint8, (H, W, 3), or None
        Its own colours, where they were asked for.
    """

    index: int
    ticks: int
    duration: int
    y: Array
    rgb: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Film:
    """What a film says about itself; `frames` reads it.

    Attributes
    ----------
    path : pathlib.Path
        The file; for a sequence the folder or pattern.
    width, height : int
        Of the upright picture, pixels.
    rate : fractions.Fraction
        Frames a second, on average.
    time_base : fractions.Fraction
        Seconds a tick.
    origin : int
        The tick at which the film begins; 0 unless its clock starts elsewhere.
    n_frames : int or None
        How many there should be: from the index, or estimated from duration and rate.
    encoding : Encoding
        Matrix, range and bits of the planes.
    pixel_aspect : fractions.Fraction
        Width over height of a pixel of the upright picture.
    field_order : str
        "" for a progressive film, "tff" or "bff" for an interlaced one (top or bottom field first).
    primaries, transfer : int
        Numbers of H.273, for the output's tags.
    has_audio, has_alpha : bool
        Whether there is sound, and whether the first frame has transparent places.
    photos : tuple of pathlib.Path
        The files of a sequence; empty for a film file.
    """

    path: Path
    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    n_frames: int | None
    encoding: Encoding
    origin: int = 0
    pixel_aspect: Fraction = Fraction(1)
    field_order: str = ""
    primaries: int = _UNSPECIFIED
    transfer: int = _UNSPECIFIED
    has_audio: bool = False
    has_alpha: bool = False
    photos: tuple[Path, ...] = ()

    def seconds(self, frame: Frame) -> Fraction:
        """Return the time of a frame since the film's beginning, seconds."""
        return (frame.ticks - self.origin) * self.time_base

    def frames(self, rgb: bool = False) -> Iterator[Frame]:
        """Read the film from its beginning, one frame after the other.

        Parameters
        ----------
        rgb : bool
            Also give the frames' own colours, decoded with the film's matrix and range.

        Yields
        ------
        Frame
            In the order in which they are shown.

        Raises
        ------
        FilmCutShort
            After the last frame that could be read, when the film is damaged or ends too early.
        InputError
            When the film was removed or changed since it was opened, or its frames change their
            size or its clock jumps back midway.
        """
        return _photo_frames(self, rgb) if self.photos else _stream_frames(self, rgb)


def open_film(path: str | os.PathLike[str], fps: Fraction | None = None) -> Film:
    """Look at a film: open it, decode its first frame, close it.

    Parameters
    ----------
    path : path
        A film or GIF; or, with `fps`, a folder of photos (in the order of their numbers) or a
        pattern such as ``frames/%05d.png``.
    fps : fractions.Fraction, optional
        Frames a second of a sequence of photos.

    Returns
    -------
    Film
        Sizes, rates and colours.

    Raises
    ------
    InputError
        When there is no such file, or it is empty, damaged, no film, or has no pictures.
    """
    path = Path(path)
    if is_pattern(path) or path.is_dir():
        if fps is None:
            raise InputError(f"{path} is a sequence of photos: say how many are shown a second.")
        return _open_sequence(path, fps)
    if fps is not None:
        raise InputError(f"{path} has its own frame rate; a rate is for sequences of photos.")
    head = sniff.first_bytes(path, "film")
    try:
        with _opened(path) as container:
            return _describe(path, container)
    except StopIteration:
        raise InputError(
            f"cannot read {path}: it is cut short, not one frame of it can be decoded; copy or "
            "download it again."
        ) from None
    except av.error.FFmpegError as error:
        kind = sniff.describe(head)
        if kind in ("a film", "a GIF picture", "of an unknown kind"):
            kind = f"damaged, cut short or of an unsupported kind ({error.strerror})"
        raise InputError(
            f"cannot read {path} as a film: it is {kind}; give an MP4, MOV, MKV, AVI, WebM or GIF."
        ) from error


def reopen(path: Path) -> Any:
    """Open once more a film that was looked at.

    Parameters
    ----------
    path : pathlib.Path
        The film.

    Returns
    -------
    av.container.InputContainer
        To be closed by the caller.

    Raises
    ------
    InputError
        When it is no longer there, or no longer a film.
    """
    try:
        return _opened(path)
    except (av.error.FFmpegError, OSError) as error:
        raise InputError(
            f"cannot read {path} any more: {error.strerror}; leave it in place and as it is while "
            "it is coloured."
        ) from error


# --------------------------------------------------------------------------------- film files


def _opened(path: Path) -> Any:
    """Open a file, and nothing that it may point to."""
    return av.open(
        os.path.abspath(path),
        options={"protocol_whitelist": "file", "format_whitelist": FORMATS},
        metadata_errors="replace",
    )


def _picture_stream(path: Path, container: Any) -> Any:
    """Return the first stream of moving pictures; the cover of a record is none."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    what = "only sound" if container.streams.audio else "none"
    raise InputError(f"{path} has no moving pictures ({what}); give a film.")


def _describe(path: Path, container: Any) -> Film:
    stream = _picture_stream(path, container)
    frame = next(container.decode(stream))
    width, height = planes.upright_size(frame)
    turned = planes.is_turned(frame)
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    start = Fraction(container.start_time or 0, av.time_base)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    is_rgb = planes.is_rgb(frame.format)
    context = stream.codec_context
    return Film(
        path=path,
        width=width,
        height=height,
        rate=Fraction(rate),
        time_base=stream.time_base,
        n_frames=_expected(container, stream, rate),
        encoding=planes.encoding(frame),
        origin=int(start // stream.time_base) if start >= 1 else 0,
        pixel_aspect=1 / aspect if turned else aspect,
        field_order="" if turned or is_rgb else _FIELDS.get(context.field_order, ""),
        primaries=_UNSPECIFIED if is_rgb else context.color_primaries,
        transfer=_UNSPECIFIED if is_rgb else context.color_trc,
        has_audio=bool(container.streams.audio),
        has_alpha=planes.has_alpha(frame),
    )


def _expected(container: Any, stream: Any, rate: Fraction) -> int | None:
    """Return how many frames there should be, or None."""
    if stream.frames:
        return int(stream.frames)
    seconds = _duration(container, stream)
    return None if seconds is None else max(1, round(seconds * rate))


def _duration(container: Any, stream: Any) -> Fraction | None:
    """Return a stream's length in seconds, as far as its file says."""
    if stream.duration:
        return Fraction(stream.duration * stream.time_base)
    said = re.fullmatch(r"(\d+):(\d\d):(\d\d\.\d+)", stream.metadata.get("DURATION", ""))
    if said:
        hours, minutes, seconds = said.groups()
        return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)
    if container.duration and not container.streams.audio:
        return Fraction(container.duration, av.time_base)
    return None


def _stream_frames(film: Film, rgb: bool) -> Iterator[Frame]:
    with reopen(film.path) as container:
        stream = _picture_stream(film.path, container)
        stream.thread_type = "AUTO"
        step = max(1, round(1 / (film.rate * film.time_base)))
        errors = index = 0
        first = None
        end = Fraction(0)
        last = -(2**62)
        for found in _decoded(container, stream):
            errors += found is None
            for frame in found or ():
                first = first or _same_kind(film, frame)
                if _kind(frame) != first:
                    raise InputError(
                        f"{film.path} changes midway: frame {index} is {_kind(frame)}, before "
                        f"it were {first}; cut the film there and colour its parts."
                    )
                errors += bool(frame.is_corrupt)
                ticks = frame.pts if frame.pts is not None else max(last + step, 0)
                if index and (last - ticks) * film.time_base > _JUMP_SECONDS:
                    raise InputError(
                        f"the clock of {film.path} jumps back at frame {index}; cut the film there "
                        "and colour its parts."
                    )
                last = max(ticks, last + 1)
                y, colours = planes.split(frame, film.encoding, rgb)
                yield Frame(index, last, frame.duration or 0, y, colours)
                index += 1
                end = (last + (frame.duration or step)) * film.time_base
        _check_end(film, container, stream, index, errors, end)


def _same_kind(film: Film, frame: Any) -> str:
    """Return the kind of a film's first frame; refuse one that is not what it was."""
    found = (*planes.upright_size(frame), planes.encoding(frame))
    if found != (film.width, film.height, film.encoding):
        raise InputError(
            f"{film.path} was changed after it was opened; leave it as it is while it is coloured."
        )
    return _kind(frame)


def _kind(frame: Any) -> str:
    width, height = planes.upright_size(frame)
    return f"{width} x {height} {frame.format.name}"


def _decoded(container: Any, stream: Any) -> Iterator[list[Any] | None]:
    """Yield what each packet decodes to; None for a damaged one."""
    packets = container.demux(stream)
    while True:
        try:
            yield next(packets).decode()
        except StopIteration:
            break
        except av.error.FFmpegError:
            yield None
    with contextlib.suppress(av.error.FFmpegError):  # nothing is left where the film was sound
        yield stream.decode(None)


def _check_end(
    film: Film, container: Any, stream: Any, index: int, errors: int, end: Fraction
) -> None:
    """Raise when frames were damaged, or clearly fewer than the file promises."""
    few = stream.frames - index > 1 + stream.frames // 50  # or an edit list leaves them out
    length = _duration(container, stream)
    begin = Fraction(stream.start_time or 0) * film.time_base
    if length is None:
        is_short = few
    else:
        is_short = end - begin < length * Fraction(49, 50) - (0 if few else 1)
    if errors or is_short:
        promised = f" of about {film.n_frames}" if film.n_frames else ""
        broken = f", {errors} damaged places" if errors else ""
        raise FilmCutShort(
            f"{film.path} is damaged or cut short: {index}{promised} frames could be read{broken}; "
            "copy or download it again."
        )


# --------------------------------------------------------------------------------- sequences


def _open_sequence(path: Path, fps: Fraction) -> Film:
    files = _numbered(path)
    first = photos.read_photo(files[0])
    height, width = first.rgb.shape[:2]
    return Film(
        path=path,
        width=width,
        height=height,
        rate=fps,
        time_base=1 / fps,
        n_frames=len(files),
        encoding=Encoding(ycbcr.BT601, True, 10 if first.bits > 8 else 8),
        has_alpha=first.alpha is not None,
        photos=tuple(files),
    )


def _numbered(path: Path) -> list[Path]:
    """Return the photos of a sequence in the order of the numbers in their names."""
    if is_pattern(path):
        folder = path.parent
        start, end = PATTERN.split(path.name, maxsplit=1)
        wanted = re.compile(re.escape(start) + r"\d+" + re.escape(end))
    else:
        folder, wanted = path, re.compile(r"[^.].*")
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; check the name.")
    files = [
        file
        for file in folder.iterdir()
        if wanted.fullmatch(file.name) and file.suffix.lower() in PHOTO_SUFFIXES
    ]
    if not files:
        raise InputError(
            f"{path} holds no photo; give a folder of them or a pattern like 'frames/%05d.png'."
        )
    return sorted(files, key=lambda file: _natural(file.name))


def _natural(name: str) -> list[tuple[int, int | str]]:
    """Split a name so that frame 9 is sorted before frame 10."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]


def _photo_frames(film: Film, rgb: bool) -> Iterator[Frame]:
    for index, file in enumerate(film.photos):
        picture = photos.read_photo(file).rgb
        if picture.shape[:2] != (film.height, film.width):
            raise InputError(
                f"{file} has {picture.shape[1]} x {picture.shape[0]} pixels, the first of its "
                f"sequence {film.width} x {film.height}; give photos of one size."
            )
        y = film.encoding.quantise_luma(yuv.luma(picture)[..., 0])
        yield Frame(index, index, 1, y, yuv.to_uint8(picture) if rgb else None)
