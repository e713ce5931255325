"""The reduced protocol trains from taps seen once, and finds the truth where it is known."""

import dataclasses

import keras
import numpy as np
import pytest

from colorlab import devices, media, vgg, yuv
from colorlab.bins import BinGrid
from colorlab.decode import Decoder
from colorlab.errors import InputError
from colorlab.training.run import Run
from studies import answers, pictures, reduced, scores, statistics, taps
from studies.harness import Asked
from studies.reduced import Recipe, Seen
from studies.verdicts import side

TINY = Recipe(n=4, taps=(2,), widths=(8,), context=0, epochs=2, learning_rate=1e-2)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of the test's own, and one precision on every machine."""
    monkeypatch.setenv("COLORLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(devices, "precision", lambda wanted="auto": "float32")
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def coasts():
    return pictures.rendered(4, 32).rgb


def seen(rgb, channels):
    """Photos whose second tap says what is given: (N, h, w, C) in the first channels."""
    tap = np.zeros((*channels.shape[:3], 128), np.float16)
    tap[..., : channels.shape[-1]] = channels
    return Seen(rgb, {2: tap}, f"{rgb.sum()} {tap.sum()}")


def blocks(rng, count, size, shares):
    """Photos of colours drawn pixel by pixel (in blocks of 2 × 2), and the number of each block."""
    colours = np.array([[200, 60, 40], [60, 200, 50], [40, 60, 200]], np.uint8)
    number = rng.choice(3, (count, size // 2, size // 2), p=shares)
    return colours[number].repeat(2, axis=1).repeat(2, axis=2), number


# --- taps ----------------------------------------------------------------------------------------


def test_taps_are_what_the_backbone_sees_and_are_computed_once(coasts, monkeypatch, cache):
    found = reduced.look(coasts, blocks=(1, 3), progress=False)
    assert len(found) == 4 and found.taps[1].dtype == np.float16
    network = vgg.backbone("embedded", 3, (1, 3))
    wanted = network.predict_on_batch(yuv.luma(coasts))
    for got, tap in zip((found.taps[1], found.taps[3]), wanted, strict=True):
        np.testing.assert_allclose(np.asarray(got), np.asarray(tap), rtol=2e-3, atol=0.05)
    inputs = found.inputs(["tap3", "y"], np.array([2, 0]))
    np.testing.assert_array_equal(inputs["tap3"], found.taps[3][[2, 0]])
    np.testing.assert_array_equal(inputs["y"], yuv.luma(coasts[[2, 0]]))
    assert inputs["tap3"].dtype == np.float32
    assert sorted(path.name[-10:] for path in cache.iterdir()) == ["block1.npy", "block3.npy"]
    monkeypatch.setattr(vgg, "backbone", None)
    again = reduced.look(coasts, blocks=(3,), progress=False)
    np.testing.assert_array_equal(again.taps[3], found.taps[3])


def test_other_photos_and_other_networks_are_told_apart(coasts):
    looks = [
        reduced.look(rgb, weights, (1,), seed, progress=False)
        for rgb, weights, seed in (
            (coasts, "embedded", 0),
            (coasts, "embedded", 1),
            (coasts[::-1], "embedded", 0),
            (coasts, None, 0),
            (coasts, None, 1),
        )
    ]
    assert looks[0].digest == looks[1].digest  # these weights were not drawn
    assert len({look.digest for look in looks}) == 4
    assert not np.array_equal(looks[3].taps[1], looks[4].taps[1])


def test_photos_of_an_odd_size_are_refused(coasts):
    with pytest.raises(InputError, match="a multiple of 16; received 30"):
        reduced.look(coasts[:, :30, :30], progress=False)


# --- photos --------------------------------------------------------------------------------------


def test_photos_are_learnt_from_and_measured_apart(tmp_path, monkeypatch):
    for k in range(40):
        rgb = np.full((20, 20, 3), (200, 6 * k, 90), np.uint8)
        media.write_photo(tmp_path / "album" / f"{k:02}.png", rgb)
    monkeypatch.setattr(taps, "SIZE", 16)
    asked = Asked(tmp_path / "album", max_photos=20, progress=False)
    photos, dataset = reduced.open_photos(asked)
    assert photos.training.shape == (20, 16, 16, 3) and photos.measured.shape == (4, 16, 16, 3)
    assert photos.measured[..., 1].min() > photos.training[..., 1].max()
    assert (dataset["name"], dataset["size"], dataset["precision"]) == ("album", 16, "float32")
    assert dataset["training"]["of"] == 36 and dataset["training"]["split"] == "train"
    assert dataset["training"]["sha256"] != dataset["measured"]["sha256"]
    fast, dataset = reduced.open_photos(Asked(fast=True), fast=(16, 15, 3))
    assert fast.training.shape == (15, 16, 16, 3) and len(fast.measured) == 3
    assert dataset["name"] == "coasts"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(), "needs photos: give --photos"),
        (Asked("none.csv", fast=True), "leave out --photos"),
        (Asked("none.csv", split="train"), "'train' is learnt from"),
        (Asked("none.csv"), "there is no photo set at"),
    ],
)
def test_photos_that_do_not_fit_are_refused(asked, said):
    with pytest.raises(InputError, match=said):
        reduced.open_photos(asked)


