"""From an enclave with nobody in it to a released result, each role on its own pages, without a shell.

The shell is used for what only the machine's operator can do: starting the enclave, naming its first admin,
putting a delivery on the intake disk.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from hub.cli import testing
from hub.demo import second_factor
from hub.places import Places, places
from tests import kernel, mailbox
from tests.browser import workspace
from tests.enclave import Enclave, until
from tests.mailbox import Mailbox
from tests.pages.conftest import problems

pytestmark = pytest.mark.timeout(900)

NAMES = {
    "PARLATORY_STATE": "/var/lib/parlatory-nothing",
    "PARLATORY_RUN": "/run/parlatory-nothing",
    "PARLATORY_PORT": "18100",
    "PARLATORY_ENCLAVE": "parlatory-nothing",
}
PASSWORD = "a plainly made up password of the demo"
LINK = r"http://\S+/invitation/\S+"
ROLES = {
    "steward": ["data steward"],
    "lead": ["researcher"],
    "researcher": ["researcher"],
    "checker1": ["output checker"],
    "checker2": ["output checker"],
    "auditor": ["auditor"],
}
RESULT = """
import pandas as pd, parlatory
seconds = parlatory.load("voices").manifest["seconds"]
bands = pd.cut(seconds, [0, 1, 2, 4, 60], labels=["under 1", "1 to 2", "2 to 4", "over 4"])
table = bands.value_counts(sort=False).round(-1).rename_axis("duration").reset_index(name="recordings")
table.to_csv("durations.csv", index=False)
print(parlatory.submit("durations.csv", title="Durations", context="How long prompts are, of all voices.",
                       controls="Counts of all voices together, rounded to ten; none below ten."))
"""
Picture = Callable[[Page, str], None]


@dataclass
class Nothing:
    """An enclave that began empty, its mail, and a browser for each of its people."""

    enclave: Enclave
    mail: Mailbox
    browser: Browser
    secrets: dict[str, str]
    pages: dict[str, Page]

    @property
    def url(self) -> str:
        """The portal's address."""
        return self.enclave.places.portal_url

    def page(self, login: str, path: str = "/") -> Page:
        """Return somebody's page, at a path."""
        self.pages[login].goto(self.url + path)
        return self.pages[login]

    def arrive(self, login: str) -> None:
        """Follow the mailed invitation: set a password, sign in, enrol a second factor where one is asked."""
        address = f"{login}@demo.invalid"
        link = until(lambda: self.mail.link_to(address, LINK), seconds=20, what=f"{login} has a letter")
        page = self.browser.new_context(accept_downloads=True).new_page()
        page.goto(link)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("The same again").fill(PASSWORD)
        page.get_by_role("button", name="Set my password").click()
        page.get_by_label("Email").fill(address)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        if page.get_by_role("button", name="Turn it on").count():
            secret = page.locator("main code").inner_text()
            page.get_by_label(re.compile("code", re.I)).fill(second_factor.code(secret, at=time.time()))
            page.get_by_role("button", name="Turn it on").click()
        page.get_by_role("button", name="Sign out").wait_for()
        self.pages[login] = page


def day(number: int) -> str:
    """Return the day so many days from now, as a date field takes it."""
    return (datetime.now(UTC).date() + timedelta(days=number)).isoformat()


def press(page: Page, name: str) -> None:
    """Press the button of exactly this name."""
    page.get_by_role("button", name=name, exact=True).click()


def again(page: Page, wanted: Locator, what: str) -> None:
    """Open a page again until it shows what is waited for."""
    until(lambda: page.goto(page.url) and wanted.count(), seconds=120, what=what)


