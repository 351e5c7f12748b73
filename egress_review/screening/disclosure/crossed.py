"""Counts of the data's groups, and of groups within groups, in whatever layout: known by the numbers.

What a number counts is guessed in some ways: by the names before it, behind it or around it, by its place in
a row below names, by its place among all numbers. One way must be right for most of them, and not by chance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, permutations, product

import numpy as np
from numpy.typing import NDArray

from egress_review.screening import chances
from egress_review.screening.disclosure import groups
from egress_review.screening.disclosure.groups import Mask
from egress_review.screening.limits import Limits
from egress_review.screening.people import People, folded
from egress_review.screening.tables import Table
from egress_review.screening.verdict import Finding, block

TOKEN = re.compile(
    r"(?P<band>(?<![\w.,-])\d{1,3} ?[-\u2013\u2014] ?\d{1,3}(?![\w-]|[.,]\d))"
    # Dates, times, versions, fractions and per cent count nobody.
    r"|(?P<other>\d+(?:[./-]\d+){2,}|\d{1,2}:\d\d(?!\d)(?::\d\d)?|\d*\.\d+|\d+\s?%|\d{1,3}(?:,\d{3})+(?!\d))"
    r"|(?P<number>(?<![^\W_])\d{1,4}(?!\w))"
    r"|(?P<signs>(?<!\S)(?P<sign>[^\w\s])(?P=sign)*(?!\S)|(?P<picture>[\U0001f000-\U0001ffff])(?P=picture)*)"
    r"|(?P<word>[^\W\d_]+)"
)
WORD = re.compile(r"[^\W\d_]+")
WHO = re.compile(
    r"(?i)\b(?:n|speakers?|people|persons?|participants?|women|men|frequency|counts?|sprecher\w*)\b"
)
READ, TOKENS, COUNTS = 60_000, 6_000, 600  # characters, tokens and numbers that are read
BACK, AHEAD = 14, 6  # tokens before and behind a number
FEWEST, FEW, SHARE = 3, 2, 0.34  # groups counted rightly, those of few people, and the share that is right
MOST_ROWS = 300  # of a table that is looked at
WIDE = 40  # groups of a column whose order is guessed
LARGE, CELLS = 200, 6  # cells of a crosstab that is looked for among all numbers, at most and at least
# Chances below which it is none: over all ways, where a word says people, and of the same numbers mixed.
UNLIKELY, SAID, MIXED = 1e-3, 2e-2, 0.2
Key = tuple[int, int]  # a column, and which of its groups
Group = frozenset[Key]
Pairs = Iterable[tuple[Group, int]]
Values = NDArray[np.int64]


@dataclass(frozen=True)
class Token:
    """What names groups of the data, or a number; `signs` says that it is one sign so many times."""

    keys: tuple[Key, ...] = ()
    value: int | None = None
    signs: bool = False


def check(content: str, people: People, limits: Limits, where: str = "") -> list[Finding]:
    """Return a block where numbers are, in one way for most of them, the people of the data's groups."""
    if not people.recording_count:
        return []
    whole = _Read.of(content[:READ], people)
    said = WHO.search(content) is not None
    for signs in (False, True):
        read = _Read(people, [one for one in whole.tokens if one.keys or one.signs is signs], whole.masks)
        few = read.few(limits, said=said)
        if few:
            message = (
                f"{few} numbers here are of groups of fewer than {limits.minimum_count} people of the data."
            )
            return [block("few_people", message, groups.least(limits), where)]
    return []


def in_table(table: Table, people: People, limits: Limits) -> list[Finding]:
    """Return a block where a table counts groups that it names: of few rows, below names in its header."""
    if len(table.rows) > MOST_ROWS:
        return []
    if len(table.rows) <= FEW:
        pairs = (zip(table.header, row, strict=True) for row in table.rows)
        return check(
            "\n".join(f"{name} {cell}" for row in pairs for name, cell in row), people, limits, table.where
        )
    return check("\n".join(map(" ".join, (table.header, *table.rows))), people, limits, table.where)


