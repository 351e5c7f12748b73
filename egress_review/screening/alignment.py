"""Lays a text beside the transcripts: whole ones, stretches of them, with words changed, in another order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.corpus import Corpus, bag
from egress_review.screening.folding import Positions, Words

REACH = 6  # words to each side of a shared rare word that are compared
LEAST_WORDS, LEAST_BITS = 4, 26.0  # of a stretch that is more than a turn of phrase
MOST_PLACES = 64  # a word that stands in more places leads nowhere
MOST_STRETCHES = 3_000
CHUNK = 20_000  # words that are compared at once
ENOUGH_BITS = 600.0  # so much repeated, the rest of a long text need not be read
INFORMATIVE = 6.0  # bits from which a word is no everyday one
CONTAINED = 0.75  # of what a transcript tells, in any order, that repeats it
PARTS = ("", "\t|", ",", ";", '"\u201c\u201d\u00ab\u00bb', ".?!:\u0964\u3002", "\u2423")


class How(StrEnum):
    """In which way a text repeats a transcript."""

    VERBATIM = "verbatim"
    REORDERED = "reordered"


@dataclass(frozen=True)
class Repeated:
    """A stretch of text that repeats a transcript: its row, where, how much, and whether all of it.

    `line` is 1-based, `bits` about how much the repeated words tell; `speakers` said them.
    """

    row: int
    line: int
    words: int
    bits: float
    whole: bool
    how: How
    speakers: int


def repeated(corpus: Corpus, text: Words, numbers: Positions, lines: Positions) -> list[Repeated]:
    """Return what of the transcripts a text repeats, the best of each transcript.

    `numbers` are the corpus's numbers of the text's words (-1 for others), `lines` their 0-based lines.
    """
    best: dict[int, Repeated] = {}
    _keep(best, _wholes(corpus, text, numbers))
    for start in range(0, len(numbers), CHUNK):
        stop = start + CHUNK + 2 * REACH
        _keep(best, _stretches(corpus, numbers[start:stop], lines[start:stop]))
        if sum(found.bits for found in best.values()) > ENOUGH_BITS:
            break
    return list(best.values())


def _keep(best: dict[int, Repeated], found: Iterator[Repeated]) -> None:
    for one in found:
        if one.row not in best or (one.whole, one.bits) > (best[one.row].whole, best[one.row].bits):
            best[one.row] = one


def _wholes(corpus: Corpus, text: Words, numbers: Positions) -> Iterator[Repeated]:
    """Yield the whole transcripts that a line, a cell or a sentence is, in whichever order of its words."""
    if not len(text):
        return
    lines = _boundaries(text, "")
    for separators in PARTS:
        edges = np.union1d(lines, _boundaries(text, separators)) if separators else lines
        places = np.searchsorted(edges, text.starts)
        first = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1])))
        last = np.append(first[1:], len(text))
        # A number or an id before the words, or behind them, is none of them.
        for start, end in ((first, last), (first + 1, last), (first, last - 1)):
            some = np.flatnonzero(end > start)
            start, end = start[some], end[some]
            members = corpus.wholes.find(bag(text.hashes, start, end))
            for hit in np.flatnonzero(members >= 0)[:MOST_STRETCHES].tolist():
                yield _whole(corpus, int(members[hit]), text, numbers[start[hit] : end[hit]], int(start[hit]))


def _boundaries(text: Words, separators: str) -> Positions:
    if separators == "\u2423":  # two blanks or more part the columns of a printed table
        blank = text.codes == 32
        return np.flatnonzero(blank[:-1] & blank[1:])
    return np.flatnonzero(np.isin(text.codes, [10, *map(ord, separators)]))


def _whole(corpus: Corpus, member: int, text: Words, part: Positions, start: int) -> Repeated:
    row = int(corpus.whole_rows[member])
    same = np.array_equal(corpus.row(row), part)
    return Repeated(
        row,
        int(text.lines[start]) + 1,
        len(part),
        float(corpus.bits(part).sum()),
        True,
        How.VERBATIM if same else How.REORDERED,
        len(corpus.said_by([row])),
    )


def _stretches(corpus: Corpus, numbers: Positions, lines: Positions) -> Iterator[Repeated]:
    places, positions = _seeds(corpus, numbers)
    if not len(places):
        return
    yield from _in_order(corpus, numbers, lines, places, positions)
    yield from _in_any_order(corpus, numbers, lines, places, positions)


def _seeds(corpus: Corpus, numbers: Positions) -> tuple[Positions, Positions]:
    """Return each place in the text, with each position in the corpus, where the same rare word stands."""
    known = np.flatnonzero(numbers >= 0)
    starts = corpus.anchor_starts[numbers[known]].astype(np.int64)
    counts = corpus.anchor_starts[numbers[known] + 1].astype(np.int64) - starts
    rare = (counts > 0) & (counts <= MOST_PLACES)
    known, starts, counts = known[rare], starts[rare], counts[rare]
    before = np.concatenate(([0], np.cumsum(counts)))[:-1]
    at = np.repeat(starts - before, counts) + np.arange(int(counts.sum()))
    return np.repeat(known, counts), corpus.anchors[at].astype(np.int64)


def _in_order(
    corpus: Corpus, numbers: Positions, lines: Positions, places: Positions, positions: Positions
) -> Iterator[Repeated]:
    """Yield stretches said in the same order, whatever few words were changed. Source: seed and extend."""
    words = np.zeros(len(places), dtype=np.int64)
    bits = np.zeros(len(places))
    rows = corpus.row_of(positions)
    for offset in range(-REACH, REACH + 1):
        here, there = places + offset, positions + offset
        inside = (here >= 0) & (here < len(numbers))
        inside &= (there >= corpus.rows[rows]) & (there < corpus.rows[rows + 1])
        said = numbers[np.where(inside, here, 0)]
        same = inside & (said == corpus.sequence[np.where(inside, there, 0)])
        words += same
        bits += np.where(same, corpus.bits(said), 0.0)
    kept = np.flatnonzero((words >= LEAST_WORDS) & (bits >= LEAST_BITS))
    order = np.lexsort((places[kept], rows[kept]))
    kept = kept[order]
    stretches: dict[int, set[int]] = {}
    covered: dict[int, set[int]] = {}
    for place, position, row in zip(
        places[kept][: 20 * MOST_STRETCHES].tolist(),
        positions[kept].tolist(),
        rows[kept].tolist(),
        strict=False,
    ):
        if position in covered.setdefault(row, set()):
            continue
        for offset in range(-REACH, REACH + 1):
            here, there = place + offset, position + offset
            inside = 0 <= here < len(numbers) and corpus.rows[row] <= there < corpus.rows[row + 1]
            if inside and numbers[here] == corpus.sequence[there]:
                covered[row].add(there)
                stretches.setdefault(row, set()).add(here)
    yield from _said(corpus, lines, stretches, covered)


def _said(
    corpus: Corpus,
    lines: Positions,
    stretches: dict[int, set[int]],
    covered: dict[int, set[int]],
) -> Iterator[Repeated]:
    rows_at: dict[int, list[int]] = {}
    for row, here in stretches.items():
        for place in here:
            rows_at.setdefault(place, []).append(row)
    for row, here in list(stretches.items())[:MOST_STRETCHES]:
        positions = np.array(sorted(covered[row]))
        said = np.asarray(corpus.sequence[positions], dtype=np.int64)
        length = int(corpus.rows[row + 1] - corpus.rows[row]) - 1
        # The word of the stretch that the fewest transcripts hold there says how many people said it.
        fewest = min((rows_at[place] for place in here), key=len)
        yield Repeated(
            row,
            int(lines[min(here)]) + 1,
            len(said),
            float(corpus.bits(said).sum()),
            5 * len(said) >= 4 * length,
            How.VERBATIM,
            len(corpus.said_by(fewest[:200])),
        )


def _in_any_order(
    corpus: Corpus, numbers: Positions, lines: Positions, places: Positions, positions: Positions
) -> Iterator[Repeated]:
    """Yield transcripts most of whose words stand close together in the text, in any order."""
    rows = corpus.row_of(positions)
    order = np.lexsort((places, rows))
    rows, places = rows[order], places[order]
    lengths = corpus.rows[rows + 1].astype(np.int64) - corpus.rows[rows] - 1
    apart = np.concatenate(
        ([True], (rows[1:] != rows[:-1]) | (places[1:] - places[:-1] > np.maximum(lengths[1:], 8)))
    )
    first = np.flatnonzero(apart)
    last = np.append(first[1:], len(rows)) - 1
    bits = np.add.reduceat(corpus.bits(numbers[places]), first)
    close = np.flatnonzero((last - first >= 2) & (lengths[first] >= 5) & (bits >= LEAST_BITS))
    close = close[np.argsort(-bits[close], kind="stable")][:MOST_STRETCHES]
    for group in close.tolist():
        row, length = int(rows[first[group]]), int(lengths[first[group]])
        start = max(0, int(places[first[group]]) - length // 2)
        end = int(places[last[group]]) + length // 2 + 1
        if end - start > 3 * length + 6:
            continue
        found = _overlap(corpus, row, numbers[start:end])
        if found:
            yield Repeated(row, int(lines[start]) + 1, *found, How.REORDERED, len(corpus.said_by([row])))


def _overlap(corpus: Corpus, row: int, window: NDArray[np.int64]) -> tuple[int, float, bool] | None:
    """Return how many words of a transcript a window holds, what they tell, and whether nearly all."""
    said = corpus.row(row)
    shared = Counter(said.tolist()) & Counter(window[window >= 0].tolist())
    words = np.array(list(shared.elements()), dtype=np.int64)
    bits = corpus.bits(words)
    telling = bits[bits >= INFORMATIVE]
    if len(words) < 5 or len(telling) < 3 or float(telling.sum()) < LEAST_BITS:
        return None
    if float(bits.sum()) < CONTAINED * float(corpus.bits(said).sum()):
        return None
    return len(words), float(bits.sum()), 5 * len(words) >= 4 * len(said)
