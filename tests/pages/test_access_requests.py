"""A lead asks for data, its steward approves or says why not; the admin decides nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hub.access.models import AccessRequest, Agreement, Approval
from hub.datasets.models import DatasetVersion
from hub.people.models import Person, Role
from hub.projects.models import MemberRole, Membership, Project
from tests import portal
from tests.pages.conftest import House, problems


def press(page: Page, name: str) -> None:
    """Press a button and wait for the page it leads to: others may read then what it did."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def lead(house: House) -> Person:
    made = portal.person("lena", Role.RESEARCHER)
    Membership.objects.create(project=portal.project(), person=made, role=MemberRole.PROJECT_LEAD.value)
    portal.version()
    return made


def asked(house: House, lead: Person) -> Page:
    """Ask for the data as its project's lead does; return the page that then is open."""
    page = house.page(lead, path="/projects/vowels/")
    page.get_by_role("link", name="Ask for data").click()
    assert problems(page) == []
    page.get_by_label("Dataset").select_option(label="Prompts, version 1.0")
    page.get_by_label("Until").fill(portal.days(40).isoformat())
    page.get_by_label("What it is needed for").fill("We compare <b>vowels</b>.\nNothing else.")
    press(page, "Ask for it")
    expect(page.get_by_role("status")).to_contain_text("Stef is asked")
    return page


def test_a_request_is_approved_with_its_agreement(house: House, lead: Person) -> None:
    asked(house, lead)
    steward = DatasetVersion.objects.get().dataset.steward
    page = house.page(steward, javascript=False)
    press(page, "Read and answer")
    page.get_by_role("link", name="Prompts, 1.0").click()
    expect(page.get_by_text("We compare <b>vowels</b>.")).to_be_visible()
    press(page, "Approve…")
    page.get_by_label("Agreement’s title").fill("Use of Prompts")
    page.get_by_label("What its members promise").fill("I name nobody.\n\nI share nothing.")
    page.get_by_label("Agreement holds until").fill(portal.days(60).isoformat())
    press(page, "Approve it…")
    expect(page.locator(".affected")).to_contain_text("Lena: may use it in their next session")
    assert not Approval.objects.exists() and not Agreement.objects.exists()
    press(page, "Approve it")
    expect(page.get_by_role("status")).to_contain_text("is approved for Vowels")
    assert Agreement.objects.get().text == "I name nobody.\n\nI share nothing."
    assert Approval.objects.get().until == portal.days(40)
    assert AccessRequest.objects.get().approval == Approval.objects.get()


def test_the_datasets_page_leads_to_the_request(house: House, lead: Person) -> None:
    page = house.page(lead, path="/datasets/prompts/")
    page.get_by_role("link", name="Ask for it in Vowels").click()
    assert page.get_by_label("Dataset").input_value() == DatasetVersion.objects.get().pk


def test_a_refusals_reason_reaches_the_lead(house: House, lead: Person) -> None:
    page = asked(house, lead)
    steward = DatasetVersion.objects.get().dataset.steward
    other = house.page(steward, path=f"/requests/{AccessRequest.objects.get().pk}/refuse/")
    assert problems(other) == []
    other.get_by_label("Reason").fill("The speakers agreed to phonetics only.")
    press(other, "Refuse it")
    page.reload()
    expect(page.get_by_text("The speakers agreed to phonetics only.")).to_be_visible()
    page.get_by_role("link", name="Prompts, version 1.0").click()
    assert problems(page) == []


def test_a_revocation_names_the_session_that_ends(house: House, lead: Person) -> None:
    version = DatasetVersion.objects.get()
    approval = portal.approval(Project.objects.get(), version, signed_by=lead)
    portal.session(approval.project, lead)
    page = house.page(version.dataset.steward, path="/approvals/")
    page.get_by_role("link", name="Revoke Prompts for Vowels").click()
    expect(page.locator(".affected")).to_contain_text("Lena’s session in Vowels: ends within 5 seconds")
    assert problems(page) == []
    page.get_by_label("Reason").fill("Consent was withdrawn.")
    press(page, "Revoke it")
    approval.refresh_from_db()
    assert approval.revoked_reason == "Consent was withdrawn."


def test_neither_admin_nor_member_approves(house: House, lead: Person) -> None:
    ada = portal.person("ada", Role.ADMIN, second_factor=True)
    asked(house, lead)
    request = AccessRequest.objects.get()
    for who in (ada, lead):
        for act in ("approve", "refuse"):
            page = house.page(who, path=f"/requests/{request.pk}/{act}/")
            expect(page.get_by_role("heading", level=1)).to_have_text("You may not do this")
            page.context.close()
