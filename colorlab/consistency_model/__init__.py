"""The consistency model: colours a film's frame from its luma and the colours of the frame before.

It is built on the features of the frozen color model. There are several kinds of memory
(`colorlab.memories`), one a module: `concat`, the 2016 paper's, joins the features with a
convolution of the context, the chroma of frame t - 1; `guided` moves the context along the motion
and learns where it is right; `recurrent` keeps a state from frame to frame, as the paper wished.
"""

from colorlab.consistency_model.concat import INPUTS, Concat
from colorlab.consistency_model.config import ConsistencyConfig
from colorlab.consistency_model.guided import FOLLOWED, REMEMBERED, SHARE, Guided, move
from colorlab.consistency_model.layers import Agreement, Between, Mixture
from colorlab.consistency_model.memory import STATE, Memory
from colorlab.consistency_model.network import build, inputs
from colorlab.consistency_model.recurrent import Recurrent

__all__ = [
    "FOLLOWED",
    "INPUTS",
    "REMEMBERED",
    "SHARE",
    "STATE",
    "Agreement",
    "Between",
    "Concat",
    "ConsistencyConfig",
    "Guided",
    "Memory",
    "Mixture",
    "Recurrent",
    "build",
    "inputs",
    "move",
]
