"""Measuring models: fake models whose score is known, and baselines counted by brute force."""

import csv
import dataclasses
import gzip
import json
import re
import shutil
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlab import checkpoints, coast, datasets, evaluation, files, media, metrics, vgg, yuv
from colorlab.bins import BinGrid
from colorlab.cli import main
from colorlab.color_model import ColorModelConfig
from colorlab.decode import METHODS, Decoder
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
        decoder=Decoder("annealed", 0.5),
        mirror=False,
        scales=(1.0,),
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


def evaluate(photos, models, *options, **more):
    """Measure without VGG-16, quietly."""
    return evaluation.evaluate_color(photos, models, *options, kid=False, progress=False, **more)


def measure(photos, model, **options):
    return evaluate(photos, [model], **options)["models"][model.name]


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


def test_what_sees_colour_is_measured_photo_by_photo(photos):
    blue = np.zeros((2, 30))
    blue[0, 29] = 50  # every photo is painted blue, so some lose against grey
    rows = []
    for file in photos.manifest.files:
        rgb = media.read_photo(file).rgb
        uv = np.zeros((2, 2, 2), np.float32) + np.float32([BinGrid(30).centres[0, 29], 0])
        colored = yuv.yuv_to_rgb(yuv.luma(rgb), media.resize(uv, *rgb.shape[:2]))
        grey = np.repeat(yuv.luma(rgb), 3, axis=-1)
        gain = metrics.psnr(rgb, colored) - metrics.psnr(rgb, grey)
        difference = metrics.colourfulness(colored) - metrics.colourfulness(rgb)
        rows.append((gain, abs(difference), *metrics.hue_error(rgb, colored)))
    gains, differences, errors, shares = np.array(rows).T
    scores = measure(photos, fake(constant(blue)), decode="mean")
    assert scores["worse_than_grey"] == np.mean(gains < 0) > 0
    assert scores["gain"] == pytest.approx(metrics.mean_interval(gains))
    assert scores["colourfulness_difference"] == pytest.approx(differences.mean())
    assert scores["hue_error"] == pytest.approx(np.average(errors, weights=shares))
    assert scores["coloured_share"] == pytest.approx(shares.mean())
    kept = scores["per_photo"]
    assert np.array(kept["psnr"]) - kept["psnr_grey"] == pytest.approx(gains, abs=2e-3)
    assert kept["hue_error"] == pytest.approx(errors, abs=0.06)


# --- baselines -----------------------------------------------------------------------------------


