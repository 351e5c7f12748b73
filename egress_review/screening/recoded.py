"""Finds ids written as other numbers: in another base, in other digits, shifted, scaled or summed."""

from __future__ import annotations

import datetime
import math
import random
import re
import string
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.respelled import pattern_of

FEWEST, LOOKED_AT = 8, 40  # different values of a list, and how many of them are looked up
SHARE = 0.6  # of the values that must be ids
UNLIKELY = -9.0  # log10 of the chance, over all ways that are tried, below which it is no chance
PATTERNS_UNLIKELY = -5.0  # the same, of values that repeat their signs where ids do
DENSE = 0.2  # numbers of ids that fill so much of their range are any numbers
# In signs that count nothing they are no numbers of a result.
DENSE_SIGNS, IN_ROMAN = 0.7, "in Roman numerals"
LARGEST = 2**62
TRIED, MOST_TRIED = 4, 20  # numbers that a shift is tried on before all, and shifts that are tried on all
MOST_IDS, FACTORS = 1_500, 20  # ids that are looked for shifted and scaled, and the largest whole factor
CUT, MOST_CUT = {"": 10, "in hexadecimal": 16}, 4  # readings of ids that may be cut, and how many digits go
MOST_SYLLABLES = 16  # that stand for the signs of ids
PATTERNED, DIFFERENT = 9, 5  # characters of an id, and different ones, whose repeats tell it from others

STEPS = "as steps from one to the next"
SHIFTED = (
    "",
    STEPS,  # the first may be missing
    "as times",
    "as dates",
    "in hexadecimal",
)  # readings of ids that may be shifted and scaled, too

Whole = NDArray[np.int64]
Decode = Callable[[str], int | None]
PREFIX = re.compile(r"^[^\W\d_]+[\W_]+(?=.)")  # the name before the number of an id
DIGIT, STEP = re.compile(r"\d"), re.compile(r"[+-]?\d{1,15}")
ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
LOWER, DIGITS = string.ascii_lowercase, string.digits
ALPHABETS = {
    "in base 36": DIGITS + LOWER,
    "in base 62": DIGITS + string.ascii_uppercase + LOWER,
    "in base 62, small letters first": DIGITS + LOWER + string.ascii_uppercase,
    "in base 58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
    "in base 32": "0123456789abcdefghjkmnpqrstvwxyz",
    "in base 32, letters first": LOWER + "234567",
    "in base 26": LOWER,
    "in hexadecimal": DIGITS + "abcdef",
    "in octal": "01234567",
    "in binary": "01",
    **{f"in base {base}": "0123456789ab"[:base] for base in (3, 4, 5, 6, 7, 9, 12)},
    "in letters for digits": "abcdefghij",
    "in keys for digits": "qwertyuiop",
}


@dataclass(frozen=True)
class Numbered:
    """The ids of one kind as whole numbers, sorted, and the patterns of their characters."""

    what: str
    values: Whole
    patterns: frozenset[str]

    @classmethod
    def of(cls, what: str, ids: Sequence[str]) -> Numbered:
        """Return the numbers in ids: what follows a name, in base 10, 16 or 36."""
        values = {value for value in _values(ids) if value < LARGEST}
        patterns = {
            pattern_of(bare) for one in ids if len(bare := _bare(one)) >= PATTERNED and _is_rich(bare)
        }
        return cls(what, np.array(sorted(values), dtype=np.int64), frozenset(patterns))

    @property
    def density(self) -> float:
        """Which share of the whole numbers in their range are ids."""
        if len(self.values) < FEWEST:
            return 1.0
        return len(self.values) / (float(self.values[-1]) - float(self.values[0]) + 1)


def _values(ids: Sequence[str]) -> list[int]:
    bare = [re.sub(r"[\W_]", "", PREFIX.sub("", one)).lower() for one in ids]
    bare = [one for one in bare if one.isascii() and 0 < len(one) <= 24]
    digits = [one for one in bare if one.isdigit()]
    if 2 * len(digits) >= len(bare):
        return list(map(int, digits))
    if all(re.fullmatch("[0-9a-f]+", one) for one in bare):
        return [int(one, 16) for one in bare]
    # Of names with a number in them only the number can be written otherwise.
    named = [re.sub(r"\D", "", one) for one in bare]
    if sum(len(one) >= 3 for one in named) == len(bare) and len(set(named)) == len(set(bare)):
        return list(map(int, named))
    return [int(one, 36) for one in bare]


def found(cells: Sequence[str], kinds: Sequence[Numbered]) -> str | None:
    """Return in which way values are ids as other numbers; None where they are not, or may be chance."""
    distinct = list(dict.fromkeys(cell.strip() for cell in cells if cell.strip()))
    if len(distinct) < FEWEST:
        return None
    some = distinct[:LOOKED_AT]
    for kind in kinds:
        for way, numbers in _readings(some):
            if kind.density >= (DENSE_SIGNS if way == IN_ROMAN else DENSE):
                continue
            how = _met(numbers, kind, shifted=way in SHIFTED)
            if how is not None:
                return f"{kind.what} {way or how}".strip()
            if way in CUT and _is_cut(numbers, kind.values, CUT[way]):
                return f"{kind.what} with digits cut off"
        if any(_patterned(signs, kind) for signs in (some, *_syllables(some))):
            return f"{kind.what} with other signs for their digits"
    return None


