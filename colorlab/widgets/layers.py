"""What single units of VGG-16 make of one picture, in colour and in grey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ipywidgets
import numpy as np
from matplotlib import colormaps
from numpy.typing import ArrayLike, NDArray

from colorlab import similarity, yuv
from colorlab.errors import InputError
from colorlab.widgets.explorer import Explorer

ORDERS = ("by number", "least alike first", "most alike first")
"""In which order the units of a layer can be gone through."""

_GAP = 8
_BLOCK = 16
_MAP = np.rint(255 * np.array(colormaps["viridis"].colors)).astype(np.uint8)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Looks:
    """What all layers of VGG-16 make of one picture.

    Attributes
    ----------
    rgb : numpy.ndarray of float32, (H, W, 3)
        The picture.
    color, grey : mapping
        Layer to its activations behind the ReLU, (h, w, units) float32, on the picture and on its
        luma.
    likeness : mapping
        Layer to r of each unit, as `likeness` gives it.
    device : str
        What computed them.
    """

    rgb: NDArray[np.float32]
    color: Mapping[str, NDArray[np.float32]]
    grey: Mapping[str, NDArray[np.float32]]
    likeness: Mapping[str, NDArray[np.float64]]
    device: str


def look(network: Any, rgb: ArrayLike) -> Looks:
    """Let a network look at a picture and at its grey version, and keep all activations.

    Parameters
    ----------
    network : keras.Model
        From `colorlab.activations.build`.
    rgb : array_like, (H, W, 3)
        uint8, or float in [0, 1].

    Returns
    -------
    Looks
        About 1.1 kB for each pixel of the picture.
    """
    from colorlab import devices  # starts Keras, as whoever has a network did before

    picture = yuv.to_uint8(rgb).astype(np.float32) / np.float32(255)
    both = np.stack([picture, np.repeat(yuv.luma(picture), 3, axis=-1)])
    found = {
        layer: np.asarray(maps, np.float32)
        for layer, maps in devices.forward_pass(network, both).items()
        if layer.startswith("block")  # without the input, which is no layer
    }
    color = {layer: maps[0] for layer, maps in found.items()}
    grey = {layer: maps[1] for layer, maps in found.items()}
    alike = {layer: likeness(*maps) for layer, maps in found.items()}
    return Looks(picture, color, grey, alike, devices.names()[0])


def likeness(color: NDArray[np.float32], grey: NDArray[np.float32]) -> NDArray[np.float64]:
    """Correlate each unit's activation on a picture with that on its grey version.

    Parameters
    ----------
    color, grey : numpy.ndarray of float32, (h, w, units)
        Activations of one layer.

    Returns
    -------
    numpy.ndarray of float64, (units,)
        Pearson's r over the positions; 0 where a unit varies on one of the two only, NaN where it
        varies on neither.
    """
    x, y = (one.reshape(1, -1, one.shape[-1]) for one in (color, grey))
    blocks = (slice(k, k + _BLOCK) for k in range(0, x.shape[-1], _BLOCK))  # bounded memory
    return np.concatenate(
        [similarity.correlation(similarity.sums(x[..., k], y[..., k])[0]) for k in blocks]
    )


def render(
    rgb: ArrayLike, color: NDArray[np.float32], grey: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Draw a picture and its grey version, and under each what one unit makes of it.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        uint8, or float in [0, 1].
    color, grey : numpy.ndarray of float32, (h, w)
        The unit's activations, 0 or more; they are enlarged to the picture's size.

    Returns
    -------
    numpy.ndarray of uint8, (2 H + 8, 2 W + 8, 3)
        Colour on the left, grey on the right. Activations as `tint` draws them, yellow the
        strongest in either of the two.

    Raises
    ------
    InputError
        When the two maps differ in size.
    """
    if color.shape != grey.shape or color.ndim != 2:
        raise InputError(
            f"a unit's two maps must have one shape (h, w); received {color.shape}, {grey.shape}."
        )
    picture = yuv.to_uint8(rgb)
    height, width = picture.shape[:2]
    top = [picture, yuv.to_uint8(np.repeat(yuv.luma(picture), 3, axis=-1))]
    strongest = max(float(color.max()), float(grey.max()))
    below = [tint(one, strongest, height, width) for one in (color, grey)]
    gap = np.full((height, _GAP, 3), 255, np.uint8)
    upper, lower = (np.concatenate([pair[0], gap, pair[1]], axis=1) for pair in (top, below))
    return np.concatenate([upper, np.full((_GAP, upper.shape[1], 3), 255, np.uint8), lower])


