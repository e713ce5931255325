"""The backbone is VGG-16's convolutions, frozen, with weights whose hash is known."""

import hashlib

import h5py
import keras
import numpy as np
import pytest

from colorlab import files, vgg
from colorlab.errors import InputError

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def two_blocks():
    return vgg.backbone(blocks=2, taps=(1, 2))


@pytest.fixture(scope="module")
def embedded():
    """The packaged arrays, float32, {(block, k): (kernel, bias)}."""
    stored = files.read_arrays(vgg.weights_path("embedded"))
    return {
        (block, k): tuple(
            stored[f"block{block}_conv{k}/{part}"].astype(np.float32) for part in ("kernel", "bias")
        )
        for block, (_, repeats) in enumerate(vgg.BLOCKS, start=1)
        for k in range(1, repeats + 1)
    }


def run(model, y):
    outputs = model.predict_on_batch(y)
    return [np.asarray(x) for x in (outputs if isinstance(outputs, list) else [outputs])]


def convolve(x, kernel, bias):
    """3×3 convolution with zero padding and a ReLU, in float64; x is (H, W, C)."""
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    return np.maximum(np.einsum("hwcij,ijcd->hwd", windows, kernel, optimize=True) + bias, 0)


def keras_layout(path, arrays, style):
    """Write arrays {(block, k): (kernel, bias)} as the files of keras.applications name them."""
    with h5py.File(path, "w") as file:
        for (block, k), (kernel, bias) in arrays.items():
            name = f"block{block}_conv{k}"
            group = file.create_group(name)
            if style == "W_1":  # the file that Keras downloads
                group[f"{name}_W_1:0"], group[f"{name}_b_1:0"] = kernel, bias
            else:  # model.save_weights("x.h5") of later versions
                group[f"{name}/kernel:0"], group[f"{name}/bias:0"] = kernel, bias


@pytest.fixture(scope="module")
def random_arrays():
    rng = np.random.default_rng(5)
    arrays, depth = {}, 3
    for block, (width, repeats) in enumerate(vgg.BLOCKS[:2], start=1):
        for k in range(1, repeats + 1):
            kernel = rng.standard_normal((3, 3, depth, width)).astype(np.float32)
            arrays[block, k] = (kernel, rng.standard_normal(width).astype(np.float32))
            depth = width
    return arrays


def test_embedded_weights_are_those_of_keras_to_half_precision(embedded):
    assert embedded[1, 1][0].flat[0] == pytest.approx(0.42947057, rel=2**-11)
    biases = embedded[5, 3][1].astype(float)  # with published figures of Keras' file
    assert biases.mean() == pytest.approx(0.14986369, rel=1e-3)
    assert biases.std() == pytest.approx(0.4928213, rel=1e-3)
    assert biases.min() == pytest.approx(-0.50036746, rel=2**-11)
    assert biases.max() == pytest.approx(9.431553, rel=2**-11)


def test_embedded_weights_compute_vgg(two_blocks, embedded, rng):
    y = rng.random((1, 8, 12, 1), np.float32)
    x = 255.0 * y[0].astype(float) - np.array(vgg.MEAN_BGR)
    first = convolve(convolve(x, *embedded[1, 1]), *embedded[1, 2])
    pooled = first.reshape(4, 2, 6, 2, 64).max(axis=(1, 3))
    second = convolve(convolve(pooled, *embedded[2, 1]), *embedded[2, 2])
    for wanted, got in zip((first, second), run(two_blocks, y), strict=True):
        np.testing.assert_allclose(got[0], wanted, rtol=1e-3, atol=1e-3 * wanted.max())


def test_taps_of_five_blocks():
    model = vgg.backbone(None, taps=(2, 3, 4, 5))
    shapes = [x.shape for x in run(model, np.zeros((2, 32, 16, 1), np.float32))]
    assert shapes == [(2, 16, 8, 128), (2, 8, 4, 256), (2, 4, 2, 512), (2, 2, 1, 512)]
    assert model.count_params() == 14_714_688  # VGG-16 without its dense layers


