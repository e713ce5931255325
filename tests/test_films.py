"""Reading films: luma as decoded, upright, at its own times, in whatever form films come."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from colorlab import media, yuv
from colorlab.errors import InputError
from colorlab.media import films
from colorlab.media.ycbcr import Encoding

NTSC = Fraction(30000, 1001)


def noise(count, height=36, width=64, bits=8, seed=0):
    """Planes of noise."""
    rng = np.random.default_rng(seed)
    dtype = np.uint8 if bits == 8 else np.uint16
    return [rng.integers(0, 2**bits, (height, width)).astype(dtype) for _ in range(count)]


def read(path, **words):
    film = films.open_film(path)
    return film, list(film.frames(**words))


@pytest.mark.parametrize(
    ("form", "size", "bits", "codec", "name"),
    [
        ("yuv420p", (36, 64), 8, "libx264", "a.mp4"),
        ("yuv444p", (35, 63), 8, "libx264", "a.mov"),
        ("yuv420p10le", (36, 64), 10, "libx264", "a.mkv"),
        ("gray", (36, 64), 8, "ffv1", "a.mkv"),
        ("gray10le", (36, 64), 10, "ffv1", "a.mkv"),
        ("yuv422p12le", (36, 64), 12, "ffv1", "a.mkv"),
        ("yuva420p", (36, 64), 8, "ffv1", "a.mkv"),
        ("yuv411p", (36, 64), 8, "ffv1", "a.avi"),
        ("nv12", (36, 64), 8, "rawvideo", "a.nut"),
        ("yuv420p10be", (36, 64), 10, "rawvideo", "a.nut"),
    ],
)
def test_luma_is_read_exactly_as_decoded(make_film, form, size, bits, codec, name):
    planes = noise(4, *size, bits=bits)
    if form.endswith("be"):
        path = make_film([plane.byteswap() for plane in planes], name, form, codec=codec)
    else:
        path = make_film(planes, name, form, codec=codec)
    film, frames = read(path)
    assert (film.height, film.width, film.encoding.bits) == (*size, bits)
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    for plane, frame in zip(planes, frames, strict=True):
        assert frame.y.dtype == film.encoding.dtype
        np.testing.assert_array_equal(frame.y, plane)


def test_packed_luma_is_unpacked_exactly(tmp_path):
    planes = noise(3)
    with av.open(str(tmp_path / "a.avi"), "w") as container:
        stream = container.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuyv422"
        for plane in planes:
            frame = av.VideoFrame(64, 36, "yuyv422")
            samples = np.full((36, 64, 2), 128, np.uint8)
            samples[..., 0] = plane
            frame.planes[0].update(samples.tobytes())
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    _, frames = read(tmp_path / "a.avi")
    for plane, frame in zip(planes, frames, strict=True):
        np.testing.assert_array_equal(frame.y, plane)


def test_what_a_film_says_about_itself(make_film):
    film = films.open_film(make_film(noise(30), rate=NTSC, sound="aac", aspect=Fraction(4, 3)))
    assert (film.rate, film.n_frames, film.width, film.height) == (NTSC, 30, 64, 36)
    assert (film.has_audio, film.has_alpha, film.field_order) == (True, False, "")
    assert film.pixel_aspect == Fraction(4, 3)
    assert film.encoding == Encoding(6, False, 8)
    assert not films.open_film(make_film(noise(2), "b.mp4")).has_audio


def test_times_are_exact(make_film):
    path = make_film(noise(60), rate=NTSC)
    film, frames = read(path)
    assert [film.seconds(frame) for frame in frames] == [k / NTSC for k in range(60)]
    assert {frame.duration * film.time_base for frame in frames} == {1 / NTSC}


def test_a_variable_rate_keeps_every_frames_time(make_film):
    ticks = [0, 3, 4, 40, 41, 100]
    path = make_film(noise(6), ticks=ticks, time_base=Fraction(1, 90000))
    film, frames = read(path)
    assert [film.seconds(frame) for frame in frames] == [Fraction(t, 90000) for t in ticks]


def test_a_film_may_begin_late_or_on_another_clock(make_film):
    film, frames = read(make_film(noise(5), ticks=range(10, 15)))
    assert [film.seconds(frame) for frame in frames] == [Fraction(k, 25) for k in range(10, 15)]
    hours = [90000 * 3600 + 3600 * k for k in range(5)]
    path = make_film(noise(5), "a.ts", ticks=hours, time_base=Fraction(1, 90000))
    film, frames = read(path)
    assert 0 <= film.seconds(frames[0]) < 0.01
    assert [film.seconds(f) - film.seconds(frames[0]) for f in frames] == [
        Fraction(k, 25) for k in range(5)
    ]


def test_a_film_that_was_trimmed_by_its_index_is_whole(make_film):
    planes = noise(40)
    muxer = {"avoid_negative_ts": "disabled"}
    _, frames = read(make_film(planes, ticks=range(-30, 10), muxer=muxer))
    assert len(frames) == 10
    np.testing.assert_array_equal(frames[0].y, planes[30])


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [1, 6, 9])
def test_matrix_and_range_are_those_of_the_tags(make_film, matrix, full):
    code = Encoding(matrix, full, 8)
    rgb = np.array([0.8, 0.3, 0.2], np.float32)
    _, uv = yuv.rgb_to_yuv(rgb)
    luma = code.quantise_luma(np.full((36, 64), 0.5, np.float32))
    flat = np.broadcast_to(uv, (36, 64, 2))
    cb, cr = code.chroma_planes(code.expand(luma), flat)
    chroma = [cb[::2, ::2], cr[::2, ::2]]
    film, frames = read(make_film([luma] * 2, matrix=matrix, full=full, chroma=chroma), rgb=True)
    assert film.encoding == code
    wanted = code.to_rgb(luma, cb, cr)
    for frame in frames:
        assert frame.rgb.dtype == np.uint8
        assert np.abs(frame.rgb / 255 - wanted).max() <= 1 / 255
        np.testing.assert_array_equal(frame.y, luma)


def test_without_tags_the_size_decides(make_film):
    small = make_film([np.zeros((36, 64), np.uint8)])
    large = make_film([np.zeros((720, 1280), np.uint8)], "b.mp4")
    assert films.open_film(small).encoding.matrix == 6
    assert films.open_film(large).encoding.matrix == 1


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_frames_come_upright(make_film, degrees):
    planes = noise(2)
    film, frames = read(make_film(planes, rotation=degrees, aspect=Fraction(2, 1)), rgb=True)
    wanted = np.rot90(planes[1], degrees // 90)  # both count against the clock
    np.testing.assert_array_equal(frames[1].y, wanted)
    assert frames[1].y.flags.c_contiguous
    assert (film.height, film.width) == wanted.shape == frames[1].rgb.shape[:2]
    assert film.pixel_aspect == (2 if degrees == 180 else Fraction(1, 2))


def test_interlaced_films_say_which_field_is_first(make_film):
    for order in ("tff", "bff"):
        path = make_film(noise(3), f"{order}.mp4", options={"qp": "0", "x264-params": f"{order}=1"})
        assert films.open_film(path).field_order == order


def test_a_gif_is_a_film(tmp_path):
    pictures = [Image.new("P", (33, 17), k) for k in range(4)]
    for picture in pictures:
        picture.putpalette([0, 0, 0, 255, 0, 0, 10, 200, 30, 255, 255, 255])
    pictures[0].save(
        tmp_path / "a.gif", save_all=True, append_images=pictures[1:], duration=[100, 200, 50, 70]
    )
    film, frames = read(tmp_path / "a.gif", rgb=True)
    assert (film.width, film.height, film.has_alpha) == (33, 17, False)
    assert film.encoding == Encoding(6, True, 8)
    assert [film.seconds(frame) for frame in frames] == [0, Fraction(1, 10), *(
        Fraction(k, 100) for k in (30, 35)
    )]  # fmt: skip
    assert [tuple(frame.rgb[3, 3]) for frame in frames][1:3] == [(255, 0, 0), (10, 200, 30)]
    assert [int(frame.y[0, 0]) for frame in frames] == [0, 76, 124, 255]


def test_a_transparent_gif_is_known_for_it(tmp_path):
    picture = Image.new("P", (8, 8), 0)
    picture.save(tmp_path / "a.gif", transparency=0, save_all=True, append_images=[picture])
    assert films.open_film(tmp_path / "a.gif").has_alpha


def test_rgb_films_get_a_luma_of_their_own(make_film, rng):
    pictures = [rng.integers(0, 256, (36, 64, 3)).astype(np.uint8) for _ in range(2)]
    _, frames = read(make_film(pictures, "a.mkv", "bgr0", codec="ffv1"), rgb=True)
    for picture, frame in zip(pictures, frames, strict=True):
        np.testing.assert_array_equal(frame.rgb, picture)
        wanted = np.rint(yuv.luma(picture)[..., 0] * 255)
        np.testing.assert_array_equal(frame.y, wanted)


def test_a_sequence_of_photos_is_a_film(tmp_path, rng):
    pictures = [rng.integers(0, 256, (9, 7, 3)).astype(np.uint8) for _ in range(11)]
    for k, picture in enumerate(pictures):
        media.write_photo(tmp_path / "in" / f"f{k}.png", picture)
    (tmp_path / "in" / "notes.txt").write_text("no photo")
    for place in (tmp_path / "in", tmp_path / "in" / "f%d.png"):
        film = films.open_film(place, Fraction(24))
        assert (film.n_frames, film.width, film.height, film.rate) == (11, 7, 9, 24)
        frames = list(film.frames(rgb=True))
        assert [film.seconds(frame) for frame in frames] == [Fraction(k, 24) for k in range(11)]
        for picture, frame in zip(pictures, frames, strict=True):  # 9 comes before 10
            np.testing.assert_array_equal(frame.rgb, picture)
            np.testing.assert_array_equal(frame.y, np.rint(yuv.luma(picture)[..., 0] * 255))
        with pytest.raises(InputError, match="how many are shown a second"):
            films.open_film(place)
    media.write_photo(tmp_path / "in" / "f11.png", pictures[0][:5])
    film = films.open_film(tmp_path / "in", Fraction(24))
    with pytest.raises(InputError, match=r"f11.png has 7 x 5 pixels.*7 x 9"):
        list(film.frames())


def test_sequences_that_cannot_be(tmp_path, make_film):
    (tmp_path / "bare").mkdir()
    for place, message in (
        (tmp_path / "bare", "holds no photo"),
        (tmp_path / "bare" / "%03d.png", "holds no photo"),
        (tmp_path / "nowhere" / "%03d.png", "there is no folder"),
    ):
        with pytest.raises(InputError, match=message):
            films.open_film(place, Fraction(24))
    with pytest.raises(InputError, match="has its own frame rate"):
        films.open_film(make_film(noise(2)), Fraction(24))


def test_a_film_can_be_read_again_and_left_early(make_film):
    planes = noise(10)
    film = films.open_film(make_film(planes))
    for _ in range(2):
        frames = film.frames()
        np.testing.assert_array_equal(next(frames).y, planes[0])
        frames.close()
    assert sum(1 for _ in film.frames()) == 10


@pytest.mark.parametrize("content", ["#EXTM3U\n#EXTINF:1\n{}\n", "ffconcat version 1.0\nfile {}\n"])
def test_a_list_of_other_files_is_no_film(make_film, content, tmp_path):
    path = tmp_path / "list.mp4"
    path.write_text(content.format(make_film(noise(2))))
    with pytest.raises(InputError, match="it is a text file"):
        films.open_film(path)


def test_the_cover_of_a_record_is_no_film(tmp_path, make_film):
    source = make_film(noise(25), sound="aac")
    Image.new("RGB", (20, 20), "red").save(tmp_path / "cover.png")
    with (
        av.open(str(source)) as film,
        av.open(str(tmp_path / "cover.png")) as cover,
        av.open(str(tmp_path / "song.mp4"), "w") as song,
    ):
        stream = song.add_stream_from_template(film.streams.audio[0])
        art = song.add_stream_from_template(cover.streams.video[0])
        art.disposition = av.stream.Disposition.attached_pic
        for packet in film.demux(film.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                song.mux(packet)
        for packet in cover.demux(cover.streams.video[0]):
            if packet.size:
                packet.stream = art
                song.mux(packet)
    with pytest.raises(InputError, match="no moving pictures"):
        films.open_film(tmp_path / "song.mp4")
