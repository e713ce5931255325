"""What an architecture is made of, and how a card tells it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from colorlab.bins import BinGrid
from colorlab.errors import InputError

C = TypeVar("C")


@dataclasses.dataclass(frozen=True)
class ColorModelConfig:
    """Everything that decides the shape of a color model.

    Parameters
    ----------
    n : int
        Bins per axis.
    align : {"edge", "centre"}
        Where neutral grey lies, see `colorlab.bins.BinGrid`.
    taps : tuple of int
        VGG blocks read, ascending. The lowest one sets the resolution of the heads:
        block k works at 1 / 2**(k-1) of the input's.
    widths : tuple of int
        Channels of the convolution added on top of each tap.
    context : int
        Width of the global branch (the mean of the topmost tap over the picture, through one
        dense layer, added everywhere); 0 leaves it out.
    dropout : float
        Share of whole channels of each tap dropped while training, in [0, 1).
    head : {"bins", "chroma"}
        Softmaxes over bins, or one number per axis (the regression baseline).
    backbone : {"embedded", "imagenet"}, path or None
        Weights of VGG-16, see `colorlab.vgg.backbone`.
    """

    n: int = 30
    align: str = "edge"
    taps: tuple[int, ...] = (2, 3, 4, 5)
    widths: tuple[int, ...] = (96, 128, 192, 256)
    context: int = 256
    dropout: float = 0.0
    head: str = "bins"
    backbone: str | None = "embedded"

    def __post_init__(self) -> None:
        object.__setattr__(self, "taps", tuple(int(tap) for tap in self.taps))
        object.__setattr__(self, "widths", tuple(int(width) for width in self.widths))
        if self.backbone is not None:
            object.__setattr__(self, "backbone", str(self.backbone))
        BinGrid(self.n, self.align)
        if not self.taps or self.taps != tuple(sorted(set(self.taps) & set(range(1, 6)))):
            raise InputError(f"taps must ascend within 1..5; received {self.taps}.")
        if len(self.widths) != len(self.taps) or min(self.widths) < 1:
            raise InputError(
                f"widths must give one positive number per tap {self.taps}; received {self.widths}."
            )
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout must lie in [0, 1); received {self.dropout}.")
        if self.context < 0:
            raise InputError(f"context must be 0 or more channels; received {self.context}.")
        if self.head not in ("bins", "chroma"):
            raise InputError(f"head must be 'bins' or 'chroma'; received {self.head!r}.")

    @property
    def grid(self) -> BinGrid:
        """The bins."""
        return BinGrid(self.n, self.align)

    @property
    def stride(self) -> int:
        """Pixels of the input per pixel of the heads, along each side."""
        return int(2 ** (self.taps[0] - 1))

    @property
    def channels(self) -> int:
        """Numbers that each head gives per pixel."""
        return self.n if self.head == "bins" else 1

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them."""
        return {**dataclasses.asdict(self), "taps": list(self.taps), "widths": list(self.widths)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ColorModelConfig:
        """Build the configuration from `to_json`'s fields.

        Parameters
        ----------
        fields : mapping
            Names and values; unknown names are refused.

        Returns
        -------
        ColorModelConfig
            The configuration.

        Raises
        ------
        InputError
            When a name is unknown or a value is out of range.
        """
        return config_from_json(cls, fields, "color model")


def config_from_json(kind: type[C], fields: Mapping[str, Any], what: str) -> C:
    """Build the configuration of a model out of what a card tells.

    Parameters
    ----------
    kind : type
        A dataclass that checks its values.
    fields : mapping
        Names and values; names left out get their defaults.
    what : str
        Kind of model, for messages.

    Returns
    -------
    object
        An instance of `kind`.

    Raises
    ------
    InputError
        When a name is unknown or a value is out of range.
    """
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(fields) - known)
    if unknown:
        raise InputError(
            f"unknown fields {unknown} in a {what}'s architecture; known: {sorted(known)}."
        )
    try:
        return kind(**fields)
    except TypeError as error:
        raise InputError(f"a {what}'s architecture cannot be read: {error}.") from error
