"""Training: batches, epochs, checkpoints, and resuming after a kill.

`run` is the engine, which trains a `Task`: a network, a function from epoch and step to a batch,
validation batches, and what makes two runs the same one. `color` makes the task of photos,
`consistency` that of pairs or sequences of frames; `settings` says how. A run writes into one
folder: ``history.csv`` (a row per epoch), ``state.npz`` (weights, optimiser, epoch, step; replaced
atomically after every step) and ``best/``, the model with the lowest validation loss. Random
numbers are drawn from (seed, epoch, step), so a resumed run meets the same pictures and ends, in
float32, with the same weights to 1e-6. Validation and the model that is saved use an exponential
moving average of the weights. Half-resolution heads are compared with the mean chroma of the pixels
they stand for; evaluation is always at full resolution.

With several devices each batch is shared out, on JAX alone; a batch that they do not divide is
filled up with pictures of weight zero. Neither their number nor the time between two checkpoints is
part of a run's identity.
"""

from colorlab.training.color import count_prior, prepare, train_color
from colorlab.training.consistency import Pairs, train_consistency
from colorlab.training.settings import Settings

__all__ = ["Pairs", "Settings", "count_prior", "prepare", "train_color", "train_consistency"]
