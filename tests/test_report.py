"""The README's tables come from results/ and from nothing else."""

import re
from pathlib import Path

import pytest
from PIL import Image

from colorlab import checkpoints, files
from colorlab.errors import InputError
from colorlab.teaching.results import histories, read_history
from studies import QUESTIONS, report

ROOT = Path(__file__).resolve().parents[1]


def entry(**changes):
    values = {
        **{"n_photos": 499, "n": 30, "align": "edge", "decode": "annealed", "temperature": 0.5},
        **{"weights_sha256": "ab", "loss": 3.7, "loss_name": "crossentropy"},
        **{"accuracy_u": 0.3, "accuracy_v": 0.33, "prior_loss": 4.2, "majority_u": 0.25},
        **{"majority_v": 0.31, "psnr": 22.5, "psnr_grey": 21.25},
        **{"colourfulness": 18.0, "colourfulness_truth": 30.0},
    }
    return values | changes


def result(split="test", **models):
    return {"dataset": {"name": "water", "split": split}, "models": models or {"m": entry()}}


MEASURED = {
    **{"gain": {"value": 1.25, "low": 1.0, "high": 1.5}, "colourfulness_difference": 11.0},
    **{"hue_error": 41.6, "worse_than_grey": 0.125},
    "kid": {"value": 0.5, "low": 0.25, "high": 0.75},
}
"""What results made before these were measured lack."""


def with_baselines(**models):
    grey = {"psnr": 21.25, "psnr_grey": 21.25, "colourfulness": 0.0, "colourfulness_truth": 30.0}
    grey |= {"gain": {"value": 0.0, "low": 0.0, "high": 0.0}, "hue_error": 90.0, "n_photos": 499}
    grey |= {"worse_than_grey": 0.0, "kid": {"value": 2.0, "low": 1.5, "high": 2.5}}
    table = entry(**MEASURED, loss=3.98, psnr=22.0, decode="mean")
    baselines = {"grey": grey, "prior": entry(**MEASURED, loss=4.18), "table": table}
    kid = {"floor": {"value": -0.001, "low": -0.01, "high": 0.01}}
    return {**result(**models), "baselines": baselines, "kid": kid}


def test_the_short_table_has_a_line_for_each_model_and_baseline():
    mean = entry(decode="mean", temperature=None, loss=9.0)
    test = with_baselines(**{"m": entry(**MEASURED), "m:mean": mean})
    other = with_baselines(m=entry(**MEASURED, n_photos=200))
    other["dataset"]["name"] = "landscape"
    lines = report.color_table([test, other]).splitlines()
    assert lines[0] == (
        "| model | 499 photos of water: loss, U right, V right "
        "| 499 photos of water: over grey, colour, below grey, KID "
        "| 200 photos of landscape: over grey, colour, below grey, KID |"
    )
    assert lines[2].endswith("| 3.541, 36.2 %, 32.5 % | – | – |")
    seen = "+1.25 dB, 60 %, 12 %, 0.50"
    assert lines[3] == f"| `m` | 3.700, 30.0 %, 33.0 % | {seen} | {seen} |"
    assert lines[4].split("|")[2] == " 3.980, 30.0 %, 33.0 % "
    assert lines[5].split("|")[2] == " 4.180, 30.0 %, 33.0 % "
    grey = "+0.00 dB, 0 %, 0 %, 2.00"
    assert lines[6] == f"| left grey | – | {grey} | {grey} |"
    assert len(lines) == 7


def test_a_result_from_before_a_figure_was_measured_has_dashes():
    short = report.color_table([result()]).splitlines()
    assert short[3].endswith("| 3.700, 30.0 %, 33.0 % | +1.25 dB, 60 %, –, – |")
    assert short[4] == "| left grey | – | +0.00 dB, 0 %, –, – |"
    lines = report.color_details([result()]).splitlines()
    assert lines[2].endswith("| 22.50 dB | +1.25 dB | 60 % | – | – | – | – |")
    name = "always the prior of the training photos, or its largest bin"
    assert lines[3].startswith(f"| {name} | 4.200 | 25.0 % | 31.0 % | – |")
    assert len(lines) == 5


