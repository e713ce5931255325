"""The frame-rate explorer without a browser: what it draws, what it says, mistakes."""

import time

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from colorlab import yuv
from colorlab.coast import Scene
from colorlab.errors import InputError
from colorlab.media import side_by_side
from colorlab.widgets import FrameRateExplorer, explorer, frame_rate


def figure(value):
    """A figure with its interval."""
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "spread": 0.0}


@pytest.fixture
def result():
    """A result of two rates, as the experiment writes it."""
    rates = [30, 1]
    own = {str(r): {str(s): figure(0.5 + 0.01 * r) for s in rates} for r in rates}
    copy = {"copy": {str(s): figure(0.6) for s in rates}}
    cells = {name: own | copy for name in ("accuracy", "index", "drift")}
    return {"experiment": "frame_rate", "summary": {"rates": rates, "cells": cells}}


@pytest.fixture
def quick(monkeypatch):
    """Small frames."""
    monkeypatch.setattr(frame_rate.pair, "__defaults__", (2.0, 18, 320))


def test_a_pair_is_a_frame_and_the_one_before_it():
    one = frame_rate.pair(1, 10, 2.0, 18, 32)
    np.testing.assert_array_equal(one.now, Scene(1).render(2.0, 18, 32))
    np.testing.assert_array_equal(one.before, Scene(1).render(1.9, 18, 32))
    bins = [frame_rate._BINS.encode(yuv.rgb_to_yuv(rgb)[1]) for rgb in (one.before, one.now)]
    assert one.copied == pytest.approx((bins[0] == bins[1]).mean(axis=(0, 1)))
    with pytest.raises(InputError, match="rate must be above 0"):
        frame_rate.pair(1, 0)


def test_slower_films_change_more():
    found = [frame_rate.pair(8, rate, 6.0, 36, 64).copied for rate in (60, 10, 1)]
    assert sorted(found, reverse=True) == found
    assert found[0][0] > found[-1][0]


def test_what_changed_is_orange_and_nothing_else():
    grey = np.full((4, 60, 3), 100, np.uint8)
    changed = np.zeros((4, 60, 2), bool)
    changed[1, 7, 0] = changed[2, 9, 1] = True
    drawn = frame_rate.render(frame_rate.Pair(4, grey, grey + 1, changed))
    half = np.full((4, 60, 3), 101 // 2 + 64, np.uint8)
    half[1, 7] = half[2, 9] = frame_rate._INK
    captions = ["0.25 s before", "now", "orange: another bin now"]
    np.testing.assert_array_equal(drawn, side_by_side.tile([grey, grey + 1, half], captions))


def test_the_line_stands_at_the_rate(result, quick):
    panels = frame_rate.panels_of(result)
    assert [panel.title.split(",")[0] for panel in panels] == [
        *("Right bins", "Identity index", "Drift"),
    ]
    assert [curve.label for curve in panels[0].curves] == ["model", "copying"]
    shown = {rate: frame_rate.render(frame_rate.pair(1, rate), panels) for rate in (60, 30, 1)}
    places, top, bottom = frame_rate._chart(panels, shown[30].shape[1])[1][0]
    above = len(shown[30]) - frame_rate._CHART
    for rate, drawn in shown.items():
        column = drawn[above + top : above + bottom, places[rate]]
        marked = (column == frame_rate._MARK).all(axis=-1).mean()
        assert marked > 0.4, rate
    assert places[60] < places[30] < places[1]
    assert not (shown[30] == shown[1]).all()


def test_without_a_result_there_is_no_chart(result, quick):
    pair = frame_rate.pair(1, 10)
    bare = frame_rate.render(pair)
    full = frame_rate.render(pair, frame_rate.panels_of(result))
    np.testing.assert_array_equal(full[: len(bare)], bare)
    assert len(full) == len(bare) + frame_rate._CHART
    assert frame_rate.panels_of(None) == ()


def test_figures_that_are_missing_are_left_out(result):
    result["summary"]["cells"]["index"]["1"]["1"] = None
    index = frame_rate.panels_of(result["summary"])[1]
    assert [point[0] for point in index.curves[0].points] == [30]
    with pytest.raises(InputError, match="no result of the experiment frame_rate: KeyError"):
        frame_rate.panels_of({"summary": {"verdict": "holds"}})


def test_the_explorer_follows_its_controls(result, quick):
    widget = FrameRateExplorer(result, rate=30, coasts=(1, 4))
    assert widget.message.value.startswith('<div role="status">30 frames a second, 33 ms')
    assert "Right bins, told the truth: model 0.800, copying 0.600." in widget.message.value
    before = widget.picture.value
    widget.slider.value = 1
    assert widget.rate == 1
    assert "1 frame a second, 1000 ms" in widget.message.value
    pair = frame_rate.pair(1, 1)
    drawn = frame_rate.render(pair, frame_rate.panels_of(result))
    assert explorer.markup(drawn, "").split("src=")[1] in widget.picture.value
    u, v = (100 * share for share in pair.copied)
    assert f"right for {u:.1f} % (U) and {v:.1f} % (V)" in widget.message.value
    widget.rate = 10  # was not measured
    assert "Right bins" not in widget.message.value
    widget.menu.value = 4
    widget.menu.value = 1
    widget.rate = 30
    assert widget.picture.value == before
    assert widget.errors == []


def test_a_move_renders_nothing(result, quick, monkeypatch):
    widget = FrameRateExplorer(result)
    monkeypatch.setattr(Scene, "render", lambda *_: pytest.fail("rendered again"))
    took = []
    for rate in frame_rate.RATES:
        began = time.process_time()
        widget.rate = rate
        took.append(time.process_time() - began)
    assert widget.errors == []
    assert np.median(took) < 0.2


def test_mistakes_are_refused_or_shown(quick, monkeypatch):
    with pytest.raises(InputError, match="rate must be one of 60, 30"):
        FrameRateExplorer(rate=24)
    with pytest.raises(InputError, match="0 coasts"):
        FrameRateExplorer(coasts=())
    widget = FrameRateExplorer(coasts=(1,))
    monkeypatch.setattr(frame_rate, "render", lambda *_: 1 / 0)
    widget.rate = 1
    assert [type(error) for error in widget.errors] == [ZeroDivisionError]
    assert "Nothing was drawn: ZeroDivisionError" in widget.message.value


def test_controls_are_labelled_and_close_frees_everything(result, quick):
    before = set(_instances)
    widget = FrameRateExplorer(result, coasts=(1,))
    assert all(control.description for control in widget.controls)
    assert '<img alt="Two frames of a film, and what changed. 30 frames' in widget.picture.value
    assert 'role="status"' in widget.message.value
    assert repr(widget).startswith("FrameRateExplorer: run this cell")
    alive = len(_instances)
    for move in range(500):
        widget.rate = frame_rate.RATES[move % 7]
    assert len(_instances) == alive
    assert widget.errors == []
    widget.close()
    assert set(_instances) <= before
    widget.close()
