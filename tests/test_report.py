"""The README's tables come from results/ and from nothing else."""

from pathlib import Path

import pytest

from colorlab import report
from colorlab.errors import InputError

ROOT = Path(__file__).resolve().parents[1]


def result(name="m", dataset="water", **changes):
    entry = {
        "n_photos": 499,
        "decode": "annealed",
        "temperature": 0.5,
        "loss": 3.7,
        "loss_name": "crossentropy",
        "accuracy_u": 0.3,
        "accuracy_v": 0.33,
        "prior_loss": 4.2,
        "majority_u": 0.25,
        "majority_v": 0.31,
        "psnr": 22.5,
        "psnr_grey": 21.25,
        "colourfulness": 18.0,
        "colourfulness_truth": 30.0,
    }
    return {"dataset": {"name": dataset, "split": "test"}, "models": {name: entry | changes}}


def test_table_shows_model_baselines_and_the_paper():
    table = report.color_table([result()])
    model = "| `m`, annealed, T = 0.5 | 3.700 | 30.0 % | 33.0 % | 22.50 dB | 60 % | 499 of water |"
    assert model in table.splitlines()
    assert "3.541 | 36.2 % | 32.5 %" in table
    assert "4.200 | 25.0 % | 31.0 %" in table
    assert "| left grey | – | – | – | 21.25 dB | 0 % | 499 of water |" in table


def test_table_leaves_out_the_temperature_of_other_decoders():
    assert "`m`, mean |" in report.color_table([result(decode="mean", temperature=None)])


def test_a_squared_error_does_not_stand_among_nats():
    table = report.color_table([result(loss_name="euclidean", decode="regression")])
    assert "`m`, regression, T = 0.5 | – | 30.0 %" in table


def test_results_on_different_photos_do_not_share_a_table():
    with pytest.raises(InputError, match="one photo set"):
        report.color_table([result(), result(dataset="land")])
    with pytest.raises(InputError, match="one photo set"):
        report.color_table([])


def test_update_replaces_only_what_lies_between_the_marks():
    page = f"before\n{report.START}\nold\n{report.END}\nafter\n"
    assert report.updated(page, "new") == f"before\n{report.START}\nnew\n{report.END}\nafter\n"
    with pytest.raises(InputError, match="once, in this order"):
        report.updated("no marks", "new")


def test_missing_results_and_page_are_named(tmp_path):
    with pytest.raises(InputError, match="make results"):
        report.read_color_results(tmp_path)
    with pytest.raises(InputError, match="cannot read"):
        report.update_readme(tmp_path / "README.md", [result()])


def test_readme_is_up_to_date_with_results():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = report.color_table(report.read_color_results(ROOT / "results"))
    assert report.updated(text, table) == text


def test_history_is_read_as_numbers(tmp_path):
    path = tmp_path / "history.csv"
    path.write_text("epoch,loss\n1,4.5\n2,4.25\n")
    assert report.read_history(path) == [{"epoch": 1, "loss": 4.5}, {"epoch": 2, "loss": 4.25}]
    assert [row["epoch"] for row in report.read_history(path, path)] == [1, 2, 3, 4]
    path.write_text("epoch,loss\n")
    with pytest.raises(InputError, match="no epoch"):
        report.read_history(path)
    path.write_text("epoch,loss\n1,high\n")
    with pytest.raises(InputError, match="cannot read"):
        report.read_history(path)
