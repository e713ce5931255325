"""The experiment on frame rates: its arms, its cells where the answer is known, its verdicts."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from colorlab import checkpoints, color_model, datasets, film_metrics
from colorlab import strips as film_strips
from colorlab.checkpoints import ColorModel
from colorlab.color_model import ColorModelConfig
from colorlab.datasets import Clip, ClipSet
from colorlab.errors import InputError
from colorlab.strips import learning, rolling
from studies import frame_rate, harness
from studies.cli import main
from studies.film.figures import over_samples
from studies.frame_rate import Films, Scale
from studies.frame_rate.cells import FIGURES, against_copying
from studies.frame_rate.films import add_clips
from studies.harness import Asked
from studies.plots import draw

# On one backend: what trains here is tested on both by test_film_measures.py.

ROOT = Path(__file__).resolve().parents[1]

TINY = Scale(
    (60, 30, 10, 1), (30,), 1, range(3000, 3002), range(2000, 2002), (3.0,), (4.0, 8.0), 5, 2
)  # fmt: skip


@pytest.fixture(scope="module")
def color(tmp_path_factory):
    config = ColorModelConfig(n=10, taps=(2, 3), widths=(8, 8), context=8, backbone=None)
    network = color_model.build(config)
    kernel = network.get_layer(color_model.FEATURES).kernel
    kernel.assign(kernel / 200)
    card = {"decode": {"method": "mean", "temperature": 1.0}, "weights": {"sha256": "tiny"}}
    return ColorModel("tiny", network, config, card, tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def small(color, tmp_path_factory):
    """A tiny run's surroundings: scale, size, color model, cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLORLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(Scale, "of", classmethod(lambda cls, asked: TINY))
        patch.setattr(checkpoints, "load", lambda model=None, dtype=None: color)
        yield patch


@pytest.fixture(scope="module")
def films(small):
    return frame_rate.prepare(Asked(fast=True, progress=False))


def test_the_full_run_asks_for_every_rate_with_three_seeds():
    arms = frame_rate.arms(Asked())
    names = [arm.name for arm in arms]
    assert len(names) == len(set(names)) == 3 + 3 * (7 + 1 + 2)
    kinds = {arm.parameters["kind"] for arm in arms}
    assert kinds == {"copy", "alone", "truth", "rate", "scheduled", "speed"}
    for rate in frame_rate.RATES:
        for seed in range(3):
            arm = arms[names.index(f"rate-{rate}-{seed}")]
            tested = set(arm.parameters["tested"])
            assert {str(one) for one in frame_rate.RATES} <= tested  # the full matrix
            assert arm.parameters["recipe"]["seed"] == arm.seed == seed
    recipes = [arm.parameters["recipe"] for arm in arms if arm.parameters["kind"] == "rate"]
    assert len({json.dumps({**one, "seed": 0}) for one in recipes}) == 1  # at every rate the same
    with_clips = frame_rate.arms(Asked(photos="clips.csv"))
    strides = [f"stride-{stride}" for stride in (1, 2, 3, 5, 10, 30)]
    assert [arm.name for arm in with_clips[len(arms) :]] == strides


@pytest.mark.parametrize("asked", [Asked(), Asked(fast=True), Asked(seed=2)])
def test_no_scene_is_learnt_and_measured(asked):
    scale = Scale.of(asked)
    assert not set(scale.learnt) & set(scale.tested)
    if not asked.fast:
        assert len(scale.tested) >= 30 and scale.seeds >= 3


def test_the_scenes_learnt_and_measured_are_prepared(films):
    found, dataset = films
    assert set(found.training) == set(found.tested) == {"60", "30", "10", "1", "30 x30"}
    assert dataset["training"]["scenes"] == dataset["measured"]["scenes"] == 2
    last = [one.rgb[:, -1] for name, one in found.training.items() if " " not in name]
    assert all(np.array_equal(last[0], one) for one in last)  # only the frame before differs
    assert found.training["30"].length == frame_rate.WINDOW
    assert found.tested["1"].free.length == TINY.frames
    slow, fast = (found.tested[name].pairs.back for name in ("30", "30 x30"))
    assert np.abs(fast).mean() > 3 * np.abs(slow).mean()


def cell(films, answerer, name="1"):
    return frame_rate.examine(answerer, films[0].tested[name])


def figures(found):
    return {name: float(figure(found)[0]) for name, figure in FIGURES.items()}


def test_a_copier_is_found_out(films):
    tested = films[0].tested["1"]
    found = figures(cell(films, rolling.Copier(tested.chances)))
    assert found["index"] > 0.95 and found["index_other"] > 0.95
    copied = (tested.pairs.labels[:, 0] == tested.pairs.labels[:, 1]).mean()
    assert found["accuracy"] == pytest.approx(copied, abs=1e-4)
    assert found["warp"] < 1e-3 or found["warp"] < figures(cell(films, rolling.Alone()))["warp"]
    none = against_copying({"1": cell(films, rolling.Copier(tested.chances))})
    same = cell(films, rolling.Copier(tested.chances))
    assert np.allclose(none["gain"](same, "1"), 0) and np.allclose(none["gain_loss"](same, "1"), 0)


