"""The command line does what it says: every command, once through, on small pictures."""

import csv
import dataclasses
import filecmp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlab import checkpoints, coast, files, media, yuv
from colorlab import colorize as colorize_photo
from colorlab.cli import colorize, common, demo, lab, main
from colorlab.decode import METHODS
from colorlab.media import films

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def small(monkeypatch, small_model):
    """Every command colours with a model that is loaded already and looks at 32 × 32 pixels."""
    monkeypatch.setattr(checkpoints, "load", lambda name=None, dtype=None: small_model)
    monkeypatch.setattr(checkpoints, "FILM_DEFAULT", "not-installed")  # films by it as well
    return small_model


@pytest.fixture(scope="module")
def film_model(make_film_model):
    """The folder of a tiny consistency model."""
    return make_film_model()


@pytest.fixture(scope="module")
def coasts(tmp_path_factory):
    """The manifest of 16 coasts that `colorlab data render` made."""
    out = tmp_path_factory.mktemp("rendered") / "coasts"
    words = f"data render --out {out} --count 16 --height 40 --width 48 --seed 5 --quiet"
    assert main(words.split()) == 0
    return out.with_suffix(".csv")


@pytest.fixture
def album(tmp_path):
    """A folder with photos in it and below it."""
    folder = tmp_path / "album"
    for name in ("a.png", "sub/b.png", "sub/deep/c.jpg"):
        media.write_photo(folder / name, coast.Scene(len(name)).render(0.0, 24, 24))
    (folder / "notes.txt").write_text("no photo")
    return folder


def run(*words):
    return main([str(word) for word in words])


# --- data ----------------------------------------------------------------------------------------


def test_data_render_makes_a_manifest_and_pictures(coasts):
    with open(coasts, newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "source", "split", "width", "height", "group"]
    assert [row["group"] for row in rows] == [str(seed) for seed in range(5, 21)]
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    assert sum(row["split"] == "train" for row in rows) == 13
    for row in rows:
        with Image.open(coasts.with_suffix("") / row["file"]) as image:
            assert image.size == (48, 40) == (int(row["width"]), int(row["height"]))
    assert len(list(coasts.parent.iterdir())) == 2
    first = media.read_photo(coasts.with_suffix("") / rows[0]["file"]).rgb
    np.testing.assert_array_equal(yuv.to_uint8(first), coast.Scene(5).render(3.0, 40, 48))


def test_data_list_names_the_sets(capsys):
    assert run("data", "list") == 0
    shown = capsys.readouterr().out
    assert "COLORLAB_DATA" in shown
    assert "not here" in shown
    assert len(shown.splitlines()) > 1


# --- info ----------------------------------------------------------------------------------------


