"""The recurrent memory: what it keeps goes from frame to frame, and no further than a cut."""

import dataclasses
from fractions import Fraction

import keras
import numpy as np
import pytest

from colorlab import (
    checkpoints,
    coast,
    color_model,
    colorize_film,
    consistency_model,
    datasets,
    evaluation,
    rollout,
    yuv,
)
from colorlab.color_model import ColorModelConfig
from colorlab.consistency_model import STATE, ConsistencyConfig
from colorlab.errors import InputError
from colorlab.evaluation import film_entries
from colorlab.rollout import Rollout

pytestmark = pytest.mark.keras

COLOR = ColorModelConfig(n=8, taps=(2,), widths=(8,), context=0)
CONFIG = ConsistencyConfig("recurrent", context_width=4, width=8, kept=3)
MEMORY = CONFIG.kind


def shaken(color=COLOR, dtype=None, seed=1):
    """A network whose every variable differs from what building gives; half precision holds it."""
    network = consistency_model.build(CONFIG, color, dtype=dtype)
    rng = np.random.default_rng(seed)
    for variable in color_model.own_variables(network).values():
        variable.assign(rng.uniform(-0.3, 0.4, variable.shape).astype(np.float16))
    return network


@pytest.fixture(scope="module")
def network():
    return shaken()


@pytest.fixture(scope="module")
def model(make_film_model):
    return checkpoints.load_consistency(make_film_model("recurrent"))


