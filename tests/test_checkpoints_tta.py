"""Test-time augmentation: the order of augmentations, and features that stay aligned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorlab import checkpoints, coast, yuv
from colorlab.checkpoints import tta

pytestmark = pytest.mark.keras


def test_augmentations_in_turn():
    found = checkpoints.in_turn((0.75, 1.0, 1.25), True)
    assert found[0] == checkpoints.PLAIN
    assert sorted(found) == [(s, m) for s in (0.75, 1.0, 1.25) for m in (False, True)]
    for one, other in zip(found, [*found[1:], found[0]], strict=True):
        assert one[0] != other[0]
    assert sum(mirrored for _, mirrored in found[:3]) in (1, 2)
    assert checkpoints.in_turn((1.0,), False) == [checkpoints.PLAIN]
    assert checkpoints.in_turn((1.0,), True) == [checkpoints.PLAIN, (1.0, True)]
    assert [s for s, _ in checkpoints.in_turn((0.75, 1.0), False)] == [1.0, 0.75]


def pooled(y, stride=2):
    """Stand in for a network: means over the padded picture's blocks, and their square."""
    n, height, width, _ = y.shape
    rows, columns = (-(-side // 16) * 16 - side for side in (height, width))
    y = np.pad(y, ((0, 0), (0, rows), (0, columns), (0, 0)), mode="edge")
    blocks = y.reshape(n, y.shape[1] // stride, stride, y.shape[2] // stride, stride)
    mean = blocks.mean(axis=(2, 4), dtype=np.float32)
    return np.stack([mean, mean**2], axis=-1)


sides = st.integers(1, 70)


@given(sides, sides, st.sampled_from([0.5, 0.7143, 1.0, 1.2857]), st.booleans(), st.integers(0, 9))
def test_aligned_features_have_the_size_of_plain_ones(height, width, scale, flip, seed):
    y = np.random.default_rng(seed).random((1, height, width, 1), np.float32)
    found, plain = tta.aligned_features(pooled, y, (scale, flip), 2), pooled(y)
    assert found.shape == plain.shape and found.dtype == np.float32
    if height % 2 == width % 2 == 0 and scale == 1:  # beyond the picture paddings may differ
        inside = np.s_[:, : height // 2, : width // 2]
        np.testing.assert_allclose(found[inside], plain[inside], atol=1e-6)


def test_aligned_features_lie_in_place():
    across, down = np.meshgrid(np.linspace(0, 1, 100), np.linspace(0, 1, 56))
    y = (0.6 * across + 0.4 * down**2)[None, ..., None].astype(np.float32)
    for scale in (0.7143, 1.2857):
        for mirrored in (False, True):
            found = tta.aligned_features(pooled, y, (scale, mirrored), 2)
            apart = np.abs(found - pooled(y))[:, 2:26, 2:48]  # a column apart would be 0.012
            assert apart[..., 0].max() < 0.004


def test_a_color_model_of_the_mirror_image(tiny_model):
    y = yuv.luma(coast.Scene(3).render(0, 32, 48))[None]
    features, outputs = tiny_model.extract_features(y)
    again, said = tiny_model.extract_features(np.ascontiguousarray(y[:, :, ::-1]), [(1.0, True)])
    np.testing.assert_allclose(again, features[:, :, ::-1], atol=1e-4)
    for head in "uv":
        np.testing.assert_allclose(said[head], outputs[head][:, :, ::-1], atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (17, 40), (33, 18)])
def test_a_color_model_sees_any_size_through_any_view(tiny_model, size):
    y = np.full((1, *size, 1), 0.4, np.float32)
    features, outputs = tiny_model.extract_features(y)
    turns = checkpoints.in_turn((0.7143, 1.0, 1.2857), True)
    for through in (*([view] for view in turns), turns):
        found, said = tiny_model.extract_features(y, through)
        assert found.shape == features.shape
        assert {head: said[head].shape for head in "uv"} == {h: outputs[h].shape for h in "uv"}
        assert all(np.isfinite(said[head]).all() for head in "uv")
