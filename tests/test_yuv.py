"""The colour conversion: the field's matrix, kept luma, and labels no machine can change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.color import rgb2yuv, yuv2rgb

from colorlab.errors import InputError
from colorlab.yuv import (
    RANGE,
    U_MAX,
    V_MAX,
    as_float32,
    fit_gamut,
    in_gamut,
    luma,
    rgb_to_yuv,
    to_uint8,
    yuv_to_rgb,
)

UNIT = st.floats(0, 1, width=32)
WIDE = st.floats(-3, 3, width=32)
quick = settings(max_examples=60, deadline=None)


def pixels(elements, channels):
    return hnp.arrays(np.float32, (8, channels), elements=elements)


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (2, 24, 16, 3), dtype=np.uint8)


# --- the matrix ---------------------------------------------------------------------------------


def test_agrees_with_skimage(photo):
    y, uv = rgb_to_yuv(photo)
    assert y.shape == (2, 24, 16, 1) and uv.shape == (2, 24, 16, 2)
    assert y.dtype == uv.dtype == np.float32
    theirs = rgb2yuv(photo / 255.0)
    np.testing.assert_allclose(np.concatenate([y, uv], axis=-1), theirs, atol=2e-7)


def test_way_back_agrees_with_skimage(photo):
    yuv = rgb2yuv(photo / 255.0)
    np.testing.assert_allclose(yuv_to_rgb(yuv[..., :1], yuv[..., 1:]), yuv2rgb(yuv), atol=2e-6)


def test_pure_colours_span_the_stated_ranges():
    corners = np.array(np.meshgrid([0, 255], [0, 255], [0, 255])).reshape(3, 8).T.astype(np.uint8)
    y, uv = rgb_to_yuv(corners)
    np.testing.assert_allclose(uv.max(axis=0), [U_MAX, V_MAX], atol=3e-5)
    np.testing.assert_allclose(uv.min(axis=0), [-U_MAX, -V_MAX], atol=3e-5)
    assert y.min() == 0 and y.max() == 1
    assert RANGE.dtype == np.float32 and RANGE.tolist() == pytest.approx([U_MAX, V_MAX])


@pytest.mark.parametrize("scale, dtype", [(255, np.uint8), (65535, np.uint16)])
def test_integers_and_floats_say_the_same(scale, dtype):
    levels = np.random.default_rng(1).integers(0, scale + 1, (50, 3)).astype(dtype)
    whole = rgb_to_yuv(levels)
    for floats in (levels.astype(np.float32) / np.float32(scale), levels / float(scale)):
        for ours, theirs in zip(rgb_to_yuv(floats), whole, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_any_leading_axes_and_memory_layouts(photo):
    y, uv = rgb_to_yuv(photo)
    for view, ours in [
        (photo[0, 0, 0], uv[0, 0, 0]),
        (photo[:, ::-1, ::2], uv[:, ::-1, ::2]),
        (np.asfortranarray(photo), uv),
        (photo[:0], uv[:0]),
    ]:
        np.testing.assert_array_equal(rgb_to_yuv(view)[1], ours)
    np.testing.assert_array_equal(luma(photo), y)


def test_a_float_picture_is_not_changed_in_place():
    picture = np.full((4, 4, 3), 0.25, np.float32)
    y, uv = rgb_to_yuv(picture)
    kept = uv.copy()
    yuv_to_rgb(y, uv)
    assert (picture == 0.25).all()
    np.testing.assert_array_equal(uv, kept)


def test_greys_have_their_own_luma_and_no_chroma():
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    y, uv = rgb_to_yuv(greys)
    np.testing.assert_allclose(y[:, 0], np.arange(256) / 255, atol=1e-7)
    assert np.abs(uv).max() < 1e-7


# --- there and back -----------------------------------------------------------------------------


@quick
@given(pixels(UNIT, 3))
def test_round_trip_of_floats(rgb):
    np.testing.assert_allclose(yuv_to_rgb(*rgb_to_yuv(rgb)), rgb, atol=3e-6)


def test_round_trip_of_8_bits_is_exact():
    levels = np.arange(0, 256, 5, dtype=np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1)
    np.testing.assert_array_equal(to_uint8(yuv_to_rgb(*rgb_to_yuv(cube))), cube)


@quick
@given(pixels(UNIT, 1), pixels(WIDE, 2))
def test_luma_is_kept_whatever_the_chroma(y, uv):
    rgb = yuv_to_rgb(y, uv)
    assert rgb.min() >= 0 and rgb.max() <= 1
    np.testing.assert_allclose(luma(rgb), y, atol=2e-6)


@quick
@given(pixels(UNIT, 1), pixels(WIDE, 2))
def test_chroma_is_scaled_no_further_than_the_gamut_asks(y, uv):
    fitted = fit_gamut(y, uv)
    cross = fitted[:, 0] * uv[:, 1] - fitted[:, 1] * uv[:, 0]
    np.testing.assert_allclose(cross, 0, atol=1e-6)  # the hue stays
    assert (np.abs(fitted) <= np.abs(uv)).all() and (fitted * uv >= 0).all()
    rgb = yuv_to_rgb(y, uv)
    scaled = (np.abs(fitted - uv) > 1e-5).any(axis=-1)
    on_the_border = np.minimum(rgb, 1 - rgb).min(axis=-1) < 1e-6
    assert on_the_border[scaled].all()


@quick
@given(pixels(UNIT, 3))
def test_chroma_inside_the_gamut_stays(rgb):
    y, uv = rgb_to_yuv(rgb)
    np.testing.assert_allclose(fit_gamut(y, uv), uv, atol=2e-6)


@quick
@given(pixels(UNIT, 1), pixels(WIDE, 2))
def test_chroma_exists_where_rgb_takes_it(y, uv):
    fits = in_gamut(y, uv)
    back = rgb_to_yuv(yuv_to_rgb(y, uv))[1]
    off = np.abs(back - uv).max(axis=-1)
    assert (off[fits] < 1e-5).all() and (off[~fits] > 0).all()


def test_one_luma_serves_many_colours():
    rectangle = np.stack(np.meshgrid([-0.3, 0, 0.3], [-0.4, 0, 0.4]), axis=-1)
    assert in_gamut([0.0], rectangle).sum() == in_gamut([1.0], rectangle).sum() == 1  # grey alone
    assert in_gamut([0.5], rectangle).sum() > 1
    assert in_gamut([0.5], rectangle).shape == (3, 3)


def test_black_and_white_hold_no_colour():
    y = np.array([[0.0], [1.0], [-0.1], [1.1]], np.float32)
    uv = np.full((4, 2), 0.3, np.float32)
    assert not fit_gamut(y, uv).any()
    np.testing.assert_array_equal(yuv_to_rgb(y, uv), np.repeat([[0], [1], [0], [1]], 3, axis=1))


def test_half_precision_is_fitted_in_float32():
    rng = np.random.default_rng(2)
    y, uv = rng.uniform(0, 1, (5, 6, 1)), rng.uniform(-1, 1, (5, 6, 2))
    uv[0] = 0
    fitted = fit_gamut(y.astype(np.float16), uv.astype(np.float16))
    assert fitted.dtype == np.float32
    np.testing.assert_allclose(fitted, fit_gamut(y, uv), atol=2e-3)


# --- 8 bits -------------------------------------------------------------------------------------


def test_to_uint8_rounds_and_clips():
    values = np.array([-0.0005, 0, 0.4 / 255, 0.6 / 255, 254.6 / 255, 1.0005], np.float32)
    np.testing.assert_array_equal(to_uint8(values.reshape(2, 3)).ravel(), [0, 0, 0, 1, 255, 255])
    sixteen = np.array([[0, 257, 65535]], np.uint16)
    np.testing.assert_array_equal(to_uint8(sixteen), [[0, 1, 255]])


def test_as_float32_copies_only_if_it_must():
    array = np.zeros(3, np.float32)
    assert as_float32(array) is array
    assert as_float32([1, 2]).dtype == np.float32


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [rgb_to_yuv, luma, to_uint8])
@pytest.mark.parametrize(
    "rgb, said",
    [
        (np.zeros((4, 4)), r"3 channels.*\(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"3 channels.*\(4, 4, 4\)"),
        (np.float32(1), r"3 channels.*\(\)"),
        (np.zeros((4, 3), np.int64), "received dtype int64"),
        (np.zeros((4, 3), bool), "received dtype bool"),
        (np.full((4, 3), np.nan), "NaN"),
        (np.full((4, 3), 255.0), "from 0 to 255.*divide 8-bit values by 255"),
        (np.full((4, 3), -1.0), "from -1 to 0"),
    ],
)
def test_wrong_pictures_are_named(function, rgb, said):
    with pytest.raises(InputError, match=said):
        function(rgb)


GREY, PLAIN = np.full((4, 1), 0.5), np.zeros((4, 2))


@pytest.mark.parametrize(
    "y, uv, said",
    [
        (np.zeros(4), PLAIN, r"Luma needs 1 channel.*\(4,\)"),
        (GREY, np.zeros((4, 3)), r"Chroma needs 2 channel.*\(4, 3\)"),
        (GREY, np.zeros((5, 2)), r"same size.*\(4, 1\) and \(5, 2\)"),
        (np.full((4, 1), np.nan), PLAIN, "Luma contains NaN"),
        (GREY, np.full((4, 2), np.nan), "Chroma contains NaN"),
        (GREY, np.full((4, 2), np.inf), "Chroma contains NaN or infinity"),
        (np.full((4, 1), 128), PLAIN, "from 0 to 128"),
        (np.full((4, 1), "a"), PLAIN, "must be numbers"),
    ],
)
def test_wrong_luma_or_chroma_is_named(y, uv, said):
    with pytest.raises(InputError, match=said):
        yuv_to_rgb(y, uv)


def test_fit_gamut_refuses_wrong_shapes():
    with pytest.raises(InputError, match=r"\(4, 2\) and \(4, 1\)"):
        fit_gamut(PLAIN, GREY)
