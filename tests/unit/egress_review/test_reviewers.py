"""Who reviews a project's outputs: named or anybody, two approvals at least, and no vote is lost by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from django.db import IntegrityError, transaction

from egress_review import conflicts, file_votes, permissions, readings, reviewers, reviews
from egress_review.models import FileVote, Review, Submission, Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.errors import Invalid, WrongState
from hub.ledger.models import Entry
from hub.people.models import Person, Role
from hub.projects import services as projects
from hub.projects.models import Membership, NamedChecker, Project
from tests.unit.egress_review.factories import checker, person, project, review, submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policies")]


def choose(place: Project, named: Iterable[Person] = (), approvals: int = 2) -> None:
    """Let an admin choose."""
    by = person("Ada", Role.ADMIN)
    reviewers.choose(by=by, project=place, named=[one.pk for one in named], approvals=approvals)
    place.refresh_from_db()


@pytest.mark.parametrize(
    ("named", "approvals", "says"),
    [
        (0, 1, "no setting goes below 2"),
        (0, 0, "no setting goes below 2"),
        (0, -1, "no setting goes below 2"),
        (0, 10, "from 2 to 9"),
        (1, 2, "only 1 checker would be named"),
        (2, 3, "only 2 checkers would be named"),
    ],
)
def test_numbers_that_no_release_can_have_are_refused(named: int, approvals: int, says: str) -> None:
    place = project()
    with pytest.raises(Invalid, match=says):
        choose(place, [checker() for _ in range(named)], approvals)
    place.refresh_from_db()
    assert (place.approvals_needed, place.named_checkers.count()) == (2, 0)


def test_one_checker_named_twice_is_one() -> None:
    one = checker()
    with pytest.raises(Invalid, match="only 1"):
        choose(project(), [one, one])


def test_the_database_takes_no_number_below_two() -> None:
    place = project()
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.filter(pk=place.pk).update(approvals_needed=1)


def test_only_an_output_checker_without_a_part_in_the_project_is_named() -> None:
    place, insider = project(), checker("Ina")
    Membership.objects.create(project=place, person=insider)
    unfit = [person("Rosa", Role.RESEARCHER), insider]
    for one in unfit:
        with pytest.raises(Invalid, match=f"{one.name} can’t be named"):
            choose(place, [checker(), one])
    assert not NamedChecker.objects.exists()


def test_what_is_chosen_is_kept_and_on_the_ledger() -> None:
    place, first, second, third = project(), checker(), checker(), checker()
    choose(place, [first, second])
    choose(place, [first, second, third], 3)
    assert place.approvals_needed == 3
    assert set(place.named_checkers.values_list("person", flat=True)) == {first.pk, second.pk, third.pk}
    facts = Entry.objects.filter(kind="provisioned", subject=place.pk).latest("index").facts
    assert facts["what"] == "project reviewers"
    assert (facts["approvals"], facts["added"], facts["dropped"]) == (3, [third.pk], [])


def test_a_page_that_is_out_of_date_changes_nothing() -> None:
    place = project()
    with pytest.raises(WrongState, match="changed by somebody else"):
        reviewers.choose(
            by=person("Ada", Role.ADMIN), project=place, named=[], approvals=3, seen=place.row_version + 1
        )


def test_a_submission_is_in_the_queue_of_those_named_only(vault: Vault) -> None:
    found, named, others = submission(State.IN_REVIEW, vault=vault), [checker(), checker()], checker()
    assert readings.reviewable(others).count() == 1
    choose(found.project, named)
    assert [readings.reviewable(one).count() for one in (*named, others)] == [1, 1, 0]
    assert list(readings.kept_from(others)) == [found]
    assert conflicts.said_of(others, [found]) == {found.pk: conflicts.OTHERS}
    assert conflicts.said_of(named[0], [found]) == {}


def test_three_approvals_are_waited_for_where_three_are_needed(vault: Vault) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    choose(found.project, approvals=3)
    for state in (State.IN_REVIEW, State.IN_REVIEW, State.RELEASED):
        now = Submission.objects.get(pk=found.pk)
        reviews.vote(by=checker(), submission=now, vote=Vote.APPROVE, comment="", vault=vault)
        assert Submission.objects.get(pk=found.pk).state == state


def test_votes_stay_blind_until_all_that_are_needed_are_in(vault: Vault) -> None:
    found, first = submission(State.IN_REVIEW, vault=vault), checker()
    choose(found.project, approvals=3)
    review(found, Vote.APPROVE, by=first)
    review(found, Vote.RETURN)
    assert Review.objects.readable_by(first.pk).count() == 1
    review(found, Vote.APPROVE)
    assert Review.objects.readable_by(first.pk).count() == 3


def test_a_number_raised_later_hides_nothing_that_was_decided(vault: Vault) -> None:
    found = submission(State.RELEASED, vault=vault)
    for _ in range(2):
        review(found, Vote.APPROVE)
    choose(found.project, approvals=3)
    assert Review.objects.readable_by(found.author_id).count() == 2


@pytest.mark.parametrize("state", [State.IN_REVIEW, State.DIFFERING, State.APPROVED])
def test_no_vote_that_was_cast_is_lost_by_naming_others(state: State, vault: Vault) -> None:
    found, voter = submission(state, vault=vault), checker("Vera")
    review(found, Vote.RETURN, by=voter)
    with pytest.raises(WrongState, match="Vera has reviewed “Vowel table”"):
        choose(found.project, [checker(), checker()])
    with pytest.raises(WrongState, match="the number of approvals can be changed once it is"):
        choose(found.project, approvals=3)
    assert not NamedChecker.objects.exists()
    found.project.refresh_from_db()
    choose(found.project, [voter, checker()])


def _between(monkeypatch: pytest.MonkeyPatch, module: object, name: str, act: Callable[[], object]) -> None:
    """Let something happen once between a permission's question and the transaction that uses it."""
    asked = getattr(module, name)

    def ask(**given: object) -> object:
        allowed = asked(**given)
        monkeypatch.setattr(module, name, asked)
        act()
        return allowed

    monkeypatch.setattr(module, name, ask)


