"""How the promises stand: the last quick look, kept by root, read by the portal; an old look says nothing."""

from __future__ import annotations

import fcntl
import grp
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub import files
from hub.doctor.promise import Promise
from hub.places import DATA_GROUP, Places

EVERY_SECONDS = 900.0
# Where something is broken, whoever mends it should not wait long to see that it holds again.
AGAIN_SECONDS = 60.0
# However long a look takes, it takes this part of one processor at most.
SHARE = 1 / 20
GRACE_SECONDS = 300.0
CHARACTERS = 1000
NOT_LOOKED = "nobody has looked at it yet"
LOOK = "run `python3 -m hub doctor`; if it says all holds, read `python3 -m hub logs doctor`"


@dataclass(frozen=True)
class Stand:
    """How one promise stood at the last look, and since when."""

    name: str
    promise: str
    ok: bool
    detail: str
    fix: str
    since: datetime | None


@dataclass(frozen=True)
class Standing:
    """Every promise there is; one that was not looked at lately does not hold."""

    looked_at: datetime | None
    # Whether that was lately; else each promise counts as broken.
    current: bool
    stands: tuple[Stand, ...]

    @property
    def broken(self) -> tuple[Stand, ...]:
        """The promises that don't hold, or of which nobody knows."""
        return tuple(stand for stand in self.stands if not stand.ok)

    @property
    def ok(self) -> bool:
        """Whether every promise is known to hold."""
        return not self.broken


def pause_seconds(took_seconds: float, *, ok: bool) -> float:
    """Return how long to wait after a look that took so long."""
    return max(EVERY_SECONDS if ok else AGAIN_SECONDS, took_seconds / SHARE)


def keep(places: Places, results: Iterable[Mapping[str, Any]], *, at: datetime, took_seconds: float) -> None:
    """Keep what a look found, since when it is so, and until when it says something."""
    with _alone(places):
        _keep(places, results, at, took_seconds)


def _keep(places: Places, results: Iterable[Mapping[str, Any]], at: datetime, took_seconds: float) -> None:
    before = {stand.name: stand for stand in _kept(_read(_file(places)))}
    made = []
    for result in results:
        old = before.get(result["name"])
        since = old.since if old and old.since and old.ok == result["ok"] else at
        stand = Stand(
            name=result["name"],
            promise=result["promise"],
            ok=result["ok"],
            detail=str(result["detail"])[:CHARACTERS],
            fix=result["fix"],
            since=since,
        )
        made.append(asdict(stand) | {"since": since.isoformat()})
    # The next look takes about as long as this one; it may take three times that before this one is void.
    valid_seconds = pause_seconds(took_seconds, ok=True) + 3 * took_seconds + GRACE_SECONDS
    until = at + timedelta(seconds=valid_seconds)
    document = {"looked_at": at.isoformat(), "until": until.isoformat(), "stands": made}
    text = json.dumps(document, ensure_ascii=False).encode()
    files.write(_file(places), text, mode=0o640, uid=0, gid=grp.getgrnam(DATA_GROUP).gr_gid)


@contextmanager
def _alone(places: Places) -> Iterator[None]:
    """Hold the folder's lock: a person's `hub doctor` and the process's own look may end at the same time."""
    folder = os.open(_file(places).parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def read(places: Places, promises: Iterable[Promise], *, at: datetime) -> Standing:
    """Return how each promise stands; what was looked at too long ago, or in the future, is unknown.

    What can be looked at while somebody waits is looked at now, whatever the last look found.
    """
    document = _read(_file(places))
    kept = {stand.name: stand for stand in _kept(document)}
    looked, until = _time(document.get("looked_at")), _time(document.get("until"))
    current = looked is not None and until is not None and looked <= at <= until
    stands = []
    for promise in promises:
        stand = kept.get(promise.name)
        if promise.at_once:
            stand = _looked(promise, places, stand)
        elif stand is None or not current:
            since = looked if stand else None
            said = f"nobody has looked at it since {since:%Y-%m-%d %H:%M} UTC" if since else NOT_LOOKED
            stand = Stand(promise.name, promise.promise, ok=False, detail=said, fix=LOOK, since=since)
        stands.append(stand)
    return Standing(looked, current, tuple(stands))


def _looked(promise: Promise, places: Places, before: Stand | None) -> Stand:
    """Return how a promise stands now; since when, where the last look found the same."""
    found = promise.look(places)
    since = before.since if before and before.ok == found.ok else None
    fix = "" if found.ok else promise.fix
    return Stand(promise.name, promise.promise, ok=found.ok, detail=found.detail, fix=fix, since=since)


def _kept(document: Mapping[str, Any]) -> list[Stand]:
    try:
        return [
            Stand(
                name=str(one["name"]),
                promise=str(one["promise"]),
                ok=one["ok"] is True,
                detail=str(one["detail"]),
                fix=str(one["fix"]),
                since=_time(one["since"]),
            )
            for one in document.get("stands", [])
        ]
    except (KeyError, TypeError):
        return []


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _time(said: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _file(places: Places) -> Path:
    return places.state / "doctor" / "standing.json"
