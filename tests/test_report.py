"""The README's tables come from results/ and from nothing else."""

from pathlib import Path

import pytest

from colorlab import checkpoints, files, report
from colorlab.errors import InputError

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


def test_table_shows_model_baselines_and_the_paper():
    lines = report.color_table(result()).splitlines()
    assert lines[0] == "| model, decoder | loss | U right | V right | PSNR | colour | photos |"
    assert lines[1] == "|---|---|---|---|---|---|---|"
    assert "3.541 | 36.2 % | 32.5 %" in lines[2]
    assert lines[3] == (
        "| `m`, annealed, T = 0.5 | 3.700 | 30.0 % | 33.0 % | 22.50 dB | 60 % | 499 of water |"
    )
    assert "4.200 | 25.0 % | 31.0 %" in lines[4]
    assert lines[5] == "| left grey | – | – | – | 21.25 dB | 0 % | 499 of water |"
    assert len(lines) == 6


def test_every_model_and_decoder_has_a_line_and_every_grid_its_prior():
    mean = {"decode": "mean", "temperature": None}
    centre = entry(n=31, align="centre", prior_loss=4.1)
    table = report.color_table(
        result(**{"a": entry(), "a:mean": entry(**mean), "b": centre, "c": entry(loss=3.5)})
    )
    names = [line.split("|")[1].strip() for line in table.splitlines()[3:]]
    assert names == [
        *("`a`, annealed, T = 0.5", "`a`, mean", "`b`, annealed, T = 0.5"),
        "`c`, annealed, T = 0.5",
        "always the training photos' prior, or its largest bin (n = 30, edge)",
        "always the training photos' prior, or its largest bin (n = 31, centre)",
        "left grey",
    ]
    assert "(n = 31, centre) | 4.100 |" in table


def test_training_photos_add_a_column():
    mean = entry(decode="mean", temperature=None)
    test = result(**{"m": entry(), "m:mean": mean, "new": entry()})
    train = result("train", m=entry(loss=3.25, accuracy_u=0.4, prior_loss=4.3, n_photos=500))
    lines = report.color_table(test, train).splitlines()
    last = [line.split("|")[-2].strip() for line in lines]
    assert last == [
        *("on training photos: loss, U, V", "---", "3.384, 37.4 %, 33.9 %"),
        *("3.250, 40.0 %, 33.0 %", "3.250, 40.0 %, 33.0 %", "–"),
        *("4.300, 25.0 %, 31.0 %", "–"),
    ]
    assert len({line.count("|") for line in lines}) == 1
    other = result("train", m=entry(weights_sha256="cd"))
    with pytest.raises(InputError, match="different weights of m"):
        report.color_table(test, other)


def test_a_squared_error_does_not_stand_among_nats():
    changes = {"loss_name": "euclidean", "decode": "regression", "temperature": None}
    table = report.color_table(result(m=entry(**changes)), result("train", m=entry(**changes)))
    assert "`m`, regression | – | 30.0 %" in table
    assert "| –, 30.0 %, 33.0 % |" in table


def test_a_table_of_nothing_is_refused():
    with pytest.raises(InputError, match="at least one model"):
        report.color_table({**result(), "models": {}})


def test_update_replaces_only_what_lies_between_the_marks():
    page = f"before\n{report.START}\nold\n{report.END}\nafter\n"
    assert report.updated(page, "new") == f"before\n{report.START}\nnew\n{report.END}\nafter\n"
    with pytest.raises(InputError, match="once, in this order"):
        report.updated("no marks", "new")


def test_results_are_read_and_missing_ones_named(tmp_path):
    with pytest.raises(InputError, match="make results"):
        report.read_color_results(tmp_path)
    files.write_json(tmp_path / report.TEST, result())
    assert report.read_color_results(tmp_path) == (result(), None)
    files.write_json(tmp_path / report.TRAIN, result("train"))
    assert report.read_color_results(tmp_path) == (result(), result("train"))
    with pytest.raises(InputError, match="cannot read"):
        report.update_readme(tmp_path / "README.md", result())


