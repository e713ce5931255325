"""Training: batches, epochs, the best epoch kept, and going on after a kill.

`color` says what a color model learns from and writes its card, `run` does the learning and knows
nothing of photos, `settings` says how. A run writes into one folder: ``history.csv`` (a row per
epoch), ``state.npz`` (weights, optimiser, epoch, step: all that continuing needs, replaced
atomically) and ``best/`` (the model with the lowest validation loss, with its card). Chance is
drawn from counters (seed, epoch, step), so that a continued run meets the same pictures as an
uninterrupted one.
"""

from colorlab.training.color import count_prior, prepare, train_color
from colorlab.training.consistency import Pairs, train_consistency
from colorlab.training.settings import Settings

__all__ = ["Pairs", "Settings", "count_prior", "prepare", "train_color", "train_consistency"]
