"""What packaged models were chosen by, and what the docs say of it, is what results say."""

from pathlib import Path

import numpy as np

from colorlab import checkpoints, evaluation, files
from studies import grey_input, statistics

ROOT = Path(__file__).parents[1]


def test_the_kept_result_on_grey_is_judged_by_todays_rule():
    summary = files.read_json(ROOT / "results/experiments/grey_input.json")["summary"]
    assert summary == {**summary, **grey_input.judge(summary["layers"], summary.get("control"))}


def six(models, name):
    """Return the six figures by which film models are compared, in docs/reproducing.md."""
    told, free = models[f"{name}:truth"], models[name]
    return {
        "told": 50 * (told["accuracy_u"] + told["accuracy_v"]),
        "changed": 50 * (told["changed_accuracy_u"] + told["changed_accuracy_v"]),
        "free": 50 * (free["accuracy_u"] + free["accuracy_v"]),
        "psnr": free["psnr"],
        "colour": free["colourfulness"],
        "steady": -1e6 * free["chroma_warp_error"],
    }


def sides(ours, theirs):
    """Say of each figure whether it is better (1) or worse (-1) by more than the margin."""
    margins = {"told": 0.1, "changed": 1, "free": 0.1, "psnr": 0.05}
    margins |= {"colour": 0.01 * theirs["colour"], "steady": -0.05 * theirs["steady"]}
    apart = {key: ours[key] - theirs[key] for key in ours}
    return {key: int(np.sign(d) * (abs(d) > margins[key])) for key, d in apart.items()}


def row_of_six(name, one):
    """Return the row of a table that shows them."""
    forms = {"told": ".2f", "changed": ".1f", "free": ".2f", "psnr": ".2f", "colour": ".1f"}
    shown = [format(one[key], form) for key, form in forms.items()]
    return f"| `{name}` | {' | '.join(shown)} | {-one['steady']:.2f} |"


def test_the_film_models_rate_and_schedule_follow_the_rule():
    """The rule, with its margins, is in docs/reproducing.md."""
    models = files.read_json(ROOT / "results/film-rates-val.json")["models"]
    text = (ROOT / "docs/reproducing.md").read_text(encoding="utf-8")
    names = ("guided-coast-n30", "stride-1", "stride-3", "scheduled", "recurrent-coast-n30")
    found = {name: six(models, name) for name in names}
    assert set(sides(found["stride-3"], found["stride-1"]).values()) == {0}
    against = sides(found["scheduled"], found["stride-1"])
    assert sorted(against.values()) == [-1] * 5 + [1]
    assert 1 not in sides(found["recurrent-coast-n30"], found["guided-coast-n30"]).values()
    for name, one in found.items():
        assert row_of_six(name, one) in text


def test_the_default_film_models_memory_was_chosen_by_its_rule():
    """What the packaged card says, and what docs/reproducing.md says of it."""
    text = (ROOT / "docs/reproducing.md").read_text(encoding="utf-8")
    decode = files.read_json(ROOT / "assets/models/guided-coast-n30/card.json")["decode"]
    frame, tried = decode["per_frame"], decode["curve"]
    assert decode["tuned_on"]["split"] == "val"
    ours = tried[evaluation.choose_memory(tried, frame)]
    assert (decode["leak"], decode["saturation"]) == (ours["leak"], ours["saturation"])
    bright = f"{ours['colourfulness'] / frame['colourfulness']:.0%}".replace("%", " %")
    assert (
        f"a leak of {ours['leak']} and a saturation of {ours['saturation']}: {ours['psnr']:.2f} dB "
        f"where each frame for\nitself has {frame['psnr']:.2f} dB, at {bright} of its colourfulness"
    ) in text


def test_the_default_film_models_color_model_and_views_follow_the_rules():
    """The three rules are in docs/reproducing.md."""
    models = files.read_json(ROOT / "results/film-views-val.json")["models"]
    text = (ROOT / "docs/reproducing.md").read_text(encoding="utf-8")
    ways = ("water-plain", "water-in-turn", "nature-plain", "nature-in-turn")
    found = {name: six(models, name) for name in ways}
    for name, one in found.items():
        assert row_of_six(name, one) in text
    younger = sides(found["nature-plain"], found["water-plain"])
    assert -1 in younger.values() and younger["colour"] == 1
    for color, gains in (("water", False), ("nature", True)):
        turned = sides(found[f"{color}-in-turn"], found[f"{color}-plain"])
        steady = turned.pop("steady")
        quarter = 0.25 * models[f"color-{color}-n30"]["chroma_warp_error"]
        calm = steady >= 0 or models[f"{color}-in-turn"]["chroma_warp_error"] < quarter
        assert gains == (
            calm and -1 not in turned.values() and 1 in (turned["psnr"], turned["free"])
        )
    clips = files.read_json(ROOT / "results/film-views-train.json")["models"]

    def apart(one, other):
        """Return the mean difference over clips and its interval: PSNR, accuracy, colourfulness."""
        keys = {
            "psnr": ("psnr",),
            "free": ("accuracy_u", "accuracy_v"),
            "colour": ("colourfulness",),
        }
        figures = {}
        for name, parts in keys.items():
            per_clip = [
                np.mean([mine[key] - theirs[key] for key in parts])
                for mine, theirs in zip(
                    clips[one]["per_clip"].values(), clips[other]["per_clip"].values(), strict=True
                )
            ]
            figures[name] = statistics.told(statistics.replicate(per_clip))
        return figures

    default = apart("nature-in-turn-1.4", "water-plain")
    assert default["psnr"]["high"] > 0 and default["free"]["high"] > 0
    shown = {
        ("nature-in-turn-1.4", "water-plain"): "PSNR {} dB [{}, {}], accuracy",
        ("nature-in-turn", "nature-plain"): "has {} dB [{}, {}] more than `nature-plain`",
    }
    for pair, words in shown.items():
        value = apart(*pair)["psnr"]
        sign = "+" if words.startswith("PSNR") else ""
        told = [format(value["value"], f"{sign}.2f"), *(f"{value[k]:.2f}" for k in ("low", "high"))]
        assert words.format(*told) in text
    lost = apart("water-plain", "color-water-n30")["psnr"]
    assert f"{-lost['value']:.2f} dB [{-lost['high']:.2f}, {-lost['low']:.2f}] *less*" in text
    accuracy = {key: 100 * value for key, value in default["free"].items()}
    words = "accuracy {value:+.1f} points [{low:.1f}, {high:.1f}]".format(**accuracy)
    assert words.replace("-", "−") in text
    assert checkpoints.load_consistency().color.name == checkpoints.DEFAULT
    assert checkpoints.FILM_DEFAULT == "guided-coast-n30"


def test_the_findings_quote_the_papers_film_model():
    models = files.read_json(ROOT / "results/film-clips-test.json")["models"]
    text = " ".join((ROOT / "docs/findings.md").read_text(encoding="utf-8").split())
    name = "consistency-coast-n30"

    def both(key):
        one = models[key]
        return [f"{100 * one[f'accuracy_{head}']:.1f}" for head in "uv"]

    told, free, alone = both(f"{name}:truth"), both(name), both("color-nature-n30")
    assert "is right for {} % in U and {} % in V with teacher forcing".format(*told) in text
    assert "is right for {} % and {} %, where the color model".format(*free) in text
    assert "alone has {} and {} %".format(*alone) in text
    assert "is right for {} % in U and {} % in V. Whatever".format(*both("copy")) in text
