"""The consistency model takes any frame, believes a context only where told to, and finds it."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colorlab import bins, color_model, consistency_model, losses
from colorlab.color_model import ColorModelConfig
from colorlab.consistency_model import ConsistencyConfig, LookBack, Remember
from colorlab.errors import InputError

pytestmark = pytest.mark.keras

COLOR = ColorModelConfig(n=8, taps=(2,), widths=(8,), context=0)
GUIDED = ConsistencyConfig(context_width=8, width=8, reach=1, keys=4)
CONCAT = dataclasses.replace(GUIDED, memory="concat")
BOTH = {"guided": GUIDED, "concat": CONCAT}


def shaken(config, color=COLOR, seed=1):
    """A network whose every variable differs from what building gives."""
    network = consistency_model.build(config, color)
    rng = np.random.default_rng(seed)
    for variable in color_model.own_variables(network).values():
        variable.assign(rng.uniform(-0.3, 0.4, variable.shape).astype(np.float32))
    return network


@pytest.fixture(scope="module")
def networks():
    return {memory: shaken(config) for memory, config in BOTH.items()}


@pytest.fixture(scope="module")
def color():
    return color_model.build(COLOR, seed=3)


def frames(rng, size, count=1, stride=2, channels=8):
    """What a consistency model is given, for random frames."""
    height, width = size
    padded = [-(-side // 16) * 16 // stride for side in size]
    return {
        "features": rng.random((count, *padded, channels), np.float32),
        "y": rng.random((count, height, width, 1), np.float32),
        "y_before": rng.random((count, height, width, 1), np.float32),
        "context": rng.uniform(-0.4, 0.4, (count, height, width, 2)).astype(np.float32),
        "valid": np.ones((count, height, width, 1), np.float32),
    }


def run(network, inputs):
    return {head: np.asarray(x) for head, x in network.predict_on_batch(inputs).items()}


# --- shapes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (33, 50), (1, 40), (16, 16)])
@pytest.mark.parametrize("memory", BOTH)
def test_any_size(memory, size, networks, rng):
    outputs = run(networks[memory], frames(rng, size, count=2))
    assert sorted(outputs) == ["u", "v"]
    for logits in outputs.values():
        assert logits.shape == (2, *size, 8) and logits.dtype == np.float32
        assert np.isfinite(logits).all() and np.ptp(logits) > 0.01


@pytest.mark.parametrize("taps", [(1,), (3,)])
@pytest.mark.parametrize("memory", BOTH)
def test_the_features_of_any_stride(memory, taps, rng):
    color = dataclasses.replace(COLOR, taps=taps, n=7, align="centre")
    network = consistency_model.build(BOTH[memory], color)
    outputs = run(network, frames(rng, (17, 20), stride=color.stride))
    assert {logits.shape for logits in outputs.values()} == {(1, 17, 20, 7)}


@pytest.mark.parametrize("memory", BOTH)
def test_the_frames_of_a_batch_do_not_mix(memory, networks, rng):
    both = frames(rng, (18, 21), count=2)
    whole = run(networks[memory], both)
    for k in range(2):
        alone = run(networks[memory], {name: x[k : k + 1] for name, x in both.items()})
        for head in "uv":
            np.testing.assert_allclose(alone[head][0], whole[head][k], rtol=1e-5, atol=1e-4)


def test_a_reach_beyond_the_frame(rng):
    network = consistency_model.build(dataclasses.replace(GUIDED, reach=3), COLOR)
    assert all(np.isfinite(x).all() for x in run(network, frames(rng, (2, 3))).values())


def test_mixed_precision_keeps_the_outputs_in_float32(rng):
    network = consistency_model.build(GUIDED, COLOR, dtype="mixed_bfloat16")
    outputs = run(network, frames(rng, (18, 20)))
    assert {x.dtype for x in outputs.values()} == {np.dtype(np.float32)}
    assert network.get_layer("first").compute_dtype == "bfloat16"


def test_a_seed_gives_the_same_weights():
    one, same, other = (consistency_model.build(GUIDED, COLOR, seed=seed) for seed in (4, 4, 5))
    found = [color_model.own_variables(network) for network in (one, same, other)]
    for path, variable in found[0].items():
        a, b = (keras.ops.convert_to_numpy(v) for v in (variable, found[1][path]))
        np.testing.assert_array_equal(a, b, err_msg=path)
    kernels = [keras.ops.convert_to_numpy(variables["first/kernel"]) for variables in found]
    assert not np.array_equal(kernels[0], kernels[2])


# --- what is believed ----------------------------------------------------------------------------


def test_a_context_that_is_not_valid_is_not_looked_at(networks, rng):
    """By the guided model; the report's is told of no validity, and changes."""
    inputs = frames(rng, (18, 21))
    inputs["valid"][:] = 0
    other = inputs | {name: frames(rng, (18, 21))[name] for name in ("y_before", "context")}
    one, two = (run(networks["guided"], told) for told in (inputs, other))
    changed = run(networks["guided"], other | {"valid": np.ones_like(inputs["valid"])})
    for head in "uv":
        np.testing.assert_allclose(one[head], two[head], atol=1e-5)
        assert np.abs(changed[head] - two[head]).max() > 0.01
    one, two = (run(networks["concat"], told) for told in (inputs, other))
    assert max(np.abs(one[head] - two[head]).max() for head in "uv") > 0.01