def test_the_details_have_every_decoder_interval_and_prior():
    mean = {"decode": "mean", "temperature": None}
    centre = entry(n=31, align="centre", prior_loss=4.1)
    models = {"a": entry(**MEASURED), "a:mean": entry(**mean), "b": centre, "c": entry(loss=3.5)}
    lines = report.color_details([with_baselines(**models)]).splitlines()
    assert [line.split("|")[1].strip() for line in lines] == [
        *("**499 photos of water**", "---"),
        *("`a`, annealed, T = 0.5", "`a`, mean", "`b`, annealed, T = 0.5"),
        "`c`, annealed, T = 0.5",
        "always the prior of `b`'s training photos, or its largest bin",
        *("no network: histogram for each height and luma", "no network: one histogram"),
        *("left grey", "half of the true photos against the other half"),
    ]
    assert lines[2].endswith(
        "| 22.50 dB | +1.25 (1.00 to 1.50) dB | 60 % | 11.0 | 42° | 12 % | 0.50 (0.25 to 0.75) |"
    )
    assert lines[-1].endswith("| 0.00 (−0.01 to 0.01) |")
    assert len({line.count("|") for line in lines}) == 1


def test_training_photos_add_a_column_to_the_first_set():
    mean = entry(decode="mean", temperature=None)
    test = result(**{"m": entry(), "m:mean": mean, "new": entry()})
    train = result("train", m=entry(loss=3.25, accuracy_u=0.4, prior_loss=4.3, n_photos=500))
    first, second = report.color_details([test, result()], train).split("\n\n")
    last = [line.split("|")[-2].strip() for line in first.splitlines()]
    assert last == [
        *("on training photos: loss, U, V", "---", "3.384, 37.4 %, 33.9 %"),
        *("3.250, 40.0 %, 33.0 %", "3.250, 40.0 %, 33.0 %", "–"),
        *("4.300, 25.0 %, 31.0 %", "–"),
    ]
    assert second == report.color_details([result()])
    other = result("train", m=entry(weights_sha256="cd"))
    with pytest.raises(InputError, match="different weights of m"):
        report.color_details([test], other)


def test_a_squared_error_does_not_stand_among_nats():
    changes = {"loss_name": "euclidean", "decode": "regression", "temperature": None}
    test = result(m=entry(**changes))
    assert "`m` | –, 30.0 %, 33.0 %" in report.color_table([test])
    table = report.color_details([test], result("train", m=entry(**changes)))
    assert "`m`, regression | – | 30.0 %" in table
    assert "| –, 30.0 %, 33.0 % |" in table


def test_a_table_of_nothing_is_refused():
    with pytest.raises(InputError, match="at least one model"):
        report.color_table([{**result(), "models": {}}])


def test_update_replaces_only_what_lies_between_the_marks():
    (start, end), (film_start, film_end) = report.MARKS, report.FILM_MARKS
    page = f"before\n{start}\nold\n{end}\nbetween\n{film_start}\n{film_end}\nafter\n"
    new = report.updated(report.updated(page, "new"), "film", report.FILM_MARKS)
    assert new == (f"before\n{start}\nnew\n{end}\nbetween\n{film_start}\nfilm\n{film_end}\nafter\n")
    for text in ("no marks", f"{start}\n{end}\n{film_end}\n{film_start}\n", page + page):
        with pytest.raises(InputError, match=r"film results: start .* once, in"):
            report.updated(text, "new", report.FILM_MARKS)


def test_results_are_read_and_missing_ones_named(tmp_path):
    with pytest.raises(InputError, match="make results"):
        report.read_color_results(tmp_path)
    files.write_json(tmp_path / report.TEST, result())
    assert report.read_color_results(tmp_path) == ([result()], None)
    files.write_json(tmp_path / report.TRAIN, result("train"))
    files.write_json(tmp_path / "color-landscape-test.json", result("land"))
    files.write_json(tmp_path / "color-world-test.json", result("world"))
    tests, train = report.read_color_results(tmp_path)
    assert tests == [result(), result("world"), result("land")] and train == result("train")
    with pytest.raises(InputError, match="cannot read"):
        report.update_page(tmp_path / "README.md", {report.MARKS: "new"})