def test_too_few_photos_are_refused():
    with pytest.raises(InputError, match=r"15 photos to learn from.*received 14 and 3"):
        reduced.open_photos(Asked(fast=True), fast=(16, 14, 3))


# --- recipes -------------------------------------------------------------------------------------


def test_a_recipe_is_what_an_arm_keeps():
    recipe = Recipe(n=11, loss="euclidean", seed=3)
    assert Recipe(**recipe.parameters, seed=3) == recipe
    assert (recipe.config.align, recipe.config.head) == ("centre", "chroma")
    assert (Recipe().config.align, Recipe().config.head) == ("edge", "bins")
    assert (Recipe().settings.batch_size, Recipe().settings.flip) == (15, False)
    arm = reduced.make_arm(Asked(seed=4), "ours", 1, n=10)
    assert (arm.name, arm.seed, arm.parameters["n"]) == ("ours-5", 5, 10)
    fast = Recipe(**reduced.make_arm(Asked(fast=True), "ours", 0, n=10).parameters)
    assert fast.n == 10 and max(fast.widths) < min(Recipe().widths)


# --- training ------------------------------------------------------------------------------------


def test_a_network_that_is_given_the_labels_learns_them(rng):
    palette = rng.integers(256, size=(6, 1, 1, 3)).astype(np.uint8)
    photos = palette[rng.integers(6, size=165)].repeat(16, axis=1).repeat(16, axis=2)
    labels = BinGrid(4).encode(yuv.rgb_to_yuv(photos[:, ::2, ::2])[1])
    told = np.eye(4)[labels].reshape(*labels.shape[:3], 8)
    training, measured = seen(photos[:150], told[:150]), seen(photos[150:], told[150:])
    recipe = dataclasses.replace(TINY, epochs=8)
    trained = reduced.train(recipe, training, measured, progress=False)
    figures = reduced.evaluate(
        trained.outputs(measured), measured.rgb, recipe.config, trained.prior, progress=False
    )
    assert np.mean(figures["accuracy_u"]) == np.mean(figures["accuracy_v"]) == 1
    assert answers.loss_left(figures)[0] < 0.2
    assert [row["epoch"] for row in trained.history] == list(range(1, 9))
    assert trained.history[-1]["val_loss"] < 0.2 * trained.history[0]["val_loss"]


def test_shuffled_labels_score_the_prior(rng):
    photos, _ = blocks(rng, 165, 16, (0.6, 0.3, 0.1))
    noise = rng.random((165, 8, 8, 8))
    training, measured = seen(photos[:150], noise[:150]), seen(photos[150:], noise[150:])
    recipe = dataclasses.replace(TINY, epochs=10)
    trained = reduced.train(recipe, training, measured, progress=False)
    figures = reduced.evaluate(
        trained.outputs(measured), measured.rgb, recipe.config, trained.prior, progress=False
    )
    assert answers.loss_left(figures)[0] == pytest.approx(1, abs=0.05)
    for head in "uv":
        majority = np.mean(figures[f"majority_{head}"])
        assert np.mean(figures[f"accuracy_{head}"]) == pytest.approx(majority, abs=0.02)


def test_every_head_begins_knowing_nothing(rng):
    photos, number = blocks(rng, 15, 16, (0.4, 0.3, 0.3))
    look = seen(photos, number[..., None])
    slow = dataclasses.replace(TINY, learning_rate=1e-9, epochs=1)
    for loss, wanted in (("crossentropy", 2 * np.log(4)), ("euclidean", 0)):
        recipe = dataclasses.replace(slow, loss=loss)
        trained = reduced.train(recipe, look, look, progress=False)
        found = trained.outputs(look)(np.arange(15))
        if loss == "euclidean":
            assert max(np.abs(one).max() for one in found.values()) < 0.1
        else:
            assert trained.history[0]["loss"] == pytest.approx(wanted, rel=0.05)


def weights(trained):
    return [np.asarray(w).copy() for w in trained.network.weights]


