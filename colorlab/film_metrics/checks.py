"""What frames must be to be compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab.errors import InputError

Float = NDArray[np.float32]
Labels = NDArray[np.integer]


def check_same(*arrays: NDArray[Any]) -> None:
    """Refuse chroma or labels of differing shapes."""
    shapes = [array.shape for array in arrays]
    if len(set(shapes)) > 1 or shapes[0][-1:] != (2,):
        raise InputError(f"frames need one shape (..., 2); received {', '.join(map(str, shapes))}.")


def check_frames(*frames: Float) -> None:
    """Refuse pictures of differing shapes, or of 8 bits."""
    shapes = {frame.shape for frame in frames}
    if len(shapes) > 1 or len(frames[0].shape) != 3:
        raise InputError(f"frames need one shape (H, W, C); received {sorted(shapes)}.")
    if any(frame.dtype.kind != "f" for frame in frames):
        raise InputError("frames to compare must be float in [0, 1]; divide 8-bit values by 255.")