@dataclass(frozen=True, eq=False)
class _Read:
    """A text's names of groups and numbers, in order, and the recordings of each group that it names."""

    people: People
    tokens: Sequence[Token]
    masks: dict[Key, Mask]
    counted: dict[Group, int] = field(default_factory=dict)

    @classmethod
    def of(cls, content: str, people: People) -> _Read:
        """Return what a text says."""
        masks: dict[Key, Mask] = {}
        known = groups.names(people)
        # Bands without the name of what is in them are of ages.
        words = {"age", *(folded(word) for word in WORD.findall(content))}
        banded = [at for at, column in enumerate(people.numbers) if folded(column.name) in words]
        tokens = [
            _token(one, known, banded, people, masks) for one in islice(TOKEN.finditer(content), TOKENS)
        ]
        return cls(people, [one for one in tokens if one is not None], masks)

    def few(self, limits: Limits, *, said: bool) -> int:
        """Return how many numbers are surely those of groups of few people; 0 where none is."""
        columns = list(dict.fromkeys(key[0] for token in self.tokens for key in token.keys))
        if not columns or sum(token.value is not None for token in self.tokens) < FEWEST:
            return 0
        ways = [(frozenset(islice(pairs, COUNTS)), places) for pairs, places in self._ways(columns)]
        ways = [(pairs, places) for pairs, places in ways if len(pairs) >= FEWEST]
        tried = sum(places for _, places in ways)
        return max((self._right(pairs, tried, limits, said=said) for pairs, _ in ways), default=0)

    def _right(self, pairs: frozenset[tuple[Group, int]], tried: int, limits: Limits, *, said: bool) -> int:
        true = {group: self._people(group) for group, _ in pairs}
        right = {group for group, value in pairs if value == true[group]}
        few = sum(0 < true[group] < limits.minimum_count for group in right)
        if len(right) < max(FEWEST, SHARE * len(pairs)) or few < FEW:
            return 0
        # Of numbers that have nothing to do with the data small ones are the most frequent.
        shares = [0.25 / (true[group] + 1) for group, _ in pairs]
        chance = chances.binomial(len(right), len(pairs), sum(shares) / len(shares)) * tried
        values, counts = Counter(value for _, value in pairs), Counter(true[group] for group, _ in pairs)
        same = sum(values[value] * counts[value] for value in values) / len(pairs) ** 2
        mixed = chances.binomial(len(right), len(pairs), same)
        return few if chance < (SAID if said else UNLIKELY) and mixed < MIXED else 0

    def _people(self, group: Group) -> int:
        if group not in self.counted:
            keys = sorted(group)
            if len(keys) == 2 and max(column for column, _ in keys) < len(self.people.labels):
                (one, row), (two, across) = keys
                self.counted[group] = int(_crosstab(self.people, one, two)[row, across])
            else:
                masks = [self.masks[key] for key in keys]
                self.counted[group] = self.people.people_in(np.all(masks, axis=0))
        return self.counted[group]

    def _ways(self, columns: Sequence[int]) -> Iterator[tuple[Pairs, int]]:
        """Yield what numbers may count in each way, and at how many places of a text that is tried."""
        for deep in (1, 2, 3):
            yield self._named(deep, 0), 1
            yield self._named(0, deep), 1
        yield self._named(1, 1), 1
        for column in dict.fromkeys((*columns, *range(len(self.people.labels)))):
            for order in self._orders(column):
                for deep in (1, 2):
                    yield self._rows(deep, [(column, code) for code in order]), 1
        yield from self._flat(columns)

    def _named(self, before: int, behind: int) -> Pairs:
        """Yield numbers with the nearest so many names of groups before them and behind them."""
        for at, token in enumerate(self.tokens):
            if token.value is not None:
                keys = self._nearest(range(at + 1, min(at + AHEAD, len(self.tokens))), behind, ())
                keys += self._nearest(range(at - 1, max(at - BACK, 0) - 1, -1), before, keys)
                if len(keys) == before + behind:
                    yield frozenset(keys), token.value

    def _nearest(self, places: Iterable[int], count: int, but: Sequence[Key]) -> list[Key]:
        found: dict[int, Key] = {}
        taken = {column for column, _ in but}
        for place in places:
            if len(found) == count:
                break
            for key in self.tokens[place].keys:
                if key[0] not in taken and len(found) < count:
                    found.setdefault(key[0], key)
        return list(found.values())

    def _rows(self, before: int, across: Sequence[Key]) -> Pairs:
        """Yield numbers with so many names before their row, and the name whose place theirs is in it."""
        run = 0
        for at, token in enumerate(self.tokens):
            if token.value is None:
                run = 0
                continue
            run += 1
            keys = self._nearest(range(at - run, max(at - run - BACK, 0) - 1, -1), before, across)
            if len(keys) == before and run <= len(across):
                yield frozenset((*keys, across[run - 1])), token.value

    def _orders(self, column: int) -> list[tuple[int, ...]]:
        """Return in which orders a column's groups may stand: as in the text, as in the data, sorted."""
        said = tuple(dict.fromkeys(code for one in self.tokens for at, code in one.keys if at == column))
        if column >= len(self.people.labels):
            return [said] if len(said) > 1 else []
        labels = self.people.labels[column].labels
        if not 2 <= len(labels) <= WIDE:
            return []
        for code in range(len(labels)):
            self.masks.setdefault((column, code), self.people.labels[column].codes == code)
        ordered = tuple(sorted(range(len(labels)), key=labels.__getitem__))
        whole = said if len(said) > 1 else ordered
        return list(dict.fromkeys((whole, ordered, ordered[::-1], tuple(range(len(labels))))))

    def _flat(self, columns: Sequence[int]) -> Iterator[tuple[Pairs, int]]:
        """Yield stretches of numbers that are, row by row, a crosstab of a named column and another."""
        values = np.array([token.value for token in self.tokens if token.value is not None])[:COUNTS]
        other = [*columns, *(at for at in range(len(self.people.labels)) if at not in columns)]
        for one, two in permutations(other, 2):
            if one in columns or two in columns:
                for rows, across in product(self._orders(one), self._orders(two)):
                    if CELLS <= len(rows) * len(across) <= min(LARGE, len(values)):
                        cells = [frozenset(((one, a), (two, b))) for a, b in product(rows, across)]
                        yield self._stretch(cells, values), len(values) - len(cells) + 1

    def _stretch(self, cells: Sequence[Group], values: Values) -> Pairs:
        true = np.array([self._people(group) for group in cells])
        windows = np.lib.stride_tricks.sliding_window_view(values, len(cells))
        if (windows == true).all(axis=1).any():
            yield from zip(cells, true.tolist(), strict=True)


