"""From probabilities to colours: every method in the registry."""

import itertools
import json

import numpy as np
import pytest

from colorlab import decode, yuv
from colorlab.bins import BinGrid
from colorlab.decode import METHODS, Decoder, resolve, softmax
from colorlab.errors import InputError

EACH_AXIS = ("argmax", "mean", "annealed")
PAIRS = ("joint", "mode")


def random_probabilities(n, shape=(40,), seed=0):
    """Draw two heads' softmaxes, some peaked, some flat, with exact zeros among them."""
    rng = np.random.default_rng(seed)
    heads = rng.dirichlet(np.full(n, 0.3), (2, *shape)).astype(np.float32)
    heads[heads < 1e-3] = 0
    return heads / heads.sum(axis=-1, keepdims=True)


def grey(value, *shape):
    return np.full((*shape, 1), value, np.float32)


# --- every method --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [2, 3, 30])
def test_a_certain_model_gives_the_bin_centre(method, n):
    grid = BinGrid.of(n)
    labels = np.array([[n // 2, n // 2], [n // 2, n // 2 - 1]])
    pu, pv = (np.eye(n, dtype=np.float32)[labels[:, axis]] for axis in range(2))
    for temperature in (1e-3, 0.38, 1.0, 50.0):
        uv = Decoder(method, temperature).chroma(pu, pv, grid, grey(0.5, 2))
        assert uv.shape == (2, 2) and uv.dtype == np.float32
        # Of a wide bin a part lies outside the gamut; what exists of it has another middle.
        atol = 1e-7 if method in EACH_AXIS or n == 30 else grid.width.max() / 2
        np.testing.assert_allclose(uv, grid.from_index(labels), atol=atol)


@pytest.mark.parametrize("method", METHODS)
def test_scale_saturation_and_leading_axes(method):
    grid = BinGrid(30)
    pu, pv = random_probabilities(30, (2, 5, 4))
    y = np.random.default_rng(1).random((2, 5, 4, 1), np.float32)
    plain = Decoder(method, 0.5).chroma(pu, pv, grid, y)
    assert plain.shape == (2, 5, 4, 2) and plain.dtype == np.float32 and np.isfinite(plain).all()
    np.testing.assert_allclose(
        Decoder(method, 0.5).chroma(pu * 1e-30, pv * 1e3, grid, y), plain, atol=2e-6
    )
    np.testing.assert_array_equal(
        Decoder(method, 0.5, 1.5).chroma(pu, pv, grid, y), np.float32(1.5) * plain
    )
    with np.errstate(divide="ignore"):
        logits = np.log(pu) + 3, np.log(pv) - 7
    found = Decoder(method, 0.5).chroma_of_logits(*logits, grid, y)
    np.testing.assert_allclose(found, plain, atol=2e-6)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "argmax"])
def test_nothing_is_neutral(method):
    nothing = np.zeros((1, 4), np.float32)
    assert Decoder(method, 0.4).chroma(nothing, nothing, BinGrid(4), grey(0.5, 1)).tolist() == [
        [0, 0]
    ]


# --- each axis alone -----------------------------------------------------------------------------


def test_what_the_formulas_say():
    grid = BinGrid(6)
    heads = random_probabilities(6, (4, 5)).astype(np.float64) + 1e-6
    heads /= heads.sum(axis=-1, keepdims=True)
    for axis in range(2):
        p, centres = heads[axis], grid.centres[axis]
        sharp = p ** (1 / 0.38)
        sharp /= sharp.sum(axis=-1, keepdims=True)
        for method, expected in [
            ("argmax", centres[p.argmax(axis=-1)]),
            ("mean", p @ centres),
            ("annealed", sharp @ centres),
        ]:
            uv = Decoder(method, 0.38).chroma(*heads, grid)
            np.testing.assert_allclose(uv[..., axis], expected, atol=1e-6)


def test_annealing_spans_from_argmax_to_mean():
    grid, heads = BinGrid(30), random_probabilities(30)

    def chroma(*decoder):
        return Decoder(*decoder).chroma(*heads, grid)

    mean, argmax = chroma("mean"), chroma("argmax")
    np.testing.assert_array_equal(chroma("annealed", 1.0), mean)
    for cold in (1e-3, 1.01e-4, 1e-5, 5e-324):
        np.testing.assert_allclose(chroma("annealed", cold), argmax, atol=1e-4)
    distances = [np.abs(chroma("annealed", t) - argmax).mean() for t in (0.05, 0.2, 0.5, 1.0)]
    assert distances == sorted(distances)


@pytest.mark.parametrize("method", ["annealed", "joint"])
def test_a_temperature_never_revives_an_impossible_bin(method):
    grid, p = BinGrid(4), np.array([[0, 0.75, 0.25, 0]], np.float32)
    for temperature in (1e6, 1e300):
        u, _ = Decoder(method, temperature).chroma(p, p, grid, grey(0.5, 1))[0]
        assert abs(u) <= grid.centres[0, 2]


def test_softmax_does_not_overflow():
    logits = np.array([[1000.0, 0, -1000], [-5000, -5000, -5000], [-np.inf] * 3])
    wanted = [[1, 0, 0], [1 / 3] * 3, [0] * 3]
    np.testing.assert_allclose(softmax(logits), wanted, rtol=1e-6)
    np.testing.assert_allclose(softmax([0, np.log(4)], 2.0), [1 / 3, 2 / 3], rtol=1e-6)


# --- pairs ---------------------------------------------------------------------------------------


def test_joint_is_the_mean_over_the_pairs_that_exist():
    grid = BinGrid(8)
    pu, pv = random_probabilities(8, (60,), seed=2).astype(np.float64)
    level = np.random.default_rng(3).integers(decode.LUMA_LEVELS, size=60)
    y = ((level + 0.5) / decode.LUMA_LEVELS).astype(np.float32)[:, None]
    # 8 x 8 points of every cell stand for its colours, all with the cell's probability.
    steps = [np.linspace(e[0], e[-1], 129)[1::2] for e in grid.edges]
    points = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).astype(np.float32)
    for temperature in (1.0, 0.4, 0.05):
        found = Decoder("joint", temperature).chroma(pu, pv, grid, y)
        for k in range(60):
            inside = yuv.in_gamut(y[k], points).reshape(8, 8, 8, 8)
            p = np.outer(pu[k], pv[k]) * inside.mean(axis=(1, 3))
            p = (p / p.max()) ** (1 / temperature) if p.any() else p
            sums = (inside[..., None] * points.reshape(8, 8, 8, 8, 2)).sum(axis=(1, 3))
            middle = sums / np.maximum(inside.sum(axis=(1, 3)), 1)[..., None]
            wanted = np.einsum("ij,ijc->c", p, middle) / max(p.sum(), 1e-30)
            np.testing.assert_allclose(found[k], wanted, atol=1e-5)


