"""Training learns, keeps the best epoch, and continues where it was stopped."""

import csv
import dataclasses
import errno
import json
import os
import shutil

import keras
import numpy as np
import pytest

from colorlab import bins, checkpoints, color_model, files, training, yuv
from colorlab.color_model import ColorModelConfig
from colorlab.datasets import Manifest, PhotoSet
from colorlab.errors import InputError
from colorlab.training import Settings, train_color

pytestmark = pytest.mark.keras

# Small, and few shapes: compiling takes longer than computing.
CONFIG = ColorModelConfig(n=8, taps=(1,), widths=(8,), context=8, dropout=0.2)
SETTINGS = Settings(
    **{"epochs": 3, "batch_size": 4, "learning_rate": 0.03, "average": 0.5, "crop": 16},
    **{"precision": "float32", "seed": 3},
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
    log_p = {head: np.log(checkpoints.softmax(np.asarray(heads[head]))) for head in "uv"}
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
    monkeypatch.setattr(training, "batch", None)  # nothing is learnt or measured
    assert train(copy) == copy / "best"
    assert (copy / "state.npz").stat().st_mtime_ns == before


def test_an_interrupted_run_continues_to_the_same_end(finished, tmp_path, monkeypatch):
    """Stopped while learning in the second epoch, then again while validating after it."""
    whole = training.batch
    eager = dataclasses.replace(SETTINGS, save_every=0.0)  # a state after every step
    for batches, step in ((7, 2), (1, 3)):  # an epoch takes 3 batches to learn, 2 to validate
        left = iter(range(batches))

        def interrupted(*args, left=left):
            if next(left, None) is None:
                raise KeyboardInterrupt
            return whole(*args)

        monkeypatch.setattr(training, "batch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, settings=eager)
        facts, _ = state(tmp_path)
        assert (facts["epoch"], facts["step"]) == (1, step)
        assert len(history(tmp_path)) == 1
    monkeypatch.setattr(training, "batch", whole)
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
    "other",
    [
        {"config": dataclasses.replace(CONFIG, n=10)},
        {"settings": dataclasses.replace(SETTINGS, seed=4)},
        {"photos": beach(12, 9)},
    ],
    ids=["n", "seed", "photos"],
)
def test_a_folder_of_another_run(copy, other):
    before = files.sha256(copy / "state.npz")
    with pytest.raises(InputError, match=r"holds a training with other settings, photos or bins"):
        train(copy, **other)
    assert files.sha256(copy / "state.npz") == before


@pytest.mark.parametrize("length", [0, 1000, -1])
def test_a_cut_state(copy, length):
    raw = (copy / "state.npz").read_bytes()
    (copy / "state.npz").write_bytes(raw[:length])
    with pytest.raises(InputError, match=r"state\.npz cannot be read .*restore or delete it"):
        train(copy)


@pytest.mark.parametrize("facts", [{}, {"facts": np.array("no JSON")}])
def test_a_state_of_something_else(copy, facts):
    np.savez(copy / "state.npz", weights=np.zeros(3), **facts)
    with pytest.raises(InputError, match=r"is not the state of a training; delete it"):
        train(copy)


def test_averaging_swaps_weights_in_and_back(copy):
    run = training._Run(TRAIN, VALIDATION, copy, CONFIG, SETTINGS, None)
    run.restore()

    def weights():
        return [keras.ops.convert_to_numpy(v).copy() for v in run.heads.trainable_variables]

    before = weights()
    with run.averaged_weights():
        averaged = weights()
    _, arrays = state(copy)
    saved = [arrays[f"optimizer/{k}"] for k in range(len(run.optimizer.variables))]
    assert any(not np.array_equal(a, b) for a, b in zip(before, averaged, strict=True))
    for value in averaged:
        assert any(np.array_equal(value, array) for array in saved)
    with pytest.raises(RuntimeError), run.averaged_weights():
        raise RuntimeError
    for a, b in zip(before, weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    plain = dataclasses.replace(SETTINGS, average=0.0)
    run.settings = plain
    with run.averaged_weights():
        for a, b in zip(before, weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path, monkeypatch):
    whole, calls = training.prepare, iter(range(10))

    def broken(*args):
        y, targets = whole(*args)
        factor = np.float32(1 if next(calls) < 1 else np.nan)  # from the second step on
        return y, {head: factor * target for head, target in targets.items()}

    monkeypatch.setattr(training, "prepare", broken)
    settings = dataclasses.replace(SETTINGS, loss="euclidean", save_every=0.0)
    with pytest.raises(InputError, match="loss became nan at epoch 1, step 2; lower the learning"):
        train(tmp_path, dataclasses.replace(CONFIG, head="chroma"), settings)
    facts, arrays = state(tmp_path)  # of the last good step
    assert (facts["epoch"], facts["step"]) == (0, 1)
    assert np.isfinite(facts["sums"]["loss"])
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_the_rebalanced_loss_weighs_rare_colours_more(tmp_path):
    settings = dataclasses.replace(SETTINGS, loss="rebalanced", epochs=1, crop=None, average=0.0)
    train(tmp_path, settings=settings, validation=ODD)  # the last batch is not full
    (row,) = history(tmp_path)
    model = checkpoints.load(tmp_path)
    y, targets = training.prepare(ODD.rgb, CONFIG)
    outputs = color_model.at_head_resolution(model.network).predict_on_batch(y)
    weights = bins.rebalance_weights(training.count_prior(TRAIN, CONFIG))
    for k, head in enumerate("uv"):
        log_p = np.log(checkpoints.softmax(np.asarray(outputs[head])))
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
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive"),
        ({"weight_decay": -1.0}, "weight_decay must not be negative"),
        ({"average": 1.0}, r"average must lie in \[0, 1\)"),
        ({"crop": 24}, "crop must be a positive multiple of 16 pixels; received 24"),
        ({"crop": 0}, "crop must be a positive multiple"),
        ({"loss": "mse"}, "loss must be one of crossentropy, rebalanced, euclidean"),
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


def test_a_disk_that_fills_up_keeps_the_last_state(copy, monkeypatch):
    run = training._Run(TRAIN, VALIDATION, copy, CONFIG, SETTINGS, None)
    before = files.sha256(copy / "state.npz")

    def full(path, **arrays):
        path.write_bytes(b"half a state")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(InputError, match=r"cannot write .*state\.npz: No space left"):
        run.save()
    assert files.sha256(copy / "state.npz") == before
    assert sorted(os.listdir(copy)) == ["best", "history.csv", "state.npz"]


def test_a_training_can_start_from_a_trained_model(finished, tmp_path):
    start = checkpoints.load(finished)
    gentle = dataclasses.replace(SETTINGS, epochs=1, learning_rate=1e-9, average=0.0)
    train_color(TRAIN, VALIDATION, tmp_path / "on", None, gentle, start, progress=False)
    card = checkpoints.read_card(tmp_path / "on")
    assert card["started_from"]["weights_sha256"] == start.card["weights"]["sha256"]
    kept, new = (
        color_model.own_variables(m.network) for m in (start, checkpoints.load(tmp_path / "on"))
    )
    for path in kept:
        if not path.split("/")[1].startswith("moving"):
            np.testing.assert_allclose(new[path], kept[path], atol=2e-3, err_msg=path)
    cold = dataclasses.replace(gentle, seed=4)
    with pytest.raises(InputError, match="another --out"):
        train(tmp_path / "on", settings=cold)


def test_a_start_of_another_architecture_is_refused(finished, tmp_path):
    other = dataclasses.replace(CONFIG, n=10)
    with pytest.raises(InputError, match="another architecture"):
        train_color(
            TRAIN,
            VALIDATION,
            tmp_path / "x",
            other,
            SETTINGS,
            checkpoints.load(finished),
            progress=False,
        )
