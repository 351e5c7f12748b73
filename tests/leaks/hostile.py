"""Malformed files: cut, garbled, lying about their lengths, too deep, too large, calling themselves again."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

from tests.leaks import documents, pictures, samples
from tests.leaks.documents import laughs
from tests.leaks.hostile_packed import numbers, office, packed
from tests.leaks.samples import KINDS, sample

PARTS = tuple[str, str, bytes]
# Text stays readable when it is cut: these kinds are broken by bytes that no text has.
WRITTEN = {"csv", "tsv", "json", "ipynb", "md", "tex", "yaml", "html", "svg"}
MIB = 1 << 20


def unreadable(kind: str, pick: random.Random) -> dict[str, bytes]:
    """Return a file of a kind that nobody can read: its beginning stands, the rest is noise."""
    name, _ = KINDS[kind]
    data = sample(kind)
    # Behind a whole head every pixel of a bitmap and every sample of a WAV is one that it may have.
    keep = min(len(data) // 3, pick.randrange(16, 64), 20 if kind in ("bmp", "wav", "aiff") else 64)
    return {name: data[:keep] + pick.randbytes(max(64, len(data) - keep))}


def cut(pick: random.Random, each: int = 3) -> Iterator[PARTS]:
    """Yield files of each binary kind that end before their end, and text that ends within a letter."""
    for kind, (name, _) in KINDS.items():
        data = sample(kind)
        for number in range(each):
            if kind in WRITTEN:
                yield (
                    f"{kind} cut within a letter {number}",
                    name,
                    data[: pick.randrange(1, len(data))] + b"\xe2\x82",
                )
            else:
                most = (
                    min(len(data) // 4, 60)
                    if kind in ("mp3", "bmp", "tar", "tiff", "pdf")
                    else len(data) // 2
                )
                yield f"{kind} cut {number}", name, data[: pick.randrange(4, max(5, most))]


def noisy(pick: random.Random, each: int = 2) -> Iterator[PARTS]:
    """Yield files whose beginning stands and whose rest is noise."""
    for kind in KINDS:
        for number in range(each):
            ((name, data),) = unreadable(kind, pick).items()
            yield f"{kind} noise {number}", name, data


def renamed() -> Iterator[PARTS]:
    """Yield sound files of one kind under the suffix of another."""
    kinds = [kind for kind in KINDS if kind not in WRITTEN and kind not in ("tgz", "npz", "opus")]
    for number, kind in enumerate(kinds):
        other = kinds[(number + 7) % len(kinds)]
        yield f"{kind} named {other}", KINDS[other][0], sample(kind)
        yield f"{kind} named csv", "results.csv", sample(kind)


def text() -> Iterator[PARTS]:
    """Yield texts that are too deep, too long, or no text."""
    yield "deep JSON", "a.json", b"[" * 200_000 + b"]" * 200_000
    yield "deep JSON objects", "a.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "JSON number of a million digits", "a.json", b'{"a": ' + b"9" * MIB + b"}"
    yield "JSON with a lone surrogate", "a.json", b'{"a": "\\ud800", "b": "\xed\xa0\x80"}'
    yield "JSON NaN keys", "a.json", b"{NaN: 1}"
    yield "JSON lines cut", "a.jsonl", b'{"a": 1}\n{"a": '
    yield (
        "notebook whose cells are deep",
        "a.ipynb",
        b'{"nbformat":4,"nbformat_minor":5,"metadata":'
        + b'{"a":' * 50_000
        + b"1"
        + b"}" * 50_000
        + b',"cells":[]}',
    )
    yield (
        "notebook with numbers for cells",
        "a.ipynb",
        b'{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[1,2]}',
    )
    yield "CSV of quotes", "a.csv", b'"' * 300_001
    yield "CSV with one huge cell", "a.csv", b"a,b\n1," + b"x" * 3 * MIB
    yield "CSV of 100,000 columns", "a.csv", b"a," * 100_000 + b"a\n"
    yield "UTF-16 CSV", "a.csv", "a,b\n1,2\n".encode("utf-16")
    yield "overlong UTF-8", "a.txt", b"ab \xc0\x80\xe0\x80\xaf cd"
    yield "text beyond Unicode", "a.md", b"ab \xf7\xbf\xbf\xbf cd"
    yield "NUL bytes", "a.md", b"# a\x00b"
    yield "line of a million letters", "a.md", b"ab" * MIB
    yield "empty", "a.csv", b""
    yield "entity expansion in SVG", "a.svg", laughs("svg")
    yield (
        "outside entity in SVG",
        "a.svg",
        (
            b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg'
            b' xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>'
        ),
    )
    yield (
        "deep SVG",
        "a.svg",
        b'<svg xmlns="http://www.w3.org/2000/svg">' + b"<g>" * 100_000 + b"</g>" * 100_000 + b"</svg>",
    )
    yield "SVG cut", "a.svg", samples.svg()[:90]
    yield "deep YAML", "a.yaml", b"a: " + b"[" * 100_000


def drawn() -> Iterator[PARTS]:
    """Yield pictures that lie about their size or their chunks."""

    def head(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
        return pictures.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))

    start, end = b"\x89PNG\r\n\x1a\n", pictures.chunk(b"IEND", b"")
    body = pictures.chunk(b"IDAT", zlib.compress(bytes(5 * MIB), 9))
    for width, height in ((60_000, 60_000), (2**31 - 1, 2), (0, 10), (2**31, 2**31)):
        yield f"PNG of {width} by {height}", "a.png", start + head(width, height) + body + end
    yield "PNG of depth 3", "a.png", start + head(16, 16, 3) + body + end
    yield "PNG without pixels", "a.png", start + head(16, 16) + end
    yield (
        "PNG with a lying chunk length",
        "a.png",
        start + head(16, 16) + struct.pack(">I", 2**31 - 1) + b"IDAT" + bytes(50),
    )
    yield "PNG that begins twice", "a.png", start + head(16, 16) + head(1600, 16) + end
    png = sample("png")
    yield "PNG with a wrong sum", "a.png", png[:29] + b"\x00\x00\x00\x01" + png[33:]
    yield (
        "PNG with a bomb in its text",
        "a.png",
        png[:33] + pictures.chunk(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(60 * MIB), 9)) + png[33:],
    )
    gif = sample("gif")
    yield "GIF of 65,535 by 65,535", "a.gif", gif[:6] + b"\xff\xff\xff\xff" + gif[10:]
    yield "GIF that never ends", "a.gif", gif[:200] + b"\x21\xfe" + b"\xff" * 5000
    webp = sample("webp")
    yield "WebP with a lying length", "a.webp", webp[:4] + b"\xff\xff\xff\x7f" + webp[8:]
    yield "WebP of 16,384 by 16,384", "a.webp", webp[:26] + b"\xff\x3f\xff\x3f" + webp[30:]
    jpeg = sample("jpeg")
    at = jpeg.index(b"\xff\xc0")
    yield "JPEG of 65,500 by 65,500", "a.jpg", jpeg[: at + 5] + b"\xff\xdc\xff\xdc" + jpeg[at + 9 :]
    yield "JPEG of no lines", "a.jpg", jpeg[: at + 5] + b"\x00\x00" + jpeg[at + 7 :]
    yield "JPEG with a lying segment", "a.jpg", jpeg[:4] + b"\xff\xff" + jpeg[6:200]
    tiff = sample("tiff")
    yield (
        "TIFF whose directory is its own next",
        "a.tiff",
        tiff[:4] + b"\x08\x00\x00\x00" + b"\x00\x00" + b"\x08\x00\x00\x00" * 20,
    )
    yield (
        "BMP of 2,000,000,000 lines",
        "a.bmp",
        sample("bmp")[:18] + struct.pack("<ii", 2_000_000_000, 2_000_000_000) + sample("bmp")[26:],
    )


def heard() -> Iterator[PARTS]:
    """Yield sound files whose chunks lie."""
    wav = sample("wav")
    yield "WAV of zero channels", "a.wav", wav[:22] + b"\x00\x00" + wav[24:]
    yield "WAV of rate zero", "a.wav", wav[:24] + b"\x00\x00\x00\x00" + wav[28:]
    yield "WAV of 65,535 channels", "a.wav", wav[:22] + b"\xff\xff" + wav[24:]
    yield "WAV with a head alone", "a.wav", wav[:20]
    yield "WAV with a lying format chunk", "a.wav", wav[:16] + b"\xff\xff\xff\x7f" + wav[20:60]
    yield "WAV of an unknown codec", "a.wav", wav[:20] + b"\x99\x99" + wav[22:]
    flac = sample("flac")
    yield "FLAC of noise", "a.flac", flac[:42] + random.Random(4).randbytes(4000)
    yield "FLAC with a lying block", "a.flac", flac[:5] + b"\xff\xff\xff" + flac[8:300]
    ogg = sample("ogg")
    yield "Ogg of noise", "a.ogg", ogg[:58] + random.Random(5).randbytes(4000)
    yield "Ogg with wrong sums", "a.ogg", ogg[:22] + b"\x00\x00\x00\x00" + ogg[26:200]
    yield "MP3 with a tag without end", "a.mp3", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(100)
    yield "MP3 of heads alone", "a.mp3", b"\xff\xfb\x90\x00" * 3
    yield (
        "AIFF with a lying chunk",
        "a.aiff",
        sample("aiff")[:16] + b"\xff\xff\xff\xff" + sample("aiff")[20:200],
    )
    yield "Matroska head alone", "a.mka", b"\x1a\x45\xdf\xa3" + b"\xff" * 100


def tamed() -> Iterator[PARTS]:
    """Yield files with something in them that would do harm, and that their copies can't hold any more."""
    content = documents.written(["a"])
    yield "entity expansion in HTML", "a.html", laughs("html")
    yield (
        "SVG that uses itself",
        "a.svg",
        b'<svg xmlns="http://www.w3.org/2000/svg"><g id="a">'
        + b'<use href="#a"/>' * 50
        + b"<script>x()</script></g></svg>",
    )
    yield (
        "PDF whose content is not there",
        "a.pdf",
        documents.pdf(content).replace(b"/Contents 4 0 R", b"/Contents 9 0 R"),
    )
    yield (
        "PDF of deep arrays",
        "a.pdf",
        documents.pdf(content, catalog=b"/X " + b"[" * 100_000 + b"]" * 100_000),
    )
    yield (
        "PDF that runs a program",
        "a.pdf",
        documents.pdf(content, catalog=b"/OpenAction << /S /Launch /F (sh) >>"),
    )


