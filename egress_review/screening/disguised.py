"""Looks at writing that no reader would recognise: under ciphers, in first letters, in odd capitals."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from egress_review.screening import chances, ciphers, rejoined, respelled, views
from egress_review.screening.ciphers import Undo
from egress_review.screening.folding import Words
from egress_review.screening.identifiers import Identifiers, Match
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, block, flag, outcome_of
from egress_review.screening.wording import (
    ID_FIX,
    WORDS_FIX,
    content,
    ids,
    lists,
    recoded_in_text,
    transcripts,
)

STRANGE = 0.34  # known words of a line below which it may be enciphered
ODD_WORDS = 0.65  # known words of a line below which its words may have been changed one by one
RIGHT = 0.4  # known words from which a cipher is undone rightly
SAMPLE, MOST = 800, 200_000  # characters a cipher is tried on, and that are then read
KEYED = 4_000  # characters that a key is looked for in
LONG_WORD, TOLD = 4, 4  # letters of a word that counts, and how many there must be
UNSPACED = re.compile(r"[^\W\d_]{30,}")
SPELLED, SPELLED_RIGHT = 300, 0.6
NUMBERED = re.compile(r"(?<![\w.])(\d{1,6})[ \t]{0,2}[:=.)\]|>~/-][ \t]{0,2}([^\W\d_]{1,30})(?!\w)")
WORDS, WHOLES = re.compile(r"[^\W\d_]+"), re.compile(r"\d{1,6}")
READ, LEAST_READ = 20_000, 20  # words of a text of which every second to fourth is read
TOKENS = 300
TOKEN = re.compile(r"[^\s,;|\"'()<>{}]{5,80}")
SIGN = re.compile(r"[^\W_]+")
SPELLED_ID = 4
DIGIT = re.compile(r"\d")
SEVERAL, DRAWN = 4, 400  # ids under one cipher that are not few, and tokens by which chance is told
CHANCE = 0.01  # of ids under one cipher or another that are none
Placed = tuple[tuple[int, ...], str]  # the numbers beside a word, and the word
DIGITS = {
    word: str(digit)
    for words in (
        "zero one two three four five six seven eight nine",
        "oh won to tree fower fife six seven ait niner",
        "null eins zwei drei vier fünf sechs sieben acht neun",
        "zéro un deux trois quatre cinq six sept huit neuf",
        "cero uno dos tres cuatro cinco seis siete ocho nueve",
    )
    for digit, word in enumerate(words.split())
}
ODD_CASE = re.compile(r"\b[^\W\d_]{5,}\b")
ODD = 12  # words with capitals inside that make a pattern


def look(text: str, index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return the ids and transcripts that a text holds under simple ciphers or spelled by its letters."""
    findings = _ids(text, index, where) or _spelled(text, index, where)
    findings = findings or recoded_in_text(text, index, where)
    if index.transcripts.corpora:
        findings += _ciphers(text, index, limits, where)
        # Where hardly a letter comes out, as of lines of numbers, nothing is spelled.
        spelled = "\n".join(
            line for _, line in ciphers.letters(text) if 3 * sum(map(str.isalpha, line)) >= len(line)
        )
        findings += content(
            spelled, index, limits.minimum_count, where, "spelled by its first or last letters"
        )
        findings += _skipped(text, index, limits, where)
        findings += _in_order(text, index, limits, where)
        findings += _respelled(text, index, where)
        if outcome_of(findings) != "block":
            findings += _changed(text, index, limits, where)
    return findings + _capitals(text, where)


