"""Finds ids of recordings and speakers, also in another case, without prefix or zeros, or as hashes."""

from __future__ import annotations

import base64
import binascii
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egress_review.screening import chances, disguises
from egress_review.screening.disguises import KINDS, LENGTHY, NAME, STRONG, Match, folded, unpadded
from egress_review.screening.folding import Positions, Spans, classes, codes_of, fold, hash_of
from egress_review.screening.hashtable import Arrays, HashTable, unpacked
from egress_review.screening.sound.packing import Packed

__all__ = ["Hit", "Identifiers", "Match", "folded"]

HASH_CHARACTERS = 6  # hex characters from which a truncated hash is told from chance
# Six or seven digits alone are a number; with a letter, or longer, they may be the beginning of a hash.
HEX = re.compile(
    rf"(?<![0-9a-zA-Z])(?:(?=\d*[a-fA-F])[0-9a-fA-F]{{{HASH_CHARACTERS},7}}|[0-9a-fA-F]{{8,128}})(?![0-9a-zA-Z])"
)
_64 = "[A-Za-z0-9+/_-]"
# Each look ahead is bounded, and begins where a run does: long runs of anything cost no more than others.
DIGEST64 = re.compile(
    rf"(?<!{_64})(?={_64}{{8}})(?={_64}{{0,87}}\d)(?={_64}{{0,87}}[a-z])(?={_64}{{0,87}}[A-Z]){_64}{{8,88}}={{0,2}}"
)
WHOLE_NUMBER = re.compile(r"(?<![\d.])[1-9]\d{7,9}(?![\d.])")
EXTENSION = re.compile(r"\.(wav|flac|mp3|ogg|opus|m4a|sph|gsm|txt|lab|npy|pt|json|textgrid)$", re.IGNORECASE)
BRACKETED = re.compile(r"[\[(](?:T\.)?([^\[\]()]{1,100})[\])]\s*$")
NUMBERED = re.compile(r"^[^\W\d_]+[\W_]*(\d{2,20})$")
COUNT = re.compile(r"\W*(\d{1,19})\W*")  # as 18 or <10: it may count something instead of naming it
NUMBERS = re.compile(r"\W*\d{1,6}(?:[^\w\s]{1,3}\d{1,6}){1,5}\W*")  # as 10:00:07 or 1.2.3
SPAN = re.compile(r"\W*\d{1,3}\s?[\u2013\u2014-]\s?\d{1,3}\W*")  # a bin, as 2-3
CHANCE = 1e-4  # of numbers that name ids without meaning them
CLOCK = re.compile(r"\d[:.]\d")
DRAWN = 200  # numbers by which chance is told
NEAR = 25  # by how much these differ from a number at most, if its range is small
GAP = 3  # separators that may stand between two parts of an id
SPACED_CHARACTERS = 9  # of an id whose parts are set apart by blanks
LONG = 8  # characters from which an id is one inside a word
MOST_NUMBERS = 4_000
SAMPLE = 60  # values of a column that are looked up before all of them are
FRACTION = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True)
class Hit:
    """One id found: how it is named, its 1-based line, a key equal for equal ids, whether it stands out."""

    match: Match
    line: int
    key: str
    strong: bool = True


class Runs:
    """The runs of letters and of digits in a text, and which of them an id's separators join."""

    def __init__(self, text: str) -> None:
        self.codes = codes_of(fold(text))
        kinds = classes(self.codes)
        kinds[kinds == 3] = 1
        changes = np.flatnonzero(np.diff(np.concatenate(([0], kinds, [0]))) != 0)
        begins = changes[:-1] if len(changes) else changes
        ends = changes[1:] if len(changes) else changes
        inside = kinds[begins] > 0
        self.begins, self.ends = begins[inside], ends[inside]
        self.digits = kinds[self.begins] == 2
        self.lines = np.searchsorted(np.flatnonzero(self.codes == 10), self.begins)
        blank = np.cumsum(np.concatenate(([0], (self.codes == 32) | (self.codes == 9) | (self.codes == 44))))
        newline = np.cumsum(np.concatenate(([0], self.codes == 10)))
        gap = self.begins[1:] - self.ends[:-1]
        point = (gap == 1) & (self.codes[self.ends[:-1]] == 46)
        self.points = np.concatenate(([0], np.cumsum(point & self.digits[1:] & self.digits[:-1])))
        near = (gap <= GAP) & (newline[self.begins[1:]] == newline[self.ends[:-1]])
        self.spaced = near
        self.joined = near & (blank[self.begins[1:]] == blank[self.ends[:-1]])
        self._squeeze(kinds > 0)

    def _squeeze(self, kept: NDArray[np.bool_]) -> None:
        """Keep letters and digits alone, once with and once without the zeros that pad a number."""
        self.plain = Spans(self.codes[kept])
        self.at = np.concatenate(([0], np.cumsum(kept)))
        zero = (self.codes == 48).astype(np.int64)
        others = np.concatenate(([0], np.cumsum(1 - zero)))
        run = np.zeros(len(self.codes), dtype=np.int64)
        run[self.begins] = 1
        owner = np.maximum(np.cumsum(run) - 1, 0)
        last = np.zeros(len(self.codes), dtype=bool)
        last[self.ends - 1] = True
        if len(self.begins):
            padding = (zero > 0) & ~last & kept & (others[:-1] == others[self.begins[owner]])
            kept = kept & ~padding
        self.short = Spans(self.codes[kept])
        self.short_at = np.concatenate(([0], np.cumsum(kept)))


