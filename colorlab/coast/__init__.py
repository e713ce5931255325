"""Procedural coasts with exact optical flow.

`Scene(seed)` is a little world of sky, sea and land as a function of continuous time. It renders at
any size and frame rate, needs no download, and knows the true motion of every pixel.
"""

from .scene import Flow, Scene

__all__ = ["Flow", "Scene"]
