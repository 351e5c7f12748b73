"""A checker's review in Chromium: by keyboard alone, without JavaScript, in two tabs, and what can't act."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from egress_review import views
from egress_review.models import File, FileVote, Finding, Review, Submission, Vote
from egress_review.states import State
from egress_review.vault import Vault
from hub.people.models import Person
from tests.pages.conftest import House, problems
from tests.unit.egress_review import factories as make

ROWS = "vowel,speakers\r\n" + "".join(f"v{number},{number + 10}\r\n" for number in range(450))
HOSTILE = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"
NOTEBOOK = {"cells": [{"cell_type": "code", "source": HOSTILE, "outputs": [{"text": HOSTILE}]}]}
MOST_STEPS = 80


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """A vault that the pages use as well; the demo's switch spares checkers a second factor."""
    monkeypatch.setattr(settings, "PARLATORY_DEMO_WITHOUT_SECOND_FACTOR", True)
    made = Vault(tmp_path / "vault")
    made.prepare()
    monkeypatch.setattr(views, "vault", made)
    return made


def checker(name: str) -> Person:
    """Return a demo checker."""
    made = make.checker(name)
    Person.objects.filter(pk=made.pk).update(is_demo=True)
    return Person.objects.get(pk=made.pk)


def three_files(vault: Vault) -> Submission:
    """Return a submission of a long table with a finding far down, a text and a hostile notebook."""
    files = {
        "table.csv": ROWS.encode(),
        "notes.md": b"# Notes\n\nRounded.\n",
        "analysis.ipynb": json.dumps(NOTEBOOK).encode(),
    }
    found = make.submission(State.IN_REVIEW, vault=vault, files=files)
    found.files.filter(name="notes.md").update(media_type="text/markdown", kind="text")
    found.files.filter(name="analysis.ipynb").update(media_type="application/x-ipynb+json", kind="notebook")
    for where in ("row 317, column speakers", "row 3"):
        Finding.objects.create(
            submission=found,
            file=found.files.get(name="table.csv"),
            check_name="cells",
            severity="flag",
            where=where,
            message="Few speakers stand behind this cell.",
        )
    return found


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something with this name has the focus."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if name in page.evaluate("(document.activeElement.innerText || document.activeElement.value || '')"):
            return
    raise AssertionError(f"Tab never reached {name!r}")


def press(page: Page, key: str, *, loads: bool = False) -> None:
    """Press a key, and wait for the page that it leads to."""
    if not loads:
        page.keyboard.press(key)
        return
    with page.expect_navigation():
        page.keyboard.press(key)


def shown_row(page: Page) -> str:
    """Return the first cells of the row that the preview has marked."""
    return page.frame_locator("#frame").locator("tr:target").inner_text()


def test_a_full_review_by_keyboard_alone(house: House, vault: Vault) -> None:
    found, first = three_files(vault), checker("Ada Demo")
    page = house.page(first, path="/releases/queue/")
    tab_to(page, found.title)
    press(page, "Enter", loads=True)
    expect(page.locator(".tree [aria-current]")).to_contain_text("table.csv")

    press(page, "?")
    expect(page.locator("#keys dl")).to_be_visible()
    press(page, "?")
    press(page, "n")
    expect(page.frame_locator("#frame").locator("#row-317:target")).to_be_visible()
    press(page, "n")
    expect(page.frame_locator("#frame").locator("#row-3:target")).to_be_visible()
    press(page, "p")
    expect(page.frame_locator("#frame").locator("#row-317:target")).to_be_visible()
    assert "326" in shown_row(page)

    press(page, "j", loads=True)
    expect(page.locator(".tree [aria-current]")).to_contain_text("notes.md")
    press(page, "k", loads=True)
    expect(page.locator(".tree [aria-current]")).to_contain_text("table.csv")

    press(page, "a")
    press(page, "Enter", loads=True)
    expect(page.locator(".tree [aria-current]")).to_contain_text("notes.md")
    press(page, "r")
    page.keyboard.type("say how you rounded, j and k are letters here")
    press(page, "Escape")
    press(page, "c")
    page.keyboard.press("End")
    page.keyboard.type(".")
    tab_to(page, "Save and go on")
    press(page, "Enter", loads=True)
    press(page, "x")
    page.keyboard.type("it holds a script")
    tab_to(page, "Save the vote")
    press(page, "Enter", loads=True)

    press(page, "f")
    page.keyboard.type("The table is fine.")
    tab_to(page, "Finish the review")
    press(page, "Enter", loads=True)
    expect(page.get_by_role("heading", level=1)).to_have_text(found.title)

    cast = {vote.file.name: (vote.vote, vote.comment) for vote in FileVote.objects.select_related("file")}
    assert cast == {
        "table.csv": (Vote.APPROVE, ""),
        "notes.md": (Vote.RETURN, "say how you rounded, j and k are letters here."),
        "analysis.ipynb": (Vote.REJECT, "it holds a script"),
    }
    review = Review.objects.get()
    assert (review.vote, review.comment) == (Vote.RETURN, "The table is fine.")


