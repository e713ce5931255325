"""Whether a training overfitted."""

from __future__ import annotations

from collections.abc import Sequence

PAPER_BEST_EPOCH = 16
"""The epoch after which the paper's model overfitted."""


def overfitting(rows: Sequence[dict[str, float]]) -> str:
    """Say in a sentence whether a long training overfitted.

    Returns
    -------
    str
        From which epoch on validation loss rises (by 0.01 nats at least until the end) while
        training loss goes on falling, with the paper's own epoch in a second line; else where
        validation loss is lowest.
    """
    best, last = min(rows, key=lambda row: row["val_loss"]), rows[-1]
    if last["val_loss"] - best["val_loss"] < 0.01 or last["loss"] >= best["loss"]:
        return (
            f"No overfitting in {len(rows)} epochs: validation loss is lowest after epoch "
            f"{best['epoch']:.0f} ({best['val_loss']:.2f}) and {last['val_loss']:.2f} at the end"
        )
    return (
        f"Overfitting after epoch {best['epoch']:.0f}: until epoch {last['epoch']:.0f} validation "
        f"{best['val_loss']:.2f} → {last['val_loss']:.2f}, training {best['loss']:.2f} → "
        f"{last['loss']:.2f}\n(the paper's model, on its own photos: after epoch "
        f"{PAPER_BEST_EPOCH})"
    )
