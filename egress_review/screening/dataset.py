"""Reads a dataset from any folder with a recordings.csv, and keeps its leak index where it can."""

from __future__ import annotations

import csv
import hashlib
import os
from pathlib import Path

from egress_review.screening import index, manifest
from egress_review.screening.index import Index, NoIndex
from egress_review.screening.manifest import NoDataset
from egress_review.screening.recordings import Recording

NEEDED = ("recording", "speaker")
TABLE, MANIFEST = "recordings.csv", "manifest.jsonl"
KNOWN = (*NEEDED, "transcript", "path")


def recordings(folder: Path) -> list[Recording]:
    """Return the rows of a folder's manifest.jsonl (Lhotse cuts), or else of its recordings.csv.

    Raises NoDataset where neither can be read.
    """
    if (folder / MANIFEST).exists():
        return manifest.rows(folder / MANIFEST)
    return table(folder)


def table(folder: Path) -> list[Recording]:
    """Return the rows of a folder's recordings.csv, with all of its columns.

    Raises NoDataset where the file or a needed column is missing.
    """
    path = folder / TABLE
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise NoDataset(f"{path} has no column {' and no column '.join(missing)}")
            return [_recording(row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NoDataset(f"{path} can't be read: {error}") from error


def _recording(row: dict[str, str]) -> Recording:
    return Recording(
        row["recording"],
        row["speaker"],
        row.get("transcript") or "",
        row.get("path") or "",
        tuple((name, value or "") for name, value in row.items() if name and name not in KNOWN),
    )


def read(folder: Path, *, kept: Path | None = None) -> Index:
    """Return the leak index of a dataset's folder, built now unless a finished one of the same files is kept.

    `kept` is where indexes are kept, by default a folder of the caller's own cache that only they can read.
    """
    rows = table(folder) if (folder / TABLE).exists() else recordings(folder)
    target = (kept or _cache()) / _fingerprint(folder, rows)
    try:
        return Index.open([target])
    except NoIndex:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        index.build(folder.resolve().name, rows, folder, target)
        return Index.open([target])


def _cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "parlatory" / "leak-indexes"


def _fingerprint(folder: Path, rows: list[Recording]) -> str:
    """Return what changes when the table, a recording's size or its time does."""
    total = hashlib.sha256(f"{index.VERSION}\0{folder.resolve()}\0".encode())
    total.update("".join(map(repr, rows)).encode())
    for row in rows:
        if row.path and (folder / row.path).is_file():
            status = (folder / row.path).stat()
            total.update(f"{row.path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return total.hexdigest()[:32]
