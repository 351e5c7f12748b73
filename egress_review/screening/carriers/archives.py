"""Archives: their members, under bounds on number, size and depth; nothing is ever written to a disk."""

from __future__ import annotations

import bz2
import io
import lzma
import re
import tarfile
import unicodedata
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

import zstandard

from egress_review.screening.carriers import signatures, zips
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, Unscreenable, block, note, refuse

AGAIN = zips.AGAIN
DEEPEST = 20  # folders in one another
# Signs that look like a slash, and are none.
SLASHES = str.maketrans(
    dict.fromkeys("\u2044\u2215\u29f8\u2571\u27cb", "/") | dict.fromkeys("\u2216\u29f5\u29f9", "\\")
)
OWNER = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_.\- ]{0,30}\$?)?")  # how computers call people and their groups
# What computers put beside files on their own; it is left out, unread.
LITTER = re.compile(
    r"(^|/)(__MACOSX(/|$)|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\.ipynb_checkpoints(/|$))"
)
# What tools note of a member on their own in a tar's long headers.
USUAL_NOTES = re.compile(
    r"(path|linkpath|size|[amc]time|uid|gid|uname|gname|charset|hdrcharset|SCHILY\.(dev|ino|nlink|fflags)|"
    r"LIBARCHIVE\.creationtime|GNU\.sparse\..*)"
)
NAMED_STREAMS = {".tgz": ".tar", ".tbz2": ".tar", ".txz": ".tar", ".tzst": ".tar"}
ZSTD_WINDOW = 128 * 1024 * 1024
FEXTRA, FNAME, FCOMMENT = 4, 8, 16
GZIP_NAME = re.compile(rb"[\w.\- ()+@]{1,100}")
ZSTD_STEP = 512  # bytes


