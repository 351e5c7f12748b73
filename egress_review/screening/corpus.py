"""What is said in the recordings, on disk: numbered words, who said them, and where rare words stand."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from egress_review.screening.folding import Hashes, Positions, Words
from egress_review.screening.hashtable import Arrays, HashTable
from egress_review.screening.progress import GoesOn, silent, told
from egress_review.screening.sound.packing import Packed

WINDOW = 3  # of each run of 3 words at least the rarest is an anchor, so that every run of 3 can be found
EVERYDAY_BITS = 3.5
LEAST_BITS, MOST_BITS = 3.0, 14.0
STEP = 8  # an eighth of a bit is the unit that is kept
MOST_PLACES = 20_000


@cache
def _everyday() -> HashTable:
    """Return the words that say nothing about anybody, in a dozen languages, as they are compared."""
    path = Path(__file__).with_name("everyday.txt")
    return HashTable.of(np.unique(Words(path.read_text(encoding="utf-8")).hashes))


def everyday(hashes: Hashes) -> NDArray[np.bool_]:
    """Return which words are everyday words. One answer a hash, both of shape (words,)."""
    return _everyday().find(hashes) >= 0


def information(hashes: Hashes, lengths: Positions) -> NDArray[np.float64]:
    """Return about how many bits each word tells, by its length: longer words are rarer in every language.

    Source: Zipf's law of abbreviation; 3.5 bits for everyday words, 4 and one a character for others.
    """
    bits = np.clip(4.0 + lengths, LEAST_BITS, MOST_BITS)
    told: NDArray[np.float64] = np.where(
        everyday(hashes), np.minimum(EVERYDAY_BITS + 0.2 * lengths, 5.0), bits
    )
    return told


def bag(hashes: Hashes, starts: Positions, ends: Positions) -> Hashes:
    """Return a hash of the words in each stretch that is the same in every order.

    `hashes` has shape (words,); `starts` and `ends` of shape (stretches,) say which of them a stretch holds.
    """
    sums = np.zeros(len(hashes) + 1, dtype=np.uint64)
    # An odd multiple of the square tells {a, d} from {b, c} where a + d = b + c.
    np.cumsum(hashes * hashes * np.uint64(3) + hashes, out=sums[1:])
    return np.asarray(sums[ends] - sums[starts], dtype=np.uint64)


class Corpus:
    """The different transcripts of one dataset, as numbers of words in one sequence, and who said each."""

    def __init__(self, arrays: Arrays) -> None:
        self.words = HashTable.read(arrays, "words")
        self.wholes = HashTable.read(arrays, "wholes")
        self.word_bits: NDArray[np.uint8] = np.asarray(arrays["word_bits"])
        self.sequence: NDArray[np.int64] = _packed(arrays, "sequence").whole()
        self.rows: NDArray[np.int64] = _packed(arrays, "rows").places()
        self.row_speakers = np.asarray(arrays["row_speakers"])
        self.speaker_starts = _packed(arrays, "speaker_starts").places()
        self.whole_rows = np.asarray(arrays["whole_rows"])
        self.anchors = np.asarray(arrays["anchors"])
        self.anchor_starts: NDArray[np.int64] = np.asarray(arrays["anchor_starts"])
        self.spelled = np.asarray(arrays["spelled"], dtype=np.uint8)

    @cached_property
    def vocabulary(self) -> list[str]:
        """The different words, by their numbers."""
        return zlib.decompress(self.spelled.tobytes()).decode().split("\n")[: len(self.words)]

    def bits(self, numbers: NDArray[np.generic]) -> NDArray[np.float64]:
        """Return about how many bits each of these words tells; 0 for the number -1.

        One answer a number, of the same shape.
        """
        known = np.asarray(numbers, dtype=np.int64)
        return np.where(known < 0, 0.0, self.word_bits[known] / STEP)

    def row_of(self, positions: Positions) -> Positions:
        """Return the transcript that each position of the sequence belongs to."""
        return np.asarray(np.searchsorted(self.rows, positions, side="right") - 1, dtype=np.int64)

    def row(self, number: int) -> NDArray[np.int64]:
        """Return the numbers of the words of one transcript.

        Shape (words,), in the order in which they are said.
        """
        return np.asarray(self.sequence[self.rows[number] : self.rows[number + 1] - 1], dtype=np.int64)

    def said_by(self, rows: Iterable[int]) -> set[int]:
        """Return the numbers of the speakers who said any of these transcripts."""
        speakers: set[int] = set()
        for row in rows:
            speakers.update(
                self.row_speakers[self.speaker_starts[row] : self.speaker_starts[row + 1]].tolist()
            )
        return speakers

    def places(self, word: int) -> NDArray[np.int64]:
        """Return where in the sequence a word is an anchor.

        Shape (places,), each a position in `sequence`.
        """
        return np.asarray(
            self.anchors[self.anchor_starts[word] : self.anchor_starts[word + 1]], dtype=np.int64
        )

    def speakers_of(self, run: NDArray[np.int64]) -> int:
        """Return how many speakers say this run of at least 3 known words, counted in a sample where many.

        `run` has shape (words,): the words' numbers.
        """
        counts = self.anchor_starts[run + 1] - self.anchor_starts[run]
        speakers: set[int] = set()
        for offset in np.argsort(counts, kind="stable").tolist():
            starts = self.places(int(run[offset]))[:MOST_PLACES] - offset
            starts = starts[(starts >= 0) & (starts + len(run) <= len(self.sequence))]
            for step in range(len(run)):
                starts = starts[self.sequence[starts + step] == run[step]]
            speakers |= self.said_by(np.unique(self.row_of(starts)).tolist())
        return len(speakers)


def _packed(arrays: Arrays, name: str) -> Packed:
    return Packed(np.asarray(arrays[name], dtype=np.uint8))


def build(spoken: Iterable[tuple[str, str]], goes_on: GoesOn = silent) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a corpus from pairs of speaker and transcript.

    Each has one dimension; `Corpus` says what they hold. `goes_on` is called at each pair and between the
    steps over all of them: the longest takes 3 s for a million words, which are about 100 hours.
    """
    said: dict[str, dict[int, None]] = {}
    numbered: dict[str, int] = {}
    for speaker, text in told(spoken, goes_on):
        if text.strip():
            number = numbered.setdefault(speaker, len(numbered))
            said.setdefault(" ".join(text.casefold().split()), {})[number] = None
    texts = Words("\n".join(said))
    goes_on()
    members, first, numbers = np.unique(texts.hashes, return_index=True, return_inverse=True)
    goes_on()
    numbers = np.asarray(numbers, dtype=np.int64)
    row_speakers = np.array([number for speakers in said.values() for number in speakers], dtype=np.uint32)
    speaker_starts = np.concatenate(([0], np.cumsum([len(speakers) for speakers in said.values()])))
    lengths = np.bincount(texts.lines, minlength=len(said)).astype(np.int64)
    bits = _bits(members, numbers, texts, (row_speakers, speaker_starts))
    goes_on()
    sequence, rows = _sequence(numbers, lengths, len(members))
    anchors, anchor_starts = _anchors(sequence, np.bincount(numbers, minlength=len(members)), len(members))
    goes_on()
    return {
        **HashTable.of(members).arrays("words"),
        **_wholes(texts, np.concatenate(([0], np.cumsum(lengths)))),
        "spelled": _spelled(texts, first),
        "word_bits": np.round(bits * STEP).astype(np.uint8),
        "sequence": Packed.of(sequence).raw,
        "rows": Packed.starts(rows).raw,
        "row_speakers": _narrow(row_speakers),
        "speaker_starts": Packed.starts(speaker_starts).raw,
        "anchors": anchors,
        "anchor_starts": anchor_starts,
    }


