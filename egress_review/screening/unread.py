"""Flags writing that nobody understands: unknown words, few words over and over, rows of signs."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from egress_review.screening.folding import Words, fold
from egress_review.screening.index import Index
from egress_review.screening.verdict import Finding, flag

MOST = 200_000  # characters that are looked at
PROSE = re.compile(
    r"^[\s\-*#>/\[|:\"']*[^\W\d_]+(?:[\s,.;:!?\-'\u00b7\u2019/|\]\"]+[^\W\d_]+){4,}[\s.,;:!?/\]\"']*$"
)
WORD = re.compile(r"[^\W\d_]+")
STRANGE_WORDS, STRANGE = 40, 0.12  # words of prose, and the share of known ones below which nobody reads it
# Words, different ones (of base 64, and a little more), bits that each tells after the last.
FEW_TOTAL, FEW_WORDS, FEW_BITS = 120, 66, 0.45
SIGNS, SIGN_KINDS = 40, 8  # pictures in a row of a text, and different ones
ROWS, WHOLE, KINDS = 4, 50, 12  # lines of whole numbers, numbers in them, different ones
ALIKE, LENGTHS = 8, (8, 40)  # different codes that make a list, characters of a code
VARIED = 0.5  # of the places of a code that differ from one to the next
LONE = 10  # lines that stand alone
CODED_WORDS, LEAST_MADE = 24, 5  # words that are all codes, and letters of a made-up word
MARKED = 8  # words with marks that the language does not put there
BARS = range(0x2500, 0x2600)
CODE = re.compile(
    r"(?<![\w+/=.\-])[A-Za-z0-9][A-Za-z0-9+/_\-]{6,38}[A-Za-z0-9]={0,2}(?![\w+/=\-]|\.(?!png|jpe?g|svg|pdf|gif|csv|md|txt|html?)\w)"
)
ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
INTEGERS = re.compile(r"[\s\[(]*[A-Za-z#]{0,3}\d+(?:[\s,;|/_\-]+[A-Za-z#]{0,3}\d+){4,}[\s\])\.,;]*")
UNBROKEN = re.compile(r"[^\W\d_]{150,}")  # Chinese and Thai, too, have a stop or a blank sooner
SHORT_CODE = re.compile(r"[A-Za-z0-9]{3,7}")
DRAWN_WIDE, DRAWN_HIGH = 20, 5  # characters of a line that draws, and such lines
RULES = frozenset("-=+|_~:\u2500\u2502")  # that frame tables
FEW_SIGNS, SIGNS_ALONE = 8, 300
EMPHASIS, EMPHASISED = re.compile(r"(?<![*_\w])(\*{1,3}|_{1,3})[^\W\d_]+\1(?![*_\w])"), 30
FIX = "Write results in words and numbers that a reader understands."
EVERYDAY = Path(__file__).with_name("everyday.txt")


def look(text: str, index: Index, where: str) -> list[Finding]:
    """Return a flag for each kind of writing in a text that can hold anything, and that nobody can check."""
    part = text[:MOST]
    lines = part.split("\n")
    found = [*_prose(lines, index), *_few(part), *_signs(lines), *_marks(part)]
    found += [*sequences([list(map(int, re.findall(r"\d{1,18}", line))) for line in _integers(lines)])]
    found += [*codes(part), *_bars(lines), *_cases(part), *_short_codes(lines)]
    found += [*_emphasis(part), *_endless(part), *_drawn(lines), *_signs_alone(part)]
    return [flag("unread", message, FIX, where) for message in found]


def _prose(lines: Sequence[str], index: Index) -> Iterator[str]:
    prose = [line for line in lines if len(line) < 20_000 and PROSE.match(line)]
    words = Words("\n".join(prose))
    sizes = words.ends - words.starts
    if len(words) < STRANGE_WORDS or len(np.unique(words.hashes)) < 6:
        return
    known = index.transcripts.known(words.hashes)
    strange = np.bincount(words.lines, weights=~known) >= (1 - STRANGE) * np.bincount(words.lines)
    count = int(np.isin(words.lines, np.flatnonzero(strange)).sum())
    if count >= STRANGE_WORDS and 3 * count >= len(words) and float(sizes.mean()) > 1:
        yield f"{count} words here are of no language that is known; they can be written in a code."


def _few(text: str) -> Iterator[str]:
    """Yield a sentence for few words in ever another order, as a code of two or thirty words is."""
    words = WORD.findall(text)
    digits = len(re.findall(r"\d+", text))
    kinds = Counter(words)
    if len(words) < FEW_TOTAL or len(kinds) > FEW_WORDS or 5 * digits > len(words):
        return
    pairs = Counter(pairwise(words))
    bits = -sum(n * math.log2(n / kinds[first]) for (first, _), n in pairs.items()) / len(words)
    if bits >= FEW_BITS:
        yield f"{len(words)} words here are the same {len(kinds)} over and over; their order can be a code."


def _signs(lines: Sequence[str]) -> Iterator[str]:
    told = []
    for line in lines:
        pictures = [c for c in line if ord(c) > 0x2BFF or unicodedata.category(c) in ("So", "Co")]
        pictures = [c for c in pictures if not c.isalnum() and ord(c) not in BARS and ord(c) > 0x20FF]
        if len(pictures) >= 5 and 2 * len(pictures) > len(re.sub(r"\s", "", line)):
            told += pictures
    if len(told) >= SIGNS and len(set(told)) >= SIGN_KINDS:
        yield f"{len(told)} pictures stand in rows, of {len(set(told))} kinds; each can stand for a word."


def _integers(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if len(line) < 20_000 and INTEGERS.fullmatch(line)]


def sequences(rows: Sequence[Sequence[int]]) -> Iterator[str]:
    """Yield a sentence for rows of whole numbers of uneven length, as sentences in numbered words are."""
    long = [row for row in rows if len(row) >= 5]
    numbers = [number for row in long for number in row]
    lengths = {len(row) for row in long}
    repeated = sum(count > 1 for count in Counter(numbers).values())
    if len(long) < ROWS or len(lengths) < 3 or len(numbers) < WHOLE or len(set(numbers)) < KINDS:
        return
    if repeated and sum(list(row) == sorted(row) for row in long) < len(long) / 2:
        yield (
            f"{len(long)} rows of whole numbers are of uneven length, as numbered words or tokens are; "
            "whoever has the list can read them."
        )


def codes(text: str) -> Iterator[str]:
    """Yield a sentence for a list of codes of one length, which can be ids under a secret key."""
    if len(set(ADDRESS.findall(text))) >= ALIKE:
        yield "The text lists addresses of machines, or numbers written as such."
    by_length: dict[int, dict[str, None]] = {}
    for token in CODE.findall(text):
        if LENGTHS[0] <= len(token) <= LENGTHS[1] and _coded(token):
            by_length.setdefault(len(token), {})[token] = None
    for length in by_length:
        near = [*by_length[length], *by_length.get(length + 1, {})]
        if len(near) >= ALIKE and _varied(near):
            yield (
                f"{len(near)} values look like codes of one kind; a human has to see that they stand for "
                "no recording and no person."
            )
            return


def _short_codes(lines: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for lines that are a short code each, of one length and of letters and digits."""
    run: dict[str, None] = {}
    for line in [*lines, " "]:
        bare = line.strip(" \t-*#>,;\"'")
        if SHORT_CODE.fullmatch(bare) and (not run or len(bare) == len(next(iter(run)))):
            run[bare] = None
        elif line.strip() or line:
            if len(run) >= LONE and (_mixed(run) or _unsaid(run)) and _varied(list(run)):
                yield f"{len(run)} lines are a short code each; a human has to see what they stand for."
                return
            run = {}
    words = " ".join(lines).split()
    length = Counter(map(len, words)).most_common(1)[0][0] if len(words) >= CODED_WORDS else 0
    alike = dict.fromkeys(word for word in words if len(word) == length and SHORT_CODE.fullmatch(word))
    told = sum(word in alike for word in words)
    if len(alike) >= CODED_WORDS // 2 and 10 * told >= 9 * len(words) and _mixed(alike) and _varied([*alike]):
        yield f"{told} words are a short code each; a human has to see what they stand for."


