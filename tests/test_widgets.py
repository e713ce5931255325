"""Widgets without a browser: what they draw, what they say, what they do with mistakes."""

import base64
import html
import io
import os
import re
import time
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from PIL import Image

from colorlab import metrics, yuv
from colorlab.bins import BinGrid
from colorlab.errors import InputError
from colorlab.widgets import (
    BinExplorer,
    Explorer,
    SubsamplingExplorer,
    WipeExplorer,
    binning,
    explorer,
    subsampling,
    wipe,
)


@pytest.fixture
def rgb(rng):
    """A picture with coarse and fine colour, 21 x 34."""
    coarse = np.kron(rng.uniform(0.2, 0.8, (3, 5, 3)), np.ones((7, 7, 1)))[:, :34]
    return (coarse + rng.uniform(-0.1, 0.1, (21, 34, 3))).astype(np.float32)


# --- pictures ----------------------------------------------------------------------------------


def test_factor_one_changes_nothing(rgb):
    assert subsampling.coarsen(rgb, 1) is rgb


def test_coarsen_keeps_size_mean_and_constants(rgb):
    assert subsampling.coarsen(rgb, 4).shape == rgb.shape
    np.testing.assert_allclose(
        subsampling.coarsen(rgb, 100), rgb.mean(axis=(0, 1)) + 0 * rgb, atol=0.03
    )
    flat = np.full((9, 10, 2), -0.3, np.float32)
    np.testing.assert_allclose(subsampling.coarsen(flat, 4), flat, atol=1e-6)


@pytest.mark.parametrize("factor", [0, -2, 1.5, True, "2"])
def test_coarsen_refuses(factor, rgb):
    with pytest.raises(InputError, match="whole number of at least 1"):
        subsampling.coarsen(rgb, factor)


def test_compare_keeps_the_other_half(rgb):
    y, _ = yuv.rgb_to_yuv(rgb)
    coarse_chroma, coarse_luma = subsampling.compare(rgb, 4)
    np.testing.assert_allclose(yuv.luma(coarse_chroma), y, atol=1e-5)
    np.testing.assert_allclose(
        yuv.luma(coarse_luma), np.clip(subsampling.coarsen(y, 4), 0, 1), atol=1e-5
    )


def test_render_puts_both_side_by_side(rgb):
    picture = subsampling.render(rgb, 1)
    assert picture.shape == (21, 2 * 34 + 8, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture[:, :34], picture[:, -34:])
    assert (picture[:, 34:42] == 255).all()


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1])
def test_wipe_takes_the_left_part_of_one_and_the_right_of_the_other(share):
    left, right = np.zeros((4, 40, 3), np.uint8), np.full((4, 40, 3), 100, np.uint8)
    picture = wipe.render(left, right, share)
    border = round(40 * share)
    assert (picture[:, : max(0, border - 1)] == 0).all()
    assert (picture[:, border + 1 :] == 100).all()
    assert (picture == 255).any() == (0 < share < 1)
    assert (left == 0).all() and (right == 100).all()  # the pictures given stay as they were


def test_wipe_refuses(rgb):
    with pytest.raises(InputError, match="one size"):
        wipe.render(rgb, rgb[1:], 0.5)
    with pytest.raises(InputError, match="share"):
        wipe.render(rgb, rgb, 1.5)
    with pytest.raises(InputError, match="two pictures or more"):
        WipeExplorer({"one": rgb})


@pytest.mark.parametrize("n", [2, 3, 30, 31])
def test_quantise_keeps_luma_and_takes_the_centres_that_exist(rgb, n):
    y, uv = yuv.rgb_to_yuv(rgb)
    picture = binning.quantise(rgb, n)
    np.testing.assert_allclose(yuv.luma(picture), y, atol=1e-5)
    wanted = yuv.fit_gamut(y, BinGrid.of(n).quantise(uv))
    np.testing.assert_allclose(yuv.rgb_to_yuv(picture)[1], wanted, atol=1e-5)


def test_binning_puts_histograms_beside_the_picture(rgb):
    drawn = binning.render(rgb, 8)
    assert drawn.shape == (320, 34 + 380, 3) and drawn.dtype == np.uint8
    top = (320 - 21) // 2
    quantised = yuv.to_uint8(binning.quantise(rgb, 8))
    np.testing.assert_array_equal(drawn[top : top + 21, :34], quantised)
    tall = np.repeat(rgb, 20, axis=0)
    assert binning.render(tall, 8).shape == (420, 34 + 380, 3)
    with pytest.raises(InputError, match="number of bins"):
        binning.render(rgb, 1)


def test_binning_draws_each_share_as_a_bar():
    colours = yuv.yuv_to_rgb(
        np.full((4, 1), 0.5), [[0.2, 0.0], [0.2, 0.0], [0.2, 0.0], [-0.2, 0.0]]
    )
    panel = binning.render(colours.reshape(2, 2, 3), 3)[:, 2:]
    blue, orange = ((panel == ink).all(axis=-1) for ink in binning._INKS)
    assert blue[:160].any() and not blue[160:].any()
    assert orange[160:].any() and not orange[:160].any()
    heights = blue.sum(axis=0)
    columns = np.flatnonzero(heights)
    assert set(heights[columns]) == {heights[columns[0]], heights[columns[-1]]}
    decades = (heights[columns[-1]] - heights[columns[0]]) / heights.max()  # 3 pixels against 1
    assert decades == pytest.approx(np.log10(3) / np.log10(0.75 / binning._LIMITS[0]), abs=0.03)


