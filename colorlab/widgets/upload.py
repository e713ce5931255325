"""Bring a photo of one's own: upload it, or say where it lies."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike, NDArray

from colorlab import media, yuv
from colorlab.errors import InputError
from colorlab.widgets.explorer import Explorer

LARGEST = 480
"""Longer side of the picture that is shown, pixels; what was brought keeps its size."""

_SUFFIXES = ",".join(media.PHOTO_SUFFIXES)


def read_bytes(name: str, content: bytes) -> NDArray[np.float32]:
    """Read a photo from the content of its file.

    Parameters
    ----------
    name : str
        What the file was called, for error messages; its content decides its format.
    content : bytes
        JPEG, PNG, WebP or TIFF.

    Returns
    -------
    numpy.ndarray of float32, (H, W, 3)
        RGB in [0, 1], upright.

    Raises
    ------
    InputError
        As `colorlab.media.read_photo`.
    """
    label = Path(name.replace("\\", "/")).name or "the upload"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "photo")
        path.write_bytes(content)
        try:
            return media.read_photo(path).rgb
        except InputError as error:
            raise InputError(str(error).replace(str(path), label)) from error


def render(rgb: ArrayLike, largest: int = LARGEST) -> NDArray[np.uint8]:
    """Draw a photo no larger than wanted.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        uint8, or float in [0, 1].
    largest : int
        Of both sides, pixels.

    Returns
    -------
    numpy.ndarray of uint8, (height, width, 3)
        The photo, made smaller where it is larger than that.
    """
    picture = yuv.to_uint8(rgb)
    height, width = picture.shape[:2]
    scale = min(1.0, largest / max(height, width))
    return media.resize(picture, max(1, round(height * scale)), max(1, round(width * scale)))


class PhotoUpload(Explorer):
    """A button that uploads a photo, and a field for the path of one; what came last counts.

    The photo does not leave the machine that runs the kernel. JupyterLab hands over files of up to
    10 MB and drops larger ones without a word; those are read by their path.

    Parameters
    ----------
    rgb : array_like, (H, W, 3)
        The picture that is there until another one is brought, uint8 or float in [0, 1].
    name : str
        What it is called.

    Attributes
    ----------
    rgb : numpy.ndarray of float32, (H, W, 3)
        The photo, RGB in [0, 1]. One that cannot be read leaves it as it was.
    name : str
        Its file's name, without folders.
    """

    def __init__(self, rgb: ArrayLike, name: str = "picture") -> None:
        self.rgb = yuv.to_uint8(rgb).astype(np.float32) / np.float32(255)
        self.name = name
        self._wanted: Any = None
        self.button = ipywidgets.FileUpload(
            accept=_SUFFIXES, description="upload a photo", tooltip="a JPEG, PNG, WebP or TIFF file"
        )
        self.button.layout.width = "15em"
        self.field = ipywidgets.Text(
            description="or its path",
            placeholder="holiday.jpg, then Enter",
            continuous_update=False,
        )
        self.field.layout.width = "30em"
        super().__init__([self.button, self.field], "The photo that is to be coloured.")

    def bring(self, path: str | os.PathLike[str]) -> None:
        """Take a photo by its path, as if it were typed into the field.

        Parameters
        ----------
        path : path
            The file.
        """
        self.field.value = ""  # the same path a second time would be no change
        self.field.value = os.fspath(path)

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return the photo, and its name, size, and whether it has colours."""
        self._take()
        height, width = self.rgb.shape[:2]
        colour = "without colours" if media.is_grey(self.rgb) else "with colours, to be ignored"
        return render(self.rgb), f"{self.name}: {width} x {height} pixels, {colour}."

    def _refresh(self, change: Any = None) -> None:
        self._wanted = change and change["owner"]
        super()._refresh(change)

    def _take(self) -> None:
        """Read what the control that was used last holds; nothing when it was emptied."""
        if self._wanted is self.button and self.button.value:
            (upload,) = self.button.value
            name = str(upload["name"])
            self.rgb, self.name = read_bytes(name, bytes(upload["content"])), Path(name).name
        elif self._wanted is self.field and self.field.value.strip():
            path = Path(self.field.value.strip().strip("\"'")).expanduser()
            self.rgb, self.name = media.read_photo(path).rgb, path.name
