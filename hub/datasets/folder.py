"""A folder that somebody else filled: its names are judged, its files opened without following anything."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.errors import Invalid

MOST_ENTRIES = 400_000
DEEPEST = 8
LONGEST_NAME_BYTES = 400
HIDDEN = "begins with a point, so it is hidden"
_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO would wait for ever for somebody to write into it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
KINDS = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


@dataclass(frozen=True)
class Entry:
    """Something below the folder: its name from there, and what it is if it is no plain file."""

    name: str
    oddity: str = ""


def odd_name(name: str) -> str:
    """Return what is wrong with a file's name inside the folder, nothing where it is fine."""
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or any(part in ("", ".", "..") for part in parts):
        return "does not lead straight down from the folder"
    if any(unicodedata.category(letter)[0] == "C" for letter in name):
        return "holds characters that don’t show or turn the text around"
    if any(part.startswith(".") for part in parts):
        return HIDDEN
    if unicodedata.normalize("NFC", name) != name:
        return "is not in Unicode’s composed form (NFC), so it looks like another name"
    if len(name.encode()) > LONGEST_NAME_BYTES or len(parts) > DEEPEST:
        return f"is longer than {LONGEST_NAME_BYTES} bytes or deeper than {DEEPEST} folders"
    return ""


def shown(text: str, most: int = 120) -> str:
    """Return text from a file as a page may show it: nothing that hides or turns letters, not too long."""
    safe = "".join(
        f"\\u{ord(letter):04x}" if unicodedata.category(letter)[0] == "C" else letter
        for letter in text[: most + 1]
    )
    return safe if len(safe) <= most else safe[: most - 1] + "…"


@contextmanager
def opened(root: Path) -> Iterator[int]:
    """Hold a folder open, which may be no link itself."""
    try:
        number = os.open(root, _FOLDER)
    except OSError as error:
        raise Invalid(f"The folder {shown(root.name)} can’t be read: {error.strerror}.") from error
    try:
        yield number
    finally:
        os.close(number)


@contextmanager
def plain_file(root: int, name: str) -> Iterator[int]:
    """Hold a plain file below an open folder open; a link on the way raises OSError, as none does."""
    parts = name.split("/")
    if odd_name(name):
        raise OSError("its name is refused")
    folder = os.dup(root)
    try:
        for part in parts[:-1]:
            outer = folder
            try:
                folder = os.open(part, _FOLDER, dir_fd=outer)
            finally:
                os.close(outer)
        file = os.open(parts[-1], _FILE, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError("it is no plain file")
        yield file
    finally:
        os.close(file)


def entries(root: int) -> Iterator[Entry]:
    """Yield what lies below an open folder, folders left out, entering no link; stops after 400,000."""
    found = 0
    waiting = [("", os.dup(root))]
    try:
        while waiting:
            prefix, number = waiting.pop()
            try:
                for item in os.scandir(number):
                    found += 1
                    if found > MOST_ENTRIES:
                        yield Entry(prefix, f"with more than {MOST_ENTRIES:,} entries")
                        return
                    name = prefix + item.name
                    oddity = _oddity(item)
                    if oddity != "a folder":
                        yield Entry(name, oddity)
                    elif name.count("/") + 1 >= DEEPEST:
                        yield Entry(name, "a folder too deep")
                    else:
                        waiting.append((f"{name}/", os.open(item.name, _FOLDER, dir_fd=number)))
            finally:
                os.close(number)
    finally:
        for _, number in waiting:
            os.close(number)


def _oddity(item: os.DirEntry[str]) -> str:
    mode = item.stat(follow_symlinks=False).st_mode
    if stat.S_ISDIR(mode):
        return "a folder"
    return next((says for is_so, says in KINDS if is_so(mode)), "")