def _mixed(codes: Iterable[str]) -> bool:
    """Return whether half of some codes or more are of letters and digits."""
    told = list(codes)
    return 2 * sum(any(map(str.isdigit, one)) and any(map(str.isalpha, one)) for one in told) >= len(told)


def _unsaid(codes: Iterable[str]) -> bool:
    """Return whether codes are made-up words: a few letters each, none of them an everyday word."""
    return all(len(one) >= LEAST_MADE and one.isalpha() and one not in _everyday() for one in codes)


def _endless(text: str) -> Iterator[str]:
    """Yield a sentence for letters that go on without a blank or a stop, longer than any language writes."""
    longest = max((run.group() for run in UNBROKEN.finditer(text)), key=len, default="")
    if len(set(longest)) >= KINDS:
        yield f"{len(longest)} letters stand in a row without a blank; each can stand for a number."


def _drawn(lines: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for lines below one another that draw letters, or anything, with one sign or two."""
    run = 0
    for line in [*lines, ""]:
        bare = line.strip()
        kinds = set(bare) - {" "}
        drawn = len(bare) >= DRAWN_WIDE and " " in bare and 0 < len(kinds) <= 2 and not kinds & RULES
        run = run + 1 if drawn else 0
        if run == DRAWN_HIGH:
            yield "Lines of one sign and blanks draw something; it can be letters."
            return


def _signs_alone(text: str) -> Iterator[str]:
    """Yield a sentence for a text of hardly anything but a few signs, as programs of odd languages are."""
    bare = re.sub(r"\s", "", text)
    common = [sign for sign, _ in Counter(bare).most_common(FEW_SIGNS) if not sign.isalnum()]
    if len(bare) >= SIGNS_ALONE and sum(map(bare.count, common)) >= 0.9 * len(bare):
        yield f"{len(bare)} signs of about {len(common)} kinds stand without words; they can be a code."


def _emphasis(text: str) -> Iterator[str]:
    """Yield a sentence for single words in bold or italics all over a text."""
    marked = len(EMPHASIS.findall(text))
    if marked >= EMPHASISED and 6 * marked >= len(WORD.findall(text)):
        yield f"{marked} single words are set in bold or italics; which ones can be a code."


def _coded(token: str) -> bool:
    """Return whether a token mixes letters and digits as no name does, or is digits alone."""
    bare = re.sub(r"[^A-Za-z0-9]", "", token)
    digits = sum(map(str.isdigit, bare))
    if _is_registered(bare):
        return False
    if digits == len(bare):
        return len(bare) >= 9 and not re.fullmatch(r"(?:19|20)\d\d[-/]?\d\d[-/]?\d\d.*", token)
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(bare))
    cases = sum(a.islower() and b.isupper() for a, b in pairwise(bare))
    if not bare.isupper() and cases >= 2 and changes + 2 * cases >= 5:
        return True
    return (changes >= 2 and digits >= 2) or (digits >= 6 and changes >= 1)


def _is_registered(bare: str) -> bool:
    """Return whether digits are an author's or a book's public number (ORCID, ISBN), by their check digit."""
    if re.fullmatch(r"0000\d{11}[\dX]", bare):
        total = 0
        for digit in bare[:15]:
            total = (total + int(digit)) * 2
        return "0123456789X"[(12 - total % 11) % 11] == bare[15]
    if re.fullmatch(r"97[89]\d{10}", bare):
        return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(bare)) % 10 == 0
    return False


def _varied(tokens: Sequence[str]) -> bool:
    length = min(map(len, tokens))
    enough = min(6, len(tokens) // 2)
    varied = sum(len({token[place] for token in tokens}) >= enough for place in range(length))
    return varied >= VARIED * length


def _bars(lines: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for lines below one another that are one sign, each so often: a number each."""
    run: list[int] = []
    for line in [*lines, ""]:
        bare = line.strip()
        if len(bare) > 1 and len(set(bare)) == 1:
            run.append(len(bare))
            continue
        if len(run) >= LONE and len(set(run)) >= LONE // 2:
            yield f"{len(run)} lines are bars without a group's name; each can be one person's value."
            return
        run = []


def _cases(text: str) -> Iterator[str]:
    """Yield a sentence for everyday words in capitals and small letters as no language mixes them."""
    if text.islower() or text.isupper():
        return
    words = re.findall(r"[^\W\d_]{2,}", text)
    mixed = sum(
        not (word.islower() or word.isupper() or word[1:].islower()) and word.casefold() in _everyday()
        for word in words
    )
    if mixed >= MARKED and 10 * mixed >= len(words):
        yield f"{mixed} everyday words mix capitals and small letters; which are capitals can be a code."


@cache
def _everyday() -> frozenset[str]:
    return frozenset(unicodedata.normalize("NFC", EVERYDAY.read_text(encoding="utf-8").casefold()).split())


def _marks(text: str) -> Iterator[str]:
    """Yield a sentence for everyday words under marks that they are not written with."""
    if text.isascii():
        return
    odd = total = 0
    for word in re.findall(r"(?:[^\W\d_]|[\u0300-\u036f])+", unicodedata.normalize("NFC", text)):
        bare = fold(word)
        if bare.isascii() and bare in _everyday():
            total += 1
            odd += not word.isascii() and word.casefold() not in _everyday()
    if odd >= MARKED and 5 * odd >= total:
        yield f"{odd} everyday words carry marks that no language puts there; the marks can be a code."
