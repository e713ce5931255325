"""What is asked, and the rules that were stated before the run."""

from __future__ import annotations

from studies import reactions, reduced

SEEDS = 3
"""Arms of each kind, one a seed."""

DECODER = "annealed 0.4"
"""How PSNR and colourfulness are measured."""

KINDS = ("water", "both", "longer")
"""Trained on water photos; on water photos and landscapes; on water photos, as long as that."""

THINGS = reactions.THINGS
"""What entropies are of: sky, water, foliage."""

SCENES = 40
"""Coasts with trees on which entropies are measured."""

PROTOCOL = (
    f"{reduced.PROTOCOL} Two sets of photos: water, and landscapes. Arms: water: learns from the "
    "water photos; both: from these and the landscapes, all of them once an epoch; longer: from "
    "the water photos for as many steps as both. passes compares both with water (each photo is "
    "seen as often), steps compares both with longer (as many steps). cost: loss on the measured "
    "water photos with landscapes minus without; gain: loss on the measured landscapes without "
    "minus with; each in pairs of photos. entropy: of the two softmaxes, U + V, nats a pixel; on "
    f"the measured photos, and on {SCENES} rendered coasts with trees or palms, whose regions are "
    "known exactly: mean over the pixels of a region, intervals from a bootstrap over scenes. "
    "unsure: entropy on foliage minus that on sky, or on water, of the arm water. surer: entropy "
    "of a region without landscapes minus with. Fast runs take coasts without trees for the water "
    "photos and coasts with trees for the landscapes. Verdicts: landscapes_gain holds if the whole "
    "interval of gain lies above 0 in passes and in steps; water_loses that of cost; "
    "foliage_unsure those of unsure; foliage_surer those of surer on foliage. Each holds if all "
    "its intervals lie above 0, holds partly if some do, does not hold if all lie below, else "
    "cannot be told."
)
