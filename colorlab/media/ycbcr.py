"""The Y'CbCr of film streams: whole numbers, several matrices, limited or full range.

A film stores a luma plane Y' and colour differences Cb, Cr, made with the weights Kr, Kg, Kb of its
matrix (Kr + Kg + Kb = 1):

    Y' = Kr R' + Kg G' + Kb B'      Cb = (B' - Y') / (2 (1 - Kb))      Cr = (R' - Y') / (2 (1 - Kr))

A model's chroma is U, V of BT.601 (`colorlab.yuv`), and it stands for differences between R', G'
and B' that do not depend on a grey added to all three. With D the offsets (R' - Y, G' - Y, B' - Y)
which U and V mean in BT.601, and d = Kr Dr + Kg Dg + Kb Db their luma in the film's own matrix, the
picture

    (R', G', B') = Y' + D - d

has the film's Y' as its luma in the film's matrix, and exactly the model's U and V. (For BT.601
d = 0, and it is the picture that `colorlab.yuv.yuv_to_rgb` makes.) Its colour differences are

    Cb = (Db - d) / (2 (1 - Kb))    Cr = (Dr - d) / (2 (1 - Kr))

so Y' need not be touched. Where R', G' or B' would leave [0, 1], U and V are scaled towards grey
first. References: ITU-R BT.601, BT.709, BT.2020; ITU-T H.273 for the numbers of the matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import yuv
from colorlab.media.pixels import Array

WEIGHTS = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.601, 625 lines
    6: (0.299, 0.114),  # BT.601, 525 lines
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020
    10: (0.2627, 0.0593),  # BT.2020, constant luminance: taken as the line above
}
"""Number of a matrix (H.273) to its Kr and Kb."""

BT709, BT601 = 1, 6


def guess_matrix(width: int, height: int) -> int:
    """Return the matrix of a film that does not say: BT.709 for high definition, else BT.601.

    Parameters
    ----------
    width, height : int
        The film's size, pixels.

    Returns
    -------
    int
        A key of `WEIGHTS`. Players decide by the same sizes.
    """
    return BT709 if width >= 1280 or height > 576 else BT601


@dataclass(frozen=True)
class Encoding:
    """How a film's planes stand for colours.

    Attributes
    ----------
    matrix : int
        A key of `WEIGHTS`.
    full : bool
        Whether luma uses all codes (full range) or, of 8 bits, 16 to 235 (limited).
    bits : int
        Bits a sample, 8 to 16.
    """

    matrix: int = BT601
    full: bool = False
    bits: int = 8

    @property
    def dtype(self) -> Any:
        """The NumPy type of a plane: uint8 or uint16."""
        return np.uint8 if self.bits == 8 else np.uint16

    @property
    def _luma_scale(self) -> tuple[float, float]:
        """Code of black, and codes from black to white."""
        step = 2 ** (self.bits - 8)
        return (0.0, 2.0**self.bits - 1) if self.full else (16.0 * step, 219.0 * step)

    @property
    def _chroma_scale(self) -> tuple[float, float]:
        """Code of grey, and codes from -0.5 to 0.5."""
        step = 2 ** (self.bits - 8)
        return 128.0 * step, (2.0**self.bits - 1 if self.full else 224.0 * step)

    def expand(self, plane: Array) -> NDArray[np.float32]:
        """Turn a luma plane into luma.

        Parameters
        ----------
        plane : ndarray of uint8 or uint16, (H, W)
            As stored.

        Returns
        -------
        ndarray of float32, (H, W)
            In [0, 1]; codes blacker than black or whiter than white are clipped.
        """
        black, codes = self._luma_scale
        y = plane.astype(np.float32)
        y -= np.float32(black)
        y *= np.float32(1 / codes)
        return np.clip(y, 0.0, 1.0, out=y)

    def quantise_luma(self, y: Array) -> Array:
        """Turn luma into a plane.

        Parameters
        ----------
        y : ndarray of float, (H, W)
            In [0, 1].

        Returns
        -------
        ndarray of uint8 or uint16, (H, W)
            Rounded to the nearest code.
        """
        black, codes = self._luma_scale
        plane: Array = np.rint(y * np.float32(codes) + np.float32(black)).astype(self.dtype)
        return plane

    def chroma_planes(self, y: Array, uv: Array) -> tuple[Array, Array]:
        """Turn a model's chroma into the planes that keep the film's luma (see the module).

        Parameters
        ----------
        y : ndarray of float32, (h, w)
            Luma in [0, 1] from `expand`, at the size of the planes wanted.
        uv : ndarray of float32, (h, w, 2)
            U and V of BT.601.

        Returns
        -------
        cb, cr : ndarray of uint8 or uint16, (h, w)
            Chroma fitted to the gamut and rounded.
        """
        per_uv = self._offsets_per_uv()
        offsets = uv @ per_uv.T  # R' - Y', G' - Y', B' - Y'
        room = np.where(offsets > 0, 1 - y[..., None], y[..., None])
        factors = room / np.maximum(np.abs(offsets), np.finfo(np.float32).tiny)
        fit = np.minimum(factors.min(axis=-1), 1.0)
        kr, kb = WEIGHTS[self.matrix]
        grey, codes = self._chroma_scale
        planes = [
            np.rint(offsets[..., channel] * fit * np.float32(codes / (2 * (1 - k))) + grey)
            for channel, k in ((2, kb), (0, kr))
        ]
        top = 2**self.bits - 1
        cb, cr = (np.clip(plane, 0, top).astype(self.dtype) for plane in planes)
        return cb, cr

    def to_rgb(self, plane: Array, cb: Array, cr: Array) -> NDArray[np.float32]:
        """Turn three planes of one size into the colours that a screen shows.

        Parameters
        ----------
        plane, cb, cr : ndarray of uint8 or uint16, (H, W)
            As stored.

        Returns
        -------
        ndarray of float32, (H, W, 3)
            Gamma-encoded RGB in [0, 1].
        """
        kr, kb = WEIGHTS[self.matrix]
        grey, codes = self._chroma_scale
        y = self.expand(plane)
        red = (cr.astype(np.float32) - np.float32(grey)) * np.float32(2 * (1 - kr) / codes)
        blue = (cb.astype(np.float32) - np.float32(grey)) * np.float32(2 * (1 - kb) / codes)
        green = (red * np.float32(-kr) + blue * np.float32(-kb)) / np.float32(1 - kr - kb)
        rgb = np.stack([y + red, y + green, y + blue], axis=-1)
        return np.clip(rgb, 0.0, 1.0, out=rgb)

    def _offsets_per_uv(self) -> NDArray[np.float32]:
        """Return the matrix (3, 2) from U, V to R' - Y', G' - Y', B' - Y' with the film's Y'."""
        kr, kb = WEIGHTS[BT601]
        blue, red = (1 - kb) / yuv.U_MAX, (1 - kr) / yuv.V_MAX  # U and V by their definition
        green = np.array([-kb * blue, -kr * red]) / (1 - kr - kb)
        offsets = np.array([[0, red], green, [blue, 0]])
        kr, kb = WEIGHTS[self.matrix]
        luma = np.array([kr, 1 - kr - kb, kb]) @ offsets
        return (offsets - luma).astype(np.float32)
