"""The environment check, the exercise checks, and tidying."""

import json

import numpy as np
import pytest

import colorlab
from colorlab import checkpoints, colorize, metrics, samples, teaching, vgg, yuv
from colorlab.coast import Scene
from colorlab.errors import InputError
from colorlab.media import cuts
from colorlab.teaching import course, exercises
from colorlab.teaching import environment as env
from colorlab.teaching.course import MARK
from colorlab.teaching.tidy import link
from colorlab.teaching.tidy import main as tidy_files

pytestmark = pytest.mark.keras


# --- environment -------------------------------------------------------------------------------


def test_this_environment_is_in_order(capsys):
    wrong = [one for one in teaching.examine_environment() if not one.ok]
    assert wrong == []
    teaching.check_environment()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:-2]] == ["OK"] * len(env._LOOKS)
    assert lines[-1] == "Everything is ready."


def test_a_failure_is_printed_with_its_remedy(monkeypatch, capsys):
    def broken():
        raise RuntimeError

    looks = (("Python", lambda: "3.12", "unused"), ("device", broken, "buy another"))
    monkeypatch.setattr(env, "_LOOKS", looks)
    teaching.check_environment()
    ok, fail, remedy, _, *verdict = capsys.readouterr().out.splitlines()
    assert ok.split() == ["OK", "Python", "3.12"]
    assert fail.split() == ["FAIL", "device", "RuntimeError"]
    assert remedy.split(maxsplit=2) == ["->", "remedy", "buy another"]
    assert verdict[0].startswith("1 of 2 need attention")


def test_every_look_has_a_remedy():
    assert all(remedy for _, _, remedy in env._LOOKS)


def test_python_outside_the_range_fails(monkeypatch):
    class Old(tuple):
        major, minor, micro = 3, 10, 4

    monkeypatch.setattr(env.sys, "version_info", Old((3, 10, 4)))
    with pytest.raises(InputError, match=r"runs Python 3\.10\.4"):
        env._python()


def test_missing_and_old_packages_are_named():
    with pytest.raises(InputError) as error:
        env._packages(["numpy>=99.1", "no-such-thing>=1", "pillow>=1"])
    assert "numpy is" in str(error.value)
    assert "older than 99.1; no-such-thing is missing" in str(error.value)
    assert "pillow" not in str(error.value)


def test_two_tensorflows_fail(monkeypatch):
    monkeypatch.setattr(env, "_is_installed", lambda name: name == "tensorflow-cpu")
    with pytest.raises(InputError, match="only one of the two"):
        env._packages([])
    monkeypatch.undo()
    assert not env._is_installed("tensorflow-cpu")


def test_requirements_are_the_packages_own():
    names = {line.split(">")[0].split("=")[0].split("<")[0] for line in env._requirements()}
    assert {"numpy", "keras", "tensorflow", "ipywidgets"} <= names
    assert "pytest" not in names


def test_another_colorlab_than_the_one_beside_the_notebooks_fails(tmp_path):
    (tmp_path / "colorlab").mkdir()
    (tmp_path / "colorlab/__init__.py").touch()
    (tmp_path / "notebooks").mkdir()
    with pytest.raises(InputError, match="another colorlab"):
        env._kernel(tmp_path / "notebooks")
    assert env._kernel(tmp_path)


def test_packages_from_outside_the_kernels_python_fail(monkeypatch, tmp_path):
    monkeypatch.setattr(env.sys, "prefix", str(tmp_path))
    with pytest.raises(InputError, match="takes numpy from"):
        env._kernel(tmp_path)


def test_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("COLORLAB_DATA", str(tmp_path / "not" / "yet"))
    assert "no photo set" in env._data()
    (tmp_path / "file").touch()
    monkeypatch.setenv("COLORLAB_DATA", str(tmp_path / "file"))
    with pytest.raises(InputError, match="is a file"):
        env._data()


def test_cost_tells_seconds_and_memory(capsys):
    teaching.cost()
    assert "Processor time so far:" in capsys.readouterr().out


# --- exercises ---------------------------------------------------------------------------------


def right_back(y, u, v):
    b, r = y + u / 0.492, y + v / 0.877
    return r, (y - 0.299 * r - 0.114 * b) / 0.587, b


def position(u, n):
    return (u + yuv.U_MAX) / (2 * yuv.U_MAX / n)


