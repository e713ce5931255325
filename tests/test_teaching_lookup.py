"""Tables that colour: they answer with what was counted, and cells never met with the whole."""

import numpy as np
import pytest

from colorlab import yuv
from colorlab.bins import BinGrid
from colorlab.coast import Scene
from colorlab.decode import Decoder
from colorlab.teaching.lookup import LEVELS, ROWS, ColourTable


@pytest.fixture(scope="module")
def coasts():
    """Three small coasts."""
    return [Scene(seed).render(2.0, 32, 48) for seed in range(3)]


@pytest.fixture(scope="module")
def table(coasts):
    """Their table with ten bins."""
    return ColourTable.count(coasts, BinGrid(10))


def test_shapes_and_sums(table, coasts):
    y = yuv.luma(coasts[0])
    assert table.mean.shape == (LEVELS, ROWS, 2)
    assert table.chroma(y).shape == (32, 48, 2)
    for p in table.probabilities(y):
        assert p.shape == (32, 48, 10)
        np.testing.assert_allclose(p.sum(axis=-1), 1, atol=1e-5)


def test_pixels_of_one_luma_and_height_get_the_mean_and_the_shares_of_their_colours():
    colours = np.array([[0.1, 0.03]] * 3 + [[-0.1, 0.2]], np.float32)
    rgb = yuv.yuv_to_rgb(np.full((1, 4, 1), 0.52), colours[None])
    many = np.repeat(rgb, 250, axis=1)  # so that the one pixel added counts little
    grid = BinGrid(10)
    table = ColourTable.count([many], grid)
    y = yuv.luma(many)
    np.testing.assert_allclose(table.chroma(y)[0, 0], colours.mean(axis=0), atol=1e-3)
    pu, pv = table.probabilities(y)
    (u, v), (other_u, other_v) = grid.encode(colours[[0, 3]])
    np.testing.assert_allclose(pu[0, 0, [u, other_u]], [0.75, 0.25], atol=1e-3)
    np.testing.assert_allclose(pv[0, 0, [v, other_v]], [0.75, 0.25], atol=1e-3)


def test_the_list_s_mean_is_the_regressor_s_answer_but_for_the_bins(table, coasts):
    y = yuv.luma(coasts[1])
    mean = Decoder("mean").chroma(*table.probabilities(y), table.grid)
    assert (np.abs(mean - table.chroma(y)) <= table.grid.width / 2 + 1e-4).all()


def test_nothing_that_only_knows_these_two_has_a_smaller_squared_error(table, coasts):
    def error(shift):
        return sum(
            np.square(table.chroma(y) + shift - uv).sum() for y, uv in map(yuv.rgb_to_yuv, coasts)
        )

    assert error(0) < min(error(0.01), error(-0.01))


def test_cells_never_met_know_the_whole(coasts):
    dark = [coast // 4 for coast in coasts]
    table = ColourTable.count(dark, BinGrid(10))
    uv = np.concatenate([yuv.rgb_to_yuv(one)[1].reshape(-1, 2) for one in dark])
    bright = np.ones((4, 4, 1), np.float32)
    np.testing.assert_allclose(table.chroma(bright)[0, 0], uv.mean(axis=0), atol=1e-5)
