"""The examples in docstrings run and give what they say."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import colorlab

NAMES = [
    module.name
    for module in pkgutil.walk_packages(colorlab.__path__, "colorlab.")
    if not module.name.startswith(("colorlab.cli", "colorlab.__main__", "colorlab.teaching"))
]


@pytest.mark.parametrize("name", ["colorlab", *NAMES])
def test_examples_run(name):
    module = importlib.import_module(name)
    with np.printoptions(legacy=False):
        failed, _ = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


def test_the_functions_that_everything_rests_on_have_examples():
    for name in ("yuv", "bins.shares", "decode", "media.pixels"):
        finder = doctest.DocTestFinder(exclude_empty=True)
        module = importlib.import_module(f"colorlab.{name}")
        assert len([test for test in finder.find(module) if test.examples]) >= 2
