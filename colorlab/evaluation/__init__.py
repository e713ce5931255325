"""Measuring models beside their baselines, and the rule that chooses by what was measured."""

from colorlab.evaluation.baselines import LookupTable, fit_baselines
from colorlab.evaluation.color import (
    aggregate,
    evaluate_color,
    picture_metrics,
    sample,
    without_photos,
    write_photos,
)
from colorlab.evaluation.film import count_transitions, evaluate_film
from colorlab.evaluation.film_entries import entries, working_height
from colorlab.evaluation.film_tuning import choose_memory, tune_memory
from colorlab.evaluation.flow import compare_flows
from colorlab.evaluation.sheet import Sheet, Shown, Strip, decoder_words
from colorlab.evaluation.tuning import (
    RULE,
    SATURATIONS,
    TRIED,
    choose,
    decoder_curve,
    trials,
    tune_decoder,
)

__all__ = [
    "RULE",
    "SATURATIONS",
    "TRIED",
    "LookupTable",
    "Sheet",
    "Shown",
    "Strip",
    "aggregate",
    "choose",
    "choose_memory",
    "compare_flows",
    "count_transitions",
    "decoder_curve",
    "decoder_words",
    "entries",
    "evaluate_color",
    "evaluate_film",
    "fit_baselines",
    "picture_metrics",
    "sample",
    "trials",
    "tune_decoder",
    "tune_memory",
    "without_photos",
    "working_height",
    "write_photos",
]
