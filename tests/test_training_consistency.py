"""Training on films: what a pair of frames is, what is told of the earlier one, going on."""

import dataclasses
import json
import os
import re
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from colorlab import (
    checkpoints,
    color_model,
    consistency_model,
    evaluation,
    files,
    media,
    memories,
    training,
    vgg,
    yuv,
)
from colorlab.cli import main
from colorlab.color_model import ColorModelConfig
from colorlab.consistency_model import ConsistencyConfig
from colorlab.datasets import Clip, ClipSet
from colorlab.errors import InputError
from colorlab.evaluation import film_entries
from colorlab.training import Pairs, Settings, consistency, train_consistency
from colorlab.training.consistency import batches
from colorlab.training.consistency.own import OwnColouring

pytestmark = pytest.mark.keras

# Small, and few shapes: compiling takes longer than computing.
COLOR = ColorModelConfig(n=8, taps=(2,), widths=(8,), context=0)
CONFIG = ConsistencyConfig(context_width=4, width=8)
CONCAT = dataclasses.replace(CONFIG, memory="concat")  # compiles faster
SETTINGS = Settings(
    **{"epochs": 2, "batch_size": 12, "learning_rate": 0.01, "average": 0.5},
    **{"precision": "float32", "seed": 3},
)
PAIRS = Pairs(crop=(16, 16), steps=3, window=3)


