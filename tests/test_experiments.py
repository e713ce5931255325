"""Experiments go on where they stopped, and find the truth where it is known."""

import csv
import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import studies
from colorlab import activations, coast, digests, files, media, similarity
from colorlab.errors import InputError
from studies import (
    grey_input,
    harness,
    pictures,
    reactions,
    statistics,
)
from studies.cli import main
from studies.harness import Arm, Asked
from studies.plots import draw

ROOT = Path(__file__).resolve().parents[1]


# --- statistics ----------------------------------------------------------------------------------


def test_a_bootstrap_sample_holds_as_many_photos_as_there_are():
    drawn = statistics.resamples(7, 50, seed=3)
    assert drawn.shape == (50, 7)
    assert set(drawn.sum(axis=1)) == {7}
    assert drawn.mean() == 1 and drawn.min() == 0
    np.testing.assert_array_equal(drawn, statistics.resamples(7, 50, seed=3))
    assert not np.array_equal(drawn, statistics.resamples(7, 50, seed=4))


def test_the_interval_holds_the_middle_of_the_replicates():
    found = statistics.interval(49.0, np.arange(101), level=0.9)
    assert found == {"value": 49.0, "low": 5.0, "high": 95.0}


def test_the_interval_of_a_mean_is_as_wide_as_theory_says(rng):
    found = statistics.mean(rng.normal(3, 2, 400))
    assert found["low"] < found["value"] < found["high"]
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)


def test_intervals_hold_the_truth_as_often_as_they_say(rng):
    found = [statistics.mean(rng.exponential(1, 60), seed=k, level=0.9) for k in range(200)]
    share = np.mean([one["low"] < 1 < one["high"] for one in found])
    assert 0.82 < share < 0.95  # 0.9, with skewed data and 200 trials


def test_pairs_make_a_difference_surer(rng):
    easy = rng.normal(0, 5, 100)
    ours, theirs = easy + 0.5 + rng.normal(0, 0.1, 100), easy + rng.normal(0, 0.1, 100)
    found = statistics.difference(ours, theirs)
    assert 0.4 < found["low"] < 0.5 < found["high"] < 0.6
    assert statistics.mean(ours)["low"] < statistics.mean(theirs)["high"]  # alone they overlap
    assert statistics.difference(ours, ours) == {"value": 0, "low": 0, "high": 0}
    with pytest.raises(ValueError, match="two figures of each photo"):
        statistics.difference(ours, theirs[:-1])


# --- similarity ----------------------------------------------------------------------------------


def linear_cka(x, y):
    """CKA of activations (N, A) and (N, B), each sample a photo of its own."""
    x, y = (similarity.centred(one[:, None]) for one in (x, y))
    three = [similarity.products(a, b) for a, b in ((x, y), (x, x), (y, y))]
    return similarity.weighted_cka(*three, np.ones((1, len(x))))[0]


