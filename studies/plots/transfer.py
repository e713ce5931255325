"""The figures of the experiment `transfer`: losses by epoch and by minute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matplotlib.figure import Figure

from colorlab import plots
from studies import transfer


def draw(result: dict[str, Any]) -> dict[str, Figure]:
    """Draw validation losses by epoch and by minute, and what the other arms lose."""
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
