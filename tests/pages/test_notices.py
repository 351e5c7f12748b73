"""Notices in a browser: found by the count in the navigation, read, opened, and mailed as chosen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.notices.models import Letter, Notice
from hub.people.models import Person, Role
from tests import portal
from tests.pages.conftest import House, problems


@pytest.fixture
def adam(house: House) -> Person:
    """An admin with two notices, and a letter that no server takes."""
    adam = portal.person("adam", Role.ADMIN, second_factor=True)
    now = datetime.now(UTC)
    for number, title in enumerate(["“Vowel table” came back to you", "Your role: admin"]):
        Notice.objects.create(
            person=adam,
            about="results",
            key=str(number),
            title=title,
            body="The checkers ask for changes.\n\nA checker says: Round the means.",
            url="/account/",
            at=now,
        )
    Letter.objects.create(
        person=adam, key="l", subject="S", text="T", made_at=now, due_at=now, attempts=2, error="OSError: no"
    )
    return adam


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize("path", ["/notices/", "/notices/preferences/", "/notices/outbox/"])
def test_every_page_keeps_nobody_out(house: House, adam: Person, path: str, phone: bool) -> None:
    page = house.page(adam, path=path, phone=phone)
    assert page.get_by_role("heading", level=1).count() == 1
    assert problems(page) == []


def test_a_reader_finds_opens_and_reads_without_javascript(house: House, adam: Person) -> None:
    page = house.page(adam, javascript=False)
    page.get_by_role("link", name="Notices 2 unread").click()
    page.get_by_role("button", name="Open what “Your role: admin” is about").click()
    assert page.url.endswith("/account/")
    page.get_by_role("link", name="Notices 1 unread").click()
    page.get_by_role("button", name="Mark all as read").click()
    assert "1 notice is marked as read" in page.content() and "All read." in page.content()
    page.get_by_role("link", name="What is mailed how soon").click()
    page.get_by_label("What you handed in or asked for").select_option("never")
    page.get_by_role("button", name="Keep").click()
    assert "Kept." in page.content()