def test_a_training_that_was_killed_goes_on_and_a_finished_one_is_recalled(
    rng, monkeypatch, cache, tmp_path
):
    photos, number = blocks(rng, 30, 16, (0.4, 0.3, 0.3))
    look = seen(photos, np.eye(3)[number])
    whole = reduced.train(TINY, look, look, progress=False, cache=tmp_path / "whole")
    validate = Run.validate

    def stop(run, epoch):
        if epoch == 1:
            raise KeyboardInterrupt
        return validate(run, epoch)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Run, "validate", stop)
        reduced.train(TINY, look, look, progress=False)
    assert [path.name[:9] for path in cache.iterdir()] == ["training-"]
    trained = reduced.train(TINY, look, look, progress=False)
    assert [path.name[:8] for path in cache.iterdir()] == ["trained-"]
    for got, wanted in zip(weights(trained), weights(whole), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-5)
    monkeypatch.setattr(reduced, "_fit", None)
    again = reduced.train(TINY, look, look, progress=False)
    for got, wanted in zip(weights(again), weights(trained), strict=True):
        np.testing.assert_array_equal(got, wanted)
    assert again.history == trained.history
    for change in ({"seed": 1}, {"learning_rate": 1e-3}):
        with pytest.raises(TypeError):  # it would have to be trained
            reduced.train(dataclasses.replace(TINY, **change), look, look, progress=False)
    with pytest.raises(TypeError):
        reduced.train(TINY, look, look, about={"network": "another"}, progress=False)


def test_another_network_may_see_luma(rng):
    photos, _ = blocks(rng, 15, 16, (0.4, 0.3, 0.3))
    recipe = dataclasses.replace(TINY, taps=(1,), epochs=1)
    y = keras.Input((None, None, 1), name="y")
    heads = {h: keras.layers.Conv2D(4, 1, name=f"{h}_head", dtype="float32")(y) for h in "uv"}
    look = Seen(photos, {}, "photos")
    network = keras.Model(y, heads)
    trained = reduced.train(recipe, look, look, network, {"network": "linear"}, progress=False)
    found = trained.outputs(look)(np.arange(5))
    assert found["u"].shape == found["v"].shape == (5, 16, 16, 4)


# --- measuring -----------------------------------------------------------------------------------


def given(rgb, grid):
    """Answers of a model that is given the labels."""
    labels = grid.encode(yuv.rgb_to_yuv(rgb)[1])
    return lambda which: {
        head: 50 * np.eye(grid.n, dtype=np.float32)[labels[which][..., k]]
        for k, head in enumerate("uv")
    }


@pytest.mark.parametrize("n", [4, 11, 30])
def test_a_model_given_the_labels_scores_everything(coasts, n):
    config = Recipe(n=n).config
    prior = reduced.count_prior(coasts, config)
    found = reduced.evaluate(given(coasts, config.grid), coasts, config, prior, progress=False)
    assert set(found["accuracy_u"] + found["accuracy_v"]) == {1}
    assert max(found["loss_u"] + found["loss_v"]) < 1e-4
    assert answers.loss_left(found)[0] < 1e-4
    for decoder in reduced.DECODERS:
        assert found[f"psnr {decoder}"] == pytest.approx(found["psnr_ceiling"], abs=1e-3)
    assert all(len(values) == len(coasts) for values in found.values())


def test_a_model_that_knows_the_prior_alone_scores_it(coasts):
    config = Recipe(n=10).config
    prior = reduced.count_prior(coasts, config)
    shape = (*coasts.shape[:3], 10)
    logits = {h: np.broadcast_to(np.log(prior[k] + 1e-12), shape) for k, h in enumerate("uv")}
    found = reduced.evaluate(
        lambda which: {h: x[which] for h, x in logits.items()},
        coasts, config, prior, {"mean": Decoder("mean")}, progress=False,
    )  # fmt: skip
    for head in "uv":
        assert found[f"loss_{head}"] == pytest.approx(found[f"prior_loss_{head}"], abs=1e-4)
        assert found[f"accuracy_{head}"] == found[f"majority_{head}"]
    np.testing.assert_allclose(answers.loss_left(found), 1, atol=1e-4)
    assert "psnr argmax" not in found