def test_one_tap_and_an_odd_size(two_blocks):
    (only,) = run(vgg.backbone(None, blocks=2, taps=(2,)), np.zeros((1, 17, 33, 1), np.float32))
    assert only.shape == (1, 8, 16, 128)
    assert [layer.name for layer in two_blocks.layers if layer.weights] == [
        *("block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2")
    ]


def test_frozen_unless_asked(two_blocks):
    assert two_blocks.trainable_weights == []
    assert len(vgg.backbone(None, blocks=1, taps=(1,), trainable=True).trainable_weights) == 4


def test_the_input_is_untouched(two_blocks, rng):
    y = rng.random((1, 16, 16, 1), np.float32)
    before = y.copy()
    run(two_blocks, y)
    np.testing.assert_array_equal(y, before)
    shifted = np.asarray(vgg.GreyToVGG()(y))
    np.testing.assert_array_equal(y, before)
    np.testing.assert_allclose(shifted, 255 * y - np.array(vgg.MEAN_BGR), atol=1e-4)


def test_random_weights_depend_on_the_seed_alone():
    first, again, other = (
        vgg.backbone(None, blocks=2, taps=(2,), seed=seed).get_weights() for seed in (3, 3, 4)
    )
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.ndim == 1 or not np.array_equal(a, c)
    kernel = first[2]  # (3, 3, 64, 64)
    assert kernel.std() == pytest.approx(np.sqrt(2 / (9 * 64)), rel=0.02)
    drawn = np.random.default_rng(3).standard_normal((3, 3, 3, 64), np.float32)
    np.testing.assert_allclose(first[0], np.sqrt(2 / 27) * drawn, rtol=1e-6)  # on every backend


@pytest.mark.parametrize("style", ["W_1", "nested"])
def test_a_file_in_keras_layout(tmp_path, random_arrays, style, rng):
    path = tmp_path / "vgg16_notop.h5"
    keras_layout(path, random_arrays, style)
    model = vgg.backbone(str(path), blocks=2, taps=(1, 2))
    for (block, k), wanted in random_arrays.items():
        for a, b in zip(
            model.get_layer(f"block{block}_conv{k}").get_weights(), wanted, strict=True
        ):
            np.testing.assert_array_equal(a, b)
    facts = vgg.describe(path)
    assert (facts["name"], facts["weights"]) == ("VGG-16 from a file", "vgg16_notop.h5")
    assert len(facts["sha256"]) == 64


def test_both_loaders_build_the_same_network(tmp_path, embedded, monkeypatch, rng):
    path = tmp_path / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    path.parent.mkdir()
    keras_layout(path, embedded, "W_1")
    y = rng.random((1, 32, 48, 1), np.float32)
    packaged, loaded = vgg.backbone("embedded"), vgg.backbone(path)
    for wanted, got in zip(packaged.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(got, wanted)
    for wanted, got in zip(run(packaged, y), run(loaded, y), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5 * wanted.max())
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))  # as if Keras had downloaded it
    assert vgg.check() == {"embedded": "intact", "imagenet": "another network"}  # rounded
    raw = b"".join(array.tobytes() for pair in embedded.values() for array in pair)
    monkeypatch.setattr(vgg, "ARRAYS_SHA256", hashlib.sha256(raw).hexdigest())
    assert vgg.check()["imagenet"] == "the same network"


