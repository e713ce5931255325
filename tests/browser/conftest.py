"""A real JupyterLab in a real browser: what a learner does with mouse and keyboard.

A test asks for a notebook, runs it and touches its widgets:

    notebook = open_notebook("02-colour-as-bins")
    notebook.run()
    widget = notebook.widget("BinExplorer")
    widget.press("bins n", "ArrowRight")
    assert "dB" in widget.says("n = 31")

Chromium or a relative of it is taken from the PATH, else Playwright's own, else an installed Chrome
or Edge. Where there is none the tests are skipped; with the variable CI set they fail.
"""

import io
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
}
PATIENCE, LONG = 120_000, 300_000  # milliseconds: for the page, for a cell

# Cells outside the window are not in the page, so what ran is asked of JupyterLab itself.
RAN = """index => {
    const cell = jupyterapp.shell.currentWidget.content.widgets[index];
    return cell.model.type !== 'code' || cell.model.executionCount !== null;
}"""
OUTPUTS = "() => jupyterapp.shell.currentWidget.content.widgets.map(c => c.model.toJSON())"
READY = """() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status
    === 'idle' && document.querySelector('.jp-Notebook .jp-Cell') !== null"""
TOO_WIDE = """() => [
    document.documentElement,
    ...document.querySelectorAll('.jp-Notebook, .jp-RenderedHTMLCommon, .jp-OutputArea-output'),
].filter(one => one.scrollWidth > one.clientWidth + 2)
 .map(one => `${one.innerText.slice(0, 60)}: ${one.scrollWidth} > ${one.clientWidth}`)"""

WATCH = """cell => {
    window.seen = new Set();
    const look = () => {
        const image = cell.querySelector('.widget-html img');
        seen.add(image?.complete && image.naturalWidth ? image.offsetHeight : 0);
        requestAnimationFrame(look);
    };
    look();
}"""


