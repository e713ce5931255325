"""The environment check, the exercise checks, and tidying."""

import json

import numpy as np
import pytest

import colorlab
from colorlab import checkpoints, colorize, metrics, samples, teaching, yuv
from colorlab.coast import Scene
from colorlab.errors import InputError
from colorlab.teaching import environment as env
from colorlab.teaching import exercises
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


def seed_of(kind):
    return next(seed for seed in range(7) if Scene(seed).kind == kind)


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
    ],
)
def test_three_dots_inside_an_answer(exercise, answer):
    assert teaching.judge(exercise, answer).status == "not yet"


def test_every_exercise_is_tested():
    assert set(exercises._EXERCISES) == set(RIGHT) == {exercise for exercise, *_ in WRONG}


def test_unknown_exercise():
    with pytest.raises(InputError, match=r"no exercise '99-1'; there are 00-1"):
        teaching.judge("99-1", 1)


# --- results -----------------------------------------------------------------------------------


def test_results_and_cards_are_read_by_name(monkeypatch, tmp_path):
    assert teaching.results("color-water-test")["schema"] == 1
    assert teaching.card("color-water-n30") == checkpoints.read_card("color-water-n30")
    with pytest.raises(InputError, match=r"no results 'water', only with: .*color-water-test"):
        teaching.results("water")
    with pytest.raises(InputError, match=r"no model 'water', only with: .*color-water-n30"):
        teaching.card("water")
    (tmp_path / "colorlab/results").mkdir(parents=True)
    (tmp_path / "colorlab/results/one.json").write_text('{"a": 1}')
    monkeypatch.setattr(colorlab, "__file__", str(tmp_path / "colorlab/__init__.py"))
    assert teaching.results("one") == {"a": 1}  # where colorlab is installed


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


def test_package_is_offered():
    assert colorlab.__version__
    assert set(teaching.__all__) >= {"check", "check_environment"}
