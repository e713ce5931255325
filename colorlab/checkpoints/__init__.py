"""Models on disk: a folder with ``weights.npz`` (half precision, no backbone) and ``card.json``.

The card holds all that is needed to rebuild and to judge a model. Nothing is pickled. Weights whose
hash differs from the card's, weights of another n, another backbone and a model of the other kind
are refused with one line. A consistency model's card names its color model and the hash of that
one's weights; a color model that does not come with colorlab lies in its folder, in
``color_model/``.
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
from colorlab.checkpoints.tta import PLAIN, Augmentation, in_turn

__all__ = [
    "CARD",
    "DEFAULT",
    "FILM_DEFAULT",
    "INSIDE",
    "PLAIN",
    "WEIGHTS",
    "Augmentation",
    "ColorModel",
    "ConsistencyModel",
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
