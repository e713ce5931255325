"""Memories remember what they are told to, cost alike, and are judged by the stated rule."""

import dataclasses

import keras
import numpy as np
import pytest
from PIL import Image

from colorlab import checkpoints, consistency_model, files
from colorlab import strips as film_strips
from colorlab.color_model import ColorModelConfig
from colorlab.errors import InputError
from colorlab.strips import rolling
from studies import recurrent
from studies.cli import main
from studies.film import effort, figures, memories, windows
from studies.film.memories import KINDS, MemoryConfig, Remembering
from studies.film.windows import Recipe
from studies.harness import Asked

# The experiment as a whole runs on one backend; what it trains is tested on both.

COLOR = ColorModelConfig(n=8, taps=(2,), widths=(8,), context=0)
SIZE = (32, 48)


def small(kind, seed=0):
    return memories.build(MemoryConfig(kind, context_width=4, width=8, kept=3), COLOR, seed)


def frames(rng, films, length, height=20, width=30):
    """Features, luma and contexts of windows."""
    features = rng.random((films, length, 16, 16, 8), np.float32)
    y = rng.random((films, length, height, width, 1), np.float32)
    context = rng.uniform(-0.3, 0.3, (films, length, height, width, 2)).astype(np.float32)
    return features, y, context


@pytest.fixture(scope="module")
def color(make_film_model):
    return checkpoints.load(make_film_model("concat") / checkpoints.INSIDE)


@pytest.fixture(scope="module")
def strips(color):
    return film_strips.strips([5, 6, 7], [2.0], {10: 5}, color, size=SIZE, progress=False)[10]


# --- memories ------------------------------------------------------------------------------------


