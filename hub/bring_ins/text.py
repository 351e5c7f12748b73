"""Is it text that somebody can read? What is not is refused; what needs a second look is said, with its line.

Nothing here parses a format: a file is its lines. What hides in prose can't be found so, which is why a
person reads it; what this finds is what nobody can read.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

from egress_review import names
from hub.errors import Invalid

MOST_FILES = 20
MOST_FILE_BYTES = 1 << 20
MOST_BYTES = 4 << 20
CODE = (
    "py",
    "ipynb",
    "r",
    "rmd",
    "jl",
    "m",
    "c",
    "h",
    "cpp",
    "hpp",
    "rs",
    "go",
    "java",
    "js",
    "sh",
    "sql",
    "praat",
)
WORDS = (
    "txt",
    "md",
    "rst",
    "tex",
    "bib",
    "json",
    "yaml",
    "yml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "lua",
    "pl",
    "stan",
)
TABLES = ("csv", "tsv", "jsonl", "textgrid", "lab")
KINDS = frozenset((*CODE, *WORDS, *TABLES))
LONG_LINE = 1_000
MOST_FOUND = 40
# Controls but line ends and tabs: no editor writes them, and a terminal obeys them. A carriage return by
# itself is one: Python begins a line there, where a reviewer reads on in a comment.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# What turns the direction of reading, so that a reviewer reads other code than runs.
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
UNSEEN = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufe00-\ufe0f"
    "\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
# Each is found in one walk over a line; how long or how many is counted afterwards.
UNBROKEN = re.compile(r"[A-Za-z0-9+/_=-]+")
SHORT_CODE = re.compile(r"\b(?:0[xX])?[0-9A-Fa-f]{1,3}\b[\s,:;]{0,3}")
ESCAPE = re.compile(r"\\x[0-9A-Fa-f]{2}|\\[0-7]{3}|\\u[0-9A-Fa-f]{4}")
LONG_CODE, LONG_LIST, MOST_ESCAPES = 160, 80, 40
AROUND_CODE = " \t\r\"'#/*,\\+"
CODE_LINE = 56
ENVELOPE = re.compile(
    r"^[ \t]*(?:begin [0-7]{3} \S|begin-base64 |-----BEGIN (?:PGP|AGE|.*PRIVATE KEY)|=ybegin |"
    r"\(This file must be converted with BinHex)",
    re.MULTILINE,
)
MAGIC = (
    *(b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!"),
    *(b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xd0\xcf\x11\xe0", b"\x80\x04\x95", b"\x80\x05\x95", b"wOF"),
    *(b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"OggS", b"fLaC", b"ID3", b"\x89HDF"),
    *(b"SQLite format 3", b"\x93NUMPY"),
)
# Text that can't be read compresses badly: prose and code to a third, base64 to three quarters.
WINDOW_BYTES = 4_096
DENSE = 0.62
RUN_OF_LINES = 12


@dataclass(frozen=True)
class Finding:
    """Something a reviewer should look at before they decide."""

    file: str
    line: int
    message: str

    def as_dict(self) -> dict[str, object]:
        """Return it as the database keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Text:
    """A file that can be read: its name, its bytes, and what is to be looked at."""

    name: str
    data: bytes
    lines: int
    findings: tuple[Finding, ...]


def accepted(files: Sequence[tuple[str, bytes]]) -> tuple[Text, ...]:
    """Return files that are text, each with what to look at; anything else is refused with a sentence."""
    if not files:
        raise Invalid("Choose at least one text file.")
    if len(files) > MOST_FILES:
        raise Invalid(f"These are {len(files)} files; bring in at most {MOST_FILES} at once.")
    if sum(len(data) for _, data in files) > MOST_BYTES:
        raise Invalid(f"These files are larger than {MOST_BYTES >> 20} MiB together; bring in less at once.")
    good = names.distinct(name for name, _ in files)
    return tuple(_one(name, data) for name, (_, data) in zip(good, files, strict=True))


def _one(name: str, data: bytes) -> Text:
    kind = name.rpartition(".")[2].casefold() if "." in name else ""
    if kind not in KINDS:
        raise Invalid(
            f"{name} is not of a kind that is brought in; only text such as .py, .R, .praat, .md, .csv."
        )
    if not data:
        raise Invalid(f"{name} is empty.")
    if len(data) > MOST_FILE_BYTES:
        raise Invalid(
            f"{name} is larger than {MOST_FILE_BYTES >> 20} MiB; nobody can review that. Bring in less."
        )
    text = decoded(name, data)
    if marker := ENVELOPE.search(text):
        raise Invalid(
            f"{name} holds something packed or a key (“{marker.group()[:30]}”); bring in what is readable."
        )
    if hidden := _hidden(text):
        raise Invalid(f"{name} hides {hidden} in line-long codes; bring in what is readable.")
    return Text(name, data, len(lines_of(text)), tuple(_findings(name, kind, text)))


