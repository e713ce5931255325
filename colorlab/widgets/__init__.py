"""Small things to touch in a notebook: thin shells round functions that draw pictures.

Each has a function that makes its picture from plain values (tested without a browser), controls
that can be reached with the keyboard, a line of text that says what the picture shows, `.errors`
with whatever went wrong while drawing, and `.close()`.
"""

from .binning import BinExplorer
from .explorer import Explorer
from .subsampling import SubsamplingExplorer
from .wipe import WipeExplorer

__all__ = ["BinExplorer", "Explorer", "SubsamplingExplorer", "WipeExplorer"]
