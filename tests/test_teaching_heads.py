"""Heads trained anew for any number of bins, and the widget that shows what they reach."""

import dataclasses
import threading

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from colorlab import coast, colorize, yuv
from colorlab.bins import BinGrid
from colorlab.errors import InputError
from colorlab.teaching import heads
from colorlab.teaching.heads import HeadLesson
from colorlab.teaching.stages import stages
from colorlab.widgets import HeadExplorer
from colorlab.widgets import heads as shown

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def model():
    """The model whose heads notebook 04 trains anew."""
    return colorize.load_once("color-water-n30")


@pytest.fixture(scope="module")
def pictures():
    """Rendered coasts, uint8."""
    return np.stack([coast.Scene(seed).render(2.0, 32, 48) for seed in range(9)])


@pytest.fixture(scope="module")
def lesson(model, pictures):
    """Heads that learn from seven coasts; those for 4 bins are trained."""
    made = HeadLesson(model, pictures[:7], pictures[7:], steps=20)
    made.outcome(4)
    return made


@pytest.fixture
def own(lesson):
    """The same lesson with outcomes of its own."""
    other = object.__new__(HeadLesson)
    other.__dict__.update(lesson.__dict__, outcomes=dict(lesson.outcomes))
    return other


# --- training ----------------------------------------------------------------------------------


def test_see_gives_features_and_mean_chroma(model, pictures):
    seen = heads.see(model, pictures[:5])
    np.testing.assert_allclose(
        seen.features, model.extract_features(yuv.luma(pictures[:5]))[0], rtol=1e-3, atol=1e-3
    )
    uv = yuv.rgb_to_yuv(pictures[:5])[1]
    np.testing.assert_allclose(seen.uv[1, 3, 2], uv[1, 6:8, 4:6].mean(axis=(0, 1)), atol=1e-6)
    with pytest.raises(InputError, match="multiples of 16; received 30 x 48"):
        heads.see(model, pictures[:, :30])


def test_heads_learn_what_can_be_told_from_the_features(rng):
    features = rng.normal(size=(3000, 4)).astype(np.float32)
    uv = np.stack([0.2 * np.sign(features[:, 0]), 0.3 * np.sign(features[:, 1])], axis=-1)
    trained = heads.fit(features, uv.astype(np.float32), 5, steps=150)
    assert trained.grid == BinGrid.of(5)
    p = trained.probabilities(features)
    assert p.shape == (3000, 2, 5)
    np.testing.assert_allclose(p.sum(axis=-1), 1, atol=1e-5)
    right = p.argmax(axis=-1) == trained.grid.encode(uv)
    assert right.mean() > 0.95
    again = heads.fit(features, uv.astype(np.float32), 5, steps=150)
    np.testing.assert_array_equal(trained.weights, again.weights)


def test_heads_without_a_clue_say_the_prior(rng):
    features = np.zeros((500, 3), np.float32)
    uv = rng.normal(0, 0.1, (500, 2)).astype(np.float32)
    trained = heads.fit(features, uv, 6, steps=4)
    wanted = heads.smoothed_prior(trained.grid.encode(uv), 6)
    np.testing.assert_allclose(trained.probabilities(features[0]), wanted, atol=0.02)


def test_training_reports_and_stops(rng):
    features, uv = np.ones((9, 2), np.float32), np.zeros((9, 2), np.float32)
    told = []
    assert heads.fit(features, uv, 3, 4, told.append, lambda: len(told) == 2) is None
    assert told == [0.25, 0.5]


def test_prior_leaves_no_bin_impossible():
    prior = heads.smoothed_prior(np.array([[0, 1], [0, 1]]), 2)
    np.testing.assert_allclose(prior, [[0.75, 0.25], [0.25, 0.75]])


def test_outcome_has_baselines_and_is_kept(lesson, pictures):
    one = lesson.outcomes[4]
    assert one.loss < one.prior_loss and 0 < one.saved < 1
    assert one.pictures.shape == one.rounded.shape == pictures[7:].shape
    np.testing.assert_allclose(
        yuv.luma(one.pictures), yuv.luma(pictures[7:]), atol=2 / 255
    )  # the luma is the picture's own
    y, uv = yuv.rgb_to_yuv(pictures[7:])
    np.testing.assert_array_equal(
        one.rounded, yuv.to_uint8(yuv.yuv_to_rgb(y, BinGrid.of(4).quantise(uv)))
    )
    assert lesson.outcome(4) is one
    assert lesson.outcome(5, stop=lambda: True) is None
    assert 5 not in lesson.outcomes


