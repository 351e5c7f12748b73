"""Tells matrices with a row for each speaker or recording of the data, and whether rows follow the voices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.index import Index
from egress_review.screening.sound import voiceprints
from egress_review.screening.sound.fingerprints import Sounds
from egress_review.screening.verdict import Finding, block, flag

LEAST_WIDE = 16  # numbers in a row from which it may be an embedding
LEAST_LEFT = 2  # numbers in a row that may be left of an embedding
LEAST_ROWS = 5
MOST_ROWS = 240  # that are compared with each other
SHUFFLES = 200
SURE = 6.0  # deviations by which rows are more alike where voices are than shuffled rows
FIX = "Hand in what you found by them, not the vectors: they tell whose voice it is, also rotated."

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """Which row may be whose: what the rows are, and how alike those that they may be of sound (n, n)."""

    name: str
    alike: Doubles


def check(values: NDArray[np.generic], index: Index, where: str = "") -> list[Finding]:
    """Return the finding for a matrix with as many rows, or columns, as the data has speakers or recordings.

    Blocked where they are as alike as the voices are, which no rotation hides, or where the number of rows
    says so; flagged where that may be a layer's width, or columns are as many by chance. `values` may have
    any shape; only a matrix is looked at.
    """
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        return []
    if values.dtype.kind != "f":
        return _coarse(values, index, where)
    for rows in (values, values.T):
        if rows.shape[1] < LEAST_WIDE or len(rows) < LEAST_ROWS:
            continue
        for name, count in _counts(index):
            if len(rows) == count:
                turned = rows is not values
                return [_finding(np.asarray(rows, dtype=np.float64), name, index, where, turned=turned)]
    return _coarse(values, index, where)


def _coarse(values: NDArray[np.generic], index: Index, where: str) -> list[Finding]:
    """Return a flag for few or whole numbers in each row that are as alike as the voices: cut or hashed."""
    for rows in (values, values.T):
        if rows.shape[1] < LEAST_LEFT or len(rows) < 2 * LEAST_ROWS:
            continue
        for name, count in _counts(index):
            if len(rows) != count:
                continue
            numbers = np.asarray(rows, dtype=np.float64)
            alike = any(one.name == name and resembles(numbers, one.alike) for one in _orders(index, count))
            if alike or not _usual(count):
                message = (
                    f"There are {count} rows of {rows.shape[1]} numbers, one for each of the data's {name}"
                )
                likeness = ", as alike as their voices are." if alike else "."
                return [flag("embeddings", message + likeness, FIX, where)]
    return []


def _usual(count: int) -> bool:
    """Return whether layers and tables often have so many rows."""
    return count % 8 == 0 or count % 10 == 0 or count < 12


def _finding(rows: Doubles, name: str, index: Index, where: str, *, turned: bool) -> Finding:
    count, width = rows.shape
    if any(one.name == name and resembles(rows, one.alike) for one in _orders(index, count)):
        return block(
            "embeddings",
            f"{count} rows of {width} numbers are one for each of the data's {name}, as alike as their "
            "voices are.",
            FIX,
            where,
        )
    usual = turned or _usual(count)
    judged = flag if usual else block
    return judged(
        "embeddings",
        f"There are {count} rows of {width} numbers, and the data has exactly {count} {name}.",
        FIX,
        where,
    )


def _counts(index: Index) -> list[tuple[str, int]]:
    recordings = index.recordings
    found = [("speakers", len({one.speaker for one in recordings})), ("recordings", len(recordings))]
    for sounds in index.sounds:
        found += [("speakers", len(np.unique(sounds.speakers))), ("recordings", len(sounds.speakers))]
    return list(dict.fromkeys(found))


def _orders(index: Index, count: int) -> Iterator[Order]:
    """Yield how rows may be ordered: as the data's table is, or by speaker."""
    for sounds in index.sounds:
        speakers = np.asarray(sounds.speakers, dtype=np.int64)
        if len(speakers) == count:
            yield Order("recordings", (speakers[:, None] == speakers[None]).astype(np.float64))
            ordered = np.sort(speakers)
            yield Order("recordings", (ordered[:, None] == ordered[None]).astype(np.float64))
        if len(np.unique(speakers)) == count and len(sounds.voices):
            for names in _named(index, sounds):
                yield Order("speakers", _likeness(_of_speakers(sounds)[names]))


def _named(index: Index, sounds: Sounds) -> Iterator[NDArray[np.int64]]:
    """Yield numbers of speakers in the order of the table, and in that of their ids."""
    count = len(np.unique(sounds.speakers))
    yield np.arange(count)
    at = 0
    for other in index.sounds:
        if other is sounds:
            break
        at += len(other.speakers)
    names = list(dict.fromkeys(one.speaker for one in index.recordings[at : at + len(sounds.speakers)]))
    if len(names) == count:
        yield np.array(sorted(range(count), key=lambda number: names[number]))


def _of_speakers(sounds: Sounds) -> Doubles:
    """Return each speaker's voiceprint, all numbers equally spread."""
    means = voiceprints.unstacked(sounds.voices)
    found: Doubles = (means - means.mean(axis=0)) / (means.std(axis=0) + 1e-6)
    return found


def _likeness(rows: Doubles) -> Doubles:
    """Return how alike rows are (n, n), the same for rows that are turned, scaled, or moved."""
    centred = np.nan_to_num(rows - np.nan_to_num(rows).mean(axis=0))
    unit = centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-12)
    found: Doubles = unit @ unit.T
    return found


def resembles(rows: Doubles, alike: Doubles) -> bool:
    """Return whether rows are alike where voices are, beyond shuffling. Source: Mantel 1967."""
    chosen = np.unique(np.linspace(0, len(rows) - 1, MOST_ROWS).astype(int))
    alike = alike[np.ix_(chosen, chosen)]
    mine = _likeness(rows[chosen])
    upper = np.triu_indices(len(chosen), 1)
    wanted = alike[upper] - alike[upper].mean()
    if not wanted.any():
        return False
    fit = float(mine[upper] @ wanted)
    chance = np.random.default_rng(0)
    shuffled = []
    for _ in range(SHUFFLES):
        order = chance.permutation(len(chosen))
        shuffled.append(float(mine[np.ix_(order, order)][upper] @ wanted))
    return fit - float(np.mean(shuffled)) > SURE * float(np.std(shuffled)) > 0
