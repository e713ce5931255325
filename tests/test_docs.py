"""The texts: links lead somewhere, the glossary names what exists, the lesson plan is complete."""

import ast
import re
from pathlib import Path

import av
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
COURSE = sorted((ROOT / "notebooks").glob("*.ipynb"))
ROW = re.compile(r"^\| (.+?) \| (.+?) \| `(\S+)` \| (.+?) \|$", re.M)

TERMS = {
    *("luma", "chroma", "bin", "logits", "backbone", "tap", "hypercolumn", "rollout", "leak"),
    *("teacher forcing", "scheduled sampling", "annealed mean", "temperature", "warp error"),
    *("CDC", "drift", "colourfulness"),
}


def read(path):
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_links_lead_to_files(path):
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", read(path))
    assert [t for t in targets if "://" not in t and not (path.parent / t).exists()] == []


def test_glossary_names_modules_and_notebooks_in_alphabetical_order():
    rows = ROW.findall(read(ROOT / "docs/glossary.md"))
    words = [word for word, *_ in rows]
    assert words == sorted(words, key=str.casefold)
    assert TERMS - set(words) == set()
    for word, meaning, module, notebook in rows:
        path = ROOT / module.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), f"{word}: no {module}"
        assert re.fullmatch(r"–|0[0-8]", notebook), word
        assert len(meaning) < 220, word


def test_every_notebook_is_in_the_plan_and_keeps_to_its_memory():
    text = read(ROOT / "docs/teaching.md")
    gigabytes = float(re.search(r"No notebook needs\s+more than ([\d.]+) GB", text)[1])
    for path in COURSE:
        assert re.search(rf"^\| {path.name[:2]} ", text, re.M), f"{path.name} is not in the plan"
        told = [float(found) for found in re.findall(r"([\d.]+) GB of memory", read(path))]
        assert told and max(told) <= gigabytes, path.name


def test_teachers_commands_are_the_documented_ones():
    text = read(ROOT / "docs/teaching.md")
    for command in re.findall(r"-m colorlab (\w+)|`colorlab\s+(\w+)", text):
        name = "".join(command)
        assert (ROOT / f"colorlab/cli/{name}.py").is_file(), name
    for name in re.findall(r"`teaching\.(\w+)", text):
        package = ast.parse(read(ROOT / "colorlab/teaching/__init__.py"))
        exported = next(n for n in package.body if isinstance(n, ast.Assign))
        assert name in ast.literal_eval(exported.value)
    assert "validate-course:" in read(ROOT / "Makefile")


def test_the_colorer_of_the_page_on_models_tints_a_film(make_film, tmp_path, monkeypatch):
    ramp = np.tile(np.linspace(40, 200, 32, dtype=np.uint8), (24, 1))
    make_film([ramp] * 12, "grey.mp4")
    monkeypatch.chdir(tmp_path)
    program = re.search(r"```python\n(.*?)```", read(ROOT / "docs/adding-a-model.md"), re.S)[1]
    exec(compile(program, "adding-a-model.md", "exec"), {"__name__": "page"})
    with av.open("tinted.mp4") as film:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    assert len(frames) == 12
    warm = [(frame[:, 24:, 0] - frame[:, 24:, 2]).mean() for frame in frames]
    cool = [(frame[:, :8, 2] - frame[:, :8, 0]).mean() for frame in frames]
    for side in (warm, cool):
        assert abs(side[0]) < 2 < 8 < side[-1]
        assert np.all(np.diff(side) > -1)
