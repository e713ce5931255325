"""Films as people really have them: each is coloured, or refused in one clear line.

Refused means: exit status 2, one line on standard error that names what was wrong and what to do,
no traceback, the input untouched, and nothing half-written.
"""

import errno
import os
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from colorlab import checkpoints, colorize_film, media
from colorlab.cli import colorize, main
from colorlab.errors import InputError
from colorlab.media import film_writer, films


@pytest.fixture(autouse=True)
def nothing_half_written(tmp_path):
    """After every test: no temporary file and no folder of pieces is left."""
    yield
    left = [path for path in tmp_path.rglob("*") if ".part" in path.name]
    left += list(tmp_path.rglob(f"*{media.folders.UNFINISHED}"))
    assert left == []


@pytest.fixture(autouse=True)
def small(monkeypatch, tiny_model):
    """The command colours with a tiny model that is loaded already."""
    monkeypatch.setattr(checkpoints, "load", lambda name=None, dtype=None: tiny_model)
    monkeypatch.setattr(checkpoints, "FILM_DEFAULT", "not-installed")


@pytest.fixture
def refused(capsys):
    """Run a command that must be refused; return its one line."""

    def run(*words):
        inputs = [word for word in words if isinstance(word, os.PathLike) and word.is_file()]
        before = {path: path.read_bytes() for path in inputs}
        assert main(["colorize", *map(str, words), "--quiet"]) == 2
        printed, errors = capsys.readouterr()
        assert printed == ""
        assert errors.startswith("colorlab: ") and len(errors.splitlines()) == 1
        assert len(errors) < 500 and "Traceback" not in errors
        assert {path: path.read_bytes() for path in inputs} == before
        return errors

    return run


def grey(count, height=36, width=64):
    """Planes of a moving ramp."""
    x = np.arange(width)[None].repeat(height, axis=0)
    return [((4 * x + 5 * k) % 256).astype(np.uint8) for k in range(count)]


def colour(source, target, *words):
    """Colour a film that must succeed; return what it is and its frames."""
    assert main(["colorize", str(source), "-o", str(target), "--quiet", *words]) == 0
    film = films.open_film(target)
    return film, list(film.frames(rgb=True))


# --- files that are no films ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"Dear diary, this is no film.", "it is a text file; give an MP4"),
        (b"<html><body>404", "it is a web page"),
        (b"\0\0\0\x18ftypmp42", "it is damaged, cut short or of an unsupported kind"),
        (b"GIF89a\1\0\1\0", "it is damaged, cut short|cut short, not one frame"),
        (bytes(range(256)) * 20, "it is damaged, cut short or of an unsupported kind"),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".GIF"])
def test_a_file_that_is_no_film(content, reason, suffix, tmp_path, refused):
    bad = tmp_path / f"bad{suffix}"
    bad.write_bytes(content)
    line = refused(bad, "-o", tmp_path / "out.mp4")
    assert str(bad) in line and any(part in line for part in reason.split("|"))
    assert list(tmp_path.iterdir()) == [bad]


def test_a_film_without_its_index(make_film, tmp_path, refused):
    source = make_film(grey(30))
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])  # the index was last
    assert "damaged, cut short" in refused(source)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("name", ["a.mkv", "a.avi"])
def test_a_film_cut_short_is_coloured_as_far_as_it_goes(name, make_film, tmp_path, refused):
    noise = np.random.default_rng(0).integers(0, 256, (80, 36, 64)).astype(np.uint8)
    source = make_film(list(noise), name)
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    line = refused(source, "-o", tmp_path / "out.mp4")
    assert "is damaged or cut short" in line and "of about 80 frames could be read" in line
    assert f"What could be read is coloured in {tmp_path / 'out.mp4'}" in line
    assert 25 < sum(1 for _ in films.open_film(tmp_path / "out.mp4").frames()) < 55


