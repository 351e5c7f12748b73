"""The loop's steps as people of an enclave that began empty take them: handed in, reviewed, downloaded."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests import kernel
from tests.browser import workspace
from tests.browser.nothing import Nothing, Picture, again, send
from tests.enclave import until

RESULT = """
import pandas as pd, parlatory
seconds = parlatory.load("voices").manifest["seconds"]
bands = pd.cut(seconds, [0, 1, 2, 4, 60], labels=["under 1", "1 to 2", "2 to 4", "over 4"])
table = bands.value_counts(sort=False).round(-1).rename_axis("duration").reset_index(name="recordings")
table.to_csv("durations.csv", index=False)
print(parlatory.submit("durations.csv", title="{title}", context="How long prompts are, of all voices.",
                       controls="Counts of all voices together, rounded to ten; none below ten."))
"""


def a_result_is_handed_in(nothing: Nothing, title: str) -> None:
    """The researcher starts a session, makes a table in its kernel, and hands it in."""
    page = nothing.page("researcher")
    workspace.start(page, nothing.enclave, "languages")
    base = workspace.open_lab(page)
    answer = kernel.run(page, base, RESULT.replace("{title}", title), seconds=90)
    assert "Handed in as" in answer.text, answer.text
    page.goto(nothing.url + "/workspaces/languages/")


def two_checkers_let_it_go(nothing: Nothing, title: str, picture: Picture) -> None:
    """Two checkers take it from the queue and approve its file without seeing each other's vote."""

    def queued(page: Page) -> bool:
        page.goto(nothing.url + "/releases/queue/")
        return page.get_by_role("link", name=title, exact=True).count() > 0

    for login in ("checker1", "checker2"):
        page = nothing.pages[login]
        until(lambda page=page: queued(page), seconds=180, what="the result waits for review")
        picture(page, f"checker-queue-{login}")
        page.get_by_role("link", name=title, exact=True).first.click()
        page.get_by_label("Approve: it may leave as it is").check()
        send(page, "Save the vote")
        picture(page, f"checker-review-{login}")
        send(page, "Finish the review")


def it_is_downloaded(nothing: Nothing, title: str, picture: Picture) -> dict[str, bytes]:
    """The researcher reads that it left; return the file and its receipt, as they are downloaded."""
    page = nothing.page("researcher", "/releases/")
    page.get_by_role("link", name=title, exact=True).first.click()
    again(page, page.get_by_role("link", name=re.compile("^Download")).first, "it is released")
    picture(page, "researcher-released")
    file = downloaded(page, re.compile("^Download durations"))
    assert file.startswith(b"duration,recordings")
    page.get_by_role("button", name="See the receipt").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("[Rr]eceipt"))
    return {"durations.csv": file, "receipt.json": downloaded(page, re.compile("^Download the receipt"))}


def downloaded(page: Page, name: re.Pattern[str]) -> bytes:
    """Follow a link or button that downloads, and return the bytes that come."""
    with page.expect_download() as coming:
        page.get_by_role("link", name=name).or_(page.get_by_role("button", name=name)).click()
    return Path(coming.value.path()).read_bytes()


def unseen(page: Page, name: str) -> None:
    """Take no picture: the README's are of the first time."""
