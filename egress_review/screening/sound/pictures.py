"""Finds spectrograms in pictures and compares them, pixel columns as frames, with the data's recordings."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.sound import frames, matching, patience, pixels
from egress_review.screening.sound.fingerprints import Sounds
from egress_review.screening.sound.matching import Looked
from egress_review.screening.verdict import Finding, block, flag

SHARE = 0.25  # of the time for a file that comparing its pictures may take
SIDE = 1600  # pixels; larger pictures are halved, frames are far coarser than their columns
CELL = 4  # pixels; what lies nearer than this belongs together
UNLIKE = 24  # of 255 by which a pixel's brightest difference tells it from the background
LEAST_WIDE, LEAST_HIGH = 40, 24  # distinct columns of what may be a spectrogram, and pixels of its height
LEAST_ROWS = 10  # distinct rows, as of few cepstra
COLOURS = 96
DENSE = 0.5  # of an area's rows or columns that is drawn on, where it isn't a frame's line or writing
GREY = 12.0  # of 255 by which channels of a grey picture differ at most, on average
MONOTONE = 0.97  # of the steps of a colour map that go the same way in lightness
RICH = 24  # colours, under which an area is a drawing
# Seconds a column stands for: half a second to half a minute in a picture of usual width.
COLUMN_SECONDS = tuple(0.01 * 1.1**step for step in sorted(range(-24, 16), key=abs))
COARSE_SECONDS = tuple(0.01 * 1.1**step for step in sorted(range(-24, 16, 2), key=abs))
# Doubt under which a picture is drawn at the paces between: of 24 plots of speech of others one had less, of
# those of the data's speech that were not known at once three of twelve had more.
NEAR = 10.0
AXES = (*frames.LINES[:3], frames.MELS[0], frames.MELS[3], frames.LINES[6])
MOST_AREAS = 6

Pixels = NDArray[np.int16]
Doubles = NDArray[np.float64]
Box = tuple[int, int, int, int]  # top, bottom, left, right; the second of each is left out


def look(picture: Image.Image, index: Index, limits: Limits, where: str = "") -> list[Finding]:
    """Return the block for a picture that shows a recording of the data as a spectrogram."""
    found = areas(picture)
    shown = (picture, *found[:MOST_AREAS])
    noise = pixels.odd(shown, where)
    if not index.sounds:
        return noise
    looked = pixels.heard(shown, index.sounds, limits)
    if not looked.matches:
        drawn = _known(found, index.sounds, patience.seconds(limits, SHARE))
        looked = replace(drawn, complete=drawn.complete and looked.complete)
    if looked.matches:
        return [
            block(
                "picture_known",
                "The picture shows a recording of the data from its second "
                f"{looked.matches[0].recording_second:.1f}; sound can be made from it again.",
                "Draw aggregates, or a spectrogram of speech that anybody may have.",
                where,
            )
        ]
    if looked.complete:
        return [*noise, *_toned(found, where)]
    return [
        *noise,
        flag(
            "picture_unheard",
            "The picture may show sound; time did not suffice to compare it with all recordings.",
            "Draw aggregates with axes and labels, in fewer pixels.",
            where,
        ),
    ]


def _toned(found: Sequence[Image.Image], where: str) -> Iterator[Finding]:
    """Yield a flag where an area could be a spectrogram that no recording was recognised in."""
    if found:
        yield flag(
            "picture_tones",
            f"An area of {found[0].width} by {found[0].height} pixels has many tones, as a spectrogram has; "
            "it was compared and matched no recording. A human has to see what it is.",
            "Say in the context what the area shows; sound is best shown as numbers over many speakers.",
            where,
        )


def _known(found: Sequence[Image.Image], sounds: Sequence[Sounds], seconds: float) -> Looked:
    """Return the first match of an area, light as loud or the other way round."""
    ends_at = time.process_time() + seconds
    readings = [levels for area in found[:MOST_AREAS] for levels in readings_of(area)]
    complete = len(found) <= MOST_AREAS
    for number, levels in enumerate(readings):
        looked = _read(levels, sounds, (ends_at - time.process_time()) / (len(readings) - number))
        if looked.matches:
            return looked
        complete = complete and looked.complete
    return Looked((), complete)


def _read(levels: Doubles, sounds: Sequence[Sounds], seconds: float) -> Looked:
    """Return what frames of levels match: at every second pace first, at all where that came near."""
    ends_at = time.process_time() + seconds
    coarse = frames.views(levels, hops=COARSE_SECONDS, axes=AXES, shifts=(0.0,))
    looked = matching.match_views(sounds, coarse, seconds)
    if looked.matches or not looked.complete or looked.doubt > NEAR:
        return looked
    views = frames.views(levels, hops=COLUMN_SECONDS, axes=AXES)
    return matching.match_views(sounds, views, ends_at - time.process_time())


def areas(picture: Image.Image) -> list[Image.Image]:
    """Return the parts of a picture that are drawn on all over, in many colours, as spectrograms are."""
    factor = -(-max(picture.size) // SIDE)
    whole = picture.convert("RGB")
    whole = whole.reduce(factor) if factor > 1 else whole
    pixels = np.asarray(whole, dtype=np.int16)
    drawn = _drawn(pixels)
    found = []
    for top, bottom, left, right in _boxes(drawn):
        area = _within(pixels, drawn, (top, bottom, left, right))
        if area is not None:
            found.append(whole.crop((area[2], area[0], area[3], area[1])))
    found.sort(key=lambda one: -one.width * one.height)
    return found


def _drawn(pixels: Pixels) -> NDArray[np.bool_]:
    """Return which pixels are not of the colour that most of the picture's border has."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colours, counts = np.unique(border, axis=0, return_counts=True)
    ground = colours[counts.argmax()]
    if counts.max() < 0.6 * len(border):
        return np.ones(pixels.shape[:2], dtype=bool)
    found: NDArray[np.bool_] = np.abs(pixels - ground).max(axis=2) > UNLIKE
    return found


