"""Training a recurrent model: windows of frames, what each is told, going on, what is refused."""

import dataclasses
import json
import re
from fractions import Fraction

import numpy as np
import pytest

from colorlab import checkpoints, consistency_model, datasets, files, media, training, yuv
from colorlab.cli import main
from colorlab.consistency_model import STATE, ConsistencyConfig
from colorlab.datasets import Clip, ClipSet
from colorlab.decode import Decoder
from colorlab.errors import InputError
from colorlab.training import Pairs, Settings
from colorlab.training.consistency import batches, see
from colorlab.training.consistency.own import OwnColouring

pytestmark = pytest.mark.keras

CONFIG = ConsistencyConfig("recurrent", context_width=4, width=8, kept=4)
SETTINGS = Settings(
    **{"epochs": 2, "batch_size": 3, "learning_rate": 0.03, "average": 0.5},
    **{"precision": "float32", "seed": 3},
)
PAIRS = Pairs(crop=(16, 16), steps=3, window=4, window_frames=2)


@pytest.fixture(scope="module")
def color(make_film_model):
    """A color model that has learnt nothing."""
    return checkpoints.load(make_film_model("recurrent") / checkpoints.INSIDE)


@pytest.fixture(scope="module")
def coasts():
    return datasets.coasts([0, 1], 7, Fraction(10), 24, 40, progress=False)


@pytest.fixture(scope="module")
def noise():
    """Films in which no two places look the same."""
    rng = np.random.default_rng(5)
    made = [
        Clip(name, name, Fraction(25), rng.integers(0, 256, (8, 24, 40, 3), np.uint8))
        for name in ("a.mp4", "b.mp4")
    ]
    return ClipSet("noise", None, "1" * 64, 24, tuple(made))


def learn(out, color, clips, settings=SETTINGS, pairs=PAIRS, config=CONFIG):
    """Train without bars."""
    return training.train_consistency(
        clips, clips, color, out, config, settings, pairs, name="film", progress=False
    )


def state(out):
    arrays = files.read_arrays(out / "state.npz")
    return json.loads(str(arrays.pop("facts"))), arrays


# --- learning ------------------------------------------------------------------------------------


def test_it_learns_and_its_model_colours(color, coasts, tmp_path):
    settings = dataclasses.replace(SETTINGS, epochs=3)
    pairs = dataclasses.replace(PAIRS, steps=8, window_frames=3)
    best = learn(tmp_path / "run", color, coasts, settings, pairs)
    losses = [row["val_loss"] for row in state(tmp_path / "run")[0]["history"]]
    assert losses[-1] < losses[0] - 0.1 and losses[-1] < 2 * np.log(8) - 0.5
    model = checkpoints.load_consistency(best)
    assert model.config == CONFIG and model.card["training"]["window_frames"] == 3
    learnt = sum(int(np.prod(w.shape)) for w in model.network.trainable_weights)
    assert model.card["parameters"] == learnt == model.card["weights"]["parameters"]
    assert set(model.card["decode"]) == {"method", "temperature"}
    y, uv = yuv.rgb_to_yuv(coasts.clips[0].rgb[:2])
    features, alone = model.color.extract_features(y[1:])
    told = model.outputs(features, y[1:], y[:1], uv[:1], np.ones_like(y[:1]))
    labels = model.color.grid.encode(uv[1:])

    def right(logits):
        return np.mean(
            [(logits[h].argmax(-1) == labels[..., k]).mean() for k, h in enumerate("uv")]
        )

    assert right(told) > right(alone) + 0.2


