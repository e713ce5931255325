"""Play several colourings of one film in step, or stop at a frame and look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from colorlab import metrics, yuv
from colorlab.errors import InputError
from colorlab.media import side_by_side
from colorlab.widgets.explorer import Explorer


def render(
    films: Mapping[str, Sequence[NDArray[Any]]], frame: int, columns: int | None = None
) -> NDArray[np.uint8]:
    """Draw one frame of several films, each under its name.

    Parameters
    ----------
    films : mapping of str to sequence of numpy.ndarray, (H, W, 3)
        Frames by name, uint8 or float in [0, 1], of one size.
    frame : int
        Which frame, from 0.
    columns : int, optional
        Films in a row; all of them if left out.

    Returns
    -------
    numpy.ndarray of uint8, (height, width, 3)
        The frames in rows; what the last row lacks is dark.

    Raises
    ------
    InputError
        When there is no film, no such frame, or the sizes differ.
    """
    names, across = list(films), columns or len(films)
    shortest = min((len(frames) for frames in films.values()), default=0)
    if not 0 <= frame < shortest:
        raise InputError(f"frame must lie in 0..{shortest - 1}; received {frame!r}.")
    shown = [films[name][frame] for name in names]
    missing = -len(shown) % across
    shown += [np.zeros_like(shown[0])] * missing
    names += [""] * missing
    rows = range(0, len(shown), across)
    return np.concatenate(
        [side_by_side.tile(shown[k : k + across], names[k : k + across]) for k in rows]
    )


class FilmPlayer(Explorer):
    """A play button and a slider over the frames of several films, shown in step.

    Parameters
    ----------
    films : mapping of str to sequence of numpy.ndarray, (H, W, 3)
        Frames by name, uint8 or float in [0, 1]; all of one length and size. They are kept as
        8-bit pictures.
    rate : float
        Frames a second. What the kernel cannot draw in time is left out, not shown late: the
        browser sends the next number when the last one is answered.
    truth : str, optional
        Name of the film that the others are compared with.
    columns : int, optional
        Films in a row; all of them if left out.
    note : str
        Said below every frame: which device computed the films, for example.

    Attributes
    ----------
    frame : int
        Which frame is shown, from 0; assign to move there.

    Raises
    ------
    InputError
        When there is no film, the lengths differ, there is no film named `truth`, or the rate is
        not above 0.
    """

    _link: Any = None

    def __init__(
        self,
        films: Mapping[str, Sequence[NDArray[Any]]],
        rate: float = 10,
        truth: str | None = None,
        columns: int | None = None,
        note: str = "",
    ) -> None:
        lengths = {len(frames) for frames in films.values()}
        if len(lengths) != 1 or 0 in lengths:
            raise InputError(
                f"films in step have one length of at least 1; received {sorted(lengths)}."
            )
        if truth is not None and truth not in films:
            raise InputError(f"no film is named {truth!r}; there are {', '.join(films)}.")
        if not 0 < rate < math.inf:
            raise InputError(f"rate must be a finite number above 0; received {rate!r}.")
        self._films = {name: [yuv.to_uint8(one) for one in film] for name, film in films.items()}
        self._rate, self._truth, self._columns, self._note = float(rate), truth, columns, note
        last = lengths.pop() - 1
        self.play = ipywidgets.Play(
            min=0, max=last, interval=round(1000 / rate), description="play the films"
        )
        self.slider = ipywidgets.IntSlider(
            0, 0, last, description="frame", tooltip="which frame of all the films"
        )
        self.slider.layout.width = "30em"
        self._link = ipywidgets.jslink((self.play, "value"), (self.slider, "value"))
        super().__init__([self.play, self.slider], "One frame of several films.")
        self.play.unobserve(self._refresh, names="value")  # the slider follows it, and is observed

    @property
    def frame(self) -> int:
        """Which frame is shown, from 0."""
        return int(self.slider.value)

    @frame.setter
    def frame(self, value: int) -> None:
        self.slider.value = value

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return the frame of every film, and what there is to say of it."""
        picture = render(self._films, self.frame, self._columns)
        told = [self._describe(name) for name in self._films]
        sentence = (
            f"Frame {self.frame} of 0 to {self.slider.max}, {self.frame / self._rate:.2f} s. "
            f"{', '.join(told)}. {self._note}"
        )
        return picture, sentence.strip()

    def _describe(self, name: str) -> str:
        """Return a film's name and, where the truth is known, how close its frame is."""
        if self._truth in (None, name):
            return name
        shown, truth = (
            self._films[film][self.frame].astype(np.float32) / np.float32(255)
            for film in (name, self._truth or name)
        )
        return f"{name} {metrics.psnr(truth, shown):.1f} dB"

    def close(self) -> None:
        """Free the widget and everything in it."""
        if self._link is not None:
            self._link.close()
        super().close()
