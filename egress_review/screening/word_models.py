"""Judges what is made of words: n-gram counts, language models, tokenizers, word lists, word vectors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from egress_review.screening import corpus
from egress_review.screening.folding import Words, hash_of
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.transcripts import words
from egress_review.screening.verdict import Finding, block, flag, outcome_of
from egress_review.screening.wording import at, content

# How tokenizers write that a piece begins a word, ends it, or goes on inside it.
PIECED = re.compile(r"[\u2581\u0120\u010a]|</w>|^##|(?<=\s)##|@@(?=\s|$)", re.MULTILINE)
ARPA = re.compile(r"^\\data\\\s*$", re.MULTILINE)
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
TAG = re.compile(r"<([^\W\d_][^\s<>/=\"]{2,40})(?=[\s/>])")  # what begins a tag of XML, and its name
ARROW = re.compile(r"[-=]>|\u2192")  # between what was said and what was heard
COUNT = re.compile(r"(?:^|[\t,;:| ])(\d{1,9})\s*$|^\s*(\d{1,9})[\t,;:| ]")
FEWEST, LINES, SAMPLED = 8, 20_000, 600  # lines of a list, lines that are read, n-grams that are looked up
LEAKING, LEAKING_SHARE = 5, 0.05  # n-grams of too few speakers that are no chance
TELLING = 16.0  # bits from which an n-gram is no everyday one
SMALL_SHARE = 0.1  # of counts that are small
VOCABULARY, IN_VOCABULARY = 25, 0.85  # different words of a list, and the share of them that is said
PAIRED = (2, 3)  # words of a line that sets one against another
LONG = 20_000  # characters of a line that is read as a list of words
NAME = 3  # letters of the shortest word that may be a name
VECTOR = 10  # numbers behind a word that make a vector
FIX = "Leave out every n-gram, token or word that fewer than the smallest allowed number of speakers said."


@dataclass(frozen=True)
class Entry:
    """One line of a list: its 1-based number, its words, its count where it ends or begins with one."""

    line: int
    words: tuple[str, ...]
    count: int | None
    numbers: int


def look(text: str, index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return what lists and models of words in a text give away about few speakers."""
    findings: list[Finding] = []
    if PIECED.search(text):
        whole = PIECED.sub(" ", text.replace("@@ ", "").replace(" ##", ""))
        found = content(whole, index, limits.minimum_count, where, "in the pieces of a tokenizer")
        findings += [one for one in found if one.check == "transcripts"]
    entries = _entries(text)
    if len(entries) >= FEWEST and outcome_of(findings) != "block":
        findings += _n_grams(entries, index, limits, where)
        findings += _vectors(entries, where) or _vocabulary(entries, index, where)
    if not findings:
        findings += _tags(text, index, where)
    if ARPA.search(text) and not findings:
        findings.append(flag("word_model", "The text is a language model.", FIX, where))
    return findings


def _entries(text: str) -> list[Entry]:
    """Return the lines that are some words with numbers around them, and nothing else."""
    entries = []
    for number, line in enumerate(ARROW.sub(" ", text).split("\n")[:LINES], start=1):
        listed = [word for word in re.split(r"[,;]", line) if word.strip()] if len(line) < LONG else []
        if len(listed) >= VOCABULARY:
            single = [told for one in listed if len(told := tuple(words(one[:80]))) == 1]
            if len(single) >= 0.8 * len(listed):
                entries += [Entry(number, told, None, 0) for told in single]
                continue
        if len(line) > 4_000 or not line.strip():
            continue
        numbers = NUMBER.findall(line) if any(map(str.isdigit, line)) else []
        told = tuple(word for word in words(line[:400]) if not word.isdigit())
        if 1 <= len(told) <= 7 and not re.search(r"[.?!]\s+\w|[(){}=<>]", line):
            match = COUNT.search(line)
            entries.append(Entry(number, told, int(match[1] or match[2]) if match else None, len(numbers)))
    return entries


