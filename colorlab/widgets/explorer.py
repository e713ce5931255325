"""The shell that all widgets share: controls above, a picture, a line of text below."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_QUALITY = 92


def encode(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture as the bytes of a JPEG file, which a browser shows quickly.

    Parameters
    ----------
    picture : numpy.ndarray of uint8, (H, W, 3)
        RGB.

    Returns
    -------
    bytes
        The file.
    """
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return buffer.getvalue()


def markup(picture: NDArray[np.uint8], alt: str) -> str:
    """Return HTML that shows a picture no wider than the page, with a text for screen readers.

    Parameters
    ----------
    picture : numpy.ndarray of uint8, (H, W, 3)
        RGB.
    alt : str
        What there is to see, plain text.

    Returns
    -------
    str
        One ``img`` element, the picture within it.
    """
    height, width = picture.shape[:2]
    data = base64.b64encode(encode(picture)).decode("ascii")
    return (
        f'<img alt="{html.escape(alt)}" width="{width}" height="{height}" decoding="sync" '
        f'style="max-width: 100%; height: auto" src="data:image/jpeg;base64,{data}">'
    )


class Explorer(ipywidgets.VBox):
    """A picture that follows its controls. A subclass says in `draw` what to show.

    Parameters
    ----------
    controls : sequence of ipywidgets.Widget
        What a person moves; each has a ``value`` and a ``description``.
    caption : str
        What the picture shows; with `draw`'s sentence it is the picture's text for screen readers.

    Attributes
    ----------
    controls : tuple of ipywidgets.Widget
        As given.
    errors : list of Exception
        What went wrong while drawing; empty if nothing did.
    picture : ipywidgets.HTML
        The picture as last drawn. (Not an `ipywidgets.Image`, which has no text for screen
        readers, and whose view does not start when it is given a tooltip.)
    message : ipywidgets.HTML
        The line below it.
    """

    controls: tuple[Any, ...] = ()
    _parts: tuple[Any, ...] = ()

    def __init__(self, controls: Sequence[Any], caption: str) -> None:
        self.errors: list[Exception] = []
        self.controls = tuple(controls)
        self.caption = caption
        self.picture = ipywidgets.HTML()
        self.message = ipywidgets.HTML()
        row = ipywidgets.HBox(self.controls)
        row.layout.flex_flow = "row wrap"
        super().__init__([row, self.picture, self.message])
        self._parts = (*self.controls, row, self.picture, self.message)
        for control in self.controls:
            control.observe(self._refresh, names="value")
        self._refresh()

    def draw(self) -> tuple[NDArray[np.uint8], str]:
        """Return the picture, uint8 (H, W, 3), and a sentence about it, from the controls."""
        raise NotImplementedError

    def _refresh(self, _change: Any = None) -> None:
        """Draw again; keep the last picture and say so when drawing fails."""
        try:
            picture, sentence = self.draw()
            self.picture.value = markup(picture, f"{self.caption} {sentence}")
        except Exception as error:
            self.errors.append(error)
            sentence = f"Nothing was drawn: {type(error).__name__}: {error}"
        self.message.value = f'<div role="status">{html.escape(sentence)}</div>'

    def close(self) -> None:
        """Free the widget and everything in it."""
        for control in self.controls:
            control.unobserve_all()
        for part in (*self._parts, self):
            for look in (getattr(part, "style", None), part.layout):
                if look is not None:
                    look.close()
        for part in self._parts:
            part.close()
        super().close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}: run this cell in JupyterLab to move its controls."
