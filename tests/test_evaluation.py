"""Measuring models: fake models whose score is known, and baselines counted by brute force."""

import csv
import dataclasses
import json
import types

import numpy as np
import pytest

from colorlab import datasets, evaluation, media, metrics, yuv
from colorlab.color_model import ColorModelConfig
from colorlab.errors import InputError

pytestmark = pytest.mark.keras

SIZE = 16
NEAR_GREY = 0.2 + 9 * np.exp(-0.5 * ((np.arange(30) - 14) / 2) ** 2)
PRIOR = np.random.default_rng(1).dirichlet(NEAR_GREY, size=2)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Six photos of several sizes from two sources, and a grey one; one is half neutral."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("set") / "small"
    rows = []
    for k, (height, width) in enumerate([(16, 16), (20, 31), (40, 17), (16, 16), (24, 24), (9, 7)]):
        rgb = 0.2 + 0.6 * media.resize(rng.random((3, 3, 3), np.float32), height, width)
        if k == 3:
            rgb[:8] = rgb[:8, :, :1]
        media.write_photo(folder / f"{k}.png", rgb)
        rows.append((f"{k}.png", "lake" if k < 4 else "sea"))
    media.write_photo(folder / "grey.png", np.full((12, 12, 3), 0.5, np.float32))
    rows.append(("grey.png", "sea"))
    with open(folder.with_suffix(".csv"), "w", newline="") as file:
        csv.writer(file).writerows([("file", "source"), *rows])
    return datasets.open_photos(folder.with_suffix(".csv"), size=SIZE, progress=False)


def fake(answer, name="fake", **config):
    """Make a model that answers with ``answer(y)``, a dict of logits or of chroma."""
    settings = ColorModelConfig(**config)
    return types.SimpleNamespace(
        name=name,
        config=settings,
        grid=settings.grid,
        card={
            "prior": PRIOR.tolist(),
            "backbone": {"name": "none"},
            "weights": {"sha256": "0" * 64},
        },
        decode="annealed",
        temperature=0.5,
        outputs=answer,
        probabilities=lambda y: {
            head: np.exp(metrics.log_softmax(logits)) for head, logits in answer(y).items()
        },
    )


def knowing(photos, scale=50.0, shift=0):
    """Answer with the truth's labels, moved by `shift` bins; photos are told by their luma."""
    y_all, uv_all = yuv.rgb_to_yuv(np.asarray(photos.rgb))
    labels_all = ColorModelConfig().grid.encode(uv_all)

    def answer(y):
        found = [int(np.argmin([np.abs(one - known).sum() for known in y_all])) for one in y]
        labels = (labels_all[found] + shift) % 30
        one_hot = np.float32(scale) * (labels[..., None] == np.arange(30))
        return {head: one_hot[..., axis, :].astype(np.float32) for axis, head in enumerate("uv")}

    return answer


def constant(logits):
    """Answer every pixel with the same logits (2, n)."""

    def answer(y):
        shape = (*y.shape[:3], logits.shape[-1])
        return {
            head: np.broadcast_to(np.float32(row), shape)
            for head, row in zip("uv", logits, strict=True)
        }

    return answer


def measure(photos, model, **options):
    result = evaluation.evaluate_color(photos, [model], progress=False, **options)
    return result["models"][model.name]


# --- scores that are known -----------------------------------------------------------------------


def test_a_model_that_knows_the_labels_scores_perfectly(photos):
    scores = measure(photos, fake(knowing(photos)))
    for key in ("accuracy_u", "accuracy_v", "accuracy_u_no_neutral", "accuracy_v_no_neutral"):
        assert scores[key] == 1
    assert scores["loss"] == pytest.approx(0, abs=1e-6)
    assert scores["psnr"] > scores["psnr_grey"] + 5
    assert scores["ssim"] > 0.9


def test_a_model_that_is_one_bin_off_is_never_right(photos):
    scores = measure(photos, fake(knowing(photos, scale=4, shift=1)))
    assert scores["accuracy_u"] == scores["accuracy_v"] == 0
    expected = np.log(np.exp(4) + 29)  # minus the true bin's logit, which is 0
    assert scores["loss_u"] == pytest.approx(expected, rel=1e-5)
    assert scores["loss"] == pytest.approx(2 * expected, rel=1e-5)