def right_label(u, n):
    return np.clip(np.floor(position(u, n)), 0, n - 1)


def flower_psnr():
    truth = samples.sample("flower").rgb.astype(np.float32) / 255
    return metrics.psnr(truth, np.repeat(yuv.luma(truth), 3, axis=-1))


def mean_psnr():
    truth = samples.sample("flower").rgb.astype(np.float32) / 255
    return metrics.psnr(truth, np.repeat(truth.mean(axis=-1, keepdims=True), 3, axis=-1))


def coffee():
    return samples.sample("coffee").rgb


LUMA = np.array([0.114, 0.587, 0.299])


def covariance(x, y):
    return ((x - x.mean(axis=(0, 1))) * (y - y.mean(axis=(0, 1)))).mean(axis=(0, 1))


def right_correlation(x, y):
    return covariance(x, y) / (x.std(axis=(0, 1)) * y.std(axis=(0, 1)))


def cosine(x, y):
    return (x * y).sum((0, 1)) / np.sqrt((x**2).sum((0, 1)) * (y**2).sum((0, 1)))


def colour_unit(wanted):
    """A unit of conv1_1 that hardly minds luma, by the sums of its weights for R, G and B."""
    kernels = vgg.backbone("embedded", blocks=1, taps=(1,), color=True).get_weights()[0]
    share = 3 * (kernels.mean(axis=2) ** 2).sum((0, 1)) / (kernels**2).sum((0, 1, 2))
    sums = kernels.sum(axis=(0, 1))
    return next(k for k in np.flatnonzero(share < 0.3**2) if wanted(*sums[::-1, k]))


def red_against_blue(red, green, blue):
    return red * blue < 0 and abs(green) < min(abs(red), abs(blue))


def enlarged(above):
    return above.repeat(2, axis=0).repeat(2, axis=1)


def right_join(above, tap):
    return enlarged(above) + tap


def careless_softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


def right_softmax(logits):
    return careless_softmax(logits - logits.max(axis=-1, keepdims=True))


def seed_of(kind):
    return next(seed for seed in range(7) if Scene(seed).kind == kind)


def sharpened(p, temperature):
    raised = p ** (1 / temperature)
    return raised / raised.sum(axis=-1, keepdims=True)


def best_trial():
    curve = teaching.card("color-water-n30")["decode"]["curve"]
    trials = [trial for trial in curve if trial["method"] == "annealed"]
    best = max(trials, key=lambda trial: trial["psnr"])
    return best["temperature"], best["saturation"]


def first_frames(film):
    detector = cuts.CutDetector()
    return [k for k, frame in enumerate(film) if detector.is_cut(yuv.luma(frame)[..., 0])]


def with_chroma(change):
    """A function that changes the chroma of a photo and keeps its luma."""

    def changed(rgb):
        y, chroma = yuv.rgb_to_yuv(rgb)
        return yuv.yuv_to_rgb(y, change(chroma))

    return changed


def stretched(y, low=1, high=99):
    low, high = np.percentile(y, [low, high])
    return (y - low) / (high - low)


def over_the_highest(y):
    low, high = np.percentile(y, [1, 99])
    return np.clip((y - low) / high, 0, 1)


def followed(answered, told, own):
    return (answered == told)[told != own].mean()


def bootstrap(differences, rng, ends=(0.025, 0.975)):
    drawn = rng.integers(len(differences), size=(8000, len(differences)))
    return np.quantile(differences[drawn].mean(axis=1), ends)


def tint(u, v):
    return np.zeros((8, 56, 100, 2)) + np.array([u, v])


def saved():
    ours = teaching.results("color-water-test")["models"]["color-water-n30"]
    return ours["prior_loss"] - ours["loss"]


