"""Where a version's leak index lies, and whether it is there: the files say so, no row has to be believed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from hub.datasets.models import DatasetVersion
from hub.places import places

SEAL, FAILED = "index.json", "failed.json"


class IndexState(StrEnum):
    """How far a version's leak index is; results of a project wait until it is ready."""

    DUE = "due"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class LeakIndex:
    """What is known of a version's leak index."""

    state: IndexState
    folder: Path
    # Of one that is being built: what lies there so far.
    size_bytes: int = 0
    reason: str = ""
    begun: bool = False


def folder(version: DatasetVersion) -> Path:
    """Return where a version's leak index is kept."""
    return places.state / "indexes" / version.folder


def of(version: DatasetVersion) -> LeakIndex:
    """Return a version's leak index; one of another manifest or another format is due again."""
    path = folder(version)
    sealed = _read(path / SEAL)
    # The format's number is the screening's; its own reader checks it, and a build replaces what it refuses.
    if sealed and sealed.get("manifest_sha256") == version.manifest_sha256:
        size = sum(file.stat().st_size for file in path.iterdir() if file.is_file())
        return LeakIndex(IndexState.READY, path, size)
    failed = _read(path / FAILED)
    if failed and failed.get("manifest_sha256") == version.manifest_sha256:
        return LeakIndex(IndexState.FAILED, path, reason=str(failed.get("reason", "")))
    making = [file for file in path.with_name(f".{path.name}.new").rglob("*") if file.is_file()]
    return LeakIndex(IndexState.DUE, path, sum(_size(file) for file in making), begun=bool(making))


def _size(file: Path) -> int:
    """Return a file's size; one that was moved just now has none here."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