def test_readme_is_up_to_date_with_results():
    tests, train = report.read_color_results(ROOT / "results")
    page = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    assert report.updated(page, report.color_details(tests, train)) == page
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert report.updated(text, report.color_table(tests)) == text
    films = report.read_film_results(ROOT / "results")
    shown = report.film_text(films, checkpoints.FILM_DEFAULT)
    new = report.updated(page, shown, report.FILM_MARKS)
    if films:
        assert new == page
    for name in re.findall(r"assets/pictures/[\w.-]+", text):
        assert (ROOT / name).is_file()


def test_experiments_are_told_with_command_time_and_memory(tmp_path):
    assert report.read_experiments(tmp_path) == {}
    run = {"command": "colorlab experiment loss", "arms": {"a": {}, "b": {}}, "seconds": 90.0}
    run |= {"peak_memory": 2.5e9, "date": "2026-01-02"}
    files.write_json(tmp_path / "experiments/loss.json", run)
    files.write_json(tmp_path / "experiments/bins.json", run | {"peak_memory": None, "seconds": 24})
    results = report.read_experiments(tmp_path)
    lines = report.experiment_table(results).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [f"`{one}`" for one in QUESTIONS]
    told = {line.split("`")[1]: line for line in lines[2:]}
    assert told["loss"].endswith("| `colorlab experiment loss` | 2 | 2 | 2.5 GB | 2026-01-02 |")
    assert told["bins"].endswith("| 2 | 0.4 | – | 2026-01-02 |")
    assert told["foliage"].endswith("| not run in full yet | – | – | – | – |")


def test_findings_are_up_to_date_with_results():
    """After a new run `python -m studies report` makes them so."""
    pages = report.finding_tables(report.read_experiments(ROOT / "results"))
    assert sum(map(len, pages.values())) == len(QUESTIONS)
    for name, tables in pages.items():
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        for marks, table in tables.items():
            assert report.updated(text, table, marks) == text, marks[0]


def test_a_finding_is_told_with_its_interval_and_its_verdicts():
    def told(*numbers):
        return dict(zip(("value", "low", "high"), numbers, strict=True))

    one = {"colourfulness": told(0.5, 0.4, 0.6), "gain": told(1, -0.5, 2)}
    curve = {"euclidean": {"regression": one}, "crossentropy": {"annealed 0.2": one}}
    curve["rebalanced"] = {"mean": one, "argmax": one}
    verdict = {"desaturation": "holds", "easier": "cannot be told", "stable": "does not hold"}
    summary = {"curve": curve, "verdict": verdict}
    pages = report.finding_tables({"loss": {"summary": summary}})
    (text,) = pages["findings.md"].values()
    assert "| classification, annealed, T = 0.2 | 50 % [40, 60] | 1.00 [-0.50, 2.00] |" in text
    assert text.endswith("- classification is more stable over seeds: **does not hold**")
    assert pages["frame-rate.md"] == {}


def test_the_table_of_experiments_is_up_to_date():
    text = (ROOT / "docs/reproducing.md").read_text(encoding="utf-8")
    table = report.experiment_table(report.read_experiments(ROOT / "results"))
    assert report.updated(text, table, report.EXPERIMENT_MARKS) == text


# --- films ---------------------------------------------------------------------------------------

CURVES = (0.06,) * 5, (0.08,) * 6
NUMBERS = {
    **{"loss": 3.5, "accuracy_u": 0.3, "accuracy_v": 0.4, "psnr": 23.5, "colourfulness": 18.0},
    **{"changed_accuracy_u": 0.25, "changed_accuracy_v": 0.125, "warp_error": 2.25e-4},
    "chroma_warp_error": 3e-6,
    **{"cdc": 3.5e-3, "drift": -0.0004},
}


