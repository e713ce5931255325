"""What people really give a program: each is answered rightly, or refused in one clear line.

Refused means: exit status 2, one line on standard error that names what was wrong and what to do,
no traceback, and nothing half-written.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlab import bins, checkpoints, coast, colorize, files, media, training, yuv
from colorlab.cli import main
from colorlab.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
COAST = coast.Scene(7).render(1.0, 32, 32)


@pytest.fixture(autouse=True)
def nothing_half_written(tmp_path):
    """After every test: no temporary file is left anywhere below its folder."""
    yield
    assert [path for path in tmp_path.rglob("*") if ".part" in path.name] == []


@pytest.fixture
def small(monkeypatch, small_model):
    """Commands that name no model get one that is loaded already and works at 32 × 32 pixels."""
    load = checkpoints.load
    monkeypatch.setattr(
        checkpoints, "load", lambda name=None, dtype=None: load(name) if name else small_model
    )
    return small_model


@pytest.fixture
def refused(capsys):
    """Run a command that must be refused; return its one line."""

    def run(*words, lines=1):
        assert main([str(word) for word in words]) == 2
        printed, errors = capsys.readouterr()
        found = errors.splitlines()
        assert len(found) == lines, errors
        for line in found:
            assert line.startswith("colorlab: ") and len(line) < 500
        assert "Traceback" not in printed + errors
        return "\n".join(found)

    return run


@pytest.fixture
def photos(tmp_path):
    """A folder of six coasts, 32 × 32 pixels."""
    folder = tmp_path / "photos"
    for k in range(6):
        media.write_photo(folder / f"{k}.png", coast.Scene(k).render(1.0, 32, 32))
    return folder


@pytest.fixture
def copied(tmp_path):
    """A copy of the packaged model, and a way to change its card."""
    folder = tmp_path / "model"
    shutil.copytree(checkpoints.locate(), folder)

    def change(**fields):
        card = json.loads((folder / "card.json").read_text())
        (folder / "card.json").write_text(json.dumps(card | fields))
        return folder

    return change


def colour(source, target):
    """Colour a file that must succeed; return it as Pillow opens it."""
    assert main(["colorize", str(source), "-o", str(target), "--quiet"]) == 0
    return Image.open(target)


def train(photos, out, *words):
    return (
        *("train", "color", "--photos", photos, "--out", out, "--size", 32),
        *("--batch-size", 2, "--epochs", 1, "--quiet", *words),
    )


def evaluate(photos, *words):
    return ("evaluate", "color", "--photos", photos, "--size", 32, "--quiet", *words)


# --- files that are no photos --------------------------------------------------------------------


def damaged(kind, path):
    if kind == "text":
        path.write_text("Dear diary, this is no picture.")
    elif kind == "empty":
        path.touch()
    elif kind == "truncated":
        media.write_photo(path, np.random.default_rng(0).random((64, 64, 3), np.float32))
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.write_bytes(np.random.default_rng(0).bytes(3000))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("text", "a text file; give a JPEG, PNG, WebP or TIFF"),
        ("empty", "the file is empty"),
        ("truncated", "damaged or cut short"),
        ("noise", "of an unknown kind"),
    ],
)
def test_a_file_that_is_no_photo(kind, reason, tmp_path, photos, small, refused):
    bad = photos / "bad.jpg"
    damaged(kind, bad)
    line = refused("colorize", bad, "-o", tmp_path / "out" / "x.png")
    assert str(bad) in line and reason in line
    assert not (tmp_path / "out").exists()
    assert str(bad) in refused(*evaluate(photos, "--json", tmp_path / "r.json"))
    assert not (tmp_path / "r.json").exists()
    assert str(bad) in refused(*train(photos, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_one_bad_photo_among_good_ones(tmp_path, photos, small, refused, capsys):
    damaged("truncated", photos / "3.png")
    (photos / "3.png").rename(photos / "bad.png")
    out = tmp_path / "out"
    first, last = refused("colorize", photos, "-o", out, "--quiet", lines=2).split("\n")
    assert str(photos / "bad.png") in first
    assert last == "colorlab: 1 of 6 photos failed."
    assert sorted(path.name for path in out.iterdir()) == [f"{k}.png" for k in (0, 1, 2, 4, 5)]
    assert main(["colorize", str(photos), "-o", str(out)]) == 2  # with a progress bar, too
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("colorlab: ")] == [first, last]


def test_places_without_photos(tmp_path, small, refused):
    empty = tmp_path / "empty"
    empty.mkdir()
    out = tmp_path / "out"
    for words in (("colorize", empty, "-o", out), evaluate(empty), train(empty, out)):
        line = refused(*words).replace("photo or film;", "photo;")
        assert f"{empty} holds no photo; put .jpg" in line
    missing = tmp_path / "missing"
    for words in (("colorize", missing, "-o", out), evaluate(missing), train(missing, out)):
        assert f"there is no {missing}" in refused(*words).replace("photo set at ", "")
    assert not out.exists()


def test_photos_without_colour(tmp_path, small, refused):
    folder = tmp_path / "scans"
    for k in range(3):
        media.write_photo(folder / f"{k}.png", np.repeat(COAST[..., :1], 3, axis=-1))
    assert "all 3 photos of scans are grey" in refused(*evaluate(folder))
    line = refused(*train(folder, tmp_path / "run"))
    assert "of scans are grey" in line and "Give colour photos" in line
    with colour(folder / "0.png", tmp_path / "coloured.png") as image:  # what colorlab is for
        assert np.ptp(np.asarray(image), axis=-1).max() > 0


# --- pictures of every kind ----------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (20000, 10), (10, 20000), (3, 5)])
def test_pictures_of_extreme_shape(size, tmp_path, small):
    rgb = np.resize(COAST, (size[1], size[0], 3))
    Image.fromarray(rgb).save(tmp_path / "a.png")
    with colour(tmp_path / "a.png", tmp_path / "b.png") as image:
        assert (image.size, image.mode) == (size, "RGB")
        np.testing.assert_allclose(yuv.luma(np.asarray(image)), yuv.luma(rgb), atol=1 / 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L", "CMYK"])
def test_pictures_of_every_mode(mode, tmp_path, small):
    suffix = ".tif" if mode == "CMYK" else ".png"
    source = Image.fromarray(COAST)
    opacity = Image.fromarray(np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1)))
    if mode in ("RGBA", "LA"):
        source.putalpha(opacity)
    source = source.convert(mode)
    source.save(tmp_path / f"a{suffix}")
    with colour(tmp_path / f"a{suffix}", tmp_path / "b.png") as image:
        assert image.size == (32, 32)
        assert image.mode == ("RGBA" if mode in ("RGBA", "LA") else "RGB")
        if image.mode == "RGBA":
            np.testing.assert_array_equal(image.getchannel("A"), opacity)
        shown = np.asarray(source.convert("RGBA" if mode == "LA" else "RGB"))[..., :3]
        colored = np.asarray(image.convert("RGB"))
        np.testing.assert_allclose(yuv.luma(colored), yuv.luma(shown), atol=1.01 / 255)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_stay_sixteen(suffix, tmp_path, small):
    deep = (np.arange(32 * 32, dtype=np.uint16) * 61).reshape(32, 32, 1).repeat(3, axis=-1)
    media.write_photo(tmp_path / f"a{suffix}", deep, bits=16)
    colour(tmp_path / f"a{suffix}", tmp_path / f"b{suffix}").close()
    read = media.read_photo(tmp_path / f"b{suffix}")
    assert read.bits == 16
    np.testing.assert_allclose(yuv.luma(read.rgb), yuv.luma(deep), atol=2 / 65535)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_rotated_photos_come_out_upright(orientation, tmp_path, small):
    upright = Image.fromarray(np.ascontiguousarray(COAST[:24]))
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}
    stored = upright.transpose(turn.get(orientation, Image.Transpose.ROTATE_270))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=95, subsampling=0)
    with colour(tmp_path / "a.jpg", tmp_path / "b.png") as image:
        assert image.size == (32, 24)
        assert 0x0112 not in image.getexif() or image.getexif()[0x0112] == 1
        difference = yuv.luma(np.asarray(image)) - yuv.luma(np.asarray(upright))
        assert np.abs(difference).mean() < 0.02


def test_nan_is_refused_by_the_library(small_model):
    with pytest.raises(InputError, match="NaN"):
        colorize.picture(np.full((4, 4, 3), np.nan, np.float32), small_model)


# --- numbers that make no sense ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "align", "reason"),
    [
        (0, "edge", "from 2 to 1000; received 0"),
        (1, "centre", "from 2 to 1000; received 1"),
        (10**6, "edge", "from 2 to 1000; received 1000000"),
        (15, "edge", "align='edge' needs an even number of bins; received n=15"),
        (30, "centre", "align='centre' needs an odd number of bins; received n=30"),
    ],
)
def test_numbers_of_bins_that_cannot_be(n, align, reason, photos, tmp_path, refused):
    line = refused(*train(photos, tmp_path / "run", "--bins", n, "--align", align))
    assert reason in line
    assert not (tmp_path / "run").exists()
    with pytest.raises(ValueError, match=f"received (n=)?{n}"):
        bins.BinGrid(n, align)


@pytest.mark.parametrize("temperature", ["0", "-1", "nan", "inf", "warm"])
def test_temperatures_that_cannot_be(temperature, photos, tmp_path, refused):
    wanted = f"--temperature: must be a finite number above 0; received '{temperature}'"
    for words in (("colorize", photos, "-o", tmp_path / "out"), evaluate(photos)):
        line = refused(*words, "--temperature", temperature)
        assert wanted in line and "--help" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("colorize a.jpg --decode nonsense", "--decode: invalid choice: 'nonsense'"),
        ("data render --out x --count 0", "--count: must be a whole number above 0; received '0'"),
        ("data render --out x --width ten", "--width: must be a whole number above 0"),
        ("train color --photos x --out y --loss hinge", "--loss: invalid choice: 'hinge'"),
        ("train color --photos x", "the following arguments are required: --out"),
        ("colorize", "the following arguments are required: input"),
        ("", "the following arguments are required: COMMAND"),
        ("paint", "invalid choice: 'paint'"),
        ("colorize a.jpg --colour", "unrecognized arguments: --colour"),
    ],
)
def test_words_that_the_command_line_does_not_know(words, reason, refused):
    line = refused(*words.split())
    assert reason in line
    assert line.endswith("--help")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--epochs", 0), "epochs must be at least 1; received 0"),
        (("--batch-size", 0), "batch_size must be at least 1; received 0"),
        (("--batch-size", 60), "do not fill a batch of 60"),
        (("--crop", 17), "crop must be a positive multiple of 16 pixels; received 17"),
        (("--crop", 48), "crops of 48 pixels do not fit photos of 32"),
        (
            ("--save-every", -1),
            "save_every must be a finite number of seconds from 0 up; received -1.0",
        ),
        (("--devices", 0), "must be a whole number above 0; received '0'"),
        (("--learning-rate", "nan"), "learning_rate must be a finite number above 0; received nan"),
        (("--curve", "inf"), "curve must be a finite number from 0 up; received inf"),
        (("--seed", -1), "--seed: must be a whole number from 0 up; received '-1'"),
        (("--size", 5), "size must be at least 16 pixels; received 5"),
        (("--size", 40), "size must be a multiple of 16; received 40"),
        (("--backbone", "nowhere.h5"), "nowhere.h5"),
    ],
)
def test_trainings_that_cannot_be(words, reason, photos, tmp_path, refused):
    assert reason in refused(*train(photos, tmp_path / "run", *words))
    assert not any((tmp_path / "run").rglob("*"))


def test_evaluations_that_cannot_be(photos, small, refused):
    assert "size must be at least 16 pixels; received 5" in refused(*evaluate(photos), "--size", 5)
    assert "--seed: must be" in refused(*evaluate(photos), "--max-photos", 1, "--seed", -1)
    line = refused(*evaluate(photos, "--split", "test"))
    assert f"{photos} is a folder and has no splits; received split 'test'" in line
    manifest = photos.with_suffix(".csv")
    manifest.write_text("file,split\n0.png,train\n1.png,val\n")
    line = refused(*evaluate(manifest, "--split", "tset"))
    assert "has no split 'tset'; it has train, val" in line
    manifest.write_text("file\n0.png\n9.png\n")
    assert "1 photo(s) that are not there" in refused(*evaluate(manifest))
    manifest.write_text("name;colour\n")
    assert "is not a photo manifest" in refused(*evaluate(manifest))


# --- models that do not fit ----------------------------------------------------------------------


def test_models_that_are_not_there(photos, refused):
    for words in (("colorize", photos / "0.png"), evaluate(photos)):
        line = refused(*words, "--model", "color-sand-n7")
        assert "no model called 'color-sand-n7'" in line and checkpoints.DEFAULT in line


def test_a_checkpoint_of_another_n(copied, photos, refused):
    card = json.loads((checkpoints.locate() / "card.json").read_text())
    folder = copied(n=10, architecture=card["architecture"] | {"n": 10})
    line = refused("colorize", photos / "0.png", "--model", folder)
    assert "belong to another architecture" in line and "n=10" in line


@pytest.mark.parametrize("where", ["backbone", "architecture"])
def test_a_checkpoint_of_another_backbone(where, copied, photos, refused):
    card = json.loads((checkpoints.locate() / "card.json").read_text())
    other = {"sha256": "f" * 64, "name": "VGG-19"} if where == "backbone" else {"backbone": None}
    folder = copied(**{where: card[where] | other})
    line = refused("colorize", photos / "0.png", "--model", folder)
    assert "was trained on the backbone" in line and "use the same backbone" in line


def test_a_changed_byte_in_the_weights(copied, photos, refused):
    weights = copied() / "weights.npz"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    line = refused("colorize", photos / "0.png", "--model", weights.parent)
    assert str(weights) in line and "changed or damaged" in line
    weights.unlink()
    assert "no weights file" in refused("colorize", photos / "0.png", "--model", weights.parent)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"schema": 1}'])
def test_a_card_that_is_none(text, tmp_path, photos, refused):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "card.json").write_text(text)
    line = refused("colorize", photos / "0.png", "--model", tmp_path / "model")
    assert "card.json" in line


# --- outputs that cannot be ----------------------------------------------------------------------


def test_folders_that_cannot_be_written(tmp_path, photos, refused):
    """A parent that is a file: it stops even the root user, whom no mode bits stop."""
    (tmp_path / "file").write_text("kept")
    inside = tmp_path / "file" / "out"
    for words in (
        ("colorize", photos, "-o", inside),
        ("colorize", photos, "-o", tmp_path / "file"),
        ("colorize", photos / "0.png", "-o", inside / "x.png"),
        evaluate(photos, "--json", inside / "r.json"),
        train(photos, inside),
        ("demo", "--out", inside),
        ("data", "render", "--out", inside / "set", "--count", 1, "--quiet"),
    ):
        line = refused(*words)
        assert str(tmp_path / "file") in line and "another folder" in line
    assert (tmp_path / "file").read_text() == "kept"


def test_outputs_that_would_replace_something(tmp_path, photos, small, refused):
    kept = {path: path.read_bytes() for path in photos.iterdir()}
    one = photos / "0.png"
    for words in ((one, "-o", one), (one, "-o", photos), (photos, "-o", photos)):
        assert "would be overwritten" in refused("colorize", *words)
    other = tmp_path / "other" / "0.png"
    media.write_photo(other, COAST)
    line = refused("colorize", photos, other, "-o", tmp_path / "out")
    assert f"{one} and {other} would both be written to {tmp_path / 'out' / '0.png'}" in line
    line = refused("colorize", photos, "-o", tmp_path / "all.png")
    assert "names one file for several photos or films; name a folder" in line
    line = refused("colorize", one, "-o", tmp_path / "x.bmp")
    assert "x.bmp" in line and ".png" in line
    assert "is there already" in refused("data", "render", "--out", photos, "--count", 1)
    assert "is there already" in refused("data", "render", "--out", ".", "--count", 1)
    assert not (tmp_path / "out").exists()
    assert {path: path.read_bytes() for path in photos.iterdir()} == kept


def test_the_training_of_another_run_is_kept(tmp_path, photos, refused, monkeypatch, capsys):
    def stop(run, epoch, progress):
        run.save()
        raise KeyboardInterrupt

    monkeypatch.setattr(training.run.Run, "train_epoch", stop)
    assert main([str(word) for word in train(photos, tmp_path / "run")]) == 130
    capsys.readouterr()
    state = files.sha256(tmp_path / "run" / "state.npz")
    line = refused(*train(photos, tmp_path / "run", "--bins", 10))
    assert "other settings, photos or bins (architecture n was 30, is 10 now)" in line
    assert files.sha256(tmp_path / "run" / "state.npz") == state


@pytest.fixture
def full_disk(small_disk):
    """A small disk with 48 KB left."""
    (small_disk / "filler").write_bytes(bytes(208 * 1024))
    yield small_disk
    assert [path for path in small_disk.rglob("*") if ".part" in path.name] == []


@pytest.fixture
def learnt_nothing(monkeypatch):
    """A training whose epochs take no time: only what it writes is of interest."""

    def validate(run, epoch):
        return {"epoch": epoch + 1, "val_loss": 1.0}

    monkeypatch.setattr(training.run.Run, "train_epoch", lambda run, epoch, progress: None)
    monkeypatch.setattr(training.run.Run, "validate", validate)


def test_a_disk_that_fills_up(full_disk, photos, small, learnt_nothing, tmp_path, refused):
    noise = np.random.default_rng(0).random((200, 200, 3), np.float32)
    media.write_photo(tmp_path / "noise.png", noise)
    line = refused("colorize", tmp_path / "noise.png", "-o", full_disk / "x.png")
    assert f"cannot write {full_disk / 'x.png'}: No space left on device" in line
    coast = ("--count", 1, "--height", 200, "--quiet")
    assert "No space left" in refused("data", "render", "--out", full_disk / "set", *coast)
    line = refused(*train(photos, full_disk / "run"))
    assert f"cannot write {full_disk / 'run'}" in line and "No space left on device" in line
    assert "Free some space" in line
    with contextlib.suppress(OSError), open(full_disk / "filler", "ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    line = refused(*evaluate(photos, "--json", full_disk / "r.json"))
    assert f"cannot write {full_disk / 'r.json'}: No space left on device" in line


def test_a_full_disk_costs_no_result_of_a_long_measurement(photos, small, monkeypatch, capsys):
    def full(path, content):
        raise InputError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr(files, "write_json", full)
    assert main([str(word) for word in evaluate(photos, "--json", "r.json")]) == 2
    assert json.loads(capsys.readouterr().out)["schema"] == 1


# --- as a process of its own ---------------------------------------------------------------------


def process(*words, stderr=subprocess.PIPE, **environment):
    """Start ``python -m colorlab`` in a new process, which answers to Ctrl-C.

    It would inherit that Ctrl-C is ignored, as a shell has it for what it runs in the background.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "colorlab", *map(str, words)],
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_process_says_one_line_and_ends_with_2(tmp_path):
    (tmp_path / "text.jpg").write_text("no photo")
    started = process("colorize", tmp_path / "text.jpg", KERAS_BACKEND="numpy")  # starts fastest
    printed, errors = started.communicate(timeout=200)
    assert (started.returncode, printed) == (2, "")
    assert errors.startswith("colorlab: cannot read") and len(errors.splitlines()) == 1


