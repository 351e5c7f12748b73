"""What a preview is made of: plain pieces that a template writes out, none of which acts."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

CELL_LETTERS = 300
# What a label or name on a page may be long.
LABEL_LETTERS = 120


@dataclass(frozen=True)
class Table:
    """Rows below a header; `first` is the number of the first row, counted from 1 below the header."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first: int = 1
    title: str = ""
    what: str = "row"

    @property
    def numbered(self) -> list[tuple[int, tuple[str, ...]]]:
        """The rows with their numbers."""
        return list(enumerate(self.rows, start=self.first))


@dataclass(frozen=True)
class Lines:
    """Lines of text; `first` is the number of the first."""

    lines: tuple[str, ...]
    first: int = 1

    @property
    def numbered(self) -> list[tuple[int, str]]:
        """The lines with their numbers."""
        return list(enumerate(self.lines, start=self.first))


@dataclass(frozen=True)
class Picture:
    """A picture, held inside the page itself: a preview loads nothing."""

    png: bytes
    label: str
    anchor: str = ""
    media_type: str = "image/png"

    @property
    def address(self) -> str:
        """The picture as an address that needs no request."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Sound:
    """Sound of a type that may leave, played only when the reader presses play."""

    wav: bytes
    label: str

    @property
    def address(self) -> str:
        """The sound as an address that needs no request."""
        return f"data:audio/wav;base64,{base64.b64encode(self.wav).decode()}"


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook: what was written, what came out, the pictures among that."""

    number: int
    kind: str
    source: str
    outputs: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Shown:
    """One page of a preview, or why there is none."""

    tables: tuple[Table, ...] = ()
    lines: Lines | None = None
    cells: tuple[Cell, ...] = ()
    pictures: tuple[Picture, ...] = ()
    sounds: tuple[Sound, ...] = ()
    page: int = 1
    pages: int = 1
    cut: str = ""
    why_not: str = ""


# What reads a file's bytes and shows the page of this number, from 1.
Reader = Callable[[bytes, int], Shown]


def visible(text: str) -> str:
    """Return text in which each character that hides or turns others is written out."""
    return "".join(
        letter if letter in "\n\t" or not _hides(letter) else f"[U+{ord(letter):04X}]" for letter in text
    )


def cell(value: object) -> str:
    """Return a table's cell as it is shown."""
    said = str(value)
    return visible(said[:CELL_LETTERS]) + ("…" if len(said) > CELL_LETTERS else "")


def label(value: object) -> str:
    """Return a name as it is shown."""
    return visible(str(value)[:LABEL_LETTERS])


def pages_of(count: int, per_page: int) -> int:
    """Return how many pages hold so many things."""
    return max(1, -(-count // per_page))


def _hides(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
