"""The frame: hosts, headers, cookies, errors, and each page for the role it is for."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from hub.errors import Busy, Invalid, NotFound, Refused, Unavailable, WrongState
from hub.pages import home, offices, views
from hub.people.models import Person, Role
from hub.projects.models import Membership
from hub.workspaces.models import Session, SessionState
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db


def browser(who: Person | None = None) -> Client:
    made = Client(headers={"host": "portal.localhost"}, raise_request_exception=False)
    if who is not None:
        made.post("/sign-in/", {"login": who.email, "password": portal.PASSWORD})
    return made


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("evil.example", "/", 400),
        ("lab.localhost", "/", 400),
        ("evil.example", "/internal/leases", 400),
        ("127.0.0.1", "/", 421),
        ("127.0.0.1", "/sign-in/", 421),
        ("127.0.0.1", "/identity/o/authorize", 421),
        ("portal", "/sign-in/", 421),
        ("portal.localhost", "/internal/leases", 421),
        ("127.0.0.1", "/health/portal/", 200),
        ("portal", "/health/portal/", 200),
        ("portal.localhost", "/health/portal/", 200),
    ],
)
def test_host_and_path_have_to_belong_together(host: str, path: str, status: int) -> None:
    assert Client().get(path, headers={"host": host}).status_code == status


def test_every_page_forbids_scripts_frames_and_caching() -> None:
    answer = browser().get("/sign-in/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "script-src" not in policy and "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"].startswith(("no-store", "max-age=0"))
    assert b"<script" not in answer.content and b" style=" not in answer.content


def test_cookies_are_the_portals_own_and_read_by_no_script(policies: Policies) -> None:
    made = browser(portal.person("rosa"))
    made.get("/sign-in/")
    session, csrf, known = (f"parlatory_portal_{name}" for name in ("session", "csrf", "known"))
    assert set(made.cookies) <= {session, csrf, known, "messages"}
    for name in (session, csrf, known):
        assert made.cookies[name]["httponly"] and made.cookies[name]["samesite"] in ("Lax", "Strict")
        assert not made.cookies[name]["domain"]


def test_a_form_from_elsewhere_changes_nothing(policies: Policies) -> None:
    who = portal.person("rosa")
    strict = Client(enforce_csrf_checks=True, headers={"host": "portal.localhost"})
    strict.force_login(who)
    answer = strict.post("/sign-out/", headers={"origin": "http://lab.localhost:8001"})
    assert answer.status_code == 403
    assert b"sent from another site" in answer.content


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused(["Your training has run out.", "Ask an admin."]), 403),
        (WrongState("It has ended."), 409),
        (NotFound("There is no such thing."), 404),
        (Invalid("The name is too long."), 400),
        (Unavailable("Notebooks do not answer."), 503),
        (Busy("Two are going on."), 429),
        (RuntimeError("secret detail"), 500),
    ],
)
def test_an_error_becomes_a_page_with_its_sentences(
    error: Exception, status: int, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = browser(portal.person("rosa"))

    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr(home, "places_of", fail)
    answer = made.get("/")
    assert answer.status_code == status
    assert b"secret detail" not in answer.content
    for reason in getattr(error, "reasons", ()):
        assert reason.encode() in answer.content


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/account/",
        "/people/",
        "/datasets/",
        "/projects/",
        "/approvals/",
        "/sessions/",
        "/workspaces/vowels/",
    ],
)
def test_nobody_sees_a_page_without_signing_in(path: str) -> None:
    answer = browser().get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("path", ["/people/", "/projects/?all=1", "/approvals/", "/sessions/"])
def test_records_are_shown_to_nobody_whom_the_policies_refuse(path: str, policies: Policies) -> None:
    policies.deny("read_records", "Your roles do not let you read this.")
    answer = browser(portal.person("rosa", Role.RESEARCHER)).get(path)
    assert answer.status_code == 403
    assert b"Your roles do not let you read this." in answer.content


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_home(role: Role, policies: Policies) -> None:
    who = portal.person("rosa", role, second_factor=False, is_demo=True)
    portal.approval(portal.project(member=who), portal.version())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.people.facts.second_factor_waived", lambda person: True)
        answer = browser(who).get("/")
    assert answer.status_code == 200
    assert answer.content.count(b"<h1>") == 1
    assert b"Sign \xe2\x80\x9cUse\xe2\x80\x9d" in answer.content


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COMMITTEE_MEMBER])
def test_an_office_sees_its_own_pages_at_home_and_is_not_told_to_seek_a_project(
    role: Role, policies: Policies
) -> None:
    made = browser(portal.person("olga", role))
    shown = made.get("/")
    assert b"You are not a member of a project" not in shown.content
    for office in offices.of(frozenset({role})):
        for door in office.doors:
            assert f'href="{door.url}"'.encode() in shown.content
            assert made.get(door.url).status_code == 200


def test_every_role_without_projects_of_its_own_has_an_office() -> None:
    without = {role for role in Role if not offices.of(frozenset({role}))}
    assert without == views.RESEARCH


def test_home_says_that_a_project_has_no_data_and_does_not_lead_there(policies: Policies) -> None:
    who = portal.person("rosa", Role.RESEARCHER)
    portal.project(member=who)
    shown = browser(who).get("/")
    assert b"no data approved" in shown.content
    assert b"Open your workspace" not in shown.content


def test_who_has_no_project_reads_whom_to_ask(policies: Policies) -> None:
    portal.person("ada", Role.ADMIN)
    answer = browser(portal.person("nils")).get("/")
    assert b"You are not a member of a project" in answer.content and b"ada@north.example" in answer.content


WORDS = {
    SessionState.REQUESTED: b"Your session is starting",
    SessionState.STARTING: b"Your session is starting",
    SessionState.RUNNING: b"Open JupyterLab",
    SessionState.ENDED: b"Start a session",
    SessionState.FAILED: b"Start a session",
}


@pytest.mark.parametrize("state", list(SessionState))
def test_the_workspace_page_says_what_can_be_done(
    state: SessionState, policies: Policies, remote: RemoteStandIn
) -> None:
    who = portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=who)
    portal.approval(project, portal.version(), signed_by=who)
    portal.session(project, who, state=state)
    answer = browser(who).get("/workspaces/vowels/")
    assert WORDS[state] in answer.content
    assert b"an hour of speech is 5.4 MB" in answer.content


def test_the_workspace_page_lists_every_reason_against_a_start(policies: Policies) -> None:
    who = portal.person("rosa", Role.RESEARCHER)
    portal.project(member=who)
    policies.deny("start", "The project “Vowels” ended yesterday.")
    made = browser(who)
    assert "The project “Vowels” ended yesterday.".encode() in made.get("/workspaces/vowels/").content
    answer = made.post("/workspaces/vowels/start/")
    assert answer.status_code == 403
    assert "The project “Vowels” ended yesterday.".encode() in answer.content


def _without_token(page: bytes) -> bytes:
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", page)


@pytest.mark.parametrize("page", ["/projects/{}/", "/workspaces/{}/"])
def test_a_project_of_others_answers_as_one_that_does_not_exist(page: str, policies: Policies) -> None:
    portal.project()
    policies.deny("read_records", "Your roles do not let you read this.")
    made = browser(portal.person("rosa", Role.RESEARCHER))
    made.get("/account/")
    there, nowhere = made.get(page.format("vowels")), made.get(page.format("consonants"))
    assert there.status_code == nowhere.status_code == 404
    assert _without_token(there.content) == _without_token(nowhere.content)
    assert b"Vowels" not in there.content


def test_who_may_read_about_every_project_may_see_any(policies: Policies) -> None:
    portal.project()
    made = browser(portal.person("ada", Role.AUDITOR))
    for page in ("/projects/vowels/", "/workspaces/vowels/"):
        assert made.get(page).status_code == 200


def test_a_former_member_reads_why_no_session_starts(policies: Policies) -> None:
    who = portal.person("rosa", Role.RESEARCHER)
    Membership.objects.filter(project=portal.project(member=who)).update(ended_at=datetime.now(UTC))
    policies.deny("read_records", "Your roles do not let you read this.")
    policies.deny("start", "Your membership has ended.")
    made = browser(who)
    assert b"Your membership has ended." in made.get("/workspaces/vowels/").content
    assert made.get("/projects/vowels/").status_code == 404


def test_stop_my_session_stops_it(policies: Policies, remote: RemoteStandIn) -> None:
    who = portal.person("rosa", Role.RESEARCHER)
    portal.session(portal.project(member=who), who)
    answer = browser(who).post("/workspaces/vowels/stop/", follow=True)
    assert b"Your session is stopped" in answer.content
    assert Session.objects.get().state == SessionState.ENDED
