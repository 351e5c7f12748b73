"""Identifiers: ULIDs in lower case, which sort by the time they were made."""

from __future__ import annotations

from datetime import datetime

from ulid import ULID


def new() -> str:
    """Return a new identifier of 26 characters."""
    return str(ULID()).lower()


def made_at(known: str) -> datetime | None:
    """Return when an identifier was made, in UTC; None for a text that is none."""
    try:
        return ULID.from_str(known.upper()).datetime
    except ValueError:
        return None
