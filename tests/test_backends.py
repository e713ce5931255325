"""The same weights say the same on TensorFlow and on JAX."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from colorlab import checkpoints, media, samples, yuv

pytestmark = pytest.mark.keras

PROGRAM = """
import sys
import keras
import numpy as np
from colorlab import checkpoints
assert keras.backend.backend() == sys.argv[1]
p = checkpoints.load().probabilities(np.load(sys.argv[2]))
np.savez(sys.argv[3], **p)
"""


def test_both_backends_give_the_same_probabilities(tmp_path):
    here = keras.backend.backend()
    other = {"tensorflow": "jax", "jax": "tensorflow"}[here]
    china = media.resize(samples.sample("china").rgb, 50, 75)
    y = yuv.luma(china)[None]
    np.save(tmp_path / "y.npy", y)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, other, tmp_path / "y.npy", tmp_path / "p.npz"],
        env={
            **os.environ,
            "KERAS_BACKEND": other,
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    ours = checkpoints.load().probabilities(y)
    with np.load(tmp_path / "p.npz") as theirs:
        for head in "uv":
            assert ours[head].shape == (1, 50, 75, 30)
            assert ours[head].max() > 0.1  # not just two uniform answers
            np.testing.assert_allclose(theirs[head], ours[head], atol=1e-3)