def test_damage_in_the_middle(make_film, tmp_path, refused):
    source = make_film(list(np.random.default_rng(0).integers(0, 256, (60, 36, 64), np.uint8)))
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    source.write_bytes(data)
    assert "is damaged or cut short" in refused(source, "-o", tmp_path / "out.mp4")
    assert sum(1 for _ in films.open_film(tmp_path / "out.mp4").frames()) > 50


def test_only_sound(tmp_path, refused):
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        for start in range(0, 48000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 48000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert "has no moving pictures (only sound); give a film" in refused(path)


def test_no_stream_of_pictures(tmp_path, refused):
    path = tmp_path / "words.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_mux_stream("subrip")
        packet = av.Packet(b"hello")
        packet.stream, packet.pts, packet.dts, packet.duration = stream, 0, 0, 1000
        packet.time_base = Fraction(1, 1000)
        container.mux(packet)
    assert "has no moving pictures (none); give a film" in refused(path)


# --- films that are only unusual -----------------------------------------------------------------


def test_one_frame(make_film, tmp_path):
    film, frames = colour(make_film(grey(1)), tmp_path / "out.mp4")
    assert len(frames) == 1 and (film.width, film.height) == (64, 36)
    assert np.ptp(frames[0].rgb, axis=-1).max() > 5


@pytest.mark.parametrize("size", [(36, 1), (1, 64), (35, 63), (1, 1)])
def test_odd_and_narrow_films(size, make_film, tmp_path):
    planes = grey(3, *size)
    film, frames = colour(make_film(planes, form="yuv444p"), tmp_path / "out.mp4", "--lossless")
    assert (film.height, film.width) == size
    for plane, frame in zip(planes, frames, strict=True):
        np.testing.assert_array_equal(frame.y, plane)


def test_a_variable_rate(make_film, tmp_path):
    ticks = [0, 1, 50, 51, 1000]
    film, frames = colour(
        make_film(grey(5), ticks=ticks, time_base=Fraction(1, 1000)), tmp_path / "out.mp4"
    )
    assert [film.seconds(frame) for frame in frames] == [Fraction(t, 1000) for t in ticks]


def test_a_cut_with_every_frame(make_film, tmp_path):
    planes = [plane if k % 2 else plane.T.copy().reshape(36, 64) // 3 for k, plane in
              enumerate(grey(9))]  # fmt: skip
    _, frames = colour(make_film(planes), tmp_path / "out.mp4")
    assert len(frames) == 9


@pytest.fixture(scope="module")
def film_model(make_film_model):
    """A tiny model with a memory; random weights."""
    return make_film_model()


@pytest.mark.parametrize("kind", ["one frame", "1 px wide", "variable rate", "cut every frame"])
def test_a_memory_meets_unusual_films(kind, film_model, make_film, tmp_path):
    planes = grey(1 if kind == "one frame" else 5, *((36, 1) if kind == "1 px wide" else ()))
    planes = [plane // 2 + 60 for plane in planes]  # neither black nor white, which have no colour
    if kind == "cut every frame":
        planes = [255 - plane if k % 2 else plane for k, plane in enumerate(planes)]
    ticks = [0, 1, 50, 51, 1000][: len(planes)] if kind == "variable rate" else None
    timed = {"ticks": ticks, "time_base": Fraction(1, 1000)} if ticks else {}
    source, form = tmp_path / "film.mp4", "yuv444p" if kind == "1 px wide" else "yuv420p"
    assert make_film(planes, form=form, **timed) == source
    words = ("--model", str(film_model), "--precision", "float32", "--lossless")
    film, frames = colour(source, tmp_path / "out.mp4", *words)
    for plane, frame in zip(planes, frames, strict=True):
        np.testing.assert_array_equal(frame.y, plane)
        assert np.ptp(frame.rgb, axis=-1).max() > 1
    if ticks:
        assert [film.seconds(frame) for frame in frames] == [Fraction(t, 1000) for t in ticks]


def test_a_size_that_changes_midway(make_film, tmp_path, refused):
    parts = [make_film(grey(10), "a.ts"), make_film(grey(10, 18, 32), "b.ts")]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    line = refused(path)
    assert "changes midway: frame 10 is 32 x 18" in line and "64 x 36" in line
    assert "colour its parts" in line
    assert not (tmp_path / "both-colorized.mp4").exists()


def test_a_clock_that_jumps_back(make_film, tmp_path, refused):
    ticks = [[90000 * start + 3600 * k for k in range(10)] for start in (20, 5)]
    parts = [
        make_film(grey(10), name, ticks=times, time_base=Fraction(1, 90000), sound="mp2")
        for name, times in zip(("a.ts", "b.ts"), ticks, strict=True)
    ]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    line = refused(path)
    assert f"the clock of {path} jumps back at frame 10; cut the film there" in line
    assert not (tmp_path / "both-colorized.mp4").exists()


def test_a_damaged_film_keeps_its_pieces_when_the_end_fails(make_film, tmp_path, monkeypatch):
    source, target = noisy(make_film, 60, "a.mkv"), tmp_path / "out.mp4"
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    with monkeypatch.context() as patch:
        patch.setattr(film_writer.FilmWriter, "finish", raising(KeyboardInterrupt))
        assert main(["colorize", str(source), "-o", str(target), "--quiet"]) == 130
    pieces = film_writer.pieces_folder(target)
    assert (pieces / "00000.mp4").is_file()
    assert main(["colorize", str(source), "-o", str(target), "--quiet", "--resume"]) == 2
    assert not pieces.exists()
    assert sum(1 for _ in films.open_film(target).frames()) > 15


@pytest.mark.parametrize("what", ["gone before", "gone after", "text", "size"])
def test_a_film_that_changes_after_it_was_opened(what, make_film, capsys, monkeypatch):
    source = make_film(grey(5))
    another = {"text": b"no film", "size": make_film(grey(5, 18, 32), "b.mp4").read_bytes()}

    class Changing(film_writer.FilmWriter):
        def __init__(self, *words):
            change(when="before")
            super().__init__(*words)
            change(when="after")

    def change(when):
        if what in another and when == "after":
            source.write_bytes(another[what])
        elif what == f"gone {when}":
            source.unlink()

    monkeypatch.setattr(film_writer, "FilmWriter", Changing)
    assert main(["colorize", str(source), "--quiet"]) == 2
    line = capsys.readouterr().err
    assert len(line.splitlines()) == 1 and str(source) in line
    assert ("was changed after" if what == "size" else "any more") in line


def test_what_ffmpeg_cannot_do_is_one_line(make_film, tmp_path, refused, monkeypatch):
    error = av.error.ArgumentError(errno.EINVAL, "Invalid argument")
    monkeypatch.setattr(film_writer.FilmWriter, "_packets", raising(error))
    source = make_film(grey(5))
    line = refused(source, "-o", tmp_path / "out.mp4")
    assert f"cannot colour {source}" in line and "Invalid argument" in line
    shutil.rmtree(film_writer.pieces_folder(tmp_path / "out.mp4"))


# --- places --------------------------------------------------------------------------------------


def test_a_film_is_never_overwritten_by_its_copy(make_film, tmp_path, refused):
    source = make_film(grey(3))
    (tmp_path / "link.mp4").symlink_to(source)
    for target in (source, tmp_path, tmp_path / "link.mp4"):
        assert "overwritten" in refused(source, "-o", target)


def test_a_folder_that_cannot_be_written(make_film, tmp_path, refused):
    source = make_film(grey(3))
    (tmp_path / "file").write_text("kept")
    for target in (tmp_path / "file" / "out.mp4", tmp_path / "file" / "folder"):
        line = refused(source, "-o", target)
        assert str(tmp_path / "file") in line and "name another folder" in line
    assert "writes films as .mp4" in refused(source, "-o", tmp_path / "out.webm")
    assert "writes films as .mp4" in refused(source, "-o", tmp_path / "out.png")
    assert (tmp_path / "file").read_text() == "kept"


@pytest.fixture
def full_disk(tmp_path):
    """A small disk in memory; needs the right to mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a disk that fills up needs the right to mount a tmpfs (root on Linux)")
    try:
        yield disk
        shutil.rmtree(disk / f"out.mp4{media.folders.UNFINISHED}", ignore_errors=True)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def noisy(make_film, count=20, name="film.mp4"):
    noise = np.random.default_rng(0).integers(0, 256, (count, 36, 64)).astype(np.uint8)
    return make_film(list(noise), name)


def raising(error):
    """A method that does nothing else."""

    def method(*words):
        raise error

    return method


def test_a_disk_that_fills_up(full_disk, make_film, refused):
    line = refused(noisy(make_film, 60), "-o", full_disk / "out.mp4", "--lossless")
    assert f"cannot write {full_disk / 'out.mp4'}" in line and "No space left on device" in line
    assert not (full_disk / "out.mp4").exists()


@pytest.mark.parametrize("where", ["pieces", "whole"])
def test_a_disk_that_fills_up_anywhere(where, make_film, tmp_path, refused, monkeypatch):
    """Without the right to mount: the encoder is told what a full disk says."""
    source, target = noisy(make_film), tmp_path / "out.mp4"
    pieces = film_writer.pieces_folder(target)
    original = film_writer.output

    def full(path, kind, options=None):
        if (path.parent == pieces) == (where == "pieces"):
            raise av.error.OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return original(path, kind, options)

    with monkeypatch.context() as patch:
        patch.setattr(film_writer, "output", full)
        line = refused(source, "-o", target)
    assert f"cannot write {target}" in line and "No space left on device" in line
    assert not target.exists()
    assert pieces.exists() == (where == "whole")  # what is finished waits for --resume
    if where == "whole":
        assert len(colour(source, target, "--resume")[1]) == 20


# --- many at once --------------------------------------------------------------------------------


def test_one_bad_film_among_photos_and_films(make_film, tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.mp4", "c.mkv"):
        make_film(grey(4), name).rename(folder / name)
    (folder / "b.mp4").write_text("no film")
    media.write_photo(folder / "d.png", np.random.default_rng(0).random((20, 20, 3)))
    Image.new("L", (16, 16)).save(folder / "e.gif")
    out = tmp_path / "out"
    assert main(["colorize", str(folder), "-o", str(out), "--quiet"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert str(folder / "b.mp4") in lines[0] and lines[1] == "colorlab: 1 of 5 files failed."
    names = ["a.mp4", "c.mkv", "d.png", "e.gif"]
    assert sorted(path.name for path in out.iterdir()) == names
    (out / "c.mkv").write_text("kept as it is")
    (folder / "b.mp4").unlink()
    (out / "a.mp4").unlink()
    assert main(["colorize", str(folder), "-o", str(out), "--quiet", "--resume"]) == 0
    assert sorted(path.name for path in out.iterdir()) == names
    assert (out / "c.mkv").read_text() == "kept as it is"


def test_plan_names_films_by_what_can_be_written(make_film, tmp_path):
    for name in ("a.avi", "b.MOV", "c.gif", "frames"):
        (tmp_path / name).mkdir() if name == "frames" else (tmp_path / name).touch()
    rate = Fraction(24)
    found = colorize.plan([tmp_path / n for n in ("a.avi", "b.MOV", "c.gif")], None)
    assert [target.name for _, target in found] == [
        "a-colorized.mp4",
        "b-colorized.MOV",
        "c-colorized.gif",
    ]
    for given in (tmp_path / "frames", tmp_path / "frames" / "%04d.png"):
        assert colorize.plan([given], None, rate) == [(given, tmp_path / "frames-colorized.mp4")]
        assert colorize.plan([given], tmp_path / "x.mov", rate) == [(given, tmp_path / "x.mov")]
        assert colorize.plan([given], tmp_path / "new", rate) == [
            (given, tmp_path / "new" / "frames.mp4")
        ]


def test_photos_of_a_folder_as_one_film(tmp_path, rng):
    for k in range(5):
        media.write_photo(tmp_path / "in" / f"{k}.png", rng.random((20, 30, 3), np.float32))
    film, frames = colour(tmp_path / "in", tmp_path / "out.mp4", "--fps", "30000/1001")
    assert (film.rate, len(frames)) == (Fraction(30000, 1001), 5)


def test_a_film_of_the_folder_one_is_in(tmp_path, rng, monkeypatch):
    for k in range(2):
        media.write_photo(tmp_path / "in" / "deep" / f"{k}.png", rng.random((8, 8, 3), np.float32))
    rate = Fraction(25)
    monkeypatch.chdir(tmp_path / "in" / "deep")
    for given in (".", "%d.png"):
        [(_, target)] = colorize.plan([Path(given)], None, rate)
        assert target == tmp_path / "in" / "deep-colorized.mp4"
    [(_, target)] = colorize.plan([Path("..")], None, rate)
    assert target == tmp_path / "in-colorized.mp4"
    with pytest.raises(InputError, match="cannot be named after"):
        colorize.plan([Path("/")], None, rate)


def test_a_rate_is_for_sequences_alone(make_film, tmp_path, refused):
    media.write_photo(tmp_path / "a.png", np.zeros((8, 8, 3), np.float32))
    for source in (make_film(grey(2)), tmp_path / "a.png"):
        line = refused(source, "--fps", "25")
        assert "--fps is for folders of photos" in line and str(source) in line


@pytest.mark.parametrize("text", ["0.1", "23.976", "29.97002997002997", "30000/1001", "1000"])
def test_rates_that_can_be(text, tmp_path, rng):
    for k in range(2):
        media.write_photo(tmp_path / "in" / f"{k}.png", rng.random((8, 8, 3), np.float32))
    for name in ("out.mp4", "out.mkv"):
        film, frames = colour(tmp_path / "in", tmp_path / name, "--fps", text)
        gap = film.seconds(frames[1]) - film.seconds(frames[0])
        assert float(gap) == pytest.approx(1 / float(Fraction(text)), abs=6e-4)


@pytest.mark.parametrize("rate", ["0", "-1", "fast", "1/0", "1e9", "0.0000001", "nan"])
def test_rates_that_cannot_be(rate, tmp_path, refused):
    assert "must be a number of frames a second" in refused(tmp_path, "--fps", rate)


def test_what_is_lost_is_told(tmp_path, capsys):
    picture = Image.new("P", (8, 8), 0)
    picture.save(tmp_path / "a.gif", transparency=0, save_all=True, append_images=[picture])
    assert main(["colorize", str(tmp_path / "a.gif")]) == 0
    printed = capsys.readouterr().out
    target = tmp_path / "a-colorized.gif"
    assert printed.splitlines() == [
        f"{target}: transparency is dropped.",
        f"{tmp_path / 'a.gif'} -> {target}",
    ]


def test_ctrl_c_says_how_to_go_on(make_film, tmp_path, capsys, monkeypatch):
    source, target = make_film(grey(30), rate=Fraction(5)), tmp_path / "out.mp4"
    chroma = colorize_film.FrameByFrame.chroma
    seen = []

    def interrupted(self, y, starts):
        seen.append(len(y))
        if sum(seen) > 24:
            raise KeyboardInterrupt
        return chroma(self, y, starts)

    with monkeypatch.context() as patch:
        patch.setattr(colorize_film.FrameByFrame, "chroma", interrupted)
        assert main(["colorize", str(source), "-o", str(target), "--quiet"]) == 130
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "colorlab: interrupted; the beginning of out.mp4 is kept in "
        f"{film_writer.pieces_folder(target)}; the same command with --resume goes on from there."
    ]
    assert len(colour(source, target, "--resume")[1]) == 30
