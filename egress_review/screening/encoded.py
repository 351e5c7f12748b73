"""Judges what a text holds encoded: data addresses, keys, checksums, runs nobody can read, split pieces."""

from __future__ import annotations

import base64
import binascii
import importlib
import re
from collections.abc import Iterable, Iterator

from egress_review.screening import decoders, disguised, encodings
from egress_review.screening.decoders import morse, numbered
from egress_review.screening.encodings import Blob, Budget
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.unpacking import as_text
from egress_review.screening.verdict import Finding, Severity, block, flag, outcome_of
from egress_review.screening.wording import at, content
from egress_review.screening.written import STEP

DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?[;,][^\s\"')>]*", re.IGNORECASE)
BLOB_FIX = "Hand in what is encoded as a file of its own type, or remove it."
PICTURE_BYTES = 16 * 1024  # of a picture that may stand encoded in a text, for a human to see
ADDRESS = 300  # characters of an address on the web that a human may be asked to judge
SHORT = re.compile(
    r"(?<![A-Za-z0-9+/_=\-])(?:[A-Za-z0-9+/_\-]{10,}={0,6}|[A-Za-z0-9+/_\-]{5,9}={1,6})(?![A-Za-z0-9+/_=])"
)
HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{16,31}(?![0-9A-Za-z])")
OPAQUE = re.compile(  # letters of both kinds and digits
    r"(?<![\w/=.:+-])(?=[a-zA-Z]*\d)(?=[a-z0-9]*[A-Z])(?=[A-Z0-9]*[a-z])[0-9A-Za-z]{10,24}(?![\w/=.:+-])"
)
ALIKE = 8  # values that make a list
SHORT_ONES = 3_000
OPENED = 60  # blobs that are decoded one by one
CODES = 200  # numbers a list of which is data, not a result
# What matplotlib says of itself in each picture.
PLOTTED = re.compile(rb"Software\x00Matplotlib version ?\d{1,2}\.\d{1,2}\.\d{1,2}, https://matplotlib\.org/")
PNG_CHUNKS = {
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"pHYs",
    b"gAMA",
    b"sRGB",
    b"cHRM",
    b"bKGD",
    b"sBIT",
}


def look(text: str, index: Index, limits: Limits, where: str) -> list[Finding]:
    """Return what a text holds encoded; the work is bounded by one budget for all of it."""
    budget = Budget()
    findings = list(_keys(text, index, limits, where, budget))
    text = encodings.KEY.sub(lambda match: "\n" * match.group().count("\n"), text)
    findings += _addresses(text, index, limits, where, budget)
    text = DATA_URI.sub("", text)
    blobs = encodings.blobs(text, limits.blob_characters)
    digests = [blob for blob in blobs if blob.is_digest]
    for number, blob in enumerate(blob for blob in blobs if not blob.is_digest):
        if number >= limits.findings:
            break
        findings.append(_blob(blob, index, limits, where, budget if number < OPENED else Budget(times=0)))
    findings += _digests(digests, index, limits, where, budget)
    findings += [] if digests else _alike(text, where)
    if outcome_of(findings) != "block":
        findings += _small(text, index, limits, where, budget)
    if outcome_of(findings) != "block":
        findings += _pieces(text, index, limits, where, budget)
    return findings + list(_numbers(text, index, limits, where, budget))


def _keys(text: str, index: Index, limits: Limits, where: str, budget: Budget) -> Iterator[Finding]:
    for match in encodings.KEY.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        body = "".join(one for one in match.group().split("\n")[1:-1] if ":" not in one)
        held = _matched(encodings.decoded(body, limits, budget), index, limits, at(where, line))
        if held:
            yield held
            continue
        if "PRIVATE" in match[1]:
            yield block(
                "key", "The text holds a private key.", "Remove it, and replace the key.", at(where, line)
            )
        else:
            yield flag("key", "The text holds a public key or certificate.", "Leave it out.", at(where, line))


def _addresses(text: str, index: Index, limits: Limits, where: str, budget: Budget) -> Iterator[Finding]:
    for number, match in enumerate(DATA_URI.finditer(text)):
        if number >= OPENED:
            break
        place = at(where, text.count("\n", 0, match.start()) + 1)
        payload = match.group().partition(",")[2]
        found = _picture(payload, index, limits, place) if (match[1] or "").startswith("image/") else None
        yield found or block("data_uri", "A data: address embeds a file in the text.", BLOB_FIX, place)


