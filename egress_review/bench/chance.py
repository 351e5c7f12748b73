"""`bench sounds --chance`: how well speech fits that of others by chance, as `sound/chance.py` has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from egress_review.screening.sound import building
from egress_review.screening.sound.chance import LEAST, USUAL, USUAL_COMPARISONS
from egress_review.screening.sound.fingerprints import Sounds

MOST = 400  # recordings asked
GAMMA = 0.5772  # Euler's; Gumbel 1958 has the moments


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


def moments(found: Sequence[float]) -> tuple[float, float]:
    """Return Gumbel place and scale of some best fits by their mean and deviation. Source: Gumbel 1958."""
    scale = float(np.std(found)) * np.sqrt(6) / np.pi
    return float(np.mean(found)) - GAMMA * scale, scale