def _readings(cells: Sequence[str]) -> Iterator[tuple[str, Whole]]:
    """Yield what the values may count, each in one way for all."""
    for way, decode in _DECODERS:
        read = [number for cell in cells if (number := decode(cell)) is not None and number < LARGEST]
        if len(set(read)) >= FEWEST and 10 * len(read) >= 9 * len(cells):
            numbers = np.array(read, dtype=np.int64)
            yield way, numbers
    steps = [int(cell) for cell in cells if STEP.fullmatch(cell)]
    if len(steps) == len(cells) and sum(map(abs, steps)) < LARGEST:
        yield STEPS, np.cumsum(np.array(steps, dtype=np.int64))


def _met(numbers: Whole, kind: Numbered, *, shifted: bool) -> str | None:
    """Return in which way numbers are those of ids, as they are, shifted, scaled or masked; None for none."""
    numbers = np.unique(numbers)
    ids = kind.values
    if len(numbers) >= FEWEST and _is_telling(numbers, ids, 1):
        return "in other digits"
    if not shifted or len(ids) > MOST_IDS or len(numbers) < FEWEST:
        return None
    room = float(ids[-1]) * FACTORS + float(np.abs(numbers).max())
    factors = range(1, FACTORS + 1) if room < LARGEST else range(1, 1)
    trials = 3 * len(ids) * (2 * FACTORS + 1)
    for anchor in numbers[[0, len(numbers) // 2, -1]].tolist():
        some = numbers[numbers != anchor][:: max(1, len(numbers) // TRIED)][:TRIED]
        for factor in (sign * factor for factor in factors for sign in (1, -1)):
            shifts = anchor - factor * ids
            # Most shifts lead few of the numbers to an id: those are given up first.
            likely = shifts[_back(some, shifts, factor, ids).sum(axis=1) >= TRIED // 2]
            if _best([(numbers - shift) / factor for shift in likely[:MOST_TRIED]], ids, trials):
                return "shifted or scaled"
        masks = np.unique(anchor ^ ids)
        likely = masks[_are(some[None, :] ^ masks[:, None], ids).sum(axis=1) >= TRIED // 2]
        if _best([numbers ^ mask for mask in likely[:MOST_TRIED]], ids, trials):
            return "under a mask"
    return None


def _is_cut(numbers: Whole, ids: Whole, base: int) -> bool:
    """Return whether numbers are ids without their last digits, or their last digits alone."""
    numbers = np.unique(numbers)
    length = len(np.base_repr(int(numbers[-1]), base))
    parts = [ids // base**digits for digits in range(1, MOST_CUT + 1)]
    parts += [ids % base**length] if base**length <= int(ids[-1]) else []
    told = [np.unique(part) for part in parts]
    spread = [float(part[-1]) - float(part[0]) + 1 for part in told]
    return any(
        len(part) < DENSE * wide and _is_telling(numbers, part, len(parts))
        for part, wide in zip(told, spread, strict=True)
    )


def _back(numbers: Whole, shifts: Whole, factor: int, ids: Whole) -> NDArray[np.bool_]:
    moved = numbers[None, :] - shifts[:, None]
    whole: NDArray[np.bool_] = moved % factor == 0
    return whole & _are(moved // factor, ids)


def _are(numbers: Whole, ids: Whole) -> NDArray[np.bool_]:
    """Return which numbers are among sorted ids."""
    places = np.minimum(np.searchsorted(ids, numbers), len(ids) - 1)
    return np.asarray(ids[places] == numbers)


def _best(moved: Sequence[NDArray[np.generic]], ids: Whole, trials: int) -> bool:
    # What no factor leads to is no id, and no whole number.
    return any(
        _is_telling(np.where(one == np.rint(one), one, -1).astype(np.int64), ids, trials) for one in moved
    )


def _is_telling(numbers: Whole, ids: Whole, trials: int) -> bool:
    """Return whether so many of the numbers can't be ids by chance, in so many tries.

    Where numbers lie close together, as many of all numbers between them must not be ids.
    """
    same = _are(numbers, ids)
    hits, of = int(same.sum()), len(numbers)
    if hits < FEWEST - 2 or hits < SHARE * of:
        return False
    low, high = int(numbers[same].min()), int(numbers[same].max())
    among = int(np.searchsorted(ids, high, "right") - np.searchsorted(ids, low))
    density = max(among / (high - low + 1), 1e-9)
    ways = math.lgamma(of + 1) - math.lgamma(hits + 1) - math.lgamma(of - hits + 1)
    return hits * math.log10(density) + ways / math.log(10) + math.log10(trials) < UNLIKELY


def _bare(value: str) -> str:
    return "".join(character for character in unicodedata.normalize("NFKC", value) if character.isalnum())


def _is_rich(value: str) -> bool:
    return len(set(value)) >= DIFFERENT


def _patterned(cells: Sequence[str], kind: Numbered) -> bool:
    """Return whether values repeat their characters where ids do, as shuffled values do not."""
    long = [bare for cell in cells if len(bare := _bare(cell)) >= PATTERNED and _is_rich(bare)]
    if len(long) < FEWEST or not kind.patterns:
        return False
    hits = sum(pattern_of(bare) in kind.patterns or pattern_of(bare[::-1]) in kind.patterns for bare in long)
    pick = random.Random(len(long))  # noqa: S311 - measures chance, keeps no secret
    moved = ["".join(pick.sample(bare, len(bare))) for bare in long for _ in range(10)]
    # A word and a number are of the shape of ids that are a word and a number, whichever number it is.
    numbered = [bare for bare in long if DIGIT.search(bare)]
    others = [DIGIT.sub(lambda _: str(pick.randrange(10)), bare) for bare in numbered for _ in range(10)]
    met = max(sum(pattern_of(one) in kind.patterns for one in drawn) for drawn in (moved, others))
    chance = (met + 1) / len(moved)
    ways = math.lgamma(len(long) + 1) - math.lgamma(hits + 1) - math.lgamma(len(long) - hits + 1)
    by_chance = hits * math.log10(min(chance, 1.0)) + ways / math.log(10)
    return hits >= FEWEST - 2 and hits >= SHARE * len(long) and by_chance < PATTERNS_UNLIKELY


def _syllables(cells: Sequence[str]) -> Iterator[list[str]]:
    """Yield values as a sign for each syllable, where they are made of few syllables of one length."""
    for size in (2, 3):
        if any(len(cell) % size or not cell.isalpha() for cell in cells):
            continue
        parts = [[cell[at : at + size] for at in range(0, len(cell), size)] for cell in cells]
        different = sorted({part for one in parts for part in one})
        if len(different) <= MOST_SYLLABLES:
            yield ["".join(chr(ord("a") + different.index(part)) for part in one) for one in parts]


def _digits(cell: str) -> str | None:
    """Return the digits of a value that is nothing else, in whatever script, without what parts them."""
    told = "".join(
        str(unicodedata.digit(sign, "")) for sign in cell if sign not in " -_./:,#" and not sign.isspace()
    )
    rest = sum(sign not in " -_./:,#" and unicodedata.digit(sign, None) is None for sign in cell)
    return told if told and not rest and len(told) <= 19 else None


def _decimal(change: Callable[[str], str]) -> Decode:
    def decode(cell: str) -> int | None:
        digits = _digits(cell)
        return int(change(digits)) if digits and change(digits) else None

    return decode


def _turned(by: int) -> Decode:
    return _decimal(lambda digits: "".join(str((int(digit) + by) % 10) for digit in digits))


def _based(alphabet: str) -> Decode:
    values = {sign: number for number, sign in enumerate(alphabet)}
    single = alphabet.lower() == alphabet

    def decode(cell: str) -> int | None:
        bare = re.sub(r"^(?:0[xbo]|#)|[\s\-_]", "", cell)
        bare = bare.lower() if single else bare
        if not 2 <= len(bare) <= 64 or any(sign not in values for sign in bare):
            return None
        total = 0
        for sign in bare:
            total = total * len(alphabet) + values[sign]
        return total

    return decode


def _roman(cell: str) -> int | None:
    values = [ROMAN.get(sign, 0) for sign in cell.lower()]
    if not values or 0 in values or len(values) > 20:
        return None
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _time(cell: str) -> int | None:
    match = re.fullmatch(r"(\d{1,3}):(\d\d)(?::(\d\d))?", cell)
    return (
        None
        if match is None
        else (int(match[1]) * 60 + int(match[2])) * 60 ** (match[3] is not None) + int(match[3] or 0)
    )


def _columned(cell: str) -> int | None:
    """Return the number of a sheet's column: Z is 26, AA is 27."""
    if not cell.isascii() or not cell.isalpha() or not 2 <= len(cell) <= 13:
        return None
    total = 0
    for sign in cell.lower():
        total = 26 * total + ord(sign) - 96
    return total


def _date(cell: str) -> int | None:
    try:
        return datetime.date.fromisoformat(cell[:10]).toordinal() if len(cell) >= 10 else None
    except ValueError:
        return None


def _fraction(cell: str) -> int | None:
    match = re.fullmatch(r"-?(\d{0,4})[.,](\d{2,9})", cell)
    return int(match[1] + match[2]) if match else None


_DECODERS: tuple[tuple[str, Decode], ...] = (
    ("", _decimal(str)),
    ("in reverse", _decimal(lambda digits: digits[::-1])),
    ("with a digit added", _decimal(lambda digits: digits[:-1])),
    ("with a digit before", _decimal(lambda digits: digits[1:])),
    ("in complements", _decimal(lambda digits: "".join(str(9 - int(digit)) for digit in digits))),
    *(("with each digit moved", _turned(by)) for by in range(1, 10)),
    ("as fractions", _fraction),
    ("as times", _time),
    ("as dates", _date),
    (IN_ROMAN, _roman),
    ("as columns of a sheet", _columned),
    *((way, _based(alphabet)) for way, alphabet in ALPHABETS.items()),
)
