"""Optical flow between two frames: estimate it, warp with it, tell what is hidden. Arrays only.

One convention everywhere, that of `colorlab.coast.Flow`: ``flow[r, c] = (dx, dy)`` in pixels, right
and down, says where the surface point at row r, column c of the *first* frame lies in the second,
at (r + dy, c + dx).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab.errors import InputError

Float = NDArray[np.float32]

TVL1 = {"attachment": 30.0, "tightness": 0.1, "num_warp": 5, "num_iter": 10, "prefilter": True}
"""Settings of `tvl1`: scikit-image's names, tuned on rendered coasts 128 pixels high."""

ILK = {"radius": 15, "num_warp": 10, "gaussian": True, "prefilter": True}
"""Settings of `ilk`, tuned in the same way."""

DIS: dict[str, Any] = {"preset": "medium", "finest_scale": 0}
"""Settings of `dis`: OpenCV's medium preset, down to single pixels."""

DIS_LEAST = 16
"""Pixels a side that dense inverse search needs; smaller frames are continued by their border."""


def tvl1(y0: Float, y1: Float) -> Float:
    """Estimate the flow that is smooth but for edges and explains the change (TV-L1).

    Parameters
    ----------
    y0, y1 : ndarray of float, shape (H, W) or (H, W, 1)
        Luma of the first and the second frame, in [0, 1].

    Returns
    -------
    ndarray of float32, shape (H, W, 2)
        (dx, dy) in pixels from the first frame to the second.

    Raises
    ------
    InputError
        If the frames differ in size or are no float luma.

    References
    ----------
    .. [1] C. Zach, T. Pock, H. Bischof, "A duality based approach for realtime TV-L1 optical
       flow", DAGM 2007; as `skimage.registration.optical_flow_tvl1` does it.
    """
    from skimage.registration import optical_flow_tvl1

    return _solve(optical_flow_tvl1, y0, y1, TVL1)


def ilk(y0: Float, y1: Float) -> Float:
    """Estimate, for each pixel, the shift of the window around it (iterative Lucas-Kanade).

    Parameters
    ----------
    y0, y1 : ndarray of float, shape (H, W) or (H, W, 1)
        As `tvl1`.

    Returns
    -------
    ndarray of float32, shape (H, W, 2)
        As `tvl1`.

    Raises
    ------
    InputError
        As `tvl1`.

    References
    ----------
    .. [1] G. Le Besnerais, F. Champagnat, "Dense optical flow by iterative local window
       registration", ICIP 2005; as `skimage.registration.optical_flow_ilk` does it.
    """
    from skimage.registration import optical_flow_ilk

    return _solve(optical_flow_ilk, y0, y1, ILK)


def estimate(y0: Float, y1: Float) -> Float:
    """Estimate the flow as the film metrics do: `tvl1`.

    Parameters
    ----------
    y0, y1 : ndarray of float, shape (H, W) or (H, W, 1)
        As `tvl1`. It is tuned for frames 128 pixels high; larger ones are better made smaller.

    Returns
    -------
    ndarray of float32, shape (H, W, 2)
        (dx, dy) in pixels from the first frame to the second.

    Raises
    ------
    InputError
        As `tvl1`.

    Notes
    -----
    Against the exact flow of rendered coasts TV-L1 is nearer than iterative Lucas-Kanade, on every
    kind of coast and over every time measured; most of all on plain areas, such as sky, where a
    window holds nothing to go by, while TV-L1 carries the motion on from around them.
    ``colorlab evaluate flow`` measures both.
    """
    return tvl1(y0, y1)


def dis(y0: Float, y1: Float) -> Float:
    """Estimate the flow as film models do (dense inverse search), in a twentieth of `tvl1`'s time.

    Parameters
    ----------
    y0, y1 : ndarray of float, shape (H, W) or (H, W, 1)
        As `tvl1`; it sees them in steps of 1/255.

    Returns
    -------
    ndarray of float32, shape (H, W, 2)
        As `tvl1`.

    Raises
    ------
    InputError
        As `tvl1`.

    References
    ----------
    .. [1] T. Kroeger, R. Timofte, D. Dai, L. Van Gool, "Fast optical flow using dense inverse
       search", ECCV 2016; as OpenCV's ``DISOpticalFlow`` does it.
    """
    import cv2

    first, second = (np.rint(255 * y).clip(0, 255).astype(np.uint8) for y in _pair(y0, y1))
    height, width = first.shape
    padding = [(0, max(0, DIS_LEAST - side)) for side in (height, width)]
    first, second = (np.pad(frame, padding, mode="edge") for frame in (first, second))
    search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    search.setFinestScale(DIS["finest_scale"])
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # its threads search strips apart: another number gives another flow
    try:
        found = search.calc(first, second, None)  # type: ignore[call-overload]
    finally:
        cv2.setNumThreads(threads)
    return np.asarray(found[:height, :width], np.float32)


