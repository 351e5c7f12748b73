"""Which file names may stand on a page, in a header and on a disk; all others are refused with a reason."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from hub.errors import Invalid

LONGEST = 120
PUNCTUATION = frozenset(" ._-+()[],=@")
# Letters, marks and numbers of any script; no controls, no format characters (which include the
# ones that turn the reading direction), no separators but the plain space.
CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd"})
MOST_MARKS = 3
DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"com{n}" for n in range(10)} | {f"lpt{n}" for n in range(10)}
)


def accepted(name: str) -> str:
    """Return a file name in normal form; a name that could mislead its reader or a disk is refused."""
    normal = unicodedata.normalize("NFC", name)
    shown = "".join(letter if letter.isprintable() else "?" for letter in normal[:LONGEST])
    if not normal.strip():
        raise Invalid("A file has no name; give each file a name such as table.csv.")
    if len(normal) > LONGEST or len(normal.encode(errors="replace")) > 2 * LONGEST:
        raise Invalid(f"The file name {shown}… is longer than {LONGEST} characters; shorten it.")
    if "/" in normal or "\\" in normal:
        raise Invalid(f"The file name {shown} has a folder in it; give the name alone, such as table.csv.")
    if any(not _plain(letter) for letter in normal) or _marks(normal) > MOST_MARKS:
        raise Invalid(
            f"The file name {shown} has characters that can't be shown safely; "
            "use letters, digits, spaces and . _ - + ( ) [ ] , = @ only."
        )
    if normal[0] in ".- " or normal[-1] in ". ":
        raise Invalid(
            f"The file name {shown} starts or ends with a dot, dash or space; start it with a letter."
        )
    if normal.partition(".")[0].strip().casefold() in DEVICES:
        raise Invalid(f"The file name {shown} means a device on some systems; rename the file.")
    return normal


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return accepted names; two that read alike are refused."""
    seen: dict[str, str] = {}
    for name in names:
        good = accepted(name)
        alike = unicodedata.normalize("NFKC", good).casefold()
        if alike in seen:
            raise Invalid(f"Two files are both called {good}; give each its own name.")
        seen[alike] = good
    return tuple(seen.values())


def _plain(letter: str) -> bool:
    return letter in PUNCTUATION or unicodedata.category(letter) in CATEGORIES


def _marks(text: str) -> int:
    """Return the longest run of combining marks, which pile up over their neighbours' lines."""
    longest = run = 0
    for letter in text:
        run = run + 1 if unicodedata.combining(letter) else 0
        longest = max(longest, run)
    return longest
