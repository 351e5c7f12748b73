"""The frame of every page: readable by everybody, with and without JavaScript, on a phone too."""

from __future__ import annotations

import pytest

from hub.people.models import Role
from tests import portal
from tests.pages.conftest import House, problems


@pytest.mark.parametrize("role", list(Role))
def test_everybodys_home_page_keeps_nobody_out(house: House, role: Role) -> None:
    page = house.page(portal.person("rosa", role, second_factor=True))
    assert page.get_by_role("heading", level=1).count() == 1
    assert problems(page) == []


def test_home_works_without_javascript_and_on_a_phone(house: House) -> None:
    page = house.page(portal.person("rosa", Role.RESEARCHER), javascript=False, phone=True)
    page.get_by_role("link", name="Datasets").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Datasets"


def test_axe_is_heard(house: House) -> None:
    page = house.page(portal.person("rosa", Role.RESEARCHER))
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src=x><input></main></html>")
    assert {line.split(": ")[1] for line in problems(page)} >= {"image-alt", "label"}


def test_pages_have_their_style(house: House) -> None:
    page = house.page(portal.person("rosa", Role.RESEARCHER))
    weight = page.evaluate("getComputedStyle(document.querySelector('.brand')).fontWeight")
    assert weight == "650"