def test_what_two_heads_would_mix_but_does_not_exist_is_left_out():
    """Dark: blue (U up) exists, and so does dark red (V up), but not a pixel that is both."""
    grid = BinGrid(30)
    y = grey(0.1, 1)
    labels = grid.encode(np.float32([[0.3, -0.05], [-0.05, 0.2]]))
    pu, pv = np.zeros((2, 1, 30), np.float32)
    pu[0, labels[0, 0]], pu[0, labels[1, 0]] = 0.6, 0.4
    pv[0, labels[0, 1]], pv[0, labels[1, 1]] = 0.6, 0.4
    assert not yuv.in_gamut(y, np.float32([0.3, 0.2]))
    for method in PAIRS:
        uv = Decoder(method, 0.2).chroma(pu, pv, grid, y)
        assert yuv.in_gamut(y, uv, tolerance=0.03).all()
        np.testing.assert_allclose(uv[0], [0.3, -0.05], atol=0.06)


@pytest.mark.parametrize("second", [0.45, 0.499])
def test_mode_takes_one_of_two_hues_where_the_mean_takes_neither(second):
    grid = BinGrid(30)
    green, red = (grid.encode(np.float32(uv)) for uv in ([-0.12, -0.12], [-0.1, 0.16]))
    logits = np.full((2, 1, 30), -20.0, np.float32)
    for (u, v), share in ((green, 1 - second), (red, second)):
        logits[0, 0, u] = np.logaddexp(logits[0, 0, u], np.log(share))
        logits[1, 0, v] = np.logaddexp(logits[1, 0, v], np.log(share))
    y = grey(0.5, 1)
    mean = Decoder("annealed", 0.5).chroma_of_logits(*logits, grid, y)
    mode = Decoder("mode").chroma_of_logits(*logits, grid, y)
    assert abs(mode[0, 1] - grid.centres[1, green[1]]) < grid.width[1]
    assert abs(mean[0, 1] - grid.centres[1, green[1]]) > grid.width[1]


