"""The backbone: the frozen convolutions of VGG-16 [1]_.

Weights are ``"embedded"`` (ImageNet's, in half precision, SHA-256 checked), ``"imagenet"`` (the
same network in float32, Keras' own download), the path of a file in Keras' layout, or None for
random ones. The input is luma × 255 on three channels, or RGB with ``color=True``; the mean is
subtracted inside. A card names its backbone and the hash; loading a model on another one is an
error.

References
----------
.. [1] K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image
   recognition", ICLR 2015, configuration D.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from colorlab import files
from colorlab.errors import InputError

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Width and number of the 3×3 convolutions of each block (configuration D of [1]_)."""

STRIDE = 16
"""Pixels of the input per pixel of block 5."""

MEAN_BGR = (103.939, 116.779, 123.68)
"""Mean of the ImageNet training pixels, subtracted from inputs in 0..255 (blue, green, red)."""

EMBEDDED_SHA256 = "c169b5fa81537bd7f72a66d6f44bc25405da63cf372d75b045625fc1afbbf824"
"""Of the file that comes with colorlab; ``assets/backbone/make.py`` makes it."""

ARRAYS_SHA256 = "d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd"
"""Of the arrays it was rounded from: float32, layer by layer, kernel before bias."""

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
        ``"embedded"``: ImageNet's VGG-16 [1]_ in half precision, which comes with colorlab.
        ``"imagenet"``: the same network in float32, downloaded by Keras. A path: an HDF5 file in
        the layout of Keras' own. ``None``: random (He normal, the same on every Keras backend),
        for ablations.
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
        ``name``: "ImageNet VGG-16", "VGG-16 from a file" or "random VGG-16";
        ``weights``: the argument, a path reduced to its file name; ``sha256``: of the file, or
        None for random weights.
    """
    if weights is None:
        return {"name": "random VGG-16", "weights": None, "sha256": None}
    label, path = str(weights), weights_path(weights)
    named = label in ("embedded", "imagenet")
    return {
        "name": "ImageNet VGG-16" if named else "VGG-16 from a file",
        "weights": label if named else Path(label).name,
        "sha256": EMBEDDED_SHA256 if label == "embedded" else files.sha256(path),
    }


def check() -> dict[str, str]:
    """Check the embedded weights, and the copy of Keras' file if it was downloaded, by hash.

    Returns
    -------
    dict
        ``embedded``: "intact", "missing" or "changed". ``imagenet``: "not downloaded"; "the same
        network" when its float32 arrays have `ARRAYS_SHA256`; else "another network".
    """
    embedded, download = _embedded_path(), _download_path()
    found = {"embedded": "missing", "imagenet": "not downloaded"}
    if embedded.is_file():
        intact = files.sha256(embedded) == EMBEDDED_SHA256
        found["embedded"] = "intact" if intact else "changed"
    if download.is_file():
        try:
            arrays = [array for pair in _read(download, len(BLOCKS)).values() for array in pair]
        except InputError:
            arrays = []
        raw = b"".join(array.astype("<f4").tobytes() for array in arrays)
        same = hashlib.sha256(raw).hexdigest() == ARRAYS_SHA256
        found["imagenet"] = "the same network" if same else "another network"
    return found


def _embedded_path() -> Path:
    return files.packaged("assets/backbone") / "vgg16.npz"


def _download_path() -> Path:
    """Return where `keras.utils.get_file` keeps its copy."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(home) / "models" / _IMAGENET_URL.rsplit("/", 1)[1]


def weights_path(weights: str | os.PathLike[str]) -> Path:
    """Find the file that holds the backbone's weights.

    Parameters
    ----------
    weights : {"embedded", "imagenet"} or path
        As for `backbone`.

    Returns
    -------
    pathlib.Path
        An existing file: NumPy's format if embedded, else HDF5.

    Raises
    ------
    InputError
        When the download fails or the file does not exist.
    """
    if weights == "embedded":
        path = _embedded_path()
        if not path.is_file():
            raise InputError(
                f"the VGG-16 weights that come with colorlab are missing at {path}; reinstall "
                "colorlab, or restore the file from the project."
            )
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
    """Copy kernels and biases from a file into `model`."""
    path = weights_path(weights)
    if weights == "embedded":
        if files.sha256(path) != EMBEDDED_SHA256:
            raise InputError(
                f"the VGG-16 weights in {path} are not the ones that come with colorlab (another "
                "SHA-256); reinstall colorlab, or restore the file from the project."
            )
        stored = files.read_arrays(path)
        arrays = {
            name: [stored[f"{name}/kernel"], stored[f"{name}/bias"]] for name in _layers(blocks)
        }
    else:
        arrays = _read(path, blocks)
    try:
        for name, pair in arrays.items():
            model.get_layer(name).set_weights(pair)
    except ValueError as error:
        raise _not_vgg(path, error) from error


def _layers(blocks: int) -> list[str]:
    """Return the names of the convolutions of the first blocks, in order."""
    return [
        f"block{block}_conv{k}"
        for block, (_, repeats) in enumerate(BLOCKS[:blocks], start=1)
        for k in range(1, repeats + 1)
    ]


def _read(path: Path, blocks: int) -> dict[str, list[np.ndarray]]:
    """Read kernel and bias of each convolution from an HDF5 file in the layout of Keras' own."""
    import h5py

    arrays = {}
    try:
        with h5py.File(path) as file:
            for name in _layers(blocks):
                group = file[name]
                group = group.get(name, group)
                (kernel,) = (n for n in group if "kernel" in n or n.endswith("_W_1:0"))
                (bias,) = (n for n in group if "bias" in n or n.endswith("_b_1:0"))
                arrays[name] = [np.asarray(group[kernel]), np.asarray(group[bias])]
    except (AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise _not_vgg(path, error) from error
    return arrays


def _not_vgg(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} does not hold the convolutions of VGG-16 ({error}); expected an HDF5 file in the "
        "layout of Keras' own VGG16 without top."
    )