def clip(name, seed, frames=6, height=24, width=36, moving=True):
    """A film of coarse coloured patches that move to the right, or stay."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(30, 220, (-(-height // 6), 2 * width // 6 + 1, 3), np.uint8)
    picture = np.kron(patches, np.ones((6, 6, 1), np.uint8))[:height]
    first = [t if moving else 0 for t in range(frames)]
    rgb = np.stack([picture[:, width - x : 2 * width - x] for x in first])
    return Clip(name, name, Fraction(25), rgb)


def clips(*made, name="patches"):
    digest = "".join(one.name for one in made).encode().hex().ljust(64, "0")[:64]
    return ClipSet(name, None, digest, made[0].rgb.shape[1], tuple(made))


TRAIN = clips(clip("a.mp4", 0), clip("b.mp4", 1))
VALIDATION = clips(clip("c.mp4", 2, frames=5), name="val")


@pytest.fixture(scope="module")
def color(tmp_path_factory):
    """A color model that has learnt nothing."""
    folder = tmp_path_factory.mktemp("color") / "tiny"
    card = {
        **{"schema": 1, "name": "tiny", "kind": "color", "architecture": COLOR.to_json()},
        **{"n": 8, "align": "edge", "decode": {"method": "annealed", "temperature": 0.5}},
        **{"working_size": 32, "backbone": vgg.describe(COLOR.backbone)},
    }
    checkpoints.save(folder, color_model.build(COLOR), card)
    return checkpoints.load(folder)


def learn(out, color, data=TRAIN, validation=VALIDATION, settings=SETTINGS, pairs=PAIRS, **more):
    """Train without bars."""
    words = {"config": CONFIG, "name": "film", "command": "colorlab train consistency"} | more
    return train_consistency(
        data, validation, color, out, settings=settings, pairs=pairs, progress=False, **words
    )


def state(out):
    arrays = files.read_arrays(out / "state.npz")
    return json.loads(str(arrays.pop("facts"))), arrays


@pytest.fixture
def seen(color):
    return consistency.see(TRAIN, color, progress=False)


# --- learning ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(color, tmp_path_factory):
    """A run on one still film, told the truth."""
    out = tmp_path_factory.mktemp("finished") / "run"
    still = clips(clip("still.mp4", 5, moving=False))
    settings = dataclasses.replace(SETTINGS, epochs=3, learning_rate=0.03)
    pairs = dataclasses.replace(PAIRS, steps=10)
    assert learn(out, color, still, still, settings, pairs) == out / "best"
    return out, still.clips[0]


def accuracy(logits, uv, grid):
    labels = grid.encode(uv)
    return np.mean([(logits[h].argmax(-1) == labels[..., k]).mean() for k, h in enumerate("uv")])


def test_it_learns_to_copy_a_still_film(finished, color):
    out, still = finished
    model = checkpoints.load_consistency(out)
    y, uv = yuv.rgb_to_yuv(still.rgb[:2])
    features, alone = color.extract_features(y[1:])
    told = model.outputs(features, y[1:], y[:1], uv[:1], np.ones_like(y[:1]))
    chance = accuracy(alone, uv[1:], color.grid)
    assert accuracy(told, uv[1:], color.grid) > max(0.8, chance + 0.3)
    metrics = model.card["metrics"]
    assert metrics["val_accuracy_u"] > 0.8 and metrics["val_accuracy_v"] > 0.8


def test_the_run_leaves_nothing_half_written(finished):
    out, _ = finished
    assert {"best", "history.csv", "state.npz"} == set(os.listdir(out))
    assert {"card.json", "weights.npz"} <= set(os.listdir(out / "best"))


def test_the_card_says_how_it_came_to_be(finished, color):
    card = checkpoints.read_card(finished[0], "consistency")
    assert (card["name"], card["n"], card["align"], card["working_height"]) == (
        *("film", 8, "edge", 24),
    )
    assert ConsistencyConfig.from_json(card["architecture"]) == CONFIG
    sha256 = color.card["weights"]["sha256"]
    assert card["color_model"] == {"name": "tiny", "weights_sha256": sha256}
    told = {"context": "truth", "stride": 1, "crop": [16, 16], "steps": 10, "precision": "float32"}
    assert told.items() <= card["training"].items()
    described = {"name": "patches", "split": None, "clips": 1, "frames": 6, "height": 24}
    assert described.items() <= card["dataset"].items()
    network = consistency_model.build(CONFIG, COLOR)
    assert card["weights"]["parameters"] == network.count_params()
    frozen = sum(network.get_layer(f"{head}_head").count_params() for head in "uv")
    trained = {"guided": network.count_params() - frozen, "concat": network.count_params()}
    assert card["parameters"] == trained[CONFIG.memory]
    assert card["command"] == "colorlab train consistency"


def test_a_color_model_of_ones_own_comes_along(finished, color):
    out, _ = finished
    inside = out / "best" / checkpoints.INSIDE
    assert checkpoints.load_consistency(out).color.folder == inside
    assert files.sha256(inside / "weights.npz") == color.card["weights"]["sha256"]


def test_an_interrupted_run_continues_to_the_same_end(color, tmp_path, monkeypatch):
    """Stopped in the middle of the second epoch, in which the truth and own colourings are told."""
    pairs = dataclasses.replace(PAIRS, context="scheduled", noise=0.02, without=0.2)
    learn(tmp_path / "whole", color, pairs=pairs, config=CONCAT)
    disturb, left = batches._disturb, iter(range(12 * (3 + 2)))  # pairs of five steps

    def interrupted(*args):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return disturb(*args)

    monkeypatch.setattr(batches, "_disturb", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learn(tmp_path / "stopped", color, pairs=pairs, config=CONCAT)
    monkeypatch.setattr(batches, "_disturb", disturb)
    facts, _ = state(tmp_path / "stopped")
    assert (facts["epoch"], facts["step"]) == (1, 2)
    learn(tmp_path / "stopped", color, pairs=pairs, config=CONCAT)
    (facts, arrays), (wanted, others) = (state(tmp_path / name) for name in ("stopped", "whole"))
    assert facts["identity"] == wanted["identity"] and arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_allclose(array, others[name], rtol=0, atol=1e-6, err_msg=name)
    for row, other in zip(facts["history"], wanted["history"], strict=True):
        for key in set(row) - {"seconds"}:
            assert row[key] == pytest.approx(other[key], abs=1e-6), key
    kept = [files.read_arrays(tmp_path / name / "own.npz") for name in ("stopped", "whole")]
    for name, array in kept[0].items():
        np.testing.assert_array_equal(array, kept[1][name], err_msg=name)


def test_a_finished_run_returns_at_once(finished, color, tmp_path, monkeypatch):
    out, _ = finished
    shutil.copytree(out, tmp_path / "copy")
    before = (tmp_path / "copy" / "state.npz").stat().st_mtime_ns
    still = clips(clip("still.mp4", 5, moving=False))
    settings = dataclasses.replace(SETTINGS, epochs=3, learning_rate=0.03)
    monkeypatch.setattr(batches, "_join", None)  # nothing is learnt or measured
    learn(tmp_path / "copy", color, still, still, settings, dataclasses.replace(PAIRS, steps=10))
    assert (tmp_path / "copy" / "state.npz").stat().st_mtime_ns == before


def other_color(color):
    card = {**color.card, "weights": {**color.card["weights"], "sha256": "0" * 64}}
    return dataclasses.replace(color, card=card)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        ({"color": True}, "color model weights was "),
        ({"pairs": dataclasses.replace(PAIRS, steps=10, stride=2)}, "pairs stride was 1, is 2 now"),
        ({"config": CONCAT}, "memory was guided, is concat"),
        ({"validation": VALIDATION}, "validation sha256 was "),
    ],
    ids=["color model", "pairs", "architecture", "clips"],
)
def test_a_folder_of_another_run(other, difference, finished, color, tmp_path):
    out, _ = finished
    shutil.copytree(out, tmp_path / "copy")
    before = {path: files.sha256(path) for path in (tmp_path / "copy").rglob("*.*")}
    still = clips(clip("still.mp4", 5, moving=False))
    settings = dataclasses.replace(SETTINGS, epochs=3, learning_rate=0.03)
    words = {"pairs": dataclasses.replace(PAIRS, steps=10), "validation": still} | other
    model = other_color(color) if words.pop("color", False) else color
    with pytest.raises(InputError, match=f"holds a training with other .*{difference}"):
        learn(tmp_path / "copy", model, still, settings=settings, **words)
    assert before == {path: files.sha256(path) for path in (tmp_path / "copy").rglob("*.*")}


@pytest.mark.parametrize(
    ("made", "pairs", "message"),
    [
        ({"frames": 1}, {}, "b.mp4 has 1 frames; pairs 1 frames apart need more"),
        ({"frames": 3}, {"stride": 3}, "b.mp4 has 3 frames; pairs 3 frames apart need more"),
        ({"width": 15}, {}, "b.mp4 has frames of 24 x 15; windows of 16 x 16 do not fit"),
        ({}, {"crop": (32, 16)}, "has frames of 24 x 36; windows of 32 x 16 do not fit"),
    ],
)
def test_clips_that_are_too_short_or_too_small(made, pairs, message, color, tmp_path):
    data = clips(clip("a.mp4", 0), clip("b.mp4", 1, **made))
    with pytest.raises(InputError, match=message):
        learn(tmp_path, color, data, pairs=dataclasses.replace(PAIRS, **pairs))
    with pytest.raises(InputError, match=message):
        learn(tmp_path, color, validation=data, pairs=dataclasses.replace(PAIRS, **pairs))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        *(("crop", 16, "None"), ("curve", 0.1, "0.0"), ("grain", 0.1, "0.0"), ("zoom", 0.5, "0.0")),
        *(("loss", "rebalanced", "'crossentropy'"), ("devices", 2, "1")),
    ],
)
@pytest.mark.parametrize("memory", memories.MEMORIES)
def test_settings_without_effect_are_refused(memory, name, value, default, color, tmp_path):
    settings = dataclasses.replace(SETTINGS, **{name: value})
    message = f"^{name} has no effect .*: keep the default, {default}; received {value!r}.$"
    with pytest.raises(InputError, match=message):
        learn(tmp_path / "run", color, settings=settings, config=ConsistencyConfig(memory))
    assert not (tmp_path / "run").exists()


# --- what is told --------------------------------------------------------------------------------


def test_the_share_of_true_contexts():
    for epochs in (1, 2, 10, 30):
        for context, share in (("truth", 1), ("free", 0)):
            told = {Pairs(context=context).truth_share(k, epochs) for k in range(epochs)}
            assert told == {share}
    shares = [Pairs(context="scheduled").truth_share(k, 30) for k in range(30)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.8 and shares[-1] < 0.05  # most of the truth at first, hardly any at last
    assert all(0 < share < 1 for share in shares)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"context": "all"}, "context must be one of truth, .*; received 'all'"),
        ({"stride": 0}, "stride must be at least 1; received 0"),
        (
            {"crop": (16, 24)},
            r"crop must be two positive multiples of 16 pixels; received \(16, 24",
        ),
        ({"crop": (0, 16)}, "crop must be two positive multiples of 16"),
        ({"crop": (16,)}, "crop must be two positive multiples of 16"),
        ({"noise": -0.1}, "noise must not be negative; received -0.1"),
        ({"without": 1.0}, r"without must lie in \[0, 1\); received 1.0"),
        ({"steps": 0}, "steps must be at least 1; received 0"),
        ({"window": 0}, "window must be at least 1; received 0"),
    ],
)
def test_pairs_that_cannot_be(changes, message):
    with pytest.raises(InputError, match=message):
        Pairs(**changes)


def test_what_the_color_model_sees_is_kept(color, tmp_path, monkeypatch):
    first = consistency.see(TRAIN, color, False, tmp_path)
    monkeypatch.setattr(checkpoints.ColorModel, "extract_features", None)
    again = consistency.see(TRAIN, color, False, tmp_path)
    monkeypatch.undo()
    for one, other, made in zip(first, again, TRAIN.clips, strict=True):
        assert one.clip is other.clip is made
        np.testing.assert_array_equal(one.features, other.features)
        np.testing.assert_array_equal(one.chroma, other.chroma)
        y = yuv.luma(made.rgb)
        features, outputs = color.extract_features(y)
        np.testing.assert_allclose(one.features, features, rtol=2e-3, atol=1e-3)
        assert one.features.shape == (6, 16, 24, 8) and one.features.dtype == np.float16
        wanted = checkpoints.chroma_of(color, outputs, y)
        np.testing.assert_allclose(one.chroma, wanted, atol=1e-3)


def test_films_of_one_name_are_told_apart(color, tmp_path):
    pair = clips(clip("a.mp4", 0), clip("a.mov", 1))
    one, other = consistency.see(pair, color, False, tmp_path)
    assert not np.array_equal(one.features, other.features)


def batches_of(seen, color, pairs, settings=SETTINGS, own=None):
    return batches.training_batches(seen, own, color, CONFIG, settings, pairs)


def assert_same(one, other):
    for part, wanted in zip(one, other, strict=True):
        assert part.keys() == wanted.keys()
        for name, array in part.items():
            np.testing.assert_array_equal(array, wanted[name], err_msg=name)


def test_a_batch_follows_from_its_epoch_and_step(seen, color):
    pairs = dataclasses.replace(PAIRS, noise=0.05, without=0.5)
    make, again = (batches_of(seen, color, pairs) for _ in range(2))
    assert_same(make(1, 2), again(1, 2))
    others = [make(*place)[0]["y"] for place in ((0, 2), (1, 1), (2, 2))]
    others.append(
        batches_of(seen, color, pairs, dataclasses.replace(SETTINGS, seed=4))(1, 2)[0]["y"]
    )
    assert not any(np.array_equal(make(1, 2)[0]["y"], y) for y in others)


def test_validation_is_the_same_every_time(seen, color):
    for context in consistency.CONTEXTS:
        pairs = dataclasses.replace(PAIRS, context=context)
        make = batches.validation_batches(seen, color, CONFIG, SETTINGS, pairs)
        rounds = [list(make()) for _ in range(2)]
        assert len(rounds[0]) > 0
        for one, other in zip(*rounds, strict=True):
            assert_same(one, other)


@pytest.mark.parametrize("stride", [1, 3])
def test_a_pair_is_two_windows_at_the_same_place(stride, color, rng):
    """In films of noise, where no two windows look the same."""
    noise = [rng.integers(0, 256, (6, 24, 36, 3), np.uint8) for _ in range(2)]
    films = [dataclasses.replace(TRAIN.clips[0], rgb=rgb) for rgb in noise]
    seen = consistency.see(clips(*films), color, progress=False)
    pairs = dataclasses.replace(PAIRS, stride=stride)
    inputs, labels = batches_of(seen, color, pairs, dataclasses.replace(SETTINGS, batch_size=4))(
        0, 0
    )
    assert {name: x.shape[1:] for name, x in inputs.items()} == {
        **{"features": (8, 8, 8), "y": (16, 16, 1), "y_before": (16, 16, 1)},
        **{"context": (16, 16, 2), "valid": (16, 16, 1), "moved": (16, 16, 4)},
    }
    assert all(x.dtype == np.float32 for x in inputs.values()) and (inputs["valid"] == 1).all()
    windows = {}
    for number, one in enumerate(films):
        y, uv = yuv.rgb_to_yuv(one.rgb)
        for t, top, left in np.ndindex(len(one), 24 - 15, 36 - 15):
            place = np.s_[t, top : top + 16, left : left + 16]
            windows[y[place].tobytes()] = (number, t, top, left, uv[place])
    for k in range(4):
        now = windows[inputs["y"][k].tobytes()]
        before = windows[inputs["y_before"][k].tobytes()]
        number, t, top, left, uv = now
        assert before[:4] == (number, t - stride, top, left) and top % 2 == left % 2 == 0
        np.testing.assert_array_equal(inputs["context"][k], before[4])
        half = np.s_[t, top // 2 : top // 2 + 8, left // 2 : left // 2 + 8]
        np.testing.assert_array_equal(inputs["features"][k], seen[number].features[half])
        wanted = color.grid.encode(uv)
        np.testing.assert_array_equal(labels["u"][k], wanted[..., 0])
        np.testing.assert_array_equal(labels["v"][k], wanted[..., 1])


def test_noise_and_silence(seen, color):
    settings = dataclasses.replace(SETTINGS, batch_size=24)
    plain, _ = batches_of(seen, color, PAIRS, settings)(0, 0)
    make = batches_of(seen, color, dataclasses.replace(PAIRS, without=0.5), settings)
    told, silent = np.zeros(2, int), 0
    for step in range(4):
        valid = make(0, step)[0]["valid"].mean(axis=(1, 2, 3))
        assert set(valid) <= {0, 1}
        told += [(valid == 1).sum(), (valid == 0).sum()]
        silent += np.abs(make(0, step)[0]["context"][valid == 0]).sum()
    assert abs(told[0] / told.sum() - 0.5) < 0.15 and silent == 0
    noisy, _ = batches_of(seen, color, dataclasses.replace(PAIRS, noise=0.05), settings)(0, 0)
    added = noisy["context"][0] - plain["context"][0]  # the first pair is drawn before any noise
    assert 0 < added.std() < 0.06
    np.testing.assert_array_equal(noisy["y"][0], plain["y"][0])


def test_own_colourings_are_renewed_with_the_epoch_and_recalled_in_it(seen, color, tmp_path):
    pairs = dataclasses.replace(PAIRS, context="free")
    network = consistency_model.build(CONFIG, COLOR)
    made = [OwnColouring(network, CONFIG, color, seen, tmp_path, SETTINGS, pairs) for _ in range(2)]
    made[0].refresh(0)
    network.get_layer("decided").bias.assign(np.linspace(-9, 9, 10))  # learning went on
    made[1].refresh(0)
    assert made[0].first == made[1].first and (tmp_path / "own.npz").is_file()
    for one, other in zip(made[0].chroma, made[1].chroma, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.shape == (3, 24, 36, 2)
    made[1].refresh(1)
    assert any(
        not np.array_equal(one, other)
        for one, other in zip(made[0].chroma, made[1].chroma, strict=True)
    )
    frame, uv = made[1].pick(np.random.default_rng(0), 0)
    assert uv.shape == (1, 24, 36, 2) and uv.dtype == np.float32
    assert made[1].first[0] <= frame < made[1].first[0] + 3


def test_teacher_forcing_colours_nothing_by_itself(seen, color, tmp_path):
    own = OwnColouring(
        consistency_model.build(CONFIG, color.config),
        CONFIG,
        color,
        seen,
        tmp_path,
        SETTINGS,
        PAIRS,
    )
    own.refresh(0)
    assert not list(tmp_path.iterdir())


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def films(tmp_path):
    """A folder of three films, as folders of frames."""
    for k, name in enumerate("abc"):
        for t, rgb in enumerate(clip(name, k, frames=3).rgb):
            media.write_photo(tmp_path / "films" / name / f"{t}.png", rgb)
    return tmp_path / "films"


def command(clips, out, color, *words):
    small = ("--height", 32, "--epochs", 1, "--steps", 1, "--batch-size", 12, "--fps", 25)
    words = ("--clips", clips, "--out", out, "--color-model", color.folder, *small, *words)
    return ["train", "consistency", *map(str, words)]


def test_the_command_trains_on_films_and_coasts(films, color, tmp_path, capsys):
    out = tmp_path / "run"
    words = command(films, out, color, "--coasts", 1, "--coast-frames", 2, "--memory", "concat")
    assert main([*words, "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    card = checkpoints.read_card(out, "consistency")
    assert (card["name"], card["working_height"]) == ("run", 32)
    assert card["architecture"]["memory"] == "concat"
    assert card["training"]["crop"] == [32, 48]
    described = {"name": "films + coasts", "split": "train", "clips": 3, "frames": 3 + 3 + 2}
    assert described.items() <= card["dataset"].items()
    described = {"name": "films", "split": "val", "clips": 1, "frames": 3}
    assert described.items() <= card["validation"].items()
    assert card["dataset"]["sha256"] != card["validation"]["sha256"]
    assert card["command"].startswith("colorlab train consistency --clips films --out run ")
    assert str(tmp_path) not in json.dumps(card)
    state = files.sha256(out / "state.npz")
    assert main(words) == 0  # again: nothing to do
    assert "best epoch 1: validation loss" in capsys.readouterr().out
    assert files.sha256(out / "state.npz") == state


def test_a_manifest_says_what_validates(tmp_path, color, make_film, monkeypatch):
    for name in ("a", "b"):
        made = make_film(list(clip(name, 0, frames=3).rgb), f"{name}.mkv", form="yuv444p")
        (tmp_path / "films").mkdir(exist_ok=True)
        made.rename(tmp_path / "films" / made.name)
    manifest = tmp_path / "films.csv"
    manifest.write_text("file,source,split\na.mkv,x,val\nb.mkv,y,train\n")
    words = command(manifest, tmp_path / "run", color, "--quiet", "--max-frames", 2)
    first = words.index("--fps")
    del words[first : first + 2]  # films have a rate of their own
    given = []

    def stop(*args, **more):
        given.extend(args)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train_consistency", stop)
    assert main(words) == 130
    for data, split, name in zip(given, ("train", "val"), ("b.mkv", "a.mkv"), strict=False):
        (one,) = data.clips
        assert (data.split, one.name, len(one), one.rate) == (split, name, 2, 25)


def refused(capsys, words):
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_what_the_command_refuses(films, color, tmp_path, capsys):
    out = tmp_path / "run"
    shutil.rmtree(films / "b"), shutil.rmtree(films / "c")
    line = refused(capsys, command(films, out, color))
    assert f"{films} holds one film; training needs at least two" in line
    assert "give a folder of films, or a CSV manifest with the splits train and val" in line
    line = refused(capsys, command(films, out, color, "--noise", -1))
    assert "noise must not be negative; received -1.0" in line
    line = refused(capsys, command(tmp_path / "nowhere", out, color))
    assert "no clips at" in line
    assert "--context: invalid choice: 'all'" in refused(
        capsys, command(films, out, color, "--context", "all")
    )
    assert not out.exists()


def test_a_consistency_model_cannot_be_the_color_model(finished, films, tmp_path, capsys):
    words = ["train", "consistency", "--clips", films, "--out", tmp_path / "run", "--color-model"]
    line = refused(capsys, [str(word) for word in (*words, finished[0])])
    assert "is a consistency model, which colours films; a color model is needed here" in line


def test_the_command_offers_what_the_library_knows(capsys):
    with pytest.raises(SystemExit):
        main(["train", "consistency", "--help"])
    shown = "".join(capsys.readouterr().out.split())
    assert f"--context{{{','.join(consistency.CONTEXTS)}}}" in shown
    (names,) = re.findall(r"--memory{(.*?)}", shown)[:1]
    assert set(names.split(",")) == set(memories.MEMORIES)


def test_a_class_and_a_line_add_a_memory_everywhere(tiny_model, tmp_path, monkeypatch, capsys):
    """The program of docs/adding-a-model.md: in --help, trained, in a card, measured."""
    text = (Path(__file__).parents[1] / "docs/adding-a-model.md").read_text("utf-8")
    section = text.split("\n## A new film memory\n")[1]
    program = re.search(r"```python\n(.*?)```", section, re.S)[1]
    monkeypatch.setitem(memories.MEMORIES, "with-valid", None)  # takes the line back afterwards
    exec(compile(program, "adding-a-model.md", "exec"), {"__name__": "page"})

    with pytest.raises(SystemExit):
        main(["train", "consistency", "--help"])
    assert ",with-valid}" in "".join(capsys.readouterr().out.split())

    config = ConsistencyConfig("with-valid", context_width=4, width=8)
    folder = learn(tmp_path / "run", tiny_model, config=config)
    model = checkpoints.load_consistency(folder)
    assert model.config == config
    assert model.network.get_layer("with_valid").output.shape[-1] == 3

    entries = film_entries.entries([f"{folder}:truth"])
    (found,) = evaluation.evaluate_film(
        clips(clip("c.mp4", 2, frames=7)), entries, progress=False, cache=tmp_path / "flow"
    )["models"].values()
    assert found["kind"] == "consistency" and np.isfinite(found["loss"])