class Table:
    """The ids of one dataset and their disguises; a lookup costs the same whatever their number."""

    def __init__(self, arrays: Arrays) -> None:
        self.forms = HashTable.read(arrays, "forms")
        kinds = Packed(np.asarray(arrays["kinds"], dtype=np.uint8)).whole()
        self.kinds: NDArray[np.uint8] = kinds.astype(np.uint8)
        self.hashed = unpacked(arrays, "hashed")
        self.speakers = int(arrays["speakers"][0])
        self.parts = int(arrays["parts"][0])

    def flags(self, values: Sequence[str]) -> list[int | None]:
        """Return how each whole value names an id, as a number of its kind with flags; None for none."""
        forms = [folded(form) for value in values for form in (value, unpadded(value))]
        numbers = self.forms.find(hash_of(forms)).reshape(-1, 2)
        empty = np.array([not form for form in forms]).reshape(-1, 2)
        numbers = np.where(empty, -1, numbers)
        first = np.where(numbers[:, 0] >= 0, numbers[:, 0], numbers[:, 1]).tolist()
        return [None if number < 0 else int(self.kinds[number]) for number in first]

    def find(self, runs: Runs) -> Iterator[Hit]:
        """Yield the ids that stand out, or are names, among the runs of a text."""
        covered = np.zeros(len(runs.begins), dtype=bool)
        for count in range(min(self.parts + 1, len(runs.begins)), 0, -1):
            last = np.arange(count - 1, len(runs.begins))
            first = last - count + 1
            for members, window in self._windows(runs, first, last):
                kinds = self.kinds[members]
                good = (kinds & (STRONG | NAME)) > 0
                # What numbers with a point between them name without a prefix are measurements.
                points = runs.points[window + count - 1] - runs.points[window]
                measured = (points > 0) & ((points < count - 1) | (count == 2))
                good &= ((kinds & 3) != KINDS.index(Match.STRIPPED)) | ~measured
                for place, member, kind in zip(
                    window[good].tolist(), members[good].tolist(), kinds[good].tolist(), strict=True
                ):
                    if not covered[place : place + count].any():
                        covered[place : place + count] = True
                        strong = bool(kind & STRONG)
                        yield Hit(KINDS[kind & 3], int(runs.lines[place]) + 1, str(member), strong)

    def _windows(
        self, runs: Runs, first: Positions, last: Positions
    ) -> Iterator[tuple[Positions, Positions]]:
        touching = np.concatenate(([False], runs.begins[1:] == runs.ends[:-1], [False]))
        for joined, spaced in ((runs.joined, False), (runs.spaced, True)):
            broken = np.concatenate(([0], np.cumsum(~joined)))
            whole = broken[last] == broken[first]
            size = runs.at[runs.ends[last]] - runs.at[runs.begins[first]]
            if spaced:
                whole &= (last > first) & (size >= SPACED_CHARACTERS)
            whole &= size <= LENGTHY
            # A part of a word is one by chance: the middle of a commit's hash, of a build's name.
            whole &= (size >= LONG) | ~(touching[first] | touching[last + 1])
            window = first[whole]
            begins, ends = runs.begins[window], runs.ends[last[whole]]
            for spans, at in ((runs.plain, runs.at), (runs.short, runs.short_at)):
                members = self.forms.find(spans.hashes(at[begins], at[ends]))
                found = np.flatnonzero(members >= 0)
                yield members[found], window[found]

    def hashes(self, digests: Sequence[tuple[int, int]]) -> list[bool]:
        """Return which digests, each its first 32 bits and how many of them are known, are of an id.

        None is, where as many would be met by chance.
        """
        if not digests or not len(self.hashed):
            return [False] * len(digests)
        low = np.array([value << (32 - bits) for value, bits in digests], dtype=np.uint64)
        width = np.array([1 << (32 - bits) for _, bits in digests], dtype=np.uint64)
        begin = np.searchsorted(self.hashed, low)
        end = np.searchsorted(self.hashed, low + width)
        found = end > begin
        expected = float((len(self.hashed) * width / 2.0**32).sum())
        if expected > 0.02 and found.sum() <= expected + 4 * expected**0.5 + 1:
            return [False] * len(digests)
        return [bool(one) for one in found]


