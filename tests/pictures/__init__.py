"""The pictures of the documentation, drawn as SVG from records of real runs: no browser is needed.

`make pictures` runs everything on a local Azure, writes docs/pictures/runs.json and draws each picture from
it; `python -m tests.pictures draw docs/pictures` only draws.
"""
