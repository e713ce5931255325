"""Sets of photos and clips: where they come from, how they are read, cached and augmented.

A photo set is a folder and a CSV of the same name beside it (file, source, split, width, height,
group). Cards and results hold a set's name and hash, never a path. Photos are decoded once into a
memory-mapped cache; grey ones are left out and counted. A clip set is the same with films; clips of
one source stay on one side of a split. A film, a folder of films or a folder of folders of frames
will do, too.
"""

from colorlab.datasets.augment import Augment, develop
from colorlab.datasets.clips import Clip, ClipSet, coasts, join, open_clips
from colorlab.datasets.photos import (
    Manifest,
    PhotoSet,
    batch,
    open_photos,
    open_training,
    read_manifest,
)

__all__ = [
    "Augment",
    "Clip",
    "ClipSet",
    "Manifest",
    "PhotoSet",
    "batch",
    "coasts",
    "develop",
    "join",
    "open_clips",
    "open_photos",
    "open_training",
    "read_manifest",
]
