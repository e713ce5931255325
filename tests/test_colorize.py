"""Colouring photos: luma kept, size kept, alpha and depth kept."""

import dataclasses
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorlab import checkpoints, coast, colorize, files, media, yuv
from colorlab.checkpoints.tta import averaged
from colorlab.decode import Decoder, softmax
from colorlab.errors import InputError

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def photo():
    """A rendered coast, uint8."""
    return coast.Scene(3).render(2.0, 48, 72)


# --- pictures ------------------------------------------------------------------------------------


def test_luma_and_size_are_kept(photo, small_model):
    colored = colorize.picture(photo, small_model)
    assert colored.shape == photo.shape
    assert colored.dtype == np.float32
    assert 0 <= colored.min() and colored.max() <= 1
    np.testing.assert_allclose(yuv.luma(colored), yuv.luma(photo), atol=1e-6)
    np.testing.assert_allclose(yuv.luma(yuv.to_uint8(colored)), yuv.luma(photo), atol=1 / 255)


def test_the_model_adds_colour_and_sees_none_of_the_photos(photo, small_model):
    colored = colorize.picture(photo, small_model)
    assert np.ptp(colored, axis=-1).mean() > 0.01
    y = yuv.luma(photo)
    for grey in (y, y[..., 0], np.repeat(y, 3, axis=-1)):
        again = colorize.picture(np.clip(grey, 0, 1), small_model)
        np.testing.assert_allclose(again, colored, atol=1e-4)


def test_the_same_picture_gets_the_same_colours(photo, small_model):
    first, second = (colorize.picture(photo, small_model) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 2), (17, 33)])
def test_any_size_comes_back(shape, small_model, rng):
    rgb = rng.random((*shape, 3), np.float32)
    colored = colorize.picture(rgb, small_model)
    assert colored.shape == rgb.shape
    np.testing.assert_allclose(yuv.luma(colored), yuv.luma(rgb), atol=1e-6)


def test_black_and_white_stay_as_they_are(small_model):
    for value in (0, 255):
        picture = np.full((20, 20, 3), value, np.uint8)
        np.testing.assert_array_equal(yuv.to_uint8(colorize.picture(picture, small_model)), picture)


def test_decoders_differ_and_the_card_chooses_the_default(photo, small_model):
    methods = ("argmax", "mean", "annealed")
    found = {name: colorize.picture(photo, small_model, name) for name in methods}
    assert not np.array_equal(found["argmax"], found["mean"])
    default = colorize.picture(photo, small_model)
    np.testing.assert_array_equal(default, found[small_model.decoder.method])
    decode = {**small_model.card["decode"], "saturation": 1.0}
    plain = dataclasses.replace(small_model, card={**small_model.card, "decode": decode})
    hot = colorize.picture(photo, plain, "annealed", 1.0)
    np.testing.assert_allclose(hot, found["mean"], atol=1e-5)


def test_what_is_no_picture_is_refused(small_model):
    bad = np.zeros((4, 4, 3), np.float32)
    bad[1, 2, 0] = np.nan
    cases = [
        (bad, "NaN"),
        (np.full((4, 4), np.inf), "0 to inf"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
        (np.zeros((2, 4, 4, 3), np.uint8), r"\(2, 4, 4, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
        (np.zeros(5, np.uint8), r"\(5,\)"),
        (np.full((4, 4, 3), 200.0), "255"),
        (np.zeros((4, 4, 3), bool), "bool"),
    ]
    for picture, message in cases:
        with pytest.raises(InputError, match=message):
            colorize.picture(picture, small_model)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decode": "nonsense"}, "annealed, joint, mode; received 'nonsense'"),
        ({"temperature": 0}, "above 0; received 0"),
        ({"temperature": -1.0}, "above 0; received -1"),
        ({"temperature": float("nan")}, "above 0; received nan"),
    ],
)
def test_what_cannot_be_decoded_is_refused(photo, small_model, options, message):
    with pytest.raises(InputError, match=message):
        colorize.picture(photo, small_model, **options)


# --- the size at which the model looks -----------------------------------------------------------


