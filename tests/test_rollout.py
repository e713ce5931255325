"""Films coloured frame after frame: what each frame is told, and that nothing else matters."""

import dataclasses
import filecmp
import functools
import itertools
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorlab import checkpoints, coast, colorize_film, rollout, yuv
from colorlab.decode import Decoder
from colorlab.errors import InputError
from colorlab.media import films, recolor
from colorlab.rollout import Rollout

pytestmark = pytest.mark.keras

FIRST = 0.25
"""The chroma that the stand-in's color model gives every pixel."""


class Parrot:
    """Stands in for a consistency model: it says the chroma it is told, and `drift` more.

    Its logits are the chroma itself; it notes what it was told.
    """

    decoder, working_height = Decoder("mean"), 128

    def __init__(self, drift=0.0, views=(checkpoints.PLAIN,)):
        self.drift, self.told, self.looked, self.augmentations = drift, [], [], views
        self.color = SimpleNamespace(extract_features=self.extract_features)

    def extract_features(self, y, views):
        self.looked.append(views)
        return y, {head: np.full(y.shape, FIRST, np.float32) for head in "uv"}

    def outputs(self, features, y, y_before, context, valid, logits=True, state=None):
        self.told.append((features, y_before, context.copy(), valid))
        said = context + np.float32(self.drift)
        return {"u": said[..., :1], "v": said[..., 1:]}

    def chroma(self, outputs, own, y, decoder):
        return np.concatenate([outputs["u"], outputs["v"]], axis=-1)


