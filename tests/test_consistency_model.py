"""The consistency model takes any frame, believes a context only where told to, and finds it."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from colorlab import bins, color_model, consistency_model, losses, yuv
from colorlab.coast import Scene
from colorlab.color_model import ColorModelConfig
from colorlab.consistency_model import ConsistencyConfig, Mixture
from colorlab.decode import softmax
from colorlab.errors import InputError

pytestmark = pytest.mark.keras

COLOR = ColorModelConfig(n=8, taps=(2,), widths=(8,), context=0)
GUIDED = ConsistencyConfig(context_width=8, width=8)
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
    moved = rng.uniform(-0.4, 0.6, (count, height, width, 4)).astype(np.float32)
    moved[..., 3] = np.abs(moved[..., 3])  # how far, which is never negative
    return {
        "features": rng.random((count, *padded, channels), np.float32),
        "y": rng.random((count, height, width, 1), np.float32),
        "y_before": rng.random((count, height, width, 1), np.float32),
        "context": rng.uniform(-0.4, 0.4, (count, height, width, 2)).astype(np.float32),
        "valid": np.ones((count, height, width, 1), np.float32),
        "moved": moved,
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


def test_mixed_precision_keeps_the_outputs_in_float32(rng):
    network = consistency_model.build(GUIDED, COLOR, dtype="mixed_bfloat16")
    outputs = run(network, frames(rng, (18, 20)))
    assert {x.dtype for x in outputs.values()} == {np.dtype(np.float32)}
    assert network.get_layer("first").compute_dtype == "bfloat16"


def test_a_seed_gives_the_same_weights():
    one, same, other = (consistency_model.build(GUIDED, COLOR, seed=seed) for seed in (4, 4, 5))
    found = [color_model.own_variables(network) for network in (one, same, other)]
    for path, variable in found[0].items():
        a, b = (np.asarray(v) for v in (variable, found[1][path]))
        np.testing.assert_array_equal(a, b, err_msg=path)
    kernels = [np.asarray(variables["first/kernel"]) for variables in found]
    assert not np.array_equal(kernels[0], kernels[2])


# --- what is believed ----------------------------------------------------------------------------


def test_a_context_that_is_not_valid_is_not_looked_at(networks, rng):
    """By the guided model; the report's is told of no validity, and changes."""
    inputs = frames(rng, (18, 21))
    inputs["valid"][:] = 0
    other = inputs | {
        name: frames(rng, (18, 21))[name] for name in ("y_before", "context", "moved")
    }
    one, two = (run(networks["guided"], told) for told in (inputs, other))
    changed = run(networks["guided"], other | {"valid": np.ones_like(inputs["valid"])})
    for head in "uv":
        np.testing.assert_allclose(one[head], two[head], atol=1e-5)
        assert np.abs(changed[head] - two[head]).max() > 0.01
    one, two = (run(networks["concat"], told) for told in (inputs, other))
    assert max(np.abs(one[head] - two[head]).max() for head in "uv") > 0.01


def test_a_guided_model_begins_as_its_color_model(color, rng):
    """Without a context it gives the color model's answer, once it has that model's heads."""
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
        wanted = softmax(seen[head])
        np.testing.assert_allclose(np.exp(alone[head]), wanted, atol=1e-5)
        assert np.abs(np.exp(remembering[head]) - wanted).max() > 0.1


def test_a_new_guided_model_keeps_a_still_frames_colours(color, rng):
    """Luma that did not change points at itself, and the memory counts from the start."""
    network = consistency_model.build(GUIDED, COLOR)
    inputs = frames(rng, (24, 32))
    inputs["y_before"] = inputs["y"]
    maps = {name: x for name, x in inputs.items() if name not in ("features", "moved")}
    outputs = run(network, inputs | GUIDED.kind.context_inputs(**maps))
    labels = COLOR.grid.encode(inputs["context"])
    for axis, head in enumerate("uv"):
        kept = (outputs[head].argmax(axis=-1) == labels[..., axis]).mean()
        assert kept > 0.9  # one in eight by chance


