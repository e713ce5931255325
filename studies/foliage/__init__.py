"""What photos with foliage teach a color model, and what it knows of foliage.

The paper's color model learnt from water photos; for foliage (its Figure 3) the paper asks for
larger data sets that show it. Here the same network learns from water photos alone, and from water
photos with landscapes.
"""

from studies import reactions, reduced
from studies.foliage.answer import conclude, judge, summarise
from studies.foliage.measuring import arms, by_region, entropy, measure
from studies.foliage.protocol import DECODER, KINDS, PROTOCOL, THINGS
from studies.foliage.sets import Sets, join, prepare

__all__ = [
    "CODE",
    "DECODER",
    "KINDS",
    "PROTOCOL",
    "THINGS",
    "Sets",
    "arms",
    "by_region",
    "conclude",
    "entropy",
    "join",
    "judge",
    "measure",
    "prepare",
    "summarise",
]

CODE = (reduced, *reduced.CODE, reactions)
"""The modules whose change makes earlier arms worthless."""
