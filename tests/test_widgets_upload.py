"""Bringing a photo of one's own, without a browser."""

import io
from datetime import datetime

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from PIL import Image

from colorlab import media
from colorlab.coast import Scene
from colorlab.errors import InputError
from colorlab.widgets import PhotoUpload, explorer, upload


@pytest.fixture
def picture():
    """The picture that is there first."""
    return Scene(1).render(2.0, 20, 30)


@pytest.fixture
def photo():
    """Another one."""
    return Scene(4).render(2.0, 24, 40)


def png(rgb):
    """A picture as the bytes of a file."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG")
    return buffer.getvalue()


def uploaded(widget, name, content):
    """Let a widget receive a file as the browser sends it."""
    told = {"name": name, "type": "image/png", "size": len(content)}
    told["last_modified"] = datetime.now()
    widget.button.set_trait("value", ({**told, "content": memoryview(content)},))


def test_a_file_is_read_from_its_bytes(photo):
    np.testing.assert_array_equal(upload.read_bytes("a.png", png(photo)) * 255, photo)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.txt", b"Dear diary", r"^cannot read notes\.txt as a photo: it is"),
        ("C:\\photos\\empty.jpg", b"", r"empty\.jpg.*empty"),
        ("cut.png", b"cut", r"cut\.png"),
        ("", b"Dear diary", "the upload"),
    ],
)
def test_what_is_no_photo_is_refused_by_its_name(name, content, said, photo):
    content = png(photo)[:200] if content == b"cut" else content
    with pytest.raises(InputError, match=said) as error:
        upload.read_bytes(name, content)
    assert "\n" not in str(error.value) and "tmp" not in str(error.value)


def test_photos_are_shown_no_larger_than_wanted(photo):
    np.testing.assert_array_equal(upload.render(photo), photo)
    assert upload.render(photo, 20).shape == (12, 20, 3)
    assert upload.render(photo[:, :1], 3).shape == (3, 1, 3)


def test_uploads_and_paths_follow_each_other(picture, photo, tmp_path):
    widget = PhotoUpload(picture, "first.png")
    assert widget.name == "first.png"
    np.testing.assert_array_equal(widget.rgb * 255, picture)
    assert "first.png: 30 x 20 pixels, with colours, to be ignored." in widget.message.value
    uploaded(widget, "second.png", png(photo))
    assert widget.name == "second.png"
    np.testing.assert_array_equal(widget.rgb * 255, photo)
    assert explorer.markup(photo, "").split("src=")[1] in widget.picture.value
    media.write_photo(tmp_path / "third.png", np.repeat(photo[..., :1], 3, axis=-1))
    widget.field.value = f' "{tmp_path / "third.png"}" '
    assert "third.png: 40 x 24 pixels, without colours." in widget.message.value
    assert str(tmp_path) not in widget.message.value
    uploaded(widget, "fourth.png", png(picture))  # what came last counts
    assert widget.name == "fourth.png"
    widget.field.value = ""
    assert widget.name == "fourth.png"
    for _ in range(2):
        widget.bring(tmp_path / "third.png")
        assert widget.name == "third.png"
        uploaded(widget, "fifth.png", png(photo))
    assert widget.errors == []


def test_a_bad_file_is_told_and_changes_nothing(picture, tmp_path):
    widget = PhotoUpload(picture, "first.png")
    before = widget.picture.value
    uploaded(widget, "<notes>.txt", b"Dear diary")
    assert "Nothing was drawn: InputError: cannot read &lt;notes&gt;.txt" in widget.message.value
    widget.field.value = str(tmp_path / "nothing.jpg")
    assert "nothing.jpg" in widget.message.value
    assert [type(error) for error in widget.errors] == [InputError, InputError]
    assert (widget.name, widget.picture.value) == ("first.png", before)


def test_controls_are_labelled_and_close_frees_everything(picture):
    before = set(_instances)
    widget = PhotoUpload(picture)
    assert all(control.description for control in widget.controls)
    assert '<img alt="The photo that is to be coloured. picture: 30 x 20' in widget.picture.value
    assert 'role="status"' in widget.message.value
    assert repr(widget).startswith("PhotoUpload: run this cell")
    widget.close()
    assert set(_instances) <= before
    widget.close()
