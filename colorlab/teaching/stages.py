"""What happens inside a color model, layer by layer, for a learner to look at."""

from __future__ import annotations

from collections.abc import Iterable

import keras
import numpy as np
from numpy.typing import NDArray

from colorlab.checkpoints import ColorModel
from colorlab.errors import InputError


def stages(
    model: ColorModel, y: NDArray[np.float32], names: Iterable[str]
) -> dict[str, NDArray[np.float32]]:
    """Return what chosen layers of a color model make of one picture.

    Parameters
    ----------
    model : ColorModel
        From `colorlab.checkpoints.load`.
    y : numpy.ndarray of float32, (H, W, 1)
        Luma in [0, 1].
    names : iterable of str
        Layers of the network, for example ``"stage4"``; ``"tap4"`` is what block 4 of the
        backbone hands over.

    Returns
    -------
    dict
        Name to activations, float32 (h, w, channels).

    Raises
    ------
    InputError
        When the network has no such layer.
    """
    network = model.network
    taps = {f"tap{tap}": f"tap{tap}_project" for tap in model.config.taps}
    known = {*taps, *(layer.name for layer in network.layers)}
    outputs = {}
    for name in names:
        if name not in known:
            raise InputError(
                f"{model.name} has no layer {name!r}; it has {', '.join(sorted(known))}."
            )
        layer = network.get_layer(taps.get(name, name))
        outputs[name] = layer.input if name in taps else layer.output
    picture = np.asarray(y, np.float32)[None]
    found = keras.Model(network.inputs[0], outputs)(picture, training=False)  # once: not compiled
    return {
        name: np.asarray(keras.ops.convert_to_numpy(one[0]), np.float32)
        for name, one in found.items()
    }
