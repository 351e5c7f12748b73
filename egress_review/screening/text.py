"""Reads text strictly, writes it plainly, and looks in it for ids, transcripts and encoded data."""

from __future__ import annotations

import re
import unicodedata

from egress_review.screening import disguised, encoded, numbers, unread, word_models, wording
from egress_review.screening.folding import ALIKE
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, block, note, outcome_of, refuse
from egress_review.screening.wording import ID_FIX as ID_FIX
from egress_review.screening.wording import at

STACK = 3  # combining marks on one letter; living languages need no more
VARIATION = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e01ef]"
)

APOSTROPHE = re.compile(r"(?<=\w)[\u2019\u02bc\uff07](?=\w)")  # which is taken of several could be a code
LETTERS = re.compile(r"[^\W\d_]+")
ALONE = re.compile(r"(?<![^\W\d_])[\u0400-\u052f](?![^\W\d_])")
SPACES, UNEVEN = re.compile(r"(?<=\S) +(?=\S)"), 10  # blanks between words; how many of them make prose
# Cyrillic, Greek and Armenian letters, by the Latin one they look like.
LOOKALIKES = {
    chr(code): chr(to) if isinstance(to, int) else to for code, to in ALIKE.items() if 0x370 <= code < 0x590
}

# A YAML tag or a key of JSON that makes any object, a workspace of R, and a pickle of protocol 0: a global, a
# mark, its arguments.
RUNS = re.compile(
    r"!!python/(?:object|name|module|tuple)|tag:yaml\.org,2002:python/object|!ruby/(?:object|hash|struct)|!!javax?\.|"
    r"^[\"']?py/(?:object|reduce|function|type|repr)[\"']?\s*(?::|$)|[{,]\s*[\"']py/(?:object|reduce|function|type|repr)[\"']|"
    r"\AA\r?\n[23]\r?\n\d+\r?\n|"
    r"^c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n(?:p\d+\n)?\(",
    re.MULTILINE,
)


# What Markdown can write in several ways: bullets, emphasis, what closes a heading.
BULLET, CLOSED = re.compile(r"^(\s*)[*+](?=\s)"), re.compile(r"^(\s{0,3}#{1,6}\s.*?)\s+#+\s*$")
EMPHASIS = re.compile(r"(?<![\w_])(_{1,3})(?=[^\s_])([^_\n]{1,200}?)(?<=[^\s_])\1(?![\w_])")
ACTIVE = re.compile(r"(?i)<(?=/?(?:script|iframe|object|embed|style|link|meta|base|form)\b)")
HANDLER = re.compile(r"(?i)(<[^<>]{0,2000}?)\son\w{1,30}\s*=")
PROGRAM = re.compile(r"(?i)(\]\(\s*|\b(?:href|src)\s*=\s*[\"']?\s*)javascript:")
# A name and what it stands for: an entity of XML, an anchor of YAML; and what refers to one.
NAMED = re.compile(r"<!ENTITY\s+(\w+)\s+[\"']([^\"'\n]*)|&(\w+)[ \t]+([^\n&]*)")
REFERRED = re.compile(r"&(\w+);|\*(\w+)")
REPEATED, LAYERS = 2, 3


