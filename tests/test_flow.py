"""Optical flow: known shifts, the exact flow of rendered coasts, and what cannot be seen."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from colorlab import evaluation, files, flow, yuv
from colorlab.cli import main
from colorlab.coast import Scene
from colorlab.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
STEP = 0.5


@pytest.fixture(scope="module")
def texture():
    """Smooth random luma in [0, 1], larger than the frames cut out of it."""
    noise = gaussian_filter(np.random.default_rng(0).random((80, 96)), 2)
    return ((noise - noise.min()) / np.ptp(noise)).astype(np.float32)


@pytest.fixture(scope="module")
def coast():
    """Two frames of a coast, RGB in [0, 1], and the exact flow from the first to the second."""
    scene = Scene(1)
    first, second = (scene.render(t, 72, 96).astype(np.float32) / 255 for t in (3.0, 3.0 + STEP))
    return first, second, scene.flow(3.0, 3.0 + STEP, 72, 96)


def constant(height, width, dx, dy):
    return np.broadcast_to(np.float32([dx, dy]), (height, width, 2))


# --- warp ----------------------------------------------------------------------------------------


def test_warp_by_whole_pixels_fetches_what_lies_there(texture):
    image = texture[:20, :30]
    moved = flow.warp(image, constant(20, 30, 3, -2))
    assert moved.dtype == np.float32
    np.testing.assert_array_equal(moved[2:, :-3], image[:-2, 3:])
    np.testing.assert_array_equal(moved[2:, -3:], image[:-2, -1:].repeat(3, 1))  # the border
    np.testing.assert_array_equal(moved[:2, :-3], image[:1, 3:].repeat(2, 0))


def test_warp_between_pixels_is_bilinear():
    row, column = np.mgrid[:9, :12].astype(np.float32)
    image = np.stack([row, column, row * column], axis=-1)
    moved = flow.warp(image, constant(9, 12, 0.25, 0.5))
    inside = moved[:-1, :-1]
    np.testing.assert_allclose(inside[..., 0], row[:-1, :-1] + 0.5, rtol=1e-6)
    np.testing.assert_allclose(inside[..., 1], column[:-1, :-1] + 0.25, rtol=1e-6)
    expected = (row[:-1, :-1] + 0.5) * (column[:-1, :-1] + 0.25)
    np.testing.assert_allclose(inside[..., 2], expected, rtol=1e-5)


@given(st.integers(1, 6), st.integers(1, 6), st.floats(0, 40), st.integers(0, 99))
def test_warp_stays_within_the_values_and_no_flow_changes_nothing(height, width, size, seed):
    rng = np.random.default_rng(seed)
    image = rng.random((height, width, 2), np.float32)
    moved = flow.warp(image, rng.normal(0, size, (height, width, 2)).astype(np.float32))
    assert moved.shape == image.shape
    assert image.min() - 1e-6 <= moved.min() and moved.max() <= image.max() + 1e-6
    np.testing.assert_array_equal(flow.warp(image, constant(height, width, 0, 0)), image)


def test_the_exact_flow_of_a_coast_warps_one_frame_into_the_other(coast):
    first, second, exact = coast
    before, after = (
        np.square(frame - first)[exact.visible].mean()
        for frame in (second, flow.warp(second, exact.flow))
    )
    assert after < 0.001 and after < 0.5 * before


# --- the estimators ------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [flow.tvl1, flow.ilk, flow.dis, flow.estimate])
@pytest.mark.parametrize(("right", "down"), [(2, -3), (-1, 1)])
def test_a_shift_by_whole_pixels_is_found(texture, estimator, right, down):
    first = texture[8:72, 8:88]
    second = texture[8 - down : 72 - down, 8 - right : 88 - right]  # its content moved that way
    found = estimator(first, second)
    assert found.dtype == np.float32 and found.shape == (64, 80, 2)
    middle = found[8:-8, 8:-8]
    np.testing.assert_allclose(middle.mean(axis=(0, 1)), [right, down], atol=0.05)
    assert np.abs(middle - [right, down]).max() < 0.5


@pytest.mark.parametrize("estimator", [flow.tvl1, flow.ilk, flow.dis])
def test_a_shift_by_a_fraction_is_found(texture, estimator):
    first = texture[8:72, 8:88]
    second = flow.warp(texture, constant(80, 96, -0.4, 0.7))[8:72, 8:88]
    found = estimator(first[..., None], second[..., None])[8:-8, 8:-8]
    np.testing.assert_allclose(found.mean(axis=(0, 1)), [0.4, -0.7], atol=0.08)


def test_the_estimate_comes_near_the_exact_flow_of_a_coast(coast):
    first, second, exact = coast
    found = flow.estimate(yuv.luma(first), yuv.luma(second))
    error = np.linalg.norm(found - exact.flow, axis=-1)[exact.visible]
    still = np.linalg.norm(exact.flow, axis=-1)[exact.visible]
    assert error.mean() < 0.6 * still.mean() and np.median(error) < 0.15


@pytest.mark.parametrize("estimator", [flow.tvl1, flow.ilk, flow.dis])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 3), (5, 17)])
def test_frames_of_any_size_and_without_texture_stand_still(estimator, size):
    even = np.full(size, 0.5, np.float32)
    np.testing.assert_array_equal(estimator(even, even), np.zeros((*size, 2)))


# --- what is visible -----------------------------------------------------------------------------


def test_what_comes_home_is_visible_and_what_does_not_is_hidden():
    forward, backward = constant(12, 20, 4, 0), constant(12, 20, -4, 0)
    seen = flow.visible(forward, backward)
    assert seen[:, :16].all() and not seen[:, 16:].any()  # the last four columns leave the frame
    assert not flow.visible(forward, constant(12, 20, 0, 0)).any()
    assert flow.visible(constant(12, 20, 0, 0), constant(12, 20, 0.5, 0.5)).all()


def test_a_square_passing_before_a_still_ground_hides_what_lies_ahead_of_it():
    forward, backward = np.zeros((2, 20, 30, 2), np.float32)
    forward[5:15, 5:15, 0] = 6
    backward[5:15, 11:21, 0] = -6
    hidden = np.zeros((20, 30), bool)
    hidden[5:15, 15:21] = True
    np.testing.assert_array_equal(~flow.visible(forward, backward), hidden)


@pytest.mark.parametrize("seed", [0, 3])
def test_visibility_from_exact_flows_agrees_with_the_exact_one(seed):
    scene = Scene(seed)
    there, back = scene.flow(1.0, 1.3, 72, 96), scene.flow(1.3, 1.0, 72, 96)
    assert np.mean(flow.visible(there.flow, back.flow) == there.visible) > 0.97


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [flow.tvl1, flow.ilk, flow.dis])
def test_frames_that_make_no_pair(estimator):
    luma = np.zeros((6, 8), np.float32)
    with pytest.raises(InputError, match=r"one size; received \(6, 8\) and \(6, 7\)"):
        estimator(luma, luma[:, :-1])
    with pytest.raises(InputError, match=r"received \(6, 8, 3\)"):
        estimator(np.zeros((6, 8, 3), np.float32), luma)
    with pytest.raises(InputError, match="floats"):
        estimator(luma.astype(np.uint8), luma)


def test_a_flow_of_another_size():
    with pytest.raises(InputError, match=r"shape \(6, 8, 2\); received \(8, 6, 2\)"):
        flow.warp(np.zeros((6, 8, 3), np.float32), np.zeros((8, 6, 2), np.float32))


# --- the comparison ------------------------------------------------------------------------------


def test_comparing_the_estimators():
    result = evaluation.compare_flows(2, 0, 36, steps=(0.1, 0.4), times=(1.0,), progress=False)
    entries = result["estimators"]
    assert list(entries) == ["exact", "still", "tvl1", "ilk", "dis"] and result["n_pairs"] == 4
    exact, still = entries["exact"], entries["still"]
    assert exact["end_point_error"] == exact["visible_wrong"] == 0
    assert exact["visible_kept"] == exact["hidden_found"] == exact["warp_error_correlation"] == 1
    assert still["end_point_error"] == still["motion"] > 0 and still["hidden_found"] == 0
    for name in ("tvl1", "ilk", "dis"):
        entry = entries[name]
        assert 0 < entry["end_point_error"] < still["end_point_error"]
        assert entry["end_point_error_median"] <= entry["end_point_error_95"]
        assert entry["end_point_error_edge"] > entry["end_point_error_textured"] > 0
        assert entry["seconds"] > 0 and entry["settings"]
        assert list(entry["per_step"]) == ["0.1000", "0.4000"]
        mean = np.mean([part["end_point_error"] for part in entry["per_kind"].values()])
        assert mean == pytest.approx(entry["end_point_error"], abs=1e-5)


def test_the_comparison_from_the_command_line(tmp_path, capsys):
    path = tmp_path / "flow.json"
    words = ["evaluate", "flow", "--scenes", "1", "--size", "18", "--seed", "3", "--quiet"]
    assert main([*words, "--json", str(path)]) == 0
    result = files.read_json(path)
    assert json.loads(capsys.readouterr().out) == result
    assert result["seeds"] == [3] and (result["height"], result["width"]) == (18, 24)
    assert result["command"].startswith("colorlab evaluate flow --scenes 1")


def test_the_estimate_is_the_estimator_that_won():
    entries = files.read_json(ROOT / "results/flow-estimators.json")["estimators"]
    settings = {"tvl1": flow.TVL1, "ilk": flow.ILK, "dis": flow.DIS}
    best = min(settings, key=lambda name: entries[name]["end_point_error"])
    assert entries[best]["settings"] == settings[best]
    assert entries["dis"]["settings"] == flow.DIS
    assert entries["dis"]["seconds"] == min(entries[name]["seconds"] for name in settings)
    luma = np.random.default_rng(0).random((2, 24, 24), np.float32)
    np.testing.assert_array_equal(flow.estimate(*luma), getattr(flow, best)(*luma))
