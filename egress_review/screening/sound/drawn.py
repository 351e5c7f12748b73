"""Tells plots whose outline or tones follow something again and again, as those of one recording do.

No recording is compared here: a waveform, a contour of loudness or pitch, a spectrogram in few colours reach
a human, however they are drawn; curves of training, bars, densities and matrices of few classes don't.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from egress_review.screening import dots, series
from egress_review.screening.verdict import Finding, flag

SIDE = 1600  # pixels; larger pictures are halved
UNLIKE = 24  # of 255 by which neighbours differ in one channel where a tone ends
INK = 90  # from 0 to 765, how far a colour lies from the ground's
# Of a line's pixels, and at least and most, at how many a tone ends; where most of the line is of other
# colours than the ground, as in filled contours, fewer are enough.
CROSSED, CROSSINGS, FILLED, CROSSED_FILLED = 0.06, (16, 48), 0.6, 22
LINES, HIGH = (
    0.3,
    (40, 72),
)  # of all lines, and at least and most, so many next to each other: letters are lower
# Tones that end along a row and a column of a patchy picture, along how many of them, and its share of ink.
PATCHES, PATCHED, INKED = (16, 12), (0.55, 0.3), 0.15
CELLS = 20  # rows and columns of a matrix from which they may be speakers
CELL = 0.2  # of a line of pixels where a tone ends between two cells
FRAME, AXIS = 0.5, 0.12  # of a side: lines of a frame, and thin straight ones that are no data
THIN = 4  # pixels
SOFT = 4  # pixels of a soft edge
DASH = 9  # pixels between two dashes of a line
LETTER = 24  # pixels of a side up to which a patch of ink is a letter or a tick
WIDE = 100  # columns that an outline must have
# Turns of an outline after at least so much of its height.
SMALL, LARGE = (0.15, 7), (0.25, 4)
GROUPS, ALIKE = (3, 24), 0.8  # groups beside each other in a plot, and how much their widths differ
FIX = "Draw means over enough speakers, or say in the context what the picture shows."

Mask = NDArray[np.bool_]
Doubles = NDArray[np.float64]


def check(picture: Image.Image, where: str = "") -> list[Finding]:
    """Return the flag for a picture that may show one recording, or a number for each pair of speakers."""
    factor = -(-max(picture.size) // SIDE)
    small = picture.convert("RGB").reduce(factor) if factor > 1 else picture.convert("RGB")
    pixels = np.asarray(small, dtype=np.int16)
    if min(pixels.shape[:2]) < LETTER:
        return []
    reason = ""
    ends = tuple(np.abs(np.diff(pixels, axis=axis)).max(axis=2) > UNLIKE for axis in (1, 0))
    ink = _ink(pixels)
    if _crossed(ends[0], ink) or _crossed(ends[1].T, ink.T) or _patchy(ends[0], ends[1].T, ink):
        reason = "Lines or tones change as often across the picture as in a waveform or a spectrogram"
    elif min(_edges(ends[0].mean(axis=0)), _edges(ends[1].mean(axis=1))) >= CELLS:
        reason = f"The picture is a matrix of over {CELLS} rows and columns, which may be people"
    elif any(outlined(edge) for edge in outlines(ink)):
        reason = "What is drawn rises and falls again and again, as the loudness or pitch of a recording does"
    if not reason:
        return []
    return [flag("picture_series", f"{reason}; a human has to see what it shows.", FIX, where)]


def _ended(ends: Mask) -> NDArray[np.int64]:
    """Return how many tones end along each line: a soft edge changes over some pixels, and is one."""
    position = np.arange(1, ends.shape[1] + 1)
    within = position - np.maximum.accumulate(np.where(ends, 0, position), axis=1)
    found: NDArray[np.int64] = (within % SOFT == 1).sum(axis=1)
    return found


def _crossed(ends: Mask, ink: Mask) -> bool:
    """Return whether many tones end along each of many lines next to each other."""
    count = _ended(ends)
    least = np.clip(ends.shape[1] * CROSSED, *CROSSINGS)
    filled = (ink.mean(axis=1) >= FILLED) & (count >= CROSSED_FILLED)
    return bool(_longest((count >= least) | filled) >= np.clip(LINES * len(ends), *HIGH))


def _patchy(across: Mask, down: Mask, ink: Mask) -> bool:
    """Return whether patches lie all over a picture, as in a spectrogram of two tones."""
    return bool(
        ink.mean() >= INKED
        and (_ended(across) >= PATCHES[0]).mean() >= PATCHED[0]
        and (_ended(down) >= PATCHES[1]).mean() >= PATCHED[1]
    )


def _edges(shares: Doubles) -> int:
    """Return how many lines of pixels have a tone end along much of them, neighbours as one."""
    found = shares >= CELL
    return int((found[1:] & ~found[:-1]).sum())


def outlined(edge: Doubles) -> bool:
    """Return whether an outline, pixels a column, turns as often as that of speech."""
    if len(edge) < WIDE or series.steadiness(edge) < series.STEADY:
        return False
    smooth = np.convolve(edge, np.ones(3) / 3, "valid")
    low, high = np.percentile(smooth, [5, 95])
    spread = max(float(high - low), 10.0)
    return all(series.turns(smooth, part * spread) >= least for part, least in (SMALL, LARGE))


def outlines(whole: Mask) -> tuple[Doubles, ...]:
    """Return how high the ink of a plot begins and how low it ends, by column, then by row, without axes.

    None for boxes, violins and bars that stand apart, as wide as each other: there each is a group.
    """
    ink = _inside(whole)
    # Within a frame stand few letters, but a pitch may be a row of short strokes.
    framed = ink.shape[0] < whole.shape[0] and ink.shape[1] < whole.shape[1]
    ink = ink if framed else _without_letters(ink)
    # Time may run upwards in a frame; what stands beside a plot without one would be its labels.
    ways = (ink, ink.T) if framed else (ink,)
    if any(_grouped(np.asarray(turned.any(axis=0))) for turned in ways):
        return ()
    edges = []
    for turned in ways:
        drawn = turned.any(axis=0)
        edges += [_joined(side.argmax(axis=0)[drawn]) for side in (turned, turned[::-1])]
    return tuple(edges)


def _grouped(drawn: Mask) -> bool:
    """Return whether what is drawn stands apart in a few groups as wide as each other."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], drawn.astype(np.int8), [0]])))
    widths = edges[1::2] - edges[::2]
    return GROUPS[0] <= len(widths) <= GROUPS[1] and bool(widths.min() >= ALIKE * widths.max())


