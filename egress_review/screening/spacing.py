"""Parts words that were written without blanks, or letter by letter, by the words of the recordings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.corpus import Corpus
from egress_review.screening.folding import Positions, Spans, Words

LONG = 20  # letters of a word that may be several
LETTERS = 12  # single letters in a row that may be words
LONGEST = 18  # letters of a word that is looked for
MOST = 20_000  # letters that are parted


def parted(corpus: Corpus, text: Words, numbers: Positions) -> tuple[Positions, Positions]:
    """Return the numbers and 0-based lines of the words inside unspaced stretches of a text."""
    found: list[NDArray[np.int64]] = []
    lines: list[NDArray[np.int64]] = []
    letters = 0
    for first, last in _unspaced(text, numbers):
        codes = np.concatenate(
            [text.codes[a:b] for a, b in zip(text.starts[first:last], text.ends[first:last], strict=True)]
        )
        letters += len(codes)
        if letters > MOST:
            break
        words = split(corpus, codes)
        found.append(words)
        lines.append(np.full(len(words), text.lines[first], dtype=np.int64))
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return np.concatenate(found), np.concatenate(lines)


def _unspaced(text: Words, numbers: Positions) -> list[tuple[int, int]]:
    """Return the stretches of words, as first and behind-last number, that are letters or joined words."""
    sizes = text.ends - text.starts
    stretches = [(n, n + 1) for n in np.flatnonzero((sizes >= LONG) & (numbers < 0)).tolist()]
    single = (sizes == 1) & (text.classes[text.starts] == 1) if len(sizes) else np.zeros(0, dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], single.astype(np.int8), [0]))))
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if last - first >= LETTERS:
            stretches.append((first, last))
    return sorted(stretches)


def split(corpus: Corpus, codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return the numbers of the words that letters spell when parted best: long known words first.

    `codes` has shape (letters,); the answer (words,), -1 for a letter in none.
    """
    size = len(codes)
    spans = Spans(codes)
    starts = np.arange(size)
    known: list[dict[int, int]] = [{} for _ in range(size)]
    for length in range(1, min(LONGEST, size) + 1):
        begins = starts[: size - length + 1]
        members = corpus.words.find(spans.hashes(begins, begins + length))
        for begin in np.flatnonzero(members >= 0).tolist():
            known[begin][length] = int(members[begin])
    best = [0.0] * (size + 1)
    step = [1] * size
    for begin in range(size - 1, -1, -1):
        best[begin] = best[begin + 1]
        for length in known[begin]:
            # A squared length prefers one long word to many short ones; each word costs a little.
            score = best[begin + length] + length * length - 1.5
            if score > best[begin]:
                best[begin], step[begin] = score, length
    words, at = [], 0
    while at < size:
        if step[at] in known[at] and best[at] > best[at + 1]:
            words.append(known[at][step[at]])
        else:
            words.append(-1)
            step[at] = 1
        at += step[at]
    return np.array(words, dtype=np.int64)


def covered(corpus: Corpus, codes: NDArray[np.uint32], least: int = 4) -> float:
    """Return which share of the letters lies in known words of `least` letters or more, overlapping too."""
    size = len(codes)
    if size < least:
        return 0.0
    spans = Spans(codes)
    inside = np.zeros(size + 1, dtype=np.int64)
    for length in range(least, min(LONGEST, size) + 1):
        begins = np.arange(size - length + 1)
        found = np.flatnonzero(corpus.words.find(spans.hashes(begins, begins + length)) >= 0)
        np.add.at(inside, found, 1)
        np.add.at(inside, found + length, -1)
    return float(np.mean(np.cumsum(inside)[:-1] > 0))