@pytest.mark.parametrize("method", PAIRS)
def test_colours_that_no_pixel_of_this_luma_has(method):
    """Certain of something that does not exist: what is nearest to likely counts, finitely."""
    grid = BinGrid(30)
    p = np.full((1, 30), 1e-35, np.float32)
    p[0, -1] = 1
    for value in (0.0, 1e-3, 0.5, 1.0):
        uv = Decoder(method, 0.3).chroma(p, p, grid, grey(value, 1))
        assert np.isfinite(uv).all()
        assert yuv.in_gamut(grey(value, 1), uv, tolerance=0.03).all()


# --- the value -----------------------------------------------------------------------------------


def test_a_card_keeps_it_and_older_cards_are_read():
    decoder = Decoder("joint", 0.4, 1.1)
    assert Decoder.from_json(json.loads(json.dumps(decoder.to_json()))) == decoder
    assert Decoder.from_json({"method": "mean", "temperature": 1}) == Decoder("mean")
    more = {"method": "annealed", "temperature": 0.4, "mirror": True, "curve": []}
    assert Decoder.from_json(more) == Decoder("annealed", 0.4)


def test_words_and_results():
    assert str(Decoder("annealed", 0.4, 1.1)) == "annealed, T = 0.4, saturation 1.1"
    assert str(Decoder("mean", 0.4)) == "mean"
    assert Decoder("mean", 0.4).describe() == {
        "decode": "mean",
        "temperature": None,
        "saturation": 1.0,
    }
    assert Decoder("joint", 0.4).describe()["temperature"] == 0.4


def test_what_a_caller_means():
    own = Decoder("annealed", 0.4, 1.2)
    assert resolve(None, own) == resolve("annealed", own) == own
    assert resolve("joint", own) == Decoder("joint")
    assert resolve(None, own, 0.1) == resolve("annealed", own, 0.1) == Decoder("annealed", 0.1, 1.2)
    assert resolve("joint", own, 0.1) == Decoder("joint", 0.1)
    assert resolve(Decoder("mode", 1.0, 2.0), own) == Decoder("mode", 1.0, 2.0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "median"}, f"{', '.join(METHODS)}; received 'median'"),
        ({"temperature": 0}, "temperature.*received 0"),
        ({"temperature": -1.0}, "temperature.*received -1.0"),
        ({"temperature": float("nan")}, "temperature.*received nan"),
        ({"temperature": "hot"}, "temperature.*received 'hot'"),
        ({"saturation": 0.0}, "saturation.*received 0.0"),
        ({"saturation": float("inf")}, "saturation.*received inf"),
    ],
)
def test_a_decoder_that_cannot_be(options, said):
    with pytest.raises(InputError, match=said):
        Decoder(**{"method": "annealed", **options})


@pytest.mark.parametrize(("method", "n"), list(itertools.product(METHODS, [30, 200])))
def test_arrays_that_do_not_fit(method, n):
    p, y = np.full((1, n), 1 / n), grey(0.5, 1)
    decoder = Decoder(method)
    with pytest.raises(InputError, match=rf"{n + 2} bins.*\(1, {n}\)"):
        decoder.chroma(p, p, BinGrid(n + 2), y)
    with pytest.raises(InputError, match=r"shape \(1, 1\) .*received \(3, 1\)"):
        decoder.chroma(p, p, BinGrid(n), grey(0.5, 3))
    if method in EACH_AXIS:
        assert decoder.chroma(p, p, BinGrid(n)).shape == (1, 2)
    elif n > decode.MAX_JOINT_BINS:
        with pytest.raises(InputError, match=f"at most 128 bins per axis; received {n}"):
            decoder.chroma(p, p, BinGrid(n), y)
    else:
        with pytest.raises(InputError, match=f"{method} needs the pixels' luma"):
            decoder.chroma(p, p, BinGrid(n))
