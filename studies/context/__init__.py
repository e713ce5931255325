"""What the consistency model adds to color models of differing strength, and to plain copying.

The paper says that, given an accurate colouring of the frame before, its consistency model corrects
for a weaker color model, and that films improved drastically when it was fed the truth. Here one
training of a color model is stopped after its first, fourth and best epoch; on each of the three a
consistency model learns, and is told the truth, the truth of the first frame, its own colouring, or
nothing. Copying is measured beside it.
"""

from colorlab import film_metrics, metrics
from colorlab.rollout import CONTEXTS
from colorlab.strips import learning, measures
from studies import reduced, statistics
from studies.context.answer import BESIDE, conclude, judge, summarise
from studies.context.colors import train_color
from studies.context.films import Films, prepare
from studies.context.measuring import KEPT, arms, measure, roll
from studies.context.protocol import PROTOCOL, Scale
from studies.film import figures

__all__ = [
    "BESIDE",
    "CODE",
    "CONTEXTS",
    "KEPT",
    "PROTOCOL",
    "Films",
    "Scale",
    "arms",
    "conclude",
    "judge",
    "measure",
    "prepare",
    "roll",
    "summarise",
    "train_color",
]

CODE = (
    *(reduced, *reduced.CODE, learning, *learning.LEARNT_BY),
    *(figures, measures, film_metrics, metrics, statistics),
)
"""The modules whose change makes earlier arms worthless."""
