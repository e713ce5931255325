"""Clip sets: every film is decoded once, small, as media decodes it, whole or not at all."""

import csv
import errno
import os
import shutil
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from colorlab import coast, media
from colorlab.datasets import ClipSet, clips, coasts, join, open_clips
from colorlab.errors import InputError
from colorlab.media import films

ROOT = Path(__file__).resolve().parents[1]
NTSC = Fraction(30000, 1001)


@pytest.fixture
def cache(tmp_path):
    """A cache in which no test leaves anything half-made."""
    yield tmp_path / "cache"
    assert list(tmp_path.rglob("*.part*")) == []


@pytest.fixture
def show(cache):
    """Open clips 16 pixels high in a cache of the test's own."""

    def show(path, split=None, height=16, **words):
        return open_clips(path, split, height, progress=False, cache=cache, **words)

    return show


@pytest.fixture
def folder(make_film, tmp_path):
    """Three films of other widths, rates and lengths, one of them in a folder of its own."""
    folder = tmp_path / "surf"
    (folder / "more").mkdir(parents=True)
    make_film(ramps(4), "b.mp4", rate=NTSC).rename(folder / "b.mp4")
    make_film(ramps(2, width=36), "a.MOV").rename(folder / "a.MOV")
    make_film(ramps(3, width=48), "c.mkv").rename(folder / "more" / "c.mkv")
    return folder


@pytest.fixture
def manifest(folder):
    """The films with sources and splits, not in the order of their names."""
    rows = [("b.mp4", "east", "train"), ("a.MOV", "", "val"), ("more/c.mkv", "west", "train")]
    return write_csv(folder.with_suffix(".csv"), ("file", "source", "split"), rows)


