"""Finds sentences of the recordings in other signs: whichever stand for their letters, or without vowels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.folding import UNSPACED, Hashes, Positions, Spans, Words, fold, mixed
from egress_review.screening.hashtable import Arrays, HashTable
from egress_review.screening.progress import GoesOn, silent

LETTERS, CONSONANTS = 28, 20  # in a window that is kept
INITIALS, KEPT_INITIALS = 10, 8  # first letters of words in a window, and one window in so many that is kept
FIRSTS = 2  # windows of first letters that are no chance
KEPT = 16  # one window in so many is kept, the same ones of the same letters
DISTINCT = (9, 24)  # different letters of a window that has a pattern of its own
LEAST = 1  # windows: of 28 letters or 20 consonants, compared by 32 bits and more, none is alike by chance
SIGNS = 64  # different signs that may stand for letters
SHORTEST = 40  # signs in a row that are looked at
MOST = 60_000  # signs of a text that are looked at
GROUPS = ((2, (5, 6, 7, 8)), (4, (3, 4)), (20, (2,)))  # of so few signs, so many stand for one letter
TOKEN = re.compile(r"[^\s,;|/\\\"'`()\[\]{}<>:]+")
WORD = re.compile(r"[^\W_]+")
VOWELS = np.array(sorted(map(ord, "aeiouyhw")), dtype=np.uint32)
# Sounds as phoneticians write them, by the letter they mostly are.
SOUNDS = str.maketrans("ɹɾʀʁɡŋɲɱθðʃʒɫʎβɸχɣçɬʂʐɟ", "rrrrgnnnttszllbfkgclszj")

Numbers = NDArray[np.int64]
_CHANCE = np.random.default_rng(20).integers(0, 2**64, (LETTERS, LETTERS + 1), dtype=np.uint64)


class Patterns:
    """The windows of all transcripts of one dataset, by the pattern of their letters and by consonants."""

    def __init__(self, arrays: Arrays) -> None:
        self.letters = HashTable.read(arrays, "letters")
        self.consonants = HashTable.read(arrays, "consonants")
        self.firsts = HashTable.read(arrays, "firsts")

    def alike(self, signs: Numbers) -> int:
        """Return how many kept windows have the pattern of some stretch of these signs."""
        return _hits(self.letters, patterns(signs)[0])

    def initials(self, lines: Sequence[str]) -> int:
        """Return how many kept windows of first letters of words are those of some line."""
        hashes = [
            _windows(np.array([ord(sign) for sign in line], dtype=np.uint32), INITIALS) for line in lines
        ]
        found = np.concatenate([*hashes, np.zeros(0, np.uint64)])
        kept = np.unique(found[found % np.uint64(KEPT_INITIALS) == 0])
        return int((self.firsts.find(mixed(kept)) >= 0).sum())

    def skeletons(self, text: str) -> int:
        """Return how many kept windows have the consonants of some stretch of a text."""
        return _hits(self.consonants, _skeletons(_consonants(text)))


def _hits(table: HashTable, hashes: Hashes) -> int:
    kept = np.unique(hashes[hashes % np.uint64(KEPT) == 0])
    return int((table.find(mixed(kept)) >= 0).sum())


def build(texts: Iterable[str], goes_on: GoesOn = silent) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of the windows of different transcripts, about one in KEPT.

    Each has one dimension; `Patterns` says what they hold. `goes_on` is called between the sorts at the end.
    """
    letters: list[Hashes] = [np.zeros(0, np.uint64)]
    consonants: list[Hashes] = [np.zeros(0, np.uint64)]
    firsts: list[Hashes] = [np.zeros(0, np.uint64)]
    for text in texts:
        hashes, different = patterns(_letters(text))
        letters.append(hashes[(different >= DISTINCT[0]) & (different <= DISTINCT[1])])
        consonants.append(_skeletons(_consonants(text)))
        words = Words(text)
        firsts.append(_windows(words.codes[words.starts], INITIALS))
    found: dict[str, NDArray[np.generic]] = {}
    kinds = (("letters", letters, KEPT), ("consonants", consonants, KEPT), ("firsts", firsts, KEPT_INITIALS))
    for name, several, share in kinds:
        goes_on()
        hashes = np.concatenate(several)
        kept = np.unique(mixed(hashes[hashes % np.uint64(share) == 0]))
        found |= HashTable.of(kept).arrays(name)
    return found


def patterns(signs: Numbers) -> tuple[Hashes, Positions]:
    """Return a hash of which signs are equal in each window, whatever they are, and how many different.

    Source: isomorphs, as Friedman 1923 looked for them in ciphers. `signs` has shape (signs,), both answers
    (windows,).
    """
    count = len(signs) - LETTERS + 1
    if count < 1:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    order = np.argsort(signs, kind="stable")
    before = np.full(len(signs), LETTERS, dtype=np.int64)
    again = signs[order[1:]] == signs[order[:-1]]
    before[order[1:][again]] = np.minimum(order[1:] - order[:-1], LETTERS)[again]
    hashes = np.zeros(count, dtype=np.uint64)
    different = np.zeros(count, dtype=np.int64)
    for place in range(LETTERS):
        back = before[place : place + count]
        inside = back <= place
        hashes += _CHANCE[place, np.where(inside, back, 0)]
        different += ~inside
    return hashes, different


def pattern_of(value: str) -> str:
    """Return which characters of a short value are equal, whatever they are."""
    first: dict[str, int] = {}
    return "".join(chr(first.setdefault(sign, len(first))) for sign in value)


