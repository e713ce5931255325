"""The coast renderer: the same world at every size and rate, and a flow that is true."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from colorlab.coast import REGIONS, Scene
from colorlab.errors import InputError

KINDS = {"beach", "cliffs", "sunset", "lagoon", "overcast", "rocky", "dusk"}


def warp(image: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Fetch, for each pixel, what lies where the flow points."""
    row, column = np.mgrid[: image.shape[0], : image.shape[1]].astype(float)
    at = [row + flow[..., 1], column + flow[..., 0]]
    planes = [
        map_coordinates(image[..., k].astype(float), at, order=3, mode="nearest")
        for k in range(image.shape[2])
    ]
    return np.stack(planes, axis=-1)


def saturation(rgb: np.ndarray) -> float:
    high, low = rgb.max(axis=-1).astype(float), rgb.min(axis=-1)
    return float(np.mean((high - low) / np.maximum(high, 1)))


def test_same_seed_same_picture_and_other_seeds_other_pictures():
    first = Scene(3).render(1.25, 60, 90)
    np.testing.assert_array_equal(first, Scene(3).render(1.25, 60, 90))
    assert np.abs(first.astype(int) - Scene(4).render(1.25, 60, 90)).mean() > 10


def test_time_moves_the_picture():
    scene = Scene(5)
    frames = [scene.render(t, 60, 90).astype(int) for t in (0.0, 0.04, 2.0)]
    small, large = (np.abs(frames[0] - other).mean() for other in frames[1:])
    assert 0 < small < large


@pytest.mark.parametrize("seed", range(31))
def test_every_seed_looks_like_a_picture(seed):
    rgb = Scene(seed).render(0.7 * seed, 72, 128)
    assert rgb.dtype == np.uint8 and rgb.shape == (72, 128, 3)
    assert 45 < rgb.mean() < 225 and rgb.std() > 15
    low, high = (0.02, 0.25) if Scene(seed).kind == "overcast" else (0.12, 0.75)
    assert low < saturation(rgb) < high


def test_daylight_has_blue_above_and_sand_below():
    for seed in range(21):
        scene = Scene(seed)
        if scene.kind not in ("beach", "lagoon"):
            continue
        rgb = scene.render(0, 72, 128).astype(float)
        red, _, blue = rgb[:8].mean(axis=(0, 1))
        assert blue > red + 30
        bottom = rgb[-6:].reshape(-1, 3)
        assert np.mean(bottom[:, 0] > bottom[:, 2] + 8) > 0.2


def test_seven_following_seeds_hold_every_kind():
    for block in range(4):
        assert {Scene(7 * block + k).kind for k in range(7)} == KINDS


@pytest.mark.parametrize("seed", [0, 1, 2, 6])
def test_a_small_picture_is_the_large_one_averaged(seed):
    scene = Scene(seed)
    large = scene.render(2.0, 320, 480).reshape(64, 5, 96, 5, 3).mean(axis=(1, 3))
    small = scene.render(2.0, 64, 96)
    assert np.abs(large - small).mean() < 4.0
    assert np.corrcoef(large.ravel(), small.ravel())[0, 1] > 0.985


def test_a_wider_picture_shows_the_same_middle():
    scene = Scene(1)
    wide, square = scene.render(3.0, 160, 320), scene.render(3.0, 160, 160)
    assert np.abs(wide[:, 80:240].astype(int) - square).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (33, 57), (4, 400)])
def test_any_size(size):
    scene = Scene(9)
    assert scene.render(1e5, *size).shape == (*size, 3)
    flow = scene.flow(-3.0, -2.5, *size)
    assert flow.flow.shape == (*size, 2) and flow.flow.dtype == np.float32
    assert flow.visible.shape == size and flow.visible.dtype == bool
    assert np.isfinite(flow.flow).all()


@pytest.mark.parametrize("seed", range(7))
def test_flow_explains_the_change_between_frames(seed):
    """Warping by the flow removes most of the change, and no other shift does it better.

    What is left is the resampling of fine texture and the changes of brightness that the class
    names; so any error of a pixel in the flow must show as a worse match.
    """
    scene = Scene(seed)
    first, second = (scene.render(t, 240, 320).mean(axis=-1, keepdims=True) for t in (4.0, 4.5))
    flow = scene.flow(4.0, 4.5, 240, 320)
    seen = flow.visible
    assert seen.mean() > 0.8

    def error(*shift: float) -> float:
        return float(np.abs(warp(second, flow.flow + shift) - first)[seen].mean())

    exact = error(0, 0)
    assert exact < 0.67 * np.abs(second - first)[seen].mean()
    assert all(exact < error(*shift) for shift in ((1, 0), (-1, 0), (0, 1), (0, -1)))


