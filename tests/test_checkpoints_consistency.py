"""Consistency models come back as they were saved, on the color model they were trained on."""

import dataclasses
import shutil

import numpy as np
import pytest

from colorlab import checkpoints, color_model, consistency_model, files, vgg
from colorlab.color_model import ColorModelConfig
from colorlab.consistency_model import ConsistencyConfig
from colorlab.decode import Decoder
from colorlab.errors import InputError

pytestmark = pytest.mark.keras

COLOR = ColorModelConfig(n=8, taps=(2,), widths=(8,), context=8)
CONFIG = ConsistencyConfig(context_width=8, width=8)


def shaken(network, seed, low=-0.3):
    """Give every own variable a value that building does not give."""
    rng = np.random.default_rng(seed)
    for variable in color_model.own_variables(network).values():
        variable.assign(rng.uniform(low, 0.6, variable.shape).astype(np.float32))
    return network


def save_color(folder, seed=0, **changes):
    card = {
        **{"schema": 1, "name": folder.name, "kind": "color", "architecture": COLOR.to_json()},
        **{"n": 8, "align": "edge", "decode": {"method": "annealed", "temperature": 0.5}},
        **{"working_size": 32, "backbone": vgg.describe(COLOR.backbone)},
    }
    network = shaken(color_model.build(COLOR), seed, low=0.1)  # a variance is above 0
    checkpoints.save(folder, network, card | changes)
    return checkpoints.load(folder)


def save_consistency(folder, network, color, **changes):
    card = {
        **{"schema": 1, "name": "film", "kind": "consistency", "architecture": CONFIG.to_json()},
        "color_model": {"name": color.name, "weights_sha256": color.card["weights"]["sha256"]},
        **{"n": 8, "align": "edge", "decode": {"method": "mean", "temperature": 0.7}},
        "working_height": 48,
    }
    return checkpoints.save(folder, network, card | changes)


@pytest.fixture(scope="module")
def color(tmp_path_factory):
    return save_color(tmp_path_factory.mktemp("color") / "tiny-color")


@pytest.fixture(scope="module")
def network():
    return shaken(consistency_model.build(CONFIG, COLOR), seed=1)


@pytest.fixture(scope="module")
def saved(network, color, tmp_path_factory):
    """A model with its color model inside, which does not come with colorlab."""
    folder = tmp_path_factory.mktemp("models") / "film"
    save_consistency(folder, network, color)
    checkpoints.keep_color_model(folder, color)
    return folder


@pytest.fixture(scope="module")
def model(saved):
    return checkpoints.load_consistency(saved)


@pytest.fixture
def copy(saved, tmp_path):
    """A copy of the saved model that a test may spoil."""
    return shutil.copytree(saved, tmp_path / "copy")


@pytest.fixture
def house(tmp_path, monkeypatch):
    """An empty folder of models that come with colorlab."""
    folder = tmp_path / "house"
    folder.mkdir()
    monkeypatch.setattr(checkpoints.store, "folder_of_models", lambda: folder)
    return folder


def edit_card(folder, **changes):
    path = folder / checkpoints.CARD
    files.write_json(path, {**files.read_json(path), **changes})


def told(model, rng, height=18, width=20):
    """Two frames and a context, as `ConsistencyModel.outputs` takes them."""
    y, before = rng.random((2, 1, height, width, 1), np.float32)
    context = rng.uniform(-0.3, 0.3, (1, height, width, 2)).astype(np.float32)
    features, _ = model.color.extract_features(y)
    return features, y, before, context, np.ones_like(y)


# --- there and back ------------------------------------------------------------------------------


