"""The consistency model: colours a film's frame knowing how the frame before it was coloured.

The frozen color model's last convolution features of frame t are joined with a convolution of the
context, the chroma of frame t - 1; two convolution layers follow, and two binned softmaxes. That is
the 2016 report's model (``memory="concat"``). In the second kind (``memory="guided"``) the logits
are the color model's own, frozen, so that a few films cannot teach it their colours by heart. What
is learnt is when to believe the context: it is moved along the motion between both frames' luma,
and at every pixel it is decided how much the colour found there counts. The third kind
(``memory="recurrent"``) is what the report would rather have used: in the place of the first of its
two convolutions stands a convolutional gated recurrent unit, which keeps what it wants to know of
all frames before.
"""

from colorlab.consistency_model.config import MEMORIES, ConsistencyConfig
from colorlab.consistency_model.context import INPUTS, inputs, move, told
from colorlab.consistency_model.guided import FOLLOWED, REMEMBERED, SHARE, blend, telling
from colorlab.consistency_model.layers import Agreement, Between, Mixture
from colorlab.consistency_model.network import build
from colorlab.consistency_model.recurrent import STATE, begin, unrolled

__all__ = [
    "FOLLOWED",
    "INPUTS",
    "MEMORIES",
    "REMEMBERED",
    "SHARE",
    "STATE",
    "Agreement",
    "Between",
    "ConsistencyConfig",
    "Mixture",
    "begin",
    "blend",
    "build",
    "inputs",
    "move",
    "telling",
    "told",
    "unrolled",
]
