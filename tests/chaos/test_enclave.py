"""The running enclave, its processes killed under a session: it goes on, or ends with its home whole."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Iterator
from random import Random
from typing import Any

import docker
import pytest
from playwright.sync_api import Error

from hub.cli.supervision import Supervisor
from tests.browser import workspace
from tests.chaos import points
from tests.enclave import Enclave, until
from tests.indoors import Inside, enter
from tests.people import People
from tests.security.without import running

KILLED = ("gate", "hub", "engine", "door", "worker", "portal", "opa", "proxy")
BACK_SECONDS = 60
LOOK = """
import json
from hub.ledger import audit, publisher
from hub.ledger.tiles import Tiles
from hub.workspaces.models import Session
report = audit.verify(Tiles(publisher.folder()), publisher.signer().verifier)
found = Session.objects.get(pk={session!r})
wrong = [one.text for one in report.findings if not one.good]
print(json.dumps({{"wrong": wrong, "state": found.state, "reason": found.end_reason}}))
"""
SAVE = """
import hashlib, os
kept = os.urandom(1 << 20)
with open('kept.bin', 'wb') as out:
    out.write(kept)
print(hashlib.sha256(kept).hexdigest())
"""
READ = "print(__import__('hashlib').sha256(open('kept.bin', 'rb').read()).hexdigest())"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def inside(enclave: Enclave, people: People) -> Iterator[Inside]:
    """Somebody at work in a session."""
    running.wait(enclave.places)
    with enter(enclave, people) as entered:
        yield entered
    running.wait(enclave.places)


def look(enclave: Enclave, session: str) -> dict[str, Any]:
    """Return what the services say of a session, and what is wrong with the ledger."""
    said: dict[str, Any] = json.loads(enclave.service(LOOK.format(session=session)).splitlines()[-1])
    return said


def kill(enclave: Enclave, name: str) -> None:
    """Kill a process of the enclave and wait until it is back and every part answers."""

    def pid() -> int | None:
        found = next(one for one in Supervisor(enclave.places).processes() if one.name == name)
        return found.pid if found.state == "RUNNING" else None

    before = pid()
    assert before, f"{name} does not run to begin with"
    os.kill(before, signal.SIGKILL)
    until(lambda: pid() not in (None, before), seconds=BACK_SECONDS, what=f"{name} started again")
    running.wait(enclave.places)


def said(inside: Inside, code: str) -> str:
    """Return what a kernel prints, or nothing while the way to it is cut."""
    try:
        return inside.say(code, seconds=10)
    except (AssertionError, Error):
        return ""


def test_a_session_outlives_every_process_around_it(inside: Inside, enclave: Enclave) -> None:
    seed = points.seed()
    inside.say("remembered = 'from before'")
    digest = inside.say(SAVE)
    for number in range(points.rounds()):
        order = Random(f"{seed}:{number}").sample(KILLED, len(KILLED))
        for name in order:
            kill(enclave, name)
            what = f"{points.VARIABLE}={seed} replays this: the kernel answers again after {name} was killed"
            until(lambda: said(inside, "print(remembered)") == "from before", seconds=BACK_SECONDS, what=what)
            found = look(enclave, inside.session)
            assert (found["state"], found["wrong"]) == ("running", []), f"seed {seed}, {name}: {found}"
    assert inside.say(READ) == digest


def test_a_killed_container_ends_its_session_with_a_reason_and_its_home_whole(
    inside: Inside, enclave: Enclave
) -> None:
    digest = inside.say(SAVE)
    assert len(digest) == len(hashlib.sha256().hexdigest())
    # What a power cut may take is what nobody synced; a killed container takes nothing.
    engine = docker.APIClient(version="auto")
    try:
        label = {"label": f"parlatory.session={inside.session}"}
        (container,) = engine.containers(filters=label)
        engine.kill(container["Id"], "SIGKILL")
        until(
            lambda: look(enclave, inside.session)["state"] == "ended",
            seconds=BACK_SECONDS,
            what="the session ended",
        )
        until(
            lambda: not engine.containers(all=True, filters=label), seconds=30, what="nothing is left of it"
        )
    finally:
        engine.close()
    found = look(enclave, inside.session)
    assert found["reason"]
    assert found["wrong"] == []
    workspace.start(inside.page, enclave, inside.scene.project)
    base = workspace.open_lab(inside.page)
    again = Inside(scene=inside.scene, page=inside.page, base=base, session=inside.scene.session())
    assert again.session != inside.session
    assert again.say(READ) == digest