def test_outputs_come_back_within_half_precision(network, model, rng):
    features, *maps = told(model, rng)
    inputs = {"features": features, **CONFIG.kind.context_inputs(*maps)}
    before = network.predict_on_batch(inputs)
    after = model.outputs(features, *maps)
    for head in "uv":
        wanted = np.asarray(before[head])
        assert after[head].shape == (1, 18, 20, 8) and after[head].dtype == np.float32
        np.testing.assert_allclose(after[head], wanted, atol=5e-3 * np.abs(wanted).max())
        assert np.ptp(wanted) > 0.1


def test_the_model_knows_its_card_and_its_color_model(model, color, saved):
    assert (model.name, model.working_height, model.config) == ("film", 48, CONFIG)
    assert model.decoder == Decoder("mean", 0.7)
    assert model.card["weights"]["sha256"] == files.sha256(saved / checkpoints.WEIGHTS)
    assert model.color.name == "tiny-color"
    assert model.color.folder == saved / checkpoints.INSIDE
    assert model.color.card["weights"]["sha256"] == color.card["weights"]["sha256"]
    names = {path.relative_to(saved).as_posix() for path in saved.rglob("*") if path.is_file()}
    assert names == {"card.json", "weights.npz", "color_model/card.json", "color_model/weights.npz"}


def test_the_weights_hold_nothing_of_the_color_model(saved, network):
    arrays = files.read_arrays(saved / checkpoints.WEIGHTS)
    assert set(arrays) == set(color_model.own_variables(network))
    assert not any(name.startswith(("tap", "stage", "features")) for name in arrays)
    assert sum(a.size for a in arrays.values()) == network.count_params()


def test_probabilities_are_decoded_as_the_card_and_the_caller_say(model, rng):
    logits = {head: 3 * rng.standard_normal((1, 4, 4, 8)).astype(np.float32) for head in "uv"}
    y = rng.random((1, 4, 4, 1), np.float32)

    def wanted(*decoder):
        return Decoder(*decoder).chroma_of_logits(logits["u"], logits["v"], model.color.grid, y)

    np.testing.assert_array_equal(model.chroma(logits, logits, y), wanted("mean"))
    found = model.chroma(logits, logits, y, Decoder("joint", 0.2))
    np.testing.assert_array_equal(found, wanted("joint", 0.2))
    mean, sharp = wanted("mean"), wanted("annealed")
    vivid = {**model.card, "decode": {**model.card["decode"], "saturation": 1.5}}
    vivid = dataclasses.replace(model, card=vivid)
    np.testing.assert_allclose(vivid.chroma(logits, logits, y), 1.5 * mean, atol=1e-6)
    np.testing.assert_allclose(vivid.chroma(logits, logits, y, "annealed"), sharp, atol=1e-6)
    with pytest.raises(InputError, match=r"decode must be one of .*received 'median'"):
        model.chroma(logits, logits, y, "median")


def test_what_is_remembered_is_not_rounded_to_bins(model, rng):
    features, *maps = told(model, rng)
    outputs = model.outputs(features, *maps)
    own = {head: rng.standard_normal((1, 18, 20, 8)).astype(np.float32) for head in "uv"}
    leaking = {**model.card, "decode": {**model.card["decode"], "leak": 0.25}}
    leaking = dataclasses.replace(model, card=leaking)
    y = maps[0]
    proposal = model.chroma(own, own, y)
    for leak, one in ((0.0, model), (0.25, leaking)):
        found = one.chroma(outputs, own, y)
        share = (1 - leak) * outputs["share"]
        wanted = share * outputs["remembered"] + (1 - share) * proposal
        np.testing.assert_allclose(found, wanted, atol=1e-6)
        assert np.abs(found - proposal).max() > 0.01


def test_look_gives_the_features_under_the_color_models_own_heads(color, rng):
    y = rng.random((2, 17, 20, 1), np.float32)
    features, outputs = color.extract_features(y)
    assert features.shape == (2, 16, 16, 8) and features.dtype == np.float32
    assert features.min() >= 0 < features.max()
    for head, logits in color.outputs(y, tta=False).items():
        np.testing.assert_allclose(outputs[head], logits, atol=1e-4)
        layer = color.network.get_layer(f"{head}_head")
        kernel, bias = map(np.asarray, layer.weights)
        coarse = features @ kernel[0, 0] + bias
        enlarged = np.asarray(color_model.Enlarge(1)(coarse))[:, :17, :20]
        np.testing.assert_allclose(enlarged, logits, rtol=1e-4, atol=1e-3)


