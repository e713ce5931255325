"""What the notebooks need beside the library: checks of the environment and of exercises, results.

Nothing here colours. It checks that everything is in place and tells a learner what is off in an
answer. `python -m colorlab.teaching NOTEBOOK…` tidies notebooks that were just run and links them
to each other.
"""

from .controls import check_widgets
from .environment import check_environment, cost, effort, examine_environment
from .exercises import check, judge
from .results import card, history, results
from .tidy import tidy

__all__ = [
    "card",
    "check",
    "check_environment",
    "check_widgets",
    "cost",
    "effort",
    "examine_environment",
    "history",
    "judge",
    "results",
    "tidy",
]
