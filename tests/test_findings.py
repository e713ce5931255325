"""docs/findings.md says what the results of the experiments say."""

import re
from pathlib import Path

import numpy as np

from colorlab import checkpoints, evaluation, files
from studies import foliage, grey_input, statistics
from studies.verdicts import written

ROOT = Path(__file__).parents[1]


def percent(one):
    return "{:.1f} [{:.1f}, {:.1f}]".format(*(100 * one[key] for key in ("value", "low", "high")))


def test_the_findings_quote_the_result():
    summary = files.read_json(ROOT / "results/experiments/grey_input.json")["summary"]
    text = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
    control = summary["control"]

    def told(one, sign=""):
        found = [f"{one[key]:{sign}.2f}" for key in ("value", "low", "high")]
        return "{} [{}, {}]".format(*(re.sub(r"^[+-](0\.00)$", r"\1", text) for text in found))

    for name, layer in summary["layers"].items():
        ours, theirs = layer["unit_correlation"], control["layers"][name]["unit_correlation"]
        difference = control["difference"][name]["unit_correlation"]
        shown = [
            *(told(one[pair]) for one in (ours, theirs) for pair in ("same", "other")),
            *(told(difference[pair], "+") for pair in ("same", "margin")),
            *(told(one[name]["cka"]["same"]) for one in (summary["layers"], control["layers"])),
        ]
        short = name.replace("block", "conv").replace("_conv", "_")
        assert f"| {short} | {' | '.join(shown)} |" in text
    assert f"**Verdict: {summary['verdict']}.**" in text
    assert f"- {len(summary['kept'])} of 13 layers" in text
    assert summary == {**summary, **grey_input.judge(summary["layers"], summary.get("control"))}


def test_the_findings_quote_the_losses():
    summary = files.read_json(ROOT / "results/experiments/loss.json")["summary"]
    text = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
    lines = {
        "regression": summary["curve"]["euclidean"]["regression"],
        "classification, mean": summary["curve"]["crossentropy"]["mean"],
        "classification, annealed, T = 0.4": summary["curve"]["crossentropy"]["annealed 0.4"],
        "rebalanced, argmax": summary["curve"]["rebalanced"]["argmax"],
    }
    for name, one in lines.items():
        share = [round(100 * one["colourfulness"][key]) for key in ("value", "low", "high")]
        gain = [one["gain"][key] for key in ("value", "low", "high")]
        shown = "{} % [{}, {}]".format(*share), "{:.2f} [{:.2f}, {:.2f}]".format(*gain)
        assert f"| {name} | {shown[0]} | {shown[1]} |" in text
    verdicts = summary["verdict"]
    assert f"that regression desaturates **{verdicts['desaturation']}** here" in text
    assert f"optimize **{verdicts['easier']}**" in " ".join(text.split())
    assert f"that it is more stable over seeds **{verdicts['stable']}**" in text


def test_the_findings_quote_the_reactions():
    summary = files.read_json(ROOT / "results/experiments/reactions.json")["summary"]
    text = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
    for thing, name in summary["best"].items():
        shown = [
            "{value:.2f} [{low:.2f}, {high:.2f}]".format(**summary["layers"][name][thing][key])
            for key in ("color", "grey", "other_color", "other_grey")
        ]
        short = name.replace("block", "conv").replace("_conv", "_")
        assert f"| {thing} | {short} | {' | '.join(shown)} |" in text


def test_the_findings_quote_the_memories():
    summary = files.read_json(ROOT / "results/experiments/recurrent.json")["summary"]
    text = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
    for name, one in summary["kinds"].items():
        cost, free = summary["costs"][name], one["free"]
        drift, warp = (
            "{:{f}} [{:{f}}, {:{f}}]".format(*(free[kind][key] for key in keys), f=form)
            for kind, form in (("drift", "+.1f"), ("warp", ".2f"))
            for keys in [("value", "low", "high")]
        )
        shown = [str(cost["parameters"]), f"{cost['processor']:.1f}"]
        shown += [percent(one["truth"]["accuracy"]), percent(free["accuracy"]), drift, warp]
        assert f"| `{name}` | {' | '.join(shown)} |" in text
    verdicts = summary["verdicts"]
    assert {verdicts[key] for key in ("recurrent", "instead")} == {"mixed"}
    assert {verdicts[key] for key in ("windows", "warping")} == {"cannot be told"}
    assert "**Verdict: mixed** for recurrence" in text
    assert "**cannot be told** for windows and for warping" in text


