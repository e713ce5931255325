"""The experiment on losses says what is so where it is known."""

import numpy as np
import pytest
from PIL import Image

from colorlab import devices, files, yuv
from studies import loss, pictures, reduced
from studies.cli import main
from studies.harness import Asked
from studies.reduced import Recipe

# On one backend: what trains here is tested on both by test_experiment_reduced.py.

RUNS = [
    ("crossentropy", 3e-4), ("crossentropy", 1e-3), ("crossentropy", 3e-3),
    ("euclidean", 3e-4), ("euclidean", 1e-3), ("euclidean", 3e-3), ("rebalanced", 1e-3),
]  # fmt: skip


@pytest.fixture(scope="module")
def coasts():
    return pictures.rendered(7, 32).rgb


def answering(coasts, answer):
    """What every arm measures when `answer` (config, prior, uv) gives its outputs."""
    _, uv = yuv.rgb_to_yuv(coasts)
    measured = {}
    for kind, rate in RUNS:
        recipe = Recipe(loss=kind, learning_rate=rate)
        prior = reduced.count_prior(coasts, recipe.config)
        outputs = answer(recipe.config, prior, uv)
        figures = reduced.evaluate(
            lambda which, given=outputs: {head: one[which] for head, one in given.items()},
            coasts, recipe.config, prior, progress=False,
        )  # fmt: skip
        arm = {"recipe": recipe.parameters, "figures": figures}
        history = [{"epoch": k, "val_loss": 2.0 / k} for k in (1, 2)]
        for seed in range(3):
            measured[f"{kind}-{rate:g}-{seed}"] = {**arm, "seed": seed, "history": history}
    return measured


def given(config, prior, uv):
    """The truth."""
    if config.head == "chroma":
        return {"u": uv[..., :1], "v": uv[..., 1:]}
    labels = config.grid.encode(uv)
    return {h: 60 * np.eye(config.n, dtype=np.float32)[labels[..., k]] for k, h in enumerate("uv")}


def blind(config, prior, uv):
    """The constant answer."""
    value = prior if config.head == "chroma" else np.log(np.maximum(prior, 1e-8))
    return {
        h: np.broadcast_to(value[k], (*uv.shape[:3], len(value[k]))) for k, h in enumerate("uv")
    }


def dull(config, prior, uv):
    """Classification given the truth, regression a third of its chroma."""
    return given(config, prior, uv / 3 if config.head == "chroma" else uv)


def test_the_arms_are_two_losses_at_all_rates_with_three_seeds_each():
    arms = loss.arms(Asked())
    assert len(arms) == len({arm.name for arm in arms}) == 3 * len(RUNS)
    assert {(a.parameters["loss"], a.parameters["learning_rate"]) for a in arms} == set(RUNS)
    assert {arm.seed for arm in loss.arms(Asked(seed=2))} == {2, 3, 4}
    assert len(loss.arms(Asked(fast=True))) == 5


def test_losses_that_are_given_the_truth_differ_in_nothing(coasts):
    found = loss.summarise(answering(coasts, given))
    for kind, rate in RUNS:
        one = found["rates"][kind][f"{rate:g}"]
        assert one["loss_left"]["high"] < 1e-4
        assert one["colourfulness"]["value"] == pytest.approx(1, abs=0.05)
        assert one["gain"]["value"] > 10
        first, last = (row["value"] for row in one["history"])
        assert first == pytest.approx(2 * last, rel=1e-3)
    for spread in (found["easier"], found["stable"]):
        assert spread["classification"]["value"] == spread["regression"]["value"] == 0
        assert spread["ratio"]["value"] == 1
    assert found["verdict"]["easier"] == found["verdict"]["stable"] == "cannot be told"


def test_losses_that_know_the_prior_alone_score_it(coasts):
    found = loss.summarise(answering(coasts, blind))
    for kind, rate in RUNS:
        assert found["rates"][kind][f"{rate:g}"]["loss_left"]["value"] == pytest.approx(1, abs=1e-3)


