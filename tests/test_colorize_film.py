"""Colouring films: frame by frame by the arithmetic of photos, or with a memory."""

import dataclasses

import numpy as np
import pytest

from colorlab import checkpoints, coast, colorize_film, files, media, yuv
from colorlab.errors import InputError
from colorlab.media import films, resize
from colorlab.media.recolor import recolor
from colorlab.rollout import Rollout

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def greys():
    """Luma planes of five frames of a coast, of an odd size."""
    frames = [coast.Scene(3).render(k / 8, 35, 63) for k in range(5)]
    return [np.rint(yuv.luma(frame)[..., 0] * 255).astype(np.uint8) for frame in frames]


def shown(path):
    return [frame.rgb for frame in films.open_film(path).frames(rgb=True)]


def test_every_frame_gets_the_colours_of_a_photo(greys, make_film, tmp_path, small_model):
    source = make_film(greys, form="yuv444p", matrix=6, full=True)
    target = tmp_path / "out.mp4"
    decode = {**small_model.card["decode"], "mirror": True, "scales": [1, 1.5]}
    stills = dataclasses.replace(small_model, card={**small_model.card, "decode": decode})
    assert colorize_film.file(source, target, stills, lossless=True) == []
    for plane, rgb in zip(greys, shown(target), strict=True):
        y = plane[..., None].astype(np.float32) / 255
        small = resize(y, *media.working_shape(*plane.shape, small_model.working_size))
        uv = small_model.chroma(np.clip(small, 0, 1)[None])[0]  # asked once, as a frame is
        photo = yuv.yuv_to_rgb(y, resize(uv, *plane.shape))
        assert np.ptp(photo, axis=-1).mean() > 0.01
        assert np.abs(rgb / 255 - photo).max() < 2.5 / 255


def test_a_colour_film_is_coloured_from_its_luma_alone(greys, make_film, tmp_path, small_model):
    pair = [np.full((35, 63), value, np.uint8) for value in (90, 160)]
    for name, chroma in (("grey.mp4", None), ("colour.mp4", pair)):
        source = make_film(greys, name, form="yuv444p", chroma=chroma)
        colorize_film.file(source, tmp_path / f"out-{name}", small_model, lossless=True)
    one, other = (shown(tmp_path / f"out-{name}") for name in ("grey.mp4", "colour.mp4"))
    np.testing.assert_array_equal(one, other)


def test_batches_make_no_difference(greys, make_film, tmp_path, small_model):
    film = films.open_film(make_film(greys, form="yuv444p"))
    found = []
    for batch in (1, 2, 5):
        target = tmp_path / f"{batch}.mp4"
        colorer = colorize_film.FrameByFrame(small_model, batch=batch)
        recolor(film, target, colorer, lossless=True)
        found.append(np.array(shown(target), int))
    assert np.abs(found[0] - found[1]).max() <= 2
    assert np.abs(found[0] - found[2]).max() <= 2


def test_the_way_of_decoding_is_part_of_the_settings(greys, make_film, tmp_path, small_model):
    source = make_film(greys, form="yuv444p")
    pictures = []
    for decode, heat in (("argmax", None), ("annealed", None), ("annealed", 0.3)):
        colorize_film.file(source, tmp_path / "out.mp4", small_model, decode, heat)
        pictures.append(np.array(shown(tmp_path / "out.mp4")).tobytes())
    assert len(set(pictures)) == 3
    settings = colorize_film.FrameByFrame(small_model, "mean").settings()
    assert settings == {
        "model": small_model.name,
        "precision": "float32",
        "weights": small_model.card["weights"]["sha256"],
        "decode": "mean",
        "temperature": None,
        "saturation": 1.0,
    }
    tuned = {**small_model.card["decode"], "saturation": 1.5}
    again = dataclasses.replace(small_model, card={**small_model.card, "decode": tuned})
    assert colorize_film.FrameByFrame(again).settings()["saturation"] == 1.5
    with pytest.raises(InputError, match="argmax, mean, annealed"):
        colorize_film.file(source, tmp_path / "bad.mp4", small_model, "nonsense")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "out.mp4"]


