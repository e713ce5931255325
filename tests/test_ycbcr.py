"""Chroma for the planes of a film: its luma stays, the model's U and V are what is shown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorlab import yuv
from colorlab.media.ycbcr import BT601, BT709, WEIGHTS, Encoding, guess_matrix

ENCODINGS = [Encoding(m, f, b) for m in (1, 6, 7, 9) for f in (False, True) for b in (8, 10)]


def shown(code, y, uv):
    """The plane of a luma, and the picture that a screen shows with the chroma for it."""
    plane = code.quantise_luma(y)
    return plane, code.to_rgb(plane, *code.chroma_planes(code.expand(plane), uv))


@given(
    st.sampled_from(ENCODINGS),
    st.floats(0, 1),
    st.floats(-0.43, 0.43),
    st.floats(-0.61, 0.61),
)
def test_the_film_keeps_its_luma_and_shows_the_models_chroma(code, y, u, v):
    y, uv = np.full((1, 1), y, np.float32), np.array([[[u, v]]], np.float32)
    plane, rgb = shown(code, y, uv)
    kr, kb = WEIGHTS[code.matrix]
    luma = rgb @ np.array([kr, 1 - kr - kb, kb], np.float32)
    step = 1 / (219 * 2 ** (code.bits - 8))
    assert abs(luma - code.expand(plane)).max() <= 2 * step
    _, displayed = yuv.rgb_to_yuv(rgb)
    u2, v2 = displayed[0, 0]
    assert abs(u2 * v - v2 * u) <= 3 * step * max(abs(u), abs(v))  # the hue is the model's
    assert u2 * u + v2 * v >= -3 * step
    if (rgb > 3 * step).all() and (rgb < 1 - 3 * step).all():  # nothing had to be scaled
        np.testing.assert_allclose(displayed[0, 0], [u, v], atol=3 * step)


@pytest.mark.parametrize("bits", [8, 10])
def test_bt601_shows_what_a_photo_would(bits, rng):
    code = Encoding(BT601, True, bits)
    y = rng.random((30, 40), np.float32)
    uv = rng.uniform(-0.5, 0.5, (30, 40, 2)).astype(np.float32)
    plane, rgb = shown(code, y, uv)
    photo = yuv.yuv_to_rgb(code.expand(plane)[..., None], uv)
    np.testing.assert_allclose(rgb, photo, atol=1.5 / (2**bits - 1))


def test_a_grey_film_may_be_of_any_matrix():
    y = np.linspace(0, 1, 11, dtype=np.float32)[None]
    for code in ENCODINGS:
        plane, rgb = shown(code, y, np.zeros((1, 11, 2), np.float32))
        np.testing.assert_allclose(rgb, np.repeat(code.expand(plane)[..., None], 3, -1), atol=1e-6)


def test_bt709_is_not_taken_for_bt601():
    red = Encoding(BT709, False, 8).to_rgb(*(np.full((1, 1), v, np.uint8) for v in (63, 102, 240)))
    np.testing.assert_allclose(red, [[[1, 0, 0]]], atol=0.01)
    red = Encoding(BT601, False, 8).to_rgb(*(np.full((1, 1), v, np.uint8) for v in (81, 90, 240)))
    np.testing.assert_allclose(red, [[[1, 0, 0]]], atol=0.01)


@pytest.mark.parametrize("code", ENCODINGS)
def test_codes_of_luma_survive(code):
    black, white = (
        (0, 2**code.bits - 1) if code.full else (16 << code.bits - 8, 235 << code.bits - 8)
    )
    plane = np.arange(black, white + 1, dtype=code.dtype)[None]
    y = code.expand(plane)
    assert (y[0, 0], y[0, -1]) == (0, pytest.approx(1, abs=1e-6))
    assert y.dtype == np.float32
    np.testing.assert_array_equal(code.quantise_luma(y), plane)


def test_codes_beyond_black_and_white_are_clipped():
    plane = np.array([[0, 15, 16, 235, 236, 255]], np.uint8)
    np.testing.assert_allclose(Encoding().expand(plane), [[0, 0, 0, 1, 1, 1]], atol=1e-6)


def test_what_an_untagged_film_is_taken_for():
    assert guess_matrix(720, 576) == guess_matrix(456, 256) == BT601
    assert guess_matrix(1280, 720) == guess_matrix(720, 1280) == guess_matrix(1920, 800) == BT709
