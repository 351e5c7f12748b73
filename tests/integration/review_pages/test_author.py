"""What an author sees: states, what to do next, comments that are theirs, and handing in anew."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from egress_review import answers, readings, submissions
from egress_review.desk import Desk
from egress_review.models import Finding, Submission, Vote
from egress_review.states import REPLACEABLE, State
from egress_review.uploads import UploadLimits
from egress_review.vault import Vault
from hub.errors import Invalid, Refused, WrongState
from hub.people.models import Role
from hub.policy import questions
from hub.workspaces.models import Session
from tests.unit.egress_review.factories import (
    browser,
    checker,
    file_vote,
    person,
    review,
    session,
    submission,
)
from tests.unit.egress_review.stand_ins import Policies
from tests.unit.egress_review.test_submissions import SAID, arrived

pytestmark = pytest.mark.django_db

MARKUP = "<script>alert(1)</script> round it"


def running(of: Submission) -> Session:
    """Return a running session of a submission's author."""
    return session(of.author, of.project)


def hand_in_anew(before: Submission, where: Session, vault: Vault, **said: Any) -> Submission:
    """Hand a file in in place of a submission."""
    more = {**SAID, "replaces": before.pk, **said}
    return submissions.hand_in(by=before.author, session=where, files=[arrived(vault)], vault=vault, **more)


@pytest.mark.parametrize("state", list(State))
def test_each_state_says_what_to_do_next(state: State, vault: Vault) -> None:
    made = submission(state, vault=vault)
    page = browser(made.author).get(f"/releases/{made.id}/").content.decode()
    assert answers.NEXT[state] in page.replace("&#x27;", "'")
    assert ("parlatory.submit(&quot;table.csv&quot;" in page) == (state in REPLACEABLE)


def test_only_its_author_is_told_what_to_do(vault: Vault) -> None:
    made = submission(State.RETURNED, vault=vault)
    assert b"What to do next" not in browser(checker()).get(f"/releases/{made.id}/").content


def test_comments_are_read_once_it_is_decided_and_as_text(vault: Vault) -> None:
    made = submission(State.IN_REVIEW, vault=vault)
    for by in (checker("Ada"), checker("Bo")):
        review(made, Vote.RETURN, by=by, comment="about the whole of it")
        file_vote(made.files.get(), Vote.RETURN, by=by, comment=MARKUP, note="between us")
    author = browser(made.author)
    for state in (State.IN_REVIEW, State.DIFFERING):
        Submission.objects.update(state=state)
        page = author.get(f"/releases/{made.id}/").content
        assert b"round it" not in page and b"about the whole" not in page and b"Ada" not in page
    Submission.objects.update(state=State.RETURNED)
    page = author.get(f"/releases/{made.id}/").content
    assert b"&lt;script&gt;alert(1)" in page and b"about the whole" in page
    assert b"<script" not in page and b"between us" not in page


def test_the_session_is_told_the_same(vault: Vault) -> None:
    made = submission(State.RETURNED, vault=vault)
    for by in (checker(), checker()):
        review(made, Vote.RETURN, by=by, comment="about the whole of it")
    desk = Desk(session=running(made).id, vault=vault, limits=UploadLimits())
    (listed,) = desk.listing()
    assert listed["comments"] == [{"file": "", "comment": "about the whole of it"}] * 2
    Submission.objects.update(state=State.IN_REVIEW)
    assert desk.listing()[0]["comments"] == []


def test_what_replaces_is_asked_of_the_policies_and_kept(vault: Vault, policies: Policies) -> None:
    before = submission(State.RETURNED, vault=vault)
    made = hand_in_anew(before, running(before), vault)
    assert made.replaces_id == before.pk
    asked = policies.asked[-1]
    assert isinstance(asked, questions.HandIn)
    assert [one.id for one in asked.replaces] == [before.pk]
    assert asked.replaces[0].replaceable


def test_a_denied_replacement_keeps_nothing(vault: Vault, policies: Policies) -> None:
    before = submission(State.RETURNED, vault=vault)
    where = running(before)
    policies.deny("submit")
    with pytest.raises(Refused):
        hand_in_anew(before, where, vault)
    assert Submission.objects.count() == 1


