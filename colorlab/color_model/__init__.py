"""The color model: luma in, a softmax over U bins and one over V bins out, for every pixel.

VGG-16 sees the grey picture; the last activation of each chosen block is batch-normalised,
projected and *added* to what comes up from the block above it (the residual connections of the
paper, after R. Dahl, "Automatic colorization", 2016). The known luma and the predicted chroma are
put together outside the model, see `colorlab.colorize`.
"""

from colorlab.color_model.config import ColorModelConfig, config_from_json
from colorlab.color_model.layers import CropLike, Enlarge, Normalise, PadToMultiple
from colorlab.color_model.network import (
    BACKBONE,
    FEATURES,
    FILLER,
    at_head_resolution,
    build,
    build_on_taps,
    count_parameters,
    flatten_heads,
    own_variables,
)

__all__ = [
    "BACKBONE",
    "FEATURES",
    "FILLER",
    "ColorModelConfig",
    "CropLike",
    "Enlarge",
    "Normalise",
    "PadToMultiple",
    "at_head_resolution",
    "build",
    "build_on_taps",
    "config_from_json",
    "count_parameters",
    "flatten_heads",
    "own_variables",
]
