"""What decides the shape of a consistency model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from colorlab import memories
from colorlab.color_model import config_from_json
from colorlab.errors import InputError

if TYPE_CHECKING:
    from colorlab.consistency_model.memory import Memory


@dataclasses.dataclass(frozen=True)
class ConsistencyConfig:
    """Everything that decides the shape of a consistency model, given its color model.

    Parameters
    ----------
    memory : str
        The kind of memory, a name in `colorlab.memories.MEMORIES`.
    context_width : int
        Channels of the convolution of the context.
    width : int
        Channels of the two convolutions behind the concatenation; of a recurrent model, of the
        one behind its unit.
    kept : int
        Channels of a recurrent model's state; the others have none. With the default it has as many
        parameters as the paper's, to 3 %.
    """

    memory: str = "guided"
    context_width: int = 48
    width: int = 64
    kept: int = 24

    def __post_init__(self) -> None:
        if self.memory not in memories.MEMORIES:
            raise InputError(
                f"memory must be one of {', '.join(memories.MEMORIES)}; received {self.memory!r}."
            )
        for name in ("context_width", "width", "kept"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"{name} must be an integer from 1 up; received {value!r}.")

    @property
    def kind(self) -> Memory:
        """The kind of memory."""
        return memories.load(self.memory)

    def to_json(self) -> dict[str, Any]:
        """Return the fields that count for the memory, as JSON can hold them."""
        return {name: getattr(self, name) for name in ("memory", *self.kind.fields)}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> ConsistencyConfig:
        """Build the configuration from `to_json`'s fields.

        Parameters
        ----------
        fields : mapping
            Names and values; unknown names are refused.

        Returns
        -------
        ConsistencyConfig
            The configuration.

        Raises
        ------
        InputError
            When a name is unknown or a value is out of range.
        """
        return config_from_json(cls, fields, "consistency model")
