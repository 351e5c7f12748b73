"""What stays of a session when its container is gone: how it ended, and the end of its log."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub import files
from hub.engine import mounts
from hub.engine.owners import Owners
from hub.places import DATA_GROUP, Places

log = logging.getLogger("parlatory.engine")

KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Record:
    """How a session ended by itself."""

    session: str
    state: str
    exit_code: int | None
    started_at: str | None
    reason: str
    ended_at: datetime

    def view(self) -> dict[str, Any]:
        """Return the record as the engine answers it."""
        return {**asdict(self), "ended_at": self.ended_at.isoformat()}


class Records:
    """Ended sessions that nobody has cleared yet, and the logs of all."""

    def __init__(self, places: Places, owners: Owners) -> None:
        self._ended = places.state / "engine" / "ended"
        self._logs = places.state / "sessions"
        self._owners = owners
        # Unreadable records that were said to be, as they were then: asked for every second, said once.
        self._said: dict[str, tuple[int, int]] = {}

    def remember(self, record: Record) -> Record:
        """Keep how a session ended, until it is cleared or a day is over."""
        self._ended.mkdir(parents=True, exist_ok=True)
        path = self._ended / f"{record.session}.json"
        files.write(path, json.dumps(record.view()).encode(), mode=0o640, uid=0, gid=0)
        return record

    def find(self, session: str) -> Record | None:
        """Return how a session ended, if it did by itself."""
        try:
            return _read(self._ended / f"{session}.json")
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            # Not one of ours, or of a disk that lost it: no reason for the engine not to start.
            self._say_unreadable(session)
            return None

    def _say_unreadable(self, session: str) -> None:
        facts = (self._ended / f"{session}.json").stat()
        now = (facts.st_ino, facts.st_mtime_ns)
        if self._said.get(session) != now:
            self._said[session] = now
            log.warning("record_unreadable session=%s", session)

    def all(self) -> list[Record]:
        """Return every session that ended by itself and was not cleared."""
        found = (self.find(path.stem) for path in sorted(self._ended.glob("*.json")))
        return [record for record in found if record is not None]

    def forget(self, session: str) -> None:
        """Forget how a session ended."""
        (self._ended / f"{session}.json").unlink(missing_ok=True)
        self._said.pop(session, None)

    def forget_old(self) -> None:
        """Forget what ended more than a day ago."""
        for record in self.all():
            if record.ended_at < datetime.now(UTC) - KEPT:
                self.forget(record.session)

    def keep_log(self, session: str, content: bytes) -> None:
        """Keep a session's log where the portal may read it."""
        gid = self._owners.gid(DATA_GROUP)
        mounts.make(self._logs, 0o750, gid=gid)
        files.write(self._logs / f"{session}.log", content, mode=0o640, uid=0, gid=gid)

    def log(self, session: str) -> bytes | None:
        """Return a kept log."""
        try:
            return (self._logs / f"{session}.log").read_bytes()
        except FileNotFoundError:
            return None


def _read(path: Path) -> Record:
    document = json.loads(path.read_text(encoding="utf-8"))
    return Record(**{**document, "ended_at": datetime.fromisoformat(document["ended_at"])})
