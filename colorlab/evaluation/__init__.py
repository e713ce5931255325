"""Measuring models beside their baselines, and the rule that chooses by what was measured."""

from colorlab.evaluation.color import aggregate, evaluate_color, picture_metrics, sample
from colorlab.evaluation.film import count_transitions, evaluate_film
from colorlab.evaluation.film_entries import entries, working_height
from colorlab.evaluation.film_tuning import choose_memory, tune_memory
from colorlab.evaluation.flow import compare_flows
from colorlab.evaluation.sheet import Sheet, Shown, Strip
from colorlab.evaluation.tuning import (
    RULE,
    SATURATIONS,
    TRIED,
    candidates,
    choose,
    decoder_curve,
    score,
    trials,
    tune_decoder,
)

__all__ = [
    "RULE",
    "SATURATIONS",
    "TRIED",
    "Sheet",
    "Shown",
    "Strip",
    "aggregate",
    "candidates",
    "choose",
    "choose_memory",
    "compare_flows",
    "count_transitions",
    "decoder_curve",
    "entries",
    "evaluate_color",
    "evaluate_film",
    "picture_metrics",
    "sample",
    "score",
    "trials",
    "tune_decoder",
    "tune_memory",
    "working_height",
]
