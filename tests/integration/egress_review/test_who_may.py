"""Who may do what with a submission, by the real policies: a table of every actor and act, denials first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.egress_review.stage import Stage

ACTORS = """
from hub.errors import Refused
from hub.people.models import Institution
from egress_review import permissions
from egress_review.models import Review
from hub.places import places
vault = Vault(places.state / "vault")
vault.prepare()
today = datetime.now(UTC).date()

def demo(name, *roles):
    made = person(name, *roles)
    Person.objects.filter(pk=made.pk).update(is_demo=True)
    return Person.objects.get(pk=made.pk)

def cast(of, vote, by):
    review(of, Vote(vote), by=by)

author = demo("author", Role.RESEARCHER)
made = submission(State.IN_REVIEW, vault=vault, author=author)
place = made.project
who = {"author": author}
who["author who checks"] = author
who["member"] = demo("member", Role.RESEARCHER)
who["member who checks"] = demo("both", Role.OUTPUT_CHECKER)
who["former member who checks"] = demo("former", Role.OUTPUT_CHECKER)
who["stranger"] = demo("stranger", Role.RESEARCHER)
who["admin"] = demo("admin", Role.ADMIN)
who["steward"] = demo("steward", Role.DATA_STEWARD)
who["custodian"] = demo("custodian", Role.KEY_CUSTODIAN)
who["auditor"] = demo("auditor", Role.AUDITOR)
who["checker"] = demo("checker", Role.OUTPUT_CHECKER)
who["checker without training"] = demo("untrained", Role.OUTPUT_CHECKER)
who["checker whose role is over"] = demo("over", Role.OUTPUT_CHECKER)
who["checker without second factor"] = checker("plain")
who["suspended checker"] = demo("suspended", Role.OUTPUT_CHECKER)
for name in ("member", "member who checks", "former member who checks"):
    Membership.objects.create(project=place, person=who[name])
Membership.objects.filter(person=who["former member who checks"]).update(ended_at=datetime.now(UTC))
Training.objects.filter(person=who["checker without training"]).update(
    completed_on=today - timedelta(days=9), valid_until=today - timedelta(days=1))
RoleAssignment.objects.filter(person=who["checker whose role is over"]).update(
    valid_until=today - timedelta(days=1))
Person.objects.filter(pk=who["suspended checker"].pk).update(suspended_at=datetime.now(UTC))

def may(ask):
    try:
        ask()
    except Refused as error:
        return " ".join(error.reasons)
    return "yes"
"""
TABLE = """
acts = {
    "page": lambda by: permissions.to_view(by=by, submission=made, what="page"),
    "files": lambda by: permissions.to_view(by=by, submission=made, what="files"),
    "approve": lambda by: permissions.to_vote(by=by, submission=made, vote=Vote.APPROVE),
    "withdraw": lambda by: permissions.to_withdraw(by=by, submission=made),
    "download": lambda by: permissions.to_download(by=by, submission=made),
}
if STATE == "author who checks":
    RoleAssignment.objects.create(person=author, role=Role.OUTPUT_CHECKER)
Submission.objects.filter(pk=made.pk).update(state=STATE if STATE in set(State) else "in_review")
answer = {name: {act: may(lambda: ask(by)) for act, ask in acts.items()} for name, by in who.items()}
"""
IN_REVIEW = {
    "stranger": set(),
    "admin": set(),
    "steward": set(),
    "custodian": set(),
    "suspended checker": set(),
    "checker without second factor": set(),
    "checker whose role is over": set(),
    "auditor": {"page"},
    "member": {"page"},
    "member who checks": {"page"},
    "former member who checks": set(),
    "checker without training": {"page", "withdraw"},
    "author": {"page", "withdraw"},
    "checker": {"page", "files", "approve", "withdraw"},
}
RELEASED = {
    **{name: acts - {"approve"} for name, acts in IN_REVIEW.items()},
    "author": {"page", "withdraw", "download"},
    "member": {"page", "download"},
    "member who checks": {"page", "download"},
}


@pytest.fixture(scope="module")
def answers(stage: Stage) -> dict[str, dict[str, dict[str, str]]]:
    """What the policies say to each actor, by state."""
    found: dict[str, Any] = {}
    for state in ("in_review", "author who checks", "released", "blocked"):
        found[state] = stage.ask(f"STATE = {state!r}\n" + ACTORS + TABLE)
    return found


def allowed(said: dict[str, str]) -> set[str]:
    """Return the acts that were allowed."""
    return {act for act, answer in said.items() if answer == "yes"}


@pytest.mark.parametrize(("actor", "acts"), IN_REVIEW.items())
def test_who_may_do_what_while_it_is_in_review(
    actor: str, acts: set[str], answers: dict[str, dict[str, dict[str, str]]]
) -> None:
    assert allowed(answers["in_review"][actor]) == acts


@pytest.mark.parametrize(("actor", "acts"), RELEASED.items())
def test_who_may_do_what_once_it_is_released(
    actor: str, acts: set[str], answers: dict[str, dict[str, dict[str, str]]]
) -> None:
    assert allowed(answers["released"][actor]) == acts


@pytest.mark.parametrize("state", ["in_review", "released", "blocked"])
def test_every_no_says_what_to_do(state: str, answers: dict[str, dict[str, dict[str, str]]]) -> None:
    reasons = [said for actor in answers[state].values() for said in actor.values() if said != "yes"]
    assert reasons
    assert all(reason.endswith(".") and ("ask" in reason or ";" in reason) for reason in reasons)


def test_an_author_who_is_a_checker_never_reviews_the_own_release(
    answers: dict[str, dict[str, dict[str, str]]],
) -> None:
    said = answers["author who checks"]["author"]
    assert "approve" not in allowed(said)
    assert "nobody reviews their own release" in said["approve"]


@pytest.mark.parametrize("actor", ["checker", "author", "member"])
def test_nobody_approves_or_downloads_what_is_blocked(
    actor: str, answers: dict[str, dict[str, dict[str, str]]]
) -> None:
    assert allowed(answers["blocked"][actor]) <= {"page", "files", "withdraw"}


VOTES = """
first, second = demo("c1", Role.OUTPUT_CHECKER), demo("c2", Role.OUTPUT_CHECKER)
member = who["member who checks"]
over = who["checker whose role is over"]
Submission.objects.filter(pk=made.pk).update(state="approved")
answer = {}
for name, votes in CASES.items():
    Review.objects.filter(submission=made).delete()
    people = {"first": first, "second": second, "member": member, "over": over, "author": author}
    for by, vote in votes:
        cast(made, vote, people[by])
    answer[name] = may(lambda: permissions.to_release(by=first, submission=made))
"""
CASES = {
    "no votes": [],
    "one": [("first", "approve")],
    "one and a return": [("first", "approve"), ("second", "return")],
    "one and a reject": [("first", "approve"), ("second", "reject")],
    "one and a member's": [("first", "approve"), ("member", "approve")],
    "one and the author's": [("first", "approve"), ("author", "approve")],
    "one and one whose role is over": [("first", "approve"), ("over", "approve")],
    "not the asker's": [("second", "approve"), ("over", "approve")],
    "two": [("first", "approve"), ("second", "approve")],
}


def test_only_two_approvals_of_outside_checkers_let_a_release_leave(stage: Stage) -> None:
    said = stage.ask(f"CASES = {CASES!r}\n" + ACTORS + VOTES)
    assert [name for name, answer in said.items() if answer == "yes"] == ["two"]