@given(st.integers(1, 20000), st.integers(1, 20000), st.sampled_from([32, 224]))
def test_working_shape_has_a_bounded_area_and_the_pictures_proportions(height, width, size):
    tall, wide = media.working_shape(height, width, size)
    assert tall >= 1 and wide >= 1
    assert tall * wide <= 1.5 * size * size + max(tall, wide)
    if min(tall, wide) >= 10:
        assert tall / wide == pytest.approx(height / width, rel=0.12)
        assert tall * wide == pytest.approx(size * size, rel=0.12)


def test_working_shape_of_extremes():
    assert media.working_shape(224, 224, 224) == (224, 224)
    assert media.working_shape(1, 1, 224) == (224, 224)
    assert media.working_shape(1, 80_000_000, 224) == (1, 224 * 224)


# --- files ---------------------------------------------------------------------------------------


def test_file_keeps_alpha_and_depth_where_the_format_has_them(tmp_path, photo, small_model, rng):
    alpha = rng.random(photo.shape[:2], np.float32)
    deep = (photo.astype(np.float32) / 255 + rng.random(photo.shape, np.float32) / 512).clip(0, 1)
    source = tmp_path / "deep.png"
    media.write_photo(source, deep, alpha=alpha, bits=16)
    read = media.read_photo(source)
    for suffix, bits, has_alpha in ((".png", 16, True), (".tif", 16, True), (".jpg", 8, False)):
        target = tmp_path / f"out{suffix}"
        colorize.file(source, target, small_model)
        written = media.read_photo(target)
        assert written.bits == bits
        assert (written.alpha is not None) == has_alpha
        assert written.rgb.shape == photo.shape
        if has_alpha:
            np.testing.assert_array_equal(written.alpha, read.alpha)
            np.testing.assert_allclose(yuv.luma(written.rgb), yuv.luma(read.rgb), atol=2 / 65535)


def test_photo_reads_and_colours(tmp_path, photo, small_model):
    media.write_photo(tmp_path / "a.png", photo)
    colored = colorize.photo(tmp_path / "a.png", small_model, "mean")
    np.testing.assert_array_equal(colored, colorize.picture(photo, small_model, "mean"))


def test_a_photo_is_never_overwritten_by_its_own_copy(tmp_path, photo, small_model):
    source = tmp_path / "a.png"
    media.write_photo(source, photo)
    (tmp_path / "link.png").symlink_to(source)
    before = files.sha256(source)
    for given_, target in (
        (source, source),
        (source, tmp_path / "sub" / ".." / "a.png"),
        (tmp_path / "link.png", source),
    ):
        with pytest.raises(InputError, match="overwritten"):
            colorize.file(given_, target, small_model)
    assert files.sha256(source) == before


def test_a_bad_photo_leaves_no_file(tmp_path, small_model):
    (tmp_path / "bad.jpg").write_text("no photo")
    with pytest.raises(InputError, match=r"bad\.jpg"):
        colorize.file(tmp_path / "bad.jpg", tmp_path / "out.png", small_model)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.jpg"]


# --- the model that is kept ----------------------------------------------------------------------


def test_a_model_is_loaded_once_until_its_card_changes(tmp_path, monkeypatch):
    loads = []
    monkeypatch.setattr(checkpoints, "load", lambda folder: loads.append(folder) or len(loads))
    folder = tmp_path / "model"
    shutil.copytree(checkpoints.locate(), folder)
    assert colorize.load_once(folder) == colorize.load_once(str(folder)) == 1
    card = folder / checkpoints.CARD
    card.write_text(card.read_text().replace('"temperature": ', '"temperature": 1'))
    assert colorize.load_once(folder) == 2
    with pytest.raises(InputError, match="nowhere"):
        colorize.load_once("nowhere")


def test_a_name_is_loaded_and_a_model_is_used_as_it_is(photo, small_model, monkeypatch):
    monkeypatch.setattr(colorize, "load_once", lambda name: small_model)
    expected = colorize.picture(photo, small_model)
    np.testing.assert_array_equal(colorize.picture(photo, "color-water-n30"), expected)
    np.testing.assert_array_equal(colorize.picture(photo), expected)


def test_working_size_is_the_cards(photo, small_model, monkeypatch):
    seen = []

    def outputs(self, y):
        seen.append(y.shape)
        return {head: np.zeros((*y.shape[:3], small_model.config.n), np.float32) for head in "uv"}

    monkeypatch.setattr(checkpoints.ColorModel, "outputs", outputs)
    for size in (32, 64):
        colorize.picture(
            photo, dataclasses.replace(small_model, card={**small_model.card, "working_size": size})
        )
    assert seen == [(1, 26, 39, 1), (1, 52, 78, 1)]


