"""Health: which promise is broken is said inside and to admins, that one is to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.test import Client

from hub import beside, doctor
from hub.beside import Beside, Work
from hub.doctor import standing
from hub.people.models import Person, Role
from hub.places import places
from tests import portal, throwaway
from tests.portal import Policies, RemoteStandIn
from tests.unit.pages.test_metrics import numbers

pytestmark = pytest.mark.django_db
WHEN = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder for what the doctor finds, whose group is whoever runs the test."""
    monkeypatch.setattr("hub.files.os.fchown", lambda *_: None)
    monkeypatch.setattr("hub.doctor.standing.grp.getgrnam", lambda _: type("Group", (), {"gr_gid": 0}))
    folder = throwaway.state() / "doctor"
    folder.mkdir(exist_ok=True)
    beside.docker_file(places).parent.mkdir(parents=True, exist_ok=True)
    beside.door_file(places).parent.mkdir(exist_ok=True)
    beside.say(beside.door_file(places), doors=0)
    works()
    docker(away=False)
    yield
    said = (beside.file(places), beside.docker_file(places), beside.door_file(places))
    for file in (folder / "standing.json", *said):
        file.unlink(missing_ok=True)


def docker(*, away: bool) -> None:
    """Let an engine say whether Docker answers it."""
    beside.say(beside.docker_file(places), away=away)


def works(falls: Exception | None = None) -> None:
    """Let a worker say what runs in it: notices, which may have fallen."""

    class Once(Event):
        """Says stop instead of waiting."""

        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return True

    def run(stop: Event) -> None:
        if falls:
            raise falls
        stop.set()

    Beside(places, [Work("notices", "people get their notices", run)], Once()).run()


def look(*, at: datetime, broken: str = "") -> None:
    results = [
        {
            "name": promise.name,
            "promise": promise.promise,
            "ok": promise.name != broken,
            "detail": "entry 7 was changed" if promise.name == broken else "fine",
            "fix": promise.fix,
        }
        for promise in doctor.PROMISES
    ]
    standing.keep(places, results, at=at, took_seconds=1)


def _browser(who: Person) -> Client:
    browser = Client()
    browser.force_login(who)
    return browser


def asked(host: str) -> tuple[int, dict[str, Any]]:
    answer = Client().get("/health/", headers={"host": host})
    return answer.status_code, answer.json()


def test_inside_the_broken_promise_is_named_and_outside_that_there_is_one() -> None:
    look(at=datetime.now(UTC) - timedelta(minutes=1), broken="ledger")
    status, said = asked("127.0.0.1")
    assert status == 503
    (one,) = said["broken"]
    assert one["promise"] == "The ledger verifies"
    assert one["detail"] == "entry 7 was changed"
    assert one["fix"] and one["since"]
    assert asked("portal.localhost") == (503, {"ok": False})


def test_all_well_is_said_where_all_was_found_well_lately() -> None:
    look(at=datetime.now(UTC))
    assert asked("portal.localhost") == (200, {"ok": True})
    assert asked("portal")[1]["broken"] == []


def test_what_was_found_long_ago_is_not_well() -> None:
    look(at=datetime.now(UTC) - timedelta(hours=1))
    status, said = asked("127.0.0.1")
    looked_at = [promise.name for promise in doctor.PROMISES if not promise.at_once]
    assert (status, [one["name"] for one in said["broken"]]) == (503, looked_at)


def test_a_fallen_work_is_named_at_once_though_the_last_look_found_all_well() -> None:
    look(at=datetime.now(UTC))
    assert asked("127.0.0.1")[0] == 200
    works(falls=ZeroDivisionError())
    status, said = asked("127.0.0.1")
    (one,) = said["broken"]
    assert (status, one["name"]) == (503, "works")
    assert "notices fell 1 times (ZeroDivisionError)" in one["detail"]
    assert "people get their notices" in one["detail"] and "hub logs worker" in one["fix"]
    found = numbers()
    assert found["parlatory_promise_kept{promise=works}"] == 0
    assert (found["parlatory_work_runs{work=notices}"], found["parlatory_work_falls{work=notices}"]) == (0, 1)


def test_a_docker_that_is_away_is_said_at_once_though_the_last_look_found_all_well() -> None:
    look(at=datetime.now(UTC))
    docker(away=True)
    status, said = asked("127.0.0.1")
    (one,) = said["broken"]
    assert (status, one["name"], "no session starts or ends" in one["detail"]) == (503, "docker", True)
    assert numbers()["parlatory_promise_kept{promise=docker}"] == 0
    docker(away=False)
    assert asked("portal.localhost") == (200, {"ok": True})


def test_the_portals_own_pulse_says_nothing_of_promises() -> None:
    answer = Client().get("/health/portal/", headers={"host": "portal.localhost"})
    assert (answer.status_code, answer.json()) == (200, {"portal": "ok"})


def test_each_promise_is_a_number() -> None:
    look(at=datetime.now(UTC), broken="ledger")
    found = numbers()
    kept = {name: value for name, value in found.items() if name.startswith("parlatory_promise_kept")}
    assert len(kept) == len(doctor.PROMISES)
    assert [name for name, value in kept.items() if value == 0] == ["parlatory_promise_kept{promise=ledger}"]
    look(at=WHEN)
    assert numbers()["parlatory_promise_kept{promise=room}"] == 0
    assert numbers()["parlatory_promises_looked_at_seconds"] == WHEN.timestamp()


def test_an_admin_reads_at_home_what_is_broken_and_what_to_do(
    policies: Policies, remote: RemoteStandIn
) -> None:
    admin, other = (
        portal.person("ada", Role.ADMIN, second_factor=True),
        portal.person("rosa", Role.RESEARCHER),
    )
    look(at=datetime.now(UTC), broken="ledger")
    home = _browser(admin).get("/").content.decode()
    assert "The ledger verifies" in home and "entry 7 was changed" in home
    assert "keep a copy of the state folder" in home
    assert "The ledger verifies" not in _browser(other).get("/").content.decode()
    look(at=datetime.now(UTC))
    assert "entry 7" not in _browser(admin).get("/").content.decode()
    look(at=WHEN)
    assert "is not known" in _browser(admin).get("/").content.decode()
