"""What runs beside one another: what dies is started again, and said; what a killed process said is void."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from hub import beside
from hub.beside import Beside, Unknown, Work
from hub.doctor import processes
from hub.places import Places, from_environment
from tests.enclave import until


class Turns(Event):
    """Says stop after so many waits, takes no time, and looks meanwhile what is said."""

    def __init__(self, places: Places, left: int) -> None:
        super().__init__()
        self.places, self.left = places, left
        self.waited: list[float | None] = []
        self.seen: list[str] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        self.seen.append(processes.works(self.places).detail)
        if len(self.waited) >= self.left:
            self.set()
        return self.is_set()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return replace(from_environment(), run=tmp_path)


def test_what_dies_is_started_again_after_pauses_that_grow_to_a_bound(
    places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    def die(_stop: Event) -> None:
        raise KeyError("nobody thought of this")

    stop = Turns(places, 9)
    Beside(places, [Work("notices", "people are told", die)], stop).run()
    assert stop.waited == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert stop.seen[0] == "notices fell 1 times (KeyError) and is not kept meanwhile: people are told"
    assert stop.seen[-1].startswith("notices fell 9 times")
    fell = [record for record in caplog.records if record.getMessage() == "work_fell work=notices"]
    assert len(fell) == 9 and all(record.exc_info for record in fell)


def test_a_work_that_ends_before_its_time_is_started_again_too(places: Places) -> None:
    stop = Turns(places, 2)
    Beside(places, [Work("lapses", "sessions end", lambda _stop: None)], stop).run()
    assert stop.seen[-1].startswith("lapses fell 2 times (it ended by itself)")


def test_one_that_falls_keeps_no_other_from_running(places: Places) -> None:
    fallen, stop = Event(), Event()

    def die(_stop: Event) -> None:
        raise RuntimeError

    def first(_stop: Event) -> None:
        while not any(told.falls for told in beside.read(places)):
            assert not stop.wait(0.01)
        fallen.set()
        stop.set()

    Beside(places, [Work("screenings", "s", first), Work("notices", "n", die)], stop).run()
    assert fallen.is_set()
    falls = {told.name: told.falls for told in beside.read(places)}
    # On a busy machine it may have been begun again meanwhile, and have fallen again.
    assert falls["screenings"] == 0 and falls["notices"] >= 1


def test_what_fell_and_began_again_is_believed_when_it_has_run_for_a_while(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "SILENT_SECONDS", 1000)
    tries = iter([ValueError()])
    said: list[bool] = []

    def once(_stop: Event) -> None:
        for error in tries:
            raise error
        said.append(processes.works(places).ok)
        at = beside.now()
        monkeypatch.setattr(beside, "now", lambda: at + beside.SETTLED_SECONDS)
        said.append(processes.works(places).ok)
        stop.set()

    stop = Turns(places, 5)
    Beside(places, [Work("tallies", "t", once)], stop).run()
    assert said == [False, True]


def test_after_a_long_run_the_first_pause_is_short_again(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(beside, "now", lambda: clock[0])

    def die(stop: Event) -> None:
        if len(stop.waited) == 3:  # type: ignore[attr-defined]  # a test's event
            clock[0] += beside.SETTLED_SECONDS
        raise ValueError

    stop = Turns(places, 5)
    Beside(places, [Work("intakes", "i", die)], stop).run()
    assert stop.waited == [1, 2, 4, 1, 2]


def test_who_is_told_to_stop_does_not_fall(places: Places) -> None:
    stop = Event()
    Beside(places, [Work("notices", "n", lambda told: told.set())], stop).run()
    (told,) = beside.read(places)
    assert (told.falls, processes.works(places).detail) == (0, "1 works run")


def test_the_worker_is_ready_once_every_work_was_begun(places: Places) -> None:
    works = [Work("screenings", "s", lambda stop: stop.set()), Work("notices", "n", lambda _stop: None)]
    both = Beside(places, works, Event())
    both.keep(works[0])
    assert not beside.all_begun(places)
    both = Beside(places, works, Turns(places, 1))
    for work in (works[1], works[0]):
        both._stop.clear()
        both.keep(work)
    assert beside.all_begun(places), "one that fell was begun as well"


def test_a_worker_without_works_keeps_nothing(places: Places) -> None:
    beside.file(places).parent.mkdir()
    beside.say(beside.file(places), works=[])
    assert not processes.works(places).ok
    with pytest.raises(Unknown, match="does not run"):
        beside.all_begun(places)


def test_without_a_worker_nothing_is_known(places: Places) -> None:
    with pytest.raises(Unknown, match="does not run"):
        beside.read(places)
    assert not processes.works(places).ok


def test_what_a_killed_worker_said_counts_for_nothing(places: Places) -> None:
    """A process that ended, and one that has its number since, are not the one that wrote."""
    code = (
        "import os, signal; from threading import Event; from hub.beside import Beside, Work; "
        "from hub.places import places; "
        "work = Work('notices', 'n', lambda stop: os.kill(os.getpid(), signal.SIGKILL)); "
        "Beside(places, [work], Event()).run()"
    )
    environment = os.environ | {"PARLATORY_RUN": str(places.run)}
    assert subprocess.run([sys.executable, "-c", code], check=False, env=environment).returncode == -9
    where = beside.file(places)
    said = json.loads(where.read_bytes())
    assert said["works"][0]["began"]
    with pytest.raises(Unknown, match="does not run"):
        beside.read(places)
    where.write_text(json.dumps(said | {"process": os.getpid()}))
    with pytest.raises(Unknown, match="does not run"):
        beside.read(places)


def test_one_that_hangs_is_there_and_says_nothing(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is stopped, and not ended, speaks no more: nobody knows then that it works."""
    code = (
        "from threading import Event; from hub import beside; from hub.places import places; "
        "beside.BEAT_SECONDS = 0.01; beside.door_file(places).parent.mkdir(); "
        "beside.say(beside.door_file(places), doors=1); "
        "work = beside.Work('notices', 'n', lambda stop: stop.wait(60)); "
        "beside.Beside(places, [work], Event()).run()"
    )
    environment = os.environ | {"PARLATORY_RUN": str(places.run)}

    def at() -> float:
        return float(json.loads(beside.file(places).read_bytes())["at"])

    with subprocess.Popen([sys.executable, "-c", code], env=environment) as hung:
        try:
            until(lambda: processes.works(places).ok, seconds=60, what="it says how it is")
            before = at()
            until(lambda: at() > before, seconds=60, what="it says so again")
            assert processes.door(places).ok
            hung.send_signal(signal.SIGSTOP)
            late = beside.now() + beside.SILENT_SECONDS + 1
            monkeypatch.setattr(beside, "now", lambda: late)
            for look in (processes.works, processes.door):
                found = look(places)
                assert (found.ok, "it hangs" in found.detail) == (False, True)
        finally:
            hung.kill()


@pytest.mark.parametrize(
    "spoilt", ["", "[]", "{}", '{"process": 1, "life": ""}', '{"process": "x", "life": "7"}']
)
def test_what_cannot_be_read_is_not_known(places: Places, spoilt: str) -> None:
    beside.file(places).parent.mkdir()
    beside.file(places).write_text(spoilt)
    with pytest.raises(Unknown):
        beside.read(places)


def test_what_cannot_be_written_leaves_nothing_old(
    places: Places, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    def die(_stop: Event) -> None:
        monkeypatch.setattr(beside, "_put", full)
        raise ValueError

    Beside(places, [Work("notices", "n", die)], Turns(places, 1)).run()
    assert not processes.works(places).ok
    assert logging.ERROR in {record.levelno for record in caplog.records if "not_said" in record.message}


def test_what_is_said_may_be_read_by_the_portal(places: Places) -> None:
    Beside(places, [Work("notices", "n", lambda stop: stop.set())], Event()).run()
    assert beside.file(places).stat().st_mode & 0o777 == 0o644
