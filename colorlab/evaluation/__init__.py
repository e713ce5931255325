"""Measuring models beside their baselines, and the rule that chooses by what was measured."""

from colorlab.evaluation.color import aggregate, evaluate_color, picture_metrics, sample
from colorlab.evaluation.flow import compare_flows
from colorlab.evaluation.sheet import Sheet, Shown
from colorlab.evaluation.tuning import (
    RULE,
    TEMPERATURES,
    candidates,
    choose,
    decoder_curve,
    score,
    tune_decoder,
)

__all__ = [
    "RULE",
    "TEMPERATURES",
    "Sheet",
    "Shown",
    "aggregate",
    "candidates",
    "choose",
    "compare_flows",
    "decoder_curve",
    "evaluate_color",
    "picture_metrics",
    "sample",
    "score",
    "tune_decoder",
]
