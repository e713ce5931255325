"""``colorlab experiment``: what the paper claims, asked and measured."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from colorlab.cli import common
from colorlab.errors import InputError


def add(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "experiment", help="measure what the paper claims; without a NAME, list the questions"
    )
    command.add_argument("name", nargs="?", metavar="NAME", help="which experiment")
    command.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the result; finished arms wait in DIR/arms, and the same command goes on "
        "from there after a kill",
    )
    command.add_argument(
        "--photos",
        type=Path,
        help="a CSV manifest, or a folder (all its photos); not for those that render their own",
    )
    command.add_argument(
        "--more-photos",
        type=Path,
        metavar="PHOTOS",
        help="the second set of an experiment that compares two, with the same splits",
    )
    command.add_argument(
        "--clips",
        type=Path,
        metavar="CSV",
        help="a manifest of films with the splits train and test, for an experiment on films",
    )
    command.add_argument(
        "--split",
        help="a split of the manifest, all photos by default; experiments that train learn from "
        "the split train and measure this one, val by default",
    )
    command.add_argument(
        "--max-photos",
        type=common.positive,
        metavar="N",
        help="at most N photos, evenly spaced; the experiment's own number by default; those that "
        "train learn from N and measure a quarter as many",
    )
    command.add_argument(
        "--fast", action="store_true", help="a small run on rendered coasts; needs no photos"
    )
    command.add_argument(
        "--arms",
        nargs="+",
        default=(),
        metavar="ARM",
        help="measure these arms alone; several processes can so share out the work of one --out, "
        "and the command without --arms makes the result of all",
    )
    common.add_common(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List the experiments, or run one, draw its figures and say what was found."""
    from colorlab import experiments

    name = arguments.name
    if name is None:
        width = max(map(len, experiments.QUESTIONS))
        for known, question in experiments.QUESTIONS.items():
            print(f"{known:{width}}  {question}")
        return 0
    experiments.check(name)
    if arguments.out is None:
        raise InputError("an experiment needs --out, the folder of its result.")
    if arguments.more_photos is not None and name not in experiments.TWO_SETS:
        raise InputError(f"{name} takes one set of photos; leave out --more-photos.")
    if arguments.clips is not None and name not in experiments.CLIPS:
        raise InputError(f"{name} takes no clips; leave out --clips.")
    if arguments.photos is not None and name in experiments.CLIPS:
        raise InputError(f"{name} takes no photos but films; name their manifest with --clips.")
    common.check_folder(arguments.out)
    common.start_keras()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of several networks
    from colorlab import plots
    from colorlab.experiments import harness

    asked = harness.Asked(
        arguments.clips or arguments.photos,
        arguments.split,
        arguments.max_photos,
        arguments.fast,
        arguments.seed,
        not arguments.quiet,
        arguments.more_photos,
    )
    words = common.command_line(arguments.words)
    try:
        result = harness.run(
            name, experiments.load(name), asked, arguments.out, words, arguments.arms
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted; finished arms are kept in {arguments.out}, and the same command goes on."
        ) from None
    if result is None:
        common.say(arguments, "measured; other arms are still missing, so there is no result yet.")
        return 0
    for stem, figure in FIGURES[name](result).items():
        plots.save(figure, arguments.out / f"{stem}.png")
    common.say(arguments, f"{result['summary']['finding']}\n{arguments.out / 'result.json'}")
    return 0


def _grey_input(result: dict[str, Any]) -> dict[str, Any]:
    """Draw correlation and CKA by layer."""
    from colorlab import plots
    from colorlab.experiments import grey_input

    layers = result["summary"]["layers"]
    titles = {"unit_correlation": "Correlation, mean over units", "cka": "Linear CKA"}
    pairs = {"same": "colour and grey of one photo", "other": "colour and grey of two photos"}
    networks = {"": layers, ", random weights": result["summary"]["control"]["layers"]}
    panels = {
        title: {
            words + which: [one[key][pair] for one in network.values()]
            for pair, words in pairs.items()
            for which, network in networks.items()
        }
        for key, title in titles.items()
    }
    half = {titles["unit_correlation"]: ("half of the variance", grey_input.MOST**0.5)}
    title = result["summary"]["finding"]
    return {"grey_input": plots.by_layer(_short(layers), panels, title, half)}


