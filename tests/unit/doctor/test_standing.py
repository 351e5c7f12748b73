"""What is kept of a look: which promise is broken and since when; what nobody looked at does not hold."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import doctor
from hub.doctor import rounds, standing
from hub.doctor.promise import Finding, Promise
from hub.places import Places, from_environment

AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
KEPT_SECONDS = standing.EVERY_SECONDS + standing.GRACE_SECONDS


def door(_places: Places) -> Finding:
    return Finding(ok=True, detail="it is shut")


def wall(_places: Places) -> Finding:
    return Finding(ok=True, detail="it stands")


PROMISES = (
    Promise("The door is shut", "it is tried", "shut it", door),
    Promise("The wall stands", "it is pushed", "build it", wall),
)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """An enclave whose files belong to whoever runs the test."""
    (tmp_path / "doctor").mkdir()
    monkeypatch.setattr("hub.files.os.fchown", lambda *_: None)
    monkeypatch.setattr("hub.doctor.standing.grp.getgrnam", lambda _: type("Group", (), {"gr_gid": 0}))
    return replace(from_environment(), state=tmp_path)


def keep(places: Places, at: datetime, **broken: str) -> None:
    results = [
        {
            "name": promise.name,
            "promise": promise.promise,
            "ok": promise.name not in broken,
            "detail": broken.get(promise.name, "fine"),
            "fix": promise.fix if promise.name in broken else "",
        }
        for promise in PROMISES
    ]
    standing.keep(places, results, at=at, took_seconds=0)


def file(places: Places) -> Path:
    return places.state / "doctor" / "standing.json"


def test_a_broken_promise_is_named_with_its_fix_and_its_time(places: Places) -> None:
    keep(places, AT, wall="it leans")
    found = standing.read(places, PROMISES, at=AT)
    assert not found.ok
    (one,) = found.broken
    assert (one.name, one.promise, one.detail, one.fix, one.since) == (
        "wall",
        "The wall stands",
        "it leans",
        "build it",
        AT,
    )


def test_all_hold_where_all_were_found_to(places: Places) -> None:
    keep(places, AT)
    assert standing.read(places, PROMISES, at=AT).ok


def test_a_promise_is_broken_since_it_was_first_found_so(places: Places) -> None:
    keep(places, AT)
    later = AT + timedelta(minutes=15)
    keep(places, later, door="open")
    keep(places, later + timedelta(minutes=15), door="wide open")
    (one,) = standing.read(places, PROMISES, at=later + timedelta(minutes=15)).broken
    assert (one.since, one.detail) == (later, "wide open")


@pytest.mark.parametrize("seconds", [KEPT_SECONDS + 1, -1])
def test_a_look_too_old_or_of_the_future_says_nothing(places: Places, seconds: float) -> None:
    keep(places, AT)
    assert standing.read(places, PROMISES, at=AT + timedelta(seconds=KEPT_SECONDS)).ok
    found = standing.read(places, PROMISES, at=AT + timedelta(seconds=seconds))
    assert [stand.ok for stand in found.stands] == [False, False]
    assert not found.current
    assert "since 2026-11-27 12:00" in found.broken[0].detail


def test_a_promise_that_the_look_did_not_know_is_not_known_to_hold(places: Places) -> None:
    keep(places, AT)
    more = Promise("The roof is on", "it rains", "mend it", lambda _: Finding(ok=True, detail=""))
    (one,) = standing.read(places, [*PROMISES, more], at=AT).broken
    assert (one.promise, one.detail, one.since) == ("The roof is on", standing.NOT_LOOKED, None)


def test_what_can_be_looked_at_at_once_is_whatever_the_last_look_found(places: Places) -> None:
    keep(places, AT, wall="it leaned")
    leans = Finding(ok=False, detail="it leans")

    def now(found: Finding) -> Promise:
        def wall(_places: Places) -> Finding:
            return found

        return replace(PROMISES[1], look=wall, at_once=True)

    later = AT + timedelta(days=7)
    (found,) = standing.read(places, [now(leans)], at=later).stands
    assert (found.ok, found.detail, found.fix, found.since) == (False, "it leans", "build it", AT)
    (found,) = standing.read(places, [now(PROMISES[1].look(places))], at=later).stands
    assert (found.ok, found.detail, found.fix, found.since) == (True, "it stands", "", None)
    file(places).unlink()
    (found,) = standing.read(places, [now(leans)], at=later).stands
    assert (found.ok, found.since) == (False, None)


def changed(document: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {**document, "stands": [{**document["stands"][0], **changes}, document["stands"][1]]}


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda _: "",
        lambda _: "[]",
        lambda good: json.dumps(changed(good, ok="yes")),
        lambda good: json.dumps(good | {"until": "tomorrow"}),
        lambda good: json.dumps(good | {"looked_at": "2026-11-27T12:00:00"}),
        lambda good: json.dumps(good | {"stands": [{"name": "door", "ok": True}]}),
        lambda good: json.dumps(good | {"stands": None}),
    ],
)
def test_what_cannot_be_read_holds_nothing(places: Places, spoilt: Any) -> None:
    keep(places, AT)
    file(places).write_text(spoilt(json.loads(file(places).read_text())))
    assert not standing.read(places, PROMISES, at=AT).ok


def test_what_was_kept_is_roots_to_write_and_the_portals_to_read(places: Places) -> None:
    keep(places, AT)
    assert file(places).stat().st_mode & 0o777 == 0o640


def test_two_looks_that_end_at_once_are_kept_one_after_the_other(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, *_: object, **__: object) -> None:
        other = os.open(path.parent, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(other)
        written.append(path)

    written: list[Path] = []
    monkeypatch.setattr("hub.files.write", write)
    keep(places, AT)
    keep(places, AT)
    assert written == [file(places)] * 2


def test_a_round_keeps_what_it_finds_and_comes_back_sooner_where_something_is_broken(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "PROMISES", PROMISES)
    assert rounds.look(places) == standing.EVERY_SECONDS
    assert standing.read(places, PROMISES, at=datetime.now(UTC)).ok
    bad = replace(PROMISES[0], look=lambda _: Finding(ok=False, detail="open"))
    monkeypatch.setattr(doctor, "PROMISES", (bad, PROMISES[1]))
    assert rounds.look(places) < standing.EVERY_SECONDS
    assert not standing.read(places, (bad, PROMISES[1]), at=datetime.now(UTC)).ok


def test_long_looks_come_seldom_and_say_something_until_the_next() -> None:
    assert standing.pause_seconds(120, ok=False) == standing.pause_seconds(120, ok=True) == 2400
