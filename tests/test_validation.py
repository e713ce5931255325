"""What makes a notebook valid: its cells run, and its widgets can be moved."""

import os
import re
import subprocess
import sys
from pathlib import Path

import ipywidgets
import numpy as np
import pytest

from colorlab import teaching
from colorlab.widgets import Explorer

ROOT = Path(__file__).resolve().parents[1]
NBVAL = ["-p", "tests.nbval_widgets", "-p", "no:cacheprovider", "--nbval-lax"]


@pytest.fixture(autouse=True)
def no_other_widgets():
    """No widget of another test."""
    ipywidgets.Widget.close_all()
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture(scope="module")
def outcomes():
    """What becomes of the probes' cells, run as `make validate-course` runs the notebooks."""
    command = [sys.executable, "-m", "pytest", *NBVAL, "--nbval-current-env", "-rA", "--color=no"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "tests/probes"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stdout  # one of the two fails
    found = re.findall(r"^(PASSED|FAILED) \S+/([\w-]+)\.ipynb::([\w ]+)", done.stdout, re.M)
    return {(notebook, cell.strip()): outcome for outcome, notebook, cell in found}


def test_a_healthy_notebook_passes(outcomes):
    cells = {
        cell: outcome for (name, cell), outcome in outcomes.items() if name == "healthy-widget"
    }
    assert cells == {"Cell 0": "PASSED", "Cell 1": "PASSED", "Widgets": "PASSED"}


def test_a_notebook_whose_widgets_fail_does_not_pass(outcomes):
    cells = {
        cell: outcome for (name, cell), outcome in outcomes.items() if name == "failing-widget"
    }
    assert cells == {"Cell 0": "PASSED", "Cell 1": "PASSED", "Widgets": "FAILED"}


def test_controls_are_moved_to_both_ends_and_back():
    controls = {
        ipywidgets.IntSlider(3, 1, 9): [1, 9, 3],
        ipywidgets.FloatLogSlider(10, base=10, min=0, max=2): [1, 100, 10],
        ipywidgets.SelectionSlider(options=[4, 8, 16], value=8): [4, 16, 8],
        ipywidgets.Dropdown(options=["a", "b"], value="b"): ["a", "b"],
        ipywidgets.Checkbox(True): [False, True],
        ipywidgets.Play(5, 0, 7): [0, 7, 5],
        ipywidgets.Text("words"): [],
    }
    seen = {control: [] for control in controls}
    for control in controls:
        control.observe(lambda change: seen[change.owner].append(change.new), names="value")
    teaching.check_widgets()
    assert seen == controls


def test_what_is_computed_in_the_background_is_waited_for():
    class Slow(Explorer):
        waited = 0

        def draw(self):
            return np.zeros((1, 1, 3), np.uint8), ""

        def wait(self):
            self.waited += 1
            if self.controls[0].value == 9:
                self.errors.append(ValueError("late"))

    widget = Slow([ipywidgets.IntSlider(3, 1, 9)], "nothing")
    with pytest.raises(AssertionError, match="Slow: ValueError: late"):
        teaching.check_widgets()
    assert widget.waited == 3


def test_every_error_is_named():
    def fail(change):
        raise KeyError(change.new)

    blank = Explorer([ipywidgets.IntSlider(description="n")], "nothing")
    blank.controls[0].unobserve_all()
    ipywidgets.Checkbox(description="tick").observe(fail, names="value")
    with pytest.raises(AssertionError) as error:
        teaching.check_widgets()
    told = str(error.value).splitlines()[1:]
    assert told == ["tick at True: KeyError: True", "tick at False: KeyError: False"] + [
        line for line in told if line.startswith("Explorer: NotImplementedError")
    ]
    assert len(told) == 3
