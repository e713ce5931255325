"""Devices are named as Keras names them, and bfloat16 is taken only where it pays."""

import logging
import sys
from types import SimpleNamespace

import keras
import pytest

from colorlab import devices
from colorlab.errors import InputError

pytestmark = pytest.mark.keras


@pytest.fixture
def machine(monkeypatch):
    """Pretend to be a machine with these devices and this processor."""

    def pretend(found, bfloat16=False, backend="tensorflow"):
        monkeypatch.setattr(
            keras.distribution,
            "list_devices",
            lambda kind="": [name for name in found if kind in name.lower()],
        )
        monkeypatch.setattr(devices, "has_bfloat16", lambda: bfloat16)
        monkeypatch.setattr(keras.backend, "backend", lambda: backend)

    return pretend


def test_this_machine():
    names = devices.names()
    assert names
    assert names == [name.lower() for name in names]
    assert devices.has_accelerator() == (not names[0].startswith("cpu"))
    assert devices.processor()


@pytest.mark.parametrize(
    ("found", "names", "accelerated"),
    [
        (["CPU:0"], ["cpu:0"], False),
        (["CPU:0", "GPU:0", "GPU:1"], ["gpu:0", "gpu:1", "cpu:0"], True),
        ([], ["cpu:0"], False),
    ],
)
def test_accelerators_come_first(machine, found, names, accelerated):
    machine(found)
    assert devices.names() == names
    assert devices.has_accelerator() is accelerated


@pytest.mark.parametrize(("has_cpu", "names"), [(True, ["gpu:0", "cpu:0"]), (False, ["gpu:0"])])
def test_jax_does_not_hide_the_processor_behind_a_gpu(monkeypatch, has_cpu, names):
    """As JAX answers on such a machine, and where JAX_PLATFORMS leaves the GPU alone."""

    def answer(kind=None):
        if kind == "cpu" and not has_cpu:
            raise RuntimeError("Unknown backend cpu")
        return [f"{kind or 'gpu'}:0"]

    monkeypatch.setattr(keras.distribution, "list_devices", answer)
    assert devices.names() == names


@pytest.mark.parametrize(
    ("found", "bfloat16", "backend", "wanted"),
    [
        (["cpu:0"], False, "tensorflow", "float32"),
        (["cpu:0"], True, "tensorflow", "mixed_bfloat16"),
        (["cpu:0"], True, "jax", "float32"),
        (["cpu:0", "gpu:0"], False, "jax", "mixed_bfloat16"),
        (["cpu:0", "gpu:0"], False, "tensorflow", "mixed_bfloat16"),
    ],
)
def test_precision_where_it_pays(machine, found, bfloat16, backend, wanted):
    machine(found, bfloat16, backend)
    assert devices.precision() == wanted
    assert devices.precision("float32") == "float32"
    assert devices.precision("mixed_bfloat16") == "mixed_bfloat16"


def test_a_system_without_proc(monkeypatch):
    def missing(*args, **kwargs):
        raise FileNotFoundError

    monkeypatch.setattr(devices.Path, "read_text", missing)
    assert devices.has_bfloat16.__wrapped__() is False
    assert devices.processor.__wrapped__()


@pytest.mark.parametrize(
    ("text", "processor", "bfloat16"),
    [
        ("model name\t: Some CPU @ 2 GHz\nflags\t: avx2 avx512_bf16\n", "Some CPU @ 2 GHz", True),
        ("model name\t: Other\nflags\t: amx_bf16 amx_tile\n", "Other", True),
        ("model name\t: Old\nflags\t: sse4_2\n", "Old", False),
    ],
)
def test_what_linux_says_of_the_processor(monkeypatch, text, processor, bfloat16):
    monkeypatch.setattr(devices.Path, "read_text", lambda *args, **kwargs: text)
    assert devices.processor.__wrapped__() == processor
    assert devices.has_bfloat16.__wrapped__() is bfloat16


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_graphics_card_is_called_as_its_maker_calls_it(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'Card One'\necho 'Card Two'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    devices.card.cache_clear()
    names = [devices.card(name) for name in ("gpu:0", "gpu:1", "gpu:2", "tpu:0", "cpu:0")]
    assert names == ["Card One", "Card Two", None, None, devices.processor()]
    tool.write_text("#!/bin/sh\nexit 9\n")
    devices.card.cache_clear()
    assert devices.card("gpu:0") is None
    devices.card.cache_clear()


def test_devices_of_the_fastest_kind_share_a_batch(machine):
    machine(["cpu:0", "gpu:0", "gpu:1"], backend="jax")
    assert devices.require(1) == ["gpu:0"]
    assert devices.require(2) == ["gpu:0", "gpu:1"]
    with pytest.raises(
        InputError,
        match=r"3 devices were asked for and there are 2 \(gpu:0, gpu:1\); ask for at most 2\.",
    ):
        devices.require(3)


def test_a_processor_may_pass_for_several_devices(machine):
    machine(["cpu:0"], backend="jax")
    with pytest.raises(
        InputError,
        match=r"4 devices .* there are 1 .* XLA_FLAGS=--xla_force_host_platform_device_count=4\.",
    ):
        devices.require(4)


def test_only_jax_shares_batches(machine):
    machine(["gpu:0", "gpu:1"], backend="tensorflow")
    assert devices.require(1) == ["gpu:0"]
    with (
        pytest.raises(InputError, match="2 devices needs the JAX backend, the backend is tensorfl"),
        devices.spread(2),
    ):
        pass


def test_one_device_needs_no_distribution():
    with devices.spread(1):
        assert keras.distribution.distribution() is None


def test_a_device_is_chosen_by_name(machine):
    machine(["CPU:0", "GPU:0"])
    assert devices.named() == "gpu:0"
    assert devices.named("cpu:0") == "cpu:0"
    with pytest.raises(InputError, match=r"device must be one of gpu:0, cpu:0; received 'tpu:0'"):
        devices.named("tpu:0")


def test_what_is_computed_on_a_device_says_so():
    with devices.on("cpu:0") as name:
        assert name == "cpu:0"
        assert "cpu" in str(keras.ops.ones(1).device).lower()


def test_a_forward_pass_leaves_out_advice_on_tracing_and_nothing_else(caplog):
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.WARNING, "tensorflow")  # commands raise it for the whole process

    def predict_on_batch(inputs):
        logger.warning("5 out of the last 9 calls triggered tf.function retracing.")
        logger.warning("The disk is on fire.")
        return 2 * inputs

    assert devices.forward_pass(SimpleNamespace(predict_on_batch=predict_on_batch), 21) == 42
    logger.warning("Advice on retracing for whoever calls TensorFlow.")
    logger.removeHandler(caplog.handler)
    assert {record.getMessage() for record in caplog.records} == {
        "The disk is on fire.",
        "Advice on retracing for whoever calls TensorFlow.",
    }
