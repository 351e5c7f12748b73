"""What runs beside one another in the worker: work that dies is started again, and says what waits meanwhile.

Each says in `{run}/worker/beside.json` whether it runs; `doctor`, `/health/` and `/metrics` read it there.
A file that a killed process left is known by that process, which is gone.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from hub.places import Places

log = logging.getLogger("parlatory.worker")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
# What has run so long after a fall runs again; before, it is still counted as fallen.
SETTLED_SECONDS = 90.0
# A process that hangs is there and says nothing: who should speak so often and has not for so long hangs.
BEAT_SECONDS, SILENT_SECONDS = 10.0, 60.0
HANGS = "{by} runs and has said nothing for {seconds:.0f} seconds: it hangs, or the machine is far too busy"
NOBODY = "{by} does not run, or has not said yet how it is"
UNREADABLE = "what {by} says of itself can't be read"


@dataclass(frozen=True)
class Work:
    """One thing the process does for as long as it lives: its name, what waits without it, and the loop."""

    name: str
    keeps: str
    run: Callable[[Event], object]


@dataclass(frozen=True)
class Told:
    """What a work's process says of it."""

    name: str
    keeps: str
    # When it began last, on the machine's own clock; nothing while it waits to be started again.
    began: float | None
    falls: int
    why: str

    def runs(self, now: float) -> bool:
        """Whether it runs, and has for a while since it fell last."""
        return self.began is not None and (not self.falls or now - self.began >= SETTLED_SECONDS)


class Unknown(Exception):
    """Nothing is known of what runs; the message says why."""


class Beside:
    """Keeps the works of one process going until it is told to stop."""

    def __init__(self, places: Places, works: Iterable[Work], stop: Event) -> None:
        self._file = file(places)
        self._works = tuple(works)
        self._stop = stop
        self._lock = Lock()
        self._over = Event()
        self._told = {work.name: Told(work.name, work.keeps, None, 0, "") for work in self._works}
        self._file.parent.mkdir(parents=True, exist_ok=True)

    def run(self) -> None:
        """Run all, the first of them in this thread, and end when it ends."""
        for work in self._works[1:]:
            Thread(target=self.keep, args=(work,), name=work.name, daemon=True).start()
        Thread(target=self._beat, name="beat", daemon=True).start()
        try:
            self.keep(self._works[0])
        finally:
            self._over.set()

    def keep(self, work: Work) -> None:
        """Run one work; whatever ends it before its time, it is started again after a pause that grows."""
        pause = FIRST_PAUSE_SECONDS
        while not self._stop.is_set():
            began = self._say(work, began=now())
            try:
                work.run(self._stop)
                why = "it ended by itself"
            except Exception as error:  # nobody foresaw it; the log has all of it
                why = type(error).__name__
                log.exception("work_fell work=%s", work.name)
            if self._stop.is_set():
                return
            pause = FIRST_PAUSE_SECONDS if now() - began >= SETTLED_SECONDS else pause
            self._say(work, began=None, why=why)
            log.error("work_waits work=%s why=%s again_in_seconds=%s", work.name, why, pause)
            self._stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _say(self, work: Work, *, began: float | None, why: str = "") -> float:
        """Write down how it is with a work."""
        with self._lock:
            before = self._told[work.name]
            falls = before.falls + (began is None)
            self._told[work.name] = Told(work.name, work.keeps, began, falls, why or before.why)
            self._write()
        return began or 0.0

    def _beat(self) -> None:
        """Say again and again what was said last, for as long as this process does not hang."""
        while not self._over.wait(BEAT_SECONDS):
            with self._lock:
                self._write()

    def _write(self) -> None:
        say(self._file, works=[vars(told) for told in self._told.values()])


def now() -> float:
    """Return the time of a clock that all processes share and nobody sets."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def file(places: Places) -> Path:
    """Return where the worker says what runs."""
    return places.run / "worker" / "beside.json"


def door_file(places: Places) -> Path:
    """Return where the door says that it looks for sessions."""
    return places.run / "door" / "doors.json"


def docker_file(places: Places) -> Path:
    """Return where the engine says whether Docker answers it."""
    return places.run / "engine" / "docker.json"


def read(places: Places) -> list[Told]:
    """Return what a living worker says of its works; raise Unknown where none does."""
    try:
        found = said(file(places), by="the worker", within_seconds=SILENT_SECONDS)
        told = [Told(**one) for one in found["works"]]
    except (TypeError, KeyError) as error:
        raise Unknown(UNREADABLE.format(by="the worker")) from error
    # Of no work at all everything could be said.
    if not told:
        raise Unknown(NOBODY.format(by="the worker"))
    return told


def all_begun(places: Places) -> bool:
    """Say whether each work of a living worker has been begun, whatever became of it; raise Unknown."""
    return all(told.began is not None or told.falls for told in read(places))


def say(where: Path, **what: object) -> None:
    """Say something of this process in a file; where that can't be written, leave none that is old."""
    process = os.getpid()
    text = json.dumps({"process": process, "life": _life(process), "at": now(), **what})
    try:
        _put(where, text)
    except OSError as error:
        log.error("not_said file=%s reason=%s", where.name, error)
        where.unlink(missing_ok=True)


def said(where: Path, *, by: str, within_seconds: float | None = None) -> dict[str, Any]:
    """Return what a living process says of itself in a file; raise Unknown where none does, or not lately."""
    try:
        found: dict[str, Any] = json.loads(where.read_bytes())
        if not found["life"] or _life(found["process"]) != found["life"]:
            raise Unknown(NOBODY.format(by=by))
        silent = now() - float(found["at"])
        if within_seconds is not None and silent > within_seconds:
            raise Unknown(HANGS.format(by=by, seconds=silent))
        return found
    except FileNotFoundError as error:
        raise Unknown(NOBODY.format(by=by)) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Unknown(UNREADABLE.format(by=by)) from error


def _put(where: Path, text: str) -> None:
    """Replace a file in one step; it is void after a power cut, so nobody waits for the disk."""
    fresh = where.with_name(f".{where.name}.new")
    fresh.write_text(text, encoding="utf-8")
    # Whatever the umask: portal and doctor read it.
    fresh.chmod(0o644)
    fresh.replace(where)


def _life(process: int) -> str:
    """Return what tells a living process from another that had its number; nothing of one that is gone."""
    try:
        # After the name, which may hold anything: the state first, and when it started as the 20th.
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
