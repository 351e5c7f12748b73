"""What runs beside one another in the worker: work that dies is started again, and says what waits meanwhile.

Each says in `{run}/worker/beside.json` whether it runs; `doctor`, `/health/` and `/metrics` read it there.
A file that a killed process left is known by that process, which is gone. A work that does not come back from
one step hangs: nobody can end a thread, so the worker ends with it, and loses nothing by that.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock, Thread
from types import FrameType
from typing import Any

from hub.places import Places

log = logging.getLogger("parlatory.worker")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
# What has run so long after a fall runs again; before, it is still counted as fallen.
SETTLED_SECONDS = 90.0
# A process that hangs is there and says nothing: who should speak so often and has not for so long hangs.
BEAT_SECONDS, SILENT_SECONDS = 10.0, 60.0
# So long one step of a work may take; after some more time, in which the others finish what they are at and
# somebody may look, the worker ends.
STEP_SECONDS, GRACE_SECONDS, LAST_SECONDS = 600.0, 60.0, 5.0
# What hangs again and again ends the others' work no more often than this.
FIRST_END_SECONDS, LONGEST_END_SECONDS = 600.0, 3600.0
HUNG_STATUS = 75
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
    step_seconds: float = STEP_SECONDS
    # How long it has not come back from a step, and where in the code it stands if that is too long.
    silent: float = 0.0
    where: str = ""
    # How often the worker was ended because of it, and not long ago.
    hung: int = 0

    @property
    def hangs(self) -> bool:
        """Whether it has not come back from one step for too long."""
        return self.began is not None and self.silent >= self.step_seconds

    def runs(self, now: float) -> bool:
        """Whether it runs, and has for a while since it fell or hung last."""
        settled = self._proof_seconds if self.hung else SETTLED_SECONDS if self.falls else 0.0
        return self.began is not None and not self.hangs and now - self.began >= settled

    @property
    def _proof_seconds(self) -> float:
        """How long what hung has to go well before it is believed: a step, and no longer than most take."""
        return min(self.step_seconds, STEP_SECONDS)

    def trouble(self, now: float) -> str:
        """Return in words what is wrong with it, if something is."""
        waits = f"is not kept meanwhile: {self.keeps}"
        if self.hangs:
            return f"{self.name} hangs for {self.silent:.0f} seconds (in {self.where}) and {waits}"
        if self.runs(now):
            return ""
        if self.hung:
            return (
                f"{self.name} hung (in {self.where}), so that the worker began anew {self.hung} times; "
                f"until that has gone well for {self._proof_seconds:.0f} seconds, maybe it {waits}"
            )
        return f"{self.name} fell {self.falls} times ({self.why}) and {waits}"


class Unknown(Exception):
    """Nothing is known of what runs; the message says why."""


class Beside:
    """Keeps the works of one process going until it is told to stop."""

    def __init__(
        self,
        places: Places,
        works: Iterable[Work],
        stop: Event,
        leave: Callable[[int], object] = os._exit,
    ) -> None:
        self._file = file(places)
        self._works = tuple(works)
        self._stop = stop
        self._leave = leave
        self._lock = Lock()
        self._over = Event()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._ends = Ends.read(self._file.with_name("ends.json"), at=now())
        self._told = {work.name: self._untried(work) for work in self._works}
        self._threads: dict[str, int] = {}

    def _untried(self, work: Work) -> Told:
        where = self._ends.works.get(work.name, "")
        return Told(
            name=work.name,
            keeps=work.keeps,
            began=None,
            falls=0,
            why="",
            step_seconds=STEP_SECONDS,
            where=where,
            hung=self._ends.number if where else 0,
        )

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
        self._threads[work.name] = threading.get_ident()
        _own.goes_on = lambda rests: self._goes_on(work.name, rests)
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
            why = why or before.why
            self._told[work.name] = replace(before, began=began, falls=falls, why=why, silent=0.0)
            self._write()
        return began or 0.0

    def _goes_on(self, name: str, rests: float) -> None:
        with self._lock:
            self._told[name] = replace(self._told[name], silent=-rests)

    def _beat(self) -> None:
        """Say again and again what was said last, for as long as this process does not hang."""
        last = now()
        while not self._over.wait(BEAT_SECONDS):
            # Where the whole process stood still, that counts for none of them.
            last, passed = now(), min(now() - last, 2 * BEAT_SECONDS)
            if self.count(passed):
                self._end()

    def count(self, seconds: float) -> bool:
        """Count so much more time in which no work came back; say whether the worker should end for one."""
        stacks = sys._current_frames()
        with self._lock:
            for name, told in self._told.items():
                if told.began is None:
                    continue
                counted = replace(told, silent=told.silent + seconds)
                if counted.hangs:
                    stack = stacks.get(self._threads.get(name, 0))
                    counted = replace(counted, where=_place(stack))
                    if not told.hangs:
                        lines = "".join(traceback.format_stack(stack)) if stack else ""
                        log.error("work_hangs work=%s where=%s\n%s", name, counted.where, lines)
                self._told[name] = counted
            self._write()
            late = [one for one in self._told.values() if one.silent >= one.step_seconds + GRACE_SECONDS]
        return bool(late) and self._ends.may(now())

    def _end(self) -> None:
        """End this process with the works that hang in it; whoever watches over it starts it again."""
        hanging = {told.name: told.where for told in self._told.values() if told.hangs}
        self._ends.again(hanging, at=now())
        for name, where in hanging.items():
            log.critical("worker_ends why=work_hangs work=%s where=%s", name, where)
        self._stop.set()
        self._over.wait(LAST_SECONDS)
        self._leave(HUNG_STATUS)

    def _write(self) -> None:
        say(self._file, works=[vars(told) for told in self._told.values()])


@dataclass
class Ends:
    """How often a worker was ended lately for what hung in it, when last, and where each work stood."""

    file: Path
    number: int = 0
    at: float = 0.0
    works: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, where: Path, *, at: float) -> Ends:
        """Return what is known of it; what is long ago, or before the machine's start, is forgotten."""
        try:
            found = json.loads(where.read_bytes())
            made = cls(where, int(found["number"]), float(found["at"]), dict(found["works"]))
        except (OSError, ValueError, TypeError, KeyError):
            return cls(where)
        return made if 0 <= at - made.at < 2 * LONGEST_END_SECONDS else cls(where)

    def may(self, at: float) -> bool:
        """Say whether it may be ended once more: the first time at once, then ever later up to a bound."""
        pause = min(FIRST_END_SECONDS * 2 ** min(self.number - 1, 16), LONGEST_END_SECONDS)
        return not self.number or at - self.at >= pause

    def again(self, works: dict[str, str], *, at: float) -> None:
        """Remember one more end."""
        self.number, self.at, self.works = self.number + 1, at, works
        try:
            _put(self.file, json.dumps({"number": self.number, "at": at, "works": works}))
        except OSError as error:
            log.error("not_said file=%s reason=%s", self.file.name, error)


_own = threading.local()


def goes_on(*, rests_seconds: float = 0.0) -> None:
    """Say that this thread's work came back from a step, and how long it rests before the next."""
    said: Callable[[float], None] | None = getattr(_own, "goes_on", None)
    if said is not None:
        said(rests_seconds)


def _place(stack: FrameType | None) -> str:
    """Return where in our own code a thread stands; what it called there is in the log."""
    ours, found = Path(__file__).parents[1], ""
    while stack is not None and not found:
        path = Path(stack.f_code.co_filename)
        if path.is_relative_to(ours) and path.parts[len(ours.parts)] in {"hub", "egress_review"}:
            found = f"{path.relative_to(ours)}:{stack.f_lineno} {stack.f_code.co_name}"
        stack = stack.f_back
    return found or "code that is not ours"


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
