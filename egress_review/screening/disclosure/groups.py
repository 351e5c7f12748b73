"""Groups named in a table, found again in the data: how many people really stand behind each row or cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.disclosure.headers import (
    is_total,
    people_columns,
    whole,
)
from egress_review.screening.disclosure.shown import number
from egress_review.screening.limits import Limits
from egress_review.screening.people import Labels, Numbers, People, folded
from egress_review.screening.tables import Table

Mask = NDArray[np.bool_]
SIMILAR = 0.8
BAND = re.compile(r"^[\[(]?\s*(-?\d+\.?\d*)\s*(?:-|–|—|to|,|\.\.|bis)\s*(-?\d+\.?\d*)\s*(?P<end>[\])]?)\D*$")
OPEN = re.compile(
    r"^\s*(?P<sign><=|>=|<|>|≤|≥|under|below|over|above)\s*(?P<bound>\d+\.?\d*)\D*$", re.IGNORECASE
)
PLUS = re.compile(r"^\s*(?P<bound>\d+\.?\d*)\s*\+\D*$")
ROWS = 300
EXACT = 3  # different small counts that are all the data's
_WOMEN = ("f", "female", "females", "woman", "women", "girl", "girls", "frauen", "femmes", "mujeres", "donne")
_MEN = ("m", "male", "males", "man", "men", "boy", "boys", "männer", "hommes", "hombres", "uomini")
SEXES = {**dict.fromkeys(_WOMEN, _WOMEN), **dict.fromkeys(_MEN, _MEN)}  # by each word all that mean the same
COVERING = 3  # labels that are nearly all of a column's; two, as of a sex, any data has


@dataclass(frozen=True)
class Group:
    """The recordings that a row, or a cell of a crosstab, speaks of, and how surely it does."""

    row: int
    column: int | None
    mask: Mask
    people: int
    recordings: int


@dataclass(frozen=True)
class Grouped:
    """A table's groups found in the data.

    `named` says that the header names the data's column as well, `covering` that three or more labels are
    nearly all that the column has, `evidence` that the table's numbers are those of the data's groups.
    """

    groups: tuple[Group, ...]
    named: bool
    covering: bool = False
    evidence: bool = False
    keys: frozenset[int] = field(default=frozenset())


def find(table: Table, people: People) -> Grouped | None:
    """Return the groups of a table that are the data's, None where its labels are none of the data's."""
    if not people.recording_count or not table.rows or len(table.rows) > ROWS:
        return None
    named = covering = False
    masks: dict[int, Mask] = {}
    keys = set()
    for at, header in enumerate(table.header):
        found = _keys(header, [row[at] for row in table.rows], people)
        if found is None:
            continue
        named |= found.named
        covering |= found.covering
        keys.add(at)
        for row, mask in found.masks.items():
            masks[row] = masks[row] & mask if row in masks else mask
    across = _across(table, people, keys)
    if across:
        groups = list(_crossed(table, masks, across, people))
        named = named or len(across) >= 2
    else:
        groups = [_group(row, None, mask, people) for row, mask in sorted(masks.items())]
    if not groups:
        return None
    grouped = Grouped(tuple(groups), named, covering, keys=frozenset(keys))
    return replace(grouped, evidence=_evidence(table, grouped, people))


def _group(row: int, column: int | None, mask: Mask, people: People) -> Group:
    return Group(row, column, mask, people.people_in(mask), int(np.count_nonzero(mask)))


def _crossed(
    table: Table, rows: Mapping[int, Mask], across: Mapping[int, Mask], people: People
) -> Iterator[Group]:
    everyone = np.ones(people.recording_count, dtype=bool)
    for row in range(len(table.rows)):
        for column, mask in across.items():
            if number(table.rows[row][column]) is not None:
                yield _group(row, column, mask & rows.get(row, everyone), people)


def _across(table: Table, people: People, keys: set[int]) -> dict[int, Mask]:
    """Return the headers that are labels of the data, for a crosstab."""
    for column in people.labels:
        if len(column.labels) < 2:
            continue
        found = {
            at: column.codes == code
            for at, header in enumerate(table.header)
            if at not in keys and (code := matched(header, column, strict=True)) is not None
        }
        if len(found) >= 2:
            return found
    return {}


@dataclass(frozen=True)
class Keyed:
    """A column's labels found in the data: each row's recordings, and how sure it is that column."""

    masks: dict[int, Mask]
    named: bool
    covering: bool = False


def _keys(header: str, cells: Sequence[str], people: People) -> Keyed | None:
    """Return each row's recordings by a column's label, and whether the header names the data's column."""
    filled = [n for n, cell in enumerate(cells) if cell.strip() and not is_total(cell)]
    if not filled:
        return None
    best: tuple[float, Labels, dict[int, int], bool] | None = None
    for column in people.labels:
        same = similar(header, column.name)
        codes = {n: code for n in filled if (code := matched(cells[n], column, strict=not same)) is not None}
        share = len(codes) / len(filled) + 0.5 * same
        telling = len(set(codes.values())) >= 2 or same
        if len(codes) >= SIMILAR * len(filled) and telling and (best is None or share > best[0]):
            best = (share, column, codes, same)
    if best is not None:
        _, column, codes, same = best
        masks = {code: column.codes == code for code in set(codes.values())}
        covering = len(masks) >= COVERING and len(masks) >= SIMILAR * len(column.labels)
        return Keyed({n: masks[code] for n, code in codes.items()}, same, covering)
    return _bands(header, cells, filled, people)


