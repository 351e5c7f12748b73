"""A script in the lab's page tries to vote as the checker who is signed in to the portal in the same browser.

Three controls are in its way, and each is attacked alone, with the other two taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from hub.gate import identity
from hub.places import places
from tests.gatehouse import ALICE, BASE, House, opened
from tests.integration.egress_review.conftest import stage
from tests.integration.egress_review.stage import Stage

__all__ = ["stage"]

pytestmark = pytest.mark.timeout(240)

PASSWORD = "correct horse battery staple"
READY = f"""
from allauth.account.models import EmailAddress
from hub.places import places
vault = Vault(places.state / "vault")
vault.prepare()
by = checker("one")
by.is_demo = True
by.set_password({PASSWORD!r})
by.save()
EmailAddress.objects.create(user=by, email=by.email, verified=True, primary=True)
made = submission(State.IN_REVIEW, vault=vault)
answer = [by.email, made.id]
"""
VOTES = "answer = Submission.objects.get(pk={submission!r}).reviews.count()"
# Plants a proof of its own, tries to read the real one, and sends the vote from a script and from a form.
VOTE = """
async address => {
  let proof = 'a'.repeat(32);
  for (const where of ['', '; domain=localhost', '; domain=' + location.hostname])
    document.cookie = 'parlatory_portal_csrf=' + proof + '; path=/' + where;
  const tell = async act => { try { return await act(); } catch (error) { return String(error); } };
  await tell(async () => {
    const page = await (await fetch(address, {credentials: 'include'})).text();
    proof = (page.match(/csrfmiddlewaretoken" value="([^"]+)/) || [])[1] || proof;
  });
  const said = {vote: 'approve', comment: '', csrfmiddlewaretoken: proof};
  const sent = {method: 'POST', mode: 'no-cors', credentials: 'include', body: new URLSearchParams(said)};
  await tell(() => fetch(address, sent));
  const form = document.createElement('form');
  Object.assign(form, {method: 'POST', action: address});
  for (const [name, value] of Object.entries(said)) {
    const field = document.createElement('input');
    Object.assign(field, {name, value});
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}
"""
LAYERS = ("two hosts", "proof of origin", "content policy")
Portal = Callable[[str], AbstractContextManager[str]]


@dataclass(frozen=True)
class Seated:
    """A checker's browser, in which a page of the lab is open as well."""

    context: BrowserContext
    lab: Page
    review: str
    votes: Callable[[], int]


@pytest.fixture(scope="module")
def portal(stage: Stage) -> Iterator[Portal]:
    """The real portal over the stage's database and policies, without the controls that are named."""
    stage.command("-m", "django", "collectstatic", "--noinput", "--verbosity=0")

    @contextmanager
    def start(without: str) -> Iterator[str]:
        address = f"127.0.0.1:{stage.port}"
        process = stage.start("-m", "gunicorn", "hub.wsgi", "--bind", address, without=without)
        try:
            stage.until(lambda: answers(address), "the portal answers", seconds=60)
            yield f"http://portal.localhost:{stage.port}"
        finally:
            process.terminate()
            process.wait(20)

    yield start


def answers(address: str) -> bool:
    """Tell whether the portal answers."""
    try:
        return httpx.get(f"http://{address}/health/portal/", trust_env=False).status_code < 500
    except httpx.HTTPError:
        return False


def sign_in(context: BrowserContext, portal: str, email: str) -> None:
    """Sign the checker in, by the portal's own page."""
    page = context.new_page()
    page.goto(portal + "/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    page.close()


def open_lab(context: BrowserContext, house: House) -> Page:
    """Open the lab's page, as the gate writes it."""
    name, _, value = house.cookie(ALICE).partition("=")
    lab = f"http://{house.host}"
    context.add_cookies([{"name": name, "value": value, "url": lab}])
    page = context.new_page()
    answer = page.goto(f"{lab}{BASE}/lab")
    assert answer is not None and answer.status == 200
    return page


@contextmanager
def seated(stage: Stage, portal: Portal, chromium: Browser, *, without: str, lab: str) -> Iterator[Seated]:
    """Seat a checker before portal and lab."""
    email, submission = stage.ask(READY)
    with portal(without) as address, opened(lab) as house:
        context = chromium.new_context()
        sign_in(context, address, email)
        yield Seated(
            context=context,
            lab=open_lab(context, house),
            review=f"{address}/releases/{submission}/review/",
            votes=lambda: int(stage.ask(VOTES.format(submission=submission))),
        )
        context.close()


@pytest.mark.parametrize("only", LAYERS)
def test_a_script_in_the_labs_page_cannot_vote(
    stage: Stage, portal: Portal, chromium: Browser, monkeypatch: pytest.MonkeyPatch, only: str
) -> None:
    lab = places.lab_host if only == "two hosts" else places.portal_host
    if only != "content policy":
        monkeypatch.setattr(identity, "CONTENT_POLICY", "default-src * 'unsafe-inline'")
    without = "" if only == "proof of origin" else "portal:proof"
    where = lab.partition(":")[0]
    with seated(stage, portal, chromium, without=without, lab=where) as checker:
        checker.lab.evaluate(VOTE, checker.review)
        checker.lab.wait_for_timeout(1500)
        assert checker.votes() == 0, "the script's vote was taken"


def test_the_checker_can_vote_or_the_attack_says_nothing(
    stage: Stage, portal: Portal, chromium: Browser
) -> None:
    lab = places.lab_host.partition(":")[0]
    with seated(stage, portal, chromium, without="", lab=lab) as checker:
        page = checker.context.new_page()
        page.goto(checker.review)
        page.get_by_label("Approve").check()
        page.get_by_role("button", name="Save the vote").click()
        page.get_by_role("button", name="Finish the review").click()
        page.wait_for_load_state()
        assert checker.votes() == 1
