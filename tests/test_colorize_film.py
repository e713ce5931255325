"""Colouring films with the color model: each frame for itself, by the arithmetic of photos."""

import dataclasses

import numpy as np
import pytest

from colorlab import coast, colorize, colorize_film, yuv
from colorlab.errors import InputError
from colorlab.media import films
from colorlab.media.recolor import recolor

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
    assert colorize_film.file(source, target, small_model, lossless=True) == []
    decode = {**small_model.card["decode"], "mirror": False}  # films never ask the mirror image
    plain = dataclasses.replace(small_model, card={**small_model.card, "decode": decode})
    for plane, rgb in zip(greys, shown(target), strict=True):
        photo = colorize.picture(plane, plain)
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
    for decode, heat in (("argmax", None), ("annealed", None), ("annealed", 1.0)):
        colorize_film.file(source, tmp_path / "out.mp4", small_model, decode, heat)
        pictures.append(np.array(shown(tmp_path / "out.mp4")).tobytes())
    assert len(set(pictures)) == 3
    settings = colorize_film.FrameByFrame(small_model, "mean").settings()
    assert settings == {
        "model": small_model.name,
        "weights": small_model.card["weights"]["sha256"],
        "decode": "mean",
        "temperature": small_model.temperature,
        "saturation": 1.0,
    }
    tuned = {**small_model.card["decode"], "saturation": 1.5}
    again = dataclasses.replace(small_model, card={**small_model.card, "decode": tuned})
    assert colorize_film.FrameByFrame(again).settings()["saturation"] == 1.5
    with pytest.raises(InputError, match="argmax, mean, annealed"):
        colorize_film.file(source, tmp_path / "bad.mp4", small_model, "nonsense")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "out.mp4"]
