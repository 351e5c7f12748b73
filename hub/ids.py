"""Identifiers: ULIDs in lower case, which sort by the time they were made."""

from __future__ import annotations

from ulid import ULID


def new() -> str:
    """Return a new identifier of 26 characters."""
    return str(ULID()).lower()
