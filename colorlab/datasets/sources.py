"""The photo sets of the paper: where each is to be had, and what of it is wanted.

None of them may be passed on, so colorlab ships none of their photos; `fetch` downloads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Archive:
    """One file to download.

    Attributes
    ----------
    file : str
        Its name in the folder `archives`.
    url : str or None
        Its address; None when it can only be had by hand.
    sha256 : str or None
        Its published hash. None when none is known: then the hash of the first download is
        recorded and later ones must equal it.
    """

    file: str
    url: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class RemoteSet:
    """A set that `fetch` knows.

    Attributes
    ----------
    title : str
        One line for a person.
    page : str
        Where the makers describe it and state its terms.
    archives : tuple of Archive
        The places to have it from, best first; one is enough.
    source_of : callable
        Maps the path of a photo in the archive to its source, or to None when it is not wanted.
    """

    title: str
    page: str
    archives: tuple[Archive, ...]
    source_of: Callable[[str], str | None]


def _cvcl_source(wanted: frozenset[str], path: str) -> str | None:
    """MIT's files are named category_rest.jpg."""
    category = PurePosixPath(path).name.split("_")[0].lower()
    return f"cvcl_{category}" if category in wanted else None


def _sun_source(path: str) -> str | None:
    """SUN397's files lie in SUN397/INITIAL/CATEGORY[/KIND]/."""
    for category in _SUN_WATER:
        if f"/{category[0]}/{category}/" in f"/{path}":
            return "sun397_" + category.replace("/", "_")
    return None


def _mcgill_source(path: str) -> str | None:
    """McGill's folders are its categories."""
    return f"mcgill_{_plain(PurePosixPath(path).parent.name)}".rstrip("_")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower())


_SUN_WATER = (
    *("bayou", "beach", "canal/natural", "coast", "creek", "harbor", "islet", "lake/natural"),
    *("marsh", "ocean", "pond", "river", "sandbar", "sea_cliff", "swamp", "waterfall/block"),
    *("waterfall/fan", "waterfall/plunge", "wave"),
)

# The eight categories in one archive, and the addresses of single ones seen in public scripts.
_CVCL_ALL = Archive(
    "spatial_envelope_256x256_static_8outdoorcategories.zip",
    "https://people.csail.mit.edu/torralba/code/spatialenvelope/"
    "spatial_envelope_256x256_static_8outdoorcategories.zip",
)
_CVCL_PAGE = "https://people.csail.mit.edu/torralba/code/spatialenvelope/"
_CVCL_CATEGORIES = {
    # name in a set's name: (prefix of the files, file on cvcl.mit.edu)
    "coast": ("coast", "coast.zip"),
    "forest": ("forest", "forest.zip"),
    "highway": ("highway", "highway.zip"),
    "inside-city": ("insidecity", "inside_city.zip"),
    "mountain": ("mountain", "mountain.zip"),
    "open-country": ("opencountry", "opencountry.zip"),
    "street": ("street", "street.zip"),
    "tall-building": ("tallbuilding", None),
}


def _cvcl_set(category: str, prefix: str, file: str | None) -> RemoteSet:
    single = Archive(file, f"http://cvcl.mit.edu/scenedatabase/{file}") if file else None
    return RemoteSet(
        title=f"MIT CVCL outdoor scenes (Oliva and Torralba 2001): {category.replace('-', ' ')}",
        page=_CVCL_PAGE,
        archives=(_CVCL_ALL, single) if single else (_CVCL_ALL,),
        source_of=partial(_cvcl_source, frozenset({prefix})),
    )


REGISTRY: dict[str, RemoteSet] = {
    "cvcl": RemoteSet(
        title="MIT CVCL outdoor scenes (Oliva and Torralba 2001): all eight categories",
        page=_CVCL_PAGE,
        archives=(_CVCL_ALL,),
        source_of=partial(_cvcl_source, frozenset(p for p, _ in _CVCL_CATEGORIES.values())),
    ),
    **{f"cvcl-{name}": _cvcl_set(name, *entry) for name, entry in _CVCL_CATEGORIES.items()},
    "sun397-water": RemoteSet(
        title="SUN397 (Xiao et al. 2010): its water categories; the download is 39 GB",
        page="https://vision.princeton.edu/projects/2010/SUN/",
        archives=(
            Archive(
                "SUN397.tar.gz",
                "https://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz",
                # as TensorFlow Datasets publishes it
                "f404130965a7ad77bed5ececc71e720ab50f3cc1e1bb257257610d38f3b928ec",
            ),
        ),
        source_of=_sun_source,
    ),
    "mcgill": RemoteSet(
        title="McGill Calibrated Colour Image Database (Olmos and Kingdom 2004): by hand only",
        page="http://tabby.vision.mcgill.ca/html/browsedownload.html",
        archives=(Archive("mcgill.zip"),),
        source_of=_mcgill_source,
    ),
}
"""The sets that can be fetched, by name."""