def test_encode_is_a_jpeg_close_to_the_picture(rgb):
    picture = yuv.to_uint8(np.kron(rgb, np.ones((8, 8, 1))))
    decoded = Image.open(io.BytesIO(explorer.encode(picture)))
    assert decoded.format == "JPEG"
    assert np.abs(np.asarray(decoded, float) - picture).mean() < 4


def test_markup_holds_the_picture_and_its_text(rgb):
    picture = yuv.to_uint8(rgb)
    text = explorer.markup(picture, 'a "b" <c>')
    data = re.search(r"base64,([^\"]*)", text)[1]
    assert base64.b64decode(data) == explorer.encode(picture)
    assert html.unescape(re.search(r'alt="([^"]*)"', text)[1]) == 'a "b" <c>'
    assert 'width="34" height="21"' in text


# --- widgets -----------------------------------------------------------------------------------


def test_subsampling_follows_its_slider(rgb):
    widget = SubsamplingExplorer(rgb, factors=(1, 2, 8))
    before = widget.picture.value
    assert "Factor 1." in widget.message.value
    widget.slider.value = 8
    assert widget.factor == 8
    assert widget.picture.value != before
    truth = yuv.to_uint8(rgb).astype(np.float32) / 255
    expected = metrics.psnr(truth, subsampling.compare(truth, 8)[0])
    assert f"coarse chroma: {expected:.1f} dB" in widget.message.value
    widget.factor = 1
    assert widget.picture.value == before
    assert widget.errors == []


def test_bins_follow_their_slider(rgb):
    widget = BinExplorer(rgb, n=30)
    assert "n = 30, even" in widget.message.value and "between two bins" in widget.message.value
    before = widget.picture.value
    widget.slider.value = 5
    assert widget.n == 5
    assert widget.picture.value != before
    assert "n = 5, odd" in widget.message.value and "middle of a bin" in widget.message.value
    truth = yuv.to_uint8(rgb).astype(np.float32) / 255
    expected = metrics.psnr(truth, binning.quantise(truth, 5))
    assert f"Ceiling: {expected:.1f} dB." in widget.message.value
    assert explorer.markup(binning.render(truth, 5), "").split("src=")[1] in widget.picture.value
    widget.n = 30
    assert widget.picture.value == before
    assert widget.errors == []


def test_wipe_follows_its_controls(rgb):
    widget = WipeExplorer({"a": rgb, "b": 1 - rgb, "c": rgb})
    assert "Border at 50 %. Left of it: a. Right of it: b." in widget.message.value
    before = widget.picture.value
    widget.share = 100
    assert widget.share == 100
    assert widget.picture.value != before
    widget.right.value = "c"
    assert "Right of it: c." in widget.message.value
    assert widget.errors == []


def test_errors_are_kept_and_shown_not_raised(rgb):
    widget = WipeExplorer({"a": rgb, "b": rgb, "<small>": rgb[1:]})
    before = widget.picture.value
    widget.right.value = "<small>"
    assert [type(error) for error in widget.errors] == [InputError]
    assert "Nothing was drawn: InputError" in widget.message.value
    assert widget.picture.value == before
    widget.left.value = "<small>"
    assert "&lt;small&gt;" in widget.message.value  # names are text, not markup


def test_every_control_has_a_label_and_the_picture_a_caption(rgb):
    widgets = SubsamplingExplorer(rgb), WipeExplorer({"a": rgb, "b": rgb}), BinExplorer(rgb)
    for widget in widgets:
        assert all(control.description for control in widget.controls)
        says = r'<img alt="[^"]*(Factor 1|Border at 50 %|n = 30, even)'
        assert re.search(says, widget.picture.value)
        assert 'role="status"' in widget.message.value
        assert "run this cell" in repr(widget) and len(repr(widget)) < 110


def test_close_frees_everything(rgb):
    before = set(_instances)
    BinExplorer(rgb).close()
    widget = SubsamplingExplorer(rgb)
    slider = widget.slider
    widget.close()
    slider.value = 4
    assert widget.errors == []
    assert widget.comm is None and slider.comm is None
    assert set(_instances) <= before
    widget.close()


SLIDERS = {
    "bins": lambda rgb: BinExplorer(rgb),
    "subsampling": lambda rgb: SubsamplingExplorer(rgb),
    "wipe": lambda rgb: WipeExplorer({"a": rgb, "b": rgb[::-1]}),
}


def positions(slider):
    """Return where a slider can stand."""
    if hasattr(slider, "options"):
        return [one[1] if isinstance(one, tuple) else one for one in slider.options]
    return list(range(slider.min, slider.max + 1))


def memory():
    """Return this process's resident memory, bytes."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="memory is read from /proc")
@pytest.mark.parametrize("kind", SLIDERS)
def test_500_moves_leave_nothing(kind, rgb):
    widget = SLIDERS[kind](rgb)
    places = positions(widget.slider)
    for k in range(50):  # fonts, caches
        widget.slider.value = places[k % len(places)]
    alive, before = len(_instances), memory()
    for k in range(500):
        widget.slider.value = places[k % len(places)]
    assert len(_instances) == alive
    assert memory() - before < 15e6
    assert widget.errors == []
    widget.close()


@pytest.mark.parametrize("kind", SLIDERS)
def test_a_move_over_a_picture_of_256_pixels_is_quick(kind, rng):
    widget = SLIDERS[kind](rng.random((256, 384, 3)).astype(np.float32))
    took = []
    for place in positions(widget.slider)[:15]:
        began = time.process_time()
        widget.slider.value = place
        took.append(time.process_time() - began)
    assert np.median(took) < 0.2
    assert widget.errors == []


def test_a_subclass_says_what_to_draw():
    blank = Explorer([ipywidgets.IntSlider(description="n")], "nothing")
    assert [type(error) for error in blank.errors] == [NotImplementedError]
