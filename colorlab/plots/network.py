"""The architecture of a color model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from colorlab.plots.style import BLUE, GREEN, GREY, ORANGE, PURPLE


def architecture(network: Any, size: int = 224) -> Figure:
    """Draw a color model (the paper's Figure 4), every size read from the network itself.

    Parameters
    ----------
    network : keras.Model
        From `colorlab.color_model.build`.
    size : int
        Side of the input whose sizes are written into the boxes, pixels.

    Returns
    -------
    matplotlib.figure.Figure
        Left the frozen backbone, top to bottom; right the decoder, bottom to top; between them the
        residual connections. All but the backbone is trained.
    """
    names = [layer.name for layer in network.layers]
    taps = sorted(int(name[3:-8]) for name in names if name.endswith("_project") and "tap" in name)
    vgg = next(layer for layer in network.layers if layer.name == "vgg16")
    blocks = max(taps)
    figure = Figure(figsize=(10, 1.15 * blocks + 2.6), layout="constrained")
    ax = figure.subplots()
    ax.set(xlim=(0, 10), ylim=(-blocks - 0.75, 2.1))
    ax.axis("off")

    def box(x: float, y: float, text: str, color: str, width: float = 2.6) -> None:
        patch = FancyBboxPatch(
            (x - width / 2, y - 0.33),
            width,
            0.66,
            boxstyle="round,pad=0.02,rounding_size=0.08",
            facecolor=color + "30",
            edgecolor=color,
            linewidth=1.4,
        )
        ax.add_patch(patch)
        ax.text(x, y, text, ha="center", va="center", fontsize=8.5)

    def arrow(start: tuple[float, float], end: tuple[float, float], color: str = "black") -> None:
        style = {"arrowstyle": "-|>", "color": color, "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", end, start, arrowprops=style)

    def side(block: int) -> int:
        return size // 2 ** (block - 1)

    left, right, middle = 1.6, 7.6, 4.6
    box(left, 1.5, f"luma Y\n{size} × {size} × 1", GREY)
    arrow((left, 1.17), (left, -0.62))
    for block in range(1, blocks + 1):
        convs = [layer for layer in vgg.layers if layer.name.startswith(f"block{block}_conv")]
        width = convs[-1].filters
        text = (
            f"VGG-16 block {block}: {len(convs)} conv 3×3\n{side(block)} × {side(block)} × {width}"
        )
        box(left, -block, text, GREY)
        if block < blocks:
            arrow((left, -block - 0.35), (left, -block - 0.63))
    for tap in taps:
        width = network.get_layer(f"tap{tap}_project").filters
        box(middle, -tap, f"1×1 conv to {width},\nbatch norm", BLUE, 1.9)
        arrow((left + 1.34, -tap), (middle - 0.99, -tap), BLUE)
        arrow((middle + 0.97, -tap), (right - 1.36, -tap), BLUE)
        first = "" if tap == blocks else "enlarge, "
        context = " (+ global mean)" if tap == blocks and "context" in names else ""
        text = f"{first}add{context}, conv 3×3, ReLU\n{side(tap)} × {side(tap)} × {width}"
        box(right, -tap, text, ORANGE)
    for upper, lower in pairwise(taps):
        arrow((right, -lower + 0.35), (right, -upper - 0.37), ORANGE)
    width = network.get_layer("features").filters
    lowest = taps[0]
    box(
        right, 0.15, f"conv 3×3, ReLU (features)\n{side(lowest)} × {side(lowest)} × {width}", ORANGE
    )
    arrow((right, -lowest + 0.35), (right, -0.2), ORANGE)
    channels = network.get_layer("u_head").filters
    for x, head, color in ((right - 1.15, "U", GREEN), (right + 1.15, "V", PURPLE)):
        box(
            x,
            1.5,
            f"head {head}: {channels} bins, {side(lowest)} × {side(lowest)}\n"
            f"{'enlarge, ' if lowest > 1 else ''}softmax: {size} × {size}",
            color,
            2.25,
        )
        arrow((right, 0.5), (x, 1.15), color)
    ax.add_patch(Rectangle((left - 1.5, -blocks - 0.5), 3.0, blocks + 0.05, fill=False, ls=":"))
    ax.text(left, -blocks - 0.68, "frozen", ha="center", fontsize=9, color=GREY)
    for x, color in ((middle, BLUE), (right, ORANGE)):
        ax.text(x, -blocks - 0.68, "trained", ha="center", fontsize=9, color=color)
    ax.set_title("The color model: what VGG-16 sees in grey is added, level by level", fontsize=11)
    return figure