def malformed(seed: int = 0) -> list[PARTS]:
    """Return files that each must be blocked: what is wrong, a name, the bytes."""
    pick = random.Random(seed)
    found = [
        *cut(pick),
        *noisy(pick),
        *renamed(),
        *text(),
        *drawn(),
        *packed(),
        *office(),
        *numbers(),
        *heard(),
    ]
    return list({what: (what, name, data) for what, name, data in found}.values())


def _mutate(data: bytearray, pick: random.Random) -> None:
    """Change, double, cut out or overwrite a few bytes in place."""
    at = pick.randrange(len(data))
    match pick.randrange(6):
        case 0:
            data[at] ^= 1 << pick.randrange(8)
        case 1:
            data[at : at + 4] = pick.choice(
                (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4), b"\xff\xff\xff\x7f")
            )
        case 2:
            del data[at : at + pick.randrange(1, 40)]
        case 3:
            data[at:at] = data[at : at + pick.randrange(1, 200)]
        case 4:
            data[at:at] = pick.randbytes(pick.randrange(1, 30))
        case 5:
            data[at] = pick.randrange(256)


def changed(data: bytes, pick: random.Random) -> bytes:
    """Return bytes with one to sixteen changes by chance."""
    new = bytearray(data or b"\x00")
    for _ in range(pick.choice((1, 1, 2, 4, 16))):
        _mutate(new, pick)
        new = new or bytearray(1)
    return bytes(new)


def mutated(seed: int, each: int) -> Iterator[PARTS]:
    """Yield samples with a few bytes changed, doubled, cut out or made a lying length; some stay readable."""
    pick = random.Random(seed)
    for kind, (name, _) in KINDS.items():
        for number in range(each):
            yield f"{kind} mutation {number}", name, changed(sample(kind), pick)
