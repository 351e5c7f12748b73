"""Malformed archives, workbooks, documents, arrays and tables."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import tarfile
from collections.abc import Iterator

from tests.leaks import carry, documents, samples
from tests.leaks.archives import overlapping, zeros
from tests.leaks.documents import laughs
from tests.leaks.samples import sample

PARTS = tuple[str, str, bytes]
MIB = 1 << 20


def packed() -> Iterator[PARTS]:
    """Yield archives that grow, climb, hold themselves or lie."""
    whole = sample("zip")
    yield "ZIP of a gigabyte", "a.zip", zeros(230 * MIB)
    yield "overlapping ZIP", "a.zip", overlapping(500)
    inner = whole
    for _ in range(40):
        inner = carry.archive({"a.zip": inner})
    yield "ZIP in ZIP forty times", "a.zip", inner
    deep = samples.TABLE
    for _ in range(60):
        deep = gzip.compress(deep)
    yield "gzip in gzip sixty times", "a.csv.gz", deep
    yield "ZIP without its directory", "a.zip", whole[: whole.index(b"PK\x01\x02")]
    yield "ZIP with a directory alone", "a.zip", whole[whole.index(b"PK\x01\x02") :]
    yield "ZIP with a wrong sum", "a.zip", whole[:14] + b"\x01\x02\x03\x04" + whole[18:]
    yield "ZIP that says 65,535 members", "a.zip", whole[:-14] + b"\xff\xff\xff\xff" + whole[-10:]
    end = whole.index(b"PK\x05\x06")
    yield (
        "ZIP whose directory lies behind it",
        "a.zip",
        whole[: end + 16] + b"\xff\xff\xff\x7f" + whole[end + 20 :],
    )
    yield (
        "ZIP with an unknown method",
        "a.zip",
        whole.replace(b"\x14\x00\x00\x00\x08\x00", b"\x14\x00\x00\x00\x55\x00"),
    )
    yield "ZIP that climbs out", "a.zip", carry.archive({"../../a.csv": samples.TABLE})
    yield (
        "ZIP with one name twice",
        "a.zip",
        carry.archive({"a.csv": b"a,b\n1,2\n", "b.csv": b"a,b\n3,4\n"}).replace(b"b.csv", b"a.csv"),
    )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as opened:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.BLKTYPE):
            entry = tarfile.TarInfo("a.csv")
            entry.type, entry.linkname = kind, "/etc/passwd"
            opened.addfile(entry)
    yield "tar of links and devices", "a.tar", out.getvalue()
    tar = bytearray(sample("tar"))
    tar[124:136] = b"77777777777\x00"
    yield "tar with a lying size", "a.tar", bytes(tar)
    yield "tar of negative size", "a.tar", bytes(tar[:124]) + b"\xff" * 12 + bytes(tar[136:])
    gz = sample("gz")
    yield "gzip with a wrong sum", "a.csv.gz", gz[:-8] + b"\x00" * 8
    yield "gzip with an endless name", "a.csv.gz", gz[:3] + b"\x08" + gz[4:10] + b"n" * 200_000
    xz = sample("xz")
    yield "xz that wants gigabytes", "a.csv.xz", b"\x5d\x00\x00\x00\xff" + b"\xff" * 8 + xz[12:]
    yield "zstd with a window of gigabytes", "a.csv.zst", b"\x28\xb5\x2f\xfd\x00\xf8" + sample("zst")[6:]


def office() -> Iterator[PARTS]:
    """Yield workbooks and documents that expand, turn in circles or lie."""
    book = sample("xlsx")
    sheet, strings = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
    space = ' xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    yield (
        "workbook with entity expansion",
        "a.xlsx",
        documents.with_members(book, {sheet: laughs("worksheet")}),
    )
    yield (
        "workbook with a broken sheet",
        "a.xlsx",
        documents.with_members(book, {sheet: b"<worksheet><sheetData><row>"}),
    )
    yield "workbook without sheets", "a.xlsx", carry.archive({"xl/workbook.xml": b"<workbook/>"})
    far = (
        f'<worksheet{space}><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row><row'
        ' r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData></worksheet>'
    )
    yield (
        "workbook with cells at the end of the world",
        "a.xlsx",
        documents.with_members(book, {sheet: far.encode()}),
    )
    yield (
        "workbook with a string that is not there",
        "a.xlsx",
        documents.with_members(
            book,
            {
                sheet: (
                    f'<worksheet{space}><sheetData><row r="1"><c r="A1"'
                    ' t="s"><v>999999</v></c></row></sheetData></worksheet>'.encode()
                )
            },
        ),
    )
    yield (
        "workbook with broken strings",
        "a.xlsx",
        documents.with_members(
            book,
            {
                strings: b"<sst><si><t>",
                sheet: (
                    f'<worksheet{space}><sheetData><row r="1"><c r="A1"'
                    ' t="s"><v>0</v></c></row></sheetData></worksheet>'.encode()
                ),
            },
        ),
    )
    yield (
        "workbook of 120 MB",
        "a.xlsx",
        documents.with_members(
            book, {sheet: f"<worksheet{space}><sheetData>".encode() + b"<row/>" * (20 * MIB)}
        ),
    )
    content = documents.written(["a"])
    yield (
        "PDF whose pages are in a circle",
        "a.pdf",
        documents.pdf(content).replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),
    )
    yield "PDF with a bomb of a page", "a.pdf", documents.pdf(b"q " * (30 * MIB))
    yield (
        "PDF of a page of kilometres",
        "a.pdf",
        documents.pdf(content).replace(b"[0 0 595 842]", b"[0 0 9999999 9999999]"),
    )
    yield "PDF head alone", "a.pdf", b"%PDF-1.7\n"
    yield (
        "PDF with a table that points nowhere",
        "a.pdf",
        documents.pdf(content).replace(b"startxref\n", b"startxref\n9")[:-40],
    )


def numbers() -> Iterator[PARTS]:
    """Yield arrays and tables whose heads promise what is not there."""
    npy = sample("npy")

    def headed(shape: str, kind: str = "<f8") -> bytes:
        text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(24)

    for shape in (
        "(4000000000,)",
        "(99999, 99999, 99999)",
        "(-1,)",
        "(3.5,)",
        "'x'",
        "(1,) * 10**9",
        "(" * 500,
    ):
        yield f"npy of shape {shape[:20]}", "a.npy", headed(shape)
    for kind in ("|O", "|V4000000000", "<f16x", "[('a', '<f8')]"):
        yield f"npy of {kind}", "a.npy", headed("(3,)", kind)
    yield "npy with a lying head", "a.npy", npy[:8] + b"\xff\xff" + npy[10:]
    yield "npy of version 9", "a.npy", npy[:6] + b"\x09\x00" + npy[8:]
    yield (
        "npz of something else",
        "a.npz",
        carry.archive({"a.npy": b"\x93NUMPY\x01\x00\xff\xff", "b.txt": b"x"}),
    )
    tensors = sample("safetensors")
    size = int.from_bytes(tensors[:8], "little")
    for lie in (2**63, 2**40, size + 1000, 0):
        yield f"safetensors with a head of {lie}", "a.safetensors", lie.to_bytes(8, "little") + tensors[8:]
    for offsets in ([0, 999], [-8, 8], [16, 0], [2**63, 2**63 + 16]):
        head = json.dumps({"a": {"dtype": "F32", "shape": [4], "data_offsets": offsets}}).encode()
        yield (
            f"safetensors from {offsets[0]} to {offsets[1]}",
            "a.safetensors",
            len(head).to_bytes(8, "little") + head + bytes(16),
        )
    head = json.dumps({n: {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]} for n in "ab"}).encode()
    yield "safetensors that overlap", "a.safetensors", len(head).to_bytes(8, "little") + head + bytes(16)
    huge = json.dumps({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 16]}}).encode()
    yield (
        "safetensors of a shape that overflows",
        "a.safetensors",
        len(huge).to_bytes(8, "little") + huge + bytes(16),
    )
    parquet = sample("parquet")
    yield "Parquet with a lying foot", "a.parquet", parquet[:-8] + b"\xff\xff\xff\x7fPAR1"
    yield (
        "Parquet with a foot of noise",
        "a.parquet",
        parquet[:-60] + random.Random(3).randbytes(52) + parquet[-8:],
    )
    yield "Parquet of head and foot alone", "a.parquet", b"PAR1" + b"\x00" * 4 + b"PAR1"
    hdf5 = sample("hdf5")
    yield "HDF5 with a broken superblock", "a.h5", hdf5[:8] + b"\xff" * 40 + hdf5[48:]
    yield "HDF5 with broken offsets", "a.h5", hdf5[:60] + b"\xff" * 60 + hdf5[120:]
    yield "HDF5 cut in half", "a.h5", hdf5[: len(hdf5) // 2]
    feather = sample("feather")
    yield "Feather with a lying foot", "a.feather", feather[:-10] + b"\xff\xff\xff\x7fARROW1"
    yield "pickle", "a.npy", b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93."
    yield "SQLite head alone", "a.json", b"SQLite format 3\x00" + bytes(84)
