"""The auditor's pages in a browser: readable by everybody, with and without JavaScript, on a phone too."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.ledger.kinds import Kind
from hub.people.models import Person, Role
from tests import portal
from tests.pages.conftest import House, problems
from tests.unit.audit.made import entry


@pytest.fixture
def ada(house: House) -> Person:
    """An auditor, of an enclave where something happened."""
    rosa, adam = portal.person("rosa", Role.RESEARCHER), portal.person("adam", Role.ADMIN, second_factor=True)
    vowels = portal.project("vowels", member=rosa)
    portal.approval(vowels, portal.version("prompts"), signed_by=rosa)
    entry(Kind.PROVISIONED, by=adam.id, on=vowels.id, what="project", state="open")
    entry(Kind.MEMBERSHIP_CHANGED, by=adam.id, on=rosa.id, project=vowels.id, role="researcher", member=True)
    entry(
        Kind.DECISION_DENIED,
        by=rosa.id,
        on=vowels.id,
        action="start",
        reasons=[f"No dataset for “{vowels}”."],
    )
    entry(Kind.SUSPENDED, by=adam.id, on=rosa.id, what="person", reason="Left the institution.")
    return portal.person("ada", Role.AUDITOR)


PATHS = [
    "/ledger/",
    "/ledger/?denials=on&since=never",
    "/ledger/kinds/",
    "/ledger/1/",
    "/audit/impact/",
    "/audit/reach/",
    "/audit/reach/?day=2026-01-01",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("phone", [False, True])
def test_every_page_keeps_nobody_out(house: House, ada: Person, path: str, phone: bool) -> None:
    page = house.page(ada, path=path, phone=phone)
    assert page.get_by_role("heading", level=1).count() == 1
    assert problems(page) == []


def test_an_auditor_finds_an_entry_and_takes_its_proof_away(
    house: House, ada: Person, tmp_path: Path
) -> None:
    page = house.page(ada, path="/ledger/", javascript=False)
    page.get_by_label("Person").fill("rosa")
    page.get_by_label("Kind of act").select_option("membership_changed")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("row", name="membership changed").get_by_role("link", name="1", exact=True).click()
    assert "This entry is in the signed tree" in page.content()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the proof").click()
    assert '"entry": 1' in download.value.path().read_text()
