"""The color model takes any picture, trains only what is ours, and is the same for a seed."""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from skimage.transform import resize

from colorlab import color_model, losses
from colorlab.color_model import ColorModelConfig
from colorlab.errors import InputError

pytestmark = pytest.mark.keras

# Few distinct shapes: JAX compiles an initialiser anew for each.
SMALL = ColorModelConfig(n=8, taps=(2,), widths=(8,), context=8)
FINE = ColorModelConfig(n=8, taps=(1, 2), widths=(8, 8), context=0)


@pytest.fixture(scope="module")
def network():
    return color_model.build(SMALL)


@pytest.fixture(scope="module")
def fine():
    return color_model.build(FINE)


def run(model, y):
    return {head: np.asarray(x) for head, x in model.predict_on_batch(y).items()}


@pytest.mark.parametrize("size", [(1, 1), (33, 50), (1, 40)])
def test_any_size(network, size, rng):
    outputs = run(network, rng.random((2, *size, 1), np.float32))
    assert sorted(outputs) == ["u", "v"]
    for logits in outputs.values():
        assert logits.shape == (2, *size, 8)
        assert logits.dtype == np.float32
        assert np.isfinite(logits).all()


def test_padding_repeats_the_border_and_is_cut_off(network, rng):
    y = rng.random((1, 17, 30, 1), np.float32)
    padded = np.pad(y, ((0, 0), (0, 15), (0, 2), (0, 0)), mode="edge")
    for head, logits in run(network, padded).items():
        np.testing.assert_allclose(run(network, y)[head], logits[:, :17, :30], atol=1e-5)


def test_a_shifted_picture_gets_shifted_logits(fine, rng):
    y = rng.random((1, 48, 80, 1), np.float32)
    whole, part = run(fine, y)["u"], run(fine, y[:, :, 16:64])["u"]
    inside = (slice(None), slice(16, 32), slice(16, 32))
    np.testing.assert_allclose(part[inside], whole[:, 16:32, 32:48], atol=1e-4)
    assert np.ptp(whole) > 0.1


def test_heads_work_at_the_lowest_taps_resolution(network, fine, rng):
    y = rng.random((1, 32, 48, 1), np.float32)
    coarse = color_model.at_head_resolution(network)
    assert {head: x.shape for head, x in run(coarse, y).items()} == {
        **{"u": (1, 16, 24, 8), "v": (1, 16, 24, 8)}
    }
    full = np.asarray(color_model.Enlarge(1)(run(coarse, y)["u"]))
    np.testing.assert_allclose(run(network, y)["u"], full, atol=1e-5)
    same = color_model.at_head_resolution(fine)
    np.testing.assert_array_equal(run(same, y)["v"], run(fine, y)["v"])
    assert [config.stride for config in (FINE, SMALL, ColorModelConfig())] == [1, 2, 2]


@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (1, 1, 1, 1), (1, 8, 2, 3)])
def test_enlarge_is_bilinear_between_pixel_centres(shape, rng):
    x = rng.standard_normal(shape).astype(np.float32)
    got = np.asarray(color_model.Enlarge(1)(x))
    for picture, wanted in zip(got, x, strict=True):
        height, width = wanted.shape[:2]
        wanted = resize(wanted, (2 * height, 2 * width), order=1, mode="edge", anti_aliasing=False)
        np.testing.assert_allclose(picture, wanted, atol=1e-6)
    assert np.asarray(color_model.Enlarge(2)(x)).shape[1:3] == (4 * shape[1], 4 * shape[2])


def test_layers_know_the_shape_of_what_they_return():
    shape = (None, None, 33, 3)
    for layer, wanted in (
        (color_model.PadToMultiple(16), (None, None, 48, 3)),
        (color_model.Enlarge(2), (None, None, 132, 3)),
    ):
        assert layer.compute_output_shape(shape) == wanted
    crop = color_model.CropLike()
    assert crop.compute_output_shape((1, 48, 64, 6), (1, 33, None, 1)) == (1, 33, None, 6)


