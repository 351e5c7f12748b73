"""The ledger in one .zip that checks offline: tiles, checkpoint, key, the check itself, and what is said."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from hub.ledger import offline
from hub.ledger.canonical import canonical
from hub.ledger.checkpoint import Verifier
from hub.ledger.models import Entry
from hub.ledger.tiles import Tiles

BATCH = 1_000
# The same bytes whenever they are made: a .zip's times say nothing about the ledger.
STAMP = (1980, 1, 1, 0, 0, 0)
README = """An export of the ledger {origin}: its first {size} entries.

  python3 verify.py --key ledger.pub.that.you.got.another.way

needs Python 3.11 and nothing else. It checks the signature under `checkpoint`, that the entries in
`tile/entries` make the root that was signed, that every hash tile is the hash of what lies below it, and,
where `entries.jsonl` is there, that what it says is what each entry commits to. That file holds personal
text: keep it as you keep such text.
"""


class _Sink(io.RawIOBase):
    """Takes what the .zip's writer writes and gives it away in pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # whatever buffer the writer has
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def pieces(tiles: Tiles, verifier: Verifier, *, note: str, text: bool) -> Iterator[bytes]:
    """Yield the .zip of everything under a signed note; with `text` also who, on what and the facts."""
    size = verifier.read(note).size
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        said = README.format(origin=verifier.origin, size=size)
        for name, data in {
            "README.txt": said.encode(),
            "verify.py": Path(offline.__file__).read_bytes(),
            "ledger.pub": f"{verifier.vkey()}\n".encode(),
            "checkpoint": verifier.own(note).encode(),
        }.items():
            archive.writestr(_named(name), data)
        for name, data in tiles.files(size):
            archive.writestr(_named(f"tile/{name}"), data)
            yield sink.taken()
        if text:
            with archive.open(_named(offline.TEXT), "w", force_zip64=True) as file:
                for lines in _lines(size):
                    file.write(lines)
                    yield sink.taken()
    yield sink.taken()


def _lines(size: int) -> Iterator[bytes]:
    for start in range(0, size, BATCH):
        rows = Entry.objects.filter(index__gte=start, index__lt=min(size, start + BATCH)).order_by("index")
        yield b"".join(_line(row) for row in rows.defer("leaf", "leaf_hash"))


def _line(row: Entry) -> bytes:
    said = {
        "index": row.index,
        "by": row.by,
        "subject": row.subject,
        "facts": row.facts,
        "salt": bytes(row.salt).hex(),
    }
    return canonical(said) + b"\n"


def _named(name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, STAMP)
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = 0o644 << 16
    return made