def test_a_training_folder_means_its_best_model(copy, tmp_path):
    (tmp_path / "run").mkdir()
    copy.rename(tmp_path / "run" / "best")
    assert checkpoints.load_consistency(tmp_path / "run").name == "film"
    assert checkpoints.kind_of(tmp_path / "run") == "consistency"


# --- which color model ---------------------------------------------------------------------------


def test_a_color_model_that_comes_with_colorlab_is_found_by_name(network, house):
    color = save_color(house / "color-x")
    save_consistency(house / "film", network, color)
    checkpoints.keep_color_model(house / "film", color)
    assert not (house / "film" / checkpoints.INSIDE).exists()
    model = checkpoints.load_consistency("film")
    assert model.color.folder == house / "color-x"
    assert checkpoints.list_models() == ["color-x", "film"]
    assert checkpoints.list_models("color") == ["color-x"]
    assert checkpoints.list_models("consistency") == ["film"]
    assert [checkpoints.kind_of(name) for name in ("color-x", "film")] == ["color", "consistency"]


def test_the_default_is_the_film_model(network, house, monkeypatch):
    color = save_color(house / "color-x")
    save_consistency(house / "usual", network, color)
    monkeypatch.setattr(checkpoints.consistency, "FILM_DEFAULT", "usual")
    assert checkpoints.load_consistency().name == "film"


def test_a_color_model_of_the_same_name_with_other_weights_is_kept_inside(network, house, tmp_path):
    save_color(house / "color-x", seed=1)
    mine = save_color(tmp_path / "color-x", seed=2)
    save_consistency(tmp_path / "film", network, mine)
    wanted = mine.card["weights"]["sha256"]
    with pytest.raises(InputError) as said:
        checkpoints.load_consistency(tmp_path / "film")
    there = files.sha256(house / "color-x" / checkpoints.WEIGHTS)
    assert f"trained on the color model color-x with weights {wanted[:12]}…" in str(said.value)
    assert f"those in {house / 'color-x'} are {there[:12]}…; use the same color" in str(said.value)
    checkpoints.keep_color_model(tmp_path / "film", mine)
    model = checkpoints.load_consistency(tmp_path / "film")
    assert model.color.card["weights"]["sha256"] == wanted


def test_another_color_model_inside_gives_way_to_the_right_one(network, house, tmp_path):
    """A folder in which another training's model lay before."""
    color, other = save_color(house / "color-x"), save_color(tmp_path / "other", seed=2)
    checkpoints.keep_color_model(tmp_path / "film", other)
    save_consistency(tmp_path / "film", network, color)
    checkpoints.keep_color_model(tmp_path / "film", color)
    assert checkpoints.load_consistency(tmp_path / "film").color.folder == house / "color-x"
    third = save_color(tmp_path / "third", seed=3)
    save_consistency(tmp_path / "film", network, third)
    checkpoints.keep_color_model(tmp_path / "film", third)
    assert checkpoints.load_consistency(tmp_path / "film").color.name == "third"


def test_a_kept_color_model_is_not_written_again(saved, color):
    inside = saved / checkpoints.INSIDE / checkpoints.CARD
    before = inside.stat().st_mtime_ns
    checkpoints.keep_color_model(saved, color)
    assert inside.stat().st_mtime_ns == before


def test_a_color_model_that_changed_since_it_was_loaded_is_not_kept(tmp_path):
    color = save_color(tmp_path / "color")
    save_color(tmp_path / "color", seed=2)
    with pytest.raises(InputError, match="not the file its card describes"):
        checkpoints.keep_color_model(tmp_path / "film", color)
    assert not list((tmp_path / "film").rglob("*.*"))