def _reactions(result: dict[str, Any]) -> dict[str, Any]:
    """Draw the best unit's reaction by layer, for each thing that is reacted to."""
    from colorlab import plots
    from colorlab.experiments import reactions

    layers = result["summary"]["layers"]
    lines = {
        "on colour": "color",
        "on grey": "grey",
        "on colour, map of another scene": "other_color",
        "on grey, map of another scene": "other_grey",
    }
    panels = {
        region: {
            label: [one[region][key] for one in layers.values()] for label, key in lines.items()
        }
        for region in reactions.THINGS
    }
    title = result["summary"]["finding"]
    return {"reactions": plots.by_layer(_short(layers), panels, title, ylabel="r of best unit")}


def _loss(result: dict[str, Any]) -> dict[str, Any]:
    """Draw PSNR against colourfulness, and what learning rates and seeds do to the losses."""
    from colorlab import plots

    summary = result["summary"]
    words = {
        "crossentropy": "classification",
        "rebalanced": "classification, rebalanced",
        "euclidean": "regression",
    }
    curve = {
        label: [(one["colourfulness"], one["gain"]) for one in summary["curve"][key].values()]
        for key, label in words.items()
    }
    first, *between, last = summary["curve"]["crossentropy"]
    notes = {"classification": [first, *("" for _ in between), last]}
    trade = plots.Panel(
        f"From {first} over {', '.join(between)} to {last}".replace(", annealed", ","),
        "colourfulness, share of the photos' own",
        "PSNR above grey (dB)",
        {**curve, "grey": [(0.0, 0.0)]},
        {"grey's PSNR": 0.0},
        notes,
    )
    rates = summary["rates"]
    pair = ("crossentropy", "euclidean")
    panels = [
        plots.Panel(
            "PSNR",
            "learning rate",
            "PSNR above grey (dB)",
            {
                words[key]: [(float(rate), one["gain"]) for rate, one in rates[key].items()]
                for key in pair
            },
            {"grey's PSNR": 0.0},
            logarithmic=True,
        ),
        *(
            plots.Panel(
                f"Validation loss, {words[key]}",
                "epoch",
                "share of a constant answer's loss",
                {
                    f"learning rate {rate}": list(enumerate(one["history"], start=1))
                    for rate, one in rates[key].items()
                },
                {"a constant answer": 1.0},
            )
            for key in pair
        ),
    ]
    findings = summary["findings"]
    return {
        "loss": plots.curves([trade], findings["color"], columns=1),
        "loss_training": plots.curves(panels, findings["training"], columns=3),
    }


def _bins(result: dict[str, Any]) -> dict[str, Any]:
    """Draw what each number of bins reaches, and which pairs of bins exist at each luma."""
    from colorlab import plots
    from colorlab.experiments import bins

    summary = result["summary"]
    numbers = {int(n): one for n, one in summary["numbers"].items()}
    sides = {"even (grey on an edge)": 0, "odd (grey in a centre)": 1}
    gap: tuple[Any, Any] = (float("nan"), float("nan"))

    def panel(title: str, ylabel: str, key: str, **baselines: str) -> plots.Panel:
        lines = {
            label: [(n, one[key]) for n, one in numbers.items() if n % 2 == odd]
            for label, odd in sides.items()
        }
        lines["odd, rebalanced"] = [(bins.BALANCED, summary["rebalanced"][key])]
        for words, name in baselines.items():
            found = [[(n, numbers[n][name]) for n in numbers if n % 2 == k] for k in (0, 1)]
            lines[words.replace("_", " ")] = [*found[0], gap, *found[1]]
        return plots.Panel(title, "bins per axis", ylabel, lines)

    grey = "neutral annealed 0.4"
    panels = [
        panel("Loss", "nats a pixel, U + V", "loss", the_prior="prior", uniform="uniform"),
        panel("Accuracy", "share of pixels, mean of U and V", "accuracy", the_largest="majority"),
        panel("PSNR of the mean", "dB above grey", "gain mean", true_bins="ceiling"),
        panel("Neutral pixels (T = 0.4)", "distance from grey × 255", grey, true_bins="floor"),
    ]
    pairs = dict(summary["pairs"])
    luma = pairs.pop("luma")
    exist = [
        plots.Panel(
            title,
            "luma",
            "share of all n × n pairs of bins",
            {f"n = {n}": list(zip(luma, pairs[n][key], strict=True)) for n in list(pairs)[::2]},
        )
        for key, title in (("possible", "Some colour has them"), ("seen", "A training photo has"))
    ]
    findings = summary["findings"]
    return {
        "bins": plots.curves(panels, f"{findings['numbers']}; {findings['grey']}"),
        "bins_pairs": plots.curves(exist, findings["pairs"].capitalize()),
    }


