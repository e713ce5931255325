"""Color models are kept on their way, and what is told of them is so where it is known."""

import numpy as np
import pytest
from PIL import Image

from colorlab import checkpoints, color_model, devices, files
from colorlab import strips as film_strips
from colorlab.decode import softmax
from colorlab.strips import rolling
from colorlab.training.color import prepare
from studies import context, pictures, reduced
from studies.cli import main
from studies.film import figures
from studies.harness import Asked

# On one backend: what trains here is tested on both by test_experiment_reduced.py.

RECIPE = {"taps": (2,), "widths": (8,), "context": 0, "epochs": 5}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A training on its way, twice: the second time it is recalled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "precision", lambda wanted="auto": "float32")
        patch.setattr(color_model, "flatten_heads", lambda network: None)
        rgb = pictures.rendered(34, 16).rgb
        cache, recipe = tmp_path_factory.mktemp("cache"), reduced.Recipe(**RECIPE)
        return [context.train_color(recipe, rgb[:30], rgb[30:], False, cache) for _ in range(2)]


def test_a_color_model_is_kept_after_epochs_and_at_its_best(trained):
    models, history = trained[0]
    assert list(models) == ["epoch 1", "epoch 4", "best"]
    losses = [row["val_loss"] for row in history]
    epochs = [one.card["training"]["best_epoch"] for one in models.values()]
    assert epochs == [1, 4, 1 + int(np.argmin(losses))]
    kernels = [np.array(one.network.get_layer("u_head").kernel) for one in models.values()]
    assert np.abs(kernels[0] - kernels[1]).max() > 1e-4
    again, same = trained[1]
    assert same == history
    for name, one in models.items():
        assert again[name].card["weights"] == one.card["weights"]


def test_what_was_kept_has_the_loss_of_its_epoch(trained):
    models, history = trained[0]
    rgb = pictures.rendered(34, 16).rgb[30:]
    inputs, truth = prepare(rgb, models["best"].config)
    for one in models.values():
        epoch = one.card["training"]["best_epoch"]
        heads = color_model.at_head_resolution(one.network)
        found = heads.predict_on_batch(inputs)
        loss = 0.0
        for head in "uv":
            p = softmax(np.asarray(found[head]))
            loss -= np.log(np.take_along_axis(p, truth[head][..., None], -1)).mean()
        assert loss == pytest.approx(history[epoch - 1]["val_loss"], abs=0.01)


# --- the answer ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strips(make_film_model):
    color = checkpoints.load(make_film_model("concat") / checkpoints.INSIDE)
    return film_strips.strips([5, 6, 7], [2.0], {10: 4}, color, size=(32, 48), progress=False)[10]


def measured(strips, model):
    """What the arms measure on three color models alike, when `model` answers."""
    found = {}
    for color in ("epoch 1", "epoch 4", "best"):
        for kind, contexts in {**context.KEPT, "model": context.CONTEXTS}.items():
            answerer = rolling.Copier() if kind in ("copy", "freeze", "held") else rolling.Alone()
            answerer = model if kind == "model" else answerer
            found[f"{color} {kind}"] = {
                "kind": kind,
                "color": color,
                "epoch": 7,
                "rollouts": context.roll(answerer, strips, contexts),
                "identity": figures.obey(answerer, strips, (2,)),
            }
    return found


def test_a_model_that_copies_gains_what_copying_gains(strips):
    found = context.summarise(measured(strips, rolling.Copier()))
    for one in found["colors"].values():
        assert one["share"] == {"value": 1, "low": 1, "high": 1, "spread": 0}
        assert one["identity"]["value"] == 1
        for name in context.BESIDE:
            assert one["beyond"][name]["accuracy"]["value"] == 0
    assert found["weaker"]["truth"]["accuracy"]["value"] == 0
    assert found["verdicts"]["copying"] == "holds"
    assert found["verdicts"]["corrects"] == "holds partly"  # as much for every color model
    assert found["verdicts"]["more"] == "cannot be told"


def test_a_model_that_ignores_its_context_gains_nothing(strips):
    found = context.summarise(measured(strips, rolling.Alone()))
    for one in found["colors"].values():
        assert one["identity"]["value"] == 0
        for name in context.CONTEXTS:
            assert one["gain"][name]["accuracy"]["value"] == 0
            assert one["contexts"][name]["accuracy"] == one["color"]["accuracy"]
    assert found["verdicts"]["corrects"] == found["verdicts"]["by_itself"] == "cannot be told"
    assert found["verdicts"]["more"] == "does not hold"


def test_the_truth_is_more_than_copying(strips):
    verdicts = context.summarise(measured(strips, rolling.Truth()))["verdicts"]
    assert verdicts["more"] == "holds"


def interval(value):
    return {"value": value, "low": value - 1, "high": value + 1}


@pytest.mark.parametrize(
    ("gains", "larger", "verdict"),
    [
        ((9, 7, 5), 3, "holds"),
        ((9, 7, 5), 0, "holds partly"),
        ((9, 0, -5), 3, "holds partly"),
        ((0, -5, -5), 3, "does not hold"),
        ((0, 0, 0), 0, "cannot be told"),
    ],
)
def test_correcting_is_judged_by_the_rule(gains, larger, verdict):
    colors = {
        str(k): {
            "gain": {name: {"accuracy": interval(gain)} for name in ("truth", "free")},
            "beyond": {"truth": {"accuracy": interval(0)}},
            "share": {"value": 0.7, "low": 0.6, "high": 0.8},
        }
        for k, gain in enumerate(gains)
    }
    weaker = {name: {"accuracy": interval(larger)} for name in ("truth", "free")}
    found = context.judge(colors, weaker)
    assert found["corrects"] == found["by_itself"] == verdict
    assert found["copying"] == "holds partly"


def test_the_arms_are_three_color_models_with_three_seeds_each():
    found = context.arms(Asked())
    assert len({arm.name for arm in found}) == len(found) == 3 * (4 + 3)
    scale = context.Scale.of(Asked())
    assert len(scale.tested) >= 30
    for seeds in (scale.photos, scale.chosen, scale.learnt):
        assert not set(seeds) & set(scale.tested)
    assert not set(scale.photos) & set(scale.chosen)


def test_the_fast_experiment_from_end_to_end(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLORLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(devices, "precision", lambda wanted="auto": "float32")
    tiny = context.Scale(
        range(15), range(15, 17), {**RECIPE, "epochs": 1}, 1, range(2), range(17, 19), (2.0,), 4,
        2, (1,),
    )  # fmt: skip
    monkeypatch.setattr(context.Scale, "of", classmethod(lambda cls, asked: tiny))
    words = ["context", "--fast", "--quiet", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    result = files.read_json(tmp_path / "run" / "result.json")
    assert len(result["arms"]) == 10
    assert result["dataset"]["color_models"]["best"]["epoch"] == 1
    assert list(result["summary"]["colors"]) == ["epoch 1", "best"]
    assert set(result["summary"]["verdicts"]) == {"corrects", "by_itself", "copying", "more"}
    with Image.open(tmp_path / "run" / "context.png") as image:
        assert min(image.size) > 300
    assert capsys.readouterr() == ("", "")
    assert main([*words[:-1], str(tmp_path / "other"), "--photos", "x.csv"]) == 2
