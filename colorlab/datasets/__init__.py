"""Sets of photos: where they come from, how they are read, cached and augmented."""

from colorlab.datasets.augment import Augment, develop
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
    "Manifest",
    "PhotoSet",
    "batch",
    "develop",
    "open_photos",
    "open_training",
    "read_manifest",
]
