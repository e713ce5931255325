"""What landscapes teach and cost, how sure softmaxes are of regions: found where it is known."""

import dataclasses

import numpy as np
import pytest

from colorlab import coast, files
from colorlab.errors import InputError
from studies import foliage, pictures, reduced
from studies.cli import main
from studies.foliage import sets as opened
from studies.harness import Arm, Asked
from studies.reactions import Scenes
from studies.reduced import Photos, Recipe, Seen

# On one backend: what trains here is tested on both by test_experiment_reduced.py.

SIZE = 32


def stripes(count, seed=0):
    """Blue photos with lines: water."""
    rng = np.random.default_rng(seed)
    grey = np.where(np.arange(SIZE)[:, None] // 2 % 2, 90, 150) + rng.integers(0, 30, (count, 1, 1))
    return np.broadcast_to(grey[..., None], (count, SIZE, SIZE, 3)) + np.array([-40, 0, 50])


def leaves(count, seed=0):
    """Green photos full of dots: landscapes."""
    grey = np.random.default_rng(seed).integers(60, 180, (count, SIZE, SIZE, 1))
    return grey + np.array([-30, 30, -50])


def sets():
    """Both sets; the scenes show water above foliage."""
    made = {make: [make(n, k).astype(np.uint8) for n, k in ((30, 0), (6, 1))]
            for make in (stripes, leaves)}  # fmt: skip
    rgb = np.concatenate(
        [made[stripes][1][:, : SIZE // 2], made[leaves][1][:, SIZE // 2 :]], axis=1
    )
    regions = np.full(rgb.shape[:3], coast.REGIONS.index("water"), np.uint8)
    regions[:, SIZE // 2 :] = coast.REGIONS.index("foliage")
    return foliage.Sets(Photos(*made[stripes]), Photos(*made[leaves]), Scenes(rgb, regions))


def test_entropy_is_none_when_sure_and_full_when_not():
    sure, unsure = np.zeros((1, 2, 2, 8)), np.zeros((1, 2, 2, 8))
    sure[..., 3] = 100
    np.testing.assert_allclose(foliage.entropy({"u": sure, "v": sure}), 0, atol=1e-6)
    np.testing.assert_allclose(
        foliage.entropy({"u": unsure, "v": unsure}), 2 * np.log(8), rtol=1e-6
    )
    np.testing.assert_allclose(foliage.entropy({"u": sure, "v": unsure}), np.log(8), rtol=1e-6)


def test_entropies_are_of_the_pixels_that_show_the_thing():
    regions = np.zeros((3, 4, 4), np.uint8)
    regions[1, :2] = coast.REGIONS.index("foliage")
    regions[2, 0, 0] = coast.REGIONS.index("sky")
    logits = np.zeros((2, 4, 4, 8))
    logits[0, 2:, :, 0] = 100  # sure of what is no foliage
    found = foliage.by_region(regions)(np.array([1, 2]), None, None, {"u": logits, "v": logits})
    assert found["pixels foliage"].tolist() == [8, 0]
    assert found["pixels sky"].tolist() == [0, 1] and found["pixels water"].tolist() == [0, 0]
    np.testing.assert_allclose(found["entropy foliage"], [8 * 2 * np.log(8), 0], rtol=1e-6)
    np.testing.assert_allclose(found["entropy sky"], [0, 2 * np.log(8)], rtol=1e-6)


def test_sets_are_joined_without_a_copy(rng):
    parts = [rng.random((n, 2, 2, 3)).astype(np.float16) for n in (3, 2)]
    rgb = [rng.integers(0, 255, (n, 16, 16, 3)).astype(np.uint8) for n in (3, 2)]
    first, second = (Seen(a, {2: b}, f"digest {len(a)}") for a, b in zip(rgb, parts, strict=True))
    both = foliage.join(first, second)
    assert len(both) == 5 and both.digest not in (first.digest, second.digest)
    assert both.digest != foliage.join(second, first).digest
    found = both.inputs(["tap2", "y"], np.array([4, 0, 2, 3]))
    np.testing.assert_array_equal(found["tap2"], np.concatenate(parts)[[4, 0, 2, 3]])
    assert found["y"].shape == (4, 16, 16, 1)
    assert np.shares_memory(both.taps[2][1], parts[0])
    with pytest.raises(IndexError):
        both.taps[2][5]


def test_what_landscapes_teach_is_found():
    data = sets()
    recipe = Recipe(n=6, taps=(2, 3), widths=(8, 8), context=4, learning_rate=0.01, epochs=6)
    found = {}
    for kind in ("water", "both"):
        arm = Arm(f"{kind}-0", {"kind": kind, "recipe": recipe.parameters}, 0)
        found[kind] = foliage.measure(arm, data, progress=False)
        assert found[kind]["epochs"] == 6
    summary = foliage.summarise({"a": found["water"], "b": found["both"],
                                 "c": {**found["water"], "kind": "longer"}})  # fmt: skip
    assert summary["gain"]["passes"]["low"] > 0.5  # green was never seen without landscapes
    assert summary["claims"]["landscapes_gain"] == summary["verdict"] == "holds"
    assert summary["kinds"]["both"]["landscape"]["loss"]["value"] < 2.5
    assert summary["surer"]["passes"]["foliage"] == summary["surer"]["steps"]["foliage"]


def test_longer_takes_as_many_steps_as_both(monkeypatch):
    asked_for = []

    def train(recipe, training, measured, progress):
        asked_for.append((recipe.epochs, len(training) // reduced.BATCH))
        raise KeyboardInterrupt

    monkeypatch.setattr(reduced, "train", train)
    data = sets()
    more = Photos(np.repeat(data.landscape.training, 2, axis=0), data.landscape.measured)
    data = dataclasses.replace(data, landscape=more)
    for kind in foliage.KINDS:
        recipe = Recipe(taps=(2,), widths=(8,), epochs=4).parameters
        with pytest.raises(KeyboardInterrupt):
            foliage.measure(Arm("a", {"kind": kind, "recipe": recipe}, 0), data, progress=False)
    assert foliage.KINDS == ("water", "both", "longer")
    assert asked_for == [(4, 2), (4, 6), (12, 2)]


def measured(cost=0.0, gain=0.0, unsure=0.0, surer=0.0, seeds=3):
    """What all arms measured, if landscapes cost and gain so much."""
    base = np.random.default_rng(0).normal(2, 0.3, 30)

    def part(loss):
        figures = {"loss_u": loss.tolist(), "loss_v": base.tolist(), "entropy": base.tolist()}
        figures |= {"prior_loss_u": [3.0] * 30, "prior_loss_v": [3.0] * 30}
        figures |= {f"psnr {foliage.DECODER}": [21.0] * 30, "psnr_grey": [20.0] * 30}
        return figures | {f"colourfulness {foliage.DECODER}": [1.0] * 30,
                          "colourfulness_truth": [2.0] * 30}  # fmt: skip

    def scenes(on_foliage):
        count = np.random.default_rng(1).integers(1, 50, 12)
        each = {"sky": 3.0, "water": 3.0, "foliage": 3.0 + on_foliage}
        return {f"entropy {k}": (v * count).tolist() for k, v in each.items()} | {
            f"pixels {k}": count.tolist() for k in each
        }

    def arm(kind):
        with_them = kind == "both"
        return {
            "kind": kind,
            "epochs": 8,
            "water": part(base + cost * with_them),
            "landscape": part(base - gain * with_them),
            "scenes": scenes(unsure - surer * with_them),
            "prior_entropy": 5.0,
        }

    return {f"{kind}-{seed}": arm(kind) for seed in range(seeds) for kind in foliage.KINDS}


@pytest.mark.parametrize(
    ("amounts", "verdicts"),
    [
        ((0.1, 0.3, 0.5, 0.2), ("holds", "holds", "holds", "holds")),
        ((-0.1, -0.3, -0.5, -0.2), ("does not hold",) * 4),
        ((0.0, 0.0, 0.0, 0.0), ("cannot be told",) * 4),
    ],
)
def test_the_verdicts_follow_from_what_was_measured(amounts, verdicts):
    cost, gain, unsure, surer = amounts
    found = foliage.summarise(measured(*amounts))
    claims = ("water_loses", "landscapes_gain", "foliage_unsure", "foliage_surer")
    assert tuple(found["claims"][name] for name in claims) == verdicts
    assert found["verdict"] == found["claims"]["landscapes_gain"]
    assert found["cost"]["steps"]["value"] == pytest.approx(cost, abs=1e-3)
    assert found["gain"]["passes"]["value"] == pytest.approx(gain, abs=1e-3)
    assert found["unsure"]["sky"]["value"] == pytest.approx(unsure, abs=1e-3)
    assert found["surer"]["steps"]["foliage"]["value"] == pytest.approx(surer, abs=1e-3)
    assert found["kinds"]["both"]["regions"]["foliage"]["value"] == pytest.approx(
        3 + unsure - surer
    )
    assert found["prior"]["water"]["value"] == 6 and found["prior"]["entropy"] == 5
    assert f"on water photos rises by {cost:+.3f}" in found["finding"]


def test_one_verdict_of_two_holds_partly():
    amounts = foliage.summarise(measured(0.1, 0.3, 0.5, 0.2))
    assert amounts["claims"]["foliage_unsure"] == "holds"
    amounts["unsure"]["water"] = {"value": 0, "low": -0.1, "high": 0.1}
    assert foliage.judge(amounts)["foliage_unsure"] == "holds partly"


def test_fast_runs_render_two_sets_that_share_no_scene(monkeypatch):
    monkeypatch.setattr(opened, "FAST", (16, 4, 2, 3))
    data, dataset = foliage.prepare(Asked(fast=True, seed=3, progress=False))
    assert data.water.training.shape == data.landscape.training.shape == (4, 16, 16, 3)
    assert data.water.measured.shape == (2, 16, 16, 3)
    used = {seed for name in ("water", "landscape", "scenes") for seed in dataset[name]["scenes"]}
    assert len(used) == 6 + 6 + 3
    for name, green in (("water", False), ("landscape", True)):
        for seed in dataset[name]["scenes"]:
            regions = coast.Scene(seed).regions(pictures.MOMENT, 64, 64)
            assert green or not (regions == coast.REGIONS.index("foliage")).any()


def test_two_sets_of_photos_are_wanted(tmp_path):
    with pytest.raises(InputError, match="landscapes with --more-photos"):
        foliage.prepare(Asked(tmp_path, progress=False))
    with pytest.raises(InputError, match="leave out --more-photos"):
        foliage.prepare(Asked(fast=True, more_photos=tmp_path, progress=False))


def test_foliage_from_end_to_end(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(opened, "FAST", (16, 15, 2, 3))
    given = measured(0.1, 0.3, 0.5, 0.2)
    monkeypatch.setattr(foliage, "measure", lambda arm, data, progress: given[arm.name])
    out = tmp_path / "run"
    assert main(["foliage", "--fast", "--quiet", "--out", str(out)]) == 0
    result = files.read_json(out / "result.json")
    assert result["seeds"] == [0, 1, 2] and len(result["arms"]) == 9
    assert result["dataset"]["name"] == "coasts without trees and coasts with trees"
    assert (out / "foliage.png").exists()
    full = foliage.arms(Asked(seed=5))
    assert Recipe(**full[0].parameters["recipe"], seed=5) == Recipe(seed=5)
    words = ["grey_input", "--more-photos", "x.csv", "--out", str(tmp_path / "no")]
    assert main(words) == 2
    assert "grey_input takes one set of photos" in capsys.readouterr().err