@pytest.mark.parametrize(("n", "align"), [(30, "edge"), (15, "centre"), (10, "edge")])
def test_uniform_logits_score_the_logarithm_of_n(photos, n, align):
    model = fake(constant(np.zeros((2, n))), n=n, align=align)
    model.card["prior"] = np.full((2, n), 1 / n).tolist()
    scores = measure(photos, model)
    assert scores["loss_u"] == pytest.approx(np.log(n), rel=1e-6)
    assert scores["loss"] == pytest.approx(2 * np.log(n), rel=1e-6)
    assert scores["prior_loss"] == pytest.approx(2 * np.log(n), rel=1e-6)
    assert (scores["n"], scores["align"]) == (n, align)


def test_the_prior_as_logits_scores_the_prior_loss_and_the_majority(photos):
    scores = measure(photos, fake(constant(np.log(PRIOR))))
    assert scores["loss"] == pytest.approx(scores["prior_loss"], rel=1e-5)
    for head in "uv":
        assert scores[f"accuracy_{head}"] == pytest.approx(scores[f"majority_{head}"])


def test_prior_and_majority_against_brute_force(photos):
    scores = measure(photos, fake(constant(np.zeros((2, 30)))))
    grid = ColorModelConfig().grid
    loss, hits, pixels = 0.0, [0, 0], 0
    for rgb in photos.rgb:
        for label in grid.encode(yuv.rgb_to_yuv(rgb)[1]).reshape(-1, 2):
            pixels += 1
            for axis in (0, 1):
                loss -= np.log(PRIOR[axis][label[axis]])
                hits[axis] += label[axis] == np.argmax(PRIOR[axis])
    assert scores["prior_loss"] == pytest.approx(loss / pixels, rel=1e-9)
    assert min(hits) > 0
    assert scores["majority_u"] == pytest.approx(hits[0] / pixels)
    assert scores["majority_v"] == pytest.approx(hits[1] / pixels)


def test_a_bin_that_training_never_saw_costs_a_finite_prior_loss(photos):
    model = fake(constant(np.zeros((2, 30))))
    model.card["prior"] = np.eye(30)[[0, 29]].tolist()
    scores = measure(photos, model)
    assert np.isfinite(scores["prior_loss"])
    json.dumps(scores, allow_nan=False)


# --- neutral pixels ------------------------------------------------------------------------------


def test_neutral_pixels_are_counted_and_left_out(photos):
    rng = np.random.default_rng(3)
    logits = {head: rng.normal(0, 1, (SIZE, SIZE, 30)).astype(np.float32) for head in "uv"}
    scores = measure(photos, fake(lambda y: {h: np.stack([x] * len(y)) for h, x in logits.items()}))
    neutral, hits, shares = 0, {"u": 0, "v": 0}, []
    for rgb in photos.rgb:
        _, uv = yuv.rgb_to_yuv(rgb)
        labels = ColorModelConfig().grid.encode(uv)
        grey = np.abs(uv).max(axis=-1) <= 1e-6
        neutral += grey.sum()
        shares.append(grey.mean())
        for axis, head in enumerate("uv"):
            hits[head] += ((logits[head].argmax(-1) == labels[..., axis]) & ~grey).sum()
    assert max(shares) == 0.5
    assert scores["neutral_share"] == pytest.approx(np.mean(shares))
    coloured = len(photos) * SIZE**2 - neutral
    for head in "uv":
        assert scores[f"accuracy_{head}_no_neutral"] == pytest.approx(hits[head] / coloured)


# --- pictures ------------------------------------------------------------------------------------


def test_psnr_grey_is_the_direct_formula_at_the_photos_own_size(photos):
    scores = measure(photos, fake(constant(np.zeros((2, 30)))))
    expected = []
    for path in photos.manifest.files:
        rgb = media.read_photo(path).rgb.astype(np.float64)
        y = rgb @ [0.299, 0.587, 0.114]
        expected.append(10 * np.log10(1 / np.mean((rgb - y[..., None]) ** 2)))
    assert scores["psnr_grey"] == pytest.approx(np.mean(expected), abs=1e-3)
    # Uniform logits have the mean 0 on both axes: grey.
    assert scores["psnr"] == pytest.approx(scores["psnr_grey"], abs=1e-3)
    assert scores["colourfulness"] == pytest.approx(0, abs=1e-3)
    assert scores["colourfulness_truth"] > 5


