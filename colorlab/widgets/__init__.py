"""Small things to touch in a notebook: thin shells round functions that draw pictures.

Each is an `Explorer`: controls that can be reached with the keyboard, a picture, and a line of text
that is also the picture's text for screen readers. Under each lies a pure function that draws the
picture from plain values, tested without a browser. Networks run when a widget opens or a model is
chosen; moving a slider only recomposes their outputs, in well under 200 ms, and moves that the
kernel cannot follow are left out. What goes wrong while drawing is kept in `.errors` and stands in
the line of text, which also names the device.
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
