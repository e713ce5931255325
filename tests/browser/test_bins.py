"""Notebook 02 as a learner meets it: run it, move its slider, believe its numbers."""

import numpy as np
import pytest

from colorlab import media, metrics, samples
from colorlab.widgets import binning

pytestmark = pytest.mark.browser

SLIDER = "bins n"


def truth():
    """The notebook's photo."""
    return media.resize(samples.sample("china").rgb, 256, 384).astype(np.float32) / 255


def difference(shown, wanted):
    """Mean difference of two pictures of one size, in steps of 255."""
    assert shown.shape == wanted.shape
    return np.abs(shown.astype(float) - wanted).mean()


def agrees(widget, n):
    """Assert that sentence and picture are those of `n` bins."""
    said = widget.says(f"n = {n},")
    ceiling = metrics.psnr(truth(), binning.quantise(truth(), n))
    assert f"Ceiling: {ceiling:.1f} dB." in said
    assert said in widget.image.get_attribute("alt")
    assert difference(widget.picture(), binning.render(truth(), n)) < 2  # a JPEG of it


def test_bins_follow_keyboard_and_mouse(open_notebook):
    notebook = open_notebook("02-colour-as-bins")
    notebook.run()
    widget = notebook.widget("BinExplorer")
    agrees(widget, 30)
    before = widget.picture()

    widget.press(SLIDER, *["ArrowLeft"] * 3)
    assert widget.value(SLIDER) == 27
    agrees(widget, 27)
    assert difference(widget.picture(), before) > 1

    widget.press(SLIDER, "Home")
    agrees(widget, 2)
    widget.watch()
    widget.press(SLIDER, *["ArrowRight"] * 20)
    widget.says("n = 22,")
    assert len(widget.seen()) == 1 and 0 not in widget.seen()  # no flicker, and nothing jumps

    widget.drag(SLIDER, 0.1)
    dragged = int(widget.value(SLIDER))
    assert 5 <= dragged <= 10
    agrees(widget, dragged)

    full = widget.picture().shape
    notebook.page.set_viewport_size({"width": 760, "height": 900})
    assert notebook.too_wide() == []
    height, width, _ = widget.picture().shape
    assert width < full[1]
    assert width / height == pytest.approx(full[1] / full[0], abs=0.02)
