"""Finds what was said in the recordings, whatever its case, punctuation, spacing or word order."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SHINGLE = 5  # words; fewer are everyday phrases, more would miss short utterances
SHORTEST = 3  # words of a transcript that is worth finding as a whole
SHINGLES_THAT_BLOCK = 3
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef]"
)
# Scripts written without spaces: each character counts as a word.
UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff])"
)


def words(text: str) -> list[str]:
    """Return the words of a text, lower-cased, without marks, punctuation or invisible characters."""
    folded = unicodedata.normalize("NFKD", INVISIBLE.sub("", text)).casefold()
    bare = "".join(character for character in folded if not unicodedata.category(character).startswith("M"))
    return [word.replace("'", "").replace("’", "") for word in WORD.findall(UNSPACED.sub(r" \1 ", bare))]


def shingles(sequence: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield each run of SHINGLE words."""
    for start in range(len(sequence) - SHINGLE + 1):
        yield tuple(sequence[start : start + SHINGLE])


@dataclass(frozen=True)
class Spoken:
    """What of the transcripts a text holds: 1-based lines, counts of transcripts and of word runs."""

    whole: int
    short: int
    runs: int
    reordered: int
    first_line: int


class Transcripts:
    """The transcripts of the project's recordings, searchable by words."""

    def __init__(self, transcripts: Iterable[str]) -> None:
        self.runs: dict[int, int] = {}
        self.whole: dict[int, int] = {}
        self.bags: dict[int, int] = {}
        self.by_word: dict[str, list[int]] = defaultdict(list)
        self.sets: list[frozenset[str]] = []
        seen: set[tuple[str, ...]] = set()
        for transcript in transcripts:
            sequence = tuple(words(transcript))
            if len(sequence) >= SHORTEST and sequence not in seen:
                seen.add(sequence)
                self._add(list(sequence))
        for number, held in enumerate(self.sets):
            if len(held) >= SHINGLE:
                # The rarest words lead to the candidates, so that common words cost nothing.
                for word in sorted(held, key=lambda w: (-len(w), w))[:3]:
                    self.by_word[word].append(number)

    def _add(self, sequence: list[str]) -> None:
        number = len(self.sets)
        self.sets.append(frozenset(sequence))
        self.whole[hash(tuple(sequence))] = len(sequence)
        if len(sequence) >= SHORTEST + 1:
            self.bags[hash(tuple(sorted(sequence)))] = number
        for run in shingles(sequence):
            self.runs[hash(run)] = number

    def find(self, text: str) -> Spoken:
        """Return how much of the transcripts a text holds, line by line and across lines.

        Source: w-shingling (Broder 1997), w = 5 words; reordered words by set overlap of at least 0.8.
        """
        whole: set[int] = set()
        short: set[int] = set()
        runs: set[int] = set()
        reordered: set[int] = set()
        first = 0
        everything: list[str] = []
        for number, line in enumerate(text.split("\n"), start=1):
            sequence = words(line)
            everything.extend(sequence)
            before = len(whole) + len(short) + len(reordered) + len(runs)
            for part in _parts(line, sequence):
                key = hash(tuple(part))
                if key in self.whole:
                    (whole if len(part) >= SHINGLE else short).add(key)
                reordered |= self._reordered(part, key)
            runs |= {hash(run) for run in shingles(sequence)} & self.runs.keys()
            if not first and len(whole) + len(short) + len(reordered) + len(runs) > before:
                first = number
        runs |= {hash(run) for run in shingles(everything)} & self.runs.keys()
        return Spoken(len(whole), len(short), len(runs), len(reordered), first)

    def _reordered(self, part: list[str], key: int) -> set[int]:
        if len(part) < SHORTEST + 1 or key in self.whole or len(part) > 400:
            return set()
        exact = self.bags.get(hash(tuple(sorted(part))))
        if exact is not None:
            return {exact}
        held = frozenset(part)
        if len(held) < SHINGLE:
            return set()
        candidates = {number for word in held for number in self.by_word.get(word, ())[:50]}
        return {n for n in candidates if 5 * len(held & self.sets[n]) >= 4 * len(held | self.sets[n])}


def _parts(line: str, sequence: list[str]) -> Iterator[list[str]]:
    """Yield the line's words and the words of its cells, where it looks like a row."""
    if sequence:
        yield sequence
    for separator in ("\t", "|", ",", ";", '"', "  "):
        cells = line.split(separator)
        if 1 < len(cells) <= 200:
            for cell in cells:
                part = words(cell)
                if len(part) >= SHORTEST:
                    yield part
