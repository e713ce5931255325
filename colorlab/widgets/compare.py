"""Lay what several models make of a picture side by side, or one over the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import media, metrics, samples, yuv
from colorlab.coast import Scene
from colorlab.errors import InputError
from colorlab.media import side_by_side
from colorlab.widgets import wipe
from colorlab.widgets.explorer import Explorer

if TYPE_CHECKING:
    from colorlab.checkpoints import ColorModel

VIEWS = ("side by side", "wipe")
HEIGHT = 256
"""Of the pictures that are offered when none are given, pixels."""

_GREY, _TRUTH, _GIVEN = "grey", "truth", "as given"
_COASTS = (1, 5, 8)
_LEAST = 2  # rows of the smallest picture that `side_by_side.tile` leaves as it is


def render(
    pictures: Sequence[ArrayLike],
    names: Sequence[str],
    notes: Sequence[str],
    view: str = "side by side",
    share: float = 0.5,
) -> NDArray[np.uint8]:
    """Draw two pictures with their names above and what is measured of them below.

    Parameters
    ----------
    pictures : sequence of two array_like, (H, W, 3)
        Of one size, uint8 or float in [0, 1].
    names, notes : sequence of two str
        Text over and under each.
    view : {"side by side", "wipe"}
        Beside each other, or one left and one right of a border.
    share : float
        Where the border of a wipe stands, in [0, 1].

    Returns
    -------
    numpy.ndarray of uint8, (height, width, 3)
        The drawing. The texts of a wipe share its width.

    Raises
    ------
    InputError
        When the view is unknown, the sizes differ, or the share lies outside [0, 1].
    """
    if view not in VIEWS:
        raise InputError(f"view must be one of {', '.join(VIEWS)}; received {view!r}.")
    shown = [yuv.to_uint8(picture) for picture in pictures]
    if view == "wipe":
        shown = [wipe.render(shown[0], shown[1], share)]
        names, notes = [" | ".join(names)], [" | ".join(notes)]
    strip = side_by_side.tile([picture[:1].repeat(_LEAST, axis=0) for picture in shown], notes)
    return np.concatenate([side_by_side.tile(shown, names), strip[:-_LEAST]])


def packaged_pictures() -> dict[str, NDArray[np.uint8]]:
    """Return photos and coasts that are on every machine.

    Returns
    -------
    dict of str to numpy.ndarray of uint8, (H, W, 3)
        Sample photos and rendered coasts, 256 pixels high.
    """
    found = {}
    for sample in samples.samples():
        width = round(HEIGHT * sample.rgb.shape[1] / sample.rgb.shape[0])
        found[sample.name] = media.resize(sample.rgb, HEIGHT, width)
    for seed in _COASTS:
        scene = Scene(seed)
        found[f"coast {seed} ({scene.kind})"] = scene.render(2.0, HEIGHT, HEIGHT * 3 // 2)
    return found


class CompareOutputs(Explorer):
    """Menus for a picture and for two ways to colour it, with both measures under each.

    Parameters
    ----------
    pictures : mapping of str to array_like, (H, W, 3), optional
        Photos, or frames of a film, by name, uint8 or float in [0, 1]; those of
        `packaged_pictures` if left out.
    models : sequence of str or ColorModel, optional
        The color models to choose from, beside the grey picture and the truth; those that come
        with colorlab if left out. A model is loaded, and colours a picture, when it is first
        chosen.
    device : str, optional
        Which device computes, ``"cpu:0"`` for example; the fastest if left out.
    truth : bool
        Whether the pictures' own colours are the true ones. Those of an old photo are not: then
        it is called "as given", and no distance from it is told.

    Attributes
    ----------
    device : str
        Which device computes.
    share : int
        Where the border stands, in percent of the width; assign to move it.

    Raises
    ------
    InputError
        When there is no such device, or no picture.
    """

    def __init__(
        self,
        pictures: Mapping[str, ArrayLike] | None = None,
        models: Sequence[str | ColorModel] | None = None,
        device: str | None = None,
        truth: bool = True,
    ) -> None:
        from colorlab import checkpoints, devices

        self.device = devices.named(device)
        self._given = _TRUTH if truth else _GIVEN
        shown = packaged_pictures() if pictures is None else pictures
        if not shown:
            raise InputError("there must be a picture to colour; received none.")
        self._pictures = {name: yuv.to_uint8(picture) for name, picture in shown.items()}
        wanted = checkpoints.list_models("color") if models is None else models
        self._models = {one if isinstance(one, str) else one.name: one for one in wanted}
        self._colored: dict[tuple[str, str], tuple[NDArray[np.uint8], str]] = {}
        names = [_GREY, *self._models, self._given]
        self.subject = ipywidgets.Dropdown(options=list(self._pictures), description="picture")
        self.left = ipywidgets.Dropdown(options=names, value=names[1], description="left")
        self.right = ipywidgets.Dropdown(options=names, value=names[-1], description="right")
        self.view = ipywidgets.Dropdown(options=VIEWS, description="view")
        self.slider = ipywidgets.IntSlider(
            50, 0, 100, description="border", tooltip="of the wipe, percent of the width"
        )
        controls = [self.subject, self.left, self.right, self.view, self.slider]
        super().__init__(controls, "Two versions of one picture.")

    @property
    def share(self) -> int:
        """Where the border stands, in percent of the width."""
        return int(self.slider.value)

    @share.setter
    def share(self, value: int) -> None:
        self.slider.value = value

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return both versions of the picture, and what is measured of them."""
        names = [self.left.value, self.right.value]
        versions, notes = zip(*(self._version(name) for name in names), strict=True)
        picture = render(versions, names, notes, self.view.value, self.share / 100)
        told = [f"{name}: {note}" for name, note in zip(names, notes, strict=True)]
        sentence = f"Left, {told[0]}. Right, {told[1]}. Computed on {self.device}."
        return picture, f"{self.subject.value}. {sentence}"

    def _version(self, name: str) -> tuple[NDArray[np.uint8], str]:
        """Return the chosen picture as a model colours it, computed once, and its measures."""
        from colorlab import colorize, devices

        key = self.subject.value, name
        if key not in self._colored:
            truth = self._pictures[key[0]]
            if name == self._given:
                version = truth
            elif name == _GREY:
                version = yuv.to_uint8(np.repeat(yuv.luma(truth), 3, axis=-1))
            else:
                with devices.on(self.device):
                    version = yuv.to_uint8(colorize.picture(truth, self._models[name]))
            self._colored[key] = version, self._measure(truth, version)
        return self._colored[key]

    def _measure(self, truth: NDArray[np.uint8], picture: NDArray[np.uint8]) -> str:
        """Return PSNR, where there is a truth and this is not it, and colourfulness in words."""
        one, other = (array.astype(np.float32) / np.float32(255) for array in (truth, picture))
        known = self._given == _TRUTH and picture is not truth
        decibels = f"{metrics.psnr(one, other):.1f} dB, " if known else ""
        return f"{decibels}colourfulness {metrics.colourfulness(other):.1f}"