def _letters(text: str) -> Numbers:
    words = Words(text)
    found: Numbers = words.codes[(words.classes & 1) == 1].astype(np.int64)
    return found


def _consonants(text: str) -> NDArray[np.uint32]:
    words = Words(text.lower().translate(SOUNDS))
    codes = words.codes[words.classes == 1]
    found: NDArray[np.uint32] = codes[~np.isin(codes, VOWELS)]
    return found


def _skeletons(codes: NDArray[np.uint32]) -> Hashes:
    return _windows(codes, CONSONANTS)


def _windows(codes: NDArray[np.uint32], size: int) -> Hashes:
    starts = np.arange(max(len(codes) - size + 1, 0))
    return Spans(codes).hashes(starts, starts + size)


def repeated(patterns_of: Sequence[Patterns], text: str, strange: Sequence[str]) -> str | None:
    """Return in which way a text repeats transcripts in other signs, None where it does not.

    `strange` are its lines that hold hardly a known word; only those may have other letters for letters.
    """
    if not patterns_of:
        return None
    left = MOST
    for signs in _readings(text, strange):
        if len(signs) < SHORTEST or left <= 0:
            continue
        part = signs[:left]
        left -= len(part)
        if any(one.alike(part) >= LEAST for one in patterns_of):
            return "in other signs"
    odd = "\n".join(strange)[:MOST]
    if len(odd) >= SHORTEST and any(one.skeletons(odd) >= LEAST for one in patterns_of):
        return "without vowels"
    return None


def initials(patterns_of: Sequence[Patterns], text: str) -> bool:
    """Return whether lines or words of a text are the first letters of what is said, word by word."""
    lines = []
    for line in fold(text[:MOST]).split("\n"):
        tokens = [re.sub(r"\d+", "", token) for token in WORD.findall(line)]
        single = [token for token in tokens if len(token) == 1 and token.isalpha()]
        if len(single) >= INITIALS and 10 * len(single) >= 7 * len(tokens):
            lines.append("".join(single))
        lines += [token for token in tokens if len(token) >= INITIALS and token.isalpha()]
    return any(one.initials(lines) >= FIRSTS for one in patterns_of)


def of_values(patterns_of: Sequence[Patterns], values: Sequence[object]) -> str | None:
    """Return in which way a list of values repeats transcripts, a value a letter; None where it does not."""
    numbers: dict[object, int] = {}
    signs = np.array([numbers.setdefault(value, len(numbers)) for value in values[:MOST]], dtype=np.int64)
    alike = any(one.alike(view) >= LEAST for one in patterns_of for view in _with_blanks(signs))
    return "in other signs" if alike else None


def _readings(text: str, strange: Sequence[str]) -> Iterator[Numbers]:
    """Yield what may be letters: characters of strange lines, tokens of few kinds, columns, groups."""
    lines = text[: 10 * MOST].split("\n")
    odd = [line for line in (*strange, *(line for line in lines if _drawn(line))) if line.strip()]
    if odd:
        yield from _as_letters(
            ["".join(character for character in line if character.isalpha()) for line in odd]
        )
        yield from _as_letters(["".join(line.split()) for line in odd])
    for pattern in (TOKEN, WORD):
        listed = [pattern.findall(line) for line in lines]
        yield from _as_letters(_few([tokens for tokens in listed if len(tokens) >= 8]))
        width = Counter(map(len, listed)).most_common(1)[0][0]
        rows = [tokens for tokens in listed if len(tokens) == width]
        if 1 <= width <= 8 and len(rows) >= SHORTEST:
            for column in zip(*rows, strict=True):
                if len(set(column)) <= SIGNS:
                    yield from _as_letters([column])


def _drawn(line: str) -> bool:
    """Return whether a line is of signs that are no letters of words: pictures, or a word each."""
    return (
        len(line) >= SHORTEST
        and not line.isascii()
        and not any(character.isalnum() and ord(character) < UNSPACED[0][0] for character in line)
    )


def _few(lines: list[list[str]]) -> list[list[str]]:
    """Return the lines of tokens that are nearly all among the most frequent."""
    usual = {token for token, _ in Counter(token for line in lines for token in line).most_common(SIGNS)}
    kept = [line for line in lines if 10 * sum(token in usual for token in line) >= 9 * len(line)]
    return kept if len({token for line in kept for token in line}) <= 2 * SIGNS else []


def _as_letters(lines: Sequence[Sequence[str]]) -> Iterator[Numbers]:
    """Yield signs as numbers: all, without the most frequent, which may be a blank, and in groups."""
    numbers: dict[str, int] = {}
    coded = [
        np.array([numbers.setdefault(sign, len(numbers)) for sign in line], dtype=np.int64) for line in lines
    ]
    whole = np.concatenate([*coded, np.zeros(0, np.int64)])
    if len(whole) < SHORTEST:
        return
    yield from _with_blanks(whole)
    for most, sizes in GROUPS:
        if len(numbers) > most:
            continue
        for size in sizes:
            grouped = [
                line[: len(line) // size * size].reshape(-1, size) @ (len(numbers) ** np.arange(size))
                for line in coded
            ]
            yield from _with_blanks(np.concatenate(grouped))
        return


def _with_blanks(signs: Numbers) -> Iterator[Numbers]:
    yield signs
    if len(signs) >= SHORTEST:
        yield signs[signs != _most_frequent(signs)]


def _most_frequent(signs: Numbers) -> int:
    values, counts = np.unique(signs, return_counts=True)
    return int(values[counts.argmax()])
