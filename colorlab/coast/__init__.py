"""Procedural coasts with exact optical flow.

`Scene(seed)` is a little world of sky, sea and land as a function of continuous time. It renders at
any size and frame rate, needs no download, and has the motion and the kind of every pixel. It is
the embedded data of the demo, the tests and the notebooks; no picture of a training set is part of
the project.
"""

from .scene import REGIONS, Flow, Scene

__all__ = ["REGIONS", "Flow", "Scene"]
