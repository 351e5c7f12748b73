"""Kill anything at any moment, cut the power, and look whether every promise still holds.

`python -m tests.chaos --points 2000 --seed 7` runs for longer than the tests do.
"""