def test_a_guided_model_begins_as_its_color_model(color, rng):
    """Without a context it gives the color model's logits, once it has that model's heads."""
    network = consistency_model.build(GUIDED, COLOR)
    looking = keras.Model(
        color.inputs[0], {"features": color.get_layer("features").output, **color.output}
    )
    inputs = frames(rng, (18, 21))
    seen = run(looking, inputs["y"])
    for head in "uv":
        theirs = color.get_layer(f"{head}_head").get_weights()
        network.get_layer(f"{head}_head").set_weights([np.array(w) for w in theirs])
    told = inputs | {"features": seen["features"]}
    alone = run(network, told | {"valid": np.zeros_like(inputs["valid"])})
    remembering = run(network, told)
    for head in "uv":
        np.testing.assert_allclose(alone[head], seen[head], atol=1e-4)
        assert np.ptp(seen[head]) > 0.01
        assert np.abs(remembering[head] - seen[head]).max() > 0.5


def test_a_new_guided_model_keeps_a_still_frames_colours(color, rng):
    """Luma that did not change points at itself, and the memory counts from the start."""
    network = consistency_model.build(GUIDED, COLOR)
    inputs = frames(rng, (24, 32))
    inputs["y_before"] = inputs["y"]
    outputs = run(network, inputs)
    labels = COLOR.grid.encode(inputs["context"])
    for axis, head in enumerate("uv"):
        kept = (outputs[head].argmax(axis=-1) == labels[..., axis]).mean()
        assert kept > 0.5  # one in eight by chance


@pytest.mark.parametrize("memory", BOTH)
def test_gradients_reach_every_weight(memory, rng):
    """A few steps of learning change all but the guided model's frozen heads."""
    network = shaken(BOTH[memory], seed=2)
    network.compile(keras.optimizers.Adam(0.01), loss=losses.head_losses("crossentropy"))
    inputs = frames(rng, (16, 16), count=2)
    labels = {head: rng.integers(0, 8, (2, 16, 16)).astype(np.int32) for head in "uv"}
    own = color_model.own_variables(network)
    before = {path: np.array(keras.ops.convert_to_numpy(v)) for path, v in own.items()}
    lost = [network.train_on_batch(inputs, labels, return_dict=True)["loss"] for _ in range(4)]
    assert float(lost[-1]) < float(lost[0])
    for path, variable in own.items():
        same = np.array_equal(keras.ops.convert_to_numpy(variable), before[path])
        assert same == (memory == "guided" and path.startswith(("u_head/", "v_head/"))), path


