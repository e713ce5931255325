"""The losses equal their formulas, pixel by pixel."""

import numpy as np
import pytest
from scipy.special import log_softmax

from colorlab import bins, losses
from colorlab.errors import InputError

pytestmark = pytest.mark.keras

N = 30


@pytest.fixture
def labels(rng):
    return rng.integers(0, N, (3, 5, 7)).astype(np.int32)


@pytest.fixture
def logits(rng):
    return (8 * rng.standard_normal((3, 5, 7, N))).astype(np.float32)


def per_pixel(labels, logits):
    """Cross-entropy in nats, float64, of the labels' shape."""
    log_p = log_softmax(logits.astype(float), axis=-1)
    return -np.take_along_axis(log_p, labels[..., None], axis=-1)[..., 0]


def test_crossentropy_is_the_formula(labels, logits):
    wanted = per_pixel(labels, logits)
    loss = losses.PixelCrossEntropy()
    assert float(loss(labels, logits)) == pytest.approx(wanted.mean(), rel=1e-5)
    each = np.asarray(loss.call(labels, logits))
    np.testing.assert_allclose(each, wanted.mean(axis=(1, 2)), rtol=1e-5)


def test_soft_labels_are_a_gaussian_over_the_bins(labels, logits, rng):
    places = (labels + rng.random(labels.shape)).astype(np.float32)
    spread = np.exp(-(((places[..., None] - np.arange(N) - 0.5) / 0.7) ** 2) / 2)
    spread /= spread.sum(axis=-1, keepdims=True)
    wanted = -(spread * log_softmax(logits.astype(float), axis=-1)).sum(axis=-1)
    weights = rng.uniform(0.1, 3, N)
    for loss, factor in (
        (losses.PixelCrossEntropy(soft=0.7), 1),
        (losses.PixelCrossEntropy(weights, soft=0.7), weights[labels]),
    ):
        got = float(loss(places[..., None], logits))
        assert got == pytest.approx((wanted * factor).mean(), rel=1e-5)
    hard, soft = (np.asarray(losses.pixel_accuracy(y, logits)) for y in (labels, places[..., None]))
    np.testing.assert_array_equal(hard, soft)


def test_rebalanced_weights_each_pixel_by_its_true_bin(labels, logits, rng):
    weights = rng.uniform(0.1, 3, N)
    got = float(losses.PixelCrossEntropy(weights)(labels, logits))
    wanted = (per_pixel(labels, logits) * weights[labels]).mean()
    assert got == pytest.approx(wanted, rel=1e-5)


def test_head_losses_give_each_head_its_own_weights(labels, logits):
    prior = bins.prior([np.stack([labels, labels // 2], axis=-1)], N)
    weights = bins.rebalance_weights(prior)
    heads = losses.head_losses("rebalanced", weights)
    for row, head in enumerate("uv"):
        wanted = (per_pixel(labels, logits) * weights[row][labels]).mean()
        assert float(heads[head](labels, logits)) == pytest.approx(wanted, rel=1e-5)


def test_euclidean_is_the_squared_distance_in_the_plane(rng):
    true, guess = rng.uniform(-0.6, 0.6, (2, 3, 4, 5, 2)).astype(np.float32)
    heads = losses.head_losses("euclidean")
    total = sum(
        float(heads[head](true[..., k : k + 1], guess[..., k : k + 1]))
        for k, head in enumerate("uv")
    )
    assert total == pytest.approx(((true - guess) ** 2).sum(axis=-1).mean(), rel=1e-5)


def test_told_the_labels_a_model_scores_nothing_lost_and_all_right(labels):
    told = 50 * np.eye(N, dtype=np.float32)[labels]
    assert float(losses.PixelCrossEntropy()(labels, told)) < 1e-6
    np.testing.assert_array_equal(np.asarray(losses.pixel_accuracy(labels, told)), [1, 1, 1])


def test_knowing_nothing_costs_log_n(labels):
    for value in (0, -300, 1e4):
        uniform = np.full((*labels.shape, N), value, np.float32)
        got = float(losses.PixelCrossEntropy()(labels, uniform))
        assert got == pytest.approx(np.log(N), rel=1e-6)


def test_being_sure_and_wrong_stays_finite(labels):
    wrong = 1e4 * np.eye(N, dtype=np.float32)[(labels + 1) % N]
    assert float(losses.PixelCrossEntropy()(labels, wrong)) == pytest.approx(1e4, rel=1e-5)


def test_accuracy_is_the_share_of_right_pixels(labels, logits):
    wanted = (logits.argmax(-1) == labels).mean(axis=(1, 2))
    got = np.asarray(losses.pixel_accuracy(labels, logits))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted)


@pytest.mark.parametrize("name", ["crossentropy", "euclidean"])
def test_photos_of_weight_zero_only_fill_the_batch(name, labels, logits):
    loss = losses.head_losses(name)["u"]
    true, guess = (
        (labels, logits) if name == "crossentropy" else (logits[..., :1], logits[..., 1:2])
    )
    weights = np.array([1, 1, 0], np.float32)
    padded = float(loss(true, guess, sample_weight=weights))
    assert padded == pytest.approx(float(loss(true[:2], guess[:2])), rel=1e-6)


def test_unknown_or_incomplete():
    with pytest.raises(InputError, match=r"unknown loss 'mse'; choose one of crossentropy"):
        losses.head_losses("mse")
    with pytest.raises(InputError, match="rebalanced loss needs the bins' weights"):
        losses.head_losses("rebalanced")
