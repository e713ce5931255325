"""The chroma bins: labels and back, the grey that lies on an edge, priors, weights."""

import hashlib
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from colorlab.bins import (
    BinGrid,
    count,
    merge,
    near_neutral,
    prior,
    rebalance_weights,
)
from colorlab.decode import Decoder
from colorlab.errors import InputError
from colorlab.yuv import RANGE, rgb_to_yuv

CHROMA = hnp.arrays(np.float32, (12, 2), elements=st.floats(-0.75, 0.75, width=32))
INSIDE = hnp.arrays(np.float32, (12, 2), elements=st.floats(-0.40625, 0.40625, width=32))
COUNTS = st.integers(2, 1000)
quick = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def ops() -> ModuleType:
    import keras

    return keras.ops


@pytest.fixture
def greys():
    return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


def random_probabilities(n, shape=(40,), seed=0):
    """Draw two heads' softmaxes, some peaked, some flat, with exact zeros among them."""
    rng = np.random.default_rng(seed)
    heads = rng.dirichlet(np.full(n, 0.3), (2, *shape)).astype(np.float32)
    heads[heads < 1e-3] = 0
    return heads / heads.sum(axis=-1, keepdims=True)


# --- the grid -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 30, 31, 1000])
def test_edges_are_equal_steps_over_the_range(n):
    grid = BinGrid.of(n)
    assert grid.edges.shape == (2, n + 1) and grid.centres.shape == (2, n)
    assert grid.width.shape == (2,)
    assert grid.edges.dtype == grid.centres.dtype == grid.width.dtype == np.float32
    np.testing.assert_array_equal(grid.edges[:, -1], RANGE)
    np.testing.assert_array_equal(grid.edges, -grid.edges[:, ::-1])
    np.testing.assert_array_equal(grid.centres, -grid.centres[:, ::-1])
    np.testing.assert_allclose(np.diff(grid.edges), np.outer(grid.width, np.ones(n)), atol=1e-7)
    np.testing.assert_allclose(
        grid.centres, (grid.edges[:, 1:] + grid.edges[:, :-1]) / 2, atol=1e-7
    )


def test_neutral_lies_on_an_edge_or_in_a_centre():
    assert (BinGrid(30).edges[:, 15] == 0).all()
    assert (BinGrid(31, "centre").centres[:, 15] == 0).all()


def test_a_grid_is_a_value_that_cannot_be_changed():
    assert BinGrid(30) == BinGrid.of(30) == BinGrid(np.int64(30), "edge")
    assert BinGrid.of(31) == BinGrid(31, align="centre")
    assert len({BinGrid(30), BinGrid(30), BinGrid(10)}) == 2
    assert type(BinGrid(np.int64(30)).n) is int
    with pytest.raises(ValueError, match="read-only"):
        BinGrid(30).edges[0, 0] = 1


@pytest.mark.parametrize("n", [1, 0, -30, 1001, 30.0, "30", True, None])
def test_a_wrong_number_of_bins_is_named(n):
    for make in (BinGrid, BinGrid.of):
        with pytest.raises(InputError, match=f"from 2 to 1000; received {n!r}"):
            make(n)


@pytest.mark.parametrize(
    "n, align, said",
    [
        (31, "edge", "even.*received n=31: use 30 or align='centre'"),
        (30, "centre", "odd.*received n=30: use 29 or align='edge'"),
        (2, "centre", "received n=2: use 3"),
        (3, "edge", "received n=3: use 2"),
        (30, "middle", "received 'middle'"),
    ],
)
def test_a_wrong_alignment_is_a_value_error(n, align, said):
    with pytest.raises(ValueError, match=said) as caught:
        BinGrid(n, align)
    assert isinstance(caught.value, InputError)


# --- labels -------------------------------------------------------------------------------------


def test_every_label_comes_back_in_every_grid():
    for n in range(2, 1001):
        index = np.stack([np.arange(n), np.arange(n)[::-1]], axis=-1)
        grid = BinGrid.of(n)
        np.testing.assert_array_equal(grid.encode(grid.from_index(index)), index)