@pytest.mark.parametrize("memory", BOTH)
def test_gradients_reach_every_weight(memory, rng):
    """A few steps of learning change all but the guided model's frozen heads."""
    network = consistency_model.build(BOTH[memory], COLOR)
    for variable in color_model.own_variables(network).values():
        variable.assign_add(rng.normal(0, 0.05, variable.shape).astype(np.float32))
    network.compile(keras.optimizers.Adam(0.01), loss=losses.head_losses("crossentropy"))
    inputs = frames(rng, (16, 16), count=2)
    labels = {head: rng.integers(0, 8, (2, 16, 16)).astype(np.int32) for head in "uv"}
    own = color_model.own_variables(network)
    before = {path: np.asarray(v).copy() for path, v in own.items()}
    lost = [network.train_on_batch(inputs, labels, return_dict=True)["loss"] for _ in range(4)]
    assert float(lost[-1]) < float(lost[0])
    for path, variable in own.items():
        same = np.array_equal(np.asarray(variable), before[path])
        assert same == (memory == "guided" and path.startswith(("u_head/", "v_head/"))), path


# --- the memory ----------------------------------------------------------------------------------


def mix(layer, chroma, spread, share, logits=None):
    """One memory of some spread; what stays exactly the same has no share."""
    return mixed(layer, (0.0, chroma), (spread,), (0.0, share), logits)


def mixed(layer, chromas, spreads, shares, logits=None):
    logits = np.zeros(layer.grid.n) if logits is None else logits
    told = (np.float32(x)[None, None, None] for x in (logits, chromas, spreads, shares))
    return np.exp(np.asarray(layer(*told))[0, 0, 0])


@pytest.mark.parametrize(("n", "align"), [(8, "edge"), (7, "centre"), (30, "edge")])
@pytest.mark.parametrize("axis", [0, 1])
def test_the_bin_of_the_remembered_colour_is_the_likeliest(axis, n, align):
    layer, grid = Mixture(n, align, axis), bins.BinGrid(n, align)
    for k in range(n):
        p = mix(layer, grid.centres[axis, k], 0.3, 1.0)
        assert p.argmax() == k and p.sum() == pytest.approx(1, abs=1e-4)
        near, far = (p[np.abs(np.arange(n) - k) == step] for step in (1, 2))
        assert near.max() < p[k] and far.max() < near.min()
    chroma = np.append(grid.edges[axis] + 1e-4, np.float32([-9, 9]))  # outside: the end bins
    labels = grid.encode(np.stack([chroma, chroma], axis=-1))[..., axis]
    assert [mix(layer, c, 1e-4, 1.0).argmax() for c in chroma] == list(labels)


def test_the_memory_is_a_logistic_distribution_over_the_bins():
    layer, grid = Mixture(8, "edge", 1), bins.BinGrid(8)
    width, chroma = grid.width[1], 0.07
    scaled = (grid.edges[1] - chroma) / (0.7 * width)
    scaled[0], scaled[-1] = -np.inf, np.inf
    wanted = np.diff(1 / (1 + np.exp(-scaled)))
    np.testing.assert_allclose(mix(layer, chroma, 0.7, 1.0), wanted, atol=1e-6)


def test_shares_are_mixed_as_probabilities(rng):
    layer, logits = Mixture(8, "edge", 0), rng.normal(0, 2, 8)
    model = np.exp(logits) / np.exp(logits).sum()
    memory = mix(layer, 0.1, 0.5, 1.0)
    for share in (0.0, 0.25, 0.9):
        found = mix(layer, 0.1, 0.5, share, logits)
        np.testing.assert_allclose(found, share * memory + (1 - share) * model, atol=1e-6)


def test_memories_are_mixed_as_probabilities(rng):
    layer, logits = Mixture(8, "edge", 0), np.float32(rng.normal(0, 2, 8))
    found = mixed(layer, (0.3, 0.1, -0.2), (0.5, 0.1), (0.2, 0.1, 0.6), logits)
    wanted = 0.1 * mix(layer, 0.1, 0.5, 1.0) + 0.6 * mix(layer, -0.2, 0.1, 1.0)
    wanted += 0.2 * (np.arange(8) == layer.grid.encode(np.float32([0.3, 0]))[0])
    wanted += 0.1 * np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
def test_what_stays_the_same_stays_in_its_bin(axis):
    """Neutral greys lie on a bin's edge, or beside it by a rounding error."""
    layer = Mixture(30, "edge", axis)
    greys = yuv.rgb_to_yuv(np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3))[1][0]
    chroma = np.concatenate([greys, layer.grid.edges.T, np.float32([[-9, -9], [9, 9]])])
    labels = layer.grid.encode(chroma)[:, axis]
    assert {14, 15} <= set(labels[:256])
    for one, label in zip(chroma[:, axis], labels, strict=True):
        p = mixed(layer, (one, 0.0), (0.5,), (1.0, 0.0))
        assert p[label] == pytest.approx(1) and np.delete(p, label).max() < 1e-6


