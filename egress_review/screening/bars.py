"""Counts the bars of a chart: as many as the data has speakers or recordings are one each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from egress_review.screening.people import People
from egress_review.screening.verdict import Finding, flag

LEAST = 20  # bars; fewer are groups
WIDEST = 1600  # pixels of a side, from which a picture is looked at in half its size
INK = 60  # from 0 to 765, how far a bar's colour lies from the ground
DIP, FULL = 0.85, 0.93  # of a bar's colour: under it lies what parts two, over it what is one
EVEN = 0.15  # of the usual distance, how much others differ
EVERY = 3  # rows of pixels that are passed over

Floats = NDArray[np.float64]


def check(picture: Image.Image, people: People, where: str = "") -> list[Finding]:
    """Return a flag where a picture shows a bar for each speaker or recording, standing or lying."""
    everybody = {people.speaker_count, people.recording_count} - set(range(LEAST))
    if not everybody:
        return []
    small = picture.reduce(2) if max(picture.size) > WIDEST else picture
    pixels = np.asarray(small.convert("RGB"), dtype=np.int16)
    ground = np.median(pixels.reshape(-1, 3)[::7], axis=0)
    apart = np.abs(pixels - ground).sum(axis=2).astype(np.float64)
    for turned in (apart, apart.T):
        for row in turned[::EVERY]:
            count = bars(row)
            if count in everybody:
                message = f"The picture shows {count} bars, as many as the data has speakers or recordings."
                fix = "Draw a histogram, or means of groups."
                return [flag("bars", message, fix, where)]
    return []


def bars(row: Floats) -> int:
    """Return how many bars of one width a row of pixels goes through; 0 where it goes through none."""
    drawn = row[row >= INK]
    if len(drawn) < LEAST:
        return 0
    # The frame is darker than what stands in it.
    level = row / float(np.median(drawn))
    full, dips = level >= FULL, level < DIP
    # A bar begins where full colour follows on a dip.
    state = np.where(full, 1, np.where(dips, -1, 0))
    told = state[state != 0]
    at = np.flatnonzero(state != 0)
    begins = at[np.flatnonzero((told == 1) & (np.concatenate(([-1], told[:-1])) == -1))]
    steps = np.diff(begins)
    if len(begins) < LEAST:
        return 0
    # Ticks, letters and a frame stand at other distances, and outside of the row of bars.
    usual = float(np.median(steps))
    even = np.abs(steps - usual) <= max(EVEN * usual, 1.0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], even.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0)) + 1
