"""What every notebook of the course promises, read from the files: nothing is executed here."""

import ast
import copy
import json
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from colorlab.teaching import course

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
COURSE = sorted(FOLDER.glob("*.ipynb"))
SOLUTIONS = sorted(FOLDER.glob("solutions/*.ipynb"))

SECTIONS = ["What you'll do", "What you'll learn", "What you'll need"]
CLOSING = ["On your own", "Further reading"]
TAGS = {"nbval-check-output", "exercise"}
STACK = {"colorlab", "numpy", "skimage", "matplotlib", "ipywidgets"}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
GOLDEN = "nbval-check-output"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
A_PATH = re.compile(r"(?<![\w:/.<])/(?:[\w.-]+/)+|\b[A-Za-z]:\\|~/|site-packages")
A_WIDGET = re.compile(r"Explorer|CompareOutputs|FilmPlayer|PhotoUpload")
A_NUMBER = re.compile(r"\d+\.\d+|\d+(?= (?:dB|%))")


def read(path):
    """Return a notebook as plain JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def text_of(value):
    """Join what the format keeps either as a string or as a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def cells(notebook, kind):
    """Return the cells of one kind with their position."""
    return [(i, c) for i, c in enumerate(notebook["cells"]) if c["cell_type"] == kind]


def tags(cell):
    """Return a cell's tags."""
    return set(cell["metadata"].get("tags", []))


def printed(cell):
    """Return everything that a code cell shows as text."""
    shown = []
    for output in cell.get("outputs", []):
        shown.append(text_of(output.get("text", "")))
        shown.append(text_of(output.get("data", {}).get("text/plain", "")))
    return "\n".join(shown)


def has_picture(cell):
    """Tell whether a code cell shows a figure or a widget."""
    kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
    return any(kind.startswith("image/") for kind in kinds) or bool(A_WIDGET.search(printed(cell)))


def code_of(cell):
    """Parse a code cell without its magics."""
    lines = text_of(cell["source"]).splitlines()
    return ast.parse("\n".join(line for line in lines if not line.startswith("%")))


# --- every notebook ----------------------------------------------------------------------------


def file_problems(notebook):
    """Return what must not lie in a repository, or would not run again."""
    found = []
    if set(notebook["metadata"]) != {"kernelspec", "language_info"}:
        found.append(f"metadata holds {sorted(notebook['metadata'])}")
    if notebook["metadata"].get("kernelspec") != KERNEL:
        found.append("the kernel is not plain python3")
    if notebook["metadata"].get("language_info") != {"name": "python"}:
        found.append("the language's details are those of one machine")
    code = cells(notebook, "code")
    if [c["execution_count"] for _, c in code] != list(range(1, len(code) + 1)):
        found.append("the cells were not run once from top to bottom")
    for i, cell in enumerate(notebook["cells"]):
        if set(cell["metadata"]) - {"tags"}:
            found.append(f"cell {i} has the metadata {sorted(cell['metadata'])}")
        if tags(cell) - TAGS:
            found.append(f"cell {i} has unknown tags {sorted(tags(cell) - TAGS)}")
    for i, cell in code:
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                found.append(f"cell {i} failed")
            if output.get("name") == "stderr":
                found.append(f"cell {i} shows stderr")
            if WIDGET_VIEW in output.get("data", {}):
                found.append(f"cell {i} refers to a widget that is gone")
        if A_PATH.search(printed(cell)):
            found.append(f"cell {i} shows a path: {A_PATH.search(printed(cell))[0]}")
    return found


def code_problems(notebook):
    """Return where a notebook computes what belongs into the library, or golden cells are frail."""
    found = []
    for i, cell in cells(notebook, "code"):
        source, tree = text_of(cell["source"]), code_of(cell)
        imported = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
            elif isinstance(node, ast.ClassDef | ast.Lambda | ast.Try | ast.While):
                found.append(f"cell {i} holds logic: line {node.lineno}")
            elif isinstance(node, ast.FunctionDef) and "teaching.check(" not in source:
                found.append(f"cell {i} defines {node.name}")
            elif isinstance(node, ast.keyword) and node.arg in ("color", "c", "cmap", "facecolor"):
                if isinstance(node.value, ast.Constant) and node.value.value != "black":
                    found.append(f"cell {i} picks the colour {node.value.value!r} by itself")
        if imported - STACK:
            found.append(f"cell {i} imports {sorted(imported - STACK)}")
        if GOLDEN in tags(cell):
            if imported or "%" in source.split("\n")[0][:1]:
                found.append(f"golden cell {i} imports")
            if has_picture(cell) or not printed(cell).strip():
                found.append(f"golden cell {i} prints nothing comparable")
            if re.search(r"\d\.\d{6,}", printed(cell)):
                found.append(f"golden cell {i} prints unrounded numbers")
            if re.search(r"check_environment|cost\(|COLORLAB_FAST", source):
                found.append(f"golden cell {i} depends on the machine")
    return found


