"""Finds encoded data in text and decodes it to a fixed point within limits, so that it can be matched."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from egress_review.screening import decoders, written
from egress_review.screening.decoders import numbered, uuencoded
from egress_review.screening.limits import Limits
from egress_review.screening.unpacking import as_text, is_text, raw, unpack, unveiled

__all__ = ["Blob", "Budget", "blobs", "decoded", "is_text", "pieces", "unpack"]

BASE64 = r"[A-Za-z0-9+/_-]"
DIGITS = re.compile(r"(?<![\d.])\d{25,}")
DIGEST_LENGTHS = {32, 40, 56, 64, 96, 128}  # hex characters of MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512
WRAPPED = re.compile(
    rf"(?:^[ \t]*(?:{BASE64}{{40,}}={{0,2}})[ \t\\,'\"]*\n){{2,}}[ \t]*{BASE64}*={{0,2}}", re.MULTILINE
)
BASE85 = re.compile(r"[!-u]{60,}|[0-9A-Za-z!#$%&()*+\-;<=>?@^_`{|}~]{60,}")
PRINTED = re.compile(r"[!-~]{80,}")
KEY = re.compile(r"-----BEGIN ([A-Z0-9 ]{3,40})-----\n(?:[A-Za-z0-9+/=:,\- \t]+\n){1,200}-----END \1-----")
SUMMED = re.compile(
    r"(?i)(?:sha-?(?:1|224|256|384|512)|md5|blake[23]\w?|integrity|digest|checksum|hash|etag|h1|narhash|commit|rev|"
    r"revision|fingerprint|crc\d*|key-?id)[\s\"'=:_\-]*$"
)
SCHEME = re.compile(r"\b[a-z][a-z0-9+]{1,15}:$")
SUM64 = {24, 28, 40, 44, 64, 88}  # base64 characters of the same digests
TOKEN = re.compile(r"[^\s,;|\"'`(){}\[\]<>]+")
PIECE, PIECES, JOINED = 6, 3, 40  # characters of a piece, pieces of a stream, characters of it
EVEN, EVEN_SIZES = 12, (2, 12)  # words of a text that is cut into words of one length, and their letters
STREAMS = ("all", "first", "last", "odd", "behind", "line", "whole")
SUM = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32,128}(?![0-9A-Za-z])")
FEW_TOKENS = 4  # of a line that is a name and a value
# A word in any alphabet, marks of its vowels included; what is drawn in Chinese signs may be data.
_WORD = "[A-Za-z\u00aa-\u1fff]"
NAMED = re.compile(rf"{_WORD}{{2,}}(?:[_\-./']{_WORD}+)*|[\d.,:\-/+]+|{_WORD}+[_\-]?\d{{1,4}}")


@dataclass(frozen=True)
class Blob:
    """A run of encoded-looking characters: its text without line breaks, its 1-based line, what names it."""

    text: str
    line: int
    before: str = ""

    @property
    def is_digest(self) -> bool:
        """Whether this looks like one checksum: hex of a usual length, or base64 of one that is named so."""
        if re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", self.text):
            return len(self.text) in DIGEST_LENGTHS
        named = SUMMED.search(self.before) or re.match(r"sha(1|256|384|512)-", self.text)
        bare = re.sub(r"^sha(1|256|384|512)-", "", self.text)
        return bool(named) and (len(bare) in SUM64 or len(bare) + len(bare) % 4 in SUM64)

    @property
    def is_address(self) -> bool:
        """Whether this is part of an address on the web."""
        named = self.before.rsplit(" ", 1)[-1]
        return "://" in named or (bool(SCHEME.search(named)) and self.text.startswith("//"))


SECONDS = 4.0  # of the processor, for decoding one text


@dataclass
class Budget:
    """What may still be decoded: how many times, how many bytes, and for how long, for one text.

    What is not decoded for lack of it stays unreadable, and that is a block.
    """

    times: int = 600
    size: int = 16 * 1024 * 1024  # bytes
    ends_at: float = field(default_factory=lambda: time.process_time() + SECONDS)
    seen: set[tuple[type, int]] = field(default_factory=set)

    def take(self, data: bytes | str) -> bool:
        """Return whether this is new and may still be looked into, and count it."""
        key = (type(data), hash(data))
        if key in self.seen or self.times <= 0 or self.size <= 0 or time.process_time() > self.ends_at:
            return False
        self.seen.add(key)
        self.times -= 1
        self.size -= len(data)
        return True


DIGESTS = 24  # checksums that stand below one another; more lines are something encoded
# Short words of letters behind one another, as the header of a table of phones.
LISTED = re.compile(r"[,;]?(?:[A-Za-z]{1,6}[,;]){5,200}[A-Za-z]{0,6}")


def blobs(text: str, least: int) -> list[Blob]:
    """Return the runs of at least `least` characters that look encoded rather than written."""
    found: list[Blob] = []
    covered: list[tuple[int, int]] = []
    for match in WRAPPED.finditer(text):
        if _are_digests(match.group().split("\n")):
            continue
        found.append(_blob(text, match, re.sub(r"[\s\\,'\"]", "", match.group())))
        covered.append(match.span())
    for match in re.finditer(rf"{BASE64}{{{least},}}={{0,6}}", text):
        inside = any(start <= match.start() < end for start, end in covered)
        if not inside and looks_encoded(match.group()):
            found.append(_blob(text, match, match.group()))
    for match in BASE85.finditer(SUM.sub(lambda sum: " " * len(sum.group()), text)):
        plain = re.fullmatch(rf"{BASE64}+=*", match.group())
        if not (plain or LISTED.fullmatch(match.group()) or written.is_named(match.group())) and _is_dense(
            match.group()
        ):
            found.append(_blob(text, match, match.group()))
    return found or [
        _blob(text, match, match.group()) for match in PRINTED.finditer(text) if is_mixed(match.group())
    ]


def _are_digests(lines: list[str]) -> bool:
    """Return whether lines are checksums, one a line: a few of one usual length, each another."""
    bare = [one for line in lines if (one := line.strip(" \t\\,'\""))]
    alike = len({len(one) for one in bare}) == 1 and len(bare[0]) in DIGEST_LENGTHS
    whole = all(re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", one) for one in bare)
    return alike and whole and len(set(bare)) == len(bare) <= DIGESTS


def is_mixed(run: str) -> bool:
    """Return whether a run of printed characters is mixed as no address, formula or program is."""
    part = run[:400]
    kinds = [_class(character) if character.isalnum() else 3 for character in part]
    changes = sum(a != b for a, b in pairwise(kinds))
    pairs = len(set(pairwise(part)))
    return len(set(part)) >= 45 and 2 * changes > len(part) and 5 * pairs >= 4 * len(part)


def _blob(text: str, match: re.Match[str], run: str) -> Blob:
    start = match.start()
    return Blob(run, text.count("\n", 0, start) + 1, text[max(0, start - 60) : start].rsplit("\n", 1)[-1])


def looks_encoded(run: str) -> bool:
    """Return whether a run mixes characters as no path, rule or identifier does."""
    if len(set(run)) < 6:
        return False
    if re.fullmatch(r"[0-9a-fA-F]+", run):
        return True
    pieces = [piece for piece in re.split(r"[/_\-]", run) if piece]
    longest = max(map(len, pieces), default=0)
    if (
        longest < 24
        and len(pieces) > 1
        and all(re.fullmatch(r"[A-Z]?[a-z]*|[A-Z]*|\d+", piece) for piece in pieces)
    ):
        return False
    if written.is_path(run):
        return False
    changes = sum(_class(a) != _class(b) for a, b in pairwise(run))
    return changes > len(run) / 6 or longest >= 40


def _class(character: str) -> int:
    return 0 if character.islower() else 1 if character.isupper() else 2


def _is_dense(run: str) -> bool:
    kinds = [_class(character) if character.isalnum() else 3 for character in run]
    changes = sum(a != b for a, b in pairwise(kinds))
    return len(set(run)) >= 24 and changes > len(run) / 3


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield what tokens that are no words make when joined in order, with the 1-based line of the first.

    Joined are all such tokens of neighbouring lines, the last of each line, and each line's first and last
    token: a column, a value behind a name, a comment behind its sign, or nothing else. Half of them at least
    must be no words.
    """
    streams: dict[str, list[tuple[int, str]]] = {name: [] for name in STREAMS}
    for number, line in enumerate(text.split("\n"), start=1):
        tokens = TOKEN.findall(line)
        odd = [token for token in tokens if is_piece(token)]
        streams["all"] += [(number, token) for token in odd[:50]]
        streams["odd"] += [(number, token) for token in odd[-1:]]
        if tokens and (odd or len(tokens) <= FEW_TOKENS):
            streams["first"].append((number, tokens[0]))
            streams["last"].append((number, tokens[-1]))
            streams["behind"].append((number, line.split()[-1]))
        whole = line.strip()
        if whole and " " not in whole:
            streams["whole"].append((number, whole))
            streams["line"].append((number, re.sub(r"^[#/*>%;\-\"']+|[\"',;\\+]+$", "", whole)))
        elif whole and whole[0] in "#/*>%;-\"'" and whole.count(" ") == 1:
            streams["line"].append((number, whole.split(" ")[1]))
    even = _even(text.split())
    if even:
        yield 1, even
    seen: set[str] = set()
    for found in streams.values():
        for run in _neighbours(found):
            joined = "".join(
                token.rstrip("=") if n < len(run) - 1 else token for n, (_, token) in enumerate(run)
            )
            parts = sum(is_piece(token) for _, token in run)
            if 2 * parts >= len(run) >= PIECES and len(joined) >= JOINED and joined not in seen:
                seen.add(joined)
                yield run[0][0], joined


