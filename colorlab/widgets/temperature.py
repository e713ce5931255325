"""Move the temperature with which one colour is chosen out of a model's list, and see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import media, metrics, yuv
from colorlab.decode import Decoder
from colorlab.media import side_by_side
from colorlab.widgets.explorer import Explorer

if TYPE_CHECKING:
    from colorlab.checkpoints import ColorModel

TEMPERATURES = tuple(round(0.05 * k, 2) for k in range(21))
"""What the slider offers: 0 is the argmax, 1 the mean."""

Probabilities = Mapping[str, NDArray[np.float32]]


def ask(y: NDArray[np.float32], model: ColorModel) -> dict[str, NDArray[np.float32]]:
    """Ask a color model about a picture; the network runs, which takes longest of all.

    Parameters
    ----------
    y : numpy.ndarray of float32, (H, W, 1)
        Luma in [0, 1].
    model : ColorModel
        A model that predicts bins.

    Returns
    -------
    dict
        ``u`` and ``v``: probabilities (h, w, n) at the model's working size.
    """
    height, width = y.shape[:2]
    shape = media.working_shape(height, width, model.working_size)
    found = model.probabilities(np.clip(media.resize(y, *shape), 0, 1)[None])
    return {head: found[head][0] for head in "uv"}


def choose(
    y: NDArray[np.float32], probabilities: Probabilities, model: ColorModel, temperature: float
) -> NDArray[np.float32]:
    """Choose a colour for every pixel and put it together with the luma.

    Parameters
    ----------
    y : numpy.ndarray of float32, (H, W, 1)
        Luma in [0, 1].
    probabilities : mapping
        From `ask`.
    model : ColorModel
        Whose they are.
    temperature : float
        Of the annealed mean: 0 is the argmax, 1 the mean.

    Returns
    -------
    numpy.ndarray of float32, (H, W, 3)
        RGB in [0, 1] with the luma given.

    Raises
    ------
    InputError
        As `colorlab.decode.Decoder`.
    """
    decoder = Decoder("annealed", temperature) if temperature else Decoder("argmax")
    uv = decoder.chroma(probabilities["u"], probabilities["v"], model.grid)
    return yuv.yuv_to_rgb(y, media.enlarge_chroma(uv, y, model.config.stride))


def render(
    rgb: ArrayLike, probabilities: Probabilities, model: ColorModel, temperature: float
) -> NDArray[np.uint8]:
    """Draw a picture as a temperature colours it, beside the truth.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        The truth, uint8 or float in [0, 1].
    probabilities, model, temperature
        As for `choose`.

    Returns
    -------
    numpy.ndarray of uint8, (height, width, 3)
        Both side by side, each under its name.
    """
    truth = yuv.to_uint8(rgb)
    return _beside(choose(yuv.luma(truth), probabilities, model, temperature), truth, temperature)


def _beside(
    colored: NDArray[np.float32], truth: NDArray[np.uint8], temperature: float
) -> NDArray[np.uint8]:
    return side_by_side.tile([colored, truth], [f"T = {temperature:.2f}", "truth"])


class TemperatureExplorer(Explorer):
    """A slider for the temperature: one picture from the argmax to the mean.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        The picture, uint8 or float in [0, 1].
    models : sequence of str or ColorModel, optional
        Models that predict bins, to choose from; the default model if left out.
    temperature : float
        Where the slider starts, one of `TEMPERATURES`.

    Attributes
    ----------
    temperature : float
        Where the slider stands; assign to move it.
    """

    def __init__(
        self,
        rgb: ArrayLike,
        models: Sequence[str | ColorModel] | None = None,
        temperature: float = 0.4,
    ) -> None:
        from colorlab import checkpoints, colorize, devices

        wanted = [checkpoints.DEFAULT] if models is None else models
        loaded = [colorize.load_once(one) if isinstance(one, str) else one for one in wanted]
        self._models = {model.name: model for model in loaded}
        self._truth = yuv.to_uint8(rgb)
        self._rgb = self._truth.astype(np.float32) / np.float32(255)
        self._y = yuv.luma(self._truth)
        self._grey = metrics.psnr(self._rgb, np.repeat(self._y, 3, axis=-1))
        self._asked: dict[str, dict[str, NDArray[np.float32]]] = {}
        self._drawn: dict[tuple[str, float], tuple[NDArray[np.uint8], str]] = {}
        self._device = devices.names()[0]
        self.model = ipywidgets.Dropdown(options=list(self._models), description="model")
        self.slider = ipywidgets.SelectionSlider(
            options=[(f"{one:.2f}", one) for one in TEMPERATURES],
            value=temperature,
            description="T",
            tooltip="temperature: 0 is the argmax, 1 the mean",
        )
        self.slider.layout.width = "30em"
        super().__init__(
            [self.model, self.slider], "A picture coloured from a list of bins, and the truth."
        )

    @property
    def temperature(self) -> float:
        """Where the slider stands."""
        return float(self.slider.value)

    @temperature.setter
    def temperature(self, value: float) -> None:
        self.slider.value = value

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return the picture beside the truth, and both measures in words; drawn once each."""
        key = self.model.value, self.temperature
        if key not in self._drawn:
            self._drawn[key] = self._draw(self._models[self.model.value])
        return self._drawn[key]

    def _draw(self, model: ColorModel) -> tuple[NDArray[np.uint8], str]:
        if model.name not in self._asked:  # once; a move of the slider only chooses
            self._asked[model.name] = ask(self._y, model)
        colored = choose(self._y, self._asked[model.name], model, self.temperature)
        kind = {0.0: ", the argmax", 1.0: ", the mean"}.get(self.temperature, "")
        sentence = (
            f"{model.name}, T = {self.temperature:.2f}{kind}. "
            f"{metrics.psnr(self._rgb, colored):.1f} dB (grey {self._grey:.1f} dB). "
            f"Colourfulness {metrics.colourfulness(colored):.1f} "
            f"(truth {metrics.colourfulness(self._rgb):.1f}). Computed on {self._device}."
        )
        return _beside(colored, self._truth, self.temperature), sentence
