"""Writing films: luma and times kept, sound in sync, finished pieces, and after a kill the same."""

import dataclasses
import filecmp
import os
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from colorlab import files, media, yuv
from colorlab.errors import InputError
from colorlab.media import film_writer, films
from colorlab.media.film_encoder import FilmEncoder
from colorlab.media.recolor import recolor

ROOT = Path(__file__).resolve().parents[1]
NTSC = Fraction(30000, 1001)


def waves(count, height=36, width=64, bits=8, shift=3.0):
    """Planes of a moving pattern that compresses well."""
    y, x = np.mgrid[:height, :width]
    top = 2**bits - 1
    dtype = np.uint8 if bits == 8 else np.uint16
    return [
        np.rint(top * (0.5 + 0.3 * np.sin((x + shift * k) / 9) * np.cos(y / 7))).astype(dtype)
        for k in range(count)
    ]


def night(count, height=36, width=64):
    """Planes of a dark pattern."""
    y, x = np.mgrid[:height, :width]
    return [((x + y + k) % 40).astype(np.uint8) + 20 for k in range(count)]


def both(source, target):
    """The frames of a film and of its coloured copy, side by side."""
    before, after = films.open_film(source), films.open_film(target)
    pairs = list(zip(before.frames(), after.frames(rgb=True), strict=True))
    return before, after, pairs


def sound_packets(path):
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(stream)
            if packet.size
        ]


# --- luma, colours, times ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "size", "bits", "words"),
    [
        ("yuv420p", (36, 64), 8, {}),
        ("yuv420p", (36, 64), 8, {"matrix": 1, "full": True}),
        ("yuv444p", (35, 63), 8, {"matrix": 1, "full": False}),
        ("yuv444p", (36, 1), 8, {}),
        ("yuv444p", (1, 1), 8, {}),
        ("yuv420p10le", (36, 64), 10, {"matrix": 9, "full": False}),
    ],
)
def test_lossless_keeps_every_luma_sample(make_film, tmp_path, sunset, form, size, bits, words):
    source = make_film(waves(9, *size, bits=bits), form=form, **words)
    for suffix in (".mp4", ".mkv"):
        target = tmp_path / f"out{suffix}"
        assert recolor(films.open_film(source), target, sunset, lossless=True) == []
        before, after, pairs = both(source, target)
        assert (after.encoding, after.rate) == (before.encoding, before.rate)
        for one, other in pairs:
            np.testing.assert_array_equal(one.y, other.y)
            if suffix == ".mp4":
                assert before.seconds(one) == after.seconds(other)
    if min(size) > 10:
        assert np.ptp(pairs[4][1].rgb, axis=-1).max() > 20  # and it has colour


def test_by_default_luma_is_close_and_the_file_small(make_film, tmp_path, sunset):
    source, target = make_film(waves(25)), tmp_path / "out.mp4"
    recolor(films.open_film(source), target, sunset)
    *_, pairs = both(source, target)
    assert len(pairs) == 25
    off = [np.abs(one.y.astype(int) - other.y).mean() for one, other in pairs]
    assert max(off) < 1.5
    assert target.stat().st_size < 20_000
    with av.open(str(target)) as film:
        assert film.streams.video[0].codec_context.name == "h264"
        assert film.streams.video[0].format.name == "yuv420p"


class Fixed:
    """A colorer that gives every frame the same chroma."""

    batch = 1

    def __init__(self, uv):
        self.uv = uv

    def shape(self, height, width):
        return height, width

    def chroma(self, y, starts):
        self.y = y
        return np.repeat(self.uv[None], len(y), axis=0)

    def state(self):
        return {}

    def settings(self):
        return {}


