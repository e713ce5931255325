"""The real photos that installed packages carry."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from colorlab import media, samples
from colorlab.errors import InputError


def test_all_photos_are_there():
    photos = samples.samples()
    assert len(photos) >= 6
    assert tuple(photo.name for photo in photos) == samples.NAMES
    for photo in photos:
        assert photo.rgb.dtype == np.uint8
        assert photo.rgb.ndim == 3 and photo.rgb.shape[2] == 3 and min(photo.rgb.shape[:2]) >= 256
        assert photo.credit and photo.note
        assert not media.is_grey(photo.rgb)


def test_only_the_palace_stands_at_the_water():
    assert [photo.name for photo in samples.samples() if photo.shows_water] == ["china"]


def test_each_call_gives_a_fresh_array():
    samples.sample("cat").rgb[:] = 0
    assert samples.sample("cat").rgb.any()


def test_unknown_name():
    with pytest.raises(InputError, match=r"'dog'.*choose one of china"):
        samples.sample("dog")


def test_missing_file(monkeypatch):
    monkeypatch.setattr(samples.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="is missing"):
        samples.sample("cat")


def test_none_of_the_packages_is_imported():
    code = (
        "import sys; from colorlab import samples; samples.samples();"
        "heavy = ('sklearn', 'skimage', 'matplotlib', 'tensorflow');"
        "sys.exit(any(name in sys.modules for name in heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