def test_a_full_review_without_javascript_until_it_is_released(house: House, vault: Vault) -> None:
    found = make.submission(State.IN_REVIEW, vault=vault)
    for name in ("Ada Demo", "Bo Demo"):
        page = house.page(checker(name), path="/releases/queue/", javascript=False)
        page.get_by_role("link", name=found.title).click()
        expect(page.frame_locator("#frame").get_by_text("speakers")).to_be_visible()
        page.get_by_label("Approve: it may leave as it is").check()
        page.get_by_role("button", name="Save the vote").click()
        page.get_by_role("button", name="Finish the review").click()
    expect(page.locator("main .state").first).to_have_text("released")
    assert Submission.objects.get().state == State.RELEASED


def test_two_who_differ_settle_it_on_the_page(house: House, vault: Vault) -> None:
    found = make.submission(State.IN_REVIEW, vault=vault)
    first, second = checker("Ada Demo"), checker("Bo Demo")
    make.review(found, Vote.APPROVE, by=first, comment="")
    page = house.page(second, path=f"/releases/{found.id}/review/")
    assert "Ada Demo" not in page.inner_text("main")
    page.get_by_label("Ask for changes").check()
    page.locator(".vote textarea").first.fill("round the counts to ten")
    page.get_by_role("button", name="Save the vote").click()
    page.get_by_role("button", name="Finish the review").click()
    expect(page.locator("main .state").first).to_have_text("differing")
    page.goto(house.url + f"/releases/{found.id}/review/")
    expect(page.locator("#settle")).to_contain_text("Ada Demo")
    assert problems(page) == []
    page.locator("#settle").get_by_label("Approve").check()
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("main .state").first).to_have_text("released")


def test_a_second_tab_loses_nothing_and_overwrites_nothing(house: House, vault: Vault) -> None:
    found, by = make.submission(State.IN_REVIEW, vault=vault), checker("Ada Demo")
    path = f"/releases/{found.id}/review/"
    one, other = house.page(by, path=path), house.page(by, path=path)
    one.get_by_label("Approve: it may leave as it is").check()
    one.get_by_role("button", name="Save the vote").click()
    other.get_by_label("Reject: it can").check()
    other.locator(".vote textarea").first.fill("typed in the second tab")
    other.get_by_role("button", name="Save the vote").click()
    expect(other.locator(".errorlist")).to_contain_text("changed in another window")
    expect(other.locator(".vote textarea").first).to_have_value("typed in the second tab")
    assert FileVote.objects.get().vote == Vote.APPROVE


def test_nothing_foreign_runs_or_loads_in_the_frame(house: House, vault: Vault) -> None:
    found = three_files(vault)
    notebook = found.files.get(name="analysis.ipynb")
    page = house.page(checker("Ada Demo"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(house.url + f"/releases/{found.id}/review/?file={notebook.id}")
    frame = page.frame_locator("#frame")
    expect(frame.locator("#cell-1 pre").first).to_contain_text("document.title='ran'")
    page.goto(house.url + f"/releases/{found.id}/review/?file={notebook.id}&beside=handed_in")
    expect(frame.locator("table").first).to_be_visible()
    # The same addresses opened by themselves are as harmless.
    page.goto(house.url + f"/releases/{found.id}/files/{notebook.id}/preview/")
    assert page.title() != "ran"
    assert not [url for url in asked if url.endswith("/x")]


PAGES = (
    "/releases/queue/",
    "/releases/{0}/review/",
    "/releases/{0}/conflict/",
    "/releases/{0}/",
    "/releases/",
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("phone", [False, True], ids=["laptop", "phone"])
def test_a_checkers_pages_keep_nobody_out(house: House, vault: Vault, path: str, phone: bool) -> None:
    found = three_files(vault)
    by = checker("Ada Demo")
    make.submission(State.IN_REVIEW, vault=vault, author=by)
    before = make.submission(State.RELEASED, vault=vault)
    title = "A long title that says what the earlier table was about, word by word"
    Submission.objects.filter(pk=before.pk).update(project=found.project, title=title)
    page = house.page(by, path=path.format(found.id), phone=phone)
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= (390 if phone else 1280)
    assert problems(page) == []


@pytest.mark.parametrize("name", ["table.csv", "notes.md", "analysis.ipynb"])
@pytest.mark.parametrize("what", ["preview/", "beside/?with=handed_in"])
def test_what_the_frame_shows_keeps_nobody_out(house: House, vault: Vault, name: str, what: str) -> None:
    found = three_files(vault)
    file = File.objects.get(name=name)
    page = house.page(checker("Ada Demo"), path=f"/releases/{found.id}/files/{file.id}/{what}")
    # The frame's own policy keeps axe out as well: its markup is looked at on a page without one.
    content = page.content()
    page.goto("about:blank")
    page.set_content(content)
    assert problems(page) == []
