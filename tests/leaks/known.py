"""Recipes that the screening is known to get wrong, and why; where there is more time some come right."""

from __future__ import annotations

# Leaks that do not meet their mark on the dataset made for the tests.
MISSED: dict[str, str] = {
    "37/in-a-figure": "Letters a few pixels high in a picture: read only where the machine is quick enough.",
    "53/several": "Each fourth frame in an array of its own: flagged where time does not suffice.",
    "58/0.8": "Crops under a second joined: each is too short to match beyond chance.",
    "62/pieces": "Pieces turned round one by one: each is too short to match beyond chance.",
}
# Benign files that are blocked.
BLOCKED: dict[str, str] = {}
