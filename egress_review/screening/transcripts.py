"""Finds what was said in the recordings, whatever its case, punctuation, spacing or word order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from egress_review.screening import corpus as corpora
from egress_review.screening import respelled, spacing, transposed, views
from egress_review.screening.alignment import How, Repeated, repeated
from egress_review.screening.corpus import Corpus
from egress_review.screening.folding import APOSTROPHE, Hashes, Words
from egress_review.screening.respelled import Patterns

PLAIN = re.compile(r"[a-z0-9]+")
STRONG_BITS = 38.0  # what tells so much is no everyday phrase
SHORT_BITS = 18.0


def words(text: str) -> list[str]:
    """Return the words of a text, lower-cased, without marks, punctuation or invisible characters."""
    if text.isascii():
        # The same words as below, without arrays: this is asked of every cell.
        return PLAIN.findall(APOSTROPHE.sub("", text.lower()))
    return Words(text).listed()


@dataclass(frozen=True)
class Spoken:
    """What of the transcripts a text repeats; each transcript once, its 1-based line with it."""

    repeated: tuple[Repeated, ...] = ()
    minimum: int = 10

    @property
    def telling(self) -> list[Repeated]:
        """What tells too much to be an everyday phrase, and was said by too few people to be one."""
        return [one for one in self.repeated if one.bits >= STRONG_BITS and one.speakers < self.minimum]

    @property
    def bits(self) -> float:
        """How much all that is telling tells together."""
        return sum(one.bits for one in self.telling)

    @property
    def whole(self) -> int:
        """How many whole transcripts that tell something are repeated."""
        return sum(one.whole for one in self.repeated if one.bits >= STRONG_BITS)

    @property
    def short(self) -> list[Repeated]:
        """Whole transcripts of few words that are a little more than everyday phrases."""
        return [
            one
            for one in self.repeated
            if one.whole and SHORT_BITS <= one.bits < STRONG_BITS and one.speakers < self.minimum
        ]

    @property
    def shared(self) -> list[Repeated]:
        """Whole transcripts that tell something and that many people said: a text they all read."""
        return [
            one
            for one in self.repeated
            if one.whole and one.bits >= STRONG_BITS and one.speakers >= self.minimum
        ]

    @property
    def reordered(self) -> int:
        """How many transcripts are repeated in another order."""
        return sum(one.how is How.REORDERED for one in self.telling)

    @property
    def first_line(self) -> int:
        """The first 1-based line that repeats something, 0 for none."""
        return min((one.line for one in self.repeated), default=0)


class Transcripts:
    """The transcripts of the project's recordings, searchable by words."""

    def __init__(self, spoken: Sequence[Corpus], patterns: Sequence[Patterns] = ()) -> None:
        self.corpora = tuple(one for one in spoken if len(one.rows) > 1)
        self.patterns = tuple(patterns)
        self.views = tuple(map(views.Views, self.corpora))
        self.orders = tuple(map(transposed.Orders, self.corpora))

    @classmethod
    def of(cls, spoken: Iterable[tuple[str, str]]) -> Transcripts:
        """Return the transcripts of pairs of speaker and text, in memory."""
        pairs = list(spoken)
        return cls([Corpus(corpora.build(pairs))], [Patterns(respelled.build({text for _, text in pairs}))])

    def find(self, text: str, minimum: int = 10) -> Spoken:
        """Return how much of the transcripts a text repeats; `minimum` people make a phrase everybody's.

        Source: winnowed anchors, seed and extend; whole transcripts and their bags of words by hash.
        """
        if not self.corpora:
            return Spoken()
        heard = Words(text)
        found: list[Repeated] = []
        for one in self.corpora:
            numbers = one.words.find(heard.hashes)
            found += repeated(one, heard, numbers, heard.lines)
            parted, lines = spacing.parted(one, heard, numbers)
            if len(parted):
                found += repeated(one, Words(""), parted, lines)
        return Spoken(tuple(found), minimum)

    def changed(self, text: str, strange: Sequence[str], minimum: int = 10) -> Iterator[tuple[str, Spoken]]:
        """Yield how much of the transcripts a text repeats once its words, changed in one way, are undone."""
        if self.corpora:
            for way, found in views.repeats(self.views, strange, text.split("\n")):
                yield way, Spoken(tuple(found), minimum)

    def in_order(self, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield in which way letters of lines were moved, and what they say in the likeliest order."""
        for orders in self.orders:
            yield from orders.undone(lines)

    def known(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Return which of these words are said in the recordings or are everyday words.

        Both have shape (words,).
        """
        said = corpora.everyday(hashes)
        for one in self.corpora:
            said |= one.words.find(hashes) >= 0
        return said

    def spelled(self, letters: str) -> float:
        """Return which share of unspaced letters is words of 4 letters or more of the recordings, 0 to 1."""
        heard = Words(letters)
        codes = heard.codes[heard.classes == 1]
        return max((spacing.covered(one, codes) for one in self.corpora), default=0.0)

    def speakers_of(self, run: str) -> int:
        """Return how many speakers say this run of at least 3 words; 0 for one that nobody says."""
        heard = Words(run)
        speakers = 0
        for one in self.corpora:
            numbers = one.words.find(heard.hashes)
            if len(numbers) >= corpora.WINDOW and bool(np.all(numbers >= 0)):
                speakers += one.speakers_of(numbers)
        return speakers
