"""From an enclave with nobody in it to a released result, each role on its own pages, without a shell.

The shell is used for what only the machine's operator can do: starting the enclave, naming its first admin,
putting a delivery on the intake disk, and bringing all of it back when the machine is lost.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from hub.cli import testing
from hub.places import Places
from tests import mailbox
from tests.browser import lost_machine, steps
from tests.browser.nothing import NAMES, Nothing, Picture, again, day, hub, press, send
from tests.enclave import Enclave, until
from tests.pages.conftest import problems

pytestmark = pytest.mark.timeout(900)

ROLES = {
    "steward": ["data steward"],
    "lead": ["researcher"],
    "researcher": ["researcher"],
    "checker1": ["output checker"],
    "checker2": ["output checker"],
    "auditor": ["auditor"],
}


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
            yield Nothing(Enclave(there, {}), mail, chromium, env)
        finally:
            hub("reset", "--yes", env=env)
            lost_machine.forget(testing.as_places({**os.environ, **NAMES}))


def test_a_result_leaves_an_enclave_that_began_empty(
    nothing: Nothing, enclave: Enclave, picture: Picture
) -> None:
    a_result_leaves(nothing, enclave.places, picture)


def test_a_lost_machine_comes_back_by_the_lines_of_the_readme(
    nothing: Nothing, enclave: Enclave, picture: Picture, tmp_path: Path
) -> None:
    """People, homes, results and ledger come back, and the next result leaves; images alone stayed."""
    if not nothing.released:
        a_result_leaves(nothing, enclave.places, picture)
    base = lost_machine.somebody_is_at_work(nothing)
    lost = lost_machine.it_is_backed_up(nothing, tmp_path, base)
    lost_machine.everything_is_gone(nothing, lost)
    lost_machine.a_shorter_ledger_is_refused(nothing, lost)
    lost_machine.it_is_restored(nothing, lost)
    lost_machine.the_ledger_goes_on(nothing, lost)
    lost_machine.what_left_is_there(nothing, tmp_path)
    lost_machine.the_next_result_leaves(nothing)


def a_result_leaves(nothing: Nothing, demo: Places, picture: Picture) -> None:
    """Walk from nobody to a released result."""
    nothing.arrive("admin")
    everybody_is_invited(nothing, picture)
    a_dataset_is_registered(nothing, demo, picture)
    a_project_is_provisioned(nothing, picture)
    its_data_is_asked_for_and_approved(nothing, picture)
    steps.a_result_is_handed_in(nothing, "Durations")
    steps.two_checkers_let_it_go(nothing, "Durations", picture)
    nothing.released |= steps.it_is_downloaded(nothing, "Durations", picture)
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
    send(page, f"Record {len(table)} rows")
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
    send(page, "Examine the folder")
    again(page, page.get_by_role("button", name="Register this version"), "the folder is examined")
    picture(page, "steward-examined")
    send(page, "Register this version")

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
        send(page, f"Add Demo {login.title()}")
    page = nothing.page("admin", "/projects/languages/settings/")
    page.get_by_label("Disk, GiB").fill("0.25")
    press(page, "Change the settings…")
    send(page, "Change the settings")
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
    send(page, "Ask for it")
    page = nothing.page("steward", "/requests/")
    page.get_by_role("link", name="Voices of the demo, 1.0").click()
    picture(page, "steward-request")
    press(page, "Approve…")
    page.get_by_label("Agreement’s title").fill("Use of the voices")
    page.get_by_label("What its members promise").fill("I try to identify nobody.")
    page.get_by_label("Agreement holds until").fill(day(60))
    press(page, "Approve it…")
    send(page, "Approve it")
    page = nothing.page("researcher")
    page.get_by_role("button", name="Read and sign").click()
    page.get_by_role("button", name=re.compile("[Ss]ign", re.I)).last.click()


def an_auditor_sees_it_all(nothing: Nothing, picture: Picture) -> None:
    """The auditor finds it on the timeline, and who could reach the data."""
    page = nothing.page("auditor", "/ledger/?kind=released")
    expect(page.get_by_role("main")).to_contain_text("released")
    assert problems(page) == []
    picture(page, "auditor-timeline")
    page = nothing.page("auditor", "/audit/reach/")
    expect(page.get_by_role("main")).to_contain_text("Demo Researcher")
    picture(page, "auditor-reach")
