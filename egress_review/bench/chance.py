"""`bench sounds --chance`: how well speech fits that of others by chance, as `sound/chance.py` has it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from egress_review.screening.sound import building
from egress_review.screening.sound.chance import LEAST, USUAL, USUAL_COMPARISONS, moments
from egress_review.screening.sound.fingerprints import Sounds

MOST = 400  # recordings asked


def table(indexes: Iterable[Sounds]) -> str:
    """Return Gumbel place and scale by length, moved to as many comparisons as the usual ones stand for."""
    lines = [
        f"{'frames':>6}  {'of':>4}  {'place':>6}  {'scale':>6}  {'usual place':>11}  {'usual scale':>11}"
    ]
    for sounds in indexes:
        fits, comparisons = building.by_chance(sounds, MOST)
        for length, found in fits.items():
            if len(found) < LEAST:
                continue
            place, scale = moments(found)
            place += (USUAL_COMPARISONS - comparisons) * scale
            usual = USUAL[length]
            lines.append(
                f"{length:>6}  {len(found):>4}  {place:>6.3f}  {scale:>6.3f}  {usual[0]:>11}  {usual[1]:>11}"
            )
            high = np.quantile(found, 0.99) + (USUAL_COMPARISONS - comparisons) * scale
            lines.append(f"{'':>6}  {'':>4}  99 % lie under {high:.3f}; so should {place + 4.6 * scale:.3f}")
    return "\n".join(lines) + "\n"
