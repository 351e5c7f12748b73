"""Reads printed dumps of bytes: an offset, numbers in groups, perhaps the letters beside them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

FEWEST = 3  # lines of a dump
OFFSET = re.compile(r"(?P<offset>[0-9a-fA-F]{4,16})(?P<colon>:?)(?=\s|$)")
GROUP = re.compile(r"\s{1,3}([0-9a-fA-F]{2,8})(?=\s|$)")
# Intel's and Motorola's records: length, address, kind, bytes, sum.
RECORD = re.compile(r"^[ \t]*(?::([0-9A-F]{8,74})|S[0-9]([0-9A-F]{6,80}))[ \t]*$", re.MULTILINE)
WIDTHS = {3: (8, 1), 6: (8, 2), 5: (10, 2)}  # characters of a group that is no hexadecimal one: base, bytes


def read(text: str) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes of each dump in a text, in either order within a group, and where it begins."""
    lines: list[list[str]] = []
    begins = at = 0
    for line in [*text.split("\n"), ""]:
        groups = _groups(line)
        if groups:
            begins = begins if lines else at
            lines.append(groups)
        elif lines:
            yield from ((begins, data) for data in _bytes(lines))
            lines = []
        at += len(line) + 1
    records = list(RECORD.finditer(text))
    if len(records) >= FEWEST:
        # Behind length and address stands a kind, of one; at the end is a sum.
        parts = (intel[8:-2] if (intel := one[1]) else one[2][6:-2] for one in records)
        yield 0, bytes.fromhex("".join(part for part in parts if len(part) % 2 == 0))


def _groups(line: str) -> list[str]:
    """Return the groups of numbers of a line that begins with an offset, none of any other."""
    match = OFFSET.match(line.strip())
    found: list[str] = []
    place = match.end() if match else 0
    while match and (group := GROUP.match(line.strip(), place)):
        # Only the last group may be shorter; letters beside may look like one more.
        if found and len(group[1]) > len(found[-1]):
            break
        found.append(group[1])
        place = group.end()
        if len(group[1]) < len(found[0]):
            break
    return found


def _bytes(lines: list[list[str]]) -> Iterator[bytes]:
    if len(lines) < FEWEST:
        return
    # A word beside may look like one more group; of the last line nobody knows how many there are.
    usual = Counter(map(len, lines)).most_common(1)[0][0]
    groups = [group for line in lines[: -1 if len(lines[-1]) != usual else None] for group in line[:usual]]
    base, size = WIDTHS.get(len(groups[0]), (16, 0))
    try:
        # The last group of a dump may be shorter.
        told = [(int(group, base), size or (len(group) + 1) // 2) for group in groups]
        yield b"".join(value.to_bytes(length, "big") for value, length in told)
        yield b"".join(value.to_bytes(length, "little") for value, length in told)
    except (ValueError, OverflowError):
        return
