"""Models come back as they were saved, or not at all."""

import contextlib
import json
import os
import zipfile

import keras
import numpy as np
import pytest

from colorlab import checkpoints, color_model, files, vgg
from colorlab.color_model import ColorModelConfig
from colorlab.decode import METHODS, Decoder
from colorlab.errors import InputError

pytestmark = pytest.mark.keras

CONFIG = ColorModelConfig(n=8, taps=(2,), widths=(8,), context=8)


def card(config=CONFIG, **changes):
    return {
        "schema": 1,
        "name": "tiny",
        "kind": "color",
        "architecture": config.to_json(),
        "n": config.n,
        "align": config.align,
        "decode": {"method": "annealed", "temperature": 0.5},
        "working_size": 32,
        "backbone": vgg.describe(config.backbone),
        **changes,
    }


def shuffled(config, seed=0):
    """A network whose every own variable differs from what building gives."""
    network = color_model.build(config, seed=seed)
    rng = np.random.default_rng(1 + seed)
    for variable in color_model.own_variables(network).values():
        variable.assign(rng.uniform(0.1, 0.9, variable.shape).astype(np.float32))
    return network


@pytest.fixture(scope="module")
def network():
    return shuffled(CONFIG)


@pytest.fixture(scope="module")
def saved(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    checkpoints.save(folder, network, card())
    return folder


@pytest.fixture(scope="module")
def model(saved):
    return checkpoints.load(saved)


@pytest.fixture
def copy(saved, tmp_path):
    """A copy of the saved model that a test may spoil."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in os.listdir(saved):
        (folder / name).write_bytes((saved / name).read_bytes())
    return folder


def edit_card(folder, **changes):
    path = folder / checkpoints.CARD
    files.write_json(path, {**files.read_json(path), **changes})


def fix_hash(folder):
    weights = files.read_json(folder / checkpoints.CARD)["weights"]
    sha256 = files.sha256(folder / checkpoints.WEIGHTS)
    edit_card(folder, weights={**weights, "sha256": sha256})


def replace_weights(folder, **changes):
    arrays = files.read_arrays(folder / checkpoints.WEIGHTS)
    np.savez_compressed(folder / checkpoints.WEIGHTS, **{**arrays, **changes})
    fix_hash(folder)


def test_outputs_come_back_within_half_precision(network, model, rng):
    y = rng.random((2, 17, 20, 1), np.float32)
    before = network.predict_on_batch(y)
    after = model.outputs(y)
    for head in "uv":
        wanted = np.asarray(before[head])
        assert after[head].shape == (2, 17, 20, 8)
        assert after[head].dtype == np.float32
        np.testing.assert_allclose(after[head], wanted, atol=5e-3 * np.abs(wanted).max())


def test_every_variable_comes_back(network, model):
    loaded = color_model.own_variables(model.network)
    for path, variable in color_model.own_variables(network).items():
        half = np.asarray(variable).astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(np.asarray(loaded[path]), half)
    again = model.network.get_layer(color_model.BACKBONE).get_weights()
    for a, b in zip(network.get_layer(color_model.BACKBONE).get_weights(), again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_model_knows_its_card(model, saved):
    assert (model.name, model.working_size) == ("tiny", 32)
    assert model.decoder == Decoder("annealed", 0.5)
    assert model.config == CONFIG
    assert model.grid == CONFIG.grid
    weights = model.card["weights"]
    assert weights["dtype"] == "float16"
    assert weights["sha256"] == files.sha256(saved / "weights.npz")
    assert weights["parameters"] == sum(
        int(np.prod(v.shape)) for v in color_model.own_variables(model.network).values()
    )


def test_weights_are_half_precision_without_backbone_or_pickle(saved, network):
    with zipfile.ZipFile(saved / "weights.npz") as archive:
        names = archive.namelist()
    arrays = files.read_arrays(saved / "weights.npz")
    assert sorted(names) == sorted(f"{path}.npy" for path in color_model.own_variables(network))
    assert not any(color_model.BACKBONE in name or "conv1" in name for name in names)
    assert {a.dtype for a in arrays.values()} == {np.dtype(np.float16)}
    assert sorted(os.listdir(saved)) == ["card.json", "weights.npz"]


def test_chroma_follows_the_card_and_the_caller(model, rng):
    y = rng.random((1, 16, 16, 1), np.float32)
    p = model.probabilities(y)
    for probabilities in p.values():
        np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)
    wanted = {
        method: Decoder(method, 0.5).chroma(p["u"], p["v"], model.grid, y)
        for method in ("argmax", "mean", "annealed")
    }
    for method, chroma in wanted.items():
        decoder = Decoder(method, 0.5)
        np.testing.assert_allclose(model.chroma(y, decoder), chroma, atol=1e-6)
    np.testing.assert_allclose(model.chroma(y), wanted["annealed"], atol=1e-6)
    np.testing.assert_allclose(model.chroma(y, Decoder("annealed", 1.0)), wanted["mean"], atol=1e-5)
    outputs = model.outputs(y)
    for method in METHODS:
        decoder = Decoder(method, 0.5)
        found = checkpoints.chroma_of(model, outputs, y, decoder)
        wanted = decoder.chroma_of_logits(outputs["u"], outputs["v"], model.grid, y)
        np.testing.assert_array_equal(found, wanted)
        assert found.shape == (1, 16, 16, 2)
    with pytest.raises(InputError, match=r"decode must be one of argmax.*received 'median'"):
        model.chroma(y, "median")


def test_a_regression_model_gives_its_numbers(tmp_path, rng):
    config = ColorModelConfig(n=8, taps=(2,), widths=(8,), context=0, head="chroma")
    network = shuffled(config)
    checkpoints.save(tmp_path / "m", network, card(config))
    y = rng.random((1, 16, 16, 1), np.float32)
    model = checkpoints.load(tmp_path / "m")
    values = model.outputs(y)
    np.testing.assert_array_equal(
        model.chroma(y), np.concatenate([values["u"], values["v"]], axis=-1)
    )
    with pytest.raises(InputError, match="decode must be one of"):
        model.chroma(y, "median")


def test_a_random_backbone_comes_back_with_its_seed(tmp_path, rng):
    config = ColorModelConfig(n=8, taps=(1,), widths=(8,), context=0, backbone=None)
    network = shuffled(config, seed=7)
    checkpoints.save(tmp_path / "m", network, card(config, training={"seed": 7}))
    y = rng.random((1, 16, 16, 1), np.float32)
    wanted = np.asarray(network.predict_on_batch(y)["u"])
    got = checkpoints.load(tmp_path / "m").outputs(y)["u"]
    np.testing.assert_allclose(got, wanted, atol=5e-3 * np.abs(wanted).max())


def test_a_large_running_variance_is_kept(tmp_path):
    """Variances of VGG's activations may exceed what half precision holds."""
    network = shuffled(CONFIG)
    path = "tap2_norm/moving_variance"
    large = np.linspace(1, 1e6, 8, dtype=np.float32)
    color_model.own_variables(network)[path].assign(large)
    checkpoints.save(tmp_path / "m", network, card())
    loaded = color_model.own_variables(checkpoints.load(tmp_path / "m").network)
    np.testing.assert_array_equal(np.asarray(loaded[path]), large)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_weight_that_is_not_finite(tmp_path, network, bad):
    variable = color_model.own_variables(network)["u_head/bias"]
    kept = np.asarray(variable).copy()
    variable.assign(np.full(8, bad, np.float32))
    try:
        with pytest.raises(InputError, match="u_head/bias has values that are not finite"):
            checkpoints.save(tmp_path / "m", network, card())
    finally:
        variable.assign(kept)
    assert not (tmp_path / "m").exists()


def test_a_folder_that_cannot_be_written(tmp_path, network):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        checkpoints.save(tmp_path / "file" / "m", network, card())


def test_one_changed_byte_of_the_weights(copy):
    raw = bytearray((copy / "weights.npz").read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / "weights.npz").write_bytes(raw)
    with pytest.raises(InputError, match=r"not the file its card describes .*SHA-256 differs"):
        checkpoints.load(copy)


@pytest.mark.parametrize("length", [0, 10, 0.5, -1])
def test_cut_weights_whose_hash_was_corrected(copy, length):
    raw = (copy / "weights.npz").read_bytes()
    cut = int(len(raw) * length) if isinstance(length, float) else length
    (copy / "weights.npz").write_bytes(raw[:cut])
    fix_hash(copy)
    with pytest.raises(InputError, match="cannot be read as NumPy arrays"):
        checkpoints.load(copy)


def test_a_pickle_in_the_weights(copy):
    replace_weights(copy, **{"u_head/bias": np.array([{"code": 1}], dtype=object)})
    with pytest.raises(InputError, match="cannot be read as NumPy arrays"):
        checkpoints.load(copy)


@pytest.mark.parametrize("bad", [np.full(8, np.nan), np.full(8, "x"), np.arange(8)])
def test_weights_that_are_no_finite_numbers(copy, bad):
    replace_weights(copy, **{"u_head/bias": bad})
    with pytest.raises(InputError, match=r"u_head/bias .* does not consist of finite numbers"):
        checkpoints.load(copy)


def test_a_card_of_another_n(copy):
    edit_card(copy, architecture={**CONFIG.to_json(), "n": 6}, n=6)
    with pytest.raises(InputError, match=r"\(n=6, edge\) belong to another architecture"):
        checkpoints.load(copy)


def test_a_card_that_contradicts_itself(copy):
    edit_card(copy, n=6)
    with pytest.raises(InputError, match=r"says n=6, its architecture n=8; restore it"):
        checkpoints.load(copy)


def test_weights_of_another_architecture(copy):
    replace_weights(copy, **{"tap3_norm/gamma": np.ones(8, np.float16)})
    with pytest.raises(InputError, match=r"another architecture.*tap3_norm/gamma"):
        checkpoints.load(copy)


def test_an_architecture_that_cannot_be(copy):
    edit_card(copy, architecture={**CONFIG.to_json(), "align": "centre"})
    with pytest.raises(InputError, match="needs an odd number"):
        checkpoints.load(copy)


def test_another_backbone(copy):
    edit_card(copy, backbone={"name": "ImageNet VGG-16", "weights": "imagenet", "sha256": "0" * 64})
    with pytest.raises(InputError, match=r"trained on the backbone ImageNet VGG-16 \(SHA-256 0000"):
        checkpoints.load(copy)
    edit_card(copy, backbone=vgg.describe(None))
    with pytest.raises(InputError, match="trained on the backbone random VGG-16"):
        checkpoints.load(copy)


def test_missing_files(copy):
    (copy / "weights.npz").unlink()
    with pytest.raises(InputError, match=r"has no weights file weights\.npz"):
        checkpoints.load(copy)
    (copy / "card.json").unlink()
    with pytest.raises(InputError, match=r"no model called .* nor a folder with a card\.json"):
        checkpoints.load(copy)


@pytest.mark.parametrize("field", ["schema", "architecture", "backbone", "decode", "weights"])
def test_a_card_that_lacks_something(copy, field):
    content = files.read_json(copy / "card.json")
    for broken in ({k: v for k, v in content.items() if k != field}, {**content, field: None}):
        files.write_json(copy / "card.json", broken)
        with pytest.raises(InputError, match=f"not a colorlab model card: it lacks {field}"):
            checkpoints.load(copy)


@pytest.mark.parametrize("lacking", ["method", "temperature"])
def test_a_card_that_does_not_say_how_to_decode(copy, lacking):
    decode = files.read_json(copy / "card.json")["decode"]
    edit_card(copy, decode={key: value for key, value in decode.items() if key != lacking})
    with pytest.raises(InputError, match=rf"it lacks decode\.{lacking}"):
        checkpoints.load(copy)


def test_cards_of_another_kind(copy):
    edit_card(copy, kind="consistency")
    with pytest.raises(
        InputError,
        match="is a consistency model, which colours films; a color model is needed here, "
        f"which colours single pictures: .*{checkpoints.DEFAULT}",
    ):
        checkpoints.load(copy)
    edit_card(copy, kind="music")
    with pytest.raises(InputError, match="unknown kind 'music'; this colorlab knows color, cons"):
        checkpoints.load(copy)
    edit_card(copy, kind="color", schema=2)
    with pytest.raises(InputError, match="follows schema 2"):
        checkpoints.load(copy)
    for text in ("[]", "3"):
        (copy / "card.json").write_text(text)
        with pytest.raises(InputError, match="not a colorlab model card"):
            checkpoints.load(copy)
    (copy / "card.json").write_text("{")
    with pytest.raises(InputError, match="not valid JSON"):
        checkpoints.load(copy)


@pytest.mark.parametrize("renamed", [0, 1, 2, 3])
def test_a_kill_while_a_model_is_replaced_leaves_one_that_is_whole(
    renamed, network, tmp_path, monkeypatch
):
    """Files take their names three times: the coming weights, the card, the weights."""
    checkpoints.save(tmp_path, network, card(name="old"))
    other = shuffled(CONFIG, seed=2)
    replace, left = os.replace, iter(range(renamed))

    def killed(source, target):
        if next(left, None) is None:
            raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(os, "replace", killed)
        checkpoints.save(tmp_path, other, card(name="new"))
    model = checkpoints.load(tmp_path)
    assert model.name == ("old" if renamed < 2 else "new")
    wanted = color_model.own_variables(network if renamed < 2 else other)
    for path, variable in color_model.own_variables(model.network).items():
        np.testing.assert_allclose(*map(np.asarray, (variable, wanted[path])), atol=1e-3)
    checkpoints.save(tmp_path, other, card(name="newer"))
    assert sorted(os.listdir(tmp_path)) == [checkpoints.CARD, checkpoints.WEIGHTS]


def test_a_second_kill_leaves_what_the_first_one_left(network, tmp_path, monkeypatch):
    """The first comes before the last rename; the second when the next weights wait."""
    replace = os.replace

    def killed_at(number):
        left = iter(range(number))

        def killed(source, target):
            if next(left, None) is None:
                raise KeyboardInterrupt
            replace(source, target)

        return killed

    checkpoints.save(tmp_path, network, card(name="old"))
    for seed, renamed, name in ((2, 2, "new"), (3, 2, "newer")):  # one rename finishes the first
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(os, "replace", killed_at(renamed))
            checkpoints.save(tmp_path, shuffled(CONFIG, seed=seed), card(name=name))
    assert checkpoints.load(tmp_path).name == "new"
    (tmp_path / checkpoints.CARD).write_text("[]")
    checkpoints.save(tmp_path, network, card(name="newest"))
    assert checkpoints.load(tmp_path).name == "newest"


def test_weights_that_cannot_take_their_name(network, tmp_path):
    (tmp_path / checkpoints.WEIGHTS).mkdir()
    with pytest.raises(InputError, match=r"cannot write .*weights\.npz"):
        checkpoints.save(tmp_path, network, card())


def test_a_model_that_is_replaced_while_it_is_read(network, tmp_path, monkeypatch):
    checkpoints.save(tmp_path, network, card(name="old"))
    other, read_card, readings = shuffled(CONFIG, seed=2), checkpoints.read_card, []

    def read_slowly(folder, kind):
        found = read_card(folder, kind)
        if not readings:
            checkpoints.save(tmp_path, other, card(name="new"))
        readings.append(found["name"])
        return found

    monkeypatch.setattr(checkpoints.store, "read_card", read_slowly)
    model = checkpoints.load(tmp_path)
    assert (readings, model.name) == (["old", "new"], "new")


def test_models_are_found_by_name_and_by_folder(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints.store, "folder_of_models", lambda: saved.parent)
    assert checkpoints.list_models() == ["tiny"]
    assert checkpoints.locate("tiny") == saved
    assert checkpoints.locate(saved) == saved
    run = tmp_path / "run"
    (run / "best").mkdir(parents=True)
    (run / "best" / "card.json").write_bytes((saved / "card.json").read_bytes())
    assert checkpoints.locate(run) == run / "best"
    assert checkpoints.read_card(run)["name"] == "tiny"
    with pytest.raises(InputError, match=r"no model called 'other'.*packaged model \(tiny\)"):
        checkpoints.locate("other")
    monkeypatch.setattr(checkpoints.store, "DEFAULT", "tiny")
    assert checkpoints.locate() == saved


def test_an_empty_house_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints.store, "folder_of_models", lambda: tmp_path / "nothing")
    assert checkpoints.list_models() == []
    with pytest.raises(InputError, match="none are installed"):
        checkpoints.locate()


def test_packaged_models_have_whole_cards():
    assert checkpoints.folder_of_models().parts[-2:] == ("assets", "models")
    assert checkpoints.DEFAULT in checkpoints.list_models("color")
    for name in checkpoints.list_models():
        card = checkpoints.read_card(name)
        assert card["name"] == name
        assert (card["kind"] == "color") == (name in checkpoints.list_models("color"))
        weights = checkpoints.locate(name) / checkpoints.WEIGHTS
        assert card["weights"]["sha256"] == files.sha256(weights)
        assert {"dataset", "training", "command", "versions", "date"} <= set(card)
        assert card["kind"] == "consistency" or "prior" in card


def test_versions_are_json():
    versions = json.loads(json.dumps(checkpoints.versions()))
    assert versions["backend"].startswith(keras.backend.backend())
    assert versions["keras"] == keras.__version__