def warp(image: Float, flow: Float) -> Float:
    """Fetch, for each pixel of the first frame, what lies in the second where the flow points.

    Parameters
    ----------
    image : ndarray of float, shape (H, W) or (H, W, C)
        The second frame, or anything that belongs to it.
    flow : ndarray of float, shape (H, W, 2)
        From the first frame to the second.

    Returns
    -------
    ndarray of float32, the shape of `image`
        Bilinear between the four pixels around the place; outside, the nearest pixel of the border.

    Raises
    ------
    InputError
        If the sizes differ.
    """
    from scipy.ndimage import map_coordinates

    height, width = image.shape[:2]
    if flow.shape != (height, width, 2):
        raise InputError(
            f"a flow for a picture of {image.shape[:2]} has shape {(height, width, 2)}; "
            f"received {flow.shape}."
        )
    places = np.indices((height, width)) + np.moveaxis(flow, -1, 0)[::-1]
    planes = np.asarray(image, np.float32).reshape(height, width, -1)
    fetched = [
        map_coordinates(planes[..., k], places, order=1, mode="nearest")
        for k in range(planes.shape[-1])
    ]
    warped: Float = np.stack(fetched, axis=-1).reshape(image.shape)
    return warped


def visible(forward: Float, backward: Float) -> NDArray[np.bool_]:
    """Tell which pixels of the first frame are still to be seen in the second.

    A point is, if it lands inside the second frame and the flow from there leads home again: the
    two flows nearly cancel, ``|f + b|² <= 0.01 (|f|² + |b|²) + 0.5``, with b the backward flow
    where f points.

    Parameters
    ----------
    forward, backward : ndarray of float, shape (H, W, 2)
        Flow from the first frame to the second, and from the second to the first.

    Returns
    -------
    ndarray of bool, shape (H, W)
        False for what is hidden, or has left the frame by more than half a pixel, and mostly for
        where the estimates cannot be trusted.

    Raises
    ------
    InputError
        If the sizes differ.

    References
    ----------
    .. [1] N. Sundaram, T. Brox, K. Keutzer, "Dense point trajectories by GPU-accelerated large
       displacement optical flow", ECCV 2010, equation 5.
    """
    height, width = forward.shape[:2]
    back = warp(backward, forward)
    gap = np.sum(np.square(forward + back), axis=-1)
    length = np.sum(np.square(forward) + np.square(back), axis=-1)
    column = np.arange(width) + forward[..., 0]
    row = np.arange(height)[:, None] + forward[..., 1]
    inside = (np.abs(column - (width - 1) / 2) <= width / 2) & (
        np.abs(row - (height - 1) / 2) <= height / 2
    )
    seen: NDArray[np.bool_] = inside & (gap <= 0.01 * length + 0.5)
    return seen


def _solve(solver: Any, y0: Float, y1: Float, settings: Mapping[str, Any]) -> Float:
    """Run one of scikit-image's estimators, which want at least 2 pixels a side."""
    frames = _pair(y0, y1)
    height, width = frames[0].shape
    padding = [(0, max(0, 2 - side)) for side in (height, width)]
    rows, columns = solver(*(np.pad(frame, padding, mode="edge") for frame in frames), **settings)
    return np.stack([columns, rows], axis=-1)[:height, :width].astype(np.float32)


def _pair(y0: Float, y1: Float) -> list[Float]:
    """Return two frames of luma as (H, W), if that is what they are."""
    frames = [y[..., 0] if y.ndim == 3 and y.shape[-1] == 1 else y for y in (y0, y1)]
    if frames[0].ndim != 2 or frames[0].shape != frames[1].shape:
        raise InputError(
            f"flow needs two frames of luma of one size; received {y0.shape} and {y1.shape}."
        )
    if any(frame.dtype.kind != "f" for frame in frames):
        raise InputError("flow needs luma as floats in [0, 1]; `yuv.luma` makes it.")
    return frames
