"""The loop: sign in, work on real speech, hand in, be screened, two reviewers, out with a receipt."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import workspace
from tests.enclave import Enclave, until
from tests.people import People

# A whole day's work on a machine that may be busy with another run.
pytestmark = pytest.mark.timeout(480)

PROJECT = "pitch-across-languages"
TITLE = "Pitch, level and duration of telephone prompts"


# What one walk through the loop leaves on the ledger, whoever reads it.
ACTS = {
    "signed_in",
    "decision_allowed",
    "grant_issued",
    "session_started",
    "session_ended",
    "handed_in",
    "screened",
    "viewed",
    "voted",
    "released",
    "downloaded",
    "provisioned",
    "policy_revision",
}


def kinds(enclave: Enclave) -> set[str]:
    """Return the kinds of all entries, read off the database."""
    said = enclave.service(
        "from hub.ledger.models import Entry\n"
        "print(*sorted(set(Entry.objects.order_by().values_list('kind', flat=True))))"
    )
    return set(said.split())


def run_the_first_tour(page: Page) -> None:
    """Open the tour notebook in JupyterLab, run all of it, and wait for the hand-in's answer."""
    page.locator(".jp-DirListing-item").filter(has_text="first-tour.ipynb").dblclick()
    page.locator(".jp-Notebook").wait_for(timeout=60_000)
    # Before the kernel is connected Lab drops "Run All" without a word.
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Run All Cells")).click()
    page.locator(".jp-InputPrompt").filter(has_text="[*]").first.wait_for(timeout=20_000)


def submission_rows(page: Page, enclave: Enclave) -> list[str]:
    """Return what the releases page says about the tour's submissions, the newest first."""
    page.goto(f"{enclave.places.portal_url}/releases/")
    return page.get_by_role("row").filter(has_text=TITLE).all_inner_texts()


def vote(page: Page, address: str, *, choice: str, comment: str) -> None:
    """Open a submission's review as a checker and cast a vote."""
    page.goto(address + "review/")
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    for _ in page.locator(".tree ol a").all():
        page.locator(".vote").get_by_role("radio", name=re.compile(choice)).check()
        page.get_by_role("button", name=re.compile("^Save")).click()
    page.get_by_label("Comment on the whole").fill(comment)
    page.get_by_role("button", name="Finish the review").click()


def verify(enclave: Enclave, receipt: Path, files: Path) -> None:
    """Check a downloaded receipt with its files, here and as an outsider who holds nothing but the key."""
    key = shutil.copy(enclave.places.state / "keys" / "ledger.pub", files / "key")
    nowhere = {name: value for name, value in os.environ.items() if not name.startswith("PARLATORY")}
    here = ["-m", "hub", "ledger", "receipt", receipt.name, "--files", "."]
    outside = ["-m", "hub.ledger.receipt", receipt.name, "--files", ".", "--key", str(key)]
    with_code = {"PYTHONPATH": str(enclave.places.checkout)}
    for words, env in ((here, os.environ), (outside, nowhere)):
        ran = subprocess.run(
            [sys.executable, *words], cwd=files, env={**env, **with_code}, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert ran.stdout.splitlines()[-1] == "The receipt holds."
        assert "figure.png is the file that left" in ran.stdout and "table.csv is the file" in ran.stdout
    table = files / "table.csv"
    table.write_bytes(table.read_bytes().replace(b"1", b"2", 1))
    ran = subprocess.run(
        [sys.executable, *here], cwd=files, env={**os.environ, **with_code}, capture_output=True, text=True
    )
    assert ran.returncode == 1 and "table.csv is not the file that left" in ran.stdout


def test_a_result_walks_the_whole_loop(
    people: People, enclave: Enclave, picture: Callable[[Page, str], None], tmp_path: Path
) -> None:
    """A figure and a table leave only after screening and two checkers, with a receipt that fits."""
    researcher = people.page("researcher1")
    researcher.goto(enclave.places.portal_url + "/")
    picture(researcher, "1-home")
    workspace.start(researcher, enclave, PROJECT)
    expect(researcher.get_by_text("used now")).to_be_visible()
    picture(researcher, "2-workspace")
    workspace.open_lab(researcher)
    portal = people.page("researcher1")
    before = len(submission_rows(portal, enclave))
    run_the_first_tour(researcher)

    until(
        lambda: len(submission_rows(portal, enclave)) > before,
        seconds=180,
        what="the tour handed in its result",
    )
    until(
        lambda: "in review" in submission_rows(portal, enclave)[0].lower(),
        seconds=120,
        what="the screening passed the tour's result on to review",
    )
    researcher.locator(".jp-OutputArea-output").last.scroll_into_view_if_needed()
    picture(researcher, "3-notebook")
    portal.get_by_role("link", name=TITLE).first.click()
    address = portal.url
    assert portal.get_by_role("link", name=re.compile("^Download")).count() == 0
    assert portal.get_by_text("Review it").count() == 0

    first = people.page("checker1")
    first.goto(enclave.places.portal_url + "/releases/queue/")
    picture(first, "4-queue")
    first.get_by_role("link", name=TITLE).last.click()
    first.locator(".tree").get_by_role("link", name=re.compile("figure.png")).click()
    expect(first.frame_locator("#frame").get_by_role("img")).to_be_visible()
    picture(first, "5-review")
    vote(first, address, choice="[Aa]pprove", comment="Checked the counts; nothing under ten.")

    second = people.page("checker4")
    second.goto(address)
    assert "Checked the counts" not in second.content(), "a vote was seen before both were in"
    vote(second, address, choice="[Aa]pprove", comment="Aggregates over all voices.")

    until(
        lambda: "released" in submission_rows(portal, enclave)[0].lower(), seconds=60, what="it is released"
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
        portal.get_by_role("button", name="Download the receipt").click()
    receipt = tmp_path / "receipt.json"
    coming.value.save_as(receipt)
    said = json.dumps(json.loads(receipt.read_text(encoding="utf-8")))
    for digest in hashes.values():
        assert digest in said
    verify(enclave, receipt, tmp_path)
    workspace.stop(portal, enclave, PROJECT)
    assert kinds(enclave) >= ACTS, "an act that the issue of a result needs is not written down"
