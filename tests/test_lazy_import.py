"""Starting is quick: what is not needed is not imported (tests/test_house.py checks the rooms)."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from colorlab import cli
from colorlab.cli import common

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("keras", "tensorflow", "jax", "matplotlib", "skimage", "scipy", "IPython")


def started(code):
    """Run code in a new process; return what it put into `found`, and the heavy modules loaded."""
    code = f"""
import json, sys, time
begun = time.process_time()
found = None
{code}
seconds = time.process_time() - begun
loaded = [name for name in {HEAVY!r} if name in sys.modules]
print("\\n" + json.dumps([found, loaded, seconds]))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_import_is_quick_and_starts_nothing():
    _, loaded, seconds = started("import colorlab")
    assert loaded == []
    assert seconds < 0.5


def test_submodules_come_when_they_are_named():
    found, loaded, _ = started(
        "import colorlab\n"
        "before = [name for name in sys.modules if name.startswith('colorlab.')]\n"
        "found = [before, float(colorlab.yuv.U_MAX), 'plots' in dir(colorlab)]"
    )
    assert found == [[], 0.436, True]
    assert loaded == []


@pytest.mark.parametrize("words", ["--help", "--version", "train color --help", "data list"])
def test_what_computes_nothing_starts_no_backend(words):
    _, loaded, seconds = started(
        "from colorlab import cli\n"
        f"try:\n    found = cli.main({words.split()!r})\n"
        "except SystemExit as end:\n    found = end.code\n"
        "assert not found"
    )
    assert loaded == []
    assert seconds < 2


def test_a_missing_photo_is_reported_before_a_backend_starts():
    found, loaded, _ = started("from colorlab import cli\nfound = cli.main(['colorize', 'no.jpg'])")
    assert (found, loaded) == (2, [])


def test_keras_starts_without_what_nobody_needs_and_it_is_there_afterwards():
    found, loaded, _ = started(
        "from colorlab.cli import common\n"
        "common.start_keras()\n"
        f"before = [name for name in ('sklearn', *{HEAVY!r}) if name in sys.modules]\n"
        "import matplotlib.pyplot, sklearn.base\n"
        "found = [before, matplotlib.get_backend(), sklearn.base.BaseEstimator.__name__]"
    )
    before, drawing, class_name = found
    assert "keras" in before
    assert not {"sklearn", "matplotlib"} & set(before)
    assert ("jax" in before) == (common.backend() == "jax")
    assert (drawing.lower(), class_name) == ("agg", "BaseEstimator")
    assert "matplotlib" in loaded


def test_the_backend_is_known_before_keras_starts(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert common.backend() == "jax"
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert common.backend() == "tensorflow"
    settings = tmp_path / "keras.json"
    settings.write_text('{"backend": "jax"}', encoding="utf-8")
    assert common.backend() == "jax"
    settings.write_text("[]", encoding="utf-8")
    assert common.backend() == "tensorflow"


def test_hidden_packages_are_those_that_were_not_there(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with common.hidden("json", "colorsys"):
        assert sys.modules["json"] is json
        with pytest.raises(ImportError):
            importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_yiq(0, 0, 0)[0] == 0


def test_every_command_has_a_help_page(capsys):
    commands = [[name] for name in cli._COMMANDS]
    commands += [["train", "color"], ["evaluate", "color"], ["evaluate", "flow"]]
    commands += [["data", kind] for kind in ("list", "fetch", "render")]
    for words in commands:
        with pytest.raises(SystemExit) as end:
            cli.main([*words, "--help"])
        assert end.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: colorlab {' '.join(words)}")
