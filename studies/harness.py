"""Running an experiment: arm by arm, each kept as soon as it is measured.

In the folder of an experiment lie ``arms/ARM.json``, one a finished arm, and ``result.json``, once
all are. An experiment that was killed goes on with the first arm that is missing. An arm's file is
taken up again only where its identity is the same: experiment, parameters, seed, photos, code,
versions.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from tqdm.auto import tqdm

from colorlab import checkpoints, digests, files
from colorlab.errors import InputError
from studies import QUESTIONS
from studies.bench import processes


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a person asked for.

    Attributes
    ----------
    photos : path or None
        A CSV manifest or a folder.
    split : str or None
        A split of the manifest.
    max_photos : int or None
        At most so many photos, evenly spaced; the experiment's own number by default.
    fast : bool
        A small run on rendered coasts, which needs no photos.
    seed : int
        Of every choice of chance.
    progress : bool
        Show bars.
    more_photos : path or None
        A second set, as `photos`, for an experiment of `studies.TWO_SETS`.
    """

    photos: str | os.PathLike[str] | None = None
    split: str | None = None
    max_photos: int | None = None
    fast: bool = False
    seed: int = 0
    progress: bool = True
    more_photos: str | os.PathLike[str] | None = None


@dataclasses.dataclass(frozen=True)
class Arm:
    """One of the things that an experiment compares.

    Attributes
    ----------
    name : str
        What its file is called.
    parameters : mapping
        What sets it apart from the others, as JSON holds it.
    seed : int
        Of its choices of chance.
    """

    name: str
    parameters: Mapping[str, Any]
    seed: int


class Experiment(Protocol):
    """What an experiment's module has."""

    PROTOCOL: str
    """What is measured, and how, for a reader of the result."""

    CODE: tuple[ModuleType, ...]
    """The modules whose change makes earlier arms worthless, beside its own."""

    __file__: str | None

    def prepare(self, asked: Asked) -> tuple[Any, dict[str, Any]]:
        """Open the data; return it, and what the result says of it (a name and a hash)."""

    def arms(self, asked: Asked) -> Sequence[Arm]:
        """List what is compared; no two arms share a name."""

    def measure(self, arm: Arm, data: Any, progress: bool) -> dict[str, Any]:
        """Measure one arm; return what JSON can hold."""

    def summarise(self, measured: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """Make the answer of what every arm, by name, measured."""


def run(
    name: str,
    experiment: Experiment,
    asked: Asked,
    out: str | os.PathLike[str],
    command: str = "",
    only: Sequence[str] = (),
) -> dict[str, Any] | None:
    """Run an experiment, or go on with it, and write its result.

    Parameters
    ----------
    name : str
        The experiment's, one of `QUESTIONS`.
    experiment : Experiment
        From `studies.load`.
    asked : Asked
        Photos, seed, whether it is to be fast.
    out : path
        Folder of the experiment: ``arms/`` and ``result.json``.
    command : str
        The command that asked for this, for the result.
    only : sequence of str
        Names of the arms to be measured now; all by default. Several processes may share the arms
        of one folder out among them.

    Returns
    -------
    dict or None
        None while arms are missing, which only `only` leaves; else what ``result.json`` holds:
        schema, experiment, question, protocol, fast, summary (what ``experiment.summarise`` says),
        arms (parameters, seed, seconds, and peak_memory, the most bytes that the process had held
        by then), seeds, dataset, versions, command, date, seconds, the sum of the arms', and
        peak_memory, the largest of them.

    Raises
    ------
    InputError
        When `only` names no arm, the folder cannot be written to or the data not be read.
    """
    arms = experiment.arms(asked)
    unknown = [one for one in only if one not in {arm.name for arm in arms}]
    if unknown:
        raise InputError(
            f"{name} has no arm {unknown[0]!r}; it has {', '.join(arm.name for arm in arms)}."
        )
    data, dataset = experiment.prepare(asked)
    folder = files.ensure_folder(Path(out) / "arms")
    if not only:  # else another process may be writing to the folder
        files.remove_leftovers(folder)
    versions = checkpoints.versions()
    shared = {"dataset": dataset, "versions": versions, "code": _code(experiment)}
    found: dict[str, dict[str, Any]] = {}
    for arm in tqdm(arms, desc=name, unit="arm", disable=not asked.progress):
        path = folder / f"{arm.name}.json"
        about = {"experiment": name, **dataclasses.asdict(arm)}
        identity = digests.of_json(about | shared)
        kept = _kept(path, identity)
        if kept is None and only and arm.name not in only:
            continue
        if kept is None:
            begun = time.perf_counter()
            measured = experiment.measure(arm, data, asked.progress)
            seconds = round(time.perf_counter() - begun, 1)
            spent = {"seconds": seconds, "peak_memory": processes.peak()["bytes"]}
            kept = {"identity": identity, **about, **spent, "measured": measured}
            files.write_json(path, kept)
        found[arm.name] = kept
    if len(found) < len(arms):
        return None
    result = {
        "schema": 1,
        "experiment": name,
        "question": QUESTIONS.get(name, ""),
        "protocol": experiment.PROTOCOL,
        "fast": asked.fast,
        "summary": experiment.summarise({key: one["measured"] for key, one in found.items()}),
        "arms": {
            key: {part: one[part] for part in ("parameters", "seed", "seconds", "peak_memory")}
            for key, one in found.items()
        },
        "seeds": sorted({arm.seed for arm in arms}),
        "dataset": dataset,
        "versions": versions,
        "command": command,
        "date": datetime.date.today().isoformat(),
        "seconds": round(sum(one["seconds"] for one in found.values()), 1),
        "peak_memory": max((one["peak_memory"] or 0 for one in found.values()), default=0) or None,
    }
    files.write_json(Path(out) / "result.json", result)
    return result


def _kept(path: Path, identity: str) -> dict[str, Any] | None:
    """Return a finished arm's file if it is the very same arm's, else None."""
    if not path.is_file():
        return None
    try:
        kept = files.read_json(path)
    except InputError:  # damaged: measured again
        return None
    return kept if isinstance(kept, dict) and kept.get("identity") == identity else None


def _code(experiment: Experiment) -> str:
    """Return the digest of the sources that an arm's figures come from."""
    return digests.of_json(digests.of_sources(experiment.__file__, experiment.CODE))
