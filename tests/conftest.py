"""What every test starts from: quiet libraries, no screen, nothing outside the checkout."""

import dataclasses
import os

# Before anything imports a backend. KERAS_BACKEND itself is the caller's choice (see Makefile).
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # two test processes share a GPU
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
os.environ["MPLBACKEND"] = "Agg"

import numpy as np
import pytest
from hypothesis import settings

# The same examples every time, without a stop-watch: the suite shares two cores.
settings.register_profile("colorlab", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("colorlab")


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
def small_model(model):
    """The same model looking at about 32 × 32 pixels, so that colouring takes milliseconds."""
    return dataclasses.replace(model, card={**model.card, "working_size": 32})