def test_features_are_scaled(lesson, model, pictures):
    axes = (0, 1, 2)
    raw = heads.see(model, pictures[:7]).features.std(axis=axes)
    np.testing.assert_allclose(lesson.training.features.mean(axis=axes), 0, atol=1e-3)
    wanted = raw / (raw + 1e-6)  # a feature that never changes stays 0
    np.testing.assert_allclose(lesson.training.features.std(axis=axes), wanted, atol=2e-3)
    assert (wanted > 0.98).any()


def test_stages_are_those_of_the_network(model, pictures):
    y = yuv.luma(pictures[0])
    found = stages(model, y, ["tap2", "features", "tap5_project"])
    assert [one.shape for one in found.values()] == [(16, 24, 128), (16, 24, 64), (2, 3, 384)]
    np.testing.assert_allclose(
        found["features"], model.extract_features(y[None])[0][0], rtol=1e-3, atol=1e-3
    )
    with pytest.raises(InputError, match="no layer 'tap1'; it has"):
        stages(model, y, ["tap1"])


# --- the widget --------------------------------------------------------------------------------


def test_render_sets_three_pictures_over_a_chart(lesson, pictures):
    drawn = shown.render(pictures[8], lesson.outcomes, 4, 1)
    assert drawn.dtype == np.uint8 and drawn.shape[1] == 3 * 48 + 8
    top = drawn.shape[0] - 240 - 32
    for k, one in enumerate((lesson.outcomes[4].pictures[1], lesson.outcomes[4].rounded[1])):
        np.testing.assert_array_equal(drawn[top : top + 32, k * 52 : k * 52 + 48], one)
    np.testing.assert_array_equal(drawn[top : top + 32, -48:], pictures[8])


def test_a_number_that_was_tried_is_shown_at_once(own):
    widget = HeadExplorer(own, n=4)
    one = own.outcomes[4]
    assert f"n = 4, trained in {one.seconds:.1f} s." in widget.message.value
    assert f"{one.psnr:.1f} dB (grey {one.grey:.1f}, ceiling {one.ceiling:.1f})" in (
        widget.message.value
    )
    assert f"Features computed on {own.device}" in widget.message.value
    before = widget.picture.value
    widget.coast = 1
    assert widget.coast == 1 and widget.picture.value != before
    assert widget.errors == []
    widget.close()


def test_another_number_is_trained_in_the_background(own, monkeypatch):
    monkeypatch.setattr(shown, "_PAUSE", 0.01)
    widget = HeadExplorer(own, n=4)
    before = widget.picture.value
    widget.n = 6
    assert "Training two heads with 6 bins each" in widget.message.value
    assert widget.picture.value == before  # no flicker: the old one stays until the new is there
    widget.wait()
    assert widget.n == 6 and 6 in own.outcomes
    assert "n = 6, trained in" in widget.message.value
    assert widget.picture.value != before
    assert widget.progress.value == 1
    assert widget.errors == []
    widget.close()


def test_only_the_number_on_which_the_slider_rests_is_trained(own):
    widget = HeadExplorer(own, n=4)
    for n in (7, 8, 9):
        widget.slider.value = n
    widget.slider.value = 4  # tried before: what was begun is dropped
    widget.wait()
    assert list(own.outcomes) == [4]
    assert "n = 4, trained" in widget.message.value
    widget.slider.value = 10
    widget.close()  # ends the training
    assert list(own.outcomes) == [4] and widget.errors == []


def test_a_training_that_is_no_longer_wanted_does_not_draw(own, monkeypatch):
    monkeypatch.setattr(shown, "_PAUSE", 0.0)
    begun, go_on = threading.Event(), threading.Event()
    train = own.outcome

    def slow(n, report, stop):
        begun.set()
        go_on.wait(20)
        return train(n, report)

    monkeypatch.setattr(own, "outcome", slow)
    widget = HeadExplorer(own, n=4)
    before = widget.message.value
    widget.n = 5
    assert begun.wait(20)
    widget.n = 4
    go_on.set()
    widget.wait()
    assert widget.message.value == before
    widget.close()


def test_errors_in_the_background_are_kept(own, monkeypatch):
    monkeypatch.setattr(shown, "_PAUSE", 0.0)
    widget = HeadExplorer(own, n=4)
    broken = dataclasses.replace(own.training, features=own.training.features[..., :0])
    own.training = broken
    widget.n = 11
    widget.wait()
    assert len(widget.errors) == 1
    assert "Nothing was trained: ValueError" in widget.message.value
    widget.close()


def test_controls_are_labelled_and_closing_frees_everything(own):
    before = set(_instances)
    widget = HeadExplorer(own, n=4)
    assert [control.description for control in widget.controls] == ["bins n", "picture"]
    assert widget.progress.description == "training"
    for move in range(500):
        widget.coast = move % 2
    assert widget.errors == []
    widget.close()
    assert set(_instances) <= before
