"""Chromium, and people signed in to the running test enclave: for every test that needs a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from tests.enclave import Enclave, attach

_click = Locator.click

# The enclave's own two hosts are all a test browser may reach; Chromium's own chatter is switched off.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def enclave() -> Enclave:
    """Return the test enclave that is running."""
    return attach()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Debian’s Chromium once for all browser tests: the one without windows, which nobody would see."""
    path = shutil.which("chromium-headless-shell")
    assert path, "Chromium is missing; `python3 -m hub test` installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Locator, "click", _click_and_arrive)
            yield browser
        browser.close()


def _click_and_arrive(self: Locator, **options: Any) -> None:
    """Click, and return when the page that it led to is read: until then its content is empty."""
    _click(self, **options)
    if not self.page.is_closed():
        self.page.wait_for_load_state("domcontentloaded")


def cookies_for(page: Page, url: str) -> dict[str, str]:
    """Return the cookies that the page's browser would send to an address."""
    return {str(one.get("name")): str(one.get("value")) for one in page.context.cookies(url)}


def ask(
    url: str,
    *,
    cookies: dict[str, str],
    method: str = "GET",
    headers: dict[str, str] | None = None,
    **body: Any,
) -> httpx.Response:
    """Ask an address of the enclave by hand, without a browser's rules; nothing here resolves *.localhost."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    with httpx.Client(cookies=cookies, trust_env=False, timeout=30) as client:
        return client.request(
            method,
            f"http://127.0.0.1:{parts.port}{path}",
            headers={"Host": parts.netloc, **(headers or {})},
            **body,
        )


class People:
    """Demo people with a browser each; everybody signs in once and stays signed in."""

    def __init__(self, *, browser: Browser, enclave: Enclave) -> None:
        self._browser = browser
        self._enclave = enclave
        self._contexts: dict[str, BrowserContext] = {}

    def page(self, login: str) -> Page:
        """Return a new page of a signed-in person."""
        if login not in self._contexts:
            self._contexts[login] = self.arrive(login)
        return self._contexts[login].new_page()

    def arrive(self, login: str) -> BrowserContext:
        """Sign a person in, with their second factor where they have one, in a browser of their own."""
        context = self.stranger()
        page = context.new_page()
        email = f"{login}@demo.invalid"
        page.goto(self._enclave.places.portal_url + "/")
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(self._enclave.passwords[email])
        page.get_by_role("button", name="Sign in").click()
        code, out = page.get_by_label("Code"), page.get_by_role("button", name="Sign out")
        # On a busy machine a click is done before the page that it leads to has come.
        code.or_(out).first.wait_for()
        if page.url.endswith("/sign-in/second-factor/"):
            code.fill(self._enclave.code(email))
            page.get_by_role("button", name="Continue").click()
        out.wait_for()
        page.close()
        return context

    def stranger(self) -> BrowserContext:
        """Return a browser in which nobody is signed in."""
        context = self._browser.new_context(viewport={"width": 1280, "height": 860}, accept_downloads=True)
        context.set_default_timeout(20_000)
        return context

    def forget(self, login: str) -> None:
        """Close a person's browser; the next page signs in again."""
        if context := self._contexts.pop(login, None):
            context.close()

    def close(self) -> None:
        """Close every browser."""
        for login in list(self._contexts):
            self.forget(login)


@pytest.fixture(scope="session")
def people(chromium: Browser, enclave: Enclave) -> Iterator[People]:
    """Return the demo people."""
    everyone = People(browser=chromium, enclave=enclave)
    yield everyone
    everyone.close()