def test_colours_are_those_of_a_photo_with_the_same_luma(make_film, tmp_path, rng):
    uv = media.resize(rng.uniform(-0.2, 0.2, (5, 7, 2)).astype(np.float32), 35, 63)
    for matrix, full in ((6, True), (6, False), (1, False)):
        planes = waves(3, 35, 63)
        source = make_film(planes, form="yuv444p", matrix=matrix, full=full)
        colorer = Fixed(uv)
        recolor(films.open_film(source), tmp_path / "out.mp4", colorer, lossless=True)
        before, _, pairs = both(source, tmp_path / "out.mp4")
        y = before.encoding.expand(planes[2])[..., None]
        np.testing.assert_array_equal(colorer.y[-1], y)
        photo = yuv.yuv_to_rgb(y, uv)
        shown = pairs[2][1].rgb / 255
        if matrix == 6:
            assert np.abs(shown - photo).max() < 2 / 255
        else:  # another luma, the same chroma, where nothing was scaled
            inside = ((shown > 0.02) & (shown < 0.98)).all(axis=-1)
            assert inside.mean() > 0.8
            chroma = yuv.rgb_to_yuv(shown)[1]
            assert np.abs(chroma - uv)[inside].max() < 0.012


def test_times_of_a_variable_rate_are_kept(make_film, tmp_path, sunset):
    ticks = [500, 503, 504, 4000, 4001, 9000, 90000]
    source = make_film(waves(7), ticks=ticks, time_base=Fraction(1, 90000), sound="aac")
    recolor(films.open_film(source), tmp_path / "out.mp4", sunset)
    before, after, pairs = both(source, tmp_path / "out.mp4")
    assert [before.seconds(one) for one, _ in pairs] == [after.seconds(b) for _, b in pairs]
    assert after.seconds(pairs[-1][1]) == 1


def test_what_else_a_film_is_stays(make_film, tmp_path, sunset):
    source = make_film(
        waves(5),
        options={"qp": "0", "x264-params": "bff=1"},
        aspect=Fraction(4, 3),
        matrix=1,
        full=False,
    )
    recolor(films.open_film(source), tmp_path / "out.mp4", sunset)
    after = films.open_film(tmp_path / "out.mp4")
    assert (after.field_order, after.pixel_aspect) == ("bff", Fraction(4, 3))


@pytest.mark.parametrize(("height", "form", "kept"), [(38, "yuv420p", 0), (38, "yuv444p", 0),
                         (36, "yuv420p", 1)])  # fmt: skip
