"""The queue: what it says of each submission, how it is narrowed, what is not for the reader, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from egress_review import assignments, conflicts, shortages
from egress_review.models import Assignment, Finding, Submission, Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.errors import Refused, WrongState
from hub.people.models import Role, RoleAssignment, Training
from hub.projects.models import Membership, NamedChecker
from tests import portal
from tests.unit.egress_review.factories import browser, checker, file_vote, review, submission
from tests.unit.egress_review.stand_ins import Policies

pytestmark = pytest.mark.django_db

QUEUE = "/releases/queue/"


def titled(title: str, vault: Vault, *, days: int = 0, **more: Any) -> Submission:
    """Return a submission that waits since so many days."""
    made = submission(State.IN_REVIEW, vault=vault, **more)
    Submission.objects.filter(pk=made.pk).update(
        title=title, submitted_at=timezone.now() - timedelta(days=days)
    )
    return Submission.objects.get(pk=made.pk)


def titles(client: Any, query: str = "") -> list[str]:
    """Return the titles of the queue in order."""
    return [row.submission.title for row in client.get(QUEUE + query).context["rows"]]


def test_each_line_says_how_old_how_heavy_and_who_looks(vault: Vault) -> None:
    by, other = checker(), checker("Bo")
    found = titled("Tones", vault, days=4, files={"a.csv": b"12345", "b.csv": b"123"})
    for severity in ("flag", "flag", "note"):
        Finding.objects.create(submission=found, check_name="x", severity=severity, message="It is.")
    Assignment.objects.create(submission=found, person=other)
    review(found, Vote.APPROVE, by=other)
    (row,) = browser(by).get(QUEUE).context["rows"]
    said = (row.days, row.files, row.size_bytes, row.flags, row.notes, row.votes, row.lookers, row.standing)
    assert said == (4, 2, 8, 2, 1, 1, ("Bo",), "to vote")


def test_a_checker_finds_what_they_reviewed_once_it_is_decided_and_while_they_may_look(vault: Vault) -> None:
    by = checker()
    found = [titled(title, vault) for title in ("Tones", "Pitch", "Other")]
    for one in found[:2]:
        review(one, Vote.APPROVE, by=by)

    def judged() -> list[str]:
        return [one.title for one in browser(by).get(QUEUE).context["judged"]]

    assert judged() == []
    now = timezone.now()
    for number, one in enumerate(found):
        Submission.objects.filter(pk=one.pk).update(
            state=State.RELEASED, decided_at=now + timedelta(hours=number)
        )
    assert judged() == ["Pitch", "Tones"]
    assert "You reviewed lately" in browser(by).get(QUEUE).content.decode()
    Membership.objects.create(project=found[1].project, person=by, ended_at=now)
    assert judged() == ["Tones"]
    RoleAssignment.objects.filter(person=by).delete()
    assert judged() == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["old", "mine", "new"]),
        ("?order=newest", ["new", "mine", "old"]),
        ("?order=largest", ["mine", "old", "new"]),
        ("?order=flagged", ["new", "old", "mine"]),
        ("?whose=mine", ["mine"]),
        ("?whose=nobody", ["old", "new"]),
        ("?whose=to_vote", ["mine", "new"]),
        ("?tier=2", []),
        ("?tier=-1&order=x&whose=y&page=zero", ["old", "mine", "new"]),
        ("?tier=%00&project=%00", []),
        ("?project=no-such", []),
        ("?project=" + "x" * 5000, []),
    ],
)
def test_it_is_narrowed_and_ordered_as_asked(query: str, expected: list[str], vault: Vault) -> None:
    by = checker()
    old = titled("old", vault, days=9)
    mine = titled("mine", vault, days=5, files={"a.csv": b"x" * 500})
    new = titled("new", vault)
    assignments.take(by=by, submission=mine)
    review(old, Vote.APPROVE, by=by)
    Finding.objects.create(submission=new, check_name="x", severity="flag", message="It is.")
    assert titles(browser(by), query) == expected


def test_what_is_not_for_the_reader_says_why(vault: Vault) -> None:
    by = checker()
    titled("own", vault, author=by)
    inside, apart = titled("inside", vault), titled("apart", vault)
    Membership.objects.create(project=inside.project, person=by, ended_at=timezone.now())
    conflicts.declare(by=by, submission=apart, reason="we <b>share</b> a grant")
    page = browser(by).get(QUEUE)
    assert page.context["rows"] == []
    said = {one.submission.title: one.why for one in page.context["kept"]}
    assert said["own"].startswith("You handed it in yourself")
    assert said["inside"].startswith("You are or were a member")
    assert said["apart"] == "You declared a conflict of interest: we <b>share</b> a grant"
    assert b"<b>share" not in page.content


def test_where_two_differ_only_they_are_asked(vault: Vault) -> None:
    found, first, second, third = titled("x", vault), checker(), checker(), checker()
    review(found, Vote.APPROVE, by=first)
    review(found, Vote.REJECT, by=second)
    Submission.objects.update(state=State.DIFFERING)
    assert (titles(browser(first)), titles(browser(third))) == (["x"], [])
    assert titles(browser(first), "?whose=to_vote") == ["x"]
    assert b"reviews differ" in browser(second).get(QUEUE).content


def test_it_helps_when_nothing_waits_and_when_nothing_fits(vault: Vault) -> None:
    client = browser(checker())
    assert b"Nothing waits for your vote" in client.get(QUEUE).content
    titled("x", vault)
    assert b"Show everything that waits" in client.get(QUEUE + "?whose=mine").content


def test_it_is_read_with_the_same_number_of_queries_however_long_it_is(
    vault: Vault,
) -> None:
    by = checker()
    client = browser(by)
    client.get(QUEUE)
    counts = []
    for number in (2, 12):
        while Submission.objects.count() < 2 * number:
            found = titled("x", vault)
            assignments.take(by=checker(), submission=found)
            titled("own", vault, author=by)
        with CaptureQueriesContext(connection) as asked:
            client.get(QUEUE)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_it_has_pages(vault: Vault) -> None:
    for _ in range(51):
        titled("x", vault)
    client = browser(checker())
    assert len(titles(client)) == 50
    assert len(titles(client, "?page=2")) == 1
    assert b"Page 1 of 2 (51 in all)" in client.get(QUEUE).content


def test_taking_is_a_hint_and_no_lock(vault: Vault) -> None:
    found, first, second = titled("x", vault), checker(), checker()
    for _ in range(2):
        browser(first).post(f"/releases/{found.id}/take/")
    browser(second).post(f"/releases/{found.id}/take/")
    assert Assignment.objects.count() == 2
    browser(first).post(f"/releases/{found.id}/give-back/")
    assert Assignment.objects.get().person_id == second.id


def test_who_may_not_see_the_files_can_not_take_it(vault: Vault, policies: Policies) -> None:
    found = titled("x", vault)
    policies.deny("view")
    with pytest.raises(Refused):
        assignments.take(by=checker(), submission=found)
    assert not Assignment.objects.exists()


@pytest.mark.parametrize(
    "state", [state for state in State if state not in (State.IN_REVIEW, State.DIFFERING)]
)
def test_what_waits_for_nobody_is_not_taken(state: State, vault: Vault) -> None:
    with pytest.raises(WrongState, match="waits for no checker"):
        assignments.take(by=checker(), submission=submission(state, vault=vault))


def test_a_begun_review_says_so(vault: Vault) -> None:
    found, by = titled("x", vault), checker()
    file_vote(found.files.get(), Vote.APPROVE, by=by)
    assert browser(by).get(QUEUE).context["rows"][0].standing == "begun"


def test_it_says_which_projects_too_few_can_review(vault: Vault) -> None:
    short, enough = titled("x", vault).project, titled("y", vault).project
    office = [portal.person(f"carl{at}", Role.OUTPUT_CHECKER, second_factor=True) for at in range(2)]
    days = {"completed_on": portal.days(-1), "valid_until": portal.days(90)}
    for one in office:
        Training.objects.create(person=one, course=shortages.COURSE, **days)
        NamedChecker.objects.create(project=enough, person=one)
    Membership.objects.create(project=short, person=office[1])
    page = browser(office[0]).get(QUEUE).content.decode()
    said = page.partition("Not all of this can be decided yet")[2].partition("</ul>")[0]
    assert f"<strong>{short.title}</strong>: A release needs 2 approvals" in said
    assert enough.title not in said


def test_who_is_no_checker_reads_so_and_where_their_own_results_stand() -> None:
    page = browser(portal.person("rosa", Role.RESEARCHER)).get(QUEUE).content.decode()
    assert "you are none" in page and "Nothing waits for your vote" not in page
