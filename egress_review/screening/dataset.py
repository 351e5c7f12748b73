"""Reads a dataset from any folder with a recordings.csv, for screening outside the enclave."""

from __future__ import annotations

import csv
from pathlib import Path

from egress_review.screening.index import Index, Recording

NEEDED = ("recording", "speaker")


class NoDataset(Exception):
    """The folder holds no recordings.csv that can be read; the message says what it lacks."""


def read(folder: Path) -> Index:
    """Return the index of a folder's recordings.csv; columns recording, speaker, transcript are read."""
    path = folder / "recordings.csv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise NoDataset(f"{path} has no column {' and no column '.join(missing)}")
            recordings = [
                Recording(row["recording"], row["speaker"], row.get("transcript") or "") for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NoDataset(f"{path} can't be read: {error}") from error
    return Index.of(recordings, (folder.name,))