def test_the_color_model_alone_ignores_what_it_is_told(films):
    found = figures(cell(films, rolling.Alone()))
    assert found["index"] < 0.05 and found["index_other"] < 0.05
    assert found["drift"] == pytest.approx(0, abs=1e-3)


def test_the_truth_is_the_best_there_is(films):
    found = figures(cell(films, rolling.Truth()))
    assert found["accuracy"] == found["changed"] == found["uncovered"] == 1
    assert found["loss"] == found["error"] == 0


def test_a_figure_without_pixels_is_none():
    some = np.array([1.0, np.nan, 0.5, 1.5])
    told = over_samples([some])
    assert told["value"] == 1 and told["low"] >= 0.5
    assert over_samples([np.full(5, np.nan)]) is over_samples([some, np.full(5, np.nan)]) is None
    assert over_samples([some, some])["spread"] == 0


# --- verdicts ------------------------------------------------------------------------------------


def at(value, width=0.01):
    return {"value": value, "low": value - width, "high": value + width, "spread": 0.0}


def judge(**given):
    """Judge differences; what is not given is nothing."""
    zero = at(0.0)
    cells = {
        "index": {"30": {"30": given.get("copies", at(0.5))}},
        "gain": {"30": {"30": given.get("more", zero)}},
    }
    fewer = given.get("fewer", [zero, zero])
    against = {
        "15": {"index": fewer[0]},
        "10": {"index": fewer[1]},
        "3": {"index": given.get("rate", zero)},
        "30 x10": {"index": given.get("speed", zero)},
        "scheduled": {"index": given.get("scheduled", zero)},
    }
    nuance = {
        rate: {"changed": one, "uncovered": zero}
        for rate, one in zip(("15", "10"), given.get("nuanced", [zero, None]), strict=True)
    }
    steady = dict(zip(("15", "10"), given.get("steady", [at(1.1), at(1.1)]), strict=True))
    return frame_rate.judge(cells, against, nuance, {"10": "3"}, steady)


def test_nothing_is_claimed_where_intervals_hold_the_mark():
    assert set(judge().values()) == {"cannot be told"}


@pytest.mark.parametrize(
    ("name", "given", "verdict"),
    [
        ("copies", {"copies": at(0.9)}, "holds"),
        ("copies", {"copies": at(0.1)}, "does not hold"),
        ("more_than_copying", {"more": at(0.1)}, "holds"),
        ("more_than_copying", {"more": at(-0.1)}, "does not hold"),
        ("less_copying", {"fewer": [at(-0.1), at(-0.1)]}, "holds"),
        ("less_copying", {"fewer": [at(0.1), at(-0.1)]}, "holds partly"),
        ("less_copying", {"fewer": [at(0.1), at(0.1)]}, "does not hold"),
        ("less_copying", {"fewer": [at(0.1), at(0.0)]}, "cannot be told"),
        ("steady", {"steady": [at(1.0), at(0.8)]}, "holds"),
        ("steady", {"steady": [at(1.3), at(1.0)]}, "holds partly"),
        ("steady", {"steady": [at(1.3), at(1.4)]}, "does not hold"),
        ("nuanced", {"nuanced": [at(0.1), at(0.1)]}, "holds"),
        ("nuanced", {"nuanced": [at(0.1), None]}, "holds partly"),
        ("nuanced", {"nuanced": [at(-0.1), None]}, "does not hold"),
        ("scheduled", {"scheduled": at(-0.2)}, "holds"),
        ("scheduled", {"scheduled": at(0.2)}, "does not hold"),
        ("displacement", {"rate": at(-0.1), "speed": at(-0.2)}, "holds"),
        ("displacement", {"rate": at(-0.1), "speed": at(0.2)}, "does not hold"),
        ("guess", {"fewer": [at(-0.1), at(-0.1)]}, "holds partly"),
        ("guess", {"steady": [at(1.3), at(1.4)]}, "does not hold"),
        (
            "guess",
            {
                "fewer": [at(-0.1), at(-0.1)],
                "steady": [at(1.0), at(1.0)],
                "nuanced": [at(0.1), at(0.1)],
            },
            "holds",
        ),
    ],
)
def test_verdicts_follow_the_rules(name, given, verdict):
    assert judge(**given)[name] == verdict


