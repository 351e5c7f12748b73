"""Refusals, each with its reason on the screen of whoever is refused."""

from __future__ import annotations

import re
import sys
import time

import pytest
from playwright.sync_api import Page, expect

from tests import kernel, scene
from tests.browser import workspace
from tests.enclave import Enclave, until
from tests.people import People, ask, cookies_for

pytestmark = pytest.mark.timeout(300)

PROJECT = "pitch-across-languages"
CUT_SECONDS = 5.0


def refusal(page: Page, enclave: Enclave, project: str) -> str:
    """Return the reasons on a workspace page that offers no start."""
    page.goto(f"{enclave.places.portal_url}/workspaces/{project}/")
    expect(page.get_by_role("heading", name="You can’t start a session now")).to_be_visible()
    assert page.get_by_role("button", name="Start a session").count() == 0
    return page.locator(".refusal").inner_text()


@pytest.mark.parametrize(
    ("login", "project", "reason"),
    [
        ("lapsed", PROJECT, "training “safe-researcher” is missing or out of date"),
        (
            "researcher1",
            "reading-styles",
            "ask its lead to request data|is not approved today for the project",
        ),
        ("researcher2", "number-words", "is not open today"),
    ],
)
def test_who_can_start_nothing_reads_why_and_whom_to_ask(
    people: People, enclave: Enclave, login: str, project: str, reason: str
) -> None:
    page = people.page(login)
    said = refusal(page, enclave, project)
    assert re.search(reason, said), said
    page.close()


def test_who_is_no_member_reads_that_there_is_no_such_project_for_them(
    people: People, enclave: Enclave
) -> None:
    page = people.page("outsider")
    for area in ("projects", "workspaces"):
        page.goto(f"{enclave.places.portal_url}/{area}/{PROJECT}/")
        expect(page.get_by_role("heading", level=1, name="There is nothing here for you")).to_be_visible()
        expect(page.locator("main")).to_contain_text(
            "There is no such project, or none that you are a member of."
        )
    page.close()


def test_who_was_a_member_reads_that_they_are_one_no_more(people: People, enclave: Enclave) -> None:
    made = scene.make(enclave)
    page = people.page(made.login)
    page.goto(made.workspace_url)
    expect(page.get_by_role("button", name="Start a session")).to_be_visible()
    made.act(
        "one = Membership.objects.get(project=project, person=person)\n"
        "projects.end_membership(by=somebody('admin1'), membership=one)\nprint('null')"
    )
    # The page is from before: the button is still there, and says why not.
    page.get_by_role("button", name="Start a session").click()
    expect(page.get_by_role("heading", level=1, name="You may not do this")).to_be_visible()
    expect(page.locator(".refusal")).to_contain_text("not a member")
    page.close()


HAND_IN = """
import parlatory
open("own.csv", "w").write("vowel,speakers\\na,12\\ne,14\\n")
made = parlatory.submit("own.csv", title="Own release", context="Counts of speakers per vowel for the paper.",
                        controls="Every cell counts ten speakers or more.")
print(made.submission)
"""


def test_a_checker_who_handed_in_reads_that_nobody_reviews_their_own_release(
    people: People, enclave: Enclave
) -> None:
    page = people.page("both")
    workspace.start(page, enclave, PROJECT)
    ran = kernel.run(page, workspace.open_lab(page), HAND_IN)
    workspace.stop(page, enclave, PROJECT)
    submission = ran.text.strip().splitlines()[-1]
    assert re.fullmatch(r"[0-9a-z]{26}", submission), ran
    address = f"{enclave.places.portal_url}/releases/{submission}/"

    def in_review() -> bool:
        page.goto(address)
        return "in review" in page.locator("main").inner_text().lower()

    until(in_review, seconds=120, what="the screening passed the table on to review")
    assert page.get_by_role("button", name="Review it").count() == 0
    page.goto(f"{enclave.places.portal_url}/releases/queue/")
    assert page.locator(f"a[href*='{submission}']").count() == 0
    page.goto(address + "review/")
    expect(page.get_by_role("heading", level=1, name="You may not do this")).to_be_visible()
    expect(page.locator(".refusal")).to_contain_text("nobody reviews their own release")
    assert "own.csv" not in page.content()
    # And a vote sent by hand, with everything the browser has, is refused for the same reason.
    cookies = cookies_for(page, address)
    proof = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    form = {"vote": "approve", "comment": "", "csrfmiddlewaretoken": proof}
    origin = {"Origin": enclave.places.portal_url}
    said = ask(address + "review/", method="POST", cookies=cookies, headers=origin, data=form)
    assert said.status_code == 403 and "nobody reviews their own release" in said.text
    page.goto(address)
    page.get_by_role("button", name="Withdraw this submission").click()
    # Closed while its answer is on the way, the page would wait for it for ever.
    expect(page.get_by_role("button", name="Withdraw this submission")).to_have_count(0)
    page.close()