@dataclass(frozen=True)
class Member:
    """A file of an archive: its path inside, with "/" between folders, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Unpacked:
    """What an archive holds, and what opening it showed."""

    members: tuple[Member, ...]
    findings: tuple[Finding, ...] = ()


def members(data: bytes, most: int, limits: Limits) -> Unpacked:
    """Return the members of a ZIP or tar, at most `most` bytes of them.

    Raises Unscreenable for what is encrypted, unbounded, broken, or carries anything beside its members.
    """
    if signatures.content(data) == "zip":
        return _zip(data, most, limits)
    return _tar(data, limits)


def _zip(data: bytes, most: int, limits: Limits) -> Unpacked:
    archive = zips.read(data, limits)
    files: list[tuple[str, zips.Entry]] = []
    for entry in archive.entries:
        kind = entry.mode & 0o170000
        if kind not in (0, 0o100000, zips.FOLDER):
            raise _no_file(entry.name)
        if entry.name.endswith("/"):
            if entry.size:
                raise refuse("archive", "A folder of the archive holds bytes.", AGAIN)
            continue
        files.append((entry.name, entry))
    _check_names([name for name, _ in files])
    found: list[Member] = []
    litter = 0
    for name, entry in files:
        content = archive.read(entry, most, limits)
        most -= len(content)
        if LITTER.search(name):
            litter += 1
        else:
            found.append(Member(name, content))
    return Unpacked(tuple(found), (*archive.findings, *_left_out(litter)))


def _left_out(litter: int) -> Iterable[Finding]:
    if litter:
        yield note("archive_rebuilt", f"{litter} files that computers add on their own were left out.")


def _no_file(name: str) -> Unscreenable:
    return refuse(
        "archive_link",
        "A member of the archive is a link or a device, not a file.",
        "Archive the files themselves.",
    )


def _check_names(names: list[str]) -> None:
    """Raise Unscreenable for names that lead elsewhere, hide, or stand twice."""
    seen: set[str] = set()
    for name in names:
        # What some programs read as a slash or a dot is judged as one.
        plain = unicodedata.normalize("NFKC", unquote(name)).translate(SLASHES)
        if plain.count("/") > DEEPEST:
            raise refuse("archive_name", f"Folders lie over {DEEPEST} deep in one another.", "Flatten them.")
        parts = plain.split("/")
        if (
            plain.startswith("/")
            or "\\" in plain
            or plain.count("/") != name.count("/")
            or any(part.strip(".") == "" and part for part in parts)
            or re.match(r"[A-Za-z]:", plain)
        ):
            raise refuse(
                "archive_name",
                "A member's name leads out of its folder; unpacking it could overwrite other files.",
                AGAIN,
            )
        if "" in parts or any(unicodedata.category(character)[0] == "C" for character in name):
            raise refuse("archive_name", "A member's name holds control or invisible characters.", AGAIN)
        same = unicodedata.normalize("NFKC", name).casefold()
        if same in seen:
            raise refuse("archive_name", "Two members have the same name; one hides the other.", AGAIN)
        seen.add(same)


def _tar(data: bytes, limits: Limits) -> Unpacked:
    found: list[Member] = []
    notes: list[Finding] = []
    names: list[str] = []
    litter = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", errors="strict", encoding="utf-8") as opened:
            for member in opened:
                if len(names) >= limits.archive_members:
                    raise refuse(
                        "archive_members",
                        f"The archive has more than {limits.archive_members} members.",
                        "Hand in fewer files.",
                    )
                notes += _beside(member)
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    raise _no_file(member.name)
                name = member.name.removeprefix("./")
                names.append(name)
                content = data[member.offset_data : member.offset_data + member.size]
                slack = data[
                    member.offset_data + member.size : -(-(member.offset_data + member.size) // 512) * 512
                ]
                if len(content) != member.size or any(slack):
                    raise refuse("polyglot", "A member is cut, or bytes stand behind its end.", AGAIN)
                if LITTER.search(name):
                    litter += 1
                else:
                    found.append(Member(name, content))
            end = opened.offset
    except (tarfile.TarError, UnicodeError, ValueError, OverflowError, EOFError) as error:
        raise zips.broken(f"it is damaged ({type(error).__name__})") from error
    if any(data[end:]):
        raise refuse("polyglot", "Bytes stand behind the archive's end.", AGAIN)
    _check_names(names)
    return Unpacked(tuple(found), (*dict.fromkeys(notes), *_left_out(litter)))


def _beside(member: tarfile.TarInfo) -> Iterable[Finding]:
    if not all(map(OWNER.fullmatch, (member.uname, member.gname))) or (member.isreg() and member.linkname):
        yield block("archive_extra", "A member's owner or link is no name that a computer gives.", AGAIN)
    for key in member.pax_headers:
        if not USUAL_NOTES.fullmatch(key):
            yield block("archive_extra", "The archive has notes on its members, where data can hide.", AGAIN)


def inner_name(name: str) -> str:
    """Return what the file in a compressed one is called: `a.csv` for `a.csv.gz`, `a.tar` for `a.tgz`."""
    stem, _, suffix = name.rpartition(".")
    return stem + NAMED_STREAMS.get(f".{suffix.lower()}", "") if stem else name


def stream(data: bytes, most: int, limits: Limits) -> bytes:
    """Return what a gzip, bzip2, xz or zstd file holds, at most `most` bytes; raises Unscreenable."""
    magic, inflate = STREAMS[signatures.content(data)]
    parts: list[bytes] = []
    total, rest = 0, data
    try:
        while rest:
            if not rest.startswith(magic):
                raise refuse("polyglot", "Bytes stand behind the end of the compressed file.", AGAIN)
            content, rest = inflate(rest, most - total)
            parts.append(content)
            total += len(content)
            if total > most or (total > zips.MIB and total > limits.archive_ratio * len(data)):
                raise refuse(
                    "archive_bomb",
                    f"The file unpacks to over {total:,} bytes, more than is looked through.",
                    "Hand in a smaller file.",
                )
    except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError, zstandard.ZstdError) as error:
        raise zips.broken(f"its compressed bytes are damaged ({type(error).__name__})") from error
    return b"".join(parts)


def _gzip(data: bytes, room: int) -> tuple[bytes, bytes]:
    if len(data) > 3 and data[3] & (FEXTRA | FCOMMENT):
        raise refuse("archive_extra", "The compressed file has a comment or an extra field.", AGAIN)
    if len(data) > 10 and data[3] & FNAME and not GZIP_NAME.fullmatch(data[10:].partition(b"\x00")[0]):
        raise refuse("archive_extra", "The name kept in the compressed file is no file's name.", AGAIN)
    reader = zlib.decompressobj(31)
    return _whole(reader.decompress(data, room + 1), reader.eof, reader.unused_data, room)


def _bzip2(data: bytes, room: int) -> tuple[bytes, bytes]:
    reader = bz2.BZ2Decompressor()
    return _whole(reader.decompress(data, room + 1), reader.eof, reader.unused_data, room)


def _xz(data: bytes, room: int) -> tuple[bytes, bytes]:
    reader = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=256 * zips.MIB)
    return _whole(reader.decompress(data, room + 1), reader.eof, reader.unused_data, room)


def _zstd(data: bytes, room: int) -> tuple[bytes, bytes]:
    """Inflate in steps so small that none is a bomb by itself: this reader knows no bound on its output."""
    reader = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()
    parts: list[bytes] = []
    at = total = 0
    while at < len(data) and not reader.eof and total <= room:
        parts.append(reader.decompress(data[at : at + ZSTD_STEP]))
        total += len(parts[-1])
        at += ZSTD_STEP
    return _whole(b"".join(parts), reader.eof, reader.unused_data + data[at:], room)


def _whole(content: bytes, ended: bool, rest: bytes, room: int) -> tuple[bytes, bytes]:
    if not ended and len(content) <= room:
        raise zips.broken("it is cut")
    return content, rest


STREAMS: dict[str, tuple[bytes, Callable[[bytes, int], tuple[bytes, bytes]]]] = {
    "gzip": (b"\x1f\x8b", _gzip),
    "bzip2": (b"BZh", _bzip2),
    "xz": (b"\xfd7zXZ\x00", _xz),
    "zstd": (b"\x28\xb5\x2f\xfd", _zstd),
}