def test_an_interlaced_film_of_any_height(make_film, tmp_path, sunset, height, form, kept):
    source = dataclasses.replace(films.open_film(make_film(waves(4, height))), field_order="tff")
    notes = recolor(source, tmp_path / "out.mp4", sunset)
    after = films.open_film(tmp_path / "out.mp4")
    assert sum(1 for _ in after.frames()) == 4
    assert after.field_order == ("tff" if kept else "")
    assert notes == ([] if kept else ["the order of its fields is not tagged: its height is 38, "
                                      "not 4 × n"])  # fmt: skip


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_turned_film_is_written_upright(make_film, tmp_path, sunset, degrees):
    planes = waves(4)
    source = make_film(planes, rotation=degrees)
    recolor(films.open_film(source), tmp_path / "out.mp4", sunset, lossless=True)
    with av.open(str(tmp_path / "out.mp4")) as film:
        frames = list(film.decode(film.streams.video[0]))
    assert {frame.rotation for frame in frames} == {0}
    wanted = np.rot90(planes[3], degrees // 90)
    height, width = wanted.shape
    assert (frames[3].height, frames[3].width) == (height, width)
    np.testing.assert_array_equal(frames[3].to_ndarray()[:height, :width], wanted)


# --- sound ---------------------------------------------------------------------------------------


def ends(path):
    """Where pictures and sound of a film end, seconds, as its own index says."""
    with av.open(str(path)) as container:
        streams = (container.streams.video[0], container.streams.audio[0])
        return [float((s.start_time + s.duration) * s.time_base) for s in streams]


def test_ntsc_with_sound_ends_in_sync(make_film, tmp_path, sunset):
    source = make_film(waves(300), rate=NTSC, sound="aac")
    target = tmp_path / "out.mp4"
    assert recolor(films.open_film(source), target, sunset) == []
    assert films.open_film(target).rate == NTSC
    assert sound_packets(target) == sound_packets(source)
    picture, sound = ends(target)
    assert picture == pytest.approx(300 / NTSC, abs=1e-4)
    assert abs(picture - sound) < 1 / NTSC
    np.testing.assert_allclose(ends(target), ends(source), atol=1e-3)
    if shutil.which("ffprobe"):  # the same, asked of another program
        words = "ffprobe -v error -show_entries stream=duration -of csv=p=0".split()
        told = subprocess.run([*words, target], capture_output=True, text=True, check=True).stdout
        lengths = [float(line) for line in told.split()]
        assert abs(lengths[0] - lengths[1]) < 1 / NTSC


def test_sound_that_the_container_cannot_hold_is_encoded_again(make_film, tmp_path, sunset):
    source = make_film(waves(50), "in.avi", codec="mpeg4", sound="pcm_s16le")
    notes = recolor(films.open_film(source), tmp_path / "out.mp4", sunset)
    assert notes == ["the sound (pcm_s16le) is encoded again, as AAC"]
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        heard = np.concatenate(
            [frame.to_ndarray()[0] for frame in container.decode(container.streams.audio[0])]
        )
    assert len(heard) == pytest.approx(2 * 48000, abs=2048)
    crossings = (np.diff(np.sign(heard[4800:52800])) != 0).sum()
    assert crossings == pytest.approx(2 * 440, abs=4)
    assert ends(tmp_path / "out.mp4") == pytest.approx([2, 2], abs=0.04)
    assert recolor(films.open_film(source), tmp_path / "out.mkv", sunset) == []
    assert b"".join(data for _, data in sound_packets(tmp_path / "out.mkv")) == b"".join(
        data for _, data in sound_packets(source)
    )


def test_a_mix_to_fewer_channels_is_told(make_film, tmp_path, sunset):
    source = tmp_path / "in.mkv"
    with av.open(str(make_film(waves(25)))) as film, av.open(str(source), "w") as copy:
        picture = copy.add_stream_from_template(film.streams.video[0])
        track = copy.add_stream("pcm_s16le", rate=48000, layout="5.1")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 6 * 48000), np.int16), "s16", "5.1")
        frame.sample_rate, frame.pts = 48000, 0
        copy.mux(track.encode(frame))
        for packet in film.demux():
            if packet.size:
                packet.stream = picture
                copy.mux(packet)
    assert recolor(films.open_film(source), tmp_path / "out.mp4", sunset) == [
        "the sound (pcm_s16le) is encoded again, as AAC, 6 channels mixed to stereo"
    ]
    assert ends(tmp_path / "out.mp4") == pytest.approx([1, 1], abs=0.04)


def test_a_damaged_packet_of_sound_is_left_out(make_film, tmp_path, sunset):
    source = make_film(waves(75), "in.mkv", sound="wavpack")
    inside = sound_packets(source)[1][1][40:]  # a second of the three
    data = source.read_bytes()
    assert inside in data
    source.write_bytes(data.replace(inside, b"\xff" * len(inside)))
    assert recolor(films.open_film(source), tmp_path / "out.mp4", sunset) == [
        "the sound (wavpack) is encoded again, as AAC",
        "the sound is damaged; what could not be read of it is missing",
    ]
    assert ends(tmp_path / "out.mp4") == pytest.approx([3, 3], abs=0.04)
    assert len(sound_packets(tmp_path / "out.mp4")) == pytest.approx(2 * 48000 / 1024, abs=3)


def test_a_transport_streams_clock_starts_anew_and_stays_in_sync(make_film, tmp_path, sunset):
    source = make_film(waves(50), "in.ts", sound="aac")
    recolor(films.open_film(source), tmp_path / "out.mp4", sunset)
    before, after, pairs = both(source, tmp_path / "out.mp4")
    shift = before.seconds(pairs[0][0]) - after.seconds(pairs[0][1])
    assert 0 <= after.seconds(pairs[0][1]) < 0.1
    heard = [sound_packets(path)[5][0] for path in (source, tmp_path / "out.mp4")]
    origin = before.origin * before.time_base
    assert abs(heard[0] - origin - heard[1] - shift) < Fraction(1, 1000)


