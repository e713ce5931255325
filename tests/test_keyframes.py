"""Key frames and reference pictures: colours that are given, carried to where they belong."""

from fractions import Fraction

import numpy as np
import pytest

from colorlab import checkpoints, cli, colorize, colorize_film, keyframes, media, reference, yuv
from colorlab.datasets import Clip
from colorlab.errors import InputError
from colorlab.keyframes import Key, Keyed
from colorlab.media import films, recolor, stills
from colorlab.reference import Matcher
from studies import keyframes as study

pytestmark = pytest.mark.keras

HEIGHT, WIDTH, SHOT = 24, 40, 5


def scene(seed, shift=0):
    """A smooth luma pattern, (H, W, 1), moved to the right by some pixels."""
    rng = np.random.default_rng(seed)
    columns = (np.arange(WIDTH) - shift)[None] * rng.uniform(0.1, 0.4)
    rows = np.arange(HEIGHT)[:, None] * rng.uniform(0.1, 0.4)
    y = 0.5 + 0.3 * np.sin(columns + rows) * np.cos(rows - columns / 2)
    return y[..., None].astype(np.float32)


def colour(y, u=-0.06, v=0.08):
    """RGB of a luma with one chroma."""
    return yuv.yuv_to_rgb(y, np.broadcast_to(np.float32([u, v]), (*y.shape[:2], 2)))


@pytest.fixture
def frames():
    """Luma of a film of two shots."""
    return [scene(0, k / 4) for k in range(SHOT)] + [1 - scene(3) ** 2] * SHOT


@pytest.fixture
def colorer(tiny_model):
    return colorize_film.FrameByFrame(tiny_model)


@pytest.fixture
def key(frames):
    """A key frame for frame 1."""
    return Key(1, colour(frames[1]), np.ones((HEIGHT, WIDTH), bool), "key.png")


def timed(frames, rate=25):
    return [(Fraction(index, rate), y) for index, y in enumerate(frames)]


def run(colorer, frames):
    """Chroma of every frame; the film's cuts are known."""
    small = [media.resize(y, *colorer.shape(*y.shape[:2])) for y in frames]
    starts = [index % SHOT == 0 for index in range(len(frames))]
    pairs = zip(small, starts, strict=True)
    return [colorer.chroma(y[None], np.array([start]))[0] for y, start in pairs]


# ------------------------------------------------------------------------------ key frames


@pytest.mark.parametrize(("place", "wanted"), [("f3", 3), ("0", 0), ("12.5", Fraction(25, 2))])
def test_a_key_is_read_with_its_place_and_its_opaque_part(tmp_path, place, wanted):
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[4:12, 4:20] = 1
    media.write_photo(tmp_path / "a=b.png", colour(scene(0)), alpha=alpha)
    read = keyframes.read_key(f"{place}={tmp_path / 'a=b.png'}")
    assert read.place == wanted
    assert isinstance(read.place, int) == place.startswith("f")
    np.testing.assert_array_equal(read.known, alpha > 0.5)


@pytest.mark.parametrize("text", ["{}", "=x{}", "f1.5={}", "-1={}", "1/0={}", "noon={}", "3="])
def test_a_key_of_another_form_is_refused(tmp_path, text):
    media.write_photo(tmp_path / "key.png", colour(scene(0)))
    with pytest.raises(InputError, match="SECONDS=PICTURE or fNUMBER=PICTURE"):
        keyframes.read_key(text.format(tmp_path / "key.png"))


def test_grey_pictures_give_no_colour(tmp_path):
    media.write_photo(tmp_path / "grey.png", np.repeat(scene(0), 3, -1))
    for read in (keyframes.read_picture, lambda path: keyframes.read_key(f"0={path}")):
        with pytest.raises(InputError, match=r"grey\.png is grey; give a picture that has colours"):
            read(tmp_path / "grey.png")


