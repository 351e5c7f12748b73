"""What is done to people, denials first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.idp.oidc.models import Token

from hub import policy
from hub.errors import Invalid, Refused, WrongState
from hub.ledger.models import Decision, Entry
from hub.people import services
from hub.people.identity import ensure_hub_client
from hub.people.models import Person, Role
from hub.people.permission import WITHOUT_POLICY
from tests import portal
from tests.portal import Policies

pytestmark = pytest.mark.django_db

ACTS: dict[str, Callable[[Person, Person], Any]] = {
    "add": lambda by, who: services.add(
        by=by, email="new@north.example", name="New", institution=portal.institution()
    ),
    "assign_role": lambda by, who: services.assign_role(by=by, person=who, role=Role.ADMIN),
    "end_role": lambda by, who: services.end_role(by=by, person=who, role=Role.RESEARCHER),
    "suspend": lambda by, who: services.suspend(by=by, person=who, reason="drill"),
    "deactivate": lambda by, who: services.deactivate(by=by, person=who, reason="left"),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_denied_change_of_a_person_changes_nothing_and_is_on_the_ledger(
    act: str, policies: Policies
) -> None:
    by, who = portal.person("ada", Role.ADMIN), portal.person("rosa", Role.RESEARCHER)
    policies.deny("manage_people")
    with pytest.raises(Refused, match=r"The test says no\."):
        ACTS[act](by, who)
    assert Person.objects.count() == 2
    assert Person.objects.get(pk=who.pk).row_version == 0
    assert [entry.kind for entry in Entry.objects.all()] == ["decision_denied"]


@pytest.mark.parametrize("act", ACTS)
def test_an_allowed_change_of_a_person_records_the_decision_before_the_act(
    act: str, policies: Policies
) -> None:
    by, who = portal.person("ada", Role.ADMIN), portal.person("rosa", Role.RESEARCHER)
    ACTS[act](by, who)
    assert Entry.objects.earliest("index").kind == "decision_allowed"
    assert Entry.objects.count() == 2
    assert Decision.objects.get().allow


def test_a_broken_policy_engine_lets_nothing_through(policies: Policies) -> None:
    by, who = portal.person("ada", Role.ADMIN), portal.person("rosa")
    policies.broken = True
    with pytest.raises(Refused, match="did not answer"):
        services.suspend(by=by, person=who, reason="drill")
    assert not Person.objects.get(pk=who.pk).is_suspended


def test_the_operator_is_not_asked_but_is_on_the_ledger(policies: Policies) -> None:
    made = services.add(
        by=WITHOUT_POLICY, email="Root@North.example", name="R", institution=portal.institution()
    )
    assert made.email == "root@north.example"
    assert not policies.asked
    assert Entry.objects.get().by == "operator"


def test_suspending_somebody_deletes_their_tokens(policies: Policies) -> None:
    by, who = portal.person("ada", Role.ADMIN), portal.person("rosa")
    Token.objects.create(type=Token.Type.ACCESS_TOKEN, hash="x", client=ensure_hub_client(), user=who)
    services.suspend(by=by, person=who, reason="drill")
    assert not Token.objects.exists()


def test_a_suspension_needs_a_reason_and_happens_once(policies: Policies) -> None:
    by, who = portal.person("ada", Role.ADMIN), portal.person("rosa")
    with pytest.raises(Invalid, match="Say why"):
        services.suspend(by=by, person=who, reason=" ")
    services.suspend(by=by, person=who, reason="drill")
    with pytest.raises(WrongState, match="already suspended"):
        services.suspend(by=by, person=who, reason="drill")


def test_an_actor_who_changed_while_the_policies_were_asked_does_not_act(
    policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    by, who = portal.person("ada", Role.ADMIN), portal.person("rosa")
    answer = policies.ask

    def changed_meanwhile(question: Any) -> Any:
        Person.objects.filter(pk=by.pk).update(row_version=7)
        return answer(question)

    monkeypatch.setattr("hub.policy.ask", changed_meanwhile)
    with pytest.raises(WrongState, match="changed by somebody else"):
        services.suspend(by=by, person=who, reason="drill")
    assert not Person.objects.get(pk=who.pk).is_suspended


def test_no_password_or_address_reaches_a_ledger_leaf(policies: Policies) -> None:
    services.add(
        by=WITHOUT_POLICY,
        email="x@north.example",
        name="Secret Name",
        institution=portal.institution(),
        password=portal.PASSWORD,
    )
    leaf = bytes(Entry.objects.get().leaf)
    assert b"north.example" not in leaf and b"Secret" not in leaf and b"horse" not in leaf


@pytest.mark.parametrize("last", ["denied", "broken"])
def test_a_person_comes_with_every_role_or_not_at_all(
    last: str, policies: Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = portal.person("ada", Role.ADMIN)
    if last == "denied":
        answer = policies.ask
        monkeypatch.setattr(policies, "ask", lambda question: _but_no_role(policies, answer, question))
        monkeypatch.setattr(policy, "ask", policies.ask)
    else:
        monkeypatch.setattr(services, "_hold", fails_after(services._hold))
    given = {"by": ada, "email": "new@north.example", "name": "New", "institution": portal.institution()}
    with pytest.raises(Refused if last == "denied" else ZeroDivisionError):
        services.add(**given, roles=[Role.RESEARCHER, Role.AUDITOR])
    assert not Person.objects.filter(email="new@north.example").exists()
    assert not Entry.objects.filter(kind__in=["provisioned", "role_changed"]).exists()


def fails_after(act: Callable[..., object]) -> Callable[..., None]:
    """Return what does the same and then fails."""

    def failing(*given: object) -> None:
        act(*given)
        raise ZeroDivisionError

    return failing


def _but_no_role(policies: Policies, answer: Callable[..., Any], question: Any) -> Any:
    if getattr(question, "change", "") == "assign_role":
        policies.deny("manage_people")
    return answer(question)
