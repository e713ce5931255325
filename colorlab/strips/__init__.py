"""Strips of frames at many frame rates, and a frozen color model's features of each frame.

A coast is a function of continuous time, so one scene gives strips of any rate. All their times are
multiples of 1/60 second: a frame that several rates share is rendered once and goes through the
network once. What a strip is made of lies in the cache, a file a scene, so that an interrupted
preparation goes on.

`rolling` colours strips frame after frame, `learning` trains on them, `measures` counts.
"""

from colorlab.strips.coasts import scene_of, strips
from colorlab.strips.frames import HEIGHT, WIDTH, Frames, Strips

__all__ = [
    "HEIGHT",
    "WIDTH",
    "Frames",
    "Strips",
    "scene_of",
    "strips",
]
