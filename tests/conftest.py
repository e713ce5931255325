"""What every test starts from: quiet libraries, no screen, nothing outside the checkout."""

import dataclasses
import os
import subprocess
from fractions import Fraction
from pathlib import Path

# Before anything imports a backend. KERAS_BACKEND itself is the caller's choice (see Makefile).
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # two test processes share a GPU
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
os.environ["MPLBACKEND"] = "Agg"
# JAX compiles a small network for longer than the test runs it: compile quickly, and once for all.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
os.environ.setdefault(
    "JAX_COMPILATION_CACHE_DIR", str(Path(__file__).resolve().parents[1] / ".pytest_cache/jax")
)

import numpy as np
import pytest
from hypothesis import settings

# The same examples every time, without a stop-watch: the suite shares two cores.
settings.register_profile("colorlab", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("colorlab")


def pytest_configure(config):
    """Name the mark of the tests in tests/browser."""
    config.addinivalue_line("markers", "browser: starts JupyterLab and Chromium")


@pytest.fixture(scope="session", autouse=True)
def nothing_of_the_user(tmp_path_factory):
    """No test reads or fills the photo sets and caches of the person who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLORLAB_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("COLORLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def rng():
    """Random numbers that are the same in every run."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def model():
    """The packaged default model, loaded once."""
    from colorlab import checkpoints

    return checkpoints.load()


@pytest.fixture(scope="session")
def make_film_model(tmp_path_factory):
    """A function that writes a tiny consistency model, its color model inside; random weights."""
    from colorlab import checkpoints, color_model, consistency_model, vgg

    config = color_model.ColorModelConfig(n=8, taps=(2,), widths=(8,), context=8)
    about = {
        "schema": 1,
        "n": config.n,
        "align": config.align,
        "decode": {"method": "annealed", "temperature": 0.5},
        "working_size": 32,
        "working_height": 24,
        "prior": [[0.05, 0.05, 0.1, 0.1, 0.4, 0.2, 0.05, 0.05]] * 2,
        "backbone": vgg.describe(config.backbone),
    }

    def make(memory="guided", seed=0):
        folder = tmp_path_factory.mktemp("film-models") / f"tiny-{memory}"
        named = {"name": "tiny-color", "kind": "color", "architecture": config.to_json()}
        card = checkpoints.save(
            folder / checkpoints.INSIDE, color_model.build(config, seed), about | named
        )
        small = consistency_model.ConsistencyConfig(memory, 4, 8)
        network = consistency_model.build(small, config, seed)
        told = {
            "name": folder.name,
            "kind": "consistency",
            "architecture": small.to_json(),
            "color_model": {"name": "tiny-color", "weights_sha256": card["weights"]["sha256"]},
        }
        checkpoints.save(folder, network, about | told)
        return folder

    return make


@pytest.fixture(scope="session")
def tiny_model(make_film_model):
    """A color model of a few layers and random weights, for what any network would do."""
    from colorlab import checkpoints

    return checkpoints.load(make_film_model() / checkpoints.INSIDE)


@pytest.fixture(scope="session")
def small_model(tiny_model):
    """The tiny model with a name and a decoder as the packaged ones have."""
    decode = {"method": "annealed", "temperature": 0.6, "saturation": 1.2}
    return dataclasses.replace(tiny_model, card=tiny_model.card | {"decode": decode})


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 256 kB, which only root can mount."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount the small disk that this test fills")
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this system does not let root mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def make_film(tmp_path):
    """A function that writes a small film, lossless by default, and returns its path."""
    import av

    def audio(container, stream, seconds):
        samples = np.sin(np.arange(int(48000 * seconds)) / 48000 * 2 * np.pi * 440) * 8000
        for start in range(0, len(samples), 1024):
            block = samples[None, start : start + 1024].astype(np.int16)
            frame = av.AudioFrame.from_ndarray(block, "s16", "mono")
            frame.sample_rate, frame.pts = 48000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    def make(
        planes,
        name="film.mp4",
        form="yuv420p",
        rate=Fraction(25),
        ticks=None,
        time_base=None,
        codec="libx264",
        options=None,
        matrix=2,
        full=None,
        chroma=None,
        sound=None,
        rotation=0,
        aspect=None,
        muxer=None,
    ):
        """Write frames whose first plane is given; the others hold `chroma`, else grey."""
        time_base = time_base or 1 / rate
        base = Fraction(1, time_base.denominator)
        path = tmp_path / name
        exact = {"movie_timescale": str(base.denominator)} if path.suffix == ".mp4" else {}
        with av.open(str(path), "w", options=exact | (muxer or {})) as container:
            encoder = {"qp": "0", "preset": "ultrafast"} if codec == "libx264" else {}
            stream = container.add_stream(codec, rate=rate, options=options or encoder)
            context = stream.codec_context
            context.height, context.width = planes[0].shape[:2]
            context.pix_fmt = form
            context.time_base = stream.time_base = base
            context.colorspace, context.color_range = matrix, {None: 0, False: 1, True: 2}[full]
            if aspect:
                context.sample_aspect_ratio = aspect
            if rotation:
                stream.set_display_rotation(rotation)
            track = sound and container.add_stream(sound, rate=48000, layout="mono")
            for index, plane in enumerate(planes):
                if plane.ndim == 3:  # RGB
                    frame = av.VideoFrame.from_ndarray(plane, "rgb24").reformat(format=form)
                else:
                    frame = av.VideoFrame(plane.shape[1], plane.shape[0], form)
                    greys = [2 ** (8 * plane.itemsize - 1 - (6 if plane.itemsize == 2 else 0))] * 2
                    for into, values in zip(
                        frame.planes, [plane, *(chroma or greys)], strict=False
                    ):
                        rows = np.frombuffer(into, plane.dtype).reshape(into.height, -1)
                        rows[:, : into.width] = values
                frame.pts = index if ticks is None else ticks[index]
                frame.time_base = time_base
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if sound:
                audio(container, track, len(planes) / rate)
        return path

    return make


class Sunset:
    """A colorer for tests: warm to the right, cool to the left, and it notes what it was told."""

    batch = 3

    def __init__(self):
        self.starts, self.restored, self.seen = [], None, 0

    def shape(self, height, width):
        return min(height, 18), min(width, 32)

    def chroma(self, y, starts):
        self.starts += starts.tolist()
        self.seen += len(y)
        ramp = np.linspace(-0.1, 0.1, y.shape[2], dtype=np.float32)
        return np.broadcast_to(np.stack([-ramp, ramp], -1), (*y.shape[:3], 2)).copy()

    def state(self):
        return {"seen": np.array(self.seen)}

    def restore(self, state):
        self.restored = int(state["seen"])
        self.seen = self.restored

    def settings(self):
        return {"colorer": "sunset"}


@pytest.fixture
def sunset():
    """A colorer that needs no model."""
    return Sunset()
