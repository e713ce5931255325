"""What the experiments about films share: strips of frames, rollouts, training, measures.

`strips` renders coasts at many frame rates, or cuts clips, and lets a frozen color model look at
every frame once; `rolling` colours strips frame after frame, each frame told of the one before;
`learning` trains on them; `measures` counts.
"""
