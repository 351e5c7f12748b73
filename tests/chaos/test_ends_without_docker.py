"""Docker hangs: nobody waits for it, what may not go on is cut off at once, and ends when it is back.

Portal, policies, gate and engine are the enclave's own, on a Docker of the test's; the kernels are stand-ins.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection

from hub.cli import programs
from hub.doctor import processes
from hub.engine import homes
from hub.gate.portal import Portal
from hub.places import PORTS
from tests import gatehouse, ports
from tests.chaos import own_docker
from tests.chaos.own_docker import PATIENCE_SECONDS, Ward
from tests.enclave import until
from tests.engine_room import new_id
from tests.gatehouse import KERNEL, House
from tests.hostile import Kernel, frame
from tests.integration.egress_review.stage import Stage, listens, prepared

pytestmark = pytest.mark.timeout(300)

MAKE = """
from tests import portal
from hub.people.models import Role
who = portal.person({name!r}, Role.RESEARCHER)
place = portal.project({name!r}, member=who)
portal.approval(place, portal.version({name!r}), signed_by=who)
made = portal.session(place, who)
answer = [made.pk, made.workspace_id, who.pk, made.workspace.slug]
"""
FIND = """
from hub.access import approvals
from hub.access.models import Approval
from hub.workspaces import lapses
from hub.workspaces.models import Session
made = Session.objects.with_people().get(pk={session!r})
answer = None
"""
HOURS_AGO = "datetime.now(UTC) - timedelta(hours=30)"
# What makes an end of a session, and what its person then reads.
WAYS = {
    "revoked": (
        "one = Approval.objects.get(project=made.workspace.project)\n"
        "steward = one.version.dataset.steward\n"
        "approvals.revoke(by=steward, approval=one, reason='The speakers were asked again.')",
        "not approved today",
    ),
    "over": (f"Session.objects.filter(pk=made.pk).update(expires_at={HOURS_AGO})", "reached its time limit"),
    "idle": (
        f"Session.objects.filter(pk=made.pk).update(active_at={HOURS_AGO}, started_at={HOURS_AGO})",
        "Nothing happened in the session",
    ),
    # The last: whose lease is not renewed by a gate for ten minutes is every one that is left.
    "lapsed": (
        "at = [0.0]\nwatch = lapses.Watch(lambda: at[0])\nwatch.look()\n"
        "at[0] = lapses.LAPSED_SECONDS\nwatch.look()",
        "Nobody renewed the session",
    ),
}


@dataclass
class Working:
    """Somebody at work: a session as the portal, the engine and the gate know it."""

    session: str
    workspace: str
    person: str
    server: str
    kernel: WebSocketClientConnection


@contextmanager
def portal_beside(ward: Ward) -> Iterator[tuple[Stage, Path]]:
    """Yield a portal with policies, whose engine is the ward's, and the socket for the gate."""
    run = ward.room.places.run
    stage = prepared(run, ports.free(len(PORTS)))
    places = replace(ward.room.places, state=stage.state, base_port=stage.port)
    (run / "portal").mkdir()
    try:
        stage.start("-m", "hub.policy", "serve")
        stage.start("-m", "gunicorn", *programs.portal(places))
        until(lambda: listens(places.portal_socket), seconds=60, what="the portal answers")
        until(lambda: ports.listens(stage.port + PORTS["opa"]), seconds=60, what="the policies answer")
        yield stage, places.portal_socket
    finally:
        stage.stop()


def renewed(house: House) -> None:
    """Renew the leases; a portal on a busy machine may answer too late for one renewal."""
    until(house.tick, seconds=60, what="the portal answers the gate")


