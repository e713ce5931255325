"""What the studies of films share beside `colorlab.strips`.

`clips` cuts strips out of clips, `memories` and `windows` are kinds of memory and their training,
`effort` is what they cost, `figures` makes statistics of what was measured.
"""
