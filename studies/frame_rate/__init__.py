"""Whether a lower frame rate keeps the paper's consistency model from copying the frame before.

The paper ends on a guess: at 30 frames a second neighbouring frames are so alike that the model may
learn to copy, and a slightly lower rate could keep films steady while it learns more of how colours
move. Here its model learns at seven rates from pairs of frames whose second frame is the same at
every rate, and is tested at all of them.
"""

from colorlab import film_metrics
from colorlab.strips import learning, measures
from studies import statistics
from studies.film import clips as film_clips
from studies.film import figures
from studies.frame_rate.answer import conclude, summarise
from studies.frame_rate.films import Films, Tested, prepare
from studies.frame_rate.measuring import BASELINES, arms, examine, measure
from studies.frame_rate.protocol import (
    PROTOCOL,
    RATES,
    STRIDES,
    WINDOW,
    Scale,
    name_of,
)
from studies.frame_rate.verdicts import judge

__all__ = [
    "BASELINES",
    "CODE",
    "PROTOCOL",
    "RATES",
    "STRIDES",
    "WINDOW",
    "Films",
    "Scale",
    "Tested",
    "arms",
    "conclude",
    "examine",
    "judge",
    "measure",
    "name_of",
    "prepare",
    "summarise",
]

CODE = (
    *(learning, *learning.LEARNT_BY),
    *(film_clips, figures, measures, film_metrics, statistics),
)
"""The modules whose change makes earlier arms worthless."""
