"""How much a trained backbone shortens a training: found where it is known."""

import dataclasses

import numpy as np
import pytest

from colorlab import color_model, files
from colorlab.color_model import ColorModelConfig
from studies import hypercolumns, learning, reduced, transfer
from studies.cli import main
from studies.harness import Asked
from studies.reduced import Photos, Recipe

# On one backend: what trains here is tested on both by test_experiment_reduced.py.

TINY = {"taps": (2, 3), "widths": (8, 8), "context": 4, "n": 6, "learning_rate": 0.01}


def ramps(count, size=16, seed=0):
    """Photos whose colour follows from their luma: dark is blue, bright is yellow."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 50, size) * np.ones((size, 1))
    grey = rng.uniform(40, 200, (count, 1, 1, 1)) + ramp[..., None]
    tint = np.where(grey > 130, 1, -1) * np.array([30, 20, -50])
    return np.clip(grey + tint, 0, 255).astype(np.uint8)


def way(pace, epochs=9, step=10.0, seeing=0.0, shift=0.0, photos=40, kind="vgg"):
    """An arm whose loss falls by 0.1 an epoch times its pace, each photo from its own start."""
    start = 5 + np.random.default_rng(3).normal(0, 0.3, photos)
    curve = [(start + shift - 0.1 * pace * e).tolist() for e in range(1, epochs + 1)]
    figures = dict.fromkeys(("prior_loss_u", "prior_loss_v"), [2.75] * photos)
    figures |= {f"psnr {transfer.DECODER}": [22.0] * photos, "psnr_grey": [20.0] * photos}
    figures |= {f"colourfulness {transfer.DECODER}": [20.0] * photos}
    figures |= {"colourfulness_truth": [40.0] * photos}
    seconds = [step * e for e in range(1, epochs + 1)]
    return {"kind": kind, "parameters": 7, "seeing": seeing, "seconds": seconds, "curve": curve,
            "figures": figures}  # fmt: skip


def test_the_way_to_a_loss_is_read_off_the_curve():
    curve = np.array([[4.0, 3.0, 2.0], [4.0, 2.0, 2.5], [1.0, 1.0, 1.0], [3.0, 3.0, 3.0]])
    found = learning.crossing(curve, np.array([2.5, 3.0, 2.0, 2.9]))
    np.testing.assert_allclose(found, [2.5, 1.5, 1.0, np.inf])


def test_a_control_of_a_third_of_the_pace_takes_three_times_as_long():
    found = learning.shorten(way(3, step=10, seeing=20), way(1, step=30))
    assert found["epochs"] == pytest.approx({"value": 3, "low": 3, "high": 3, "capped": 0})
    assert found["minutes"]["value"] == pytest.approx(9 * 30 / (20 + 3 * 10), abs=1e-3)
    assert found["loss"]["low"] < found["loss"]["value"] < found["loss"]["high"]
    back = learning.shorten(way(1), way(3))["epochs"]
    assert back["value"] == pytest.approx(1 / 3, abs=1e-3) and back["high"] < 1
    same = learning.shorten(way(2), way(2))
    assert same["epochs"]["low"] == same["minutes"]["high"] == 1


def test_a_factor_that_is_a_lower_bound_says_so():
    found = learning.shorten(way(20), way(1))["epochs"]
    assert (found["value"], found["capped"]) == (9, 1)


@pytest.mark.parametrize(
    ("lows", "highs", "said"),
    [((1.1, 1.2), (2, 3), "holds"), ((1.1, 0.9), (2, 3), "holds partly"),
     ((0.2, 0.3), (0.8, 0.9), "does not hold"), ((0.2, 0.3), (0.8, 1.1), "cannot be told"),
     ((1.0, 1.0), (1.0, 1.0), "cannot be told")],
)  # fmt: skip
def test_factors_are_judged_against_one_and_differences_against_nothing(lows, highs, said):
    found = [{"low": low, "high": high} for low, high in zip(lows, highs, strict=True)]
    shortening = dict(
        zip(transfer.CONTROLS, ({"epochs": o, "minutes": o} for o in found), strict=True)
    )
    against = {
        kind: {"low": one["low"] - 1, "high": one["high"] - 1}
        for kind, one in zip(("blocks-4", "blocks-3"), found, strict=True)
    }
    judged = transfer.judge(shortening, {**against, "hypercolumns": {"low": -1, "high": 1}})
    assert judged == {
        "shortens": said, "minutes": said, "depth": said, "residual": "cannot be told"
    }  # fmt: skip


def arms_of(**ways):
    """What all arms measured, two seeds each; kinds that are not named learn as VGG-16 does."""
    given = {kind: ways.get(kind.replace("-", "_"), {}) for kind in transfer.ARMS}
    return {
        f"{kind}-{seed}": way(**{"pace": 3, **own}, kind=kind)
        for seed in range(2)
        for kind, own in given.items()
    }


def test_the_summary_finds_the_arms_that_differ():
    found = transfer.summarise(
        arms_of(
            random={"pace": 1, "step": 1.0}, random_trained={"pace": 1, "step": 90.0},
            blocks_4={"shift": 0.0}, blocks_3={"shift": 0.4}, hypercolumns={"shift": -0.2},
        )
    )  # fmt: skip
    assert list(found["kinds"]) == list(transfer.ARMS) == list(transfer.LABELS)
    assert found["claims"] == {
        "shortens": "holds", "minutes": "holds partly", "depth": "holds partly",
        "residual": "does not hold",
    }  # fmt: skip
    assert found["verdict"] == "holds"
    assert found["against"]["blocks-3"] == pytest.approx(
        {"value": 0.4, "low": 0.4, "high": 0.4, "spread": 0}
    )
    ours = found["kinds"]["vgg"]
    assert ours["curve"][2]["value"] == pytest.approx(np.mean(way(3)["curve"][2]), abs=1e-3)
    assert ours["minutes"] == [round(10 * e / 60, 3) for e in range(1, 10)]
    assert (ours["psnr_gain"]["value"], ours["colourfulness"]["value"]) == (2, 0.5)
    assert found["prior_loss"]["value"] == 5.5
    assert "take 3.0 [3.0, 3.0] times as many epochs" in found["finding"]
    assert "hypercolumns -0.200 [-0.200, -0.200]" in found["finding"]


def test_a_slower_vgg_does_not_shorten():
    slow = {kind: {"pace": 6} for kind in ("random", "random_trained")}
    found = transfer.summarise(arms_of(**slow))
    assert found["claims"]["shortens"] == "does not hold"
    assert found["claims"]["residual"] == found["claims"]["depth"] == "cannot be told"


def test_hypercolumns_take_and_give_what_the_color_model_does(rng):
    config = ColorModelConfig(n=6, taps=(2, 3, 4), widths=(8, 8, 8), context=32)
    network = hypercolumns.build(config, seed=2)
    taps = {
        f"tap{tap}": rng.random((2, 32 // 2 ** (tap - 1), 16 // 2 ** (tap - 1), width), np.float32)
        for tap, width in ((2, 128), (3, 256), (4, 512))
    }
    found = network.predict_on_batch(taps)
    assert {head: one.shape for head, one in found.items()} == dict.fromkeys("uv", (2, 32, 16, 6))
    heads = color_model.at_head_resolution(network).predict_on_batch(taps)
    assert heads["u"].shape == (2, 16, 8, 6)
    again = hypercolumns.build(config, seed=2).predict_on_batch(taps)
    np.testing.assert_allclose(again["v"], found["v"], atol=1e-4)
    far = {**taps, "tap4": taps["tap4"].copy()}
    far["tap4"][:, -1, -1] += 50  # the global mean carries it everywhere
    assert np.abs(network.predict_on_batch(far)["u"] - found["u"])[:, 0, 0].max() > 0


def test_a_recipe_learns_what_can_be_learnt_and_goes_on_after_a_kill(monkeypatch):
    recipe = Recipe(**TINY, epochs=4, seed=1)
    photos = [ramps(30), ramps(4, seed=1)]
    training, measured = (reduced.look(rgb, None, recipe.taps, progress=False) for rgb in photos)

    def learn():
        return learning.learn(
            recipe, transfer.build(recipe, "random", "add"), training, measured, progress=False
        )

    trained, curve = learn()
    assert [len(row) for row in curve] == [4] * 4
    assert np.mean(curve[3]) < np.mean(curve[0])
    figures = reduced.evaluate(
        trained.outputs(measured), measured.rgb, recipe.config, trained.prior, {}, progress=False
    )
    np.testing.assert_allclose(np.add(figures["loss_u"], figures["loss_v"]), curve[3], atol=1e-3)
    assert len(trained.history) == 4

    evaluate, calls = reduced.evaluate, []

    def stop(*words, **named):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return evaluate(*words, **named)

    monkeypatch.setattr(reduced, "evaluate", stop)
    with pytest.raises(KeyboardInterrupt):
        learn()
    _, again = learn()
    assert len(calls) == 5  # epochs 1, 2, the kill, 3 and 4
    np.testing.assert_allclose(again, curve, atol=2e-3)


@pytest.mark.parametrize("kind", ["random", "random-trained", "hypercolumns"])
def test_each_kind_of_arm_is_measured(kind):
    photos = Photos(ramps(15), ramps(3, seed=1))
    (arm,) = (one for one in transfer.arms(Asked(fast=True)) if one.name == f"{kind}-0")
    fields = {**TINY, "epochs": 1, "taps": (2, 3)}
    arm = dataclasses.replace(arm, parameters={**arm.parameters, "recipe": fields})
    found = transfer.measure(arm, photos, progress=False)
    assert found["kind"] == kind and len(found["seconds"]) == 1
    assert np.shape(found["curve"]) == (1, 3)
    assert (found["seeing"] > 0) == (kind != "random-trained")
    convolutions = 38720 + 221440 + 1475328  # of VGG-16's blocks 1, 2 and 3
    assert (found["parameters"] > convolutions) == (kind == "random-trained")
    assert f"psnr {transfer.DECODER}" in found["figures"]


def test_only_the_backbone_that_learns_is_part_of_the_network():
    recipe = Recipe(**TINY)
    network = transfer.build(recipe, "random, trained", "add")
    assert network.get_layer(color_model.BACKBONE).trainable_weights
    for backbone, join in (("random", "add"), ("embedded", "add"), ("embedded", "concat")):
        names = {layer.name for layer in transfer.build(recipe, backbone, join).layers}
        assert color_model.BACKBONE not in names


def test_transfer_from_end_to_end(tmp_path, monkeypatch):
    given = arms_of(random={"pace": 1}, random_trained={"pace": 2})
    monkeypatch.setattr(transfer, "measure", lambda arm, data, progress: given[arm.name])
    opened = reduced.open_photos
    monkeypatch.setattr(transfer, "prepare", lambda asked: opened(asked, fast=(16, 15, 2)))
    out = tmp_path / "run"
    words = ["transfer", "--fast", "--quiet", "--out", str(out)]
    assert main(words) == 0
    result = files.read_json(out / "result.json")
    assert result["seeds"] == [0] and list(result["arms"]) == [f"{k}-0" for k in transfer.ARMS]
    assert result["dataset"]["name"] == "coasts" and result["summary"]["verdict"] == "holds"
    assert {path.name for path in out.glob("*.png")} == {"transfer.png", "transfer_taps.png"}
    full = transfer.arms(Asked(seed=5))
    assert {arm.seed for arm in full} == {5, 6, 7} and len(full) == 3 * len(transfer.ARMS)
    base = next(arm for arm in full if arm.name == "vgg-5")
    assert Recipe(**base.parameters["recipe"], seed=5) == Recipe(seed=5)
