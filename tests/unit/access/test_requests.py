"""Access requests: asked once, answered once, and an approval answers the request it fulfils."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.access import approvals, requests
from hub.access.models import AccessRequest, Approval, RequestState
from hub.datasets.models import DatasetVersion
from hub.errors import Invalid, Refused, WrongState
from hub.ledger.models import Entry
from hub.people.models import Person
from hub.projects.models import Project
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(policies: Policies) -> Person:
    made = portal.person("lena")
    portal.project(member=made)
    portal.version()
    return made


def asked(by: Person) -> AccessRequest:
    return requests.ask(
        by=by,
        project=Project.objects.get(),
        version=DatasetVersion.objects.get(),
        until=portal.days(30),
        reason="Vowels.",
    )


def approve(by: Person) -> Approval:
    project, version = Project.objects.get(), DatasetVersion.objects.get()
    return approvals.approve(
        by=by, project=project, version=version, purpose=project.purpose, until=portal.days(9)
    )


ANSWERS: dict[RequestState, Callable[[Person, AccessRequest], Any]] = {
    RequestState.APPROVED: lambda by, request: approve(by),
    RequestState.REFUSED: lambda by, request: requests.refuse(by=by, request=request, reason="No consent."),
    RequestState.WITHDRAWN: lambda by, request: requests.withdraw(by=by, request=request),
}


@pytest.mark.parametrize("action", ["request_access", "manage_approval"])
def test_a_denied_act_leaves_the_request_as_it_is(action: str, lead: Person, policies: Policies) -> None:
    request = asked(lead)
    policies.deny(action)
    for state, act in ANSWERS.items():
        if (action == "request_access") is (state is RequestState.WITHDRAWN):
            with pytest.raises(Refused):
                act(lead, request)
    assert AccessRequest.objects.get().state == RequestState.ASKED


def test_a_denied_request_is_not_made(lead: Person, policies: Policies) -> None:
    policies.deny("request_access")
    with pytest.raises(Refused):
        asked(lead)
    assert not AccessRequest.objects.exists()
    assert Entry.objects.get().kind == "decision_denied"


@pytest.mark.parametrize("first", ANSWERS)
def test_a_request_is_answered_once(first: RequestState, lead: Person) -> None:
    request = asked(lead)
    ANSWERS[first](lead, request)
    assert AccessRequest.objects.get().state == first
    for second in (RequestState.REFUSED, RequestState.WITHDRAWN):
        with pytest.raises(WrongState, match="is already"):
            ANSWERS[second](lead, request)


def test_the_same_is_not_asked_twice_at_once_nor_when_it_is_approved(lead: Person) -> None:
    asked(lead)
    with pytest.raises(WrongState, match="already asked for"):
        asked(lead)
    approval = approve(lead)
    assert AccessRequest.objects.get().approval == approval
    Approval.objects.update(until=portal.days(30))
    with pytest.raises(WrongState, match="already approved"):
        asked(lead)


def test_more_time_is_asked_for_as_data_is_and_answered_by_prolonging(lead: Person) -> None:
    asked(lead)
    approval = approve(lead)
    Approval.objects.update(until=portal.days(-1))
    request = asked(lead)
    approvals.prolong(
        by=approval.version.dataset.steward, approval=approval, until=request.until, conditions=""
    )
    request.refresh_from_db()
    assert request.state == RequestState.APPROVED
    assert [one.approval_id for one in AccessRequest.objects.all()] == [approval.pk] * 2
    with pytest.raises(WrongState, match="ask for a later day"):
        asked(lead)


def test_a_request_and_a_refusal_need_a_reason(lead: Person) -> None:
    with pytest.raises(Invalid, match="what the data is needed for"):
        requests.ask(
            by=lead,
            project=Project.objects.get(),
            version=DatasetVersion.objects.get(),
            until=portal.days(3),
            reason=" \n",
        )
    with pytest.raises(Invalid, match="Say why"):
        requests.refuse(by=lead, request=asked(lead), reason="")
