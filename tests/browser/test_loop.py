"""The loop: sign in, work on real speech, hand in, be screened, two reviewers, out with a receipt."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import workspace
from tests.browser.conftest import People
from tests.enclave import Enclave, until

PROJECT = "pitch-across-languages"
TITLE = "Pitch, level and duration of telephone prompts"


def run_the_first_tour(page: Page) -> None:
    """Open the tour notebook in JupyterLab, run all of it, and wait for the hand-in's answer."""
    page.get_by_text("first-tour.ipynb").first.dblclick()
    page.locator(".jp-Notebook").wait_for(timeout=60_000)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Run All Cells")).click()


def submission_row(page: Page, enclave: Enclave) -> str:
    """Return what the releases page says about the newest submission of the tour."""
    page.goto(f"{enclave.places.portal_url}/releases/")
    rows = page.get_by_role("row").filter(has_text=TITLE)
    return rows.first.inner_text() if rows.count() else ""


def vote(page: Page, enclave: Enclave, *, choice: str, comment: str) -> None:
    """Open the queue as a checker, go to the tour's submission and cast a vote."""
    page.goto(f"{enclave.places.portal_url}/releases/queue/")
    page.get_by_role("link", name=TITLE).first.click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    page.get_by_role("radio", name=re.compile(choice)).check()
    page.get_by_label(re.compile("Comment")).fill(comment)
    page.get_by_role("button", name="Cast the vote").click()


def test_a_result_walks_the_whole_loop(
    people: People, enclave: Enclave, picture: Callable[[Page, str], None], tmp_path: Path
) -> None:
    """A researcher's figure and table leave only after screening and two checkers, with a receipt that fits."""
    researcher = people.page("researcher1")
    researcher.goto(enclave.places.portal_url + "/")
    picture(researcher, "1-home")
    workspace.start(researcher, enclave, PROJECT)
    picture(researcher, "2-workspace")
    workspace.open_lab(researcher)
    run_the_first_tour(researcher)

    portal = people.page("researcher1")
    until(lambda: submission_row(portal, enclave), seconds=180, what="the tour handed in its result")
    until(
        lambda: "in review" in submission_row(portal, enclave).lower(),
        seconds=120,
        what="the screening passed the tour's result on to review",
    )
    researcher.locator(".jp-OutputArea-output").last.scroll_into_view_if_needed()
    picture(researcher, "3-notebook")
    portal.get_by_role("link", name=TITLE).first.click()
    address = portal.url
    assert portal.get_by_role("link", name=re.compile("^Download")).count() == 0
    assert portal.get_by_role("link", name="Review it").count() == 0

    first = people.page("checker1")
    first.goto(enclave.places.portal_url + "/releases/queue/")
    picture(first, "4-queue")
    first.get_by_role("link", name=TITLE).first.click()
    picture(first, "5-review")
    vote(first, enclave, choice="[Aa]pprove", comment="Checked the counts; nothing under ten.")

    second = people.page("checker4")
    second.goto(address)
    assert "Checked the counts" not in second.content(), "a vote was seen before both were in"
    vote(second, enclave, choice="[Aa]pprove", comment="Aggregates over all voices.")

    until(
        lambda: "released" in submission_row(portal, enclave).lower(), seconds=60, what="released"
    )
    portal.goto(address)
    picture(portal, "6-released")
    hashes = {}
    for link in portal.get_by_role("link", name=re.compile("^Download (figure|table)")).all():
        with portal.expect_download() as coming:
            link.click()
        path = tmp_path / coming.value.suggested_filename
        coming.value.save_as(path)
        hashes[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    assert set(hashes) == {"figure.png", "table.csv"}

    portal.goto(address + "receipt/")
    picture(portal, "7-receipt")
    with portal.expect_download() as coming:
        portal.get_by_role("link", name="Download the receipt").click()
    receipt = tmp_path / "receipt.json"
    coming.value.save_as(receipt)
    said = json.dumps(json.loads(receipt.read_text(encoding="utf-8")))
    for digest in hashes.values():
        assert digest in said
    workspace.stop(portal, enclave, PROJECT)
