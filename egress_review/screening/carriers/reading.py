"""Letters in pictures: read by tesseract through pipes, where a picture looks as if it had many."""

from __future__ import annotations

from egress_review.screening.limits import Limits
from egress_review.screening.parts import Part, Picture
from egress_review.screening.verdict import Finding


def read(picture: Picture, limits: Limits) -> tuple[list[Part], list[Finding]]:
    """Return the text that a picture shows."""
    return [], []