def test_all_kinds_have_as_many_parameters_to_a_tenth():
    paper = consistency_model.build(
        consistency_model.ConsistencyConfig("concat"), ColorModelConfig()
    )
    wanted = sum(int(np.prod(w.shape)) for w in paper.trainable_weights)
    for kind in KINDS:
        memory = memories.build(MemoryConfig(kind), ColorModelConfig())
        assert memory.parameters == pytest.approx(wanted, rel=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_windows_say_what_steps_say(kind, rng):
    memory, (features, y, context) = small(kind), frames(rng, 2, 3)
    state, said = memory.begin(2, 20, 30), []
    for t in range(3):
        before = y[:, max(t - 1, 0)]
        logits, state = memory.step(features[:, t], y[:, t], before, context[:, t], state)
        said.append(logits["u"])
    if kind == "warped":
        pairs = [(y[:, t], y[:, max(t - 1, 0)], context[:, t]) for t in range(3)]
        context = np.stack([memory.told(*pair) for pair in pairs], axis=1)
    whole = memory.learning(3)
    found = np.asarray(whole.predict_on_batch(memory.inputs(features, y, context))["u"])
    np.testing.assert_allclose(found.reshape(2, 3, 20, 30, 8), np.stack(said, 1), atol=1e-5)
    assert len(whole.trainable_weights) == len(memory.network.trainable_weights)


def test_only_a_gru_knows_what_was_before_the_frame_before(rng):
    features, y, context = frames(rng, 1, 2)
    for kind in KINDS:
        memory, said = small(kind), []
        for first in (context[:, 0], -context[:, 0]):
            state = memory.begin(1, 20, 30)
            _, state = memory.step(features[:, 0], y[:, 0], y[:, 0], first, state)
            said.append(memory.step(features[:, 1], y[:, 1], y[:, 0], context[:, 1], state)[0]["u"])
        assert (np.abs(said[0] - said[1]).max() > 1e-4) == (kind == "gru")
        assert memory.begin(1, 20, 30).shape == (1, 16, 16, 3 * (kind == "gru"))


def test_a_gru_keeps_and_forgets_as_its_gate_says(rng):
    memory, (features, y, context) = small("gru"), frames(rng, 1, 1)
    state = rng.uniform(-1, 1, (1, 16, 16, 3)).astype(np.float32)
    drive = memory.network.get_layer("drive")
    kernel, _ = (np.asarray(w).copy() for w in drive.weights)
    for bias, kept in ((30.0, True), (-30.0, False)):
        drive.set_weights([0 * kernel, np.array([bias] * 3 + [0] * 6, np.float32)])
        memory.network.get_layer("gates").set_weights([np.zeros((3, 3, 3, 6), np.float32)])
        memory.network.get_layer("candidate").set_weights([np.zeros((3, 3, 3, 3), np.float32)])
        _, after = memory.step(features[:, 0], y[:, 0], y[:, 0], context[:, 0], state)
        np.testing.assert_allclose(after, state if kept else 0 * state, atol=1e-6)


def test_a_window_teaches_through_all_its_frames(rng):
    memory, (features, y, context) = small("gru"), frames(rng, 4, 3)
    network = memory.learning(3)
    network.compile(keras.optimizers.SGD(1.0), loss={h: _last_only for h in "uv"})
    before = np.asarray(memory.network.get_layer("gates").kernel).copy()
    truth = {head: rng.integers(8, size=(12, 20, 30)) for head in "uv"}
    network.train_on_batch(memory.inputs(features, y, context), truth)
    after = np.asarray(memory.network.get_layer("gates").kernel)
    assert np.abs(after - before).max() > 1e-6


def _last_only(truth, logits):
    """The loss of each film's third frame."""
    loss = keras.ops.sparse_categorical_crossentropy(truth, logits, from_logits=True)
    return keras.ops.mean(loss[2::3])


def test_warping_follows_the_motion(rng):
    y = np.zeros((48, 64, 1), np.float32)
    texture = rng.random((16, 16, 1), np.float32).repeat(2, 0).repeat(2, 1)
    now, before = y.copy(), y.copy()
    now[8:40, 20:52], before[8:40, 16:48] = texture, texture
    uv = np.zeros((48, 64, 2), np.float32)
    uv[8:40, 16:48] = 0.2
    moved = memories.moved(now, before, uv)
    assert np.abs(moved[14:34, 26:46] - 0.2).max() < 0.02
    assert np.abs(moved[14:34, 48:50, 0].mean() - 0.2) < 0.1  # where the context itself is grey


@pytest.mark.parametrize("fields", [{"kind": "lstm"}, {"kept": 0}])
def test_other_memories_are_refused(fields):
    with pytest.raises(InputError, match=next(iter(fields))):
        MemoryConfig(**fields)


# --- training ------------------------------------------------------------------------------------


def test_a_training_learns_and_is_recalled(strips, color, tmp_path):
    recipe = Recipe("gru", 2, steps=8, learning_rate=1e-2, crop=32)
    memory, history = windows.train(recipe, strips, color, False, tmp_path)
    assert len(history) == 8 and np.mean(history[-2:]) < history[0] - 0.3
    again, same = windows.train(recipe, strips, color, False, tmp_path)
    assert same == history
    for ours, theirs in zip(memory.network.weights, again.network.weights, strict=True):
        np.testing.assert_array_equal(*map(np.asarray, (ours, theirs)))


def test_every_kind_is_told_the_same_frames(strips):
    chosen = np.array([2, 0]), np.array([1, 0]), 2
    for kind in KINDS:
        memory = small(kind)
        told = windows.contexts(memory, strips)
        inputs, truth = windows.cut(memory, strips, told, chosen, [0, 8], 32)
        labels = [strips.labels[2, 2:4], strips.labels[0, 1:3]]
        np.testing.assert_array_equal(truth["u"], np.concatenate(labels)[:, :32, 16:48, 0])
        context = inputs["context"].reshape(4, 32, 32, 2)
        true = np.concatenate([strips.uv[2, 1:3], strips.uv[0, :2]])[:, :32, 16:48]
        assert (kind == "warped") != np.array_equal(context, true)
        np.testing.assert_allclose(context, true, atol=0.5)
        seen = inputs["features"].reshape(4, 16, 16, -1)
        wanted = strips.features(np.array([2]), 2)[0, :16, 8:24]
        np.testing.assert_array_equal(seen[0], wanted)


def test_a_rollout_is_the_steps_one_after_the_other(strips, color):
    memory = memories.build(MemoryConfig("gru", 4, 8, 3), color.config)
    told = rolling.roll(Remembering(memory, color), strips, "truth")
    state = memory.begin(3, *SIZE)
    for k in range(1, strips.length):
        y, before = strips.y[:, k], strips.y[:, k - 1]
        features, context = strips.features(slice(None), k), strips.uv[:, k - 1]
        logits, state = memory.step(features, y, before, context, state)
        bins = np.stack([logits[head].argmax(-1) for head in "uv"], -1)
        assert np.mean(bins == told.bins[:, k - 1]) > 0.999


@pytest.mark.parametrize("fields", [{"window": 3}, {"window": 8}, {"crop": 40}, {"crop": 64}])
def test_windows_that_do_not_fit_are_refused(fields, strips, color):
    with pytest.raises(InputError, match=next(iter(fields))):
        windows.train(dataclasses.replace(Recipe(crop=32), **fields), strips, color, False)


# --- figures -------------------------------------------------------------------------------------


def told_of(answerer, context, strips):
    return figures.gather(rolling.roll(answerer, strips, context), strips)


def test_figures_of_the_truth_the_color_model_and_a_copy(strips):
    truth = figures.tell([told_of(rolling.Truth(), "free", strips)])
    assert truth["accuracy"]["low"] == truth["uncovered"]["low"] == 1
    assert truth["error"]["high"] == 0 and truth["psnr"]["low"] > 40
    assert truth["warp"]["value"] == truth["warp_truth"]["value"]
    alone = figures.tell([told_of(rolling.Alone(), "free", strips)])
    assert alone["drift"]["value"] == 0 and alone["loss"]["value"] > 0
    assert alone["error"]["value"] == pytest.approx(np.mean(alone["curve"]), rel=0.2)
    copied = told_of(rolling.Copier(), "truth", strips)
    shown = figures.tell([copied])
    assert "loss" not in shown and not (shown["changed"] or {"value": 0})["value"]
    kept = (strips.labels[:, 1:] == strips.labels[:, :-1]).mean()
    assert shown["accuracy"]["value"] == pytest.approx(kept, abs=1e-4)
    frozen = figures.tell([told_of(rolling.Copier(), "free", strips)])
    assert frozen["accuracy"]["value"] <= shown["accuracy"]["value"]


def test_who_copies_obeys_and_who_does_not_know_does_not(strips):
    for answerer, wanted in ((rolling.Copier(), 1.0), (rolling.Alone(), 0.0)):
        found = figures.obey(answerer, strips, (1, 3))
        assert figures.over_seeds([found], figures.identity)["value"] == wanted


def test_a_difference_from_itself_is_none(strips):
    one = told_of(rolling.Alone(), "free", strips)
    for figure in (figures.accuracy, figures.error, figures.drift):
        found = figures.difference([one, one], [one], figure)
        assert found == {"value": 0, "low": 0, "high": 0, "spread": 0}
    nothing = {**one, "changed": [0.0] * 3, "changed_right": [0.0] * 3}
    assert figures.over_seeds([nothing], figures.changed) is None


# --- the experiment ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sides", "verdict"),
    [
        ((1, 1, 1), "holds"),
        ((1, 0, 0), "holds partly"),
        ((0, -1, 0), "does not hold"),
        ((1, -1, 0), "mixed"),
        ((0, 0, 0), "cannot be told"),
    ],
)
def test_kinds_are_judged_by_the_rule(sides, verdict):
    assert recurrent.judge(sides) == verdict


