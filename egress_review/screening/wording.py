"""Judges what a text says plainly: ids and lists of them, names, words of the recordings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from egress_review.screening import recoded
from egress_review.screening.identifiers import Hit, Match
from egress_review.screening.index import Index
from egress_review.screening.transcripts import Spoken
from egress_review.screening.verdict import Finding, Severity, block, flag, outcome_of

ITEM = re.compile(r"[^\s,;|\"'`*]+")
WHOLE = re.compile(r"(?<![\w.,])\d{3,18}(?![\w,]|\.\d)")  # a number in a text that may name somebody
# A number, and the word before it.
BEHIND = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,})[^\w\n]{1,3}(\d{3,18})(?![\w,]|\.\d)")
PARTS, SHAPED, MOST_PARTS = re.compile(r"[0-9A-Za-z]+"), 8, 6  # of values of one shape, how many make a list
HEXADECIMAL = re.compile(r"(?<![^\W_])(?=\d*[a-f])[0-9a-f]{3,12}(?![^\W_])")  # with a letter
LETTERED = re.compile(r"(?<![^\W_])([^\W\d_]{1,12})[-_]?(\d{2,18})(?![^\W_])")
LISTS = 16  # that are looked through for ids as other numbers
READ, LONGEST = 200_000, 64  # characters that are read for ids as other numbers, and of such an id
NAMED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NAMED_DIGITS = {word: str(digit) for digit, word in enumerate(NAMED)}
# One who is called by letters and digits.
PERSON = re.compile(
    r"(?i)\b(?:speaker|spkr?|participant|subject|talker|informant|respondent|voice|recording|utterance|utt|clip)"
    r"[\s:#=(\"'`*_]{1,4}([A-Za-z]{1,6}[-_]?\d{1,6})\b"
)
LISTED = 4  # items that make a list
# What a number stands behind: a branch of a tree, an item of a printed dictionary.
KEY = re.compile(r"(?<![\w.\-])([\w.\-]{1,40})['\"]?\s{0,2}[:=]\s{0,2}-?\d")
NUMBERED = re.compile(
    r"(?<![^\W_])(?=[^\W_]{0,39}\d)(?=\d{0,39}[^\W\d_])[^\W_]{3,40}(?![^\W_])"
)  # letters and digits
MOST_NUMBERED = 4_000
NAMES = 3  # of speakers in one line that make it a list of them
CUT_IDS, DISGUISED_CUT_IDS = 3, 8  # ids without prefix that are no chance, and in one of many readings
BLOCKING_BITS = 100.0  # repeated, all together
STRETCH_BITS, STRETCH_WORDS = 60.0, 7  # of one stretch, or
WHOLE_BITS, WHOLE_WORDS = 45.0, 5  # of one whole transcript, that alone may not leave
SHORT_ONES, SHARED_ONES = 5, 3  # short transcripts, or ones that many people said, that make a list of them
ID_FIX = "Replace ids by aggregates over at least the smallest allowed number of people."
WORDS_FIX = "Describe the result in your own words or numbers; what people said may not leave."


def at(where: str, line: int) -> str:
    """Return a place within a place."""
    return f"{where}, line {line}" if where else f"line {line}"


def content(text: str, index: Index, minimum: int, where: str, disguise: str = "") -> list[Finding]:
    """Return the ids and transcripts that a text holds, as it stands; `minimum` is a cell's least people."""
    said = f" ({disguise})" if disguise else ""
    findings = ids(text, index, where, said)
    if outcome_of(findings) != "block":
        findings += lists(text, index, where, said)
    findings += transcripts(index.transcripts.find(text, minimum), where, said)
    # In a disguise a single likeness is chance.
    return [one for one in findings if not disguise or one.severity is Severity.BLOCK]


def ids(text: str, index: Index, where: str, said: str = "") -> list[Finding]:
    """Return the ids that a text names, whole, cut or hashed."""
    hits = index.identifiers.find(text)
    findings: list[Finding] = []
    exact = [hit for hit in hits if hit.match in (Match.RECORDING, Match.SPEAKER)]
    strong = [hit for hit in exact if hit.strong]
    if strong:
        message = (
            f"The text holds ids of the project's data{said}: {len({h.key for h in exact})} different, "
            f"the first a {strong[0].match}. They lead back to a person."
        )
        findings.append(block("identifiers", message, ID_FIX, at(where, strong[0].line)))
    elif exact:
        findings.append(_named(text, exact, index, where, said))
    findings += _said_to_be(text, index, where, said) if not strong else []
    for match, least, why in (
        (Match.STRIPPED, DISGUISED_CUT_IDS if said else CUT_IDS, "what was cut off is easily put back"),
        (Match.HASHED, 10**9, "whoever has the list of ids can undo a hash"),
    ):
        found = [hit for hit in hits if hit.match is match]
        if found:
            different = len({hit.key for hit in found})
            make = block if different >= least else flag
            message = f"The text holds {different} values that each are, or begin, an {match}{said}; {why}."
            findings.append(make("disguised_identifiers", message, ID_FIX, at(where, found[0].line)))
    return findings


