"""Photo sets: every photo is found, decoded once, and varied by chance that can be repeated."""

import csv
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from colorlab import media
from colorlab.datasets import (
    Augment,
    Manifest,
    PhotoSet,
    batch,
    develop,
    open_photos,
    photos,
    read_manifest,
)
from colorlab.errors import InputError

COLOURS = [(200, 40, 30), (30, 160, 60), (40, 60, 220), (230, 200, 40), (150, 30, 160)]


def paint(path, colour, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.fixture
def folder(tmp_path):
    """Five coloured photos and one grey one, the last one in a subfolder."""
    folder = tmp_path / "beach"
    for k, colour in enumerate(COLOURS[:4]):
        paint(folder / f"{k}.png", colour)
    paint(folder / "3grey.png", (90, 90, 90))
    paint(folder / "more" / "4.png", COLOURS[4])
    return folder


@pytest.fixture
def manifest(folder):
    """The folder's photos with sources and splits, not in the order of their names."""
    rows = [
        ("2.png", "b", "train"),
        ("0.png", "a", "train"),
        ("more/4.png", "b", "val"),
        ("3grey.png", "a", "train"),
        ("1.png", "a", "val"),
    ]
    return write_csv(folder.with_suffix(".csv"), ("file", "source", "split"), rows)


def write_csv(path, header, rows, encoding="utf-8"):
    with open(path, "w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def opened(manifest, tmp_path):
    return open_photos(manifest, "train", 16, progress=False, cache=tmp_path / "cache")


def flat(rgb):
    return [tuple(int(c) for c in picture[0, 0]) for picture in rgb]


# ---------------------------------------------------------------------------- manifests


def test_a_folder_in_the_order_of_names(folder):
    found = read_manifest(folder)
    names = ["0.png", "1.png", "2.png", "3.png", "3grey.png", "more/4.png"]
    assert [file.relative_to(folder).as_posix() for file in found.files] == names
    assert (found.name, found.split, set(found.sources)) == ("beach", None, {""})


def test_a_csv_in_its_own_order(manifest, folder):
    found = read_manifest(manifest, "train")
    assert found.files == tuple(folder / name for name in ("2.png", "0.png", "3grey.png"))
    assert (found.name, found.split, found.sources) == ("beach", "train", ("b", "a", "a"))
    assert len(read_manifest(manifest).files) == 5


def test_a_csv_saved_by_a_spreadsheet(manifest, folder):
    rows = [("0.png", "a")]
    marked = write_csv(manifest, ("file", "source"), rows, encoding="utf-8-sig")
    assert read_manifest(marked).files == (folder / "0.png",)


def test_the_name_is_never_a_path(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert read_manifest(".").name == "beach"
    dotted = folder.rename(folder.with_name("beach.v2"))
    assert read_manifest(dotted).name == "beach.v2"


def test_the_hash_is_the_sets_identity(manifest, folder, tmp_path):
    first = read_manifest(manifest, "train").sha256
    assert len(first) == 64
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.copytree(folder, moved / "beach")
    shutil.copy(manifest, moved)
    assert read_manifest(moved / "beach.csv", "train").sha256 == first
    others = {read_manifest(manifest, "val").sha256, read_manifest(manifest).sha256}
    paint(folder / "0.png", COLOURS[0], size=(41, 30))
    others.add(read_manifest(manifest, "train").sha256)
    assert len(others | {first}) == 4


def test_a_split_of_a_folder(folder):
    with pytest.raises(InputError, match=r"is a folder and has no splits; received split 'val'"):
        read_manifest(folder, "val")


def test_splits_that_are_not_there(manifest):
    with pytest.raises(InputError, match="has no split 'test'; it has train, val"):
        read_manifest(manifest, "test")
    write_csv(manifest, ("file", "source"), [("0.png", "a")])
    with pytest.raises(InputError, match="has no column 'split'; received split 'train'"):
        read_manifest(manifest, "train")


def test_a_missing_photo(manifest, folder):
    (folder / "0.png").unlink()
    (folder / "2.png").unlink()
    with pytest.raises(
        InputError, match=r"names 2 photo\(s\) that are not there, the first .*2\.png"
    ):
        read_manifest(manifest, "train")
    assert len(read_manifest(manifest, "val").files) == 2


def test_files_that_are_no_manifest(tmp_path):
    with pytest.raises(InputError, match="there is no photo set at"):
        read_manifest(tmp_path / "missing.csv")
    bad = tmp_path / "bad.csv"
    for raw in (b"", b"file\n", b"name,split\nx.png,train\n"):
        bad.write_bytes(raw)
        with pytest.raises(InputError, match="is not a photo manifest; it needs a header"):
            read_manifest(bad)
    bad.write_bytes(b"file\n\xff\xfe\n")
    with pytest.raises(InputError, match="cannot be read as a CSV manifest"):
        read_manifest(bad)


@pytest.mark.parametrize("row", ["/etc/passwd,a", ",a", '"",a'])
def test_rows_that_name_no_photo_of_the_folder(tmp_path, row):
    (tmp_path / "beach").mkdir()
    (tmp_path / "beach.csv").write_text(f"file,source\n{row}\n")
    with pytest.raises(InputError, match="must name photos relative to the folder beach"):
        read_manifest(tmp_path / "beach.csv")


def test_a_folder_without_photos(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="holds no photo"):
        read_manifest(tmp_path)


# ---------------------------------------------------------------------------- decoding


def test_photos_are_squashed_and_grey_ones_left_out(opened, folder):
    assert opened.rgb.shape == (2, 16, 16, 3)
    assert opened.rgb.dtype == np.uint8
    assert len(opened) == 2
    assert flat(opened.rgb) == [COLOURS[2], COLOURS[0]]
    assert opened.manifest.files == (folder / "2.png", folder / "0.png")
    assert opened.manifest.sources == ("b", "a")
    assert opened.skipped_grey == 1
    with pytest.raises(ValueError, match="read-only"):
        opened.rgb[0] = 0


def test_the_cache_is_used_again(opened, manifest, folder, tmp_path, monkeypatch):
    def never(path):
        raise AssertionError(f"{path} was decoded again")

    monkeypatch.setattr(media, "read_photo", never)
    again = open_photos(manifest, "train", 16, progress=False, cache=tmp_path / "cache")
    np.testing.assert_array_equal(again.rgb, opened.rgb)
    assert again.skipped_grey == 1
    for changed in ({"size": 32}, {"split": "val"}):
        options = {"split": "train", "size": 16, **changed}
        with pytest.raises(AssertionError, match="decoded again"):
            open_photos(manifest, progress=False, cache=tmp_path / "cache", **options)


def test_a_changed_photo_is_decoded_again(opened, manifest, folder, tmp_path):
    paint(folder / "2.png", (10, 20, 200))
    os.utime(folder / "2.png", ns=(1, 1))
    again = open_photos(manifest, "train", 16, progress=False, cache=tmp_path / "cache")
    assert flat(again.rgb) == [(10, 20, 200), COLOURS[0]]


def test_an_interrupted_decoding_leaves_nothing(manifest, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    read = media.read_photo

    def interrupted(path):
        if path.name == "0.png":
            raise KeyboardInterrupt
        return read(path)

    monkeypatch.setattr(media, "read_photo", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_photos(manifest, "train", 16, progress=False, cache=cache)
    assert os.listdir(cache) == []
    monkeypatch.setattr(media, "read_photo", read)
    assert len(open_photos(manifest, "train", 16, progress=False, cache=cache)) == 2


def test_an_unreadable_photo(manifest, folder, tmp_path):
    (folder / "0.png").write_bytes(b"not a photo")
    with pytest.raises(InputError, match=r"0\.png"):
        open_photos(manifest, "train", 16, progress=False, cache=tmp_path / "cache")
    assert os.listdir(tmp_path / "cache") == []


def test_only_grey_photos(tmp_path):
    for k in range(3):
        paint(tmp_path / "grey" / f"{k}.png", (40 * k, 40 * k, 40 * k))
    for _ in range(2):  # decoded, then from the cache
        with pytest.raises(InputError, match="all 3 photos of grey are grey"):
            open_photos(tmp_path / "grey", size=16, progress=False, cache=tmp_path / "cache")


def test_another_process_may_decode_the_same(manifest, tmp_path, monkeypatch):
    """It finishes at the very last moment: just before this one's folder gets its name."""
    cache, replace = tmp_path / "cache", os.replace

    def overtaken(source, target):
        monkeypatch.setattr(os, "replace", replace)
        open_photos(manifest, "train", 16, progress=False, cache=cache)
        replace(source, target)

    monkeypatch.setattr(os, "replace", overtaken)
    assert len(open_photos(manifest, "train", 16, progress=False, cache=cache)) == 2
    assert len(os.listdir(cache)) == 1


@pytest.mark.parametrize("name", ["rgb.npy", "photos.json"])
def test_a_damaged_cache(opened, manifest, tmp_path, name):
    cache = tmp_path / "cache"
    (damaged,) = cache.iterdir()
    (damaged / name).write_bytes(b"")
    with pytest.raises(InputError, match="are damaged; delete that folder"):
        open_photos(manifest, "train", 16, progress=False, cache=cache)


def test_a_cache_disk_without_room(manifest, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(InputError, match=r"decoding beach needs 0 MB in .*COLORLAB_CACHE"):
        open_photos(manifest, "train", 16, progress=False, cache=tmp_path / "cache")
    assert os.listdir(tmp_path / "cache") == []


def test_a_cache_that_cannot_be_written(manifest, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        open_photos(manifest, "train", 16, progress=False, cache=tmp_path / "file" / "cache")

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "open_memmap", full)
    with pytest.raises(InputError, match=r"cannot write the decoded photos .*No space left"):
        open_photos(manifest, "train", 16, progress=False, cache=tmp_path / "cache")
    assert os.listdir(tmp_path / "cache") == []


@pytest.mark.parametrize("size", [15, 0, -16])
def test_a_size_that_is_too_small(manifest, size):
    with pytest.raises(InputError, match=f"size must be at least 16 pixels; received {size}"):
        open_photos(manifest, "train", size)


# ---------------------------------------------------------------------------- for training


def test_training_sets_of_a_manifest(manifest, tmp_path):
    train, val = photos.open_training(manifest, 16, progress=False, cache=tmp_path / "cache")
    assert flat(train.rgb) == [COLOURS[2], COLOURS[0]]
    assert flat(val.rgb) == [COLOURS[4], COLOURS[1]]
    assert (train.skipped_grey, val.skipped_grey) == (1, 0)


def test_training_sets_of_a_folder(folder, tmp_path):
    train, val = photos.open_training(folder, 16, progress=False, cache=tmp_path / "cache")
    assert len(train) + len(val) == 5
    assert not set(train.manifest.files) & set(val.manifest.files)
    assert (train.manifest.name, val.manifest.name) == ("beach", "beach")
    assert train.manifest.sha256 != val.manifest.sha256
    for name in os.listdir(folder):
        if name != "0.png":
            (shutil.rmtree if (folder / name).is_dir() else os.remove)(folder / name)
    with pytest.raises(InputError, match="holds one photo; training needs at least two"):
        photos.open_training(folder, 16, progress=False, cache=tmp_path / "cache")


@pytest.fixture
def woods(tmp_path):
    """Another set of two photos, of which one is in each split."""
    rows = [("leaf.png", "train"), ("moss.png", "val")]
    for (name, _), colour in zip(rows, [(20, 120, 10), (60, 90, 10)], strict=True):
        paint(tmp_path / "woods" / name, colour)
    return write_csv(tmp_path / "woods.csv", ("file", "split"), rows)


def test_further_sets_are_learnt_from_only(manifest, woods, tmp_path):
    def opened(*more):
        return photos.open_training(manifest, 16, False, tmp_path / "cache", more)

    (alone, val), (train, same), (most, _) = (
        opened(),
        opened(woods),
        opened(woods.with_suffix("")),
    )
    assert same.manifest == val.manifest
    assert flat(train.rgb) == [*flat(alone.rgb), (20, 120, 10)]
    assert flat(most.rgb) == [*flat(train.rgb), (60, 90, 10)]
    assert (train.manifest.name, train.manifest.split) == ("beach + woods", "train")
    assert train.skipped_grey == alone.skipped_grey == 1
    assert len({one.manifest.sha256 for one in (alone, train, most)}) == 3


def test_several_sets_train_and_validate_together(manifest, woods, tmp_path):
    train, val = photos.open_training([manifest, woods], 16, False, tmp_path / "cache")
    assert flat(train.rgb) == [COLOURS[2], COLOURS[0], (20, 120, 10)]
    assert flat(val.rgb) == [COLOURS[4], COLOURS[1], (60, 90, 10)]
    assert (val.manifest.name, val.manifest.split) == ("beach + woods", "val")


def test_no_photo_is_in_two_sets(manifest, folder, tmp_path):
    for again in (manifest, folder):
        with pytest.raises(InputError, match="is listed twice; leave it out of one of the sets"):
            photos.open_training(manifest, 16, False, tmp_path / "cache", more=[again])


# ---------------------------------------------------------------------------- batches


@pytest.fixture
def numbered(rng):
    rgb = rng.integers(0, 256, (4, 24, 24, 3), np.uint8)
    return PhotoSet(Manifest("random", (), (), None, "0" * 64), rgb, 0)


def test_a_batch_as_it_is(numbered):
    np.testing.assert_array_equal(batch(numbered, [2, 0, 2]), numbered.rgb[[2, 0, 2]])


def test_chance_can_be_repeated(numbered):
    augment = Augment(crop=16)
    first, again, other = (
        batch(numbered, range(4), augment, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert first.shape == (4, 16, 16, 3)
    assert not np.array_equal(first, other)


def test_every_variation_is_a_crop_or_its_mirror(numbered, rng):
    seen = set()
    windows = np.lib.stride_tricks.sliding_window_view(numbered.rgb[1], (20, 20, 3))[:, :, 0]
    for _ in range(60):
        (picture,) = batch(numbered, [1], Augment(crop=20), rng)
        for mirrored, view in ((False, picture), (True, picture[:, ::-1])):
            places = np.argwhere((windows == view).all(axis=(2, 3, 4)))
            seen |= {(mirrored, int(top), int(left)) for top, left in places}
    assert {mirrored for mirrored, _, _ in seen} == {False, True}
    assert {top for _, top, _ in seen} == {left for _, _, left in seen} == set(range(5))


def test_without_crop_or_flip_nothing_changes(numbered, rng):
    for augment in (None, Augment(crop=None, flip=False), Augment(crop=24, flip=False)):
        np.testing.assert_array_equal(batch(numbered, [3], augment, rng), numbered.rgb[3:])


def test_a_crop_that_is_too_large(numbered, rng):
    with pytest.raises(InputError, match="crops of 25 pixels do not fit pictures of 24"):
        batch(numbered, [0], Augment(crop=25), rng)


def test_zoom_comes_closer_but_never_too_close(rng):
    """On a ramp, how far a picture reaches from left to right says how large its window was."""
    ramp = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 200, axis=0).repeat(3, axis=2)
    set_ = PhotoSet(Manifest("ramp", (), (), None, ""), ramp[None], 0)
    for crop, side in ((None, 200), (64, 64)):
        augment = Augment(crop=crop, zoom=0.6, flip=False)
        pictures = np.concatenate([batch(set_, [0], augment, rng) for _ in range(80)])
        assert pictures.shape == (80, side, side, 3)
        spans = np.ptp(pictures.astype(int), axis=(1, 2, 3)) / 200
        assert 0.36 < spans.min() < 0.5 and 0.9 < spans.max() <= 1
        assert len(set(pictures[:, 0, 0, 0])) > 20  # other places, too


def test_without_zoom_chance_is_used_as_ever(numbered):
    first, again = (np.random.default_rng(7) for _ in range(2))
    batch(numbered, [0], Augment(crop=16), first)
    again.integers(0, 9, 2), again.random()
    assert first.random() == again.random()


@pytest.mark.parametrize("zoom", [-0.1, 1.0])
def test_a_zoom_out_of_range_is_refused(zoom):
    with pytest.raises(InputError, match=r"zoom must lie in \[0, 1\); received"):
        Augment(zoom=zoom)


def test_variation_needs_a_source_of_chance(numbered):
    with pytest.raises(ValueError, match="needs a random generator"):
        batch(numbered, [0], Augment())


# --- luma as other film stocks show it -----------------------------------------------------------


def test_what_is_switched_off_changes_nothing_and_draws_nothing():
    y = np.random.default_rng(0).random((3, 8, 8, 1), np.float32)
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(develop(y, Augment(), rng), y)
    assert rng.random() == np.random.default_rng(1).random()


def test_a_curve_bends_each_picture_its_own_way_and_keeps_its_order():
    y = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (3, 1)).reshape(3, 8, 8, 1)
    bent = develop(y, Augment(curve=0.3), np.random.default_rng(2))
    assert bent.dtype == np.float32
    ramps = bent.reshape(3, 64)
    assert np.all(np.diff(ramps) > 0)
    np.testing.assert_allclose(ramps[:, [0, -1]], [[0, 1]] * 3, atol=1e-6)
    assert (
        len({round(float(ramp[32]), 4) for ramp in ramps} | {round(float(y[0, 4, 0, 0]), 4)}) == 4
    )


def test_grain_is_as_strong_as_asked_and_stays_in_range():
    y = np.full((40, 16, 16, 1), 0.5, np.float32)
    spread = develop(y, Augment(grain=0.1), np.random.default_rng(3)).std(axis=(1, 2, 3))
    assert spread.max() < 0.11 and spread.min() < 0.02 < 0.08 < spread.max()
    edge = develop(np.ones_like(y), Augment(grain=0.5), np.random.default_rng(3))
    assert edge.max() == 1 and edge.min() >= 0


@pytest.mark.parametrize("name", ["curve", "grain"])
def test_negative_strengths_are_refused(name):
    with pytest.raises(InputError, match=f"{name} must not be negative; received -0.1"):
        Augment(**{name: -0.1})