def link_problems(notebook, folder):
    """Return links to files that are not there, or that lie outside the notebooks' folder."""
    found = []
    for i, cell in cells(notebook, "markdown"):
        for target in re.findall(r"\]\(([^)\s]+)\)", text_of(cell["source"])):
            if target.startswith("http"):
                continue
            path = (folder / target).resolve()
            if not path.is_file() or not path.is_relative_to(FOLDER):
                found.append(f"cell {i} links to {target}")
    return found


# --- the course --------------------------------------------------------------------------------


def course_problems(notebook, name):
    """Return what a notebook of the course lacks."""
    found = []
    text = "\n".join(text_of(c["source"]) for _, c in cells(notebook, "markdown"))
    headings = re.findall(r"^## (.*)$", text, re.M)
    if not re.match(rf"# {name[:2]} · \S", text):
        found.append("the title does not start with the notebook's number")
    if headings[:3] != SECTIONS:
        found.append(f"it starts with {headings[:3]}")
    found += [f"no section {title!r}" for title in CLOSING if title not in headings]
    need = text.partition("## What you'll need")[2].partition("\n## ")[0]
    if not re.search(r"\d+ minutes", need) or not re.search(r"two processor cores.* GB", need):
        found.append("it does not say how long it takes, or how much memory")
    if text.count("**colorlab course**") != 2:
        found.append("no navigation at the top and at the bottom")
    made = re.compile(rf"(?:{A_WIDGET.pattern})\(")
    if not any(made.search(text_of(c["source"])) for _, c in cells(notebook, "code")):
        found.append("no widget")
    for i, cell in cells(notebook, "code"):
        if has_picture(cell):
            after = [c for j, c in cells(notebook, "markdown") if j > i]
            if not after or "**What to see.**" not in text_of(after[0]["source"]):
                found.append(f"no words for the picture of cell {i}")
        for node in ast.walk(code_of(cell)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "set":
                if not {"xlabel", "title"} <= {keyword.arg for keyword in node.keywords}:
                    found.append(f"cell {i} has axes without title or label")
    return found + number_problems(notebook) + exercise_problems(notebook, name[:2])


def number_problems(notebook):
    """Return numbers in texts that no cell above prints; formulas, code, introductions aside."""
    found, seen = [], ""
    section = ""
    for i, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            seen += "\n" + printed(cell)
            continue
        text = text_of(cell["source"])
        section = (re.findall(r"^## (.*)$", text, re.M) or [section])[-1]
        if section in (*SECTIONS, "Further reading"):
            continue
        prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)", "", text, flags=re.S)
        prose = re.sub(
            r"^\| Python .*$", "", prose, flags=re.M
        )  # the versions colorlab is made for
        for number in A_NUMBER.findall(prose):
            if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d])", seen):
                found.append(f"cell {i} says {number}, which no cell above prints")
    return found


def exercise_problems(notebook, number):
    """Return exercises that are missing, answered already, or without a check."""
    found = []
    given = [c for _, c in cells(notebook, "code") if "exercise" in tags(c)]
    if not 2 <= len(given) <= 4:
        found.append(f"{len(given)} exercises")
    for k, cell in enumerate(given, 1):
        source = text_of(cell["source"])
        if f'teaching.check("{number}-{k}"' not in source or not re.search(r"\.\.\.(\s|$)", source):
            found.append(f"exercise {k} has no check, or no three dots")
        if f"{number}-{k} not yet" not in printed(cell):
            found.append(f"exercise {k} does not say 'not yet'")
    if f"](solutions/{number}-" not in json.dumps(notebook["cells"]):
        found.append("no link to the solutions")
    return found