RIGHT = {
    "00-1": lambda: colorize.picture(coffee()),
    "00-2": flower_psnr,
    "00-3": lambda: seed_of("sunset"),
    "01-1": lambda: right_back,
    "01-2": lambda: 1.03125,
    "01-3": lambda: (0.15, 0.0),
    "02-1": lambda: right_label,
    "02-2": lambda: 18,
    "02-3": lambda: 2 * np.log(30),
    "02-4": lambda: (0, 0),
    "03-1": lambda: 590_080,
    "03-2": lambda: lambda kernels: kernels.sum(axis=2),
    "03-3": lambda: right_correlation,
    "03-4": lambda: colour_unit(red_against_blue),
    "04-1": lambda: 3900,
    "04-2": lambda: right_join,
    "04-3": lambda: right_softmax,
    "04-4": lambda: np.exp(saved()),
    "05-1": lambda: (0.0, -0.2),
    "05-2": lambda: sharpened,
    "05-3": lambda: best_trial(),
    "05-4": lambda: (0.368, 0.211, 0.421),
    "06-1": lambda: lambda labels: (labels[1:] == labels[:-1]).mean(axis=(0, 1, 2)),
    "06-2": lambda: 22,
    "06-3": lambda: first_frames,
    "06-4": lambda: tint(-0.1, 0.1),
    "07-1": lambda: followed,
    "07-2": lambda: 9,
    "07-3": lambda: 1.01,
    "07-4": lambda: bootstrap,
    "08-1": lambda: with_chroma(lambda uv: uv[..., ::-1]),
    "08-2": lambda: lambda y: np.clip(stretched(y), 0, 1),
    "08-3": lambda: 18,
    "08-4": lambda: ("B", "c", "e"),
}