def decoded(name: str, data: bytes) -> str:
    """Return the text of a file; what is not plain UTF-8 text is refused."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(f"{name} is not text in UTF-8 (byte {error.start}); save it as UTF-8 text.") from error
    plain = text.replace("\r\n", "\n")
    if found := CONTROL.search(plain):
        where = plain.count("\n", 0, found.start()) + 1
        raise Invalid(f"{name} has a control character in line {where}; it is no plain text.")
    if found := TURNING.search(text):
        where = text.count("\n", 0, found.start()) + 1
        raise Invalid(
            f"{name} has a character in line {where} that turns the direction of reading; remove it."
        )
    return text


def _hidden(text: str) -> str:
    """Return what a code in the text starts like, when it starts like a program, a picture or an archive."""
    for code in UNBROKEN.findall(text):
        for known in _decodings(code[:256]) if len(code) >= 64 else ():
            if any(known.startswith(magic) for magic in MAGIC) or _is_zlib(known):
                return "a program, a picture or an archive"
    return ""


def _decodings(code: str) -> Iterator[bytes]:
    plain = code.rstrip("=").replace("-", "+").replace("_", "/")
    with suppress(binascii.Error):
        yield base64.b64decode(plain[: len(plain) // 4 * 4], validate=True)
    with suppress(ValueError):
        yield bytes.fromhex(code)


def _is_zlib(data: bytes) -> bool:
    """Whether bytes begin a stream that zlib wrote: header, check, and a first block that opens."""
    if len(data) < 16 or data[0] != 0x78 or int.from_bytes(data[:2], "big") % 31:
        return False
    try:
        return len(zlib.decompressobj().decompress(data)) > 0
    except zlib.error:
        return False


def lines_of(text: str) -> list[str]:
    """Return a text's lines; the end of the last line begins no other."""
    return text.removesuffix("\n").split("\n")


def _findings(name: str, kind: str, text: str) -> Iterator[Finding]:
    found = list(_of_lines(name, text))
    found += _of_runs(name, text)
    if kind in TABLES:
        rows = len(lines_of(text))
        found.append(
            Finding(
                name, 0, f"A table of {rows} lines: could it join speakers to who they are, or to other data?"
            )
        )
    if kind == "ipynb" and re.search(r'"(?:image/png|image/jpeg|text/html)"', text):
        found.append(
            Finding(name, 0, "A notebook with outputs; ask for one that was cleared, which can be read.")
        )
    if where := _dense(text):
        found.append(
            Finding(name, where, "This stretch reads like packed data: hardly anything in it repeats.")
        )
    yield from found[:MOST_FOUND]
    if len(found) > MOST_FOUND:
        yield Finding(name, 0, f"{len(found) - MOST_FOUND} more findings of this file are not listed.")


def _of_lines(name: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.split("\n"), start=1):
        if UNSEEN.search(line):
            yield Finding(name, number, "Characters that can't be seen.")
        if _is_code(line):
            yield Finding(name, number, "A long code that nobody can read: is something packed in it?")
        elif len(line) > LONG_LINE:
            yield Finding(name, number, f"A line of {len(line)} characters; read it to its end.")


def _is_code(line: str) -> bool:
    """Whether a line holds a long run of letters without a space, or is mostly a list of bytes."""
    if any(len(run) >= LONG_CODE for run in UNBROKEN.findall(line)):
        return True
    listed = SHORT_CODE.findall(line)
    if len(listed) >= LONG_LIST and sum(map(len, listed)) > len(line) // 2:
        return True
    return len(ESCAPE.findall(line)) >= MOST_ESCAPES


def _of_runs(name: str, text: str) -> Iterator[Finding]:
    """Find codes broken into lines: many lines after each other without a space in them."""
    began = run = 0
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        bare = line.strip(AROUND_CODE)
        if len(bare) >= CODE_LINE and bare.isascii() and not re.search(r"\s", bare):
            began, run = began if run else number, run + 1
            continue
        if run >= RUN_OF_LINES:
            yield Finding(name, began, f"{run} lines of codes without a space: is something packed in them?")
        run = 0


def _dense(text: str) -> int:
    """Return the first line of a stretch that doesn't compress as text does, or 0."""
    data = text.encode()
    for start in range(0, max(1, len(data) - WINDOW_BYTES // 2), WINDOW_BYTES):
        window = data[start : start + WINDOW_BYTES]
        if len(window) >= WINDOW_BYTES // 2 and len(zlib.compress(window, 6)) > DENSE * len(window):
            return data.count(b"\n", 0, start) + 1
    return 0
