"""Attacks on the votes, held by real policies and the database: two people, neither of them the author."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from django.db import IntegrityError

from egress_review import readings, releases, reviewers, reviews
from egress_review.models import Conflict, FileVote, Release, Review, Submission, Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.errors import Refused
from hub.people.models import Person, Role
from hub.policy import questions
from hub.policy.client import Policy
from hub.projects.models import Membership, NamedChecker
from tests.integration.portal.conftest import _asked, _quick, real
from tests.unit.egress_review.conftest import ledger, vault
from tests.unit.egress_review.factories import person, project, review, submission
from tests.unit.policy.examples import ALLOWED, MINE

__all__ = ["_asked", "_quick", "ledger", "real", "vault"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demo(settings: Any) -> None:
    settings.PARLATORY_DEMO_WITHOUT_SECOND_FACTOR = True


def checker(*roles: Role) -> Person:
    """Return an output checker whom the demo's switch spares a second factor."""
    made = person("Checker", Role.OUTPUT_CHECKER, *roles)
    Person.objects.filter(pk=made.pk).update(is_demo=True)
    return Person.objects.get(pk=made.pk)


def approve(by: Person, found: Submission, vault: Vault) -> None:
    """Vote for a release, on the submission as it stands now."""
    now = Submission.objects.get(pk=found.pk)
    reviews.vote(by=by, submission=now, vote=Vote.APPROVE, comment="", vault=vault)


def test_two_outside_checkers_release_it_or_no_attack_says_anything(vault: Vault) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    approve(checker(), found, vault)
    approve(checker(), found, vault)
    assert Release.objects.filter(submission=found).exists()


def test_an_author_does_not_vote_on_their_own_release_not_even_after_leaving(vault: Vault) -> None:
    author = checker(Role.RESEARCHER)
    found = submission(State.IN_REVIEW, vault=vault, author=author)
    # As if the author had never been in the project: that rule is another control.
    Membership.objects.filter(person=author).delete()
    with pytest.raises(Refused, match="nobody reviews their own release"):
        approve(author, found, vault)


@pytest.mark.parametrize("ended", [False, True], ids=["a member", "a former member"])
def test_nobody_of_the_project_votes_on_its_releases(vault: Vault, ended: bool) -> None:
    found, member = submission(State.IN_REVIEW, vault=vault), checker()
    made = Membership.objects.create(project=found.project, person=member)
    if ended:
        Membership.objects.filter(pk=made.pk).update(ended_at=found.submitted_at)
    with pytest.raises(Refused, match="may not review its releases"):
        approve(member, found, vault)


def test_the_policies_take_one_vote_of_a_person(vault: Vault) -> None:
    found, by = submission(State.IN_REVIEW, vault=vault), checker()
    approve(by, found, vault)
    refused = ""
    try:
        approve(by, found, vault)
    except Refused as error:
        refused = str(error)
    except IntegrityError:
        refused = "by the database alone"
    assert "a vote is cast once" in refused
    assert Submission.objects.get(pk=found.pk).state == State.IN_REVIEW


def test_the_database_takes_one_vote_of_a_person(vault: Vault) -> None:
    found, by = submission(State.IN_REVIEW, vault=vault), checker()
    review(found, Vote.APPROVE, by=by)
    with pytest.raises(IntegrityError, match="UNIQUE"):
        review(found, Vote.APPROVE, by=by)


def test_two_approvals_of_one_person_are_one(real: Policy) -> None:
    question = cast(questions.ReleaseSubmission, ALLOWED["release"])
    assert real.ask(question).allow, "the attack needs a question that is right"
    decision = real.ask(replace(question, reviews=(MINE, MINE)))
    assert not decision.allow, "one person's two votes released it"
    assert "2 different output checkers" in " ".join(decision.reasons)


def test_a_row_forged_to_approved_releases_nothing(vault: Vault) -> None:
    found, by = submission(State.APPROVED, vault=vault), checker()
    review(found, Vote.APPROVE, by=by)
    with pytest.raises(Refused, match="2 different output checkers"):
        releases.release(by=by, submission=found, vault=vault)
    assert not Release.objects.exists()


def test_a_checker_who_declared_a_conflict_does_not_vote(vault: Vault) -> None:
    found, by = submission(State.IN_REVIEW, vault=vault), checker()
    Conflict.objects.create(person=by, project=found.project, reason="we share a grant")
    with pytest.raises(Refused, match="declared a conflict of interest"):
        approve(by, found, vault)