def _transfer(result: dict[str, Any]) -> dict[str, Any]:
    """Draw validation losses by epoch and by minute, and what the other arms lose."""
    from colorlab import plots
    from colorlab.experiments import transfer

    summary = result["summary"]
    kinds, marks = summary["kinds"], {"the prior": summary["prior_loss"]["value"]}
    ours, controls = transfer.OURS, transfer.CONTROLS

    def panels(chosen: Iterable[str]) -> list[plots.Panel]:
        by_epoch, by_time = {}, {}
        for one in (kinds[kind] for kind in chosen):
            by_epoch[one["label"]] = list(enumerate(one["curve"], start=1))
            by_time[one["label"]] = list(zip(one["minutes"], one["curve"], strict=True))
        told = "validation loss (nats a pixel, U + V)"
        return [
            plots.Panel("By epoch", "epoch", told, by_epoch, marks),
            plots.Panel("By time", "minutes, the backbone's included", told, by_time, marks),
        ]

    others = [kind for kind in kinds if kind not in controls]
    found = summary["findings"]
    return {
        "transfer": plots.curves(panels([ours, *controls]), found["networks"]),
        "transfer_taps": plots.curves(panels(others), found["taps"]),
    }


def _foliage(result: dict[str, Any]) -> dict[str, Any]:
    """Draw loss and entropy of models that learnt from water photos, longer, and from both sets."""
    from colorlab import plots
    from colorlab.experiments import foliage

    summary = result["summary"]
    kinds, prior = summary["kinds"], summary["prior"]
    names = {"water": "water photos", "longer": "water photos,\nas many steps", "both": "both sets"}
    measured = {"water": "water photos", "landscape": "landscapes"}
    loss = {
        f"on {label}": [(k, kinds[kind][part]["loss"]) for k, kind in enumerate(names)]
        for part, label in measured.items()
    }
    entropy = {
        f"on rendered {thing}": [(k, kinds[kind]["regions"][thing]) for k, kind in enumerate(names)]
        for thing in foliage.THINGS
    }
    marks = {f"the prior, on {label}": prior[part]["value"] for part, label in measured.items()}
    learnt, ticks = "learnt from", list(names.values())
    panels = [
        plots.Panel("Loss", learnt, "nats a pixel, U + V", loss, marks, ticks=ticks),
        plots.Panel(
            "Entropy of the softmaxes",
            learnt,
            "nats a pixel, U + V",
            entropy,
            {"the prior's entropy": prior["entropy"]},
            ticks=ticks,
        ),
    ]
    return {"foliage": plots.curves(panels, summary["finding"])}