def test_a_dull_regression_is_found_to_be_one(coasts):
    found = loss.summarise(answering(coasts, dull))
    assert found["verdict"]["desaturation"] == "holds"
    assert found["desaturation"]["below"] == list(reduced.DECODERS)
    ratio = found["curve"]["euclidean"]["regression"]["colourfulness"]["value"]
    assert ratio == pytest.approx(1 / 3, abs=0.03)
    assert "Regression shows 3" in found["finding"]
    assert "less than classification by any decoder" in found["findings"]["color"]


@pytest.mark.parametrize(
    ("sides", "verdict"),
    [
        ((-1, -1), "holds"),
        ((-1, 0), "holds partly"),
        ((-1, 1), "holds partly"),
        ((0, 1), "cannot be told"),
        ((1, 1), "does not hold"),
    ],
)
def test_desaturation_is_judged_by_the_rule(sides, verdict):
    differences = {
        name: {"value": side / 10, "low": side / 10 - 0.05, "high": side / 10 + 0.05}
        for name, side in zip(("argmax", "mean"), sides, strict=True)
    }
    assert loss.judge_desaturation(differences)["verdict"] == verdict


def gains(rng, over_rates, over_seeds, seeds=3):
    """Gains of runs that lie apart as told, with the noise that photos give all of them."""
    photos = rng.normal(0, 0.02, 1001)
    rates = np.array([-0.5, 0.5, 0.1])[:, None, None] * over_rates
    repeats = np.array([-1, 1, 0])[None, :seeds, None] * over_seeds
    return 2 + rates + repeats + photos + rng.normal(0, 0.001, (3, seeds, 1001))


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [(0.1, 0.5, "holds"), (0.4, 0.6, "holds partly"), (0.5, 0.1, "does not hold"),
     (0.0, 0.0, "cannot be told")],
)  # fmt: skip
def test_spread_is_judged_by_the_rule(rng, ours, theirs, verdict):
    for spread, make in (
        (loss.over_rates, lambda x: gains(rng, x, 0)),
        (loss.over_repeats, lambda x: gains(rng, 0, x)),
    ):
        found = loss.judge_spread({"crossentropy": make(ours), "euclidean": make(theirs)}, spread)
        if ours:
            assert found["regression"]["value"] == pytest.approx(theirs, rel=0.05)
        assert found["verdict"] == verdict


def test_a_single_seed_tells_nothing_of_seeds(rng):
    one = {kind: gains(rng, 1, 0, seeds=1) for kind in ("crossentropy", "euclidean")}
    found = loss.judge_spread(one, loss.over_repeats)
    assert found["ratio"] == {"value": 1, "low": 1, "high": 1}
    assert found["verdict"] == "cannot be told"


def test_the_fast_experiment_from_end_to_end(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLORLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(devices, "precision", lambda wanted="auto": "float32")
    tiny = {"taps": (2,), "widths": (8,), "context": 0, "epochs": 1}
    monkeypatch.setattr(reduced, "FAST", tiny)
    monkeypatch.setattr(loss, "RATES", (0, loss.USUAL))
    opened = reduced.open_photos
    monkeypatch.setattr(loss, "prepare", lambda asked: opened(asked, (16, 30, 4)))
    words = ["loss", "--fast", "--quiet", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    result = files.read_json(tmp_path / "run" / "result.json")
    assert list(result["arms"]) == [
        "crossentropy-0.001-0", "euclidean-0.001-0", "rebalanced-0.001-0"
    ]  # fmt: skip
    assert result["dataset"]["training"]["photos"] == 30
    assert result["summary"]["verdict"]["stable"] == "cannot be told"
    for name in ("loss", "loss_training"):
        with Image.open(tmp_path / "run" / f"{name}.png") as image:
            assert min(image.size) > 300
    assert capsys.readouterr() == ("", "")