WRONG = [
    ("00-1", lambda: samples.sample("coffee"), "sample itself"),
    ("00-1", lambda: samples.sample("cat").rgb, "which photo"),
    ("00-1", coffee, "own colours"),
    ("00-1", lambda: coffee()[:, ::-1], "luma is not"),
    ("00-1", lambda: np.repeat(yuv.luma(coffee()), 3, axis=-1), "grey"),
    ("00-2", lambda: 100.0, "itself"),
    ("00-2", mean_psnr, "plain mean"),
    ("00-2", lambda: 3, "float32"),
    ("00-2", lambda: "many", "ValueError"),
    ("00-3", lambda: seed_of("beach"), "beach"),
    ("00-3", lambda: -1, "could not be used"),
    ("01-1", lambda: 3, "the function itself"),
    ("01-1", lambda: lambda y, u, v: (y, u), "three things"),
    ("01-1", lambda: lambda y, u, v: right_back(y, u, v)[::-1], "swapped"),
    ("01-1", lambda: lambda y, u, v: (y + v, *right_back(y, u, v)[1:]), "R not right"),
    ("01-1", lambda: lambda y, u, v: (y + v / 0.877, y, y + u / 0.492), "G not right"),
    ("01-1", lambda: lambda y, u, v: (y + v / 0.877, y, y), "G and B not right yet: solve U"),
    ("01-1", lambda: lambda y, u: y, "TypeError"),
    ("01-2", lambda: 1.5, "factor 2"),
    ("01-2", lambda: 3 / 64, "every pixel"),
    ("01-2", lambda: 7, "add up"),
    ("01-3", lambda: (0.4, 0.0), "too vivid"),
    ("01-3", lambda: (0.0, 0.0), "luma 0.9 too"),
    ("01-3", lambda: (0.1, 0.1, 0.1), "two numbers"),
    ("01-3", lambda: (float("nan"), 0.0), "finite"),
    ("02-1", lambda: 3, "the function itself"),
    ("02-1", lambda: lambda u, n: 3, "one bin for each"),
    ("02-1", lambda: lambda u, n: right_label(u, n) + 1, "from 0"),
    ("02-1", lambda: lambda u, n: np.floor(position(u, n)), "np.clip"),
    ("02-1", lambda: lambda u, n: np.clip(position(u, n), 0, n - 1), "whole number"),
    ("02-1", lambda: lambda u, n: np.clip(np.rint(position(u, n)), 0, n - 1), "off by one"),
    ("02-1", lambda: lambda u, n: np.zeros(len(u)), "lowest edge"),
    ("02-2", lambda: 17, "more bins"),
    ("02-2", lambda: 19, "fewer"),
    ("02-2", lambda: 1, "from 2 to 1000"),
    ("02-3", lambda: np.log(30), "one axis"),
    ("02-3", lambda: 2 * np.log2(30), "bits"),
    ("02-3", lambda: -2 * np.log(30), "minus"),
    ("02-3", lambda: 30, "which probability"),
    ("02-4", lambda: (15, 15), "it exists, at luma"),
    ("02-4", lambda: (0, 30), "0..29"),
    ("02-4", lambda: (1, 2, 3), "two bins"),
    ("03-1", lambda: 589_824, "biases"),
    ("03-1", lambda: 5, "for each unit"),
    ("03-2", lambda: 3, "the function itself"),
    ("03-2", lambda: lambda kernels: kernels[..., 0], "(3, 3, 5) is wanted"),
    ("03-2", lambda: lambda kernels: kernels.mean(axis=2), "the mean"),
    ("03-2", lambda: lambda kernels: kernels.sum(axis=0), "axis 2"),
    ("03-2", lambda: lambda kernels: kernels.transpose(0, 1, 3, 2) @ LUMA, "in the luma already"),
    ("03-2", lambda: lambda kernels: kernels[:, :, 0], "w1 y"),
    ("03-3", lambda: 3, "the function itself"),
    ("03-3", lambda: lambda x, y: np.corrcoef(x.ravel(), y.ravel()), "one number for each unit"),
    ("03-3", lambda: lambda x, y: right_correlation(x, y) ** 2, "square"),
    ("03-3", lambda: lambda x, y: abs(right_correlation(x, y)), "negative"),
    ("03-3", lambda: lambda x, y: covariance(x, y), "covariance"),
    ("03-3", lambda: lambda x, y: cosine(x, y), "mean first"),
    ("03-3", lambda: lambda x, y: np.ones(5), "unit by unit"),
    ("03-4", lambda: 64, "0 to 63"),
    ("03-4", lambda: 61, "minds luma too much"),
    ("03-4", lambda: colour_unit(lambda red, green, blue: red * blue > 0), "on one side"),
    (
        "03-4",
        lambda: colour_unit(lambda r, g, b: r * b < 0 and not red_against_blue(r, g, b)),
        "green counts for as much",
    ),
    ("04-1", lambda: 1950, "one head"),
    ("04-1", lambda: 1, "how many heads"),
    ("04-2", lambda: 3, "the function itself"),
    ("04-2", lambda: lambda above, tap: above, "the same"),
    ("04-2", lambda: lambda above, tap: enlarged(above), "add the tap"),
    ("04-2", lambda: lambda above, tap: np.tile(above, (2, 2, 1)) + tap, "np.repeat"),
    ("04-2", lambda: lambda above, tap: enlarged(above) * tap, "multiply"),
    ("04-2", lambda: lambda above, tap: np.add(tap, enlarged(above), out=tap), "changed"),
    ("04-2", lambda: lambda above, tap: 0 * tap, "2 x 2 equal places"),
    ("04-3", lambda: 3, "the function itself"),
    ("04-3", lambda: lambda logits: logits[0], "they should be the same"),
    ("04-3", lambda: lambda logits: np.exp(logits), "divide"),
    ("04-3", lambda: lambda logits: np.exp(logits) / np.exp(logits).sum(), "last axis only"),
    ("04-3", lambda: lambda logits: logits, "np.exp"),
    ("04-3", lambda: careless_softmax, "subtract the largest"),
    ("04-4", saved, "that is in nats"),
    ("04-4", lambda: np.exp(-saved()), "the other way round"),
    ("04-4", lambda: 2 ** saved(), "natural"),
    ("04-4", lambda: 3, "e to the power"),
    ("05-1", lambda: 0.0, "two numbers"),
    ("05-1", lambda: (-0.2, 0.0), "swapped"),
    ("05-1", lambda: (0.05, -0.2), "weigh them"),
    ("05-1", lambda: (0.3, -0.2), "the first is the mean"),
    ("05-1", lambda: (0.0, 0.0), "for the second"),
    ("05-2", lambda: 3, "the function itself"),
    ("05-2", lambda: lambda p, T: p[0], "keep the shape"),
    ("05-2", lambda: lambda p, T: p * np.nan, "NaN"),
    ("05-2", lambda: lambda p, T: p ** (1 / T), "its sum"),
    ("05-2", lambda: lambda p, T: p ** (1 / T) / (p ** (1 / T)).sum(), "last axis"),
    ("05-2", lambda: lambda p, T: sharpened(p, 1 / T), "1 / T, not T"),
    ("05-2", lambda: lambda p, T: np.ones_like(p) / 3, "[0.5, 0.3, 0.2] becomes"),
    ("05-3", lambda: 0.4, "two numbers"),
    ("05-3", lambda: best_trial()[::-1], "temperature comes first"),
    ("05-3", lambda: (1.0, 1.2), "another one reached more"),
    ("05-3", lambda: (0.77, 1.0), "no such trial"),
    ("05-4", lambda: 1.0, "three probabilities"),
    ("05-4", lambda: (0.35, 0.2, 0.4), "divide by the sum"),
    ("05-4", lambda: (0.862, 0.123, 0.015), "multiply"),
    ("05-4", lambda: (0.7, 0.2, 0.1), "without weights"),
    ("05-4", lambda: (0.1, 0.2, 0.7), "each probability by its bin's weight"),
    ("06-1", lambda: 3, "the function itself"),
    ("06-1", lambda: lambda labels: 0.5, "two shares"),
    (
        "06-1",
        lambda: lambda labels: (labels[1:] == labels[:-1]).sum((0, 1, 2)) / labels[..., 0].size,
        "none before it",
    ),
    (
        "06-1",
        lambda: lambda labels: [(labels[1:] == labels[:-1]).all(-1).mean()] * 2,
        "a share of their own",
    ),
    ("06-1", lambda: lambda labels: (labels[1:] != labels[:-1]).mean((0, 1, 2)), "changed"),
    ("06-1", lambda: lambda labels: (0.2, 0.3), "labels[1:]"),
    ("06-2", lambda: 10, "a tenth of the rest"),
    ("06-2", lambda: 21, "10.9 % of it are left"),
    ("06-2", lambda: 30, "before that"),
    ("06-2", lambda: 21.9, "whole number"),
    ("06-3", lambda: 3, "the function itself"),
    ("06-3", lambda: lambda film: [k in first_frames(film) for k in range(len(film))], "numbers"),
    ("06-3", lambda: lambda film: first_frames(film)[1:], "first frame begins"),
    ("06-3", lambda: lambda film: list(range(len(film))), "keep it"),
    ("06-3", lambda: lambda film: [0, 2], "begin at [0, 4, 7] it returns [0, 2]"),
    ("06-4", lambda: np.zeros((8, 56, 100)), "the shape is"),
    ("06-4", lambda: tint(0, 0), "colourfulness is 0.0"),
    ("06-4", lambda: tint(-0.1, 0.1) * np.array([1, -1] * 4)[:, None, None, None], "flickers"),
    ("07-1", lambda: 3, "the function itself"),
    ("07-1", lambda: lambda a, t, o: a == t, "one number"),
    ("07-1", lambda: lambda a, t, o: (a == t).mean(), "leave out"),
    ("07-1", lambda: lambda a, t, o: ((a == t) & (t != o)).mean(), "not by all"),
    ("07-1", lambda: lambda a, t, o: 1 - followed(a, t, o), "does not follow"),
    ("07-1", lambda: lambda a, t, o: (a == o)[t != o].mean(), "stays with its own"),
    ("07-1", lambda: lambda a, t, o: 0.5, "where told != own"),
    ("07-2", lambda: 0.25, "further apart"),
    ("07-2", lambda: 15, "sixtieths"),
    ("07-2", lambda: 1, "six frames"),
    ("07-3", lambda: 0.98, "of all pixels"),
    ("07-3", lambda: 2.9, "all wrong pixels; how many"),
    ("07-3", lambda: 1.62, "60 %"),
    ("07-3", lambda: 0.0101, "in percent"),
    ("07-3", lambda: 7, "over those that stayed"),
    ("07-4", lambda: 3, "the function itself"),
    ("07-4", lambda: lambda d, rng: d.mean(), "two numbers"),
    ("07-4", lambda: lambda d, rng: bootstrap(d, rng)[::-1], "lower end comes first"),
    ("07-4", lambda: lambda d, rng: (d.mean(), d.mean()), "with repetition"),
    ("07-4", lambda: lambda d, rng: np.quantile(d, (0.025, 0.975)), "single coasts"),
    ("07-4", lambda: lambda d, rng: bootstrap(d, rng, (0.05, 0.95)), "a fortieth"),
    ("07-4", lambda: lambda d, rng: (-1, 1), "whole sets of coasts"),
    ("08-1", lambda: 3, "the function itself"),
    ("08-1", lambda: lambda rgb: yuv.luma(rgb), "return a photo"),
    ("08-1", lambda: lambda rgb: rgb[..., ::-1], "luma has changed"),
    ("08-1", lambda: lambda rgb: rgb, "own colours"),
    ("08-1", lambda: with_chroma(lambda uv: -uv), "opposite"),
    ("08-1", lambda: with_chroma(lambda uv: uv / 2), "not U and V swapped"),
    ("08-2", lambda: 3, "the function itself"),
    ("08-2", lambda: lambda y: y.mean(), "keep the shape"),
    ("08-2", lambda: stretched, "np.clip"),
    ("08-2", lambda: lambda y: stretched(y, 0, 100), "use percentiles"),
    ("08-2", lambda: lambda y: 1 - np.clip(stretched(y), 0, 1), "negative"),
    ("08-2", lambda: over_the_highest, "distance between both"),
    ("08-2", lambda: lambda y: y / 2, "divide by the 99th minus the 1st"),
    ("08-3", lambda: 1080, "in seconds"),
    ("08-3", lambda: 4.5, "how long does it last"),
    ("08-3", lambda: 288, "multiply by 0.25"),
    ("08-3", lambda: 1, "of 18 frames"),
    ("08-4", lambda: {"x"}, "the sentences are a, b, c, d, e, f; received x"),
    ("08-4", lambda: {"a", "b", "c", "e"}, "holds no colour"),
    ("08-4", lambda: {"c", "e"}, "b: that one was recorded"),
    ("08-4", lambda: "bcef", "most plates of 1890"),
]