# --- GIFs and sequences --------------------------------------------------------------------------


def test_a_gif_stays_a_gif(make_film, tmp_path, sunset):
    rng = np.random.default_rng(0)
    greys = np.repeat(media.resize(rng.random((6, 6), np.float32), 35, 63)[..., None], 3, -1)
    pictures = [np.rint(255 * np.roll(greys, k, 1)).astype(np.uint8) for k in range(5)]
    from PIL import Image

    images = [Image.fromarray(picture) for picture in pictures]
    source = tmp_path / "in.gif"
    images[0].save(source, save_all=True, append_images=images[1:], duration=[50, 100, 200, 30, 40])
    recolor(films.open_film(source), tmp_path / "out.gif", sunset)
    before, after, pairs = both(source, tmp_path / "out.gif")
    assert [before.seconds(one) for one, _ in pairs] == [after.seconds(b) for _, b in pairs]
    for one, other in pairs:
        assert np.abs(one.y.astype(int) - other.y).mean() < 4
        assert np.ptp(other.rgb, axis=-1).max() > 20
    with Image.open(tmp_path / "out.gif") as image:
        assert (image.info["loop"], image.n_frames) == (0, 5)
        image.seek(4)
        assert image.info["duration"] == 40


def test_a_gif_of_more_than_a_hundred_frames_a_second(make_film, tmp_path, sunset):
    source = films.open_film(make_film(waves(24), rate=Fraction(120)))
    notes = recolor(source, tmp_path / "out.gif", sunset)
    assert notes == ["4 frames are dropped: a GIF shows at most 100 a second"]
    after = films.open_film(tmp_path / "out.gif")
    assert [after.seconds(frame) for frame in after.frames()] == [
        Fraction(k, 100) for k in range(20)
    ]


def test_photos_become_a_film(tmp_path, sunset, rng):
    for k in range(6):
        media.write_photo(tmp_path / "in" / f"{k}.png", rng.random((20, 30, 3), np.float32))
    film = films.open_film(tmp_path / "in", NTSC)
    recolor(film, tmp_path / "out.mov", sunset, lossless=True)
    after = films.open_film(tmp_path / "out.mov")
    assert after.rate == NTSC
    for one, other in zip(film.frames(), after.frames(), strict=True):
        np.testing.assert_array_equal(one.y, other.y)
        assert film.seconds(one) == after.seconds(other)


# --- what colours --------------------------------------------------------------------------------


def test_the_colorer_hears_of_cuts_and_sees_every_frame_once(make_film, tmp_path, sunset):
    shots = [waves(7), night(8), waves(5)]
    source = make_film([plane for shot in shots for plane in shot])
    recolor(films.open_film(source), tmp_path / "out.mp4", sunset)
    assert [k for k, starts in enumerate(sunset.starts) if starts] == [0, 7, 15]
    assert sunset.seen == 20


def test_a_cut_with_every_frame(make_film, tmp_path, sunset):
    planes = [pair[k % 2] for k, pair in enumerate(zip(waves(10), night(10), strict=True))]
    recolor(films.open_film(make_film(planes)), tmp_path / "out.mp4", sunset)
    assert sunset.starts == [True] * 10


# --- pieces --------------------------------------------------------------------------------------


class Stopping:
    """A colorer that is interrupted after some frames."""

    def __init__(self, inner, after, error):
        self.inner, self.after, self.error = inner, after, error
        self.batch = inner.batch

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def chroma(self, y, starts):
        if self.inner.seen + len(y) > self.after:
            raise self.error
        return self.inner.chroma(y, starts)


