"""Take a film's sound along: copied where the new container can hold it, else encoded as AAC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)


def packets(
    source: Any, target: Any, origin: Fraction, notes: list[str]
) -> Iterator[tuple[Fraction, Any]]:
    """Add the audio streams of a film to another one and return their packets.

    Parameters
    ----------
    source : av.container.InputContainer
        From `colorlab.media.films.reopen`.
    target : av.container.OutputContainer
        Gets a stream for each of the source's.
    origin : fractions.Fraction
        The source's time, seconds, that is the target's 0.
    notes : list of str
        Gets a line where the sound cannot be copied as it is.

    Returns
    -------
    iterator of (fractions.Fraction, av.Packet)
        Time in seconds since `origin`, and packet, in the order of their times for each stream.
    """
    passing: dict[int, Callable[[Any], list[Any]]] = {}
    for stream in source.streams.audio:
        codec = stream.codec_context.name
        if _fits(codec, target):
            passing[stream.index] = _copier(target.add_stream_from_template(stream), origin)
        else:
            fewer = f", {stream.channels} channels mixed to stereo" if stream.channels > 2 else ""
            notes.append(f"the sound ({codec}) is encoded again, as AAC{fewer}")
            passing[stream.index] = _encoder(target, stream, origin)
    return _read(source, passing, notes)


def _fits(codec: str, target: Any) -> bool:
    """Tell whether players find such sound in such a container."""
    if target.format.name == "mp4" and codec.startswith("pcm_"):
        return False  # allowed since 2020, played by few
    return codec in target.supported_codecs


def _read(
    source: Any, passing: dict[int, Callable[[Any], list[Any]]], notes: list[str]
) -> Iterator[tuple[Fraction, Any]]:
    is_whole = True
    found = source.demux(*source.streams.audio)
    while True:
        try:
            packet = next(found)
            ready = passing[packet.stream.index](packet) if packet.size else []
        except StopIteration:
            break
        except (av.error.FFmpegError, ValueError):  # a damaged place, or sound of another kind
            is_whole = False
            continue
        yield from _timed(ready)
    if not is_whole:
        notes.append("the sound is damaged; what could not be read of it is missing")
    for finish in passing.values():
        yield from _timed(finish(None))


def _timed(ready: list[Any]) -> Iterator[tuple[Fraction, Any]]:
    return ((packet.dts * packet.time_base, packet) for packet in ready)


def _copier(stream: Any, origin: Fraction) -> Callable[[Any], list[Any]]:
    following = None

    def copy(packet: Any) -> list[Any]:
        nonlocal following
        if packet is None:
            return []
        shift = round(origin / packet.time_base)
        known = [time for time in (packet.dts, packet.pts, following) if time is not None]
        dts = known[0] if known else shift
        following = dts + (packet.duration or 0)
        packet.pts = (dts if packet.pts is None else packet.pts) - shift
        packet.dts = dts - shift
        packet.stream = stream
        return [packet]

    return copy


def _encoder(target: Any, stream: Any, origin: Fraction) -> Callable[[Any], list[Any]]:
    rate = min(_AAC_RATES, key=lambda one: abs(one - stream.rate))
    layout = "mono" if stream.channels == 1 else "stereo"
    encoder = target.add_stream("aac", rate=rate, options={"b": "192k"}, layout=layout)
    resampler = av.AudioResampler("fltp", layout, rate, frame_size=1024)

    def encode(packet: Any) -> list[Any]:
        ready = []
        for frame in [*stream.decode(packet), *([None] if packet is None else [])]:
            if frame is not None and frame.pts is not None:
                frame.pts -= round(origin / frame.time_base)
            for piece in resampler.resample(frame):
                ready += encoder.encode(piece)
        if packet is None:
            ready += encoder.encode(None)
        return ready

    return encode
