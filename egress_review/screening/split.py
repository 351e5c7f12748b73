"""Joins what files hold encoded in pieces: by their names, in reverse, or character by character."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations, zip_longest

from egress_review.screening import encoded, encodings
from egress_review.screening.context import Context, HandedIn
from egress_review.screening.encodings import Budget, is_piece
from egress_review.screening.examine import SHORT, texts_together
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Finding, Severity, block
from egress_review.screening.wording import content

FEWEST = 2
READ = 64 * 1024  # characters of a file; a piece is small, or its file is looked through by itself
TURNS = 3  # files, at most, whose words may stand in turns
SHORTEST, LONGEST = 12, 4_096  # characters of a piece; a longer one is refused or known by itself
TOKEN = re.compile(r"[^\s\"',]+")
DIGEST = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128}")
NUMBER = re.compile(r"(\d+)")
FORMS = tuple(map(re.compile, (r"[0-9a-fA-F]+", r"[A-Z2-7=]+", r"[A-Za-z0-9+/_\-=]+")))
INTEGRITY = re.compile(r"sha(?:256-.{44}|384-.{64}|512-.{88})")
FIX = "Hand in what is encoded as one file of its own type, or remove it."

Name = tuple[str, ...]


def check(handed_in: Sequence[HandedIn], index: Index, context: Context, limits: Limits) -> list[Finding]:
    """Return a block where pieces in several files, earlier releases among them, decode to something."""
    named = [(file.name, file.data) for file in handed_in]
    named += [(one.name, one.path.read_bytes()) for one in context.earlier if one.path.is_file()]
    found = sorted((_in_order(name), piece) for name, data in named if (piece := _piece(data)) is not None)
    # A checksum among other files is usual, and a piece of nothing.
    sums = [piece for _, piece in found if DIGEST.fullmatch(piece)]
    others = [one for one in found if not DIGEST.fullmatch(one[1])]
    blocks = _whole(sums, index, limits, sums=True)
    for pieces, alike in _groups(others):
        blocks = blocks or _whole(pieces, index, limits, alike=alike)
    return blocks or _words(named, index, limits) or _by_turns([data for _, data in named], index, limits)


def _words(named: Sequence[tuple[str, bytes]], index: Index, limits: Limits) -> list[Finding]:
    """Return the blocks for what small texts say one behind another, in the order of their names."""
    small = [(_in_order(name), data) for name, data in named if len(data) <= 4 * SHORT]
    notes = [data.decode("utf-8", "replace").strip() for _, data in sorted(small)]
    return [replace(found, where="") for found in texts_together(notes, index, limits)]


def _by_turns(files: Sequence[bytes], index: Index, limits: Limits) -> list[Finding]:
    """Return the block for texts of as many lines and words that say something word by word in turns."""
    texts: dict[int, list[list[str]]] = defaultdict(list)
    for data in files:
        lines = [line for line in data[:READ].decode("utf-8", "replace").split("\n") if line.strip()]
        if len(data) <= READ and len(lines) >= FEWEST:
            texts[len(lines)].append(lines)
    for group in texts.values():
        for order in permutations(group) if FEWEST <= len(group) <= TURNS else ():
            for way, joined in _abreast(order):
                found = content(joined, index, limits.minimum_count, "", way)
                if found:
                    message = f"Texts of {len(group)} files, put together: {found[0].message}"
                    return [block("split", message, "Leave what is said in the recordings out.")]
    return []


def _abreast(texts: Sequence[list[str]]) -> Iterator[tuple[str, str]]:
    """Yield texts of as many lines as one: words, or letters, in turns."""
    lines = list(zip(*texts, strict=True))
    for way, between, parts in (
        ("word by word in turns", " ", [[line.split() for line in told] for told in lines]),
        ("letter by letter in turns", "", lines),
    ):
        if all(max(map(len, told)) - min(map(len, told)) <= 1 for told in parts):
            joined = (between.join(filter(None, sum(zip_longest(*told), ()))) for told in parts)
            yield way, "\n".join(joined)


def _groups(found: Sequence[tuple[Name, str]]) -> Iterator[tuple[list[str], bool]]:
    """Yield what may belong together: all pieces, files of one name, one alphabet; and whether alike."""
    named: dict[Name, list[str]] = defaultdict(list)
    formed: dict[str, list[str]] = defaultdict(list)
    for name, piece in found:
        # Every second part of a name is a number.
        named[name[::2]].append(piece)
        formed[next((form.pattern for form in FORMS if form.fullmatch(piece)), "")].append(piece)
    yield [piece for _, piece in found], len(named) == 1 or ("" not in formed and len(formed) == 1)
    for groups in (named, formed):
        for key, group in groups.items():
            if FEWEST <= len(group) < len(found):
                yield group, key != ""


def _whole(
    pieces: Sequence[str], index: Index, limits: Limits, *, sums: bool = False, alike: bool = False
) -> list[Finding]:
    """Return a block where pieces make something when joined; checksums only where that makes sense."""
    if len(pieces) < FEWEST:
        return []
    for how, joined in _joined(pieces):
        if sums and not any(encodings.likely([bytes.fromhex(joined)])):
            continue
        for finding in encoded.look(joined, index, limits, ""):
            unreadable = finding.check == "encoded" and not (alike and _are_parts(pieces, limits))
            if finding.severity is Severity.BLOCK and not unreadable:
                message = f"Pieces of {len(pieces)} files, joined {how}: {finding.message}"
                return [block("split", message, FIX)]
    return []


def _are_parts(pieces: Sequence[str], limits: Limits) -> bool:
    """Return whether pieces nobody can read together may be parts of one thing.

    One that is most of the whole is judged in its own file; integrity values of lock files are checksums;
    pictures in notebooks are whole each.
    """
    most = 3 * max(map(len, pieces)) > 2 * sum(map(len, pieces))
    if most or all(map(INTEGRITY.fullmatch, pieces)):
        return False
    budget = Budget()
    return not all(next(encodings.decoded(piece, limits, budget), None) for piece in pieces)


def _in_order(name: str) -> Name:
    """Return a key that sorts part2 before part10."""
    return tuple(f"{int(part):012}" if part.isdigit() else part for part in NUMBER.split(name))


def _piece(data: bytes) -> str | None:
    """Return the longest run of a file that is no word; None where it is long, or the file no small text."""
    try:
        text = data[: READ + 1].decode("utf-8")
    except UnicodeDecodeError:
        return None
    if len(text) > READ:
        return None
    runs = [run for run in TOKEN.findall(text) if len(run) >= SHORTEST and is_piece(run)]
    longest = max(runs, key=len, default=None)
    return longest if longest and len(longest) <= LONGEST else None


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
