"""Finds numbers that a text or JSON repeats in one layout, whatever that is; asks what series they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egress_review.screening import series
from egress_review.screening.verdict import Finding, block, flag

# Possessive, so that long digits that fit nowhere are read once.
NUMBER = re.compile(r"[-+]?(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?\d{1,3})?+")
# What stands alone, no part of a date, a time, a version, a DOI.
FREE = re.compile(rf"(?<![\d/:])(?<!\d[-.])(?:{NUMBER.pattern})(?![\d/:]|[-.]\d)")
NO_BAR = re.compile(r"[\w\s]|$")  # no sign that stands as often as a number says
TOKEN = re.compile(r"(?<![^\s,;|\"'\[(])[0-9A-Za-z]{1,8}(?![^\s,;|\"'\])])")  # between blanks or commas
PHONE = re.compile(r"[A-Z]{1,3}[0-2]")  # of a lexicon, with its stress
CODES_A_LINE, MANY_CODES = 4, 200
FRACTIONS = (
    0.5  # of a layout's numbers in a text that have a decimal point, or they are dates, pages, versions
)
LONGEST = 400  # characters of a layout; longer lines are looked at for one that repeats inside them
WIDEST = 40  # numbers that such a layout repeats at most
MOST_ROWS = 5_000  # of one layout that are looked at
LEAST_SIDE, LEAST_AREA = 6, 200  # lines and columns, and signs, of a grid of signs
MOST_SIGNS = 400  # lines and columns of it that are looked at
BLOCKS = re.compile("[\u2580-\u259f]")  # of Unicode's block elements
BLOCK_LINES, BLOCK_SIGNS, OFTEN = 8, 200, 0.3  # lines and signs of a drawn code, and changes a sign
LEAST_SIGNS = 4  # of different ones
ALIKE = 1.6  # times as often as by chance that neighbours of a grid are the same, both ways
FIX = "Hand in a plot or a table of aggregated results."

Doubles = NDArray[np.float64]


def in_text(content: str, where: str = "") -> list[Finding]:
    """Return the flags for numbers written again and again in one layout, and for grids of signs."""
    for matrix in repeated(content):
        found = series.in_matrix(matrix, where)
        if found:
            return found
    if _is_drawn(content):
        message = "Signs are set as the squares of a code or picture, which carry data."
        return [block("codes", message, FIX, where)]
    lines = [line.rstrip() for line in content.split("\n")[:MOST_ROWS]]
    lengths = [len(line) - len(line.rstrip(line[-1])) for line in lines if not NO_BAR.match(line[-1:])]
    if series.wanders(lengths):
        return series.judged(series.Rows(np.array(lengths, dtype=np.float64)[:, None]), where)
    return _grids(content, where) or _codes(content, where)


def _is_drawn(content: str) -> bool:
    """Return whether lines are drawn of half and whole blocks that change as often as those of a code.

    Bars of charts and of progress are long runs of one block, and few lines.
    """
    lines = [line for line in content.split("\n")[:MOST_ROWS] if 2 * len(BLOCKS.findall(line)) > len(line)]
    signs = sum(map(len, lines))
    changes = sum(one != other for line in lines for one, other in pairwise(line))
    return len(lines) >= BLOCK_LINES and signs >= BLOCK_SIGNS and changes > OFTEN * signs


def in_json(value: Any) -> list[Finding]:
    """Return the flag for numbers that stand in the same place of a JSON value again and again."""
    places, widths = _placed(value)
    for place, numbers in places.items():
        width = widths.get(place, 1)
        matrix = np.array(numbers[: len(numbers) // width * width]).reshape(-1, width)
        found = series.in_matrix(matrix, place) or series.in_matrix(matrix.T, place)
        if found:
            return found
    return []


def gathered(value: Any) -> Iterator[tuple[list[float], int]]:
    """Yield the numbers that stand in the same place of a JSON value, and how many are in a row of it."""
    places, widths = _placed(value)
    yield from ((numbers, widths.get(place, 1)) for place, numbers in places.items())


def _placed(value: Any) -> tuple[dict[str, list[float]], dict[str, int]]:
    places: dict[str, list[float]] = {}
    widths: dict[str, int] = {}
    _gather(value, "", places, widths)
    return places, widths


def _gather(value: Any, place: str, places: dict[str, list[float]], widths: dict[str, int]) -> None:
    """Put numbers under their place, whose numbers are left out, and how many stand in a row of it."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _gather(inner, f"{place}.{re.sub('[0-9]+', '#', str(key))}", places, widths)
    elif isinstance(value, list):
        if len(value) > 1 and all(isinstance(one, int | float) for one in value):
            widths[f"{place}[]"] = len(value) if widths.get(f"{place}[]", len(value)) == len(value) else 1
        for inner in value:
            _gather(inner, f"{place}[]", places, widths)
    else:
        places.setdefault(place, []).append(float(value))


