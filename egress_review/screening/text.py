"""Reads text strictly, writes it plainly, and looks in it for ids, transcripts and encoded data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from egress_review.screening import encodings, numbers
from egress_review.screening.identifiers import Match
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.transcripts import SHINGLES_THAT_BLOCK
from egress_review.screening.verdict import Finding, Severity, block, flag, note, outcome_of, refuse

STACK = 3  # combining marks on one letter; living languages need no more
VARIATION = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e01ef]"
)
ITEM = re.compile(r"[^\s,;|\"'`*]+")
LISTED = 4  # items that make a list
ID_FIX = "Replace ids by aggregates over at least the smallest allowed number of people."
WORDS_FIX = "Describe the result in your own words or numbers; what people said may not leave."
BLOB_FIX = "Hand in what is encoded as a file of its own type, or remove it."


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
    lines = unicodedata.normalize("NFC", "".join(kept)).split("\n")
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")


def rebuild(text: str) -> tuple[str, list[Finding]]:
    """Return the canonical copy of a text, and what it changed that its reader should know."""
    findings: list[Finding] = []
    clean = plain(text)
    hidden = sum(unicodedata.category(c) in ("Cf", "Co", "Cn", "Cc") and c not in "\n\t\r" for c in text)
    if hidden:
        findings.append(note("hidden_characters", f"{hidden} invisible or control characters were removed."))
    clean, changed = numbers.rounded_prose(clean)
    if changed:
        findings.append(
            note("numbers", f"{changed} numbers were rounded to {Limits.significant_digits} digits.")
        )
    return clean + "\n", findings


def check(text: str, index: Index, limits: Limits, where: str = "") -> list[Finding]:
    """Return what a text gives away; `where` names its place in the file, lines are counted from 1."""
    findings = _shape(text, limits, where)
    if findings:
        return findings
    for disguise, view in encodings.views(text):
        found = content(view, index, where, disguise)
        # In a disguise a single likeness is chance; and what the plain text shows needs no second finding.
        findings += found if not disguise else [f for f in found if f.severity is Severity.BLOCK]
        if outcome_of(findings) == "block":
            break
    findings += _encoded(text, index, limits, where)
    return findings


def content(text: str, index: Index, where: str, disguise: str = "") -> list[Finding]:
    """Return the ids and transcripts that a text holds, as it stands."""
    said = f" ({disguise})" if disguise else ""
    findings = _identifiers(text, index, where, said)
    if outcome_of(findings) != "block":
        findings += _lists(text, index, where, said)
    return findings + _transcripts(text, index, where, said)


def at(where: str, line: int) -> str:
    """Return a place within a place."""
    return f"{where}, line {line}" if where else f"line {line}"


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


def _identifiers(text: str, index: Index, where: str, said: str) -> list[Finding]:
    hits = index.identifiers.find(text)
    findings: list[Finding] = []
    exact = [hit for hit in hits if hit.match in (Match.RECORDING, Match.SPEAKER)]
    strong = [hit for hit in exact if hit.key in index.identifiers.strong]
    names = {hit.key for hit in exact} - {hit.key for hit in strong}
    if strong or len(names) >= 3:
        first = (strong or exact)[0]
        findings.append(
            block(
                "identifiers",
                f"The text holds ids of the project's data{said}: {len({h.key for h in exact})} different, "
                f"the first a {first.match}. They lead back to a person.",
                ID_FIX,
                at(where, first.line),
            )
        )
    elif names:
        first = exact[0]
        findings.append(
            flag(
                "identifiers",
                f"A word here is also a speaker's id{said}; a human has to see whether it means the person.",
                "Name no speakers unless the licence asks for it.",
                at(where, first.line),
            )
        )
    for match, least, why in (
        (Match.STRIPPED, 3, "what was cut off is easily put back"),
        (Match.HASHED, 10**9, "whoever has the list of ids can undo a hash"),
    ):
        found = [hit for hit in hits if hit.match is match]
        if found:
            different = len({hit.key for hit in found})
            make = block if different >= least else flag
            message = f"The text holds {different} values that each are, or begin, an {match}{said}; {why}."
            findings.append(make("disguised_identifiers", message, ID_FIX, at(where, found[0].line)))
    return findings


def _lists(text: str, index: Index, where: str, said: str) -> list[Finding]:
    """Return a finding for a list of ids, a line each or several a line, even of bare numbers."""
    for line, listed in _listed(text):
        found = index.identifiers.column(listed)
        if found and found[0] is not Match.HASHED:
            message = f"{found[1]} values of this list are each a {found[0]}{said}."
            return [block("row_level", message, ID_FIX, at(where, line))]
    return []


def _listed(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield runs of lines with one item each, and lines with at least 4 items, with their 1-based line."""
    run: list[str] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        items = ITEM.findall(line)
        if len(items) >= LISTED:
            yield number, items
        if len(items) == 1:
            run.append(items[0])
        if len(items) != 1 or len(run) >= 1000:
            if len(run) >= LISTED:
                yield number - len(run), run
            run = []