@pytest.mark.parametrize("n", [2, 7, 30, 31, 313, 1000])
def test_bins_are_half_open_to_the_last_bit(n):
    grid = BinGrid.of(n)
    low = grid.edges.T[:-1]
    np.testing.assert_array_equal(grid.encode(low)[:, 0], np.arange(n))
    np.testing.assert_array_equal(grid.encode(low)[:, 1], np.arange(n))
    below = np.nextafter(low[1:], np.float32(-1))
    np.testing.assert_array_equal(grid.encode(below)[:, 0], np.arange(n - 1))
    np.testing.assert_array_equal(grid.encode(below)[:, 1], np.arange(n - 1))


def test_chroma_outside_falls_into_the_end_bins():
    outside = np.array([[-9, 9], [0.436, 0.615], [np.inf, -np.inf]], np.float32)
    labels = BinGrid(30).encode(outside)
    assert labels.dtype == np.int32
    assert labels.tolist() == [[0, 29], [29, 29], [29, 0]]


@quick
@given(CHROMA, COUNTS)
def test_quantising_errs_by_half_a_bin_at_most(uv, n):
    grid = BinGrid.of(n)
    inside = np.clip(uv, -RANGE, RANGE)
    error = np.abs(grid.quantise(uv) - inside)
    assert (error <= grid.width / 2 + 1e-7).all()
    np.testing.assert_array_equal(grid.quantise(grid.quantise(uv)), grid.quantise(uv))


def test_labels_do_not_depend_on_the_machine():
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    _, uv = rgb_to_yuv(cube)
    for grid, digest in [
        (BinGrid(30), "1114fe80656f3d32"),
        (BinGrid(31, "centre"), "ab52fd7967fc5192"),
    ]:
        labels = grid.encode(uv).astype("<i4")
        assert hashlib.sha256(labels.tobytes()).hexdigest()[:16] == digest


def test_a_pixel_has_the_same_label_wherever_it_lies():
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (1009, 3), dtype=np.uint8)
    whole = BinGrid(30).encode(rgb_to_yuv(pixels)[1])
    for k in (0, 1, 7, 500, 1008):
        np.testing.assert_array_equal(BinGrid(30).encode(rgb_to_yuv(pixels[k:])[1]), whole[k:])


def test_grey_on_the_edge_falls_to_both_sides(greys):
    _, uv = rgb_to_yuv(greys)
    sides = count(BinGrid(30, "edge").encode(uv), 30)
    # Every grey is the same colour, yet rounding noise splits them over the two middle bins.
    assert sides[0, [14, 15]].tolist() == [28, 228]
    assert sides[1, [14, 15]].tolist() == [33, 223]
    # Where the noise is exactly 0 the half-open rule decides, for the upper bin.
    assert (uv[:, 0] == 0).sum() == 206


def test_grey_in_the_centre_has_one_label(greys):
    _, uv = rgb_to_yuv(greys)
    assert (BinGrid(31, "centre").encode(uv) == 15).all()


def test_near_neutral_finds_the_greys_alone(greys):
    _, uv = rgb_to_yuv(greys)
    assert near_neutral(uv).all()
    tinted = greys.copy()
    tinted[:, 2] ^= 1  # one level of blue
    assert not near_neutral(rgb_to_yuv(tinted)[1]).any()
    assert near_neutral([[1e-6, -1e-6], [2e-6, 0], [0, 0.1]]).tolist() == [True, False, False]
    assert near_neutral([[0.1, -0.1]], tolerance=0.2).all()


@pytest.mark.parametrize("method", ["encode", "quantise", "soft_encode"])
@pytest.mark.parametrize(
    "uv, said",
    [
        (np.zeros((4, 3)), r"\(4, 3\)"),
        (np.float32(0), r"\(\)"),
        (np.full((4, 2), np.nan), "NaN"),
        (np.array([["a", "b"]]), "must be numbers"),
    ],
)
def test_wrong_chroma_is_named(method, uv, said):
    with pytest.raises(InputError, match=said):
        getattr(BinGrid(30), method)(uv)


