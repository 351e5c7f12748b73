"""Each role's way through the portal: what it sees, what it is refused and why; every page stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response, expect

from tests import scene
from tests.browser import workspace
from tests.enclave import Enclave
from tests.people import People

pytestmark = pytest.mark.timeout(240)

PROJECT = "pitch-across-languages"
LOGINS = ("researcher1", "lead1", "steward1", "custodian1", "checker1", "committee1", "admin1", "auditor1")
# What differs from page to page of the same kind: one of each kind is looked at.
NUMBER = re.compile(r"[0-9a-z]{26}(?=/|$)|(?<=/)[0-9]+(?=/|$)")
FILES = re.compile(r"\.(?:json|csv|zip)$|/(?:file|download|checkpoint)/?$")
MOST_PAGES = 60
Picture = Callable[[Page, str], None]


class Seen(HTMLParser):
    """What a page holds that the rules are about."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings = 0
        self.title = ""
        self.links: list[str] = []
        self.faults: list[str] = []
        self._in_title = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count headings, collect links, note what needs a script or an inline style."""
        values = dict(attrs)
        self.headings += tag == "h1"
        # A drawing has titles of its own.
        self._in_title = tag == "title" and not self.title
        if tag == "a":
            self.links.append(values.get("href") or "")
        if tag in ("script", "iframe", "object", "embed") or "style" in values:
            self.faults.append(f"<{tag}> {values}")
        self.faults += [f"{name}= on <{tag}>" for name in values if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        """Read the title."""
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag: str) -> None:
        """Leave the title."""
        self._in_title = False


def crawl(page: Page, start: str) -> dict[str, list[str]]:
    """Follow the links from an address, one page of each kind, and return what is wrong with each."""
    host = urlsplit(start).netloc
    waiting, known, wrong = [start], {start}, {}
    while waiting and len(known) < MOST_PAGES:
        url = waiting.pop(0)
        answer = page.goto(url)
        assert answer is not None
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        seen = Seen(answer.text())
        faults = list(seen.faults)
        policy = answer.headers.get("content-security-policy", "")
        checks = {
            f"status {answer.status}": answer.status != 200,
            f"{seen.headings} h1": seen.headings != 1,
            f"title {seen.title!r}": not re.fullmatch(r".+ · Parlatory", seen.title.strip()),
            f"policy {policy!r}": "default-src 'none'" not in policy or "unsafe" in policy,
            "may be framed": "frame-ancestors 'none'" not in policy,
        }
        faults += [name for name, fault in checks.items() if fault]
        if faults:
            wrong[url] = faults
        for link in seen.links:
            parts = urlsplit(link)
            if parts.netloc not in ("", host) or parts.scheme == "mailto" or not parts.path.startswith("/"):
                continue
            kind = NUMBER.sub("*", parts.path)
            if kind not in known and not FILES.search(kind):
                known.add(kind)
                waiting.append(f"http://{host}{parts.path}" + (f"?{parts.query}" if parts.query else ""))
    assert len(known) > 5, f"only {known} were found from {start}"
    return wrong


@pytest.mark.parametrize("login", LOGINS)
def test_every_page_a_role_is_led_to_opens_with_one_heading_a_title_and_no_script(
    people: People, enclave: Enclave, picture: Picture, login: str
) -> None:
    page = people.page(login)
    page.goto(enclave.places.portal_url + "/")
    picture(page, f"home-{login}")
    assert crawl(page, enclave.places.portal_url + "/") == {}
    page.close()


def test_who_lacks_training_reads_it_at_home(people: People, enclave: Enclave) -> None:
    page = people.page("lapsed")
    page.goto(enclave.places.portal_url + "/")
    expect(page.get_by_text("has run out")).to_be_visible()
    page.close()


def test_who_is_in_no_project_reads_at_home_why_there_is_no_data_and_can_find_none(
    people: People, enclave: Enclave, picture: Picture
) -> None:
    page = people.page("outsider")
    page.goto(enclave.places.portal_url + "/")
    expect(
        page.get_by_text("You are not a member of a project, so there is no data here for you.")
    ).to_be_visible()
    expect(page.get_by_role("link", name="Demo Admin One")).to_be_visible()
    picture(page, "home-outsider")
    answers = []
    for project in (PROJECT, "no-such-project"):
        for area in ("projects", "workspaces"):
            answer = page.goto(f"{enclave.places.portal_url}/{area}/{project}/")
            assert answer is not None and answer.status == 404
            answers.append(page.locator("main").inner_text())
            assert "Pitch" not in page.content()
    assert len(set(answers)) == 1
    page.close()


_SUBMISSION = """
from pathlib import Path
from egress_review.models import Submission
found = Submission.objects.order_by("submitted_at").last()
if found is None:
    from hub import ids
    from egress_review.models import File
    from egress_review.vault import Vault
    from hub.places import places
    session = Session.objects.filter(workspace__person=person).latest("requested_at")
    found = Submission.objects.create(
        session=session, project=project, author=person, title="A table", context="c", controls="c"
    )
    kept = Vault(places.state / "vault").put(b"vowel,speakers")
    File.objects.create(
        submission=found, name="table.csv", sha256=kept.sha256, size_bytes=kept.size_bytes
    )