class Identifiers:
    """The ids of a project's recordings and speakers, in each of its datasets."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tuple(tables)

    @classmethod
    def of(cls, *, recordings: Iterable[str], speakers: Iterable[str]) -> Identifiers:
        """Return the ids of these recordings and speakers, in memory."""
        return cls([Table(disguises.build(recordings, speakers))])

    @property
    def speakers(self) -> int:
        """How many speakers there are."""
        return sum(table.speakers for table in self.tables)

    def look_up(self, value: str) -> Match | None:
        """Return how a whole value (a cell, a list item) names an id, or None; any id counts here."""
        return self.look_up_all([value])[0]

    def look_up_all(self, values: Sequence[str]) -> list[Match | None]:
        """Return how each whole value names an id, or None."""
        forms: list[tuple[int, str, bool]] = []
        for number, value in enumerate(values):
            # A decimal fraction is a measurement, whatever its digits name without the point.
            if len(value) <= LENGTHY and not FRACTION.fullmatch(value.strip()):
                bare = EXTENSION.sub("", value.strip())
                for form in dict.fromkeys((value, bare, re.split(r"[/\\]", bare)[-1])):
                    forms.append((number, form, form == value))
        found: list[Match | None] = [None] * len(values)
        for table in self.tables:
            for (number, _, itself), flags in zip(
                forms, table.flags([form for _, form, _ in forms]), strict=True
            ):
                if flags is not None and (itself or KINDS[flags & 3] is not Match.STRIPPED):
                    found[number] = found[number] or KINDS[flags & 3]
        self._look_up_hashes(values, found)
        return found

    def _look_up_hashes(self, values: Sequence[str], found: list[Match | None]) -> None:
        digests: list[tuple[int, int]] = []
        owners: list[int] = []
        for number, value in enumerate(values):
            text = value.strip()
            for digest, bits, _, length in (
                _digests(text) if found[number] is None and 6 <= len(text) <= 140 else ()
            ):
                if length == len(text):
                    digests.append((digest, bits))
                    owners.append(number)
        for table in self.tables:
            for number, is_id in zip(owners, table.hashes(digests), strict=True):
                if is_id:
                    found[number] = Match.HASHED

    def find(self, text: str) -> list[Hit]:
        """Return the ids a text names; short or purely alphabetic ids of recordings are left to `column`."""
        runs = Runs(text)
        hits = [hit for table in self.tables for hit in table.find(runs)]
        return [*hits, *self._hashed(text)]

    def _hashed(self, text: str) -> Iterator[Hit]:
        """Yield the tokens that begin as a plain hash of an id does: hex, base64, or a 32-bit number."""
        found = list(_digests(text))
        for table in self.tables:
            kept = table.hashes([(value, bits) for value, bits, _, _ in found])
            for (value, bits, place, _), is_id in zip(found, kept, strict=True):
                if is_id:
                    yield Hit(Match.HASHED, text.count("\n", 0, place) + 1, f"{value:x}/{bits}")

    def column(self, values: Sequence[str]) -> tuple[Match, int] | None:
        """Return how a column or list names ids and how many distinct ones, where it can't be chance.

        `values` are the cells without header; at least 60 % of the distinct ones must name ids.
        Whole numbers that name ids are only believed where they are too scattered to be a count, and name
        far more ids than other numbers near them would; times and versions, where they name far more
        than others with the same hours or parts would.
        """
        distinct = {value.strip() for value in values if value.strip()}
        if len(distinct) < 2:
            return None
        for core in cores(distinct):
            found = self._named(core)
            if len(found) < 2 or 10 * len(found) < 6 * len(core):
                continue
            words = [value for value in found if not (SPAN.fullmatch(value) or _is_number(value))]
            if len(words) >= 2 and 10 * len(words) >= 6 * sum(not _is_number(value) for value in core):
                return min(found.values(), key=KINDS.index), len(found)
            numbers = {_number(one): one for one in core if _is_number(one)}
            by_number = sum(one in found and not SPAN.fullmatch(one) for one in numbers.values())
            if self._meant(sorted(numbers.values()), by_number):
                return min(found.values(), key=KINDS.index), len(found)
        return None

    def _named(self, values: set[str]) -> dict[str, Match]:
        """Return how each value that names an id does; none of a column of whose sample few do."""
        ordered = sorted(values)
        sample = ordered[:: max(len(ordered) // SAMPLE, 1)]
        if 10 * sum(match is not None for match in self.look_up_all(sample)) < 4 * len(sample):
            return {}
        named = zip(ordered, self.look_up_all(ordered), strict=True)
        return {value: match for value, match in named if match}

    def _meant(self, told: Sequence[str], found: int) -> bool:
        """Return whether so many of some distinct numbers name ids that it can't be chance."""
        if found < 2 or (all(map(COUNT.fullmatch, told)) and not scattered(set(map(_number, told)))):
            return False
        shapes: dict[int, list[str]] = {}
        for value in told:
            shapes.setdefault(len(DIGIT_RUN.findall(value)), []).append(value)
        share = sum(len(values) * self._by_chance(values) for values in shapes.values()) / len(told)
        return chances.binomial(found, len(told), share) < CHANCE

    def _by_chance(self, values: Sequence[str]) -> float:
        """Return which share of numbers like some of one shape names ids; all, where there are none."""
        drawn = _mixed(values) if CLOCK.search(values[0]) else _around(sorted(map(_number, values)))
        met = sum(match is not None for match in self.look_up_all(drawn))
        return (met + 1) / (len(drawn) + 2) if met < len(drawn) else 1.0