def test_the_true_chroma_gives_the_true_picture(rng):
    rgb = rng.random((12, 15, 3), np.float32)
    scores = evaluation.picture_metrics(rgb, yuv.rgb_to_yuv(rgb)[1])
    assert scores["psnr"] > 80
    assert scores["ssim"] == pytest.approx(1, abs=1e-5)
    assert scores["colourfulness"] == pytest.approx(scores["colourfulness_truth"], rel=1e-4)
    assert scores["colourfulness_truth"] == metrics.colourfulness(rgb)
    assert scores["colourfulness_abs"] != scores["colourfulness"]


def test_decoder_and_temperature_change_the_picture_only(photos):
    model = fake(knowing(photos, scale=3))
    annealed, mean = measure(photos, model), measure(photos, model, decode="mean")
    cold = measure(photos, model, temperature=0.05)
    argmax = measure(photos, model, decode="argmax")
    assert [(s["decode"], s["temperature"]) for s in (annealed, mean, cold, argmax)] == [
        ("annealed", 0.5),
        ("mean", None),
        ("annealed", 0.05),
        ("argmax", None),
    ]
    assert mean["colourfulness"] < annealed["colourfulness"] < argmax["colourfulness"]
    assert cold["psnr"] == pytest.approx(argmax["psnr"], abs=1e-3)
    assert len({s["loss"] for s in (annealed, mean, cold, argmax)}) == 1


def test_a_regression_model_is_measured_by_its_square(photos):
    def answer(y):
        return {head: np.full((*y.shape[:3], 1), 0.1, np.float32) for head in "uv"}

    scores = measure(photos, fake(answer, head="chroma"), decode="argmax")
    _, uv = yuv.rgb_to_yuv(np.asarray(photos.rgb))
    assert scores["loss_name"] == "euclidean"
    assert (scores["decode"], scores["temperature"]) == ("regression", None)
    assert scores["loss"] == pytest.approx(np.square(0.1 - uv).sum(-1).mean(), rel=1e-5)
    labels = ColorModelConfig().grid.encode(uv)
    (bin_u, bin_v) = ColorModelConfig().grid.encode(np.float32([0.1, 0.1]))
    assert scores["accuracy_u"] == pytest.approx((labels[..., 0] == bin_u).mean())
    assert scores["accuracy_v"] == pytest.approx((labels[..., 1] == bin_v).mean())


# --- the result ----------------------------------------------------------------------------------

KEYS = {
    *("n_photos", "n_skipped_grey", "n", "align", "decode", "temperature", "size", "backbone"),
    *("weights_sha256", "loss_name", "loss", "loss_u", "loss_v", "accuracy_u", "accuracy_v"),
    *("accuracy_u_no_neutral", "accuracy_v_no_neutral", "neutral_share", "prior_loss"),
    *("majority_u", "majority_v", "psnr", "psnr_grey", "ssim", "colourfulness"),
    *("colourfulness_abs", "colourfulness_truth", "per_source"),
}


def test_result_has_the_promised_keys_and_is_json(photos):
    model = fake(constant(np.zeros((2, 30))))
    result = evaluation.evaluate_color(photos, [model], command="colorlab x", progress=False)
    assert set(result) == {
        *("schema", "protocol", "models", "dataset", "seed", "versions", "command", "date"),
    }
    assert result["schema"] == 1
    assert result["command"] == "colorlab x"
    assert result["dataset"]["name"] == "small"
    scores = result["models"]["fake"]
    assert set(scores) == KEYS
    assert (scores["n_photos"], scores["n_skipped_grey"], scores["size"]) == (6, 1, SIZE)
    json.dumps(result, allow_nan=False)


def test_sources_average_to_the_whole(photos):
    scores = measure(photos, fake(knowing(photos, scale=2)))
    parts = scores["per_source"]
    assert {name: part["n_photos"] for name, part in parts.items()} == {"lake": 4, "sea": 2}
    for key in ("loss", "psnr", "ssim", "neutral_share", "prior_loss"):
        mean = (4 * parts["lake"][key] + 2 * parts["sea"][key]) / 6
        assert scores[key] == pytest.approx(mean, rel=1e-6)


def test_the_size_of_a_batch_changes_nothing(photos):
    one, all_ = (measure(photos, fake(knowing(photos, scale=2)), batch_size=b) for b in (1, 100))
    for scores in (one, all_):
        del scores["per_source"], scores["backbone"]
    assert one == pytest.approx(all_)