def _boxes(drawn: NDArray[np.bool_]) -> Iterator[Box]:
    """Yield the boxes around what hangs together, at a grid of CELL pixels, that are large enough."""
    high, wide = -(-drawn.shape[0] // CELL), -(-drawn.shape[1] // CELL)
    padded = np.zeros((high * CELL, wide * CELL), dtype=bool)
    padded[: drawn.shape[0], : drawn.shape[1]] = drawn
    left: NDArray[np.bool_] = np.asarray(padded.reshape(high, CELL, wide, CELL).any(axis=(1, 3)))
    for start in np.argwhere(left).tolist():
        if not left[start[0], start[1]]:
            continue
        top, bottom, west, east = _filled(left, start[0], start[1])
        if (bottom - top) * CELL >= LEAST_HIGH and (east - west) * CELL >= LEAST_WIDE:
            yield (
                top * CELL,
                min(bottom * CELL, drawn.shape[0]),
                west * CELL,
                min(east * CELL, drawn.shape[1]),
            )


def _filled(left: NDArray[np.bool_], row: int, column: int) -> Box:
    """Return the box around what hangs together with a cell, and take it out of what is left."""
    top, bottom, west, east = row, row + 1, column, column + 1
    waiting = [(row, column)]
    left[row, column] = False
    while waiting:
        row, column = waiting.pop()
        top, bottom, west, east = (
            min(top, row),
            max(bottom, row + 1),
            min(west, column),
            max(east, column + 1),
        )
        for r in range(max(row - 1, 0), min(row + 2, left.shape[0])):
            for c in range(max(column - 1, 0), min(column + 2, left.shape[1])):
                if left[r, c]:
                    left[r, c] = False
                    waiting.append((r, c))
    return top, bottom, west, east


def _within(pixels: Pixels, drawn: NDArray[np.bool_], box: Box) -> Box | None:
    """Return the box without what stands around the plot, and its frame's lines; None for a drawing."""
    top, bottom, left, right = box
    for _ in range(3):
        rows = drawn[top:bottom, left:right].mean(axis=1) >= DENSE
        if not rows.any():
            return None
        top, bottom = top + int(rows.argmax()), bottom - int(rows[::-1].argmax())
        columns = drawn[top:bottom, left:right].mean(axis=0) >= DENSE
        if not columns.any():
            return None
        left, right = left + int(columns.argmax()), right - int(columns[::-1].argmax())
    # A frame is a few lines of one colour each; what it encloses begins behind them.
    inner = pixels[top:bottom, left:right]
    varied_rows = np.flatnonzero(np.ptp(inner, axis=1).max(axis=1) > UNLIKE)
    varied_columns = np.flatnonzero(np.ptp(inner, axis=0).max(axis=1) > UNLIKE)
    if len(varied_rows) < LEAST_ROWS or len(varied_columns) < LEAST_WIDE:
        return None
    inner = _unframed(inner)
    edge = (pixels[top:bottom, left:right].shape[0] - inner.shape[0]) // 2
    area = (top + edge, bottom - edge, left + edge, right - edge)
    return area if _rich(pixels[area[0] : area[1], area[2] : area[3]]) else None


def _unframed(inner: Pixels) -> Pixels:
    """Return an area without lines of one colour all around it, at most six pixels of them."""
    for _ in range(6):
        sides = (inner[0], inner[-1], inner[:, 0], inner[:, -1])
        if min(inner.shape[:2]) < LEAST_HIGH or not all(_plain(side) for side in sides):
            return inner
        inner = inner[1:-1, 1:-1]
    return inner


def _plain(line: Pixels) -> bool:
    return float((np.abs(line - np.median(line, axis=0)).max(axis=1) <= UNLIKE).mean()) > 0.9


def _rich(area: Pixels) -> bool:
    """Return whether an area has many colours, and rows and columns that differ from their neighbours."""
    if area.shape[0] < LEAST_HIGH or area.shape[1] < LEAST_WIDE:
        return False
    down = (np.abs(np.diff(area, axis=0)).max(axis=2) > 0).mean(axis=1)
    # Few rows of cells differ nearly everywhere from the next, lines of letters in few places.
    cells = len(area) >= 2 * LEAST_HIGH and (down > 0.5).sum() >= LEAST_ROWS - 1
    changes_right = (np.abs(np.diff(area, axis=1)).max(axis=2) > 0).mean(axis=0) > 0.2
    if not (cells or (down > 0.2).sum() >= LEAST_HIGH - 1) or changes_right.sum() < LEAST_WIDE - 1:
        return False
    coarse = area[::2, ::2] >> 3
    packed = (coarse[..., 0].astype(np.int32) << 10) | (coarse[..., 1] << 5) | coarse[..., 2]
    # Lines and their soft edges are many colours on much ground of one.
    _, counts = np.unique(packed, return_counts=True)
    return int((counts > packed.size * 1e-3).sum()) >= RICH or _grey_levels(area) >= RICH


def _grey_levels(area: Pixels) -> int:
    counts = np.bincount(area.mean(axis=2).astype(int).ravel(), minlength=256)
    return int((counts > counts.sum() * 1e-3).sum())


def readings_of(area: Image.Image) -> Iterator[Doubles]:
    """Yield an area as frames (columns, rows from the bottom up) of levels, loud if light, then if dark."""
    levels = levels_of(area).T[:, ::-1]
    # Usually little of a spectrogram is loud.
    low, middle, high = np.percentile(levels, [2, 50, 98])
    lighter = middle - low <= high - middle
    for sign in (1.0, -1.0) if lighter else (-1.0, 1.0):
        # Not positive: what is positive may be taken for power, which a picture of it seldom is.
        yield sign * levels - float((sign * levels).max()) - 1.0


def levels_of(area: Image.Image) -> Doubles:
    """Return pixels as levels along the colour map they were drawn in, which is found from them alone.

    Lightness where the map goes from dark to light, else the way along the colours, nearest to nearest.
    """
    pixels = np.asarray(area, dtype=np.float64)
    light: Doubles = pixels @ np.array([0.299, 0.587, 0.114])
    if float(np.ptp(pixels, axis=2).mean()) < GREY:
        return light
    few = area.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.asarray(few.getpalette(), dtype=np.float64).reshape(-1, 3)
    numbers = np.asarray(few)
    used = np.unique(numbers)
    colours = palette[used]
    path = _path(colours)
    lightness = (colours @ np.array([0.299, 0.587, 0.114]))[path]
    steps = np.diff(lightness)
    if max((steps > -1).mean(), (steps < 1).mean()) >= MONOTONE:
        return light
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(colours[path], axis=0), axis=1))])
    apart = np.linalg.norm(colours[:, None] - colours[path][None], axis=2)
    place = np.zeros(len(palette))
    place[used] = way[apart.argmin(axis=1)]
    found: Doubles = place[numbers]
    return found


