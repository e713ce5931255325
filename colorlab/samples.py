"""Real photos that are on every machine where colorlab is installed.

They come with three packages that colorlab needs, so nothing is downloaded and colorlab itself
ships nobody's photos. scikit-image carries everyday test pictures, Matplotlib a portrait;
scikit-learn, installed for these two files alone, carries a flower and a palace above a lake. The
files are read from the packages' folders without importing them.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from colorlab.errors import InputError


@dataclass(frozen=True)
class Sample:
    """A real photo with what must be said of it.

    Attributes
    ----------
    name : str
        One word, as `sample` takes it.
    rgb : ndarray of uint8, (H, W, 3)
        The photo.
    shows_water : bool
        Whether it shows water, as all photos do that `color-water-n30` learnt from.
    note : str
        What there is to see, and what is hard about its colours.
    credit : str
        Maker and licence, as the package that carries the photo states them.
    """

    name: str
    rgb: NDArray[np.uint8]
    shows_water: bool
    note: str
    credit: str


@dataclass(frozen=True)
class _Entry:
    package: str
    file: str
    shows_water: bool
    note: str
    credit: str


_ENTRIES = {
    "china": _Entry(
        "sklearn",
        "datasets/images/china.jpg",
        True,
        "A palace tower above a lake, trees and a hazy sky. Only the paint of the tower is hard to "
        "guess.",
        "danielbuechele on Flickr, CC BY 2.0 (scikit-learn's china.jpg)",
    ),
    "rocket": _Entry(
        "skimage",
        "data/rocket.jpg",
        False,
        "A rocket between lightning towers at dusk: most of the picture is sky.",
        "SpaceX, public domain (scikit-image's rocket.jpg)",
    ),
    "flower": _Entry(
        "sklearn",
        "datasets/images/flower.jpg",
        False,
        "An orange dahlia before dark leaves: leaves are green, a flower may have any colour.",
        "vultilion on Flickr, CC BY 2.0 (scikit-learn's flower.jpg)",
    ),
    "cat": _Entry(
        "skimage",
        "data/chelsea.png",
        False,
        "The face of a tabby cat: fur comes in few colours.",
        "Stefan van der Walt, CC0 (scikit-image's chelsea.png)",
    ),
    "coffee": _Entry(
        "skimage",
        "data/coffee.png",
        False,
        "A red cup of coffee on a wooden table: wood is brown, a cup may have any colour.",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar, CC0 (scikit-image's coffee.png)",
    ),
    "astronaut": _Entry(
        "skimage",
        "data/astronaut.png",
        False,
        "Eileen Collins in an orange suit before a flag: skin is easy, suit and flag are not.",
        "NASA, public domain (scikit-image's astronaut.png)",
    ),
    "motorcycle": _Entry(
        "skimage",
        "data/motorcycle_left.png",
        False,
        "A red motorcycle in a workshop: paint and tools may have any colour.",
        "N. Nesic, P. Westling, X. Wang, Y. Kitajima, G. Krathwohl and D. Scharstein, Middlebury "
        "College, 2014 stereo benchmark; no licence stated (scikit-image's motorcycle_left.png)",
    ),
    "hopper": _Entry(
        "matplotlib",
        "mpl-data/sample_data/grace_hopper.jpg",
        False,
        "Grace Hopper in a dark uniform before a flag and a blue wall: the wall could be grey.",
        "James S. Davis, US Navy, public domain (Matplotlib's grace_hopper.jpg)",
    ),
}

NAMES = tuple(_ENTRIES)
"""The names of the photos, the one that shows water first."""


def sample(name: str) -> Sample:
    """Return one real photo.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    Sample
        The photo with its credit.

    Raises
    ------
    InputError
        When there is no photo of that name, or the package that carries it lacks the file.
    """
    entry = _ENTRIES.get(name)
    if entry is None:
        raise InputError(f"there is no sample photo {name!r}; choose one of {', '.join(NAMES)}.")
    with Image.open(_locate(entry)) as image:
        rgb = np.array(image.convert("RGB"))
    return Sample(name, rgb, entry.shows_water, entry.note, entry.credit)


def samples() -> list[Sample]:
    """Return all real photos.

    Returns
    -------
    list of Sample
        In the order of `NAMES`.

    Raises
    ------
    InputError
        When a package that carries a photo lacks the file.
    """
    return [sample(name) for name in NAMES]


def _locate(entry: _Entry) -> Path:
    """Find a package's file; finding a top-level package does not import it."""
    spec = importlib.util.find_spec(entry.package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder, entry.file)
        if path.is_file():
            return path
    raise InputError(
        f"the sample photo {entry.file} of the package {entry.package} is missing; "
        "install colorlab's dependencies again."
    )
