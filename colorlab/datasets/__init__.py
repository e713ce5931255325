"""Sets of photos: where they come from, how they are read, cached and augmented."""

from colorlab.datasets.photos import (
    Augment,
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
    "open_photos",
    "open_training",
    "read_manifest",
]
