"""Reads text as it is compared: without case, marks, look-alikes or invisible characters, as hashed words."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]

INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef]"
)
# Scripts written without spaces: each character counts as a word.
UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0x20000, 0x3FFFF),
)
# Letters of other scripts that are drawn like a Latin one; meant as that one inside a Latin word.
ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0432\u043a\u043c\u043d\u0442"
    "\u03b1\u03b5\u03bf\u03c1\u03b9\u03ba\u03bd\u03c4\u03c5\u03c7\u03b3\u03c9\u0261\u0131\u0251\u0585\u0578\u057d",
    "aeopcyxijshdqwbkmht" + "aeopikvtuxywgiaonu",
)
LATIN = "abcdefghijklmnopqrstuvwxyz"
# Letters as Braille, flags, in circles, boxes and small capitals.
DRAWN = str.maketrans(
    {
        **dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵⠀", LATIN + " ", strict=True)),
        **{
            chr(base + n): letter
            for base in (0x1F1E6, 0x1F130, 0x1F150, 0x1F170)
            for n, letter in enumerate(LATIN)
        },
        **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)),
    }
)
OTHER_SCRIPT = re.compile("[\u0370-\u03ff\u0400-\u052f\u0250-\u02af\u0530-\u058f\u0131]")
MIXED = re.compile(r"[^\W\d_]+")
APOSTROPHE = re.compile(r"(?<=[^\W_])['\u2019\u02bc\u00b4`](?=[^\W_])")
DIGIT = re.compile(r"(?![0-9])\d")  # of another script: Devanagari's, Arabic's
FACTOR = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
INVERSE = pow(FACTOR, -1, 1 << 64)


@cache
def _marks() -> re.Pattern[str]:
    """Return what matches every combining mark, as one character class of ranges."""
    marks = [n for n in range(0x300, 0x1F000) if unicodedata.category(chr(n))[0] == "M"]
    ranges: list[list[int]] = []
    for number in marks:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return re.compile("[" + "".join(f"{chr(a)}-{chr(b)}" for a, b in ranges) + "]+")


def fold(text: str) -> str:
    """Return a text as words are compared; each line stays a line."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", INVISIBLE.sub("", text).translate(DRAWN)).casefold()
    bare = DIGIT.sub(lambda match: str(unicodedata.digit(match.group())), bare)
    return _one_script(_marks().sub("", bare))


def _one_script(text: str) -> str:
    if not OTHER_SCRIPT.search(text):
        return text
    return MIXED.sub(_latin, text)


def _latin(match: re.Match[str]) -> str:
    word = match.group()
    if not OTHER_SCRIPT.search(word) or not re.search("[a-z]", word):
        return word
    return word.translate(ALIKE)


def mixed(values: Hashes) -> Hashes:
    """Return hashes whose bits are spread evenly. Source: SplitMix64's finaliser (Steele et al. 2014)."""
    spread = values.copy()
    spread ^= spread >> np.uint64(30)
    spread *= np.uint64(0xBF58476D1CE4E5B9)
    spread ^= spread >> np.uint64(27)
    spread *= np.uint64(0x94D049BB133111EB)
    return np.asarray(spread ^ (spread >> np.uint64(31)), dtype=np.uint64)


class Spans:
    """Hashes of any stretch of a sequence, each in constant time, equal for equal stretches.

    Source: polynomial prefix hashes (Karp and Rabin 1987) modulo 2**64, mixed.
    """

    def __init__(self, codes: NDArray[np.generic]) -> None:
        size = len(codes)
        powers = np.full(size, FACTOR, dtype=np.uint64)
        np.cumprod(powers, out=powers)
        self.inverse = np.full(size + 1, INVERSE, dtype=np.uint64)
        self.inverse[0] = 1
        np.cumprod(self.inverse, out=self.inverse)
        self.sums = np.zeros(size + 1, dtype=np.uint64)
        np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * powers, out=self.sums[1:])

    def hashes(self, starts: Positions, ends: Positions) -> Hashes:
        """Return the hash of each stretch from a start up to its end, which it does not hold.

        All three have shape (stretches,); places count characters.
        """
        return mixed((self.sums[ends] - self.sums[starts]) * self.inverse[starts])


def codes_of(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text. Shape (characters,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def classes(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return 1 for a letter, 2 for a digit, 3 for a letter that is a word, else 0, of each character.

    Both have shape (characters,).
    """
    if len(codes) and int(codes.max()) < 128:
        return _ascii()[codes]
    found, places = np.unique(codes, return_inverse=True)
    return np.array([_class(int(code)) for code in found], dtype=np.uint8)[places]


@cache
def _ascii() -> NDArray[np.uint8]:
    return np.array([_class(code) for code in range(128)], dtype=np.uint8)


def _class(code: int) -> int:
    character = chr(code)
    if not character.isalnum():
        return 0
    if any(low <= code <= high for low, high in UNSPACED):
        return 3
    return 2 if character.isdecimal() else 1


class Words:
    """The words of a text: where each begins and ends in the folded text, its 0-based line, its hash."""

    def __init__(self, text: str) -> None:
        self.text = APOSTROPHE.sub("", fold(text))
        self.codes = codes_of(self.text)
        self.classes = classes(self.codes)
        alone = self.classes == 3
        inside = self.classes > 0
        before = np.concatenate(([False], inside[:-1] & ~alone[:-1])) if len(inside) else inside
        after = np.concatenate((inside[1:] & ~alone[1:], [False])) if len(inside) else inside
        self.starts = np.flatnonzero(inside & (alone | ~before))
        self.ends = np.flatnonzero(inside & (alone | ~after)) + 1
        self.newlines = np.flatnonzero(self.codes == 10)

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def lines(self) -> Positions:
        """The 0-based line of each word."""
        return np.asarray(np.searchsorted(self.newlines, self.starts), dtype=np.int64)

    @cached_property
    def spans(self) -> Spans:
        """Hashes of any stretch of the folded text."""
        return Spans(self.codes)

    @cached_property
    def hashes(self) -> Hashes:
        """The hash of each word. Shape (words,)."""
        return self.spans.hashes(self.starts, self.ends)

    def listed(self) -> list[str]:
        """Return the words themselves."""
        return [self.text[a:b] for a, b in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]


def hash_of(values: Iterable[str]) -> Hashes:
    """Return the hash of each whole string, equal to that of the same stretch inside any text.

    Shape (strings,).
    """
    listed = list(values)
    lengths = np.array([len(value) for value in listed], dtype=np.int64)
    ends = np.cumsum(lengths)
    return Spans(codes_of("".join(listed))).hashes(ends - lengths, ends)


assert sys.maxsize > 2**32, "hashes need 64-bit words"