def by_height(height, width, colors):
    """Paint a photo of one luma in bands, top down."""
    bands = np.repeat(np.float32(colors), height // len(colors), axis=0)[:, None]
    uv = np.repeat(bands, width, axis=1)
    return yuv.yuv_to_rgb(np.full((height, width, 1), 0.5, np.float32), uv)


def test_the_table_knows_height_and_luma_and_the_prior_knows_neither(tmp_path):
    blue, brown = (0.2, -0.05), (-0.12, 0.06)
    for k in range(5):
        media.write_photo(tmp_path / "train" / f"{k}.png", by_height(16, 16, [blue, brown]))
    media.write_photo(tmp_path / "train" / "grey.png", np.full((16, 16, 3), 0.5, np.float32))
    grid = BinGrid(30)
    paths = [tmp_path / "train"]
    prior, table = evaluation.fit_baselines(paths, grid, size=16, progress=False)
    assert (prior.name, table.name) == ("prior", "table")
    assert table.fitted_on["photos"] == 5
    y = np.full((2, 32, 8, 1), 0.5, np.float32)
    for one in (prior, table):
        for logs in one.outputs(y).values():
            assert logs.shape == (2, 32, 8, 30)
            np.testing.assert_allclose(np.exp(logs).sum(axis=-1), 1, rtol=1e-4)
    centres = grid.quantise(np.float32([blue, brown]))
    uv = table.chroma(y)
    np.testing.assert_allclose(uv[:, :16], np.broadcast_to(centres[0], (2, 16, 8, 2)), atol=0.02)
    np.testing.assert_allclose(uv[:, 16:], np.broadcast_to(centres[1], (2, 16, 8, 2)), atol=0.02)
    mean = np.broadcast_to(centres.mean(axis=0), (*y.shape[:-1], 2))
    np.testing.assert_allclose(prior.chroma(y), mean, atol=1e-3)
    # A luma that no training photo has: nothing is known but the prior.
    np.testing.assert_allclose(table.chroma(y + 0.4), mean, atol=1e-3)


def test_baselines_stand_beside_the_models(photos):
    folder = photos.manifest.files[0].parent
    grid = BinGrid(30)
    baselines = evaluation.fit_baselines([folder], grid, size=SIZE, progress=False)
    result = evaluate(photos, [fake(knowing(photos))], baselines=baselines, batch_size=4)
    assert list(result["models"]) == ["fake"]
    grey, prior, table = (result["baselines"][key] for key in ("grey", "prior", "table"))
    assert "loss" not in grey and grey["psnr"] == grey["psnr_grey"]
    assert grey["worse_than_grey"] == grey["colourfulness"] == 0
    assert grey["hue_error"] == pytest.approx(90)
    # Measured on the photos that were counted, the prior is as good as one histogram can be.
    labels = grid.encode(yuv.rgb_to_yuv(np.asarray(photos.rgb))[1])
    shares = [
        np.bincount(labels[..., axis].ravel(), minlength=30) / labels[..., 0].size
        for axis in (0, 1)
    ]
    entropy = -sum((p[p > 0] * np.log(p[p > 0])).sum() for p in shares)
    assert prior["loss"] == pytest.approx(entropy, abs=1e-3)
    assert prior["loss"] == pytest.approx(prior["prior_loss"], abs=1e-3)
    assert table["loss"] < prior["loss"] - 0.3
    assert prior["accuracy_u"] == prior["majority_u"]


def test_photos_without_colour_teach_no_baseline(tmp_path):
    media.write_photo(tmp_path / "grey.png", np.full((16, 16, 3), 0.5, np.float32))
    with pytest.raises(InputError, match="none of the 1 training photos"):
        evaluation.fit_baselines([tmp_path], BinGrid(30), size=16, progress=False)


# --- kernel distance -----------------------------------------------------------------------------


def test_the_kernel_distance_is_that_of_the_pooled_features(photos, monkeypatch):
    monkeypatch.setattr(evaluation.color, "_FEATURE_SIZE", 32)  # a fiftieth of the work
    result = evaluation.evaluate_color(
        photos, [fake(knowing(photos))], batch_size=4, progress=False
    )
    network = vgg.backbone(taps=(5,), color=True)

    def pooled(pictures):
        small = np.stack([media.resize(one, 32, 32) for one in pictures])
        activation = network.predict_on_batch(small)
        return np.reshape(activation, (len(small), 2, 2, 512)).mean(axis=(1, 2))

    rgb = [media.read_photo(file).rgb for file in photos.manifest.files]
    truth = pooled(rgb)
    grey = pooled([np.repeat(yuv.luma(one), 3, axis=-1) for one in rgb])
    scale = np.sqrt(np.mean(truth**2))
    expected = metrics.kernel_distance(grey / scale, truth / scale)
    found = result["baselines"]["grey"]["kid"]
    assert found["value"] == pytest.approx(expected["value"], rel=1e-2)
    assert abs(result["models"]["fake"]["kid"]["value"]) < abs(found["value"])
    floor = result["kid"]["floor"]
    assert floor["low"] < floor["high"]
    assert result["kid"]["backbone"] == vgg.describe("embedded")
    json.dumps(result, allow_nan=False)


# --- several decoders, one pass -------------------------------------------------------------------


def test_several_decoders_are_scored_from_one_run_of_the_network(photos):
    known, batches = knowing(photos, scale=3), []

    def answer(y):
        batches.append(len(y))
        return known(y)

    methods = ["argmax", "annealed", "mean", "argmax"]
    models = [fake(answer, name="a"), fake(known, name="b")]
    result = evaluate(photos, models, methods, batch_size=4)
    assert batches == [4, 2]
    wanted = ["a", "a:annealed", "a:mean", "b", "b:annealed", "b:mean"]
    assert list(result["models"]) == wanted
    for key, scores in result["models"].items():
        method = {"a": "argmax", "b": "argmax"}.get(key) or key.split(":")[1]
        alone = measure(photos, fake(known), decode=method)
        for part in (scores, alone):
            del part["backbone"]
        assert scores == alone


def test_a_regression_model_has_one_entry_whatever_is_asked(photos):
    model = fake(
        lambda y: {h: np.zeros((*y.shape[:3], 1), np.float32) for h in "uv"}, head="chroma"
    )
    result = evaluate(photos, [model], ["mean", "argmax"])
    assert [(k, one["decode"]) for k, one in result["models"].items()] == [("fake", "regression")]


# --- a part of the photos ------------------------------------------------------------------------


def test_a_sample_is_drawn_by_the_seed_and_the_result_says_so(photos):
    model, seen = fake(constant(np.zeros((2, 30)))), set()
    for seed in range(8):
        part = evaluation.sample(photos, 3, seed)
        again = evaluation.sample(photos, 3, seed)
        assert part.manifest == again.manifest
        indices = [photos.manifest.files.index(file) for file in part.manifest.files]
        assert indices == sorted(set(indices)) and len(indices) == len(part) == 3
        np.testing.assert_array_equal(part.rgb, photos.rgb[indices])
        assert part.manifest.sources == tuple(photos.manifest.sources[i] for i in indices)
        seen.add(tuple(indices))
    assert len(seen) > 3
    assert evaluation.sample(photos, 6) is photos

    options = {"max_photos": 3, "seed": 5}
    result = evaluate(photos, [model], **options)
    assert result["dataset"]["sample"] == {"photos": 3, "of": 6} and result["seed"] == 5
    assert result["dataset"]["sha256"] == photos.manifest.sha256
    direct = evaluate(evaluation.sample(photos, 3, 5), [model])
    assert direct["models"] == result["models"]
    assert result["models"]["fake"]["n_photos"] == 3
    whole = evaluate(photos, [model], max_photos=99)
    assert whole["dataset"]["sample"] is None and whole["seed"] is None


# --- contact sheets ------------------------------------------------------------------------------


def test_a_sheet_keeps_photos_drawn_at_random_and_the_worst(photos):
    blue = np.zeros((2, 30))
    blue[0, 29] = 50  # every photo is painted blue, so some lose against grey
    model, other = fake(constant(blue)), fake(knowing(photos), name="knows")
    sheet = evaluation.Sheet(count=3, worst_count=2, side=12)
    evaluate(photos, [model, other], sheet=sheet, batch_size=4)
    names = [file.name for file in photos.manifest.files]
    assert len(sheet.random) == 3
    order = [names.index(one.name) for one in sheet.random]
    assert order == sorted(set(order))

    gains = []
    for k, file in enumerate(photos.manifest.files):
        rgb = media.read_photo(file).rgb
        y = np.zeros((1, 4, 4, 1))
        uv = checkpoints.chroma_of(model, model.outputs(y), y, Decoder("annealed", 0.5))
        row = evaluation.picture_metrics(rgb, uv[0])
        gains.append((row["psnr"] - row["psnr_grey"], names[k]))
    assert [one.name for one in sheet.worst] == [name for _, name in sorted(gains)[:2]]
    assert [one.gain for one in sheet.worst] == pytest.approx(sorted(g for g, _ in gains)[:2])


def test_what_a_sheet_shows_is_grey_the_guesses_and_the_truth(photos):
    sheet = evaluation.Sheet(count=6, side=12)
    models = [fake(constant(np.zeros((2, 30)))), fake(knowing(photos), name="knows")]
    evaluate(photos, models, sheet=sheet)
    assert [one.name for one in sheet.random] == [file.name for file in photos.manifest.files]
    for one, file in zip(sheet.random, photos.manifest.files, strict=True):
        rgb = media.read_photo(file).rgb
        assert list(one.pictures) == ["grey", "fake", "knows", "truth"]
        assert list(one.psnr) == ["grey", "fake", "knows"]
        shapes = {picture.shape for picture in one.pictures.values()}
        (shape,) = shapes
        assert max(shape[:2]) == min(12, max(rgb.shape[:2]))
        assert all(picture.dtype == np.uint8 for picture in one.pictures.values())
        truth = media.resize(rgb, *shape[:2])
        np.testing.assert_allclose(one.pictures["truth"] / 255, truth, atol=0.003)
        grey = one.pictures["grey"]
        assert np.ptp(grey, axis=-1).max() == 0
        # Uniform logits mean grey; who knows the labels comes closer than grey.
        np.testing.assert_allclose(one.pictures["fake"].astype(int), grey, atol=1)
        far, near = (np.abs(one.pictures[k] / 255 - truth).mean() for k in ("grey", "knows"))
        assert near < far and one.psnr["grey"] < one.psnr["knows"]


# --- the result ----------------------------------------------------------------------------------

KEYS = {
    *("n_photos", "n_skipped_grey", "n", "align", "decode", "temperature", "saturation"),
    *("mirror", "scales", "size", "backbone"),
    *("weights_sha256", "loss_name", "loss", "loss_u", "loss_v", "accuracy_u", "accuracy_v"),
    *("accuracy_u_no_neutral", "accuracy_v_no_neutral", "neutral_share", "prior_loss"),
    *("majority_u", "majority_v", "psnr", "psnr_grey", "ssim", "colourfulness"),
    *("colourfulness_abs", "colourfulness_truth", "per_source"),
    *("colourfulness_difference", "worse_than_grey", "coloured_share", "hue_error", "gain"),
    "per_photo",
}


def test_result_has_the_promised_keys_and_is_json(photos):
    model = fake(constant(np.zeros((2, 30))))
    result = evaluate(photos, [model], command="colorlab x")
    assert set(result) == {
        *("schema", "protocol", "models", "dataset", "seed", "versions", "command", "date"),
        *("baselines", "kid", "photos"),
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
        for key in ("per_source", "per_photo", "backbone", "scales", "gain"):
            del scores[key]
    assert one == pytest.approx(all_)


def test_models_measured_together_need_names_of_their_own(photos):
    model = fake(constant(np.zeros((2, 30))))
    with pytest.raises(InputError, match="share a name"):
        evaluate(photos, [model, model])
    other = fake(constant(np.zeros((2, 30))), name="other")
    result = evaluate(photos, [model, other])
    assert list(result["models"]) == ["fake", "other"]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"decode": "nonsense"}, "nonsense"), ({"temperature": 0.0}, "temperature")],
)
def test_what_cannot_be_decoded_is_refused(photos, options, message):
    with pytest.raises(InputError, match=message):
        measure(photos, fake(constant(np.zeros((2, 30)))), **options)