def hub(*words: str, env: dict[str, str]) -> str:
    """Run one of our commands on the empty enclave."""
    ran = subprocess.run(
        [sys.executable, "-m", "hub", *words],
        cwd=places.checkout,
        env=os.environ | env,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, f"{words}: {ran.stdout[-3000:]}{ran.stderr[-3000:]}"
    return ran.stdout


@pytest.fixture(scope="module")
def nothing(chromium: Browser, enclave: Enclave) -> Iterator[Nothing]:
    """Bring up a second enclave beside the test's own, without the demo; afterwards nothing of it is left."""
    with mailbox.opened() as mail:
        env = NAMES | {"PARLATORY_MAIL": f"smtp://127.0.0.1:{mail.port}?tls=none"}
        hub("reset", "--yes", env=env)
        try:
            hub("up", "--detach", "--without-demo", env=env)
            hub("provision", "institution", "add", "north", "Demo University North", env=env)
            names = ("--name", "Demo First Admin", "--institution", "north", "--role", "admin")
            hub("provision", "person", "add", "admin@demo.invalid", *names, env=env)
            hub("provision", "person", "invite", "admin@demo.invalid", env=env)
            there = testing.as_places({**os.environ, **NAMES})
            yield Nothing(Enclave(there, {}), mail, chromium, {}, {})
        finally:
            hub("reset", "--yes", env=env)


def test_a_result_leaves_an_enclave_that_began_empty(
    nothing: Nothing, enclave: Enclave, picture: Picture, tmp_path: Path
) -> None:
    nothing.arrive("admin")
    everybody_is_invited(nothing, picture)
    a_dataset_is_registered(nothing, enclave.places, picture)
    a_project_is_provisioned(nothing, picture)
    its_data_is_asked_for_and_approved(nothing, picture)
    a_result_is_handed_in(nothing)
    two_checkers_let_it_go(nothing, picture)
    it_is_downloaded(nothing, tmp_path, picture)
    an_auditor_sees_it_all(nothing, picture)


def everybody_is_invited(nothing: Nothing, picture: Picture) -> None:
    """The admin invites people in every role, and records their training from a table."""
    for login, roles in ROLES.items():
        page = nothing.page("admin", "/provisioning/people/invite/")
        page.get_by_label("Name", exact=True).fill(f"Demo {login.title()}")
        page.get_by_label("E-mail").fill(f"{login}@demo.invalid")
        page.get_by_label("Institution").select_option(label="Demo University North")
        for role in roles:
            page.get_by_label(role, exact=True).check()
        press(page, "Invite")
        expect(page.get_by_role("status")).to_contain_text("is invited")
        nothing.arrive(login)
    page = nothing.page("admin", "/provisioning/training/")
    courses = ("safe-researcher", "output-checking")
    table = [f"{login}@demo.invalid,{course},{day(-9)},{day(300)}" for login in ROLES for course in courses]
    lines = ["email,course,completed_on,valid_until", *table]
    page.get_by_label("or its text").fill("\n".join(lines))
    press(page, "Look at the rows…")
    picture(page, "admin-training")
    press(page, f"Record {len(table)} rows")
    page = nothing.page("admin", "/people/")
    assert problems(page) == []
    picture(page, "admin-people")


def a_dataset_is_registered(nothing: Nothing, demo: Places, picture: Picture) -> None:
    """The steward adds a dataset and registers what the operator put on the intake disk."""
    intake = nothing.enclave.places.state / "intake" / "voices"
    shutil.copytree(demo.state / "datasets" / "prompts-voices" / "1.1", intake)
    page = nothing.page("steward", "/stewardship/datasets/new/")
    page.get_by_label("Title").fill("Voices of the demo")
    page.get_by_label("Short name").fill("voices")
    page.get_by_label("Description").fill("Telephone prompts by several voices in several languages.")
    page.get_by_label("Institution").select_option(label="Demo University North")
    page.locator("input[name=tier][value='2']").check()
    page.get_by_label("Licence").fill("GPL-2.0-or-later, CC-BY-SA-3.0")
    page.get_by_label("Attribution").fill("The voices of the Asterisk prompts")
    press(page, "Add the dataset")
    press(page, "Register a version")
    page.get_by_label("Version").fill("1.0")
    with page.expect_navigation():
        press(page, "Examine the folder")
    again(page, page.get_by_role("button", name="Register this version"), "the folder is examined")
    picture(page, "steward-examined")
    with page.expect_navigation():
        press(page, "Register this version")

    def registered() -> bool:
        page.goto(nothing.url + "/datasets/voices/")
        return "leak index" in page.inner_text("main").lower() and "1.0" in page.inner_text("main")

    until(registered, seconds=120, what="the version is registered")
    picture(page, "steward-dataset")


def a_project_is_provisioned(nothing: Nothing, picture: Picture) -> None:
    """The admin proposes a project, puts two people in, and opens it."""
    page = nothing.page("admin", "/provisioning/projects/new/")
    page.get_by_label("Title").fill("Languages of prompts")
    page.get_by_label("Short name").fill("languages")
    page.get_by_label("Purpose").fill("Speech research")
    page.get_by_label("First day").fill(day(0))
    page.get_by_label("Last day").fill(day(90))
    press(page, "Propose this project")
    for login, role in (("lead", "project lead"), ("researcher", "researcher")):
        page = nothing.page("admin", f"/projects/languages/members/add/?q={login}")
        page.get_by_role("link", name=f"Add Demo {login.title()}").click()
        page.get_by_label("Role in the project").select_option(label=role)
        press(page, f"Add Demo {login.title()}…")
        press(page, f"Add Demo {login.title()}")
    page = nothing.page("admin", "/projects/languages/settings/")
    page.get_by_label("Disk, GiB").fill("0.25")
    press(page, "Change the settings…")
    press(page, "Change the settings")
    page = nothing.page("admin", "/projects/languages/open/")
    picture(page, "admin-who-is-affected")
    press(page, "Open the project")
    expect(page.get_by_role("status")).to_contain_text("open")


def its_data_is_asked_for_and_approved(nothing: Nothing, picture: Picture) -> None:
    """The lead asks, the steward approves with an agreement, the researcher signs it."""
    page = nothing.page("lead", "/projects/languages/ask/")
    page.get_by_label("Dataset").select_option(label="Voices of the demo, version 1.0")
    page.get_by_label("Until").fill(day(60))
    page.get_by_label("What it is needed for").fill("To count languages.")
    press(page, "Ask for it")
    page = nothing.page("steward", "/requests/")
    page.get_by_role("link", name="Voices of the demo, 1.0").click()
    picture(page, "steward-request")
    press(page, "Approve…")
    page.get_by_label("Agreement’s title").fill("Use of the voices")
    page.get_by_label("What its members promise").fill("I try to identify nobody.")
    page.get_by_label("Agreement holds until").fill(day(60))
    press(page, "Approve it…")
    press(page, "Approve it")
    page = nothing.page("researcher")
    page.get_by_role("button", name="Read and sign").click()
    page.get_by_role("button", name=re.compile("[Ss]ign", re.I)).last.click()


def a_result_is_handed_in(nothing: Nothing) -> None:
    """The researcher starts a session, makes a table in its kernel, and hands it in."""
    page = nothing.page("researcher")
    workspace.start(page, nothing.enclave, "languages")
    base = workspace.open_lab(page)
    answer = kernel.run(page, base, RESULT, seconds=90)
    assert "Handed in as" in answer.text, answer.text
    page.goto(nothing.url + "/workspaces/languages/")


def two_checkers_let_it_go(nothing: Nothing, picture: Picture) -> None:
    """Two checkers take it from the queue and approve its file without seeing each other's vote."""

    def queued(page: Page) -> bool:
        page.goto(nothing.url + "/releases/queue/")
        return page.get_by_role("link", name="Durations").count() > 0

    for login in ("checker1", "checker2"):
        page = nothing.pages[login]
        until(lambda page=page: queued(page), seconds=180, what="the result waits for review")
        picture(page, f"checker-queue-{login}")
        page.get_by_role("link", name="Durations").first.click()
        page.get_by_label("Approve: it may leave as it is").check()
        press(page, "Save the vote")
        picture(page, f"checker-review-{login}")
        press(page, "Finish the review")


def it_is_downloaded(nothing: Nothing, folder: Path, picture: Picture) -> None:
    """The researcher reads that it left, downloads it, and has a receipt."""
    page = nothing.page("researcher", "/releases/")
    page.get_by_role("link", name="Durations").first.click()
    again(page, page.get_by_role("link", name=re.compile("^Download")).first, "it is released")
    picture(page, "researcher-released")
    with page.expect_download() as coming:
        page.get_by_role("link", name=re.compile("^Download durations")).click()
    coming.value.save_as(folder / "durations.csv")
    assert (folder / "durations.csv").read_text().startswith("duration,recordings")
    page.get_by_role("button", name="See the receipt").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("[Rr]eceipt"))


def an_auditor_sees_it_all(nothing: Nothing, picture: Picture) -> None:
    """The auditor finds it on the timeline, and who could reach the data."""
    page = nothing.page("auditor", "/ledger/?kind=released")
    expect(page.get_by_role("main")).to_contain_text("released")
    assert problems(page) == []
    picture(page, "auditor-timeline")
    page = nothing.page("auditor", "/audit/reach/")
    expect(page.get_by_role("main")).to_contain_text("Demo Researcher")
    picture(page, "auditor-reach")