def _n_grams(entries: Sequence[Entry], index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return a block where n-grams of 3 words or more have fewer speakers than allowed, or such a count."""
    listed = [entry for entry in entries if 3 <= len(entry.words) <= 7]
    orders = Counter(len(entry.words) for entry in listed)
    # In written prose the lines' lengths differ; n-grams come in few orders, many of each.
    regular = sum(count for order, count in orders.items() if count >= FEWEST)
    if len(listed) < FEWEST or regular < 0.8 * len(listed):
        return []
    sample = listed[:: max(len(listed) // SAMPLED, 1)]
    few = [entry for entry in sample if _is_of_few(entry.words, index, limits)]
    if len(few) >= max(LEAKING, LEAKING_SHARE * len(sample)):
        message = (
            f"{len(few)} of {len(sample)} runs of words that were looked up are said by fewer than "
            f"{limits.minimum_count} speakers; they repeat what single people said."
        )
        return [block("word_model", message, FIX, at(where, few[0].line))]
    counted = [entry for entry in listed if entry.count is not None]
    small = [entry for entry in counted if entry.count is not None and 0 < entry.count < limits.minimum_count]
    letters = sum(len(word) for entry in listed for word in entry.words) / sum(len(e.words) for e in listed)
    if (
        len(small) >= max(FEWEST, SMALL_SHARE * len(counted))
        and letters >= 3
        and len(counted) >= 0.8 * len(listed)
    ):
        message = f"{len(small)} runs of words are counted fewer than {limits.minimum_count} times."
        return [block("word_model", message, FIX, at(where, small[0].line))]
    return []


def _is_of_few(told: tuple[str, ...], index: Index, limits: Limits) -> bool:
    lengths = np.array([len(word) for word in told], dtype=np.int64)
    if float(corpus.information(hash_of(told), lengths).sum()) < TELLING:
        return False
    return 0 < index.transcripts.speakers_of(" ".join(told)) < limits.minimum_count


def _vectors(entries: Sequence[Entry], where: str) -> list[Finding]:
    # No name has fewer than three letters: phones of a table of confusions do.
    vectors = [
        entry
        for entry in entries
        if len(entry.words) == 1 and len(entry.words[0]) >= NAME and entry.numbers >= VECTOR
    ]
    if len(vectors) < FEWEST:
        return []
    message = f"{len(vectors)} words are each followed by a vector; rare words among them can be names."
    return [flag("word_model", message, FIX, at(where, vectors[0].line))]


def _spelled(entry: Entry) -> bool:
    """Return whether a line is a word and how it is spelled or spoken: all that follows is short."""
    return len(entry.words[0]) >= 3 and all(len(word) <= 3 for word in entry.words[1:])


def _vocabulary(entries: Sequence[Entry], index: Index, where: str) -> list[Finding]:
    """Return a flag for a list of single words nearly all said in the recordings, rare ones among them."""
    pairs = [entry.words for entry in entries if len(entry.words) in PAIRED]
    lists = (
        [entry.words[0] for entry in entries if len(entry.words) == 1 or _spelled(entry)],
        # A word beside what it was taken for, on either side.
        [words[0] for words in pairs],
        [words[-1] for words in pairs],
    )
    # Letters the other way round hide a name from a reader, not from who knows.
    both = (*lists, [word[::-1] for word in lists[0]])
    return next((found for listed in both if (found := _listed(listed, index, where))), [])


def _tags(text: str, index: Index, where: str) -> list[Finding]:
    """Return the flag for names of a text's tags that are words of the recordings, read either way."""
    listed = [word for name in TAG.findall(text) for word in words(name)]
    return _listed(listed, index, where) or _listed([word[::-1] for word in listed], index, where)


def _listed(listed: Sequence[str], index: Index, where: str) -> list[Finding]:
    telling = [word for word in dict.fromkeys(listed) if len(word) >= 3 and not word.isdigit()]
    if len(telling) < VOCABULARY or not index.transcripts.corpora:
        return []
    hashes = Words("\n".join(telling)).hashes
    rare = ~corpus.everyday(hashes)
    known = index.transcripts.known(hashes)
    if rare.sum() < VOCABULARY / 2 or float(known[rare].mean()) < IN_VOCABULARY:
        return []
    message = (
        f"{len(telling)} words listed here are nearly all words of the recordings; "
        "rare ones can be names of people."
    )
    return [flag("vocabulary", message, FIX, where)]
