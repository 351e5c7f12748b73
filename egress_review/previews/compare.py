"""Two versions of a file beside each other: line by line where they are text, as pictures where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from egress_review.models import File
from egress_review.previews import written
from egress_review.previews.shown import Picture, visible
from egress_review.vault import Stored, Vault

READ_BYTES = 2 * 1024**2
PICTURE_BYTES = 10 * 1024**2
LINES = 3_000
LINE_LETTERS = 1_000
ROWS = 2_000
AROUND = 3
TEXTS = ("text/", "application/json", "application/x-ndjson")
# What a browser may be given to draw; it never runs anything of these.
SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


@dataclass(frozen=True)
class Side:
    """One version of a file: what it is called on the page, and its bytes in the vault."""

    label: str
    name: str
    stored: Stored


@dataclass(frozen=True)
class Line:
    """A line of both versions; `mark` is "" where they are equal, "skip" where equal lines are left out."""

    mark: str
    left_number: int | None = None
    left: str = ""
    right_number: int | None = None
    right: str = ""


@dataclass(frozen=True)
class Compared:
    """What a page shows of two versions."""

    left: Side
    right: Side
    same: bool = False
    lines: tuple[Line, ...] = ()
    pictures: tuple[Picture, ...] = ()
    changed: int = 0
    cut: str = ""

    @property
    def both(self) -> tuple[Side, Side]:
        """Both versions, the other one first."""
        return self.left, self.right


def handed_in(file: File) -> Side:
    """Return a file as its author handed it in."""
    return Side("As handed in", file.name, Stored(file.sha256, file.size_bytes))


def leaving(file: File, label: str = "As it would leave") -> Side:
    """Return a file's canonical copy."""
    return Side(label, file.canonical_name, Stored(file.canonical_sha256, file.canonical_size_bytes or 0))


def sides(left: Side, right: Side, *, media_type: str, vault: Vault) -> Compared:
    """Return two versions compared, as far as their type and size allow; nothing foreign is opened here."""
    if left.stored == right.stored:
        return Compared(left, right, same=True)
    if media_type == "image/png":
        return _pictures(left, right, vault=vault)
    if not media_type.startswith(TEXTS) and media_type != "application/x-ipynb+json":
        return Compared(left, right, cut="This type has no line by line comparison; sizes and hashes differ.")
    if max(left.stored.size_bytes, right.stored.size_bytes) > READ_BYTES:
        return Compared(left, right, cut=f"Too large to compare: over {READ_BYTES // 1024**2} MiB.")
    read = written.notebook_text if media_type == "application/x-ipynb+json" else written.decoded
    texts = [read(vault.read(side.stored, most_bytes=READ_BYTES)).split("\n") for side in (left, right)]
    return _lines(left, right, texts[0], texts[1])


def _lines(left: Side, right: Side, first: list[str], second: list[str]) -> Compared:
    long = max(len(first), len(second)) > LINES
    before, after = ([visible(line[:LINE_LETTERS]) for line in text[:LINES]] for text in (first, second))
    lines = list(_matched(before, after))
    changed = sum(line.mark not in ("", "skip") for line in lines)
    cut = f"The first {LINES} lines are compared." if long else ""
    if len(lines) > ROWS:
        cut = f"The first {ROWS} lines of the comparison."
    if not changed and not long:
        cut = "Every line reads the same; line ends or spacing of the bytes differ."
    return Compared(left, right, lines=tuple(lines[:ROWS]), changed=changed, cut=cut)


def _matched(before: list[str], after: list[str]) -> Iterator[Line]:
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=len(before) > 500).get_opcodes():
        if what == "equal":
            yield from _equal(before, a, b, c, last=b == len(before) and d == len(after))
            continue
        for offset in range(max(b - a, d - c)):
            left, right = a + offset, c + offset
            yield Line(
                "changed" if left < b and right < d else "gone" if left < b else "new",
                left + 1 if left < b else None,
                before[left] if left < b else "",
                right + 1 if right < d else None,
                after[right] if right < d else "",
            )


def _equal(before: list[str], begins: int, ends: int, other: int, *, last: bool) -> Iterator[Line]:
    head = 0 if begins == 0 and other == 0 else AROUND
    tail = 0 if last else AROUND
    hidden = ends - begins - head - tail
    for offset in range(ends - begins):
        if hidden > 1 and head <= offset < head + hidden:
            if offset == head:
                yield Line("skip", left=f"{hidden} equal lines")
            continue
        line = before[begins + offset]
        yield Line("", begins + offset + 1, line, other + offset + 1, line)


def _pictures(left: Side, right: Side, *, vault: Vault) -> Compared:
    shown: list[Picture] = []
    for side in (left, right):
        if side.stored.size_bytes > PICTURE_BYTES:
            return Compared(left, right, cut=f"Too large to show: over {PICTURE_BYTES // 1024**2} MiB.")
        data = vault.read(side.stored, most_bytes=PICTURE_BYTES)
        kind = next((kind for start, kind in SIGNATURES.items() if data.startswith(start)), "")
        shown.append(Picture(data if kind else b"", side.label, media_type=kind or "image/png"))
    cut = "" if all(picture.png for picture in shown) else "A picture of another kind is not drawn."
    return Compared(left, right, pictures=tuple(shown), cut=cut)
