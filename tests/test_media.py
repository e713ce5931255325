"""Reading, writing, listing and resizing photos."""

from __future__ import annotations

import filecmp
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageOps

from colorlab import media
from colorlab.errors import InputError

ALL_SUFFIXES = (".jpg", ".png", ".webp", ".tif")


def smooth(height: int = 24, width: int = 36) -> np.ndarray:
    """A small colourful picture that survives lossy compression."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [255 * x / (width - 1), 255 * y / (height - 1), 255 - 200 * x / (width - 1)]
    return np.rint(np.stack(planes, axis=-1)).astype(np.uint8)


def wide_noise(channels: int, height: int = 13, width: int = 17) -> np.ndarray:
    shape = (height, width, channels)
    return np.random.default_rng(channels).integers(0, 2**16, shape).astype(np.uint16)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(pixels: np.ndarray) -> bytes:
    """Encode (H, W, 1..4) uint16 as a PNG by the book, with no library's help."""
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[pixels.shape[-1]]

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff16(pixels: np.ndarray, photometric: int) -> bytes:
    """Encode (H, W, C) uint16 as an uncompressed one-strip TIFF by the book."""
    height, width, channels = pixels.shape
    data = pixels.astype("<u2").tobytes()
    bits_at = 8 + len(data)
    entries = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, bits_at if channels > 2 else 16),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, 8),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(data)),
    ]
    directory_at = bits_at + 2 * channels
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *entry) for entry in entries)
    header = b"II*\0" + struct.pack("<I", directory_at)
    return header + data + struct.pack("<H", 16) * channels + directory + b"\0\0\0\0"


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.fixture
def put(tmp_path: Path):
    def write(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


# ------------------------------------------------------------------- reading


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_reads_every_format(put, form):
    photo = media.read_photo(put("a.bin", encoded(Image.fromarray(smooth()), form)))
    assert photo.rgb.dtype == np.float32 and photo.rgb.shape == (24, 36, 3)
    assert photo.alpha is None and photo.bits == 8
    tolerance = 1e-6 if form in ("PNG", "TIFF") else 0.02
    assert np.abs(photo.rgb - smooth() / 255).mean() < tolerance


STORED_MODES = {
    "JPEG": ("L", "CMYK"),
    "PNG": ("1", "L", "LA", "P", "RGBA", "I;16"),
    "TIFF": ("1", "L", "LA", "P", "RGBA", "CMYK", "I;16"),
}


@pytest.mark.parametrize(
    ("form", "mode"), [(form, mode) for form, modes in STORED_MODES.items() for mode in modes]
)
def test_reads_every_mode(put, form, mode):
    image = Image.fromarray(smooth())
    if mode == "I;16":
        image = Image.fromarray(smooth()[..., 0].astype(np.uint16) * 257)
        wanted = smooth()[..., :1].repeat(3, axis=-1)
    elif mode == "LA":
        image = Image.merge("LA", [image.convert("L"), image.getchannel("G")])
        wanted = np.asarray(image.convert("RGB"))
    else:
        image = image.convert(mode)
        wanted = np.asarray(image.convert("RGB"))
    photo = media.read_photo(put("a.x", encoded(image, form)))
    assert np.abs(photo.rgb * 255 - wanted).mean() < (6 if form == "JPEG" else 1e-4)
    assert (photo.alpha is not None) == (mode in ("LA", "RGBA"))
    assert photo.bits == (16 if mode == "I;16" else 8)
    if mode == "LA":
        assert np.allclose(photo.alpha * 255, smooth()[..., 1])


def test_adobe_cmyk_jpeg_is_not_a_negative(put):
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    assert b"Adobe" in data
    red = media.read_photo(put("a.jpg", data)).rgb.mean(axis=(0, 1))
    assert np.allclose(red, (1, 0, 0), atol=0.03)


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_transparent_colour_becomes_alpha(put, mode):
    image = Image.new(mode, (4, 2), 0)
    image.putpixel((3, 1), 1 if mode in ("P", "1") else (9, 9, 9) if mode == "RGB" else 9)
    if mode == "P":
        image.putpalette([10, 20, 30, 200, 100, 50])
    transparent = (0, 0, 0) if mode == "RGB" else 0
    photo = media.read_photo(put("a.png", encoded(image, "PNG", transparency=transparent)))
    assert photo.alpha is not None
    assert photo.alpha.sum() == 1 and photo.alpha[1, 3] == 1
    if mode == "P":
        assert np.allclose(photo.rgb[1, 3] * 255, (200, 100, 50))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bit_png_is_read_in_full(put, channels):
    pixels = wide_noise(channels)
    photo = media.read_photo(put("a %03d.png", png16(pixels)))
    assert photo.bits == (8 if channels == 2 else 16)  # grey with alpha: the upper byte only
    stored = pixels >> 8 if channels == 2 else pixels
    top = 2**photo.bits - 1
    colour = stored[..., :3] if channels > 2 else stored[..., :1].repeat(3, axis=-1)
    assert np.array_equal(np.rint(photo.rgb * top), colour)
    if channels in (2, 4):
        assert np.array_equal(np.rint(photo.alpha * top), stored[..., -1])
    else:
        assert photo.alpha is None


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"tile": (16, 16)},
        {"bigtiff": True},
        {"rowsperstrip": 4},
        {"compression": "zlib", "predictor": True},
        {"compression": "zlib", "byteorder": ">", "rowsperstrip": 4},
    ],
)
@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bit_tiff_layouts(tmp_path, options, channels):
    pixels = wide_noise(channels, 33, 47)
    extra = ["unassalpha"] if channels == 4 else None
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=extra, **options)
    photo = media.read_photo(path)
    assert photo.bits == 16
    assert np.array_equal(np.rint(photo.rgb * 65535), pixels[..., :3])