@pytest.mark.parametrize("wish", ["nonsense", "x" * 5000, "\x00", "01hzzzzzzzzzzzzzzzzzzzzzzz"])
def test_what_does_not_exist_is_not_replaced(wish: str, vault: Vault) -> None:
    before = submission(State.RETURNED, vault=vault)
    with pytest.raises(Invalid, match="no submission of that id"):
        hand_in_anew(before, running(before), vault, replaces=wish)


def test_two_replacements_do_not_cross(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    before = submission(State.RETURNED, vault=vault)
    where = running(before)
    stale = submissions._replaced(before.pk)
    hand_in_anew(before, where, vault)
    monkeypatch.setattr(submissions, "_replaced", lambda wish: stale)
    with pytest.raises(WrongState, match="changed by somebody else"):
        hand_in_anew(before, where, vault)


@pytest.mark.parametrize(
    ("state", "anew", "replaceable"),
    [
        (State.IN_REVIEW, None, False),
        (State.RELEASED, None, False),
        (State.REJECTED, None, False),
        (State.WITHDRAWN, None, False),
        (State.RETURNED, State.IN_REVIEW, False),
        (State.RETURNED, State.RELEASED, False),
        (State.RETURNED, State.WITHDRAWN, True),
        (State.RETURNED, State.BLOCKED, True),
        (State.RETURNED, None, True),
        (State.BLOCKED, None, True),
    ],
)
def test_what_can_be_replaced(state: State, anew: State | None, replaceable: bool, vault: Vault) -> None:
    from egress_review import permissions

    before = submission(state, vault=vault)
    if anew:
        made = submission(anew, vault=vault, author=before.author)
        Submission.objects.filter(pk=made.pk).update(replaces=before)
    assert permissions.of(before).replaceable is replaceable


def test_what_came_back_waits_for_its_author_until_it_is_handed_in_anew(vault: Vault) -> None:
    before = submission(State.RETURNED, vault=vault)
    assert list(readings.came_back(before.author)) == [before]
    made = hand_in_anew(before, running(before), vault)
    assert not readings.came_back(before.author).exists()
    page = browser(before.author).get(f"/releases/{before.id}/").content.decode()
    assert f"/releases/{made.id}/" in page and "handed in anew" in page


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 2), ("?whose=mine", 1), ("?state=released", 1), ("?state=<b>&page=x", 2), ("?whose=%00", 2)],
)
def test_the_list_is_narrowed(query: str, count: int, vault: Vault) -> None:
    made, colleague = submission(State.RELEASED, vault=vault), person()
    Submission.objects.create(
        session=running(made), project=made.project, author=colleague, title="x", context="x", controls="x"
    )
    response = browser(made.author).get(f"/releases/{query}")
    assert len(response.context["page"]) == count
    assert b"<b>&page" not in response.content


def test_the_list_takes_the_same_number_of_queries_however_long(vault: Vault) -> None:
    made = submission(State.BLOCKED, vault=vault)
    client, counts = browser(made.author), []
    client.get("/releases/")
    for number in (2, 12):
        while Submission.objects.count() < number:
            one = Submission.objects.create(
                session=made.session,
                project=made.project,
                author=person(),
                title="x",
                context="x",
                controls="x",
            )
            Finding.objects.create(submission=one, check_name="x", severity="flag", message="It is.")
        with CaptureQueriesContext(connection) as asked:
            client.get("/releases/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_an_auditor_finds_submissions_by_state_and_by_words(vault: Vault) -> None:
    for number, state in enumerate((State.RELEASED, State.RETURNED)):
        made = submission(state, vault=vault, author=person(f"Author {number}"))
        Submission.objects.filter(pk=made.pk).update(title=f"Table {number}")
    auditor = browser(person("Ada", Role.AUDITOR))

    def found(query: str) -> list[str]:
        page = auditor.get(f"/releases/all/{query}").content.decode()
        return [title for title in ("Table 0", "Table 1") if title in page]

    assert found("") == found("?state=nonsense") == ["Table 0", "Table 1"]
    assert found("?state=returned") == found("?words=author+1") == found("?words=TABLE+1") == ["Table 1"]
    assert found("?words=author+1&state=released") == found("?words=%00") == []
    page = auditor.get("/releases/all/?words=%3Cb%3Enobody").content.decode()
    assert "Nothing fits this." in page and "<b>nobody" not in page
    assert "Nothing was handed in yet." not in page