# --- the card's way to a colour ------------------------------------------------------------------


@pytest.fixture
def lopsided(small_model):
    """A model whose answer depends on which side is left, with a full decoder in its card."""
    decode = {"method": "annealed", "temperature": 0.5, "saturation": 1.5, "mirror": True}
    return dataclasses.replace(small_model, card={**small_model.card, "decode": decode})


def test_a_mirrored_picture_gets_the_mirrored_colours(lopsided, rng):
    y = rng.random((1, 32, 48, 1), np.float32)
    there, back = (lopsided.probabilities(one) for one in (y, y[:, :, ::-1]))
    plain = lopsided.outputs(y, tta=False)
    for head in "uv":
        np.testing.assert_allclose(there[head], back[head][:, :, ::-1], atol=1e-5)
        np.testing.assert_allclose(there[head].sum(-1), 1, atol=1e-5)
        assert np.abs(softmax(plain[head]) - there[head]).max() > 1e-4


def test_answers_of_all_sizes_count_alike():
    seen = []

    def ask(y):
        seen.append(y.shape)
        left = np.linspace(
            0, 1, y.shape[2], dtype=np.float32
        )  # is 0 on the left, whatever is shown
        side = np.broadcast_to(left[None, None, :, None], y.shape)
        return {"size": np.full(y.shape, y.shape[1], np.float32), "side": side, "y": y}

    y = np.full((2, 20, 40, 1), 0.25, np.float32)
    found = averaged(ask, y, (0.5, 1.0, 2.25), mirror=True)
    assert seen == [s for s in ((2, 10, 20, 1), (2, 20, 40, 1), (2, 45, 90, 1)) for _ in range(2)]
    np.testing.assert_allclose(found["size"], (10 + 20 + 45) / 3, rtol=1e-6)
    np.testing.assert_allclose(found["side"], 0.5, atol=1e-6)
    np.testing.assert_allclose(found["y"], y, atol=1e-6)
    alone = averaged(ask, y)
    assert len(seen) == 7 and alone["size"].max() == 20
    np.testing.assert_array_equal(alone["side"][0, 0, :, 0], np.linspace(0, 1, 40, dtype="f4"))
    assert averaged(ask, y[:, :1, :1], (0.25,))["y"].shape == (2, 1, 1, 1)


def test_a_still_is_asked_at_the_sizes_that_the_card_names(lopsided, rng):
    y = rng.random((1, 32, 48, 1), np.float32)
    decode = {**lopsided.card["decode"], "mirror": False, "scales": [0.5, 1.5]}
    model = dataclasses.replace(lopsided, card={**lopsided.card, "decode": decode})
    wanted = []
    for height in (16, 48):
        small = media.resize(y[0], height, height * 3 // 2)[None]
        found = model.outputs(small, tta=False)
        wanted.append({h: media.resize(softmax(found[h])[0], 32, 48) for h in "uv"})
    p = model.probabilities(y)
    for head in "uv":
        mean = (wanted[0][head] + wanted[1][head]) / 2
        np.testing.assert_allclose(p[head][0], mean, atol=2e-6)
    chroma = model.chroma(y)
    annealed = Decoder("annealed", 0.5).chroma(p["u"], p["v"], model.grid)
    np.testing.assert_allclose(chroma, 1.5 * annealed, atol=1e-6)


def test_saturation_belongs_to_the_cards_own_decoder(lopsided, rng):
    y = rng.random((1, 16, 16, 1), np.float32)
    outputs = lopsided.outputs(y)
    plain = checkpoints.chroma_of(lopsided, outputs, y, Decoder("annealed", 0.5))
    assert np.abs(plain).max() > 1e-3
    np.testing.assert_allclose(checkpoints.chroma_of(lopsided, outputs, y), 1.5 * plain, rtol=1e-5)
    mean = Decoder("mean").chroma_of_logits(outputs["u"], outputs["v"], lopsided.grid)
    np.testing.assert_array_equal(checkpoints.chroma_of(lopsided, outputs, y, "mean"), mean)
