"""What runs the tests: .ci/run with stand-ins for make and the installers, and the workflow."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("bash", "dirname", "mktemp", "tee", "grep", "rm", "cat", "chmod", "cp")


@pytest.fixture
def machine(tmp_path):
    """A machine with .ci/run, make and what a test adds; its programs write down their calls."""
    if sys.platform == "win32" or not all(map(shutil.which, TOOLS)):
        pytest.skip(".ci/run needs bash")
    programs, checkout = tmp_path / "bin", tmp_path / "checkout"
    (checkout / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci/run", checkout / ".ci/run")
    programs.mkdir()
    for tool in TOOLS:
        (programs / tool).symlink_to(shutil.which(tool))
    calls = tmp_path / "calls"

    def add(name, does="", folder=programs):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!{programs}/bash\necho "{name} $*" >> {calls}\n{does}\n')
        path.chmod(0o755)

    def start():
        done = subprocess.run(
            [programs / "bash", ".ci/run"],
            cwd=checkout,
            env={"PATH": str(programs), "SECRET": "s3cret"},
            capture_output=True,
            text=True,
        )
        assert "s3cret" not in done.stdout + done.stderr
        return done, calls.read_text().splitlines()

    add("make", 'echo "== 3 passed in 1.00s =="; [ "$CI" = true ]')
    return add, start, checkout


def test_with_a_browser_nothing_is_installed(machine):
    add, start, _ = machine
    add("google-chrome")
    add("apt-get")
    done, calls = start()
    assert calls == ["make test"]
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "== 3 passed in 1.00s =="


def test_root_gets_the_systems_chromium(machine):
    add, start, _ = machine
    programs = "$(dirname $0)"
    add("id", "echo 0")
    add("apt-get", f'[ "$1" != install ] || cp $0 {programs}/chromium')
    _, calls = start()
    assert [call.split()[:2] for call in calls] == [
        *(["id", "-u"], ["apt-get", "update"], ["apt-get", "install"]),
        *(["apt-get", "--version"], ["make", "test"]),  # chromium's stand-in is a copy
    ]
    assert "chromium" in calls[2].split()


@pytest.mark.parametrize("apt", [None, "exit 100", "exit 0"])  # the last installs what does not run
def test_others_get_playwrights(machine, apt):
    add, start, checkout = machine
    add("id", "echo 0" if apt else "echo 1000")
    if apt:
        add("apt-get", apt)
    add("python", folder=checkout / ".venv/bin")
    _, calls = start()
    assert calls[-3:] == ["make setup", "python -m playwright install chromium", "make test"]


def test_failing_tests_fail(machine):
    add, start, _ = machine
    add("chromium")
    add("make", "exit 2")
    assert start()[0].returncode == 2


# --- the workflow for forks --------------------------------------------------------------------


@pytest.fixture(scope="module")
def jobs():
    path = ROOT / ".github/workflows/test.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


def commands(job):
    """The commands of a job, in order."""
    return [step["run"] for step in job["steps"] if "run" in step]


def test_three_systems_run_the_documented_commands(jobs):
    assert {job["runs-on"] for job in jobs.values()} == {
        *("ubuntu-latest", "macos-latest", "windows-latest")
    }
    assert commands(jobs["linux"]) == [".ci/run"]
    assert commands(jobs["macos"]) == ["make test"]


def test_windows_runs_the_readme_and_the_list_of_contributing(jobs):
    run = commands(jobs["windows"])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.search(r"```powershell\n(.*?)```", readme, re.S)[1].split("\n")
    install = [line.strip() for line in listed if line.strip() and not line.endswith("lab lab")]
    assert run[: len(install)] == install
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tests = re.findall(r"`(python -m pytest.*?)`", re.search(r"\| `test` \|.*", contributing)[0])
    assert [line.removeprefix(".venv\\Scripts\\") for line in run[len(install) :]] == [
        line.removesuffix(" --cov") for line in tests
    ]


def test_makefile_and_contributing_run_the_same_tests():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for target in ("test", "validate-course"):
        recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.M)[1]
        wanted = re.findall(r"\$\(PY\) (-m .*)", re.sub(r" --timeout=\d+", "", recipe))
        row = re.search(rf"\| `{target}` \|.*", contributing)[0]
        assert re.findall(r"`python (-m .*?)`", row) == wanted