def repeated(content: str) -> Iterator[Doubles]:
    """Yield the numbers of lines that are the same but for them, and of lines that repeat inside."""
    groups: dict[str, list[list[str]]] = {}
    for line in content.split("\n"):
        found = FREE.findall(line)
        if not found:
            continue
        between = FREE.split(line)
        if len(found) >= series.LEAST_ROWS:
            yield from _inside(found, between[1:-1])
        layout = NUMBER.sub("#", line).strip()
        rows = groups.setdefault(layout, []) if len(layout) <= LONGEST else []
        if len(rows) < MOST_ROWS:
            rows.append(found)
    for rows in groups.values():
        if len(rows) >= series.LEAST_ROWS:
            yield from _matrix(rows)


def _inside(found: Sequence[str], between: Sequence[str]) -> Iterator[Doubles]:
    """Yield the numbers of one line as rows, if what stands between them repeats."""
    for width in range(1, min(WIDEST, len(found) // 8) + 1):
        same = all(one == other for one, other in zip(between, between[width:], strict=False))
        if same:
            rows = [list(found[at : at + width]) for at in range(0, len(found) - width + 1, width)]
            yield from _matrix(rows)
            return


def _matrix(rows: Sequence[Sequence[str]]) -> Iterator[Doubles]:
    """Yield rows as numbers, if they are as wide as each other and some of them are fractions."""
    if len({len(row) for row in rows}) > 1:
        return
    columns = list(zip(*rows, strict=True))
    if any(sum("." in cell for cell in column) > FRACTIONS * len(column) for column in columns):
        yield np.array([floats(column) for column in columns]).T


def floats(cells: Sequence[str]) -> Doubles:
    """Return numbers as they were found in a text, 0 for what is none: "2e" in a hash."""
    return np.array([_float(cell) for cell in cells], dtype=np.float64)


def _float(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return 0.0


def _codes(content: str, where: str) -> list[Finding]:
    """Return the flag for many short codes of letters and digits, or of as many digits each, in lines."""
    count = 0
    for line in content.split("\n"):
        tokens = TOKEN.findall(line)
        told = [token for token in tokens if any(map(str.isdigit, token)) and not PHONE.fullmatch(token)]
        mixed = [token for token in told if not token.isdigit()]
        even = len({len(token) for token in tokens}) == 1 and len(tokens[0]) > 1
        if len(tokens) >= CODES_A_LINE and (
            2 * len(mixed) >= len(tokens) or (even and 2 * len(told) > len(tokens))
        ):
            count += len(tokens)
    if count < MANY_CODES:
        return []
    message = (
        f"{count:,} short codes in lines can be numbers in other signs; a human has to see what they are."
    )
    return [flag("series", message, FIX, where)]


def _grids(content: str, where: str) -> list[Finding]:
    """Return the flag for lines of as many signs each, of which neighbours are the same as in a picture."""
    lines = [line.rstrip() for line in content.split("\n")]
    run: list[str] = []
    for line in [*lines, ""]:
        if line and " " not in line and (not run or len(line) == len(run[0])):
            run.append(line)
            continue
        if _is_picture(run):
            message = (
                f"{len(run)} lines of {len(run[0])} signs each are like their neighbours, as where signs "
                "stand for levels of a picture or of sound."
            )
            return [flag("series", message, FIX, where)]
        run = [line] if line and " " not in line else []
    return []


def _is_picture(run: Sequence[str]) -> bool:
    run = [line[:MOST_SIGNS] for line in run[:MOST_SIGNS]]
    if len(run) < LEAST_SIDE or len(run[0]) < LEAST_SIDE or len(run) * len(run[0]) < LEAST_AREA:
        return False
    counts = Counter("".join(run))
    if len(counts) < LEAST_SIGNS:
        return False
    total = sum(counts.values())
    chance = sum((count / total) ** 2 for count in counts.values())
    across = np.mean([a == b for line in run for a, b in pairwise(line)])
    down = np.mean([a == b for one, other in pairwise(run) for a, b in zip(one, other, strict=True)])
    return bool(min(across, down) > chance * 1.2 and max(across, down) > ALIKE * chance)