def test_info_is_json_for_programs_and_lines_for_people(capsys):
    assert run("info", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["default_model"] in facts["models"]
    assert {"python", "colorlab", "keras", "backend", "numpy"} <= set(facts["versions"])
    assert facts["backbone"]["embedded"] == "intact"
    assert facts["devices"] and facts["processor"] and facts["data_present"] == []
    assert run("info") == 0
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == len(facts)
    assert facts["default_model"] in shown


# --- colorize ------------------------------------------------------------------------------------


def test_colorize_one_photo_goes_beside_it_or_to_a_file_or_into_a_folder(album, small, capsys):
    source = album / "a.png"
    targets = [album / "a-colorized.png", album.parent / "x.jpg", album.parent / "new" / "a.png"]
    for words, target in (((), targets[0]), (("-o", targets[1]), targets[1])):
        assert run("colorize", source, *words) == 0
        assert capsys.readouterr().out == f"{source} -> {target}\n"
    assert run("colorize", source, "-o", targets[2].parent, "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    truth = media.read_photo(source).rgb
    for target in targets:
        colored = media.read_photo(target).rgb
        assert colored.shape == truth.shape
        if target.suffix == ".png":
            np.testing.assert_allclose(yuv.luma(colored), yuv.luma(truth), atol=1 / 255)


def test_colorize_a_folder_keeps_its_structure(album, small, capsys):
    out = album.parent / "out"
    assert run("colorize", album, "-o", out) == 0
    found = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert found == ["a.png", "sub/b.png", "sub/deep/c.jpg"]
    assert f"3 photos coloured with {small.name}." in capsys.readouterr().out


def test_colorize_a_folder_twice_colours_no_coloured_copy(album, small):
    for _ in range(2):
        assert run("colorize", album, "--quiet") == 0
    names = {path.name for path in album.rglob("*.*")}
    coloured = {"a-colorized.png", "b-colorized.png", "c-colorized.jpg"}
    assert names == {"a.png", "b.png", "c.jpg", "notes.txt"} | coloured


def test_an_output_folder_inside_the_input_is_no_input(album, small):
    inside = album / "out"
    assert run("colorize", album, "-o", inside, "--quiet") == 0
    once = sorted(inside.rglob("*"))
    assert once
    assert run("colorize", album, "-o", inside, "--quiet") == 0
    assert run("colorize", album, "-o", inside, "--quiet", "--resume") == 0
    assert sorted(inside.rglob("*")) == once


def test_resume_colours_only_what_is_missing(album, small, capsys):
    out = album.parent / "out"
    assert run("colorize", album, "-o", out, "--quiet") == 0
    (out / "a.png").unlink()
    (out / "sub" / "b.png").write_text("kept as it is")
    assert run("colorize", album, "-o", out, "--resume", "--quiet") == 0
    assert (out / "a.png").is_file()
    assert (out / "sub" / "b.png").read_text() == "kept as it is"
    assert run("colorize", album, "-o", out, "--resume") == 0
    assert capsys.readouterr().out == "nothing to do: every photo has its coloured copy.\n"


def test_decode_and_temperature_reach_the_picture(album, small):
    source, pictures = album / "a.png", []
    for number, words in enumerate((*METHODS, "annealed --temperature 0.1")):
        target = album.parent / f"{number}.png"
        assert run("colorize", source, "-o", target, "--quiet", "--decode", *words.split()) == 0
        pictures.append(target.read_bytes())
    assert len(set(pictures)) == len(METHODS) + 1


@pytest.mark.keras
def test_a_consistency_model_colours_films_and_its_color_model_photos(
    album, film_model, make_film, capsys
):
    ramp = np.tile(np.linspace(40, 200, 64), (36, 1))
    planes = [(ramp + 5 * k).astype(np.uint8) for k in range(3)]  # one shot: no cut within
    film, photo = make_film(planes), album / "a.png"
    out = album.parent / "out"
    words = ("--model", film_model, "--precision", "float32")
    assert run("colorize", film, photo, "-o", out, *words) == 0
    said = capsys.readouterr().out
    assert said == "2 files coloured with tiny-guided and tiny-color.\n"
    inside = film_model / checkpoints.INSIDE
    for source, alone, like in ((photo, "b.png", inside), (film, "b.mp4", film_model)):
        target = album.parent / alone
        assert run("colorize", source, "-o", target, "--model", like, *words[2:]) == 0
        assert filecmp.cmp(target, out / source.name, shallow=False)
    words = ("--model", inside, "--precision", "float32")
    assert run("colorize", film, "-o", album.parent / "c.mp4", *words) == 0
    assert (album.parent / "c.mp4").read_bytes() != (out / film.name).read_bytes()


def test_each_model_is_loaded_once_and_only_when_needed(
    album, film_model, make_film, small_model, monkeypatch
):
    loaded = []
    consistency = checkpoints.load_consistency(film_model)

    def load(name=None, dtype=None):
        loaded.append(("color", dtype))
        return small_model

    def load_consistency(name=None, dtype=None):
        loaded.append((Path(name).name, dtype))
        return consistency

    monkeypatch.setattr(checkpoints, "load", load)
    monkeypatch.setattr(checkpoints, "load_consistency", load_consistency)
    monkeypatch.setattr(checkpoints, "FILM_DEFAULT", film_model.name)
    monkeypatch.setattr(checkpoints, "list_models", lambda kind=None: [film_model.name])
    locate = checkpoints.locate
    named = lambda name=None: film_model if name == film_model.name else locate(name)  # noqa: E731
    monkeypatch.setattr(checkpoints, "locate", named)
    films = [make_film([np.zeros((8, 8), np.uint8)] * 2, name) for name in ("a.mp4", "b.mp4")]
    photos = [album / "a.png", album / "sub" / "b.png"]
    out = ("-o", album.parent / "out", "--quiet")
    assert run("colorize", *photos, *out) == 0
    assert loaded == [("color", None)]
    loaded.clear()
    assert run("colorize", *films, *out, "--precision", "float32") == 0
    assert loaded == [(film_model.name, "float32")]
    loaded.clear()
    assert run("colorize", *films, *photos, *out, "--precision", "mixed_bfloat16") == 0
    assert loaded == [(film_model.name, "mixed_bfloat16"), ("color", None)]


def test_a_model_that_is_not_there_ends_everything_in_one_line(album, make_film, capsys):
    film = make_film([np.zeros((8, 8), np.uint8)] * 2)
    for inputs in ((film,), (album,), (album, film)):
        words = ("-o", album.parent / "out", "--model", "nowhere", "--quiet")
        assert run("colorize", *inputs, *words) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("colorlab: no model called 'nowhere'")
    assert run("colorize", film, "--precision", "float8") == 2
    assert "--precision: invalid choice: 'float8'" in capsys.readouterr().err


def test_plan_pairs_sources_and_targets(album, tmp_path):
    a, b = album / "a.png", album / "sub" / "b.png"
    out = tmp_path / "out"
    assert colorize.plan([a], None) == [(a, album / "a-colorized.png")]
    assert colorize.plan([a], out) == [(a, out / "a.png")]
    assert colorize.plan([a], tmp_path / "x.PNG") == [(a, tmp_path / "x.PNG")]
    assert colorize.plan([a, b], out) == [(a, out / "a.png"), (b, out / "b.png")]
    assert colorize.plan([album / "sub", a], out) == [
        (b, out / "b.png"),
        (album / "sub" / "deep" / "c.jpg", out / "deep" / "c.jpg"),
        (a, out / "a.png"),
    ]
    (tmp_path / "folder.png").mkdir()
    assert colorize.plan([a], tmp_path / "folder.png") == [(a, tmp_path / "folder.png" / "a.png")]


def test_plan_of_many_photos_is_quick(tmp_path, monkeypatch):
    many = [tmp_path / f"{k}.png" for k in range(5_000)]
    monkeypatch.setattr(media, "list_pictures", lambda folder: many)
    assert len(colorize.plan([tmp_path], tmp_path / "out")) == len(many)


# --- evaluate ------------------------------------------------------------------------------------

PROMISED = {
    *("n_photos", "n_skipped_grey", "n", "align", "decode", "temperature", "saturation", "mirror"),
    *("scales", "size", "backbone"),
    *("loss", "loss_u", "loss_v", "accuracy_u", "accuracy_v", "accuracy_u_no_neutral"),
    *("accuracy_v_no_neutral", "neutral_share", "prior_loss", "majority_u", "majority_v", "psnr"),
    *("psnr_grey", "ssim", "colourfulness", "colourfulness_abs", "colourfulness_truth"),
    *("colourfulness_difference", "worse_than_grey", "coloured_share", "hue_error"),
    *("per_source", "gain", "kid"),
}
SETTINGS = {
    *(
        "gain",
        "kid",
        "n_skipped_grey",
        "n",
        "align",
        "decode",
        "temperature",
        "saturation",
        "mirror",
    ),
    *("scales", "size", "backbone"),
}


def test_evaluate_writes_what_it_prints(coasts, small, tmp_path, capsys):
    out = tmp_path / "new" / "result.json"
    words = ("--photos", coasts, "--split", "test", "--size", 32, "--json", out, "--quiet")
    assert run("evaluate", "color", *words) == 0
    printed, errors = capsys.readouterr()
    assert errors == ""
    result = json.loads(out.read_text())
    assert json.loads(printed) == result
    assert result["schema"] == 1
    assert result["dataset"]["name"] == "coasts" and result["dataset"]["split"] == "test"
    assert result["command"] == (
        "colorlab evaluate color --photos coasts.csv --split test --size 32 --json result.json "
        "--quiet"
    )
    assert str(tmp_path) not in printed
    (scores,) = result["models"].values()
    assert set(scores) == PROMISED | {"weights_sha256", "loss_name"}
    assert (scores["n_photos"], scores["n"], scores["align"]) == (2, small.config.n, "edge")
    assert scores["loss"] == pytest.approx(scores["loss_u"] + scores["loss_v"])
    assert 0 < scores["accuracy_u"] < 1
    assert set(scores["per_source"]) == {"rendered coast"}
    part = scores["per_source"]["rendered coast"]
    assert set(part) == PROMISED - SETTINGS - {"per_source"}
    assert part["psnr"] == scores["psnr"]


def test_evaluate_a_folder_with_another_decoder(coasts, small, capsys):
    words = ("--photos", coasts.with_suffix(""), "--size", 16, "--decode", "mean", "--no-kid")
    assert run("evaluate", "color", *words) == 0
    (scores,) = json.loads(capsys.readouterr().out)["models"].values()
    assert (scores["n_photos"], scores["decode"], scores["temperature"]) == (16, "mean", None)
    assert scores["per_source"] == {}


# --- demo ----------------------------------------------------------------------------------------


@pytest.fixture
def short_film(monkeypatch):
    """The demo's film has three small frames, two of which are shown as stills."""
    changes = {"FILM_FRAMES": 3, "FILM_HEIGHT": 36, "FILM_WIDTH": 64, "STILLS": range(0, 3, 2)}
    for name, value in changes.items():
        monkeypatch.setattr(demo, name, value)


@pytest.fixture
def small_default(monkeypatch, model):
    """The packaged default model at about 32 × 32 pixels: what the demo shows is not noise."""
    small = dataclasses.replace(model, card=model.card | {"working_size": 32})
    monkeypatch.setattr(checkpoints, "load", lambda name=None, dtype=None: small)
    monkeypatch.setattr(checkpoints, "FILM_DEFAULT", "not-installed")  # films by it as well
    return small


def test_demo_shows_photos_and_coasts_in_every_column(small_default, short_film, tmp_path, capsys):
    small = small_default
    out = tmp_path / "demo"
    assert run("demo", "--out", out, "--seed", 1, "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    names = {path.name for path in out.iterdir()}
    pictures = {"comparison.png", "comparison.mp4", "figure5.png", "overview.jpg"}
    assert names == pictures | {"report.json"}
    report = json.loads((out / "report.json").read_text())
    pictures = report["pictures"]
    kinds = [one["kind"] for one in pictures]
    assert kinds.count("photo") >= 6 and kinds.count("rendered coast") >= 3
    columns = ["grey", "argmax", "mean", str(small.decoder), "truth"]
    for one in pictures:
        assert list(one["scores"]) == columns
        assert one["credit"]
        assert one["scores"]["grey"]["colourfulness"] == pytest.approx(0, abs=0.01)
        assert one["scores"]["truth"]["psnr"] == 100
        assert 10 < one["scores"]["mean"]["psnr"] < 60
    assert report["model"] == small.name and report["seed"] == 1
    with Image.open(out / "comparison.png") as image:
        width, height = image.size
        assert 900 < width < 3000 and height > len(pictures) * 100
        assert np.ptp(np.asarray(image.convert("RGB")), axis=-1).mean() > 5

    with Image.open(out / "overview.jpg") as image:
        assert image.width <= demo.SHEET_WIDTH
    assert (out / "overview.jpg").stat().st_size < 400_000

    film = report["film"]
    assert (film["coast"], film["frames"], film["rate"]) == (demo.FILM_COAST + 1, 3, "30")
    assert list(film["models"]) == ["color model"]
    assert list(film["psnr"]) == ["grey (input)", "color model", "truth"]
    assert film["psnr"]["truth"] == 100


def test_demo_shows_the_film_model_beside_its_color_model(film_model, short_film, tmp_path):
    film = checkpoints.load_consistency(film_model)
    columns = demo.film_columns(film)
    assert [caption for caption, _ in columns] == ["color model", "film model"]
    assert [colorer.settings()["model"] for _, colorer in columns] == ["tiny-color", "tiny-guided"]
    told = demo.film(columns, tmp_path, 0, quiet=True)
    assert list(told["psnr"]) == ["grey (input)", "color model", "film model", "truth"]

    shown = [f.rgb for f in films.open_film(tmp_path / "comparison.mp4").frames(rgb=True)]
    assert len(shown) == 3
    truth = coast.Scene(demo.FILM_COAST).render(1 / 30, 36, 64)
    for rgb in (truth, yuv.to_uint8(np.repeat(yuv.luma(truth), 3, axis=-1))):
        panels = [shown[1][-36:, left : left + 64].astype(int) for left in (0, 204)]
        assert min(np.abs(panel - rgb).mean() for panel in panels) < 6
    color, told = (shown[2][-36:, left : left + 64].astype(int) for left in (68, 136))
    assert np.abs(color - told).mean() > 1
    with Image.open(tmp_path / "figure5.png") as image:
        assert image.width > 500 and image.height > 400


def test_demo_runs_the_network_once_for_all_decoders(small_default):
    small_model = small_default
    y = yuv.luma(coast.Scene(1).render(0.0, 40, 60))
    calls = []

    class Counted:
        def predict_on_batch(self, batch):
            calls.append(batch.shape)
            return small_model.network.predict_on_batch(batch)

    methods = {"card": None, "argmax": "argmax", "mean": "mean"}
    decode = {**small_model.card["decode"], "mirror": True, "scales": [0.75, 1]}
    stills = dataclasses.replace(small_model, card={**small_model.card, "decode": decode})
    counted = dataclasses.replace(stills, network=Counted())
    found = demo.colorings(y, counted, methods)
    assert len(calls) == 4
    for name, method in methods.items():
        expected = colorize_photo.picture(y, stills, method)
        np.testing.assert_allclose(found[name], expected, atol=1e-6)


def test_demo_photos_are_small_and_the_coasts_follow_the_seed():
    first, second = demo.subjects(0), demo.subjects(2)
    assert max(max(one["rgb"].shape) for one in first) <= demo.LONGEST_SIDE
    for one, other in zip(first, second, strict=True):
        same = one["rgb"].shape == other["rgb"].shape and (one["rgb"] == other["rgb"]).all()
        assert same == (one["kind"] == "photo")
    first_of_all, *_ = demo.SHEET.values()
    assert len(set(first_of_all)) >= 6
    assert {key for keys in demo.SHEET.values() for key in keys} <= {one["key"] for one in first}


# --- train, then use what was trained ------------------------------------------------------------


def test_train_then_colour_with_what_was_trained(coasts, tmp_path, capsys):
    out, more = tmp_path / "run", tmp_path / "more"
    more.mkdir()
    shutil.copy(coasts.with_suffix("") / "coast-000005.png", more / "one.png")
    words = ("--photos", coasts, "--more-photos", more, "--out", out, "--size", 32)
    words += ("--batch-size", 4, "--epochs", 1)
    assert run("train", "color", *words, "--quiet") == 0
    assert capsys.readouterr().out == ""
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names == {"history.csv", "state.npz", "best/card.json", "best/weights.npz"}
    card = json.loads((out / "best" / "card.json").read_text())
    assert (card["name"], card["n"], card["working_size"]) == ("run", 30, 32)
    assert card["decode"]["curve"] and card["decode"]["tuned_on"]["split"] == "val"
    shown = "colorlab train color --photos coasts.csv --more-photos more --out run "
    assert card["command"].startswith(shown)
    assert (card["dataset"]["name"], card["validation"]["name"]) == ("coasts + more", "coasts")
    assert str(tmp_path) not in json.dumps(card)

    state = files.sha256(out / "state.npz")
    assert run("train", "color", *words) == 0  # again: nothing to do
    assert "best epoch 1: validation loss" in capsys.readouterr().out
    assert files.sha256(out / "state.npz") == state

    photo, target = coasts.with_suffix("") / "coast-000005.png", tmp_path / "c.png"
    assert run("colorize", photo, "-o", target, "--model", out, "--quiet") == 0
    with Image.open(target) as image:
        assert image.size == (48, 40)


# --- what all commands share ---------------------------------------------------------------------


def test_ctrl_c_ends_with_130_and_one_line(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(colorize, "run", interrupted)
    assert run("colorize", "x.jpg") == 130
    assert capsys.readouterr().err.splitlines() == [
        "colorlab: interrupted; nothing half-written was left."
    ]


def test_results_keep_the_command_without_folders():
    words = [
        "train",
        "color",
        "--photos",
        "/somewhere/me/water.csv",
        "--out=runs/a",
        "--size",
        "32",
    ]
    shown = "colorlab train color --photos water.csv --out=a --size 32"
    assert common.command_line(words) == shown
    assert (
        common.command_line(["demo", "--decode=mean", "a b"]) == "colorlab demo --decode=mean a b"
    )


def test_python_m_colorlab_is_the_same_program():
    done = subprocess.run(
        [sys.executable, "-m", "colorlab", "--version"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "colorlab")


def test_a_reader_that_goes_away_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "colorlab", "data", "list"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_lab_opens_notebook_00_and_outlives_ctrl_c(tmp_path, monkeypatch, capsys):
    started = []

    class Jupyter:
        def __init__(self, command):
            started.append(command)
            self.answers = [KeyboardInterrupt(), 0]

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def wait(self):
            answer = self.answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer

    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(lab.subprocess, "Popen", Jupyter)
    monkeypatch.setattr(lab, "notebooks", lambda folder: folder)
    assert run("lab", "--folder", tmp_path, "--no-browser") == 0
    (command,) = started
    assert command[1:] == ["-m", "jupyterlab", str(tmp_path / lab.START), "--no-browser"]
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    assert run("lab") == 2
    assert "JupyterLab is not installed" in capsys.readouterr().err


def test_lab_copies_the_packaged_notebooks_and_keeps_what_was_changed(tmp_path, monkeypatch):
    package = tmp_path / "site" / "colorlab"
    (package / "notebooks").mkdir(parents=True)
    for name in (lab.START, "01-more.ipynb"):
        (package / "notebooks" / name).write_text("packaged")
    monkeypatch.setattr(lab.colorlab, "__file__", str(package / "__init__.py"))
    copy = tmp_path / "mine"
    copy.mkdir()
    (copy / lab.START).write_text("changed")
    assert lab.notebooks(copy) == copy
    assert (copy / lab.START).read_text() == "changed"
    assert (copy / "01-more.ipynb").read_text() == "packaged"
