"""Picture metrics against formulas written out here and against scikit-image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from colorlab import metrics, yuv
from colorlab.errors import InputError


@pytest.fixture
def pair(rng):
    """A random picture and a noisy copy of it."""
    truth = rng.random((18, 15, 3), np.float32)
    return truth, np.clip(truth + rng.normal(0, 0.1, truth.shape), 0, 1).astype(np.float32)


# --- psnr ----------------------------------------------------------------------------------------


def test_psnr_is_the_formula_and_what_scikit_image_says(pair):
    truth, picture = pair
    error = np.mean((truth.astype(np.float64) - picture) ** 2)
    assert metrics.psnr(truth, picture) == pytest.approx(10 * np.log10(1 / error), abs=1e-9)
    expected = peak_signal_noise_ratio(truth, picture, data_range=1.0)
    assert metrics.psnr(truth, picture) == pytest.approx(expected, abs=1e-4)


def test_psnr_of_known_differences():
    black = np.zeros((4, 5, 3), np.float32)
    assert metrics.psnr(black, black + np.float32(0.1)) == pytest.approx(20, abs=1e-5)
    assert metrics.psnr(black, black + 1) == 0
    assert metrics.psnr(black, black) == 100


def test_psnr_of_nearly_equal_pictures_stays_finite_and_below_equal():
    truth = np.full((8, 8, 3), 0.5, np.float32)
    assert metrics.psnr(truth, truth + np.float32(2e-5)) < 100
    assert metrics.psnr(truth, truth + np.float32(1e-7)) == 100


@given(st.floats(1e-3, 0.5), st.integers(0, 99))
def test_psnr_is_symmetric_and_falls_with_the_error(size, seed):
    rng = np.random.default_rng(seed)
    truth = rng.random((6, 7, 3), np.float32)
    near = truth + np.float32(size) * rng.random(truth.shape, np.float32)
    far = truth + 2 * (near - truth)
    assert metrics.psnr(truth, near) == metrics.psnr(near, truth)
    assert metrics.psnr(truth, far) < metrics.psnr(truth, near)


# --- ssim ----------------------------------------------------------------------------------------


def ssim_by_hand(truth, picture):
    """SSIM after Wang et al. 2004: Gaussian 11 × 11, sigma 1.5, every window inside the picture."""
    x = np.arange(-5, 6)
    line = np.exp(-0.5 * (x / 1.5) ** 2)
    window = np.outer(line, line) / np.outer(line, line).sum()
    values = []
    for channel in range(3):
        for top in range(truth.shape[0] - 10):
            for left in range(truth.shape[1] - 10):
                part = np.s_[top : top + 11, left : left + 11, channel]
                a, b = truth[part].astype(np.float64), picture[part].astype(np.float64)
                mean_a, mean_b = (window * a).sum(), (window * b).sum()
                var_a = (window * (a - mean_a) ** 2).sum()
                var_b = (window * (b - mean_b) ** 2).sum()
                cov = (window * (a - mean_a) * (b - mean_b)).sum()
                values.append(
                    (2 * mean_a * mean_b + 0.01**2)
                    * (2 * cov + 0.03**2)
                    / ((mean_a**2 + mean_b**2 + 0.01**2) * (var_a + var_b + 0.03**2))
                )
    return np.mean(values)


def test_ssim_is_the_formula_of_wang_et_al(pair):
    assert metrics.ssim(*pair) == pytest.approx(ssim_by_hand(*pair), abs=1e-5)


@pytest.mark.parametrize("side", [1, 2, 3, 5, 7, 10, 11, 12])
def test_ssim_of_small_pictures(rng, side):
    truth = rng.random((side, side + 1, 3), np.float32)
    assert metrics.ssim(truth, truth.copy()) == pytest.approx(1)
    assert metrics.ssim(truth, 1 - truth) < 0.5


# --- what both refuse ----------------------------------------------------------------------------


@pytest.mark.parametrize("measure", [metrics.psnr, metrics.ssim])
def test_pairs_that_cannot_be_compared(measure):
    floats = np.zeros((12, 12, 3), np.float32)
    with pytest.raises(InputError, match=r"float in \[0, 1\]; received uint8"):
        measure(floats, floats.astype(np.uint8))
    with pytest.raises(InputError, match=r"float in \[0, 1\]; received uint8"):
        measure(floats.astype(np.uint8), floats)
    with pytest.raises(InputError, match=r"one size; received \(12, 12, 3\) and \(12, 11, 3\)"):
        measure(floats, floats[:, :11])


# --- colourfulness -------------------------------------------------------------------------------


def colourfulness_by_hand(rgb, absolute):
    rg, yb = [], []
    for red, green, blue in rgb.reshape(-1, 3).astype(float) * 255:
        rg.append(abs(red - green) if absolute else red - green)
        yb.append(abs((red + green) / 2 - blue) if absolute else (red + green) / 2 - blue)
    mean_rg, mean_yb = sum(rg) / len(rg), sum(yb) / len(yb)
    var_rg = sum((x - mean_rg) ** 2 for x in rg) / len(rg)
    var_yb = sum((x - mean_yb) ** 2 for x in yb) / len(yb)
    return (var_rg + var_yb) ** 0.5 + 0.3 * (mean_rg**2 + mean_yb**2) ** 0.5


@pytest.mark.parametrize("absolute", [False, True])
def test_colourfulness_is_the_formula(rng, absolute):
    rgb = rng.random((9, 7, 3), np.float32)
    expected = colourfulness_by_hand(rgb, absolute)
    assert metrics.colourfulness(rgb, absolute) == pytest.approx(expected, rel=1e-6)


def test_colourfulness_of_known_pictures():
    assert metrics.colourfulness(np.full((4, 4, 3), 0.3, np.float32)) == 0
    red = np.zeros((4, 4, 3), np.float32)
    red[..., 0] = 1  # no spread: rg = 255 and yb = 127.5 everywhere
    assert metrics.colourfulness(red) == pytest.approx(0.3 * np.hypot(255, 127.5))
    cyan_and_red = red.copy()
    cyan_and_red[:2] = 1 - red[:2]  # rg and yb change sign: signed and absolute differ
    assert metrics.colourfulness(cyan_and_red) == pytest.approx(np.hypot(255, 127.5))
    assert metrics.colourfulness(cyan_and_red, absolute=True) == metrics.colourfulness(red)


def test_colourfulness_refuses_8_bit_values():
    with pytest.raises(InputError, match="received uint8"):
        metrics.colourfulness(np.zeros((4, 4, 3), np.uint8))


# --- hue -----------------------------------------------------------------------------------------


def painted(*colors):
    """Make a picture of luma 0.5, one pixel for each (U, V)."""
    uv = np.float32([colors])
    return yuv.yuv_to_rgb(np.full((*uv.shape[:2], 1), 0.5, np.float32), uv)


def test_hue_error_is_the_angle_where_the_truth_is_coloured():
    truth = painted((0.1, 0), (0.1, 0), (0.1, 0), (0, 0.1), (0.03, 0))
    ours = painted((0.2, 0), (0, -0.1), (-0.1, 0), (-0.1, 0.1), (-0.1, 0))  # the last one is grey
    error, share = metrics.hue_error(truth, ours)
    assert error == pytest.approx((0 + 90 + 180 + 45) / 4, abs=0.01)
    assert share == 0.8
    assert np.isnan(metrics.hue_error(painted((0.03, 0)), painted((0.1, 0)))[0])


def test_grey_costs_a_right_angle_and_faint_colour_something_in_between():
    truth = painted((0.1, 0.1))
    grey, faint, faint_and_wrong, full = (
        metrics.hue_error(truth, painted((k, k)))[0] for k in (0, 0.01, -0.01, 0.2)
    )
    assert (grey, full) == (pytest.approx(90, abs=0.1), pytest.approx(0, abs=0.1))
    certainty = 0.01 * 2**0.5 / metrics.COLOURED
    assert faint == pytest.approx(90 - 90 * certainty, abs=0.1)
    assert faint_and_wrong == pytest.approx(90 + 90 * certainty, abs=0.1)


# --- kernel distance -----------------------------------------------------------------------------


def kernel_by_hand(x, y):
    """Sum the U-statistic of Gretton et al. pair by pair."""

    def k(a, b):
        return (sum(a * b) / len(a) + 1) ** 3

    pairs = [(i, j) for i in range(len(x)) for j in range(len(x)) if i != j]
    each = [k(x[i], x[j]) + k(y[i], y[j]) - k(x[i], y[j]) - k(x[j], y[i]) for i, j in pairs]
    return sum(each) / len(pairs)


def test_kernel_distance_is_the_sum_over_pairs_of_photos(rng):
    x, y = rng.random((2, 7, 4))
    found = metrics.kernel_distance(x, y)
    assert found["value"] == pytest.approx(kernel_by_hand(x, y))
    assert found["low"] < found["value"] < found["high"]
    assert found == metrics.kernel_distance(x, y)
    with pytest.raises(InputError, match=r"received \(7, 4\) and \(6, 4\)"):
        metrics.kernel_distance(x, y[:6])


def test_kernel_distance_has_no_bias_even_between_a_photo_and_its_colouring(rng):
    """Noise on top of one's own features must not look like closeness: the mean is what it is."""
    values = {"paired": [], "apart": []}
    for _ in range(400):
        truth, other = rng.normal(size=(2, 8, 3))
        values["paired"].append(metrics.kernel_distance(truth + 1, truth)["value"])
        values["apart"].append(metrics.kernel_distance(other + 1, truth)["value"])
    spread = np.std(values["apart"]) / 400**0.5
    assert np.mean(values["paired"]) == pytest.approx(np.mean(values["apart"]), abs=4 * spread)