@pytest.mark.parametrize("exercise", RIGHT)
def test_right_answer(exercise):
    assert teaching.judge(exercise, RIGHT[exercise]()).status == "right"


@pytest.mark.parametrize(("exercise", "answer", "hint"), WRONG)
def test_wrong_answer_gets_a_hint(exercise, answer, hint):
    verdict = teaching.judge(exercise, answer())
    assert verdict.status == "not quite"
    assert hint in verdict.text


@pytest.mark.parametrize("exercise", RIGHT)
def test_no_answer_yet(exercise, capsys):
    teaching.check(exercise, ...)
    assert capsys.readouterr().out.startswith(f"{exercise} not yet: ")


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("01-1", lambda y, u, v: ...),
        ("01-1", lambda y, u, v: (y, ..., y)),
        ("01-3", (..., 0.1)),
        ("02-1", lambda u, n: ...),
        ("02-4", (0, ...)),
        ("03-2", lambda kernels: ...),
        ("03-3", lambda color, grey: ...),
        ("04-2", lambda above, tap: ...),
        ("04-3", lambda logits: ...),
    ],
)
def test_three_dots_inside_an_answer(exercise, answer):
    assert teaching.judge(exercise, answer).status == "not yet"


def test_every_exercise_is_tested():
    assert set(exercises.EXERCISES) == set(RIGHT) == {exercise for exercise, *_ in WRONG}


