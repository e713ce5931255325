"""Starting is quick: what is not needed is not imported (tests/test_house.py checks the rooms)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from colorlab import cli

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


def test_every_command_has_a_help_page(capsys):
    commands = [[name] for name in cli._COMMANDS]
    commands += [["train", "color"], ["evaluate", "color"]]
    commands += [["data", kind] for kind in ("list", "fetch", "render")]
    for words in commands:
        with pytest.raises(SystemExit) as end:
            cli.main([*words, "--help"])
        assert end.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: colorlab {' '.join(words)}")
