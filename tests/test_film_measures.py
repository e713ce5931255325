"""Strips are what they say, and the measures say what is so of a copier, the color model, truth."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from colorlab import (
    bins,
    checkpoints,
    coast,
    color_model,
    consistency_model,
    film_metrics,
    memories,
    yuv,
)
from colorlab import strips as film_strips
from colorlab.checkpoints import ColorModel
from colorlab.color_model import ColorModelConfig
from colorlab.consistency_model import ConsistencyConfig
from colorlab.datasets import Clip
from colorlab.decode import softmax
from colorlab.errors import InputError
from colorlab.strips import learning, measures, rolling
from colorlab.strips.learning import Recipe
from studies.film.clips import strips_of_clips

SIZE = (32, 48)
CARD = {
    "decode": {"method": "annealed", "temperature": 0.4, "saturation": 1.1},
    "weights": {"sha256": "tiny"},
}


@pytest.fixture(scope="module")
def color(tmp_path_factory):
    """A color model that has learnt nothing, of random weights."""
    config = ColorModelConfig(n=10, taps=(2, 3), widths=(8, 8), context=8, backbone=None)
    network = color_model.build(config)
    kernel = network.get_layer(color_model.FEATURES).kernel
    kernel.assign(kernel / 200)  # what a random backbone sees is large
    return ColorModel("tiny", network, config, CARD, tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def strips(color, cache):
    """Strips of six frames at 1 a second that end at the same moments, and pairs at 60."""
    return film_strips.strips(
        [0, 1], [8.0, 9.0], {1: 6, 60: 2}, color, "last", size=SIZE, progress=False, cache=cache
    )


# --- strips --------------------------------------------------------------------------------------


def test_strips_show_the_scenes_at_their_times(strips):
    slow, quick = strips[Fraction(1)], strips[Fraction(60)]
    assert (len(slow), slow.length, slow.scenes) == (4, 6, 2)
    assert slow.scene.tolist() == [0, 0, 1, 1]
    scene = coast.Scene(1)
    assert np.array_equal(slow.rgb[3, -1], scene.render(9.0, *SIZE))
    assert np.array_equal(slow.rgb[3, 0], scene.render(4.0, *SIZE))
    assert np.array_equal(quick.rgb[2, 0], scene.render(8.0 - 1 / 60, *SIZE))
    assert np.array_equal(slow.rgb[:, -1], quick.rgb[:, -1])  # the second frames are the same
    assert np.array_equal(slow.uv[1, 2], yuv.rgb_to_yuv(slow.rgb[1, 2])[1])
    assert np.array_equal(slow.labels, slow.color.grid.encode(slow.uv))


def test_motion_leads_from_a_frame_back_to_the_one_before(strips):
    slow = strips[Fraction(1)]
    found = coast.Scene(0).flow(8.0, 7.0, *SIZE)
    assert np.allclose(slow.back[0, -1], found.flow, rtol=1e-3, atol=1e-2)
    assert np.array_equal(slow.uncovered[0, -1], ~found.visible)


def test_what_the_color_model_sees_is_its_own_answer(strips, color):
    slow = strips[Fraction(1)]
    features, outputs = color.extract_features(slow.y[2, 3:4])
    assert np.allclose(slow.features(slice(2, 3), 3), features, rtol=2e-3, atol=0.1)
    plain = dataclasses.replace(color.decoder, saturation=1.0)
    own = checkpoints.chroma_of(color, outputs, slow.y[2, 3:4], plain)
    assert np.allclose(slow.own[2, 3], own[0], atol=1e-3)
    p = softmax(outputs["u"])[0]
    truth = np.take_along_axis(p, slow.labels[2, 3][..., :1].astype(int), -1)[..., 0]
    assert np.allclose(slow.nats[2, 3, ..., 0], -np.log(truth), atol=1e-2)


def test_strips_are_rendered_and_looked_at_once(color, cache, monkeypatch):
    monkeypatch.setattr(coast.Scene, "render", None)
    monkeypatch.setattr(ColorModel, "extract_features", None)
    again = film_strips.strips(
        [0, 1], [8.0, 9.0], {1: 6, 60: 2}, color, "last", size=SIZE, progress=False, cache=cache
    )
    assert again[Fraction(1)].rgb.shape == (4, 6, *SIZE, 3)


def test_parts_and_rows_are_the_same_frames(strips):
    slow = strips[Fraction(1)]
    part = slow.rows(np.array([3, 1])).part(slice(-2, None))
    assert np.array_equal(part.rgb, slow.rgb[[3, 1], -2:])
    assert np.array_equal(part.back, slow.back[[3, 1], -1:])
    assert part.digest != slow.digest


def test_a_faster_camera_moves_pixels_farther_and_leaves_clouds_alone():
    slow, fast = film_strips.scene_of(3), film_strips.scene_of(3, 20.0)
    moved = [np.abs(s.flow(5.0, 5.1, *SIZE).flow).mean() for s in (slow, fast)]
    assert moved[1] > 3 * moved[0]
    there = fast.camera.x(5.0)
    assert there == pytest.approx(
        slow.camera.drift * np.sin(2 * np.pi * 20 * 5.0 / slow.camera.drift_period
                                   + 1.7 * slow.camera.phase)
    )  # fmt: skip
    assert np.array_equal(coast.Scene(3).render(5.0, *SIZE), slow.render(5.0, *SIZE))


def test_clips_are_cut_into_strips(color, cache):
    rgb = film_strips.scene_of(4).render(1.0, 40, 60)
    moving = np.stack([np.roll(rgb, 2 * k, axis=1) for k in range(9)])
    clip = Clip("roll.mp4", "roll", Fraction(30), moving)
    found = strips_of_clips(
        [clip], [[4, 8]], {1: 2, 2: 3}, color, size=(40, 60), progress=False, cache=cache
    )
    assert found[2].rate == 15 and found[2].rgb.shape == (2, 3, 40, 60, 3)
    assert np.array_equal(found[2].rgb[1, 0], moving[4])
    middle = found[1].back[0, 0, 10:30, 20:40]
    assert np.median(middle[..., 0]) == pytest.approx(-2, abs=0.3)
    with pytest.raises(InputError, match="has 9 frames; strips of the frames 4 to 12 do not fit"):
        strips_of_clips(
            [clip], [[4]], {4: 3}, color, "first", size=(40, 60), progress=False, cache=cache
        )  # fmt: skip


def test_rates_that_do_not_fit_are_refused(color, cache):
    with pytest.raises(InputError, match=r"rates that divide 60; received 1 scenes, 1 times.*25"):
        film_strips.strips([0], [1.0], {25: 2}, color, cache=cache)


# --- measures on what is known -------------------------------------------------------------------


def changed(pairs):
    return film_metrics.changed(
        pairs.labels[:, :-1], pairs.labels[:, 1:], pairs.uv[:, :-1], pairs.uv[:, 1:],
        pairs.color.grid.width,
    )  # fmt: skip


def judged(answerer, strips, context="truth"):
    told = rolling.roll(answerer, strips, context)
    return measures.judge(
        told.bins, strips.labels[:, 1:], changed(strips), strips.uncovered, told.nats
    )


def index(answerer, strips, context):
    told = rolling.ask(answerer, strips, 1, context)
    found = measures.follow(told.bins, strips.color.grid.encode(context), strips.guessed[:, 1])
    assert (found["differing"] > 100).all()
    return found["followed"] / found["differing"]


@pytest.mark.parametrize("foreign", ["hue", "scene"])
def test_the_identity_index_tells_a_copier_from_the_color_model(strips, foreign):
    slow = strips[Fraction(1)]
    context = {
        "hue": measures.turn_hue(slow.uv[:, 0]),
        "scene": measures.swap_scenes(slow.uv[:, 0], slow.scene),
    }[foreign]
    assert (index(rolling.Copier(), slow, context) > 0.95).all()
    assert (index(rolling.Alone(), slow, context) < 0.05).all()


def test_a_copier_gains_nothing_over_copying(strips):
    slow = strips[Fraction(1)]
    found = judged(rolling.Copier(), slow)
    copied = (slow.labels[:, 1:] == slow.labels[:, :-1]).mean(axis=(1, 2, 3))
    for k, head in enumerate("uv"):
        assert np.allclose(found[f"right_{head}"] / found["pixels"], copied[:, k])
    assert found["changed"].sum() > 0
    assert (found["changed_right"] == 0).all()  # what changed no copy can know


def test_a_copier_left_to_itself_keeps_its_first_frame(strips):
    slow = strips[Fraction(1)]
    told = rolling.roll(rolling.Copier(), slow, "free")
    assert np.array_equal(told.uv, np.repeat(slow.own[:, :1], 5, axis=1))
    first = rolling.roll(rolling.Copier(), slow, "first")
    assert np.array_equal(first.uv[:, -1], slow.uv[:, 0])
    none = rolling.roll(rolling.Copier(), slow, "none")
    assert (none.uv == 0).all()


def test_the_copier_s_loss_is_that_of_the_transitions(strips):
    slow = strips[Fraction(1)]
    seen = film_metrics.transitions(slow.labels[:, :-1], slow.labels[:, 1:], 10)
    model = film_metrics.CopyModel(seen)
    found = judged(rolling.Copier(model.log_probabilities), slow)
    loss = [found[f"nats_{head}"].sum() / found["pixels"].sum() for head in "uv"]
    assert np.allclose(loss, model.loss(seen), rtol=1e-4)


def test_the_truth_is_right_everywhere_and_the_color_model_as_good_as_itself(strips):
    slow = strips[Fraction(1)]
    found = judged(rolling.Truth(), slow)
    assert np.array_equal(found["right_u"], found["pixels"])
    assert np.array_equal(found["changed_right"], found["changed"])
    assert np.array_equal(found["uncovered_right"], found["uncovered"])
    assert (found["nats_u"] == 0).all()
    alone = rolling.roll(rolling.Alone(), slow, "free")
    assert np.array_equal(alone.uv, slow.own[:, 1:])
    curve = measures.error_curve(slow.own, slow.uv)
    assert np.allclose(measures.drift(curve, curve), 0)
    worse = slow.own + 0.01 * np.arange(6, dtype=np.float32)[:, None, None, None]
    assert (measures.drift(measures.error_curve(worse, slow.own), 0 * curve) > 0.04).all()


def test_colours_that_ride_on_surfaces_have_a_small_warp_error(strips):
    slow = strips[Fraction(1)]
    still = measures.warp_error(np.ones_like(slow.uv), slow.back, slow.uncovered)
    assert np.allclose(still, 0)
    truth = measures.warp_error(slow.uv, slow.back, slow.uncovered)
    shuffled = measures.warp_error(slow.uv[:, ::-1], slow.back, slow.uncovered)
    noise = np.random.default_rng(0).normal(0, 0.1, slow.uv.shape).astype(np.float32)
    noisy = measures.warp_error(slow.uv + noise, slow.back, slow.uncovered)
    assert (truth < shuffled).all() and (truth < noisy).all()
    nothing = measures.warp_error(slow.uv, slow.back, np.ones_like(slow.uncovered))
    assert np.isnan(nothing).all()


def test_figures_of_strips_are_added_up_by_scene():
    found = measures.by_scene({"a": [1, 2, 3, 4]}, np.array([0, 1, 1, 0]), 3)
    assert found["a"].tolist() == [5, 5, 0]
    flow = np.zeros((2, 1, 2, 2, 2))
    flow[1] += (3, 4)
    assert measures.displacement(flow).tolist() == [0, 5]
    with pytest.raises(InputError, match="two or more with as many strips each"):
        measures.swap_scenes(np.zeros((3, 1)), np.array([0, 0, 1]))
    with pytest.raises(InputError, match="need one shape"):
        measures.judge(np.zeros((1, 2)), np.zeros((2, 2)), np.zeros((2, 2), bool))


# --- networks ------------------------------------------------------------------------------------


def test_a_network_is_judged_as_its_logits_say(strips, color):
    slow = strips[Fraction(1)]
    network = consistency_model.build(ConsistencyConfig(memory="concat"), color.config, 3)
    told = rolling.ask(rolling.Network(network, color), slow, 2, slow.uv[:, 1])
    inputs = {
        color_model.FEATURES: slow.features(slice(None), 2),
        **memories.load("concat").context_inputs(
            slow.y[:, 2], slow.y[:, 1], slow.uv[:, 1], np.ones_like(slow.y[:, 2])
        ),
    }
    logits = {k: np.asarray(v) for k, v in network.predict_on_batch(inputs).items()}
    plain = dataclasses.replace(color.decoder, saturation=1.0)
    uv = checkpoints.chroma_of(color, logits, slow.y[:, 2], plain)
    assert np.allclose(told.uv, uv, atol=1e-4)
    assert (told.bins[..., 0] == logits["u"].argmax(-1)).mean() > 0.999
    p = softmax(logits["v"])
    truth = np.take_along_axis(p, slow.labels[:, 2][..., 1:].astype(int), -1)[..., 0]
    assert np.allclose(told.nats[..., 1], -np.log(truth), atol=1e-3)


def test_a_free_rollout_feeds_back_what_was_said(strips, color):
    slow = strips[Fraction(1)]
    answerer = rolling.Network(
        consistency_model.build(ConsistencyConfig(memory="concat"), color.config, 3), color
    )
    told = rolling.roll(answerer, slow, "free")
    again = rolling.ask(answerer, slow, 3, told.uv[:, 1])  # frame 2 is the second that is told
    assert np.allclose(again.uv, told.uv[:, 2], atol=1e-5)
    forced = rolling.roll(answerer, slow, "truth")
    assert np.allclose(rolling.ask(answerer, slow, 3, slow.uv[:, 2]).uv, forced.uv[:, 2], atol=1e-5)
    with pytest.raises(InputError, match="context must be one of"):
        rolling.roll(answerer, slow, "past")


@pytest.mark.parametrize("context", ["truth", "scheduled"])
def test_a_training_learns_and_is_recalled(strips, color, cache, context, monkeypatch):
    slow = strips[Fraction(1)]
    recipe = Recipe(context, steps=6, learning_rate=1e-2, crop=32, rounds=2, window=3)
    network, history = learning.train(recipe, slow, color, progress=False, cache=cache)
    assert history[0] == pytest.approx(2 * np.log(10), abs=0.1)  # it begins uniform
    assert history[-1] < history[0]
    monkeypatch.setattr(type(network), "train_on_batch", None)
    again, recalled = learning.train(recipe, slow, color, progress=False, cache=cache)
    assert recalled == history
    for ours, theirs in zip(network.get_weights(), again.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_the_same_pairs_are_learnt_at_every_rate(strips, color, cache, monkeypatch):
    seen = {}

    def fit(network, batch, steps, identity, **more):
        seen[identity["training"]] = (batch(0), [w.copy() for w in network.get_weights()])
        return []

    monkeypatch.setattr(learning, "fit", fit)
    recipe = Recipe(steps=2, crop=32)
    for one in strips.values():
        learning.train(recipe, one, color, progress=False, cache=cache)
    (slow, begun), (quick, also) = seen.values()
    assert all(np.array_equal(a, b) for a, b in zip(begun, also, strict=True))
    for name in ("y", color_model.FEATURES):
        assert np.allclose(slow[0][name], quick[0][name])
    assert np.array_equal(slow[1]["u"], quick[1]["u"])
    assert not np.array_equal(slow[0]["context"], quick[0]["context"])


def test_windows_that_do_not_fit_are_refused(strips, color):
    with pytest.raises(InputError, match="a multiple of 16 of at most 32 pixels; received 48"):
        learning.train(Recipe(), strips[Fraction(60)], color, progress=False)


def test_turned_hues_are_complementary():
    uv = np.array([[0.1, -0.2]], np.float32)
    assert np.array_equal(measures.turn_hue(uv), -uv)
    grid = bins.BinGrid(30)
    assert grid.encode(measures.turn_hue(grid.centres.T)).tolist() == [
        [29 - k] * 2 for k in range(30)
    ]