def test_an_interrupted_run_continues_to_the_same_end(color, coasts, tmp_path, monkeypatch):
    """Stopped in the second epoch, in which the truth and own colourings are told."""
    pairs = dataclasses.replace(PAIRS, context="scheduled", noise=0.02, without=0.2)
    learn(tmp_path / "whole", color, coasts, pairs=pairs)
    disturb, left = batches._disturb, iter(range(3 * (3 + 2)))  # windows of five steps

    def interrupted(*args):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return disturb(*args)

    monkeypatch.setattr(batches, "_disturb", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learn(tmp_path / "stopped", color, coasts, pairs=pairs)
    monkeypatch.setattr(batches, "_disturb", disturb)
    facts, _ = state(tmp_path / "stopped")
    assert (facts["epoch"], facts["step"]) == (1, 2)
    learn(tmp_path / "stopped", color, coasts, pairs=pairs)
    (facts, arrays), (wanted, others) = (state(tmp_path / name) for name in ("stopped", "whole"))
    assert facts["identity"] == wanted["identity"] and arrays.keys() == others.keys()
    assert any("gates" in name for name in arrays)
    for name, array in arrays.items():
        np.testing.assert_allclose(array, others[name], rtol=0, atol=1e-6, err_msg=name)
    with pytest.raises(InputError, match="pairs window_frames was 2, is 3 now"):
        other = dataclasses.replace(pairs, window_frames=3)
        learn(tmp_path / "stopped", color, coasts, pairs=other)


# --- windows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, 2])
def test_a_window_is_following_frames_each_told_of_the_one_before(stride, color, noise):
    seen = see(noise, color, progress=False)
    pairs = dataclasses.replace(PAIRS, stride=stride, window_frames=3)
    make = batches.training_batches(seen, None, color, CONFIG, SETTINGS, pairs)
    inputs, labels = make(0, 0)
    assert {name: x.shape for name, x in inputs.items()} == {
        **{"features": (3, 3, 8, 8, 8), "context": (3, 3, 16, 16, 2), STATE: (3, 8, 8, 4)},
    }
    assert all(x.dtype == np.float32 for x in inputs.values()) and not inputs[STATE].any()
    places = {}
    for one in seen:
        _, uv = yuv.rgb_to_yuv(one.clip.rgb)
        for t, top, left in np.ndindex(8, 5, 13):
            place = np.s_[2 * top : 2 * top + 16, 2 * left : 2 * left + 16]
            half = np.s_[top : top + 8, left : left + 8]
            places[uv[t][place].tobytes()] = (one, uv, t, place, half)
    for k in range(3):
        one, uv, first, place, half = places[inputs["context"][k, 0].tobytes()]
        for t in range(3):
            before, now = (first + stride * step for step in (t, t + 1))
            np.testing.assert_array_equal(inputs["context"][k, t], uv[before][place])
            np.testing.assert_array_equal(inputs["features"][k, t], one.features[now][half])
            wanted = color.grid.encode(uv[now][place])
            np.testing.assert_array_equal(labels["u"][3 * k + t], wanted[..., 0])
            np.testing.assert_array_equal(labels["v"][3 * k + t], wanted[..., 1])


def test_own_colourings_are_told_in_their_order(color, noise, tmp_path):
    """They are those of the network stepped by hand, its state handed on."""
    seen = see(noise, color, progress=False)
    pairs = dataclasses.replace(PAIRS, context="free", window=5, window_frames=3)
    network = consistency_model.build(CONFIG, color.config, seed=2)
    own = OwnColouring(network, CONFIG, color, seen, tmp_path, SETTINGS, pairs)
    own.refresh(0)
    rng = np.random.default_rng(0)
    for _ in range(6):
        first, told = own.pick(rng, 1)
        assert own.first[1] <= first <= own.first[1] + 2
        step = first - own.first[1]
        np.testing.assert_array_equal(told, own.chroma[1][step : step + 3].astype(np.float32))
    kept, uv = None, seen[1].chroma[own.first[1]][None].astype(np.float32)
    y = yuv.luma(noise.clips[1].rgb)
    for k in range(1, 5):
        t = own.first[1] + k
        features, one = seen[1].features[t][None].astype(np.float32), np.ones_like(y[:1])
        given = consistency_model.inputs(CONFIG, features, y[:1], y[:1], uv, one, kept)
        outputs = {name: np.asarray(x) for name, x in network.predict_on_batch(given).items()}
        kept = outputs[STATE]
        uv = checkpoints.chroma_of(color, outputs, y[:1], Decoder("annealed", 0.5))
        np.testing.assert_allclose(own.chroma[1][k], uv[0], atol=2e-3)


def test_validation_is_the_same_every_time(color, noise):
    seen = see(noise, color, progress=False)
    for context in ("truth", "scheduled"):
        pairs = dataclasses.replace(PAIRS, context=context, window_frames=4)
        make = batches.validation_batches(seen, color, CONFIG, SETTINGS, pairs)
        first, second = list(make()), list(make())
        assert sum(len(labels["u"]) for _, labels in first) == 2 * 4 * 4  # all there are
        for (inputs, _), (again, _) in zip(first, second, strict=True):
            for name, x in inputs.items():
                np.testing.assert_array_equal(x, again[name])
    pairs = dataclasses.replace(PAIRS, window_frames=7)
    make = batches.validation_batches(seen[:1], color, CONFIG, SETTINGS, pairs)
    ((_, labels),) = make()
    assert labels["u"].shape == (7, 16, 16)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window_frames": 0}, "window_frames must be at least 1; received 0"),
        (
            {"context": "free", "window_frames": 5},
            "own contexts of windows of 5 frames need a window of as many; received 4",
        ),
    ],
)
def test_windows_that_cannot_be(changes, message):
    with pytest.raises(InputError, match=message):
        dataclasses.replace(PAIRS, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window_frames": 7}, "has 7 frames; windows of 7 frames and one before, 1 apart, need"),
        (
            {"window_frames": 4, "stride": 2},
            "has 7 frames; windows of 4 frames and one before, 2 apart, need more",
        ),
    ],
)
def test_windows_longer_than_a_clip(changes, message, color, coasts, tmp_path):
    with pytest.raises(InputError, match=message):
        learn(tmp_path, color, coasts, pairs=dataclasses.replace(PAIRS, **changes))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("memory", ["guided", "concat"])
