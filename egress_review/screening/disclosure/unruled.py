"""Rows that nothing rules: in brackets all over a text, a sentence each, or glued in lines of one length."""

from __future__ import annotations

import re
from collections.abc import Iterator

from egress_review.screening.disclosure import groups
from egress_review.screening.disclosure.shown import SENTENCE
from egress_review.screening.people import People, folded
from egress_review.screening.tables import Table

BRACKETS = re.compile(r"[(\[{<]([^()\[\]{}<>\n]{5,200})[)\]}>]")
WORD = re.compile(r"[^\W\d_]+")
FIGURE = re.compile(r"(?<![\w.,])\d+(?:\.\d+)?(?![\w]|[.,]\d)")
GLUED = re.compile(r"[A-Za-z\d.]{6,80}")
SHORT = re.compile(r"(?=[\d.]*[A-Za-z])(?=[A-Za-z]*\d)[A-Za-z\d.]{3,80}")  # letters and digits
READ, LONGEST = 200_000, 400  # characters of a text, and rows that are read
CELLS, LISTED = 3, 5  # cells in brackets, and rows that make a list
MOST_FIGURES, DECIMALS = 8, (1, 2, 3)  # numbers in a sentence, and digits behind the points of glued ones


def tables(content: str, people: People, where: str = "") -> Iterator[Table]:
    """Yield what a text may hold as rows, a table for each number of cells; no header has a name."""
    part = content[:READ]
    for rows in (_bracketed(part), _sentences(part, people), *_glued(part)):
        by_width: dict[int, list[tuple[str, ...]]] = {}
        for row in rows:
            by_width.setdefault(len(row), []).append(row)
        for width, told in by_width.items():
            if len(told) >= LISTED:
                yield Table(("",) * width, tuple(told[:LONGEST]), where)


def _bracketed(content: str) -> Iterator[tuple[str, ...]]:
    """Yield what stands in brackets, parted by commas."""
    for one in BRACKETS.findall(content):
        cells = tuple(cell.strip(" '\"") for cell in re.split(r"[,;]", one))
        if len(cells) >= CELLS and any(map(str.isdigit, one)):
            yield cells


def _sentences(content: str, people: People) -> Iterator[tuple[str, ...]]:
    """Yield the data's groups that each sentence with numbers names, a cell a column, and the numbers."""
    known = groups.names(people)
    for sentence in SENTENCE.split(content) if known else ():
        figures = FIGURE.findall(sentence) if len(sentence) <= LONGEST else []
        if not 1 <= len(figures) <= MOST_FIGURES:
            continue
        said: dict[int, str] = {}
        for word in WORD.findall(sentence):
            for column, _ in known.get(folded(word), ()):
                said.setdefault(column, word)
        if said:
            yield (*(said.get(column, "") for column in range(len(people.labels))), *figures)


def _glued(content: str) -> Iterator[list[tuple[str, ...]]]:
    """Yield lines, or words, of one length, cut at each letter or where they end, and behind decimals."""
    lines = [line.strip() for line in content.split("\n") if line.strip()]
    for told, shape in ((lines, GLUED), (content.split(), SHORT)):
        if len(told) < LISTED or len({len(one) for one in told}) != 1 or not all(map(shape.fullmatch, told)):
            continue
        for letters in ("[A-Za-z]+", "[A-Za-z]"):
            for decimals in DECIMALS:
                cut = re.compile(rf"{letters}|\d+\.\d{{{decimals}}}|\d+")
                yield [tuple(cut.findall(one)) for one in told]