@lru_cache(maxsize=64)
def _crosstab(people: People, one: int, two: int) -> Values:
    """Return how many speakers each group of a column has within each of another. Shape (groups, groups)."""
    first, second = people.labels[one], people.labels[two]
    known = (first.codes >= 0) & (second.codes >= 0)
    shape = (people.speaker_count, len(first.labels), len(second.labels))
    places = np.unique(
        np.ravel_multi_index((people.speakers[known], first.codes[known], second.codes[known]), shape)
    )
    _, rows, across = np.unravel_index(places, shape)
    counts = np.zeros(shape[1:], dtype=np.int64)
    np.add.at(counts, (rows, across), 1)
    return counts


def _token(
    match: re.Match[str],
    known: dict[str, list[Key]],
    banded: Sequence[int],
    people: People,
    masks: dict[Key, Mask],
) -> Token | None:
    """Return what one match names or counts, None for any other word; masks of what it names are kept."""
    if match["number"]:
        return Token(value=int(match["number"]))
    if match["signs"]:
        return Token(value=len(match["signs"]), signs=True)
    keys: list[Key] = []
    if match["band"]:
        for at in banded:
            mask = groups.band(match["band"], people.numbers[at])
            if mask is not None and mask.any():
                low, high = (int(one) for one in re.findall(r"\d+", match["band"]))
                keys.append((len(people.labels) + at, 1000 * low + high))
                masks[keys[-1]] = mask
        return Token(tuple(keys)) if keys else None
    word = folded(match["word"] or "")
    for column, code in known.get(word, ()):
        keys.append((column, code))
        masks[keys[-1]] = people.labels[column].codes == code
    if keys:
        return Token(tuple(keys))
    return Token(value=len(word), signs=True) if len(set(word)) == 1 else None
