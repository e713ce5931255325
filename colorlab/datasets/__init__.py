"""Sets of photos and clips: where they come from, how they are read, cached and augmented."""

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