def _skipped(text: str, index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return the block for transcripts that a text repeats without its numbers, or in every few words."""
    words = text.split()[:READ]
    if len(words) < LEAST_READ:
        return []
    views = [" ".join(words[start::every]) for every in (2, 3, 4) for start in range(every)]
    # Times and numbers between them part the words of subtitles, one by one.
    alone = [word for word in words if WORDS.search(word) and not DIGIT.search(word)]
    views += [" ".join(alone)] if LEAST_READ <= len(alone) < len(words) else []
    said = index.transcripts.find("\n".join(views), limits.minimum_count)
    found = transcripts(said, where, ", with words between")
    return [finding for finding in found if outcome_of([finding]) == "block"]


def _in_order(text: str, index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return the block for transcripts that a text's words repeat once they stand as their numbers say."""
    single: list[Placed] = [((int(number),), word) for number, word in NUMBERED.findall(text[:MOST])]
    lined: list[Placed] = []
    for line in text[:MOST].split("\n"):
        words, numbers = WORDS.findall(line), WHOLES.findall(line)
        if len(words) == 1 and 1 <= len(numbers) <= 2:
            lined.append((tuple(map(int, numbers)), words[0]))
    views = [single, lined, [(numbers[::-1], word) for numbers, word in lined]]
    told = [sorted(view, key=lambda one: one[0]) for view in views if LEAST_READ <= len(view) <= READ]
    said = "\n".join(" ".join(word for _, word in view) for view in told)
    return content(said, index, limits.minimum_count, where, "numbered words in order") if said else []


def _respelled(text: str, index: Index, where: str) -> list[Finding]:
    """Return the block for transcripts whose letters are other signs, whichever those are."""
    lines = text.split("\n")
    how = respelled.repeated(index.transcripts.patterns, text, [lines[n] for n in _strange(text, index)])
    if not how and respelled.initials(index.transcripts.patterns, text):
        how = "by the first letters of its words"
    return [_other_signs(how, where)] if how else []


def _other_signs(how: str, where: str) -> Finding:
    message = f"The text repeats what is said in the recordings, {how}."
    return block("transcripts", message, WORDS_FIX, where)


def _changed(text: str, index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return the block for transcripts each of whose words was changed, cut, or framed by others."""
    part = text[:MOST]
    lines = part.split("\n")
    strange = [lines[n] for n in _strange(part, index, ODD_WORDS) if n < len(lines)]
    for way, said in index.transcripts.changed(part, strange, limits.minimum_count):
        found = transcripts(said, where, f", {way}")
        if outcome_of(found) == "block":
            return found
    for way, plain in (*views.plainer(part, strange), *rejoined.readings(strange)):
        found = content(plain, index, limits.minimum_count, where, way)
        if found:
            return found
    return []


def _ids(text: str, index: Index, where: str) -> list[Finding]:
    coded = (token for token in TOKEN.findall(text[:MOST]) if _is_coded(token))
    tokens = list(islice(dict.fromkeys(coded), TOKENS))
    if not tokens:
        return []
    count = _sure(index.identifiers, tokens)
    if not count:
        return []
    message = f"The text holds {count} ids of the project's data under a simple cipher."
    return [block("identifiers", message, ID_FIX, where)]


def _sure(identifiers: Identifiers, tokens: Sequence[str]) -> int:
    """Return how many ids tokens are under one cipher, where that is no chance; 0 where it is.

    A wrong cipher makes other tokens ids by chance, the more ids there are: how many, other ciphers tell, and
    other digits behind the same letters. What is an id as it stands is none under a cipher.
    """
    listed = "\n".join(tokens)
    undone = [undo(listed).split("\n") for _, undo in (*ciphers.shifts(), *ciphers.orders())]
    views = [list(tokens), *undone]
    lines = [line for view in views for line in view]
    hits = [dict[str, str]() for _ in views]
    for hit in identifiers.find("\n".join(lines)):
        if hit.strong and hit.match is not Match.HASHED:
            hits[(hit.line - 1) // len(tokens)][hit.key] = lines[hit.line - 1]
    plain = set(hits[0])
    found = [{key: line for key, line in view.items() if key not in plain} for view in hits[1:]]
    best = max(found, key=len)
    # Ciphers that undo alike find the same ids: those are no chance of the others.
    others = max(len(view.keys() - best.keys()) for view in found)
    if len(best) >= SEVERAL and chances.poisson(len(best), others) < CHANCE:
        return len(best)
    # Ids under several ciphers are chance to each other.
    sure = (
        len(view)
        for view, undone_ in zip(found, undone, strict=True)
        if len(view) >= 2 and _by_digits(identifiers, view, undone_) * len(undone) < CHANCE
    )
    return max(sure, default=0)


def _by_digits(identifiers: Identifiers, ids: Mapping[str, str], tokens: Sequence[str]) -> float:
    """Return the chance for as many ids among tokens of their shape, had these other digits."""
    shapes = {DIGIT.sub("0", line) for line in ids.values()}
    alike = [token for token in tokens if DIGIT.sub("0", token) in shapes]
    pick = random.Random(len(alike))  # noqa: S311 - the same draw each time
    drawn = [DIGIT.sub(lambda _: str(pick.randrange(10)), pick.choice(alike)) for _ in range(DRAWN)]
    if all(identifiers.look_up_all(list(ids.values()))):
        met = sum(match is not None for match in identifiers.look_up_all(drawn))
    else:
        met = len({hit.line for hit in identifiers.find("\n".join(drawn)) if hit.strong})
    return chances.binomial(len(ids), max(len(alike), len(ids)), (met + 1) / (DRAWN + 2))


def _spelled(text: str, index: Index, where: str) -> list[Finding]:
    """Return the ids whose characters stand apart, or whose digits are written as words."""
    told: list[str] = []
    lines = text[:MOST].split("\n")
    # In a sentence they stand between commas.
    parts = [part for line in lines if "," in line for part in line.split(",")]
    for line in (*lines, *parts):
        signs = [DIGITS.get(token.casefold(), token) for token in SIGN.findall(line)]
        runs = "".join(sign if len(sign) == 1 else " " for sign in signs).split()
        told += [run for run in runs if len(run) >= SPELLED_ID and any(map(str.isdigit, run))]
    listed = "\n".join(dict.fromkeys(told[:TOKENS]))
    how = " (spelled out)"
    return ids(listed, index, where, how) or lists(listed, index, where, how) if told else []


def coded(values: Sequence[object], index: Index, where: str) -> list[Finding]:
    """Return the block for a list of values that stand for the letters of transcripts, whichever they are."""
    if not len(values) >= respelled.SHORTEST or len(set(values)) > respelled.SIGNS:
        return []
    how = respelled.of_values(index.transcripts.patterns, values)
    return [_other_signs(how, where)] if how else []


def _is_coded(token: str) -> bool:
    """Return whether a token mixes letters and digits, as ids do."""
    return any(map(str.isdigit, token)) and any(map(str.isalpha, token))


def _ciphers(text: str, index: Index, limits: Limits, where: str) -> list[Finding]:
    lines = text.split("\n")
    strange = [lines[n] for n in _strange(text, index)]
    if not strange:
        return []
    odd = "\n".join(strange)[:MOST]
    for name, undo in _undone(odd, index):
        findings = content(undo(odd), index, limits.minimum_count, where, name)
        if findings:
            return findings
    for plain in ciphers.keyed(odd[:KEYED], lambda view: _familiar(view, index)):
        # A key is chosen so that words come out, and ids with it by chance: words tell that it is right.
        findings = _said(plain, "a repeating key", index, limits, where)
        if findings:
            return findings
    for name, plain in index.transcripts.in_order(strange):
        findings = _said(plain, f"its letters {name}", index, limits, where)
        if findings:
            return findings
    return []


def _said(plain: str, how: str, index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return the block for transcripts that a text undone in one way repeats; none for less."""
    found = transcripts(index.transcripts.find(plain, limits.minimum_count), where, f" ({how})")
    return found if outcome_of(found) == "block" else []


def _familiar(text: str, index: Index) -> float:
    """Return how many letters of a text are in known words of some length."""
    words = Words(text)
    sizes = words.ends - words.starts
    return float(sizes[index.transcripts.known(words.hashes) & (sizes >= LONG_WORD)].sum())


def _strange(text: str, index: Index, least: float = STRANGE) -> list[int]:
    """Return the 0-based lines whose words are known neither to the recordings nor as everyday ones.

    `least` is the share of known words from which a line is not strange.
    """
    words = Words(text[: 10 * MOST])
    if not len(words):
        return []
    known = index.transcripts.known(words.hashes)
    sizes = words.ends - words.starts
    counted = words.classes[words.starts] == 1
    count = text[: 10 * MOST].count("\n") + 1
    total = np.bincount(words.lines[counted], minlength=count)
    familiar = np.bincount(words.lines[counted & known & (sizes >= 2)], minlength=count)
    long = np.bincount(words.lines[counted & (sizes >= 20)], minlength=count) > 0
    # What is written with digits or signs in its words has too few words to count.
    signs = np.array([len(line) >= 16 for line in text[: 10 * MOST].split("\n")]) & (total >= 1)
    strange = ((total >= 3) | signs) & (familiar < least * total) | long
    return [int(number) for number in np.flatnonzero(strange)]


def _undone(odd: str, index: Index) -> Iterator[tuple[str, Undo]]:
    """Yield the ciphers that make known words of a sample, the best first."""
    views = [*ciphers.shifts(), *ciphers.orders(), *ciphers.turned_round()]
    sample = odd[:SAMPLE]
    tried = [undo(sample).replace("\n", " ") for _, undo in views]
    words = Words("\n".join(tried))
    counted = words.ends - words.starts >= LONG_WORD
    known = index.transcripts.known(words.hashes) & counted
    total = np.bincount(words.lines[counted], minlength=len(views))
    share = np.bincount(words.lines[known], minlength=len(views)) / np.maximum(total, 1)
    right = np.flatnonzero((total >= TOLD) & (share >= RIGHT))
    yield from (views[number] for number in right[np.argsort(-share[right], kind="stable")].tolist()[:3])
    joined = " ".join(UNSPACED.findall(odd[:MOST]))[:SPELLED]
    if joined:
        for name, undo in views:
            if index.transcripts.spelled(undo(joined)) >= SPELLED_RIGHT:
                yield name, undo


def _capitals(text: str, where: str) -> list[Finding]:
    """Return a flag where capitals stand inside words as no language puts them: they can spell bits."""
    if text.isupper() or text.islower():
        return []
    odd = [
        word
        for word in ODD_CASE.findall(text[:MOST])
        if not (word.islower() or word.isupper() or word[1:].islower())
        and len(re.findall("[a-z][A-Z]", word)) >= 2
        and len(re.findall("[A-Z][a-z]{2,}", word)) < 2
    ]
    if len(odd) < ODD:
        return []
    return [
        flag(
            "capitals",
            f"{len(odd)} words have capitals inside; their pattern can carry data.",
            "Write words with the usual capitals.",
            where,
        )
    ]