print(json.dumps([found.id, found.files.first().id]))
"""


@pytest.mark.parametrize("login", ["admin1", "custodian1"])
def test_admins_and_custodians_see_the_catalogue_but_no_data(
    people: People, enclave: Enclave, login: str
) -> None:
    page = people.page(login)
    page.goto(f"{enclave.places.portal_url}/datasets/")
    page.get_by_role("link", name="Telephone prompts by several voices").click()
    expect(page.get_by_role("heading", level=1, name="Telephone prompts by several voices")).to_be_visible()
    assert page.locator("audio, video, img[src*=recordings], a[href*=recordings]").count() == 0
    page.goto(f"{enclave.places.portal_url}/workspaces/{PROJECT}/")
    assert page.get_by_role("button", name="Start a session").count() == 0
    assert page.get_by_role("button", name="Open JupyterLab").count() == 0
    if login == "admin1":
        page.get_by_role("button", name="Try to start anyway").click()
        expect(page.get_by_role("heading", level=1, name="You may not do this")).to_be_visible()
        expect(page.locator(".refusal")).to_contain_text("not a member")
    else:
        expect(
            page.get_by_text("There is no such project, or none that you are a member of.")
        ).to_be_visible()
    page.close()


def test_nobody_but_a_checker_opens_the_files_of_a_submission(people: People, enclave: Enclave) -> None:
    made = scene.make(enclave)
    page = people.page(made.login)
    workspace.start(page, enclave, made.project)
    submission, file = made.act(_SUBMISSION)
    workspace.stop(page, enclave, made.project)
    page.close()
    base = f"{enclave.places.portal_url}/releases/{submission}"
    for login in ("admin1", "custodian1", "auditor1", "outsider"):
        page = people.page(login)
        for path in ("/review/", f"/files/{file}/download/", f"/files/{file}/preview/"):
            answer = page.goto(base + path)
            assert answer is not None and answer.status in (403, 404), f"{login} {path}"
        page.close()


def test_no_page_of_the_portal_shows_in_another_sites_frame(people: People, enclave: Enclave) -> None:
    context = people.stranger()
    page = context.new_page()
    page.goto(f"{enclave.places.lab_url}/hub/health")
    page.set_content(f'<iframe src="{enclave.places.portal_url}/sign-in/"></iframe>')
    page.wait_for_timeout(1500)
    shown = [frame for frame in page.frames if frame != page.main_frame]
    assert shown and "Sign in" not in shown[0].content()
    context.close()


def test_a_notebook_opens_without_asking_for_anything_the_gate_refuses(
    people: People, enclave: Enclave
) -> None:
    made = scene.make(enclave)
    page = people.page(made.login)
    refused: list[str] = []

    def look(answer: Response) -> None:
        if answer.status >= 400:
            refused.append(f"{answer.status} {answer.request.method} {urlsplit(answer.url).path}")

    workspace.start(page, enclave, made.project)
    page.on("response", look)
    workspace.open_lab(page)
    page.locator(".jp-DirListing-item").filter(has_text="first-tour.ipynb").dblclick()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=60_000)
    page.wait_for_timeout(2000)
    workspace.stop(page, enclave, made.project)
    assert not refused, json.dumps(refused, indent=1)
    page.close()


@pytest.mark.parametrize("login", ["researcher1", "checker1"])
def test_a_phone_shows_each_page_without_scrolling_sideways(
    people: People, enclave: Enclave, picture: Picture, login: str
) -> None:
    page = people.page(login)
    page.set_viewport_size({"width": 390, "height": 844})
    paths = ["/", f"/workspaces/{PROJECT}/", "/releases/", "/releases/queue/", "/datasets/", "/account/"]
    for path in paths if login == "researcher1" else ["/", "/releases/queue/", "/account/"]:
        page.goto(enclave.places.portal_url + path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        picture(page, f"phone-{login}-{path.strip('/').replace('/', '-') or 'home'}")
        assert wide <= 390, f"{path} is {wide} px wide"
    page.close()


def test_pages_follow_a_dark_screen(people: People, enclave: Enclave, picture: Picture) -> None:
    page = people.page("researcher1")
    page.emulate_media(color_scheme="dark")
    for name, path in (("home", "/"), ("workspace", f"/workspaces/{PROJECT}/"), ("account", "/account/")):
        page.goto(enclave.places.portal_url + path)
        picture(page, f"dark-{name}")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        root = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        shades = [int(part) for part in re.findall(r"\d+", root if "0, 0, 0, 0" in paper else paper)[:3]]
        assert max(shades) < 60, f"{path} is {paper} on {root}"
    page.close()