def windows(rng, frames, height=18, width=21, films=2, stride=2):
    """What a recurrent network of windows is given."""
    sides = [-(-side // 16) * 16 // stride for side in (height, width)]
    shape = (films, frames, height, width)
    return {
        "features": rng.random((films, frames, *sides, 8), np.float32),
        "context": rng.uniform(-0.4, 0.4, (*shape, 2)).astype(np.float32),
        STATE: rng.uniform(-1, 1, (films, *sides, 3)).astype(np.float32),
    }


def run(network, inputs):
    return {name: np.asarray(x) for name, x in network.predict_on_batch(inputs).items()}


def at(inputs, t, state):
    """The inputs of frame t of all windows."""
    return {name: x[:, t] for name, x in inputs.items() if name != STATE} | {STATE: state}


# --- the network ---------------------------------------------------------------------------------


@pytest.mark.parametrize("frames", [1, 3])
def test_the_network_of_a_frame_step_by_step_is_that_of_windows(frames, network, rng):
    inputs = windows(rng, frames)
    whole = run(MEMORY.learner(network, frames), inputs)
    state = inputs[STATE]
    for t in range(frames):
        said = run(network, at(inputs, t, state))
        state = said.pop(STATE)
        assert sorted(whole) == sorted(said) == ["u", "v"]
        for head in "uv":
            found = whole[head].reshape(2, frames, 18, 21, 8)[:, t]
            np.testing.assert_allclose(found, said[head], atol=1e-5)
            assert np.ptp(said[head]) > 0.01


def test_windows_share_all_weights(network):
    whole = MEMORY.learner(network, 2)
    ours, theirs = (color_model.own_variables(one) for one in (network, whole))
    assert ours.keys() == theirs.keys()
    assert all(theirs[name] is variable for name, variable in ours.items())


@pytest.mark.parametrize("size", [(1, 1), (33, 50), (1, 40)])
@pytest.mark.parametrize("taps", [(1,), (3,)])
def test_any_size_and_stride(taps, size, rng):
    color = dataclasses.replace(COLOR, taps=taps)
    inputs = windows(rng, 1, *size, stride=color.stride)
    said = run(shaken(color), at(inputs, 0, inputs[STATE]))
    assert said[STATE].shape == inputs[STATE].shape
    for head in "uv":
        assert said[head].shape == (2, *size, 8) and np.isfinite(said[head]).all()


def test_mixed_precision_keeps_outputs_and_state_in_float32(rng):
    network = shaken(dtype="mixed_bfloat16")
    inputs = windows(rng, 2)
    for said in (
        run(network, at(inputs, 0, inputs[STATE])),
        run(MEMORY.learner(network, 2), inputs),
    ):
        assert {x.dtype for x in said.values()} == {np.dtype(np.float32)}
    assert network.get_layer("drive").compute_dtype == "bfloat16"


def test_it_has_as_many_parameters_as_the_reports():
    ours, paper = (
        consistency_model.build(ConsistencyConfig(memory), ColorModelConfig()).count_params()
        for memory in ("recurrent", "concat")
    )
    assert ours == pytest.approx(paper, rel=0.03)


def test_without_a_state_it_begins_anew(network, rng):
    inputs = windows(rng, 1)
    y = np.ones((2, 18, 21, 1), np.float32)
    told = inputs["features"][:, 0], y, y, inputs["context"][:, 0], y
    given = consistency_model.inputs(CONFIG, *told)
    assert given.keys() == network.input.keys()
    assert given[STATE].shape == inputs[STATE].shape and not given[STATE].any()
    assert consistency_model.inputs(CONFIG, *told, inputs[STATE])[STATE] is inputs[STATE]


# --- the configuration ---------------------------------------------------------------------------


def test_what_is_kept_concerns_a_recurrent_model_alone():
    assert ConsistencyConfig.from_json(CONFIG.to_json()) == CONFIG
    assert CONFIG.to_json()["kept"] == 3
    for memory in ("concat", "guided"):
        assert "kept" not in ConsistencyConfig(memory).to_json()
    with pytest.raises(InputError, match="kept must be an integer from 1 up; received 0"):
        ConsistencyConfig("recurrent", kept=0)
    with pytest.raises(InputError, match="needs a color model that predicts bins"):
        consistency_model.build(CONFIG, dataclasses.replace(COLOR, head="chroma"))


# --- on disk -------------------------------------------------------------------------------------


def test_a_checkpoint_comes_back(model, tmp_path, rng):
    card = {**model.card, "architecture": CONFIG.to_json()}
    network = shaken(model.color.config)
    checkpoints.save(tmp_path / "film", network, card)
    checkpoints.keep_color_model(tmp_path / "film", model.color)
    again = checkpoints.load_consistency(tmp_path / "film")
    assert again.config == CONFIG
    y = rng.random((2, 18, 21, 1), np.float32)
    features, _ = model.color.extract_features(y)
    context = rng.uniform(-0.3, 0.3, (2, 18, 21, 2)).astype(np.float32)
    state = rng.uniform(-1, 1, (*features.shape[:3], 3)).astype(np.float32)
    told = run(network, {"features": features, "context": context, STATE: state})
    found = again.outputs(features, y, y, context, np.ones_like(y), state=state)
    assert found.keys() == told.keys()
    for name, x in told.items():
        np.testing.assert_allclose(found[name], x, rtol=1e-5, atol=1e-5)


# --- films ---------------------------------------------------------------------------------------


def film(frames=6, height=24, width=40, seed=3):
    scene = coast.Scene(seed)
    return yuv.rgb_to_yuv(np.stack([scene.render(k / 10, height, width) for k in range(frames)]))


def test_a_rollout_hands_on_what_is_kept(model):
    """The network by hand: nothing is kept before the second frame, then what the last one gave."""
    y, truth = film(4)
    state = None
    for t, (logits, _) in enumerate(rollout.run(Rollout(model), y, truth, "truth")):
        if t == 0:
            continue
        features, _ = model.color.extract_features(y[t : t + 1])
        valid = np.ones_like(y[:1])
        said = model.outputs(
            features, y[t : t + 1], y[t - 1 : t], truth[t - 1 : t], valid, state=state
        )
        np.testing.assert_array_equal(said["u"][0], logits["u"])
        assert state is None or np.abs(said[STATE] - state).max() > 0
        state = said[STATE]


def test_what_was_before_a_cut_is_forgotten(model):
    y, _ = film()
    starts = np.array([True, False, False, True, False, False])
    whole = Rollout(model).chroma(y, starts)
    np.testing.assert_array_equal(whole[3:], Rollout(model).chroma(y[3:], starts[3:]))
    uncut = Rollout(model).chroma(y, np.array([True] + [False] * 5))
    assert np.abs(uncut[4] - whole[4]).max() > 1e-4


def test_what_was_kept_of_another_size_is_forgotten(model):
    (small, _), (large, _) = film(3), film(3, 40, 56)
    colours = Rollout(model)
    for y in (*small, *large):
        found = colours.step(y)[1]
    alone = Rollout(model).chroma(large, np.array([True, False, False]))
    np.testing.assert_array_equal(found, alone[-1])


def test_a_state_holds_what_is_kept(model):
    y, _ = film()
    starts = np.array([True] + [False] * 5)
    whole, first = Rollout(model).chroma(y, starts), Rollout(model)
    first.chroma(y[:3], starts[:3])
    assert set(first.state()) == {"y", "uv", "turn", STATE}
    second, forgetful = Rollout(model), Rollout(model)
    second.restore(first.state())
    np.testing.assert_array_equal(second.chroma(y[3:], starts[3:]), whole[3:])
    forgetful.restore({name: x for name, x in first.state().items() if name != STATE})
    assert np.abs(forgetful.chroma(y[3:], starts[3:]) - whole[3:]).max() > 1e-4


def test_without_context_it_still_remembers(model):
    y, truth = film(4)
    colours = Rollout(model)
    together = [uv for _, uv in rollout.run(colours, y, truth, "none")]
    alone = Rollout(model)
    alone.step(y[2], starts=True)
    assert np.abs(alone.step(y[3], use_context=False)[1] - together[3]).max() > 1e-5


def test_frames_in_memory_are_coloured(model):
    y, _ = film(3)
    greys = np.rint(255 * y).astype(np.uint8).repeat(3, -1)
    coloured = np.stack(list(colorize_film.frames(greys, colorize_film.colorer_for(model))))
    assert coloured.shape == (3, 24, 40, 3) and np.ptp(coloured, axis=-1).max() > 0


def test_it_is_measured_under_every_context(model):
    """Several entries at once, each with a memory of its own."""
    clips = datasets.coasts([5], 7, Fraction(10), 24, 40, progress=False)
    entries = [film_entries.Rolled(model, context) for context in ("free", "truth", "none")]
    found = evaluation.evaluate_film(clips, entries, progress=False)["models"]
    (alone,) = evaluation.evaluate_film(clips, entries[1:2], progress=False)["models"].values()
    assert found[f"{model.name}:truth"]["loss"] == alone["loss"]
    assert len({one["loss"] for one in found.values()}) == 3


def test_a_backward_pass_reaches_the_first_frame(network, rng):
    """A loss on the last frame alone moves what only the frames before it pass through."""
    copy = shaken()
    learner = MEMORY.learner(copy, 3)

    def of_the_last(truth, logits):
        return keras.ops.mean(keras.ops.square(logits[2::3]))

    learner.compile(keras.optimizers.SGD(1.0), loss=dict.fromkeys("uv", of_the_last))
    inputs = windows(rng, 3)
    inputs["context"][:, 1:] = 0  # what is told of the first frame comes through the state alone
    inputs["features"][:, 1:] = 0
    before = np.asarray(copy.get_layer("told_conv").kernel).copy()
    learner.train_on_batch(inputs, {head: np.zeros((6, 18, 21), np.int32) for head in "uv"})
    after = np.asarray(copy.get_layer("told_conv").kernel)
    assert np.abs(after - before).max() > 1e-7
