"""ZIP: read strictly, every byte accounted for, and written so that the same members give the same bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from egress_review.screening.carriers import signatures
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Packed
from egress_review.screening.verdict import Finding, Unscreenable, block, refuse

END, ENTRY, LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
END64, LOCATOR64, DESCRIPTOR = b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08"
STORED, DEFLATED = 0, 8
ENCRYPTED, DESCRIBED, UTF8 = 0x0001, 0x0008, 0x0800
# Extra fields that common tools write, and the most bytes that each needs: times, owners, long sizes.
USUAL_EXTRA = {
    **{0x0001: 28, 0x000A: 32, 0x5455: 13, 0x5855: 12, 0x7855: 4, 0x7875: 15, 0xCAFE: 0},
    **{0x7075: 600, 0x756E: 14},
}
PADDING = 0xA220
AES, STRONG = 0x9901, 0x0017
UNICODE_NAME = 0x7075
FOLDER = 0o040000
MIB = 1024 * 1024
AGAIN = "Make the archive again with an ordinary tool, without a comment, password or anything around it."


# What is looked for inside documents; pictures and their own XML are shown, or stay behind.
HELD = {"sound", "zip", "gzip", "bzip2", "xz", "zstd", "tar", "parquet", "arrow", "npy", "hdf5", "pdf"}
YEARS = 12  # in which the files of one result were written


@dataclass(frozen=True)
class Entry:
    """One member of a ZIP as its directory describes it: sizes in bytes, `start` where its header begins."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    start: int
    mode: int
    extra: bytes
    comment: bytes
    begins: int = 0
    ends: int = 0
    year: int = 1980


@dataclass(frozen=True)
class Archive:
    """A ZIP whose every byte is accounted for: its members, and what could carry data beside them."""

    data: bytes
    entries: tuple[Entry, ...]
    comment: bytes
    findings: tuple[Finding, ...]

    def beginning(self, entry: Entry) -> bytes:
        """Return the first bytes of a member, as many as tell what it is; none where it is broken."""
        packed = self.data[entry.begins : entry.ends]
        return packed[: signatures.HEAD_BYTES] if entry.method == STORED else _begun(packed)

    def read(self, entry: Entry, most: int, limits: Limits) -> bytes:
        """Return a member's bytes; raises Unscreenable for over `most` bytes, bombs and wrong checksums."""
        packed = self.data[entry.begins : entry.ends]
        if entry.size > most:
            raise _bomb(entry)
        if entry.size > MIB and entry.size > limits.archive_ratio * max(len(packed), 1):
            raise _bomb(entry)
        content = packed if entry.method == STORED else _inflated(packed, entry)
        if len(content) != entry.size or zlib.crc32(content) != entry.checksum:
            raise broken("a member is not as long, or not the same, as the directory says")
        return content