# --- temperature ---------------------------------------------------------------------------------


def test_decoder_curve_is_what_the_decoder_gives(photos):
    model = fake(knowing(photos, scale=3))
    decoders = [Decoder(m, t, s) for m in METHODS for t in (1.0, 0.3) for s in (1.0, 1.5)]
    curve = evaluation.decoder_curve(photos, model, decoders, batch_size=4, progress=False)
    assert [Decoder.from_json(point) for point in curve] == decoders
    y, _ = yuv.rgb_to_yuv(np.asarray(photos.rgb))
    p = model.probabilities(y)
    real = np.asarray(photos.rgb, np.float32) / 255
    truth = np.mean([metrics.colourfulness(one) for one in real])
    grey = np.mean([metrics.psnr(a, np.repeat(b, 3, -1)) for a, b in zip(real, y, strict=True)])
    for decoder, point in zip(decoders, curve, strict=True):
        colored = yuv.yuv_to_rgb(y, decoder.chroma(p["u"], p["v"], model.grid, y))
        psnr = np.mean([metrics.psnr(a, b) for a, b in zip(real, colored, strict=True)])
        colour = np.mean([metrics.colourfulness(one) for one in colored])
        assert point["psnr"] == pytest.approx(psnr, abs=1e-4)
        assert point["gain"] == pytest.approx(psnr - grey, abs=1e-4)
        assert point["colourfulness"] == pytest.approx(colour, abs=1e-4)
        assert point["ratio"] == pytest.approx(colour / truth, abs=1e-4)


