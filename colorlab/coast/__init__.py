"""Procedural coasts with exact optical flow.

`Scene(seed)` is a little world of sky, sea and land as a function of continuous time. It renders at
any size and frame rate, needs no download, and knows of every pixel how it moves and what it shows.
"""

from .scene import REGIONS, Flow, Scene

__all__ = ["REGIONS", "Flow", "Scene"]
