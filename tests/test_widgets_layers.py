"""The widget that shows what single units of VGG-16 see, without a browser."""

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from colorlab import activations, coast, yuv
from colorlab.errors import InputError
from colorlab.widgets import LayerExplorer, layers

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def photo():
    """A rendered coast, uint8."""
    return coast.Scene(3).render(2.0, 32, 48)


@pytest.fixture(scope="module")
def looks(photo):
    """What VGG-16 with random weights makes of it."""
    return layers.look(activations.build("random"), photo)


def test_look_keeps_all_layers_on_colour_and_on_grey(looks, photo):
    assert tuple(looks.color) == tuple(looks.grey) == tuple(looks.likeness) == activations.LAYERS
    network = activations.build("random")
    grey = np.repeat(yuv.luma(photo), 3, axis=-1)
    for picture, kept in ((photo / np.float32(255), looks.color), (grey, looks.grey)):
        found = network.predict_on_batch(picture[None].astype(np.float32))["block3_conv2"]
        np.testing.assert_allclose(kept["block3_conv2"], np.asarray(found)[0], rtol=1e-3, atol=1e-3)
    assert looks.color["block3_conv2"].shape == (8, 12, 256)


def test_likeness_is_the_correlation_of_each_unit(rng):
    color = rng.uniform(size=(6, 9, 40)).astype(np.float32)
    grey = (0.5 * color + rng.uniform(size=color.shape)).astype(np.float32)
    grey[..., 1], color[..., 2], grey[..., 2] = 0, 0, 0
    r = layers.likeness(color, grey)
    wanted = [np.corrcoef(color[..., k].ravel(), grey[..., k].ravel())[0, 1] for k in (0, 17, 39)]
    np.testing.assert_allclose(r[[0, 17, 39]], wanted, atol=1e-5)
    assert r[1] == 0  # silent on grey
    assert np.isnan(r[2])  # silent on both


def test_tint_goes_from_dark_to_light_and_fills_rectangles():
    picture = layers.tint(np.array([[0.0, 2.0], [1.0, 9.0]], np.float32), 2.0, 4, 6)
    assert picture.shape == (4, 6, 3) and picture.dtype == np.uint8
    first = picture[::2, ::3].astype(int).sum(axis=-1)
    assert first[0, 0] < first[1, 0] < first[0, 1] == first[1, 1]  # above the strongest: clipped
    assert (picture[:2, :3] == picture[0, 0]).all()
    dark = layers.tint(np.zeros((2, 2), np.float32), 0.0, 2, 2)
    assert (dark == picture[0, 0]).all()


def test_render_shares_the_scale_of_both_maps(photo):
    color, grey = np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32)
    color[0, 0], grey[0, 0] = 4, 1
    drawn = layers.render(photo, color, grey)
    assert drawn.shape == (2 * 32 + 8, 2 * 48 + 8, 3)
    np.testing.assert_array_equal(drawn[:32, :48], photo)
    shown = yuv.to_uint8(np.repeat(yuv.luma(photo), 3, axis=-1))
    np.testing.assert_array_equal(drawn[:32, -48:], shown)
    np.testing.assert_array_equal(drawn[40:, :48], layers.tint(color, 4, 32, 48))
    np.testing.assert_array_equal(drawn[40:, -48:], layers.tint(grey, 4, 32, 48))
    with pytest.raises(InputError, match=r"received \(2, 3\), \(3, 3\)"):
        layers.render(photo, color, np.zeros((3, 3), np.float32))


def test_explorer_follows_its_controls(looks):
    widget = LayerExplorer(looks, "block2_conv1", unit=5)
    assert widget.message.value.count("conv2_1, unit 5 of 128: r = ") == 1
    assert f"Computed on {looks.device}." in widget.message.value
    before = widget.picture.value
    widget.slider.value = 100
    assert widget.unit == 100
    assert widget.picture.value != before
    widget.unit = 5
    assert widget.picture.value == before
    widget.layer = "block1_conv2"
    assert "conv1_2, unit 5 of 64" in widget.message.value
    widget.layer = "block5_conv3"
    widget.slider.value = 511
    widget.layer = "block1_conv1"  # has fewer units: the slider's end and its knob move
    assert (widget.slider.max, widget.slider.value, widget.unit) == (63, 63, 63)
    assert "conv1_1, unit 63 of 64" in widget.message.value
    assert widget.errors == []
    with pytest.raises(InputError, match="conv1_1 has units 0 to 63; received 64"):
        widget.unit = 64


def test_units_can_be_sorted_by_likeness(looks):
    widget = LayerExplorer(looks, "block1_conv1")
    r = looks.likeness["block1_conv1"]
    widget.order.value = "least alike first"
    assert r[widget.unit] == np.nanmin(r)
    widget.order.value = "most alike first"
    assert r[widget.unit] == np.nanmax(r)
    widget.unit = 7
    assert widget.unit == 7 and "unit 7 of 64" in widget.message.value


def test_silent_units_are_called_so(looks):
    r = looks.likeness["block1_conv1"].copy()
    r[3] = np.nan
    silent = layers.Looks(looks.rgb, looks.color, looks.grey, {"block1_conv1": r}, "cpu:0")
    widget = LayerExplorer(silent, unit=3)
    assert "unit 3 of 64: silent on both" in widget.message.value


def test_controls_are_labelled_and_closing_frees_everything(looks):
    before = set(_instances)
    widget = LayerExplorer(looks)
    assert [control.description for control in widget.controls] == ["layer", "units", "place"]
    for place in range(500):
        widget.slider.value = place % 64
    assert widget.errors == []
    widget.close()
    assert set(_instances) <= before


def test_short_names():
    assert layers.short("block4_conv3") == "conv4_3"