def test_unknown_exercise():
    with pytest.raises(InputError, match=r"no exercise '99-1'; there are 00-1"):
        teaching.judge("99-1", 1)


# --- results -----------------------------------------------------------------------------------


def test_results_and_cards_are_read_by_name(monkeypatch, tmp_path):
    assert teaching.results("color-water-test")["schema"] == 1
    assert teaching.results("grey_input")["experiment"] == "grey_input"
    assert teaching.card("color-water-n30") == checkpoints.read_card("color-water-n30")
    assert teaching.history("color-water-n30")[-1]["stage"] == 2
    assert len(teaching.history("color-water-n30-100-epochs")) == 100
    with pytest.raises(InputError, match=r"no results 'water', only with: .*color-water-test"):
        teaching.results("water")
    with pytest.raises(InputError, match=r"no model 'water', only with: .*color-water-n30"):
        teaching.card("water")
    (tmp_path / "colorlab/results").mkdir(parents=True)
    (tmp_path / "colorlab/results/one.json").write_text('{"a": 1}')
    monkeypatch.setattr(colorlab, "__file__", str(tmp_path / "colorlab/__init__.py"))
    assert teaching.results("one") == {"a": 1}  # where colorlab is installed


def test_long_cells_do_less_where_asked(monkeypatch):
    for value, wanted in {"": 7, "0": 7, "1": 3}.items():
        monkeypatch.setenv("COLORLAB_FAST", value)
        assert teaching.effort(7, fast=3) == wanted
    monkeypatch.delenv("COLORLAB_FAST")
    assert teaching.effort(7, fast=3) == 7