@pytest.mark.parametrize("path", [*COURSE, *SOLUTIONS], ids=lambda path: path.stem)
def test_notebook_is_fit_to_be_kept(path):
    notebook = read(path)
    nbformat.validate(nbformat.from_dict(notebook))
    assert path.stat().st_size < 500_000
    assert file_problems(notebook) + code_problems(notebook) == []
    assert link_problems(notebook, path.parent) == []


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_notebook_of_the_course_has_its_parts(path):
    assert course_problems(read(path), path.name) == []


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_solutions_are_right(path):
    solution = read(FOLDER / "solutions" / path.name)
    wanted = [c for _, c in cells(read(path), "code") if "exercise" in tags(c)]
    shown = "\n".join(printed(c) for _, c in cells(solution, "code"))
    assert re.findall(r"^(\S+) (right|not \w+):", shown, re.M) == [
        (f"{path.name[:2]}-{k}", "right") for k in range(1, len(wanted) + 1)
    ]


def test_navigation_leads_through_the_course():
    numbers = [path.name[:2] for path in COURSE]
    assert numbers[0] == "00" and numbers == sorted(set(numbers))
    for earlier, later in pairwise(COURSE):
        assert re.search(rf"next: \[[^\]]*\]\({later.name}\)", json.dumps(read(earlier)["cells"]))
        back = json.dumps(read(later)["cells"], ensure_ascii=False)
        assert re.search(rf"previous: \[[^\]]*\]\({earlier.name}\)", back)


def test_navigation_and_map_are_the_generated_ones():
    notebooks = {path.name: read(path) for path in COURSE}
    linked = copy.deepcopy(notebooks)
    course.link(linked)
    assert [name for name in notebooks if linked[name] != notebooks[name]] == []


def test_map_names_every_notebook():
    start = json.dumps(read(COURSE[0])["cells"], ensure_ascii=False)
    for path in COURSE[1:]:
        assert f"]({path.name})" in start.partition("Map of the course")[2]


# --- the checks themselves ---------------------------------------------------------------------


def doctored(change):
    """Return notebook 01 after a change to it."""
    notebook = copy.deepcopy(read(COURSE[1]))
    change(notebook, [c for _, c in cells(notebook, "code")], cells(notebook, "markdown"))
    return notebook


def say(text, where=0):
    """Return an output that prints a text."""
    return {"output_type": "stream", "name": ["stdout", "stderr"][where], "text": [text]}


FAULTS = {
    "metadata": lambda n, c, m: n["metadata"].update(widgets={}),
    "kernel": lambda n, c, m: n["metadata"]["kernelspec"].update(name="mine"),
    "top to bottom": lambda n, c, m: c[1].update(execution_count=7),
    "unknown tags": lambda n, c, m: c[0]["metadata"].update(tags=["golden"]),
    "stderr": lambda n, c, m: c[0]["outputs"].append(say("oneDNN", 1)),
    "a path": lambda n, c, m: c[0]["outputs"].append(say("/opt/ann/pictures/x.png")),
    "widget that is gone": lambda n, c, m: c[0]["outputs"].append(
        {"output_type": "display_data", "data": {WIDGET_VIEW: {}}, "metadata": {}}
    ),
    "holds logic": lambda n, c, m: c[0].update(source="class Thing: pass"),
    "defines f": lambda n, c, m: c[0].update(source="def f():\n    return 1"),
    "imports": lambda n, c, m: c[0].update(source="import torch"),
    "golden cell": lambda n, c, m: c[1].update(source="import numpy"),
    "by itself": lambda n, c, m: c[0].update(source='ax.plot(x, color="red")'),
    "links to": lambda n, c, m: m[0][1].update(source="[next](99-nothing.ipynb)"),
    "starts with": lambda n, c, m: m[1][1].update(source="## What you'll learn"),
    "no widget": lambda n, c, m: [x.update(source="x") for x in c if "Explorer" in str(x)],
    "no words": lambda n, c, m: [x.update(source="Look.") for _, x in m if "to see" in str(x)],
    "no cell above prints": lambda n, c, m: m[2][1].update(source="## 1. So\n\n41.5 dB."),
    "exercise 1": lambda n, c, m: next(x for x in c if "exercise" in tags(x)).update(outputs=[]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_checks_find_the_fault(fault):
    notebook = doctored(FAULTS[fault])
    found = file_problems(notebook) + code_problems(notebook) + link_problems(notebook, FOLDER)
    found += course_problems(notebook, COURSE[1].name)
    assert [problem for problem in found if fault in problem]