def test_a_picture_that_fills_a_batch_changes_nothing(rng):
    y = rng.random((3, 16, 16, 1)).astype(np.float32)
    more = np.concatenate([y, np.full((1, 16, 16, 1), color_model.FILLER, np.float32)])
    plain, filled = color_model.build(SMALL), color_model.build(SMALL, fillers=True)
    wanted, got = plain(y, training=True), filled(more, training=True)
    for head in "uv":
        np.testing.assert_allclose(np.asarray(got[head])[:3], np.asarray(wanted[head]), atol=1e-4)
    found = color_model.own_variables(filled)
    rounding = 4 * np.finfo(np.float32).eps  # variances of 40 000, of which 1e-4 is no float32 step
    for path, variable in color_model.own_variables(plain).items():
        np.testing.assert_allclose(
            *map(np.asarray, (found[path], variable)), rounding, 1e-4, err_msg=path
        )
    still = color_model.build(SMALL)  # without `fillers` it would have changed the statistics
    np.testing.assert_raises(
        AssertionError,
        *(np.testing.assert_allclose, np.asarray(still(more, training=True)["u"])[:3]),
        *(np.asarray(wanted["u"]), 1e-7, 1e-4),
    )


def test_a_seed_gives_the_same_weights(network):
    again, other = color_model.build(SMALL), color_model.build(SMALL, seed=1)
    different = 0
    for path, variable in color_model.own_variables(network).items():
        value = np.asarray(variable)
        same = np.asarray(color_model.own_variables(again)[path])
        np.testing.assert_array_equal(same, value)
        another = np.asarray(color_model.own_variables(other)[path])
        different += not np.array_equal(another, value)
    assert different >= 5


def test_the_same_model_works_on_taps_that_were_computed_before(rng):
    config = ColorModelConfig(n=8, taps=(2, 3), widths=(8, 8), context=8)
    y = rng.random((2, 32, 48, 1), np.float32)
    whole, ours = color_model.build(config, seed=3), color_model.build_on_taps(config, seed=3)
    taps = whole.get_layer(color_model.BACKBONE).predict_on_batch(y)
    got = run(ours, {f"tap{k}": np.asarray(tap) for k, tap in zip((2, 3), taps, strict=True)})
    for head, logits in run(whole, y).items():
        np.testing.assert_allclose(got[head], logits, atol=1e-4)
    assert color_model.own_variables(ours).keys() == color_model.own_variables(whole).keys()
    assert color_model.at_head_resolution(ours).output["u"].shape[-1] == 8


def test_heads_begin_apart(network):
    u, v = (network.get_layer(f"{head}_head").get_weights()[0] for head in "uv")
    assert not np.array_equal(u, v)


def test_own_variables_are_all_but_the_backbone(network):
    names = sorted(color_model.own_variables(network))
    assert "features/kernel" in names
    assert "tap2_norm/moving_variance" in names
    assert not any(name.startswith(color_model.BACKBONE) for name in names)
    backbone = network.get_layer(color_model.BACKBONE)
    assert len(names) + len(backbone.weights) == len(network.weights)


def test_own_variables_leave_out_the_seeds_of_dropout():
    config = dataclasses.replace(SMALL, dropout=0.5, backbone=None)
    names = color_model.own_variables(color_model.build(config))
    assert names.keys() == color_model.own_variables(color_model.build(SMALL)).keys()


