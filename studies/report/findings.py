"""The tables and verdicts of docs/findings.md and docs/frame-rate.md, from results/experiments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from studies.report.cells import markdown
from studies.verdicts import written

Summary = Mapping[str, Any]
Rows = list[list[str]]


def finding_marks(name: str) -> tuple[str, str]:
    """Return the lines of a page between which a study's table and verdicts stand."""
    return (
        f"<!-- {name}: start (made by `python -m studies report`) -->",
        f"<!-- {name}: end -->",
    )


def finding_tables(
    results: Mapping[str, Mapping[str, Any]],
) -> dict[str, dict[tuple[str, str], str]]:
    """Make the table and the verdicts of every study that has been run.

    Returns
    -------
    dict
        Page below docs/ to `finding_marks` to Markdown.
    """
    pages: dict[str, dict[tuple[str, str], str]] = {"findings.md": {}, "frame-rate.md": {}}
    for name, rows in _ROWS.items():
        if name in results:
            summary = results[name]["summary"]
            page = pages["frame-rate.md" if name == "frame_rate" else "findings.md"]
            page[finding_marks(name)] = f"{markdown(rows(summary))}{_verdicts(name, summary)}"
    return pages


_CLAIMS = {
    "grey_input": {"verdict": "the layers keep most of their behaviour"},
    "loss": {
        "desaturation": "regression desaturates",
        "easier": "classification is easier to optimize",
        "stable": "classification is more stable over seeds",
    },
    "bins": {"verdict": "an odd number keeps neutral pixels cleaner"},
    "transfer": {
        "shortens": "VGG-16 shortens training in epochs",
        "minutes": "VGG-16 shortens training in minutes",
        "depth": "blocks 4 and 5 are worth having",
        "residual": "adding is better than concatenating",
    },
    "foliage": {
        "landscapes_gain": "landscapes gain",
        "water_loses": "water photos lose",
        "foliage_unsure": "a model of water photos is unsure of foliage",
        "foliage_surer": "landscapes make it surer of foliage",
    },
    "frame_rate": {
        "copies": "at 30 the model copies",
        "more_than_copying": "it does more than copy",
        "less_copying": "a slightly lower rate lets it copy less",
        "steady": "films stay as steady",
        "nuanced": "it learns more of how colours change",
        "guess": "the guess as a whole",
        "scheduled": "scheduled sampling lets it copy less",
        "displacement": "a faster camera does what a lower rate does",
    },
    "recurrent": {
        "recurrent": "the longest `gru` is better than `concat`",
        "instead": "the longest `gru` is better than `warped`",
        "windows": "the longest `gru` is better than `gru-1`",
        "warping": "`warped` is better than `concat`",
    },
    "context": {
        "corrects": "with teacher forcing, it corrects for a weaker color model",
        "by_itself": "free-running, it does so, too",
        "copying": "what the truth gains is plain copying",
        "more": "it does more with the truth than copy it",
    },
}
"""Study to the keys of its verdicts, to the claim that each judges."""


def _verdicts(name: str, summary: Summary) -> str:
    """List the verdicts below the table, by the rules that the study's protocol states."""
    found = summary.get("verdicts") or summary.get("claims") or summary.get("verdict")
    told = found if isinstance(found, Mapping) else {"verdict": found}
    lines = [f"- {words}: **{told[key]}**" for key, words in _CLAIMS.get(name, {}).items()]
    return "\n\n" + "\n".join(["By the stated rules:", "", *lines]) if lines else ""


def _grey_input(summary: Summary) -> Rows:
    rows = _headed(
        "layer | *r*, same photo | *r*, another photo | *r*, same, random weights | "
        "*r*, another, random weights | learnt − random, same | learnt − random, margin | "
        "CKA, same photo | CKA, same, random weights"
    )
    control = summary["control"]
    for name, layer in summary["layers"].items():
        ours, theirs = layer["unit_correlation"], control["layers"][name]["unit_correlation"]
        apart = control["difference"][name]["unit_correlation"]
        rows.append(
            [_short(name)]
            + [written(one[pair], ".2f") for one in (ours, theirs) for pair in ("same", "other")]
            + [_signed(apart[pair]) for pair in ("same", "margin")]
            + [
                written(one[name]["cka"]["same"], ".2f")
                for one in (summary["layers"], control["layers"])
            ]
        )
    return rows


def _loss(summary: Summary) -> Rows:
    curve = summary["curve"]
    shown = {"regression": curve["euclidean"]["regression"]}
    shown |= {
        f"classification, {way.replace('annealed ', 'annealed, T = ')}": one
        for way, one in curve["crossentropy"].items()
    }
    shown |= {f"rebalanced, {way}": curve["rebalanced"][way] for way in ("mean", "argmax")}
    rows = [["answer", "colourfulness, share of the photos' own", "PSNR above grey (dB)"]]
    for name, one in shown.items():
        share = written(one["colourfulness"], ".0f", 100).replace(" [", " % [")
        rows.append([name, share, written(one["gain"], ".2f")])
    return rows


def _bins(summary: Summary) -> Rows:
    rows = _headed(
        "bins | loss | the prior's | 2 ln n | learnt (nats) | accuracy (%) | "
        "the largest bin's | PSNR of the mean above grey (dB) | true bins' (dB) | "
        "neutral pixels, from grey (× 255) | true bins'"
    )
    for name, one in {**summary["numbers"], "31, rebalanced": summary["rebalanced"]}.items():
        rows.append(
            [
                name,
                f"{one['loss']['value']:.2f}",
                f"{one['prior']['value']:.2f}",
                f"{one['uniform']:.2f}",
                written(one["learnt"], ".2f"),
                _percent(one["accuracy"]),
                f"{100 * one['majority']['value']:.1f}",
                written(one["gain mean"], ".2f"),
                f"{one['ceiling']['value']:.1f}",
                written(one["neutral annealed 0.4"], ".1f"),
                f"{one['floor']['value']:.1f}",
            ]
        )
    return rows


