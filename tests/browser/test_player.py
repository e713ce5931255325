"""Notebook 06 as a learner meets it: run it, play its films, stop at a frame."""

import numpy as np
import pytest

from colorlab import metrics, yuv
from colorlab.coast import Scene
from colorlab.widgets import player

pytestmark = pytest.mark.browser

SLIDER = "frame"
NAMES = ("grey", "frame by frame", "paper's, free", "ours, free", "truth")
COLUMNS = 3


@pytest.fixture(scope="module")
def known():
    """The notebook's films that need no model."""
    film = (
        np.stack([Scene(17).render(k / 15, 112, 200) for k in range(12)]).astype(np.float32) / 255
    )
    return {"truth": film, "grey": np.repeat(yuv.luma(film), 3, axis=-1)}


def draw(known, frame, other):
    """Draw a frame of all films; those that a model coloured are as light as `other`."""
    unknown = np.full((12, 112, 200, 3), other, np.float32)
    return player.render({name: known.get(name, unknown) for name in NAMES}, frame, COLUMNS)


def test_films_play_in_step(open_notebook, known):
    notebook = open_notebook("06-the-consistency-model")
    notebook.run()
    widget = notebook.widget("FilmPlayer")

    def agrees(frame):
        said = widget.says(f"Frame {frame} of")
        psnr = metrics.psnr(known["truth"][frame], known["grey"][frame])
        assert f"grey {psnr:.1f} dB" in said
        black, white = (draw(known, frame, other) for other in (0, 1))
        ours = (black == white).all(axis=-1)
        shown = widget.picture()
        assert shown.shape == black.shape
        assert np.abs(shown[ours].astype(float) - black[ours]).mean() < 2  # a JPEG of it
        return shown

    first = agrees(0)
    widget.press(SLIDER, "ArrowRight")
    second = agrees(1)
    assert (second != first).any()
    widget.drag(SLIDER, 1)
    agrees(11)
    widget.press(SLIDER, "Home")
    agrees(0)

    widget.watch()
    widget.play()
    widget.says("Frame 11 of")  # it stops there by itself
    assert len(widget.seen()) == 1 and 0 not in widget.seen()
    agrees(11)
