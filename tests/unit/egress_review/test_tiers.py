"""How many approve by the tier of the data: the project's number may be higher, never lower."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from egress_review import reviewers, shortages
from egress_review.models import Submission, Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.access import tiers
from hub.access.models import Approval
from hub.datasets.models import Dataset
from hub.errors import Invalid
from hub.people.models import Role, Training
from hub.projects.models import NamedChecker, Project
from hub.provisioning import effects
from tests import portal
from tests.unit.egress_review.factories import checker, person, project, review, submission

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policies")]


def seeing(tier: int, place: Project) -> Project:
    """Return a project that was once approved to use data of a tier, which is over."""
    version = portal.version(f"tier{tier}", steward=portal.person(f"stew{tier}", Role.DATA_STEWARD))
    Dataset.objects.filter(pk=version.dataset_id).update(tier=tier)
    approval = portal.approval(place, version)
    Approval.objects.filter(pk=approval.pk).update(until=portal.days(-1))
    return place


@pytest.mark.parametrize(("tier", "needed"), [(0, 2), (1, 2), (2, 2), (3, 2), (4, 3)])
def test_what_a_project_could_see_says_how_many_approve_at_least(tier: int, needed: int) -> None:
    place = seeing(tier, seeing(0, project()) if tier else project())
    each = {one.pk: tiers.needed_for(one, tier=one.tier) for one in tiers.weighed(Project.objects.all())}
    assert tiers.needed(place) == each[place.pk] == needed
    Project.objects.filter(pk=place.pk).update(approvals_needed=4)
    place.refresh_from_db()
    assert (
        tiers.needed(place)
        == tiers.needed_for(place, tier=tiers.weighed(Project.objects.filter(pk=place.pk)).get().tier)
        == 4
    )


def test_a_project_asks_for_more_than_its_data_but_never_for_fewer() -> None:
    place, ada = seeing(4, project()), person("Ada", Role.ADMIN)
    with pytest.raises(Invalid, match="of tier 4, of which a release needs 3"):
        reviewers.choose(by=ada, project=place, named=[], approvals=2)
    reviewers.choose(by=ada, project=place, named=[], approvals=4)
    place.refresh_from_db()
    assert place.approvals_needed == 4


def test_two_votes_on_the_most_sensitive_data_decide_and_show_nothing(vault: Vault) -> None:
    found = submission(State.IN_REVIEW, vault=vault)
    Submission.objects.filter(pk=found.pk).update(tier=4)
    found.refresh_from_db()
    assert found.approvals_needed == 3
    first, second = (review(found, Vote.APPROVE, by=checker()) for _ in range(2))
    assert set(found.reviews.readable_by(first.reviewer_id)) == {first}
    review(found, Vote.APPROVE, by=checker())
    assert second in set(found.reviews.readable_by(first.reviewer_id))


def test_a_project_with_sensitive_data_and_two_checkers_is_short() -> None:
    place = seeing(4, project())
    for at in range(3):
        short = shortages.of(place)
        assert short is not None
        assert (short.able, short.needed) == (at, 3)
        made = portal.person(f"carl{at}", Role.OUTPUT_CHECKER, second_factor=True)
        days = {"completed_on": portal.days(-1), "valid_until": portal.days(90)}
        Training.objects.create(person=made, course=shortages.COURSE, **days)
    assert shortages.of(place) is None


def test_who_approves_sensitive_data_reads_before_what_it_asks_of_the_reviews() -> None:
    place, two, four = project(), portal.version("two"), portal.version("four")
    Dataset.objects.filter(pk=four.dataset_id).update(tier=4)
    four.refresh_from_db()
    for one in (checker(), checker()):
        NamedChecker.objects.create(project=place, person=one)
    assert effects.of_approval(place, two.dataset) == []
    more, short = (one.effect for one in effects.of_approval(place, four.dataset))
    assert more == "needs 3 approvals for each release from now on, not 2: the data is of tier 4"
    assert short == "has 0 of the 3 checkers that each release needs, and waits for others"
    assert effects.of_approval(seeing(4, place), four.dataset) == []


def test_the_database_knows_every_tier_that_is_handed_in(vault: Vault) -> None:
    found = submission(State.SUBMITTED, vault=vault)
    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.filter(pk=found.pk).update(tier=5)