def decode(data: bytes, most: int) -> str:
    """Return the text of UTF-8 bytes; raises Unscreenable for other encodings, NULs, over `most` bytes."""
    if len(data) > most:
        raise refuse(
            "size",
            f"This text has {len(data):,} bytes; at most {most:,} can be read by a human.",
            "Hand in a summary.",
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise refuse("text", "The text is UTF-16 or UTF-32.", "Save it as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(
            "text", f"The text is not valid UTF-8 (byte {error.start}).", "Save it as UTF-8."
        ) from error
    if "\x00" in text:
        raise refuse("text", "The text holds NUL bytes.", "Save it as plain UTF-8 text.")
    return text


def plain(text: str, *, multiline: bool = True) -> str:
    """Return a text as it may leave: NFC, no control, invisible or private characters, no trailing blanks.

    Zero-width joiners go, too: conjuncts of Indic scripts may look different, their letters stay.
    """
    text = unicodedata.normalize("NFC", VARIATION.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > STACK:
            continue
        if character in "\n\t" and multiline:
            kept.append(character)
        elif category[0] == "Z" or character in "\n\t":
            kept.append(" ")
        elif category[0] != "C":
            kept.append(character)
    clean = APOSTROPHE.sub("'", unicodedata.normalize("NFC", "".join(kept)))
    lines = _latin(clean).split("\n")
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")


def _latin(text: str) -> str:
    """Return a text whose Latin words hold no letter of another script that only looks like theirs."""
    if text.isascii():
        return text
    mixed = LETTERS.sub(lambda match: _one_script(match.group()), text)
    latin = sum("a" <= letter <= "z" for letter in mixed.lower())
    if 10 * latin < 9 * sum(map(str.isalpha, mixed)):
        return mixed
    return ALONE.sub(lambda match: LOOKALIKES.get(match.group(), _upper(match.group())), mixed)


def _one_script(word: str) -> str:
    latin = sum("a" <= letter.lower() <= "z" for letter in word)
    others = [letter for letter in word if "\u0370" <= letter <= "\u058f"]
    if not latin or not others or not all(letter.lower() in LOOKALIKES for letter in others):
        return word
    # A Greek symbol beside a letter, as in a formula, stays what it is.
    if any(letter < "\u0400" for letter in others) and latin < 2 * len(others):
        return word
    return "".join(LOOKALIKES.get(letter, _upper(letter)) if letter in others else letter for letter in word)


def _upper(letter: str) -> str:
    return LOOKALIKES.get(letter.lower(), letter).upper()


def _evenly(text: str) -> str:
    """Return a text whose lines of prose hold single blanks: which of them are double can be a code."""
    return "\n".join(SPACES.sub(" ", line) if _is_uneven(line) else line for line in text.split("\n"))


def _is_uneven(line: str) -> bool:
    gaps = [len(gap) for gap in SPACES.findall(line.strip())]
    wide = sum(gap > 1 for gap in gaps)
    prose = not any(map(str.isdigit, line)) and "|" not in line and "\t" not in line
    return len(gaps) >= UNEVEN and 3 <= wide < len(gaps) and max(gaps) <= 3 and prose


def rebuild(text: str) -> tuple[str, list[Finding]]:
    """Return the canonical copy of a text, and what it changed that its reader should know."""
    findings: list[Finding] = []
    clean = plain(text)
    hidden = sum(unicodedata.category(c) in ("Cf", "Co", "Cn", "Cc") and c not in "\n\t\r" for c in text)
    if hidden:
        findings.append(note("hidden_characters", f"{hidden} invisible or control characters were removed."))
    clean, changed = numbers.rounded_prose(_evenly(clean))
    if changed:
        findings.append(
            note("numbers", f"{numbers.counted(changed)} rounded to {Limits.significant_digits} digits.")
        )
    return clean + "\n", findings


def one_way(text: str) -> str:
    """Return Markdown whose bullets, emphasis and headings are written in one way; fenced code stays."""
    lines, fenced = [], False
    for line in text.split("\n"):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        if not fenced and "`" not in line:
            line = CLOSED.sub(r"\1", BULLET.sub(r"\1-", line))
            line = EMPHASIS.sub(lambda match: "*" * len(match[1]) + match[2] + "*" * len(match[1]), line)
        lines.append(line)
    return "\n".join(lines)


def without_active(text: str) -> str:
    """Return Markdown in which no HTML runs where it is shown: tags, handlers and addresses of programs."""
    text = ACTIVE.sub("&lt;", text)
    return PROGRAM.sub(r"\1#", HANDLER.sub(r"\1 title=", text))


def check(text: str, index: Index, limits: Limits, where: str = "") -> list[Finding]:
    """Return what a text gives away; `where` names its place in the file, lines are counted from 1."""
    findings = _shape(text, limits, where) or _runs(text, where)
    if findings:
        return findings
    findings = wording.content(text, index, limits.minimum_count, where)
    if outcome_of(findings) != "block":
        findings += word_models.look(text, index, limits, where)
        findings += disguised.look(text, index, limits, where)
        findings += unread.look(text, index, where)
    return (findings + encoded.look(text, index, limits, where))[: limits.findings]


def _runs(text: str, where: str) -> list[Finding]:
    """Return a block for text that runs code where it is loaded: an object in YAML, a pickle in letters."""
    match = RUNS.search(text)
    if match is None:
        return _bursts(text, where)
    message = "This text runs code when a program loads it."
    return [
        block("runs_code", message, "Write plain values.", at(where, text.count("\n", 0, match.start()) + 1))
    ]


def _bursts(text: str, where: str) -> list[Finding]:
    """Return a block for XML or YAML whose names stand for names that stand for names, many times over."""
    layers = 0
    known: set[str] = set()
    for match in NAMED.finditer(text):
        name, content = (match[1] or match[3]), (match[2] or match[4] or "")
        inner = [one or other for one, other in REFERRED.findall(content)]
        if len(inner) >= REPEATED and known.intersection(inner):
            layers += 1
        known.add(name)
    if layers < LAYERS:
        return []
    message = "The text grows without measure where a program loads it: its names repeat each other."
    return [block("bomb", message, "Write plain values.", where)]


def _shape(text: str, limits: Limits, where: str) -> list[Finding]:
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > limits.line_characters:
            return [
                block(
                    "line_length",
                    f"A line has {len(line):,} characters; nobody can review it.",
                    f"Break lines; at most {limits.line_characters:,} characters each.",
                    at(where, number),
                )
            ]
    return []