# --- with a memory -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(make_film_model):
    """The folder of a tiny consistency model."""
    return make_film_model()


@pytest.mark.parametrize("kind", ["color", "consistency"])
def test_a_film_in_memory_gets_the_colours_of_one_in_a_file(
    greys, make_film, tmp_path, small_model, folder, kind
):
    model = small_model if kind == "color" else colorize_film.load(folder, "float32")
    pictures = [np.repeat(plane[..., None], 3, axis=-1) for plane in greys]
    source = make_film(greys, form="yuv444p", matrix=6, full=True)
    colorize_film.file(source, tmp_path / "out.mp4", model, lossless=True)
    colored = list(colorize_film.frames(pictures, colorize_film.colorer_for(model)))
    for rgb, plane, frame in zip(shown(tmp_path / "out.mp4"), greys, colored, strict=True):
        assert np.abs(rgb / 255 - frame).max() < 2.5 / 255
        np.testing.assert_allclose(yuv.luma(frame)[..., 0], plane / 255, atol=1e-5)


def test_a_film_in_memory_has_cuts(greys, folder):
    model = colorize_film.load(folder, "float32")
    pictures = [np.repeat(plane[..., None], 3, axis=-1) for plane in greys[:3]]
    cut = [*pictures, *(255 - picture for picture in pictures)]
    colored = list(colorize_film.frames(cut, Rollout(model)))
    anew = list(colorize_film.frames(cut[3:], Rollout(model)))
    np.testing.assert_array_equal(colored[3:], anew)


def test_a_model_of_either_kind_is_found_by_its_name(greys, make_film, tmp_path, folder):
    source = make_film(greys[:2], form="yuv444p")
    made = {}
    for name, model in (
        ("consistency", folder),
        ("color", folder / checkpoints.INSIDE),
        ("loaded", colorize_film.load(str(folder), "float32")),
    ):
        target = tmp_path / f"{name}.mp4"
        colorize_film.file(source, target, model, lossless=True, precision="float32")
        made[name] = target.read_bytes()
    assert made["loaded"] == made["consistency"] != made["color"]
    with pytest.raises(InputError, match="no model called 'nowhere'"):
        colorize_film.file(source, tmp_path / "bad.mp4", "nowhere")


def test_the_default_is_the_film_model_where_it_is_installed(monkeypatch):
    assert colorize_film.film_model("mine") == "mine"
    for installed, expected in (([checkpoints.FILM_DEFAULT], "FILM_DEFAULT"), ([], "DEFAULT")):
        monkeypatch.setattr(checkpoints, "list_models", lambda kind, found=installed: found)
        assert colorize_film.film_model() == getattr(checkpoints, expected)


def test_precision_is_chosen_when_a_model_is_loaded(folder):
    for kind, where in ((Rollout, folder), (colorize_film.FrameByFrame, folder / "color_model")):
        for precision in ("float32", "mixed_bfloat16"):
            colorer = colorize_film.colorer_for(colorize_film.load(where, precision))
            assert isinstance(colorer, kind)
            assert colorer.settings()["precision"] == precision
            uv = colorer.chroma(np.full((1, 8, 9, 1), 0.5, np.float32), np.array([True]))
            assert uv.dtype == np.float32 and uv.shape == (1, 8, 9, 2)


def test_a_model_is_kept_until_its_card_changes(folder, make_film_model):
    once = colorize_film.load_once(folder, "float32")
    assert colorize_film.load_once(str(folder), "float32") is once
    card = folder / checkpoints.CARD
    files.write_json(card, {**files.read_json(card), "name": "renamed"})
    assert colorize_film.load_once(folder, "float32").name == "renamed"
