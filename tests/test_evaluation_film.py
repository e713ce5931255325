"""Measuring film models: entries whose score is known, and what a result must hold."""

import dataclasses
import functools
import json
import re
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlab import checkpoints, colorize_film, evaluation, files, film_metrics, flow, metrics, yuv
from colorlab.bins import BinGrid
from colorlab.checkpoints import ColorModel, ConsistencyModel
from colorlab.cli import main
from colorlab.coast import Scene
from colorlab.datasets import Clip, ClipSet
from colorlab.decode import Decoder
from colorlab.errors import InputError
from colorlab.evaluation import film, film_entries, film_flow, film_scores

pytestmark = pytest.mark.keras

ROOT = Path(__file__).resolve().parents[1]
HEIGHT, WIDTH = 16, 32
GRID = BinGrid(8)


def clip(frames=9, name="noise", seed=0, width=WIDTH):
    """A clip of blocks of colour that jump about."""
    rng = np.random.default_rng(seed)
    small = rng.integers(40, 216, (frames, HEIGHT // 4, width // 4, 3))
    rgb = small.repeat(4, axis=1).repeat(4, axis=2).astype(np.uint8)
    return Clip(name, name, Fraction(30), rgb)


def still(frames=8):
    one = clip(1).rgb
    return Clip("still", "still", Fraction(30), one.repeat(frames, axis=0))


def rendered(seed=3, frames=7):
    scene = Scene(seed)
    rgb = np.stack([scene.render(t / 10, HEIGHT, WIDTH) for t in range(frames)])
    return Clip(f"coast-{seed}", f"coast-{seed}", Fraction(10), rgb, seed)


def clip_set(*clips):
    return ClipSet("set", None, "0" * 64, HEIGHT, clips)


@pytest.fixture(scope="module", autouse=True)
def every_model_is_loaded_once():
    """Loading, and a network's first run, cost more than all that is measured here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("load", "load_consistency"):
            patch.setattr(checkpoints, name, functools.cache(getattr(checkpoints, name)))
        yield


@pytest.fixture(scope="module")
def folder(make_film_model):
    """A tiny consistency model with random weights."""
    return make_film_model()


@pytest.fixture(scope="module")
def model(folder):
    return checkpoints.load_consistency(str(folder), "float32")


@pytest.fixture
def quick_flow(monkeypatch):
    """Nothing moves and all is visible, at no cost; returns the list of calls."""
    calls = []

    def estimate(y0, y1):
        calls.append(1)
        return np.zeros((*y0.shape[:2], 2), np.float32)

    monkeypatch.setattr(flow, "estimate", estimate)
    return calls


@pytest.fixture
def frames_folder(tmp_path):
    """Two clips as folders of frames."""
    for name, seed in (("a", 0), ("b", 1)):
        (tmp_path / "set" / name).mkdir(parents=True)
        for k, rgb in enumerate(clip(7, seed=seed).rgb):
            Image.fromarray(rgb).save(tmp_path / "set" / name / f"{k}.png")
    return tmp_path / "set"


class Said(film_entries.Entry):
    """An entry that says what a function of the frame and the one before it says."""

    def __init__(self, name, say, kind="baseline", grid=GRID):
        super().__init__(name, grid)
        self.say, self.kind, self.calls = say, kind, 0

    def colour(self, frame, before):
        self.calls += 1
        uv = self.say(frame, before or frame).astype(np.float32)
        return film_entries.Answer(uv, self.grid.encode(uv))


def truth(name="truth", **words):
    return Said(name, lambda frame, before: frame.uv, **words)


def constant(u, v, name="constant", **words):
    return Said(name, lambda frame, before: np.full_like(frame.uv, (u, v)), **words)


class Parrot(ConsistencyModel):
    """A consistency model that is sure of what it is told."""

    def outputs(self, features, y, y_before, context, valid, logits=True, state=None):
        labels = self.color.grid.encode(context)
        sure = 30 * (labels[..., None] == np.arange(self.color.grid.n)).astype(np.float32)
        return {"u": sure[..., 0, :], "v": sure[..., 1, :]}


def parrot(model, context):
    plain = dataclasses.replace(model.config, memory="concat")
    stub = Parrot("parrot", None, plain, model.color, model.card)
    return film_entries.Rolled(stub, context)


def measure(clips, *entries, **words):
    return evaluation.evaluate_film(clips, entries, progress=False, **words)["models"]


def evaluate(*words):
    always = ["--quiet", "--size", HEIGHT, "--precision", "float32"]
    return main(["evaluate", "film", *map(str, [*always, *words])])


# --- scores that are known -----------------------------------------------------------------------


@pytest.mark.usefixtures("quick_flow")
def test_the_truth_scores_as_it_must():
    scores = measure(clip_set(clip(), clip(7, "other", 1)), truth())["truth"]
    assert scores["accuracy_u"] == scores["accuracy_v"] == scores["changed_accuracy_u"] == 1
    assert scores["psnr"] == 100
    assert scores["ssim"] == pytest.approx(1, abs=1e-6)
    assert scores["chroma_rmse"] == 0
    assert scores["curve"] == [0] * 8
    assert scores["n_frames"] == 8 + 6
    assert scores["colourfulness"] == pytest.approx(scores["colourfulness_truth"], abs=1e-3)
    for key in ("warp_error", "chroma_warp_error", "cdc"):
        assert scores[key] == pytest.approx(scores[f"{key}_truth"], rel=1e-3)
        assert scores[key] > scores[f"{key}_grey"] >= 0
    assert scores["warp_error_grey"] > scores["chroma_warp_error_grey"] == 0


@pytest.mark.usefixtures("quick_flow")
def test_grey_is_grey():
    scores = measure(clip_set(clip()), *evaluation.entries(["grey"]))["grey"]
    assert scores["colourfulness"] == pytest.approx(0, abs=1e-3)
    assert scores["psnr"] == pytest.approx(scores["psnr_grey"], abs=1e-3)
    assert scores["warp_error"] == pytest.approx(scores["warp_error_grey"], rel=1e-3)
    assert scores["chroma_warp_error"] == 0
    assert scores["loss"] is scores["loss_u"] is scores["color_model"] is None


@pytest.mark.usefixtures("quick_flow")
def test_copying_a_still_clip_is_perfect():
    scores = measure(clip_set(still()), *evaluation.entries(["copy"]))["copy"]
    assert scores["accuracy_u"] == scores["copy_accuracy_v"] == 1
    assert scores["warp_error"] == scores["cdc"] == scores["chroma_rmse"] == 0
    assert scores["chroma_warp_error"] == 0
    assert scores["changed_share_u"] == 0
    assert scores["changed_accuracy_u"] is None
    assert scores["psnr"] > 60


@pytest.mark.usefixtures("quick_flow")
def test_copy_is_the_frame_before_and_has_the_loss_of_its_transitions():
    one, other = clip(), clip(7, "other", 1)
    counts = np.random.default_rng(2).integers(0, 9, (2, 30, 30))
    copying = film_metrics.CopyModel(counts)
    scores = measure(clip_set(one, other), *evaluation.entries(["copy"], None, copying))["copy"]
    seen, right, pixels = 0, np.zeros(2), 0
    for rgb in (one.rgb, other.rgb):
        labels = BinGrid(30).encode(yuv.rgb_to_yuv(rgb)[1])
        seen = seen + film_metrics.transitions(labels[:-1], labels[1:], 30)
        right += (labels[:-1] == labels[1:]).sum(axis=(0, 1, 2))
        pixels += labels[1:, ..., 0].size
    assert (scores["loss_u"], scores["loss_v"]) == pytest.approx(copying.loss(seen))
    assert scores["loss"] == pytest.approx(sum(copying.loss(seen)))
    assert (scores["accuracy_u"], scores["accuracy_v"]) == pytest.approx(tuple(right / pixels))
    assert scores["n_pixels"] == pixels


def test_every_figure_against_its_definition():
    one = rendered()
    entry = constant(0.05, -0.1)
    scores = measure(clip_set(one), entry)["constant"]
    y, uv = yuv.rgb_to_yuv(one.rgb)
    real = one.rgb[1:].astype(np.float32) / 255
    ours = yuv.yuv_to_rgb(y, np.full_like(uv, (0.05, -0.1)))[1:]
    labels, said = GRID.encode(uv), GRID.encode(np.array([0.05, -0.1], np.float32))
    colours = film_metrics.ColourDistribution()
    errors, curve, in_chroma = [], [], []
    for t, rgb in enumerate(ours):
        colours.add(rgb)
        curve.append(film_metrics.chroma_rmse(uv[t + 1], np.full_like(uv[0], (0.05, -0.1))))
        if t:
            exact = Scene(3).flow(t / 10, (t + 1) / 10, HEIGHT, WIDTH)
            errors.append(film_metrics.warp_error(ours[t - 1], rgb, exact.flow, exact.visible))
            true = film_metrics.warp_error(uv[t], uv[t + 1], exact.flow, exact.visible)
            in_chroma.append(true)
    moved = film_metrics.changed(labels[:-1], labels[1:], uv[:-1], uv[1:], GRID.width)
    hits = labels[1:] == said
    expected = {
        "accuracy_u": hits[..., 0].mean(),
        "changed_share_v": moved[..., 1].mean(),
        "psnr": np.mean([metrics.psnr(*pair) for pair in zip(real, ours, strict=True)]),
        "ssim": np.mean([metrics.ssim(*pair) for pair in zip(real, ours, strict=True)]),
        "colourfulness": np.mean([metrics.colourfulness(rgb) for rgb in ours]),
        "colourfulness_truth": np.mean([metrics.colourfulness(rgb) for rgb in real]),
        "warp_error": np.mean(errors),
        "chroma_warp_error_truth": np.mean(in_chroma),
        "cdc": colours.value,
        "chroma_rmse": np.mean(curve),
    }
    assert {key: scores[key] for key in expected} == pytest.approx(expected, rel=1e-5)
    assert scores["curve"] == [round(value, 5) for value in curve]
    if moved[..., 0].any():
        found = hits[..., 0][moved[..., 0]].mean()
        assert scores["changed_accuracy_u"] == pytest.approx(found)


@pytest.mark.usefixtures("quick_flow")
def test_a_model_that_repeats_its_context_is_as_good_as_copying(model):
    one = clip()
    entries = [parrot(model, context) for context in ("truth", "first", "free", "none")]
    scores = measure(clip_set(one), *entries)
    told = scores["parrot:truth"]
    for axis, head in enumerate("uv"):
        assert told[f"accuracy_{head}"] == told[f"copy_accuracy_{head}"] > 0
        same = {"difference": 0, "low": 0, "high": 0}
        same |= {"worst_clip": "noise", "worst_difference": 0}
        assert told["beats_copy"][head] == same
        labels = GRID.encode(yuv.rgb_to_yuv(one.rgb)[1])[..., axis]
        kept = np.mean(labels[1:] == labels[0])  # the first truth, handed on
        assert scores["parrot:first"][f"accuracy_{head}"] == pytest.approx(kept)
        zero = np.mean(labels[1:] == GRID.encode(np.zeros(2, np.float32))[axis])
        assert scores["parrot:none"][f"accuracy_{head}"] == pytest.approx(zero)
    assert scores["parrot"]["context"] == "free"
    assert told["loss_u"] > 1  # sure of what is often wrong


@pytest.mark.usefixtures("quick_flow")
def test_what_needs_no_model_at_all(model):
    one, other = clip(), clip(7, "other", 1)
    scores = measure(clip_set(one, other), truth(), film_entries.EachFrame(model.color))
    prior = np.array(model.color.card["prior"])
    bins = [GRID.encode(yuv.rgb_to_yuv(film.rgb[1:])[1]).reshape(-1, 2) for film in (one, other)]
    every = np.concatenate(bins)
    told = scores["tiny-color"]
    for axis, head in enumerate("uv"):
        assert told[f"majority_{head}"] == pytest.approx(np.mean(every[:, axis] == 4))
        most = [np.bincount(labels[:, axis]).max() for labels in bins]
        assert told[f"constant_{head}"] == pytest.approx(sum(most) / len(every))
        assert scores["truth"][f"constant_{head}"] == told[f"constant_{head}"]
        assert scores["truth"][f"majority_{head}"] is None
    nats = -np.log(prior[0, every[:, 0]]) - np.log(prior[1, every[:, 1]])
    assert told["prior_loss"] == pytest.approx(nats.mean())


@pytest.mark.usefixtures("quick_flow")
def test_the_color_model_freezes_and_colours_each_frame(folder):
    one = clip()
    names = [str(folder / checkpoints.INSIDE), "freeze-first", f"{folder}:none"]
    scores = measure(clip_set(one), *evaluation.entries(names, "float32"))
    y, uv = yuv.rgb_to_yuv(one.rgb)
    color = checkpoints.load(names[0], "float32")
    seen = [color.extract_features(luma[None])[1] for luma in y]
    outputs = {head: np.concatenate([found[head] for found in seen]) for head in "uv"}
    ours = checkpoints.chroma_of(color, outputs, y)
    rmse = [film_metrics.chroma_rmse(a, b) for a, b in zip(uv, ours, strict=True)]
    assert scores["tiny-color"]["curve"] == pytest.approx(rmse[1:], abs=2e-5)
    frozen = [film_metrics.chroma_rmse(a, ours[0]) for a in uv]
    assert scores["freeze-first"]["curve"] == pytest.approx(frozen[1:], abs=2e-5)
    assert scores["freeze-first"]["loss"] is None
    nats = metrics.cross_entropy(metrics.log_softmax(outputs["u"]), GRID.encode(uv)[..., 0])
    assert scores["tiny-color"]["loss_u"] == pytest.approx(nats[1:].mean(), rel=1e-4)
    assert scores["tiny-guided:none"]["drift_against"] == "tiny-color"


@pytest.mark.usefixtures("quick_flow")
def test_clips_of_other_lengths_and_widths_are_pooled():
    one, other = clip(9), clip(7, "other", 1, width=48)
    scores = measure(clip_set(one, other), constant(0, 0.05))["constant"]
    first, second = scores["per_clip"]["noise"], scores["per_clip"]["other"]
    pixels = 8 * 16 * 32, 6 * 16 * 48
    assert (first["n_pixels"], second["n_pixels"]) == pixels
    for key, weights in (("accuracy_v", pixels), ("psnr", (8, 6)), ("warp_error", (8, 6))):
        mean = np.average([first[key], second[key]], weights=weights)
        assert scores[key] == pytest.approx(mean)
    assert scores["curve"][0] == pytest.approx(
        (first["curve"][0] + second["curve"][0]) / 2, abs=1e-5
    )
    assert scores["curve"][6:] == first["curve"][6:]


# --- drift and the bootstrap ---------------------------------------------------------------------


def test_drift_wants_a_long_clip_and_something_to_compare_with():
    rising, level = {"curve": [t / 1000 for t in range(100)]}, {"curve": [0.5] * 100}
    assert film_scores.drift(rising, level) == pytest.approx(0.05)
    assert film_scores.drift(rising, None) is None
    assert film_scores.drift({"curve": [0.1] * 99}, {"curve": [0.1] * 99}) is None


def blocks(gain, count=40, pixels=1000, seed=0):
    """Figures of a clip whose entry wins `gain` of the pixels over copying, give or take."""
    rng = np.random.default_rng(seed)
    copied = rng.integers(400, 600, (2, count))
    noise = rng.integers(-50, 51, (2, count // 2))
    right = copied + np.concatenate([noise, -noise], axis=1) + round(gain * pixels)
    row = {"blocks": {"pixels": [pixels] * count}}
    for axis, head in enumerate("uv"):
        row["blocks"] |= {f"right_{head}": right[axis].tolist()}
        row["blocks"] |= {f"copied_{head}": copied[axis].tolist()}
        row[f"accuracy_{head}"] = right[axis].sum() / pixels / count
        row[f"copy_accuracy_{head}"] = copied[axis].sum() / pixels / count
    return row


def test_the_interval_holds_zero_for_equals_only():
    for found in film_scores.beats_copy({"a": blocks(0), "b": blocks(0, seed=1)}).values():
        assert found["low"] < 0 < found["high"]
    better = film_scores.beats_copy({"a": blocks(0.04), "b": blocks(0.02, seed=1)})
    worse = film_scores.beats_copy({"a": blocks(-0.03)})
    for head in "uv":
        assert 0 < better[head]["low"] < better[head]["difference"] < better[head]["high"]
        assert better[head]["worst_clip"] == "b"
        assert better[head]["worst_difference"] == pytest.approx(0.02, abs=0.02)
        assert worse[head]["high"] < 0
    again = film_scores.beats_copy({"a": blocks(0.04), "b": blocks(0.02, seed=1)})
    other = film_scores.beats_copy({"a": blocks(0.04), "b": blocks(0.02, seed=1)}, seed=1)
    assert again == better != other


@pytest.mark.usefixtures("quick_flow")
def test_blocks_are_of_thirty_frames_and_add_up():
    long = clip(66, width=8)
    row = measure(clip_set(long), constant(0, 0))["constant"]["per_clip"]["noise"]
    assert row["blocks"]["pixels"] == [30 * 128, 30 * 128, 5 * 128]
    assert sum(row["blocks"]["right_u"]) / row["n_pixels"] == pytest.approx(row["accuracy_u"])
    assert sum(row["blocks"]["copied_v"]) / row["n_pixels"] == pytest.approx(row["copy_accuracy_v"])


# --- what is done once ---------------------------------------------------------------------------


def test_estimated_flow_is_kept(quick_flow, tmp_path):
    one = clip(7)
    first = measure(clip_set(one), truth(), cache=tmp_path)
    assert len(quick_flow) == 12  # forth and back for each of 6 pairs
    assert measure(clip_set(one), truth(), cache=tmp_path) == first
    assert len(quick_flow) == 12
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-2])  # cut short: estimated again
    assert measure(clip_set(one), truth(), cache=tmp_path) == first
    assert len(quick_flow) == 24
    measure(clip_set(clip(7, seed=5)), truth(), cache=tmp_path)  # other frames, the same name
    assert len(list(tmp_path.iterdir())) == 2


def test_kept_flow_is_the_estimate(tmp_path):
    one = rendered(frames=3)
    unknown = Clip("film", "film", one.rate, one.rgb)
    y = yuv.luma(one.rgb)
    for _ in range(2):
        for t, found in enumerate(film_flow.flows(unknown, tmp_path)):
            forth, back = flow.estimate(y[t], y[t + 1]), flow.estimate(y[t + 1], y[t])
            seen = flow.visible(forth, back)
            np.testing.assert_array_equal(found.visible, seen)
            np.testing.assert_allclose(found.flow[seen], forth[seen], atol=2e-3)
    stopped = film_flow.flows(clip(4), tmp_path)
    next(stopped)
    stopped.close()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_rendered_clip_has_its_exact_flow(quick_flow, tmp_path):
    one = rendered(frames=3)
    for t, found in enumerate(film_flow.flows(one, tmp_path)):
        exact = Scene(3).flow(t / 10, (t + 1) / 10, HEIGHT, WIDTH)
        np.testing.assert_array_equal(found.flow, exact.flow)
        np.testing.assert_array_equal(found.visible, exact.visible)
    assert not quick_flow
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("quick_flow")
def test_a_color_network_looks_at_a_frame_once(folder, monkeypatch):
    looks, look = [], ColorModel.extract_features
    monkeypatch.setattr(
        ColorModel,
        "extract_features",
        lambda self, y, views: looks.append(views) or look(self, y, views),
    )
    color, film_model = str(folder / checkpoints.INSIDE), str(folder)
    names = [color, film_model, f"{film_model}:truth", f"{film_model}:none", "freeze-first"]
    measure(clip_set(clip(6)), *evaluation.entries(names, "float32"))
    assert looks == [(checkpoints.PLAIN,)] * 6


# --- the file ------------------------------------------------------------------------------------


def documented(title):
    """Names in the first column of the table whose header is `title`, in docs/reproducing.md."""
    text = (ROOT / "docs" / "reproducing.md").read_text(encoding="utf-8")
    table = text.split(f"| {title} |")[1].split("\n\n")[0]
    columns = [line.split(" | ")[0] for line in table.splitlines()[2:]]
    return set(re.findall(r"`(\w+)`", " ".join(columns)))


def test_the_file_holds_what_is_documented(folder, frames_folder, tmp_path, quick_flow):
    out = tmp_path / "out" / "film.json"
    words = ["--clips", frames_folder, "--fps", 10, "--json", out, "--sheet", tmp_path / "sheet"]
    color = folder / checkpoints.INSIDE
    assert evaluate(*words, "--model", "grey", "freeze-first", color, folder) == 0
    result = files.read_json(out)
    told = (ROOT / "docs" / "reproducing.md").read_text(encoding="utf-8")
    told = told.split("The file has `schema`")[1].split("| key of an entry")[0]
    assert set(result) == {"schema", *re.findall(r"`([a-z]\w+)`", told)} - {
        *("name", "split", "sha256", "clips", "frames", "methods", "tvl1", "free")
    }
    assert list(result["models"]) == ["grey", "freeze-first", "tiny-color", "tiny-guided"]
    keys = documented("key of an entry")
    one_clip = keys - documented("key of an entry").difference(
        result["models"]["grey"]["per_clip"]["a"]
    ) | {"blocks"}
    for entry in result["models"].values():
        assert set(entry) | {"beats_copy"} == keys
        assert set(entry["per_clip"]) == {"a", "b"}
        assert set(entry["per_clip"]["a"]) == one_clip
    assert {"n_frames", "n_pixels", "loss_u", "curve", "drift", "cdc_grey"} <= one_clip
    assert "beats_copy" in result["models"]["tiny-guided"]
    assert [path.name for path in sorted((tmp_path / "sheet").iterdir())] == ["a.png", "b.png"]
    with Image.open(tmp_path / "sheet" / "a.png") as sheet:
        assert sheet.height > 5 * HEIGHT
        assert np.ptp(np.asarray(sheet.convert("RGB")), axis=-1).max() > 20
    assert [path.name for path in out.parent.iterdir()] == ["film.json"]


def test_a_killed_evaluation_goes_on(folder, frames_folder, tmp_path, quick_flow, monkeypatch):
    out = tmp_path / "film.json"
    words = ["--clips", frames_folder, "--fps", 10, "--json", out, "--model", "copy", folder]
    assert evaluate(*words) == 0
    whole = files.sha256(out)
    out.unlink()
    measured, really = [], film._measure

    def killed(one, *rest):
        if one.name == "b" and len(measured) < 2:
            measured.append("killed")
            raise KeyboardInterrupt
        measured.append(one.name)
        return really(one, *rest)

    monkeypatch.setattr(film, "_measure", killed)
    assert evaluate(*words) == 130
    assert not out.exists()
    kept = (tmp_path / "film.json.partial").read_bytes()
    assert evaluate(*words) == 0
    assert measured == ["a", "killed", "b"]
    assert files.sha256(out) == whole
    assert not (tmp_path / "film.json.partial").exists()
    (tmp_path / "film.json.partial").write_bytes(kept)  # of another command: not taken up
    assert evaluate(*words, "--max-frames", 6) == 0
    assert measured[3:] == ["a", "b"]


def test_further_entries_do_not_cost_the_finished_ones(tmp_path):
    """What was measured already is taken up, unless it has become another entry of that name."""
    one, partial = clip_set(clip()), tmp_path / "film.json.partial"
    first = measure(one, truth(), constant(0, 0.1), partial=partial)
    again, other, further = truth(), constant(0, 0.1, kind="color"), constant(0.1, 0, "further")
    found = measure(one, again, other, further, partial=partial)
    assert (again.calls, other.calls, further.calls) == (0, 9, 9)
    assert found["truth"]["accuracy_u"] == first["truth"]["accuracy_u"] == 1
    assert measure(one, further, truth(), partial=partial).keys() == {"further", "truth"}
    strips, again = [], truth()  # a strip shows every entry: all are asked anew
    for _ in range(2):
        measure(one, again, constant(0, 0.1), partial=partial, show=strips.append)
    assert again.calls == 9 and len(strips) == 1


def test_several_splits_are_one_set(make_film, tmp_path):
    folder = tmp_path / "surf"
    folder.mkdir()
    rows = ["file,split"]
    for name, split, count in (("a", "train", 2), ("b", "val", 3), ("c", "test", 4)):
        grey = np.full((count, 16, 16), 90, np.uint8)
        make_film(list(grey), f"{name}.mp4").rename(folder / f"{name}.mp4")
        rows.append(f"{name}.mp4,{split}")
    (tmp_path / "surf.csv").write_text("\n".join(rows), encoding="utf-8")
    counts = tmp_path / "counts.json"
    words = ["--clips", tmp_path / "surf.csv", "--size", 16, "--json", counts, "--quiet", "--split"]
    for splits, pairs in ((["val"], 2), (["train", "val"], 3), (["val", "val", "test"], 5)):
        assert main(["evaluate", "transitions", *map(str, words), *splits]) == 0
        assert files.read_json(counts)["pairs"] == pairs
    assert files.read_json(counts)["dataset"]["split"] == "test/val"


def test_transitions_give_copy_its_loss(frames_folder, tmp_path, quick_flow, capsys):
    counts, out = tmp_path / "counts.json", tmp_path / "film.json"
    clips = ["--clips", str(frames_folder), "--fps", "10"]
    count = ["evaluate", "transitions", *clips, "--size", "16", "--json", str(counts)]
    assert main(count) == 0
    assert "12 pairs of frames" in capsys.readouterr().out
    kept = files.read_json(counts)
    told = (ROOT / "docs" / "reproducing.md").read_text(encoding="utf-8")
    told = told.split("`evaluate transitions` writes")[1].split("\n\n")[0]
    assert set(kept) == set(re.findall(r"`(\w+)`", told))
    assert np.sum(kept["counts"]) == 2 * 12 * 16 * 32
    assert evaluate(*clips, "--json", out, "--model", "copy", "--copy-model", counts) == 0
    copying = film_metrics.CopyModel.from_json(kept)
    losses = copying.loss(copying.counts)
    scores = files.read_json(out)["models"]["copy"]
    assert (scores["loss_u"], scores["loss_v"]) == pytest.approx(losses)
    printed = json.loads(capsys.readouterr().out)["models"]["copy"]
    assert printed["loss"] == scores["loss"]
    assert "per_clip" not in printed


def test_coasts_are_rendered_and_measured(tmp_path, quick_flow):
    out = tmp_path / "film.json"
    assert evaluate("--coasts", "3-4", "--frames", 6, "--json", out, "--model", "grey") == 0
    result = files.read_json(out)
    assert list(result["models"]["grey"]["per_clip"]) == ["coast-3", "coast-4"]
    assert result["flow"]["methods"] == ["exact"]
    assert not quick_flow


@pytest.mark.usefixtures("quick_flow")
def test_without_names_the_defaults_are_measured(folder, monkeypatch):
    monkeypatch.setattr(colorize_film, "film_model", lambda: str(folder))
    entries = evaluation.entries()
    names = ["grey", "copy", "freeze-first", "tiny-color", "tiny-guided"]
    assert [entry.name for entry in entries] == names
    assert {entry.grid for entry in entries} == {GRID}
    assert evaluation.working_height(entries) == 24
    assert evaluation.working_height(entries[:4]) == 128
    monkeypatch.setattr(checkpoints, "DEFAULT", str(folder / checkpoints.INSIDE))
    monkeypatch.setattr(colorize_film, "film_model", lambda: checkpoints.DEFAULT)  # none installed
    assert [entry.name for entry in evaluation.entries()] == names[:4]


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--model", "nobody"), "no model called 'nobody'"),
        (("--model", "grey:free"), "grey has no memory"),
        (("--model", "copy", "copy"), "share a name"),
        (("--model", "FILM:always"), "context must be one of free, truth, first, none"),
        (("--model", "FILM", "FILM:free"), "share a name"),
        (("--model", "FILM/color_model:truth"), "no memory"),
        (("--model", "grey", "--max-frames", "5"), "at least 6 are needed"),
        (("--model", "grey", "--max-frames", "-3"), "whole number above 0"),
        (("--model", "grey", "--frames", "20"), "--frames is for --coasts"),
        (("--model", "grey", "--split", "test"), "no splits"),
        (("--model", "grey", "--size", "8"), "at least 16"),
        (("--model", "copy", "FILM", "--copy-model", "COUNTS"), "the copy model has 4 bins"),
        (("--model", "copy", "--copy-model", "nowhere.json"), "cannot read nowhere.json"),
        (("--model", "grey", "--sheet", "COUNTS/sheet"), "is a file"),
        (("--coasts", "5", "--model", "grey"), "not allowed with argument"),
    ],
)
def test_bad_words_are_told_in_one_line(words, told, folder, frames_folder, tmp_path, capsys):
    counts = tmp_path / "counts.json"
    files.write_json(counts, {"counts": np.ones((2, 4, 4), int).tolist()})
    words = [word.replace("FILM", str(folder)).replace("COUNTS", str(counts)) for word in words]
    clips = ["--clips", frames_folder, "--fps", 10, "--json", tmp_path / "film.json"]
    assert evaluate(*clips, *words) == 2
    error = capsys.readouterr().err.strip()
    assert told in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "film.json").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--coasts", "3", "--split", "test"), "--split is for --clips"),
        (("--coasts", "3", "--max-frames", "7"), "--max-frames is for --clips"),
        (("--coasts", "3-"), "must be like 1000-1009"),
        (("--coasts", "4-3"), "must name coasts"),
        (("--coasts", "3,3"), "each once"),
        (("--coasts", "3", "--frames", "5"), "at least 6 are needed"),
        ((), "required"),
    ],
)
def test_bad_coasts_are_told_in_one_line(words, told, tmp_path, capsys):
    assert evaluate(*words, "--json", tmp_path / "film.json", "--model", "grey") == 2
    error = capsys.readouterr().err.strip()
    assert told in error
    assert len(error.splitlines()) == 1


def test_a_damaged_partial_file_is_not_overwritten(tmp_path):
    partial = tmp_path / "film.json.partial"
    partial.write_text("{")
    with pytest.raises(InputError, match=r"film\.json\.partial is not valid JSON"):
        measure(clip_set(clip()), truth(), partial=partial)
    with pytest.raises(InputError, match="share a name"):
        measure(clip_set(clip(), clip()), truth())
    with pytest.raises(InputError, match="at least one clip"):
        measure(clip_set(clip()))
    assert partial.read_text() == "{"


# --- how fast a memory gives way -----------------------------------------------------------------


def leaking(leak, psnr, colour, warp):
    return {"leak": leak, "psnr": psnr, "colourfulness": colour, "chroma_warp_error": warp}


def test_the_closest_of_those_that_are_colourful_and_steady_is_chosen():
    frame = {"psnr": 25.0, "colourfulness": 20.0, "chroma_warp_error": 8.0}
    pale, restless = leaking(0.02, 26.0, 18.3, 0.5), leaking(0.2, 26.1, 19.0, 2.1)
    best, worse = leaking(0.1, 25.2, 18.5, 2.0), leaking(0.05, 25.1, 19.5, 0.9)
    assert evaluation.choose_memory([pale, restless, worse, best], frame) == 3
    assert evaluation.choose_memory([pale, restless, worse], frame) == 2
    assert evaluation.choose_memory([pale, restless], frame) == 1


def test_a_memory_is_tuned_and_kept(folder, frames_folder, tmp_path, quick_flow, capsys):
    copy = tmp_path / "guided"
    shutil.copytree(folder, copy)
    card = files.read_json(copy / checkpoints.INSIDE / checkpoints.CARD)
    card["decode"]["mirror"] = True
    files.write_json(copy / checkpoints.INSIDE / checkpoints.CARD, card)
    words = ["--clips", frames_folder, "--fps", 10, "--size", HEIGHT, "--precision", "float32"]
    assert main(["evaluate", "memory", "--model", str(copy), *map(str, words)]) == 0
    decode = files.read_json(copy / checkpoints.CARD)["decode"]
    curve = decode["curve"]
    chosen = evaluation.choose_memory(curve, decode["per_frame"])
    assert {key: decode[key] for key in ("leak", "saturation")} == {
        key: curve[chosen][key] for key in ("leak", "saturation")
    }
    model = checkpoints.load_consistency(copy)
    assert model.leak == decode["leak"]
    assert Decoder.from_json(model.card["decode"]).saturation == decode["saturation"]
    both = [(1.0, False), (1.0, True)]
    assert list(model.augmentations) == both
    assert (decode["method"], decode["temperature"]) == ("annealed", 0.5)
    assert len({row["psnr"] for row in curve}) == 15
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 16 and "each frame for itself" in shown[0]
    assert ["<- chosen" in line for line in shown[1:]] == [k == chosen for k in range(15)]


def test_the_reports_model_has_nothing_that_leaks(make_film_model, frames_folder, capsys):
    words = ["--model", make_film_model("concat"), "--clips", frames_folder, "--fps", 10, "--quiet"]
    assert main(["evaluate", "memory", *map(str, words)]) == 2
    assert "remembers no colours that could fade" in capsys.readouterr().err