def _around(numbers: Sequence[int]) -> list[str]:
    """Return numbers that lie near some, so that there are as many of them where those are many."""
    low, high = numbers[0], numbers[-1]
    reach = max((high - low) // 16, NEAR)
    moved = (
        numbers[k * 617 % len(numbers)] + round((k - DRAWN / 2) * 2 * reach / DRAWN) for k in range(DRAWN)
    )
    if high - low >= 2 * NEAR:
        # What lies beyond the ends tells nothing of how many there are between them.
        moved = (2 * low - one if one < low else 2 * high - one if one > high else one for one in moved)
    return [str(one) for one in sorted({abs(one) for one in moved})]


def _mixed(values: Sequence[str]) -> list[str]:
    """Return other values with their numbers from one another: other times, or versions, as these are."""
    chance = random.Random(len(values))  # noqa: S311 - the same draw each time
    rows = [re.split(r"(\d+)", value) for value in values]
    drawn = ("".join(chance.choice(rows)[at] for at in range(len(rows[0]))) for _ in range(DRAWN))
    return sorted(set(drawn) - set(values))


def _is_number(value: str) -> bool:
    """Return whether a value is a number, or a few of them that are too short to be nothing but an id.

    So are times and versions, 10:00:07 and 1.2.3.
    """
    if COUNT.fullmatch(value):
        return True
    return bool(NUMBERS.fullmatch(value)) and not disguises.is_strong(value)


def _number(value: str) -> int:
    return int("".join(re.findall(r"\d", value)))


def _digests(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield what may begin a hash: its first 32 bits, how many of them are known, its place and length."""
    for match in HEX.finditer(text):
        token = match.group()[:8]
        yield int(token, 16), 4 * len(token), match.start(), len(match.group())
    for match in DIGEST64.finditer(text):
        token = match.group().rstrip("=")[:8].replace("-", "+").replace("_", "/")
        try:
            yield int.from_bytes(base64.b64decode(token)[:4], "big"), 32, match.start(), len(match.group())
        except binascii.Error:
            continue
    for number, match in enumerate(WHOLE_NUMBER.finditer(text)):
        value = int(match.group())
        if value < 2**32 and number < MOST_NUMBERS:
            yield value, 32, match.start(), len(match.group())


DIGIT_RUN = re.compile(r"\d+")


def cores(values: set[str]) -> Iterator[set[str]]:
    """Yield values as they are, then without what was put around them: "C(spk)[T.84]" gives "84"."""
    yield values
    bracketed = {found[1] for found in map(BRACKETED.search, values) if found}
    if len(bracketed) >= 2:
        yield bracketed
    numbered = {found[1] for found in map(NUMBERED.search, values) if found}
    if 10 * len(numbered) >= 8 * len(values):
        yield numbered
    runs = [DIGIT_RUN.findall(value) for value in values]
    single = {found[0] for found in runs if len(found) == 1}
    if 10 * len(single) >= 8 * len(values) and single != numbered:
        yield single
    before, after = _shared(values), _shared({value[::-1] for value in values})
    if before or after:
        yield {value[len(before) : len(value) - len(after)] for value in values} - {""}


def _shared(values: set[str]) -> str:
    """Return what all values begin with, digits of a number left out."""
    first, last = min(values), max(values)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same].rstrip("0123456789")


def scattered(numbers: set[int]) -> bool:
    """Return whether whole numbers leave most of their range empty and are too large to be small counts."""
    span = max(numbers, default=0) - min(numbers, default=0) + 1
    return len(numbers) >= 4 and span > 4 * len(numbers)