@pytest.mark.parametrize(("width", "off"), [(1, True), (126, True), (128, False)])
@pytest.mark.parametrize("lossless", [True, False])
def test_the_macroblock_tree_is_off_where_it_would_make_two_runs_differ(
    make_film, width, off, lossless
):
    film = films.open_film(make_film(waves(3, 36, width), form="yuv444p"))
    assert (FilmEncoder(film, lossless).options.get("x264-params") == "mbtree=0") is off


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("torn out"), InputError("no")])
@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_what_is_interrupted_goes_on_and_ends_the_same(make_film, tmp_path, sunset, error, suffix):
    make = type(sunset)
    source = films.open_film(make_film(waves(70), rate=Fraction(5), sound="aac"))
    whole, target = tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    recolor(source, whole, sunset)
    with pytest.raises(type(error)):
        recolor(source, target, Stopping(make(), 50, error))
    assert not target.exists()
    pieces = film_writer.pieces_folder(target)
    names = sorted(path.name for path in pieces.iterdir())
    assert names == ["00000.mp4", "00000.npz", "00001.mp4", "00001.npz", "about.json", "play.m3u"]
    assert (pieces / "play.m3u").read_text() == "#EXTM3U\n00000.mp4\n00001.mp4\n"
    for k in range(2):  # each of them plays
        film = films.open_film(pieces / f"{k:05d}.mp4")
        assert sum(1 for _ in film.frames()) == 20

    second, steps = make(), []
    recolor(source, target, second, resume=True, progress=steps.append)
    assert (second.restored, second.seen) == (40, 70)
    assert (steps[0], sum(steps)) == (40, 70)
    assert second.starts == sunset.starts[40:]
    assert filecmp.cmp(target, whole, shallow=False)
    assert not pieces.exists()


def test_without_resume_it_starts_over(make_film, tmp_path, sunset):
    make = type(sunset)
    source, target = films.open_film(make_film(waves(30), rate=Fraction(5))), tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        recolor(source, target, Stopping(make(), 25, KeyboardInterrupt()))
    recolor(source, target, sunset)
    assert (sunset.restored, sunset.seen) == (None, 30)


def test_only_the_same_film_and_settings_are_gone_on_with(make_film, tmp_path, sunset):
    make = type(sunset)
    path, target = make_film(waves(30), rate=Fraction(5)), tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        recolor(films.open_film(path), target, Stopping(make(), 25, KeyboardInterrupt()))
    kept = {p: files.sha256(p) for p in film_writer.pieces_folder(target).iterdir()}
    sunset.settings = lambda: {"colorer": "another"}
    with pytest.raises(InputError, match="begun with another film, model or settings"):
        recolor(films.open_film(path), target, sunset, resume=True)
    with pytest.raises(InputError, match="begun with another"):
        recolor(films.open_film(path), target, make(), resume=True, lossless=True)
    os.utime(path, (1, 1))
    with pytest.raises(InputError, match="begun with another"):
        recolor(films.open_film(path), target, make(), resume=True)
    assert {p: files.sha256(p) for p in film_writer.pieces_folder(target).iterdir()} == kept


def test_a_folder_of_that_name_that_is_not_ours_is_left_alone(make_film, tmp_path, sunset):
    folder = film_writer.pieces_folder(tmp_path / "out.mp4")
    folder.mkdir()
    (folder / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match="in the way"):
        recolor(films.open_film(make_film(waves(3))), tmp_path / "out.mp4", sunset)
    assert (folder / "diary.txt").read_text() == "mine"


def process(code, *words):
    """Run code in a process of its own, with the colorer of these tests."""
    setting = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
import numpy as np
from conftest import Sunset
from colorlab.media import films
from colorlab.media.recolor import recolor
{code}
"""
    return subprocess.Popen(
        [sys.executable, "-c", setting, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_kill_leaves_a_start_that_plays(make_film, tmp_path, sunset):
    source, target = make_film(waves(400), rate=Fraction(5)), tmp_path / "out.mp4"
    slow = """
import time
class Slow(Sunset):
    def chroma(self, y, starts):
        time.sleep(0.02)
        return super().chroma(y, starts)