def test_readme_is_up_to_date_with_results():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = report.color_table(*report.read_color_results(ROOT / "results"))
    assert report.updated(text, table) == text


# --- histories -----------------------------------------------------------------------------------


def write_history(path, *losses):
    rows = [f"{k},{loss},{val}" for k, (loss, val) in enumerate(losses, 1)]
    path.write_text("\n".join(["epoch,loss,val_loss", *rows, ""]))


def test_results_are_of_the_models_as_they_are_shipped():
    cards = {name: checkpoints.read_card(name) for name in checkpoints.list_models()}
    results = Path(__file__).parents[1] / "results"
    measured = files.read_json(results / "color-water-test.json")["models"]
    assert set(cards) == {key for key in measured if ":" not in key}
    for name, card in cards.items():
        assert measured[name]["weights_sha256"] == card["weights"]["sha256"]
        decode = card["decode"]
        found = {key: measured[name][key] for key in ("temperature", "saturation", "mirror")}
        assert found == {key: decode[key] for key in found}
        assert measured[name]["decode"] == decode["method"]


def test_history_is_read_as_numbers(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss\n1,4.5\n2,4.25\n")
    assert report.read_history(path) == [
        {"epoch": 1, "loss": 4.5, "stage": 1},
        {"epoch": 2, "loss": 4.25, "stage": 1},
    ]
    rows = report.read_history(path, path)
    assert [(row["epoch"], row["stage"]) for row in rows] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    path.write_text("epoch,loss\n")
    with pytest.raises(InputError, match="no epoch"):
        report.read_history(path)
    path.write_text("epoch,loss\n1,high\n")
    with pytest.raises(InputError, match="cannot read"):
        report.read_history(path)


def test_stages_are_found_in_their_order(tmp_path):
    with pytest.raises(InputError, match="needs m-stage1-history"):
        report.histories(tmp_path, "m")
    for k in range(1, 12):
        write_history(tmp_path / f"m-stage{k}-history.csv", (4, 4))
    for name in ("mm-stage1", "m-stage1-x", "m-100-epochs", "m-stage1b"):
        write_history(tmp_path / f"{name}-history.csv", (4, 4))
    found = [path.name for path in report.histories(tmp_path, "m")]
    assert found == [f"m-stage{k}-history.csv" for k in range(1, 12)]
    (tmp_path / "m-stage2-history.csv").unlink()
    with pytest.raises(InputError, match=r"stages \[1, 3"):
        report.histories(tmp_path, "m")


def test_the_finding_of_a_long_training_is_computed(tmp_path):
    def finding(*losses):
        write_history(tmp_path / "history.csv", *losses)
        return report.overfitting(report.read_history(tmp_path / "history.csv"))

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


@pytest.mark.keras
def test_report_renews_the_page_and_draws_what_there_is(tmp_path, monkeypatch, model):
    from colorlab import checkpoints
    from colorlab.cli import main

    monkeypatch.setattr(checkpoints, "load", lambda: model)
    results, page, pictures = tmp_path / "results", tmp_path / "page.md", tmp_path / "pictures"
    files.write_json(results / report.TEST, result(**{model.name: entry()}))
    write_history(results / f"{model.name}-stage1-history.csv", (4.0, 4.1))
    page.write_text(f"{report.START}\n{report.END}\n")
    words = [f"--results={results}", f"--readme={page}", f"--pictures={pictures}"]
    assert main(["report", *words]) == 0
    assert f"| `{model.name}`, annealed, T = 0.5 | 3.700 |" in page.read_text()
    assert {path.name for path in pictures.iterdir()} == {"architecture.png", "history.png"}
    write_history(results / "color-water-n30-100-epochs-history.csv", (4.0, 4.1), (3.9, 4.2))
    assert main(["report", *words]) == 0
    assert (pictures / "overfitting.png").is_file()