def _spelled(texts: Words, first: Positions) -> NDArray[np.generic]:
    """Return the different words one behind another, packed."""
    ends = zip(texts.starts[first].tolist(), texts.ends[first].tolist(), strict=True)
    listed = "\n".join(texts.text[a:b] for a, b in ends)
    return np.frombuffer(zlib.compress(listed.encode(), 9), dtype=np.uint8)


def _narrow(numbers: NDArray[np.integer]) -> NDArray[np.generic]:
    """Return whole numbers of 0 or more in as few bytes as the largest needs."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))


def _bits(
    members: Hashes, numbers: Positions, texts: Words, said: tuple[NDArray[np.uint32], Positions]
) -> NDArray[np.float64]:
    """Return what each word tells: by its length, and less where many of the speakers say it."""
    lengths = np.zeros(len(members), dtype=np.int64)
    lengths[numbers] = texts.ends - texts.starts
    bits = information(members, lengths)
    row_speakers, starts = said
    speakers = int(row_speakers.max()) + 1 if len(row_speakers) else 0
    if speakers < 10:
        return bits
    counts = np.diff(starts)[texts.lines]
    words = np.repeat(numbers, counts)
    first = np.repeat(starts[texts.lines] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    pairs = np.unique(words * np.int64(speakers) + row_speakers[first + np.arange(len(words))])
    said_by = np.bincount(pairs // speakers, minlength=len(members))
    return np.clip(np.minimum(bits, np.log2(speakers / np.maximum(said_by, 1)) + 7.0), LEAST_BITS, MOST_BITS)


def _sequence(
    numbers: Positions, lengths: Positions, separator: int
) -> tuple[NDArray[np.unsignedinteger], NDArray[np.uint32]]:
    """Return the rows' words as a sequence, each row closed by a number that is no word; and their starts."""
    kind: type[np.unsignedinteger] = np.uint16 if separator < 0xFFFF else np.uint32
    rows = np.concatenate(([0], np.cumsum(lengths + 1))).astype(np.uint32)
    sequence = np.full(int(rows[-1]), separator, dtype=kind)
    inside = np.ones(len(sequence), dtype=bool)
    inside[rows[1:].astype(np.int64) - 1] = False
    sequence[inside] = numbers
    return sequence, rows


def _anchors(
    sequence: NDArray[np.generic], counts: NDArray[np.int64], separator: int
) -> tuple[NDArray[np.generic], NDArray[np.uint32]]:
    """Return where each window's rarest word stands, sorted by word. Source: winnowing (Schleimer 2003)."""
    size = len(sequence)
    rank = np.append(counts, np.iinfo(np.int64).max)[np.asarray(sequence, dtype=np.int64)]
    chosen = np.zeros(size, dtype=bool)
    width = min(WINDOW, size)
    if width:
        windows = np.lib.stride_tricks.sliding_window_view(rank, width)
        chosen[np.arange(len(windows)) + np.argmin(windows, axis=1)] = True
    chosen &= np.asarray(sequence) != separator
    places = np.flatnonzero(chosen)
    words = np.asarray(sequence, dtype=np.int64)[places]
    order = np.argsort(words, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(words, minlength=separator))))
    return places[order].astype(np.min_scalar_type(size)), starts.astype(np.uint32)


def _wholes(texts: Words, firsts: Positions) -> dict[str, NDArray[np.generic]]:
    """Return the table of whole transcripts by their words in any order, with one row of each."""
    bags = bag(texts.hashes, firsts[:-1], firsts[1:])
    filled = np.flatnonzero(firsts[1:] > firsts[:-1])
    members, first = np.unique(bags[filled], return_index=True)
    return {**HashTable.of(members).arrays("wholes"), "whole_rows": _narrow(filled[first])}