def tint(
    activation: NDArray[np.float32], strongest: float, height: int, width: int
) -> NDArray[np.uint8]:
    """Draw one unit's activations.

    Parameters
    ----------
    activation : numpy.ndarray of float32, (h, w)
        0 or more.
    strongest : float
        What is drawn in yellow; 0 is dark blue.
    height, width : int
        Of the picture, pixels; every activation becomes a rectangle.

    Returns
    -------
    numpy.ndarray of uint8, (height, width, 3)
        The picture, in colours that colour-blind readers can tell apart, too.
    """
    rows = np.arange(height) * activation.shape[0] // height
    columns = np.arange(width) * activation.shape[1] // width
    level = np.clip(activation / max(strongest, 1e-6), 0, 1)
    return _MAP[np.rint(level * (len(_MAP) - 1)).astype(np.intp)[rows[:, None], columns]]


class LayerExplorer(Explorer):
    """Choose a layer of VGG-16 and one of its units: what it makes of a picture and of its grey.

    Parameters
    ----------
    looks : Looks
        From `look`: everything is computed before, so that a move only draws.
    layer : str
        Where the menu starts.
    unit : int
        Where the slider starts.

    Attributes
    ----------
    layer : str
        The layer; assign to choose another one.
    unit : int
        Number of the unit that is shown; assign to choose another one.
    """

    def __init__(self, looks: Looks, layer: str = "block1_conv1", unit: int = 0) -> None:
        self._looks = looks
        self.menu = ipywidgets.Dropdown(
            options=[(short(name), name) for name in looks.color],
            value=layer,
            description="layer",
        )
        self.order = ipywidgets.Dropdown(options=ORDERS, description="units")
        self.slider = ipywidgets.IntSlider(
            unit, 0, looks.color[layer].shape[-1] - 1, description="place",
            tooltip="place of the unit in the order chosen",
        )  # fmt: skip
        self.slider.layout.width = "30em"
        super().__init__(
            [self.menu, self.order, self.slider],
            "A picture and its grey version, and under each the activation of one unit.",
        )

    @property
    def layer(self) -> str:
        """The layer."""
        return str(self.menu.value)

    @layer.setter
    def layer(self, name: str) -> None:
        self.menu.value = name

    @property
    def unit(self) -> int:
        """Number of the unit that is shown."""
        return int(self._ordered()[self.slider.value])

    @unit.setter
    def unit(self, number: int) -> None:
        (places,) = np.nonzero(self._ordered() == number)
        if not places.size:
            units = len(self._ordered())
            raise InputError(f"{short(self.layer)} has units 0 to {units - 1}; received {number}.")
        self.slider.value = int(places[0])

    def _ordered(self) -> NDArray[np.intp]:
        """Return the numbers of the layer's units in the order chosen; silent ones come last."""
        r = self._looks.likeness[self.layer]
        if self.order.value == ORDERS[0]:
            return np.arange(len(r))
        return np.argsort(r if self.order.value == ORDERS[1] else -r, kind="stable")

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return the unit's activations under the two pictures, and how alike they are."""
        layer = self.layer
        color, grey = self._looks.color[layer], self._looks.grey[layer]
        last = color.shape[-1] - 1
        if self.slider.max != last:  # another layer: the slider's end moves, and so may its knob
            with self.slider.hold_trait_notifications():
                self.slider.max = last
                self.slider.value = min(self.slider.value, last)
        unit = self.unit
        r = self._looks.likeness[layer][unit]
        alike = "silent on both" if np.isnan(r) else f"r = {r:.2f} between colour and grey"
        sentence = (
            f"{short(layer)}, unit {unit} of {last + 1}: {alike}. Strongest: "
            f"{color[..., unit].max():.0f} on colour (left), {grey[..., unit].max():.0f} on grey "
            f"(right). Computed on {self._looks.device}."
        )
        return render(self._looks.rgb, color[..., unit], grey[..., unit]), sentence


def short(layer: str) -> str:
    """Return a layer's short name.

    Parameters
    ----------
    layer : str
        For example ``"block3_conv2"``.

    Returns
    -------
    str
        For example ``"conv3_2"``.
    """
    return layer.replace("_conv", "_").replace("block", "conv")
