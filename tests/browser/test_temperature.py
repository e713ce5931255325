"""Notebook 05 as a learner meets it: run it, turn the temperature, change the model."""

import re

import numpy as np
import pytest

from colorlab import colorize, media, metrics, samples, yuv
from colorlab.widgets import temperature

pytestmark = pytest.mark.browser

SLIDER = "T"


@pytest.fixture(scope="module")
def ask():
    """A function from model and temperature to what the widget must show and say."""
    truth = media.resize(samples.sample("china").rgb, 256, 384).astype(np.float32) / 255
    y = yuv.luma(truth)

    def answer(name, at):
        model = colorize.load_once(name)
        lists = temperature.ask(y, model)
        colored = temperature.choose(y, lists, model, at)
        picture = temperature.render(truth, lists, model, at)
        return picture, metrics.psnr(truth, colored), metrics.colourfulness(colored)

    return answer


def test_temperature_follows_keyboard_mouse_and_model(open_notebook, ask):
    notebook = open_notebook("05-choosing-a-colour")
    notebook.run()
    widget = notebook.widget("TemperatureExplorer")

    def agrees(name, at):
        said = widget.says(f"{name}, T = {at:.2f}")
        picture, psnr, colours = ask(name, at)
        measured = re.search(r"([\d.]+) dB .*?Colourfulness ([\d.]+)", said).groups()
        assert [float(one) for one in measured] == pytest.approx([psnr, colours], abs=0.06)
        shown = widget.picture()
        assert shown.shape == picture.shape
        assert np.abs(shown.astype(float) - picture).mean() < 2  # a JPEG of it
        return shown

    before = agrees("color-water-n30", 0.4)
    widget.press(SLIDER, "ArrowRight", "ArrowRight")
    warmer = agrees("color-water-n30", 0.5)
    assert (warmer != before).any()

    widget.drag(SLIDER, 0)
    agrees("color-water-n30", 0)
    widget.choose("model", "color-water-n31c")
    vivid = agrees("color-water-n31c", 0)
    assert np.abs(vivid.astype(float) - before).mean() > 1