def _transfer(summary: Summary) -> Rows:
    rows = _headed(
        "network | trained parameters | loss after eight epochs | minus the first's | "
        "minutes | PSNR above grey (dB)"
    )
    for name, one in summary["kinds"].items():
        rows.append(
            [
                one["label"],
                str(one["parameters"]),
                written(one["curve"][-1], ".2f"),
                written(summary["against"].get(name), unknown="–"),
                f"{one['minutes'][-1]:.1f}",
                written(one["psnr_gain"], ".2f"),
            ]
        )
    return rows


def _foliage(summary: Summary) -> Rows:
    names = {"water": "water", "both": "water and landscapes", "longer": "water, as many steps"}
    rows = _headed(
        "learnt from | loss, water | loss, landscapes | PSNR above grey, water (dB) | "
        "landscapes | colourfulness, water (%) | landscapes | entropy, sky (nats) | water | "
        "foliage"
    )
    for kind, one in summary["kinds"].items():
        parts = one["water"], one["landscape"]
        rows.append(
            [names[kind]]
            + [written(part["loss"], ".2f") for part in parts]
            + [written(part["psnr_gain"], ".2f") for part in parts]
            + [written(part["colourfulness"], ".0f", 100) for part in parts]
            + [written(one["regions"][thing], ".2f") for thing in ("sky", "water", "foliage")]
        )
    return rows


def _reactions(summary: Summary) -> Rows:
    keys = ("color", "grey", "other_color", "other_grey")
    rows = [["thing", "layer", "on colour", "on grey", "floor, colour", "floor, grey"]]
    for thing, name in summary["best"].items():
        found = summary["layers"][name][thing]
        rows.append([thing, _short(name), *(written(found[key], ".2f") for key in keys)])
    return rows


def _frame_rate(summary: Summary) -> Rows:
    names = {
        "scheduled": "30, scheduled sampling",
        "30 x10": "30, camera 10 times as fast",
        "30 x30": "30, camera 30 times as fast",
    }
    digits = {"index": 3, "accuracy": 3, "uncovered": 3, "error": 2, "warp": 2}
    rows = _headed(
        "learnt at (frames a second) | identity index, tested at 30 | index, against 30 | "
        "accuracy with teacher forcing, against 30 | on uncovered pixels, against 30 | "
        "chroma error free, against 30 (× 255) | warp error free, against 30 (× 255)"
    )
    for name, tested in summary["cells"]["index"].items():
        against = summary["against"].get(name, {})
        if not against and name != "30":  # what learns nothing
            continue
        rows.append(
            [names.get(name, name), written(tested["30"], ".3f")]
            + [written(against.get(key), f"+.{k}f", unknown="–") for key, k in digits.items()]
        )
    return rows


def _recurrent(summary: Summary) -> Rows:
    rows = _headed(
        "memory | parameters | processor ms a frame | accuracy, teacher forcing (%) | "
        "accuracy, free-running (%) | drift, free-running (× 255) | "
        "warp error, free-running (× 255)"
    )
    for name, one in summary["kinds"].items():
        cost, free = summary["costs"][name], one["free"]
        rows.append(
            [
                f"`{name}`",
                str(cost["parameters"]),
                f"{cost['processor']:.1f}",
                _percent(one["truth"]["accuracy"]),
                _percent(free["accuracy"]),
                written(free["drift"], "+.1f"),
                written(free["warp"], ".2f"),
            ]
        )
    alone = summary["baselines"]["color"]["free"]
    accuracy, warp = _percent(alone["accuracy"]), written(alone["warp"], ".2f")
    return [*rows, ["the color model alone", "–", "–", "–", accuracy, "–", warp]]


def _context(summary: Summary) -> Rows:
    rows = _headed(
        "color model | alone | teacher forcing | first frame given | free-running | "
        "no context | copying the truth"
    )
    for name, one in summary["colors"].items():
        told = [one["contexts"][key] for key in ("truth", "first", "free", "none")]
        shown = (one["color"], *told, one["copy"])
        rows.append([name, *(_percent(part["accuracy"]) for part in shown)])
    return rows


_ROWS: dict[str, Callable[[Summary], Rows]] = {
    "grey_input": _grey_input,
    "loss": _loss,
    "bins": _bins,
    "transfer": _transfer,
    "foliage": _foliage,
    "reactions": _reactions,
    "frame_rate": _frame_rate,
    "recurrent": _recurrent,
    "context": _context,
}
"""Study to what makes its rows, the header first, of its summary."""


def _headed(header: str) -> Rows:
    """Begin a table."""
    return [header.split(" | ")]


def _percent(told: Mapping[str, float]) -> str:
    return written(told, ".1f", 100)


def _signed(told: Mapping[str, float]) -> str:
    """Write a difference; one that rounds to nothing has no sign."""
    found = written(told, "+.2f")
    return found.replace("+0.00", "0.00").replace("-0.00", "0.00")


def _short(layer: str) -> str:
    """Name a layer as figures do: conv3_2."""
    return layer.replace("block", "conv").replace("_conv", "_")
