"""Replaying acts is pure: each kind gives or takes its right; what can't be read is counted, not guessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from hub.audit import replay
from hub.audit.world import Leave, Part, Someone
from hub.ledger.kinds import Kind


@dataclass
class Act:
    kind: str
    subject: str
    facts: Any = field(default_factory=dict)
    erased: bool = False


def after(*acts: Act) -> replay.Past:
    return replay.replay(acts)


def test_a_membership_is_given_changed_ended_and_given_again() -> None:
    given = {"project": "j", "role": "researcher", "valid_until": "2026-05-01", "member": True}
    changed = {"project": "j", "role": "project_lead", "valid_until": "no end", "member": True}
    ended = {"project": "j", "member": False}
    acts = [Act(Kind.MEMBERSHIP_CHANGED, "p", facts) for facts in (given, changed, ended, ended, given)]
    lead, again = Part("project_lead", None), Part("researcher", date(2026, 5, 1))
    assert after(*acts[:1]).world.parts == {("j", "p"): (again,)}
    assert after(*acts[:2]).world.parts == {("j", "p"): (lead,)}
    gone = Part("project_lead", None, ended=True)
    assert after(*acts[:4]).world.parts == {("j", "p"): (gone,)}
    assert after(*acts).world.parts == {("j", "p"): (gone, again)}


def test_a_projects_dates_and_purpose_are_those_of_the_last_change() -> None:
    first = {"what": "project", "purpose": "a", "state": "proposed", "opens_on": "2026-01-01"}
    acts = [
        Act(Kind.PROVISIONED, "j", first),
        Act(Kind.PROVISIONED, "j", {"what": "project", "closes_on": "2026-02-01", "title": "New"}),
        Act(Kind.PROVISIONED, "j", {"what": "project limits", "cpus": "2"}),
        Act(Kind.PROVISIONED, "j", {"what": "project", "state": "open"}),
    ]
    project = after(*acts).world.projects["j"]
    assert (project.state, project.purpose) == ("open", "a")
    assert (project.opens_on, project.closes_on) == (date(2026, 1, 1), date(2026, 2, 1))


def test_a_closed_account_stays_closed_when_a_suspension_is_lifted() -> None:
    acts = [Act(Kind.SUSPENDED, "p", {"what": what}) for what in ("person", "account")]
    assert after(*acts, Act(Kind.RESUMED, "p", {"what": "person"})).world.people["p"] == Someone(active=False)


def test_an_approval_that_was_revoked_keeps_what_it_was() -> None:
    given = {"project": "j", "version": "v", "purpose": "a", "until": "2026-05-01"}
    past = after(Act(Kind.APPROVAL_GIVEN, "a", given), Act(Kind.APPROVAL_REVOKED, "a", {"reason": "x"}))
    assert past.world.approvals == {"a": Leave("j", "v", "a", date(2026, 5, 1), revoked=True)}


@pytest.mark.parametrize("kind", replay.KINDS)
@pytest.mark.parametrize("facts", [{}, [], None, 7, {"what": "agreement"}, {"what": []}, {"until": "never"}])
def test_facts_of_another_shape_are_counted_and_give_nothing(kind: str, facts: Any) -> None:
    past = after(Act(kind, "x", facts))
    assert past.world.approvals == {} and past.world.parts == {} and past.world.agreements == {}
    assert all(not one.roles and not one.training for one in past.world.people.values())


def test_an_erased_act_is_counted() -> None:
    assert after(Act(Kind.ROLE_CHANGED, "", {}, erased=True), Act(Kind.SAVED, "x")).erased == 1
    assert after(Act(Kind.TRAINING_RECORDED, "p", {"course": "x"})).unclear == 1