@pytest.mark.parametrize(
    "index, said",
    [
        ([[0, 30]], r"0\.\.29; received values from 0 to 30"),
        ([[-1, 0]], "from -1 to 0"),
        ([[0.0, 1.0]], "integers"),
        ([0, 1, 2], r"\(3,\)"),
    ],
)
def test_wrong_labels_are_named(index, said):
    with pytest.raises(InputError, match=said):
        BinGrid(30).from_index(index)
    with pytest.raises(InputError, match=said):
        count(index, 30)


# --- soft labels --------------------------------------------------------------------------------


@quick
@given(CHROMA, COUNTS, st.floats(0.05, 5), st.integers(1, 12))
def test_soft_labels_are_distributions_around_the_hard_label(uv, n, sigma, neighbours):
    grid = BinGrid.of(n)
    labels = grid.encode(uv)
    for axis, soft in enumerate(grid.soft_encode(uv, sigma, neighbours)):
        assert soft.shape == (12, n) and soft.dtype == np.float32
        np.testing.assert_allclose(soft.sum(axis=-1), 1, atol=1e-6)
        assert ((soft > 0).sum(axis=-1) <= min(neighbours, n)).all()
        position = np.clip(uv[:, axis], -RANGE[axis], RANGE[axis]) / grid.width[axis] + n / 2
        tied = np.abs(position - np.rint(position)) < 1e-3
        assert (tied | (soft.argmax(axis=-1) == labels[:, axis])).all()


def test_soft_labels_follow_the_gaussian():
    grid = BinGrid(31, "centre")
    pu, pv = grid.soft_encode(np.zeros((1, 2)), sigma=1.0, neighbours=5)
    bell = np.exp(-0.5 * np.arange(-2.0, 3.0) ** 2)
    for soft in (pu, pv):
        np.testing.assert_allclose(soft[0, 13:18], bell / bell.sum(), rtol=1e-5)
        assert np.count_nonzero(soft) == 5


def test_soft_labels_take_the_nearest_bins_also_at_the_ends():
    pu, _ = BinGrid(30).soft_encode(np.array([[-0.436, 0], [0.436, 0], [0.001, 0]]), 2.0, 4)
    assert [np.flatnonzero(row).tolist() for row in pu] == [
        [0, 1, 2, 3],
        [26, 27, 28, 29],
        [13, 14, 15, 16],
    ]


def test_a_narrow_gaussian_is_the_hard_label():
    uv = np.array([[0.123, -0.321], [-5, 5]], np.float32)
    grid = BinGrid(30)
    for axis, soft in enumerate(grid.soft_encode(uv, sigma=1e-3)):
        np.testing.assert_array_equal(soft, np.eye(30)[grid.encode(uv)[:, axis]])


@quick
@given(INSIDE)
def test_the_mean_of_a_soft_label_is_near_the_chroma(uv):
    grid = BinGrid(30)
    error = np.abs(Decoder("mean").chroma(*grid.soft_encode(uv), grid) - uv)
    assert (error <= grid.width / 2).all()


@pytest.mark.parametrize(
    "options, said",
    [
        ({"sigma": 0}, "sigma.*received 0"),
        ({"sigma": np.nan}, "sigma.*received nan"),
        ({"neighbours": 0}, "neighbours.*received 0"),
        ({"neighbours": 2.5}, "neighbours.*received 2.5"),
    ],
)
def test_wrong_softness_is_named(options, said):
    with pytest.raises(InputError, match=said):
        BinGrid(30).soft_encode(np.zeros((1, 2)), **options)


# --- merging ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_small", [30, 15, 10, 6, 5, 3, 2])
def test_merged_labels_are_the_labels_of_the_coarser_grid(n_small):
    uv = np.random.default_rng(4).uniform(-0.6, 0.6, (500, 2)).astype(np.float32)
    fine, coarse = BinGrid(30).encode(uv), BinGrid.of(n_small).encode(uv)
    one_hot = np.eye(30, dtype=np.float32)[fine]
    merged = merge(one_hot, n_small)
    assert merged.shape == (500, 2, n_small) and merged.dtype == np.float32
    np.testing.assert_array_equal(merged.argmax(axis=-1), coarse)


