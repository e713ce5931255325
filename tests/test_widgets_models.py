"""Widgets that ask a color model, without a browser: temperatures, and models compared."""

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from colorlab import checkpoints, coast, colorize, devices, metrics, yuv
from colorlab.errors import InputError
from colorlab.media import side_by_side
from colorlab.widgets import CompareOutputs, TemperatureExplorer, compare, explorer, temperature

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def photo():
    """A rendered coast, uint8."""
    return coast.Scene(3).render(2.0, 48, 72)


@pytest.fixture(scope="module")
def asked(photo, small_model):
    """What the model says of it."""
    return temperature.ask(yuv.luma(photo), small_model)


# --- temperature -------------------------------------------------------------------------------


def test_zero_is_the_argmax_and_one_the_mean(photo, asked, small_model):
    y = yuv.luma(photo)
    for value, method in ((0, "argmax"), (1, "mean")):
        colored = temperature.choose(y, asked, small_model, value)
        wanted = colorize.picture(photo, small_model, method)
        np.testing.assert_allclose(colored, wanted, atol=1e-4)
    between = temperature.choose(y, asked, small_model, 0.5)
    assert not np.allclose(between, wanted, atol=1e-3)


def test_the_picture_stands_beside_the_truth(photo, asked, small_model):
    drawn = temperature.render(photo, asked, small_model, 0.25)
    colored = temperature.choose(yuv.luma(photo), asked, small_model, 0.25)
    wanted = side_by_side.tile([colored, photo], ["T = 0.25", "truth"])
    np.testing.assert_array_equal(drawn, wanted)


def test_the_explorer_follows_its_slider_and_asks_once(photo, small_model, monkeypatch):
    asked = []
    ask = temperature.ask
    monkeypatch.setattr(temperature, "ask", lambda *given: asked.append(1) or ask(*given))
    widget = TemperatureExplorer(photo, [small_model], temperature=1.0)
    before = widget.picture.value
    assert "T = 1.00, the mean." in widget.message.value
    widget.temperature = 0.0
    assert widget.temperature == 0
    assert widget.picture.value != before
    truth = photo.astype(np.float32) / 255
    colored = colorize.picture(photo, small_model, "argmax")
    assert f"the argmax. {metrics.psnr(truth, colored):.1f} dB" in widget.message.value
    assert f"Colourfulness {metrics.colourfulness(colored):.1f}" in widget.message.value
    assert f"Computed on {devices.names()[0]}." in widget.message.value
    widget.slider.value = 1.0
    assert widget.picture.value == before
    assert len(asked) == 1
    assert widget.errors == []


def test_the_explorer_compares_models_and_refuses_unknown_ones(photo, small_model, monkeypatch):
    monkeypatch.setattr(temperature, "TEMPERATURES", (0.0, 0.5, 1.0))
    other = checkpoints.ColorModel(
        "other", small_model.network, small_model.config, small_model.card, small_model.folder
    )
    widget = TemperatureExplorer(photo, [small_model, other], temperature=0.5)
    widget.model.value = "other"
    assert widget.message.value.startswith('<div role="status">other, T = 0.50.')
    with pytest.raises(InputError):
        TemperatureExplorer(photo, ["no-such-model"])


# --- comparing ---------------------------------------------------------------------------------


def test_two_versions_stand_between_their_names_and_notes():
    dark, light = np.zeros((6, 80, 3), np.uint8), np.full((6, 80, 3), 200, np.uint8)
    drawn = compare.render([dark, light], ["dark", "light"], ["0", "200"])
    upper = side_by_side.tile([dark, light], ["dark", "light"])
    np.testing.assert_array_equal(drawn[: len(upper)], upper)
    lower = side_by_side.tile([dark, light], ["0", "200"])[:-6]
    np.testing.assert_array_equal(drawn[len(upper) :], lower)