def write_csv(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def ramps(count, height=36, width=64, bits=8):
    """Planes of a moving ramp."""
    y, x = np.mgrid[:height, :width]
    top = 2**bits
    dtype = np.uint8 if bits == 8 else np.uint16
    return [((3 * x + 2 * y + 9 * k) * (top // 256) % top).astype(dtype) for k in range(count)]


def pictures(count, height=36, width=64):
    """Moving colours."""
    return [np.stack([p, p[::-1], p[:, ::-1]], -1) for p in ramps(count, height, width)]


def decoded(path, height, width, fps=None):
    """What the media room says a film's frames are, scaled."""
    frames = films.open_film(path, fps).frames(rgb=True)
    return np.stack([media.resize(frame.rgb, height, width) for frame in frames])


def never(*args, **words):
    raise AssertionError("decoded again")


# --- what a set is -------------------------------------------------------------------------------


def test_a_manifest(manifest, show, folder):
    found = show(manifest, "train")
    assert (found.name, found.split, found.height, len(found)) == ("surf", "train", 16, 2)
    east, west = found.clips
    assert [(c.name, c.source, c.scene) for c in (east, west)] == [
        ("b.mp4", "east", None),
        ("more/c.mkv", "west", None),
    ]
    assert (east.rate, west.rate) == (NTSC, 25)
    assert (east.rgb.shape, west.rgb.shape) == ((4, 16, 28, 3), (3, 16, 21, 3))
    np.testing.assert_array_equal(east.rgb, decoded(folder / "b.mp4", 16, 28))
    assert [c.name for c in show(manifest).clips] == ["b.mp4", "a.MOV", "more/c.mkv"]
    assert [c.source for c in show(manifest, "val").clips] == ["a.MOV"]


def test_frames_are_mapped_and_cannot_be_changed(manifest, show):
    (clip,) = show(manifest, "val").clips
    assert isinstance(clip.rgb, np.memmap) and clip.rgb.dtype == np.uint8
    assert len(clip) == 2
    with pytest.raises(ValueError, match="read-only"):
        clip.rgb[0] = 0


def test_a_folder_of_films_in_the_order_of_names(folder, show, monkeypatch):
    (folder / "notes.txt").touch()
    (folder / "._b.mp4").write_bytes(b"what another system left")
    (folder / "c.mp4").mkdir()
    found = show(folder)
    assert [(c.name, c.source) for c in found.clips] == [("a.MOV", "a.MOV"), ("b.mp4", "b.mp4")]
    monkeypatch.chdir(folder)
    assert (show(".").name, show(".").sha256) == ("surf", found.sha256)


def test_a_single_film(folder, show, monkeypatch):
    found = show(folder / "b.mp4")
    assert (found.name, found.split, [c.name for c in found.clips]) == ("b", None, ["b.mp4"])
    monkeypatch.chdir(folder)
    assert show("b.mp4").sha256 == found.sha256


def test_folders_of_frames(tmp_path, show):
    for name, size in (("cows", (20, 30)), ("boat", (16, 40))):
        for k, picture in enumerate(pictures(3, *size)):
            media.write_photo(tmp_path / "davis" / name / f"{k:05}.png", picture)
    (tmp_path / "davis" / "boat" / "._0.png").touch()
    (tmp_path / "davis" / "notes").mkdir()
    (tmp_path / "davis" / ".hidden").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "davis" / ".hidden" / "0.png")
    found = show(tmp_path / "davis", fps=Fraction(24))
    assert [(c.name, c.source, c.rate) for c in found.clips] == [
        ("boat", "boat", 24),
        ("cows", "cows", 24),
    ]
    np.testing.assert_array_equal(found.clips[0].rgb, pictures(3, 16, 40))
    assert found.clips[1].rgb.shape == (3, 16, 24, 3)
    slower = show(tmp_path / "davis", fps=Fraction(12))
    assert slower.clips[0].rate == 12
    assert slower.sha256 != found.sha256


def test_a_manifest_needs_no_more_than_names(folder, show):
    bare = write_csv(folder.with_suffix(".csv"), ("file",), [("b.mp4",)])
    assert [(c.name, c.source) for c in show(bare).clips] == [("b.mp4", "b.mp4")]
    with pytest.raises(InputError, match="has no column 'split'; received split 'train'"):
        show(bare, "train")


def test_the_digest_is_the_sets_identity(manifest, folder, show, tmp_path, make_film):
    first = show(manifest, "train").sha256
    assert len(first) == 64
    moved = tmp_path / "elsewhere"
    shutil.copytree(folder, moved / "surf")  # other times of change
    os.utime(moved / "surf" / "b.mp4", ns=(1, 1))
    shutil.copy(manifest, moved)
    assert show(moved / "surf.csv", "train").sha256 == first
    assert show(manifest, "train", height=20).sha256 == first  # `height` says it
    others = [
        show(manifest, "val"),
        show(manifest),
        show(manifest, "train", max_frames=2),
        show(folder),
    ]
    make_film(ramps(9), "b.mp4").replace(folder / "b.mp4")
    others.append(show(manifest, "train"))
    assert len({first, *(other.sha256 for other in others)}) == 6


# --- what a clip shows ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "width"),
    [
        ({"matrix": 1, "full": False, "chroma": [90, 190]}, 28),
        ({"matrix": 5, "full": True, "chroma": [200, 60]}, 28),
        ({"form": "yuv420p10le", "name": "a.mkv", "bits": 10, "chroma": [300, 700]}, 28),
        ({"form": "yuv444p", "size": (35, 63), "chroma": [90, 190]}, 29),
        ({"form": "yuv444p", "size": (9, 1), "chroma": [90, 190]}, 2),
        ({"form": "yuv444p", "size": (50, 1), "chroma": [90, 190]}, 1),
        ({"form": "gray", "name": "a.mkv", "codec": "ffv1"}, 28),
        ({"aspect": Fraction(4, 3), "chroma": [90, 190]}, 38),
        ({"rotation": 90, "chroma": [90, 190]}, 9),
        ({"rotation": 90, "aspect": Fraction(2), "chroma": [90, 190]}, 4),
        ({"options": {"qp": "0", "x264-params": "tff=1"}, "chroma": [90, 190]}, 28),
        ({"ticks": [0, 3, 4, 40, 41], "time_base": Fraction(1, 90000)}, 28),
        ({"count": 1}, 28),
    ],
)
def test_frames_are_those_of_the_media_room(words, width, make_film, show):
    count, size, bits = words.pop("count", 5), words.pop("size", (36, 64)), words.pop("bits", 8)
    path = make_film(ramps(count, *size, bits), **words)
    (clip,) = show(path).clips
    assert clip.rgb.shape == (count, 16, width, 3)
    np.testing.assert_array_equal(clip.rgb, decoded(path, 16, width))
    if "chroma" in words:
        assert not media.is_grey(clip.rgb[0])


def test_colours_are_not_bent_by_the_matrix(make_film, show):
    """A film of one sky blue, tagged BT.709: Y', Cb, Cr computed here by hand."""
    r, g, b = 0.35, 0.6, 0.85
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    cb, cr = (b - y) / 1.8556, (r - y) / 1.5748
    chroma = [round(128 + 224 * cb), round(128 + 224 * cr)]
    plane = np.full((36, 64), round(16 + 219 * y), np.uint8)
    (clip,) = show(make_film([plane], matrix=1, full=False, chroma=chroma)).clips
    np.testing.assert_allclose(
        clip.rgb / 255, np.broadcast_to((r, g, b), clip.rgb.shape), atol=8e-3
    )


def test_films_of_rgb_frames(make_film, tmp_path, show):
    shown = pictures(3)
    path = make_film(shown, "a.mkv", "bgr0", codec="ffv1")
    (clip,) = show(path).clips
    np.testing.assert_array_equal(clip.rgb, [media.resize(p, 16, 28) for p in shown])
    first, *more = (Image.fromarray(p) for p in shown)
    first.save(tmp_path / "a.gif", save_all=True, append_images=more, duration=40)
    (clip,) = show(tmp_path / "a.gif").clips
    np.testing.assert_array_equal(clip.rgb, decoded(tmp_path / "a.gif", 16, 28))


def test_small_films_are_enlarged(make_film, show):
    path = make_film(ramps(2, 8, 12))
    (clip,) = show(path, height=32).clips
    np.testing.assert_array_equal(clip.rgb, decoded(path, 32, 48))


def test_only_the_beginning(folder, show):
    found = show(folder, max_frames=3)
    assert [len(clip) for clip in found.clips] == [2, 3]
    np.testing.assert_array_equal(found.clips[1].rgb, decoded(folder / "b.mp4", 16, 28)[:3])


# --- decoded once --------------------------------------------------------------------------------


def test_the_cache_is_used_again(manifest, show, monkeypatch):
    first = show(manifest)
    monkeypatch.setattr(films, "open_film", never)
    for one, other in zip(first.clips, show(manifest).clips, strict=True):
        np.testing.assert_array_equal(one.rgb, other.rgb)
        assert (one.name, one.source, one.rate) == (other.name, other.source, other.rate)
    show(manifest, "val")  # a part of what is there
    for changed in ({"height": 20}, {"max_frames": 1}):
        with pytest.raises(AssertionError, match="decoded again"):
            show(manifest, **changed)


def test_a_changed_film_is_decoded_again(folder, show, make_film):
    (before,) = show(folder / "b.mp4").clips
    now = make_film(ramps(5), "new.mp4").replace(folder / "b.mp4")
    (after,) = show(now).clips
    assert (len(before), len(after)) == (4, 5)
    np.testing.assert_array_equal(after.rgb, decoded(now, 16, 28))


def test_a_changed_frame_is_decoded_again(tmp_path, show):
    frame = tmp_path / "davis" / "boat" / "0.png"
    seen = []
    for value in (10, 20):
        media.write_photo(frame, np.full((16, 16, 3), value, np.uint8))
        os.utime(frame, ns=(value, value))
        seen.append(int(show(tmp_path / "davis", fps=Fraction(24)).clips[0].rgb[0, 0, 0, 0]))
    assert seen == [10, 20]


def test_films_alike_in_name_size_and_time_are_not_mixed_up(tmp_path, show):
    for value in (10, 20):
        path = tmp_path / str(value) / "boat" / "0.png"
        media.write_photo(path, np.full((16, 16, 3), value, np.uint8))
        os.utime(path, ns=(1, 1))
    one, other = (show(tmp_path / str(value), fps=Fraction(24)) for value in (10, 20))
    assert one.sha256 == other.sha256  # the identity looks at no pixel
    assert [int(s.clips[0].rgb[0, 0, 0, 0]) for s in (one, other)] == [10, 20]


def test_names_of_any_length(make_film, tmp_path, show):
    path = make_film(ramps(1)).rename(tmp_path / ("é" * 100 + ".mp4"))
    assert len(show(path).clips[0]) == 1


def test_an_interrupted_decoding_leaves_nothing(manifest, show, cache, monkeypatch):
    resize, seen = media.resize, []

    def interrupted(image, height, width):
        seen.append(image)
        if len(seen) == 6:  # the second frame of the second clip
            raise KeyboardInterrupt
        return resize(image, height, width)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(media, "resize", interrupted)
        show(manifest)
    assert [path.name[:6] for path in cache.iterdir()] == ["clip-b"]
    assert [len(clip) for clip in show(manifest).clips] == [4, 2, 3]


def test_another_process_may_be_faster(folder, show, cache, monkeypatch):
    """Both decode; the second finds the first one's clip and leaves it."""
    replace = os.replace

    def overtaken(source, target):
        monkeypatch.setattr(os, "replace", replace)
        show(folder / "b.mp4")
        replace(source, target)

    monkeypatch.setattr(os, "replace", overtaken)
    (clip,) = show(folder / "b.mp4").clips
    np.testing.assert_array_equal(clip.rgb, decoded(folder / "b.mp4", 16, 28))
    assert len(os.listdir(cache)) == 1


def test_two_processes_at_once(folder, cache):
    code = "import sys; from colorlab.datasets import open_clips; "
    code += "found = open_clips(sys.argv[1], height=16, progress=False, cache=sys.argv[2]); "
    code += "print([clip.rgb.shape for clip in found.clips], found.sha256)"
    command = [sys.executable, "-c", code, str(folder), str(cache)]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    one, other = (process.communicate()[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert one == other and "(4, 16, 28, 3)" in one
    assert len(os.listdir(cache)) == 2


def test_memory_does_not_grow_with_the_film(tmp_path, cache):
    def frames():
        for k in range(60):
            yield np.full((128, 228, 3), k, np.uint8)

    tracemalloc.start()
    try:
        clips._store(cache / "clip", Fraction(25), frames())
        clip = clips._take(cache / "clip", "a", "a")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert clip.rgb.shape == (60, 128, 228, 3)
    assert [int(frame[0, 0, 0]) for frame in clip.rgb] == list(range(60))
    assert most < clip.rgb.nbytes / 8


# --- what cannot be opened -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"Dear diary, this is no film.", "it is a text file"),
        (bytes(range(256)) * 20, "damaged, cut short or of an unsupported kind"),
    ],
)
def test_a_file_that_is_no_film(content, reason, folder, show, cache):
    (folder / "b.mp4").write_bytes(content)
    with pytest.raises(InputError, match=rf"b\.mp4.*{reason}"):
        show(folder)
    assert [path.name[:6] for path in cache.iterdir()] == ["clip-a"]


def test_a_film_that_is_cut_short(make_film, show, cache):
    noise = list(np.random.default_rng(0).integers(0, 256, (80, 36, 64), np.uint8))
    path = make_film(noise, "a.mkv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match=r"a\.mkv is damaged or cut short: \d+ of about 80"):
        show(path)
    assert list(cache.iterdir()) == []
    assert len(show(path, max_frames=5).clips[0]) == 5  # what is asked for is sound


def test_a_film_without_its_index(make_film, show):
    path = make_film(ramps(30))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="damaged, cut short"):
        show(path)


def test_only_sound(tmp_path, show):
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 48000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(InputError, match=r"has no moving pictures \(only sound\)"):
        show(path)


def test_a_size_that_changes_midway(make_film, tmp_path, show, cache):
    parts = [make_film(ramps(10), "a.ts"), make_film(ramps(10, 18, 32), "b.ts")]
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with pytest.raises(InputError, match="changes midway: frame 10 is 32 x 18"):
        show(path)
    assert list(cache.iterdir()) == []


def test_frames_of_two_sizes(tmp_path, show, cache):
    for k, width in enumerate((30, 30, 31)):
        media.write_photo(tmp_path / "davis" / "boat" / f"{k}.png", np.zeros((20, width, 3)))
    with pytest.raises(InputError, match=r"2\.png has 31 x 20 pixels"):
        show(tmp_path / "davis", fps=Fraction(24))
    assert list(cache.iterdir()) == []


def test_rates_are_for_folders_of_frames_alone(folder, tmp_path, show):
    with pytest.raises(InputError, match="has its own frame rate"):
        show(folder, fps=Fraction(24))
    media.write_photo(tmp_path / "davis" / "boat" / "0.png", np.zeros((16, 16, 3)))
    assert show(tmp_path / "davis").clips[0].rate == 30
    with pytest.raises(InputError, match="fps must be more than 0 frames a second; received 0"):
        show(tmp_path / "davis", fps=Fraction(0))


def test_splits_that_are_not_there(manifest, folder, show):
    for path in (folder, folder / "b.mp4"):
        with pytest.raises(InputError, match=r"is no manifest and has no splits; .* 'val'"):
            show(path, "val")
    with pytest.raises(InputError, match="has no split 'test'; it has train, val"):
        show(manifest, "test")


@pytest.mark.parametrize("name", ["missing", "missing.csv", "missing.mp4", "x" * 300])
def test_nothing_there(name, tmp_path, show):
    for split in (None, "train"):
        with pytest.raises(InputError, match=f"there are no clips at .*{name}; give a CSV"):
            show(tmp_path / name, split)


def test_a_manifest_of_missing_films(manifest, folder, show):
    (folder / "b.mp4").unlink()
    with pytest.raises(InputError, match=r"names 1 film\(s\) that are not there.*put the films"):
        show(manifest)
    manifest.write_text("name\nb.mp4\n")
    with pytest.raises(InputError, match="is not a film manifest"):
        show(manifest)


def test_a_folder_without_films(tmp_path, show):
    (tmp_path / "empty" / "more").mkdir(parents=True)
    (tmp_path / "empty" / "notes.txt").touch()
    with pytest.raises(InputError, match="holds neither films nor folders of frames"):
        show(tmp_path / "empty")


@pytest.mark.parametrize("words", [{"height": 15}, {"height": -16}, {"max_frames": 0}])
def test_numbers_that_are_too_small(words, folder, show):
    ((name, value),) = words.items()
    with pytest.raises(InputError, match=rf"{name} must be at least \d+.*; received {value}"):
        show(folder, **words)


def test_a_disk_that_fills_up(small_disk, make_film):
    path = make_film(ramps(40, 64, 64))
    with pytest.raises(InputError, match=r"cannot write the decoded clips .*No space left"):
        open_clips(path, height=64, progress=False, cache=small_disk / "cache")
    assert list((small_disk / "cache").iterdir()) == []


@pytest.mark.parametrize("fails", [(Path, "mkdir"), (Path, "write_text"), (os, "replace")])
def test_a_disk_that_fills_up_simulated_for_everyone(fails, folder, show, cache, monkeypatch):
    def full(*args, **words):
        raise OSError(errno.ENOSPC, "No space left on device")

    cache.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(*fails, full)
        patch.setattr(clips, "ensure_folder", Path)
        with pytest.raises(InputError, match=r"cannot write the decoded clips .*COLORLAB_CACHE"):
            show(folder)
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written(folder, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        open_clips(folder, height=16, progress=False, cache=tmp_path / "file" / "cache")


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"rate": "x", "shape": [2, 16, 16, 3]}'])
@pytest.mark.parametrize("name", ["clip.json", "frames"])
def test_a_damaged_cache(name, damage, folder, show, cache):
    path = folder / "a.MOV"
    show(path)
    (stored,) = cache.iterdir()
    (stored / name).write_bytes(damage)
    with pytest.raises(InputError, match=r"cannot be opened .*; delete that folder"):
        show(path)
    shutil.rmtree(stored)
    assert len(show(path).clips[0]) == 2


# --- rendered coasts -----------------------------------------------------------------------------


def test_coasts_are_rendered_at_the_clips_times(cache):
    found = coasts([3, 8], 3, NTSC, 18, 30, progress=False, cache=cache)
    assert (found.name, found.split, found.height) == ("coasts", None, 18)
    assert [(c.name, c.source, c.rate, c.scene) for c in found.clips] == [
        ("coast-3", "coast-3", NTSC, 3),
        ("coast-8", "coast-8", NTSC, 8),
    ]
    wanted = [coast.Scene(8).render(k * 1001 / 30000, 18, 30) for k in range(3)]
    np.testing.assert_array_equal(found.clips[1].rgb, wanted)


def test_coasts_are_rendered_once(cache, monkeypatch):
    def render(seeds=(1, 2), frames=2, rate=Fraction(30), height=16, width=20):
        return coasts(seeds, frames, rate, height, width, progress=False, cache=cache)

    first = render()
    monkeypatch.setattr(coast, "Scene", never)
    again = render(np.array([1, 2]))
    assert again.sha256 == first.sha256
    assert [type(clip.scene) for clip in again.clips] == [int, int]
    np.testing.assert_array_equal(again.clips[1].rgb, first.clips[1].rgb)
    assert render([2, 1]).sha256 != first.sha256  # there, in another order
    for changed in (
        {"seeds": [3]},
        {"frames": 3},
        {"rate": Fraction(25)},
        {"height": 17},
        {"width": 21},
    ):
        with pytest.raises(AssertionError, match="decoded again"):
            render(**changed)
    monkeypatch.setattr(clips, "renderer_digest", lambda: "another")
    with pytest.raises(AssertionError, match="decoded again"):
        render()


@pytest.mark.parametrize(
    ("seeds", "frames", "rate", "reason"),
    [
        ([], 2, 30, "received 0 seeds"),
        ([1], 0, 30, "0 frames"),
        ([1], 2, 0, "0 frames a second"),
        ([-1], 2, 30, "a coast's seed is a whole number"),
        ([1.5], 2, 30, "a coast's seed is a whole number"),
    ],
)
def test_coasts_that_cannot_be(seeds, frames, rate, reason, cache):
    with pytest.raises(InputError, match=reason):
        coasts(seeds, frames, Fraction(rate), 16, 20, progress=False, cache=cache)
    assert not cache.exists()


# --- joined --------------------------------------------------------------------------------------


def test_sets_are_joined(manifest, show, cache):
    train, val = (show(manifest, split) for split in ("train", "val"))
    drawn = coasts([1], 2, height=16, width=20, progress=False, cache=cache)
    whole = join([train, drawn, val])
    assert whole.clips == (*train.clips, *drawn.clips, *val.clips)
    assert (whole.name, whole.split, whole.height) == ("surf + coasts", "train/val", 16)
    assert len({whole.sha256, join([train, val]).sha256, train.sha256, val.sha256}) == 4
    assert join([train]) is train
    assert join([drawn, drawn]).split is None


def test_sets_of_other_heights_are_not_joined(folder, show):
    low, high = show(folder / "a.MOV"), show(folder / "a.MOV", height=20)
    with pytest.raises(InputError, match=r"clips of one height .* received heights \[16, 20\]"):
        join([low, high])
    with pytest.raises(InputError, match=r"received heights \[\]"):
        join([])


def test_a_set_of_ones_own():
    rgb = np.zeros((2, 16, 16, 3), np.uint8)
    clip = clips.Clip("a", "a", Fraction(25), rgb)
    assert len(ClipSet("own", None, "0" * 64, 16, (clip,))) == 1
    assert clip in (clip,) and clip != clips.Clip("a", "a", Fraction(25), rgb)