def _frame_rate(result: dict[str, Any]) -> dict[str, Any]:
    """Draw what frame rates do: over rates, between them, against displacement, on clips."""
    from colorlab import plots
    from colorlab.experiments.frame_rate import name_of

    summary = result["summary"]
    cells, rates, tests = summary["cells"], summary["rates"], summary["tests"]
    names = [name_of(rate) for rate in rates]
    blank = {"value": float("nan"), "low": float("nan"), "high": float("nan")}

    def sure(told: Any, most: float = float("inf")) -> Any:
        """Leave out what is not there, or could be anywhere."""
        return blank if told is None or told["high"] - told["low"] > most else told

    def own(figure: str, most: float = float("inf")) -> list[tuple[Any, Any]]:
        return [(float(r), sure(cells[figure][r][r], most)) for r in names]

    def base(figure: str, kind: str) -> list[tuple[Any, Any]]:
        return [(float(r), sure(cells[figure][kind][r])) for r in names]

    def over(title: str, ylabel: str, **lines: Any) -> plots.Panel:
        shown = {label.replace("_", " "): line for label, line in lines.items()}
        return plots.Panel(title, "frames a second", ylabel, shown, logarithmic=True)

    model, alone = "consistency_model", "color_model_alone"
    accuracy = {model: own("accuracy"), "copying": base("accuracy", "copy")}
    hard = {
        "changed_pixels": own("changed", 0.5),
        "uncovered_pixels": own("uncovered", 0.5),
        "uncovered_pixels,_copying": base("uncovered", "copy"),
    }
    index = {"told_turned_hues": own("index"), "told_another_scene's": own("index_other")}
    drift = {model: own("drift"), "keeping_the_first_frame": base("drift", "copy")}
    shares = "share of right bins"
    panels = [
        over("Told the truth", shares, **accuracy, **{alone: base("accuracy", "alone")}),
        over("Changed and uncovered pixels, told the truth", shares, **hard),
        over("Identity index", "0 ignores, 1 copies what is told", **index),
        over("Drift, left to itself", "RMSE × 255 above the color model's", **drift),
    ]
    rows, labels = [*names, "scheduled"], [*names, "30, scheduled"]
    titles = {
        "index": "Identity index",
        "gain": "Accuracy above copying",
        "uncovered": "Accuracy on uncovered pixels",
        "warp": "Warp error (RMS × 255)",
    }
    maps = {
        title: [[sure(cells[key][row][tested])["value"] for tested in names] for row in rows]
        for key, title in titles.items()
    }
    fast = [name for name in tests if " " in name]
    own_tests = {"another rate": names, "a faster camera at 30": [name_of(30), *fast]}
    moved = [
        plots.Panel(
            title,
            "displacement, pixels",
            title.lower(),
            {
                label: [(tests[one]["displacement"], sure(cells[key][one][one])) for one in chosen]
                for label, chosen in own_tests.items()
            },
            notes=dict(zip(own_tests, (names, ["30", *fast]), strict=True)),
            logarithmic=True,
        )
        for key, title in (
            ("index", "Identity index"),
            ("gain", "Accuracy above copying"),
            ("uncovered", "Accuracy on uncovered pixels"),
        )
    ]
    drawn = {
        "frame_rate": plots.curves(panels, summary["findings"]["copying"]),
        "frame_rate_matrix": plots.heat_maps(
            maps,
            labels,
            names,
            "tested at, frames a second",
            "learnt at",
            "Learnt at one rate, tested at another",
        ),
        "frame_rate_motion": plots.curves(
            moved, "Learnt and tested alike: fewer frames a second, or a faster camera", columns=3
        ),
    }
    if summary["clips"]:
        told = {
            clip: [(int(stride), one["figures"][stride]) for stride, one in by_stride.items()]
            for clip, by_stride in summary["clips"].items()
        }
        films = [
            plots.Panel(
                title,
                "frames from one to the other",
                ylabel,
                {
                    clip: [(x, float("nan") if one[key] is None else one[key]) for x, one in line]
                    for clip, line in told.items()
                },
                logarithmic=True,
            )
            for key, title, ylabel in (
                ("gain", "Above copying, told the truth", "share of right bins"),
                ("index", "Identity index", "0 ignores, 1 copies what is told"),
            )
        ]
        drawn["frame_rate_clips"] = plots.curves(films, "Learnt and tested on clips")
    return drawn