def test_a_regression_is_measured_as_one(coasts):
    config = Recipe(loss="euclidean").config
    prior = reduced.count_prior(coasts, config)
    _, uv = yuv.rgb_to_yuv(coasts)
    np.testing.assert_allclose(prior[:, 0], uv.mean(axis=(0, 1, 2)), atol=1e-6)

    def right(which):
        return {"u": uv[which][..., :1], "v": uv[which][..., 1:]}

    def blind(which):
        return {h: np.full((*uv[which].shape[:3], 1), prior[k, 0]) for k, h in enumerate("uv")}

    found = reduced.evaluate(right, coasts, config, prior, progress=False)
    assert answers.loss_left(found)[0] == 0
    assert min(found["psnr regression"]) > 45
    np.testing.assert_allclose(answers.colourfulness(found, "regression"), 1, atol=0.01)
    found = reduced.evaluate(blind, coasts, config, prior, progress=False)
    np.testing.assert_allclose(answers.loss_left(found), 1, atol=1e-4)
    assert "accuracy_u" not in found and "psnr_ceiling" not in found


def test_neutral_pixels_are_measured_by_the_colour_they_are_given():
    rgb = np.full((2, 16, 16, 3), 120, np.uint8)
    rgb[0, :, 8:] = (200, 60, 40)
    for n, wanted in ((4, np.hypot(0.109, 0.15375)), (5, 0)):
        config = Recipe(n=n).config
        prior = reduced.count_prior(rgb, config)
        found = reduced.evaluate(given(rgb, config.grid), rgb, config, prior, progress=False)
        assert found["neutral_pixels"] == [128, 256]
        shown = np.divide(found["neutral_chroma argmax"], found["neutral_pixels"])
        np.testing.assert_allclose(shown, wanted, atol=1e-5)
    assert scores.is_neutral(np.array([0.006, 0.007], np.float32))
    assert not scores.is_neutral(np.array([0.008, 0.008], np.float32))


def test_more_can_be_measured(coasts):
    config = Recipe(n=4).config
    seen_photos = []

    def more(which, y, uv, outputs):
        seen_photos.extend(which)
        assert y.shape[1:] == (32, 32, 1) and uv.shape[1:] == (32, 32, 2)
        return {"brightness": y.mean(axis=(1, 2, 3)), "bins": outputs["u"].shape[-1] + 0 * which}

    prior = reduced.count_prior(coasts, config)
    answer = given(coasts, config.grid)
    found = reduced.evaluate(answer, coasts, config, prior, {}, more, progress=False)
    assert found["bins"] == [4] * 4 and seen_photos == [0, 1, 2, 3]
    np.testing.assert_allclose(
        found["brightness"], yuv.luma(coasts).mean(axis=(1, 2, 3)), atol=1e-4
    )


def test_an_arm_is_trained_and_measured(coasts):
    photos = reduced.Photos(coasts.repeat(4, axis=0), coasts[:3])
    fields = {name: value for name, value in TINY.parameters.items() if name != "epochs"}
    arm = reduced.make_arm(Asked(), "tiny", 0, **fields, epochs=1)
    found = reduced.measure(arm, photos, progress=False)
    assert found["recipe"] == arm.parameters and found["seed"] == 0
    assert len(found["history"]) == 1
    assert len(found["figures"]["loss_u"]) == len(found["figures"]["psnr annealed 0.4"]) == 3


# --- answers -------------------------------------------------------------------------------------


def test_replicates_are_the_bootstrap_of_a_mean_or_of_a_share(rng):
    figure, per = rng.random(30), rng.random(30) + 1
    found = statistics.told(statistics.replicate(figure))
    assert found == statistics.mean(figure)
    share = statistics.replicate(figure, per)
    assert share.shape == (1 + statistics.RESAMPLES,)
    assert share[0] == pytest.approx(figure.sum() / per.sum())
    drawn = statistics.resamples(30)[4]
    assert share[5] == pytest.approx((drawn * figure).sum() / (drawn * per).sum())
    np.testing.assert_allclose(statistics.replicate(3 * per, per), 3)
    assert np.isnan(statistics.replicate([0.0, 0.0], [0.0, 0.0])).all()


def test_differences_are_taken_in_pairs_and_over_seeds(rng):
    easy = rng.normal(0, 5, 50)

    def arm(gain):
        noise = easy + rng.normal(gain, 0.1, 50)
        return {"figures": {"psnr mean": list(20 + noise), "psnr_grey": [20.0] * 50}}

    ours, theirs = ([arm(gain) for gain in gains] for gains in ((1.0, 1.2), (0.5, 0.5)))

    def gain(figures):
        return answers.gain(figures, "mean")

    found = answers.difference(ours, theirs, gain)
    assert found["value"] == pytest.approx(0.6, abs=0.05)
    assert found["spread"] == pytest.approx(0.2, abs=0.1)
    assert 0.3 < found["low"] < 0.5 < 0.7 < found["high"] < 0.9
    assert side(found) == 1 and side(answers.difference(theirs, ours, gain)) == -1
    alone = [answers.over_seeds(arms, gain) for arms in (ours, theirs)]
    assert alone[0]["low"] < alone[1]["high"]
