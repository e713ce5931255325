"""Colouring a film frame after frame, each frame told of the one before it.

What is told is the rollout's `context`: ``free``, the model's own colouring, all that a film in
black and white allows; ``truth``, the true chroma (teacher forcing), which shows how well a model
uses a perfect memory; ``first``, the truth of the first frame only and its own colouring from then
on; ``none``, nothing. A frame without one before it, the first and the first after a cut, gets the
color model's colouring. What a recurrent model keeps is no context: it goes from frame to frame
whatever is told, and begins anew after a frame without one before it.

Where the model's card names views, the color model sees the first frame of a shot through all of
them, as a still, and each later frame through the next one. A single look is no surer for it; but
what the memory makes of many is a mean over all views, at the price of one look a frame. Told
nothing, it has nothing to take the mean of, and frames are seen as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from colorlab import media
from colorlab.checkpoints import PLAIN, ConsistencyModel, View
from colorlab.consistency_model import STATE
from colorlab.decode import Decoder, resolve
from colorlab.errors import InputError

CONTEXTS = ("free", "truth", "first", "none")

Float = NDArray[np.float32]
Seen = tuple[Float, dict[str, Float]]
Look = Callable[[tuple[View, ...]], Seen]


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
        """Return the size at which the model sees frames of a size.

        Their shape is kept, and they get as many pixels as a 16:9 frame of the working height, so
        that a film held upright or a panorama takes no more time and memory than another.
        """
        return media.working_shape(height, width, round(self.model.working_height * 4 / 3))

    def chroma(self, y: Float, starts: NDArray[np.bool_]) -> Float:
        """Colour the next frames, fed with its own colouring.

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
        return np.stack([self.step(one, begins, judged=False)[1] for one, begins in each])

    def step(
        self,
        y: Float,
        starts: bool = False,
        told: bool = True,
        look: Look | None = None,
        judged: bool = True,
    ) -> tuple[dict[str, Float], Float]:
        """Colour one frame.

        Parameters
        ----------
        y : numpy.ndarray of float32, (H, W, 1)
            Its luma.
        starts : bool
            Whether it begins a shot: then the color model alone colours it.
        told : bool
            Whether the model is told of the frame before at all.
        look : callable, optional
            Takes views and returns what `ColorModel.look` sees of this frame through them, where
            several rollouts share that.
        judged : bool
            Whether logits are wanted.

        Returns
        -------
        logits : dict
            ``u`` and ``v``, (H, W, n) float32; none where they are not wanted.
        uv : numpy.ndarray of float32, (H, W, 2)
            The colouring, which the next frame is told.
        """
        before = {} if starts or self._other_size(y) else self._before
        turn = int(before.get("turn", 0)) + 1 if before else 0
        views = self._views(turn) if told else (PLAIN,)
        features, own = look(views) if look else self.model.color.look(y[None], views)
        outputs = own
        if before:
            valid = np.full((1, *y.shape), float(told), np.float32)
            context = before["uv"][None] * valid
            outputs = self.model.outputs(
                features, y[None], before["y"][None], context, valid, judged, before.get(STATE)
            )
        uv = self.model.chroma(outputs, own, y[None], self.decoder)[0]
        kept = {STATE: outputs[STATE]} if STATE in outputs else {}
        place = np.array(turn, np.float32)
        self._before = {"y": np.asarray(y, np.float32), "uv": uv, "turn": place, **kept}
        return {head: outputs[head][0] for head in "uv" if judged}, uv

    def _views(self, turn: int) -> tuple[View, ...]:
        """Return the views of a frame, given its place in the shot."""
        views = self.model.views
        return (views[turn % len(views)],) if turn else views

    def _other_size(self, y: Float) -> bool:
        """Tell whether there is no frame before of this size."""
        return not self._before or self._before["y"].shape != y.shape

    def tell(self, uv: Float) -> None:
        """Replace the last frame's colouring by another, the truth for example.

        Parameters
        ----------
        uv : numpy.ndarray of float32, (H, W, 2)
            What the next frame is told.
        """
        self._before["uv"] = np.asarray(uv, np.float32)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return the last frame, its colours and place in the shot, and a recurrent one's state."""
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
        What each frame is told.

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
        yield rollout.step(luma, starts=t == 0, told=context != "none")
        if context == "truth" or (context == "first" and t == 0):
            rollout.tell(truth[t])