def test_only_a_recurrent_model_learns_from_windows(memory, color, coasts, tmp_path):
    with pytest.raises(InputError, match=f"a {memory} model learns from pairs, .*; received 2"):
        learn(tmp_path, color, coasts, config=ConsistencyConfig(memory, 4, 8))


def test_cards_and_trainings_of_pairs_are_what_they_were():
    assert "window_frames" not in Pairs().to_json()
    assert PAIRS.to_json()["window_frames"] == 2


# --- the command ---------------------------------------------------------------------------------


def test_the_command_trains_a_recurrent_model(color, coasts, tmp_path, capsys):
    for clip in coasts.clips:
        for t, rgb in enumerate(clip.rgb):
            media.write_photo(tmp_path / "films" / clip.name / f"{t}.png", rgb)
    small = ("--height", 24, "--epochs", 1, "--steps", 1, "--batch-size", 2, "--fps", 25)
    words = ("--clips", tmp_path / "films", "--color-model", color.folder, *small, "--quiet")
    command = [*map(str, ("train", "consistency", *words, "--memory"))]
    out = ["--out", str(tmp_path / "run")]
    assert main([*command, "recurrent", *out]) == 0
    card = checkpoints.read_card(tmp_path / "run", "consistency")
    assert card["architecture"]["memory"] == "recurrent"
    assert card["training"]["window_frames"] == 4
    assert main([*command, "recurrent", *out, "--window-frames", "2"]) == 2
    assert "pairs window_frames was 4, is 2 now" in capsys.readouterr().err
    assert main([*command, "guided", *out, "--window-frames", "2"]) == 2
    assert "a guided model learns from pairs" in capsys.readouterr().err
    assert main([*command, "recurrent", *out, "--window-frames", "0"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search("--window-frames: .*0", line)
