"""The benchmark compares like with like, computes what it says, and runs from end to end."""

import builtins
import json
import os
import sys
import time

import keras
import numpy as np
import pytest
from keras import layers

from colorlab import checkpoints, color_model, colorize_film, devices, training
from colorlab.color_model import ColorModelConfig
from colorlab.datasets import Manifest, PhotoSet
from colorlab.errors import InputError
from studies import bench
from studies.bench import FAST, processes, steps
from studies.bench.effort import digits, in_turn, spread
from studies.cli import bench as command
from studies.cli import main

CONFIG = ColorModelConfig(n=8, taps=(2, 3), widths=(8, 8), context=8)
ARMS = {"ours", "ours_float32", "plain"}
CIRCUMSTANCES = {"device", "processor", "cores", "bfloat16_in_hardware", "precision", "versions"}
CIRCUMSTANCES |= {"seed", "command", "date"}


@pytest.fixture(scope="module")
def asked_once():
    """No model looks at a picture through several views, each of which is compiled for anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints.ColorModel, "scales", (1.0,))
        patch.setattr(checkpoints.ColorModel, "mirror", False)
        patch.setattr(checkpoints.ConsistencyModel, "augmentations", (checkpoints.PLAIN,))
        yield


@pytest.fixture(scope="module")
def inside(asked_once):
    """The figures measured in this process, tiny."""
    return {name: stage() for name, stage in bench.inside(FAST, 3, progress=False).items()}


@pytest.fixture(scope="module")
def result(inside, tmp_path_factory):
    """What `python -m studies bench --fast --json` writes and prints; `inside` is not repeated."""
    path = tmp_path_factory.mktemp("bench") / "new" / "bench.json"
    with pytest.MonkeyPatch.context() as patch:
        stages = {name: lambda name=name: inside[name] for name in inside}
        patch.setattr(bench, "inside", lambda *arguments: stages)
        printed = []
        patch.setattr(builtins, "print", lambda *words, **options: printed.append(words[0]))
        assert main(["bench", "--fast", "--quiet", "--seed", "3", "--json", str(path)]) == 0
    return json.loads(path.read_text(encoding="utf-8")), printed[-1]


def check_spread(seconds, count):
    assert set(seconds) == {"min", "median", "max", "count"}
    assert 0 < seconds["min"] <= seconds["median"] <= seconds["max"]
    assert seconds["count"] == count


# --- like with like ------------------------------------------------------------------------------


def convolutions(network):
    """Name -> shapes of kernel and bias of every convolution that is not VGG's; VGG's numbers."""
    backbone = network.get_layer(color_model.BACKBONE)
    own = {
        layer.name: [tuple(weight.shape) for weight in layer.weights]
        for layer in network.layers
        if isinstance(layer, layers.Conv2D)
    }
    return own, [tuple(weight.shape) for weight in backbone.weights], backbone.trainable


def test_both_networks_have_the_same_convolutions():
    ours = color_model.build(ColorModelConfig(backbone=None))
    plain = steps.plain_network(ColorModelConfig(backbone=None))
    own, backbone, trainable = convolutions(ours)
    assert (own, backbone, trainable) == convolutions(plain)
    assert (len(own), len(backbone), trainable) == (16, 26, False)
    assert sum(np.prod(shape) for shapes in own.values() for shape in shapes) == 1_733_308


def test_plain_differs_where_it_says():
    ours, plain = steps.ours(CONFIG), steps.plain(CONFIG)
    assert plain.precision == "float32"
    assert {layer.compute_dtype for layer in plain.network.layers} == {"float32"}
    assert [plain.network.get_layer(f"tap{tap}_norm").gamma.shape for tap in (2, 3)] == [
        (128,),
        (256,),
    ]
    assert [ours.network.get_layer(f"tap{tap}_norm").gamma.shape for tap in (2, 3)] == [(8,), (8,)]
    assert plain.network.get_layer("up2").interpolation == "bilinear"
    assert ours.network.get_layer("up2").interpolation == "nearest"
    assert type(plain.network.optimizer) is keras.optimizers.Adam
    assert not plain.network.optimizer.use_ema
    rgb = np.random.default_rng(0).integers(0, 256, (1, 32, 48, 3), np.uint8)
    for arm, height, width in ((ours, 16, 24), (plain, 32, 48)):
        y, targets = arm.targets(rgb)
        predicted = arm.network(y)
        for head in "uv":
            assert predicted[head].shape == (1, height, width, 8)
            assert targets[head].shape == (1, height, width)


class Caught(Exception):
    """A training has shown how it compiles its network."""


def test_ours_is_what_training_compiles(monkeypatch, tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (15, 16, 16, 3), np.uint8)
    photos = PhotoSet(Manifest("noise", (), (), None, "0" * 64), rgb, 0)
    seen = []

    def catch(network, optimizer, loss, weighted_metrics):
        seen.append((network, optimizer.get_config(), loss, weighted_metrics))
        raise Caught

    monkeypatch.setattr(keras.Model, "compile", catch)
    with pytest.raises(Caught):
        steps.ours(CONFIG)
    with pytest.raises(Caught):
        training.train_color(photos, photos, tmp_path, CONFIG, progress=False)
    (ours, how, losses, metrics), (trained, really, real_losses, real_metrics) = seen
    for optimizer in (how, really):
        del optimizer["name"]  # adam_w_1
        for length in ("decay_steps", "warmup_steps"):  # a run's own
            del optimizer["learning_rate"]["config"][length]
    assert how == really
    assert [type(losses[h]) for h in "uv"] == [type(real_losses[h]) for h in "uv"]
    assert metrics == real_metrics
    assert [(layer.name, layer.compute_dtype) for layer in ours.layers] == [
        (layer.name, layer.compute_dtype) for layer in trained.layers
    ]


# --- what is computed of the measurements --------------------------------------------------------


def test_spread_is_of_the_measurements():
    assert spread([3.0, 1.0, 2.000049]) == {"min": 1.0, "median": 2.0, "max": 3.0, "count": 3}
    assert digits(0.000123456) == 0.0001235


def test_actions_take_turns_and_warm_up():
    called = []
    actions = {"a": lambda: called.append("a"), "b": lambda: (called.append("b"), time.sleep(0.3))}
    taken = in_turn(actions, warmup=1, rounds=2)
    assert called == ["a", "b"] * 3
    assert [len(taken[name]) for name in "ab"] == [2, 2]
    assert min(taken["b"]) >= 0.3 > max(taken["a"])


def test_ratios_are_of_the_medians():
    found = steps.ratios({"ours": 1.0, "ours_float32": 2.5, "plain": 4.0})
    assert found == {
        "plain_to_ours": 4.0,
        "plain_to_ours_float32": 1.6,
        "ours_float32_to_ours": 2.5,
    }


def test_waiting_is_what_lies_between_steps():
    calls = [(0.0, 10.0), (11.0, 12.0), (12.0, 14.0), (15.0, 17.0)]
    found = steps.waiting(calls, warmup=2)
    assert found["step_seconds"] == {"min": 2.0, "median": 2.0, "max": 2.0, "count": 2}
    assert found["wait_seconds"] == {"min": 0.0, "median": 0.5, "max": 1.0, "count": 2}
    assert found["waiting_share"] == 0.2


def test_figures_of_this_process(inside):
    step = inside["training_step"]
    assert set(step["arms"]) == ARMS
    for arm in step["arms"].values():
        check_spread(arm["seconds"], FAST.rounds)
    medians = {name: arm["seconds"]["median"] for name, arm in step["arms"].items()}
    assert step["ratios"] == steps.ratios(medians)
    assert (step["batch_size"], step["size"]) == (2, 32)
    assert {name: one["photos"] for name, one in inside["photos"].items()} == {
        **{"32": 1, "48": 1},
        **{"32_batch": 2, "48_file": 1},
    }
    for one in inside["photos"].values():
        check_spread(one["seconds"], FAST.photo_rounds)
        assert one["photos_per_second"] == digits(one["photos"] / one["seconds"]["median"])
    films = inside["films"]
    assert (films["height"], films["width"], films["frames"]) == (32, 48, 4)
    assert films["model"] == colorize_film.film_model()
    for precision in ("float32", "mixed_bfloat16"):
        check_spread(films[precision]["seconds"], FAST.film_rounds)
        rate = digits(4 / films[precision]["seconds"]["median"])
        assert films[precision]["frames_per_second"] == rate
    stalls = inside["stalls"]
    check_spread(stalls["step_seconds"], FAST.epoch_steps - FAST.warmup)
    check_spread(stalls["making_seconds"], FAST.epoch_steps)
    assert 0 < stalls["waiting_share"] < 1


# --- from end to end -----------------------------------------------------------------------------


def test_the_json_says_what_where_and_how(result):
    found, _ = result
    assert set(found) == {"schema", "fast", "figures"} | CIRCUMSTANCES
    assert (found["schema"], found["fast"], found["seed"]) == (1, True, 3)
    assert found["command"] == "python -m studies bench --fast --quiet --seed 3 --json bench.json"
    assert found["device"]
    assert found["cores"] >= 1
    assert set(found["figures"]) == {"import", "first_photo", "memory"} | {
        "photos",
        "films",
        "training_step",
        "stalls",
    }


def test_the_processes_were_measured(result):
    figures = result[0]["figures"]
    check_spread(figures["import"]["seconds"], FAST.imports)
    check_spread(figures["import"]["process_seconds"], FAST.imports)
    assert figures["import"]["seconds"]["min"] < figures["import"]["process_seconds"]["min"]
    check_spread(figures["first_photo"]["seconds"], FAST.first_photos)
    assert figures["first_photo"]["seconds"]["min"] > figures["import"]["process_seconds"]["max"]
    peaks = {**figures["memory"]["colorize"], "train": figures["memory"]["train"]}
    assert set(peaks) == {"48x48", "train"}
    for peak in peaks.values():
        if sys.platform == "win32":
            assert peak["bytes"] is None
        else:
            assert 1e8 < peak["bytes"] < 8e9


def test_the_table_shows_every_figure(result):
    found, shown = result
    ratio = found["figures"]["training_step"]["ratios"]["plain_to_ours"]
    assert any(
        line.split()[:5] == ["plain", "Keras", "/", "ours", f"{ratio:.2f}"]
        for line in shown.splitlines()
    )
    for text in ("import colorlab", "first photo, 48x48", "peak memory, training", "--fast"):
        assert text in shown


@pytest.mark.parametrize(("hardware", "aim"), [(True, "3 x or more"), (False, "1 x or more")])
def test_the_table_aims_at_what_the_processor_can(result, hardware, aim):
    found = {**result[0], "fast": False, "bfloat16_in_hardware": hardware}
    found["figures"]["memory"]["train"] = {"bytes": None, "source": "no such thing"}
    shown = command.table(found).splitlines()
    (line,) = (line for line in shown if line.startswith("plain Keras"))
    assert line.endswith(aim)
    assert any(line.startswith("peak memory, training") and "unknown" in line for line in shown)
    assert "--fast" not in shown[-1]


def test_every_model_is_timed_on_every_device(tmp_path, capsys, asked_once):
    path = tmp_path / "gpu.json"
    assert main(["bench", "--devices", "--fast", "--quiet", "--json", str(path)]) == 0
    found = json.loads(path.read_text(encoding="utf-8"))
    assert set(found) == {"schema", "fast", "figures"} | CIRCUMSTANCES
    assert set(found["figures"]) == {"devices"}
    assert list(found["figures"]["devices"]) == devices.names()
    shown = capsys.readouterr().out
    for device, told in found["figures"]["devices"].items():
        assert told["card"] == devices.card(device)
        assert set(told["models"]) == set(checkpoints.list_models())
        for name, ways in told["models"].items():
            assert set(ways) in ({"photo", "batch"}, {"film"})
            for way, one in ways.items():
                check_spread(one["seconds"], FAST.film_rounds)
                rate = one["pictures"] / one["seconds"]["median"]
                assert one["per_second"] == pytest.approx(rate, rel=1e-3)
                assert f"{device}, {name}, {way}" in shown


# --- bad input -----------------------------------------------------------------------------------


@pytest.fixture
def nothing_measured(monkeypatch):
    """Whatever is measured before a refusal fails the test."""
    monkeypatch.setattr(bench, "outside", lambda *arguments: pytest.fail("measured already"))


def test_a_json_that_cannot_be_written_is_refused_first(nothing_measured, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "bench.json"):
        assert main(["bench", "--fast", "--json", str(path)]) == 2
        error = capsys.readouterr().err
        assert error.startswith("studies: cannot write")
        assert str(tmp_path) in error
        assert error.count("\n") == 1


def test_a_negative_seed_is_refused_first(nothing_measured, capsys):
    assert main(["bench", "--fast", "--seed", "-1"]) == 2
    assert "--seed: must be a whole number from 0 up; received '-1'" in capsys.readouterr().err


# --- processes -----------------------------------------------------------------------------------


def test_a_process_that_fails_says_why():
    with pytest.raises(InputError, match=r"ended with 3: .*no such luck"):
        processes.run_python(
            "-c", "import os, sys; print('no such luck', file=sys.stderr); os._exit(3)"
        )


def test_processes_find_this_colorlab(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    output, seconds = processes.run_python("-c", "import colorlab; print(colorlab.__file__)")
    assert os.path.samefile(output.strip(), bench.processes.colorlab.__file__)
    assert seconds > 0


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="Linux tells it there")
def test_peak_is_this_process_own():
    code = "from studies.bench import processes; {}processes.tell_peak()"
    small, large = (
        json.loads(processes.run_python("-c", code.format(ballast))[0].splitlines()[-1])
        for ballast in ("", "held = bytearray(b'1') * 200_000_000; ")
    )
    assert small["source"] == large["source"] == "VmHWM"
    assert 1.9e8 < large["bytes"] - small["bytes"] < 2.1e8
    assert small["bytes"] < processes.peak()["bytes"]  # not that of its parent, which has Keras


def test_peak_without_proc(monkeypatch):
    def missing(*arguments, **options):
        raise FileNotFoundError

    monkeypatch.setattr(processes.Path, "read_text", missing)
    if sys.platform != "win32":
        found = processes.peak()
        assert found["source"] == "ru_maxrss"
        assert 1e7 < found["bytes"] < 1e12
    monkeypatch.setitem(sys.modules, "resource", None)
    found = processes.peak()
    assert found["bytes"] is None
    assert "does not tell" in found["source"]
