"""Text as it may come in: nothing invisible that could hide or reorder what somebody reads."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

# Joiners are letters' business in several scripts; other format characters reorder or hide.
JOINERS = frozenset({"\u200c", "\u200d"})
# Controls, format characters, halves of pairs, private and unassigned, separators of lines.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _readable(text: str, allowed: str) -> str:
    for letter in text:
        if letter not in allowed and letter not in JOINERS and unicodedata.category(letter) in UNSEEN:
            raise ValueError(f"has a character that can’t be seen (U+{ord(letter):04X}); leave it out")
    return text


def line(text: str) -> str:
    """Return text that stands on one line."""
    return _readable(text, "")


def paragraphs(text: str) -> str:
    """Return text that may have lines."""
    return _readable(text.replace("\r\n", "\n"), "\n\t")


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(line)
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000), AfterValidator(paragraphs)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000), AfterValidator(paragraphs)
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{26}$")]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\s@]+@[^\s@]+$"), AfterValidator(line)]
Search = Annotated[str, Field(max_length=100), AfterValidator(line)]
