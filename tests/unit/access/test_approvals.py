"""Approvals and agreements: denied, given, revoked, signed."""

from __future__ import annotations

import pytest

from hub.access import agreements, approvals
from hub.access.models import AgreementSignature, Approval
from hub.errors import Invalid, Refused, WrongState
from hub.ledger.models import Entry
from hub.people.models import Person, Role
from hub.projects.models import Project
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db


@pytest.fixture
def standing(policies: Policies) -> Approval:
    who = portal.person("rosa", Role.RESEARCHER)
    return portal.approval(portal.project(member=who), portal.version())


def steward(approval: Approval) -> Person:
    return approval.version.dataset.steward


def test_a_denied_revocation_leaves_the_approval_standing(standing: Approval, policies: Policies) -> None:
    policies.deny("manage_approval", "Only the dataset’s steward revokes.")
    with pytest.raises(Refused, match="steward"):
        approvals.revoke(by=portal.person("eve"), approval=standing, reason="mine")
    standing.refresh_from_db()
    assert standing.revoked_at is None


def test_a_revocation_needs_a_reason_and_happens_once(standing: Approval) -> None:
    with pytest.raises(Invalid, match="Say why"):
        approvals.revoke(by=steward(standing), approval=standing, reason="")
    approvals.revoke(by=steward(standing), approval=standing, reason="consent withdrawn")
    with pytest.raises(WrongState, match="already revoked"):
        approvals.revoke(by=steward(standing), approval=standing, reason="again")
    assert Entry.objects.filter(kind="approval_revoked").count() == 1


def test_a_version_has_one_standing_approval_in_a_project(standing: Approval) -> None:
    again = {"project": standing.project, "version": standing.version, "purpose": "speech_research"}
    with pytest.raises(WrongState, match="already approved"):
        approvals.approve(by=steward(standing), until=portal.days(9), **again)
    approvals.revoke(by=steward(standing), approval=standing, reason="new terms")
    made = approvals.approve(by=steward(standing), until=portal.days(9), **again)
    assert made.revoked_at is None


def prolong(approval: Approval, days: int, conditions: str = "", seen: int | None = None) -> None:
    until = portal.days(days)
    approvals.prolong(by=steward(approval), approval=approval, until=until, conditions=conditions, seen=seen)
    approval.refresh_from_db()


@pytest.mark.parametrize("ends", [-3, 30])
def test_an_approval_is_prolonged_in_place_also_after_it_ended(standing: Approval, ends: int) -> None:
    Approval.objects.update(until=portal.days(ends))
    prolong(standing, 60, "no voice cloning")
    assert (standing.until, standing.conditions) == (portal.days(60), "no voice cloning")
    entry = Entry.objects.get(kind="approval_given")
    assert (entry.subject, entry.facts["until"]) == (standing.id, portal.days(60).isoformat())
    assert entry.facts["before"] == portal.days(ends).isoformat()


def test_what_is_prolonged_is_for_the_purpose_that_the_project_has_now(
    standing: Approval, policies: Policies
) -> None:
    Project.objects.update(purpose="prosody")
    prolong(standing, 30)
    assert standing.purpose == policies.asked[0].to_input()["purpose"] == "prosody"


def test_what_is_denied_revoked_stale_or_the_same_is_not_prolonged(
    standing: Approval, policies: Policies
) -> None:
    with pytest.raises(Invalid, match="choose another day"):
        prolong(standing, 30)
    with pytest.raises(WrongState, match="changed by somebody else"):
        prolong(standing, 60, seen=standing.row_version + 1)
    policies.deny("manage_approval")
    with pytest.raises(Refused):
        prolong(standing, 60)
    policies.denials.clear()
    approvals.revoke(by=steward(standing), approval=standing, reason="consent withdrawn")
    with pytest.raises(WrongState, match="given anew"):
        prolong(standing, 60)
    assert not Entry.objects.filter(kind="approval_given").exists()
    standing.refresh_from_db()
    assert standing.until == portal.days(30)


def test_the_question_says_whether_the_steward_is_a_member(standing: Approval, policies: Policies) -> None:
    approvals.revoke(by=steward(standing), approval=standing, reason="why")
    (question,) = policies.asked
    assert question.to_input()["memberships"] == []


def test_an_agreement_is_signed_once_and_in_ones_own_name(standing: Approval, policies: Policies) -> None:
    who = Person.objects.get(email__startswith="rosa")
    agreement = standing.project.agreements.get()
    policies.deny("sign_agreement", "You are not a member.")
    with pytest.raises(Refused, match="not a member"):
        agreements.sign(by=who, agreement=agreement)
    assert not AgreementSignature.objects.exists()
    policies.denials.clear()
    agreements.sign(by=who, agreement=agreement)
    with pytest.raises(WrongState, match="already signed"):
        agreements.sign(by=who, agreement=agreement)
    assert policies.asked[-1].to_input()["subject"] == who.id