def _picture(payload: str, index: Index, limits: Limits, place: str) -> Finding | None:
    """Return a flag for a small picture without anything beside its pixels that shows nothing; else None."""
    try:
        data = base64.b64decode(re.sub(r"\s", "", payload), validate=True)
    except (ValueError, binascii.Error):
        return None
    return _shown(data, index, limits, place)


def _shown(data: bytes, index: Index, limits: Limits, place: str) -> Finding | None:
    if len(data) > PICTURE_BYTES or not is_bare_picture(data):
        return None
    found = _peek(data, index, limits)
    if found is None or outcome_of(found) == "block":
        return None
    message = f"A picture of {len(data):,} bytes is encoded in the text; a human has to see what it shows."
    return flag("encoded_picture", message, "Hand it in as PNG.", place)


def _peek(data: bytes, index: Index, limits: Limits) -> list[Finding] | None:
    """Return what decoded bytes give away as a file of any kind; None where they begin like no known file."""
    # Whoever knows all carriers asks the texts in them what they hold, so it is found only when it is needed.
    peek = getattr(importlib.import_module("egress_review.screening.inspection"), "peek", None)
    if peek is not None:
        found: list[Finding] | None = peek(data, index, limits)
        return found
    if is_bare_picture(data):
        return []
    return [block("type", "It can't be looked into.", BLOB_FIX)] if encodings.is_known_file(data) else None


def is_bare_picture(data: bytes) -> bool:
    """Return whether bytes are a PNG of pixels and colours only: no words, no payload, nothing behind it."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return False
    position = 8
    while position + 12 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        name = data[position + 4 : position + 8]
        told = data[position + 8 : position + 8 + size]
        if name not in PNG_CHUNKS and not (name == b"tEXt" and PLOTTED.fullmatch(told)):
            return False
        position += 12 + size
        if name == b"IEND":
            return position == len(data)
    return False


def _blob(blob: Blob, index: Index, limits: Limits, where: str, budget: Budget) -> Finding:
    place = at(where, blob.line)
    if blob.is_address and len(blob.text) <= ADDRESS and "://" not in blob.text:
        found = _matched(encodings.decoded(blob.text, limits, budget), index, limits, place)
        return found or flag("address", "A long address on the web can carry data.", "Shorten it.", place)
    for data in encodings.decoded(blob.text, limits, budget):
        found = _shown(data, index, limits, place) or _matched([data], index, limits, place)
        if found:
            return found
    return block(
        "encoded",
        f"{len(blob.text)} characters in a row look like encoded data, which nobody can review.",
        BLOB_FIX,
        place,
    )


def _matched(
    decoded: Iterable[bytes], index: Index, limits: Limits, place: str, *, ciphers: bool = True
) -> Finding | None:
    """Return a block where decoded bytes hold what the project's data holds, or a file that can't leave."""
    for data in decoded:
        written = as_text(data)
        if written is not None:
            found = content(written, index, limits.minimum_count, "")
            if ciphers and outcome_of(found) != "block":
                found = disguised.look(written, index, limits, "")
            if outcome_of(found) == "block":
                message = "Encoded text here holds ids or transcripts of the project's data."
                return block("encoded", message, "Remove it.", place)
            continue
        within = _peek(data, index, limits)
        worst = next((one for one in within or () if one.severity is Severity.BLOCK), None)
        if worst:
            return block("encoded", f"A file is encoded in the text: {worst.message}", BLOB_FIX, place)
    return None


def held(data: bytes, index: Index, limits: Limits, where: str) -> Finding | None:
    """Return a block where bytes are, however packed, a file, ids or transcripts of the project's data."""
    return _matched([data, *encodings.decoded(data, limits, Budget())], index, limits, where, ciphers=False)


def _digests(
    digests: list[Blob], index: Index, limits: Limits, where: str, budget: Budget
) -> Iterator[Finding]:
    if not digests:
        return
    joined = encodings.decoded("".join(blob.text.rstrip("=") for blob in digests), limits, budget)
    found = _matched(joined, index, limits, at(where, digests[0].line))
    yield found or flag(
        "checksums",
        f"{len(digests)} values look like checksums; a human has to see that they are of public files.",
        "Leave checksums of files inside the enclave out.",
        at(where, digests[0].line),
    )


