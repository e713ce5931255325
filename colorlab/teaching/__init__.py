"""What the notebooks need beside the library: checks of the environment and of exercises.

Nothing here knows how to colour. It looks whether everything is in place and tells a learner what
is off in an answer. `python -m colorlab.teaching NOTEBOOK…` tidies notebooks that were just run.
"""

from .environment import check_environment, cost, examine_environment
from .exercises import check, judge
from .tidy import tidy

__all__ = ["check", "check_environment", "cost", "examine_environment", "judge", "tidy"]
