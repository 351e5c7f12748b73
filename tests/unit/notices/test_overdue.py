"""What waits for an answer for long is told again at its stages, once each, to those who can give it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from egress_review.states import State
from egress_review.vault import Vault
from hub.access import requests
from hub.access.models import AccessRequest
from hub.bring_ins.models import BringIn
from hub.errors import Unavailable
from hub.notices import courier, overdue, reconciler
from hub.notices.models import Notice
from hub.people.models import Person, Role
from hub.stewardship.models import Feedback
from tests import portal
from tests.portal import Policies
from tests.unit.egress_review import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("hours", "days"),
    [(0, None), (7 * 24 - 1, None), (7 * 24, 7), (13 * 24, 7), (14 * 24, 14), (99 * 24, 98)],
)
def test_a_wait_is_in_its_stage(hours: int, days: int | None) -> None:
    at = datetime(2026, 6, 15, tzinfo=UTC)
    assert overdue.stage(at - timedelta(hours=hours), at) == days


def told(person: Person, *, days: int) -> list[str]:
    """Look twice so many days from now, and return what somebody was told."""
    for _ in range(2):
        reconciler.read_overdue(at=datetime.now(UTC) + timedelta(days=days))
    return list(Notice.objects.filter(person=person).order_by("at", "title").values_list("title", flat=True))


@pytest.fixture
def asked(policies: Policies) -> AccessRequest:
    lena = portal.person("lena", Role.RESEARCHER)
    project, version = portal.project(member=lena), portal.version()
    return requests.ask(by=lena, project=project, version=version, until=portal.days(9), reason="secret")


def test_a_steward_is_told_again_of_a_request_until_it_is_answered(asked: AccessRequest) -> None:
    steward = asked.version.dataset.steward
    waited = "Vowels’s request for Prompts, version 1.0 has waited for"
    assert told(steward, days=6) == []
    assert told(steward, days=8) == told(steward, days=13) == [f"{waited} 7 days"]
    assert told(steward, days=14) == [f"{waited} 7 days", f"{waited} 14 days"]
    assert "secret" not in " ".join(Notice.objects.values_list("mail_text", flat=True))
    requests.refuse(by=steward, request=asked, reason="no consent")
    assert len(told(steward, days=30)) == 2
    assert set(Notice.objects.values_list("person", flat=True)) == {steward.pk}


@pytest.mark.parametrize("change", [{"suspended_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"is_active": False}])
def test_what_waits_for_a_steward_who_is_gone_is_told_to_who_names_another(
    asked: AccessRequest, change: dict[str, object]
) -> None:
    ada, steward = portal.person("ada", Role.ADMIN), asked.version.dataset.steward
    assert told(ada, days=8) == []
    Person.objects.filter(pk=steward.pk).update(**change)
    dataset = asked.version.dataset
    Feedback.objects.create(author=asked.asked_by, text="The label is wrong.", dataset=dataset)
    assert told(ada, days=15) == [
        "Feedback on “Prompts” has waited for 14 days",
        "Vowels’s request for Prompts, version 1.0 has waited for 14 days",
    ]
    assert {one.url for one in Notice.objects.filter(person=ada)} == {"/datasets/prompts/hand-over/"}
    assert len(told(steward, days=15)) == 1


def test_checkers_and_stewards_are_told_of_what_only_they_can_answer(
    policies: Policies, vault: Vault
) -> None:
    carl = portal.person("carl", Role.OUTPUT_CHECKER, second_factor=True)
    sent = factories.submission(State.IN_REVIEW, vault=vault)
    dataset = portal.version().dataset
    steward = dataset.steward
    Feedback.objects.create(author=sent.author, text="The label is wrong.", dataset=dataset)
    about = {"title": "Tracker", "why": "for the paper", "author": sent.author, "project": sent.project}
    BringIn.objects.create(**about)
    assert told(carl, days=7) == [
        "“Tracker”, to come in, has waited for 7 days",
        "“Vowel table” has waited for 7 days",
    ]
    assert told(steward, days=7) == ["Feedback on “Prompts” has waited for 7 days"]
    assert told(sent.author, days=7) == []


def test_policies_that_do_not_answer_hold_up_no_letter(policies: Policies, vault: Vault) -> None:
    carl = portal.person("carl", Role.OUTPUT_CHECKER, second_factor=True)
    factories.submission(State.IN_REVIEW, vault=vault)
    policies.broken = True
    later = datetime.now(UTC) + timedelta(days=8)
    with pytest.raises(Unavailable):
        reconciler.read_overdue(at=later)
    courier.step(at=later)
    assert not Notice.objects.filter(key__startswith="waits:").exists()
    policies.broken = False
    courier.step(at=later)
    assert Notice.objects.filter(person=carl, key__startswith="waits:").count() == 1
    # What was told at this stage is not asked about again.
    policies.asked.clear()
    reconciler.read_overdue(at=later)
    assert policies.asked == []
