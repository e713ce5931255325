"""The color model: luma in, a softmax over U bins and one over V bins out, for every pixel.

The backbone's input is the grey picture. Top down, each tap, the last activation of a block, goes
through a 1 × 1 convolution and batch normalisation, is added to the enlarged layer above (the
residual connections of the paper, after R. Dahl, "Automatic colorization", 2016), and passes a
3 × 3 convolution. The global mean of the topmost tap is added at the top. The network is fully
convolutional and takes any size from 1 × 1: pictures are padded inside and cropped back. With
block 2 as the lowest tap the heads work at half resolution, and logits are enlarged bilinearly.
Heads are float32. The known luma and the predicted chroma are put together outside the model, see
`colorlab.colorize`.
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