recolor(films.open_film(sys.argv[1]), sys.argv[2], Slow())
"""
    started = process(slow, source, target)
    second = film_writer.pieces_folder(target) / "00001.mp4"
    end = time.monotonic() + 100
    while not second.is_file() and started.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    started.send_signal(signal.SIGKILL)
    started.communicate()
    assert started.returncode == -signal.SIGKILL
    assert not target.exists()
    start = films.open_film(second.with_name("00000.mp4"))
    planes = [frame.y for frame in films.open_film(source).frames()]
    for plane, frame in zip(planes, start.frames(), strict=False):
        assert np.abs(plane.astype(int) - frame.y).mean() < 1.5
    recolor(films.open_film(source), target, sunset, resume=True)
    assert sunset.restored >= 40
    assert sum(1 for _ in films.open_film(target).frames()) == 400
    left = [path for path in tmp_path.rglob("*") if ".part" in path.name]
    assert left == []


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the peak")
def test_memory_does_not_grow_with_the_film(make_film, tmp_path):
    """A film five times as long needs no more memory: both are of many pieces."""
    measure = """
recolor(films.open_film(sys.argv[1]), sys.argv[2], Sunset())
with open("/proc/self/status") as status:
    print(next(line for line in status if line.startswith("VmHWM")).split()[1])
"""
    used = []
    for count in (300, 1500):
        source = make_film(waves(count), f"{count}.mp4", sound="aac")
        started = process(measure, source, tmp_path / f"out{count}.mp4")
        printed, errors = started.communicate(timeout=200)
        assert started.returncode == 0, errors
        used.append(int(printed))
    assert used[1] < 1.05 * used[0]


# --- targets -------------------------------------------------------------------------------------


def test_targets_that_cannot_be(make_film, tmp_path, sunset):
    source = make_film(waves(3))
    film = films.open_film(source)
    before = files.sha256(source)
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder.mp4").mkdir()
    for target, message in (
        (source, "would be overwritten by its own coloured copy"),
        (tmp_path / "x" / ".." / "film.mp4", "would be overwritten"),
        (tmp_path / "out.webm", r"writes films as \.mp4, \.m4v, \.mov, \.mkv, \.gif"),
        (tmp_path / "out", "writes films as"),
        (tmp_path / "file" / "out.mp4", "cannot write"),
        (tmp_path / "folder.mp4", "it is a folder"),
    ):
        (tmp_path / "x").mkdir(exist_ok=True)
        with pytest.raises(InputError, match=message):
            recolor(film, target, sunset)
    assert files.sha256(source) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "file",
        "film.mp4",
        "folder.mp4",
        "x",
    ]


def test_suffixes():
    found = {name: film_writer.suffix_for(Path(name)) for name in ("a.MOV", "b.avi", "c.gif")}
    assert found == {"a.MOV": ".MOV", "b.avi": ".mp4", "c.gif": ".gif"}


def test_deeper_films_lose_bits_only_where_they_must(make_film, tmp_path, sunset):
    rng = np.random.default_rng(0)
    planes = [rng.integers(256, 3760, (36, 64)).astype(np.uint16) for _ in range(3)]
    source = make_film(planes, "in.mkv", "yuv420p12le", codec="ffv1")
    notes = recolor(films.open_film(source), tmp_path / "out.mp4", sunset, lossless=True)
    assert notes == ["of the 12 bits of its luma 10 are kept"]
    frames = list(films.open_film(tmp_path / "out.mp4").frames())
    np.testing.assert_array_equal(frames[2].y, (planes[2] + 2) >> 2)


def test_pieces_hold_what_the_next_run_needs(make_film, tmp_path, sunset):
    source, target = films.open_film(make_film(waves(25), rate=Fraction(5))), tmp_path / "out.mp4"
    with pytest.raises(KeyboardInterrupt):
        recolor(source, target, Stopping(sunset, 23, KeyboardInterrupt()))
    kept = files.read_arrays(film_writer.pieces_folder(target) / "00000.npz")
    assert {name: array.tolist() for name, array in kept.items()} == {
        "ticks": [frame.ticks for frame in source.frames()][:20],
        "durations": [frame.duration for frame in source.frames()][:20],
        "state-seen": 20,
    }