def _said_to_be(text: str, index: Index, where: str, said: str) -> list[Finding]:
    """Return a finding for ids too short to stand out that a text says are people: "speaker p17"."""
    known = _whole_ids(PERSON.findall(text[:READ]), index)
    if not known:
        return []
    # Who is named once may be spoken of without that word.
    shape = re.sub(r"\\?\d", lambda _: r"\d", re.escape(known[0]))
    known = _whole_ids((*known, *re.findall(rf"\b{shape}\b", text[:READ])), index)
    make = block if len(known) > 1 else flag
    message = f"The text names {len(known)} speakers or recordings of the project's data{said}."
    line = text.count("\n", 0, text.find(known[0])) + 1
    return [make("identifiers", message, ID_FIX, at(where, line))]


def _whole_ids(words: Iterable[str], index: Index) -> list[str]:
    """Return which of some words are ids as they stand."""
    told = list(dict.fromkeys(words))[:MOST_NUMBERED]
    found = zip(told, index.identifiers.look_up_all(told), strict=True)
    return [one for one, match in found if match in (Match.SPEAKER, Match.RECORDING)]


def _named(text: str, hits: list[Hit], index: Index, where: str, said: str) -> Finding:
    """Return a block for a line that names most speakers or nothing but them, a flag for other names."""
    lines = text.split("\n")
    per_line = Counter(line for line, _ in {(hit.line, hit.key) for hit in hits})
    for line, names in per_line.items():
        written = len(ITEM.findall(lines[line - 1])) if line <= len(lines) else 1
        if names >= NAMES and (3 * names >= 2 * index.identifiers.speakers or 10 * names >= 6 * written):
            message = f"This line names {names} speakers of the project's data{said}."
            return block("identifiers", message, ID_FIX, at(where, line))
    return flag(
        "identifiers",
        f"A word here is also a speaker's id{said}; a human has to see whether it means the person.",
        "Name no speakers unless the licence asks for it.",
        at(where, hits[0].line),
    )


def lists(text: str, index: Index, where: str, said: str = "") -> list[Finding]:
    """Return a finding for a list of ids, a line each or several a line, even of bare numbers."""
    for line, listed in _listed(text):
        found = index.identifiers.column(listed)
        if found and found[0] is not Match.HASHED:
            message = f"{found[1]} values of this list are each a {found[0]}{said}."
            return [block("row_level", message, ID_FIX, at(where, line))]
    return _scattered(text, index, where, said)


def _scattered(text: str, index: Index, where: str, said: str) -> list[Finding]:
    """Return a block for words of one shape all over a text that are ids, each too short to stand out."""
    shapes: dict[str, dict[str, None]] = {}
    for token in islice(NUMBERED.finditer(text, 0, READ), MOST_NUMBERED):
        shape = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", token.group()))
        shapes.setdefault(shape, {})[token.group()] = None
    for told in shapes.values():
        found = index.identifiers.column(list(told)) if len(told) >= LISTED else None
        if found and found[0] is not Match.HASHED:
            message = f"{found[1]} words of one kind are each a {found[0]}{said}."
            return [block("row_level", message, ID_FIX, where)]
    return []