def film_entry(kind="baseline", context=None, curves=CURVES, **changes):
    """What is measured for everything, and null for the rest."""
    values = {
        **{"kind": kind, "context": context, "drift_against": None if kind == "color" else "c"},
        **{"n_clips": len(curves), "n_frames": sum(map(len, curves))},
        **dict.fromkeys(NUMBERS),
        **{"psnr": 21.25, "colourfulness": 0.0, "colourfulness_truth": 30.0},
        **{"warp_error_truth": 2.5e-4, "warp_error_grey": 2e-4, "cdc_truth": 4e-3},
        **{"chroma_warp_error_truth": 5e-6, "chroma_warp_error_grey": 0.0},
        **{"cdc_grey": 3e-3, "per_clip": {str(k): {"curve": c} for k, c in enumerate(curves)}},
    }
    return values | changes


def film_result(curves=CURVES, **changes):
    """Every kind of entry; `changes` are of the film model `m` when it is free-running."""
    kinds = {
        **{"grey": ("baseline", None), "copy": ("baseline", None)},
        **{"freeze-first": ("baseline", None), "c": ("color", None)},
        **{"m": ("consistency", "free"), "m:truth": ("consistency", "truth")},
        **{"m:first": ("consistency", "first"), "m:none": ("consistency", "none")},
    }
    models = {name: film_entry(*kind, curves) for name, kind in kinds.items()}
    models["m"] |= NUMBERS | changes
    return {"models": models, "size": 128}


def test_film_table_names_the_set_and_every_entry():
    table, caption = report.film_table("a set", film_result()).split("\n\n")
    lines = table.splitlines()
    assert lines[0] == (
        "| **a set**: 2 clips, 11 frames, 128 pixels high | loss | U right | V right | "
        "changed: U / V | PSNR | colour | warp × 10⁴: RGB / UV | CDC × 10³ | drift × 10³ |"
    )
    assert lines[1] == "|---|---|---|---|---|---|---|---|---|---|"
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        *("left grey", "the true frame before, copied", "first frame's colours kept"),
        *("`c`, each frame for itself", "`m`, free-running", "`m`, teacher forcing"),
        *("`m`, first frame given", "`m`, no context"),
    ]
    assert lines[6] == (
        "| `m`, free-running | 3.500 | 30.0 % | 40.0 % | 25.0 % / 12.5 % | 23.50 dB | "
        "60 % | 2.25 / 0.03 | 3.50 | −0.4 |"
    )
    assert caption == (
        "*The true films: warp error 2.50 / 0.05, CDC 4.00; grey ones: 2.00 / 0, 3.00.*"
    )
    with pytest.raises(InputError, match="a set needs at least one entry"):
        report.film_table("a set", {"models": {}, "size": 128})


def test_a_figure_that_a_film_lacks_is_a_dash():
    lines = report.film_table("a set", film_result(CURVES[:1], drift=-1e-5)).splitlines()
    assert lines[0].startswith("| **a set**: 1 clip, 5 frames,")
    assert lines[2] == "| left grey | – | – | – | – | 21.25 dB | 0 % | – | – | – |"
    assert lines[6].endswith("| +0.0 |")
    lacking = dict.fromkeys(("changed_accuracy_u", "warp_error", "colourfulness_truth"))
    lines = report.film_table("a set", film_result(**lacking)).splitlines()
    assert lines[6].endswith("| – / 12.5 % | 23.50 dB | – | – / 0.03 | 3.50 | −0.4 |")


def test_the_first_film_table_has_the_papers_figures():
    text = report.film_text({"one": film_result(), "two": film_result()}, "m")
    first, second = text.split("**two**")
    assert first.splitlines()[2] == (
        "| the 2016 paper's consistency model, on its own films | 3.241 | 34.2 % | 75.3 % | "
        "– | – | – | – | – | – |"
    )
    assert "paper" not in second and "12.5 %" in second


def test_only_the_film_results_that_exist_are_shown(tmp_path):
    assert report.read_film_results(tmp_path) == report.film_curves({}, "m") == {}
    assert report.film_text({}, "m") == ""
    for name in ("rendered coasts", "test clips"):
        files.write_json(tmp_path / report.FILMS[name], film_result())
    results = report.read_film_results(tmp_path)
    assert list(results) == ["test clips", "rendered coasts"]
    assert results["test clips"]["size"] == 128
    files.write_json(tmp_path / report.FILMS["DAVIS"], film_result())
    assert list(report.read_film_results(tmp_path)) == list(report.FILMS)