def test_flow_over_no_time_is_zero_and_all_is_visible():
    for seed in range(7):
        flow = Scene(seed).flow(2.5, 2.5, 50, 70)
        np.testing.assert_allclose(flow.flow, 0, atol=1e-5)
        assert flow.visible.mean() > 0.999


@pytest.mark.parametrize("seed", range(7))
def test_flow_forth_and_back_comes_home(seed):
    scene = Scene(seed)
    forth, back = scene.flow(1.0, 1.3, 120, 200), scene.flow(1.3, 1.0, 120, 200)
    home = warp(back.flow, forth.flow) + forth.flow
    away = np.abs(home)[forth.visible].max(axis=-1)
    assert np.median(away) < 0.01 and np.mean(away < 0.2) > 0.96


def test_flow_scales_with_the_picture():
    scene = Scene(8)
    small, large = scene.flow(0, 0.5, 45, 75), scene.flow(0, 0.5, 135, 225)
    both = small.visible & large.visible[1::3, 1::3]
    gap = np.abs(large.flow[1::3, 1::3] / 3 - small.flow)[both]
    assert np.mean(gap < 0.01) > 0.98


def test_flow_hides_what_leaves_the_frame():
    scene = Scene(2)
    quarter = scene.camera.pan_period / 4
    start = -scene.camera.phase / (2 * np.pi) * scene.camera.pan_period
    flow = scene.flow(start, start + quarter, 60, 90)
    column = np.arange(90) + flow.flow[..., 0]
    outside = (column < -0.5) | (column > 89.5)
    assert outside.any() and not flow.visible[outside].any()


def test_regions_tell_what_each_pixel_shows():
    greens, skies = [], []
    for seed in range(14):
        scene = Scene(seed)
        regions, rgb = scene.regions(3.0, 60, 90), scene.render(3.0, 60, 90).astype(float)
        assert regions.dtype == np.uint8 and regions.shape == (60, 90)
        sky, water, foliage = (regions == REGIONS.index(n) for n in ("sky", "water", "foliage"))
        assert sky[0].mean() > 0.5 and not sky[-1].any() and not water[0].any()
        assert water.mean() > 0.1
        skies.append(np.flatnonzero(sky.any(axis=1)).max() / 60)
        has_trees = any("trees" in one or "palms" in one for one in scene.describe()["features"])
        assert has_trees or not foliage.any()
        if scene.kind == "lagoon":  # islands and palms, seen by day
            greens += [rgb[foliage, 1].mean() - rgb[foliage, 2].mean()]
    assert len(greens) == 2 and min(greens) > 20
    assert 0.2 < min(skies) <= max(skies) < 0.8


def test_regions_scale_with_the_picture():
    fine, coarse = (Scene(0).regions(3.0, *size) for size in ((120, 180), (60, 90)))
    assert np.mean(fine[::2, ::2] == coarse) > 0.95


def test_describe_names_kind_seed_and_features():
    told = Scene(0).describe()
    assert told["seed"] == 0 and told["kind"] in KINDS
    assert told["features"] and all(isinstance(name, str) for name in told["features"])


@pytest.mark.parametrize("seed", [-1, 1.5, "3", None, True])
def test_a_wrong_seed_is_refused(seed):
    with pytest.raises(InputError, match="seed"):
        Scene(seed)


@pytest.mark.parametrize("size", [(0, 10), (10, -1), (2.5, 10), (10, True), (1 << 20, 1 << 20)])
def test_a_wrong_size_is_refused(size):
    with pytest.raises(InputError, match="pixels"):
        Scene(0).render(0, *size)
    with pytest.raises(InputError, match="pixels"):
        Scene(0).flow(0, 1, *size)


@pytest.mark.parametrize("t", [float("nan"), float("inf"), 2e5, "1", None])
def test_a_wrong_time_is_refused(t):
    with pytest.raises(InputError, match="seconds"):
        Scene(0).render(t, 8, 8)
    with pytest.raises(InputError, match="seconds"):
        Scene(0).flow(0, t, 8, 8)