def _transcripts(text: str, index: Index, where: str, said: str) -> list[Finding]:
    spoken = index.transcripts.find(text)
    place = at(where, spoken.first_line)
    if spoken.whole or spoken.runs >= SHINGLES_THAT_BLOCK or spoken.short >= 5 or spoken.reordered >= 2:
        return [
            block(
                "transcripts",
                f"The text repeats what is said in the recordings{said}: {spoken.whole + spoken.short} whole "
                f"transcripts, {spoken.reordered} reordered ones, {spoken.runs} runs of five words.",
                WORDS_FIX,
                place,
            )
        ]
    if spoken.short or spoken.runs or spoken.reordered:
        return [
            flag(
                "transcripts",
                f"A few words in a row are the same as in a recording{said}; it may be chance.",
                WORDS_FIX,
                place,
            )
        ]
    return []


def _encoded(text: str, index: Index, limits: Limits, where: str) -> list[Finding]:
    findings: list[Finding] = []
    uri = encodings.DATA_URI.search(text)
    if uri:
        line = text.count("\n", 0, uri.start()) + 1
        findings.append(
            block("data_uri", "A data: address embeds a file in the text.", BLOB_FIX, at(where, line))
        )
    digests = 0
    for blob in encodings.blobs(text, limits.blob_characters):
        if blob.is_digest:
            digests += 1
            continue
        findings.append(_blob(blob, index, limits, where))
    if digests:
        make = block if digests > limits.table_rows else flag
        findings.append(
            make(
                "checksums",
                f"{digests} values look like checksums; a human has to see that they are of public files.",
                "Leave checksums of files inside the enclave out.",
                where,
            )
        )
    digits = encodings.DIGITS.search(text)
    if digits:
        findings.append(
            block(
                "digits",
                f"A number has {len(digits.group())} digits; no result needs that many.",
                "Round the number.",
                at(where, text.count("\n", 0, digits.start()) + 1),
            )
        )
    for line, data in encodings.numbers_as_bytes(text):
        if encodings.is_text(data) or encodings.unpack(data, limits.decoded_bytes) is not None:
            findings.append(
                block(
                    "encoded",
                    "A list of numbers spells text or a compressed file.",
                    BLOB_FIX,
                    at(where, line),
                )
            )
    return findings[: limits.findings]


def _blob(blob: encodings.Blob, index: Index, limits: Limits, where: str) -> Finding:
    place = at(where, blob.line)
    for data in encodings.decoded(blob.text, limits):
        if not encodings.is_text(data):
            continue
        if any(found.severity is Severity.BLOCK for found in content(data.decode(), index, where)):
            return block(
                "encoded",
                "Encoded text here holds ids or transcripts of the project's data.",
                "Remove it.",
                place,
            )
    return block(
        "encoded",
        f"{len(blob.text)} characters in a row look like encoded data, which nobody can review.",
        BLOB_FIX,
        place,
    )
