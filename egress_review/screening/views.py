"""Reads words that were changed one by one as the words of the recordings that they were before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from itertools import pairwise

import numpy as np

from egress_review.screening.alignment import Repeated, repeated
from egress_review.screening.corpus import Corpus
from egress_review.screening.folding import Words, fold

MOST = 60_000  # words of a text that are read
FEWEST = 12  # of them that must read as a word of the recordings
LEAST, READ = 3, 0.3  # letters of a word that counts, and the share of such words that must read so
SIGNED = 0.2  # of the characters of lines, where one sign stands between letters
AFFIXED = 0.75  # of the words that share an ending or a beginning, where it means nothing
KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
TOKEN = re.compile(r"[^\W_]+")
DIGITS = re.compile(r"[2-9]+")

Key = Callable[[str], str]


def _sorted(word: str) -> str:
    return "".join(sorted(word))


def _single(word: str) -> str:
    return "".join(letter for letter, before in zip(word, f" {word}", strict=False) if letter != before)


def _same(word: str) -> str:
    return word


# How a word was changed: what the recordings' words become, what the text's words become, of which lengths.
WAYS: tuple[tuple[str, Key, Key], ...] = (
    ("with letters moved inside words", _sorted, _sorted),
    ("with letters written several times", _single, _single),
    ("without the first letters of words", lambda word: word[1:], _same),
    ("without the last letters of words", lambda word: word[:-1], _same),
    ("in words cut short", lambda word: word[:4], lambda word: word[:4]),
    ("in the first letters of words", lambda word: word[:3], lambda word: word[:3]),
    ("in every second letter of words", lambda word: word[::2], _same),
)
ON_KEYS = "on telephone keys"


class Views:
    """The words of one dataset under each way of changing them; built when a text first needs them."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    @cached_property
    def tables(self) -> dict[str, dict[str, int]]:
        """For each way, the number of the commonest word behind each changed one."""
        listed = self.corpus.vocabulary
        counts = np.bincount(self.corpus.sequence, minlength=len(listed) + 1)[: len(listed)]
        order = np.argsort(counts, kind="stable").tolist()
        found = {name: {key(listed[n]): n for n in order} for name, key, _ in WAYS}
        found[ON_KEYS] = {listed[n].translate(KEYS): n for n in order}
        return found

    def read(self, lines: Sequence[str], way: str, key: Key, pattern: re.Pattern[str]) -> list[Repeated]:
        """Return what of the transcripts lines repeat, once each word is undone in one way."""
        table = self.tables[way]
        numbers: list[int] = []
        at: list[int] = []
        long = known = 0
        for line, content in enumerate(lines):
            for token in pattern.findall(content):
                number = table.get(key(token), -1)
                numbers.append(number)
                at.append(line)
                counts = len(token) >= LEAST
                long += counts
                known += counts and number >= 0
            if len(numbers) > MOST:
                break
        if known < FEWEST or known < READ * long:
            return []
        return repeated(
            self.corpus, Words(""), np.array(numbers, dtype=np.int64), np.array(at, dtype=np.int64)
        )


def repeats(
    views: Sequence[Views], strange: Sequence[str], lines: Sequence[str]
) -> Iterator[tuple[str, list[Repeated]]]:
    """Yield what a text repeats in each way; `strange` are its lines of hardly a known word."""
    told = [bare for line in strange if len(bare := fold(line).strip()) >= LEAST]
    readings = [("", told)] if told else []
    cut = _without_affix(told)
    if cut:
        readings.append((", with something added to each word", cut))
    joined = _without_sign(told)
    if joined:
        readings.append((", with a sign between letters", joined))
    keyed = [line for line in lines if len(DIGITS.findall(line)) >= LEAST]
    for one in views:
        for added, content in readings:
            for way, _, key in WAYS:
                yield way + added, one.read(content, way, key, TOKEN)
        if keyed:
            yield ON_KEYS, one.read(keyed, ON_KEYS, _same, DIGITS)


def plainer(text: str, strange: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield a text without what was added to its words: an ending of all, numbers, a frame of lines."""
    cut = _without_affix([fold(line) for line in strange])
    if cut:
        yield "with something added to each word", "\n".join(cut)
    bare = text
    if any(map(str.isdigit, text)):
        bare = re.sub(r"(?<=[^\W\d_])\d+\b|\b\d+(?=[^\W\d_])", "", text)
        if bare != text:
            yield "with numbers in its words", bare
    framed = _without_frame(bare)
    if framed:
        yield "between words that come again", framed


def _without_sign(lines: Sequence[str]) -> list[str]:
    """Return lines without the sign that stands between most letters, others as blanks; none without one."""
    signs = Counter(sign for line in lines for sign in line if not sign.isalnum() and not sign.isspace())
    if not signs:
        return []
    sign, count = signs.most_common(1)[0]
    if count < SIGNED * sum(map(len, lines)):
        return []
    return [re.sub(r"[^\w\s]|_", " ", line.replace(sign, "")) for line in lines]


def _without_affix(lines: Sequence[str]) -> list[str]:
    """Return lines without the beginning or the ending that most of their words share; none without one."""
    words = [word for line in lines for word in TOKEN.findall(line)][:MOST]
    long = [word for word in words if len(word) >= 3]
    if len(long) < FEWEST or len(set(long)) < FEWEST:
        return []
    for size in (3, 2, 1):
        for cut, most in (
            (slice(-size, None), Counter(word[-size:] for word in long).most_common(1)[0]),
            (slice(0, size), Counter(word[:size] for word in long).most_common(1)[0]),
        ):
            if most[1] >= AFFIXED * len(long):
                cut_off = partial(_cut, shared=most[0], behind=cut.stop is None)
                return [TOKEN.sub(cut_off, line) for line in lines]
    return []


def _cut(match: re.Match[str], *, shared: str, behind: bool) -> str:
    return match.group().removesuffix(shared) if behind else match.group().removeprefix(shared)


def _without_frame(text: str) -> str:
    """Return a text's words without those that frame each of many lines or entries; "" where none do."""
    words = [word for word in TOKEN.findall(text)[:MOST] if not word.isdigit()]
    counts = Counter(words)
    often = max(8, len(words) // 12)
    frame = {word for word, count in counts.items() if count >= often}
    # A frame stands around every entry: its words follow each other, or come at even distances.
    if not frame or not _regular(words, frame):
        return ""
    return " ".join(word for word in words if word not in frame)


def _regular(words: Sequence[str], frame: set[str]) -> bool:
    for word in frame:
        places = [n for n, one in enumerate(words) if one == word]
        gaps = Counter(b - a for a, b in pairwise(places))
        if gaps and gaps.most_common(1)[0][1] >= 0.5 * (len(places) - 1):
            return True
    return False
