"""A training that is killed again and again ends as one that was left alone.

The processes that are killed run on TensorFlow; the test itself touches no Keras, so that it runs
once in `make test`, not once a backend.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from colorlab import files

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs fork and SIGKILL")

ROOT = Path(__file__).resolve().parents[1]
STEPS, EPOCHS, KILLS = 2, 16, 4

# Importing TensorFlow takes longer than all the training here. So it is imported once, by a
# process that forks for each life of the training. It has a single thread then, which makes
# forking safe. A life says the number of each step that it begins.
SERVER = """
import os, sys
import keras
import numpy as np
from colorlab import training
from colorlab.color_model import ColorModelConfig
from colorlab.datasets import Manifest, PhotoSet

def photos(count, seed):
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (count, 1, 1, 3)) + rng.integers(-40, 40, (count, 32, 32, 3))
    return PhotoSet(Manifest("noise", (), (), None, str(seed)), rgb.clip(0, 255).astype("u1"), 0)

def life(out, epochs):
    learn = keras.Model.train_on_batch
    def noted(network, *args, **options):
        say(int(keras.ops.convert_to_numpy(network.optimizer.iterations)))
        return learn(network, *args, **options)
    keras.Model.train_on_batch = noted
    config = ColorModelConfig(n=4, taps=(1,), widths=(4,), context=0, dropout=0.1)
    settings = training.Settings(
        epochs=epochs, batch_size=2, crop=16, average=0.9, precision="float32", seed=1
    )
    training.train_color(photos(5, 0), photos(3, 1), out, config, settings, progress=False)

def say(word):
    os.write(1, f"{word}\\n".encode())

for line in sys.stdin:
    assert len(os.listdir("/proc/self/task")) == 1
    child = os.fork()
    if not child:
        status = 1
        try:
            life(line.strip(), int(sys.argv[1]))
            status = 0
        finally:
            os._exit(status)
    say(child)
    say(f"ended {os.waitpid(child, 0)[1]}")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The process that forks; what it and its children complain of comes with a failure."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"}
    environment |= {
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(EPOCHS)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        yield process
        process.stdin.close()


class Life:
    """One process of the training, from its start to its end."""

    def __init__(self, server, out):
        self.server, self.begun, self.status = server, [], None
        print(out, file=server.stdin)
        self.pid = int(server.stdout.readline())

    def step(self):
        """Wait until a step begins, or the process ends; return the step's number or None."""
        line = self.server.stdout.readline().strip()
        if line.startswith("ended"):
            self.status = int(line.split()[1])
            return None
        self.begun.append(int(line))
        return self.begun[-1]

    def end(self):
        """Wait for the process; return the number of the last step that it began."""
        while self.status is None:
            self.step()
        return self.begun[-1]


def state(out):
    arrays = files.read_arrays(out / "state.npz")
    return json.loads(str(arrays.pop("facts"))), arrays


def finished_steps(out):
    """How many steps the state of a run holds; 0 where there is none yet."""
    if not (out / "state.npz").exists():
        return 0
    facts, _ = state(out)
    return facts["epoch"] * STEPS + facts["step"]


def rows_but_for_seconds(out):
    lines = [line.split(",") for line in (out / "history.csv").read_text().splitlines()]
    place = lines[0].index("seconds")
    return [line[:place] + line[place + 1 :] for line in lines]


def test_killed_four_times_it_ends_as_if_it_had_not_been(server, tmp_path):
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    Life(server, alone).end()
    assert finished_steps(alone) == STEPS * EPOCHS

    chance = np.random.default_rng(5)
    for _ in range(KILLS):
        life = Life(server, killed)
        before = finished_steps(killed)
        clock = []
        for _ in range(chance.integers(3, 7)):
            assert life.step() is not None
            clock.append(time.monotonic())
        assert life.begun[0] == before  # it goes on where the state says
        time.sleep(2 * chance.random() * np.diff(clock)[1:].min())
        os.kill(life.pid, signal.SIGKILL)
        last = life.end()
        assert life.status == signal.SIGKILL
        # All steps before the last one begun are kept; that one may be lost.
        assert last <= finished_steps(killed) <= last + 1
        if (killed / "best" / "card.json").exists():
            wanted = files.read_json(killed / "best" / "card.json")["weights"]["sha256"]
            assert wanted in {files.sha256(path) for path in (killed / "best").glob("w*.npz")}
        if (killed / "history.csv").exists():
            begun = rows_but_for_seconds(killed)
            assert begun == rows_but_for_seconds(alone)[: len(begun)]
    life = Life(server, killed)
    life.end()
    assert life.status == 0

    assert sorted(p.relative_to(killed) for p in killed.rglob("*")) == sorted(
        p.relative_to(alone) for p in alone.rglob("*")
    )
    assert rows_but_for_seconds(killed) == rows_but_for_seconds(alone)
    for name in ("state.npz", "best/weights.npz"):
        arrays, wanted = files.read_arrays(killed / name), files.read_arrays(alone / name)
        assert arrays.keys() == wanted.keys()
        arrays.pop("facts", None)
        for key, array in arrays.items():
            np.testing.assert_allclose(array, wanted[key], rtol=0, atol=1e-6, err_msg=key)