def test_separate_planes_of_sixteen_bits_are_refused_not_scrambled(tmp_path):
    planes = wide_noise(3).transpose(2, 0, 1)
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate")
    with pytest.raises(InputError, match="separate colour planes"):
        media.read_photo(tmp_path / "a.tif")


@pytest.mark.parametrize(("channels", "photometric"), [(3, 2), (1, 1), (1, 0)])
def test_sixteen_bit_tiff_is_read_in_full(put, channels, photometric):
    pixels = wide_noise(channels)
    photo = media.read_photo(put("a.tif", tiff16(pixels, photometric)))
    wanted = 65535 - pixels if photometric == 0 else pixels
    assert photo.bits == 16
    assert np.array_equal(np.rint(photo.rgb * 65535), np.broadcast_to(wanted, photo.rgb.shape))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_exif_rotated_photos_are_turned_upright(put, form, orientation):
    image = Image.fromarray(smooth())
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    data = encoded(image, form, exif=exif, **options)
    with Image.open(io.BytesIO(data)) as stored:
        wanted = np.asarray(ImageOps.exif_transpose(stored)) / 255
    photo = media.read_photo(put("a", data))
    assert photo.rgb.shape == ((36, 24, 3) if orientation > 4 else (24, 36, 3))
    assert np.allclose(photo.rgb, wanted, atol=1e-6)
    assert photo.rgb.flags.c_contiguous


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotated_sixteen_bit_colour_is_turned_upright(put, orientation):
    pixels = wide_noise(3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    plain = png16(pixels)
    photo = media.read_photo(put("a.png", plain[:33] + turned + plain[33:]))
    eight = Image.fromarray((pixels >> 8).astype(np.uint8))
    eight.getexif()[0x0112] = orientation
    wanted = np.asarray(ImageOps.exif_transpose(eight))
    assert photo.bits == 16
    assert np.array_equal(np.rint(photo.rgb * 65535).astype(np.uint16) >> 8, wanted)


def test_damaged_exif_does_not_spoil_a_sound_picture(put):
    data = encoded(Image.fromarray(smooth()), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert media.read_photo(put("a.jpg", data)).rgb.shape == (24, 36, 3)


def test_wide_panorama_is_read(tmp_path):
    Image.new("RGB", (20000, 10), (10, 200, 30)).save(tmp_path / "a.png")
    assert media.read_photo(tmp_path / "a.png").rgb.shape == (10, 20000, 3)


@pytest.mark.parametrize("side", [9500, 40000])
def test_giant_pictures_are_refused_before_decoding(tmp_path, side):
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )
    with pytest.raises(InputError, match="89 megapixels"):
        media.read_photo(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"just some words\n", "a text file"),
        (b"\n<!DOCTYPE html><html><body>404", "a web page"),
        (b"<html>", "a web page"),
        (b"GIF89a" + bytes(20), "a GIF picture"),
        (b"BM" + bytes(40), "a BMP picture"),
        (bytes(4) + b"ftypheic" + bytes(20), "HEIC"),
        (bytes(4) + b"ftypisom" + bytes(20), "a film"),
        (b"\x89PNG\r\n\x1a\n", "PNG whose beginning is damaged"),
        (b"\xff\xd8\xff\xe0", "JPEG|damaged"),
        (bytes(64), "unknown kind"),
    ],
)
def test_what_is_no_photo_is_named(put, content, message):
    with pytest.raises(InputError, match=message) as caught:
        media.read_photo(put("a.jpg", content))
    assert "a.jpg" in str(caught.value) and "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        media.read_photo(tmp_path / "nowhere.png")
    with pytest.raises(InputError, match="is a folder"):
        media.read_photo(tmp_path)


