"""Datasets as their people see them: a steward's work from nothing to a version, a researcher's view."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Page

from hub.datasets.intake_work import IntakeWorker
from hub.people.models import Role
from hub.places import places
from tests import portal, throwaway
from tests.pages.conftest import House, problems
from tests.unit.datasets.test_examination import RATE, cut, intake, write

pytestmark = pytest.mark.timeout(1000)


@pytest.fixture(autouse=True)
def _disks() -> Iterator[None]:
    """Have an empty intake disk and no datasets."""
    for name in ("intake", "datasets"):
        shutil.rmtree(throwaway.state() / name, ignore_errors=True)
        (places.state / name).mkdir()
    yield
    for name in ("intake", "datasets"):
        shutil.rmtree(throwaway.state() / name)


def press(page: Page, name: str) -> None:
    """Press a button and wait for the page it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def test_a_steward_registers_a_dataset_and_its_version_without_a_shell(house: House) -> None:
    steward = portal.person("ines", Role.DATA_STEWARD, second_factor=True)
    folder = intake(places.state / "intake" / "delivery", [cut(0), cut(1, num_samples=9), cut(2)])
    page = house.page(steward, javascript=False)
    page.get_by_role("link", name="Your datasets").click()
    page.get_by_role("button", name="Add a dataset").click()
    page.get_by_label("Title").fill("Harbour voices")
    page.get_by_label("Short name").fill("Harbour!")
    page.get_by_label("Description").fill("Dockers talking about their work.")
    page.get_by_label("Licence").fill("CC-BY-4.0")
    page.get_by_label("Attribution").fill("The speakers")
    page.get_by_role("button", name="Add the dataset").click()
    # What was wrong is said, what was typed is still there.
    assert page.get_by_label("Title").input_value() == "Harbour voices"
    page.get_by_label("Short name").fill("harbour")
    page.get_by_role("button", name="Add the dataset").click()
    page.get_by_role("button", name="Register a version").click()
    page.get_by_label("Version").fill("1.0")
    press(page, "Examine the folder")
    assert "examining" in page.content()
    IntakeWorker().step()
    page.reload()
    assert "line 2" in page.content()
    assert page.get_by_role("button", name="Register this version").count() == 0
    write(folder, [cut(number) for number in range(3)])
    press(page, "Examine once more")
    IntakeWorker().step()
    page.reload()
    press(page, "Register this version")
    IntakeWorker().step()
    page.reload()
    page.get_by_role("link", name="Harbour voices 1.0").click()
    assert page.get_by_role("heading", name="What version 1.0 sounds like").is_visible()
    page.get_by_role("link", name="Write the datasheet").click()
    for name in ("Motivation", "Consent", "Uses out of bounds", "Contact"):
        page.get_by_label(name).fill(f"{name} in words")
    page.get_by_role("button", name="Save the datasheet").click()
    assert "Consent in words" in page.content()


def test_no_page_of_a_steward_keeps_anybody_out(house: House) -> None:
    version = portal.version("harbour")
    steward = version.dataset.steward
    intake(places.state / "datasets" / "harbour" / "1.0")
    folder = intake(places.state / "intake" / "second", [cut(0), cut(1), cut(2), cut(3)])
    rosa = portal.person("rosa", Role.RESEARCHER)
    vowels = portal.project(member=rosa)
    portal.approval(vowels, version, signed_by=rosa)
    portal.session(vowels, rosa)
    IntakeWorker().step()
    page = house.page(steward)

    def opened(path: str) -> None:
        page.goto(house.url + path)
        assert page.get_by_role("heading", level=1).count() == 1, path
        assert problems(page) == []

    for path in ("/stewardship/", "/stewardship/datasets/new/", "/datasets/harbour/versions/new/"):
        opened(path)
    page.get_by_label("Version").fill("2.0")
    press(page, "Examine the folder")
    assert problems(page) == []
    IntakeWorker().step()
    opened(page.url.removeprefix(house.url))
    soundfile.write(str(folder / "recordings" / "r3.wav"), np.cos(np.arange(RATE) / 7), RATE)
    press(page, "Examine once more")
    IntakeWorker().step()
    opened(page.url.removeprefix(house.url))
    press(page, "Register this version")
    IntakeWorker().step()
    names = (
        "",
        "edit/",
        "datasheet/",
        "datasheet/write/",
        "use/",
        "compare/",
        "feedback/",
        "suspend/",
        "hand-over/",
    )
    for name in (*names, "versions/1.0/deprecate/", "?version=1.0"):
        opened(f"/datasets/harbour/{name}")
    page.goto(house.url + "/datasets/harbour/suspend/")
    assert "Rosa, Vowels" in page.content()
    page.get_by_label("Reason").fill("A speaker took consent back.")
    page.get_by_role("button", name="Suspend this dataset").click()
    assert "A speaker took consent back." in page.content()
    opened("/datasets/harbour/resume/")
    page.goto(house.url + "/datasets/harbour/compare/")
    assert page.get_by_text("Recordings added: 1").is_visible()


def test_a_researcher_finds_a_dataset_reads_why_not_and_tells_its_steward(house: House) -> None:
    version = portal.version("harbour")
    rosa = portal.person("rosa", Role.RESEARCHER)
    portal.project(member=rosa)
    page = house.page(rosa, javascript=False, phone=True)
    page.goto(house.url + "/datasets/")
    page.get_by_label("Search title").fill("HARBOUR")
    page.locator("details.filters > summary").click()
    page.get_by_label("Language", exact=True).select_option("fr")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_text("1 of 1 dataset").is_visible()
    page.get_by_role("link", name="Harbour").click()
    assert "is not approved today for the project" in page.content()
    page.get_by_role("link", name="Tell its steward").click()
    page.get_by_label("What is wrong").fill("r1 is <b>silent</b>")
    page.get_by_role("button", name="Send").click()
    assert "r1 is <b>silent</b>" in page.inner_text("main")
    steward = house.page(version.dataset.steward, path="/stewardship/")
    steward.get_by_role("link", name="Harbour Rosa").click()
    steward.get_by_label("Your answer").fill("It was, version 2.0 mends it.")
    steward.get_by_role("button", name="Answer").click()
    assert problems(steward) == []
    page.reload()
    assert "It was, version 2.0 mends it." in page.content()


def test_a_researcher_who_may_use_it_is_told_where_it_lies(house: House) -> None:
    version = portal.version("harbour")
    rosa = portal.person("rosa", Role.RESEARCHER)
    vowels = portal.project(member=rosa)
    portal.approval(vowels, version, signed_by=rosa)
    page = house.page(rosa, path="/datasets/?use=yes")
    assert page.get_by_text("you may use it").is_visible()
    assert problems(page) == []
    page.get_by_role("link", name="Harbour").click()
    assert page.get_by_role("heading", name="You may use it").is_visible()
    assert problems(page) == []
