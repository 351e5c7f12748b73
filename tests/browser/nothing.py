"""An enclave that began empty, with its mail and its people's browsers: what the walks through it share."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Locator, Page

from hub.places import places
from tests import authenticator
from tests.enclave import Enclave, until
from tests.mailbox import Mailbox

NAMES = {
    "PARLATORY_STATE": "/var/lib/parlatory-nothing",
    "PARLATORY_RUN": "/run/parlatory-nothing",
    "PARLATORY_PORT": "18100",
    "PARLATORY_ENCLAVE": "parlatory-nothing",
}
PASSWORD = "a plainly made up password of the demo"
LINK = r"http://\S+/invitation/\S+"
Picture = Callable[[Page, str], None]


@dataclass
class Nothing:
    """An enclave that began empty, its mail, and a browser for each of its people."""

    enclave: Enclave
    mail: Mailbox
    browser: Browser
    env: dict[str, str]
    secrets: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    # What left it, by name, with its receipt.
    released: dict[str, bytes] = field(default_factory=dict)

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
        send(page, "Set my password")
        identify(page, address)
        if page.get_by_role("button", name="Turn it on").count():
            self.secrets[login] = page.locator("main code").inner_text()
            page.get_by_label(re.compile("code", re.I)).fill(self.code(login))
            send(page, "Turn it on")
        page.get_by_role("button", name="Sign out").wait_for()
        self.pages[login] = page

    def code(self, login: str) -> str:
        """Return what somebody's authenticator shows now."""
        return authenticator.code(self.secrets[login])

    def sign_in(self, login: str) -> None:
        """Sign somebody in, in a new browser, by the password and second factor they have."""
        self.pages.pop(login).context.close()
        page = self.browser.new_context(accept_downloads=True).new_page()
        page.goto(self.url)
        identify(page, f"{login}@demo.invalid")
        if login in self.secrets:
            page.get_by_label("Code").fill(self.code(login))
            send(page, "Continue")
        page.get_by_role("button", name="Sign out").wait_for()
        self.pages[login] = page


def identify(page: Page, address: str) -> None:
    """Fill the form of signing in and send it."""
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    send(page, "Sign in")


def day(number: int) -> str:
    """Return the day so many days from now, as a date field takes it."""
    return (datetime.now(UTC).date() + timedelta(days=number)).isoformat()


def press(page: Page, name: str) -> None:
    """Press the button of exactly this name."""
    page.get_by_role("button", name=name, exact=True).click()


def send(page: Page, name: str) -> None:
    """Press the button that sends a form, and wait until the page that answers is there."""
    with page.expect_navigation():
        press(page, name)


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
