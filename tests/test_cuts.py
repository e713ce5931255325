"""Cuts are found between shots, and only there."""

import numpy as np
import pytest

from colorlab import coast, yuv
from colorlab.media import cuts

SEEDS = range(8)


@pytest.fixture(scope="module")
def shots():
    """Eight coasts, six frames each at eight a second."""
    return [
        [yuv.luma(coast.Scene(seed).render(k / 8, 36, 64))[..., 0] for k in range(6)]
        for seed in SEEDS
    ]


def found(frames):
    detector = cuts.CutDetector()
    return [k for k, y in enumerate(frames) if detector.is_cut(y)]


def test_the_cuts_between_coasts_are_found_and_no_others(shots):
    frames = [y for shot in shots for y in shot]
    assert found(frames) == [6 * k for k in SEEDS]


def test_shots_of_one_frame_are_cuts_with_every_frame(shots):
    assert found([shot[0] for shot in shots]) == list(SEEDS)


def test_what_is_no_cut(shots, rng):
    shot = shots[0]
    assert found([shot[0]] * 5) == [0]
    assert found([np.zeros((36, 64), np.float32)] * 3) == [0]
    noisy = [np.clip(y + rng.normal(0, 0.03, y.shape), 0, 1).astype(np.float32) for y in shot]
    assert found(noisy) == [0]
    brighter = [np.clip(y * (1 + k / 50), 0, 1).astype(np.float32) for k, y in enumerate(shot)]
    assert found(brighter) == [0]
    panned = [np.roll(shot[0], 2 * k, axis=1) for k in range(12)]
    assert found(panned) == [0]


def test_a_flash_of_light_begins_and_ends_a_shot(shots):
    white = np.ones((36, 64), np.float32)
    assert found([*shots[0][:5], white, *shots[0][4:]]) == [0, 5, 6]


def test_any_size_will_do(shots, rng):
    for shape in ((1, 1), (1, 500), (300, 2), (36, 64)):
        y = rng.random(shape, np.float32)
        assert cuts.score(y, y) == 0
        assert 0 <= cuts.score(y, 1 - y) < 1.5


def test_scores_of_coasts_lie_on_the_right_side(shots):
    across = [cuts.score(one[k], other[k]) for one in shots for other in shots for k in (0, 5)]
    across = [value for value in across if value]
    within = [cuts.score(shot[k], shot[k + 1]) for shot in shots for k in range(5)]
    assert max(within) < cuts.THRESHOLD / 2
    assert np.mean(np.array(across) > cuts.THRESHOLD) > 0.95