# --- the memory ----------------------------------------------------------------------------------


def look(layer, now, before, values):
    return tuple(map(np.asarray, layer(*(np.float32(x) for x in (now, before, values)))))


@settings(max_examples=20)
@given(st.integers(-2, 2), st.integers(-2, 2), st.integers(0, 99))
def test_a_shifted_picture_is_found(down, right, seed):
    """Where keys match exactly one place, that place's colour is fetched."""
    rng = np.random.default_rng(seed)
    height, width = 7, 9
    keys = 40.0 * rng.permutation(height * width).reshape(1, height, width, 1)  # all far apart
    values = rng.uniform(-1, 1, (1, height, width, 3))
    now = np.roll(keys, (-down, -right), (1, 2))  # what lies here lay at (+down, +right) before
    found, fit = look(LookBack(2), now, keys, values)
    wanted = np.roll(values, (-down, -right), (1, 2))
    inside = np.s_[:, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    np.testing.assert_allclose(found[inside], wanted[inside], atol=1e-5)
    assert fit.shape == (1, height, width, 1)
    fits = fit[0, 2:-2, 2:-2]  # away from the border, which is repeated, one place fits
    np.testing.assert_allclose(fits, fits.flat[0], atol=1e-4)


def test_what_moved_beyond_reach_is_not_found(rng):
    keys = 40.0 * rng.permutation(63).reshape(1, 7, 9, 1)
    values = rng.uniform(-1, 1, (1, 7, 9, 3))
    near, far = (
        look(LookBack(1), np.roll(keys, -k, 2), keys, values)[1][0, :, : 9 - k] for k in (1, 2)
    )
    assert far.max() < near.min() - 1  # and the fit says so


def test_where_all_luma_is_the_same_the_pointer_stays(rng):
    values = rng.uniform(-1, 1, (1, 5, 5, 1))
    flat = np.zeros((1, 5, 5, 2))
    found, _ = look(LookBack(2), flat, flat, values)
    assert found.min() >= values.min() and found.max() <= values.max()
    nearest = np.abs(found - values) < np.abs(found - np.roll(values, 2, (1, 2)))
    assert nearest.mean() > 0.5
    still, _ = look(LookBack(0), flat, flat, values)
    np.testing.assert_allclose(still, values, atol=1e-6)


def remember(layer, colour, gate, still, still_gate):
    shape = (1, 1, 1, 1)
    logits = np.zeros((1, 1, 1, layer.grid.n), np.float32)
    told = (np.full(shape, x, np.float32) for x in (colour, gate, still, still_gate))
    return np.asarray(layer(logits, *told))[0, 0, 0]


@pytest.mark.parametrize(("n", "align"), [(8, "edge"), (7, "centre"), (30, "edge")])
@pytest.mark.parametrize("axis", [0, 1])
def test_the_bin_of_the_remembered_colour_is_raised(axis, n, align):
    layer, grid = Remember(n, align, axis), bins.BinGrid(n, align)
    for k in range(n):
        centre = grid.centres[axis, k]
        fetched = remember(layer, centre, 5.0, 0.0, 0.0)
        assert fetched.argmax() == k and fetched[k] == pytest.approx(5, abs=1e-4)
        assert (fetched >= 0).all()
        for step in (1, 2):  # the further the less
            for near in {k - step, k + step} & set(range(n)):
                assert fetched[near] < fetched[near + (1 if near < k else -1)]
        still = remember(layer, centre, 0.0, centre, 3.0)
        np.testing.assert_allclose(still, 3.0 * np.eye(n)[k], atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_colour_left_in_place_counts_for_the_bin_that_labels_give_it(axis):
    layer, grid = Remember(8, "edge", axis), bins.BinGrid(8)
    chroma = np.append(grid.edges[axis], np.float32([-9, 9, 0.0, 1e-7, -1e-7]))
    labels = grid.encode(np.stack([chroma, chroma], axis=-1))[..., axis]
    for value, label in zip(chroma, labels, strict=True):
        raised = remember(layer, 0.0, 0.0, value, 2.0)
        np.testing.assert_allclose(raised, 2.0 * np.eye(8)[label], atol=1e-6)


def test_layers_know_the_shape_of_what_they_return():
    keys, values, one = (2, None, 20, 4), (2, None, 20, 3), (2, None, 20, 1)
    assert LookBack(1).compute_output_shape(keys, keys, values) == (values, one)
    logits = (2, None, 20, 8)
    assert Remember(8, "edge", 0).compute_output_shape(logits, one, one, one, one) == logits


# --- the configuration ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"memory": "paper"}, "memory must be one of concat, guided; received 'paper'"),
        ({"width": 0}, "width must be an integer from 1 up; received 0"),
        ({"context_width": 2.5}, "context_width must be an integer from 1 up; received 2.5"),
        ({"reach": -1}, "reach must be an integer from 0 up; received -1"),
        ({"keys": True}, "keys must be an integer from 1 up; received True"),
        ({"keys": "4"}, "keys must be an integer from 1 up; received '4'"),
    ],
)
def test_a_configuration_that_cannot_be(changes, message):
    with pytest.raises(InputError, match=message):
        ConsistencyConfig(**changes)