def test_an_unknown_backend_is_named():
    started = process("info", KERAS_BACKEND="nonsense")
    _, errors = started.communicate(timeout=200)
    assert started.returncode == 2
    assert len(errors.splitlines()) == 1 and "the backend 'nonsense' does not start" in errors


def test_ctrl_c_in_a_training_leaves_a_run_that_goes_on(tmp_path, photos, monkeypatch, request):
    out = tmp_path / "run"
    words = (*train(photos, out), "--epochs", 400)
    said = tmp_path / "stderr.txt"
    with open(said, "w") as file:
        started = process(*words, stderr=file)
    request.addfinalizer(lambda: (started.kill(), started.communicate()))
    end = time.monotonic() + 600  # a busy machine may take minutes to start and compile
    while not (out / "state.npz").is_file():
        assert started.poll() is None and time.monotonic() < end, said.read_text()
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=300)
    errors = said.read_text()
    assert started.returncode == 130, errors
    assert "Traceback" not in errors
    done = json.loads(str(files.read_arrays(out / "state.npz")["facts"]))
    epoch, step = done["epoch"], done["step"]
    assert errors.splitlines()[-1] == (  # before it, XLA may complain that the machine is slow
        f"colorlab: interrupted; run the same again to go on from epoch {epoch + 1}, step {step} "
        "of 2."
    )
    resumed = []

    def stop(run, epoch, progress):
        resumed.append((epoch, run.step))
        raise KeyboardInterrupt

    monkeypatch.setattr(training.run.Run, "train_epoch", stop)
    assert main([str(word) for word in words]) == 130
    assert resumed == [(epoch, step)]