def test_the_interval_is_no_wider_up_than_down_by_photos_drawn_twice(rng):
    x, y = rng.normal(size=(2, 60, 5)) + np.array([[[0.8]], [[0.0]]])
    found = metrics.kernel_distance(x, y)
    assert found["low"] > 0
    middle = (found["low"] + found["high"]) / 2
    assert middle == pytest.approx(found["value"], rel=0.15)


def test_halves_of_one_set_lie_at_no_distance(rng):
    features = rng.random((40, 6))
    floor = metrics.kernel_floor(features)
    assert floor["low"] < 0 < floor["high"]
    assert abs(floor["value"]) < 0.2 * floor["high"]
    assert metrics.kernel_distance(features, features + 0.5)["value"] > 5 * floor["high"]
    with pytest.raises(InputError, match="4 photos or more"):
        metrics.kernel_floor(features[:3])


def test_the_interval_of_a_mean_covers_it_as_the_normal_distribution_says(rng):
    values = rng.normal(3, 2, 400)
    found = metrics.mean_interval(values)
    assert found["value"] == pytest.approx(values.mean())
    half = 1.96 * values.std() / 20
    assert found["low"] == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert found["high"] == pytest.approx(values.mean() + half, abs=0.15 * half)


# --- cross-entropy -------------------------------------------------------------------------------