def _recurrent(result: dict[str, Any]) -> dict[str, Any]:
    """Draw quality against cost, what longer windows bring, and the error over a film."""
    from colorlab import plots
    from colorlab.experiments.film.figures import smooth

    summary = result["summary"]
    kinds, costs, base = summary["kinds"], summary["costs"], summary["baselines"]
    grus = {one["window"]: name for name, one in kinds.items() if name.startswith("gru")}
    shown = {"concat": "concatenation", "warped": "warped context"}
    shown |= {name: f"ConvGRU, windows of {window}" for window, name in grus.items()}
    told = {"free": "left to itself", "truth": "told the truth"}
    level = {shown["concat"]: 0.0}

    def above(name: str, context: str, figure: str) -> Any:
        return summary["against"][name][context][figure] or 0.0

    def cost(context: str) -> plots.Panel:
        times = {name: costs[name]["processor"] for name in summary["against"]}
        middle = (len(grus) - 1) / 2
        for k, name in enumerate(grus.values()):  # they take the same time: side by side
            times[name] *= 1 + 0.01 * (k - middle)
        places = {
            shown[name]: [(time, above(name, context, "accuracy"))] for name, time in times.items()
        }
        places |= {"concatenation": [(costs["concat"]["processor"], 0.0)]}
        xlabel, ylabel = "processor milliseconds a frame", "accuracy above concatenation's"
        return plots.Panel(f"Accuracy, {told[context]}", xlabel, ylabel, places)

    def windows(title: str, context: str, figure: str, ylabel: str) -> plots.Panel:
        line = [(window, above(name, context, figure)) for window, name in sorted(grus.items())]
        warped = summary["against"]["warped"][context][figure] or {"value": 0.0}
        marks = level | {shown["warped"]: warped["value"]}
        words = f"{title}, {told[context]}"
        xlabel, ylabel = "frames a training window", f"{ylabel}, above concatenation's"
        return plots.Panel(words, xlabel, ylabel, {"ConvGRU": line}, marks, logarithmic=True)

    longer = [
        windows("Accuracy", "free", "accuracy", "share of pixels"),
        windows("Changed pixels", "truth", "changed", "share right"),
        windows("Drift", "free", "drift", "RMSE × 255"),
        windows("Warp error", "free", "warp", "RMS × 255"),
    ]
    lines = {"color model": base["color"]["free"], "its first frame kept": base["freeze"]["free"]}
    lines |= {shown[name]: kinds[name]["free"] for name in ("concat", "warped", grus[max(grus)])}
    course = {
        label: ([k / 255 for k in one["curve"]], [k / 255 for k in smooth(one["curve"])])
        for label, one in lines.items()
    }
    found = summary["findings"]
    title = "Error over a film, mean over scenes"
    return {
        "recurrent": plots.curves([cost(context) for context in told], found["level"].capitalize()),
        "recurrent_windows": plots.curves(longer, found["windows"].capitalize()),
        "recurrent_course": plots.film_errors({told["free"]: course}, title),
    }


def _context(result: dict[str, Any]) -> dict[str, Any]:
    """Draw what the consistency model adds to color models of three strengths."""
    from colorlab import plots

    summary = result["summary"]
    colors = summary["colors"]
    ticks = [
        name if name.startswith("epoch") else f"{name} (epoch {one['epoch']})"
        for name, one in colors.items()
    ]
    told = {"truth": "told the truth", "first": "told the first frame's truth"}
    told |= {"free": "left to itself", "none": "told nothing"}
    kept = {"color": "color model alone", "copy": "copying the truth"}
    kept |= {"held": "true first frame kept", "freeze": "its own first frame kept"}

    def panel(title: str, ylabel: str, name: str) -> plots.Panel:
        lines = {
            label: [(k, one["contexts"][context][name]) for k, one in enumerate(colors.values())]
            for context, label in told.items()
        }
        lines["color model alone"] = [
            (k, one["color"][name]) for k, one in enumerate(colors.values())
        ]
        for kind in ("copy", "held", "freeze"):
            lines[kept[kind]] = [(k, one[kind][name]) for k, one in enumerate(colors.values())]
        return plots.Panel(title, "color model kept after", ylabel, lines, ticks=ticks)

    def above(title: str, key: str, contexts: Iterable[str]) -> plots.Panel:
        lines = {
            told[context]: [
                (k, one[key][context]["accuracy"]) for k, one in enumerate(colors.values())
            ]
            for context in contexts
        }
        marks = {"no difference": 0.0}
        return plots.Panel(
            title, "color model kept after", "share of pixels", lines, marks, ticks=ticks
        )

    panels = [
        panel("Accuracy", "share of right bins", "accuracy"),
        panel("Chroma's distance from the truth", "RMSE × 255", "error"),
        above("Accuracy above the color model's", "gain", told),
        above("Accuracy above keeping or copying", "beyond", ("truth", "first", "free")),
    ]
    return {"context": plots.curves(panels, summary["finding"])}


def _short(layers: Iterable[str]) -> list[str]:
    """Name layers as the literature does: conv1_1 and so on."""
    return [one.replace("block", "conv").replace("_conv", "_") for one in layers]


FIGURES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "grey_input": _grey_input,
    "reactions": _reactions,
    "loss": _loss,
    "bins": _bins,
    "transfer": _transfer,
    "foliage": _foliage,
    "frame_rate": _frame_rate,
    "recurrent": _recurrent,
    "context": _context,
}
"""Name of an experiment to what draws its figures: file name without suffix to figure."""
