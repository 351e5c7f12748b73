"""Compares numbers of texts and JSON, in whatever layout and rows, with recordings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egress_review.screening import arrays, layouts
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.sound.numbers import sequences
from egress_review.screening.verdict import Finding, outcome_of

MOST = 400_000  # numbers of a text that are compared
COMPARED = 6  # readings of a text or value, the largest first
LARGEST = 1e100  # numbers are cut there, so that their squares are numbers
SIGNS_EACH = 40  # signs to each blank, at least, where each is a sample
EVEN = 0.2  # of its signs beside others that are the same as the next; of writing a twentieth
HIGH, LEVELS = 12, (3, 64)  # lines and signs of a line of a picture in signs, and its different signs
SIGNS = 4  # different ones, at most, of which a drawing in lines is made
WORDS = re.compile(r"(?<![0-9A-Za-z])(?:0x)?([0-9A-Fa-f]{4}|[0-9A-Fa-f]{8})(?![0-9A-Za-z])")
ALIKE = 0.9  # of a text's digits and letters that stand in such words
BRACKETED = re.compile(r"[\[({][^\[\](){}]*[\])}]")

Doubles = NDArray[np.float64]


def in_text(content: str, index: Index, limits: Limits, where: str = "") -> list[Finding]:
    """Return the block for a text whose numbers are samples or frames of a recording, a flag without time."""
    some = (
        *_written(content),
        *_drawn(content),
        *_shaded(content),
        *_hexadecimal(content),
        *layouts.repeated(content),
    )
    return _first(some, index, limits, where)


def in_json(value: Any, index: Index, limits: Limits) -> list[Finding]:
    """Return the block for numbers in like places of a JSON value, or in its strings, that are sound."""
    found: list[Doubles] = []
    for numbers, width in layouts.gathered(value):
        whole = np.array(numbers[:MOST])
        found.append(whole[: len(whole) // width * width].reshape(-1, width))
    found += [one for words in _strings(value) for one in _written(words)]
    return _first(found, index, limits, "numbers")


def _first(matrices: Sequence[Doubles], index: Index, limits: Limits, where: str) -> list[Finding]:
    large = sorted((one for one in matrices if one.size >= arrays.LEAST_TABLED), key=lambda one: -one.size)
    unfinished: list[Finding] = []
    for matrix in large[:COMPARED]:
        found = arrays.from_columns(list(np.clip(matrix, -LARGEST, LARGEST).T), index, limits, where)
        if outcome_of(found) == "block":
            return found
        unfinished = unfinished or found
    return unfinished


def _written(content: str) -> Iterator[Doubles]:
    """Yield the numbers of a text in rows: those of its brackets, of its lines, or as they repeat."""
    brackets = [found for part in BRACKETED.findall(content) if len(found := layouts.FREE.findall(part)) > 1]
    lines = [
        found for line in content.split("\n") if _is_figures(line) and (found := layouts.FREE.findall(line))
    ]
    for some in (brackets, lines):
        yield from _even(some)
    if len({len(line) for line in lines}) > 1 or len(lines) == 1:
        yield layouts.floats([number for line in lines for number in line][:MOST])[:, None]


def _drawn(content: str) -> Iterator[Doubles]:
    """Yield how far lines of few signs reach, and how far in they begin: a waveform that lies on its side."""
    lines = content.split("\n")
    if len(lines) < arrays.LEAST_TABLED or len(set(content) - {" ", "\t", "\n"}) > SIGNS:
        return
    for lengths in (
        [len(line.rstrip()) for line in lines],
        [len(line) - len(line.lstrip()) for line in lines],
    ):
        if len(set(lengths)) > SIGNS:
            yield np.array(lengths[:MOST], dtype=np.float64)[:, None]


def _shaded(content: str) -> Iterator[Doubles]:
    """Yield signs as the levels that they stand for: samples, or a picture with a line for each row of it.

    Signs of no known order, as " .:-=+*#%@" is one, are put in that in which levels lie beside each other.
    """
    bare = content.strip("\n")
    codes = np.array([ord(sign) for sign in "".join(bare.split())[:MOST]], dtype=np.float64)
    if len(codes) >= arrays.LEAST_TABLED and len(bare.split()) * SIGNS_EACH <= len(codes):
        yield from (codes[:, None] for _ in islice(sequences(codes[:, None]), 1))
    lines = bare.split("\n")
    width = max(map(len, lines))
    signs = sorted(set(bare) - {"\n"})
    if len(lines) < HIGH or width < HIGH or not LEVELS[0] <= len(signs) <= LEVELS[1]:
        return
    # Blanks at the ends of lines are gone.
    written, room = sum(map(len, lines)), width * len(lines)
    if room > MOST or (written < room and (" " not in signs or 3 * written < room)):
        return
    told = {sign: number for number, sign in enumerate(signs)}
    rows = np.array([[told[sign] for sign in line.ljust(width)] for line in lines])
    before, after = rows[:, :-1], rows[:, 1:]
    drawn = (before != told.get(" ", -1)) & (after != told.get(" ", -1))
    if (before == after)[drawn].sum() >= EVEN * max(int(drawn.sum()), 1):
        yield ordered(rows, len(signs))


def ordered(rows: NDArray[np.int64], count: int) -> Doubles:
    """Return labels as levels: near are those that stand beside each other most. Shape (rows, columns).

    Source: the second eigenvector of their neighbourhoods, Fiedler 1973.
    """
    beside = np.zeros((count, count))
    for first, second in ((rows[:, 1:], rows[:, :-1]), (rows[1:], rows[:-1])):
        np.add.at(beside, (first.ravel(), second.ravel()), 1.0)
    beside += beside.T
    np.fill_diagonal(beside, 0.0)
    degrees = np.maximum(beside.sum(axis=1), 1.0)
    likeness = beside / np.sqrt(degrees[:, None] * degrees[None, :])
    vector = np.linalg.eigh(np.eye(count) - likeness)[1][:, 1] / np.sqrt(degrees)
    level = np.argsort(np.argsort(vector)).astype(np.float64)
    # Of either way round: the first sign, as a blank is, stands for little.
    level = level if 2 * level[0] < count else count - 1 - level
    return level[rows]


def _hexadecimal(content: str) -> Iterator[Doubles]:
    """Yield words of four or of eight hexadecimal digits as the whole numbers with a sign that they are."""
    found = WORDS.findall(content)[:MOST]
    told = sum(map(str.isalnum, content[: len(content) if len(found) < MOST else 0]))
    for digits in (4, 8):
        words = [word for word in found if len(word) == digits]
        if len(words) >= arrays.LEAST_TABLED and digits * len(words) >= ALIKE * told:
            numbers = np.array([int(word, 16) for word in words], dtype=np.int64)
            yield np.where(numbers >= 8 * 16 ** (digits - 1), numbers - 16**digits, numbers)[:, None] * 1.0


def _is_figures(line: str) -> bool:
    """Return whether a line is little but numbers."""
    told = len(line) - line.count(" ") - line.count("\t")
    return 2 * sum(map(line.count, "0123456789")) >= max(told, 1)


def _even(some: Sequence[Sequence[str]]) -> Iterator[Doubles]:
    """Yield numbers in rows of one width, where most rows have it."""
    widths = [len(one) for one in some]
    if len(some) < 2:
        return
    width = max(set(widths), key=widths.count)
    even = [one for one in some if len(one) == width]
    if 10 * len(even) >= 9 * len(some):
        rows = even[: MOST // width]
        yield layouts.floats([number for one in rows for number in one]).reshape(-1, width)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _strings(one)
