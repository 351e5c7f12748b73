"""The numbers for Prometheus: from inside only, true, and nothing but numbers."""

from __future__ import annotations

import re

import pytest
from django.db import transaction
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from hub.errors import Refused
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Role
from hub.policy.client import Policy
from hub.workspaces import leases, sessions
from hub.workspaces.models import SessionState
from tests import portal
from tests.portal import Policies, RemoteStandIn

pytestmark = pytest.mark.django_db


def numbers() -> dict[str, float]:
    answer = Client().get("/metrics", headers={"host": "127.0.0.1"})
    assert answer.status_code == 200
    found = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


@pytest.mark.parametrize("host", ["portal.localhost", "lab.localhost", "elsewhere.example"])
def test_a_browser_gets_no_numbers(host: str) -> None:
    answer = Client().get("/metrics", headers={"host": host})
    assert answer.status_code in (400, 421)
    assert b"parlatory_" not in answer.content


def test_sessions_are_counted_by_state(policies: Policies, remote: RemoteStandIn) -> None:
    who = portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=who)
    portal.session(project, who, state=SessionState.RUNNING)
    found = numbers()
    assert found["parlatory_sessions{state=running}"] == 1
    assert found["parlatory_sessions{state=ended}"] == 0


def test_a_lease_is_counted_when_it_is_renewed(policies: Policies, remote: RemoteStandIn) -> None:
    portal.sound_session()
    before = numbers().get("parlatory_leases_renewed_total", 0)
    leases.renew(reports={}, at=leases.now())
    found = numbers()
    assert found["parlatory_leases_renewed_total"] == before + 1
    assert found["parlatory_oldest_lease_seconds"] < 5


def test_a_denial_is_counted_as_one(policies: Policies, remote: RemoteStandIn) -> None:
    who = portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=who)
    name = "parlatory_decisions_total{action=start,allowed=no,package=sessions}"
    before = numbers().get(name, 0)
    policies.deny("start")
    with pytest.raises(Refused):
        sessions.start_in(by=who, project=project)
    assert numbers()[name] == before + 1


def test_an_engine_of_policies_that_is_down_is_counted() -> None:
    name = "parlatory_policy_unanswered_total{package=people}"
    before = numbers().get(name, 0)
    assert not Policy(port=9, token=lambda: "t").ask_again("people", {}).allow
    assert numbers()[name] == before + 1


def test_what_no_checkpoint_covers_yet_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    before = numbers()
    with transaction.atomic():
        entries.append(Kind.VIEWED, by="a", subject="b", facts={})
    after = numbers()
    for name in ("parlatory_ledger_entries", "parlatory_ledger_unpublished_entries"):
        assert after[name] == before[name] + 1


def test_there_is_room_on_the_disk_and_it_says_how_much() -> None:
    assert numbers()["parlatory_disk_free_bytes{folder=state}"] > 0


def test_nothing_but_numbers_and_known_words_is_said(policies: Policies, remote: RemoteStandIn) -> None:
    """No name, no mail address, no id of anything."""
    who = portal.person("rosa", Role.RESEARCHER)
    project = portal.project(member=who)
    made = portal.session(project, who, state=SessionState.RUNNING)
    text = Client().get("/metrics", headers={"host": "127.0.0.1"}).content.decode()
    for word in (who.id, who.email, who.name, project.id, project.title, made.id):
        assert word not in text
    values = re.findall(r'="([^"]*)"', text)
    assert all(re.fullmatch(r"[a-z_]+|\d+(\.\d+)?|\+Inf", value) for value in values), set(values)