@quick
@given(st.sampled_from([(30, 15), (30, 6), (30, 5), (12, 4), (1000, 8)]), st.integers(0, 99))
def test_merging_keeps_the_sum(numbers, seed):
    n, n_small = numbers
    heads = random_probabilities(n, (3,), seed)
    np.testing.assert_allclose(merge(heads, n_small).sum(axis=-1), heads.sum(axis=-1), atol=1e-5)


def test_counts_can_be_merged_exactly():
    counts = np.arange(60).reshape(2, 30)
    np.testing.assert_array_equal(merge(counts, 10), counts.reshape(2, 10, 3).sum(axis=-1))


@pytest.mark.parametrize("n_small", [7, 60, 20])
def test_merging_wants_a_divisor(n_small):
    with pytest.raises(InputError, match=f"one of 2, 3, 5, 6, 10, 15, 30 bins; received {n_small}"):
        merge(np.zeros((4, 30)), n_small)


# --- prior and weights --------------------------------------------------------------------------


def test_the_prior_is_the_share_of_each_bin():
    labels = np.array([[0, 3], [0, 2], [1, 3], [0, 3]])
    shares = prior(labels, 4)
    assert shares.dtype == np.float64
    assert shares.tolist() == [[0.75, 0.25, 0, 0], [0, 0, 0.25, 0.75]]
    assert count(labels, 4).tolist() == [[3, 1, 0, 0], [0, 0, 1, 3]]


def test_the_prior_streams():
    labels = np.random.default_rng(5).integers(0, 30, (6, 8, 9, 2), dtype=np.int32)
    whole = prior(labels, 30)
    np.testing.assert_array_equal(prior((photo for photo in labels), 30), whole)
    np.testing.assert_array_equal(prior([labels[:1], labels[1:]], 30), whole)


@pytest.mark.parametrize("nothing", [np.empty((0, 2), np.int32), [], iter(())])
def test_a_prior_of_nothing_is_an_error(nothing):
    with pytest.raises(InputError, match="at least one"):
        prior(nothing, 30)


@quick
@given(
    hnp.arrays(np.float64, (2, 10), elements=st.floats(0, 1)).filter(
        lambda a: (a.sum(axis=-1) > 0.1).all()
    ),
    st.floats(0.01, 1),
)
def test_weights_average_to_one_and_favour_rare_bins(shares, mix):
    p = shares / shares.sum(axis=-1, keepdims=True)
    weights = rebalance_weights(p, mix)
    assert weights.dtype == np.float32 and (weights > 0).all()
    np.testing.assert_allclose((p * weights).sum(axis=-1), 1, rtol=1e-5)
    for row, w in zip(p, weights, strict=True):
        assert (np.diff(w[np.argsort(row)]) <= 1e-6 * w.max()).all()


def test_weights_follow_the_paper():
    p = np.array([[0.7, 0.2, 0.1, 0.0]])
    raw = 1 / (0.5 * p + 0.5 / 4)
    np.testing.assert_allclose(rebalance_weights(p), raw / (p * raw).sum(), rtol=1e-6)
    np.testing.assert_allclose(rebalance_weights(p, mix=1), 1)


@pytest.mark.parametrize(
    "shares, mix, said",
    [
        ([[0.5, 0.5]], 0, "received 0"),
        ([[0.5, 0.5]], 1.5, "received 1.5"),
        ([[0.5, 0.5]], "half", "received 'half'"),
        ([[5, 5]], 0.5, "sum to 1"),
        ([[1.5, -0.5]], 0.5, "sum to 1"),
        ([[np.nan, 1]], 0.5, "sum to 1"),
    ],
)
def test_wrong_weights_are_named(shares, mix, said):
    with pytest.raises(InputError, match=said):
        rebalance_weights(shares, mix)