def test_what_cannot_be_has_a_finite_logarithm():
    layer = Mixture(8, "edge", 0)
    sure = np.float32(200) * (np.arange(8) == 3)
    for share in (0.0, 1.0):
        p = mix(layer, -0.4, 1e-3, share, sure)
        assert np.isfinite(np.log(p)).all() and p.max() > 0.99


def test_blending_fades_the_proposal_in():
    outputs = {"remembered": np.full((1, 2, 2, 2), 0.2), "share": np.full((1, 2, 2, 2), 0.5)}
    proposal = np.full((1, 2, 2, 2), -0.1)
    for leak, wanted in ((0.0, 0.05), (0.2, 0.02), (1.0, -0.1)):
        uv = GUIDED.kind.chroma(outputs, lambda: proposal, pytest.fail, leak)
        np.testing.assert_allclose(uv, wanted)


def test_a_guided_model_tells_what_it_remembers(networks, rng):
    inputs = frames(rng, (18, 21))
    network = consistency_model.build(GUIDED, COLOR)
    plain, told = (run(one, inputs) for one in (network, GUIDED.kind.inference(network)))
    assert sorted(told) == ["remembered", "share", "u", "v"]
    for head in "uv":
        np.testing.assert_allclose(told[head], plain[head], atol=1e-5)
    assert told["remembered"].shape == told["share"].shape == (1, 18, 21, 2)
    np.testing.assert_allclose(told["share"], 1 / (1 + np.exp(-3)), atol=1e-5)
    halfway = (inputs["context"] + inputs["moved"][..., 1:3]) / 2
    np.testing.assert_allclose(told["remembered"], halfway, atol=1e-5)
    nothing = inputs | {"valid": np.zeros_like(inputs["valid"])}
    assert run(GUIDED.kind.inference(network), nothing)["share"].max() == 0
    colours = run(GUIDED.kind.inference(network, logits=False), inputs)
    assert sorted(colours) == ["remembered", "share"]
    for name, values in colours.items():
        np.testing.assert_allclose(values, told[name], atol=1e-6)
    assert CONCAT.kind.inference(networks["concat"]) is networks["concat"]


def test_a_context_is_moved_along_the_motion():
    """A coast seen by a moving camera: what is moved fits better than what is left in place."""
    scene = Scene(4)
    (y_before, before), (y, now) = (yuv.rgb_to_yuv(scene.render(t, 64, 96)) for t in (1.0, 1.4))
    moved = consistency_model.move(y, y_before, before)
    assert moved.shape == (64, 96, 4) and moved.dtype == np.float32
    assert np.abs(moved[..., :1] - y).mean() < 0.8 * np.abs(y_before - y).mean()
    assert np.abs(moved[..., 1:3] - now).mean() < 0.9 * np.abs(before - now).mean()
    assert 0.1 < np.median(moved[..., 3]) < 10
    still = consistency_model.move(y, y, now)
    np.testing.assert_allclose(still[..., 1:3], now, atol=1e-3)
    assert still[..., 3].max() < 0.05


def test_only_a_guided_model_is_given_what_moved(rng):
    maps = {k: v for k, v in frames(rng, (18, 21)).items() if k not in ("features", "moved")}
    for memory in BOTH:
        told = BOTH[memory].kind.context_inputs(**maps)
        assert {k: v.shape[-1] for k, v in told.items()} == consistency_model.INPUTS
        assert (np.abs(told["moved"]).max() > 0) == (memory == "guided")
        for name, x in maps.items():
            assert told[name] is x


def test_layers_know_the_shape_of_what_they_return():
    logits, one = (2, None, 20, 8), (2, None, 20, 1)
    assert Mixture(8, "edge", 0).compute_output_shape(logits, one, one, one) == logits


# --- the configuration ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"memory": "paper"}, "memory must be one of guided, concat, recurrent; received 'paper'"),
        ({"width": 0}, "width must be an integer from 1 up; received 0"),
        ({"context_width": 2.5}, "context_width must be an integer from 1 up; received 2.5"),
        ({"width": True}, "width must be an integer from 1 up; received True"),
        ({"width": "4"}, "width must be an integer from 1 up; received '4'"),
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
    assert 0 < added < 40_000


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
