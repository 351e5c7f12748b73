"""Archives are opened and looked through; only what is dangerous, hidden or unbounded is refused."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import pytest
import zstandard

from egress_review.screening import Verdict
from egress_review.screening.limits import Limits
from tests.unit.screening.cases import FIGURES, ROWS, canonical, table, verdict, worse_than_notes

TABLE = table(["region", "n_speakers", "wer"], [["north", 21, 0.123], ["south", 34, 0.2]]).encode()
PLOT = (FIGURES / "loss.png").read_bytes()
FINE = {"results/wer.csv": TABLE, "README.md": b"# Results\n\nSee the table.\n", "figures/loss.png": PLOT}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """Return a ZIP as Python writes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.comment = comment
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def streamed(members: dict[str, bytes]) -> bytes:
    """Return a ZIP written to a pipe: lengths stand behind the members."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.content = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.content += data
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return bytes(pipe.content)


def tarred(members: dict[str, bytes], change: Callable[[tarfile.TarInfo], None] = lambda _: None) -> bytes:
    """Return a tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            change(info)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def extra(field: bytes) -> bytes:
    """Return a ZIP whose member has an extra field."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a.csv")
        info.extra = field
        archive.writestr(info, TABLE)
    return out.getvalue()


def linked() -> bytes:
    """Return a ZIP with a symbolic link."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a.csv")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return out.getvalue()


def encrypted() -> bytes:
    """Return a ZIP that says its member is encrypted."""
    data = bytearray(zipped({"a.csv": TABLE}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def overlapping() -> bytes:
    """Return a ZIP whose two names stand for the same bytes."""
    data = zipped({"a.csv": TABLE})
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[at:end]
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), at, 0)
    return data[:at] + entry + entry + tail


def gap() -> bytes:
    """Return a ZIP with bytes between its member and its directory."""
    data = zipped({"a.csv": TABLE})
    at, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, end - at, at + 100, 0)
    return data[:at] + bytes(100) + data[at:end] + tail


def unnamed() -> bytes:
    """Return a ZIP whose member's name is no UTF-8."""
    return zipped({"aXb.csv": TABLE}).replace(b"aXb", b"a\xffb")


def link_in_tar(info: tarfile.TarInfo) -> None:
    info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0


def device_in_tar(info: tarfile.TarInfo) -> None:
    info.type, info.size = tarfile.CHRTYPE, 0


def noted(info: tarfile.TarInfo) -> None:
    info.pax_headers = {"comment": "x" * 300}


def nested(depth: int) -> bytes:
    """Return archives inside archives."""
    data = TABLE
    name = "a.csv"
    for number in range(depth):
        data, name = zipped({name: data}), f"{number}.zip"
    return data


