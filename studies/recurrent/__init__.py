"""Three kinds of memory at equal cost: concatenation, concatenation after warping, a ConvGRU.

The paper joins what the color model sees in a frame with the chroma of the frame before, and names
recurrent convolutions as what it would rather have used, had it had the means. Here a convolutional
gated recurrent unit takes the place of the first convolution behind the concatenation.
"""

from colorlab import film_metrics, metrics
from colorlab.strips import learning, measures
from studies import statistics
from studies.film import effort, figures, windows
from studies.recurrent.answer import compare, conclude, judge, summarise
from studies.recurrent.films import Films, prepare
from studies.recurrent.measuring import arms, kinds, measure, weigh
from studies.recurrent.protocol import CONTEXTS, PROTOCOL, Scale

__all__ = [
    "CODE",
    "CONTEXTS",
    "PROTOCOL",
    "Films",
    "Scale",
    "arms",
    "compare",
    "conclude",
    "judge",
    "kinds",
    "measure",
    "prepare",
    "summarise",
    "weigh",
]

CODE = (
    *(windows, *windows.LEARNT_BY, learning, *learning.LEARNT_BY),
    *(effort, figures, measures, film_metrics, metrics, statistics),
)
"""The modules whose change makes earlier arms worthless."""