@pytest.mark.parametrize("config", [GUIDED, CONCAT, ConsistencyConfig()])
def test_the_configuration_comes_back_from_json(config):
    assert ConsistencyConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_unknown_fields_are_refused():
    with pytest.raises(InputError, match=r"unknown fields \['depth', 'taps'\] .*known: \['context"):
        ConsistencyConfig.from_json({"depth": 1, "taps": [2], "width": 8})


@pytest.mark.parametrize("memory", BOTH)
def test_a_color_model_without_bins_is_refused(memory):
    chroma = dataclasses.replace(COLOR, head="chroma")
    with pytest.raises(InputError, match="needs a color model that predicts bins"):
        consistency_model.build(BOTH[memory], chroma)


def test_the_reports_model_has_two_convolutions_behind_the_two_it_joins():
    """Parameters of k x k convolutions from c to d channels: d (c k k + 1)."""
    convolutions = {
        "context": 8 * (2 * 9 + 1),
        "first": 8 * ((8 + 8) * 9 + 1),
        "second": 8 * (8 * 9 + 1),
        "heads": 2 * 8 * (8 + 1),
    }
    assert consistency_model.build(CONCAT, COLOR).count_params() == sum(convolutions.values())


def test_a_memory_adds_little(networks):
    added = networks["guided"].count_params() - networks["concat"].count_params()
    assert 0 < added < 15_000
    wider = consistency_model.build(dataclasses.replace(GUIDED, reach=2), COLOR)
    assert wider.count_params() - networks["guided"].count_params() == 25 - 9  # one a displacement


# --- what the color model thinks of a colour -----------------------------------------------------


def test_agreement_is_the_log_probability_of_the_bin(rng):
    layer = consistency_model.Agreement(8, "edge", 1)
    logits = rng.normal(0, 2, (1, 3, 4, 8)).astype(np.float32)
    uv = rng.uniform(-0.6, 0.6, (1, 3, 4, 2)).astype(np.float32)
    found = np.asarray(layer(logits, uv[..., 1:]))
    labels = bins.BinGrid(8).encode(uv)[..., 1]
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    wanted = np.log(np.take_along_axis(shares, labels[..., None], axis=-1))
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    sure = np.float32(100) * (np.arange(8) == 0) * np.ones((1, 1, 1, 1), np.float32)
    far = np.asarray(layer(np.float32(sure), np.full((1, 1, 1, 1), 0.6, np.float32)))
    np.testing.assert_allclose(far, layer.FLOOR)
