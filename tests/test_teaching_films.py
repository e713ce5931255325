"""Films coloured in step are the films that rollouts colour one by one."""

import dataclasses

import numpy as np
import pytest

from colorlab import checkpoints, rollout, yuv
from colorlab.coast import Scene
from colorlab.errors import InputError
from colorlab.teaching.films import ALONE, colour_in_step, with_leak

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def film():
    """Four frames, 16 x 32."""
    scene = Scene(1)
    return np.stack([scene.render(k / 10, 16, 32) for k in range(4)])


@pytest.fixture(scope="module")
def model(make_film_model):
    """A tiny guided model."""
    return checkpoints.load_consistency(make_film_model())


def test_every_context_is_that_of_a_rollout(film, model):
    y, truth = yuv.rgb_to_yuv(film)
    found = colour_in_step(film, {context: (model, context) for context in rollout.CONTEXTS})
    labels = model.color.grid.encode(truth)
    for context, one in found.items():
        frames = list(rollout.run(rollout.Rollout(model), y, truth, context))
        np.testing.assert_allclose(one.uv, np.stack([uv for _, uv in frames]), atol=1e-5)
        np.testing.assert_allclose(one.rgb, yuv.yuv_to_rgb(y, one.uv), atol=1e-6)
        guess = np.stack([frames[2][0][head].argmax(axis=-1) for head in "uv"], axis=-1)
        np.testing.assert_allclose(one.right[2], (guess == labels[2]).mean(axis=(0, 1)), atol=0.01)


def test_alone_the_color_model_colours_every_frame_for_itself(film, model):
    vivid = {**model.card["decode"], "saturation": 1.5, "views": [[1.0, False], [0.5, True]]}
    other = dataclasses.replace(model, card={**model.card, "decode": vivid})
    expected = model.color.chroma(yuv.luma(film))
    for one in (model, other):
        alone = colour_in_step(film, {"alone": (one, ALONE)})["alone"]
        np.testing.assert_allclose(alone.uv, expected, atol=1e-4)


def test_what_is_not_known_is_refused(film, model):
    with pytest.raises(InputError, match="'by heart'"):
        colour_in_step(film, {"one": (model, "by heart")})
    with pytest.raises(InputError, match="0 color models"):
        colour_in_step(film, {})


def test_a_leak_of_one_forgets_everything(film, model):
    assert with_leak(model, 0.25).leak == 0.25
    entries = {"leaky": (with_leak(model, 1.0), "free"), "alone": (model, ALONE)}
    found = colour_in_step(film, entries)
    np.testing.assert_allclose(found["leaky"].uv, found["alone"].uv, atol=1e-5)
