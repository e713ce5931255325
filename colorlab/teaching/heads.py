"""The two heads of a color model, trained anew in seconds: what more or fewer bins do to a model.

All below the heads stays as it is, and what it makes of a few pictures is computed once. Left to
learn is, for each axis, one softmax of sums of those features: a convex problem, so that every
number of bins ends where it must, wherever it began. NumPy is quick enough for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from colorlab import bins, devices, media, metrics, yuv
from colorlab.bins import BinGrid
from colorlab.checkpoints import ColorModel
from colorlab.decode import Decoder, softmax
from colorlab.errors import InputError

STEPS = 120
"""Steps of a training where nothing else is said."""

_AT_ONCE = 7  # pictures
_BATCH = 2048
_RATE = 0.02
_DECAY = 0.9, 0.999  # of Adam's two running means


@dataclass(frozen=True)
class Seen:
    """Pictures, and what the layers below a color model's heads make of them.

    Attributes
    ----------
    rgb : numpy.ndarray of uint8, (N, H, W, 3)
        The pictures.
    features : numpy.ndarray of float32, (N, h, w, C)
        What the heads read.
    uv : numpy.ndarray of float32, (N, h, w, 2)
        True chroma, mean over the pixels that a position of the heads stands for.
    """

    rgb: NDArray[np.uint8]
    features: NDArray[np.float32]
    uv: NDArray[np.float32]


@dataclass(frozen=True)
class Heads:
    """Two heads: for each axis a softmax of weighted sums of the features.

    Attributes
    ----------
    grid : BinGrid
        The bins.
    weights : numpy.ndarray of float32, (C, 2 n)
        First those of U, then those of V.
    bias : numpy.ndarray of float32, (2 n,)
        Likewise.
    """

    grid: BinGrid
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how likely each bin is.

        Parameters
        ----------
        features : numpy.ndarray of float32, (..., C)
            Scaled as those that the heads were trained on.

        Returns
        -------
        numpy.ndarray of float32, (..., 2, n)
            Of U and of V; each row sums to 1.
        """
        logits = features @ self.weights + self.bias
        return softmax(logits.reshape(*logits.shape[:-1], 2, self.grid.n))


@dataclass(frozen=True)
class Outcome:
    """Heads that were trained, and how they do on pictures that they have not seen.

    Attributes
    ----------
    n : int
        Bins for each axis.
    loss, prior_loss : float
        Nats a position of the heads, U and V added up: theirs, and that of the training pictures'
        histogram.
    accuracy, majority : tuple of float
        Share of positions in the right bin, U and V: theirs, and that of the fullest bin.
    psnr, ceiling, grey : float
        Decibels, mean over the pictures: coloured by the mean over the bins; true chroma rounded to
        the bins' centres; without chroma.
    colourfulness : float
        Mean colourfulness as a share of the truth's.
    pictures, rounded : numpy.ndarray of uint8, (N, H, W, 3)
        The pictures as coloured, and with their own chroma rounded to the bins' centres.
    seconds : float
        What the training took.
    """

    n: int
    loss: float
    prior_loss: float
    accuracy: tuple[float, float]
    majority: tuple[float, float]
    psnr: float
    ceiling: float
    grey: float
    colourfulness: float
    pictures: NDArray[np.uint8]
    rounded: NDArray[np.uint8]
    seconds: float

    @property
    def saved(self) -> float:
        """Nats that looking at the picture saves: the prior's loss minus the heads'."""
        return self.prior_loss - self.loss