def test_decoder_curve_takes_photos_from_the_whole_set(photos):
    seen = []

    def answer(y):
        seen.extend(y)
        return constant(np.zeros((2, 30)))(y)

    evaluation.decoder_curve(photos, fake(answer), [Decoder("mean")], limit=2, progress=False)
    y, _ = yuv.rgb_to_yuv(np.asarray(photos.rgb))
    np.testing.assert_array_equal(seen, y[[0, 5]])


def point(name, gain, ratio, psnr=None):
    return {"name": name, "gain": gain, "ratio": ratio, "psnr": 23 + gain if psnr is None else psnr}


def test_the_highest_gain_of_what_is_colourful_enough_wins():
    dull, plain, loud = point("dull", 3.0, 0.5), point("plain", 1.9, 0.68), point("loud", 0.5, 1.5)
    assert evaluation.choose([dull, loud, plain]) is plain
    assert evaluation.choose([plain, point("better", 2.0, 0.67), dull])["name"] == "better"
    assert evaluation.choose([dull, point("grey", 9.0, 0.1)]) is dull


def test_every_packaged_decoder_follows_the_rule():
    for name in checkpoints.list_models("color"):
        decode = checkpoints.read_card(name)["decode"]
        if decode.get("rule") == evaluation.RULE:  # an older card holds an older rule
            chosen = evaluation.choose(decode["curve"])
            for key in ("method", "temperature", "saturation"):
                assert decode[key] == chosen[key]


