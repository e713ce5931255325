"""Pictures in a row, each under its caption."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorlab.errors import InputError
from colorlab.media import side_by_side


@given(st.integers(1, 4), st.integers(1, 50), st.integers(1, 70))
def test_every_picture_is_there_whole_and_unchanged(count, height, width):
    rng = np.random.default_rng(0)
    shown = [rng.integers(40, 220, (height, width, 3), np.uint8) for _ in range(count)]
    canvas = side_by_side.tile(shown, ["a"] * count)
    assert canvas.dtype == np.uint8
    assert canvas.shape[0] % 2 == canvas.shape[1] % 2 == 0
    top = canvas.shape[0] - height - height % 2
    assert top >= 8
    gap = (canvas.shape[1] - count * width) // max(1, count - 1) if count > 1 else 0
    for k, picture in enumerate(shown):
        left = k * (width + gap)
        np.testing.assert_array_equal(canvas[top : top + height, left : left + width], picture)


def test_grey_and_float_pictures():
    grey, colour = np.full((10, 30, 1), 0.5, np.float32), np.zeros((10, 30, 3), np.uint8)
    canvas = side_by_side.tile([grey, colour], ["grey", "black"])
    assert (canvas[-10:, :30] == 128).all()
    assert (canvas[-10:, -30:] == 0).all()


def test_captions_are_written_over_their_pictures():
    blank = np.zeros((20, 200, 3), np.uint8)
    one, other = (
        side_by_side.tile([blank, blank], ["same", word])[:-20] for word in ("left", "right")
    )
    np.testing.assert_array_equal(one[:, :200], other[:, :200])
    assert (one[:, 200:] != other[:, 200:]).any()
    assert one.max() > 200
    none = side_by_side.tile([blank, blank], ["", ""])[:-20]
    assert none.max() < 40


def test_a_long_caption_stays_over_its_picture():
    blank = np.zeros((20, 60, 3), np.uint8)
    for words in ("quite a long caption", "so long that it cannot be read " * 5):
        strip = side_by_side.tile([blank, blank], [words, ""])[:-20]
        assert strip[:, :60].max() > 100
        assert strip[:, 60:].max() < 40


def test_what_does_not_go_side_by_side():
    small, large = np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3, 3), np.uint8)
    with pytest.raises(InputError, match=r"one size; received \(2, 2\), \(2, 3\)"):
        side_by_side.tile([small, large], ["a", "b"])
    with pytest.raises(InputError, match="1 pictures and 2 captions"):
        side_by_side.tile([small], ["a", "b"])
    with pytest.raises(InputError, match="0 pictures"):
        side_by_side.tile([], [])