def test_a_checker_who_declared_a_conflict_does_not_look(vault: Vault) -> None:
    found, by = submission(State.IN_REVIEW, vault=vault), checker()
    Conflict.objects.create(person=by, project=found.project, reason="we share a grant")
    with pytest.raises(Refused, match="declared a conflict of interest"):
        readings.open_files(by=by, submission=found)


def reviewed_by_others(vault: Vault) -> Submission:
    """Return a submission of a project for which two checkers are named."""
    found = submission(State.IN_REVIEW, vault=vault)
    for named in (checker(), checker()):
        NamedChecker.objects.create(project=found.project, person=named)
    return found


def test_a_checker_who_is_not_named_does_not_vote(vault: Vault) -> None:
    found = reviewed_by_others(vault)
    with pytest.raises(Refused, match="were named for it"):
        approve(checker(), found, vault)
    assert not Review.objects.exists()


def test_a_checker_who_is_not_named_does_not_look(vault: Vault) -> None:
    found = reviewed_by_others(vault)
    with pytest.raises(Refused, match="were named for it"):
        readings.open_files(by=checker(), submission=found)


def test_approvals_of_checkers_who_are_not_named_release_nothing(vault: Vault) -> None:
    found, by = submission(State.APPROVED, vault=vault), checker()
    for voter in (by, checker()):
        review(found, Vote.APPROVE, by=voter)
    for named in (by, checker()):
        NamedChecker.objects.create(project=found.project, person=named)
    with pytest.raises(Refused, match="2 different output checkers"):
        releases.release(by=by, submission=found, vault=vault)
    assert not Release.objects.exists()


@pytest.mark.parametrize("approvals", [1, 0, -1])
def test_no_setting_lets_fewer_than_two_approvals_release(approvals: int, real: Policy) -> None:
    question = cast(questions.ReleaseSubmission, ALLOWED["release"])
    assert real.ask(question).allow, "the attack needs a question that is right"
    reviewing = replace(question.reviewing, approvals=approvals)
    files = (replace(question.files[0], approved_by=(MINE.reviewer,)),)
    decision = real.ask(replace(question, reviewing=reviewing, reviews=(MINE,), files=files))
    assert not decision.allow, "one approval released it"
    reasons = " ".join(decision.reasons)
    assert "fewer approvals than two" in reasons
    assert "2 different output checkers" in reasons


@pytest.mark.parametrize("tier", [4])
def test_two_approvals_release_nothing_of_the_most_sensitive_data(tier: int, real: Policy) -> None:
    question = cast(questions.ReleaseSubmission, ALLOWED["release"])
    assert real.ask(question).allow, "the attack needs a question that is right"
    decision = real.ask(replace(question, reviewing=replace(question.reviewing, tier=tier)))
    assert not decision.allow, "two approvals released it"
    assert "3 different output checkers" in " ".join(decision.reasons)


def test_an_admin_who_checks_does_not_name_themselves() -> None:
    by, another = checker(Role.ADMIN), checker()
    place = project()
    with pytest.raises(Refused, match="adds themselves to a project or its reviewers"):
        reviewers.choose(by=by, project=place, named=[by.pk, another.pk], approvals=2)
    assert not NamedChecker.objects.exists()


def test_approvals_of_other_bytes_release_nothing(vault: Vault) -> None:
    found, by = submission(State.APPROVED, vault=vault), checker()
    for voter in (by, checker()):
        review(found, Vote.APPROVE, by=voter)
    FileVote.objects.filter(reviewer=by).update(canonical_sha256="0" * 64)
    with pytest.raises(Refused, match="approvals of its present bytes"):
        releases.release(by=by, submission=found, vault=vault)
    assert not Release.objects.exists()


def test_who_did_not_vote_settles_nothing(vault: Vault) -> None:
    found = submission(State.DIFFERING, vault=vault)
    for vote in (Vote.APPROVE, Vote.RETURN):
        review(found, vote)
    answers = {found.files.get().pk: reviews.Answer(Vote.APPROVE, "")}
    with pytest.raises(Refused, match="Only the checkers who voted"):
        reviews.settle(by=checker(), submission=found, answers=answers, vault=vault)


def test_nobody_votes_before_the_screening_is_over(vault: Vault) -> None:
    found, by = submission(State.IN_REVIEW, vault=vault), checker()
    # With copies that could be voted on: that there are none before the screening ends is another control.
    Submission.objects.filter(pk=found.pk).update(state=State.SCREENING)
    with pytest.raises(Refused, match="not open for votes"):
        approve(by, found, vault)
    assert not Review.objects.exists()