def test_film_curves_are_means_over_clips_that_last_as_long():
    curves = (0.5, 0.5, 0.5), (0.1, 0.2, 0.3, 0.4), (0.3, 0.4, 0.5, 0.6, 0.9), (0.7,)
    panels = report.film_curves({"a set": film_result(curves)}, "m", frames=3)
    lines = panels["a set: mean of 2 of 4 clips"]
    assert list(lines) == [
        *("color model, each frame for itself", "first frame's colours kept"),
        *("m, free-running", "m, first frame given", "m, teacher forcing"),
    ]
    for raw, smooth in lines.values():
        assert raw == pytest.approx([0.2, 0.3, 0.4, 0.5])
        assert smooth == pytest.approx([0.25, 0.3, 0.4, 0.45])
    assert list(report.film_curves({"a": film_result(curves[:1])}, "m")) == ["a: mean of 1 clip"]


def test_film_curves_are_of_what_was_measured():
    less, none = film_result(), film_result()
    for key in ("freeze-first", "m:truth"):
        del less["models"][key]
    less["models"]["m"]["drift_against"] = None
    none["models"] = {"grey": film_entry()}
    panels = report.film_curves({"less": less, "none": none}, "m")
    assert {name: list(lines) for name, lines in panels.items()} == {
        "less: mean of 1 of 2 clips": ["m, free-running", "m, first frame given"]
    }
    assert "![" not in report.film_text({"none": none}, "m")


def test_a_curve_is_smoothed_as_far_as_it_goes():
    assert report.smoothed([1, 2, 6], 1) == [1, 2, 6]
    assert report.smoothed([1, 2, 6], 15) == [3, 3, 3]
    assert report.smoothed([0, 3, 3, 9], 3) == [1.5, 2, 5, 6]


def test_the_finding_of_films_is_computed():
    def finding(*drifts):
        results = {f"set {k}": film_result(drift=drift) for k, drift in enumerate(drifts)}
        return report.film_finding(results, "m").split("\n")[0]

    start = "m, free-running: errors"
    assert finding(0.001, 0.0052) == f"{start} gather on set 0 (+0.0010), set 1 (+0.0052)"
    assert finding(0.0009, 0.01) == f"{start} gather on set 1 (+0.0100), not on set 0 (+0.0009)"
    assert finding(-0.002, None) == f"{start} do not gather on set 0 (−0.0020)"
    nothing = "How far the colours are from the truth, frame by frame"
    assert finding(None) == report.film_finding({"a": film_result()}, "another") == nothing
    shown = report.film_text({"a set": film_result(drift=0.5)}, "m")
    assert f"![{start} gather on a set (+0.5000) (how much" in shown
    assert shown.endswith("](../assets/pictures/film-error.png)")


# --- histories -----------------------------------------------------------------------------------


def write_history(path, *losses):
    rows = [f"{k},{loss},{val}" for k, (loss, val) in enumerate(losses, 1)]
    path.write_text("\n".join(["epoch,loss,val_loss", *rows, ""]))


def test_results_are_of_the_models_as_they_are_shipped():
    cards = {name: checkpoints.read_card(name) for name in checkpoints.list_models("color")}
    results = Path(__file__).parents[1] / "results"
    measured = files.read_json(results / "color-water-test.json")["models"]
    assert set(cards) == {key for key in measured if ":" not in key}
    for name, card in cards.items():
        assert measured[name]["weights_sha256"] == card["weights"]["sha256"]
        decode = card["decode"]
        keys = ("temperature", "saturation", "mirror", "scales")
        found = {key: measured[name][key] for key in keys}
        assert found == {key: decode[key] for key in found}
        assert measured[name]["decode"] == decode["method"]


