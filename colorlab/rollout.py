"""Colouring a film frame after frame, each with the one before it as context.

The `context` of a rollout is ``free``, the model's own colouring (free-running), all that a film in
black and white allows; ``truth``, the true chroma (teacher forcing), which shows how well a model
uses a perfect memory; ``first``, the truth of the first frame only and its own colouring from then
on; or ``none``. A frame without one before it, the first and the first after a cut, gets the color
model's colouring. A recurrent model's state is no context: it goes from frame to frame whatever the
context, and begins anew after a frame without one before it.

With test-time augmentation in the card, the first frame of a shot goes through all augmentations,
as a still does, and each later frame through the next one. A single one is no better; but the
memory takes the mean over frames, at the price of one forward pass a frame. Without a context there
is nothing to take the mean of, and frames are not augmented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import media
from colorlab.checkpoints import PLAIN, Augmentation, ConsistencyModel
from colorlab.consistency_model import STATE
from colorlab.decode import Decoder, resolve
from colorlab.errors import InputError

CONTEXTS = ("free", "truth", "first", "none")

Float = NDArray[np.float32]
Extracted = tuple[Float, dict[str, Float]]
Extract = Callable[[tuple[Augmentation, ...]], Extracted]


class Rollout:
    """Colours the frames of a film in order; a `colorlab.media.recolor.Colorer`.

    Parameters
    ----------
    model : ConsistencyModel
        From `colorlab.checkpoints.load_consistency`.
    decoder : Decoder or str, optional
        How probabilities become the colour that is shown and fed back, as for
        `colorlab.decode.resolve`; the card's way by default.
    """

    batch = 1

    def __init__(self, model: ConsistencyModel, decoder: Decoder | str | None = None) -> None:
        self.model = model
        self.decoder = resolve(decoder, model.decoder)
        self._before: dict[str, Float] = {}

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Return the size at which the model takes frames of a size.

        Their shape is kept, and they get as many pixels as a 16:9 frame of the working height, so
        that a film held upright or a panorama takes no more time and memory than another.
        """
        return media.working_shape(height, width, round(self.model.working_height * 4 / 3))

    def chroma(self, y: Float, starts: NDArray[np.bool_]) -> Float:
        """Colour the next frames, free-running.

        Parameters
        ----------
        y : numpy.ndarray of float32, (N, H, W, 1)
            Luma in [0, 1].
        starts : numpy.ndarray of bool, (N,)
            Which of them begin a shot.

        Returns
        -------
        numpy.ndarray of float32, (N, H, W, 2)
            U and V.
        """
        each = zip(y, starts, strict=True)
        return np.stack([self.step(luma, begins, logits=False)[1] for luma, begins in each])

    def step(
        self,
        y: Float,
        starts: bool = False,
        use_context: bool = True,
        extract: Extract | None = None,
        logits: bool = True,
    ) -> tuple[dict[str, Float], Float]:
        """Colour one frame.

        Parameters
        ----------
        y : numpy.ndarray of float32, (H, W, 1)
            Its luma.
        starts : bool
            Whether it begins a shot: then the color model alone colours it.
        use_context : bool
            Whether the frame before is used at all.
        extract : callable, optional
            Takes augmentations and returns what `ColorModel.extract_features` gives for this frame,
            where several rollouts share that.
        logits : bool
            Whether logits are wanted.

        Returns
        -------
        logits : dict
            ``u`` and ``v``, (H, W, n) float32; none where they are not wanted.
        uv : numpy.ndarray of float32, (H, W, 2)
            The colouring, which is the next frame's context.
        """
        before = {} if starts or self._other_size(y) else self._before
        turn = int(before.get("turn", 0)) + 1 if before else 0
        augmentations = self._augmentations(turn) if use_context else (PLAIN,)
        if extract is None:
            features, own = self.model.color.extract_features(y[None], augmentations)
        else:
            features, own = extract(augmentations)
        outputs = own
        if before:
            valid = np.full((1, *y.shape), float(use_context), np.float32)
            context = before["uv"][None] * valid
            outputs = self.model.outputs(
                features, y[None], before["y"][None], context, valid, logits, before.get(STATE)
            )
        uv = self.model.chroma(outputs, own, y[None], self.decoder)[0]
        state = {STATE: outputs[STATE]} if STATE in outputs else {}
        place = np.array(turn, np.float32)
        self._before = {"y": np.asarray(y, np.float32), "uv": uv, "turn": place, **state}
        return {head: outputs[head][0] for head in "uv" if logits}, uv

    def _augmentations(self, turn: int) -> tuple[Augmentation, ...]:
        """Return the augmentations of a frame, given its place in the shot."""
        every = self.model.augmentations
        return (every[turn % len(every)],) if turn else every

    def _other_size(self, y: Float) -> bool:
        """Return whether there is no frame before of this size."""
        return not self._before or self._before["y"].shape != y.shape

    def set_context(self, uv: Float) -> None:
        """Replace the last frame's colouring by another, the truth for example.

        Parameters
        ----------
        uv : numpy.ndarray of float32, (H, W, 2)
            The next frame's context.
        """
        self._before["uv"] = np.asarray(uv, np.float32)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return the last frame, its colours and place in the shot, and a recurrent state."""
        return dict(self._before)

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from what `state` returned."""
        self._before = {key: np.asarray(value, np.float32) for key, value in state.items()}

    def settings(self) -> dict[str, Any]:
        """Return the model's name, its weights' hashes, and how its probabilities are decoded."""
        return {
            "model": self.model.name,
            "precision": self.model.color.precision,
            "weights": self.model.card["weights"]["sha256"],
            "color_model": self.model.color.card["weights"]["sha256"],
            **self.decoder.describe(),
            "card": dict(self.model.card["decode"]),
        }


def run(
    rollout: Rollout, y: Float, truth: Float, context: str = "free"
) -> Iterator[tuple[dict[str, Float], Float]]:
    """Colour a clip whose true colours are known, under one of the contexts.

    Parameters
    ----------
    rollout : Rollout
        What colours; it starts anew.
    y, truth : numpy.ndarray of float32, (T, H, W, 1) and (T, H, W, 2)
        The clip's luma and true chroma; anything that gives them frame by frame will do.
    context : {"free", "truth", "first", "none"}
        The context of each frame.

    Yields
    ------
    logits, uv
        Of each frame, as from `Rollout.step`.

    Raises
    ------
    InputError
        For an unknown context.
    """
    if context not in CONTEXTS:
        raise InputError(f"context must be one of {', '.join(CONTEXTS)}; received {context!r}.")
    for t, luma in enumerate(y):
        yield rollout.step(luma, starts=t == 0, use_context=context != "none")
        if context == "truth" or (context == "first" and t == 0):
            rollout.set_context(truth[t])
