"""The ledger's pages: for those whom the policies let read, and every reading is itself on the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client

from hub.ledger import entries, publisher
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.people.models import Role
from tests import portal

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client: Client) -> Client:
    """A browser in which an auditor is signed in, on the portal's own host."""
    client.defaults["HTTP_HOST"] = "portal.localhost:8000"
    person = portal.person("ada", Role.AUDITOR)
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two entries, signed."""
    monkeypatch.setattr(publisher, "folder", lambda: tmp_path)
    with transaction.atomic():
        entries.append(Kind.RELEASED, by="01lovelace", subject="01release", facts={"files": 2})
        entries.append(Kind.SAVED, by="01hopper", subject="01session", facts={})
    publisher.publish()


def test_the_list_shows_the_newest_first_with_the_signed_root(
    auditor: Client, policies: portal.Policies, published: None
) -> None:
    page = auditor.get("/ledger/").content.decode()
    assert page.index("01hopper") < page.index("01lovelace")
    assert "2 entries under the root" in page


def test_the_list_can_be_narrowed_to_one_kind(
    auditor: Client, policies: portal.Policies, published: None
) -> None:
    page = auditor.get("/ledger/?kind=released").content.decode()
    assert "01lovelace" in page and "01hopper" not in page


def test_the_list_leaves_the_id_that_joins_the_logs_to_the_entry_itself(
    auditor: Client, policies: portal.Policies, published: None
) -> None:
    with transaction.atomic():
        said = {"action": "read_records", "request": "01m8joinsthelogs"}
        made = entries.append(Kind.DECISION_ALLOWED, by="01lovelace", subject="ledger", facts=said)
    assert "01m8joinsthelogs" not in auditor.get("/ledger/").content.decode()
    assert "01m8joinsthelogs" in auditor.get(f"/ledger/{made.index}/").content.decode()


def test_an_entry_shows_its_leaf_and_a_proof_that_holds(
    auditor: Client, policies: portal.Policies, published: None
) -> None:
    page = auditor.get("/ledger/0/").content.decode()
    assert "This entry is in the signed tree." in page
    assert "01lovelace" in page and "&quot;kind&quot;: &quot;released&quot;" in page


def test_an_entry_that_was_changed_is_said_to_be(
    auditor: Client, policies: portal.Policies, published: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.ledger.tree.leaf_hash", lambda leaf: b"\0" * 32)
    assert "does NOT make the signed root" in auditor.get("/ledger/0/").content.decode()


def test_an_erased_entry_says_so(auditor: Client, policies: portal.Policies, published: None) -> None:
    entries.erase(by="01admin", index=0, why="asked for")
    page = auditor.get("/ledger/0/").content.decode()
    assert "erased" in page and "01lovelace" not in page


def test_what_is_not_there_is_not_found(auditor: Client, policies: portal.Policies) -> None:
    assert auditor.get("/ledger/99/").status_code == 404


def test_the_signed_checkpoint_can_be_taken_away(
    auditor: Client, policies: portal.Policies, published: None
) -> None:
    answer = auditor.get("/ledger/checkpoint")
    assert answer["Content-Type"].startswith("text/plain")
    assert publisher.signer().verifier.read(answer.content.decode()).size == 2


@pytest.mark.parametrize("path", ["/ledger/", "/ledger/0/", "/ledger/checkpoint"])
def test_who_may_not_read_sees_the_reason_and_nothing_else(
    path: str, auditor: Client, policies: portal.Policies, published: None
) -> None:
    policies.deny("read_records", "Ask the auditor.")
    answer = auditor.get(path)
    assert answer.status_code == 403
    assert "Ask the auditor." in answer.content.decode() and "01lovelace" not in answer.content.decode()
    assert Entry.objects.order_by("-index").first().kind == Kind.DECISION_DENIED


@pytest.mark.parametrize("path", ["/ledger/", "/ledger/0/", "/ledger/checkpoint"])
def test_who_is_not_signed_in_is_sent_to_sign_in(path: str, client: Client, published: None) -> None:
    answer = client.get(path, HTTP_HOST="portal.localhost:8000")
    assert answer.status_code == 302 and "01lovelace" not in answer.content.decode()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written_through_the_pages(
    method: str, auditor: Client, policies: portal.Policies, published: None
) -> None:
    for path in ("/ledger/", "/ledger/0/", "/ledger/checkpoint"):
        assert getattr(auditor, method)(path).status_code == 405


def test_reading_is_itself_recorded(auditor: Client, policies: portal.Policies, published: None) -> None:
    auditor.get("/ledger/0/")
    last = Entry.objects.order_by("-index").first()
    assert (last.kind, last.subject) == (Kind.DECISION_ALLOWED, "ledger")


def test_people_are_shown_by_name_with_a_way_to_their_page(
    auditor: Client, policies: portal.Policies, published: None
) -> None:
    person = portal.person("rosa", Role.RESEARCHER)
    with transaction.atomic():
        entries.append(Kind.SIGNED_IN, by=person.id, subject=person.id, facts={})
    page = auditor.get("/ledger/").content.decode()
    assert page.count(f'<a href="/people/{person.id}/">{person.name}</a>') == 2