@pytest.mark.parametrize("change", ["others named", "three approvals"])
@pytest.mark.parametrize("what", ["review", "vote on a file"])
def test_who_asked_before_reviewers_changed_casts_no_vote(
    change: str, what: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, voter = submission(State.IN_REVIEW, vault=vault), checker("Vera")
    others = [checker(), checker()]
    chosen = (others, 2) if change == "others named" else ([], 3)
    _between(
        monkeypatch,
        permissions,
        "to_vote",
        lambda: choose(Project.objects.get(pk=found.project_id), *chosen),
    )
    with pytest.raises(WrongState, match="changed by somebody else"):
        if what == "review":
            reviews.vote(by=voter, submission=found, vote=Vote.APPROVE, comment="", vault=vault)
        else:
            file_votes.put(by=voter, file=found.files.get(), vote=Vote.APPROVE, comment="", note="", seen=0)
    assert (Review.objects.count(), FileVote.objects.count()) == (0, 0)
    found.project.refresh_from_db()
    assert found.project.named_checkers.count() == len(chosen[0])
    assert found.project.approvals_needed == chosen[1]


@pytest.mark.parametrize("change", ["others named", "three approvals"])
def test_who_asked_before_a_vote_was_cast_changes_no_reviewers(
    change: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, voter = submission(State.IN_REVIEW, vault=vault), checker("Vera")
    _between(
        monkeypatch,
        projects,
        "may",
        lambda: reviews.vote(by=voter, submission=found, vote=Vote.APPROVE, comment="", vault=vault),
    )
    place = Project.objects.get(pk=found.project_id)
    with pytest.raises(WrongState, match=r"Vera has reviewed|has votes already"):
        choose(place, *(([checker(), checker()], 2) if change == "others named" else ([], 3)))
    place.refresh_from_db()
    assert (place.approvals_needed, place.named_checkers.count(), Review.objects.count()) == (2, 0, 1)
