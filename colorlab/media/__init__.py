"""Pictures in files: photos here, films in `films` and `film_writer`.

What concerns photos is at hand as ``media.read_photo`` and so on. The modules for films are
imported by name (``from colorlab.media import films``), since they load the film libraries.
"""

from colorlab.media.folders import (
    FILM_SUFFIXES,
    PHOTO_SUFFIXES,
    is_pattern,
    list_photos,
    list_pictures,
)
from colorlab.media.photo_writer import write_photo
from colorlab.media.photos import MAX_PIXELS, Photo, read_photo
from colorlab.media.pixels import enlarge_chroma, is_grey, resize, working_shape

__all__ = [
    "FILM_SUFFIXES",
    "MAX_PIXELS",
    "PHOTO_SUFFIXES",
    "Photo",
    "enlarge_chroma",
    "is_grey",
    "is_pattern",
    "list_photos",
    "list_pictures",
    "read_photo",
    "resize",
    "working_shape",
    "write_photo",
]
