"""New pictures that look like old photographs."""

import numpy as np
import pytest

from colorlab import yuv
from colorlab.coast import Scene
from colorlab.errors import InputError
from colorlab.teaching import aging

NONE = {"fading": 0, "grain": 0, "scratches": 0}


@pytest.fixture(scope="module")
def coast():
    """A rendered coast."""
    return Scene(8).render(2.0, 48, 72)


def test_undamaged_it_is_the_luma(coast):
    old = aging.age(coast, **NONE)
    assert old.dtype == np.uint8 and old.shape == coast.shape
    assert (old == old[..., :1]).all()
    np.testing.assert_allclose(old[..., :1] / 255, yuv.luma(coast), atol=0.5 / 255 + 1e-6)


def test_plates_see_what_they_say():
    red, blue = (np.full((4, 4, 3), one, np.uint8) for one in ((255, 0, 0), (0, 0, 255)))
    assert aging.age(red, "orthochromatic", **NONE).max() == 0
    assert aging.age(red, "blue", **NONE).max() == 0
    assert aging.age(blue, "blue", **NONE).min() == 255
    assert all(sum(shares) == pytest.approx(1) for shares in aging.PLATES.values())


def test_fading_moves_everything_towards_paper_and_corners_most(coast):
    old = aging.age(coast, **NONE | {"fading": 0.5}) / 255
    new = yuv.luma(coast)
    assert (np.abs(old - aging.PAPER) <= np.abs(new - aging.PAPER) + 0.003).all()
    black = aging.age(np.zeros((9, 9, 3), np.uint8), **NONE | {"fading": 0.5})[..., 0]
    assert black[0, 0] == round(255 * 0.5 * aging.PAPER)
    assert black[4, 4] == round(255 * 0.25 * aging.PAPER)


def test_grain_has_the_strength_asked_for_and_other_seeds_other_grains():
    grey = np.full((96, 96, 3), 128, np.uint8)
    old = aging.age(grey, **NONE | {"grain": 0.05}) / 255
    assert old.std() == pytest.approx(0.05, rel=0.1)
    assert old.mean() == pytest.approx(128 / 255, abs=0.01)
    again, other = (aging.age(grey, **NONE | {"grain": 0.05}, seed=k) / 255 for k in (0, 1))
    np.testing.assert_array_equal(old, again)
    assert not np.array_equal(old, other)
    black = aging.age(0 * grey, **NONE | {"grain": 0.05})
    assert black.max() == 0


def test_scratches_are_few_pixels(coast):
    new, old = aging.age(coast, **NONE), aging.age(coast, **NONE | {"scratches": 5})
    assert 0.002 < (new != old).any(axis=-1).mean() < 0.15


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"plate": "infrared"}, "plate must be one of panchromatic, orthochromatic, blue"),
        ({"fading": 1.5}, "fading must lie in"),
        ({"grain": -1}, "must not be negative"),
        ({"scratches": -1}, "must not be negative"),
    ],
)
def test_nonsense_is_refused(coast, wrong, said):
    with pytest.raises(InputError, match=said):
        aging.age(coast, **wrong)
