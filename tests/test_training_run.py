"""The engine under every training, on a network of a few weights that has never seen a photo."""

import contextlib
import csv
import dataclasses
import errno
import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest

from colorlab import files, losses
from colorlab.errors import InputError
from colorlab.training import Settings
from colorlab.training.run import Run, Task, _padded

pytestmark = pytest.mark.keras

SETTINGS = Settings(epochs=3, batch_size=4, learning_rate=0.1, average=0.5, seed=3)
STEPS = 3


def network():
    """Two heads on one normalised convolution, with dropout, beside a frozen one."""
    x = keras.Input((8, 8, 1))
    options = {"kernel_initializer": keras.initializers.GlorotUniform(0), "padding": "same"}
    frozen = keras.layers.Conv2D(3, 3, name="frozen", trainable=False, **options)(x)
    shared = keras.layers.Conv2D(4, 1, name="shared", **options)(
        keras.layers.Concatenate()([x, frozen])
    )
    shared = keras.layers.BatchNormalization(momentum=0.5, name="norm")(shared)
    shared = keras.layers.SpatialDropout2D(0.1, seed=1, name="dropout")(shared)
    heads = {h: keras.layers.Conv2D(4, 1, name=f"{h}_head", **options)(shared) for h in "uv"}
    return keras.Model(x, heads)


def make(epoch, step):
    """A batch that is the same whenever it is asked for: the bins follow from the picture."""
    y = np.random.default_rng((epoch, step)).random((4, 8, 8, 1), np.float32)
    u = (4 * y[..., 0]).astype(np.int32)
    return y, {"u": u, "v": 3 - u}


def task(kept=None, **changes):
    return Task(
        **{
            "network": network(),
            "losses": losses.head_losses("crossentropy"),
            "metrics": {head: [losses.pixel_accuracy] for head in "uv"},
            "steps": STEPS,
            "batch": make,
            "validation": lambda: (make(99, k) for k in range(2)),
            "identity": {"architecture": {"n": 4}},
            "keep": [].append if kept is None else kept.append,
        }
        | changes
    )