# --- the whole -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clips():
    rng = np.random.default_rng(0)
    made = []
    for k, length in enumerate((40, 34, 20)):
        still = film_strips.scene_of(k).render(1.0, 64, 120)
        rgb = np.stack([np.roll(still, t, axis=1) for t in range(length)])
        noise = rng.integers(0, 2, rgb.shape, np.uint8)
        made.append(Clip(f"clip{k}.mp4", f"clip{k}", Fraction(30), rgb // 2 * 2 + noise))
    return made


@pytest.fixture(scope="module")
def answered(small, films, clips, tmp_path_factory):
    """A whole run, with clips, whose networks learn nothing; drawn."""

    def open_clips(path, split, height, progress):
        chosen = tuple(clips[:2]) if split == "train" else tuple(clips[1:])
        return ClipSet("clips", split, split, height, chosen)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "open_clips", open_clips)
        patch.setattr(learning, "train", lambda *given, **more: (None, [4.6]))
        patch.setattr(rolling, "Network", lambda network, color: rolling.Alone())
        asked = Asked(photos="clips.csv", progress=False)
        out = tmp_path_factory.mktemp("out")
        result = harness.run("frame_rate", frame_rate, asked, out)
        drawn = draw("frame_rate", result)
    return out, result, drawn


def test_a_run_tells_the_matrix_and_draws_it(answered):
    out, result, drawn = answered
    summary = result["summary"]
    assert json.loads((out / "result.json").read_text())["summary"]["rates"] == [60, 30, 10, 1]
    assert "NaN" not in (out / "result.json").read_text()
    for learnt in ("60", "30", "10", "1", "scheduled"):
        assert {"60", "30", "10", "1"} <= set(summary["cells"]["index"][learnt])
    assert summary["cells"]["gain"]["copy"]["30"]["value"] == 0
    assert summary["cells"]["index"]["alone"]["30"]["value"] == 0
    assert summary["cells"]["index"]["copy"]["30"]["value"] == 1
    assert summary["tests"]["1"]["displacement"] > summary["tests"]["30"]["displacement"]
    assert set(summary["against"]) == {"60", "10", "1", "scheduled", "30 x30"}
    assert summary["finding"].startswith("At 30 frames a second copying is right at")
    assert set(drawn) == {
        *("frame_rate", "frame_rate_matrix", "frame_rate_motion", "frame_rate_clips"),
    }  # fmt: skip
    assert len(drawn["frame_rate_matrix"].axes) == 4
    index = summary["cells"]["index"]
    lowest = min(index[rate]["30"]["value"] for rate in ("60", "30", "10", "1"))
    shown = " ".join(drawn["frame_rate_matrix"].get_suptitle().split())
    assert shown.startswith(f"Identity index, tested at 30: {lowest:.2f} to ")
    assert f"{index['scheduled']['30']['value']:.2f} with scheduled sampling" in shown


def test_clips_are_told_one_by_one(answered):
    clips = answered[1]["summary"]["clips"]
    assert set(clips) == {"clip1.mp4"}  # the third is too short for pairs at all strides
    one = clips["clip1.mp4"]
    assert set(one) == {"1", "2", "3", "5", "10", "30"}
    assert set(one["3"]["figures"]) == {*frame_rate.BASELINES, "1", "2", "3", "5", "10", "30"}
    copied = one["1"]["figures"]["copy"]
    assert copied["gain"] == 0 and copied["index"] == 1 and copied["index_other"] is None
    assert copied["drift"] is not None
    assert one["30"]["figures"]["copy"]["drift"] is None  # too short to be coloured freely
    assert one["2"]["displacement"] > one["1"]["displacement"]


def test_training_pairs_end_alike_at_every_stride(small, clips, color):
    films = Films(color, {}, {}, {})
    sets = [ClipSet("clips", None, "", 64, tuple(clips))] * 2
    add_clips(films, *sets, progress=False)
    last = [films.training[f"stride {stride}"].rgb[:, -1] for stride in frame_rate.STRIDES]
    assert all(np.array_equal(last[0], one) for one in last)
    assert len(films.training["stride 1"]) == len(range(30, 40)) + len(range(30, 34))


def test_what_means_nothing_here_is_refused(small, capsys, tmp_path):
    with pytest.raises(InputError, match="takes no --split; it renders its own coasts"):
        frame_rate.prepare(Asked(split="val"))
    run = ["frame_rate", "--out", str(tmp_path)]
    assert main([*run, "--photos", "photos.csv"]) == 2
    assert "frame_rate takes no photos but films" in capsys.readouterr().err
    assert main(["loss", "--out", str(tmp_path), "--clips", "clips.csv"]) == 2
    assert "loss takes no clips; leave out --clips" in capsys.readouterr().err


def test_changed_pixels_are_those_of_the_film_metrics(films):
    tested = films[0].tested["1"]
    pairs = tested.pairs
    (before, now), (uv_before, uv) = (np.moveaxis(one, 1, 0) for one in (pairs.labels, pairs.uv))
    found = film_metrics.changed(before, now, uv_before, uv, pairs.color.grid.width)
    assert np.array_equal(tested.changed, found)
