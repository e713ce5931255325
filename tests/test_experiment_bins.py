"""The experiment on bins counts what exists, and says what is so where it is known."""

import numpy as np
import pytest
from PIL import Image

from colorlab import devices, files, yuv
from colorlab.bins import BinGrid
from studies import bins, pictures, reduced
from studies.cli import main
from studies.harness import Asked
from studies.reduced import Recipe

# On one backend: what trains here is tested on both by test_experiment_reduced.py.


@pytest.fixture(scope="module")
def coasts():
    return pictures.rendered(7, 32).rgb


# --- pairs of bins -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [4, 11, 30])
def test_the_bins_of_every_colour_exist(n, rng):
    rgb = np.concatenate([rng.random((5000, 3)), rng.integers(0, 2, (50, 3))]).astype(np.float32)
    y, uv = yuv.rgb_to_yuv(rgb)
    grid = BinGrid.of(n)
    assert bins.exist(grid, y[:, 0], grid.encode(uv)).all()


@pytest.mark.parametrize("luma", [0.1, 0.5, 0.83])
def test_a_pair_exists_where_some_colour_lies_in_it(luma):
    grid = BinGrid.of(10)
    u, v = (np.linspace(row[0], row[-1], 801, dtype=np.float32) for row in grid.edges)
    uv = np.stack(np.meshgrid(u, v, indexing="ij"), axis=-1)
    y = np.full((801, 801, 1), luma, np.float32)
    inside = uv[yuv.in_gamut(y, uv)]
    wanted = np.zeros((10, 10), bool)
    wanted[tuple(grid.encode(inside).T)] = True
    every = np.stack(np.meshgrid(range(10), range(10), indexing="ij"), axis=-1)
    found = bins.exist(grid, luma, every)
    assert not (wanted & ~found).any()
    assert (found & ~wanted).sum() <= 2  # slivers that the samples miss
    assert 0.1 < found.mean() < 0.7


def test_black_and_white_have_no_colour():
    for n, wanted in ((10, 4), (11, 1)):
        grid = BinGrid.of(n)
        every = np.stack(np.meshgrid(range(n), range(n), indexing="ij"), axis=-1)
        for luma in (0.0, 1.0):
            assert bins.exist(grid, luma, every).sum() == wanted


def test_pairs_of_photos_are_counted_by_luma():
    rgb = np.zeros((2, 4, 4, 3), np.uint8)
    rgb[1] = 255
    rgb[1, 0, 0] = (255, 0, 0)
    found = bins.count_pairs(BinGrid.of(5), rgb)
    level = round(float(yuv.luma(rgb[1])[0, 0, 0]) * 32)
    seen = np.round(np.array(found["seen"]) * 25)
    assert {k: seen[k] for k in np.flatnonzero(seen)} == {0: 1, level: 1, 32: 1}
    assert len(found["possible"]) == len(bins.LUMA)
    assert found["possible"][0] == found["possible"][-1] == 0.04 < max(found["possible"]) < 0.81


# --- the answer ----------------------------------------------------------------------------------


def answering(coasts, answer):
    """What every arm measures when `answer` (config, prior, uv) gives its logits."""
    _, uv = yuv.rgb_to_yuv(coasts)
    measured = {}
    for arm in bins.arms(Asked()):
        config = Recipe(**arm.parameters).config
        prior = reduced.count_prior(coasts, config)
        logits = answer(config, prior, uv)
        figures = reduced.evaluate(
            lambda which, given=logits: {head: one[which] for head, one in given.items()},
            coasts, config, prior, bins.WAYS,
            lambda *batch, grid=config.grid: bins.measure_more(grid, *batch), progress=False,
        )  # fmt: skip
        measured[arm.name] = {
            "recipe": arm.parameters,
            "seed": arm.seed,
            "figures": figures,
            "pairs": {"possible": [0.3] * 33, "seen": [0.1] * 33},
        }
    return measured


def given(config, prior, uv):
    """The labels."""
    labels = config.grid.encode(uv)
    return {h: 60 * np.eye(config.n, dtype=np.float32)[labels[..., k]] for k, h in enumerate("uv")}


def blind(config, prior, uv):
    """The training photos' shares."""
    logits = np.log(np.maximum(prior, 1e-8))
    return {h: np.broadcast_to(logits[k], (*uv.shape[:3], config.n)) for k, h in enumerate("uv")}