def see(model: ColorModel, rgb: NDArray[np.uint8]) -> Seen:
    """Let the layers below a color model's heads look at pictures.

    Parameters
    ----------
    model : ColorModel
        From `colorlab.checkpoints.load`.
    rgb : numpy.ndarray of uint8, (N, H, W, 3)
        Pictures whose sides are multiples of 16.

    Returns
    -------
    Seen
        What they make of them.

    Raises
    ------
    InputError
        When a side is no multiple of 16.
    """
    count, height, width, _ = rgb.shape
    if height % 16 or width % 16:
        raise InputError(f"sides must be multiples of 16; received {height} x {width}.")
    y, uv = yuv.rgb_to_yuv(rgb)
    parts = (y[k : k + _AT_ONCE] for k in range(0, count, _AT_ONCE))
    features = np.concatenate([model.extract_features(part)[0] for part in parts])
    s = model.config.stride
    blocks = uv.reshape(count, height // s, s, width // s, s, 2)
    return Seen(rgb, features, blocks.mean(axis=(2, 4)))


def fit(
    features: NDArray[np.float32],
    uv: NDArray[np.float32],
    n: int,
    steps: int = STEPS,
    report: Callable[[float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Heads | None:
    """Train two heads: softmax regression by Adam on random positions, iterates averaged.

    Parameters
    ----------
    features : numpy.ndarray of float32, (P, C)
        At P positions; each of mean 0 and deviation 1.
    uv : numpy.ndarray of float32, (P, 2)
        True chroma there.
    n : int
        Bins per axis; even ones are aligned on an edge, odd ones on a centre.
    steps : int
        How many, 1 or more; the last half is averaged.
    report : callable, optional
        Is told after each step what share of them is done.
    stop : callable, optional
        Asked before each step; a true answer ends the training.

    Returns
    -------
    Heads or None
        The same for the same arguments; None where the training was stopped.
    """
    grid = BinGrid.of(n)
    labels = grid.encode(uv)
    rng = np.random.default_rng(0)
    start = np.log(smoothed_prior(labels, n)).astype(np.float32).reshape(2 * n)
    x = np.zeros((features.shape[1] + 1, 2 * n), np.float32)  # weights, and the bias below them
    x[-1] = start
    mean, square, average = (np.zeros_like(x) for _ in range(3))
    for step in range(1, steps + 1):
        if stop is not None and stop():
            return None
        chosen = rng.integers(len(features), size=min(_BATCH, len(features)))
        seen, truth = features[chosen], labels[chosen]
        error = Heads(grid, x[:-1], x[-1]).probabilities(seen)
        error -= truth[..., None] == np.arange(n)  # the loss's gradient by the logits
        flat = error.reshape(len(seen), 2 * n) / np.float32(len(seen))
        gradient = np.concatenate([seen.T @ flat, flat.sum(axis=0, keepdims=True)])
        mean = _DECAY[0] * mean + (1 - _DECAY[0]) * gradient
        square = _DECAY[1] * square + (1 - _DECAY[1]) * np.square(gradient)
        unbiased = mean / (1 - _DECAY[0] ** step)
        x = x - _RATE * unbiased / (np.sqrt(square / (1 - _DECAY[1] ** step)) + 1e-8)
        average += x * (step > steps // 2)
        if report is not None:
            report(step / steps)
    average /= steps - steps // 2
    return Heads(grid, average[:-1].astype(np.float32), average[-1].astype(np.float32))


def smoothed_prior(labels: NDArray[np.integer], n: int) -> NDArray[np.float64]:
    """Return the share of each bin, with one more in each, so that none is impossible.

    Parameters
    ----------
    labels : numpy.ndarray of int, (..., 2)
        Bins of U and V.
    n : int
        Bins per axis.

    Returns
    -------
    numpy.ndarray of float64, (2, n)
        Each row sums to 1.
    """
    counted = bins.count(labels, n) + 1
    shares: NDArray[np.float64] = counted / counted.sum(axis=1, keepdims=True)
    return shares


class HeadLesson:
    """A color model whose heads are trained anew for any number of bins; outcomes are kept.

    Parameters
    ----------
    model : ColorModel
        From `colorlab.checkpoints.load`; only what lies below its heads is used.
    training, test : numpy.ndarray of uint8, (N, H, W, 3)
        What the heads learn from, and what they are judged on; sides are multiples of 16.
    steps : int
        Of each training.

    Attributes
    ----------
    training, test : Seen
        The pictures and their features, each of mean 0 and deviation 1 over the training pictures.
    device : str
        What computed the features.
    outcomes : dict
        Number of bins to `Outcome`, in the order in which they were asked for.
    """

    def __init__(
        self,
        model: ColorModel,
        training: NDArray[np.uint8],
        test: NDArray[np.uint8],
        steps: int = STEPS,
    ) -> None:
        learnt, judged = see(model, training), see(model, test)
        mean = learnt.features.mean(axis=(0, 1, 2))
        spread = learnt.features.std(axis=(0, 1, 2)) + np.float32(1e-6)
        self.training = Seen(learnt.rgb, (learnt.features - mean) / spread, learnt.uv)
        self.test = Seen(judged.rgb, (judged.features - mean) / spread, judged.uv)
        self.steps = steps
        self.device = devices.names()[0]
        self.outcomes: dict[int, Outcome] = {}
        self._one_at_a_time = threading.Lock()

    def outcome(
        self,
        n: int,
        report: Callable[[float], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Outcome | None:
        """Return how heads with so many bins do; train them first if that was not asked before.

        Parameters
        ----------
        n : int
            Bins per axis, 2 to 1000.
        report, stop : callable, optional
            As for `fit`.

        Returns
        -------
        Outcome or None
            None where the training was stopped.
        """
        with self._one_at_a_time:
            if n not in self.outcomes:
                began = time.perf_counter()
                positions = self.training.features.shape[-1]
                heads = fit(
                    self.training.features.reshape(-1, positions),
                    self.training.uv.reshape(-1, 2),
                    n,
                    self.steps,
                    report,
                    stop,
                )
                if heads is None:
                    return None
                self.outcomes[n] = self._judge(heads, time.perf_counter() - began)
            return self.outcomes[n]

    def _judge(self, heads: Heads, seconds: float) -> Outcome:
        grid, rgb = heads.grid, self.test.rgb
        prior = smoothed_prior(grid.encode(self.training.uv), grid.n)
        labels = grid.encode(self.test.uv)
        guessed = heads.probabilities(self.test.features)
        chosen = np.take_along_axis(guessed, labels[..., None], axis=-1)[..., 0]
        expected = np.take_along_axis(prior.T, labels.reshape(-1, 2), axis=0)
        y, uv = yuv.rgb_to_yuv(rgb)
        chroma = Decoder("mean").chroma(guessed[..., 0, :], guessed[..., 1, :], grid)
        height, width = rgb.shape[1:3]
        colored = np.stack(
            [
                yuv.yuv_to_rgb(a, media.resize(b, height, width))
                for a, b in zip(y, chroma, strict=True)
            ]
        )
        rounded = yuv.yuv_to_rgb(y, grid.quantise(uv))
        truth = rgb.astype(np.float32) / np.float32(255)
        right = (guessed.argmax(axis=-1) == labels).mean(axis=(0, 1, 2))
        most = (prior.argmax(axis=-1) == labels).mean(axis=(0, 1, 2))
        return Outcome(
            n=grid.n,
            loss=float(-np.log(np.maximum(chosen, 1e-12)).sum(axis=-1).mean()),
            prior_loss=float(-np.log(expected).sum(axis=-1).mean()),
            accuracy=(float(right[0]), float(right[1])),
            majority=(float(most[0]), float(most[1])),
            psnr=_psnr(truth, colored),
            ceiling=_psnr(truth, rounded),
            grey=_psnr(truth, np.repeat(y, 3, axis=-1)),
            colourfulness=_colourfulness(colored) / _colourfulness(truth),
            pictures=yuv.to_uint8(colored),
            rounded=yuv.to_uint8(rounded),
            seconds=seconds,
        )


def _psnr(truth: NDArray[np.float32], pictures: NDArray[np.float32]) -> float:
    return float(np.mean([metrics.psnr(a, b) for a, b in zip(truth, pictures, strict=True)]))


def _colourfulness(pictures: NDArray[np.float32]) -> float:
    return float(np.mean([metrics.colourfulness(one) for one in pictures]))
