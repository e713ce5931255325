"""The film player without a browser: what it draws, what it says, what it does with mistakes."""

import ipywidgets
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from colorlab import metrics
from colorlab.errors import InputError
from colorlab.media import side_by_side
from colorlab.widgets import FilmPlayer, explorer, player


@pytest.fixture
def films(rng):
    """Three films of five frames, 12 x 20, as floats and as 8-bit pictures."""
    truth = rng.integers(0, 256, (5, 12, 20, 3), np.uint8)
    return {"grey": np.full((5, 12, 20, 3), 0.5), "model": 255 - truth, "truth": truth}


def test_a_frame_of_every_film_stands_under_its_name(films):
    wanted = side_by_side.tile([films[name][3] for name in films], list(films))
    np.testing.assert_array_equal(player.render(films, 3), wanted)


def test_films_stand_in_rows_and_what_is_missing_is_dark(films):
    drawn = player.render(films, 0, columns=2)
    first = side_by_side.tile([films["grey"][0], films["model"][0]], ["grey", "model"])
    np.testing.assert_array_equal(drawn[: len(first)], first)
    last = drawn[-12:]
    np.testing.assert_array_equal(last[:, :20], films["truth"][0])
    assert (last[:, 24:44] == 0).all()


@pytest.mark.parametrize("frame", [-1, 5])
def test_frames_that_are_not_there_are_refused(films, frame):
    with pytest.raises(InputError, match=r"frame must lie in 0\.\.4"):
        player.render(films, frame)


def test_the_player_follows_its_slider(films):
    widget = FilmPlayer(films, rate=4, truth="truth", note="Computed on paper.")
    assert widget.play.interval == 250
    assert widget.play.max == widget.slider.max == 4
    before = widget.picture.value
    widget.slider.value = 3
    assert widget.frame == 3
    assert widget.picture.value != before
    picture = explorer.markup(player.render(films, 3), "").split("src=")[1]
    assert picture in widget.picture.value
    model, truth = (films[name][3].astype(np.float32) / 255 for name in ("model", "truth"))
    assert f"model {metrics.psnr(truth, model):.1f} dB, truth." in widget.message.value
    assert "Frame 3 of 0 to 4, 0.75 s." in widget.message.value
    assert "Computed on paper." in widget.message.value
    widget.frame = 0
    assert widget.picture.value == before
    assert widget.errors == []


def test_play_and_slider_are_linked_in_the_browser_and_drawn_once(films, monkeypatch):
    widget = FilmPlayer(films)
    assert widget._link.source == (widget.play, "value")
    assert widget._link.target == (widget.slider, "value")
    drawn = []
    monkeypatch.setattr(player, "render", lambda *_: drawn.append(1) or np.zeros((2, 2, 3), "u1"))
    widget.play.value = 2  # the browser then moves the slider
    widget.slider.value = 2
    assert len(drawn) == 1


def test_controls_are_labelled_and_the_picture_has_a_text(films):
    widget = FilmPlayer(films)
    assert all(control.description for control in widget.controls)
    assert '<img alt="One frame of several films. Frame 0' in widget.picture.value
    assert 'role="status"' in widget.message.value
    assert repr(widget).startswith("FilmPlayer: run this cell")


def test_mistakes_are_refused_or_shown(films):
    with pytest.raises(InputError, match="one length"):
        FilmPlayer({**films, "short": films["truth"][:2]})
    with pytest.raises(InputError, match="one length"):
        FilmPlayer({})
    with pytest.raises(InputError, match="no film is named 'real'"):
        FilmPlayer(films, truth="real")
    with pytest.raises(InputError, match="rate"):
        FilmPlayer(films, rate=0)
    widget = FilmPlayer({**films, "small": films["truth"][:, :6]})
    assert [type(error) for error in widget.errors] == [InputError]
    assert "Nothing was drawn: InputError" in widget.message.value


def test_close_frees_everything_and_500_moves_leave_nothing(films):
    before = set(_instances)
    widget = FilmPlayer(films)
    alive = len(_instances)
    for move in range(500):
        widget.frame = move % 5
    assert len(_instances) == alive
    assert widget.errors == []
    link = widget._link
    widget.close()
    assert link.comm is None
    assert set(_instances) <= before
    widget.close()


def test_play_is_a_widget_that_the_keyboard_reaches(films):
    widget = FilmPlayer(films)
    assert isinstance(widget.play, ipywidgets.Play)
    assert isinstance(widget.slider, ipywidgets.IntSlider)
    assert widget.children[0].children == (widget.play, widget.slider)
