"""Models on disk: a folder with ``weights.npz`` (half precision, no backbone) and ``card.json``.

The card says everything needed to rebuild and to judge a model; loading checks the weights' hash
and the backbone's, or the color model's. Nothing is pickled.
"""

from colorlab.checkpoints.color import (
    ColorModel,
    chroma_of,
    copy_weights,
    load,
)
from colorlab.checkpoints.consistency import (
    FILM_DEFAULT,
    INSIDE,
    ConsistencyModel,
    completed_color_model,
    keep_color_model,
    load_consistency,
)
from colorlab.checkpoints.store import (
    CARD,
    DEFAULT,
    WEIGHTS,
    folder_of_models,
    kind_of,
    list_models,
    locate,
    read_card,
    save,
    versions,
)
from colorlab.checkpoints.views import PLAIN, View, in_turn

__all__ = [
    "CARD",
    "DEFAULT",
    "FILM_DEFAULT",
    "INSIDE",
    "PLAIN",
    "WEIGHTS",
    "ColorModel",
    "ConsistencyModel",
    "View",
    "chroma_of",
    "completed_color_model",
    "copy_weights",
    "folder_of_models",
    "in_turn",
    "keep_color_model",
    "kind_of",
    "list_models",
    "load",
    "load_consistency",
    "locate",
    "read_card",
    "save",
    "versions",
]
