"""What screening is told beside the files: earlier releases, what the researcher declares, what is public."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Earlier:
    """A file that the project released before: where its canonical copy lies, its name, when it left."""

    path: Path
    name: str
    released_at: str = ""


@dataclass(frozen=True)
class HandedIn:
    """A file of the submission: its id, its declared name, its bytes as handed in."""

    file: str
    name: str
    data: bytes


@dataclass(frozen=True)
class Context:
    """Nothing in here is believed: earlier files are compared, declared numbers recomputed.

    `declared` maps a file's name to how its numbers were made; `public` holds SHA-256 sums of files that
    anybody may have; `unknown` says what becomes of what no check understands: "flag" or "block".
    """

    earlier: tuple[Earlier, ...] = ()
    declared: Mapping[str, Any] = field(default_factory=dict)
    public: frozenset[str] = frozenset()
    unknown: str = "block"