def history(out):
    with open(out / "history.csv", newline="", encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def state(out):
    arrays = files.read_arrays(out / "state.npz")
    return json.loads(str(arrays.pop("facts"))), arrays


def assert_same_end(out, wanted):
    """Two folders hold the same run to 1e-6, apart from how long it took."""
    for row, other in zip(history(out), history(wanted), strict=True):
        for key in set(row) - {"seconds"}:
            assert row[key] == pytest.approx(other[key], abs=1e-6), key
    (facts, arrays), (other_facts, others) = state(out), state(wanted)
    assert facts["identity"] == other_facts["identity"]
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_allclose(array, others[name], rtol=0, atol=1e-6, err_msg=name)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """An uninterrupted run, and the rows of its best epochs."""
    out, kept = tmp_path_factory.mktemp("finished"), []
    Run(task(kept), SETTINGS, out).fit(progress=False)
    return out, kept


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished run that a test may spoil."""
    shutil.copytree(finished[0], tmp_path / "copy")
    return tmp_path / "copy"


def test_it_learns_and_keeps_every_epoch_that_is_the_best_yet(finished):
    out, kept = finished
    rows = history(out)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["loss"] < 0.8 * rows[0]["loss"]
    lowest = np.minimum.accumulate([row["val_loss"] for row in rows])
    best = [r["epoch"] for r, low in zip(rows, lowest, strict=True) if r["val_loss"] == low]
    assert [row["epoch"] for row in kept] == best


def test_the_frozen_layer_is_no_part_of_the_state(finished):
    _, arrays = state(finished[0])
    assert {name.split("/")[1] for name in arrays if name.startswith("network/")} == {
        *("shared", "norm", "dropout", "u_head", "v_head")
    }


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_the_learning_rate_follows_its_schedule(schedule, tmp_path):
    settings = dataclasses.replace(SETTINGS, schedule=schedule, epochs=10)
    run = Run(task(), settings, tmp_path)
    rates = []
    for step in range(30):
        run.optimizer.iterations.assign(step)
        rates.append(float(np.asarray(run.optimizer.learning_rate)))
    if schedule == "constant":
        np.testing.assert_allclose(rates, 0.1, rtol=1e-6)
    else:
        assert rates[0] == pytest.approx(0.1 / 20) and max(rates) == pytest.approx(0.1)
        assert np.argmax(rates) == 3 and rates[-1] < 0.01  # a tenth of 30 steps is warm-up


def test_an_interrupted_run_continues_to_the_same_end(finished, tmp_path):
    """Stopped while learning in the second epoch, then again while validating after it."""

    def stop(epoch, step):
        if (epoch, step) == (1, 2):
            raise KeyboardInterrupt
        return make(epoch, step)

    def stopped():
        raise KeyboardInterrupt

    begun = []
    for changes, steps in (({"batch": stop}, (1, 2)), ({"validation": stopped}, (1, 3))):
        with pytest.raises(KeyboardInterrupt):
            Run(task(begin=begun.append, **changes), SETTINGS, tmp_path).fit(progress=False)
        facts, _ = state(tmp_path)
        assert (facts["epoch"], facts["step"]) == steps
    Run(task(begin=begun.append), SETTINGS, tmp_path).fit(progress=False)
    assert begun == [0, 1, 1, 1, 2]
    assert_same_end(tmp_path, finished[0])


def test_a_finished_run_returns_at_once(copy):
    before = (copy / "state.npz").stat().st_mtime_ns
    Run(task(batch=None, validation=None), SETTINGS, copy).fit(progress=False)
    assert (copy / "state.npz").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("changes", "settings", "difference"),
    [
        ({"identity": {"architecture": {"n": 5}}}, {}, "architecture n was 4, is 5 now"),
        ({}, {"seed": 4, "epochs": 9}, "settings epochs was 3, is 9 now; settings seed was 3, is"),
        ({"identity": {}}, {}, "architecture n was 4, is None now"),
    ],
)
def test_a_folder_of_another_run(copy, changes, settings, difference):
    before = files.sha256(copy / "state.npz")
    with pytest.raises(InputError, match=r"holds a training with other settings, photos") as said:
        Run(task(**changes), dataclasses.replace(SETTINGS, **settings), copy)
    assert difference in str(said.value)
    assert files.sha256(copy / "state.npz") == before


def test_how_often_a_state_is_written_and_by_how_many_devices_makes_no_other_run(copy):
    Run(task(), dataclasses.replace(SETTINGS, save_every=7.0, devices=2), copy)


def test_a_network_of_other_layers(copy):
    other = network()
    other.get_layer("shared").trainable = False
    with pytest.raises(InputError, match="another network"):
        Run(task(network=other), SETTINGS, copy)


@pytest.mark.parametrize("length", [0, 1000, -1])
def test_a_cut_state(copy, length):
    raw = (copy / "state.npz").read_bytes()
    (copy / "state.npz").write_bytes(raw[:length])
    with pytest.raises(InputError, match=r"state\.npz cannot be read .*restore or delete it"):
        Run(task(), SETTINGS, copy)


@pytest.mark.parametrize("facts", [None, "no JSON", "{}", '{"identity": "a digest"}', "[]"])
def test_a_state_of_something_else(copy, facts):
    arrays = {} if facts is None else {"facts": np.array(facts)}
    np.savez(copy / "state.npz", weights=np.zeros(3), **arrays)
    with pytest.raises(InputError, match=r"is not the state of a training; delete it"):
        Run(task(), SETTINGS, copy)


def test_averaging_swaps_weights_in_and_back(copy):
    run = Run(task(), SETTINGS, copy)

    def weights():
        trainable = run.task.network.trainable_variables
        return [np.asarray(v).copy() for v in trainable]

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
    run.settings = dataclasses.replace(SETTINGS, average=0.0)
    with run.averaged_weights():
        for a, b in zip(before, weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path):
    def broken(epoch, step):
        y, targets = make(epoch, step)
        return y * np.float32(1 if step < 1 else np.nan), targets

    with pytest.raises(InputError, match="loss became nan at epoch 1, step 2; lower the learning"):
        Run(task(batch=broken), SETTINGS, tmp_path).fit(progress=False)
    facts, arrays = state(tmp_path)  # of the last good step
    assert (facts["epoch"], facts["step"]) == (0, 1)
    assert np.isfinite(facts["sums"]["loss"])
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_a_validation_loss_that_is_not_a_number_stops_the_run(tmp_path):
    def broken():
        y, targets = make(99, 0)
        return [(y, targets), (y * np.float32(np.nan), targets)]

    kept = []
    with pytest.raises(InputError, match="validation loss became nan at epoch 1; lower the learn"):
        Run(task(kept, validation=broken), SETTINGS, tmp_path).fit(progress=False)
    facts, _ = state(tmp_path)
    assert (facts["epoch"], facts["step"], facts["history"], kept) == (0, STEPS, [], [])


def test_a_disk_that_fills_up_costs_one_step(small_disk, finished):
    out, filler = small_disk / "run", small_disk / "filler"
    out.mkdir()

    def fill(epoch):  # while no state is being written, as one may be when a batch is made
        if epoch == 1:
            with contextlib.suppress(OSError), open(filler, "ab", buffering=0) as file:
                while True:
                    file.write(bytes(1024))

    with pytest.raises(InputError, match=r"cannot write .*state\.npz: No space left .*Free some"):
        Run(task(begin=fill), SETTINGS, out).fit(progress=False)
    facts, _ = state(out)
    assert (facts["epoch"], facts["step"]) == (1, 0)  # the step after it is the one that it cost
    assert sorted(os.listdir(out)) == ["history.csv", "state.npz"]
    filler.unlink()
    Run(task(), SETTINGS, out).fit(progress=False)
    assert_same_end(out, finished[0])


def test_a_state_that_cannot_be_written_leaves_the_last_one(finished, tmp_path, monkeypatch):
    savez, written = np.savez, iter(range(5))

    def full(path, **arrays):
        if next(written, None) is not None:
            return savez(path, **arrays)
        path.write_bytes(b"half a state")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(InputError, match=r"cannot write .*state\.npz: No space left"):
        Run(task(), SETTINGS, tmp_path).fit(progress=False)
    facts, _ = state(tmp_path)
    assert (facts["epoch"], facts["step"]) == (1, 1)  # four states an epoch; the sixth failed
    assert sorted(os.listdir(tmp_path)) == ["history.csv", "state.npz"]
    monkeypatch.undo()
    Run(task(), SETTINGS, tmp_path).fit(progress=False)
    assert_same_end(tmp_path, finished[0])


@pytest.mark.parametrize(("seconds", "states"), [(0.0, 4), (1e9, 2)])
def test_how_often_a_state_is_written(seconds, states, tmp_path, monkeypatch):
    """After every step; or only when the steps of an epoch are done, and when it is measured."""
    saved, save = [], Run.save
    monkeypatch.setattr(Run, "save", lambda run, **how: saved.append(how) or save(run, **how))
    settings = dataclasses.replace(SETTINGS, epochs=1, save_every=seconds)
    Run(task(), settings, tmp_path).fit(progress=False)
    assert saved == [{}] * (states - 1) + [{"sync": True}]


def test_what_a_killed_process_left_is_removed(copy):
    (copy / "best").mkdir()
    foreign = copy / "mine" / ".state.0123abcd.part.npz"
    foreign.parent.mkdir()
    for name in (".state.0123abcd.part.npz", "best/.weights.0123abcd.part.npz", foreign):
        (copy / name).touch()
    Run(task(), SETTINGS, copy)
    left = sorted(p.name for p in copy.rglob("*") if p != foreign)
    assert left == ["best", "history.csv", "mine", "state.npz"] and foreign.exists()


# --- Ctrl-C --------------------------------------------------------------------------------------


@pytest.fixture
def ctrl_c():
    """Python's own answer to Ctrl-C, as in a terminal; a way to press it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: signal.getsignal(signal.SIGINT)(signal.SIGINT, None)
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_ctrl_c_waits_for_the_end_of_the_step(finished, ctrl_c, tmp_path):
    seldom = dataclasses.replace(SETTINGS, save_every=1e9)

    def pressed(epoch, step):
        if (epoch, step) == (1, 1):
            signal.raise_signal(signal.SIGINT)  # Python runs handlers in the main thread
        return make(epoch, step)

    with pytest.raises(KeyboardInterrupt, match=r"to go on from epoch 2, step \d of"):
        Run(task(batch=pressed), seldom, tmp_path).fit(progress=False)
    facts, _ = state(tmp_path)
    assert facts["epoch"] == 1 and facts["step"] in (1, 2)
    Run(task(), SETTINGS, tmp_path).fit(progress=False)
    assert_same_end(tmp_path, finished[0])


def test_a_second_ctrl_c_does_not_wait(ctrl_c, tmp_path):
    def validation():
        ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()
        return [make(99, 0)]

    with pytest.raises(KeyboardInterrupt, match="from epoch 1, step 3 of 3"):
        Run(task(validation=validation), SETTINGS, tmp_path).fit(progress=False)


@pytest.mark.parametrize(("epochs", "place"), [(2, "from epoch 2, step 0 of 3"), (1, "after the")])
def test_ctrl_c_while_the_best_epoch_is_kept(epochs, place, ctrl_c, tmp_path):
    """Too late to spare a step, of the last epoch too: what is left is written, then it stops."""
    settings = dataclasses.replace(SETTINGS, epochs=epochs)
    with pytest.raises(KeyboardInterrupt, match=f"run the same again to go on {place}"):
        Run(task(keep=lambda row: ctrl_c()), settings, tmp_path).fit(progress=False)
    facts, _ = state(tmp_path)
    assert (facts["epoch"], facts["step"], len(history(tmp_path))) == (1, 0, 1)


def test_who_ignores_ctrl_c_goes_on_ignoring_it(ctrl_c, tmp_path):
    def validation():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        return [make(99, 0)]

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Run(task(validation=validation), dataclasses.replace(SETTINGS, epochs=1), tmp_path).fit(False)
    signal.signal(signal.SIGINT, signal.default_int_handler)


# --- several devices -----------------------------------------------------------------------------


def test_a_batch_is_filled_up_until_the_devices_share_it_evenly(rng):
    inputs = {"y": rng.random((3, 2, 2, 1), np.float32), "before": np.zeros((3, 2, 2, 2), "f4")}
    targets = {head: rng.integers(0, 4, (3, 2, 2)).astype(np.int32) for head in "uv"}
    assert _padded((inputs, targets), 3) == (inputs, targets, None)
    padded, labels, weights = _padded((inputs, targets), 2)
    np.testing.assert_array_equal(weights, np.float32([1, 1, 1, 0]))
    for filled, plain in ((padded, inputs), (labels, targets)):
        for name, array in plain.items():
            assert filled[name].dtype == array.dtype
            np.testing.assert_array_equal(filled[name][:3], array)
    assert all((array[3] == -1).all() for array in padded.values())
    assert all((array[3] == 0).all() for array in labels.values())
