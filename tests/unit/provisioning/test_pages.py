"""Pages of provisioning under hostile hands: a clear sentence, nothing lost, nothing done twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.access.models import AccessRequest, Agreement, Approval
from hub.people.models import Institution, Person, Role
from hub.projects.models import Membership, Project
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(policies: Policies) -> Person:
    return portal.person("ada", Role.ADMIN, second_factor=True)


@pytest.fixture
def browser(ada: Person, remote: RemoteStandIn) -> Client:
    made = Client(headers={"host": "portal.localhost"})
    made.force_login(ada)
    return made


PROPOSAL = {
    "title": "Vowels",
    "slug": "vowels",
    "purpose": "speech research",
    "opens_on": portal.days(0).isoformat(),
    "closes_on": portal.days(9).isoformat(),
    "summary": "What is asked.",
}
LIMITS = {
    "image": "workspace",
    "memory_gib": "2",
    "cpus": "1",
    "pids": "256",
    "home_gib": "2",
    "idle_minutes": "60",
    "session_hours": "8",
    "budget_mb": "8",
    "confirmed": "on",
}
NEW = "/provisioning/projects/new/"
WRONG: dict[str, tuple[dict[str, str], str]] = {
    "null": ({"title": "a\0b"}, "Null characters are not allowed"),
    "huge": ({"title": "x" * 100_000}, "at most 200 characters"),
    "blank": ({"title": " \n "}, "This field is required"),
    "path": ({"slug": "../../etc"}, "Use a–z, 0–9 and hyphens"),
    "right to left": ({"slug": "vowels\u202e"}, "Use a–z, 0–9 and hyphens"),
    "newline": ({"slug": "vowels\nx"}, "Use a–z, 0–9 and hyphens"),
    "markup": ({"purpose": "<script>alert(1)</script>"}, "Use letters a–z, digits"),
    "no day": ({"closes_on": "31.12.2026"}, "Enter a valid date"),
    "no such day": ({"closes_on": "2026-02-30"}, "Enter a valid date"),
    "backwards": ({"closes_on": "2020-01-01"}, "The last day is before the first"),
    "a day beyond": ({"closes_on": "99999-01-01"}, "Enter a valid date"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_proposal_that_cannot_be_comes_back_with_all_that_was_typed(wrong: str, browser: Client) -> None:
    changes, sentence = WRONG[wrong]
    page = browser.post(NEW, {**PROPOSAL, **changes})
    said = page.content.decode()
    assert page.status_code == 200 and sentence in said
    assert "What is asked." in said and "<script>alert" not in said
    assert not Project.objects.exists()


def test_a_field_of_ten_megabytes_is_refused_with_a_sentence(browser: Client) -> None:
    page = browser.post(NEW, {**PROPOSAL, "summary": "x" * 10_000_000})
    assert page.status_code == 413 and "(9.5 MiB) is larger than 5.0 MiB" in page.content.decode()
    assert not Project.objects.exists()


def test_names_with_markup_are_shown_as_they_are_written(browser: Client) -> None:
    browser.post(
        NEW, {**PROPOSAL, "title": "<img src=x onerror=alert(1)>", "summary": "{{ request }} \u202e"}
    )
    for path in ("/projects/vowels/", "/projects/vowels/close/", "/projects/?all=1"):
        said = browser.get(path).content.decode()
        assert "<img src=x" not in said and "&lt;img src=x" in said
    assert "{{ request }}" in browser.get("/projects/vowels/").content.decode()


def test_sending_a_form_twice_does_it_once(browser: Client) -> None:
    assert browser.post(NEW, PROPOSAL).status_code == 302
    again = browser.post(NEW, PROPOSAL)
    assert again.status_code == 200 and "already a project" in again.content.decode()
    who = portal.person("rosa", Role.RESEARCHER)
    add = {"role": "researcher", "valid_until": "", "confirmed": "on"}
    path = f"/projects/vowels/members/add/{who.id}/"
    assert browser.post(path, add).status_code == 302
    twice = browser.post(path, add)
    assert twice.status_code == 200 and "already a member" in twice.content.decode()
    assert Membership.objects.count() == 1 and Project.objects.count() == 1


def test_nothing_is_done_before_it_is_confirmed(browser: Client) -> None:
    project, who = portal.project(), portal.person("rosa", Role.RESEARCHER)
    forms: dict[str, dict[str, str]] = {
        f"/projects/vowels/members/add/{who.id}/": {"role": "researcher"},
        f"/people/{who.id}/roles/": {"role": "auditor"},
        "/projects/vowels/edit/": {name: PROPOSAL[name] for name in PROPOSAL if name != "slug"},
    }
    for path, sent in forms.items():
        page = browser.post(path, sent)
        assert page.status_code == 200 and "Who is affected" in page.content.decode(), path
    project.refresh_from_db()
    assert project.row_version == 0 and not Membership.objects.exists()
    assert who.roles_on(portal.days(0)) == {Role.RESEARCHER}


def test_a_stale_page_does_nothing_until_its_reader_knows(browser: Client) -> None:
    project = portal.project()
    Project.objects.update(row_version=3)
    sent = {"seen": "2", "reason": "drill"}
    page = browser.post("/projects/vowels/suspend/", sent)
    said = page.content.decode()
    assert "since you loaded the page" in said and 'value="3"' in said and "drill" in said
    project.refresh_from_db()
    assert not project.is_suspended
    assert browser.post("/projects/vowels/suspend/", {**sent, "seen": "3"}).status_code == 302


def test_what_is_confirmed_is_checked_again(browser: Client) -> None:
    portal.project()
    sent = {"memory_gib": "9999999", "cpus": "nan", "pids": "-1", "confirmed": "on"}
    page = browser.post("/projects/vowels/settings/", sent)
    assert page.status_code == 200 and Project.objects.get().row_version == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory_gib", "inf"),
        ("cpus", "nan"),
        ("session_hours", "1e308"),
        ("budget_mb", "-1"),
        ("pids", "1.5"),
    ],
)
def test_a_number_that_is_none_is_told(field: str, value: str, browser: Client) -> None:
    portal.project()
    page = browser.post("/projects/vowels/settings/", {**LIMITS, field: value})
    assert page.status_code == 200 and b"errorlist" in page.content
    assert Project.objects.get().row_version == 0
    assert browser.post("/projects/vowels/settings/", LIMITS).status_code == 302


SETTINGS = "/projects/vowels/settings/"


def test_gpus_are_shown_and_set_only_where_the_engine_has_some(
    browser: Client, remote: RemoteStandIn
) -> None:
    project = portal.project()
    page = browser.get(SETTINGS).content.decode()
    assert "There is no GPU that sessions could be given." in page and 'name="gpus"' not in page
    remote.down.add("gpus")
    page = browser.get(SETTINGS).content.decode()
    assert "the engine does not answer" in page and 'name="gpus"' not in page
    remote.down.clear()
    remote.has_gpus = 2
    assert "The machine has 2 GPUs." in browser.get(SETTINGS).content.decode()
    more = browser.post(SETTINGS, {**LIMITS, "gpus": "3"})
    assert "has 2 GPUs that sessions can be given, not 3" in more.content.decode()
    assert browser.post(SETTINGS, {**LIMITS, "gpus": "2"}).status_code == 302
    project.refresh_from_db()
    assert project.gpus == 2
    # Another machine has none: what was chosen is shown until it is taken back.
    remote.has_gpus = 0
    assert 'name="gpus"' in browser.get(SETTINGS).content.decode()
    assert browser.post(SETTINGS, {**LIMITS, "gpus": "0"}).status_code == 302
    assert 'name="gpus"' not in browser.get(SETTINGS).content.decode()


def test_a_form_that_names_gpus_where_there_are_none_gets_none(browser: Client) -> None:
    project = portal.project()
    browser.post(SETTINGS, {**LIMITS, "gpus": "1"})
    project.refresh_from_db()
    assert project.gpus == 0


def test_an_upload_that_is_no_table_is_told(browser: Client) -> None:
    for content, sentence in {
        b"\xff\xfe\x00": "is not UTF-8",
        b"PK\x03\x04": "first line has to name",
        b"x" * 500_000: "larger than 400,000 bytes",
        b"": "Choose a file, or write the table",
    }.items():
        file = SimpleUploadedFile("../../x.csv", content or b" ", content_type="text/csv")
        page = browser.post("/provisioning/training/", {"file": file})
        assert page.status_code == 200 and sentence in page.content.decode(), sentence


def test_a_refused_admin_page_shows_nothing(browser: Client, policies: Policies) -> None:
    portal.project()
    policies.deny("manage_project")
    for act in ("edit", "settings", "close", "suspend", "members/add"):
        page = browser.get(f"/projects/vowels/{act}/")
        assert page.status_code == 403 and b"The test says no" in page.content


def test_a_project_of_others_is_not_there_for_a_researcher(policies: Policies) -> None:
    portal.project()
    policies.deny("read_records")
    outsider = Client(headers={"host": "portal.localhost"})
    outsider.force_login(portal.person("zoe", Role.RESEARCHER))
    pages = [outsider.get(f"/projects/{slug}/edit/") for slug in ("vowels", "none")]
    assert [page.status_code for page in pages] == [404, 404]


def test_a_lead_asks_for_more_time_and_the_steward_prolongs_what_stands(policies: Policies) -> None:
    lena = portal.person("lena", Role.RESEARCHER)
    project, version = portal.project(), portal.version()
    Membership.objects.create(project=project, person=lena, role="project_lead")
    approval = portal.approval(project, version, signed_by=lena)
    lead, steward = (Client(headers={"host": "portal.localhost"}) for _ in range(2))
    lead.force_login(lena)
    steward.force_login(version.dataset.steward)
    link = f"/projects/vowels/ask/?version={version.pk}"
    portal.person("ada", Role.ADMIN, second_factor=True)
    page = lead.get("/projects/vowels/").content.decode()
    assert link in page and "/projects/vowels/members/ask/" in page
    later = portal.days(90)
    asked = {"version": version.pk, "until": later, "reason": "The reviewers want another run."}
    assert lead.post(link, asked).status_code == 302
    request = AccessRequest.objects.get()
    assert "Until now" in steward.get(f"/requests/{request.pk}/").content.decode()
    form = steward.get(f"/requests/{request.pk}/approve/").content.decode()
    assert "Prolong Prompts for Vowels" in form and "The reviewers want another run." in form
    given = {"until": later, "conditions": "no cloning", "seen": approval.row_version}
    path = f"/approvals/{approval.pk}/prolong/"
    preview = steward.post(path, given).content.decode()
    assert f"may use it until {later:%-d %b %Y}" in preview
    assert f"The agreement they signed</strong>: ends on {portal.days(60):%-d %b %Y}" in preview
    Agreement.objects.update(until=portal.days(-1))
    assert "The agreement they signed</strong>: ended on" in steward.post(path, given).content.decode()
    assert Approval.objects.get().until == portal.days(30)
    assert steward.post(path, {**given, "confirmed": "on"}).status_code == 302
    assert Approval.objects.get().until == later
    stale = steward.post(path, {**given, "until": portal.days(95), "confirmed": "on"})
    assert stale.status_code == 200 and "was changed by somebody else" in stale.content.decode()
    policies.deny("manage_approval")
    assert steward.get(path).status_code == 403


def _grow(number: int) -> None:
    for index in range(number):
        name = f"p{number}x{index}"
        version = portal.version(name)
        project = portal.project(name, member=portal.person(name, Role.RESEARCHER))
        portal.approval(project, version)
        Institution.objects.create(slug=name, name=name)
        lead = Person.objects.get(name=name.title())
        asked: dict[str, Any] = {"purpose": "x", "until": portal.days(9), "reason": "x", "asked_by": lead}
        AccessRequest.objects.create(project=project, version=version, **asked)


def test_a_steward_with_nothing_to_approve_reads_what_comes_first(policies: Policies) -> None:
    stef = portal.person("stef", Role.DATA_STEWARD, second_factor=True)
    client = Client(headers={"host": "portal.localhost"})
    client.force_login(stef)
    for said in ("There is no project yet", "no version that can be approved"):
        page = client.get("/provisioning/approvals/new/").content.decode()
        assert said in page and "<select" not in page
        portal.project(said.split()[0].lower())
    portal.version(steward=stef)
    assert "<select" in client.get("/provisioning/approvals/new/").content.decode()


@pytest.mark.parametrize(
    "path", ["/projects/?all=1", "/approvals/", "/requests/?all=1", "/provisioning/institutions/"]
)
def test_a_list_asks_the_same_number_of_queries_whatever_its_size(path: str, browser: Client) -> None:
    counted = []
    for number in (2, 20):
        _grow(number)
        browser.get(path)
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(path).status_code == 200
        counted.append(len(asked))
    assert counted[0] == counted[1]
    assert Approval.objects.count() == 22