def test_tuning_writes_the_card_once_and_leaves_regression_alone(photos, tmp_path, monkeypatch):
    model = fake(knowing(photos, scale=3))
    model.card["decode"] = {"method": "annealed", "temperature": 0.5}
    monkeypatch.setattr(checkpoints, "load", lambda folder: model)
    card = evaluation.tune_decoder(tmp_path, photos, progress=False)
    assert json.loads((tmp_path / "card.json").read_text()) == card
    chosen = evaluation.choose(card["decode"]["curve"])
    assert card["decode"]["temperature"] == chosen["temperature"]
    assert card["decode"]["saturation"] == chosen["saturation"]
    assert card["decode"]["mirror"] is False
    assert card["decode"]["scales"] == [1.0]
    assert card["decode"]["tuned_on"] == {"name": "small", "split": None}
    assert card["prior"] == PRIOR.tolist()

    (tmp_path / "card.json").unlink()
    model.card = card
    assert evaluation.tune_decoder(tmp_path, photos, progress=False) is card
    assert not (tmp_path / "card.json").exists()
    model.card = {**card, "decode": {**card["decode"], "temperature": 7.0}}
    assert evaluation.tune_decoder(tmp_path, photos, progress=False, again=True) == card
    (tmp_path / "card.json").unlink()
    model.card = {**card, "decode": {}}
    model.config = dataclasses.replace(model.config, head="chroma")
    assert evaluation.tune_decoder(tmp_path, photos, progress=False) is model.card
    assert not (tmp_path / "card.json").exists()