def _joined(edge: NDArray[np.int64]) -> Doubles:
    """Return an outline, counted from outside, with gaps between dashes filled."""
    if len(edge) < DASH:
        return edge.astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view
    near = windows(np.pad(edge, DASH // 2, mode="edge"), DASH).min(axis=1)
    found: Doubles = windows(np.pad(near, DASH // 2, mode="edge"), DASH).max(axis=1).astype(np.float64)
    return found


def _ink(pixels: NDArray[np.int16]) -> Mask:
    """Return which pixels are not of the colour that most are of."""
    coarse = (pixels // 32).reshape(-1, 3) @ np.array([64, 8, 1])
    ground = np.median(pixels.reshape(-1, 3)[coarse == np.bincount(coarse, minlength=512).argmax()], axis=0)
    found: Mask = np.abs(pixels - ground).sum(axis=2) > INK
    return found


def _inside(ink: Mask) -> Mask:
    """Return the ink within a plot's frame, without thin straight lines."""
    high, wide = ink.shape
    (top, bottom), (left, right) = (
        _between(_runs(ink) >= FRAME * wide),
        _between(_runs(ink.T) >= FRAME * high),
    )
    ink = ink[top:bottom, left:right].copy()
    for turned in (ink, ink.T):
        thick = np.zeros_like(turned)
        thick[THIN:] = turned[:-THIN]
        thick[:-THIN] |= turned[THIN:]
        thin = turned & ~thick
        for row in np.flatnonzero(_runs(turned) >= max(AXIS * turned.shape[1], LETTER)).tolist():
            turned[row] &= ~thin[row]
    return ink


def _between(lines: Mask) -> tuple[int, int]:
    """Return what lies between the first and last line of a frame, all where there are not two."""
    at = np.flatnonzero(lines)
    far = len(at) > 1 and at[-1] - at[0] > 0.3 * len(lines)
    return (int(at[0]) + 2, int(at[-1]) - 1) if far else (0, len(lines))


def _without_letters(ink: Mask) -> Mask:
    """Return ink without the small patches that letters, ticks and legends are."""
    kept = ink.copy()
    for mark in dots.patches(ink):
        if max(mark.width, mark.height) <= max(LETTER, AXIS * max(ink.shape)):
            kept[mark.top : mark.top + mark.height, mark.left : mark.left + mark.width] = False
    return kept


def _runs(ink: Mask) -> NDArray[np.int64]:
    """Return the longest stretch of ink of each row."""
    position = np.arange(1, ink.shape[1] + 1)
    last = np.maximum.accumulate(np.where(ink, 0, position), axis=1)
    longest: NDArray[np.int64] = (position - last).max(axis=1)
    return longest


def _longest(found: Mask) -> int:
    return int(_runs(found[None])[0])