def test_the_findings_quote_the_contexts():
    summary = files.read_json(ROOT / "results/experiments/context.json")["summary"]
    text = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
    for name, one in summary["colors"].items():
        told = [one["contexts"][key] for key in ("truth", "first", "free", "none")]
        shown = [percent(part["accuracy"]) for part in (one["color"], *told, one["copy"])]
        assert f"| {name} | {' | '.join(shown)} |" in text
    verdicts = summary["verdicts"]
    assert f"corrects for a weaker color model: {verdicts['corrects']}**, told the truth" in text
    assert f"**Left to itself it does so, too: {verdicts['by_itself']}**" in text
    assert f"more with the truth than copy it: {verdicts['more']}.**" in text


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
    assert decode["tuned_on"]["split"] == "train/val"
    ours = tried[evaluation.choose_memory(tried, frame)]
    assert (decode["leak"], decode["saturation"]) == (ours["leak"], ours["saturation"])
    (old,) = (one for one in tried if (one["leak"], one["saturation"]) == (0.02, 1.5))
    bright, before = (f"{one['colourfulness'] / frame['colourfulness']:.0%}" for one in (ours, old))
    assert (
        f"a leak of {ours['leak']} and a saturation of {ours['saturation']}\ninstead of 0.02 and "
        f"1.5: on these clips {ours['psnr']:.2f} dB instead of {old['psnr']:.2f} (frame by frame "
        f"{frame['psnr']:.2f}), at {bright} instead of {before} of".replace("%", " %")
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
    assert checkpoints.load_consistency().color.name == "color-nature-n30"
    assert checkpoints.FILM_DEFAULT == "guided-coast-n30"


def test_the_findings_quote_the_papers_film_model():
    models = files.read_json(ROOT / "results/film-clips-test.json")["models"]
    text = " ".join((ROOT / "docs/findings.md").read_text(encoding="utf-8").split())
    name = "consistency-coast-n30"

    def both(key):
        one = models[key]
        return [f"{100 * one[f'accuracy_{head}']:.1f}" for head in "uv"]

    told, free, alone = both(f"{name}:truth"), both(name), both("color-nature-n30")
    assert "is right for {} % in U and {} % in V when it is told the truth".format(*told) in text
    assert "is right for {} % and {} %, where the color model".format(*free) in text
    assert "alone has {} and {} %".format(*alone) in text
    assert "is right for {} % in U and {} % in V. Whatever".format(*both("copy")) in text
    history = (ROOT / f"results/{name}-history.csv").read_text(encoding="utf-8").splitlines()
    names, *rows = (line.split(",") for line in history)
    columns = [names.index(f"val_accuracy_{head}") for head in "uv"]
    first, last = ([round(100 * float(row[k])) for k in columns] for row in (rows[0], rows[-1]))
    assert (
        "from {} and {} % after the first to {} and {} % after the tenth".format(*first, *last)
        in text
    )


def quoted(name):
    """Return the summary of an experiment's kept result, and the findings."""
    summary = files.read_json(ROOT / f"results/experiments/{name}.json")["summary"]
    return summary, (ROOT / "docs/findings.md").read_text(encoding="utf-8")


def test_the_findings_quote_the_bins():
    summary, text = quoted("bins")
    for name, one in {**summary["numbers"], "31, rebalanced": summary["rebalanced"]}.items():
        shown = [f"{one['loss']['value']:.2f}", f"{one['prior']['value']:.2f}"]
        shown += [f"{one['uniform']:.2f}", written(one["learnt"], ".2f")]
        shown += [percent(one["accuracy"]), f"{100 * one['majority']['value']:.1f}"]
        shown += [written(one["gain mean"], ".2f"), f"{one['ceiling']['value']:.1f}"]
        shown += [written(one["neutral annealed 0.4"], ".1f"), f"{one['floor']['value']:.1f}"]
        assert f"| {name} | {' | '.join(shown)} |" in text
    assert f"keeps neutral pixels cleaner: {summary['verdict']}.**" in text


def test_the_findings_quote_the_transfer():
    summary, text = quoted("transfer")
    for name, one in summary["kinds"].items():
        against = summary["against"].get(name)
        shown = [one["label"], str(one["parameters"]), written(one["curve"][-1], ".2f")]
        shown += ["–" if against is None else written(against, "+.3f")]
        shown += [f"{one['minutes'][-1]:.1f}", written(one["psnr_gain"], ".2f")]
        assert f"| {' | '.join(shown)} |" in text
    claims = summary["claims"]
    assert f"shortens training: {claims['shortens']}**" in text
    assert f"in minutes: {claims['minutes']}**" in text
    assert f"Blocks 4 and 5 are worth having: {claims['depth']}**" in text
    assert f"Adding is better than concatenating: {claims['residual']}.**" in text


def test_the_findings_quote_the_foliage():
    summary, text = quoted("foliage")
    names = {"water": "water", "both": "water and landscapes", "longer": "water, as many steps"}
    for kind, one in summary["kinds"].items():
        parts = one["water"], one["landscape"]
        shown = [written(part["loss"], ".2f") for part in parts]
        shown += [written(part["psnr_gain"], ".2f") for part in parts]
        shown += [written(part["colourfulness"], ".0f", 100) for part in parts]
        shown += [written(one["regions"][thing], ".2f") for thing in foliage.THINGS]
        assert f"| {names[kind]} | {' | '.join(shown)} |" in text
    claims = summary["claims"]
    assert f"Landscapes gain: {claims['landscapes_gain']}**" in text
    assert f"Water photos lose: {claims['water_loses']}**" in text
    assert f"unsure of foliage: {claims['foliage_unsure']}**" in text
    assert f"surer of it: {claims['foliage_surer']}.**" in text