def _path(colours: Doubles) -> NDArray[np.int64]:
    """Return the longest way through the shortest tree that joins colours. Source: Prim 1957."""
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=2)
    count = len(colours)
    near, parent = apart[0].copy(), np.zeros(count, dtype=np.int64)
    joined = np.zeros(count, dtype=bool)
    joined[0] = True
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for _ in range(count - 1):
        one = int(np.where(joined, np.inf, near).argmin())
        neighbours[one].append(int(parent[one]))
        neighbours[int(parent[one])].append(one)
        joined[one] = True
        closer = apart[one] < near
        near[closer], parent[closer] = apart[one][closer], one
    end, _ = _farthest(0, neighbours, apart)
    other, before = _farthest(end, neighbours, apart)
    path = [other]
    while path[-1] != end:
        path.append(before[path[-1]])
    return np.array(path)


def _farthest(start: int, neighbours: list[list[int]], apart: Doubles) -> tuple[int, dict[int, int]]:
    """Return the node of a tree that is farthest from one, and which node comes before each on the way."""
    far = {start: 0.0}
    before: dict[int, int] = {}
    waiting = [start]
    while waiting:
        one = waiting.pop()
        for other in neighbours[one]:
            if other not in far:
                far[other] = far[one] + float(apart[one, other])
                before[other] = one
                waiting.append(other)
    return max(far, key=lambda node: far[node]), before