@pytest.mark.parametrize("place", [1, Fraction(1, 25), Fraction(3, 50)])
def test_a_key_belongs_to_the_frame_that_is_shown_then_and_to_its_shot(frames, colorer, key, place):
    wanted = Key(place, key.rgb, key.known, key.name)
    (placed,) = keyframes.place([wanted], timed(frames), colorer)
    assert (placed.index, placed.shot) == (1, (0, SHOT))
    assert placed.y.shape[:2] == placed.uv.shape[:2] == colorer.shape(HEIGHT, WIDTH)
    np.testing.assert_allclose(placed.uv[4:-4, 4:-4].mean((0, 1)), [-0.06, 0.08], atol=0.01)


def test_reading_ends_with_the_last_keys_shot(frames, colorer, key):
    def endless():
        yield from timed(frames)
        pytest.fail("read on after the shot had ended")

    keyframes.place([key], endless(), colorer)


@pytest.mark.parametrize("size", [(HEIGHT * 3, WIDTH * 3), (HEIGHT // 2, WIDTH // 2)])
def test_a_key_of_another_size_or_a_little_displaced_is_fitted(frames, colorer, key, size):
    def fitted(rgb):
        (placed,) = keyframes.place([Key(1, rgb, known(rgb), "k")], timed(frames), colorer)
        return placed.uv

    def known(rgb):
        return np.ones(rgb.shape[:2], bool)

    red = colour(frames[1])
    red[:, : WIDTH // 2] = colour(frames[1], 0.06, -0.08)[:, : WIDTH // 2]
    wanted = fitted(red)
    for other in (media.resize(red, *size), np.roll(red, 1, axis=0)):
        assert np.abs(fitted(other) - wanted)[3:-3, 3:-3].mean() < 0.02


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"place": 10}, "for frame 10, but the film ends with frame 9 at 0.36 s"),
        ({"place": Fraction(2)}, "for 2 s, but the film ends with frame 9"),
        ({"rgb": colour(1 - scene(3) ** 2)}, "does not show frame 1 of the film"),
        ({"rgb": colour(scene(0))[:, ::2]}, "20 x 24 pixels, which is another shape"),
    ],
)
def test_a_key_that_is_not_this_films_is_refused(frames, colorer, key, change, match):
    fields = {"place": key.place, "rgb": key.rgb, "name": "key.png"} | change
    wrong = Key(known=np.ones(fields["rgb"].shape[:2], bool), **fields)
    with pytest.raises(InputError, match=match):
        keyframes.place([wrong], timed(frames), colorer)


def test_two_keys_for_one_frame_are_refused(frames, colorer, key):
    other = Key(Fraction(1, 25), key.rgb, key.known, "other.png")
    with pytest.raises(InputError, match=r"other\.png is the second key frame for frame 1"):
        keyframes.place([key, other], timed(frames), colorer)


def test_colours_reach_the_whole_shot_and_end_at_the_cut(frames, colorer, key):
    keyed = Keyed(colorer, keyframes.place([key], timed(frames), colorer))
    got, alone = run(keyed, frames), run(colorer, frames)
    for uv in got[:SHOT]:
        np.testing.assert_allclose(uv.mean((0, 1)), [-0.06, 0.08], atol=0.02)
    np.testing.assert_array_equal(got[1], keyed.keys[0].uv)
    for uv, wanted in zip(got[SHOT:], alone[SHOT:], strict=True):
        np.testing.assert_array_equal(uv, wanted)


def test_colours_of_two_keys_meet(colorer):
    frames = [scene(0)] * 5
    known = np.ones((HEIGHT, WIDTH), bool)
    ends = [Key(0, colour(frames[0]), known, "a"), Key(4, colour(frames[0], 0.06), known, "b")]
    keyed = Keyed(colorer, keyframes.place(ends, timed(frames), colorer))
    means = [float(uv[..., 0].mean()) for uv in run(keyed, frames)]
    assert means[0] == pytest.approx(-0.06, abs=1e-3)
    assert means[4] == pytest.approx(0.06, abs=1e-3)
    assert means[0] < means[1] < means[2] < means[3] < means[4]


