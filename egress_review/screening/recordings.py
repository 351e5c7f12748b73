"""A recording as the leak index knows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recording:
    """One recording of an approved dataset version: its id, its speaker's id, what is said in it.

    `path` leads from the dataset's folder to its sound, "" where there is none; `fields` are the other
    columns that the dataset knows of it, as text.
    """

    recording: str
    speaker: str
    transcript: str = ""
    path: str = ""
    fields: tuple[tuple[str, str], ...] = ()