def test_the_arms_are_all_kinds_with_three_seeds_each():
    found = recurrent.arms(Asked())
    assert len({arm.name for arm in found}) == len(found) == 4 + 3 * 6
    recipes = [arm.parameters["recipe"] for arm in found if "recipe" in arm.parameters]
    assert len({recipe["steps"] for recipe in recipes}) == 1
    assert {arm.seed for arm in recurrent.arms(Asked(seed=5))} == {5, 6, 7}
    scale, other = recurrent.Scale.of(Asked()), recurrent.Scale.of(Asked(seed=1))
    assert len(scale.tested) >= 30 and not set(scale.tested) & set(scale.learnt)
    assert not set(scale.tested) & set(other.tested)
    assert max(scale.windows) < scale.learnt_frames


def test_a_better_kind_is_found(strips):
    good, bad = told_of(rolling.Truth(), "free", strips), told_of(rolling.Alone(), "free", strips)
    groups = {
        name: [{"rollouts": dict.fromkeys(recurrent.CONTEXTS, one)}]
        for name, one in (("ours", good), ("theirs", bad))
    }
    assert recurrent.compare(groups, "ours", "theirs")["verdict"].startswith("holds")
    assert recurrent.compare(groups, "theirs", "theirs")["verdict"] == "cannot be told"


def test_the_peak_of_a_process_is_measured():
    found = effort.peaks("concat", 1)
    if found["film"] is not None:
        assert 50 < found["film"] <= found["training"] < 5000


def test_the_fast_experiment_from_end_to_end(color, tmp_path, monkeypatch, capsys):
    tiny = recurrent.Scale(
        (2,), 1, range(2), range(2, 4), (2.0,), 3, 5, 2, (2,), 1
    )  # fmt: skip
    monkeypatch.setattr(recurrent.Scale, "of", classmethod(lambda cls, asked: tiny))
    monkeypatch.setattr(checkpoints, "load", lambda *_, **__: color)
    monkeypatch.setattr(effort, "peaks", lambda *_: {"film": 1, "training": 2, "source": "told"})
    words = ["recurrent", "--fast", "--quiet", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    result = files.read_json(tmp_path / "run" / "result.json")
    assert list(result["arms"])[:4] == ["color", "copy", "freeze", "costs"]
    summary = result["summary"]
    assert list(summary["kinds"]) == ["concat", "warped", "gru-2"]
    assert set(summary["verdicts"]) == {"recurrent", "windows", "warping", "instead"}
    assert summary["costs"]["gru-2"]["kept"] == 24 and summary["costs"]["concat"]["kept"] == 0
    assert len(summary["baselines"]["color"]["free"]["curve"]) == 4
    for name in ("recurrent", "recurrent_windows", "recurrent_course"):
        with Image.open(tmp_path / "run" / f"{name}.png") as image:
            assert min(image.size) > 300
    assert capsys.readouterr() == ("", "")
    assert main([*words[:-1], str(tmp_path / "other"), "--photos", "x.csv"]) == 2
