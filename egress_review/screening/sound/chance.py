"""How well the best of many comparisons fits by chance, measured on the dataset's own voices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

ALARM = 5e-4  # of files with other people's speech that may be taken for the data's
GAMMA = 0.5772  # Euler's; Gumbel 1958 has the moments
LEAST = 24  # measurements under which what was measured elsewhere holds
# Measured on English read speech and digits (README): length in frames, place, scale at e**13 comparisons.
USUAL = {6: (0.88, 0.095), 12: (0.64, 0.085), 25: (0.45, 0.055), 50: (0.34, 0.04), 100: (0.25, 0.03)}
USUAL_COMPARISONS = 13.0


@dataclass(frozen=True)
class Chance:
    """Gumbel place and scale of the best fit by length in frames, after e**comparisons comparisons.

    Fits are inverse hyperbolic tangents of correlations.
    """

    place: Mapping[int, float]
    scale: Mapping[int, float]
    comparisons: float

    @classmethod
    def usual(cls) -> Chance:
        """Return what holds where a dataset is too small to be measured."""
        return cls(
            {length: place for length, (place, _) in USUAL.items()},
            {length: scale for length, (_, scale) in USUAL.items()},
            USUAL_COMPARISONS,
        )

    @classmethod
    def measured(cls, fits: Mapping[int, list[float]], comparisons: float) -> Chance:
        """Return what the best fits of speech of nobody in the index say, by length."""
        usual = cls.usual()
        scale = dict(usual.scale)
        shift = comparisons - usual.comparisons
        place = {length: at + shift * scale[length] for length, at in usual.place.items()}
        for length, found in fits.items():
            if len(found) < LEAST or length not in place:
                continue
            # Never narrower than usual: a small sample misses the rare alike.
            scale[length] = max(float(np.std(found)) * np.sqrt(6) / np.pi, usual.scale[length] * 0.75)
            place[length] = float(np.mean(found)) - GAMMA * scale[length]
        return cls(place, scale, comparisons)

    def doubt(self, length: int, fit: float, comparisons: float) -> float:
        """Return in what share of files chance alone reaches such a fit, at most 1.

        `comparisons` is the natural logarithm of how many were made.
        """
        known = np.log(sorted(self.place))
        at = np.log(length)
        place = float(np.interp(at, known, [self.place[key] for key in sorted(self.place)]))
        scale = float(np.interp(at, known, [self.scale[key] for key in sorted(self.scale)]))
        over = (fit - place) / scale - (comparisons - self.comparisons)
        return float(min(np.exp(-over) * len(self.place), 1.0))
