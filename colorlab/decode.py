"""From probabilities over bins to colours: one value, `Decoder`, and one registry, `METHODS`.

A color model gives two distributions a pixel, one over the bins of U and one over those of V. A
`Decoder` makes one colour of them: a method, a temperature that sharpens the distributions first,
and a saturation that multiplies the chroma.

>>> from colorlab.bins import BinGrid
>>> import numpy as np
>>> p = np.array([0.1, 0.6, 0.2, 0.1])
>>> Decoder("argmax").chroma(p, p, BinGrid(4))
array([-0.109  , -0.15375], dtype=float32)

Another method is a function and a line in `METHODS`; the command line, cards, evaluation, tuning
and widgets read their choices there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import yuv
from colorlab.bins import BinGrid
from colorlab.errors import InputError

Float = NDArray[np.float32]

LUMA_LEVELS = 64
"""Steps of luma for which `joint` and `mode` tabulate the RGB gamut."""

MAX_JOINT_BINS = 128
"""Largest n of `joint` and `mode`, whose tables have n² entries a step of luma."""

_SUBCELLS = 4
_WINDOWS = 30
_COLDEST = 1e-4
_HOTTEST = 1e30
_TINY = float(np.finfo(np.float32).tiny)
_FAINT = 1e-25
_AT_ONCE = 2048


class Method(NamedTuple):
    """A way from two distributions to a colour.

    Attributes
    ----------
    chroma : callable
        Takes ``(u, v, grid, y, temperature)``: log-probabilities (..., n) float32, up to a constant
        a pixel and -inf where impossible; the bins; luma (..., 1) float32 or None; the temperature.
        Returns chroma (..., 2) float32, before saturation.
    temperatures : tuple of float
        What tuning tries; empty for a method that has no temperature.
    """

    chroma: Callable[[Float, Float, BinGrid, Float | None, float], Float]
    temperatures: tuple[float, ...] = ()


@dataclass(frozen=True)
class Decoder:
    """How probabilities over bins become a colour.

    Parameters
    ----------
    method : str
        A name in `METHODS`. ``"argmax"``: the centre of each axis' likeliest bin; vivid, blotchy.
        ``"mean"``: the expectation; smooth, drab. ``"annealed"``: the expectation under
        softmax(log p / T), in between [1]_. ``"joint"``: the annealed mean over pairs of bins, of
        which only those count that some RGB colour of the pixel's luma has. ``"mode"``: the
        neighbourhood of the likeliest such pair, so that two hues never mix.
    temperature : float
        T above 0 of ``"annealed"`` and ``"joint"``; the others ignore it. T = 1 is the mean, T
        towards 0 the likeliest bin (below 1e-4 float32 cannot tell the two apart).
    saturation : float
        Factor above 0 on the chroma.

    Raises
    ------
    InputError
        If the method is unknown, or a number is not finite and above 0.

    References
    ----------
    .. [1] Zhang, Isola, Efros: Colorful Image Colorization, ECCV 2016, section 2.3 (T = 0.38
       there, for 313 joint bins).
    """

    method: str
    temperature: float = 1.0
    saturation: float = 1.0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError(
                f"decode must be one of {', '.join(METHODS)}; received {self.method!r}."
            )
        for name in ("temperature", "saturation"):
            value = getattr(self, name)
            if not isinstance(value, Real) or not 0 < float(value) < np.inf:
                raise InputError(f"{name} must be a finite number above 0; received {value!r}.")

    def __str__(self) -> str:
        words = [self.method]
        if METHODS[self.method].temperatures:
            words.append(f"T = {self.temperature:g}")
        if self.saturation != 1:
            words.append(f"saturation {self.saturation:g}")
        return ", ".join(words)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Decoder:
        """Read what a card keeps under ``decode``.

        Parameters
        ----------
        fields : mapping
            ``method``, ``temperature``, and ``saturation`` (1 if there is none); more is ignored.

        Returns
        -------
        Decoder
            Checked.
        """
        saturation = fields.get("saturation", 1.0)
        return cls(fields["method"], fields["temperature"], saturation)

    def to_json(self) -> dict[str, Any]:
        """Return what a card keeps: ``method``, ``temperature`` and ``saturation``."""
        return {
            "method": self.method,
            "temperature": float(self.temperature),
            "saturation": float(self.saturation),
        }

    def describe(self) -> dict[str, Any]:
        """Return what results keep: ``decode``, ``temperature`` (None without) and the rest."""
        tempered = bool(METHODS[self.method].temperatures)
        return {
            "decode": self.method,
            "temperature": float(self.temperature) if tempered else None,
            "saturation": float(self.saturation),
        }

    def chroma(
        self, pu: ArrayLike, pv: ArrayLike, grid: BinGrid, y: ArrayLike | None = None
    ) -> Float:
        """Turn probabilities into chroma.

        Parameters
        ----------
        pu, pv : array_like of float, shape (..., n)
            Probabilities over the U bins and over the V bins. They need not sum to 1.
        grid : BinGrid
            The bins.
        y : array_like of float, shape (..., 1), optional
            Luma in [0, 1]; ``"joint"`` and ``"mode"`` need it.

        Returns
        -------
        ndarray of float32, shape (..., 2)
            U and V, not yet fitted to the gamut. Where all probabilities are 0, neutral grey
            (except by ``"argmax"``, which takes the first bin).

        Raises
        ------
        InputError
            If shapes do not fit, or luma is missing.
        """
        with np.errstate(divide="ignore"):
            u, v = (np.log(np.asarray(p, np.float32)) for p in (pu, pv))
        return self.chroma_of_logits(u, v, grid, y)

    def chroma_of_logits(
        self, u: ArrayLike, v: ArrayLike, grid: BinGrid, y: ArrayLike | None = None
    ) -> Float:
        """Turn logits into chroma, without the detour over probabilities.

        Parameters
        ----------
        u, v : array_like of float, shape (..., n)
            Logits or log-probabilities over the U bins and over the V bins.
        grid, y
            As for `chroma`.

        Returns
        -------
        ndarray of float32, shape (..., 2)
            As for `chroma`.

        Raises
        ------
        InputError
            As for `chroma`.
        """
        u, v = np.asarray(u, np.float32), np.asarray(v, np.float32)
        for logits in (u, v):
            if logits.ndim < 1 or logits.shape[-1] != grid.n:
                raise InputError(
                    f"Probabilities need the grid's {grid.n} bins on the last axis; "
                    f"received shape {logits.shape}."
                )
        if y is not None:
            y = np.asarray(y, np.float32)
            if y.shape != (*u.shape[:-1], 1):
                raise InputError(
                    f"Luma needs the shape {(*u.shape[:-1], 1)} of the probabilities' pixels; "
                    f"received {y.shape}."
                )
        chroma = METHODS[self.method].chroma(u, v, grid, y, float(self.temperature))
        return np.float32(self.saturation) * chroma


def resolve(
    wanted: Decoder | str | None, own: Decoder, temperature: float | None = None
) -> Decoder:
    """Return the decoder that a caller means, given a model's own.

    Parameters
    ----------
    wanted : Decoder, str or None
        None is the model's own, and so is its method's name; another name is that method with a
        temperature and a saturation of 1.
    own : Decoder
        Of the model's card.
    temperature : float, optional
        Replaces the temperature; everything else stays.

    Returns
    -------
    Decoder
        Checked.

    Examples
    --------
    >>> print(resolve("annealed", Decoder("annealed", 0.4, 1.2)))
    annealed, T = 0.4, saturation 1.2
    >>> print(resolve("joint", Decoder("annealed", 0.4, 1.2), temperature=0.5))
    joint, T = 0.5
    """
    if isinstance(wanted, str):
        wanted = own if wanted == own.method else Decoder(wanted)
    found = own if wanted is None else wanted
    if temperature is None:
        return found
    return Decoder(found.method, temperature, found.saturation)


# ------------------------------------------------------------------------------- each axis alone


def softmax(logits: ArrayLike, temperature: float = 1.0) -> Float:
    """Return the softmax of logits / T over the last axis, float32, overflow-safe.

    Parameters
    ----------
    logits : array_like, shape (..., n)
        Logits in nats; -inf has probability 0.
    temperature : float
        T above 0.

    Returns
    -------
    ndarray of float32, shape (..., n)
        Probabilities; all 0 where all logits are -inf.
    """
    weights = _weigh(logits, temperature)
    weights /= _total(weights)[..., None]
    return weights


def _weigh(logits: ArrayLike, temperature: float = 1.0) -> Float:
    """Return exp(logits / T), scaled so that the largest is 1."""
    cooled: Float = np.asarray(logits, np.float32)
    if temperature != 1:
        cooled = cooled / np.float32(np.clip(temperature, _COLDEST, _HOTTEST))
    largest = cooled[..., 0].copy()
    for k in range(1, cooled.shape[-1]):  # NumPy's max over a short last axis takes twice as long
        np.maximum(largest, cooled[..., k], out=largest)
    largest[np.isneginf(largest)] = 0
    return np.exp(cooled - largest[..., None])


def _total(weights: Float) -> Float:
    """Return the sums over the last axis, above 0 so that they can divide."""
    total: Float = np.maximum(np.einsum("...n->...", weights), np.float32(_TINY))
    return total


def argmax(u: Float, v: Float, grid: BinGrid, y: Float | None, temperature: float) -> Float:
    """Take the centre of the likeliest bin of each axis, the first of equals."""
    return grid.from_index(np.stack([u.argmax(axis=-1), v.argmax(axis=-1)], axis=-1))


def mean(u: Float, v: Float, grid: BinGrid, y: Float | None, temperature: float) -> Float:
    """Take the expectation of each axis."""
    return annealed(u, v, grid, y, 1.0)


def annealed(u: Float, v: Float, grid: BinGrid, y: Float | None, temperature: float) -> Float:
    """Take the expectation of each axis under softmax(log p / T)."""
    if temperature < _COLDEST:
        return argmax(u, v, grid, y, temperature)
    heads = (softmax(logits, temperature) for logits in (u, v))
    each = [
        np.einsum("...n,n->...", p, centres) / _total(p)
        for p, centres in zip(heads, grid.centres, strict=True)
    ]
    return np.stack(each, axis=-1)


# --------------------------------------------------------------------------------- both together


def joint(u: Float, v: Float, grid: BinGrid, y: Float | None, temperature: float) -> Float:
    """Take the expectation over pairs of bins under softmax(log p / T).

    A pair's p is p(u) p(v) times the share of its cell of the UV plane that lies inside the RGB
    gamut at the pixel's luma, and its chroma the mean of that part.
    """
    levels = _levels(y, grid, "joint")
    cooling = min(max(temperature, _COLDEST), _HOTTEST)
    pixels = _expect(u.reshape(-1, grid.n), v.reshape(-1, grid.n), levels, grid, cooling)
    return pixels.reshape(*u.shape[:-1], 2)


def mode(u: Float, v: Float, grid: BinGrid, y: Float | None, temperature: float) -> Float:
    """Take the mean around the highest point of the smoothed distribution over pairs of bins.

    Both heads are smoothed by a Gaussian of a thirtieth of the range (one bin if n = 30), cut at
    two of them; pairs are weighed as by `joint`. The mean is of the pairs around the highest, under
    the same Gaussian: one step of mean shift.
    """
    levels = _levels(y, grid, "mode")
    steps = np.arange(grid.n) * _WINDOWS / grid.n
    distance = np.abs(steps[:, None] - steps)
    window = np.where(distance < 2.01, np.exp(-0.5 * np.square(distance)), 0).astype(np.float32)
    smooth = [softmax(logits.reshape(-1, grid.n)) @ window for logits in (u, v)]
    with np.errstate(divide="ignore"):
        logs = [np.log(p) for p in smooth]
        at = _highest(logs[0], logs[1], levels, grid)
        near = [one + np.log(window)[k] for one, k in zip(logs, at, strict=True)]
    return _expect(near[0], near[1], levels, grid, 1.0).reshape(*u.shape[:-1], 2)


METHODS: dict[str, Method] = {
    "argmax": Method(argmax),
    "mean": Method(mean),
    "annealed": Method(annealed, (1.0, 0.6, 0.4, 0.3)),
    "joint": Method(joint, (0.6, 0.4)),
    "mode": Method(mode),
}
"""Every way from two distributions to a colour, by the name that cards and options use."""


def _levels(y: Float | None, grid: BinGrid, method: str) -> NDArray[np.intp]:
    """Return the level of luma of every pixel, (N,)."""
    if y is None:
        raise InputError(f"{method} needs the pixels' luma; give y, or use annealed.")
    if grid.n > MAX_JOINT_BINS:
        raise InputError(
            f"{method} takes at most {MAX_JOINT_BINS} bins per axis; received {grid.n}: "
            "use annealed."
        )
    return np.clip(y.ravel() * LUMA_LEVELS, 0, LUMA_LEVELS - 1).astype(np.intp)


def _by_level(levels: NDArray[np.intp]) -> list[tuple[int, NDArray[np.intp]]]:
    """Return every level that occurs and the pixels that have it."""
    order = np.argsort(levels, kind="stable")
    bounds = np.searchsorted(levels[order], np.arange(LUMA_LEVELS + 1))
    return [
        (k, order[first:last])
        for k, (first, last) in enumerate(itertools.pairwise(bounds))
        if last > first
    ]


@lru_cache(maxsize=4)
def _gamut(grid: BinGrid) -> tuple[Float, Float]:
    """Tabulate which pairs of bins exist at each level of luma.

    Returns
    -------
    share : ndarray of float32, (LUMA_LEVELS, n, n)
        The share of a cell, U first, that lies inside the RGB gamut.
    centre : ndarray of float32, (LUMA_LEVELS, n, n, 2)
        The mean chroma of that part; 0 where there is none.
    """
    n, parts = grid.n, max(_SUBCELLS, -(-64 // grid.n))
    fine = [
        np.linspace(edges[0], edges[-1], 2 * n * parts + 1)[1::2]  # middles of the parts
        for edges in grid.edges
    ]
    uv = np.stack(np.meshgrid(*fine, indexing="ij"), axis=-1).astype(np.float32)
    share = np.empty((LUMA_LEVELS, n, n), np.float32)
    centre = np.zeros((LUMA_LEVELS, n, n, 2), np.float32)
    for k in range(LUMA_LEVELS):
        inside = yuv.in_gamut([(k + 0.5) / LUMA_LEVELS], uv).astype(np.float32)
        cells = inside.reshape(n, parts, n, parts)
        share[k] = cells.mean(axis=(1, 3))
        sums = (inside[..., None] * uv).reshape(n, parts, n, parts, 2).mean(axis=(1, 3))
        np.divide(sums, share[k][..., None], out=centre[k], where=share[k][..., None] > 0)
    near = np.abs(grid.centres) <= grid.width[:, None] * 0.51
    grey = near[0][:, None] & near[1]  # exists at any luma, however few points of the cell do
    share[:, grey] = np.maximum(share[:, grey], np.float32(1 / 4096))
    return share, centre


@lru_cache(maxsize=4)
def _products(grid: BinGrid, temperature: float) -> Float:
    """Return what turns weights of V's bins into sums over pairs, (LUMA_LEVELS, n, 3 n).

    The three are the pairs' weights, and those times U and times V, each for all bins of U.
    """
    share, centre = _gamut(grid)
    weights = share ** np.float32(1 / temperature)
    three = np.stack([weights, weights * centre[..., 0], weights * centre[..., 1]], axis=1)
    return np.ascontiguousarray(three.reshape(len(three), 3 * grid.n, grid.n).swapaxes(1, 2))


def _expect(
    u: Float, v: Float, levels: NDArray[np.intp], grid: BinGrid, temperature: float
) -> Float:
    """Return the mean chroma (N, 2) of pairs of bins, given logits (N, n) of each axis.

    The sum over pairs is a product of matrices for each level of luma, since p(u) p(v) factorises.
    """
    a, b = _weigh(u, temperature), _weigh(v, temperature)
    sums = np.empty((len(a), 3), np.float32)
    products = _products(grid, temperature)
    for level, pixels in _by_level(levels):
        found = (b[pixels] @ products[level]).reshape(len(pixels), 3, grid.n)
        sums[pixels] = np.matmul(found, a[pixels][..., None])[..., 0]
    # Where what is likely does not exist, float32 may have nothing left: those pixels again, by
    # logarithms.
    faint = np.flatnonzero(sums[:, 0] < _FAINT)
    for first in range(0, len(faint), _AT_ONCE):
        pixels = faint[first : first + _AT_ONCE]
        sums[pixels] = _sums_by_logarithms(u[pixels], v[pixels], levels[pixels], grid, temperature)
    result: Float = np.divide(sums[:, 1:], np.maximum(sums[:, :1], _TINY), dtype=np.float32)
    return result


def _sums_by_logarithms(
    u: Float, v: Float, levels: NDArray[np.intp], grid: BinGrid, temperature: float
) -> Float:
    """Return what `_expect` sums up, (N, 3), every pair for itself."""
    share, centre = _gamut(grid)
    with np.errstate(divide="ignore"):
        pairs = u[:, :, None] + v[:, None, :] + np.log(share)[levels]
    weights = _weigh(pairs.reshape(len(u), -1), temperature)
    chroma = np.einsum("pk,pkc->pc", weights, centre[levels].reshape(len(u), -1, 2))
    return np.concatenate([weights.sum(axis=-1, keepdims=True), chroma], axis=-1)


def _highest(
    u: Float, v: Float, levels: NDArray[np.intp], grid: BinGrid
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the bins of U and V of the likeliest pair that exists, given log-probabilities."""
    at_u, at_v = np.zeros(len(u), np.intp), np.zeros(len(u), np.intp)
    with np.errstate(divide="ignore"):
        shares = np.log(_gamut(grid)[0])
    for level, pixels in _by_level(levels):
        share, rows, columns = shares[level], u[pixels].T.copy(), v[pixels].T.copy()
        best = np.full(len(pixels), -np.inf, np.float32)
        for i in np.flatnonzero(np.isfinite(share).any(axis=1)):
            inside = np.flatnonzero(np.isfinite(share[i]))
            span = slice(inside[0], inside[-1] + 1)  # the gamut is convex
            found = (columns[span] + share[i, span, None]).max(axis=0) + rows[i]
            better = found > best
            best[better] = found[better]
            at_u[pixels[better]] = i
        at_v[pixels] = (v[pixels] + share[at_u[pixels]]).argmax(axis=-1)
    return at_u, at_v
