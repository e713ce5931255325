"""What the layers of VGG-16 make of pictures in colour and in grey."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from colorlab import vgg, yuv

BLOCK_OF = {
    f"block{block}_conv{k}": block
    for block, (_, repeats) in enumerate(vgg.BLOCKS, start=1)
    for k in range(1, repeats + 1)
}
"""The 13 convolutions of VGG-16, in order, and the block of each."""

LAYERS = tuple(BLOCK_OF)

INPUT = "input"
"""What the first convolution sees: blue, green and red, mean-free."""


def build(name: str, seed: int = 0) -> keras.Model:
    """Build VGG-16 on colour pictures, with its input and every convolution as outputs.

    Parameters
    ----------
    name : {"embedded", "random"}
        ImageNet's VGG-16, or the same network with random weights.
    seed : int
        Of the random weights.

    Returns
    -------
    keras.Model
        Maps RGB (N, H, W, 3) in [0, 1] to a dict: `INPUT` and `LAYERS` to activations.
    """
    model = vgg.backbone("embedded" if name == "embedded" else None, seed=seed, color=True)
    outputs = {INPUT: model.get_layer("color_to_vgg").output}
    outputs |= {layer: model.get_layer(layer).output for layer in LAYERS}
    return keras.Model(model.inputs[0], outputs)


def side(layer: str, size: int) -> int:
    """Return how many positions a layer has along a side of a picture of `size` pixels."""
    return size // 2 ** (BLOCK_OF.get(layer, 1) - 1)


def draw_places(size: int, count: int, rng: np.random.Generator) -> dict[str, NDArray[np.intp]]:
    """Draw positions of every layer's grid, so that memory stays bounded.

    Parameters
    ----------
    size : int
        Side of the square pictures, pixels.
    count : int
        How many; all where there are no more.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    dict
        `INPUT` and `LAYERS` to indices into the flattened grid, in rising order.
    """
    return {
        layer: np.sort(rng.permutation(side(layer, size) ** 2)[:count])
        for layer in (INPUT, *LAYERS)
    }


def look(
    network: keras.Model,
    rgb: NDArray[np.uint8],
    places: Mapping[str, NDArray[np.intp]],
    progress: bool = False,
    batch_size: int = 4,
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Let a network look at pictures and at their grey versions: luma on all three channels.

    Parameters
    ----------
    network : keras.Model
        From `build`.
    rgb : numpy.ndarray of uint8, (n, size, size, 3)
        The pictures.
    places : mapping
        From `draw_places`; the same positions are taken in all pictures.
    progress : bool
        Show a bar.
    batch_size : int
        Pictures at once.

    Returns
    -------
    dict
        Every layer to its activations on colour and on grey, each (n, positions, units) float32.
    """
    parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in places}
    firsts = range(0, len(rgb), batch_size)
    for first in tqdm(firsts, desc="looking", leave=False, disable=not progress):
        color = np.asarray(rgb[first : first + batch_size]).astype(np.float32) / 255
        grey = np.repeat(yuv.luma(color), 3, axis=-1)
        found = network.predict_on_batch(np.concatenate([color, grey]))
        for name, chosen in places.items():
            raw = np.asarray(found[name], np.float32)
            parts[name].append(raw.reshape(2, len(color), -1, raw.shape[-1])[:, :, chosen])
    joined = {name: np.concatenate(found, axis=1) for name, found in parts.items()}
    return {name: (both[0], both[1]) for name, both in joined.items()}
