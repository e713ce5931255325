"""Lay one picture over another and move the border between them."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import yuv
from colorlab.errors import InputError
from colorlab.widgets.explorer import Explorer

_LINE = 2


def render(left: ArrayLike, right: ArrayLike, share: float) -> NDArray[np.uint8]:
    """Draw the left part of one picture and the right part of another.

    Parameters
    ----------
    left, right : array_like, (H, W, 3)
        Two pictures of one size, uint8 or float in [0, 1].
    share : float
        Where the border stands: 0 shows `right` alone, 1 `left` alone.

    Returns
    -------
    numpy.ndarray of uint8, (H, W, 3)
        The mixture, with a white line along the border.

    Raises
    ------
    InputError
        When the sizes differ or the share lies outside [0, 1].
    """
    first, second = yuv.to_uint8(left), yuv.to_uint8(right)
    if first.shape != second.shape:
        raise InputError(
            f"pictures to compare must have one size; received {first.shape} and {second.shape}."
        )
    if not 0 <= share <= 1:
        raise InputError(f"share must lie in [0, 1]; received {share!r}.")
    border = round(share * first.shape[1])
    mixed = second.copy()
    mixed[:, :border] = first[:, :border]
    if 0 < border < first.shape[1]:
        mixed[:, max(0, border - _LINE // 2) : border + _LINE // 2] = 255
    return mixed


class WipeExplorer(Explorer):
    """Two of several pictures, one left and one right of a border that a slider moves.

    Parameters
    ----------
    pictures : mapping of str to array_like, (H, W, 3)
        At least two pictures of one size by name, uint8 or float in [0, 1].

    Attributes
    ----------
    share : int
        Where the border stands, in percent of the width; assign to move it.

    Raises
    ------
    InputError
        When there are fewer than two pictures.
    """

    def __init__(self, pictures: Mapping[str, ArrayLike]) -> None:
        if len(pictures) < 2:
            raise InputError(f"a wipe needs two pictures or more; received {len(pictures)}.")
        self._pictures = {name: yuv.to_uint8(picture) for name, picture in pictures.items()}
        names = list(pictures)
        self.left = ipywidgets.Dropdown(options=names, value=names[0], description="left")
        self.right = ipywidgets.Dropdown(options=names, value=names[1], description="right")
        self.slider = ipywidgets.IntSlider(
            50, 0, 100, description="border", tooltip="percent of the width"
        )
        super().__init__(
            [self.left, self.right, self.slider], "Two pictures, one on each side of a border."
        )

    @property
    def share(self) -> int:
        """Where the border stands, in percent of the width."""
        return int(self.slider.value)

    @share.setter
    def share(self, value: int) -> None:
        self.slider.value = value

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return the mixture of the two chosen pictures and which is where."""
        left, right = self.left.value, self.right.value
        picture = render(self._pictures[left], self._pictures[right], self.share / 100)
        return picture, f"Border at {self.share} %. Left of it: {left}. Right of it: {right}."