def clip(frames=5, height=6, width=8, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.random((frames, height, width, 1), np.float32)
    return y, rng.uniform(-0.4, 0.4, (frames, height, width, 2)).astype(np.float32)


def roll(model, y, truth, context):
    return np.stack([uv for _, uv in rollout.run(Rollout(model), y, truth, context)])


sizes = st.tuples(st.integers(1, 5), st.integers(1, 7), st.integers(1, 7), st.integers(0, 99))


# --- what a frame is told ------------------------------------------------------------------------


@given(sizes)
def test_a_model_that_repeats_what_it_is_told_copies_the_truth(size):
    y, truth = clip(*size)
    uv = roll(Parrot(), y, truth, "truth")
    assert (uv[0] == FIRST).all()
    np.testing.assert_array_equal(uv[1:], truth[:-1])


@given(sizes)
def test_the_first_truth_is_told_once(size):
    y, truth = clip(*size)
    told = {context: roll(Parrot(0.125), y, truth, context) for context in rollout.CONTEXTS}
    np.testing.assert_array_equal(told["first"][:2], told["truth"][:2])
    for t in range(1, len(y)):
        np.testing.assert_allclose(told["first"][t], truth[0] + 0.125 * t, atol=1e-6)


@given(sizes)
def test_a_free_rollout_is_told_its_own_colouring(size):
    y, truth = clip(*size)
    model = Parrot(0.5)
    uv = roll(model, y, truth, "free")
    for t in range(len(y)):
        assert (uv[t] == FIRST + 0.5 * t).all()
    for t, (features, before, context, valid) in enumerate(model.told, start=1):
        np.testing.assert_array_equal(features[0], y[t])
        np.testing.assert_array_equal(before[0], y[t - 1])
        np.testing.assert_array_equal(context[0], uv[t - 1])
        assert (valid == 1).all()


@given(sizes)
def test_without_context_no_chroma_is_ever_told(size):
    y, truth = clip(*size)
    model = Parrot(0.5)
    roll(model, y, truth, "none")
    assert len(model.told) == len(y) - 1
    for _, _, context, valid in model.told:
        assert not context.any() and not valid.any()


def test_only_truth_and_first_look_at_the_truth():
    y, truth = clip()
    for context in ("free", "none"):
        one, other = (roll(Parrot(0.5), y, colours, context) for colours in (truth, -truth))
        np.testing.assert_array_equal(one, other)


def test_an_unknown_context():
    with pytest.raises(InputError, match=r"free, truth, first, none; received 'fre'"):
        next(rollout.run(Rollout(Parrot()), *clip(), "fre"))


def test_a_clip_starts_anew():
    y, truth = clip()
    colours = Rollout(Parrot(0.5))
    one, other = (np.stack([uv for _, uv in rollout.run(colours, y, truth)]) for _ in range(2))
    np.testing.assert_array_equal(one, other)


# --- cuts and sizes ------------------------------------------------------------------------------


def test_after_a_cut_the_color_model_colours():
    y, _ = clip(6)
    model = Parrot(0.5)
    uv = Rollout(model).chroma(y, np.array([True, False, False, True, False, True]))
    expected = FIRST + 0.5 * np.array([0, 1, 2, 0, 1, 0])
    np.testing.assert_array_equal(uv, np.broadcast_to(expected[:, None, None, None], uv.shape))
    assert len(model.told) == 3


def test_a_frame_of_another_size_has_none_before_it():
    colours = Rollout(Parrot(0.5))
    for shape in ((4, 5, 1), (5, 4, 1), (4, 5, 1)):
        assert (colours.step(np.zeros(shape, np.float32))[1] == FIRST).all()
    assert (colours.step(np.zeros((4, 5, 1), np.float32))[1] == FIRST + 0.5).all()


def test_several_rollouts_may_share_a_look():
    (y,), _ = clip(1)
    model = Parrot()
    extract = functools.cache(functools.partial(model.color.extract_features, y[None]))
    for colours in (Rollout(model), Rollout(model)):
        colours.step(y, extract=extract)
        colours.step(y, extract=extract)
    assert model.looked == [(checkpoints.PLAIN,)]


def test_the_frames_of_a_shot_are_seen_in_turn():
    y, _ = clip(9)
    views = ((1.0, False), (0.5, True), (2.0, False))
    model, (a, b, c) = Parrot(views=views), ((view,) for view in views)
    starts = np.array([True, False, False, False, False, True, False, False, False])
    Rollout(model).chroma(y, starts)
    assert model.looked == [views, b, c, a, b, views, b, c, a]
    model.looked.clear()
    roll(model, y[:3], np.zeros((3, 6, 8, 2), np.float32), "none")
    assert model.looked == [(checkpoints.PLAIN,)] * 3
    model.looked.clear()
    first, second = Rollout(model), Rollout(model)
    first.chroma(y[:2], starts[:2])
    second.restore(first.state())
    second.chroma(y[2:5], starts[2:5])
    second.step(y[0, :3])  # another size begins anew
    assert model.looked == [views, b, c, a, b, views]


@pytest.mark.parametrize(
    ("height", "width", "seen"),
    [
        (128, 228, (128, 228)),
        (1080, 1920, (128, 228)),
        (72, 128, (128, 228)),
        (1920, 1080, (228, 128)),
        (480, 640, (148, 197)),
        (1, 1, (171, 171)),
    ],
)
def test_frames_are_seen_at_the_working_height(height, width, seen):
    assert Rollout(Parrot()).shape(height, width) == seen


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_a_frame_of_any_shape_is_seen_with_as_many_pixels(height, width):
    tall, wide = Rollout(Parrot()).shape(height, width)
    assert tall >= 1 and wide >= 1
    assert tall * wide <= 1.01 * 171**2 + tall + wide
    if min(tall, wide) > 20:
        assert tall / wide == pytest.approx(height / width, rel=0.06)


# --- a real, tiny model --------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["guided", "in turn", "concat", "recurrent"])
def tiny(request, make_film_model):
    if request.param != "in turn":
        return checkpoints.load_consistency(make_film_model(request.param))
    model = checkpoints.load_consistency(make_film_model("guided"))
    decode = {**model.card["decode"], "views": [[1.0, False], [0.5, True], [1.0, True]]}
    return dataclasses.replace(model, card={**model.card, "decode": decode})


def greys(frames, height, width):
    return [coast.Scene(3).render(k / 10, height, width) for k in range(frames)]


def luma(frames, height=24, width=40):
    return np.stack([yuv.luma(frame) for frame in greys(frames, height, width)])


def test_a_real_model_listens_unless_nothing_is_told(tiny):
    y = luma(3)
    truth = np.full((*y.shape[:3], 2), 0.3, np.float32)
    uv = {context: roll(tiny, y, truth, context) for context in rollout.CONTEXTS}
    for context, colouring in uv.items():
        assert colouring.shape == (3, 24, 40, 2) and colouring.dtype == np.float32
        if context != "none" or len(tiny.augmentations) == 1:  # else frames are not augmented
            np.testing.assert_array_equal(colouring[0], uv["free"][0])
    np.testing.assert_array_equal(uv["first"][1], uv["truth"][1])
    for one, other in itertools.combinations(("free", "truth", "none"), 2):
        assert np.abs(uv[one][1] - uv[other][1]).max() > 1e-3
    own = tiny.color.extract_features(y[:1], tiny.augmentations)[1]
    alone = tiny.chroma(own, own, y[:1])[0]
    np.testing.assert_allclose(uv["free"][0], alone, atol=1e-6)


def test_going_on_from_a_state_changes_nothing(tiny):
    y = luma(6)
    starts = np.array([True, False, False, False, True, False])
    whole = Rollout(tiny).chroma(y, starts)
    for cut in range(1, 6):
        first, second = Rollout(tiny), Rollout(tiny)
        first.chroma(y[:cut], starts[:cut])
        second.restore({name: array.copy() for name, array in first.state().items()})
        np.testing.assert_array_equal(second.chroma(y[cut:], starts[cut:]), whole[cut:])


@pytest.mark.parametrize("size", [(40, 1), (17, 23)])
def test_frames_of_any_size(tiny, size):
    y = luma(2, *size)
    uv = Rollout(tiny).chroma(y, np.array([True, False]))
    assert uv.shape == (2, *size, 2) and np.isfinite(uv).all()


def test_settings_tell_what_decides_the_colours(tiny):
    settings = Rollout(tiny).settings()
    assert settings == {
        "model": tiny.name,
        "precision": "float32",
        "weights": tiny.card["weights"]["sha256"],
        "color_model": tiny.color.card["weights"]["sha256"],
        "decode": "annealed",
        "temperature": 0.5,
        "saturation": 1.0,
        "card": tiny.card["decode"],
    }
    other = Rollout(tiny, Decoder("joint", 2.0)).settings()
    assert (other["decode"], other["temperature"]) == ("joint", 2.0)
    with pytest.raises(InputError, match="argmax, mean, annealed"):
        Rollout(tiny, "nonsense")


def test_an_interrupted_film_goes_on_to_the_same_end(tiny, make_film, tmp_path):
    planes = [np.rint(frame * 255).astype(np.uint8)[..., 0] for frame in luma(14, 36, 64)]
    planes[9:] = [255 - plane for plane in planes[9:]]  # a cut
    film = films.open_film(make_film(planes, rate=Fraction(2)))  # 8 frames to a piece
    recolor.recolor(film, tmp_path / "whole.mp4", colorize_film.colorer_for(tiny))

    class Interrupted(Rollout):
        left = 11

        def chroma(self, y, starts):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            return super().chroma(y, starts)

    target = tmp_path / "parts.mp4"
    with pytest.raises(KeyboardInterrupt):
        recolor.recolor(film, target, Interrupted(tiny))
    again = Interrupted(tiny)
    counted = []
    recolor.recolor(film, target, again, resume=True, progress=counted.append)
    assert counted[0] == 8 and again.left == 5
    assert filecmp.cmp(target, tmp_path / "whole.mp4", shallow=False)