def _bands(header: str, cells: Sequence[str], filled: list[int], people: People) -> Keyed | None:
    for column in people.numbers:
        if similar(header, column.name):
            found = {n: mask for n in filled if (mask := band(cells[n], column)) is not None}
            if len(found) >= SIMILAR * len(filled):
                return Keyed(found, True)
    return None


def similar(header: str, name: str) -> bool:
    """Return whether a header names a column of the data: the same word, or one inside the other."""
    one, other = folded(header), folded(name)
    if not one or not other:
        return False
    alike = (
        {"sex", "gender"},
        {"language", "lang", "locale"},
        {"region", "accent", "dialect"},
        {"age", "agegroup"},
    )
    if any(one in words and other in words for words in alike):
        return True
    return one == other or (min(len(one), len(other)) >= 3 and (one in other or other in one))


def matched(cell: str, column: Labels, *, strict: bool) -> int | None:
    """Return the code a label stands for; abbreviations count only where the header names the column."""
    word = folded(cell)
    if not word:
        return None
    found = column.by_word.get(word)
    if found is not None:
        # Bare numbers are labels only where the header says so.
        return None if strict and word.isdigit() else found
    if strict and len(word) > 1:
        return None
    starts = [
        code
        for label, code in column.by_word.items()
        if label and (label.startswith(word) or word.startswith(label))
    ]
    return starts[0] if len(starts) == 1 and len(column.labels) <= 12 and not word.isdigit() else None


def band(cell: str, column: Numbers) -> Mask | None:
    """Return the recordings whose value lies in a band written as "20-29", "[20, 30)", "<30" or "60+"."""
    values = np.asarray(column.values)
    match = BAND.match(cell)
    if match:
        low, high = float(match[1]), float(match[2])
        below = values < high if match["end"] == ")" else values <= high
        return (values >= low) & below if low <= high else None
    match = OPEN.match(cell) or PLUS.match(cell)
    if match is None:
        return None
    bound, sign = float(match["bound"]), match.groupdict().get("sign", ">=").casefold()
    if sign in ("<", "under", "below"):
        return values < bound
    if sign in ("<=", "≤"):
        return values <= bound
    return values > bound if sign in (">", "over", "above") else values >= bound


def _evidence(table: Table, grouped: Grouped, people: People) -> bool:
    """Return whether the numbers are those of the data's groups: counts (also multiplied), sums, means."""
    by_column: dict[int, list[tuple[int, Group]]] = {}
    for group in grouped.groups:
        columns = range(len(table.header)) if group.column is None else (group.column,)
        for column in columns:
            value = whole(table.rows[group.row][column])
            if value is not None and column not in grouped.keys:
                by_column.setdefault(-1 if group.column is not None else column, []).append((value, group))
    return (
        any(map(_counted, by_column.values()))
        or _shared(table, grouped, people)
        or _measured(table, grouped, people)
    )


