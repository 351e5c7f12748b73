"""Who may look at the records: every role at every page of the auditor's, asked of the real policies."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client

from hub.ledger import publisher
from hub.ledger.kinds import Kind
from hub.people.models import Person, Role
from hub.workspaces.models import SessionState
from tests import own_ledger, portal
from tests.unit.audit.made import entry

pytestmark = pytest.mark.django_db

LEDGER = frozenset({Role.AUDITOR, Role.ADMIN})
PAGES: dict[str, frozenset[Role]] = {
    "/ledger/": LEDGER,
    "/ledger/kinds/": LEDGER,
    "/ledger/0/": LEDGER,
    "/ledger/0/proof.json": LEDGER,
    "/ledger/checkpoint": LEDGER,
    "/ledger/export.zip": LEDGER,
    "/ledger/export.zip?text=1": LEDGER,
    "/audit/reach/": LEDGER,
    "/audit/reach/?day=2026-01-01": LEDGER,
    "/audit/reach.csv": LEDGER,
    "/audit/impact/": LEDGER | {Role.DATA_STEWARD, Role.COMMITTEE_MEMBER},
    "/notices/outbox/": LEDGER,
}
# Reading is written down; that, the sign-in and the counts that are kept of the ledger are all that changes.
WRITTEN = {"ledger.entry", "ledger.decision", "audit.tally", "audit.counted", "sessions.session"}


@pytest.fixture(autouse=True)
def _enclave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An enclave in which something happened."""
    own_ledger.opened(tmp_path, monkeypatch)
    rosa = portal.person("rosa")
    vowels = portal.project("vowels", member=rosa)
    portal.approval(vowels, portal.version(), signed_by=rosa)
    portal.session(vowels, rosa, state=SessionState.ENDED)
    entry(Kind.SUSPENDED, by="operator", on=rosa.id, what="person", reason="secret-reason")
    publisher.publish()


def signed_in(*roles: Role) -> tuple[Client, Person]:
    person = portal.person("-".join(["reader", *roles]), *roles, second_factor=True)
    client = Client(HTTP_HOST="portal.localhost:8000")
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client, person


def body(answer: object) -> bytes:
    streamed = getattr(answer, "streaming_content", None)
    return b"".join(streamed) if streamed is not None else answer.content


@pytest.mark.parametrize("role", [None, *sorted(Role)])
def test_each_role_reads_what_is_its_own_and_nothing_else(role: Role | None) -> None:
    client, _ = signed_in(*([role] if role else []))
    found = {}
    for path in sorted(PAGES, key=lambda path: role in PAGES[path]):
        answer = client.get(path)
        found[path] = answer.status_code
        if role not in PAGES[path]:
            assert b"secret-reason" not in body(answer) and b"Rosa" not in body(answer), path
    assert found == {path: 200 if role in roles else 403 for path, roles in PAGES.items()}


def test_small_counts_are_shown_as_they_are_to_those_whom_the_policies_let() -> None:
    for role in (Role.AUDITOR, Role.ADMIN, Role.DATA_STEWARD):
        client, _ = signed_in(role)
        assert "<td>1</td>" in client.get("/audit/impact/").content.decode(), role
    client, _ = signed_in(Role.COMMITTEE_MEMBER)
    page = client.get("/audit/impact/").content.decode()
    assert "fewer than 5" in page and "<td>1</td>" not in page


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written_through_them(path: str, method: str) -> None:
    client, _ = signed_in(Role.AUDITOR)
    client.get("/ledger/")
    before = counts()
    assert getattr(client, method)(path).status_code == 405
    assert changed(before) <= WRITTEN


def test_an_auditor_who_looks_at_everything_changes_nothing_but_the_ledger() -> None:
    client, _ = signed_in(Role.AUDITOR)
    client.get("/")
    before = counts()
    for path in PAGES:
        body(client.get(path))
    assert changed(before) <= WRITTEN


def test_a_suspended_auditor_reads_nothing() -> None:
    client, person = signed_in(Role.AUDITOR)
    client.get("/ledger/")
    Person.objects.filter(pk=person.pk).update(suspended_at="2026-01-01T00:00:00Z", suspended_reason="x")
    assert client.get("/ledger/").status_code == 403


def counts() -> dict[str, int]:
    return {model._meta.label_lower: model._default_manager.count() for model in apps.get_models()}


def changed(before: dict[str, int]) -> set[str]:
    return {name for name, count in counts().items() if count != before[name]}