def test_where_a_key_is_transparent_colours_come_from_what_looks_alike(colorer):
    y = scene(0)
    known = np.zeros((HEIGHT, WIDTH), bool)
    known[:, : WIDTH // 2] = True
    layer = np.where(known[..., None], colour(y), 0).astype(np.float32)
    placed = keyframes.place([Key(0, layer, known, "half")], timed([y]), colorer)
    (uv,) = run(Keyed(colorer, placed), [y])
    right = uv[:, uv.shape[1] // 2 + 2 :].mean((0, 1))
    np.testing.assert_allclose(right, [-0.06, 0.08], atol=0.02)


@pytest.mark.parametrize("stop", [1, 3, SHOT, SHOT + 2])
def test_a_restored_colorer_goes_on_with_the_same_bits(tiny_model, frames, key, stop):
    def new():
        colorer = colorize_film.FrameByFrame(tiny_model)
        return Keyed(colorer, keyframes.place([key], timed(frames), colorer))

    whole, first, second = run(new(), frames), new(), new()
    run(first, frames[:stop])
    second.restore(first.state())
    small = [media.resize(y, *second.shape(*y.shape[:2])) for y in frames[stop:]]
    for index, y in enumerate(small, stop):
        uv = second.chroma(y[None], np.array([index % SHOT == 0]))[0]
        np.testing.assert_array_equal(uv, whole[index])


def test_the_keys_belong_to_the_settings(frames, colorer, key):
    other = Key(1, colour(frames[1], 0.05), key.known, key.name)
    settings = [
        Keyed(colorer, keyframes.place(keys, timed(frames), colorer)).settings()
        for keys in ([key], [other], [])
        if keys
    ]
    assert settings[0] != settings[1]
    assert settings[0].items() >= colorer.settings().items()


# ------------------------------------------------------------------------------ references


def test_a_picture_finds_its_own_colours_again(tiny_model):
    y = scene(0)
    uv = np.stack([0.2 * (y[..., 0] - 0.5), 0.1 - 0.2 * y[..., 0]], -1)
    matcher = Matcher(tiny_model)
    cells, outputs = matcher.cells(y)
    found, cosine = reference.match(cells, matcher.reference(y, uv))
    assert found.shape[:2] == cosine.shape[:2] == (HEIGHT // 4, WIDTH // 4)
    np.testing.assert_allclose(media.resize(found, HEIGHT, WIDTH), uv, atol=0.05)
    np.testing.assert_allclose(cosine, 1, atol=1e-5)
    plain = tiny_model.outputs(y[None], tta=False)
    for head in "uv":
        np.testing.assert_allclose(outputs[head], plain[head], atol=1e-5)


def test_what_matches_nothing_keeps_the_models_own_colour(tiny_model):
    y = scene(0)
    matcher = Matcher(tiny_model)
    cells, _ = matcher.cells(y)
    known = matcher.reference(y, np.full((HEIGHT, WIDTH, 2), 0.1, np.float32))
    own = np.full((HEIGHT, WIDTH, 2), -0.1, np.float32)
    for trust, wanted in (((1.5, 2.0), -0.1), ((-2.0, -1.5), 0.1)):
        np.testing.assert_allclose(reference.mix(cells, known, y, own, trust), wanted, atol=1e-6)


def test_a_reference_changes_a_photo_and_keeps_its_luma(tiny_model):
    grey = np.repeat(scene(0), 3, -1)
    got = colorize.picture(grey, tiny_model, like=colour(scene(0)))
    y, uv = yuv.rgb_to_yuv(got)
    np.testing.assert_allclose(y, scene(0), atol=1e-5)
    np.testing.assert_allclose(uv.mean((0, 1)), [-0.06, 0.08], atol=0.01)


# ------------------------------------------------------------------------------ files


@pytest.fixture
def film(make_film, frames):
    return make_film([np.rint(255 * y[..., 0]).astype(np.uint8) for y in frames])


def test_suggested_frames_are_one_a_shot_and_the_sharpest(make_film):
    plain = np.rint(255 * scene(0)[..., 0]).astype(np.uint8)
    sharp = plain + 6 * (np.indices(plain.shape).sum(0) % 2).astype(np.uint8)
    other = np.rint(250 * (1 - scene(3)[..., 0] ** 2)).astype(np.uint8)
    film = films.open_film(make_film([plain, sharp, plain, other, other]))
    assert [still.index for still in stills.suggest(film)] == [1, 3]
    for still in stills.suggest(film, every=1 / 25):
        assert still.y.shape == (HEIGHT, WIDTH)
        assert still.seconds == Fraction(still.index, 25)


def test_the_commands_write_stills_and_take_them_back(film, frames, tiny_model, tmp_path, capsys):
    def run(*words):
        return cli.main([str(word) for word in words])

    assert run("keys", film) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    place, path = lines[0].split()[1].split("=")
    media.write_photo(path, colour(media.read_photo(path).rgb[..., :1]))
    model = ("--model", tiny_model.folder, "--precision", "float32", "--quiet")
    target = tmp_path / "out.mp4"
    assert run("colorize", film, "-o", target, "--key", f"{place}={path}", *model) == 0
    got = [frame.rgb for frame in films.open_film(target).frames(rgb=True)]
    _, uv = yuv.rgb_to_yuv(got[SHOT - 1])
    np.testing.assert_allclose(uv.mean((0, 1)), [-0.06, 0.08], atol=0.03)
    for bad in ((path, "--key", f"0={path}"), (film, path, "--key", f"0={path}")):
        assert run("colorize", *bad, "-o", tmp_path / "no", *model) == 2
        assert "--key is for one film" in capsys.readouterr().err
    like = tmp_path / "like.mp4"
    assert run("colorize", film, "-o", like, "--like", path, *model) == 0
    assert run("colorize", film, "-o", tmp_path / "no.mp4", "--like", film, *model) == 2


def test_an_interrupted_film_with_a_key_resumes_to_the_same_end(
    film, tiny_model, key, tmp_path, monkeypatch
):
    monkeypatch.setattr("colorlab.media.film_writer.PIECE_SECONDS", Fraction(2, 25))
    source = films.open_film(film)

    def keyed():
        return colorize_film.with_keys(source, colorize_film.FrameByFrame(tiny_model), [key])

    recolor.recolor(source, tmp_path / "whole.mp4", keyed())

    def stop(done=[0]):  # noqa: B006
        done[0] += 1
        if done[0] == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recolor.recolor(source, tmp_path / "part.mp4", keyed(), progress=lambda n: n and stop())
    recolor.recolor(source, tmp_path / "part.mp4", keyed(), resume=True)
    assert (tmp_path / "part.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


def test_a_key_frame_is_measured_beside_its_rivals(make_film_model):
    film_model = checkpoints.load_consistency(make_film_model())
    pan = np.stack([yuv.to_uint8(colour(scene(0, k))) for k in range(4)])
    still = np.stack([yuv.to_uint8(colour(scene(3)))] * 3)
    films = [Clip("pan", "pan", Fraction(25), pan), Clip("still", "still", Fraction(25), still)]
    result = study.measure(films, film_model, progress=False)
    assert result["clips"]["pan"]["frames"] == 3
    for clip in result["clips"].values():
        assert min(clip["key"], clip["kept"], clip["warped"]) > clip["grey"] + 10
        assert clip["every"] == clip["key"]
    for way, figure in result["differences"].items():
        wanted = [clip["key"] - clip[way] for clip in result["clips"].values()]
        assert figure["value"] == pytest.approx(np.mean(wanted), abs=1e-3)
    table = study.table({"two films": result}).splitlines()
    assert len(table) == 2 + len(study.WAYS)
