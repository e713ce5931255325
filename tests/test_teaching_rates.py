"""The lesson on frame rates: what copies, what does not, and a small training."""

import numpy as np
import pytest

from colorlab import checkpoints
from colorlab.strips import rolling
from colorlab.teaching import rates

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def lesson(make_film_model, tmp_path_factory):
    """Pairs of small frames, looked at by a tiny color model with random weights."""
    color = checkpoints.load(make_film_model() / checkpoints.INSIDE)
    cache = tmp_path_factory.mktemp("cache")
    return rates.prepare((30, 3), [3000], [2000, 2001], (32, 48), color, cache)


def test_later_frames_are_the_same_at_every_rate(lesson):
    fast, slow = lesson.test[30].rgb, lesson.test[3].rgb
    np.testing.assert_array_equal(fast[:, 1], slow[:, 1])
    assert not np.array_equal(fast[:, 0], slow[:, 0])
    assert len(lesson.test[30]) == 2 * len(rates.TIMES)


def test_what_copies_follows_everything(lesson):
    fast, slow = (rates.score(lesson, rate) for rate in (30, 3))
    for one in (fast, slow):
        assert one.accuracy == one.copying
        assert one.index == 1
        assert not one.changed > 0  # where anything changed at all
    assert fast.copying > slow.copying


def test_the_color_model_alone_follows_nothing(lesson):
    alone = rates.score(lesson, 3, rolling.Alone())
    assert alone.index == 0
    assert alone.copying == rates.score(lesson, 3).copying
    perfect = rates.score(lesson, 3, rolling.Truth())
    assert perfect.accuracy == 1 and not perfect.changed < 1


def test_training_teaches_and_is_recalled(lesson, tmp_path):
    found = [
        rates.score(lesson, 30, rates.learn(lesson, 30, steps, 32, tmp_path)) for steps in (1, 8)
    ]
    assert found[0].copying == found[1].copying
    again = rates.score(lesson, 30, rates.learn(lesson, 30, 8, 32, tmp_path))
    assert (again.accuracy, again.index) == (found[1].accuracy, found[1].index)
    assert 0 <= again.index <= 1