def test_a_wipe_has_a_border_and_both_names():
    dark, light = np.zeros((6, 80, 3), np.uint8), np.full((6, 80, 3), 200, np.uint8)
    drawn = compare.render([dark, light], ["a", "b"], ["1", "2"], "wipe", 0.25)
    assert drawn.shape[1] == 80
    picture = drawn[drawn.shape[0] // 2]
    assert (picture[:19] == 0).all() and (picture[21:] == 200).all()
    with pytest.raises(InputError, match="view must be one of"):
        compare.render([dark, light], ["a", "b"], ["1", "2"], "upside down")


def test_comparing_follows_its_menus(photo, small_model):
    name = small_model.name
    widget = CompareOutputs({"coast": photo, "night": photo // 3}, [small_model])
    truth = photo.astype(np.float32) / 255
    colored = yuv.to_uint8(colorize.picture(photo, small_model))
    measured = (
        f"{metrics.psnr(truth, colored / np.float32(255)):.1f} dB, "
        f"colourfulness {metrics.colourfulness(colored / np.float32(255)):.1f}"
    )
    own = f"colourfulness {metrics.colourfulness(truth):.1f}"
    assert f"coast. Left, {name}: {measured}. Right, truth: {own}." in widget.message.value
    drawn = compare.render([colored, photo], [name, "truth"], [measured, own])
    assert explorer.markup(drawn, "").split("src=")[1] in widget.picture.value
    widget.left.value = "grey"
    assert "Left, grey:" in widget.message.value and "colourfulness 0.0." in widget.message.value
    widget.view.value = "wipe"
    before = widget.picture.value
    widget.share = 10
    assert widget.share == 10 and widget.picture.value != before
    widget.subject.value = "night"
    assert 'role="status">night. Left' in widget.message.value
    assert widget.errors == []


def test_a_picture_is_coloured_once_and_on_the_device_asked_for(photo, small_model, monkeypatch):
    used, colour = [], colorize.picture
    monkeypatch.setattr(colorize, "picture", lambda *given: used.append(1) or colour(*given))
    widget = CompareOutputs({"coast": photo}, [small_model], device="cpu:0")
    assert widget.device == "cpu:0"
    assert "Computed on cpu:0." in widget.message.value
    for share in range(100):
        widget.share = share
    widget.left.value = "grey"
    widget.left.value = small_model.name
    assert len(used) == 1


def test_without_a_truth_nothing_is_compared_with_it(photo, small_model):
    widget = CompareOutputs({"old": photo}, [small_model], truth=False)
    assert widget.right.options[-1] == widget.right.value == "as given"
    assert "Right, as given: colourfulness" in widget.message.value
    assert "dB" not in widget.message.value
    widget.left.value = "grey"
    assert "Left, grey: colourfulness 0.0." in widget.message.value
    assert widget.errors == []


def test_mistakes_are_refused_or_shown(photo):
    with pytest.raises(InputError, match=r"device must be one of .*received 'abacus'"):
        CompareOutputs({"coast": photo}, [], device="abacus")
    with pytest.raises(InputError, match="picture to colour"):
        CompareOutputs({}, [])
    widget = CompareOutputs({"coast": photo}, ["no-such-model"])
    assert [type(error) for error in widget.errors] == [InputError]
    assert "Nothing was drawn: InputError" in widget.message.value


def test_pictures_and_models_that_come_with_colorlab_are_offered(monkeypatch):
    monkeypatch.setattr(colorize, "picture", lambda rgb, model: rgb)
    pictures = compare.packaged_pictures()
    assert {"china", "coast 8 (beach)"} <= set(pictures)
    assert {len(picture) for picture in pictures.values()} == {compare.HEIGHT}
    widget = CompareOutputs({"none": np.zeros((4, 4, 3), np.uint8)})
    assert set(widget.left.options) == {"grey", *checkpoints.list_models("color"), "truth"}


# --- both --------------------------------------------------------------------------------------


def test_controls_are_labelled_and_the_pictures_have_texts(photo, small_model):
    for widget in (
        TemperatureExplorer(photo, [small_model]),
        CompareOutputs({"coast": photo}, [small_model]),
    ):
        assert all(control.description for control in widget.controls)
        assert '<img alt="' in widget.picture.value
        assert 'role="status"' in widget.message.value
        assert "run this cell" in repr(widget)


def test_close_frees_everything_and_moves_leave_nothing(photo, small_model):
    before = set(_instances)
    widget = TemperatureExplorer(photo, [small_model])
    alive = len(_instances)
    for move in range(500):
        widget.temperature = temperature.TEMPERATURES[move % 21]
    assert len(_instances) == alive
    assert widget.errors == []
    widget.close()
    CompareOutputs({"coast": photo}, [small_model]).close()
    assert set(_instances) <= before