def test_float_tiff_is_refused(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match="floating-point"):
        media.read_photo(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("form", "options"),
    [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {}), ("TIFF", {})],
)
def test_a_picture_cut_short_is_never_filled_up(put, form, options):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    data = encoded(Image.fromarray(noise), form, **options)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
        with pytest.raises(InputError, match=r"a\.jpg"):
            media.read_photo(put("a.jpg", data[: int(len(data) * share)]))


@settings(max_examples=60, deadline=None)
@given(
    form=st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF"]),
    damage=st.lists(st.tuples(st.integers(0, 4000), st.binary(min_size=1, max_size=4)), min_size=1),
)
def test_damage_gives_a_picture_or_one_clear_line(tmp_path_factory, form, damage):
    data = bytearray(encoded(Image.fromarray(smooth()), form))
    for place, patch in damage:
        start = place % len(data)
        data[start : start + len(patch)] = patch
    path = tmp_path_factory.mktemp("damaged") / "a.png"
    path.write_bytes(data)
    try:
        photo = media.read_photo(path)
    except InputError as error:
        assert "a.png" in str(error) and "\n" not in str(error)
    else:
        assert photo.rgb.ndim == 3 and np.isfinite(photo.rgb).all()


# ------------------------------------------------------------------- writing


@settings(max_examples=25, deadline=None)
@given(
    data=st.data(),
    bits=st.sampled_from([8, 16]),
    suffix=st.sampled_from([".png", ".tif"]),
    with_alpha=st.booleans(),
)
def test_lossless_formats_round_trip(tmp_path_factory, data, bits, suffix, with_alpha):
    dtype = np.uint8 if bits == 8 else np.uint16
    size = data.draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    rgb = data.draw(hnp.arrays(dtype, (*size, 3)))
    alpha = data.draw(hnp.arrays(dtype, size)) if with_alpha else None
    path = tmp_path_factory.mktemp("round") / f"a{suffix}"
    media.write_photo(path, rgb, alpha, bits=bits)
    photo = media.read_photo(path)
    top = 2**bits - 1
    assert photo.bits == bits
    assert np.array_equal(np.rint(photo.rgb * top), rgb)
    assert (photo.alpha is not None) == with_alpha
    if with_alpha:
        assert np.array_equal(np.rint(photo.alpha * top), alpha)
    again = path.with_name(f"b{suffix}")
    media.write_photo(again, photo.rgb, photo.alpha, bits=bits)
    assert filecmp.cmp(again, path, shallow=False)


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".webp"])
def test_lossy_formats_stay_close(tmp_path, suffix):
    media.write_photo(tmp_path / f"a{suffix}", smooth())
    photo = media.read_photo(tmp_path / f"a{suffix}")
    assert np.abs(photo.rgb * 255 - smooth()).mean() < 3
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


def test_webp_keeps_alpha_and_jpeg_lies_on_white(tmp_path):
    rgb = np.zeros((16, 16, 3), np.float32)
    alpha = np.zeros((16, 16), np.float32)
    alpha[:, 8:] = 1
    media.write_photo(tmp_path / "a.webp", rgb, alpha)
    media.write_photo(tmp_path / "a.jpg", rgb, alpha)
    assert np.array_equal(media.read_photo(tmp_path / "a.webp").alpha, alpha)
    laid = media.read_photo(tmp_path / "a.jpg")
    assert laid.alpha is None
    assert laid.rgb[:, :7].min() > 0.97 and laid.rgb[:, 9:].max() < 0.03


