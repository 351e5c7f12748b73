"""Reads a dataset version's manifest, Lhotse's cuts one a line, as the rows of a leak index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from egress_review.screening.recordings import Recording

LARGEST_BYTES = 2 * 1024**3
SINGLE = (str, int, float, bool)
# What a supervision says of its own place in the recording says nothing about the person.
LEFT_OUT = {"id", "recording_id", "start", "channel", "speaker", "text", "custom", "alignment"}


class NoDataset(Exception):
    """A folder holds no table of recordings that can be read; the message says what it lacks."""


def rows(path: Path) -> list[Recording]:
    """Return a manifest's recordings: id, speaker, words, the file, and every single value known of them.

    Raises NoDataset where it can't be read, with how far that went.
    """
    found: list[Recording] = []
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise NoDataset(f"{path} is larger than {LARGEST_BYTES:,} bytes")
        with path.open(encoding="utf-8") as lines:
            found.extend(_recording(json.loads(line)) for line in lines if line.strip())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoDataset(f"{path} can't be read after {len(found)} recordings: {error}") from error
    return found


def _recording(cut: dict[str, Any]) -> Recording:
    said: list[dict[str, Any]] = cut.get("supervisions") or [{}]
    recording = cut.get("recording") or {}
    sources = recording.get("sources") or [{}]
    first = said[0]
    known = {"seconds": cut.get("duration", recording.get("duration")), **(first.get("custom") or {})}
    known |= {name: value for name, value in first.items() if name not in LEFT_OUT and name != "duration"}
    return Recording(
        str(cut["id"]),
        str(first.get("speaker", "")),
        " ".join(str(one["text"]) for one in said if one.get("text")),
        str(sources[0].get("source", "")) if sources[0].get("type", "file") == "file" else "",
        tuple((str(name), str(value)) for name, value in known.items() if isinstance(value, SINGLE)),
    )