def test_check_without_files(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(files, "packaged", lambda folder: tmp_path)
    assert vgg.check() == {"embedded": "missing", "imagenet": "not downloaded"}
    (tmp_path / "vgg16.npz").write_bytes(b"other")
    (tmp_path / "models").mkdir()
    (tmp_path / "models/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5").write_bytes(b"other")
    assert vgg.check() == {"embedded": "changed", "imagenet": "another network"}


def test_describe():
    assert vgg.describe("embedded") == {
        **{"name": "ImageNet VGG-16", "weights": "embedded", "sha256": vgg.EMBEDDED_SHA256}
    }
    assert files.sha256(vgg.weights_path("embedded")) == vgg.EMBEDDED_SHA256
    assert vgg.describe(None) == {"name": "random VGG-16", "weights": None, "sha256": None}


@pytest.mark.parametrize(
    ("blocks", "taps"), [(2, (3,)), (2, ()), (5, (0, 1)), (5, (6,)), (1, (-1,)), (5, (2.5,))]
)
def test_unknown_taps(blocks, taps):
    with pytest.raises(InputError, match=f"taps must name blocks from 1 to {blocks}"):
        vgg.backbone(None, blocks=blocks, taps=taps)


@pytest.mark.parametrize("blocks", [0, 6, -1])
def test_unknown_number_of_blocks(blocks):
    with pytest.raises(InputError, match="blocks must be from 1 to 5"):
        vgg.backbone(None, blocks=blocks, taps=(1,))


def test_embedded_weights_changed_or_missing(tmp_path, monkeypatch):
    raw = bytearray(vgg.weights_path("embedded").read_bytes())
    raw[len(raw) // 2] ^= 1
    monkeypatch.setattr(files, "packaged", lambda folder: tmp_path)
    with pytest.raises(InputError, match=r"missing at .*vgg16\.npz; reinstall colorlab"):
        vgg.backbone(blocks=1, taps=(1,))
    (tmp_path / "vgg16.npz").write_bytes(raw)
    with pytest.raises(InputError, match=r"another SHA-256.*reinstall colorlab"):
        vgg.backbone(blocks=1, taps=(1,))


def test_no_network_for_imagenet(monkeypatch):
    def offline(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(keras.utils, "get_file", offline)
    with pytest.raises(InputError, match=r"could not be downloaded \(no route to host\).*embedded"):
        vgg.backbone("imagenet", blocks=1, taps=(1,))


def test_imagenet_takes_what_keras_downloads(monkeypatch, tmp_path, random_arrays):
    path = tmp_path / "download.h5"
    keras_layout(path, random_arrays, "W_1")
    monkeypatch.setattr(keras.utils, "get_file", lambda *args, **kwargs: str(path))
    model = vgg.backbone("imagenet", blocks=1, taps=(1,))
    np.testing.assert_array_equal(model.get_weights()[0], random_arrays[1, 1][0])
    assert vgg.describe("imagenet")["name"] == "ImageNet VGG-16"


def test_a_path_that_is_not_there(tmp_path):
    for path in (tmp_path / "missing.h5", tmp_path):
        with pytest.raises(InputError, match=r"no VGG-16 weights at .*give 'embedded'"):
            vgg.backbone(path, blocks=1, taps=(1,))


def test_files_of_another_kind(tmp_path, random_arrays):
    path = tmp_path / "bad.h5"
    wrong_shape = {key: (kernel[:, :, :1], bias) for key, (kernel, bias) in random_arrays.items()}
    keras_layout(path, wrong_shape, "W_1")
    with pytest.raises(InputError, match="does not hold the convolutions of VGG-16"):
        vgg.backbone(path, blocks=1, taps=(1,))
    for fill in (
        lambda file: None,
        lambda file: file.create_group("block1_conv1"),
        lambda file: file.create_dataset("block1_conv1", data=np.zeros(3)),
    ):
        with h5py.File(path, "w") as file:
            fill(file)
        with pytest.raises(InputError, match="does not hold the convolutions of VGG-16"):
            vgg.backbone(path, blocks=1, taps=(1,))
    path.write_bytes(b"not HDF5")
    with pytest.raises(InputError, match="does not hold the convolutions of VGG-16"):
        vgg.backbone(path, blocks=1, taps=(1,))


def test_colour_pictures_are_seen_blue_green_red(rng):
    rgb = rng.random((1, 4, 4, 3), np.float32)
    before = rgb.copy()
    seen = np.asarray(vgg.ColorToVGG()(rgb))
    np.testing.assert_array_equal(rgb, before)
    np.testing.assert_allclose(seen, 255 * rgb[..., ::-1] - np.array(vgg.MEAN_BGR), atol=1e-4)


def test_a_grey_picture_is_seen_alike_as_luma_and_as_colour(rng):
    y = rng.random((1, 16, 16, 1), np.float32)
    luma, color = (vgg.backbone(None, blocks=1, taps=(1,), color=color) for color in (False, True))
    (wanted,), (got,) = run(luma, y), run(color, np.repeat(y, 3, axis=-1))
    np.testing.assert_allclose(got, wanted, atol=1e-3)