def test_history_is_read_as_numbers(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss\n1,4.5\n2,4.25\n")
    assert read_history(path) == [
        {"epoch": 1, "loss": 4.5, "stage": 1},
        {"epoch": 2, "loss": 4.25, "stage": 1},
    ]
    rows = read_history(path, path)
    assert [(row["epoch"], row["stage"]) for row in rows] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    path.write_text("epoch,loss\n")
    with pytest.raises(InputError, match="no epoch"):
        read_history(path)
    path.write_text("epoch,loss\n1,high\n")
    with pytest.raises(InputError, match="cannot read"):
        read_history(path)


def test_stages_are_found_in_their_order(tmp_path):
    with pytest.raises(InputError, match="needs m-stage1-history"):
        histories(tmp_path, "m")
    for k in range(1, 12):
        write_history(tmp_path / f"m-stage{k}-history.csv", (4, 4))
    for name in ("mm-stage1", "m-stage1-x", "m-100-epochs", "m-stage1b"):
        write_history(tmp_path / f"{name}-history.csv", (4, 4))
    found = [path.name for path in histories(tmp_path, "m")]
    assert found == [f"m-stage{k}-history.csv" for k in range(1, 12)]
    (tmp_path / "m-stage2-history.csv").unlink()
    with pytest.raises(InputError, match=r"stages \[1, 3"):
        histories(tmp_path, "m")


def test_the_finding_of_a_long_training_is_computed(tmp_path):
    def finding(*losses):
        write_history(tmp_path / "history.csv", *losses)
        return report.overfitting(read_history(tmp_path / "history.csv"))

    assert finding((4.0, 4.0), (3.7, 3.75), (3.5, 3.9), (3.0, 4.25)) == (
        "Overfitting after epoch 2: until epoch 4 validation 3.75 → 4.25, training 3.70 → 3.00\n"
        "(the paper's model, on its own photos: after epoch 16)"
    )
    assert finding((4.0, 4.0), (3.7, 3.75)) == (
        "No overfitting in 2 epochs: validation loss is lowest after epoch 2 (3.75) and 3.75 at "
        "the end"
    )
    for last in ((3.6, 3.755), (3.8, 3.9)):  # no more than noise; training rises as well
        assert finding((4.0, 4.0), (3.7, 3.75), last).startswith("No overfitting in 3 epochs")


def test_report_renews_the_page_and_draws_what_there_is(tmp_path, monkeypatch, model):
    from colorlab import checkpoints
    from studies.cli import main

    monkeypatch.setattr(checkpoints, "load", lambda: model)
    results, page, pictures = tmp_path / "results", tmp_path / "page.md", tmp_path / "pictures"
    files.write_json(results / report.TEST, result(**{model.name: entry()}))
    write_history(results / f"{model.name}-stage1-history.csv", (4.0, 4.1))
    page.write_text("\n".join(report.MARKS))
    how = tmp_path / "reproducing.md"
    how.write_text("\n".join(report.EXPERIMENT_MARKS))
    words = [f"--results={results}", f"--readme={page}", f"--pictures={pictures}"]
    words.append(f"--docs={tmp_path}")
    details = tmp_path / "results.md"
    details.write_text("\n".join((*report.MARKS, *report.FILM_MARKS, "")))
    assert main(["report", *words]) == 0
    assert f"| `{model.name}` | 3.700, 30.0 %, 33.0 % |" in page.read_text()
    assert f"| `{model.name}`, annealed, T = 0.5 | 3.700 |" in details.read_text()
    assert "| not run in full yet | – |" in how.read_text()
    assert {path.name for path in pictures.iterdir()} == {"architecture.png", "history.png"}
    assert details.read_text().endswith("\n".join((*report.FILM_MARKS, "")))
    write_history(results / "color-water-n30-100-epochs-history.csv", (4.0, 4.1), (3.9, 4.2))
    monkeypatch.setattr(checkpoints, "FILM_DEFAULT", "m")
    files.write_json(results / report.FILMS["DAVIS"], film_result())
    assert main(["report", *words]) == 0
    assert (pictures / "overfitting.png").is_file()
    with Image.open(pictures / report.FILM_PICTURE) as image:
        assert image.width > image.height > 300
    text = details.read_text()
    assert text.index(report.FILM_MARKS[0]) < text.index("**DAVIS**") < text.index("![m, free")
    details.write_text("\n".join(report.MARKS))
    assert main(["report", *words]) == 2
    assert details.read_text() == "\n".join(report.MARKS)
