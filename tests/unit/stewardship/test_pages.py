"""The datasets' pages: as many queries for many as for few, nothing typed lost, nothing executed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from egress_review.models import Release, Submission
from hub.access.models import Approval
from hub.datasets import datasheets, leak_index, services
from hub.datasets.models import Dataset, DatasetVersion, Intake
from hub.errors import Invalid, Refused, WrongState
from hub.people.models import Person, Role
from hub.stewardship import tiers, use
from hub.stewardship.models import Feedback
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>\u202e\r\n=cmd|'/C calc'!A0 {{ 7|add:7 }}"


@pytest.fixture
def steward(client: Client, policies: Policies) -> Person:
    person = portal.person("stef", Role.DATA_STEWARD, Role.RESEARCHER, second_factor=True)
    client.force_login(person)
    # The first page asks whether the person may come in.
    client.get("/account/")
    return person


def some(count: int, steward: Person, person: Person) -> None:
    """Add as many of everything that a page lists."""
    project = portal.project(member=person) if count == 1 else person.memberships.get().project
    begin = Dataset.objects.count()
    for number in range(begin, begin + count):
        version = portal.version(f"set-{number}", steward=steward)
        if number == 0:
            portal.approval(project, version, signed_by=person)
        else:
            harbour = DatasetVersion.objects.filter(dataset__slug="set-0").first()
            assert harbour is not None
            other = portal.project(f"project-{number}")
            Approval.objects.create(
                project=other,
                version=harbour,
                purpose=other.purpose,
                until=portal.days(9),
                approved_by=steward,
            )
        Feedback.objects.create(dataset=version.dataset, author=person, text=f"r{number}")
        session = portal.session(project, person) if number == 0 else person.workspaces.get().sessions.get()
        submission = Submission.objects.create(
            session=session, project=project, author=person, title="T", context="c", controls="c"
        )
        Release.objects.create(submission=submission, receipt={})
        Intake.objects.create(
            dataset=version.dataset, version="2.0", folder="f", state="blocked", requested_by=steward
        )


PATHS = ("/datasets/", "/stewardship/", "/stewardship/feedback/", "/datasets/set-0/use/", "/datasets/set-0/")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_takes_as_many_queries_for_thirty_as_for_one(
    path: str,
    client: Client,
    steward: Person,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    some(1, steward, steward)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        assert client.get(path).status_code == 200
    some(30, steward, steward)
    with django_assert_num_queries(len(few)):
        assert client.get(path).status_code == 200


def test_a_long_list_is_in_pages_that_keep_what_was_asked(client: Client, steward: Person) -> None:
    for number in range(60):
        portal.version(f"set-{number}", steward=steward)
    first = client.get("/datasets/?language=fr").content.decode()
    assert first.count("<article>") == 50
    assert 'href="?language=fr&amp;page=2"' in first
    assert client.get("/datasets/?language=fr&page=2").content.decode().count("<article>") == 10
    for odd in ("x", "-1", "999", "\0"):
        assert client.get("/datasets/", {"page": odd}).status_code == 200


WORDS = {"title": HOSTILE[:60], "description": HOSTILE, "licence": HOSTILE[:60], "attribution": HOSTILE}


def test_hostile_words_are_kept_as_words(client: Client, steward: Person) -> None:
    where = {"slug": "harbour", "institution": steward.institution_id, "tier": "2"}
    assert client.post("/stewardship/datasets/new/", {**WORDS, **where}).status_code == 302
    for path in ("/datasets/harbour/", "/datasets/", "/stewardship/", "/datasets/harbour/edit/"):
        shown = client.get(path).content.decode()
        assert "<script>" not in shown
    assert "&lt;script&gt;" in client.get("/datasets/harbour/").content.decode()


@pytest.mark.parametrize(
    "changed",
    [
        {"slug": "../etc"},
        {"slug": "Big"},
        {"tier": "5"},
        {"tier": "x"},
        {"institution": "nobody"},
        {"title": "x" * 201},
        {"description": "x" * 4_000_000},
        {"attribution": "a\0b"},
        {"title": ""},
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_what_is_wrong_is_told_and_what_was_typed_is_kept(
    changed: dict[str, str], client: Client, steward: Person, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000_000
    good = {"title": "Harbour voices", "description": "d", "licence": "CC0", "attribution": "a"}
    sent = {**good, "slug": "harbour", "institution": steward.institution_id, "tier": "2", **changed}
    answer = client.post("/stewardship/datasets/new/", sent)
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert "errorlist" in shown
    assert changed.get("title") is not None or 'value="Harbour voices"' in shown
    assert not Dataset.objects.exists()


def test_ten_megabytes_are_refused_with_a_sentence(client: Client, steward: Person) -> None:
    portal.version("harbour", steward=steward)
    answer = client.post("/datasets/harbour/feedback/", {"text": "x" * 10_000_000})
    assert answer.status_code == 413
    assert not Feedback.objects.exists()


def test_a_short_name_that_is_taken_loses_nothing(client: Client, steward: Person) -> None:
    portal.version("harbour", steward=steward)
    sent = {**WORDS, "slug": "harbour", "institution": steward.institution_id, "tier": "2"}
    shown = client.post("/stewardship/datasets/new/", sent).content.decode()
    assert "There is already a dataset" in shown and "&lt;script&gt;" in shown


def test_a_stale_page_changes_nothing(client: Client, steward: Person) -> None:
    dataset = portal.version("harbour", steward=steward).dataset
    sent = {"title": "New", "description": "d", "licence": "CC0", "attribution": "a", "row_version": "0"}
    assert client.post("/datasets/harbour/edit/", sent).status_code == 302
    answer = client.post("/datasets/harbour/edit/", {**sent, "title": "Newer"})
    assert "changed by somebody else" in answer.content.decode()
    assert 'value="Newer"' in answer.content.decode()
    dataset.refresh_from_db()
    assert dataset.title == "New"
    intake = Intake.objects.create(
        dataset=dataset, version="2.0", folder="f", state="ready", requested_by=steward, row_version=3
    )
    for row_version in ("2", "", "x"):
        act = client.post(f"/stewardship/intakes/{intake.id}/confirm/", {"row_version": row_version})
        assert act.status_code == 409
    intake.refresh_from_db()
    assert intake.state == "ready"


def test_a_datasheet_keeps_every_wording_and_a_stale_one_is_not_written(steward: Person) -> None:
    dataset = portal.version("harbour", steward=steward).dataset
    said = {section.name: "One." for section in datasheets.SECTIONS}
    datasheets.write(by=steward, dataset=dataset, answers=said, number=0)
    datasheets.write(by=steward, dataset=dataset, answers={**said, "gaps": "Two."}, number=1)
    with pytest.raises(WrongState):
        datasheets.write(by=steward, dataset=dataset, answers=said, number=1)
    with pytest.raises(Invalid, match="Consent"):
        datasheets.write(by=steward, dataset=dataset, answers={**said, "consent": " "}, number=2)
    told = datasheets.changes(list(dataset.datasheets.all()))
    assert [(sheet.number, changed) for sheet, changed in told] == [
        (2, ["Known gaps"]),
        (1, [section.title for section in datasheets.SECTIONS]),
    ]


def test_who_is_affected_is_told_before_a_suspension(client: Client, steward: Person) -> None:
    version, rosa = portal.version("harbour", steward=steward), portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=rosa)
    portal.approval(project, version, signed_by=rosa)
    portal.session(project, rosa)
    shown = client.get("/datasets/harbour/suspend/").content.decode()
    assert "Rosa, Vowels" in shown and "Vowels (1 member)" in shown
    version.dataset.refresh_from_db()
    assert not version.dataset.is_suspended
    empty = client.post("/datasets/harbour/suspend/", {"reason": " "})
    assert "errorlist" in empty.content.decode()
    client.post("/datasets/harbour/suspend/", {"reason": "Consent"})
    version.dataset.refresh_from_db()
    assert version.dataset.suspended_reason == "Consent"
    again = client.post("/datasets/harbour/suspend/", {"reason": "Consent"})
    assert (again.status_code, b"already suspended" in again.content) == (409, True)


def test_what_left_counts_by_what_the_session_had_mounted(steward: Person) -> None:
    some(1, steward, steward)
    used = DatasetVersion.objects.get()
    unused = portal.version("other", steward=steward)
    assert use.releases({used.id}).count() == 1
    assert use.releases({unused.id}).count() == 0
    assert use.releases(set()).count() == 0
    assert [session.workspace.person for session in use.sessions({used.id})] == [steward]
    assert use.sessions({unused.id}) == []


def test_tiers_are_told_by_the_numbers_that_screening_uses() -> None:
    assert set(tiers.NAMES) == set(range(5))
    assert "at least 10 people" in tiers.meaning(3) and "stays inside" in tiers.meaning(3)
    assert "at least 5 people" in tiers.meaning(0) and "shown to a checker" in tiers.meaning(0)


def test_a_denied_change_shows_nobody_who_is_affected(
    client: Client, steward: Person, policies: Policies
) -> None:
    version, rosa = portal.version("harbour", steward=steward), portal.person("rosa", Role.RESEARCHER)
    portal.approval(portal.project(member=rosa), version)
    policies.deny("manage_dataset")
    for path in ("suspend/", "versions/1.0/deprecate/", "compare/", "versions/new/", "datasheet/write/"):
        for answer in (client.get(f"/datasets/harbour/{path}"), client.post(f"/datasets/harbour/{path}")):
            assert b"Vowels" not in answer.content
        assert client.get(f"/datasets/harbour/{path}").status_code == 403
    with pytest.raises(Refused, match="test says no"):
        services.deprecate(by=steward, version=version)


def test_a_page_that_says_it_looks_again_does_and_no_other_says_so(client: Client, steward: Person) -> None:
    portal.version("own", steward=steward)
    portal.version("other", steward=portal.person("sten", Role.DATA_STEWARD, second_factor=True))
    for slug, again in (("own", True), ("other", False)):
        page = client.get(f"/datasets/{slug}/")
        assert ("looks again by itself" in page.content.decode()) is again is ("Refresh" in page.headers)


def test_a_leak_index_that_failed_is_told_to_the_steward_first_with_what_comes_next(
    client: Client, steward: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = portal.version("own", steward=steward)
    monkeypatch.setattr(leak_index, "folder", lambda _: tmp_path)
    said = {"manifest_sha256": version.manifest_sha256, "reason": "the disk is <full>"}
    (tmp_path / leak_index.FAILED).write_text(json.dumps(said))
    note = "could not be built: the disk is &lt;full&gt;. Results of projects that use it wait. It is tried"
    assert note in client.get("/datasets/own/").content.decode()
    client.force_login(portal.person("rosa", Role.RESEARCHER))
    others = client.get("/datasets/own/").content.decode()
    assert "<h2>Versions</h2>" in others and note not in others
