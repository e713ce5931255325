"""Training the consistency model: pairs or windows of frames, and what is told of earlier ones.

The color model is frozen, so what it sees in every frame is computed once (`see`) and kept in the
cache in half precision; a step then costs what the consistency model's own layers cost.
"""

from colorlab.training.consistency.learning import train_consistency
from colorlab.training.consistency.own import LEAK
from colorlab.training.consistency.pairs import CONTEXTS, Pairs
from colorlab.training.consistency.seeing import Seen, see

__all__ = ["CONTEXTS", "LEAK", "Pairs", "Seen", "see", "train_consistency"]