def at_work(name: str, ward: Ward, stage: Stage, house: House) -> Working:
    """Bring somebody new to work: a container that runs, and a kernel's websocket through the gate."""
    session, workspace, person, server = stage.ask(MAKE.format(name=name))
    status, said = ward.room.post(ward.room.grant(session=session, workspace=workspace))
    assert status == 201, said
    ward.beats(workspace)
    base = f"/user/{person}/{server}"
    told = type("Told", (Kernel,), {"frames": [frame("status", {"execution_state": "idle"})], "inward": []})
    house.serve_session(Application([(rf"{base}/api/kernels/{KERNEL}/channels", told)]), session=session)
    renewed(house)
    kernel = house.websocket(person=person, base=base)
    assert house.next(kernel) is not None
    return Working(session, workspace, person, server, kernel)


def nobody_waits(ward: Ward, session: str) -> None:
    """Whoever asks while Docker hangs is answered with a sentence, and the doctor says it."""
    found = processes.docker(ward.room.places)
    assert (found.ok, "no session starts or ends" in found.detail) == (False, True)
    ward.refuses_to_start()
    for method, path in (("GET", "/health"), ("GET", "/sessions"), ("DELETE", f"/sessions/{session}")):
        status, said = ward.room.ask("portal", method, path, seconds=PATIENCE_SECONDS)
        assert (status, "does not answer" in said["error"]) == (503, True)


def home_is_whole(ward: Ward, workspace: str) -> bool:
    """Say whether a home that is not mounted has nothing to repair."""
    file = homes.image(ward.room.places, workspace)
    return subprocess.run(["e2fsck", "-f", "-n", file], capture_output=True, check=False).returncode == 0


def test_what_ends_while_docker_hangs_is_cut_off_at_once_and_ends_when_it_is_back() -> None:
    late = new_id()
    with (
        own_docker.opened(live_restore=True) as ward,
        portal_beside(ward) as (stage, socket),
        gatehouse.opened() as house,
    ):
        token = (stage.state / "secrets" / "data" / "gate-portal").read_text()
        house.leases._portal = Portal(socket=str(socket), token=token)
        working = {name: at_work(name, ward, stage, house) for name in WAYS}
        # One that nobody but the engine ends: the portal does not know it.
        soon = datetime.now(UTC) + timedelta(seconds=5)
        forgotten = ward.room.grant(workspace=late, ends_at=soon)
        assert ward.room.post(forgotten)[0] == 201
        ward.docker.hang()
        ward.says("docker_away", times=1)
        nobody_waits(ward, working["revoked"].session)
        left = list(WAYS)
        for name, (act, words) in WAYS.items():
            one = working[name]
            stage.ask(FIND.format(session=one.session) + act)
            renewed(house)
            place = house.leases._places[one.session]
            assert (place.lease.live, words in str(place.lease.reason)) == (False, True), place.lease
            assert house.ended(one.kernel, 10)
            with house.client(one.person) as browser:
                assert browser.get(f"/user/{one.person}/{one.server}/api/kernels").status_code == 403
            # Its container runs on, for nobody can end it; whoever may go on does.
            ward.beats(one.workspace)
            left.remove(name)
            assert all(house.leases._places[working[other].session].lease.live for other in left)
        ward.docker.go_on()
        ward.says("docker_back", times=1)
        assert processes.docker(ward.room.places).ok

        def all_gone() -> bool:
            # What could not be cleared is asked for again with the leases.
            renewed(house)
            return ward.left() == []

        until(all_gone, seconds=60, what="every container has ended")
        (seen,) = ward.room.ask("hub", "GET", "/sessions")[1]
        assert (seen["session"], seen["reason"]) == (forgotten.session, "The session reached its time limit.")
        for workspace in (late, *(one.workspace for one in working.values())):
            assert home_is_whole(ward, workspace)
        # And one is opened again, with what was written in it.
        again = ward.room.grant(workspace=working["revoked"].workspace)
        assert ward.room.post(again)[0] == 201
        ward.beats(again.workspace)
        assert (ward.home(again.workspace) / "notes").read_text().splitlines() == ["started"] * 2
        assert ward.room.ask("hub", "DELETE", f"/sessions/{again.session}")[0] == 200
