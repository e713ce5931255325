"""Small things to touch in a notebook: thin shells round functions that draw pictures.

Each has a function that makes its picture from plain values (tested without a browser), controls
that can be reached with the keyboard, a line of text that says what the picture shows, `.errors`
with whatever went wrong while drawing, and `.close()`.
"""

from .binning import BinExplorer
from .compare import CompareOutputs
from .explorer import Explorer
from .frame_rate import FrameRateExplorer
from .heads import HeadExplorer
from .layers import LayerExplorer
from .player import FilmPlayer
from .subsampling import SubsamplingExplorer
from .temperature import TemperatureExplorer
from .upload import PhotoUpload
from .wipe import WipeExplorer

__all__ = [
    "BinExplorer",
    "CompareOutputs",
    "Explorer",
    "FilmPlayer",
    "FrameRateExplorer",
    "HeadExplorer",
    "LayerExplorer",
    "PhotoUpload",
    "SubsamplingExplorer",
    "TemperatureExplorer",
    "WipeExplorer",
]