@pytest.fixture
def few(monkeypatch):
    """Four numbers and two seeds."""
    monkeypatch.setattr(bins, "NUMBERS", (10, 11, 30, 31))
    monkeypatch.setattr(bins, "SEEDS", 2)


def test_the_arms_are_all_numbers_with_three_seeds_each():
    arms = bins.arms(Asked())
    assert len({arm.name for arm in arms}) == len(arms) == 27
    kinds = {(arm.parameters["n"], arm.parameters["loss"]) for arm in arms}
    assert kinds == {(n, "crossentropy") for n in bins.NUMBERS} | {(31, "rebalanced")}
    assert len(bins.arms(Asked(fast=True))) == 5


def test_models_given_the_labels_score_everything(coasts, few):
    found = bins.summarise(answering(coasts, given))
    for n, one in [*found["numbers"].items(), ("31", found["rebalanced"])]:
        assert one["accuracy"] == {"value": 1, "low": 1, "high": 1, "spread": 0}
        assert one["loss"]["high"] < 1e-4
        assert one["learnt"]["value"] == pytest.approx(one["prior"]["value"], abs=1e-3)
        assert one["uniform"] == pytest.approx(2 * np.log(int(n)), abs=1e-4)
        assert one["impossible"]["high"] == 0
        for way in bins.WAYS:
            assert one[f"gain {way}"]["value"] == pytest.approx(one["ceiling"]["value"], abs=1e-3)
            assert one[f"neutral {way}"]["value"] == pytest.approx(one["floor"]["value"], abs=0.01)
    assert found["verdict"] == "holds"  # an odd number's centre is grey, and these ask for it
    assert found["parity"]["10 and 11"]["neutral mean"]["high"] < 0
    assert all(one["gain mean"]["low"] > 0 for one in found["more_bins"].values())
    assert "2 of 2 steps to more bins raise PSNR" in found["finding"]
    assert "surely cleaner in 2 of 2 pairs" in found["finding"]


def test_models_that_know_the_prior_alone_score_it(coasts, few):
    found = bins.summarise(answering(coasts, blind))
    for one in found["numbers"].values():
        assert one["loss"]["value"] == pytest.approx(one["prior"]["value"], abs=1e-4)
        assert one["accuracy"]["value"] == one["majority"]["value"]
        assert one["learnt"]["value"] == pytest.approx(0, abs=1e-4)
        assert one["prior"]["value"] < one["uniform"]
    for key in ("learnt", "gain mean", "colourfulness mean"):
        assert found["rebalancing"][key] == {"value": 0, "low": 0, "high": 0, "spread": 0}
    assert "rebalancing may change 0% of colourfulness" in found["finding"]


@pytest.mark.parametrize(
    ("sides", "verdict"),
    [((-1, -1), "holds"), ((-1, 1), "holds partly"), ((1, 1), "does not hold"),
     ((0, 1), "cannot be told")],
)  # fmt: skip
def test_parity_is_judged_by_the_rule(sides, verdict):
    parity = {
        str(k): {"neutral annealed 0.4": {"value": side, "low": side - 0.5, "high": side + 0.5}}
        for k, side in enumerate(sides)
    }
    assert bins.judge_parity(parity) == verdict


def test_the_fast_experiment_from_end_to_end(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLORLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(devices, "precision", lambda wanted="auto": "float32")
    tiny = {"taps": (2,), "widths": (8,), "context": 0, "epochs": 1}
    monkeypatch.setattr(reduced, "FAST", tiny)
    arms, opened = bins.arms, reduced.open_photos
    monkeypatch.setattr(bins, "arms", lambda asked: arms(asked)[2:])
    monkeypatch.setattr(bins, "prepare", lambda asked: opened(asked, (16, 30, 4)))
    words = ["bins", "--fast", "--quiet", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    result = files.read_json(tmp_path / "run" / "result.json")
    assert list(result["arms"]) == ["30-crossentropy-0", "31-crossentropy-0", "31-rebalanced-0"]
    summary = result["summary"]
    assert list(summary["numbers"]) == ["30", "31"] and list(summary["parity"]) == ["30 and 31"]
    assert len(summary["pairs"]["30"]["seen"]) == len(summary["pairs"]["luma"]) == 33
    for name in ("bins", "bins_pairs"):
        with Image.open(tmp_path / "run" / f"{name}.png") as image:
            assert min(image.size) > 300
    assert capsys.readouterr() == ("", "")