def cka_by_the_book(x, y):
    """Kornblith and others' equation, section 3, with the kernels XXᵀ and YYᵀ."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    a, b = x @ x.T, y @ y.T
    return np.sum(a * b) / np.sqrt(np.sum(a * a) * np.sum(b * b))


def test_cka_of_the_same_turned_and_scaled_activations_is_one(rng):
    x = rng.normal(size=(200, 8)) * np.arange(1, 9) + 5
    turn, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    for other in (x, x @ turn, -3 * x, x @ turn * 7 + 2, x[:, ::-1]):
        assert linear_cka(x, other) == pytest.approx(1)
    stretched = x * np.array([50, *[1] * 7])
    assert linear_cka(x, stretched) < 0.5  # no other linear map leaves it alone


def test_cka_of_independent_activations_is_about_zero(rng):
    x, y = rng.normal(size=(800, 10)), rng.normal(size=(800, 20))
    assert linear_cka(x, y) == pytest.approx(np.sqrt(200) / 800, rel=0.5)
    few = linear_cka(x[:20], y[:20])
    assert few > 0.3  # biased upwards where samples are few, as documented
    assert linear_cka(x, x + rng.normal(size=x.shape)) == pytest.approx(0.5, abs=0.05)


def test_what_does_not_vary_is_like_nothing():
    x, flat = np.arange(12.0).reshape(6, 2), np.full((6, 3), 4.0)
    assert linear_cka(x, flat) == 0
    products = np.zeros((2, 2))
    assert similarity.weighted_cka(products, products, products, np.ones((1, 2))) == [0]


def test_cka_of_weighted_photos_is_that_of_their_samples(rng):
    common = rng.normal(size=(12, 5, 90))  # more units than one block holds
    x = similarity.centred(common + rng.normal(size=common.shape))
    y = similarity.centred(common + rng.normal(size=common.shape))[..., :70]
    three = [similarity.products(a, b) for a, b in ((x, y), (x, x), (y, y))]
    every, some = np.ones(12), np.array([0, 3, 1, 1, 0, 2, 1, 1, 1, 0, 2, 0])
    found = similarity.weighted_cka(*three, np.stack([every, some]))
    assert found[0] == pytest.approx(cka_by_the_book(x.reshape(60, -1), y.reshape(60, -1)))
    repeated = [np.repeat(one, some, axis=0).reshape(60, -1) for one in (x, y)]
    assert found[1] == pytest.approx(cka_by_the_book(*repeated), abs=0.02)


def test_correlation_is_pearsons_on_any_sample_of_photos(rng):
    x = rng.normal(3, 1, (6, 4, 3)).astype(np.float32)
    y = (x + rng.normal(size=x.shape)).astype(np.float32)
    weights = np.array([[1, 1, 1, 1, 1, 1], [0, 2, 1, 0, 3, 0]])
    found = similarity.correlation(np.tensordot(weights, similarity.sums(x, y), axes=1))
    for k, row in enumerate(weights):
        a, b = (np.repeat(one, row, axis=0).reshape(-1, 3) for one in (x, y))
        wanted = [np.corrcoef(a[:, c], b[:, c])[0, 1] for c in range(3)]
        np.testing.assert_allclose(found[k], wanted, atol=1e-6)


def test_units_that_fall_silent_correlate_with_nothing(rng):
    x, y = np.zeros((4, 5, 3), np.float32), np.zeros((4, 5, 3), np.float32)
    x[..., 0] = y[..., 0] = x[..., 1] = rng.random((4, 5))
    found = similarity.correlation(similarity.sums(x, y).sum(axis=0))
    np.testing.assert_allclose(found, [1, 0, np.nan])


# --- harness -------------------------------------------------------------------------------------


class Dice:
    """An experiment that counts its throws and can be interrupted."""

    PROTOCOL, CODE, __file__ = "Dice are thrown.", (), __file__

    def __init__(self, stop_at=None):
        self.stop_at, self.thrown = stop_at, []

    def prepare(self, asked):
        return None, {"name": "none", "sha256": "0", "photos": asked.max_photos}

    def arms(self, asked):
        sides = {"four": 4, "six": 6, "ten": 10}
        return [Arm(name, {"sides": n}, asked.seed) for name, n in sides.items()]

    def measure(self, arm, data, progress):
        if arm.name == self.stop_at:
            raise KeyboardInterrupt
        self.thrown.append(arm.name)
        rng = np.random.default_rng(arm.seed)
        return {"mean": float(rng.integers(1, arm.parameters["sides"] + 1, 100).mean())}

    def summarise(self, measured):
        return {"best": max(measured, key=lambda name: measured[name]["mean"])}


QUIET = Asked(progress=False)


def throw(out, asked=QUIET, only=(), **settings):
    dice = Dice(**settings)
    return harness.run("dice", dice, asked, out, "python -m studies dice", only), dice.thrown


def test_an_experiment_that_was_killed_goes_on_where_it_stopped(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        throw(tmp_path / "killed", stop_at="ten")
    assert sorted(path.name for path in tmp_path.rglob("*.json")) == ["four.json", "six.json"]
    result, thrown = throw(tmp_path / "killed")
    assert thrown == ["ten"]
    whole, thrown = throw(tmp_path / "whole")
    assert thrown == ["four", "six", "ten"]
    for arm in (*whole["arms"].values(), *result["arms"].values()):
        assert arm.pop("seconds") >= 0
        assert arm.pop("peak_memory") > 1e6
    spent = {"seconds": 0, "peak_memory": 0}
    assert {**result, **spent} == {**whole, **spent}
    assert whole["peak_memory"] > 1e6
    assert throw(tmp_path / "whole")[1] == []


def test_arms_can_be_shared_out_among_processes(tmp_path):
    being_written = tmp_path / "arms" / ".six.json.0123abcd.part"
    being_written.parent.mkdir()
    being_written.touch()
    assert throw(tmp_path, only=["ten"]) == (None, ["ten"])
    assert throw(tmp_path, only=["four", "ten"]) == (None, ["four"])
    assert being_written.exists() and not (tmp_path / "result.json").exists()
    result, thrown = throw(tmp_path, only=["six"])
    assert thrown == ["six"] and list(result["arms"]) == ["four", "six", "ten"]
    assert throw(tmp_path)[1] == []
    with pytest.raises(InputError, match=r"dice has no arm 'two'; it has four, six, ten\."):
        throw(tmp_path, only=["two"])


def test_a_result_says_what_was_done_with_what(tmp_path):
    result, _ = throw(tmp_path, Asked(seed=5, max_photos=3, progress=False))
    assert result == files.read_json(tmp_path / "result.json")
    assert (result["schema"], result["seeds"], result["summary"]) == (1, [5], {"best": "ten"})
    assert result["dataset"] == {"name": "none", "sha256": "0", "photos": 3}
    assert result["command"] == "python -m studies dice"
    assert result["arms"]["six"]["parameters"] == {"sides": 6}
    assert {"python", "colorlab", "keras", "backend", "numpy"} <= set(result["versions"])
    assert result["protocol"] and result["date"] and result["fast"] is False


@pytest.mark.parametrize("change", ["seed", "data", "parameters", "code", "damage"])
def test_an_arm_of_another_kind_is_not_taken_up(tmp_path, monkeypatch, change):
    throw(tmp_path)
    asked, wanted = QUIET, ["four", "six", "ten"]
    if change == "seed":
        asked = dataclasses.replace(QUIET, seed=1)
    elif change == "data":
        asked = dataclasses.replace(QUIET, max_photos=2)
    elif change == "parameters":
        arms = [Arm("four", {"sides": 4}, 0), Arm("six", {"sides": 7}, 0)]
        monkeypatch.setattr(Dice, "arms", lambda self, asked: arms)
        wanted = ["six"]
    elif change == "code":
        monkeypatch.setattr(Dice, "CODE", (statistics,))
    else:
        (tmp_path / "arms" / "six.json").write_text('{"identity": ')
        (tmp_path / "arms" / "ten.json").write_text("[]")
        wanted = ["six", "ten"]
    assert throw(tmp_path, asked)[1] == wanted


def test_the_code_of_a_package_is_that_of_all_its_files(tmp_path):
    inner = tmp_path / "asked" / "inner" / "answer.py"
    inner.parent.mkdir(parents=True)
    inner.write_text("answer = 41")
    own = inner.parents[1] / "__init__.py"
    own.touch()
    (tmp_path / "beside.py").touch()
    before = digests.of_sources(str(own))
    assert len(before) == 2 and digests.of_sources(str(inner)) == before[1:]
    inner.write_text("answer = 42")
    assert digests.of_sources(str(own)) == [before[0], *digests.of_sources(str(inner))] != before


def test_words_about_code_leave_its_digest_and_strings_in_it_do_not(tmp_path):
    path = tmp_path / "a.py"

    def digest(source):
        path.write_text(source)
        return digests.of_sources(str(path))

    bare = digest("LIMIT = 3\ndef two():\n    return 'two'\n")
    told = '"""A module."""\nLIMIT = 3  # why\n"""Of all."""\n\n'
    assert digest(f'{told}def two():\n    """Say it."""\n    return "two"\n') == bare
    assert digest(f"{told}def two():\n    return 'too'\n") != bare
    assert digest("LIMIT = 3\ndef two():\n    'two'\n") != bare


# --- photos --------------------------------------------------------------------------------------


def test_coasts_are_a_set_that_its_hash_tells_from_others():
    first, again, other = (pictures.rendered(3, 24, seed) for seed in (0, 0, 1))
    assert first.rgb.shape == (3, 24, 24, 3)
    np.testing.assert_array_equal(first.rgb[1], coast.Scene(1).render(pictures.MOMENT, 24, 24))
    assert first.manifest.sha256 == again.manifest.sha256 != other.manifest.sha256


def test_photos_are_taken_evenly_and_named_without_a_path(tmp_path):
    folder = tmp_path / "album"
    for seed in range(5):
        media.write_photo(folder / f"{seed}.png", coast.Scene(seed).render(0, 24, 24))
    asked = Asked(folder, max_photos=3, progress=False)
    photos, dataset = pictures.open_pictures(asked, 16, 100)
    assert [file.name for file in photos.manifest.files] == ["0.png", "2.png", "4.png"]
    assert len(photos) == dataset["photos"] == 3
    assert (dataset["name"], dataset["of"], dataset["size"]) == ("album", 5, 16)
    assert str(tmp_path) not in json.dumps(dataset)
    with pytest.raises(InputError, match="at least two photos; received 1"):
        pictures.open_pictures(dataclasses.replace(asked, max_photos=1), 16, 100)
    with pytest.raises(InputError, match="needs photos: give --photos"):
        pictures.open_pictures(QUIET, 16, 100)


# --- grey input ----------------------------------------------------------------------------------

SMALL = {"network": "random", "positions": 6, "resamples": 20}


def test_grey_photos_are_seen_as_what_they_are():
    photos = pictures.rendered(4, 32)
    grey = np.repeat(photos.rgb[..., 1:2], 3, axis=-1)
    found = grey_input.measure(
        Arm("a", SMALL, 1), dataclasses.replace(photos, rgb=grey), progress=False
    )
    assert list(found) == [activations.INPUT, *activations.LAYERS]
    assert len(activations.LAYERS) == 13
    for layer in found.values():
        for name in grey_input.MEASURES:
            same, other, margin = (layer[name][key] for key in ("same", "other", "margin"))
            assert same == pytest.approx({"value": 1, "low": 1, "high": 1}, abs=1e-3)
            assert other["value"] < 0.999
            assert margin["value"] == pytest.approx(1 - other["value"], abs=1e-3)


def test_activations_that_have_nothing_in_common_lie_on_the_floor(rng):
    color, grey = rng.random((2, 40, 25, 12)).astype(np.float32)
    weights = np.concatenate([np.ones((1, 40)), statistics.resamples(40, 200)])
    found = grey_input.compare(color, grey, np.roll(np.arange(40), 1), weights)
    for name in ("unit_correlation", "cka"):
        for key in ("same", "other", "margin"):
            assert abs(found[name][key]["value"]) < 0.05, (name, key)
    assert (
        found["unit_correlation"]["margin"]["low"] < 0 < found["unit_correlation"]["margin"]["high"]
    )
    assert (found["units"], found["silent_units"]) == (12, 0)


@pytest.mark.parametrize(
    ("first", "rest", "verdict"),
    [(0.9, 0.9, "holds"), (0.9, 0.3, "holds partly"), (0.3, 0.3, "does not hold"),
     (0.7, 0.3, "cannot be told")],
)  # fmt: skip
def test_the_verdict_follows_the_rule(first, rest, verdict):
    def layer(r):
        same = {"value": r, "low": r - 0.05, "high": r + 0.05}
        return {"unit_correlation": {"same": same, "other": {"value": 0, "low": 0, "high": 0.1}}}

    found = grey_input.judge({name: layer(rest) for name in activations.LAYERS[1:]} | {
        activations.LAYERS[0]: layer(first)
    })  # fmt: skip
    assert found["verdict"] == verdict
    assert len(found["kept"] + found["lost"] + found["open"]) == 13
    assert found["finding"].startswith(f"{len(found['kept'])} of 13 layers keep most")
    assert f"r {min(first, rest):.2f} to {max(first, rest):.2f}" in found["finding"]


def test_the_control_is_compared_in_pairs(rng):
    color = rng.random((40, 25, 12)).astype(np.float32)
    noise = rng.random((40, 25, 12)).astype(np.float32)
    weights = np.concatenate([np.ones((1, 40)), statistics.resamples(40, 200)])
    keeps, mixes = (
        {"layer": grey_input.compare(color, seen, np.roll(np.arange(40), 1), weights)}
        for seen in (color, color + noise)
    )
    found = grey_input.subtract([keeps, keeps], [mixes, keeps])["layer"]["unit_correlation"]
    assert found["margin"]["value"] == pytest.approx(found["same"]["value"], abs=0.02)  # no floor
    found = found["same"]
    assert found["value"] == pytest.approx((1 - 0.5**0.5) / 2, abs=0.01)
    assert found["low"] == 0 and found["high"] > 0.28  # of the seed that has no difference, and has
    assert grey_input.subtract([mixes], [keeps])["layer"]["cka"]["same"]["high"] < -0.3
    same = grey_input.subtract([mixes], [mixes])["layer"]["cka"]["margin"]
    assert same == {"value": 0, "low": 0, "high": 0, "spread": 0}


@pytest.mark.parametrize(
    ("lows", "highs", "learning"),
    [((0.1, 0.1), (0.3, 0.3), "holds"), ((0.1, -0.1), (0.3, 0.3), "holds partly"),
     ((-0.1, -0.2), (0.1, -0.1), "does not hold"), ((-0.1, -0.2), (0.1, 0.1), "cannot be told")],
)  # fmt: skip
def test_what_learning_keeps_follows_from_the_difference(lows, highs, learning):
    def layer(r):
        same = {"value": r, "low": r, "high": r}
        return {"unit_correlation": {"same": same, "other": {"value": 0, "low": 0, "high": 0}}}

    first, *rest = activations.LAYERS
    moved = {first: (lows[0], highs[0])} | dict.fromkeys(rest, (lows[1], highs[1]))
    control = {
        "layers": {name: layer(0.8) for name in activations.LAYERS},
        "difference": {
            name: {
                "unit_correlation": {pair: {"low": low, "high": high} for pair in grey_input.PAIRED}
            }
            for name, (low, high) in moved.items()
        },
    }
    layers = {name: layer(0.9) for name in activations.LAYERS}
    found = grey_input.judge(layers, control)
    for one in found["learning"].values():
        assert one["verdict"] == learning
        assert sorted(one["more"] + one["less"] + one["unsure"]) == sorted(activations.LAYERS)
    alone = grey_input.judge(layers)
    assert found == {**found, **alone, "finding": found["finding"]}  # the claim's verdict stands
    assert found["finding"].startswith(alone["finding"])
    assert "With random weights 0.80 to 0.80 and 0.00 to 0.00" in found["finding"]


# --- reactions -----------------------------------------------------------------------------------


def test_shares_say_how_much_of_each_cell_shows_a_thing():
    regions = np.zeros((1, 5, 5), np.uint8)  # the last row and column belong to no cell
    regions[0, :2, :2] = coast.REGIONS.index("sky")
    regions[0, 3, :2] = coast.REGIONS.index("foliage")
    found = reactions.shares(regions, 2)
    assert reactions.THINGS == ("sky", "water", "foliage")
    np.testing.assert_allclose(found, [[[1, 0, 0], [0, 0, 0], [0, 0, 0.5], [0, 0, 0]]])


def test_only_coasts_with_trees_are_shown():
    scenes, dataset = reactions.render(16, 3)
    assert scenes.rgb.shape == (3, 16, 16, 3) and scenes.regions.shape == (3, 16, 16)
    for seed in dataset["scenes"]:
        assert any(
            "palms" in one or "trees" in one for one in coast.Scene(seed).describe()["features"]
        )
    assert reactions.render(16, 3)[1] == dataset
    assert reactions.render(16, 3, seed=dataset["scenes"][0] + 1)[1]["sha256"] != dataset["sha256"]


def test_the_unit_that_reacts_is_found_and_judged_on_other_scenes(rng):
    share = rng.random((40, 25, 1)).astype(np.float32)
    color, grey = rng.random((2, 40, 25, 30)).astype(np.float32)
    color[..., 7] = 3 * share[..., 0] + 0.1 * rng.random((40, 25))
    color[..., 8] = grey[..., 8] = -share[..., 0]
    halves = np.arange(20), np.arange(20, 40)
    weights = np.concatenate([np.ones((1, 20)), statistics.resamples(20, 100)])
    found = reactions.reaction(color, grey, share, np.roll(np.arange(40), 1), *halves, weights)
    assert found["unit"] == 7 and found["chosen_by"] > 0.95
    assert 0.95 < found["color"]["low"] <= found["color"]["high"] <= 1
    for key in ("grey", "other_color", "other_grey"):
        assert abs(found[key]["value"]) < 0.2, key
    assert 0 < found["agreement"]["value"] < 1  # unit 8 agrees, unit 7 does not


@pytest.mark.parametrize(
    ("grey", "said"),
    [((0.1, 0.2), "lose most of their reaction to sky, water"),
     ((0.5, -0.6), "lose most of their reaction to water"), ((0.5, 0.5), "keep their reactions")],
)  # fmt: skip
def test_the_conclusion_follows_the_figures(grey, said):
    things = zip(("sky", "water"), grey, strict=True)
    chosen = {name: {"color": {"value": 0.6}, "grey": {"value": r}} for name, r in things}
    found = reactions.conclude(chosen)
    assert f" {said} (" in found and f"sky 0.60 to {grey[0]:.2f}" in found


def test_reactions_from_end_to_end(tmp_path, monkeypatch, capsys):
    render, arms = reactions.render, reactions.arms
    monkeypatch.setattr(reactions, "render", lambda size, count, seed: render(32, 4, seed))
    monkeypatch.setattr(reactions, "arms", lambda asked: arms(asked)[:1])
    assert main(["reactions", "--fast", "--quiet", "--out", str(tmp_path)]) == 0
    result = files.read_json(tmp_path / "result.json")
    layers = result["summary"]["layers"]
    assert list(layers) == [activations.INPUT, *activations.LAYERS]
    for layer in layers.values():
        for thing in reactions.THINGS:
            assert len(layer[thing]["units"]) == 1
            assert -1 <= layer[thing]["grey"]["low"] <= layer[thing]["grey"]["high"] <= 1
    assert set(result["summary"]["best"]) == set(reactions.THINGS)
    assert result["dataset"]["name"] == "coasts" and (tmp_path / "reactions.png").exists()
    assert main(["reactions", "--photos", "x", "--out", str(tmp_path)]) == 2
    assert "renders its own coasts; leave out --photos" in capsys.readouterr().err


# --- command line --------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch):
    """The fast experiment on four coasts of 32 × 32 pixels and with one seed."""
    opened = pictures.open_pictures
    monkeypatch.setattr(grey_input, "open_pictures", lambda asked, *_: opened(asked, 32, 4))
    monkeypatch.setattr(grey_input, "SEEDS", 1)


def test_the_fast_experiment_from_end_to_end(tiny, tmp_path, capsys):
    words = ["grey_input", "--fast", "--out", str(tmp_path / "new" / "run")]
    assert main([*words, "--seed", "4", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    out = tmp_path / "new" / "run"
    result = files.read_json(out / "result.json")
    assert result["question"] == studies.QUESTIONS["grey_input"]
    assert result["fast"] is True and result["seeds"] == [4]
    assert result["dataset"]["name"] == "coasts" and result["dataset"]["photos"] == 4
    assert result["command"] == "python -m studies grey_input --fast --out run --seed 4 --quiet"
    assert sorted(path.stem for path in out.glob("arms/*")) == ["embedded-4", "random-4"]
    layers = result["summary"]["layers"]
    for layer in layers.values():
        figures = layer["unit_correlation"]
        assert -1 <= figures["same"]["low"] <= figures["same"]["value"] <= figures["same"]["high"]
    assert layers["block1_conv1"]["unit_correlation"]["margin"]["value"] > 0.3
    with Image.open(out / "grey_input.png") as image:
        assert min(image.size) > 300
    assert main([*words, "--seed", "4"]) == 0  # every arm is there
    said, bar = capsys.readouterr()
    assert result["summary"]["finding"] in said and str(out / "result.json") in said
    assert "2/2" in bar
    assert files.read_json(out / "result.json")["seconds"] == result["seconds"]


def test_an_interrupted_command_says_that_it_goes_on(tiny, tmp_path, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(grey_input, "measure", stop)
    words = ["grey_input", "--fast", "--quiet", "--out", str(tmp_path / "run")]
    assert main(words) == 130
    assert "finished arms are kept in" in capsys.readouterr().err


def test_without_a_name_the_questions_are_listed_and_no_backend_starts():
    code = (
        "import sys; from studies.cli import main; "
        "main([]); print({'keras', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    *listed, started = done.stdout.splitlines()
    assert started == "set()", done.stderr
    questions = [f"{name:10}  {question}" for name, question in studies.QUESTIONS.items()]
    assert listed[: len(questions)] == questions
    assert [line.split()[0] for line in listed[len(questions) :]] == [
        "report",
        "bench",
        "keyframes",
    ]


def test_every_experiment_has_figures_of_its_own():
    modules = (ROOT / "studies/plots").glob("[!_]*.py")
    assert {path.stem for path in modules} == set(studies.QUESTIONS)
    with pytest.raises(InputError, match="there is no experiment 'gray_input'"):
        draw("gray_input", {})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("gray_input --fast --out {0}/x", "invalid choice: 'gray_input'"),
        ("grey_input --fast", "arguments are required: --out"),
        ("grey_input --out {0}/x", "needs photos: give --photos"),
        ("grey_input --out {0}/x --photos {0}/none.csv", "there is no photo set at"),
        ("grey_input --fast --out {0}/x --photos {0}", "leave out --photos"),
        ("grey_input --fast --out {0}/x --split val", "leave out --split"),
        ("grey_input --fast --out {0}/x --max-photos 5", "leave out --max-photos"),
        ("grey_input --fast --out {0}/file/x", "file is a file; name another folder"),
        ("grey_input --out {0}/x --photos {0} --max-photos 0", "must be a whole number above 0"),
    ],
)  # fmt: skip
def test_bad_words_are_refused_in_one_line(words, said, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([*words.format(tmp_path).split()]) == 2
    printed, errors = capsys.readouterr()
    assert printed == "" and len(errors.splitlines()) == 1 and said in errors
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_every_fast_run_was_timed_and_ends_within_two_minutes():
    with open(ROOT / "results/experiments-fast.csv", newline="", encoding="utf-8") as file:
        seconds = {row["experiment"]: int(row["seconds"]) for row in csv.DictReader(file)}
    assert set(seconds) == set(studies.QUESTIONS)
    assert max(seconds.values()) <= 120