def test_jpeg_keeps_full_chroma_resolution(tmp_path):
    stripes = np.zeros((16, 16, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    stripes[:, 1::2] = (0, 0, 255)
    media.write_photo(tmp_path / "a.jpg", stripes, quality=98)
    assert np.abs(media.read_photo(tmp_path / "a.jpg").rgb * 255 - stripes).max() < 20


@pytest.mark.parametrize(
    ("rgb", "options", "message"),
    [
        (np.full((2, 2, 3), np.nan), {}, "NaN"),
        (np.full((2, 2, 3), np.inf), {}, "NaN or infinite"),
        (np.full((2, 2, 3), 255.0), {}, "divide by 255"),
        (np.zeros((2, 2)), {}, r"shape \(H, W, 3\)"),
        (np.zeros((2, 2, 4)), {}, r"got \(2, 2, 4\)"),
        (np.zeros((0, 2, 3)), {}, "shape"),
        (np.zeros((2, 2, 3), np.int64), {}, "int64"),
        (np.zeros((2, 2, 3)), {"alpha": np.zeros((3, 2))}, "size"),
        (np.zeros((2, 2, 3)), {"alpha": np.full((2, 2), np.nan)}, "alpha holds NaN"),
        (np.zeros((2, 2, 3)), {"bits": 12}, "bits=12"),
        (np.zeros((2, 2, 3)), {"quality": 0}, "quality"),
    ],
)
def test_what_is_no_picture_is_not_written(tmp_path, rgb, options, message):
    with pytest.raises(InputError, match=message):
        media.write_photo(tmp_path / "a.png", rgb, **options)
    assert not list(tmp_path.iterdir())


def test_wrong_places_and_suffixes(tmp_path):
    rgb = np.zeros((2, 2, 3))
    (tmp_path / "file").write_text("x")
    for name, message in [
        ("a.gif", "'.gif' is not"),
        ("a", "suffix ''"),
        ("file/a.png", "cannot write"),
    ]:
        with pytest.raises(InputError, match=message):
            media.write_photo(tmp_path / name, rgb)
    with pytest.raises(InputError, match="bits=16"):
        media.write_photo(tmp_path / "a.jpg", rgb, bits=16)
    with pytest.raises(InputError, match="16383"):
        media.write_photo(tmp_path / "a.webp", np.zeros((1, 16384, 3)))


# ------------------------------------------------------------------- folders


def test_list_photos(tmp_path):
    for name in ("b.JPG", "a/c.png", "a/.hidden.png", ".cache/d.png", "note.txt", "z.tiff"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in media.list_photos(tmp_path)]
    assert found == ["a/c.png", "b.JPG", "z.tiff"]
    for place, message in [
        (tmp_path / "nowhere", "no such folder"),
        (tmp_path / "note.txt", "not a folder"),
        (tmp_path / ".cache" / "..", None),
    ]:
        if message:
            with pytest.raises(InputError, match=message):
                media.list_photos(place)
    (tmp_path / "bare").mkdir()
    with pytest.raises(InputError, match="holds no photo;"):
        media.list_photos(tmp_path / "bare")
    with pytest.raises(InputError, match=r"holds no photo or film; put \.jpg, .*gif"):
        media.list_pictures(tmp_path / "bare")


def test_list_pictures(tmp_path):
    for name in ("b.JPG", "a/c.MKV", "d.gif", "e.mp4.unfinished/00000.mp4", ".f.mp4", "g.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [path.relative_to(tmp_path).as_posix() for path in media.list_pictures(tmp_path)]
    assert found == ["a/c.MKV", "b.JPG", "d.gif"]
    assert media.is_pattern(tmp_path / "%05d.png") and not media.is_pattern(tmp_path / "b.JPG")


# ------------------------------------------------------------------- pixels

fields = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=9),
    elements=st.floats(-0.625, 0.625, width=32),
)


@settings(max_examples=60, deadline=None)
@given(field=fields, height=st.integers(1, 20), width=st.integers(1, 20))
def test_resize_stays_within_the_input(field, height, width):
    out = media.resize(field, height, width)
    assert out.dtype == np.float32
    assert out.shape == (height, width, *field.shape[2:])
    assert out.min() >= field.min() - 1e-6 and out.max() <= field.max() + 1e-6
    if (height, width) == field.shape[:2]:
        assert np.array_equal(out, field)


def test_resize_treats_both_types_alike():
    small = media.resize(smooth(), 11, 7)
    assert small.dtype == np.uint8 and small.shape == (11, 7, 3)
    exact = media.resize(smooth().astype(np.float32), 11, 7)
    assert np.abs(small - exact).max() <= 1
    assert media.resize(smooth().astype(np.float64), 11, 7).dtype == np.float64
    assert media.resize(smooth()[..., :2], 5, 5).shape == (5, 5, 2)


def test_shrinking_averages_instead_of_aliasing():
    stripes = np.zeros((64, 64), np.float32)
    stripes[:, ::2] = 1
    small = media.resize(stripes, 8, 8)
    assert np.abs(small[:, 1:-1] - 0.5).max() < 0.05


def test_growing_interpolates():
    ramp = np.array([[0.0, 1.0]], np.float32)
    grown = media.resize(ramp, 1, 8)[0]
    assert np.all(np.diff(grown) >= 0) and len(np.unique(grown)) > 4


@pytest.mark.parametrize(
    ("image", "size", "message"),
    [
        (np.zeros(3), (2, 2), "shape"),
        (np.zeros((2, 2, 3), np.int32), (2, 2), "int32"),
        (np.zeros((2, 2, 3)), (0, 2), "at least 1"),
    ],
)
def test_resize_refuses(image, size, message):
    with pytest.raises(InputError, match=message):
        media.resize(image, *size)


def test_is_grey():
    grey = smooth()[..., 1:2].repeat(3, axis=-1)
    noisy = grey + np.random.default_rng(0).normal(0, 1.5, grey.shape)
    assert media.is_grey(grey)
    assert media.is_grey(np.clip(noisy, 0, 255).astype(np.uint8))
    assert not media.is_grey(smooth())
    spotted = np.full((100, 100, 3), 128, np.uint8)
    spotted[:5, :5] = (200, 60, 60)
    assert not media.is_grey(spotted)
    assert media.is_grey(spotted, tolerance=0.6)
    sepia = np.clip(grey * np.array([1.0, 0.87, 0.7]), 0, 255).astype(np.uint8)
    assert not media.is_grey(sepia)


def test_a_grey_jpeg_is_grey_at_any_quality(tmp_path):
    grey = smooth()[..., 1:2].repeat(3, axis=-1)
    for quality in (10, 60, 95):
        media.write_photo(tmp_path / "a.jpg", grey, quality=quality)
        assert media.is_grey(media.read_photo(tmp_path / "a.jpg").rgb)


# --- chroma along edges --------------------------------------------------------------------------


def test_chroma_is_enlarged_along_the_edges_of_luma():
    """A red disc on a grey wall, its chroma known at an eighth of the size."""
    rows, columns = np.mgrid[:96, :96]
    disc = (np.hypot(rows - 45, columns - 50) < 25)[..., None].astype(np.float32)
    y, truth = 0.7 - 0.3 * disc, disc * np.float32([-0.1, 0.3])
    small = media.resize(truth, 12, 12)
    for coarse, stride in ((small, 1), (media.resize(small, 24, 24), 2)):
        plain, guided = media.resize(coarse, 96, 96), media.enlarge_chroma(coarse, y, stride)
        assert guided.shape == truth.shape and guided.dtype == np.float32
        assert np.square(guided - truth).mean() < 0.6 * np.square(plain - truth).mean()


def test_without_edges_or_at_its_own_size_chroma_is_merely_resized():
    rng = np.random.default_rng(0)
    uv, flat = rng.normal(size=(6, 8, 2)).astype(np.float32), np.full((30, 50, 1), 0.5, np.float32)
    wanted = media.resize(uv, 30, 50)
    np.testing.assert_allclose(media.enlarge_chroma(uv, flat, 2), wanted, atol=1e-6)
    y = rng.random((6, 8, 1), np.float32)
    np.testing.assert_array_equal(media.enlarge_chroma(uv, y), uv)
    for size in ((1, 1), (1, 7), (3, 2)):
        y = rng.random((*size, 1), np.float32)
        assert np.isfinite(media.enlarge_chroma(uv, y, 2)).all()
        assert media.enlarge_chroma(uv[:1, :1], y, 2).shape == (*size, 2)