def _even(words: list[str]) -> str:
    """Return a text's words as one, where they are all of one length but the last, "" where they are not."""
    sizes = {len(word) for word in words[:-1]}
    whole = len(words) >= EVEN and len(sizes) == 1 and EVEN_SIZES[0] <= min(sizes) <= EVEN_SIZES[1]
    return "".join(words) if whole and len(words[-1]) <= min(sizes) else ""


def is_piece(token: str) -> bool:
    """Return whether a token may be part of something encoded: long enough, no word, no name."""
    named = NAMED.fullmatch(token) or NAMED.fullmatch(token.rstrip(":"))  # a key of YAML
    return len(token) >= PIECE and not named and len(set(token)) >= 4


def _neighbours(found: list[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """Yield all of them, and each run of them in lines that follow one another closely."""
    if found:
        yield found
    run: list[tuple[int, str]] = []
    for one in found:
        if run and one[0] - run[-1][0] > 2:
            yield run
            run = []
        run.append(one)
    yield run


def decoded(start: str | bytes, limits: Limits, budget: Budget | None = None) -> Iterator[bytes]:
    """Yield what characters, or bytes, may mean: each decoding, unpacked, `limits.decode_depth` deep.

    What is yielded is readable text or starts as a known file does; chance is left out.
    """
    budget = budget or Budget()
    todo: deque[tuple[str | bytes, int]] = deque([(start, 0)])
    while todo:
        one, depth = todo.popleft()
        if not one or depth > limits.decode_depth + 1 or not budget.take(one):
            continue
        if isinstance(one, bytes):
            if depth:
                yield one
            todo.extend((inner, depth + 1) for inner in _inside_bytes(one, limits))
        else:
            todo.extend((inner, depth + 1) for inner in _inside_text(one, depth))


def _inside_bytes(data: bytes, limits: Limits) -> Iterator[str | bytes]:
    unpacked = unpack(data, limits.decoded_bytes) or raw(data, limits.decoded_bytes)
    if unpacked:
        yield unpacked
        return
    text = as_text(data)
    if text is not None:
        yield text
    if text is not None and _is_written(text):
        return
    for plain in unveiled(data):
        if is_text(plain) or unpack(plain, limits.decoded_bytes):
            yield plain


def _inside_text(text: str, depth: int) -> Iterator[str | bytes]:
    """Yield what a text holds encoded: all of it, runs inside it, codes, escapes, uuencoded blocks."""
    bare = re.sub(r"\s", "", text)
    yield from _as_one(text, bare)
    for inner in decoders.escapes(text):
        if inner != text:
            yield inner.encode("utf-8", "replace")
    for _, data in numbered(text):
        yield from likely([data])
    for data in uuencoded(text):
        yield data
    if depth:
        for blob in blobs(text, 24)[:20]:
            if blob.text != bare:
                yield blob.text
        for _, joined in list(pieces(text))[:4]:
            yield joined


def _as_one(text: str, bare: str) -> Iterator[bytes]:
    """Yield what a whole text decodes to; `bare` is the text without blanks."""
    if len(bare) < 8 or not bare.isascii() or _is_written(text):
        return
    unquoted = bare.strip("'\"`,;()[]{}").replace("\\\\", "\\")
    for run in dict.fromkeys((bare, unquoted, text.strip(), *decoders.rotated(unquoted))):
        yield from likely(decoders.read(run), veiled=run in (bare, unquoted))


def _is_written(text: str) -> bool:
    """Return whether a text has blanks as often as writing has."""
    return text.count(" ") > len(text) / 12


def likely(found: Iterator[bytes] | list[bytes], *, veiled: bool = False) -> Iterator[bytes]:
    """Yield of decodings those that are no chance: readable, packed, known files, or `veiled` ones."""
    for number, data in enumerate(found):
        if len(data) >= 4 and (
            is_likely(data) or (veiled and number < VEILED and any(map(is_likely, unveiled(data))))
        ):
            yield data


VEILED = 2  # the first decodings, in the usual alphabets, whose bytes may be turned or XORed
MAGIC = (
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"OggS",
    b"fLaC",
    b"ID3",
    b"\x7fELF",
    b"%PDF",
    b"\x93NUMPY",
    b"\x89HDF",
    b"PAR1",
    b"ARROW1",
    b"SQLite format 3",
    b"\x80\x04\x95",
    b"\x80\x03",
    b"\x80\x02",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1aE\xdf\xa3",
    b"FORM",
    b".snd",
    b"\xff\xfb",
    b"\xff\xf3",
    b"NIST_1A",
    b"caff",
)


def is_known_file(data: bytes) -> bool:
    """Return whether bytes begin as a known kind of file does that is no compressed stream."""
    return data.startswith(MAGIC) or data[257:262] == b"ustar"


def is_likely(data: bytes) -> bool:
    """Return whether bytes are readable, unpack, or begin as a known file does."""
    return (
        is_known_file(data)
        or as_text(data) is not None
        or unpack(data, 4096) is not None
        or (len(data) >= 24 and raw(data, 4096) is not None)
    )