# --- tidying -----------------------------------------------------------------------------------


def test_tidy_removes_what_must_not_be_kept(tmp_path):
    view = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Explorer"}
    stdout, stderr = (
        {"output_type": "stream", "name": n, "text": "x"} for n in ("stdout", "stderr")
    )
    notebook = {
        "metadata": {
            "widgets": {},
            "kernelspec": {"name": "mine"},
            "language_info": {"name": "python", "version": "3.11.7"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
        "cells": [
            {"cell_type": "markdown", "metadata": {"id": 1}, "source": "é"},
            {
                "cell_type": "code",
                "metadata": {"execution": {}, "tags": ["exercise"]},
                "outputs": [stderr, stdout, {"output_type": "display_data", "data": view}],
                "source": "",
            },
        ],
    }
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    tidy_files([str(path)])
    text = path.read_text(encoding="utf-8")
    tidied = json.loads(text)
    assert tidied["metadata"]["kernelspec"]["name"] == "python3"
    assert set(tidied["metadata"]) == {"kernelspec", "language_info"}
    assert tidied["cells"][0] == {"cell_type": "markdown", "metadata": {}, "source": "é"}
    assert tidied["cells"][1]["metadata"] == {"tags": ["exercise"]}
    assert tidied["cells"][1]["outputs"] == [
        stdout,
        {"output_type": "display_data", "data": {"text/plain": "Explorer"}},
    ]
    assert "é" in text and text.endswith("}\n")
    assert teaching.tidy(json.loads(text)) == tidied


# --- navigation --------------------------------------------------------------------------------


def page(*sources):
    """A notebook of text cells."""
    return {
        "metadata": {},
        "cells": [{"cell_type": "markdown", "metadata": {}, "source": one} for one in sources],
    }


MAP = "| 00 | **Start** | Why? | you are here |\n| 01 | One | What? | planned |\n"
MAP += "| 02 | Two | Who? | planned |"


def test_notebooks_are_linked_by_their_titles(tmp_path):
    for name, notebook in {
        "00-start.ipynb": page("# 00 · Start\n\n**colorlab course**", MAP, "**colorlab course**"),
        "01-one.ipynb": page("# 01 · One of them\n\n**colorlab course** · old\n\nText"),
    }.items():
        (tmp_path / name).write_text(json.dumps(notebook), encoding="utf-8")
    changed = link(tmp_path)
    assert [path.name for path in changed] == ["00-start.ipynb", "01-one.ipynb"]
    start, one = ([c["source"] for c in json.loads(p.read_text())["cells"]] for p in changed)
    forward = "next: [01 One of them →](01-one.ipynb)"
    assert start[0][-1] == start[2][0] == f"{MARK} · this is the first notebook · {forward}"
    assert one[0] == [
        *("# 01 · One of them\n", "\n"),
        f"{MARK} · previous: [← 00 Start](00-start.ipynb) · 02 Two is planned\n",
        *("\n", "Text"),
    ]
    assert "".join(start[1]).splitlines()[1:] == [
        "| 01 | [**One of them**](01-one.ipynb) | What? | ready |",
        "| 02 | Two | Who? | planned |",
    ]
    assert link(tmp_path) == []
    tidy_files([str(tmp_path / "01-one.ipynb")])  # links again, too
    assert link(tmp_path) == []


def test_the_last_notebook_of_all_says_so(tmp_path):
    whole = MAP.replace("planned", "ready").partition("| 01")[0]
    pages = {"00-a.ipynb": page("# 00 · Start\n\n**colorlab course**", whole)}
    course.link(pages)
    assert pages["00-a.ipynb"]["cells"][0]["source"][-1].endswith("· this is the last notebook")
    with pytest.raises(InputError, match=r"02-b.ipynb must begin with '# 02 · '"):
        course.link({"00-a.ipynb": page("# 00 · Start"), "02-b.ipynb": page("# 01 · No")})


def test_folders_without_the_course_are_left_alone(tmp_path):
    assert link(tmp_path) == []
    (tmp_path / "00-mine.ipynb").write_text(json.dumps(page("# Mine")), encoding="utf-8")
    assert link(tmp_path) == []


def test_package_is_offered():
    assert colorlab.__version__
    assert set(teaching.__all__) >= {"check", "check_environment"}
