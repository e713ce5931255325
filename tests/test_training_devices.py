"""Two devices that share every batch learn what one device learns.

The devices are two virtual ones that JAX makes of the processor, in a process of their own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from colorlab import files
from colorlab.cli import main

ROOT = Path(__file__).resolve().parents[1]

PROGRAM = """
import json, sys
from pathlib import Path
import jax
import keras
import numpy as np
from colorlab import training
from colorlab.color_model import ColorModelConfig
from colorlab.datasets import Manifest, PhotoSet

def photos(count, seed):
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (count, 1, 1, 3)) + rng.integers(-40, 40, (count, 32, 32, 3))
    return PhotoSet(Manifest("noise", (), (), None, str(seed)), rgb.clip(0, 255).astype("u1"), 0)

def learn(name, devices):
    config = ColorModelConfig(n=4, taps=(1, 2), widths=(4, 6), context=4, dropout=0.2)
    settings = training.Settings(
        epochs=2, batch_size=3, average=0.5, precision="float32", seed=1, devices=devices
    )
    try:
        training.train_color(
            photos(9, 0), photos(5, 1), out / name, config, settings, progress=False
        )
    except KeyboardInterrupt:
        pass

out = Path(sys.argv[1])
distribute, seen = jax.make_array_from_process_local_data, []

def noted(sharding, data, *args):
    array = distribute(sharding, data, *args)
    if data is None:  # a batch without weights
        return array
    shards = [[str(s.device), s.data.shape[0]] for s in array.addressable_shards]
    seen.append([list(data.shape), shards])
    return array

train, steps, limit = keras.Model.train_on_batch, [], 6

def counted(network, *args, **options):
    if len(steps) == limit:
        raise KeyboardInterrupt
    logs = train(network, *args, **options)
    steps.append(logs["loss"])
    return logs

keras.Model.train_on_batch = counted
learn("one", 1)
alone = list(steps)
jax.make_array_from_process_local_data = noted
steps.clear()
learn("two", 2)
shared = list(steps)

steps.clear()
limit = 4  # one epoch and a step
learn("moved", 2)
limit = 6
learn("moved", 1)
moved = steps
json.dump({"alone": alone, "shared": shared, "moved": moved, "seen": seen}, sys.stdout)
"""


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """What the program found, and the folder of its runs."""
    out = tmp_path_factory.mktemp("devices")
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2"
    environment = {"PYTHONPATH": str(ROOT), "KERAS_BACKEND": "jax", "XLA_FLAGS": flags}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, out],
        env={**os.environ, **environment, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), out


def test_every_batch_lies_on_both_devices(learnt):
    found, _ = learnt
    pictures = [(shape, shards) for shape, shards in found["seen"] if shape[1:] == [32, 32, 1]]
    assert len(pictures) >= 2 * (3 + 2)
    for shape, shards in found["seen"]:
        assert shape[0] in (2, 4)  # batches of 3 and of 2 photos
        assert len({device for device, _ in shards}) == 2
        assert [count for _, count in shards] == [shape[0] // 2] * 2
    assert {shape[0] for shape, _ in pictures} == {2, 4}


def test_every_step_loses_what_it_does_on_one_device(learnt):
    found, _ = learnt
    assert len(found["alone"]) == 6
    for way in ("shared", "moved"):
        np.testing.assert_allclose(found[way], found["alone"], rtol=0, atol=1e-4)
    assert np.ptp(found["alone"]) > 0.01  # it does learn


@pytest.mark.parametrize("name", ["two", "moved"])
def test_the_weights_end_as_on_one_device(name, learnt):
    _, out = learnt
    arrays, wanted = (files.read_arrays(out / n / "state.npz") for n in (name, "one"))
    facts, wanted_facts = (json.loads(str(a.pop("facts"))) for a in (arrays, wanted))
    assert facts["identity"] == wanted_facts["identity"]
    for row, other in zip(facts["history"], wanted_facts["history"], strict=True):
        for key in set(row) - {"seconds"}:
            assert row[key] == pytest.approx(other[key], abs=1e-4), key
    for key, array in arrays.items():
        np.testing.assert_allclose(array, wanted[key], rtol=1e-3, atol=1e-4, err_msg=key)


@pytest.mark.keras
def test_the_command_line_refuses_devices_that_are_not_there(tmp_path, capsys):
    count = 2 if keras.backend.backend() == "tensorflow" else 64
    words = ("train", "color", "--photos", tmp_path / "p", "--out", tmp_path / "run")
    assert main([*map(str, words), "--devices", str(count)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    if keras.backend.backend() == "tensorflow":
        assert "needs the JAX backend, the backend is tensorflow; set KERAS_BACKEND=jax" in line
    else:
        assert "64 devices were asked for and there are" in line
    assert not (tmp_path / "run").exists()
