"""Joins what files hold encoded in pieces: by their names, in reverse, or character by character."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from egress_review.screening import encoded, encodings
from egress_review.screening.context import Context, HandedIn
from egress_review.screening.encodings import is_piece
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, Severity, block

FEWEST = 2
READ = 64 * 1024  # characters of a file; a piece is small, or its file is looked through by itself
SHORTEST = 12  # characters of a piece
TOKEN = re.compile(r"[^\s\"',]+")
DIGEST = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128}")
NUMBER = re.compile(r"(\d+)")
FIX = "Hand in what is encoded as one file of its own type, or remove it."


def check(handed_in: Sequence[HandedIn], index: Index, context: Context, limits: Limits) -> list[Finding]:
    """Return a block where pieces in several files, earlier releases among them, decode to something."""
    named = [(file.name, file.data) for file in handed_in]
    named += [(one.name, one.path.read_bytes()) for one in context.earlier if one.path.is_file()]
    found = sorted((_in_order(name), piece) for name, data in named if (piece := _piece(data)) is not None)
    # A checksum among other files is usual, and a piece of nothing.
    sums = [piece for _, piece in found if DIGEST.fullmatch(piece)]
    others = [piece for _, piece in found if not DIGEST.fullmatch(piece)]
    return _whole(sums, index, limits, sums=True) or _whole(others, index, limits, sums=False)


def _whole(pieces: Sequence[str], index: Index, limits: Limits, *, sums: bool) -> list[Finding]:
    """Return a block where pieces make something when joined; checksums only where that makes sense."""
    if len(pieces) < FEWEST:
        return []
    for how, joined in _joined(pieces):
        if sums and not any(encodings.likely([bytes.fromhex(joined)])):
            continue
        for finding in encoded.look(joined, index, limits, ""):
            if finding.severity is Severity.BLOCK:
                message = f"Pieces of {len(pieces)} files, joined {how}: {finding.message}"
                return [block("split", message, FIX)]
    return []


def _in_order(name: str) -> tuple[str | int, ...]:
    """Return a key that sorts part2 before part10."""
    return tuple(f"{int(part):012}" if part.isdigit() else part for part in NUMBER.split(name))


def _piece(data: bytes) -> str | None:
    """Return the longest run of a file that is no word, None where it has none, or is no small text."""
    try:
        text = data[: READ + 1].decode("utf-8")
    except UnicodeDecodeError:
        return None
    if len(text) > READ:
        return None
    runs = [run for run in TOKEN.findall(text) if len(run) >= SHORTEST and is_piece(run)]
    return max(runs, key=len, default=None)


def _joined(pieces: Sequence[str]) -> Iterator[tuple[str, str]]:
    bare = [piece.rstrip("=") for piece in pieces]
    yield "in the order of their names", "".join(bare)
    yield "in reverse order", "".join(reversed(bare))
    longest = max(map(len, bare))
    # Every so manyth character in another file leaves pieces of one length.
    if all(longest - len(piece) <= 2 for piece in bare):
        yield "character by character", "".join(map("".join, zip_longest(*bare, fillvalue="")))
        turned = "".join(map("".join, zip_longest(*pieces, fillvalue="")))
        yield "character by character", turned
