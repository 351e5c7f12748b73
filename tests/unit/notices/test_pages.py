"""The reader's notices: their own only, unread first; preferences that can't be bent; the outbox for few."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.notices.kinds import About, Mail
from hub.notices.models import Letter, Notice, Preference
from hub.people.models import Person, Role
from tests import portal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policies")]
NOW = datetime.now(UTC)


@pytest.fixture
def rosa() -> Person:
    return portal.person("rosa", Role.RESEARCHER)


@pytest.fixture
def reads(rosa: Person) -> Client:
    return signed_in(rosa)


def signed_in(person: Person) -> Client:
    client = Client(HTTP_HOST="portal.localhost:8000")
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def notice(person: Person, title: str = "It came back", *, days: int = 0, **more: object) -> Notice:
    at = NOW - timedelta(days=days)
    key = f"k{Notice.objects.count()}"
    return Notice.objects.create(person=person, about="results", key=key, title=title, at=at, **more)


def test_unread_ones_stand_first_and_are_counted(reads: Client, rosa: Person) -> None:
    notice(rosa, "Newest", read_at=NOW)
    notice(rosa, "Old and unread", days=9)
    page = reads.get("/notices/").content.decode()
    assert page.index("Old and unread") < page.index("Newest")
    assert '<span class="count">1' in page
    assert '<span class="count">' in reads.get("/").content.decode()


def test_opening_marks_as_read_and_leads_there(reads: Client, rosa: Person) -> None:
    one = notice(rosa, url="/releases/01x/")
    answer = reads.post(f"/notices/{one.pk}/open/")
    assert answer.status_code == 302 and answer["Location"] == "/releases/01x/"
    assert not Notice.objects.unread().exists()
    assert reads.get(f"/notices/{one.pk}/open/").status_code == 405
    assert '<span class="count">' not in reads.get("/notices/").content.decode()


def test_nobody_reads_or_opens_what_is_somebody_elses(reads: Client) -> None:
    other = notice(portal.person("adam"), "For Adam only")
    assert "For Adam only" not in reads.get("/notices/").content.decode()
    assert reads.post(f"/notices/{other.pk}/open/").status_code == 404
    reads.post("/notices/read/", {"until": datetime.now(UTC).isoformat()})
    assert Notice.objects.unread().count() == 1


def test_reading_all_leaves_what_came_since(reads: Client, rosa: Person) -> None:
    notice(rosa)
    later = datetime.now(UTC).isoformat()
    Notice.objects.create(
        person=rosa, about="results", key="new", title="New", at=datetime.now(UTC) + timedelta(seconds=5)
    )
    reads.post("/notices/read/", {"until": later})
    assert [one.title for one in Notice.objects.unread()] == ["New"]


@pytest.mark.parametrize("until", ["", "never", "2026-01-01", "\0", "9" * 5000])
def test_a_broken_form_is_refused_with_a_sentence(reads: Client, until: str) -> None:
    answer = reads.post("/notices/read/", {"until": until})
    assert answer.status_code == 400 and "load it again" in answer.content.decode()


def test_hostile_words_are_shown_as_they_are(reads: Client, rosa: Person) -> None:
    notice(rosa, "<script>alert(1)</script>\u202e", body="<img src=x onerror=alert(1)>\nnext line")
    page = reads.get("/notices/").content.decode()
    assert "<script>" not in page and "<img src=x" not in page and "&lt;script&gt;" in page


def test_preferences_are_kept_and_shown(reads: Client, rosa: Person) -> None:
    chosen = {"results": "weekly", "review": "never", "ends": "daily", "taken": "daily", "given": "never"}
    assert reads.post("/notices/preferences/", chosen).status_code == 302
    assert dict(Preference.objects.values_list("about", "mail")) == chosen
    assert '<option value="weekly" selected>' in reads.get("/notices/preferences/").content.decode()


@pytest.mark.parametrize(
    ("about", "mail"), [(About.TAKEN, Mail.NEVER), (About.TAKEN, Mail.WEEKLY), (About.ENDS, Mail.NEVER)]
)
def test_what_may_not_be_switched_off_can_not_be(reads: Client, about: About, mail: Mail) -> None:
    chosen = {one.value: Mail.AT_ONCE.value for one in About} | {about.value: mail.value}
    answer = reads.post("/notices/preferences/", chosen)
    assert answer.status_code == 200 and "Select a valid choice" in answer.content.decode()
    assert not Preference.objects.exists()


def test_the_outbox_says_what_the_server_said(reads: Client, rosa: Person, policies: portal.Policies) -> None:
    facts = {"made_at": NOW, "due_at": NOW, "subject": "S", "text": "T", "person": rosa}
    Letter.objects.create(key="a", attempts=3, error="ConnectionRefusedError: <b>refused</b>", **facts)
    page = reads.get("/notices/outbox/").content.decode()
    assert "&lt;b&gt;refused&lt;/b&gt;" in page and "Nothing is lost" in page
    policies.deny("read_records", "Ask an admin.")
    answer = reads.get("/notices/outbox/")
    assert answer.status_code == 403 and "refused" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/notices/", "/notices/preferences/", "/notices/outbox/"])
def test_who_is_not_signed_in_is_sent_to_sign_in(path: str) -> None:
    assert Client(HTTP_HOST="portal.localhost:8000").get(path).status_code == 302


def test_the_number_of_queries_does_not_grow(reads: Client, rosa: Person) -> None:
    def queries() -> int:
        reads.get("/notices/")
        with CaptureQueriesContext(connection) as seen:
            reads.get("/notices/")
        return len(seen)

    notice(rosa)
    few = queries()
    for _ in range(49):
        notice(rosa)
    assert queries() == few