# --- another decoder -----------------------------------------------------------------------------


def test_a_function_and_a_line_add_a_decoder_everywhere(photos, tmp_path, monkeypatch, capsys):
    """The program of docs/adding-a-model.md, found in --help, in a card and in a result."""
    text = (Path(__file__).parents[1] / "docs/adding-a-model.md").read_text("utf-8")
    section = text.split("\n## Decode in another way\n")[1]
    program = re.search(r"```python\n(.*?)```", section, re.S)[1]
    monkeypatch.setitem(METHODS, "median", None)  # takes the new line back afterwards
    exec(compile(program, "adding-a-model.md", "exec"), {"__name__": "page"})

    for words in ("colorize", "evaluate color", "evaluate tune"):
        with pytest.raises(SystemExit):
            main([*words.split(), "--help"])
        assert ",median}" in "".join(capsys.readouterr().out.split())

    model = fake(constant(np.log(PRIOR)))
    model.card["decode"] = {"method": "annealed", "temperature": 0.5}
    monkeypatch.setattr(checkpoints, "load", lambda folder: model)
    card = evaluation.tune_decoder(tmp_path, photos, progress=False, methods=["median"])
    kept = Decoder.from_json(files.read_json(tmp_path / "card.json")["decode"])
    assert card["decode"]["method"] == kept.method == "median"

    model.decoder = kept
    scores = measure(photos, model)
    assert (scores["decode"], scores["temperature"]) == ("median", None)
    reached = np.cumsum(PRIOR, axis=-1) >= 0.5
    wanted = model.grid.from_index(reached.argmax(axis=-1))
    y = np.full((1, 2, 2, 1), 0.5, np.float32)
    found = checkpoints.chroma_of(model, model.outputs(y), y)
    np.testing.assert_allclose(found[0, 0, 0], np.float32(kept.saturation) * wanted)


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def coasts(tmp_path):
    """A manifest of six rendered coasts, all of them for validation."""
    folder = tmp_path / "coasts"
    for seed in range(6):
        media.write_photo(folder / f"{seed}.png", coast.Scene(seed).render(0.0, 30, 44))
    rows = [("file", "split"), *[(f"{seed}.png", "val") for seed in range(6)]]
    with open(folder.with_suffix(".csv"), "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder.with_suffix(".csv")


def run(*words):
    return main([str(word) for word in words])


def test_the_command_measures_decoders_and_draws_sheets(coasts, tmp_path, monkeypatch, capsys):
    models = {name: fake(constant(np.log(PRIOR)), name=name) for name in "ab"}
    monkeypatch.setattr(checkpoints, "load", models.__getitem__)
    out, sheet = tmp_path / "r.json", tmp_path / "look" / "sheet.png"
    words = ["--photos", coasts, "--model", "a", "b", "--decode", "annealed", "mean"]
    words += ["--max-photos", 4, "--seed", 3, "--sheet", sheet, "--sheet-photos", 2]
    words += ["--baselines", coasts.with_suffix(""), "--no-kid"]
    assert run("evaluate", "color", *words, "--size", 32, "--json", out, "--quiet") == 0
    printed, errors = capsys.readouterr()
    result = files.read_json(out)
    assert json.loads(printed) == result and errors == ""
    assert list(result["models"]) == ["a", "a:mean", "b", "b:mean"]
    assert list(result["baselines"]) == ["grey", "prior", "table"]
    assert result["kid"] is None
    with gzip.open(tmp_path / "r-photos.csv.gz", "rt", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 7 * 4
    for key, entry in (result["models"] | result["baselines"]).items():
        mine = [line for line in lines if line["entry"] == key]
        gains = [float(line["psnr"]) - float(line["psnr_grey"]) for line in mine]
        assert np.mean(gains) == pytest.approx(entry["gain"]["value"], abs=1e-3)
        assert [line["loss"] == "" for line in mine] == [key == "grey"] * 4
    assert result["dataset"]["sample"] == {"photos": 4, "of": 6} and result["seed"] == 3
    assert result["command"].endswith("--json r.json --quiet")
    assert sorted(path.name for path in sheet.parent.iterdir()) == ["sheet-worst.png", "sheet.png"]
    pixels = {}
    for path in sheet.parent.iterdir():
        with Image.open(path) as image:
            pixels[path.stem] = np.asarray(image.convert("RGB"))
    few, worst = pixels["sheet"], pixels["sheet-worst"]  # 2 and 4 photos, 44 × 30 pixels each
    assert worst.shape[0] >= few.shape[0] and few.shape[0] < 150
    assert np.ptp(few.astype(int), axis=-1).max() > 50  # the truth's colours are on it


def test_names_may_come_one_at_a_time_too(coasts, monkeypatch, capsys):
    models = {name: fake(constant(np.log(PRIOR)), name=name) for name in "ab"}
    monkeypatch.setattr(checkpoints, "load", models.__getitem__)
    words = ("--model", "a", "--model", "b", "--decode", "mean", "--size", 16, "--quiet")
    assert run("evaluate", "color", "--no-kid", "--photos", coasts, *words) == 0
    found = json.loads(capsys.readouterr().out)["models"]
    assert [(key, one["decode"]) for key, one in found.items()] == [("a", "mean"), ("b", "mean")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sheet", "sheet.gif"), "a contact sheet is a picture"),
        (("--max-photos", "0"), "must be a whole number above 0"),
        (("--decode", "mean", "loud"), "invalid choice: 'loud'"),
    ],
)
def test_words_that_cannot_be(words, message, coasts, capsys):
    assert run("evaluate", "color", "--photos", coasts, *words) == 2
    assert message in capsys.readouterr().err


def test_the_command_tunes_a_card_again(coasts, tmp_path, monkeypatch, capsys):
    model = fake(constant(np.log(PRIOR)), name="a")
    model.card |= {"name": "a", "decode": {"method": "annealed", "temperature": 7.0, "curve": []}}
    files.write_json(tmp_path / "a" / "card.json", model.card)
    monkeypatch.setattr(checkpoints, "load", lambda folder: model)
    words = ("--photos", coasts, "--model", tmp_path / "a", "--size", 16)
    assert run("evaluate", "tune", *words) == 0
    card = files.read_json(tmp_path / "a" / "card.json")
    assert card["decode"]["tuned_on"] == {"name": "coasts", "split": "val"}
    assert card["decode"]["rule"] == evaluation.RULE
    shown = capsys.readouterr().out.splitlines()
    chosen = f", {Decoder.from_json(card['decode'])}:"
    assert len(shown) == len(card["decode"]["curve"]) > 1
    assert [chosen in line for line in shown] == ["chosen" in line for line in shown]
    assert run("evaluate", "tune", *words, "--split", "train") == 2
    assert "has no split 'train'" in capsys.readouterr().err


@pytest.mark.keras
def test_stills_are_tuned_at_the_sizes_asked_for(coasts, make_film_model, tmp_path, capsys):
    folder = tmp_path / "color"
    shutil.copytree(make_film_model() / checkpoints.INSIDE, folder)
    words = ("--photos", coasts, "--model", folder, "--size", 16, "--quiet")
    curves = []
    for scales, kept in (((), [1.0]), (("--scales", 0.5, 1), [0.5, 1.0]), ((), [0.5, 1.0])):
        assert run("evaluate", "tune", *words, *scales) == 0
        card = files.read_json(folder / "card.json")
        assert card["decode"]["scales"] == kept
        assert checkpoints.load(folder).scales == tuple(kept)
        curves.append(card["decode"]["curve"])
    assert curves[0] != curves[1] == curves[2]
    assert run("evaluate", "tune", *words, "--scales", "0.1") == 2
    assert "must lie between 0.25 and 4; received '0.1'" in capsys.readouterr().err