def give_up(reason):
    """Skip, or fail where everything must be there."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def browser():
    """A browser without a window."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        give_up("Playwright is not installed: make setup")
    on_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    ways = [{"executable_path": on_path}] if on_path else []
    ways += [{}, {"channel": "chrome"}, {"channel": "msedge"}]
    arguments = ["--disable-gpu", "--disable-dev-shm-usage"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's own does not start as root
    with sync_playwright() as playwright:
        for way in ways:
            try:
                started = playwright.chromium.launch(args=arguments, **way)
            except Error:
                continue
            yield started
            started.close()
            return
    give_up("no Chromium, Chrome or Edge starts: python -m playwright install chromium")


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of a JupyterLab that serves a copy of the notebooks, without their outputs."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    folder.mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
        nbformat.write(notebook, folder / path.name)
    for name, settings in SETTINGS.items():
        target = home / "config/lab/user-settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(settings), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {
        **os.environ,
        **{"PYTHONPATH": path, "JUPYTER_TOKEN": token, "COLORLAB_FAST": "1"},
        **{f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "RUNTIME")},
    }
    environment.pop("MPLBACKEND")  # a learner's kernel chooses its own
    command = [
        *(sys.executable, "-m", "jupyterlab", str(folder), "--no-browser", "--allow-root"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1"),
        "--LabApp.expose_app_in_browser=True",
    ]
    with (home / "log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for_server(f"{address}/api/status?token={token}", server, home / "log")
        yield f"{address}/lab/workspaces/NAME/tree/NAME.ipynb?token={token}"  # nothing else is open
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def wait_for_server(address, server, log):
    """Return when the server answers; fail with its log when it ends or takes too long."""
    last = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < last and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


class Notebook:
    """A notebook that is open in the browser."""

    def __init__(self, page, cells):
        self.page, self.cells = page, cells

    def run(self):
        """Run cell after cell with Shift+Enter; nothing may fail, warn or overflow the page."""
        self.page.locator(".jp-Notebook .jp-Cell").first.click(position={"x": 5, "y": 5})
        wide = set()
        for index in range(len(self.cells)):
            self.page.keyboard.press("Shift+Enter")
            self.page.wait_for_function(RAN, arg=index, timeout=LONG)
            wide |= set(self.page.evaluate(TOO_WIDE))
        assert wide == set()
        for cell in self.page.evaluate(OUTPUTS)[: len(self.cells)]:
            for output in cell.get("outputs", []):
                assert output["output_type"] != "error", output
                assert output.get("name") != "stderr", output

    def widget(self, name):
        """Return the widget that the first cell with `NAME(` in its code shows."""
        index = next(i for i, c in enumerate(self.cells) if f"{name}(" in c.source)
        self.page.evaluate("i => jupyterapp.shell.currentWidget.content.scrollToItem(i)", index)
        return Widget(self.page, self.page.locator(f".jp-Cell[data-windowed-list-index='{index}']"))

    def too_wide(self):
        """Return what is wider than its place in the page."""
        return self.page.evaluate(TOO_WIDE)


class Widget:
    """An `Explorer` in a notebook: its controls by their labels, its picture, its sentence."""

    def __init__(self, page, cell):
        self.page, self.cell = page, cell
        self.image = cell.locator(".widget-html img")
        self.message = cell.locator("[role=status]")
        self._controls = cell.locator(".widget-hslider, .widget-dropdown")
        self.image.scroll_into_view_if_needed(timeout=PATIENCE)

    def control(self, label):
        """Return a control by its label."""
        named = self.page.locator(f".widget-label:text-is('{label}')")
        return self._controls.filter(has=named)

    def says(self, part):
        """Wait until the sentence below the picture holds a text; return all of it."""
        from playwright.sync_api import expect

        expect(self.message).to_contain_text(part, timeout=PATIENCE)
        return self.message.inner_text()

    def picture(self):
        """Return the picture as the browser shows it, uint8 (H, W, 3)."""
        self.image.scroll_into_view_if_needed()
        box = self.image.bounding_box()
        # Chromium draws pictures from whole pixels on; a clip of broken ones takes in a neighbour.
        place = {"x": round(box["x"]), "y": round(box["y"])}
        size = {"width": round(box["width"]), "height": round(box["height"])}
        shown = Image.open(io.BytesIO(self.page.screenshot(clip=place | size)))
        return np.asarray(shown.convert("RGB"))

    def watch(self):
        """Look at the picture before every frame that the browser draws from now on."""
        self.cell.evaluate(WATCH)

    def seen(self):
        """Return the heights that the picture has had since; 0 where none was to be seen."""
        return self.page.evaluate("() => [...seen]")

    def value(self, label):
        """Return where a slider stands."""
        return float(self._handle(label).get_attribute("aria-valuenow"))

    def press(self, label, *keys):
        """Focus a slider and press keys."""
        self._handle(label).focus()
        for key in keys:
            self.page.keyboard.press(key)

    def drag(self, label, share):
        """Take a slider's knob with the mouse and let it go at a share of its way."""
        track = self.control(label).locator(".noUi-base").bounding_box()
        knob = self._handle(label).bounding_box()
        self.page.mouse.move(knob["x"] + knob["width"] / 2, knob["y"] + knob["height"] / 2)
        self.page.mouse.down()
        self.page.mouse.move(
            track["x"] + share * track["width"], track["y"] + track["height"] / 2, steps=8
        )
        self.page.mouse.up()

    def play(self):
        """Click the button that starts and stops a player."""
        self.cell.locator(".widget-play button").first.click()

    def choose(self, label, option):
        """Choose an entry of a drop-down list."""
        self.control(label).locator("select").select_option(label=option)

    def _handle(self, label):
        return self.control(label).locator(".noUi-handle")


@pytest.fixture
def open_notebook(browser, lab, tmp_path):
    """A function that opens a notebook by its name without `.ipynb`."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    abroad = []
    context.route(
        re.compile(r"^(?!http://127\.0\.0\.1:)\w+://"),
        lambda route: (abroad.append(route.request.url), route.abort()),
    )
    page = context.new_page()

    def open_one(name):
        page.goto(lab.replace("NAME", name))
        page.wait_for_function(READY)
        source = nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4)
        return Notebook(page, source.cells)

    yield open_one
    page.screenshot(path=tmp_path / "page.png")
    print(f"the page at the end: {tmp_path / 'page.png'}")
    page.evaluate("() => jupyterapp.shell.currentWidget?.sessionContext?.shutdown()")
    context.close()
    assert abroad == []  # the course runs without a network
