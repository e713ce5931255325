"""Training learns, keeps the best epoch, and continues where it was stopped."""

import csv
import dataclasses
import json
import os
import shutil

import numpy as np
import pytest

from colorlab import bins, checkpoints, color_model, files, training, yuv
from colorlab.color_model import ColorModelConfig
from colorlab.datasets import Manifest, PhotoSet
from colorlab.decode import softmax
from colorlab.errors import InputError
from colorlab.training import Settings, train_color

pytestmark = pytest.mark.keras

# Small, and few shapes: compiling takes longer than computing.
CONFIG = ColorModelConfig(n=8, taps=(1,), widths=(8,), context=8, dropout=0.2)
SETTINGS = Settings(
    **{"epochs": 3, "batch_size": 4, "learning_rate": 0.03, "average": 0.5, "crop": 16},
    **{"precision": "float32", "seed": 3, "soft": 0.5},
)


def beach(count, seed, name="beach", size=32):
    """A set of small pictures: sky above sand, each a little different, with noise."""
    rng = np.random.default_rng(seed)
    sky, sand = np.array([90, 150, 230]), np.array([220, 190, 120])
    rgb = np.empty((count, size, size, 3), np.uint8)
    for picture in rgb:
        horizon = rng.integers(size // 4, 3 * size // 4)
        light = rng.uniform(0.7, 1.05) + rng.normal(0, 0.03, (size, size, 1))
        half = np.where(np.arange(size)[:, None, None] < horizon, sky, sand)
        picture[:] = np.clip(half * light, 0, 255)
    return PhotoSet(Manifest(name, (), (), "train", f"{seed:064d}"), rgb, 1)


TRAIN, VALIDATION, ODD = beach(12, 0), beach(8, 1, "val"), beach(5, 1, "val")


def train(out, config=CONFIG, settings=SETTINGS, photos=TRAIN, validation=VALIDATION):
    return train_color(
        photos,
        validation,
        out,
        config,
        settings,
        None,
        "tiny",
        "colorlab train color",
        progress=False,
    )


def history(out):
    with open(out / "history.csv", newline="", encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def state(out):
    arrays = files.read_arrays(out / "state.npz")
    return json.loads(str(arrays.pop("facts"))), arrays


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """An uninterrupted run with dropout, crops and averaged weights."""
    out = tmp_path_factory.mktemp("finished") / "run"
    assert train(out) == out / "best"
    return out


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished run that a test may spoil."""
    shutil.copytree(finished, tmp_path / "copy")
    return tmp_path / "copy"


def test_the_loss_falls(finished):
    rows = history(finished)
    assert rows[-1]["loss"] < 0.8 * rows[0]["loss"]


def test_the_history_has_a_row_per_epoch(finished):
    rows = history(finished)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    parts = ["loss", "accuracy_u", "accuracy_v", "loss_u", "loss_v"]
    assert sorted(rows[0]) == sorted(["epoch", "seconds", *parts, *(f"val_{p}" for p in parts)])
    for row in rows:
        for prefix in ("", "val_"):
            both = row[f"{prefix}loss_u"] + row[f"{prefix}loss_v"]
            assert row[f"{prefix}loss"] == pytest.approx(both, abs=1e-5)
            assert 0 <= row[f"{prefix}accuracy_u"] <= 1
    assert rows[0]["seconds"] <= rows[-1]["seconds"]


def test_the_run_leaves_nothing_half_written(finished):
    assert sorted(os.listdir(finished)) == ["best", "history.csv", "state.npz"]
    assert sorted(os.listdir(finished / "best")) == ["card.json", "weights.npz"]


def test_the_best_epoch_predicts_what_the_history_says(finished):
    model = checkpoints.load(finished)
    rows = history(finished)
    best = min(rows, key=lambda row: row["val_loss"])
    assert model.card["training"]["best_epoch"] == best["epoch"]
    y, targets = training.prepare(VALIDATION.rgb, CONFIG)
    heads = color_model.at_head_resolution(model.network).predict_on_batch(y)
    log_p = {head: np.log(softmax(np.asarray(heads[head]))) for head in "uv"}
    for head in "uv":
        picked = np.take_along_axis(log_p[head], targets[head][..., None], axis=-1)
        assert -picked.mean() == pytest.approx(best[f"val_loss_{head}"], rel=0.01)
    assert model.chroma(y).shape == (8, 32, 32, 2)


def test_the_card_says_how_it_came_to_be(finished):
    card = checkpoints.read_card(finished)
    assert (card["schema"], card["name"], card["kind"]) == (1, "tiny", "color")
    assert (card["n"], card["align"], card["working_size"]) == (8, "edge", 32)
    assert ColorModelConfig.from_json(card["architecture"]) == CONFIG
    assert card["training"]["seed"] == 3
    assert card["training"]["precision"] == "float32"
    assert card["dataset"] == {
        **{"name": "beach", "split": "train", "sha256": f"{0:064d}"},
        **{"photos": 12, "skipped_grey": 1, "size": 32},
    }
    assert card["validation"]["name"] == "val"
    assert card["command"] == "colorlab train color"
    assert card["parameters"]["frozen"] == 38_720  # VGG's first block
    np.testing.assert_allclose(card["prior"], training.count_prior(TRAIN, CONFIG), atol=1e-8)
    assert "/" not in json.dumps(card["dataset"])


def test_a_finished_run_returns_at_once(copy, monkeypatch):
    before = (copy / "state.npz").stat().st_mtime_ns
    monkeypatch.setattr(training.color, "batch", None)  # nothing is learnt or measured
    assert train(copy) == copy / "best"
    assert (copy / "state.npz").stat().st_mtime_ns == before


def test_an_interrupted_run_continues_to_the_same_end(finished, tmp_path, monkeypatch):
    """Stopped while learning in the second epoch, then again while validating after it."""
    whole = training.color.batch
    for batches, step in ((7, 2), (1, 3)):  # an epoch takes 3 batches to learn, 2 to validate
        left = iter(range(batches))

        def interrupted(*args, left=left):
            if next(left, None) is None:
                raise KeyboardInterrupt
            return whole(*args)

        monkeypatch.setattr(training.color, "batch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path)
        facts, _ = state(tmp_path)
        assert (facts["epoch"], facts["step"]) == (1, step)
        assert len(history(tmp_path)) == 1
    monkeypatch.setattr(training.color, "batch", whole)
    train(tmp_path)

    for row, wanted in zip(history(tmp_path), history(finished), strict=True):
        for key in set(row) - {"seconds"}:
            assert row[key] == pytest.approx(wanted[key], abs=1e-6), key
    facts, arrays = state(tmp_path)
    wanted_facts, wanted_arrays = state(finished)
    assert facts["identity"] == wanted_facts["identity"]
    assert arrays.keys() == wanted_arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_allclose(array, wanted_arrays[name], rtol=0, atol=1e-6, err_msg=name)
    best, wanted_best = (
        files.read_arrays(out / "best" / "weights.npz") for out in (tmp_path, finished)
    )
    for name, array in best.items():
        np.testing.assert_allclose(array, wanted_best[name], rtol=1e-3, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        ({"config": dataclasses.replace(CONFIG, n=10)}, "architecture n was 8, is 10 now"),
        ({"settings": dataclasses.replace(SETTINGS, seed=4)}, "settings seed was 3, is 4 now"),
        ({"photos": beach(12, 9)}, "photos sha256 was 0+, is 0+9 now"),
    ],
    ids=["n", "seed", "photos"],
)
def test_a_folder_of_another_run(copy, other, difference):
    before = files.sha256(copy / "state.npz")
    with pytest.raises(InputError, match=f"settings, photos or bins .{difference}"):
        train(copy, **other)
    assert files.sha256(copy / "state.npz") == before


def test_a_run_goes_on_in_the_precision_it_began_with(copy, monkeypatch):
    auto = dataclasses.replace(SETTINGS, precision="auto")
    monkeypatch.setattr(training.color.devices, "precision", lambda wanted: "float32")
    assert train(copy, settings=auto) == copy / "best"
    monkeypatch.setattr(training.color.devices, "precision", lambda wanted: "mixed_bfloat16")
    with pytest.raises(InputError, match="precision was float32, is mixed_bfloat16 now"):
        train(copy, settings=auto)


def test_the_rebalanced_loss_weighs_rare_colours_more(tmp_path):
    settings = dataclasses.replace(SETTINGS, loss="rebalanced", epochs=1, crop=None, average=0.0)
    train(tmp_path, settings=settings, validation=ODD)  # the last batch is not full
    (row,) = history(tmp_path)
    model = checkpoints.load(tmp_path)
    y, targets = training.prepare(ODD.rgb, CONFIG)
    outputs = color_model.at_head_resolution(model.network).predict_on_batch(y)
    weights = bins.rebalance_weights(training.count_prior(TRAIN, CONFIG))
    for k, head in enumerate("uv"):
        log_p = np.log(softmax(np.asarray(outputs[head])))
        picked = np.take_along_axis(log_p, targets[head][..., None], axis=-1)[..., 0]
        wanted = -(weights[k][targets[head]] * picked).mean()
        assert row[f"val_loss_{head}"] == pytest.approx(wanted, rel=0.02)


def test_regression_learns(tmp_path):
    config = dataclasses.replace(CONFIG, taps=(2,), head="chroma", dropout=0.0)
    settings = dataclasses.replace(SETTINGS, loss="euclidean", crop=None, average=0.0, flip=False)
    train(tmp_path, config, settings)
    rows = history(tmp_path)
    assert sorted(rows[0]) == sorted(
        [*("epoch", "seconds", "loss", "loss_u", "loss_v", "val_loss", "val_loss_u", "val_loss_v")]
    )
    assert rows[-1]["val_loss"] < rows[0]["loss"]
    model = checkpoints.load(tmp_path)
    y, uv = yuv.rgb_to_yuv(VALIDATION.rgb)
    error = np.square(model.chroma(y) - uv).sum(axis=-1).mean()
    assert error == pytest.approx(min(r["val_loss"] for r in rows), rel=0.3)


def test_prepare_averages_the_chroma_a_head_stands_for(rng):
    rgb = rng.integers(0, 256, (2, 16, 32, 3), np.uint8)
    y, uv = yuv.rgb_to_yuv(rgb)
    mean = (uv[:, ::2, ::2] + uv[:, 1::2, ::2] + uv[:, ::2, 1::2] + uv[:, 1::2, 1::2]) / 4
    bins_of_2 = dataclasses.replace(CONFIG, taps=(2,))
    config = dataclasses.replace(bins_of_2, head="chroma")
    got, targets = training.prepare(rgb, config)
    np.testing.assert_array_equal(got, y)
    both = np.concatenate([targets["u"], targets["v"]], axis=-1)
    np.testing.assert_allclose(both, mean, atol=1e-6)
    _, labels = training.prepare(rgb, bins_of_2)
    assert labels["u"].shape == (2, 8, 16)
    assert labels["u"].dtype == np.int32
    close = np.abs(CONFIG.grid.encode(mean)[..., 1] - labels["v"])
    assert (close == 0).mean() > 0.999
    _, labels = training.prepare(rgb, CONFIG)
    np.testing.assert_array_equal(labels["u"], CONFIG.grid.encode(uv)[..., 0])


def test_the_prior_counts_every_pixel():
    prior = training.count_prior(TRAIN, CONFIG)
    labels = CONFIG.grid.encode(yuv.rgb_to_yuv(TRAIN.rgb)[1]).reshape(-1, 2)
    for axis in range(2):
        np.testing.assert_allclose(
            prior[axis], np.bincount(labels[:, axis], minlength=8) / len(labels)
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1; received 0"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be a finite number above 0; received 0.0"),
        ({"learning_rate": float("inf")}, "learning_rate must be a finite number above 0"),
        ({"curve": float("inf")}, "curve must be a finite number from 0 up; received inf"),
        ({"grain": float("nan")}, "grain must be a finite number from 0 up; received nan"),
        ({"weight_decay": float("inf")}, "weight_decay must be a finite number from 0 up"),
        ({"seed": -1}, "seed must be a whole number from 0 up; received -1"),
        ({"schedule": "linear"}, "schedule must be one of cosine, constant; received 'linear'"),
        ({"learning_rate": float("nan")}, "learning_rate must be a finite number above 0"),
        ({"weight_decay": -1.0}, "weight_decay must be a finite number from 0 up"),
        ({"average": 1.0}, r"average must lie in \[0, 1\)"),
        ({"crop": 24}, "crop must be a positive multiple of 16 pixels; received 24"),
        ({"crop": 0}, "crop must be a positive multiple"),
        ({"loss": "mse"}, "loss must be one of crossentropy, rebalanced, euclidean"),
        ({"save_every": -1.0}, "save_every must be a finite number of seconds from 0 up"),
        ({"save_every": float("inf")}, "save_every must be a finite number .* received inf"),
        ({"devices": 0}, "devices must be at least 1; received 0"),
        ({"precision": "float16"}, "precision must be auto, float32 or mixed_bfloat16"),
    ],
)
def test_settings_that_cannot_be(changes, message):
    with pytest.raises(InputError, match=message):
        Settings(**changes)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            {"photos": beach(3, 0)},
            "3 training photos do not fill a batch of 4; add photos or lower the batch size",
        ),
        (
            {"settings": dataclasses.replace(SETTINGS, loss="euclidean")},
            "the loss 'euclidean' does not fit the head 'bins'",
        ),
        (
            {"config": dataclasses.replace(CONFIG, head="chroma")},
            "the loss 'crossentropy' does not fit the head 'chroma'",
        ),
        (
            {"settings": dataclasses.replace(SETTINGS, crop=48)},
            "crops of 48 pixels do not fit photos of 32",
        ),
        (
            {"photos": beach(4, 0, size=24), "settings": dataclasses.replace(SETTINGS, crop=None)},
            "size must be a multiple of 16; received 24",
        ),
        ({"validation": beach(4, 0, size=24)}, "size must be a multiple of 16; received 24"),
    ],
)
def test_what_does_not_fit_together_is_refused_before_any_work(tmp_path, other, message):
    with pytest.raises(InputError, match=message):
        train(tmp_path / "run", **other)
    assert not list((tmp_path / "run").glob("*"))


def test_an_output_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        train(tmp_path / "file" / "run")


def test_a_training_can_start_from_a_trained_model(finished, tmp_path):
    start = checkpoints.load(finished)
    gentle = dataclasses.replace(SETTINGS, epochs=1, learning_rate=1e-9, average=0.0)
    train_color(TRAIN, VALIDATION, tmp_path / "on", None, gentle, start, progress=False)
    card = checkpoints.read_card(tmp_path / "on")
    assert card["started_from"]["weights_sha256"] == start.card["weights"]["sha256"]
    assert card["started_from"]["heads"] == "copied"
    kept, new = (
        color_model.own_variables(m.network) for m in (start, checkpoints.load(tmp_path / "on"))
    )
    for path in kept:
        if not path.split("/")[1].startswith("moving"):
            np.testing.assert_allclose(new[path], kept[path], atol=2e-3, err_msg=path)
    cold = dataclasses.replace(gentle, seed=4)
    with pytest.raises(InputError, match="another --out"):
        train(tmp_path / "on", settings=cold)


@pytest.mark.parametrize(
    "other",
    [
        {"n": 9, "align": "centre", "dropout": 0.0},
        {"head": "chroma"},
    ],
    ids=["bins", "regression"],
)
def test_a_start_with_other_heads_copies_the_trunk(other, finished, tmp_path):
    start, config = checkpoints.load(finished), dataclasses.replace(CONFIG, **other)
    network = color_model.build(config, seed=5)
    drawn = {path: np.asarray(v).copy() for path, v in color_model.own_variables(network).items()}
    assert checkpoints.copy_weights(start, network, config) is False
    theirs = color_model.own_variables(start.network)
    for path, variable in color_model.own_variables(network).items():
        wanted = drawn[path] if "_head/" in path else np.asarray(theirs[path])
        np.testing.assert_array_equal(np.asarray(variable), wanted, err_msg=path)
    assert any("_head/" in path for path in drawn)


def test_the_card_says_that_the_heads_were_drawn_anew(finished, tmp_path):
    config = dataclasses.replace(CONFIG, n=9, align="centre")
    settings = dataclasses.replace(SETTINGS, epochs=1)
    start = checkpoints.load(finished)
    train_color(TRAIN, VALIDATION, tmp_path, config, settings, start, progress=False)
    card = checkpoints.read_card(tmp_path)
    assert card["n"] == 9
    assert card["started_from"]["heads"] == "drawn anew"
    assert card["started_from"]["training"]["best_epoch"] >= 1


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"taps": (2,)}, r"taps \[1\] for \[2\]"),
        ({"widths": (4,), "n": 10}, r"widths \[8\] for \[4\]"),
        ({"context": 0}, "context 8 for 0"),
        ({"backbone": None}, "backbone embedded for None"),
    ],
)
def test_a_start_with_another_trunk_is_refused(other, said, finished, tmp_path):
    config = dataclasses.replace(CONFIG, **other)
    with pytest.raises(InputError, match=f"another architecture .*{said}"):
        train_color(
            *(TRAIN, VALIDATION, tmp_path, config, SETTINGS),
            checkpoints.load(finished),
            progress=False,
        )


def test_a_start_on_a_random_backbone_keeps_its_seed(finished, tmp_path):
    start = checkpoints.load(finished)
    random = dataclasses.replace(start, config=dataclasses.replace(CONFIG, backbone=None))
    settings = dataclasses.replace(SETTINGS, seed=4)
    with pytest.raises(InputError, match="was drawn with the seed 3; start from it with that seed"):
        train_color(TRAIN, VALIDATION, tmp_path, None, settings, random, progress=False)