def test_who_has_a_session_reads_that_one_person_runs_one_at_a_time(people: People, enclave: Enclave) -> None:
    first = scene.make(enclave)
    second = first.another()
    page, stale = people.page(first.login), people.page(first.login)
    stale.goto(second.workspace_url)
    expect(stale.get_by_role("button", name="Start a session")).to_be_visible()
    try:
        workspace.start(page, enclave, first.project)
        said = refusal(page, enclave, second.project)
        assert "You already have a session running, and one person runs one at a time" in said
        expect(page.get_by_role("link", name=f"Go to your session in Test {first.project}")).to_be_visible()
        # A tab from before still has its button.
        stale.get_by_role("button", name="Start a session").click()
        expect(stale.get_by_role("heading", level=1, name="You may not do this")).to_be_visible()
        expect(stale.locator(".refusal")).to_contain_text("You already have a session running")
        workspace.stop(page, enclave, first.project)
        page.goto(second.workspace_url)
        expect(page.get_by_role("button", name="Start a session")).to_be_visible()
    finally:
        people.forget(first.login)
        first.clear()


# Notes when each of Lab's websockets closes, in the page's own time.
NOTE_CLOSINGS = """
window.closings = [];
window.WebSocket = class extends WebSocket {
  constructor(...words) {
    super(...words);
    this.addEventListener('close', event => window.closings.push(
      {url: this.url, at: Date.now() / 1000, code: event.code}));
  }
};
"""
COUNTING = "import time; [(print(n), time.sleep(0.2)) for n in range(10**6)]"


def run_a_notebook_that_counts(page: Page) -> None:
    """Open a new notebook in JupyterLab and leave a cell running."""
    page.locator(".jp-LauncherCard[data-category='Notebook']").first.click()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    page.locator(".jp-Notebook .cm-content").first.click()
    page.keyboard.insert_text(COUNTING)
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-OutputArea-output").first).to_contain_text("3", timeout=20_000)


def counted(page: Page) -> int:
    """Return how far the running cell has counted."""
    return len(page.locator(".jp-OutputArea-output").first.inner_text().split())


def test_after_a_revocation_the_running_kernel_is_cut_and_lab_says_why(
    people: People, enclave: Enclave, capsys: pytest.CaptureFixture[str]
) -> None:
    made = scene.make(enclave)
    page = people.page(made.login)
    page.add_init_script(NOTE_CLOSINGS)
    try:
        workspace.start(page, enclave, made.project)
        workspace.open_lab(page)
        run_a_notebook_that_counts(page)
        before = counted(page)
        until(lambda: counted(page) > before, seconds=10, what="the kernel counts on")
        began = float(
            made.act(
                "one = Approval.objects.get(project=project)\nbegan = time.time()\n"
                "approvals.revoke(by=somebody('steward1'), approval=one, reason='Asked again.')\n"
                "print(json.dumps(began))"
            )
        )
        strip = page.get_by_role("region", name="Enclave session")
        expect(strip).to_contain_text("is not approved today for the project", timeout=15_000)
        read = time.time()
        closed = page.evaluate("window.closings.filter(one => one.url.includes('/channels'))")
        assert closed and closed[0]["code"] == 1008, closed
        cut = closed[0]["at"] - began
        with capsys.disabled():
            sys.stdout.write(
                f"\nafter a revocation: kernel's websocket closed in {cut:.2f} s, "
                f"reason on screen within {read - began:.2f} s\n"
            )
        assert 0 < cut <= CUT_SECONDS, f"the kernel's websocket stayed open for {cut:.1f} s"
        assert read - began <= CUT_SECONDS, f"the reason came after {read - began:.1f} s"
        reached = counted(page)
        page.wait_for_timeout(2000)
        assert counted(page) == reached, "the cell went on"
        expect(strip).to_contain_text("is not approved today for the project")
        # Lab says in its own words that the server is gone; that stands in front of the strip's link.
        while page.locator(".jp-Dialog").count():
            page.keyboard.press("Escape")
            page.wait_for_timeout(300)
        strip.get_by_role("link", name="Go to the portal").click()
        said = page.get_by_label("Why not")
        expect(said).to_contain_text("is not approved today for the project")
    finally:
        people.forget(made.login)
        made.clear()