REFUSED: list[tuple[str, str, str, bytes]] = [
    ("46 zip bomb", "archive_bomb", "a.zip", zipped({"a.csv": bytes(30_000_000)})),
    ("46 gzip bomb", "archive_bomb", "a.csv.gz", gzip.compress(bytes(30_000_000))),
    ("46 bzip2 bomb", "archive_bomb", "a.csv.bz2", bz2.compress(bytes(150_000_000), 1)),
    ("46 xz bomb", "archive_bomb", "a.csv.xz", lzma.compress(bytes(150_000_000), preset=0)),
    ("46 zstd bomb", "archive_bomb", "a.csv.zst", zstandard.compress(bytes(150_000_000), 1)),
    ("46 tar bomb", "archive_bomb", "a.tar.gz", gzip.compress(tarred({"a.txt": bytes(30_000_000)}))),
    ("46 many members", "archive_members", "a.zip", zipped({f"{n}.txt": b"x" for n in range(600)})),
    ("46 nested", "archive_depth", "a.zip", nested(6)),
    ("47 encrypted", "encrypted", "a.zip", encrypted()),
    ("48 comment", "archive_extra", "a.zip", zipped(FINE, comment=b"see me")),
    ("48 extra field", "archive_extra", "a.zip", extra(struct.pack("<HH", 0x4242, 400) + bytes(400))),
    ("48 long time field", "archive_extra", "a.zip", extra(struct.pack("<HH", 0x5455, 90) + b"x" * 90)),
    ("48 notes in a tar", "archive_extra", "a.tar", tarred({"a.csv": TABLE}, noted)),
    ("49 leads out", "archive_name", "a.zip", zipped({"../a.csv": TABLE})),
    ("49 leads out of a tar", "archive_name", "a.tar", tarred({"x/../../a.csv": TABLE})),
    ("49 absolute", "archive_name", "a.zip", zipped({"/a.csv": TABLE})),
    ("49 drive", "archive_name", "a.zip", zipped({"c:/a.csv": TABLE})),
    ("49 backslash", "archive_name", "a.tar", tarred({"x\\a.csv": TABLE})),
    ("two of a name", "archive_name", "a.zip", zipped({"a.csv": TABLE, "A.csv": ROWS})),
    ("name not UTF-8", "archive_name", "a.zip", unnamed()),
    ("link", "archive_link", "a.zip", linked()),
    ("link in a tar", "archive_link", "a.tar", tarred({"a.csv": b""}, link_in_tar)),
    ("device in a tar", "archive_link", "a.tar", tarred({"a.csv": b""}, device_in_tar)),
    ("overlapping", "polyglot", "a.zip", overlapping()),
    ("gap", "polyglot", "a.zip", gap()),
    ("bytes before", "type", "a.zip", b"#!/bin/sh\n" + zipped(FINE)),
    ("bytes behind", "polyglot", "a.zip", zipped(FINE) + b"more"),
    ("bytes behind a gzip", "polyglot", "a.csv.gz", gzip.compress(TABLE) + b"more"),
    ("bytes behind a tar", "polyglot", "a.tar", tarred(FINE) + b"more"),
    ("skippable frame", "polyglot", "a.csv.zst", zstandard.compress(TABLE) + b"\x50\x2a\x4d\x18\x04\0\0\0data"),
    ("cut", "archive", "a.csv.xz", lzma.compress(TABLE)[:-20]),
    ("wrong checksum", "archive", "a.zip", zipped(FINE, zipfile.ZIP_STORED).replace(b"region", b"REGION")),
    ("7z", "type", "a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50)),
    ("a leak inside", "row_level", "a.zip", zipped({**FINE, "rows.csv": ROWS})),
    ("a leak inside a tar in a zip", "row_level", "a.zip", zipped({"x.tgz": gzip.compress(tarred({"r.csv": ROWS}))})),
    ("a leak in a gzip", "row_level", "a.csv.gz", gzip.compress(ROWS)),
    ("a pickle inside", "type", "a.zip", zipped({"m.bin": b"\x80\x04\x95" + bytes(40)})),
    ("a database as JSON inside", "type", "a.zip", zipped({"m.json": b"SQLite format 3\x00" + bytes(200)})),
]  # fmt: skip


@pytest.mark.parametrize(("check", "name", "data"), [pytest.param(*rest, id=what) for what, *rest in REFUSED])
def test_what_is_dangerous_or_hidden_in_an_archive_is_blocked(check: str, name: str, data: bytes) -> None:
    found = verdict({name: data})
    assert found.outcome == "block"
    assert check in worse_than_notes(found)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("a.zip", zipped(FINE), id="zip"),
        pytest.param("a.zip", zipped(FINE, zipfile.ZIP_STORED), id="stored"),
        pytest.param("a.zip", streamed(FINE), id="streamed"),
        pytest.param("a.zip", zipped({**FINE, "__MACOSX/._wer.csv": b"\0\5\26\7" * 9}), id="from a Mac"),
        pytest.param("a.zip", extra(struct.pack("<HHBI", 0x5455, 5, 1, 1700000000)), id="with times"),
        pytest.param("a.tar", tarred(FINE), id="tar"),
        pytest.param("a.tar.gz", gzip.compress(tarred(FINE)), id="tar.gz"),
        pytest.param("a.tar.xz", lzma.compress(tarred(FINE)), id="tar.xz"),
        pytest.param("a.tgz", gzip.compress(tarred(FINE)), id="tgz"),
        pytest.param("a.zip", zipped({"inner.zip": zipped(FINE)}), id="nested"),
        pytest.param("wer.csv.gz", gzip.compress(TABLE), id="gz"),
        pytest.param("wer.csv.bz2", bz2.compress(TABLE), id="bz2"),
        pytest.param("wer.csv.zst", zstandard.compress(TABLE), id="zst"),
    ],
)
def test_an_archive_of_results_is_not_blocked(name: str, data: bytes) -> None:
    found = verdict({name: data})
    assert found.outcome != "block", found.findings


def copy_of(name: str, data: bytes) -> Verdict:
    found = verdict({name: data})
    assert found.files[0].canonical is not None, found.findings
    return found


def test_the_copy_of_an_archive_is_a_plain_zip_of_copies() -> None:
    hidden = {"t.csv": b"region,n_speakers\nnorth,21\nso\xe2\x80\x8buth,30\n"}
    copy = zipfile.ZipFile(io.BytesIO(canonical("a.tar.gz", gzip.compress(tarred(hidden)))))
    assert copy.read("t.csv") == b"region,n_speakers\nnorth,21\nsouth,30\n"
    assert [(info.extra, info.comment, info.date_time[0]) for info in copy.infolist()] == [(b"", b"", 1980)]


def test_the_copy_of_a_compressed_file_is_the_file() -> None:
    found = copy_of("wer.csv.gz", gzip.compress(TABLE))
    assert found.files[0].canonical_name == "wer.csv"
    assert found.files[0].canonical == canonical("wer.csv", TABLE)
    assert copy_of("a.tar.gz", gzip.compress(tarred(FINE))).files[0].canonical_name == "a.zip"


def test_order_and_packing_do_not_show_in_the_copy() -> None:
    other = zipped(dict(reversed(FINE.items())), zipfile.ZIP_STORED)
    assert canonical("a.zip", zipped(FINE)) == canonical("a.zip", other)
    assert canonical("a.zip", zipped(FINE)) == canonical("a.tar", tarred(FINE))


def test_a_finding_names_the_member() -> None:
    found = verdict({"a.zip": zipped({"x/rows.csv": ROWS})})
    assert any(finding.where.startswith("x/rows.csv: ") for finding in found.findings)


def test_names_inside_an_archive_are_read_too() -> None:
    many = {f"{n:03d}-{zlib.crc32(bytes([n])):08x}-part.txt": b"fine\n" for n in range(200)}
    assert "file_names" in worse_than_notes(verdict({"a.zip": zipped(many)}, Limits(seconds=90)))