def _alike(text: str, where: str) -> Iterator[Finding]:
    """Yield a flag for a list of hexadecimal values of one length, or of codes: ids under a key look so."""
    lengths: dict[int, set[str]] = {}
    for match in HEXADECIMAL.finditer(text):
        lengths.setdefault(len(match.group()), set()).add(match.group())
    opaque = {one for one in OPAQUE.findall(text) if encodings.is_piece(one) and not STEP.fullmatch(one)}
    most = max([*lengths.values(), opaque], key=len)
    if len(most) >= ALIKE:
        message = f"{len(most)} values of one kind look like hashes; a human has to see what they stand for."
        yield flag("checksums", message, "Leave hashes of people and recordings out.", where)


def _small(text: str, index: Index, limits: Limits, where: str, budget: Budget) -> Iterator[Finding]:
    """Yield a block where short encoded words, each for itself, are ids or sentences."""
    found: list[str] = []
    for match in list(SHORT.finditer(text))[:SHORT_ONES]:
        run = match.group()
        if len(run) < limits.blob_characters and _may_be_encoded(run):
            found += [
                written
                for data in encodings.likely(_read(run))
                if (written := as_text(data)) and written.isprintable()
            ]
    if found:
        block_ = _matched(["\n".join(dict.fromkeys(found)).encode()], index, limits, where)
        if block_:
            yield block_
    for written in decoders.escapes(text):
        if written != text:
            hidden = _matched([written.encode("utf-8", "replace")], index, limits, where)
            if hidden:
                yield hidden
    signs = morse(text)
    if signs:
        yield _matched([signs.encode()], index, limits, where) or block(
            "encoded", "The text is written in Morse code, which nobody reviews.", BLOB_FIX, where
        )


def _may_be_encoded(run: str) -> bool:
    bare = run.rstrip("=")
    if re.fullmatch(r"[A-Z]?[a-z]+|[A-Z]+|\d+|[a-z_]+|[a-z\-]+", bare):
        # All lower or upper letters may still be base32, whose length tells.
        return bool(re.fullmatch(r"[A-Z2-7]{16,}", bare)) or run != bare
    return True


def _read(run: str) -> list[bytes]:
    """Return the decodings of a short run; in a large base or base85 almost everything reads as something."""
    return list(decoders.read(run))


def _pieces(text: str, index: Index, limits: Limits, where: str, budget: Budget) -> Iterator[Finding]:
    """Yield a block where pieces that are no words make encoded data of the project when put together."""
    for number, (line, joined) in enumerate(encodings.pieces(text)):
        if number >= OPENED:
            break
        found = _matched(
            encodings.decoded(joined[: limits.decoded_bytes], limits, budget), index, limits, at(where, line)
        )
        if found:
            yield found
            return


def _numbers(text: str, index: Index, limits: Limits, where: str, budget: Budget) -> Iterator[Finding]:
    digits = encodings.DIGITS.search(text)
    if digits:
        place = at(where, text.count("\n", 0, digits.start()) + 1)
        message = f"A number has {len(digits.group())} digits; no result needs that many."
        yield block("digits", message, "Round the number.", place)
    for offset, data in numbered(text):
        place = at(where, text.count("\n", 0, offset) + 1)
        # Numbers can be read as much, and each cipher is tried on all of it: once is enough.
        found = _matched([data], index, limits, place) or _matched(
            encodings.decoded(data, limits, budget), index, limits, place, ciphers=False
        )
        if found:
            yield found
        elif len(data) >= 24 and _spells(data):
            yield block("encoded", "A list of numbers spells text or a compressed file.", BLOB_FIX, place)


def _spells(data: bytes) -> bool:
    """Return whether codes spell a file, or writing: letters and blanks as writing has them."""
    if not encodings.is_likely(data):
        return False
    written = as_text(data)
    if written is None:
        return True
    letters = sum(character.isalpha() or character == " " for character in written)
    return letters >= 0.85 * len(written) and written.count(" ") >= len(written) / 15
