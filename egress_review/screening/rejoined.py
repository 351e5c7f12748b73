"""Puts back together what was cut: words over two lines, letters of a grid, syllables put between."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

FEWEST, SHORTEST = 4, 8  # words of a line that were cut, letters of a line of a grid
ROWS, MOST = 3, 100_000  # lines of a grid, and letters that are read
# Of all letters, from which two or three again and again were put there; "th" is 0.04 of English.
OFTEN = 0.07
LEAST = 80  # letters from which that can be told
VOWELS = "aeiou"
DOUBLED = re.compile(rf"([{VOWELS}])([^\W\d_])\1", re.IGNORECASE)  # as in "thefe"
AMOUNT = re.compile(r"\d+(?:[.,:-]\d+)+(?:e[+-]?\d+)?")
BLANK = re.compile(r"\s+")


def readings(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield in which way lines of strange words were cut, and what they say put together."""
    halves = list(_halves(lines))
    if halves:
        yield "with each word cut in two", "\n".join(halves)
    yield from _grid(lines)
    yield from _put_between("\n".join(lines)[:MOST])


def _halves(lines: Sequence[str]) -> Iterator[str]:
    """Yield words whose beginnings stand in one line, or half of one, and whose ends in the next."""
    for first, second in pairwise(lines):
        one, other = first.split(), second.split()
        if len(one) == len(other) >= FEWEST:
            yield _joined(one, other)
    for line in lines:
        words = line.split()
        if len(words) >= 2 * FEWEST and len(words) % 2 == 0:
            half = len(words) // 2
            yield _joined(words[:half], words[half:])


def _joined(words: Sequence[str], ends: Sequence[str]) -> str:
    """Return words with their ends; two times or fractions, as a log's next lines have, make none."""
    pairs = zip(words, ends, strict=True)
    return " ".join(one + end for one, end in pairs if not (AMOUNT.fullmatch(one) and AMOUNT.fullmatch(end)))


def _grid(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield letters in lines of one length as one run: by lines or columns, every second one turned round."""
    rows = [BLANK.sub("", line) for line in lines if line.strip()]
    if len(rows) < ROWS or not all(map(str.isalpha, rows)) or sum(map(len, rows)) > MOST:
        return
    width = len(rows[0])
    if width < SHORTEST or {len(row) for row in rows[:-1]} != {width} or len(rows[-1]) > width:
        return
    yield "in lines of one length", "".join(rows)
    yield "in lines to and fro", "".join(row[:: -1 if n % 2 else 1] for n, row in enumerate(rows))
    yield "in lines fro and to", "".join(row[:: 1 if n % 2 else -1] for n, row in enumerate(rows))
    columns = ["".join(row[at : at + 1] for row in rows) for at in range(width)]
    yield "in columns", "".join(columns)
    yield "in columns to and fro", "".join(one[:: -1 if n % 2 else 1] for n, one in enumerate(columns))


def _put_between(text: str) -> Iterator[tuple[str, str]]:
    """Yield a text without the two or three letters that come again and again, or with each vowel once."""
    letters = re.sub(r"[^a-z]", "", text.casefold())
    if len(letters) < LEAST or len(set(letters)) < 2:
        return
    for size in (3, 2):
        runs = (letters[at : at + size] for at in range(len(letters) - size + 1))
        for run, count in Counter(runs).most_common(2):
            if count >= OFTEN * len(letters):
                yield "with syllables put between", re.sub(run, "", text.casefold())
    if len(DOUBLED.findall(text)) >= OFTEN * len(letters):
        yield "with syllables put between", DOUBLED.sub(r"\1", text)