def _shared(table: Table, grouped: Grouped, people: People) -> bool:
    """Return whether a column holds each group's share of all people."""
    for column in set(range(len(table.header))) - grouped.keys:
        fits: dict[float, bool] = {}
        for group in grouped.groups:
            value = number(table.rows[group.row][column]) if group.column is None else None
            if value and whole(table.rows[group.row][column]) is None:
                share = group.people / people.speaker_count
                near = min(abs(value[0] - share), abs(value[0] - 100 * share)) <= 0.501 * value[1]
                fits[value[0]] = near and fits.get(value[0], True)
        if len(fits) >= EXACT and all(fits.values()):
            return True
    return False


def _counted(cells: list[tuple[int, Group]]) -> bool:
    """Return whether counts are the groups' recordings or people, or the same multiple of them everywhere."""
    recordings = {(value, group.recordings) for value, group in cells if group.recordings}
    people = {(value, group.people) for value, group in cells if group.people}
    for pairs in (recordings, people):
        factors = {value / count for value, count in pairs}
        if factors == {1.0} and len(pairs) >= EXACT < len(cells):
            return True
        large = sum(len(str(value)) for value, _ in pairs if value >= 10)
        if (
            len(factors) == 1
            and (factor := factors.pop()) >= 1
            and factor == int(factor)
            and large >= 3 + (factor > 1)
        ):
            return len(pairs) >= 2 or factor == 1
    return False


def _measured(table: Table, grouped: Grouped, people: People) -> bool:
    """Return whether two numbers are means or sums of one of the data's columns over these groups."""
    for column in people.numbers:
        values = np.asarray(column.values)
        found = set()
        for group in grouped.groups[:60]:
            inside = values[group.mask]
            inside = inside[~np.isnan(inside)]
            if not len(inside):
                continue
            expected = (
                inside.mean(),
                inside.sum(),
                inside.sum() / 3600,
                inside.sum() / 60,
                np.median(inside),
            )
            cells = table.rows[group.row] if group.column is None else (table.rows[group.row][group.column],)
            for cell in cells:
                shown = number(cell)
                if shown and len(cell.strip().lstrip("-0.").replace(".", "")) >= 3:
                    near = [e for e in expected if abs(shown[0] - e) <= 0.51 * shown[1]]
                    found |= {(group.row, group.column)} if near else set()
        if len(found) >= 2:
            return True
    return False


def counts_people(table: Table, group: Group) -> int | None:
    """Return how many people the table says a group has, None where it doesn't say."""
    for column in people_columns(table) if group.column is None else ():
        value = whole(table.rows[group.row][column])
        if value is not None:
            return value
    return None


def dominated(group: Group, people: People, values: NDArray[np.float64] | None) -> str:
    """Return which of ACRO's rules of dominance a group breaks, counted in people; "" where none.

    `values` are what is summed or averaged, None for the number of recordings. `values` has shape
    (recordings,).
    """
    weights = np.ones(int(np.count_nonzero(group.mask))) if values is None else np.abs(values[group.mask])
    parts = np.bincount(people.speakers[group.mask], weights=np.nan_to_num(weights))
    parts = np.sort(parts[parts > 0])[::-1]
    total = float(parts.sum())
    if total <= 0 or len(parts) < 3:
        return ""
    if parts[:2].sum() > 0.9 * total:
        return "two people make up over 90 % of it"
    if (total - parts[:2].sum()) < 0.1 * parts[0]:
        return "all but two people make up under 10 % of the largest"
    return "one person makes up over half of it" if parts[0] > 0.5 * total else ""


def least(limits: Limits) -> str:
    """Return the words for how to mend a group of few people."""
    return (
        f"Merge groups until each holds at least {limits.minimum_count} speakers; recordings are no people."
    )


@lru_cache(maxsize=4)
def names(people: People) -> dict[str, list[tuple[int, int]]]:
    """Return the words that name groups of the data: of which columns, and which code there."""
    found: dict[str, list[tuple[int, int]]] = {}
    for at, column in enumerate(people.labels):
        for word, code in column.by_word.items():
            for said in SEXES.get(word, (word,)) if column.by_word.keys() <= SEXES.keys() else (word,):
                if word and not word.isdigit():
                    found.setdefault(said, []).append((at, code))
    return found
