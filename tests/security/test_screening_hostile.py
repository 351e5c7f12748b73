"""Files made to break their reader: each is blocked, none takes the screening down or outlives its limit."""

from __future__ import annotations

import io
import json
import random
import resource
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from egress_review.screening import Index, Limits, Recording
from tests.unit.screening.cases import (
    FIGURES,
    LIMITS,
    base64_of,
    flat,
    notebook,
    png,
    printed,
    shown,
    table,
    verdict,
    zip_bytes,
)

TIGHT = replace(LIMITS, seconds_per_file=10)


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that says it is huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(min(width * 3 + 1, 10**6)) * 50, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def by_hand() -> Iterator[tuple[str, str, bytes]]:
    """Yield malformed and hostile files that must be blocked."""
    picture, plot = png(flat()), (FIGURES / "loss.png").read_bytes()
    book = notebook(printed("fine"))
    out = io.BytesIO()
    flat().save(out, "JPEG")
    photo = out.getvalue()
    yield "picture bomb", "a.png", bomb(30_000, 30_000)
    yield "widest picture", "a.png", bomb(2**31 - 1, 1)
    yield "tall picture", "a.png", bomb(10, 5000)
    yield "no pixels", "a.png", bomb(0, 0)
    yield (
        "text bomb in a picture",
        "a.png",
        picture[:33] + chunk(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(10**8))) + picture[33:],
    )
    yield "animated picture", "a.png", _animated()
    yield "PNG with wrong checksum", "a.png", picture[:20] + b"\xff" + picture[21:]
    yield "JPEG named PNG", "a.png", photo
    yield "PNG named JPEG", "a.jpg", picture
    yield "ZIP named PNG", "a.png", zip_bytes(b"x")
    yield "ZIP before PNG", "a.png", zip_bytes(b"x") + picture
    yield "PDF named TXT", "a.txt", b"%PDF-1.4\n%\xe2\xe3\n1 0 obj\n"
    yield (
        "SVG named TXT",
        "a.txt",
        b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 1"/></svg>\n',
    )
    yield "PostScript named TXT", "a.txt", b"%!PS-Adobe-3.0\n%%Pages: 1\nshowpage\n"
    yield "program named TXT", "a.txt", b"\x7fELF\x02\x01\x01" + bytes(100)
    yield "gzip named CSV", "a.csv", zlib.compress(b"a,b\n", wbits=31)
    yield "HDF5 named CSV", "a.csv", b"\x89HDF\r\n\x1a\n" + bytes(100)
    yield "Parquet named JSON", "a.json", b"PAR1" + bytes(100)
    yield "numpy named TXT", "a.txt", b"\x93NUMPY\x01\x00" + bytes(100)
    yield "empty", "a.txt", b""
    yield "no suffix", "README", b"text"
    yield "only a suffix", ".png", picture
    yield "two suffixes", "a.png.exe", picture
    yield "NULs", "a.txt", b"a\x00b"
    yield "random bytes", "a.txt", random.Random(1).randbytes(3000)
    yield "UTF-16", "a.txt", "text".encode("utf-16")
    yield "UTF-16 without mark", "a.csv", "a,b\n1,2\n".encode("utf-16-le")
    yield "UTF-32", "a.txt", "text".encode("utf-32")
    yield "Latin-1", "a.txt", "naïve café, déjà vu\n".encode("latin-1")
    yield "surrogates", "a.txt", b"text \xed\xa0\x80 text"
    yield "overlong UTF-8", "a.txt", b"text \xc0\xaf text"
    yield "cut UTF-8", "a.txt", "पाठ".encode()[:-1]
    yield "one long line", "a.txt", b"ab " * 10**6
    yield "one long cell", "a.csv", b"a,b\n" + b"x" * 10**6 + b",1\n"
    yield "unclosed quote", "a.csv", b'a,b\n"1,2\n' * 50
    yield "quote within a cell", "a.csv", b'a,b\n"x"y,2\n'
    yield "many columns", "a.csv", b",".join([b"c"] * 5000) + b"\n"
    yield "many rows", "a.csv", b"a,b\n" + b"1,2\n" * 10**6
    yield "ragged rows", "a.csv", b"a,b\n1\n1,2,3\n"
    yield "only blanks", "a.csv", b"\n\n , \n"
    yield "deep lists", "a.json", b"[" * 10**6
    yield "deep objects", "a.json", b'{"a":' * 10**5 + b"1" + b"}" * 10**5
    yield "many values", "a.json", b"[" + b"1," * 10**6 + b"1]"
    yield "long number", "a.json", b"[" + b"1" * 10**5 + b"]"
    yield "repeated keys", "a.json", b'{"a":1,"a":2}'
    yield "two values", "a.json", b"{} {}"
    yield "cut JSON", "a.json", b'{"a": [1, 2'
    yield "script as JSON", "a.json", b"alert(1)"
    yield "JSON with a comment", "a.json", b'{"a": 1 /* x */}'
    yield (
        "notebook of format 3",
        "a.ipynb",
        b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}',
    )
    yield "notebook without cells", "a.ipynb", b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}'
    yield "notebook that is a list", "a.ipynb", b"[]"
    yield "notebook with an unknown cell", "a.ipynb", book.replace(b'"code"', b'"magic"')
    yield "notebook with unknown output", "a.ipynb", book.replace(b'"stream"', b'"steam"')
    yield (
        "notebook with text as cells",
        "a.ipynb",
        b'{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":["x"]}',
    )
    yield "notebook with 100,000 outputs", "a.ipynb", _many_outputs(10**5)
    yield "notebook with a broken picture", "a.ipynb", notebook(shown({"image/png": base64_of(plot[:4000])}))
    yield (
        "notebook with a picture bomb",
        "a.ipynb",
        notebook(shown({"image/png": base64_of(bomb(30_000, 30_000))})),
    )
    yield "notebook with no base64", "a.ipynb", notebook(shown({"image/png": "é" * 50}))
    yield "notebook with a script", "a.ipynb", notebook(shown({"application/javascript": "fetch('x')"}))
    yield "notebook with a picture as SVG", "a.ipynb", notebook(shown({"image/svg+xml": "<svg/>"}))
    for end in (8, 20, 33, 40, 60, 90):
        yield f"PNG cut at {end}", "a.png", picture[:end]
    for end in (3, 10, 100, 200, len(photo) // 2):
        yield f"JPEG cut at {end}", "a.jpg", photo[:end]
    for part in range(1, 6):
        yield f"plot cut at {part} sixths", "a.png", plot[: len(plot) * part // 6]
    for part in range(1, 10):
        yield f"notebook cut at {part} tenths", "a.ipynb", book[: len(book) * part // 10]
    for suffix in (
        "zip",
        "exe",
        "wav",
        "pkl",
        "h5",
        "parquet",
        "sqlite",
        "docx",
        "pdf",
        "svg",
        "html",
        "xlsx",
        "npz",
        "so",
    ):
        yield f"suffix {suffix}", f"a.{suffix}", b"plain text\n"


def broken_pictures(count: int = 40) -> Iterator[tuple[str, str, bytes]]:
    """Yield plots whose compressed pixels were overwritten at random places: the checksums no longer hold."""
    plot = (FIGURES / "loss.png").read_bytes()
    for seed in range(count):
        pick = random.Random(seed)
        data = bytearray(plot)
        for _ in range(pick.randrange(5, 60)):
            data[pick.randrange(200, len(data) - 20)] ^= pick.randrange(1, 256)
        yield f"broken plot {seed}", "a.png", bytes(data)


def _animated() -> bytes:
    out = io.BytesIO()
    flat().save(out, "PNG", save_all=True, append_images=[flat(colour=(0, 0, 255))])
    return out.getvalue()


def _many_outputs(count: int) -> bytes:
    output = {"output_type": "stream", "name": "stdout", "text": "x"}
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "execution_count": None,
        "source": "",
        "outputs": [output] * count,
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}).encode()


HOSTILE = [*by_hand(), *broken_pictures()]


def test_there_are_more_than_a_hundred_hostile_files() -> None:
    assert len(HOSTILE) > 120


@pytest.mark.parametrize(
    ("name", "data"), [pytest.param(name, data, id=what) for what, name, data in HOSTILE]
)
def test_a_hostile_file_is_blocked_with_a_reason(name: str, data: bytes) -> None:
    began = time.monotonic()
    found = verdict({name: data}, TIGHT)
    assert found.outcome == "block"
    assert found.files[0].canonical is None
    assert all(len(finding.message) > 15 for finding in found.findings)
    assert time.monotonic() - began < TIGHT.seconds_per_file + 10


def test_hostile_files_leave_the_others_their_verdicts() -> None:
    files = {
        f"{number}{name}": data for number, (_, name, data) in enumerate(HOSTILE[:17]) if len(data) < 10**6
    }
    found = verdict({**files, "fine.csv": table(["g", "n"], [["a", 20], ["b", 30]]).encode()}, TIGHT)
    assert [file.canonical is not None for file in found.files] == [False] * len(files) + [True]


def test_the_time_for_all_files_is_bounded() -> None:
    limits = Limits(seconds=1, seconds_per_file=1)
    began = time.monotonic()
    found = verdict({f"{n}.json": b"[" + b'{"a":1.5},' * 15_000 + b"1]" for n in range(6)}, limits)
    assert found.outcome == "block"
    assert time.monotonic() - began < 30


def test_transcripts_that_look_like_patterns_do_no_harm() -> None:
    odd = Index.of(
        [
            Recording("((((a+)+)+)+$", "[a-z", "a" * 10**5),
            Recording("", "", "\x00\u202e"),
            Recording("x", "x"),
        ]
    )
    assert (
        verdict({"a.txt": b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n"}, TIGHT, odd).outcome != "block"
    )


@pytest.mark.parametrize(
    "pattern",
    ["/a1" * 6000, "-" * 19_000, "|" * 19_000, "1 " * 9000, "A" * 19_000, ". " * 9000, "\\" * 19_000],
)
def test_no_pattern_makes_the_search_slow(pattern: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    verdict({"a.txt": (pattern + "\n").encode() * 25}, TIGHT)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < TIGHT.seconds_per_file - 2
