"""Figures: what they show is what they were given, and they are files when saved."""

import subprocess
import sys
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlab import plots
from colorlab.errors import InputError

ROOT = Path(__file__).resolve().parents[1]


def drawn(figure, path):
    """Save a figure and return its pixels, uint8 (H, W, 3)."""
    plots.save(figure, path, dpi=60)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def texts(figure):
    """Every text of a figure that is not empty."""
    return {t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")) if t.get_text()}


# --- pictures ------------------------------------------------------------------------------------


def test_pictures_are_shown_where_they_belong(tmp_path):
    def flat(*rgb):
        return np.full((20, 30, 3), rgb, np.uint8)

    colours = [[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (255, 255, 0)]]
    figure = plots.pictures([[flat(*rgb) for rgb in row] for row in colours])
    pixels = drawn(figure, tmp_path / "figure.png")
    height, width = pixels.shape[:2]
    for r, row in enumerate(colours):
        for c, rgb in enumerate(row):
            middle = pixels[height * (2 * r + 1) // 4, width * (2 * c + 1) // 4]
            np.testing.assert_array_equal(middle, rgb)


def test_grey_is_shown_on_its_full_scale(tmp_path):
    middle = []
    for grey in (
        np.full((16, 16), 64, np.uint8),
        np.full((16, 16, 1), 64 / 255, np.float32),
        np.full((16, 16, 3), 64 / 255, np.float64),
    ):
        pixels = drawn(plots.pictures([[grey]]), tmp_path / "grey.png")
        middle.append(pixels[pixels.shape[0] // 2, pixels.shape[1] // 2].astype(int))
    np.testing.assert_allclose(middle, 64, atol=1)


def test_pictures_carry_their_titles_and_notes():
    picture = np.zeros((10, 10, 3), np.uint8)
    figure = plots.pictures(
        [[picture, picture], [picture, picture]],
        columns=("grey", "truth"),
        labels=("a coast", "a cat"),
        notes=[["1 dB", "2 dB"], ["3 dB", "4 dB"]],
        title="What is shown",
    )
    wanted = {"grey", "truth", "a coast", "a cat", "1 dB", "2 dB", "3 dB", "4 dB", "What is shown"}
    assert wanted <= texts(figure)


@pytest.mark.parametrize("columns", [1, 5])
def test_many_and_extreme_pictures_fit_on_the_figure(tmp_path, columns):
    rows = [[np.zeros(shape, np.uint8)] * columns for shape in ((4, 400), (400, 4), (1, 1))]
    pixels = drawn(plots.pictures(rows, notes=[["x"] * columns] * 3), tmp_path / "f.png")
    assert min(pixels.shape[:2]) > 50 and max(pixels.shape[:2]) < 3000


@pytest.mark.parametrize("rows", [[], [[]], [[np.zeros((2, 2))], [np.zeros((2, 2))] * 2]])
def test_rows_of_different_length_are_refused(rows):
    with pytest.raises(InputError, match="same number of pictures"):
        plots.pictures(rows)


# --- contact sheets ------------------------------------------------------------------------------


def rows_of(count, columns, height=10, width=20):
    """One colour per picture, so that it can be found again."""
    colours = np.random.default_rng(0).integers(0, 200, (count, columns, 3), np.uint8)
    return [[np.full((height, width, 3), c, np.uint8) for c in row] for row in colours]


@pytest.mark.parametrize(("count", "columns"), [(1, 3), (7, 3), (5, 6)])
def test_a_sheet_shows_every_picture_pixel_by_pixel(tmp_path, count, columns):
    rows = rows_of(count, columns)
    titles = [f"t{c}" for c in range(columns)]
    labels = [f"photo {r}" for r in range(count)]
    notes = [[f"{r}.{c} dB" for c in range(columns)] for r in range(count)]
    figure = plots.contact_sheet(rows, titles, labels, notes, "What is shown", width=400)
    assert {"What is shown", *titles, *labels, *chain(*notes)} <= texts(figure)
    plots.save(figure, tmp_path / "s.png", dpi=plots.SHEET_DPI)
    with Image.open(tmp_path / "s.png") as image:
        pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape[1] <= 400
    (shown,) = [image.get_array() for image in figure.axes[0].images]
    assert shown.shape == pixels.shape
    for picture in chain(*rows):
        assert (pixels == picture[0, 0]).all(-1).sum() == picture.shape[0] * picture.shape[1]


def test_a_heading_starts_a_new_line_of_a_sheet():
    rows = rows_of(3, 2)
    options = {"sections": {1: "These are others"}, "width": 400}
    figure = plots.contact_sheet(rows, ["a", "b"], ["x", "y", "z"], [["", ""]] * 3, **options)
    (shown,) = [image.get_array() for image in figure.axes[0].images]
    tops = [np.argwhere((shown == row[0][0, 0]).all(-1))[0] for row in rows]
    assert tops[0][0] + rows[0][0].shape[0] < tops[1][0] == tops[2][0]
    assert tops[0][1] == tops[1][1] < tops[2][1]
    heading = next(text for text in figure.axes[0].texts if text.get_text() == "These are others")
    assert tops[0][0] < heading.get_position()[1] < tops[1][0]


def test_a_sheet_takes_sizes_that_differ_and_names_that_are_long_or_odd(tmp_path):
    rows = [*rows_of(1, 3, 30, 5), *rows_of(1, 3, 5, 30)]
    labels = ["x" * 200 + ".jpg", "$price_$.jpg"]
    figure = plots.contact_sheet(rows, list("abc"), labels, [["$1", "2$", ""]] * 2)
    plots.save(figure, tmp_path / "s.png", dpi=plots.SHEET_DPI)
    shown = [text for text in texts(figure) if text.startswith("xx")]
    assert len(shown) == 1 and len(shown[0]) < 60 and shown[0].endswith("…")
    assert "$price_$.jpg" in texts(figure)


def test_a_sheet_with_gaps_is_refused():
    for rows, notes in (([], []), (rows_of(2, 2), [["", ""]] * 2), (rows_of(1, 3), [["", ""]])):
        with pytest.raises(InputError, match="rows of 3 pictures"):
            plots.contact_sheet(rows, list("abc"), ["a"] * 2, notes)


# --- history -------------------------------------------------------------------------------------

HISTORY = [
    {
        **{"epoch": k + 1, "loss": 5 - k, "val_loss": value},
        **{f"{part}accuracy_{head}": 0.1 * k for part in ("", "val_") for head in "uv"},
    }
    for k, value in enumerate([4.5, 4.0, 4.2])
]


def test_history_draws_every_curve_and_marks_the_epoch_that_was_kept():
    figure = plots.history(HISTORY, baseline=4.6, title="A training")
    left, right = figure.axes
    lines = {line.get_label(): line for line in left.lines}
    assert list(lines["validation"].get_ydata()) == [4.5, 4.0, 4.2]
    assert list(lines["training"].get_ydata()) == [5, 4, 3]
    assert list(lines["kept: epoch 2"].get_xydata()[0]) == [2, 4.0]
    assert set(lines["prior"].get_ydata()) == {4.6}
    assert len(right.lines) == 4
    assert "A training" in texts(figure)


def test_history_takes_the_strings_of_a_csv_file_and_a_model_without_accuracy():
    rows = [{"epoch": "1", "loss": "0.02", "val_loss": "0.03"}]
    left, right = plots.history(rows).axes
    assert left.lines[0].get_ydata() == [0.02]
    assert len(right.lines) == 0


def test_history_marks_where_one_stage_went_on_from_another():
    stages = (1, 1, 2, 2, 3)
    rows = [{"epoch": k + 1, "val_loss": 4, "stage": stage} for k, stage in enumerate(stages)]
    for ax in plots.history(rows).axes:
        marks = [line for line in ax.lines if line.get_linestyle() == "--"]
        assert [line.get_xdata()[0] for line in marks] == [2.5, 4.5]
    left, _ = plots.history(HISTORY).axes
    assert "next stage" not in {line.get_label() for line in left.lines}


def test_history_of_nothing_is_refused():
    with pytest.raises(InputError, match="at least one epoch"):
        plots.history([])


# --- errors over films ---------------------------------------------------------------------------


def test_film_errors_are_drawn_as_they_are_and_smoothed_with_one_legend(tmp_path):
    one = {"first": ([3, 1, 2], [2, 2, 1.5]), "second": ([5, 5, 5], [5, 5, 5])}
    panels = {"a set": {"second": one["second"]}, "another": one}
    figure = plots.film_errors(panels, "What is seen")
    for ax, lines in zip(figure.axes, panels.values(), strict=True):
        drawn_lines = [list(line.get_ydata()) for line in ax.lines]
        assert drawn_lines == [list(values) for pair in lines.values() for values in pair]
        assert {tuple(line.get_xdata()) for line in ax.lines} == {(1, 2, 3)}
        assert ax.get_ylim()[0] == 0 and ax.get_xlabel() == "frame"
    assert "chroma error" in figure.axes[0].get_ylabel()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == ["second", "first"]
    assert {"a set", "another", "What is seen"} <= texts(figure)
    looks = {}
    for ax in figure.axes:
        for line in ax.lines[1::2]:
            looks.setdefault(line.get_label(), set()).add((line.get_color(), line.get_linestyle()))
    assert [len(look) for look in looks.values()] == [1, 1] and len(set.union(*looks.values())) == 2
    figure.draw_without_rendering()
    box = legend.get_window_extent()
    assert not any(box.overlaps(ax.get_tightbbox()) for ax in figure.axes)
    assert drawn(figure, tmp_path / "film.png").shape[1] > 400


def test_film_errors_have_five_looks_and_take_a_single_frame():
    lines = {str(k): ([0.1 * k], [0.1 * k]) for k in range(5)}
    (ax,) = plots.film_errors({"a set": lines}).axes
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines[1::2]}) == 5


def test_film_errors_of_nothing_are_refused():
    with pytest.raises(InputError, match="at least one panel"):
        plots.film_errors({})


# --- layers --------------------------------------------------------------------------------------


def figures_of(values):
    return [{"value": v, "low": v - 0.1, "high": v + 0.1} for v in values]


def test_layers_are_drawn_with_intervals_and_floors_of_the_same_colour(tmp_path):
    lines = {name: figures_of([0.9 - k / 10, 0.8]) for k, name in enumerate("abcd")}
    panels = {"first": lines, "second": {"c": lines["c"]}}
    figure = plots.by_layer(["in", "out"], panels, "What is seen", {"first": ("half", 0.5)})
    first, second = figure.axes
    assert [list(line.get_ydata()) for line in first.lines[:4]] == [
        [one["value"] for one in line] for line in lines.values()
    ]
    assert set(first.lines[4].get_ydata()) == {0.5} and len(second.lines) == 1
    assert len(first.collections) == 4
    colours = [line.get_color() for line in first.lines]
    assert colours[0] == colours[2] != colours[1] == colours[3]
    assert {line.get_linestyle() for line in first.lines[2:4]} == {":"}
    assert second.lines[0].get_label() == "c"
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == [*"abcd", "half"]
    wanted = {"What is seen", "first", "second", "in", "out", "layer"}
    assert wanted <= texts(figure)
    assert drawn(figure, tmp_path / "layers.png").shape[1] > 400


@pytest.mark.parametrize("panels", [{}, {"first": {"a": figures_of([1])}}])
def test_layers_without_a_figure_each_are_refused(panels):
    with pytest.raises(InputError, match="one figure for each of 2 layers"):
        plots.by_layer(["in", "out"], panels)


# --- files ---------------------------------------------------------------------------------------


def test_save_writes_whole_files_and_makes_the_folder(tmp_path):
    figure = plots.pictures([[np.zeros((4, 4))]])
    for name in ("a.png", "b.svg", "c.pdf"):
        plots.save(figure, tmp_path / "new" / name)
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.png", "b.svg", "c.pdf"]


def test_save_that_fails_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    figure = plots.pictures([[np.zeros((4, 4))]])
    with pytest.raises(InputError, match="cannot write"):
        plots.save(figure, tmp_path / "file" / "a.png")
    with pytest.raises(ValueError, match="nonsense"):
        plots.save(figure, tmp_path / "a.nonsense")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_figures_do_not_pile_up_in_pyplot():
    code = (
        "import sys, numpy; from colorlab import plots; plots.pictures([[numpy.zeros((4, 4))]]); "
        "print({'matplotlib.pyplot', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("set()", 0), done.stderr


# --- architecture --------------------------------------------------------------------------------


@pytest.mark.keras
def test_architecture_reads_every_size_from_the_network(model):
    shown = "\n".join(texts(plots.architecture(model.network, size=224)))
    for block, side, filters in ((1, 224, 64), (2, 112, 128), (3, 56, 256), (5, 14, 512)):
        assert f"VGG-16 block {block}:" in shown
        assert f"{side} × {side} × {filters}" in shown
    for tap, width in zip(model.config.taps, model.config.widths, strict=True):
        side = 224 // 2 ** (tap - 1)
        assert f"{side} × {side} × {width}" in shown
    for head in "UV":
        assert (
            f"head {head}: {model.config.n} bins, 112 × 112\nenlarge, softmax: 224 × 224" in shown
        )
    assert "(+ global mean)" in shown


@pytest.mark.keras
def test_architecture_of_another_network():
    from colorlab import color_model

    config = color_model.ColorModelConfig(
        n=10, taps=(1, 3), widths=(4, 6), context=0, backbone=None
    )
    shown = "\n".join(texts(plots.architecture(color_model.build(config), size=64)))
    assert "64 × 64 × 4" in shown and "16 × 16 × 6" in shown
    assert "head U: 10 bins, 64 × 64\nsoftmax: 64 × 64" in shown
    assert "block 3" in shown and "block 4" not in shown
    assert "global mean" not in shown


# --- curves --------------------------------------------------------------------------------------


def test_curves_show_figures_with_their_intervals_and_baselines(tmp_path):
    told = {"value": 2.0, "low": 1.5, "high": 3.0}
    gap = (float("nan"), float("nan"))
    lines = {"ours": [(10, told), (20, 2.5)], "theirs": [(told, 1), gap, (30, 4)]}
    panels = [
        plots.Panel("a", "x", "y", lines, {"chance": 0.0}, {"ours": ["first", ""]}),
        plots.Panel("b", "rate", "dB", {"ours": [(0.001, 1), (0.003, 2)]}, logarithmic=True),
        plots.Panel("c", "x", "y", lines),
    ]
    figure = plots.curves(panels, "What is shown")
    shown = texts(figure)
    assert {"a", "b", "c", "x", "rate", "dB", "ours", "theirs", "chance", "first"} <= shown
    assert "What is shown" in shown
    assert [tick.get_text() for tick in figure.axes[1].get_xticklabels()] == ["0.001", "0.003"]
    line, _, bars = figure.axes[0].containers[0]
    np.testing.assert_array_equal(line.get_xydata(), [(10, 2), (20, 2.5)])
    np.testing.assert_array_equal(bars[-1].get_segments()[0], [(10, 1.5), (10, 3)])
    assert len({axes.containers[0][0].get_color() for axes in figure.axes[:3]}) == 1
    assert drawn(figure, tmp_path / "c.png").std() > 5
    with pytest.raises(InputError, match="at least one panel"):
        plots.curves([])


def test_ticks_of_a_logarithmic_axis_do_not_touch():
    line = {"ours": [(x, 1.0) for x in (0.0163, 0.5, 0.52, 1, 60)]}
    figure = plots.curves([plots.Panel("a", "x", "y", line, logarithmic=True)])
    shown = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert shown == ["0.016", "0.5", "1", "60"]


def test_heat_maps_write_their_figures_in(tmp_path):
    table = [[0.1, 0.2, float("nan")], [0.9, 0.5, 0.3]]
    figure = plots.heat_maps(
        {"index": table, "drift": table, "warp": table}, ["a", "b"], ["60", "30", "1"], "tested",
        "learnt", "Rates",
    )  # fmt: skip
    shown = texts(figure)
    assert {"index", "drift", "warp", "tested", "learnt", "Rates", "0.90", "60", "b"} <= shown
    assert len(figure.axes[0].texts) == 5  # what is not a number stays blank
    assert [axes.axison for axes in figure.axes] == [True, True, True, False]
    assert drawn(figure, tmp_path / "h.png").std() > 5
    with pytest.raises(InputError, match=r"2 rows and 2 columns; received \[\(2, 3\)\]"):
        plots.heat_maps({"index": table}, ["a", "b"], ["60", "30"])
