"""How well the best of many comparisons fits by chance, measured on the dataset's own voices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# Doubt under which a find is one. Doubts are rather too high than too low: of 305 files of other people's
# speech one in a hundred had one under 0.1, none under 0.01.
ALARM = 2e-3
# Of a Gumbel law, in scales: the median over the place, and the quartiles' distance.
MEDIAN, QUARTILES = 0.3665, 1.5725
COPIES = 12.0  # usual scales above the usual place from which a fit is no chance
HIGHEST, WIDEST = 5.0, 2.0  # usual scales above the usual place, and usual scales, at most
FAR = 50.0  # scales below the place, from which a fit is as good as any other
LEAST = 24  # measurements under which what was measured elsewhere holds
# Length in frames, place, scale at e**12.7 comparisons: 127 recordings of English read speech, each in those
# of the other speakers, by `bench sounds --chance`; 100 frames are carried on from 25 and 50.
USUAL = {6: (0.56, 0.053), 12: (0.37, 0.046), 25: (0.23, 0.025), 50: (0.16, 0.018), 100: (0.12, 0.015)}
USUAL_COMPARISONS = 12.7


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
        # More comparisons move the place by as many scales. Source: Gumbel 1958.
        shift = comparisons - usual.comparisons
        place = {length: at + shift * scale[length] for length, at in usual.place.items()}
        for length, told in fits.items():
            if length not in place:
                continue
            # A dataset that holds a recording twice, under two speakers or at two speeds, must not take its
            # own copies for what chance reaches: that would switch the search off.
            found = [fit for fit in told if fit < place[length] + COPIES * usual.scale[length]]
            if len(found) < LEAST:
                continue
            low, middle, high = np.percentile(found, [25, 50, 75])
            # Never narrower than usual, a small sample misses the rare alike; never much wider either.
            spread = float(high - low) / QUARTILES
            scale[length] = float(np.clip(spread, 0.75 * usual.scale[length], WIDEST * usual.scale[length]))
            place[length] = min(
                float(middle) - MEDIAN * scale[length], place[length] + HIGHEST * usual.scale[length]
            )
        return cls(place, scale, comparisons)

    def over(self, length: int, fit: float) -> float:
        """Return by how many scales a fit over `length` frames exceeds what chance reaches."""
        lengths = sorted(self.place)
        at, known = np.log(length), np.log(lengths)
        place = float(np.interp(at, known, [self.place[key] for key in lengths]))
        scale = float(np.interp(at, known, [self.scale[key] for key in lengths]))
        return (fit - place) / scale

    def doubt(self, length: int, fit: float, comparisons: float) -> float:
        """Return how many such fits chance alone gives a file; where few, in what share of files.

        `comparisons` is the natural logarithm of how many were made.
        """
        over = self.over(length, fit) - (comparisons - self.comparisons)
        return float(np.exp(min(-over, FAR)) * len(self.place))