def test_a_missing_color_model(copy, house):
    shutil.rmtree(copy / checkpoints.INSIDE)
    with pytest.raises(
        InputError,
        match="completes the color model tiny-color, which is neither in its folder color_model "
        "nor one that comes with colorlab; put",
    ):
        checkpoints.load_consistency(copy)


def test_another_color_model_in_the_folder(copy):
    save_color(copy / checkpoints.INSIDE, seed=2)
    with pytest.raises(InputError, match="trained on the color model tiny-color with weights"):
        checkpoints.load_consistency(copy)


def test_changed_weights_of_the_color_model(copy):
    raw = bytearray((copy / checkpoints.INSIDE / "weights.npz").read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / checkpoints.INSIDE / "weights.npz").write_bytes(raw)
    with pytest.raises(InputError, match=r"color_model.* is not the file its card describes"):
        checkpoints.load_consistency(copy)


# --- what is refused -----------------------------------------------------------------------------


def test_changed_weights(copy):
    raw = bytearray((copy / "weights.npz").read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / "weights.npz").write_bytes(raw)
    with pytest.raises(InputError, match=r"not the file its card describes .*SHA-256 differs"):
        checkpoints.load_consistency(copy)
    (copy / "weights.npz").unlink()
    with pytest.raises(InputError, match=r"has no weights file weights\.npz"):
        checkpoints.load_consistency(copy)


def test_kinds_mixed_up(saved, color):
    film, still = "which colours films", "which colours single pictures"
    with pytest.raises(InputError) as said:
        checkpoints.load(saved)
    wanted = f"{saved} is a consistency model, {film}; a color model is needed here, {still}: "
    assert str(said.value).startswith(wanted) and checkpoints.DEFAULT in str(said.value)
    with pytest.raises(InputError) as said:
        checkpoints.load_consistency(color.folder)
    wanted = f"{color.folder} is a color model, {still}; a consistency model is needed here, {film}"
    assert str(said.value).startswith(wanted)


def test_a_consistency_model_as_color_model(copy, saved):
    shutil.rmtree(copy / checkpoints.INSIDE)
    shutil.copytree(saved, copy / checkpoints.INSIDE)
    with pytest.raises(InputError, match=r"color_model is a consistency model, .*a color model is"):
        checkpoints.load_consistency(copy)


@pytest.mark.parametrize(
    "field", ["schema", "architecture", "decode", "weights", "color_model", "working_height"]
)
def test_a_card_that_lacks_something(copy, field):
    content = files.read_json(copy / "card.json")
    for broken in ({k: v for k, v in content.items() if k != field}, {**content, field: None}):
        files.write_json(copy / "card.json", broken)
        with pytest.raises(InputError, match=f"not a colorlab model card: it lacks {field}"):
            checkpoints.load_consistency(copy)


@pytest.mark.parametrize("field", ["name", "weights_sha256"])
def test_a_card_that_does_not_say_which_color_model(copy, field):
    content = files.read_json(copy / "card.json")["color_model"]
    edit_card(copy, color_model={key: value for key, value in content.items() if key != field})
    with pytest.raises(InputError, match=rf"it lacks color_model\.{field}"):
        checkpoints.load_consistency(copy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 6}, "another architecture than the card's"),
        ({"memory": "concat"}, "another architecture than the card's"),
        ({"memory": "paper"}, "memory must be one of guided, concat, recurrent; received 'paper'"),
        ({"depth": 3}, r"unknown fields \['depth'\]"),
    ],
)
def test_a_card_of_another_architecture(changes, message, copy):
    edit_card(copy, architecture={**CONFIG.to_json(), **changes})
    with pytest.raises(InputError, match=message):
        checkpoints.load_consistency(copy)