@given(st.integers(2, 40), st.floats(0.1, 300), st.integers(0, 99))
def test_log_softmax_holds_probabilities(n, scale, seed):
    logits = np.random.default_rng(seed).normal(0, scale, (3, 2, n)).astype(np.float32)
    result = metrics.log_softmax(logits)
    assert result.dtype == np.float32
    np.testing.assert_allclose(np.exp(result.astype(np.float64)).sum(-1), 1, rtol=1e-5)
    exact = logits.astype(np.float64)
    exact = exact - np.logaddexp.reduce(exact, axis=-1, keepdims=True)
    np.testing.assert_allclose(result, exact, rtol=1e-5, atol=1e-4)


def test_cross_entropy_picks_the_true_bin(rng):
    logits = rng.normal(0, 3, (4, 5, 6)).astype(np.float32)
    labels = rng.integers(0, 6, (4, 5))
    loss = metrics.cross_entropy(metrics.log_softmax(logits), labels)
    for r in range(4):
        for c in range(5):
            p = np.exp(logits[r, c].astype(float))
            assert loss[r, c] == pytest.approx(-np.log(p[labels[r, c]] / p.sum()), abs=1e-5)


def test_cross_entropy_of_uniform_and_of_sure_logits():
    labels = np.array([[0, 7], [29, 3]], np.int32)
    uniform = np.zeros((2, 2, 30), np.float32)
    np.testing.assert_allclose(
        metrics.cross_entropy(metrics.log_softmax(uniform), labels), np.log(30), rtol=1e-6
    )
    sure = np.where(np.arange(30) == labels[..., None], 1e4, -1e4).astype(np.float32)
    assert metrics.cross_entropy(metrics.log_softmax(sure), labels).max() == 0
