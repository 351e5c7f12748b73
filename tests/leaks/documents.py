"""PDF and workbook files written by hand, with the places in them that no page shows."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping


def escaped(text: str) -> bytes:
    """Return a text as the inside of a PDF string."""
    raw = text.encode("latin-1", "replace")
    return (
        raw.replace(b"\\", b"\\\\")
        .replace(b"(", b"\\(")
        .replace(b")", b"\\)")
        .replace(b"\r", b"")
        .replace(b"\n", b" ")
    )


def stream(content: bytes, entries: bytes = b"", *, packed: bool = True) -> bytes:
    """Return a PDF stream object's body."""
    data = zlib.compress(content) if packed else content
    how = b" /Filter /FlateDecode" if packed else b""
    return b"<< /Length %d%s %s >>\nstream\n%s\nendstream" % (len(data), how, entries, data)


def written(lines: list[str], *, first: int = 780, mode: str = "") -> bytes:
    """Return page content that writes lines of text; `mode` comes before each."""
    out = [
        f"BT /F1 11 Tf {mode} 50 {first - 15 * n} Td (".encode() + escaped(line) + b") Tj ET"
        for n, line in enumerate(lines)
    ]
    return b"\n".join(out)


def pdf(
    content: bytes,
    *,
    catalog: bytes = b"",
    page: bytes = b"",
    more: Mapping[int, bytes] | None = None,
    info: bytes = b"",
) -> bytes:
    """Return a PDF of one page; `more` are further objects by number, from 6 on."""
    objects: dict[int, bytes] = {
        1: b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> %s >>" % page,
        4: stream(content),
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        **(more or {}),
    }
    return _file(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", objects, info=info)


def _file(
    head: bytes, objects: Mapping[int, bytes], *, previous: int | None = None, info: bytes = b""
) -> bytes:
    out = bytearray(head)
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n"
    if previous is None:
        size = max(objects) + 1
        out += b"0 %d\n0000000000 65535 f \n" % size
        out += b"".join(
            b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n"
            for n in range(1, size)
        )
    else:
        for number, place in places.items():
            out += b"%d 1\n%010d 00000 n \n" % (number, place)
        size = 20
    back = b" /Prev %d" % previous if previous is not None else b""
    out += b"trailer\n<< /Size %d /Root 1 0 R%s %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, back, info, start)
    return bytes(out)


def revised(before: bytes, changed: Mapping[int, bytes]) -> bytes:
    """Return a PDF with a later revision behind it, in which objects stand anew."""
    start = int(before.rsplit(b"startxref\n", 1)[1].split(b"\n", 1)[0])
    return _file(before, changed, previous=start)


def with_members(book: bytes, members: Mapping[str, bytes]) -> bytes:
    """Return a workbook or another package with further members."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            if entry.filename not in members:
                target.writestr(entry, source.read(entry))
        for name, data in members.items():
            target.writestr(name, data)
    return out.getvalue()


def laughs(root: str) -> bytes:
    """Return a document whose entities grow tenfold ten times."""
    lines = ['<!ENTITY l0 "lol">', *(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))]
    space = ' xmlns="http://www.w3.org/2000/svg"' if root == "svg" else ""
    body = f"<{root}{space}><text>&l10;</text></{root}>"
    return f'<?xml version="1.0"?><!DOCTYPE {root} [{"".join(lines)}]>{body}'.encode()
