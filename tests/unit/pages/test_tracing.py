"""One id joins the lines and records of a request; the logs hold no secret and no content."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from hub import ids, trace
from hub.ledger.models import Entry
from hub.people.models import Role
from hub.workspaces.models import SessionState
from tests import portal
from tests.portal import PASSWORD, Policies, RemoteStandIn

pytestmark = pytest.mark.django_db

INSIDE, OUTSIDE = "127.0.0.1", "portal.localhost:8000"
GATE = settings.PARLATORY_GATE_PORTAL_TOKEN


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, as the processes write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(trace.Lines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_our_own_processes_say_which_request_it_is() -> None:
    given = ids.new()
    answer = Client().get("/health/", headers={"host": INSIDE, trace.HEADER: given})
    assert answer.headers[trace.HEADER] == given


def test_a_browser_does_not() -> None:
    """Else whoever knows an id could write lines into somebody else's story."""
    given = ids.new()
    answer = Client().get("/health/", headers={"host": OUTSIDE, trace.HEADER: given})
    assert re.fullmatch(r"[0-9a-z]{26}", answer.headers[trace.HEADER])
    assert answer.headers[trace.HEADER] != given


def test_the_id_is_in_every_line_and_in_the_decisions_record(
    log: io.StringIO, policies: Policies, remote: RemoteStandIn
) -> None:
    who = portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=who)
    client = Client()
    client.force_login(who, backend=settings.AUTHENTICATION_BACKENDS[0])
    policies.deny("start")
    log.truncate(0)
    answer = client.post(f"/workspaces/{project.slug}/start/", headers={"host": OUTSIDE})
    assert answer.status_code == 403
    request = answer.headers[trace.HEADER]
    ours = [line for line in lines(log) if line["event"] in ("decision_recorded", "answered")]
    assert {line["event"] for line in ours} == {"decision_recorded", "answered"}
    assert {line["request"] for line in ours} == {request}
    entry = Entry.objects.get(kind="decision_denied")
    assert entry.facts["request"] == request


def test_what_the_gate_reports_keeps_its_id(
    log: io.StringIO, policies: Policies, remote: RemoteStandIn
) -> None:
    who = portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=who)
    portal.session(project, who, state=SessionState.RUNNING)
    policies.deny("continue", "Your approval was revoked.")
    given = ids.new()
    headers = {"host": INSIDE, "authorization": f"Bearer {GATE}", trace.HEADER: given}
    answer = Client().post(
        "/internal/leases", {"sessions": {}}, content_type="application/json", headers=headers
    )
    assert answer.status_code == 200
    assert Entry.objects.get(kind="decision_denied").facts["request"] == given


def test_no_secret_and_no_content_is_logged(
    log: io.StringIO, policies: Policies, remote: RemoteStandIn
) -> None:
    """At the most talkative level: what people type, tokens, cookies and addresses with words in them."""
    who = portal.person("rosa", Role.RESEARCHER)
    client = Client()
    host = {"host": OUTSIDE}
    client.post("/sign-in/", {"login": who.email, "password": "wrong-" + PASSWORD}, headers=host)
    client.post("/sign-in/", {"login": who.email, "password": PASSWORD}, headers=host)
    client.force_login(who, backend=settings.AUTHENTICATION_BACKENDS[0])
    client.get("/", headers=host)
    client.get("/nowhere/the-words-of-a-speaker?q=more-words", headers=host)
    client.get("/", headers=host | {"referer": "http://portal.localhost:8000/referring-words"})
    Client().post(
        "/internal/events",
        {"kind": "saved", "session": ids.new(), "facts": {"path": "a-file-of-words"}},
        content_type="application/json",
        headers={"host": INSIDE, "authorization": f"Bearer {GATE}"},
    )
    Client().post(
        "/internal/leases", "{", content_type="text/plain", headers={"host": INSIDE, "authorization": GATE}
    )
    text = log.getvalue()
    assert '"event": "answered"' in text, "nothing was logged, so nothing was shown"
    cookies = [morsel.value for morsel in client.cookies.values() if morsel.value]
    secrets = [GATE, settings.SECRET_KEY, settings.PARLATORY_HUB_API_TOKEN, PASSWORD, who.email, *cookies]
    words = ["words-of-a-speaker", "more-words", "referring-words", "a-file-of-words"]
    assert not [word for word in (*secrets, *words) if word in text]