def _begun(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(packed, signatures.HEAD_BYTES)
    except zlib.error:
        return b""


def broken(why: str) -> Unscreenable:
    """Return the error for an archive that breaks its format."""
    return refuse("archive", f"The archive can't be read: {why}.", AGAIN)


def _bomb(entry: Entry) -> Unscreenable:
    return refuse(
        "archive_bomb",
        f"A member unpacks to {entry.size:,} bytes, more than is looked through.",
        "Hand in a smaller archive, or the files themselves.",
    )


def _inflated(packed: bytes, entry: Entry) -> bytes:
    inflate = zlib.decompressobj(-15)
    try:
        content = inflate.decompress(packed, entry.size + 1)
    except zlib.error as error:
        raise broken("a member's compressed bytes are damaged") from error
    if inflate.unused_data or inflate.unconsumed_tail or not inflate.eof:
        raise broken("bytes stand behind a member's end, or some are missing")
    return content


def read(data: bytes, limits: Limits) -> Archive:
    """Return a ZIP's members; raises Unscreenable for encryption, overlaps, gaps and what is no plain ZIP."""
    at, comment = _end(data)
    entries = [_located(data, entry) for entry in _directory(data, at, limits)]
    findings = tuple(dict.fromkeys(_beside(entries, comment)))
    _without_gaps(data, entries, at)
    return Archive(data, tuple(entries), comment, findings)


def kept_inside(archive: Archive, most: int, limits: Limits) -> Iterator[Packed]:
    """Yield sound, data and archives among a document's members, of at most `most` bytes in all.

    They stay behind when it leaves, but whoever put them there should hear of it. Pictures and what belongs
    to the document's own format are none.
    """
    for entry in archive.entries:
        if signatures.content(archive.beginning(entry)) in HELD:
            content = archive.read(entry, most, limits)
            most -= len(content)
            yield Packed(content, "", entry.name[-80:])


def _end(data: bytes) -> tuple[int, bytes]:
    """Return where the end record begins, and the comment behind it."""
    at = len(data) - 22
    while at >= max(0, len(data) - 22 - 65535):
        at = data.rfind(END, 0, at + 4)
        if at < 0:
            break
        if len(data) == at + 22 + int.from_bytes(data[at + 20 : at + 22], "little"):
            return at, data[at + 22 :]
        at -= 1
    raise refuse(
        "polyglot", "The archive does not end where its directory does: it is cut, or bytes follow it.", AGAIN
    )


def _directory(data: bytes, at: int, limits: Limits) -> list[Entry]:
    disk, first_disk, here, count, size, start = struct.unpack_from("<HHHHII", data, at + 4)
    before = at
    if data[at - 20 : at - 16] == LOCATOR64 and at >= 76:
        before = int.from_bytes(data[at - 12 : at - 4], "little")
        if data[before : before + 4] != END64 or before + 56 != at - 20:
            raise broken("its long directory is damaged")
        here, count, size, start = struct.unpack_from("<QQQQ", data, before + 24)
    if disk or first_disk or here != count:
        raise broken("it is spread over several files")
    if count > limits.archive_members:
        raise refuse(
            "archive_members",
            f"The archive has {count:,} members; at most {limits.archive_members} are looked through.",
            "Hand in fewer files.",
        )
    if start + size != before:
        raise refuse("polyglot", "Bytes stand between the archive's members and its end.", AGAIN)
    entries: list[Entry] = []
    while start < before:
        entry, start = _entry(data, start)
        entries.append(entry)
    if len(entries) != count or start != before:
        raise broken("its directory counts other members than it lists")
    return entries


def _entry(data: bytes, at: int) -> tuple[Entry, int]:
    if data[at : at + 4] != ENTRY or at + 46 > len(data):
        raise broken("its directory is damaged")
    fields = struct.unpack_from("<HHHHHHIIIHHHHHII", data, at + 4)
    _, _, flags, method, _, day, checksum, packed, size, name, extra, comment, disk, _, mode, start = fields
    ends = at + 46 + name + extra + comment
    if ends > len(data) or disk not in (0, 0xFFFF):
        raise broken("its directory is damaged")
    raw = data[at + 46 : at + 46 + name]
    more = data[at + 46 + name : at + 46 + name + extra]
    entry = Entry(
        _name(raw),
        raw,
        flags,
        method,
        checksum,
        packed,
        size,
        start,
        mode >> 16,
        more,
        data[ends - comment : ends],
        year=1980 + (day >> 9),
    )
    return _long(entry), ends


def _name(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refuse(
            "archive_name", "A member's name is not UTF-8; what it is called can't be told.", AGAIN
        ) from error


def _long(entry: Entry) -> Entry:
    """Return an entry with the sizes that only its extra field can hold."""
    for number, field in _fields(entry.extra):
        if number in (AES, STRONG):
            raise _encrypted()
        if number == UNICODE_NAME and field[5:] != entry.raw_name:
            raise refuse("archive_name", "A member has two different names.", AGAIN)
        if number == 0x0001:
            longer = [int.from_bytes(field[n : n + 8], "little") for n in range(0, len(field) - 7, 8)]
            size, packed, start = (
                longer.pop(0) if value == 0xFFFFFFFF and longer else value
                for value in (entry.size, entry.packed, entry.start)
            )
            entry = replace(entry, size=size, packed=packed, start=start)
    return entry


def _fields(extra: bytes) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at + 4 <= len(extra):
        number, length = struct.unpack_from("<HH", extra, at)
        if at + 4 + length > len(extra):
            break
        found.append((number, extra[at + 4 : at + 4 + length]))
        at += 4 + length
    if at < len(extra):
        # What is left over fits no field: it is counted as one that nobody knows.
        found.append((-1, extra[at:]))
    return found


def _encrypted() -> Unscreenable:
    return refuse(
        "encrypted",
        "The archive is encrypted; nobody can see what it holds.",
        "Hand it in without a password.",
    )


def _located(data: bytes, entry: Entry) -> Entry:
    """Return an entry with where its packed bytes lie; its own header must agree with the directory."""
    at = entry.start
    if entry.flags & (ENCRYPTED | 0x2040):
        raise _encrypted()
    if entry.method not in (STORED, DEFLATED):
        raise refuse(
            "archive", f"A member is compressed in a way (method {entry.method}) that is not read.", AGAIN
        )
    if data[at : at + 4] != LOCAL or at + 30 > len(data):
        raise broken("a member is not where the directory says")
    _, flags, method, _, _, checksum, packed, size, name, extra = struct.unpack_from(
        "<HHHHHIIIHH", data, at + 4
    )
    raw = data[at + 30 : at + 30 + name]
    described = bool(flags & DESCRIBED)
    if raw != entry.raw_name or method != entry.method or described != bool(entry.flags & DESCRIBED):
        raise broken("a member calls itself otherwise than the directory does")
    if not described and checksum != entry.checksum:
        raise broken("a member's checksum differs from the directory's")
    begins = at + 30 + name + extra
    ends = begins + entry.packed
    if not described and packed not in (entry.packed, 0xFFFFFFFF):
        raise broken("a member's length differs from the directory's")
    if not described and size not in (entry.size, 0xFFFFFFFF):
        raise broken("a member's length differs from the directory's")
    local = data[at + 30 + name : begins]
    return replace(entry, begins=begins, ends=ends, extra=entry.extra + local)


def _without_gaps(data: bytes, entries: Sequence[Entry], end: int) -> None:
    expected = 0
    directory = 0
    for entry in sorted(entries, key=lambda entry: entry.start):
        if entry.start < expected:
            raise refuse("polyglot", "Members of the archive overlap.", AGAIN)
        if entry.start > expected:
            raise refuse("polyglot", "Bytes stand before or between the archive's members.", AGAIN)
        expected = entry.ends + (_descriptor(data, entry) if entry.flags & DESCRIBED else 0)
        directory = expected
    if data[directory : directory + 4] not in (ENTRY, END, END64) or directory > end:
        raise refuse("polyglot", "Bytes stand behind the archive's last member.", AGAIN)


def _descriptor(data: bytes, entry: Entry) -> int:
    """Return the length of the record behind a member written as a stream."""
    for width in ("II", "QQ"):
        sizes = struct.pack(f"<I{width}", entry.checksum, *_fitting(entry, width))
        for record in (DESCRIPTOR + sizes, sizes):
            if data[entry.ends : entry.ends + len(record)] == record:
                return len(record)
    raise broken("a member's length is not confirmed behind it")


def _fitting(entry: Entry, width: str) -> tuple[int, int]:
    most = 0xFFFFFFFF if width == "II" else 0xFFFFFFFFFFFFFFFF
    return entry.packed & most, entry.size & most


def _beside(entries: Iterable[Entry], comment: bytes) -> Iterable[Finding]:
    """Yield a block for each place beside the members that carries data; what common tools write is fine."""
    if comment:
        yield _carries(f"a comment of {len(comment)} bytes")
    entries = list(entries)
    if len({entry.year for entry in entries}) > YEARS:
        yield _carries(f"members of more than {YEARS} different years")
    for entry in entries:
        if entry.comment:
            yield _carries("a comment on a member")
        for number, field in _fields(entry.extra):
            usual = len(field) <= USUAL_EXTRA.get(number, -1)
            padding = number == PADDING and not any(field[4:])
            if not usual and not padding:
                yield _carries(f"an extra field that no common tool writes ({len(field)} bytes)")


def _carries(what: str) -> Finding:
    return block("archive_extra", f"The archive has {what}, where data can hide.", AGAIN)


def written(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a ZIP of members in this order, without dates, comments or extra fields."""
    body, directory = bytearray(), bytearray()
    count = 0
    for name, content in members:
        raw = name.encode("utf-8")
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(content) + packer.flush()
        method = DEFLATED
        if len(packed) >= len(content):
            packed, method = content, STORED
        # The first day that the format knows: 1 January 1980.
        head = struct.pack(
            "<HHHHHIIIHH",
            *(20, UTF8, method, 0, 0x21, zlib.crc32(content), len(packed), len(content), len(raw), 0),
        )
        directory += ENTRY + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + raw
        body += LOCAL + head + raw + packed
        count += 1
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + END + end)