def test_dropout_works_while_training_only(rng):
    network = color_model.build(dataclasses.replace(SMALL, dropout=0.5, backbone=None))
    y = rng.random((1, 16, 16, 1), np.float32)
    first, again = (run(network, y)["u"] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    first, again = (np.asarray(network(y, training=True)["u"]) for _ in range(2))
    assert not np.array_equal(first, again)


def test_only_ours_learns(rng):
    network = color_model.build(SMALL)
    heads = color_model.at_head_resolution(network)
    heads.compile(keras.optimizers.Adam(0.01), loss=losses.head_losses("crossentropy"))
    frozen = network.get_layer(color_model.BACKBONE).get_weights()
    before = [np.asarray(v).copy() for v in network.trainable_weights]
    labels = rng.integers(0, 8, (2, 8, 8)).astype(np.int32)
    heads.train_on_batch(rng.random((2, 16, 16, 1), np.float32), {"u": labels, "v": labels})
    after = [np.asarray(v) for v in network.trainable_weights]
    assert len(before) == len(heads.trainable_variables) > 0
    changed = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert all(changed), [
        v.path for v, c in zip(network.trainable_weights, changed, strict=True) if not c
    ]
    for a, b in zip(frozen, network.get_layer(color_model.BACKBONE).get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_half_precision_inside_float32_at_the_heads(network, rng):
    half = color_model.build(SMALL, dtype="mixed_bfloat16")
    y = rng.random((1, 16, 16, 1), np.float32)
    exact = run(network, y)
    for head, logits in run(half, y).items():
        assert logits.dtype == np.float32
        assert np.abs(logits - exact[head]).max() < 0.1 * np.abs(exact[head]).max()
    assert {str(v.dtype) for v in color_model.own_variables(half).values()} == {"float32"}


def test_a_regression_head_gives_one_number_per_axis(rng):
    network = color_model.build(dataclasses.replace(SMALL, head="chroma", backbone=None))
    outputs = run(network, rng.random((1, 9, 11, 1), np.float32))
    assert [x.shape for x in outputs.values()] == [(1, 9, 11, 1)] * 2


def test_the_whole_model_in_numbers():
    config = ColorModelConfig(backbone=None, widths=(8, 8, 8, 8), context=8)
    network = color_model.build(config)
    counts = color_model.count_parameters(network)
    assert counts["frozen"] == 14_714_688
    assert counts["trainable"] == sum(int(np.prod(w.shape)) for w in network.trainable_weights)
    statistics = 4 * sum(config.widths)  # mean and variance of two norms per tap
    assert counts["total"] == counts["frozen"] + counts["trainable"] + statistics


def test_configurations_go_through_json():
    config = ColorModelConfig(n=31, align="centre", taps=[1, 2], widths=[8, 9], backbone=Path("x"))
    fields = json.loads(json.dumps(config.to_json()))
    assert ColorModelConfig.from_json(fields) == config
    assert config.grid.n == 31
    assert config.channels == 31
    assert dataclasses.replace(config, head="chroma").channels == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"n": 31}, "align='edge' needs an even number of bins; received n=31"),
        ({"n": 30, "align": "centre"}, "needs an odd number"),
        ({"n": 0}, "number of bins must be an integer from 2"),
        ({"align": "left"}, "align must be 'edge' or 'centre'; received 'left'"),
        ({"taps": ()}, r"taps must ascend within 1..5; received \(\)"),
        ({"taps": (3, 2), "widths": (4, 4)}, r"taps must ascend within 1..5; received \(3, 2\)"),
        ({"taps": (2, 2), "widths": (4, 4)}, "taps must ascend"),
        ({"taps": (0,), "widths": (4,)}, "taps must ascend"),
        ({"taps": (5, 6), "widths": (4, 4)}, "taps must ascend"),
        ({"taps": (2,)}, r"one positive number per tap \(2,\); received \(96, 128, 192, 256\)"),
        ({"taps": (2,), "widths": (0,)}, "one positive number per tap"),
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\); received 1.0"),
        ({"dropout": -0.1}, "dropout must lie"),
        ({"dropout": float("nan")}, "dropout must lie"),
        ({"context": -1}, "context must be 0 or more channels; received -1"),
        ({"head": "lab"}, "head must be 'bins' or 'chroma'; received 'lab'"),
        ({"depth": 3, "colour": 1}, r"unknown fields \['colour', 'depth'\]"),
        ({"dropout": "much"}, "architecture cannot be read"),
        ({"taps": 2}, "architecture cannot be read"),
    ],
)
def test_bad_configurations(fields, message):
    with pytest.raises(InputError, match=message):
        ColorModelConfig.from_json(fields)


def test_a_backbone_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no VGG-16 weights at"):
        color_model.build(dataclasses.replace(SMALL, backbone=str(tmp_path / "x.h5")))


def test_every_tap_is_read(fine, rng):
    """Switching a tap off changes the logits, so the residual addition is really there."""
    y = rng.random((1, 16, 16, 1), np.float32)
    before = run(fine, y)["u"]
    for tap in FINE.taps:
        norm = fine.get_layer(f"tap{tap}_norm")
        kept = norm.get_weights()
        norm.set_weights([np.zeros_like(kept[0]), *kept[1:]])
        assert np.abs(run(fine, y)["u"] - before).max() > 1e-3
        norm.set_weights(kept)
    np.testing.assert_array_equal(run(fine, y)["u"], before)