def recoded_ids(columns: Iterable[Sequence[str]], index: Index, where: str) -> list[Finding]:
    """Return a block for a list of values that are ids as other numbers, in whichever way."""
    told = list(islice(columns, LISTS))
    for values in (*told, *(parts for whole in told for parts in _parts(whole))):
        how = recoded.found(values, index.numbered)
        if how:
            message = f"{len(set(values))} values here are {how}; whoever has the ids can put them back."
            return [block("disguised_identifiers", message, ID_FIX, where)]
    return []


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the parts of values of one shape, a column each: of an address, a version, a UUID."""
    whole = [value.strip() for value in values if value.strip()]
    shapes = {tuple(map(len, PARTS.findall(value))) for value in whole[:SHAPED]}
    counts = {len(shape) for shape in shapes}
    if len(whole) < SHAPED or len(counts) != 1 or not 2 <= counts.pop() <= MOST_PARTS:
        return
    split = [PARTS.findall(value) for value in whole]
    for at in range(len(split[0])):
        column = [parts[at] for parts in split if len(parts) == len(split[0])]
        if len(column) == len(split) and len(set(column)) >= SHAPED:
            yield column


def recoded_in_text(text: str, index: Index, where: str) -> list[Finding]:
    """Return a block for a text whose lines, items or numbers are ids as other numbers."""
    lines = [line.strip(" \t-*#>,;\"'") for line in text[:READ].split("\n") if line.strip()]
    columns: list[list[str]] = [[line for line in lines if len(line) <= LONGEST]]
    for spoken in (_as_digits, _as_lengths):
        columns.append([digits for line in lines[:400] if (digits := spoken(line))])
    columns += [*_short(text[:READ]), *_shaped(text[:READ])]
    columns += [ITEM.findall(line)[:400] for line in lines[:8] if len(line) < 8_000]
    columns.append(WHOLE.findall(text[:READ])[:400])
    behind: dict[str, list[str]] = {}
    for word, number in BEHIND.findall(text[:READ])[:2_000]:
        behind.setdefault(word.casefold(), []).append(number)
    columns += sorted(behind.values(), key=len)[-4:]
    return recoded_ids(columns, index, where)


def _short(text: str) -> list[list[str]]:
    """Return hexadecimal words of one length, half of them with a digit, by length: the most of them last."""
    by_length: dict[int, list[str]] = {}
    for word in HEXADECIMAL.findall(text)[:2_000]:
        by_length.setdefault(len(word), []).append(word)
    told = [
        words
        for words in by_length.values()
        if 2 * sum(any(map(str.isdigit, w)) for w in words) >= len(words)
    ]
    return sorted((words for words in told if len(set(words)) >= SHAPED), key=len)[-2:]


def _shaped(text: str) -> list[list[str]]:
    """Return the numbers behind the same letters all over a text, as of u102, u731: the most of them last."""
    behind: dict[str, list[str]] = {}
    for match in islice(LETTERED.finditer(text), MOST_NUMBERED):
        behind.setdefault(match[1].casefold(), []).append(match[2])
    return sorted((numbers for numbers in behind.values() if len(set(numbers)) >= SHAPED), key=len)[-2:]


def _as_digits(line: str) -> str:
    """Return the digits that a line of nothing but number words names, "" for any other."""
    digits = [NAMED_DIGITS.get(word, "") for word in re.findall(r"[^\W_]+", line.casefold())]
    return "".join(digits) if all(digits) else ""


def _as_lengths(line: str) -> str:
    """Return how long each word of a line is, as digits; "" for few words and for longer ones."""
    sizes = [len(word) for word in re.findall(r"[^\W_]+", line)]
    return "".join(str(size % 10) for size in sizes) if len(sizes) >= 4 and max(sizes) <= 10 else ""


def _listed(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield lines with one item each as runs, lines of several, what numbers stand behind; and the line."""
    run: list[str] = []
    looked = 0
    keys = [match[1] for match in islice(KEY.finditer(text, 0, READ), MOST_NUMBERED)]
    if len(keys) >= LISTED:
        yield 1, keys
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        items = ITEM.findall(line)
        # Written words are no list of ids: a line without a digit and with blanks is looked at for few lines.
        if len(items) >= LISTED and (looked < 200 or any(map(str.isdigit, line))) and looked < 2_000:
            looked += 1
            yield number, items[:400]
        if len(items) == 1:
            run.append(items[0])
        if len(items) != 1 or len(run) >= 1000:
            if len(run) >= LISTED:
                yield number - len(run), run
            run = []


def transcripts(spoken: Spoken, where: str, said: str = "") -> list[Finding]:
    """Return a finding where a text repeats what is said in the recordings: the more it tells, the worse."""
    telling, short, shared = spoken.telling, spoken.short, spoken.shared
    place = at(where, spoken.first_line)
    blocks = (
        spoken.bits >= BLOCKING_BITS
        or any(one.bits >= STRETCH_BITS and one.words >= STRETCH_WORDS for one in telling)
        or any(one.whole and one.bits >= WHOLE_BITS and one.words >= WHOLE_WORDS for one in telling)
        or len(short) >= SHORT_ONES
        or len(shared) >= SHARED_ONES
    )
    if blocks:
        message = (
            f"The text repeats what is said in the recordings{said}: "
            f"{sum(one.whole for one in (*telling, *short, *shared))} whole transcripts, "
            f"{spoken.reordered} of them "
            f"in another order, and {sum(not one.whole for one in telling)} stretches of others."
        )
        return [block("transcripts", message, WORDS_FIX, place)]
    if telling or short or shared or any(one.bits >= 30 for one in spoken.repeated if not one.speakers >= 10):
        return [
            flag(
                "transcripts",
                f"A few words in a row are the same as in a recording{said}; it may be chance.",
                WORDS_FIX,
                place,
            )
        ]
    return []