def test_models_measured_together_need_names_of_their_own(photos):
    model = fake(constant(np.zeros((2, 30))))
    with pytest.raises(InputError, match="share a name"):
        evaluation.evaluate_color(photos, [model, model], progress=False)
    other = fake(constant(np.zeros((2, 30))), name="other")
    result = evaluation.evaluate_color(photos, [model, other], progress=False)
    assert list(result["models"]) == ["fake", "other"]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"decode": "nonsense"}, "nonsense"), ({"temperature": 0.0}, "temperature")],
)
def test_what_cannot_be_decoded_is_refused(photos, options, message):
    with pytest.raises(InputError, match=message):
        measure(photos, fake(constant(np.zeros((2, 30)))), **options)


# --- temperature ---------------------------------------------------------------------------------


def test_temperature_curve_is_what_the_decoder_gives(photos):
    model = fake(knowing(photos, scale=3))
    heats = (1.0, 0.5, 0.1)
    curve = evaluation.temperature_curve(photos, model, heats, batch_size=4, progress=False)
    assert [point["temperature"] for point in curve] == list(heats)
    y, _ = yuv.rgb_to_yuv(np.asarray(photos.rgb))
    p = model.probabilities(y)
    real = np.asarray(photos.rgb, np.float32) / 255
    truth = np.mean([metrics.colourfulness(one) for one in real])
    for point in curve:
        uv = model.grid.decode(p["u"], p["v"], "annealed", point["temperature"])
        colored = yuv.yuv_to_rgb(y, uv)
        psnr = np.mean([metrics.psnr(a, b) for a, b in zip(real, colored, strict=True)])
        colour = np.mean([metrics.colourfulness(one) for one in colored])
        assert point["psnr"] == pytest.approx(psnr, rel=1e-6)
        assert point["colourfulness"] == pytest.approx(colour, rel=1e-6)
        assert point["ratio"] == pytest.approx(colour / truth, rel=1e-6)


def test_temperature_curve_takes_photos_from_the_whole_set(photos):
    seen = []

    def answer(y):
        seen.extend(y)
        return constant(np.zeros((2, 30)))(y)

    evaluation.temperature_curve(photos, fake(answer), (1.0,), limit=2, progress=False)
    y, _ = yuv.rgb_to_yuv(np.asarray(photos.rgb))
    np.testing.assert_array_equal(seen, y[[0, 5]])


def point(temperature, psnr, ratio):
    return {"temperature": temperature, "psnr": psnr, "ratio": ratio}


def test_the_chosen_temperature_is_colourful_enough_and_then_the_most_exact():
    curve = [point(1.0, 25, 0.4), point(0.6, 24, 0.8), point(0.4, 23, 0.9), point(0.2, 20, 1.3)]
    assert evaluation.choose_temperature(curve) == 0.6
    assert evaluation.choose_temperature(curve, ratio=0.85) == 0.4
    assert evaluation.choose_temperature(curve, ratio=2.0) == 0.2
    flat = [point(1.0, 24.4, 0.66), point(0.5, 24.6, 0.63), point(0.2, 24.7, 0.61)]
    assert evaluation.choose_temperature(flat) == 0.5  # within 5 % of the most colourful


def test_tuning_writes_the_card_once_and_leaves_regression_alone(photos, tmp_path, monkeypatch):
    model = fake(knowing(photos, scale=3))
    model.card["decode"] = {"method": "annealed", "temperature": 0.5}
    monkeypatch.setattr(evaluation.checkpoints, "load", lambda folder: model)
    card = evaluation.tune_temperature(tmp_path, photos, progress=False)
    assert json.loads((tmp_path / "card.json").read_text()) == card
    assert card["decode"]["temperature"] in evaluation.TEMPERATURES
    assert [p["temperature"] for p in card["decode"]["curve"]] == list(evaluation.TEMPERATURES)
    assert card["decode"]["tuned_on"] == {"name": "small", "split": None}
    assert card["prior"] == PRIOR.tolist()

    (tmp_path / "card.json").unlink()
    model.card = card
    assert evaluation.tune_temperature(tmp_path, photos, progress=False) is card
    model.card = {**card, "decode": {}}
    model.config = dataclasses.replace(model.config, head="chroma")
    assert evaluation.tune_temperature(tmp_path, photos, progress=False) is model.card
    assert not (tmp_path / "card.json").exists()
