"""Film metrics: answers that are known, formulas written out, and bounds."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from colorlab import film_metrics, yuv
from colorlab.bins import BinGrid
from colorlab.coast import Scene
from colorlab.errors import InputError

GRID = BinGrid(30)
SIZE = (48, 64)


@pytest.fixture(scope="module")
def coast():
    """Six frames of a coast, ten a second, RGB in [0, 1]."""
    scene = Scene(2)
    return [scene.render(k / 10, *SIZE).astype(np.float32) / 255 for k in range(6)]


# --- changed pixels ------------------------------------------------------------------------------


def changed(uv_before, uv):
    return film_metrics.changed(
        GRID.encode(uv_before), GRID.encode(uv), uv_before, uv, GRID.width
    ).tolist()


def test_changed_means_another_bin_and_more_than_one_width():
    u, v = GRID.width
    before = np.float32([[0, 0], [0, 0], [0, 0], [0.02, 0.02]])
    now = before + np.float32([[1.1 * u, 0], [0, -1.1 * v], [0.9 * u, 0.9 * v], [0, 0]])
    assert changed(before, now) == [[True, False], [False, True], [False, False], [False, False]]
    trembling = np.float32([[-1e-3, -1e-3]])  # over an edge and back: another bin, the same colour
    assert (GRID.encode(trembling) != GRID.encode(-trembling)).all()
    assert changed(trembling, -trembling) == [[False, False]]


def test_chroma_beyond_the_range_changes_within_the_last_bin():
    beyond = np.float32([[0.45, 0.65]])
    assert changed(beyond, beyond + 0.2) == [[False, False]]


def test_copying_is_never_right_where_the_colour_changed():
    copy, knowing = film_metrics.Accuracy(), film_metrics.Accuracy()
    frames = [Scene(1).render(t, *SIZE) for t in (0.0, 0.5, 1.0)]
    for before, now in itertools.pairwise(frames):
        (_, uv_before), (_, uv) = yuv.rgb_to_yuv(before), yuv.rgb_to_yuv(now)
        labels_before, labels = GRID.encode(uv_before), GRID.encode(uv)
        where = film_metrics.changed(labels_before, labels, uv_before, uv, GRID.width)
        copy.add(labels_before, labels, where)
        knowing.add(labels, labels, where)
    assert copy.counted.min() > 0
    assert copy.value == (0, 0) and knowing.value == (1, 1)


def test_accuracy_counts_pixels_not_frames():
    accuracy = film_metrics.Accuracy()
    labels = np.zeros((10, 2), np.int32)
    accuracy.add(labels, labels)
    accuracy.add(labels[:5] + 1, labels[:5])
    assert accuracy.value == (10 / 15, 10 / 15)
    accuracy.add(labels + np.int32([0, 1]), labels, np.tile([True, False], (10, 1)))
    assert accuracy.value == (20 / 25, 10 / 15)


def test_accuracy_without_a_pixel_is_none():
    accuracy = film_metrics.Accuracy()
    assert accuracy.value == (None, None)
    labels = np.zeros((3, 4, 2), np.int32)
    accuracy.add(labels, labels, np.zeros((3, 4, 2), bool))
    assert accuracy.value == (None, None)


# --- copy-previous as a model --------------------------------------------------------------------


def test_transitions_are_counted_from_the_bin_before_to_the_bin_now():
    before = np.int32([[0, 2], [0, 2], [1, 1]])
    now = np.int32([[1, 2], [1, 0], [1, 1]])
    counts = film_metrics.transitions(before, now, 3)
    assert counts.shape == (2, 3, 3) and counts.sum(axis=(1, 2)).tolist() == [3, 3]
    assert counts[0, 0, 1] == 2 and counts[0, 1, 1] == 1
    assert counts[1, 2, 2] == counts[1, 2, 0] == counts[1, 1, 1] == 1


@given(st.integers(2, 12), st.integers(0, 99))
def test_transitions_hold_both_histograms_and_copying_lies_on_the_diagonal(n, seed):
    before, now = np.random.default_rng(seed).integers(0, n, (2, 40, 2))
    counts = film_metrics.transitions(before, now, n)
    for axis in range(2):
        assert (counts[axis].sum(1) == np.bincount(before[:, axis], minlength=n)).all()
        assert (counts[axis].sum(0) == np.bincount(now[:, axis], minlength=n)).all()
        assert np.trace(counts[axis]) == np.sum(before[:, axis] == now[:, axis])


def test_fitted_on_independent_frames_the_loss_is_the_entropy(rng):
    p = np.array([0.5, 0.25, 0.125, 0.125])
    labels = rng.choice(4, (4, 100_000, 2), p=p)
    copy = film_metrics.CopyModel(film_metrics.transitions(labels[0], labels[1], 4))
    loss = copy.loss(film_metrics.transitions(labels[2], labels[3], 4))
    entropy = 1.75 * np.log(2)
    assert loss == pytest.approx((entropy, entropy), abs=0.01)


def test_fitted_on_frames_that_stay_the_loss_is_next_to_nothing(rng):
    labels = rng.integers(0, 30, (100_000, 2))
    still = film_metrics.transitions(labels, labels, 30)
    copy = film_metrics.CopyModel(still)
    assert 0 < max(copy.loss(still)) < 0.02


def test_a_model_that_saw_nothing_holds_all_bins_for_equal():
    copy = film_metrics.CopyModel(np.zeros((2, 5, 5), np.int64))
    seen = film_metrics.transitions(np.int32([[0, 4]]), np.int32([[3, 4]]), 5)
    assert copy.loss(seen) == pytest.approx((np.log(5), np.log(5)))


def test_one_transition_counts_once_more_than_it_was_seen():
    copy = film_metrics.CopyModel(np.int64([[[7, 1], [0, 0]]] * 2))
    np.testing.assert_allclose(np.exp(copy.log_probabilities[0]), [[0.8, 0.2], [0.5, 0.5]])


def test_a_copy_model_survives_json(rng):
    copy = film_metrics.CopyModel(rng.integers(0, 1000, (2, 6, 6)))
    again = film_metrics.CopyModel.from_json(json.loads(json.dumps(copy.to_json())))
    np.testing.assert_array_equal(again.counts, copy.counts)
    assert again.n == copy.n == 6


@pytest.mark.parametrize(
    "content",
    [
        {},
        None,
        {"counts": 3},
        {"counts": [[1]]},
        {"counts": [[[0.5]]] * 2},
        {"counts": [[[-1]]] * 2},
    ],
)
def test_what_is_no_copy_model(content):
    with pytest.raises(InputError, match=r"transitions|counts"):
        film_metrics.CopyModel.from_json(content)


def test_a_loss_without_transitions_or_with_other_bins():
    copy = film_metrics.CopyModel(np.ones((2, 4, 4), np.int64))
    for seen in (np.zeros((2, 4, 4), np.int64), np.ones((2, 5, 5), np.int64)):
        with pytest.raises(InputError, match=r"shape \(2, 4, 4\), not all zero"):
            copy.loss(seen)


# --- warp error ----------------------------------------------------------------------------------


def still(height=SIZE[0], width=SIZE[1]):
    return np.zeros((height, width, 2), np.float32), np.ones((height, width), bool)


def test_warp_error_of_a_film_that_stands_still_is_zero(coast):
    assert film_metrics.warp_error(coast[0], coast[0], *still()) == 0


def test_warp_error_of_a_known_flicker(coast):
    before = coast[0] * 0.5
    assert film_metrics.warp_error(before, before + 0.1, *still()) == pytest.approx(0.01, rel=1e-4)
    one_channel = before + np.float32([0.3, 0, 0])
    assert film_metrics.warp_error(before, one_channel, *still()) == pytest.approx(0.03, rel=1e-4)
    chroma = before[..., :2], before[..., :2] + np.float32([0.2, 0])
    assert film_metrics.warp_error(*chroma, *still()) == pytest.approx(0.02, rel=1e-4)


def test_warp_error_follows_the_flow_and_looks_at_visible_pixels_alone(coast):
    before, now = coast[0][:, :-5], coast[0][:, 5:]  # all of it moved left by five pixels
    flow, visible = still(SIZE[0], SIZE[1] - 5)
    flow[..., 0] = -5
    visible[:, :5] = False
    assert film_metrics.warp_error(before, now, flow, visible) == 0
    assert film_metrics.warp_error(before, now, flow, ~visible) > 1e-4
    assert film_metrics.warp_error(before, now, flow, np.zeros_like(visible)) is None


def test_warp_error_by_the_exact_flow_is_small_and_grey_has_less(coast):
    exact = Scene(2).flow(0, 0.1, *SIZE)
    truth = film_metrics.warp_error(coast[0], coast[1], exact.flow, exact.visible)
    still_error = film_metrics.warp_error(
        coast[0], coast[1], np.zeros_like(exact.flow), exact.visible
    )
    assert truth < still_error
    flat = [np.full_like(frame, 0.5) for frame in coast[:2]]
    assert film_metrics.warp_error(*flat, exact.flow, exact.visible) == 0
    rng = np.random.default_rng(0)
    flicker = [
        np.clip(f + rng.normal(0, 0.1, (1, 1, 3)), 0, 1).astype(np.float32) for f in coast[:2]
    ]
    assert film_metrics.warp_error(*flicker, exact.flow, exact.visible) > truth


# --- colour distribution -------------------------------------------------------------------------


def cdc(frames):
    distribution = film_metrics.ColourDistribution()
    for frame in frames:
        distribution.add(frame)
    return distribution.value


def test_divergence_of_disjoint_and_of_equal_histograms():
    p, q = np.float64([0.3, 0.7, 0, 0]), np.float64([0, 0, 0.5, 0.5])
    assert film_metrics.js_divergence(p, q) == pytest.approx(np.log(2))
    assert film_metrics.js_divergence(p, p) == 0


@given(st.integers(2, 9), st.floats(0.05, 5), st.integers(0, 99))
def test_divergence_is_symmetric_bounded_and_what_scipy_says(n, spread, seed):
    p, q = np.random.default_rng(seed).dirichlet(np.full(n, spread), 2)
    value = film_metrics.js_divergence(p, q)
    assert 0 <= value <= np.log(2)
    assert value == pytest.approx(film_metrics.js_divergence(q, p), abs=1e-12)
    assert value == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-9)


def test_histogram_counts_8_bit_levels():
    rgb = np.uint8([[[0, 10, 255], [0, 20, 255], [1, 20, 255], [0, 20, 255]]])
    shares = film_metrics.histogram(rgb)
    assert shares.shape == (3, 256) and (shares.sum(axis=1) == 1).all()
    assert shares[0, :2].tolist() == [0.75, 0.25]
    assert shares[1, [10, 20]].tolist() == [0.25, 0.75] and shares[2, 255] == 1
    np.testing.assert_array_equal(film_metrics.histogram(rgb.astype(np.float32) / 255), shares)


def test_cdc_is_the_mean_over_distances_of_the_mean_over_pairs(coast):
    histograms = [film_metrics.histogram(frame) for frame in coast]
    by_distance = [
        np.mean(
            [
                jensenshannon(a[channel], b[channel]) ** 2
                for a, b in zip(histograms[:-d], histograms[d:], strict=True)
                for channel in range(3)
            ]
        )
        for d in (1, 2, 4)
    ]
    assert cdc(coast) == pytest.approx(np.mean(by_distance), rel=1e-9)


def test_cdc_of_a_constant_film_is_zero_and_of_colours_that_share_nothing_ln_2(coast):
    assert cdc([coast[0]] * 6) == 0
    levels = [np.full((2, 2, 3), 40 * k, np.uint8) for k in range(6)]
    assert cdc(levels) == pytest.approx(np.log(2))


def test_cdc_grows_with_flicker_and_sees_no_places(coast):
    flicker = [np.clip(frame + 0.1 * (k % 2), 0, 1) for k, frame in enumerate(coast)]
    assert cdc(flicker) > 2 * cdc(coast)
    assert cdc([frame[::-1, ::-1] for frame in coast]) == pytest.approx(cdc(coast))


def test_cdc_needs_five_frames(coast):
    assert cdc([]) is None and cdc(coast[:4]) is None
    assert cdc(coast[:5]) > 0


# --- error curve ---------------------------------------------------------------------------------


def test_chroma_rmse_of_known_differences():
    truth = np.zeros((4, 5, 2), np.float32)
    assert film_metrics.chroma_rmse(truth, truth) == 0
    assert film_metrics.chroma_rmse(truth, truth + np.float32([0.3, 0.4])) == pytest.approx(
        0.5 / np.sqrt(2), rel=1e-6
    )


def test_drift_is_how_much_further_behind_it_falls():
    reference = np.full(200, 0.1)
    assert film_metrics.drift(reference + 0.05, reference) == pytest.approx(0)
    curve = reference + np.linspace(0, 0.199, 200)  # a thousandth more each frame
    assert film_metrics.drift(curve, reference) == pytest.approx(0.150)
    assert film_metrics.drift(reference, curve) == pytest.approx(-0.150)
    assert film_metrics.drift([1, 2, 4], [0, 0, 0]) == 3  # one frame at either end


@pytest.mark.parametrize(("curve", "reference"), [([1], [1]), ([1, 2], [1, 2, 3]), ([], [])])
def test_curves_without_a_drift(curve, reference):
    with pytest.raises(InputError, match="two curves of one length"):
        film_metrics.drift(curve, reference)


# --- what is refused -----------------------------------------------------------------------------


def test_shapes_that_do_not_fit(coast):
    labels, uv = np.zeros((3, 4, 2), np.int32), np.zeros((3, 4, 2), np.float32)
    with pytest.raises(InputError, match=r"one shape \(\.\.\., 2\); received"):
        film_metrics.changed(labels, labels[:2], uv, uv, GRID.width)
    with pytest.raises(InputError, match=r"one shape \(\.\.\., 2\)"):
        film_metrics.chroma_rmse(uv[..., :1], uv[..., :1])
    with pytest.raises(InputError, match=r"lie in 0\.\.1; received values from 0 to 2"):
        film_metrics.transitions(labels, labels + 2, 2)
    with pytest.raises(InputError, match=r"\(H, W, C\)"):
        film_metrics.warp_error(coast[0], coast[0][:-1], *still())
    with pytest.raises(InputError, match="8-bit"):
        film_metrics.warp_error(coast[0], (coast[0] * 255).astype(np.uint8), *still())
    with pytest.raises(InputError, match=r"visible needs the frames' size \(48, 64\)"):
        film_metrics.warp_error(coast[0], coast[0], still()[0], np.ones((3, 3), bool))
    with pytest.raises(InputError, match="at least one pixel"):
        film_metrics.histogram(np.zeros((0, 4, 3), np.uint8))
