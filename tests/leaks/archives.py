"""Archives that cases and hostile files are made of: zeros, overlapping members, bombs of each format."""

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

import numpy as np
import pyarrow

from tests.leaks import carry, documents
from tests.leaks.cases_documents import RESULTS

MIB = 1 << 20


def zeros(size: int) -> bytes:
    """Return a ZIP of one member of so many zero bytes."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as opened,
        opened.open("a.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(size // MIB):
            member.write(bytes(MIB))
    return out.getvalue()


def tar(
    members: dict[str, bytes], *, link: tuple[str, str] | None = None, pax: dict[str, str] | None = None
) -> bytes:
    """Return a tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as opened:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.pax_headers = pax or {}
            opened.addfile(entry, io.BytesIO(data))
        if link:
            entry = tarfile.TarInfo(link[0])
            entry.type, entry.linkname = tarfile.SYMTYPE, link[1]
            opened.addfile(entry)
    return out.getvalue()


def overlapping(count: int = 3000) -> bytes:
    """Return a ZIP whose directory names the same packed megabytes again and again, after Fifield."""
    kernel = zlib.compress(bytes(20 * MIB), 9, wbits=-15)
    name, crc = b"a.txt", zlib.crc32(bytes(20 * MIB))
    fixed = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, crc, len(kernel), 20 * MIB, len(name), 0)
    local = b"PK\x03\x04" + fixed + name + kernel
    entries = b"".join(
        b"PK\x01\x02"
        + struct.pack("<H", 20)
        + fixed[:-4]
        + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0)
        + f"{n:05d}".encode()
        for n in range(count)
    )
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(entries), len(local), 0)
    return local + entries + end


def gzipped(size: int) -> bytes:
    """Return so many mebibytes of zeros as gzip."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size)) + packer.flush()


def xz(size: int) -> bytes:
    """Return so many mebibytes of zeros as xz."""
    packer = lzma.LZMACompressor(preset=0)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size)) + packer.flush()


def nested() -> bytes:
    """Return archives of eight archives each, six levels deep, over 200 MiB of zeros."""
    data = zeros(200 * MIB)
    for level in range(6):
        data = carry.archive({f"{level}{n}.zip": data for n in range(8)})
    return data


def workbook() -> bytes:
    """Return a workbook with sixty million empty rows."""
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = b"<worksheet " + space + b"><sheetData>" + b"<row/>" * (60 * MIB)
    plain = carry.workbook({"results": RESULTS})
    return documents.with_members(plain, {"xl/worksheets/sheet1.xml": sheet})


# Variant of case 46: the file's name, and its bytes for a size in mebibytes.
BOMBS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "zip": ("data.zip", lambda size: zeros(size * MIB)),
    "overlapping": ("data.zip", lambda size: overlapping()),
    "nested": ("data.zip", lambda size: nested()),
    "gzip": ("data.csv.gz", gzipped),
    "xz": ("data.csv.xz", xz),
    "bzip2": ("data.csv.bz2", lambda size: bz2.compress(bytes(MIB) * 200) * 4),
    "zstd": (
        "data.csv.zst",
        lambda size: bytes(pyarrow.compress(bytes(MIB) * 512, codec="zstd", asbytes=True)),
    ),
    "tar-gz": ("data.tar.gz", lambda size: gzip.compress(tar({"a.csv": bytes(350 * MIB)}), 6)),
    "many-members": ("data.zip", lambda size: carry.archive({f"{n}.txt": b"x" for n in range(30_000)})),
    "wide-tree": (
        "data.zip",
        lambda size: carry.archive({"/".join("d" * 300) + f"/{n}.txt": b"x" for n in range(3000)}),
    ),
    "workbook": ("table.xlsx", lambda size: workbook()),
    "npz": ("data.npz", lambda size: carry.npz(a=np.zeros(80_000_000, np.float32))),
}
